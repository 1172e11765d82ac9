"""Rigorous numbers: SymPy's constants as balls of python-flint, which bound every rounding error.

python-flint's own comparisons answer False where two balls overlap, and its functions answer NaN outside their domain
without a word. Here an undecided comparison is None, and a NaN is an error.
"""

from __future__ import annotations

import decimal
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import flint
import sympy as sp

from theory.ensembles import InvalidArgument
from theory.irrational_numbers import RESCALING

Ball = Any
"""A ball is a :class:`flint.arb`, a real interval that is guaranteed to contain the number."""

ComplexBall = Any
"""A complex ball is a :class:`flint.acb`, a rectangle that is guaranteed to contain the number."""

_MOST_DIGITS = 10_000
"""No number is computed to more decimal digits than this."""

_FUNCTIONS: dict[Any, Callable[..., Ball]] = {
    sp.exp: lambda x: x.exp(),
    sp.log: lambda x: x.log(),
    sp.gamma: lambda x: x.gamma(),
    sp.erf: lambda x: x.erf(),
    sp.erfc: lambda x: x.erfc(),
    sp.erfi: lambda x: x.erfi(),
    sp.besselk: lambda order, x: _bessel_k(order, x),
    # SymPy's polygamma(0, x) is digamma; polygamma(m, x) = (-1)^(m+1) m! zeta(m+1, x)
    sp.polygamma: lambda m, x: x.digamma() if m == 0 else _polygamma(m, x),
    sp.uppergamma: lambda s, x: x.gamma_upper(s),
    sp.lowergamma: lambda s, x: x.gamma_lower(s),
    sp.factorial: lambda x: (x + 1).gamma(),
    sp.binomial: lambda n, k: (n + 1).gamma() * (k + 1).rgamma() * (n - k + 1).rgamma(),
    sp.Ei: lambda x: x.ei(),
    sp.tan: lambda x: x.tan(),
    sp.cot: lambda x: x.cot(),
    sp.atan: lambda x: x.atan(),
    sp.asin: lambda x: x.asin(),
    sp.acos: lambda x: x.acos(),
    sp.sinh: lambda x: x.sinh(),
    sp.cosh: lambda x: x.cosh(),
    sp.tanh: lambda x: x.tanh(),
    sp.asinh: lambda x: x.asinh(),
    sp.atanh: lambda x: x.atanh(),
    sp.Abs: lambda x: abs(x),
    sp.Min: lambda *numbers: _least(numbers),
    sp.Max: lambda *numbers: -_least([-x for x in numbers]),
}


def enclose(expression: sp.Expr, digits: int = 30, values: Mapping[sp.Symbol, Ball] | None = None) -> Ball:
    """Evaluate a constant in ball arithmetic.

    Parameters
    ----------
    expression : sympy.Expr
        A real expression, whose free symbols all have values.
    digits : int
        The number of decimal digits that the evaluation works with. What cancels is lost.
    values : mapping of Symbol to flint.arb, optional
        The values of free symbols.

    Returns
    -------
    flint.arb
        A ball that contains the number.

    Raises
    ------
    InvalidArgument
        If symbols remain, a function is not known here, the value is not finite, or the digits are out of range.

    Examples
    --------
    >>> enclose(sp.exp(1) - sp.Rational(1, 3))
    [2.38494849512571 +/- 1.91e-15]
    >>> x = sp.Symbol("x")
    >>> print(enclose(x**2, values={x: flint.arb(3)}).str(5))
    9.0000
    """
    values = values or {}
    require_digits(digits)
    try:
        with precision(digits + 5):
            ball = _evaluate(expression, values)
    except KeyError:
        names = ", ".join(sorted(map(str, expression.free_symbols - values.keys())))
        raise InvalidArgument("expression", f"has the symbols {names}", "substitute numbers") from None
    if not ball.is_finite():
        raise InvalidArgument("expression", f"{expression} has no finite value", "check its domain")
    return ball


