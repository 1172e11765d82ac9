"""Coefficients: python-flint's polynomials in the scalars of one calculation, read from SymPy and written back once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import flint
import sympy as sp

Polynomial = Any
"""A coefficient is a :class:`flint.fmpq_mpoly` in the scalars and in the reciprocals of what is divided by."""


class Coefficients:
    """A ring that contains the given scalars. Numerators and denominators are not cancelled until the end.

    Parameters
    ----------
    scalars : iterable of sympy.Expr
        What the ring must contain. Its generators are the parts that are no sum, product or whole power of others.

    Examples
    --------
    >>> n = sp.Symbol("n")
    >>> ring = Coefficients([n, 2 / n])
    >>> ring.write(ring.read(n) * ring.read(2 / n) ** 2)
    4/n
    """

    def __init__(self, scalars: Iterable[sp.Expr]) -> None:
        places: dict[sp.Expr, None] = {}
        for scalar in scalars:
            self._collect(scalar, places)
        self._places = {generator: place for place, generator in enumerate(places)}
        self._context = flint.fmpq_mpoly_ctx.get([f"g{place}" for place in range(max(1, len(places)))], "lex")
        self._generators = self._context.gens()
        self._reciprocals = {
            place: self.read(generator.base)
            for generator, place in self._places.items()
            if generator.is_Pow and generator.exp is sp.S.NegativeOne
        }
        self.zero: Polynomial = self._context.constant(0)
        self.one: Polynomial = self._context.constant(1)

    def read(self, scalar: sp.Expr) -> Polynomial:
        """Return one of the scalars, or a polynomial in them, as an element of the ring."""
        if scalar.is_Rational:
            return self._context.constant(flint.fmpq(int(scalar.p), int(scalar.q)))
        if scalar.is_Add or scalar.is_Mul:
            first, *others = map(self.read, scalar.args)
            for other in others:
                first = first + other if scalar.is_Add else first * other
            return first
        if scalar.is_Pow and scalar.exp.is_Integer:
            if scalar.exp > 0:
                return self.read(scalar.base) ** int(scalar.exp)
            return self._generators[self._places[1 / scalar.base]] ** int(-scalar.exp)
        return self._generators[self._places[scalar]]

    def write(self, element: Polynomial) -> sp.Expr:
        """Return an element as one fraction in lowest terms, numerator and denominator factored."""
        if not element:
            return sp.S.Zero
        below = {place: degree for place in self._reciprocals if (degree := element.degrees()[place])}
        above = self._context.constant(0)
        by_reciprocals: dict[tuple[int, ...], dict[tuple[int, ...], Any]] = {}
        for exponents, number in element.to_dict().items():
            rest = tuple(0 if place in below else power for place, power in enumerate(exponents))
            by_reciprocals.setdefault(tuple(exponents[place] for place in below), {})[rest] = number
        for powers, terms in by_reciprocals.items():
            part = self._context.from_dict(terms)
            for (place, degree), power in zip(below.items(), powers, strict=True):
                part = part * self._reciprocals[place] ** (degree - power)
            above = above + part
        divisor = self._context.constant(1)
        for place, degree in below.items():
            divisor = divisor * self._reciprocals[place] ** degree
        if below:
            common = above.gcd(divisor)
            above, divisor = divmod(above, common)[0], divmod(divisor, common)[0]
        (upper, numerators), (lower, denominators) = self._factored(above), self._factored(divisor)
        return sp.Mul(upper / lower, *numerators, *(1 / factor for factor in denominators))

    def _factored(self, element: Polynomial) -> tuple[sp.Rational, list[sp.Expr]]:
        """Return a number, and the powers of factors that begin with a positive term."""
        content, factors = element.factor()
        parts = []
        for factor, power in factors:
            if factor.leading_coefficient() < 0:
                factor, content = -factor, content * (-1) ** int(power)
            parts.append(self._expanded(factor) ** int(power))
        return _number(content), parts

    def _expanded(self, element: Polynomial) -> sp.Expr:
        generators = tuple(self._places)
        return sp.Add(
            *(
                sp.Mul(_number(number), *(g**power for g, power in zip(generators, exponents, strict=False) if power))
                for exponents, number in element.to_dict().items()
            )
        )

    def _collect(self, scalar: sp.Expr, places: dict[sp.Expr, None]) -> None:
        if scalar.is_Rational:
            return
        if scalar.is_Add or scalar.is_Mul:
            for part in scalar.args:
                self._collect(part, places)
        elif scalar.is_Pow and scalar.exp.is_Integer:
            self._collect(scalar.base, places)
            if scalar.exp < 0:
                places.setdefault(1 / scalar.base)
        else:
            places.setdefault(scalar)


def _number(value: Any) -> sp.Rational:
    return sp.Rational(int(value.p), int(value.q))
