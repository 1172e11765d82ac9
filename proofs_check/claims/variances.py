"""Variances in letters, such as n - 3 or 1 - s: refused where they are not positive, as there is no such network."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise, product

import sympy as sp

from proofs_check.claims.domain import Domain
from proofs_check.claims.positivity import is_positive
from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument

_SIMPLE = tuple(map(sp.Rational, ("1", "3/2", "1/3", "1/100", "100")))
_MOST_POINTS, _MOST_WIDTHS = 5000, 200


def require_positive_variances(net: Ensemble, domain: Domain) -> None:
    """Refuse an initialization that is not positive at a size of the domain, or at a value of its letter.

    Parameters
    ----------
    net : Ensemble
        The networks.
    domain : Domain
        The sizes for which a claim is made.

    Raises
    ------
    InvalidArgument
        If a variance is negative, 0 or no number there; the message names the place.

    Examples
    --------
    >>> from proofs_check.claims.domain import read_domain
    >>> net, n = Ensemble(width="n", depth="L", init="n-3"), symbols.whole("n")
    >>> require_positive_variances(net, read_domain("n>=4", [n], [], {}))
    >>> require_positive_variances(net, read_domain(None, [n], [], {}))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    theory.ensembles.arguments.InvalidArgument: init: 'n-3' is -2 at n = 1, and a variance is positive; name ...
    """
    if not net.init.formula:
        return
    layers = range(1, 2 if net.widths is None else len(net.widths))
    for variance in dict.fromkeys(symbols.variance(net, k) for k in layers):
        if is_positive(variance, domain.least):
            continue
        for point in _places(variance, domain):
            value = variance.xreplace(point)
            if not (value.is_extended_real and value.is_finite and value > 0):
                where = ", ".join(f"{letter} = {number}" for letter, number in point.items())
                shown = value if value.is_finite and value.is_extended_real else "no number"
                problem = f"{net.init.describe()!r} is {shown} at {where}, and a variance is positive"
                has_letter = any(not letter.is_integer for letter in variance.free_symbols)
                always = "write it so that it is positive for all values of the letter, as 1/(1+s) is"
                remedy = always if has_letter else "name sizes where it is, with --for"
                raise InvalidArgument("init", problem, remedy)


def _places(variance: sp.Expr, domain: Domain) -> Iterator[dict[sp.Symbol, sp.Expr]]:
    """Yield sizes of the domain, the smallest first, with values of the letter around the zeros of the variance."""
    sizes = sorted((letter for letter in variance.free_symbols if letter.is_integer), key=str)
    columns = [_values(letter, variance, domain) for letter in sizes]
    points = sorted(product(*columns), key=lambda values: (sum(values), values))
    for values in islice(points, _MOST_POINTS):
        point = dict(zip(sizes, map(sp.Integer, values), strict=True))
        inside = variance.xreplace(point)
        letters = sorted(inside.free_symbols, key=str)
        if not letters:
            yield point
            continue
        (letter,) = letters  # a formula has one symbol beside the fans
        for value in sorted(
            {*_SIMPLE, *_between_zeros(inside, letter)}, key=lambda value: (value not in _SIMPLE, value)
        ):
            yield {**point, letter: value}


def _values(letter: sp.Symbol, variance: sp.Expr, domain: Domain) -> list[int]:
    """Return the sizes to be tried: all that are asked for where these are few, and those around zeros."""
    known = domain.ranges.get(letter)
    if known is None:
        return [domain.fixed[letter]] if letter in domain.fixed else list(range(1, 65))
    values = set(known.values[:_MOST_WIDTHS])
    if variance.free_symbols == {letter}:
        around = {int(sp.floor(zero)) + shift for zero in _zeros(variance, letter) for shift in (-1, 0, 1, 2)}
        fits = (
            known.values if known.given and not known.unbounded else range(known.values[0], max(around, default=1) + 1)
        )
        values |= {value for value in around if value in fits}
    return sorted(values)


def _between_zeros(variance: sp.Expr, letter: sp.Symbol) -> list[sp.Expr]:
    """Return values between and beside the positive zeros of a variance, and these if they are rational."""
    zeros = _zeros(variance, letter)
    ends = [sp.S.Zero, *zeros, 2 * zeros[-1]] if zeros else []
    middles = [sp.Rational((low.evalf() + high.evalf()) / 2) for low, high in pairwise(ends)]
    return [value for value in [*middles, *zeros] if value.is_Rational and value > 0]


def _zeros(variance: sp.Expr, letter: sp.Symbol) -> list[sp.Expr]:
    """Return the positive zeros and poles of a rational function, increasing; of another function none."""
    if not variance.is_rational_function(letter):
        return []
    zeros: set[sp.Expr] = set()
    for part in sp.fraction(sp.together(variance)):
        polynomial = sp.Poly(part, letter)
        if polynomial.degree() > 0:
            zeros |= {root for root in sp.real_roots(polynomial) if root > 0}
    return sorted(zeros)
