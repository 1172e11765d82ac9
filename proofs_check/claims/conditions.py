"""What must hold for a formula to have a value: no division by zero, no logarithm of what is not positive.

Algebra cancels ``(n-1)/(n-1)`` and ``exp(log(n-5))`` while a claim is read, and with them the sizes at which they have
no value. So what must hold is kept beside the formula.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import sympy as sp

from proofs_check.claims.positivity import Least, is_nonnegative, is_positive
from theory.balls import Ball
from theory.ensembles import InvalidArgument

Valued = Callable[[sp.Expr], tuple[sp.Expr | None, Ball | None]]
"""Returns a number at given sizes, exactly and as a ball, each as far as it is known."""

_MOST_INDICES = 300


@dataclass(frozen=True)
class Condition:
    """What must hold of one number in a formula.

    Parameters
    ----------
    kind : str
        ``nonzero`` for what divides, ``positive`` for what has a logarithm, ``power`` for what is raised to a power,
        ``no pole`` for arguments of the gamma function.
    number : sympy.Expr
        The number.
    exponent : sympy.Expr
        The power to which it is raised.
    index : tuple of (Symbol, first, last) or None
        The index of the sum in which it stands.
    """

    kind: str
    number: sp.Expr
    exponent: sp.Expr = sp.S.One
    index: tuple[sp.Symbol, sp.Expr, sp.Expr] | None = None

    @property
    def letters(self) -> set[sp.Symbol]:
        """The letters that it depends on."""
        free = self.number.free_symbols | self.exponent.free_symbols
        if self.index is None:
            return set(free)
        letter, first, last = self.index
        return set((free - {letter}) | first.free_symbols | last.free_symbols)

    def proved(self, formula: Callable[[sp.Expr], sp.Expr], least: Least | None = None) -> bool:
        """Whether it is proved to hold for all values of the letters.

        Parameters
        ----------
        formula : callable
            Puts what is known into a number: formulas for statistics.
        least : mapping of Symbol to int, optional
            The least values of whole letters, where they are not 1.

        Examples
        --------
        >>> n = sp.Symbol("n", integer=True, positive=True)
        >>> Condition("nonzero", n + 1).proved(lambda x: x), Condition("nonzero", n - 1).proved(lambda x: x)
        (True, False)
        """
        number, exponent = formula(self.number), self.exponent
        if self.index is not None:
            letter, first, _ = self.index
            if not is_positive(first, least):
                return False
            whole = sp.Dummy("j", integer=True, positive=True)
            number, exponent = number.xreplace({letter: whole}), exponent.xreplace({letter: whole})
        if self.kind == "nonzero":
            return _never_zero(number, least)
        if self.kind == "power":
            if exponent.is_integer:
                return bool(exponent.is_nonnegative) or _never_zero(number, least)
            return is_positive(number, least) or (bool(exponent.is_nonnegative) and is_nonnegative(number, least))
        return is_positive(number, least)

    def broken(self, value: Valued) -> str:
        """Return what is wrong at given sizes, in words; empty where nothing is.

        Parameters
        ----------
        value : callable
            Returns a number at these sizes.
        """
        if self.index is None:
            return self._broken(value, _text(self.number))
        letter = self.index[0]
        for at, one in self._instances(value):
            problem = one._broken(value, _text(self.number))
            if problem:
                return f"{problem}, at {letter} = {at}"
        return ""

    def _instances(self, value: Valued) -> Iterator[tuple[int, Condition]]:
        assert self.index is not None
        letter, *ends = self.index
        first, last = (value(end)[0] for end in ends)
        if first is None or last is None or not (first.is_Integer and last.is_Integer):
            return
        for at in range(int(first), min(int(last), int(first) + _MOST_INDICES) + 1):
            number, exponent = (part.xreplace({letter: sp.Integer(at)}) for part in (self.number, self.exponent))
            yield at, replace(self, number=number, exponent=exponent, index=None)

    def _broken(self, value: Valued, written: str) -> str:
        sign = _sign(self.number, value)
        if self.kind == "no pole":
            exact = None if sign == 1 else value(self.number)[0]
            pole = exact is not None and exact.is_Integer and exact <= 0
            return f"a gamma function has a pole at {written} = {exact}" if pole else ""
        if sign is None or sign == 1:
            return ""
        if self.kind == "nonzero":
            return "" if sign else f"it divides by {written}, which is 0"
        if self.kind == "positive":
            return f"log({written}) is that of a number which is {'negative' if sign else '0'}"
        if sign == 0:
            return f"it divides by {written}, which is 0" if _sign(self.exponent, value) == -1 else ""
        whole = value(self.exponent)[0]
        return "" if whole is not None and whole.is_Integer else f"a power of {written}, which is negative, is not real"


def _text(number: sp.Expr) -> str:
    text = str(number).replace("**", "^").replace("norm_x", "|x|")
    return re.sub(r"norm(\d+)_x", r"|x|_\1", text)


def _never_zero(number: sp.Expr, least: Least | None) -> bool:
    if is_positive(number, least) or is_positive(-number, least):
        return True
    if number.is_Mul or number.is_Pow:
        parts = number.args if number.is_Mul else number.args[:1]
        return all(_never_zero(part, least) for part in parts)
    letters = number.free_symbols
    if len(letters) != 1 or not all(letter.is_integer for letter in letters):
        return False
    (letter,) = letters
    if not number.is_polynomial(letter) or not all(c.is_Rational for c in sp.Poly(number, letter).coeffs()):
        return False
    first = (least or {}).get(letter, 1)
    return not any(root.is_Integer and root >= first for root in sp.Poly(number, letter).ground_roots())


def _sign(number: sp.Expr, value: Valued) -> int | None:
    exact, ball = value(number)
    if exact is not None and exact.is_Rational:
        return int(sp.sign(exact))
    if ball is None:
        return None
    if ball == 0:
        return 0
    return 1 if ball > 0 else -1 if ball < 0 else None


def values_at(exact: Callable[[sp.Expr], sp.Expr | None], ball: Callable[[sp.Expr], Ball]) -> Valued:
    """Return what gives numbers at given sizes: a ball where it decides, else the exact value.

    Parameters
    ----------
    exact, ball : callable
        Return a number's exact value, or None, and a ball around it.
    """

    def value(number: sp.Expr) -> tuple[sp.Expr | None, Ball | None]:
        try:
            enclosed = ball(number)
        except InvalidArgument:  # it has no value itself, for which there is a condition, or nobody knows it
            enclosed = None
        return exact(number), enclosed

    return value
