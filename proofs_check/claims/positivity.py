"""Whether a formula is positive for all values of its letters: "yes" is a proof, "no" is only a failure to prove."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import sympy as sp

Least = Mapping[sp.Symbol, int]
"""The least values of whole letters, where they are not 1."""

_LONGEST = 200


def is_positive(expression: sp.Expr, least: Least | None = None) -> bool:
    """Whether a formula is proved to be positive for all values of its letters.

    Whole letters are at least 1, or what is given; other positive letters are positive.

    Parameters
    ----------
    expression : sympy.Expr
        The formula.
    least : mapping of Symbol to int, optional
        The least values of whole letters.

    Examples
    --------
    >>> n = sp.Symbol("n", integer=True, positive=True)
    >>> is_positive(n**2 - n + 1), is_positive(n - 3), is_positive(n - 3, {n: 4})
    (True, False, True)
    """
    return _is(expression, True, _frozen(least))


def is_nonnegative(expression: sp.Expr, least: Least | None = None) -> bool:
    """Whether a formula is proved not to be negative for all values of its letters.

    Parameters
    ----------
    expression, least
        As for :func:`is_positive`.

    Examples
    --------
    >>> n = sp.Symbol("n", integer=True, positive=True)
    >>> is_nonnegative(1 - 1 / n), is_nonnegative((n - 3) ** 2), is_nonnegative(n - 3)
    (True, True, False)
    """
    return _is(expression, False, _frozen(least))


_Frozen = tuple[tuple[sp.Symbol, int], ...]


def _frozen(least: Least | None) -> _Frozen:
    return tuple(sorted((least or {}).items(), key=lambda item: str(item[0])))


@lru_cache(maxsize=4096)
def _is(node: sp.Expr, strict: bool, least: _Frozen) -> bool:
    if node.is_positive or (not strict and node.is_nonnegative):
        return True
    if node.is_number or node.is_Symbol:
        return False
    if isinstance(node, sp.exp):
        return bool(node.args[0].is_extended_real)
    if node.is_Pow:
        if _is(node.base, True, least):
            return bool(node.exp.is_extended_real)
        if strict:
            return False
        return bool(node.exp.is_even and node.base.is_extended_real) or _is(node.base, False, least)
    if node.is_Mul and all(_is(part, strict, least) for part in node.args):
        return True
    if isinstance(node, sp.Max):
        return any(_is(part, strict, least) for part in node.args)
    if isinstance(node, sp.Min):
        return all(_is(part, strict, least) for part in node.args)
    if node.is_Add and all(_is(part, False, least) for part in node.args):
        return not strict or any(_is(part, True, least) for part in node.args)
    return node.is_rational_function() and node.count_ops() <= _LONGEST and _is_ratio(node, strict, dict(least))


def _is_ratio(node: sp.Expr, strict: bool, least: dict[sp.Symbol, int]) -> bool:
    """Decide a quotient of polynomials by its coefficients in what whole letters have above their least values."""
    letters = sorted(node.free_symbols, key=str)
    if not all(letter.is_positive for letter in letters):
        return False
    shift = {letter: letter + least.get(letter, 1) for letter in letters if letter.is_integer}
    top, bottom = sp.fraction(sp.together(node))
    signs = []
    for part, is_strict in ((top, strict), (bottom, True)):
        polynomial = sp.Poly(part.subs(shift, simultaneous=True), *letters)
        terms = polynomial.terms()
        if not all(coefficient.is_Rational for _, coefficient in terms):
            return False
        (sign,) = {sp.sign(coefficient) for _, coefficient in terms} if _one_sign(terms) else (sp.S.Zero,)
        # a term without any of the shifted letters stays where these are 0
        stays = any(not any(p for p, x in zip(powers, letters, strict=True) if x in shift) for powers, _ in terms)
        if sign == 0 or (is_strict and not stays):
            return False
        signs.append(sign)
    return bool(signs[0] == signs[1])


def _one_sign(terms: list[tuple[tuple[int, ...], sp.Expr]]) -> bool:
    return len({sp.sign(coefficient) for _, coefficient in terms}) == 1
