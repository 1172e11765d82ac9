"""Laws of single entries that need not be centred or symmetric, by their moments of all orders, odd ones too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import sympy as sp

from theory.ensembles import InvalidArgument
from theory.matrix_expectations.scalars import exact_scalar, in_one_line


@dataclass(frozen=True, repr=False)
class Entries:
    """Independent entries of one law, which need be neither centred nor symmetric.

    Use the constructors :meth:`bernoulli`, :meth:`relu`, :meth:`discrete` and :meth:`from_moments`.

    Parameters
    ----------
    name : str
        How the law is told.
    moment : callable
        Gives E w^order for an order from 1 on.

    Examples
    --------
    >>> Entries.bernoulli(sp.Symbol("p")).moment(3)
    p
    """

    name: str
    moment: Callable[[int], sp.Expr]

    def __repr__(self) -> str:
        return f"Entries({self.name})"

    @classmethod
    def bernoulli(cls, probability: Any) -> Entries:
        """Return the law of an entry that is 1 with this probability, and else 0.

        Raises
        ------
        InvalidArgument
            If it is a number outside of [0, 1].

        Examples
        --------
        >>> Entries.bernoulli(sp.Rational(1, 3))
        Entries(bernoulli 1/3)
        """
        chance = exact_scalar("probability", probability)
        if chance.is_number and not 0 <= chance <= 1:
            raise InvalidArgument("probability", f"must lie between 0 and 1, got {chance}", "use e.g. 1/2")
        return cls(f"bernoulli {chance}", partial(_constant, chance))

    @classmethod
    def relu(cls, variance: Any = 1) -> Entries:
        """Return the law of max(g, 0) for a centred normal g of this variance.

        Raises
        ------
        InvalidArgument
            If the variance is a negative number.

        Examples
        --------
        >>> [Entries.relu(4).moment(order) for order in (1, 2, 3)]
        [sqrt(2)/sqrt(pi), 2, 8*sqrt(2)/sqrt(pi)]
        """
        square = exact_scalar("variance", variance)
        if square.is_number and square.is_negative:
            raise InvalidArgument("variance", f"is negative: {square}", "use 1, or a symbol")
        return cls(f"relu {square}", partial(_half_normal, square))

    @classmethod
    def discrete(cls, weights: Mapping[Any, Any]) -> Entries:
        """Return the law that takes finitely many values.

        Parameters
        ----------
        weights : mapping
            The probability of each value, numbers or SymPy expressions.

        Raises
        ------
        InvalidArgument
            If the probabilities are numbers that are not positive with sum 1.

        Examples
        --------
        >>> Entries.discrete({0: sp.Rational(2, 3), 3: sp.Rational(1, 3)}).moment(2)
        3
        """
        atoms = tuple(
            (exact_scalar("weights", value), exact_scalar("weights", chance)) for value, chance in weights.items()
        )
        chances = [chance for _, chance in atoms]
        total = sp.Add(*chances)
        if any(chance.is_nonpositive for chance in chances) or (total.is_number and total != 1):
            given = ", ".join(map(str, chances)) or "none"
            raise InvalidArgument("weights", f"must be positive with sum 1, got {given}", "rescale them")
        return cls(f"discrete {', '.join(f'{value}: {p}' for value, p in atoms)}", partial(_of_atoms, atoms))

    @classmethod
    def from_moments(cls, name: str, moments: Mapping[int, Any]) -> Entries:
        """Return a law that is given by its moments, as far as they are needed.

        Parameters
        ----------
        name : str
            How the law is told.
        moments : mapping
            E w^order for the orders 1, 2, 3, ...; numbers or SymPy expressions.

        Raises
        ------
        InvalidArgument
            If an order is no positive integer, or a variance would be negative.

        Examples
        --------
        >>> Entries.from_moments("exponential", {1: 1, 2: 2, 3: 6, 4: 24}).moment(4)
        24
        """
        known = {order: exact_scalar("moments", value) for order, value in moments.items()}
        if any(isinstance(order, bool) or not isinstance(order, int) or order < 1 for order in known):
            raise InvalidArgument("moments", f"orders must be positive integers, got {sorted(map(str, known))}",
                                  "use e.g. {1: 1, 2: 2}")  # fmt: skip
        if 1 in known and 2 in known and (known[2] - known[1] ** 2).is_negative:
            raise InvalidArgument("moments", "the variance is negative", "E w^2 is at least (E w)^2")
        return cls(name, partial(_listed, name, tuple(sorted(known.items()))))


def _constant(chance: sp.Expr, order: int) -> sp.Expr:
    """Every power of 0 and of 1 is itself."""
    return chance


def _half_normal(variance: sp.Expr, order: int) -> sp.Expr:
    """Return half of E|g|^order, (order - 1)!! times the variance's power; odd orders have a factor 1/sqrt(2 pi)."""
    if order % 2 == 0:
        return variance ** (order // 2) * sp.factorial2(order - 1) / 2
    return sp.sqrt(variance) * variance ** (order // 2) * sp.factorial2(order - 1) * _HALF_DENSITY


def _of_atoms(atoms: tuple[tuple[sp.Expr, sp.Expr], ...], order: int) -> sp.Expr:
    return sp.Add(*(chance * value**order for value, chance in atoms))


def _listed(name: str, moments: tuple[tuple[int, sp.Expr], ...], order: int) -> sp.Expr:
    known = dict(moments)
    if order not in known:
        problem = f"the moment of order {order} of {in_one_line(sp.Symbol(name))} is unknown"
        raise InvalidArgument("moments", problem, f"give it, such as {{{order}: ...}}")
    return known[order]


_HALF_DENSITY = 1 / sp.sqrt(2 * sp.pi)
