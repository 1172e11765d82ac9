"""A number with an interval around it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from montecarlo.wording import counted, enclosed


@dataclass(frozen=True)
class Estimate:
    """A number, and an interval that holds the truth up to an error probability.

    Attributes
    ----------
    value : float
        The estimate.
    lo, hi : float
        Ends of the interval.
    error : float
        The probability that the interval misses is at most this.
    method : str
        The theorem or method that the interval comes from.
    samples : int
        How many samples there were.

    Examples
    --------
    >>> estimate = Estimate(1.0, 0.5, 1.5, 1e-6, "catoni", 100)
    >>> estimate
    Estimate(1 in [0.5, 1.5], error 1e-06, catoni, 100 samples)
    >>> estimate.half_width
    0.5
    """

    value: float
    lo: float
    hi: float
    error: float
    method: str
    samples: int

    def __repr__(self) -> str:
        number = enclosed(self.value, self.lo, self.hi)
        return f"Estimate({number}, error {self.error:g}, {self.method}, {counted(self.samples, 'sample')})"

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.hi - self.lo) / 2 if self.lo < self.hi else 0.0

    def widened(self, margin: float) -> Estimate:
        """Return the estimate with both ends moved outward.

        Order statistics and Catoni's estimate move by at most as much as the values that they are read off, so this
        makes their interval valid for the values before rounding.

        Parameters
        ----------
        margin : float
            How far each of the values may be off.

        Examples
        --------
        >>> Estimate(1.0, 0.5, 1.5, 1e-6, "catoni", 100).widened(0.25)
        Estimate(1 in [0.25, 1.75], error 1e-06, catoni, 100 samples)
        """
        return replace(self, lo=self.lo - margin, hi=self.hi + margin)
