"""The term of an O(...): where it vanishes it allows no error at all, so it must be positive."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import flint
import sympy as sp

from proofs_check.claims.meaning import shown
from proofs_check.claims.parameters import name_of, values_of
from proofs_check.claims.positivity import is_positive
from theory.balls import Ball, enclose
from theory.ensembles import InvalidArgument
from theory.moments.two_inputs import COSINE

_FAR = 10**6
_WHOLE = range(1, 65)
_ALONE = 3
"""Up to so many letters each takes its values beside several of the others."""


def require_positive(term: sp.Expr, n: sp.Symbol) -> str:
    """Refuse an error term that is not positive at some depth, layer or parameter, for large widths.

    Parameters
    ----------
    term : sympy.Expr
        The term.
    n : Symbol
        The width.

    Returns
    -------
    str
        The restriction that the scope needs, where nobody knows that the term is positive for all letters.

    Raises
    ------
    InvalidArgument
        If it is not positive somewhere.

    Examples
    --------
    >>> n, L = (sp.Symbol(name, integer=True, positive=True) for name in "nL")
    >>> require_positive(L / n - 1 / n**2, n), require_positive((L**2 - 2) ** 2 / n, n)
    ('', ', wherever (L^2 - 2)^2/n > 0')
    """
    if is_positive(term, {n: _FAR}):
        return ""
    others = sorted((letter for letter in term.free_symbols if letter != n), key=str)
    for values in _settings(term, n, others):
        if not _is_positive_at(term, {**values, n: sp.Integer(_FAR)}):
            where = ", ".join(f"{name_of(letter)} = {value}" for letter, value in values.items()) or f"{n} = {_FAR}"
            raise InvalidArgument("claim", f"the term O({shown(term)}) is not positive at {where}", "use one that is")
    return f", wherever {shown(term)} > 0"


def _settings(term: sp.Expr, n: sp.Symbol, others: list[sp.Symbol]) -> Iterator[dict[sp.Symbol, sp.Expr]]:
    """Yield values of the letters: usual ones of each beside small ones of the others, and zeros of the term."""
    yield from ({letter: _usual(letter)[place] for letter in others} for place in range(3))
    for letter in others:
        rest = [other for other in others if other != letter]
        few = 4 if len(others) <= _ALONE else 1
        beside = itertools.product(*(_usual(x)[:few] for x in rest))
        for row in beside:
            fixed = dict(zip(rest, row, strict=True))
            for value in (*_usual(letter), *_zeros(term.xreplace(fixed), letter, n)):
                yield {other: value if other == letter else fixed[other] for other in others}


def _usual(letter: sp.Symbol) -> tuple[sp.Expr, ...]:
    return tuple(map(sp.Integer, _WHOLE)) if letter.is_integer else values_of(letter, "alpha")


def _zeros(term: sp.Expr, letter: sp.Symbol, n: sp.Symbol) -> Iterator[sp.Expr]:
    """Yield the values of a letter at which a factor without the width vanishes."""
    if not term.is_rational_function():
        return
    for factor, _ in sp.factor_list(sp.numer(sp.together(term)))[1]:
        if factor.free_symbols == {letter} and all(c.is_Rational for c in sp.Poly(factor, letter).coeffs()):
            yield from (root for root in sp.real_roots(sp.Poly(factor, letter)) if _can_be(letter, root))


def _can_be(letter: sp.Symbol, value: sp.Expr) -> bool:
    if letter.is_integer:
        return bool(value.is_Integer and value >= 1)
    if letter == COSINE:
        return bool(abs(value) <= 1)
    return bool(value >= 1 if str(letter) == "K" else value > 0)


def _is_positive_at(term: sp.Expr, values: Mapping[sp.Symbol, sp.Expr]) -> bool:
    exact = term.xreplace(dict(values))
    if exact.is_Rational:
        return bool(exact > 0)
    balls: dict[sp.Symbol, Ball] = {letter: enclose(value, 60) for letter, value in values.items()}
    try:
        return bool(enclose(term, 60, balls) > flint.arb(0))
    except InvalidArgument:
        return False
