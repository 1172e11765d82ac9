"""Every function of theory that takes a network: with biases it answers otherwise than without, or names them.

So nothing takes a network with biases for one without. What biases do not change is listed, with the reason.
"""

from typing import Any

import pytest

from tests.theory.architectures.test_every_function import ARGUMENTS, FUNCTIONS, NEED_BIASES, OF_ANOTHER, asked
from theory.ensembles import Ensemble, InvalidArgument

BIASES = ["1/10", "constant:1/10"]
RELU = Ensemble(width=4, depth=4, activation="relu", init="he")
CHAIN = Ensemble(width=1, depth=4, law="uniform", readout="signs")
NETS = [
    RELU,
    RELU.at(readout="ones", input="ones"),
    RELU.at(width="n", depth="L"),
    RELU.at(width=100, depth=20),
    CHAIN,
    CHAIN.at(law="normal"),
    CHAIN.at(width="n", depth="L"),
    CHAIN.at(width=4, law="normal", init="1/4"),
]
UNCHANGED = {
    "theory.moments.transfer.input_power_sums": "of the input alone",
    "theory.requirements.require_layer": "of sizes alone",
    "theory.requirements.require_free_name": "of names alone",
    "theory.symbols.slope": "of the activation alone",
    "theory.symbols.variance": "of the weights alone",
    "theory.symbols.input_power_sum": "of the input alone",
    "theory.symbols.readout_power_sum": "of the readout alone",
    "theory.symbols.readout_entry_moment": "of the readout alone",
    "theory.biases.bias_constant": "what is read here, 0 for random ones",
    "theory.log_laws.tail_bounds.argument": "of names alone",
    "theory.mean_field.length_map.gain": "of the weights alone",
    "theory.mean_field.length_map.bias_spread": "what is read here, 0 for constant ones",
    "theory.mean_field.length_map.first_variance": "the variance of a preactivation, to which a constant adds nothing",
    "theory.biases.bias_variance": "what is read here, 0 for constant ones",
    "theory.moments.transfer.Layer.backward": "a bias is not differentiated through",
    "theory.moments.gradients.backward_moment": "biases have no part in it, and masks are fair coins all the same",
    "theory.moments.jacobians.jacobian_moment": "a product of weights and masks, which are fair coins all the same",
    "theory.moments.jacobians.jacobian_step": "as the Jacobian",
}
"""What biases do not change, and why."""


def arguments(name: str, net: Ensemble, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a function answers of layers behind the first, on which biases act."""
    for key, value in {"layer": 2, "first": 2, "second": 3, "last": 3}.items():
        monkeypatch.setitem(ARGUMENTS, key, value)
    return asked(name, net)


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - set(UNCHANGED) - OF_ANOTHER - NEED_BIASES))
def test_no_network_with_biases_is_taken_for_one_without(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As most are refused, the answer without biases is asked for only where there is one with them."""
    told = 0
    for net in NETS:
        for bias in BIASES:
            try:
                answer = arguments(name, net.at(bias=bias), monkeypatch)
            except InvalidArgument as refusal:
                told += "bias" in str(refusal)
                continue
            assert answer != arguments(name, net, monkeypatch) or answer is None  # None: a requirement that is met
            told += 1
        if told >= len(BIASES):
            return
    assert told, f"{name} answers for none of these networks: add one"


@pytest.mark.parametrize("name", sorted(UNCHANGED))
def test_what_biases_do_not_change_is_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "constant:1/10" if name.endswith(("bias_constant", "first_variance")) else "1/10"
    for net in (RELU.at(readout="ones", input=(1, 2, -1, 3)), RELU):
        try:
            plain = arguments(name, net, monkeypatch)
        except (InvalidArgument, ValueError):  # it needs the other readout
            continue
        assert (arguments(name, net.at(bias=other), monkeypatch) == plain) == (".bias_" not in name)


@pytest.mark.parametrize("name", sorted(NEED_BIASES))
def test_what_needs_biases_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net = RELU.at(init="pytorch")
    with pytest.raises(InvalidArgument, match=r"^bias: .*bias='1/10'"):
        arguments(name, net, monkeypatch)
    assert arguments(name, net.at(bias="1/10"), monkeypatch) is not None
