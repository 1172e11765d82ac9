"""Which inputs a verdict speaks of: a law that depends on the direction of the input was seen in one direction only."""

from __future__ import annotations

from collections.abc import Iterable

from proofs_check.claims.parameters import NORM
from proofs_check.claims.random_numbers import WeightProduct
from proofs_check.claims.scaling import is_homogeneous
from proofs_check.claims.sides import Sides
from theory.ensembles import Ensemble

_DIAGONAL, _FIRST = "(1, ..., 1)/sqrt(n_0)", "(1, 0, ..., 0)"


def is_invariant(net: Ensemble) -> bool:
    """Whether the laws of norms depend on the input by |x| alone.

    The first matrix then has rows of a law that no rotation changes, and nothing but its product sees the input.

    Parameters
    ----------
    net : Ensemble
        The networks.

    Examples
    --------
    >>> is_invariant(Ensemble(width=2, depth=1)), is_invariant(Ensemble(width=2, depth=1, law="uniform"))
    (True, False)
    >>> is_invariant(Ensemble(width=2, depth=1, architecture="residual:1/2"))
    False
    """
    if net.architecture.name == "batchnorm":  # its inputs are drawn with the network
        return True
    rotated = net.law.is_normal or net.init.name == "orthogonal"
    return rotated and (net.architecture.is_plain or net.architecture.name == "layernorm")


def one_direction(sides: Sides, drawn: Iterable[Ensemble] = ()) -> str:
    """Return the directions of the inputs that a verdict speaks of, in words; empty where none is singled out.

    Parameters
    ----------
    sides : Sides
        The claim.
    drawn : iterable of Ensemble
        The networks that were drawn; by default those of the claim.

    Examples
    --------
    >>> from proofs_check.claims.meaning import understand
    >>> net = Ensemble(width="n", depth="L", law="rademacher")
    >>> one_direction(Sides(understand("median|a_L| <= |x|", net), net))
    '(1, ..., 1)/sqrt(n_0)'
    """
    numbers = [number for statistic in sides.meaning.statistics.values() for number in statistic.numbers]
    if sides.has_formulas or is_invariant(sides.net) or all(isinstance(one, WeightProduct) for one in numbers):
        return ""
    directions = [_direction(sides, net) for net in drawn or (sides.net,)]
    if not drawn and NORM in sides.occurring() and sides.net.input is None and not is_homogeneous(sides.net):
        directions.append(_FIRST)
    return " and ".join(dict.fromkeys(directions))


def _direction(sides: Sides, net: Ensemble) -> str:
    if net.input is None:
        return _DIAGONAL
    if isinstance(net.input, str):
        return {"e1": _FIRST, "ones": "(1, ..., 1)"}.get(net.input, net.input)
    if sides.net.input is None:  # one entry stands for an input of another norm
        return _FIRST
    return f"({', '.join(map(str, net.input))})"
