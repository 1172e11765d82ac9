"""A quantity as it is written in claims, at given networks: what theory knows of it, and what measures it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp

from proofs_check.claims.checking import in_letters
from proofs_check.claims.meaning import understand_quantity
from proofs_check.claims.sides import Sides
from proofs_check.claims.trials import is_inside
from proofs_check.grids.cases import Case
from theory import symbols
from theory.balls import Ball
from theory.ensembles import Ensemble, InvalidArgument


@dataclass(frozen=True)
class Asked:
    """A quantity at given networks.

    Parameters
    ----------
    sides : Sides
        The quantity, and the networks with letters for their sizes.
    point : mapping
        Numbers for all letters.
    """

    sides: Sides
    point: Mapping[sp.Symbol, sp.Expr]

    @property
    def side(self) -> sp.Expr:
        """The quantity as a formula, its statistics as letters."""
        return self.sides.meaning.left

    def theory(self, digits: int = 15) -> Ball:
        """Return a ball around what theory says.

        Raises
        ------
        InvalidArgument
            If theory does not know it.
        """
        return self.sides.ball(self.side, self.point, digits)

    def value(self, statistics: Mapping[Any, Ball]) -> Ball:
        """Return the quantity, given balls for its statistics."""
        return self.sides.ball(self.side, self.point, 30, statistics)


def ask(quantity: str, case: Case) -> Asked:
    """Read a quantity at given networks.

    Parameters
    ----------
    quantity : str
        Such as ``median |a_L|^2``, ``E|a_k|^4`` or ``P(|a_L|^2 >= 1/4)``.
    case : Case
        The networks.

    Raises
    ------
    InvalidArgument
        If it cannot be read, names a layer that the networks do not have, or a letter that stands for nothing.

    Examples
    --------
    >>> asked = ask("E|a_L|^4", Case(Ensemble(width=4, depth=2, activation="relu", init="he")))
    >>> print(asked.theory(20).str(5))
    5.0625
    """
    net, numbers = in_letters(case.net)
    try:
        sides = _sides(quantity, net)
    except InvalidArgument as bad:
        argument = "quantity" if bad.argument == "claim" else bad.argument
        raise InvalidArgument(argument, bad.problem, bad.remedy) from None
    layers = {symbols.whole(key): sp.Integer(value) for key, value in case.layers}
    point = {letter: sp.Integer(value) for letter, value in numbers.items()} | layers
    unknown = sorted(str(x) for x in sides.meaning.letters - set(point) if x.is_integer)
    if unknown:
        problem = f"{quantity}: {unknown[0]} stands for no number here"
        raise InvalidArgument("quantity", problem, f"set it, as in --rows {unknown[0]}=1,2, or write a number")
    full = sides.completed(point)
    if not is_inside(sides, full):
        where = case.net.describe()
        raise InvalidArgument("quantity", f"{quantity}: no such layers in {where}", "use layers up to L")
    return Asked(sides, full)


@cache
def _sides(quantity: str, net: Ensemble) -> Sides:
    return Sides(understand_quantity(quantity, net), net)
