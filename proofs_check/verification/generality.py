"""Whether proofs speak of all networks that a statement's assumptions allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from itertools import combinations, product
from typing import Any

from proofs_check.assumptions import Assumption
from proofs_check.verification.substitution import Changes, Proof
from theory.ensembles import Ensemble, InvalidArgument, Law
from theory.ensembles.architectures import Architecture

_ACTIVATIONS = ("linear", "relu", "leaky:slope", "leaky:1/2")
_LAWS = (
    "normal",
    "uniform",
    "symmetric",
    "rademacher",
    Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"}, name="sparse"),
    Law.from_moments("laplace", {2: 2, 4: 24, 6: 720}),
)
_INITIALIZATIONS = ("he", "xavier", "lecun", "pytorch", "orthogonal", "variance:s2", "1/3")
_ARCHITECTURES: tuple[Changes, ...] = (
    {"architecture": "plain"},
    {"architecture": "residual:1/2"},
    {"architecture": "residual:1/sqrt(L)"},
    {"architecture": "residual:1/2:two"},
    {"architecture": "layernorm"},
    {"architecture": "batchnorm:8", "input": None},
)
_READOUTS = ("random", "signs", "ones")
_INPUTS = (None, "e1", "ones")
_SOME_SIZES = (1, 2, 3, 4, 5, 8, 64, 1000)
_SOME_WIDTHS = ((2, 3), (3, 2), (2, 4, 2), (3, 1, 2), (2, 2, 2, 5))


Call = tuple[tuple[Any, ...], dict[str, Any]]
"""What a claim was called with."""


def recording(claim: Callable[..., Any], calls: list[Call]) -> Callable[..., Any]:
    """Return a claim that notes what it is called with.

    Examples
    --------
    >>> calls = []
    >>> recording(lambda net: 1, calls)(3), calls
    (1, [((3,), {})])
    """

    def noted(*case: Any, **options: Any) -> Any:
        calls.append((case, options))
        return claim(*case, **options)

    return noted


def networks_of(calls: Iterable[Call]) -> tuple[Ensemble, ...]:
    """Return the ensembles among what a claim was called with."""
    parts = (part for case, options in calls for part in (*case, *options.values()))
    return tuple(part for part in parts if isinstance(part, Ensemble))


def fails(assumption: Assumption, net: Ensemble) -> bool:
    """Whether a network is surely none of those that are assumed.

    Examples
    --------
    >>> from proofs_check.assumptions import DEPTH_TWO
    >>> [fails(DEPTH_TWO, Ensemble(width=2, depth=depth)) for depth in (1, 2, "L")]
    [True, False, False]
    """
    holds = None if assumption.holds is None else assumption.holds(net)
    return holds is not None and not holds


def missing_from(proofs: Iterable[Proof], assumptions: Iterable[Assumption]) -> str:
    """Return networks that the assumptions allow and no proof speaks of, in words; empty if there are none.

    Networks are tried that differ in their activation, law and initialization, and each of these in its sizes (other
    numbers, unequal widths), architecture, readout and input. A proof speaks of those that its letters stand for, and
    of other readouts and inputs if it holds for them as well
    (:meth:`~proofs_check.verification.substitution.Proof.holds_with`).

    Parameters
    ----------
    proofs : iterable of Proof
        What was proved.
    assumptions : iterable of Assumption
        The statement's.

    Examples
    --------
    >>> from proofs_check.assumptions import CONSTANT_WIDTH, HE_OR_XAVIER, NORMAL, PLAIN, RELU
    >>> from proofs_check.toolkit.depth_induction import induction_over_depth
    >>> from theory import symbols
    >>> relu = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> mean = Proof(induction_over_depth("the mean", relu, 2), lambda net: symbols.input_power_sum(net, 2), (relu,))
    >>> assumed = [HE_OR_XAVIER, RELU, NORMAL, CONSTANT_WIDTH, PLAIN]
    >>> missing_from([mean], assumed)
    ''
    >>> for left_out in assumed[-3:]:
    ...     print(missing_from([mean], [one for one in assumed if one is not left_out]))
    relu networks, he, law uniform
    relu networks, he, law normal, widths 2, 3
    relu networks, he, law normal, architecture residual:1/2
    """
    pairs = [(proof, net) for proof in proofs for net in dict.fromkeys(proof.nets)]
    assumptions = tuple(assumptions)
    if not pairs:  # the claim is not one about ensembles
        return ""
    for asked in _of_all_kinds(pairs[0][1], assumptions):
        words = f"{asked.activation} networks, {asked.init.describe()}, law {asked.law.name}"
        near = [(proof, net) for proof, net in pairs if _stands_for(net, asked)]
        if not near:
            return words
        gaps = [_other_sizes(net, asked, assumptions) for _, net in near]
        if all(gaps):
            return f"{words}, {gaps[0]}"
        near = [pair for pair, gap in zip(near, gaps, strict=True) if not gap]
        for changes in _other_parts(asked, assumptions):
            if not any(_reaches(proof, net, changes) for proof, net in near):
                return f"{words}, " + ", ".join(f"{name} {_shown(value)}" for name, value in changes.items())
    return ""


def _of_all_kinds(net: Ensemble, assumptions: tuple[Assumption, ...]) -> Iterator[Ensemble]:
    """Yield what is allowed of each activation, initialization and law."""
    yield from (net for net in [allowed_network(net, assumptions)] if net is not None)
    for activation, law, init in product(_ACTIVATIONS, _LAWS, _INITIALIZATIONS):
        asked = allowed_network(net, assumptions, activation=activation, law=law, init=init)
        if asked is not None:
            yield asked


def _other_sizes(net: Ensemble, asked: Ensemble, assumptions: tuple[Assumption, ...]) -> str:
    """Return sizes that are allowed of the networks asked for and that a network's letters do not stand for."""

    def allowed(**sizes: Any) -> bool:
        ways = product(_READOUTS, _INPUTS)  # a vector of numbers has a length, so that its network has no other sizes
        return any(
            allowed_network(asked, assumptions, **sizes, readout=v, input=x) is not None
            for v, x in ((asked.readout, asked.input), *ways)
        )

    widths = net.widths or (net.width,)
    fixed = [width for width in widths if isinstance(width, int)]
    if isinstance(net.depth, int):
        for depth in ("L", *_SOME_SIZES):
            if depth != net.depth and allowed(width="n", depth=depth):
                return f"depth {depth}"
    if fixed:
        for width in ("n", *_SOME_SIZES):
            if fixed != [width] and allowed(width=width, depth=net.depth):
                return f"width {width}"
    if net.is_constant_width or fixed or len(set(widths)) < len(widths):
        for unequal in _SOME_WIDTHS:
            if unequal != net.widths and allowed(widths=unequal):
                return f"widths {_shown(unequal)}"
    return ""