@contextmanager
def precision(digits: int) -> Iterator[None]:
    """Let python-flint work with that many decimal digits inside the block, and as before after it.

    Examples
    --------
    >>> with precision(5):
    ...     print(1 / flint.arb(3))
    [0.33333 +/- 3.50e-6]
    """
    before = flint.ctx.dps
    flint.ctx.dps = digits
    try:
        yield
    finally:
        flint.ctx.dps = before


_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


class OutOfTime(InvalidArgument):
    """What is being enclosed takes longer than there is time, inside of :func:`deadline`."""


@contextmanager
def deadline(end: float) -> Iterator[None]:
    """Let long enclosures inside the block stop with :class:`OutOfTime` once the monotonic clock has passed a time.

    Parameters
    ----------
    end : float
        The time, by ``time.monotonic``.

    Examples
    --------
    >>> with deadline(time.monotonic() + 60):
    ...     require_time()
    """
    token = _deadline.set(min(end, _deadline.get()))
    try:
        yield
    finally:
        _deadline.reset(token)


def require_time() -> None:
    """Stop if the time of :func:`deadline` is over; what takes long calls this in its innermost loop.

    Raises
    ------
    OutOfTime
        If it is.

    Examples
    --------
    >>> require_time()
    """
    if time.monotonic() > _deadline.get():
        raise OutOfTime("seconds", "the time was over before the number was enclosed", "give more seconds")


def require_digits(digits: int) -> None:
    """Refuse a number of digits that is not a whole number between 1 and 10,000.

    Raises
    ------
    InvalidArgument
        If it is anything else.

    Examples
    --------
    >>> require_digits(30)
    """
    if isinstance(digits, bool) or not isinstance(digits, int) or not 1 <= digits <= _MOST_DIGITS:
        raise InvalidArgument("digits", f"must be between 1 and {_MOST_DIGITS}, got {digits!r}", "use e.g. digits=30")


def decimal_bound(ball: Ball, digits: int, *, upper: bool) -> str:
    """Return a decimal number below or above a ball, to that many significant digits.

    Parameters
    ----------
    ball : flint.arb
        The ball, which must be finite.
    digits : int
        The number of digits.
    upper : bool
        Whether the number is above it.

    Examples
    --------
    >>> third = enclose(sp.Rational(1, 3))
    >>> decimal_bound(third, 3, upper=False), decimal_bound(third, 3, upper=True)
    ('0.333', '0.334')
    """
    mantissa, exponent = (ball.upper() if upper else ball.lower()).man_exp()
    context = decimal.Context(prec=digits, rounding=decimal.ROUND_CEILING if upper else decimal.ROUND_FLOOR)
    power = abs(int(exponent))
    scale = decimal.Decimal(2**power)
    exact = decimal.Decimal(int(mantissa))
    return str(context.multiply(exact, scale) if exponent >= 0 else context.divide(exact, scale))


def less(left: Ball, right: Ball) -> bool | None:
    """Decide whether left < right; the answer is None while the balls overlap.

    Parameters
    ----------
    left, right : flint.arb
        The balls of the two numbers.

    Examples
    --------
    >>> less(enclose(sp.pi), enclose(sp.Rational(22, 7)))
    True
    >>> less(flint.arb("1 +/- 0.1"), flint.arb(1)) is None
    True
    """
    if left < right:
        return True
    if left >= right:
        return False
    return None


_Values = Mapping[sp.Symbol, Ball]


def _evaluate(node: sp.Expr, values: _Values) -> Ball:
    if node.is_Rational:
        return flint.arb(flint.fmpq(int(node.p), int(node.q)))
    if node.is_Symbol:
        return values[node]
    if node is sp.pi:
        return flint.arb.pi()
    if node is sp.E:
        return flint.arb(1).exp()
    if node is sp.EulerGamma:
        return flint.arb.const_euler()
    if node is RESCALING:
        return _evaluate(node.doit(), values)
    if node.is_Add:
        return sum((_evaluate(arg, values) for arg in node.args), flint.arb(0))
    if node.is_Mul:
        product = flint.arb(1)
        for arg in node.args:
            product *= _evaluate(arg, values)
        return product
    if node.is_Pow:
        base = _evaluate(node.base, values)
        if node.exp.is_Integer:
            return _whole_power(base, int(node.exp))
        return base ** _evaluate(node.exp, values)
    if isinstance(node, sp.Sum):
        return _sum(node, values)
    if isinstance(node, sp.hyper):
        return _hypergeometric(node, values)
    if node.is_Float:
        raise InvalidArgument("expression", f"{node} is a float, which is rounded", "write it as a fraction")
    function = _FUNCTIONS.get(node.func)
    if function is None:
        raise InvalidArgument("expression", f"{node.func} is not known to ball arithmetic here", "rewrite it")
    return function(*(_evaluate(arg, values) for arg in node.args))


