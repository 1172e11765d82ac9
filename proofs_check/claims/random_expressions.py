"""Polynomials in random numbers, plus logarithms of them: what statistics are taken of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from proofs_check.claims.random_numbers import RandomNumber

Powers = tuple[tuple[RandomNumber, Any], ...]
"""A product of powers of random numbers, in the order of their texts."""


@dataclass(frozen=True)
class RandomExpression:
    """A polynomial in random numbers plus logarithms of them.

    Parameters
    ----------
    terms : mapping
        The coefficient of each product of powers; () stands for 1.
    logs : mapping
        The coefficient of the logarithm of each number.
    """

    terms: Mapping[Powers, sp.Expr] = field(default_factory=dict)
    logs: Mapping[RandomNumber, sp.Expr] = field(default_factory=dict)

    @property
    def constant(self) -> sp.Expr:
        """The term without random numbers."""
        return self.terms.get((), sp.S.Zero)

    @property
    def is_constant(self) -> bool:
        """Whether there are no random numbers in it."""
        return not self.logs and all(not powers for powers in self.terms)

    @property
    def monomial(self) -> tuple[Powers, sp.Expr] | None:
        """The only term, if there is one."""
        if self.logs or len(self.terms) != 1:
            return None
        return next(iter(self.terms.items()))

    def plus(self, other: RandomExpression) -> RandomExpression:
        """Return the sum of two."""
        terms, logs = dict(self.terms), dict(self.logs)
        for powers, coefficient in other.terms.items():
            terms[powers] = terms.get(powers, sp.S.Zero) + coefficient
        for number, coefficient in other.logs.items():
            logs[number] = logs.get(number, sp.S.Zero) + coefficient
        return RandomExpression(
            {powers: c for powers, c in terms.items() if c != 0}, {number: c for number, c in logs.items() if c != 0}
        )

    def times(self, factor: sp.Expr) -> RandomExpression:
        """Return a multiple."""
        return RandomExpression(
            {powers: factor * c for powers, c in self.terms.items()},
            {number: factor * c for number, c in self.logs.items()},
        )

    def multiplied(self, other: RandomExpression) -> RandomExpression:
        """Return the product of two polynomials."""
        out = RandomExpression()
        for powers, coefficient in self.terms.items():
            for others, factor in other.terms.items():
                out = out.plus(RandomExpression({_merged(powers, others): coefficient * factor}))
        return out


def _merged(left: Powers, right: Powers) -> Powers:
    powers: dict[RandomNumber, Any] = dict(left)
    for number, power in right:
        powers[number] = powers.get(number, sp.S.Zero) + power
    return tuple(sorted(((n, p) for n, p in powers.items() if p != 0), key=lambda item: item[0].text))
