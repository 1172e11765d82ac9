"""Words and numbers of short reprs: what, how many, from where to where."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def counted(number: int, noun: str) -> str:
    """Return a number of things.

    Examples
    --------
    >>> counted(1, "network"), counted(3, "network")
    ('1 network', '3 networks')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """Return names, or of many the first and the last.

    Examples
    --------
    >>> listed(["a", "b"]), listed(["a_0", "a_1", "a_2", "a_3"])
    ('a, b', 'a_0, ..., a_3')
    """
    return ", ".join(names) if len(names) <= 3 else f"{names[0]}, ..., {names[-1]}"


def shape_of(widths: Sequence[int]) -> str:
    """Return the widths of a network, or of a deep one the first, the last and the depth.

    Examples
    --------
    >>> shape_of((784, 100, 10)), shape_of((4,) * 65)
    ('784-100-10', '4-...-4 of depth 64')
    """
    if len(widths) <= 6:
        return "-".join(map(str, widths))
    return f"{widths[0]}-...-{widths[-1]} of depth {len(widths) - 1}"


def spread(values: ArrayLike) -> str:
    """Return the least and the largest of some numbers that are no nan.

    Examples
    --------
    >>> spread([3.0, 1.0, 2.0]), spread([3.0]), spread([])
    ('1 to 3', '3', 'none')
    """
    array = np.ravel(np.asarray(values))
    array = array[~np.isnan(array)]
    if not len(array):
        return "none"
    low, high = f"{array.min():.5g}", f"{array.max():.5g}"
    return low if low == high else f"{low} to {high}"


def scaled(value: float, log_scale: float) -> str:
    """Return value * exp(log_scale) in decimals, however large or small.

    Examples
    --------
    >>> scaled(2.0, math.log(3)), scaled(-1.0, -1000.0), scaled(0.0, 5.0)
    ('6', '-5.076e-435', '0')
    """
    if value == 0 or not math.isfinite(value) or log_scale == -math.inf:
        return f"{value:.5g}" if log_scale > -math.inf else "0"
    power = (math.log(abs(value)) + log_scale) / math.log(10)
    if abs(power) < 300:
        return f"{math.copysign(math.exp(math.log(abs(value)) + log_scale), value):.5g}"
    whole = math.floor(power)
    return f"{math.copysign(10 ** (power - whole), value):.4g}e{whole:+d}"


def enclosed(value: float, lo: float, hi: float) -> str:
    """Return a number and its interval, with as many digits as the interval's length asks for.

    Examples
    --------
    >>> enclosed(1234.56789, 1234.56, 1234.57), enclosed(0.5, 0.25, 0.75), enclosed(2.0, -math.inf, math.inf)
    ('1234.5679 in [1234.56, 1234.57]', '0.5 in [0.25, 0.75]', '2 in [-inf, inf]')
    """
    digits, half = 5, (hi - lo) / 2
    if 0 < half < math.inf and 0 < abs(value) < math.inf:
        digits = min(max(math.ceil(math.log10(abs(value)) - math.log10(half)) + 2, 5), 17)
    return f"{value:.{digits}g} in [{lo:.{digits}g}, {hi:.{digits}g}]"
