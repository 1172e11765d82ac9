"""An answer of theory: a formula or a number, with all that it assumes."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

import flint
import sympy as sp

from proofs_check.answers.letter_query import LetterQuery
from proofs_check.answers.query import Query
from theory import at
from theory.balls import Ball, enclose
from theory.ensembles import InvalidArgument


@dataclass(frozen=True, repr=False)
class Derivation:
    """An answer of theory.

    Parameters
    ----------
    query : Query or LetterQuery
        The question.
    exact : sympy.Expr or None
        The formula. It is None where the answer is a number found by inversion, has more digits than Python prints, or
        has no closed form.
    value : float or None
        The number; None while symbols remain, or where no float holds it.
    log_value : float or None
        The natural logarithm of the number, if it is known.
    assumptions : tuple of str
        All that the answer assumes, and what its letters mean, as a reader is told.
    enclosed : str or None
        The digits asked for, with a bound on their error.
    related : tuple of (name, SymPy expression)
        What else belongs to the answer, for example a generating function.
    reason : str
        The reason why there is no formula, where there is none.
    between : tuple of two str, or None
        Decimal numbers below and above the number, where theory has bounds alone.
    """

    query: Query | LetterQuery
    exact: sp.Expr | None
    value: float | None
    log_value: float | None
    assumptions: tuple[str, ...]
    enclosed: str | None = None
    related: tuple[tuple[str, sp.Expr], ...] = ()
    reason: str = ""
    between: tuple[str, str] | None = None

    @property
    def quantity(self) -> str:
        """The name of the quantity."""
        return self.query.quantity

    @property
    def statement(self) -> str:
        """The left-hand side of the equation, in plain text."""
        return self.query.left.plain

    @property
    def notation(self) -> str:
        """The left-hand side of the equation, in LaTeX."""
        return self.query.left.latex

    @property
    def ensemble(self) -> str:
        """The networks that were asked about, or the values of letters, on one line."""
        return self.query.described

    @property
    def symbols(self) -> dict[str, sp.Symbol]:
        """The symbols of the formula, and of what belongs to it, by their names."""
        expressions = (self.exact, *(expression for _, expression in self.related))
        free = {symbol for expression in expressions if expression is not None for symbol in expression.free_symbols}
        return {str(symbol): symbol for symbol in sorted(free, key=str)}

    def at(self, **values: Any) -> sp.Expr:
        """Return the formula with numbers for some of its symbols, or for all.

        Parameters
        ----------
        **values
            A number, or a SymPy expression, for the name of each symbol: ``n=4, L=2``. Error terms are left out.

        Returns
        -------
        sympy.Expr
            A number if no symbol remains.

        Raises
        ------
        InvalidArgument
            If there is no formula, or no such symbol in it, or its value is not what the symbol stands for.

        Examples
        --------
        >>> from proofs_check import derive
        >>> from theory import Ensemble
        >>> derive("kurtosis", Ensemble(width="n", depth="L", activation="relu", init="he")).at(n=4, L=2)
        81/16
        """
        if self.exact is None:
            raise InvalidArgument(self.quantity, "has no formula to put numbers into", "ask with numbers")
        return at(self.exact.removeO(), **values).doit()

    def __repr__(self) -> str:
        shown = str(self).splitlines()[0]
        return f"<Derivation: {shown if len(shown) <= _LONGEST else shown[:_LONGEST] + '...'}>"

    def __str__(self) -> str:
        from proofs_check.answers.formats import derivation_text

        return derivation_text(self)

    def _repr_latex_(self) -> str:
        from proofs_check.answers.formats import derivation_equation

        return rf"$\displaystyle {derivation_equation(self)}$"

    def _repr_html_(self) -> str:
        from proofs_check.answers.formats import as_html

        return as_html(self._repr_latex_(), str(self).splitlines()[1:])


_LONGEST = 100
"""A line of a short form is cut after so many characters."""


def formula(query: Query | LetterQuery, exact: sp.Expr, assumed: tuple[str, ...]) -> Derivation:
    """Return an answer that is a formula, with its number once no symbols remain.

    Parameters
    ----------
    query : Query or LetterQuery
        The question, which says how many digits are to be enclosed.
    exact : sympy.Expr
        The formula.
    assumed : tuple of str
        All that it assumes, as a reader is told.

    Raises
    ------
    InvalidArgument
        If digits are asked for, and symbols remain or not so many are to be had.

    Examples
    --------
    >>> from theory.ensembles import Ensemble
    >>> formula(Query(Ensemble(width=4, depth=2)), sp.Rational(1, 2), ()).value
    0.5
    """
    if exact.free_symbols:
        if query.digits is not None:
            names = ", ".join(sorted(map(str, exact.free_symbols)))
            problem = f"the answer is a formula in {names}, which has no digits"
            raise InvalidArgument("digits", problem, "leave it out, or give numbers for all")
        if (shown := printable(exact)) is None:
            reason = f"numbers in the formula have more than {sys.get_int_max_str_digits()} digits"
            return Derivation(query, None, value=None, log_value=None, assumptions=assumed, reason=reason)
        return Derivation(query, shown, value=None, log_value=None, assumptions=assumed)
    if query.digits is not None:
        return number(query, exact, ball=_enclosed(exact, query.digits), assumed=assumed)
    value = sp.re(sp.N(exact, 30))
    logarithm = float(sp.log(value)) if value > 0 else None
    return Derivation(query, printable(exact), value=in_range(value), log_value=logarithm, assumptions=assumed)


def _enclosed(exact: sp.Expr, digits: int) -> Ball:
    """Enclose a number to that many digits, however many of them cancel on the way."""
    problem = f"{digits} digits of this formula cannot be enclosed"
    for work in (digits + 10, 2 * digits + 40, 4 * digits + 160):
        try:
            ball = enclose(exact, work)
        except InvalidArgument as bad:
            raise InvalidArgument("digits", f"{problem}: {bad.problem}", "leave it out, or ask for fewer") from None
        if ball == 0 or ball.rel_accuracy_bits() > digits * math.log2(10):
            return ball
    raise InvalidArgument("digits", problem, "leave it out, or ask for fewer")


def number(query: Query | LetterQuery, exact: sp.Expr | None, ball: Ball, assumed: tuple[str, ...]) -> Derivation:
    """Return an answer that is a number known as a ball, with its formula if there is one.

    Parameters
    ----------
    query, assumed
        As for :func:`formula`; if the query asks for digits, so many are shown.
    exact : sympy.Expr or None
        The formula, if there is one.
    ball : Ball
        The number, with a bound on its error.
    """
    return Derivation(
        query,
        None if exact is None else printable(exact),
        value=in_range(ball),
        log_value=in_range(ball.log()) if ball > 0 else None,
        assumptions=assumed,
        enclosed=None if query.digits is None else ball.str(query.digits),
    )


def in_range(number: Any) -> float | None:
    """Return a number as a float, or None if it is beyond those that have all their digits; of a ball, what is known.

    Examples
    --------
    >>> in_range(sp.Rational(1, 2)), in_range(sp.Integer(10) ** 400), in_range(flint.arb("0.12345678", "1e-5"))
    (0.5, None, 0.1235)
    """
    value = float(number)
    if not (sys.float_info.min <= abs(value) < math.inf or number == 0):
        return None
    return known(value, float(number.rad())) if isinstance(number, flint.arb) else value


def known(value: float, error: float) -> float:
    """Return a float rounded to the digits that an absolute error leaves.

    Parameters
    ----------
    value : float
        The number.
    error : float
        How far it may be off; an error below its last bit changes nothing.

    Examples
    --------
    >>> known(0.28593761905551, 1e-12), known(-57934.0748, 30), known(0.1 + 0.2, 1e-17)
    (0.28593761906, -57900.0, 0.30000000000000004)
    """
    if not (math.isfinite(value) and error > math.ulp(value) / 2):
        return value
    return round(value, -math.ceil(math.log10(2 * error)))


def exp_in_range(log: float) -> float | None:
    """Return an exponential, or None if it is beyond the floats that have all their digits; 0 and infinity are exact.

    Examples
    --------
    >>> exp_in_range(0.0), exp_in_range(-740.0), exp_in_range(-math.inf)
    (1.0, None, 0.0)
    """
    within = math.log(sys.float_info.min) <= log <= math.log(sys.float_info.max)
    return math.exp(log) if within or not math.isfinite(log) else None


def printable(exact: sp.Expr) -> sp.Expr | None:
    """Return the expression, or None if a number in it has more digits than Python prints."""
    try:
        str(exact)
    except ValueError:  # sys.get_int_max_str_digits()
        return None
    return exact
