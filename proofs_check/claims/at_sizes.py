"""A side of a claim in letters, with numbers for some sizes: derived anew where the general formula has a pole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from proofs_check.claims.derivations import derive_statistic
from proofs_check.claims.parameters import NORM
from proofs_check.claims.sides import Sides
from theory.ensembles import Ensemble, InvalidArgument


def formula_at(sides: Sides, side: sp.Expr, numbers: Mapping[sp.Symbol, sp.Integer]) -> sp.Expr | None:
    """Return a side's formula at given sizes, or None if there is none in the letters that are left.

    A formula for all widths divides by differences of rates, which may be 0 at one width: there it is derived anew.

    Parameters
    ----------
    sides : Sides
        The claim; it must have formulas.
    side : sympy.Expr
        The left or the right side, or their difference.
    numbers : mapping of Symbol to Integer
        The sizes that are numbers, all or some.

    Examples
    --------
    >>> from proofs_check.claims.meaning import understand
    >>> net = Ensemble(width="n", depth="L", init="1/4", bias="1/10")
    >>> sides = Sides(understand("E|a_L|^2 = 1", net), net)
    >>> formula_at(sides, sides.meaning.left, {sp.Symbol("n", integer=True, positive=True): sp.Integer(4)})
    2*L/5 + 1
    """
    whole = sides.formula(side).xreplace(dict(numbers))
    if not whole.has(sp.nan, sp.zoo, sp.oo, -sp.oo):
        return whole
    net = _with_widths(sides.net, {str(letter): int(value) for letter, value in numbers.items()})
    values: dict[Any, sp.Expr] = {}
    for letter in side.free_symbols & set(sides.meaning.statistics):
        try:
            known = derive_statistic(sides.meaning.statistics[letter], net).formula
        except InvalidArgument:
            return None
        if known is None:
            return None
        values[letter] = known
    anew = side.xreplace(values).xreplace(dict(numbers))
    if not sides.meaning.mentions_input:
        anew = anew.xreplace({NORM: sp.S.One})
    return None if anew.has(sp.nan, sp.zoo) else anew


def _with_widths(net: Ensemble, numbers: Mapping[str, int]) -> Ensemble:
    """Return the networks with numbers for their widths; the depth stays a letter, and with it |x|."""
    if net.widths is not None:
        return net.at(widths=tuple(numbers.get(str(n), n) for n in net.widths))
    return net.at(width=numbers[str(net.width)]) if net.width in numbers else net