def _other_parts(net: Ensemble, assumptions: tuple[Assumption, ...]) -> Iterator[Changes]:
    """Yield the architectures, readouts and inputs that are allowed, those of numbers at the width 2 or 1."""
    width = net.width if isinstance(net.width, int) else 1 if allowed_network(net, assumptions, width=2) is None else 2
    numbers = tuple(range(2, width + 2))
    for changes in (
        *_ARCHITECTURES,
        *({"readout": readout} for readout in _READOUTS),
        {"width": width, "readout": numbers},
        *({"input": vector} for vector in _INPUTS),
        {"width": width, "input": numbers},
    ):
        if allowed_network(net, assumptions, **changes) is not None:
            yield changes


def _reaches(proof: Proof, net: Ensemble, changes: Changes) -> bool:
    """Whether a proof about a network holds with another architecture, readout or input, too."""
    if "architecture" in changes:
        own, other = net.architecture, Architecture.parse(changes["architecture"], str(net.activation))
        return own == other or (own.symbol is not None and (own.name, own.branch) == (other.name, other.branch))
    part = "readout" if "readout" in changes else "input"
    if getattr(net, part) == changes[part] or (part == "input" and net.input is None and net.symbols):
        return True  # without an input its norms are letters
    if "width" not in changes:
        return proof.holds_with(changes)
    # what is word for word the same for every name is so for numbers, and these take no derivation at a width
    names = _READOUTS if part == "readout" else _INPUTS
    return all(proof.is_the_same_with({part: name}) for name in names) or proof.holds_with(changes)


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def contradicts(net: Ensemble, assumptions: Iterable[Assumption]) -> Assumption | None:
    """Return an assumption that a network, and every network that its letters stand for, fails; None if there is none.

    Examples
    --------
    >>> from proofs_check.assumptions import HE_OR_XAVIER, NORMAL
    >>> any_law = Ensemble(width="n", depth="L", activation="relu", init="variance:s2", law="symmetric")
    >>> contradicts(any_law, [NORMAL, HE_OR_XAVIER])
    >>> contradicts(Ensemble(width="n", depth="L", activation="relu", init="xavier"), [NORMAL, HE_OR_XAVIER]).sentence
    'He initialization for ReLU and leaky ReLU, Xavier for linear networks'
    """
    assumptions = tuple(assumptions)
    failed = next((one for one in assumptions if fails(one, net)), None)
    if failed is None:
        return None
    for activation, law, init in product(_ACTIVATIONS, _LAWS, _INITIALIZATIONS):
        asked = allowed_network(net, assumptions, activation=activation, law=law, init=init)
        if asked is not None and _stands_for(net, asked):
            return None
    return failed


