"""Every function of theory that takes a network: what is none is refused, and none is taken for a plain one.

Of another architecture a function knows the answer, or says that it does not.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import pytest

import theory
from theory.ensembles import Ensemble, InvalidArgument

ARCHITECTURES = ["residual:1/2", "residual:1/sqrt(L):two", "residual:0:two", "layernorm", "batchnorm:8"]
ARGUMENTS = {
    "t": "1/2",
    "c": 3,
    "p": "1/10",
    "first": 1,
    "second": 2,
    "last": 2,
    "layer": 1,
    "orders": {1: 2, 2: 2},
    "order": 2,
    "log_ratio": 0.1,
    "beta": 1,
    "cosine": "1/2",
    "value": "r",
    "part": (1,),
    "what": "this",
    "name": "r",
    "who": "this",
    "use": "this",
}
"""What parameters without a default are given."""

MORE: dict[str, dict[str, Any]] = {"theory.moments.products_of_inputs.two_input_moment": {"inner": 1}}
"""What else must be given."""

CHAIN = Ensemble(width=1, depth=4, law="uniform", readout="signs")
RELU = Ensemble(width=4, depth=4, activation="relu", init="he")
PLAIN = [
    RELU,
    RELU.at(readout="ones", input="ones"),
    RELU.at(depth=1),
    RELU.at(width=100, depth=20),
    RELU.at(width="n", depth="L"),
    RELU.at(width="n", depth="L", law="symmetric"),
    RELU.at(init="orthogonal"),
    CHAIN,
    CHAIN.at(law="normal"),
    CHAIN.at(width="n", depth="L"),
    CHAIN.at(width=4, law="normal", init="1/4"),
]

INDIFFERENT = {
    "theory.moments.transfer.input_power_sums",  # of the input alone
    "theory.requirements.require_free_name",
    "theory.requirements.require_layer",
    "theory.symbols.slope",
    "theory.symbols.variance",
    "theory.biases.bias_variance",
    "theory.biases.bias_constant",
    "theory.log_laws.tail_bounds.argument",
    "theory.mean_field.length_map.bias_spread",
    "theory.mean_field.length_map.first_variance",
    "theory.mean_field.length_map.gain",
    "theory.symbols.input_power_sum",
    "theory.symbols.readout_power_sum",
    "theory.symbols.readout_entry_moment",
}
"""What is read of sizes, weights, input and readout, which no architecture changes."""

KNOWN = {
    "theory.moments.activations.activation_moment": {"residual", "layernorm", "batchnorm"},
    "theory.moments.activations.kurtosis": {"residual", "layernorm"},
    "theory.moments.hessians.hessian_moment": {"residual"},
    "theory.moments.between_orders.bounded_moment": {"residual", "layernorm", "batchnorm"},
    "theory.moments.outputs.output_moment": {"residual", "layernorm", "batchnorm"},
    "theory.moments.outputs.output_kurtosis": {"residual", "layernorm"},
}
"""What is known of which architecture; that the answers are right is tested beside theory.architectures."""


def found() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Public functions, classes and their methods with a parameter `net`, cached ones among them."""
    for module in pkgutil.walk_packages(theory.__path__, "theory."):
        if module.name.startswith("theory.ensembles"):
            continue
        for name, thing in vars(importlib.import_module(module.name)).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != module.name or not callable(thing):
                continue
            yield f"{module.name}.{name}", thing
            if inspect.isclass(thing):
                methods = (method for method in vars(thing) if not method.startswith("_"))
                yield from (
                    (f"{module.name}.{name}.{method}", getattr(thing, method))
                    for method in methods
                    if callable(getattr(thing, method))
                )


def takes_net(thing: Callable[..., Any]) -> bool:
    try:
        return "net" in inspect.signature(thing).parameters
    except (TypeError, ValueError):  # the signature of some classes is not known
        return False


FUNCTIONS = {name: thing for name, thing in found() if takes_net(thing)}
OF_ANOTHER = {name for name in FUNCTIONS if name.startswith("theory.architectures")}
"""What is asked of other architectures than the plain one, and of orthogonal weights."""
NEED_BIASES = {
    "theory.moments.gradients.bias_gradient_moment",
    "theory.moments.limits.activation_limit",
    "theory.moments.limits.limit_conditions",
}
"""What is asked of networks with biases, which are plain."""
each_function = pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - INDIFFERENT - OF_ANOTHER - NEED_BIASES))


def asked(name: str, net: Ensemble) -> Any:
    """What a function answers."""
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    needed = [key for key, p in parameters.items() if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    return FUNCTIONS[name](net, **{key: ARGUMENTS[key] for key in needed if key != "net"}, **MORE.get(name, {}))


@cache
def answered(name: str) -> Ensemble:
    """A plain network that the function answers for."""
    for net in PLAIN:
        try:
            asked(name, net)
        except InvalidArgument:
            continue
        return net
    raise AssertionError(f"{name} answers for none of these networks: add one")


def wired(net: Ensemble) -> Iterator[Ensemble]:
    for architecture in ARCHITECTURES:
        try:
            yield net.at(architecture=architecture, input=None if architecture.startswith("batch") else net.input)
        except InvalidArgument:  # the rest of the network does not fit it
            continue


def test_functions_are_found() -> None:
    assert len(FUNCTIONS) > 70
    assert len(OF_ANOTHER) > 15
    assert set(FUNCTIONS) >= INDIFFERENT | set(KNOWN)


@pytest.mark.parametrize("net", ["x", 3, None, [32, 64], Ensemble], ids=repr)
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_what_is_no_ensemble_is_refused_in_one_line(name: str, net: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        asked(name, net)
    assert str(caught.value) == f"net: must be an Ensemble, got {net!r}; use e.g. Ensemble(width='n', depth='L')"


@each_function
def test_what_is_answered_of_a_plain_network_is_refused_of_another_unless_it_is_known(name: str) -> None:
    """By the name of the architecture, or of what is not known of it."""
    net = answered(name)
    others = list(wired(net))
    assert others
    for other in others:
        if other.architecture.name in KNOWN.get(name, ()):
            with suppress(InvalidArgument):
                assert asked(name, other) != asked(name, net) or other.architecture.alpha == 0
            continue
        with pytest.raises(InvalidArgument) as caught:
            asked(name, other)
        assert caught.value.argument in ("architecture", "layer", "order")


@each_function
def test_no_other_network_is_taken_for_a_plain_one(name: str) -> None:
    for net in PLAIN:
        for other in wired(net):
            if other.architecture.name not in KNOWN.get(name, ()):
                with pytest.raises(InvalidArgument):
                    asked(name, other)


@pytest.mark.parametrize(("name", "architectures"), KNOWN.items())
def test_what_is_known_is_answered(name: str, architectures: set[str]) -> None:
    nets = [other for net in PLAIN for other in wired(net) if other.architecture.name in architectures]
    answers = set()
    for net in nets:
        try:
            asked(name, net)
        except InvalidArgument:
            continue
        answers.add(net.architecture.name)
    assert answers == architectures


@pytest.mark.parametrize("name", sorted(INDIFFERENT))
def test_what_no_architecture_changes_is_the_same(name: str) -> None:
    net = RELU.at(readout="ones", input=(1, 2, -1, 3))
    for other in wired(net):
        if other.input == net.input:  # which a batch has not
            assert asked(name, other) == asked(name, net)
