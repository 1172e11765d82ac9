"""How a measured number is written: its interval decides how many digits, and what is written holds the interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

from proofs_check.tables.model import Number

_EXACT = Context(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN)
_PLAIN = (Decimal("1e-3"), Decimal("1e6"))
"""Numbers between these are written without a power of ten."""


@dataclass(frozen=True)
class Measured:
    """A number with its interval.

    Parameters
    ----------
    value, lo, hi : Decimal
        The number and both ends; they may be infinite, where nothing is known.
    most : Decimal
        What the number cannot exceed, as a probability cannot exceed 1.
    """

    value: Decimal
    lo: Decimal
    hi: Decimal
    most: Decimal = Decimal("Infinity")

    @property
    def is_telling(self) -> bool:
        """Whether a value and its uncertainty say it: they reach half the value to each side, and not beyond `most`."""
        if not (self.lo.is_finite() and self.hi.is_finite()):
            return False
        narrow = _EXACT.add(self.uncertainty, self.uncertainty) <= self.value.copy_abs()
        return narrow and _EXACT.add(self.value, self.uncertainty) <= self.most

    @property
    def uncertainty(self) -> Decimal:
        """The distance from the value to the farther end."""
        return max(_EXACT.subtract(self.hi, self.value), _EXACT.subtract(self.value, self.lo))


def places(value: Decimal, figures: int) -> int:
    """Return the power of ten of the last digit, if a number has so many significant figures.

    Examples
    --------
    >>> places(Decimal("0.0683"), 2), places(Decimal(1234), 2)
    (-3, 2)
    """
    return 0 if value == 0 else value.adjusted() - figures + 1


def is_plain(values: Sequence[Decimal]) -> bool:
    """Whether numbers are written without powers of ten: all of a column, or none.

    Examples
    --------
    >>> is_plain([Decimal("0.001"), Decimal(0)]), is_plain([Decimal("0.001"), Decimal("1e-9")])
    (True, False)
    """
    return all(value == 0 or _PLAIN[0] <= value.copy_abs() < _PLAIN[1] for value in values if value.is_finite())


def exact_number(value: Decimal, last: int | None = None, *, plain: bool | None = None, figures: int = 4) -> Number:
    """Return a number that is known, rounded to a place.

    Parameters
    ----------
    value : Decimal
        The number.
    last : int, optional
        The power of ten of its last digit; by default it has four significant figures.
    plain : bool, optional
        Whether it is written without a power of ten; by default that depends on its size.
    figures : int
        The significant figures where `last` is not given.

    Examples
    --------
    >>> exact_number(Decimal("0.0682511"), -3).written, exact_number(Decimal("1e-408")).written
    ('0.0683', '1e-408')
    """
    if not value.is_finite():
        return Number("oo" if value > 0 else "-oo", value)
    if value == 0:
        return Number("0", value)
    plain = is_plain([value]) if plain is None else plain
    last = places(value, figures) if last is None else min(last, places(value, 3))
    if plain:
        last = min(last, 0)
    rounded = value.quantize(Decimal((0, (1,), last)), ROUND_HALF_EVEN, _EXACT)
    if rounded == value:  # no digit is lost: 1, not 1.000
        rounded = value.normalize(_EXACT)
    if plain:
        return Number(f"{rounded:f}", value)
    exponent = rounded.adjusted()
    return Number(f"{rounded.scaleb(-exponent, _EXACT):f}e{exponent}", value)


def measured_number(measured: Measured, *, plain: bool | None = None, bounds: bool = False) -> Number:
    """Return a measured number as a value with the uncertainty of its last digits, or as an interval.

    The uncertainty is rounded up, and to the farther end, so that what is written holds the whole interval.

    Parameters
    ----------
    measured : Measured
        The number and its interval.
    plain : bool, optional
        Whether it is written without a power of ten; by default that depends on its size.
    bounds : bool
        Whether the interval is written in any case; else where it is too wide for a value with its uncertainty.

    Examples
    --------
    >>> narrow = Measured(Decimal("0.06831"), Decimal("0.0672"), Decimal("0.0694"))
    >>> measured_number(narrow).written, measured_number(narrow, bounds=True).written
    ('0.0683(11)', '[0.0672, 0.0694]')
    >>> measured_number(Measured(Decimal("1.38e-5"), Decimal("1.33e-5"), Decimal("1.43e-5"))).written
    '1.380(50)e-5'
    >>> measured_number(Measured(Decimal(3), Decimal(1), Decimal(9))).written
    '[1.00, 9.00]'
    >>> measured_number(Measured(Decimal("0.9998"), Decimal("0.98"), Decimal(1), most=Decimal(1))).written
    '[0.9800, 1.000]'
    """
    value, lo, hi = measured.value, measured.lo, measured.hi
    if lo == hi == value:
        return Number(exact_number(value, plain=plain).written, value, lo, hi)
    if bounds or not measured.is_telling:
        return Number(_interval(measured, plain=plain), value, lo, hi)
    plain = is_plain([value]) if plain is None else plain
    last = places(measured.uncertainty, 2)
    while True:
        step = Decimal((0, (1,), min(last, 0) if plain else last))
        rounded = value.quantize(step, ROUND_HALF_EVEN, _EXACT)
        off = max(_EXACT.subtract(hi, rounded), _EXACT.subtract(rounded, lo))
        units = int(_EXACT.divide(off, step).to_integral_value(ROUND_CEILING))
        if units < 100 or (plain and last >= 0):
            break
        last += 1
    if plain:
        return Number(f"{rounded:f}({units})", value, lo, hi)
    exponent = rounded.adjusted()
    return Number(f"{rounded.scaleb(-exponent, _EXACT):f}({units})e{exponent}", value, lo, hi)


def _interval(measured: Measured, *, plain: bool | None) -> str:
    """Write both ends, rounded outward, to three significant figures or as many as tell them apart."""
    lo, hi = measured.lo, measured.hi
    ends = [end for end in (lo, hi) if end.is_finite()]
    plain = is_plain(ends) if plain is None else plain
    figures = 3
    if len(ends) == 2 and hi != lo:
        largest = max(lo.copy_abs(), hi.copy_abs())
        figures = max(3, largest.adjusted() - _EXACT.subtract(hi, lo).adjusted() + 2)
    return f"[{_end(lo, figures, ROUND_FLOOR, plain)}, {_end(hi, figures, ROUND_CEILING, plain)}]"


def _end(value: Decimal, figures: int, rounding: str, plain: bool) -> str:
    if not value.is_finite():
        return "oo" if value > 0 else "-oo"
    if value == 0:
        return "0"
    last = places(value, figures)
    rounded = value.quantize(Decimal((0, (1,), min(last, 0) if plain else last)), rounding, _EXACT)
    if plain:
        return f"{rounded:f}"
    exponent = rounded.adjusted()
    return f"{rounded.scaleb(-exponent, _EXACT):f}e{exponent}"


def decimal_of(number: float) -> Decimal:
    """Return a float as a Decimal of 17 significant figures; infinities stay.

    Examples
    --------
    >>> decimal_of(0.1), decimal_of(math.inf)
    (Decimal('0.10000000000000001'), Decimal('Infinity'))
    """
    return Decimal(repr(number)) if not math.isfinite(number) else Decimal(f"{number:.17g}")