@cache
def _kinds() -> tuple[Ensemble, ...]:
    """Return networks of all kinds, with letters for their sizes."""
    made = []
    for activation, law, init, parts in product(_ACTIVATIONS, _LAWS, _INITIALIZATIONS, _ARCHITECTURES):
        changes: Changes = {"activation": activation, "law": law, "init": init, **parts}
        with suppress(InvalidArgument):
            made.append(Ensemble(width="n", depth="L").at(**changes))
    return tuple(made)


def contradictory(assumptions: Iterable[Assumption]) -> tuple[Assumption, Assumption] | None:
    """Return two assumptions that no network meets together, though it meets either; None if there are none.

    Examples
    --------
    >>> from proofs_check.assumptions import LINEAR, NORMAL, RELU
    >>> [one.sentence for one in contradictory([NORMAL, RELU, LINEAR])]
    ['the activation is ReLU', 'the activation is linear']
    >>> contradictory([NORMAL, RELU])
    """
    assumptions = [one for one in assumptions if one.holds is not None]
    if len(assumptions) < 2:
        return None
    met = {one: {place for place, net in enumerate(_kinds()) if not _surely_fails(one, net)} for one in assumptions}
    for one, other in combinations(assumptions, 2):
        if met[one] and met[other] and not met[one] & met[other]:
            return one, other
    return None


def allowed_network(net: Ensemble, assumptions: tuple[Assumption, ...], **changes: Any) -> Ensemble | None:
    """Return the network with some of its parts changed, or None where there is none or the assumptions exclude it."""
    try:
        changed = net.at(**changes)
    except InvalidArgument:
        return None
    return None if any(_surely_fails(assumption, changed) for assumption in assumptions) else changed


def _surely_fails(assumption: Assumption, net: Ensemble) -> bool:
    try:
        return fails(assumption, net)
    except Exception:  # a predicate that cannot read letters leaves them open
        return False


def _stands_for(net: Ensemble, asked: Ensemble) -> bool:
    """Whether the letters of a network's slope, law and initialization stand for another's."""
    return (
        (isinstance(net.slope, str) or net.slope == asked.slope)
        and (net.law.is_symbolic or net.law == asked.law)
        and (_stands_for_any_variance(net, asked) or net.init == asked.init)
    )


def _stands_for_any_variance(net: Ensemble, asked: Ensemble) -> bool:
    return isinstance(net.init.value, str) and asked.has_independent_entries