def _whole_power(base: Ball, exponent: int) -> Ball:
    """Return a power; python-flint's own is nan where a ball that is no point holds 0."""
    if exponent < 1 or not base.contains(0):
        return base**exponent
    half = _whole_power(base, exponent // 2)
    return half * half * base if exponent % 2 else half * half


def _sum(node: sp.Sum, values: _Values) -> Ball:
    """Add the terms of a sum one by one."""
    ((letter, first, last),) = node.limits
    ends = (_evaluate(end, values) for end in (first, last))
    try:
        start, stop = (int(end.unique_fmpz()) for end in ends)
    except (TypeError, ValueError):
        problem = f"the sum from {first} to {last} has no whole ends"
        raise InvalidArgument("expression", problem, "give whole numbers") from None
    if stop < start - 1:
        raise InvalidArgument("expression", f"the sum ends at {stop} before it begins at {start}", "swap its ends")
    if stop - start > _MOST_TERMS:
        raise InvalidArgument("expression", f"the sum has more than {_MOST_TERMS} terms", "give its closed form")
    terms = (_evaluate(node.function, {**values, letter: flint.arb(at)}) for at in range(start, stop + 1))
    return sum(terms, flint.arb(0))


_MOST_TERMS = 100_000


def _least(numbers: Any) -> Ball:
    least = numbers[0]
    for other in numbers[1:]:
        least = least.min(other)
    return least


def _bessel_k(order: Ball, x: Ball) -> Ball:
    """Return K, with more working digits where those of whole orders cancel."""
    digits = flint.ctx.dps
    for work in (digits, 2 * digits, 4 * digits):
        with precision(work):
            ball = x.bessel_k(order)
        if ball.rel_accuracy_bits() >= x.rel_accuracy_bits() // 2:
            break
    return ball


def _polygamma(order: Ball, x: Ball) -> Ball:
    m = int(order.unique_fmpz())
    return (-1) ** (m + 1) * flint.arb(m).gamma() * m * flint.arb(m + 1).zeta(x)


def _hypergeometric(node: sp.hyper, values: _Values) -> Ball:
    """Sum the series with more and more digits, until none is lost: at negative z its terms cancel like exp(|z|)."""
    wanted, digits = flint.ctx.prec, flint.ctx.dps
    while True:
        with precision(digits):
            top, bottom = ([_evaluate(arg, values) for arg in parameters] for parameters in (node.ap, node.bq))
            z = _evaluate(node.argument, values)
            if (len(top), len(bottom)) == (2, 1):  # 2F1 has logarithms where parameters differ by whole numbers
                (a, b), c = node.ap, node.bq[0]
                whole = {"ab": a - b, "ac": a - c, "bc": b - c, "abc": a + b - c}
                ball = z.hypgeom_2f1(*top, *bottom, **{name: bool(gap.is_integer) for name, gap in whole.items()})
            else:
                ball = z.hypgeom(top, bottom)
        digits *= 2
        if ball.rel_accuracy_bits() >= wanted or digits > _MOST_DIGITS:
            return ball


def enclose_number(value: sp.Expr) -> Ball:
    """Return a rational number or another constant as a ball, at the present precision of python-flint.

    Examples
    --------
    >>> with precision(5):
    ...     enclose_number(sp.Rational(1, 3))
    [0.33333 +/- 3.50e-6]
    """
    if value.is_Rational:
        return flint.arb(flint.fmpq(int(value.p), int(value.q)))
    return enclose(value, flint.ctx.dps)
