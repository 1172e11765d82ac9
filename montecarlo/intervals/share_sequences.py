"""A probability at all sample sizes together, from a count: look, stop early or go on at will."""

from __future__ import annotations

import math

from montecarlo.arguments import as_count, as_probability
from montecarlo.intervals.estimate import Estimate


def share_sequence(successes: int, samples: int, error: float) -> Estimate:
    r"""Enclose a probability, given how often it happened so far, at all sample sizes together.

    Parameters
    ----------
    successes, samples : int
        k out of N independent trials.
    error : float
        The probability that the interval misses at any N, now or later, is at most this.

    Returns
    -------
    Estimate
        The value is k/N.

    Raises
    ------
    InvalidArgument
        If k and N are no integers with 0 <= k <= N and N positive, or error lies outside (0, 1).

    Notes
    -----
    The likelihood ratio of a probability theta against the true p has mean 1 at every trial. Mixed over Beta(1/2, 1/2),

    .. math:: M_N = \frac{B(k + 1/2, N - k + 1/2)}{\pi\, p^k (1-p)^{N-k}}

    is a martingale that starts at 1, so it ever reaches 1/error with probability at most error. The interval holds all
    p at which it has not; its ends lie on both sides of k/N. It is about as long as that of one N at the error
    :math:`\mathrm{error}/\sqrt N`.

    References
    ----------
    H. Robbins, Ann. Math. Statist. 41(5), 1970; R. Krichevsky and V. Trofimov, IEEE Trans. Inf. Theory 27(2), 1981,
    for the mixture.

    Examples
    --------
    >>> e = share_sequence(500, 1000, error=1e-6)
    >>> e.value, round(e.half_width, 4)
    (0.5, 0.0927)
    """
    from scipy.special import betaln

    error = as_probability("error", error)
    n = as_count("samples", samples)
    k = as_count("successes", successes, 0, n)
    slack = 2e-14 * (n + 1)  # rounding in the logarithms costs at most so much
    mixture = float(betaln(k + 0.5, n - k + 0.5)) - math.log(math.pi)

    def excluded(p: float) -> bool:
        likelihood = (k * math.log(p) if k else 0.0) + ((n - k) * math.log1p(-p) if k < n else 0.0)
        return mixture - likelihood >= slack - math.log(error)

    def end(inside: float, outside: float) -> float:
        """Return a point of which it is known that all beyond it are excluded."""
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            if middle in (inside, outside):
                break
            inside, outside = (inside, middle) if 0 < middle < 1 and excluded(middle) else (middle, outside)
        return outside

    share = k / n
    lo = end(share, 0.0) if k else 0.0
    hi = end(share, 1.0) if k < n else 1.0
    return Estimate(value=share, lo=lo, hi=hi, error=error, method="ville, beta mixture", samples=n)


_HALVINGS = 200
