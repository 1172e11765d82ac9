r"""Learning rates at which almost every path of stochastic gradient descent vanishes, without momentum.

Without noise at the minimum :math:`|\psi_T|` is a product of independent :math:`|1-\eta h_B|`. It vanishes almost
surely if and only if :math:`g(\eta) = E\log|1-\eta h_B| < 0`. By Jensen :math:`2g \le \log E(1-\eta h_B)^2`: what is
stable in mean square is so typically.

Each :math:`\log|1-\eta h|` is concave on either side of its pole 1/h. So between two neighbouring poles g is concave
and falls to minus infinity at both ends: it is positive on one interval, or nowhere. From 0 to the first pole it is
negative, as g(0) = 0 and g'(0) = -lambda; and beyond the last one it has a single zero. That finds all zeros, by
bisection whose every sign is decided in balls. The stable rates need not be one interval: around each pole beyond the
first zero there is another one, however narrow. For the curvatures 1/10 and 10 they are two.

Epochs of reshuffled minibatches of S have the same: each of their minibatches is a random one of S examples.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import Any

import flint
import sympy as sp

from theory.balls import Ball, precision, require_digits
from theory.dynamics.minibatch_noise import minibatches, variance_share
from theory.dynamics.sgd_stability.mean_square import largest_rate
from theory.dynamics.sgd_stability.second_moments import read_momentum
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction

_MOST_VALUES = 3_000
"""So many different curvatures of minibatches at most."""
_MOST_CURVATURES = 1_000_000

Interval = tuple[Ball, Ball]
"""The ends of an interval of learning rates."""


def read_curvatures(curvatures: Iterable[Any]) -> tuple[Fraction, ...]:
    """Read the curvatures of examples, exactly.

    Raises
    ------
    InvalidArgument
        If there are none, one is no number, or their mean is not positive.

    Examples
    --------
    >>> read_curvatures(["0.5", 1])
    (Fraction(1, 2), Fraction(1, 1))
    """
    if isinstance(curvatures, (str, bytes)) or not isinstance(curvatures, Iterable):
        problem = f"must be a sequence of numbers, got {curvatures!r:.60}"
        raise InvalidArgument("curvatures", problem, "use e.g. [0.5, 1, 1.2]")
    found = tuple(
        exact_fraction("curvatures", value.item() if hasattr(value, "dtype") else value) for value in curvatures
    )
    if not found:
        raise InvalidArgument("curvatures", "are none", "give at least one")
    if len(found) > _MOST_CURVATURES:
        raise InvalidArgument("curvatures", f"are more than {_MOST_CURVATURES:,}", "use fewer examples")
    if sum(found) <= 0:
        mean = sum(found) / len(found)
        raise InvalidArgument("curvatures", f"have the mean {mean}, so that no rate is stable", "use a positive mean")
    return found


def minibatch_curvatures(curvatures: Iterable[Any], batch: int, *, replacement: bool = False) -> dict[Fraction, int]:
    """Count the curvatures h_B of all minibatches.

    Parameters
    ----------
    curvatures : sequence of numbers
        The h_i, exact numbers of positive mean.
    batch, replacement
        As for :func:`~theory.dynamics.minibatch_noise.minibatches`.

    Returns
    -------
    mapping of Fraction to int

    Raises
    ------
    InvalidArgument
        As :func:`read_curvatures` and :func:`~theory.dynamics.minibatch_noise.minibatches`.

    Examples
    --------
    >>> minibatch_curvatures([1, 2, 3], 2)
    {Fraction(3, 2): 1, Fraction(2, 1): 1, Fraction(5, 2): 1}
    """
    read = read_curvatures(curvatures)
    if not replacement and batch == len(read):
        return {Fraction(sum(read)) / len(read): 1}
    counts: dict[Fraction, int] = {}
    for chosen in minibatches(len(read), batch, replacement=replacement):
        value = sum((read[i] for i in chosen), Fraction(0)) / batch
        counts[value] = counts.get(value, 0) + 1
    return counts


def typical_rate(curvatures: Iterable[Any], batch: int, *, replacement: bool = False, digits: int = 30) -> Ball:
    """Enclose the learning rate up to which almost every path vanishes: the end of the first stable interval.

    Parameters
    ----------
    curvatures, batch, replacement
        As for :func:`minibatch_curvatures`.
    digits : int
        The number of decimal digits.

    Raises
    ------
    InvalidArgument
        If there are too many minibatches, the rates cannot be told apart, and as :func:`minibatch_curvatures`.

    Examples
    --------
    >>> print(typical_rate(["1/2", "3/2"], 1).str(10), typical_rate([1, 1], 2).str(10))
    [2.666666667 +/- 3.34e-10] [2.000000000 +/- 1e-14]
    """
    counts = minibatch_curvatures(curvatures, batch, replacement=replacement)
    return _intervals(counts, digits, only_first=True)[0][1]


def typical_intervals(
    curvatures: Iterable[Any], batch: int, *, replacement: bool = False, digits: int = 30
) -> tuple[Interval, ...]:
    """Enclose all learning rates at which almost every path vanishes.

    Parameters
    ----------
    curvatures, batch, replacement, digits
        As for :func:`typical_rate`.

    Returns
    -------
    tuple of (flint.arb, flint.arb)
        The stable intervals, from 0 on.

    Raises
    ------
    InvalidArgument
        As :func:`typical_rate`.

    Examples
    --------
    >>> for low, high in typical_intervals(["1/10", 10], 1):
    ...     print(low.str(5, radius=False), high.str(5, radius=False))
    0 0.20206
    9.8979 10.100
    """
    return _intervals(minibatch_curvatures(curvatures, batch, replacement=replacement), digits, only_first=False)


def _intervals(counts: dict[Fraction, int], digits: int, *, only_first: bool) -> tuple[Interval, ...]:
    require_digits(digits)
    if len(counts) > _MOST_VALUES:
        problem = f"there are {len(counts):,} different minibatches, more than {_MOST_VALUES:,}"
        raise InvalidArgument("batch", problem, "use fewer examples")
    for work in (digits + 10, 2 * digits + 30, 4 * digits + 90):
        found = _Growth(counts, work).stable(Fraction(1, 10**digits), only_first)
        if found is not None:
            return found
    raise InvalidArgument("digits", f"are too few to tell rates apart: {digits}", "use more")


class _Growth:
    """g and its derivative, by products, which cost less than logarithms."""

    def __init__(self, counts: dict[Fraction, int], digits: int) -> None:
        self.digits = digits
        self.terms = [(_arb(h, digits), times) for h, times in counts.items() if h]
        self.poles = sorted(1 / h for h in counts if h > 0)
        total = sum(counts.values())
        mean = sum(h * times for h, times in counts.items()) / total
        # up to here E psi^2 vanishes, and so does every path
        self.start = 2 * mean / (sum(h * h * times for h, times in counts.items()) / total)

    def sign(self, eta: Fraction) -> int | None:
        """Return the sign of g; None where it cannot be told."""
        with precision(self.digits):
            at, product = _arb(eta, self.digits), flint.arb(1)
            for h, times in self.terms:
                factor = abs(1 - at * h)
                product *= factor if times == 1 else factor**times
            return 1 if product > 1 else -1 if product < 1 else None

    def slope(self, eta: Fraction) -> Ball:
        """Return the derivative of g, times the number of minibatches."""
        with precision(self.digits):
            at = _arb(eta, self.digits)
            return -sum((times * h / (1 - at * h) for h, times in self.terms), flint.arb(0))

    def size(self, eta: Fraction) -> Ball:
        """Return g, times the number of minibatches."""
        with precision(self.digits):
            at = _arb(eta, self.digits)
            return sum((times * abs(1 - at * h).log() for h, times in self.terms), flint.arb(0))

    def stable(self, width: Fraction, only_first: bool) -> tuple[Interval, ...] | None:
        """Return the stable intervals; None where something cannot be told."""
        found: list[Interval] = []
        low = flint.arb(0)
        for left, right in zip(self.poles, self.poles[1:], strict=False):
            if right <= self.start:
                continue
            top = self._positive_between(left, right)
            if top is None:
                return None
            if not top:
                continue
            ends = self._zero(left, top[0], width), self._zero(top[0], right, width)
            if ends[0] is None or ends[1] is None:
                return None
            found.append((low, ends[0]))
            low = ends[1]
            if only_first:
                return tuple(found)
        last = self.poles[-1]
        far = 2 * last
        while self.sign(far) != 1:
            far *= 2
        end = self._zero(last, far, width)
        return None if end is None else (*found, (low, end))

    def _positive_between(self, left: Fraction, right: Fraction) -> tuple[Fraction, ...] | None:
        """Return a place between two poles where g > 0 in a tuple, an empty one if g < 0 there, None if neither shows.

        As g is concave, a tangent bounds it.
        """
        for _ in range(self.digits * 3):
            middle = (left + right) / 2
            sign = self.sign(middle)
            if sign == 1:
                return (middle,)
            slope = self.slope(middle)
            if not slope.is_finite():
                return None
            with precision(self.digits):
                if self.size(middle) + abs(slope) * _arb((right - left) / 2, self.digits) < 0:
                    return ()
            if slope > 0:
                left = middle
            elif slope < 0:
                right = middle
            else:
                return None
        return None

    def _zero(self, left: Fraction, right: Fraction, width: Fraction) -> Ball | None:
        """Enclose the zero between two places where g has different signs, or falls to minus infinity."""
        pole_left = left in self.poles
        low = -1 if pole_left else self.sign(left)
        scale = right
        while right - left > width * scale:
            middle = (left + right) / 2
            sign = self.sign(middle)
            if sign is None:  # the zero itself, or too few digits
                return self._around(middle, left, right, width * scale)
            if sign == low:
                left = middle
            else:
                right = middle
        return _hull(left, right, self.digits)

    def _around(self, zero: Fraction, left: Fraction, right: Fraction, width: Fraction) -> Ball | None:
        """Enclose a zero that bisection has hit, by two places close to it."""
        low, high = max(left, zero - width / 2), min(right, zero + width / 2)
        if {self.sign(low), self.sign(high)} != {1, -1}:
            return None
        return _hull(low, high, self.digits)


def _hull(low: Fraction, high: Fraction, digits: int) -> Ball:
    with precision(digits):
        return _arb(low, digits).union(_arb(high, digits))


def _arb(value: Fraction, digits: int) -> Ball:
    with precision(digits):
        return flint.arb(flint.fmpq(value.numerator, value.denominator))


def typical_bounds_with_momentum(
    curvatures: Iterable[Any], batch: int, momentum: Any, *, replacement: bool = False
) -> tuple[Fraction, Fraction | None]:
    r"""Bound the learning rate up to which almost every path of heavy ball vanishes.

    From below by the rate that is stable in mean square. From above by :math:`2(1+\mu)/\min h_B`, where that is
    positive: from there on :math:`a_B = 1+\mu-\eta h_B \le -(1+\mu)`, so that
    :math:`r = \psi/\psi_- \le -1` stays: :math:`r' = a_B - \mu/r \le -1`, and no step brings :math:`\psi` nearer to 0.

    Parameters
    ----------
    curvatures, batch, replacement
        As for :func:`minibatch_curvatures`.
    momentum : number
        mu, from 0 to less than 1.

    Returns
    -------
    (Fraction, Fraction or None)

    Raises
    ------
    InvalidArgument
        As :func:`read_curvatures`, or if the momentum is no number from 0 to less than 1.

    Examples
    --------
    >>> typical_bounds_with_momentum([1, 3], 1, "1/2")
    (Fraction(6, 7), Fraction(3, 1))
    """
    read = read_curvatures(curvatures)
    lower = mean_square_rate(read, batch, momentum, replacement=replacement)
    smallest = sorted(read)[: 1 if replacement else batch]
    least = sum(smallest, Fraction(0)) / len(smallest)
    mu = exact_fraction("momentum", momentum)
    return lower, 2 * (1 + mu) / least if least > 0 else None


def mean_square_rate(
    curvatures: Iterable[Any], batch: int, momentum: Any = 0, *, replacement: bool = False
) -> Fraction:
    """Return the learning rate up to which E psi^2 vanishes, exactly.

    Parameters
    ----------
    curvatures, batch, momentum, replacement
        As for :func:`typical_bounds_with_momentum`.

    Raises
    ------
    InvalidArgument
        As :func:`typical_bounds_with_momentum`.

    Examples
    --------
    >>> mean_square_rate([1, 3], 1), mean_square_rate([1, 3], 2, "1/2")
    (Fraction(4, 5), Fraction(3, 2))
    """
    read = read_curvatures(curvatures)
    mean = sum(read) / len(read)
    share = variance_share(len(read), batch, replacement=replacement)
    variance = share * sp.Rational(*(sum((x - mean) ** 2 for x in read) / len(read)).as_integer_ratio())
    mu = read_momentum(momentum)
    formula, letters = _largest_rate()
    found = formula.subs(dict(zip(letters, (sp.Rational(*mean.as_integer_ratio()), variance, mu), strict=True)))
    if not found.is_Rational:
        raise InvalidArgument("momentum", f"must be a number, got {momentum}", "use e.g. 0.9")
    return Fraction(int(found.p), int(found.q))


@cache
def _largest_rate() -> tuple[sp.Expr, tuple[sp.Symbol, ...]]:
    """Return the formula of the rate in letters: solving for it once is enough."""
    letters = sp.symbols("lam w mu", positive=True)
    return largest_rate(*letters), letters
