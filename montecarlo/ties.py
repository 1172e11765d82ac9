"""Comparing what was measured with an exact threshold: ties are decided, or counted both ways."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_ensemble
from montecarlo.drawing.weights import log
from montecarlo.intervals import Estimate, clopper_pearson_interval
from montecarlo.rounding import Rounding
from theory.ensembles import Ensemble

_MOST_LOG = 53 * math.log(2)
"""Integers beyond these are not told apart in double precision, so no smaller unit is looked for."""


@dataclass(frozen=True)
class Count:
    """How many of the networks reach a threshold.

    Parameters
    ----------
    least, most : int
        How many surely do, and how many may.
    value : int
        The best guess: what is equal up to rounding counts as equal.
    samples : int
        How many networks there are.
    """

    least: int
    value: int
    most: int
    samples: int

    def interval(self, error: float) -> Estimate:
        """Enclose the probability, whichever way the networks count that rounding leaves open.

        Parameters
        ----------
        error : float
            As for :func:`montecarlo.intervals.clopper_pearson_interval`.
        """
        low, middle, high = (
            clopper_pearson_interval(count, self.samples, error) for count in (self.least, self.value, self.most)
        )
        method = middle.method
        if self.least < self.most:
            method += f"; {self.most - self.least} are at the threshold up to rounding, and counted both ways"
        return Estimate(middle.value, low.lo, high.hi, error=low.error, method=method, samples=self.samples)


def count_reaching(
    logs: ArrayLike, threshold: Fraction, rounding: Rounding, *, unit: Fraction | None = None, strict: bool = False
) -> Count:
    r"""Count the quantities that reach a positive threshold, given their logs.

    Parameters
    ----------
    logs : array_like, shape (networks,)
        The logs of nonnegative quantities; -inf for 0.
    threshold : Fraction
        What they are compared with, exactly.
    rounding : Rounding
        How far the logs may be off.
    unit : Fraction, optional
        A number of which every one of the quantities is a whole multiple.
    strict : bool
        Whether they must exceed the threshold.

    Notes
    -----
    Let the threshold be t units. If the margin of rounding at t is below 1/2, whatever lies within the margin is the
    same whole number of units, the one nearest to t, and this number is compared with t exactly. Without a unit, or
    where rounding is coarser than that, what lies within the margin is counted both ways.

    Examples
    --------
    >>> halves = np.log([0.5, 1.0, 1.0 - 1e-16, 1.5])
    >>> count_reaching(halves, Fraction(1), Rounding(1e-15), unit=Fraction(1, 2))
    Count(least=3, value=3, most=3, samples=4)
    >>> count_reaching(halves, Fraction(1), Rounding(1e-15), strict=True)
    Count(least=1, value=1, most=3, samples=4)
    """
    values = np.asarray(logs, dtype=np.float64)
    least = log(Fraction(threshold))
    margin = rounding.of(values, least)
    above, near = int(np.sum(values > least + margin)), int(np.sum(np.abs(values - least) <= margin))
    if unit is not None:
        steps = Fraction(threshold) / unit
        if log(steps) < _MOST_LOG and 4 * margin * steps < 1:
            whole = round(steps)
            reaching = above + near if whole > steps or (whole == steps and not strict) else above
            return Count(reaching, reaching, reaching, len(values))
    return Count(above, above if strict else above + near, above + near, len(values))


def square_unit(net: Ensemble, layer: int) -> Fraction | None:
    r"""Return a number of which :math:`|a_k|^2` is a whole multiple in every network, or None if there is none.

    Weights of a discrete law are whole multiples of a number, :math:`w = \sqrt{c}\,r`, and so are the activations of
    plain networks, layer by layer. An isometry has the norm of the input, and linear layer norm the root of the width.

    Parameters
    ----------
    net : Ensemble
        An ensemble without symbols.
    layer : int
        k.

    Examples
    --------
    >>> square_unit(Ensemble(width=4, depth=3, law="rademacher"), 2)  # inputs (1, 1, 1, 1)/2, weights of size 1/2
    Fraction(1, 64)
    >>> square_unit(Ensemble(width=4, depth=3), 2) is None
    True
    """
    as_ensemble(net)
    widths = [int(net.width_at(k)) for k in range(layer + 1)] if net.widths else [int(net.width_at(layer))]
    if net.architecture.name == "layernorm" and Fraction(net.slope) == 1 and layer > 0:
        return Fraction(widths[-1])
    if not net.architecture.is_plain or not net.is_homogeneous:
        return None
    if net.init.name == "orthogonal" and Fraction(net.slope) == 1 and widths == sorted(widths):
        return input_square(net)
    if not (net.law.atoms and net.has_independent_entries):
        return None
    denominator = math.lcm(*(value.denominator for value, _ in net.law.atoms))
    slope = Fraction(net.slope).denominator
    unit = _input_unit(net.input or "unit", int(net.width_at(0)))
    step: dict[Any, Fraction] = {}
    for k in range(1, layer + 1):
        fans = net.width_at(k - 1), net.width_at(k)
        if fans not in step:
            step[fans] = net.variance(k) / net.law.variance / (denominator * slope) ** 2
        unit *= step[fans]
        if unit.denominator.bit_length() > _MOST_BITS:
            return None
    return unit


_MOST_BITS = 20_000
"""A unit with more bits than this is far below what floats tell apart."""


def input_square(net: Ensemble) -> Fraction:
    """Return the square of the input's norm, exactly.

    Parameters
    ----------
    net : Ensemble
        An ensemble without symbols; the inputs of a batch are random, and have no such norm.

    Raises
    ------
    InvalidArgument
        If it is no ensemble, or has symbols.

    Examples
    --------
    >>> input_square(Ensemble(width=2, depth=1, input="1/2,1"))
    Fraction(5, 4)
    """
    as_ensemble(net)
    if isinstance(net.input, tuple):
        return sum((Fraction(number) ** 2 for number in net.input), Fraction(0))
    return Fraction(int(net.width_at(0))) if net.input == "ones" else Fraction(1)


def _input_unit(numbers: str | tuple[Fraction, ...], size: int) -> Fraction:
    if isinstance(numbers, str):
        return Fraction(1, size) if numbers == "unit" else Fraction(1)
    return Fraction(1, math.lcm(*(Fraction(number).denominator for number in numbers)) ** 2)
