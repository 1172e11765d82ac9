"""Whether proofs speak of all networks that a statement's assumptions allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

from proofs_check.assumptions import Assumption
from theory.ensembles import Ensemble, InvalidArgument

_ACTIVATIONS = ("linear", "relu", "leaky:slope")
_LAWS = ("normal", "uniform", "symmetric")
_INITIALIZATIONS = ("he", "xavier", "pytorch", "variance:s2")


def recording(claim: Callable[..., Any], seen: list[Ensemble]) -> Callable[..., Any]:
    """Return a claim that notes the networks it is asked about.

    Examples
    --------
    >>> seen = []
    >>> recording(lambda net: 1, seen)(Ensemble(width=2, depth=1)), len(seen)
    (1, 1)
    """

    def noted(*case: Any, **options: Any) -> Any:
        seen.extend(part for part in (*case, *options.values()) if isinstance(part, Ensemble))
        return claim(*case, **options)

    return noted


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


def missing_from(nets: Iterable[Ensemble], assumptions: Iterable[Assumption]) -> str:
    """Return networks that the assumptions allow and no proof speaks of, in words; empty if there are none.

    Parameters
    ----------
    nets : iterable of Ensemble
        What the claim was asked about in proofs.
    assumptions : iterable of Assumption
        The statement's.

    Examples
    --------
    >>> from proofs_check.assumptions import NORMAL, HE_OR_XAVIER, RELU
    >>> relu = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> missing_from([relu], [NORMAL, HE_OR_XAVIER, RELU])
    ''
    >>> missing_from([relu], [HE_OR_XAVIER, RELU])
    'relu networks, he, law uniform'
    """
    nets, assumptions = tuple(dict.fromkeys(nets)), tuple(assumptions)
    if not nets:  # the claim is not one about ensembles
        return ""
    for activation, law, init in product(_ACTIVATIONS, _LAWS, _INITIALIZATIONS):
        asked = _allowed(nets[0], assumptions, activation=activation, law=law, init=init)
        if asked is not None and not any(_covers(net, asked, assumptions) for net in nets):
            return f"{activation} networks, {init}, law {law}"
    return ""


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
        asked = _allowed(net, assumptions, activation=activation, law=law, init=init)
        if asked is not None and _stands_for(net, asked):
            return None
    return failed


def _allowed(net: Ensemble, assumptions: tuple[Assumption, ...], **changes: Any) -> Ensemble | None:
    """Return the network with some of its parts changed, or None where there is none or the assumptions exclude it."""
    try:
        changed = net.at(**changes)
    except InvalidArgument:
        return None
    return None if any(fails(assumption, changed) for assumption in assumptions) else changed


def _covers(net: Ensemble, asked: Ensemble, assumptions: tuple[Assumption, ...]) -> bool:
    return (
        _stands_for(net, asked)
        and (isinstance(net.depth, str) or _allowed(net, assumptions, depth="L") is None)
        and (isinstance(net.width_at(0), str) or _allowed(net, assumptions, width="n") is None)
    )


def _stands_for(net: Ensemble, asked: Ensemble) -> bool:
    """Whether the letters of a network's slope, law and initialization stand for another's."""
    return (
        (isinstance(net.slope, str) or net.slope == asked.slope)
        and (net.law.is_symbolic or net.law.name == asked.law.name)
        and (isinstance(net.init.value, str) or net.init.name == asked.init.name)
    )
