"""How sharp an answer of montecarlo is to be: half the length of its interval, as a number or as a share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from numbers import Real

from theory.ensembles import InvalidArgument

_REMEDY = "use e.g. within='1%', a share of the quantity, or within=0.01, a number"
_LONGEST = 40


@dataclass(frozen=True)
class Within:
    """The precision that is wanted.

    Parameters
    ----------
    amount : float
        The interval's half-length is to be at most this.
    relative : bool
        Whether the amount is a share of the quantity, and no number in its unit.
    """

    amount: float
    relative: bool = False

    @classmethod
    def read(cls, value: object) -> Within:
        """Read a precision: a positive number, or a share such as ``"1%"``.

        Raises
        ------
        InvalidArgument
            If it is neither, or a share from 100 % on.

        Examples
        --------
        >>> Within.read("1%"), Within.read(0.05)
        (Within(amount=0.01, relative=True), Within(amount=0.05, relative=False))
        """
        relative = isinstance(value, str) and value.strip().endswith("%")
        shown = repr(value) if len(repr(value)) <= _LONGEST else f"{repr(value)[:_LONGEST]}..."
        if isinstance(value, bool) or not isinstance(value, (str, Real)):
            raise InvalidArgument("within", f"must be a number or a share, got {shown}", _REMEDY)
        try:
            amount = float(Fraction(value.strip().removesuffix("%")) if isinstance(value, str) else value)
        except (ValueError, ZeroDivisionError, OverflowError):
            raise InvalidArgument("within", f"must be a number or a share, got {shown}", _REMEDY) from None
        if not (math.isfinite(amount) and amount > 0):
            raise InvalidArgument("within", f"must be positive and finite, got {shown}", _REMEDY)
        if relative and amount >= 100:
            raise InvalidArgument("within", f"must be a share below 100 %, got {shown}", _REMEDY)
        return cls(amount / 100 if relative else amount, relative)

    def __str__(self) -> str:
        return f"{100 * self.amount:.6g}%" if self.relative else f"{self.amount:.6g}"

    def missed_by(self, lo: float, hi: float, *, log_scale: bool = False) -> float:
        """Return the half-length of an interval over the one wanted: at most 1 if it is sharp enough.

        Parameters
        ----------
        lo, hi : float
            Its ends.
        log_scale : bool
            Whether these are logarithms of the ends; then a share s allows the factors 1 + s and 1/(1 + s).

        Examples
        --------
        >>> Within.read("50%").missed_by(0.0, 1.0), Within.read(0.25).missed_by(0.0, 1.0)
        (1.0, 2.0)
        """
        if lo == hi:
            return 0.0
        if self.relative and log_scale:
            return (hi - lo) / 2 / math.log1p(self.amount)
        if log_scale:
            lo, hi = (math.exp(end) if end < _LARGEST else math.inf for end in (lo, hi))
        wanted = self.amount * max(abs(lo), abs(hi)) if self.relative else self.amount
        return math.inf if math.isinf(hi) or math.isinf(lo) else (hi - lo) / 2 / wanted

    def in_units(self, exact: float, log_unit: float = 0.0) -> float:
        """Return the half-length wanted of a quantity whose value theory knows.

        Parameters
        ----------
        exact : float
            The value, in a unit.
        log_unit : float
            The logarithm of the unit.

        Examples
        --------
        >>> Within.read("1%").in_units(-2.0), Within.read(1.0).in_units(1.0, math.log(4))
        (0.02, 0.25)
        """
        if self.relative:
            return self.amount * abs(exact)
        log = math.log(self.amount) - log_unit
        return math.exp(log) if log < _LARGEST else math.inf


_LARGEST = 709.0
"""Beyond the exponential of this there are no floats."""


def least_number(enough: Callable[[int], bool], most: int) -> int | None:
    """Return the least number that is enough, if one up to `most` is; all beyond it must be enough, too.

    Parameters
    ----------
    enough : callable
        Whether a number is enough.
    most : int
        The largest that is tried.

    Examples
    --------
    >>> least_number(lambda n: n * n >= 50, 10**9), least_number(lambda n: False, 10**9)
    (8, None)
    """
    few, many = 0, 1
    while not enough(many):
        if many >= most:
            return None
        few, many = many, min(2 * many, most)
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return many
