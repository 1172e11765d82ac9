"""Trace and Frobenius norm of a symmetric operator from few products, with bounds proved at the sample size at hand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from montecarlo.arguments import as_choice, as_count, as_probability
from montecarlo.arrays import Array
from montecarlo.intervals.estimate import Estimate
from montecarlo.operators.symmetric import as_symmetric_operator
from montecarlo.wording import counted, enclosed
from theory.ensembles import InvalidArgument

_BATCH_BYTES = 2**25
"""Probes are drawn and multiplied in batches of about so many bytes."""

_MOST_BYTES = 2**32
"""Probes that must be held at once may take so many bytes."""


@dataclass(frozen=True)
class TraceEstimate:
    r"""An estimate of tr A, with what is proved of its error and what is estimated.

    Attributes
    ----------
    value : float
        The estimate, which is unbiased.
    standard_error : float
        The standard error, estimated from the spread of the probes; it is no bound.
    frobenius : float
        An estimate of :math:`|A|_F`; after Hutch++, of that of the part outside the subspace. The error is bounded in
        units of this norm, not of the trace, which may be 0.
    relative_half_width : float
        It is proved that with probability 1 - error, \|value - tr A\| is at most this times the true :math:`|A|_F`,
        whatever A is.
    interval : Estimate
        An interval that is proved from the probes alone, as they bound :math:`|A|_F` too: half of the error goes into
        that bound. It is infinite where there are too few probes.
    products : int
        How many products with A were used.

    Examples
    --------
    >>> estimate = hutchinson_trace(np.diag([1.0, 2.0, 3.0]), samples=200, error=1e-3)
    >>> estimate.value, estimate.standard_error  # with signs, a diagonal matrix gives no error
    (6.0, 0.0)
    >>> round(estimate.relative_half_width, 4), round(estimate.interval.lo, 2), estimate.products
    (0.7318, 2.01, 200)
    """

    value: float
    standard_error: float
    frobenius: float
    relative_half_width: float
    interval: Estimate
    products: int

    def __repr__(self) -> str:
        proved = enclosed(self.value, self.interval.lo, self.interval.hi)
        error = f"error {self.interval.error:g}, standard error {self.standard_error:.2g}"
        return f"TraceEstimate({proved}, {error}, {counted(self.products, 'product')})"


def hutchinson_trace(
    operator: Any, samples: int, seed: int = 0, error: float = 1e-6, probes: str = "signs"
) -> TraceEstimate:
    r"""Estimate the trace by the mean of :math:`g^T A g` over random g.

    Parameters
    ----------
    operator : LinearOperator or array_like, shape (P, P)
        A, symmetric.
    samples : int
        N, how many probes, at least 2; each takes one product with A.
    seed : int
        Seed of the probes, not negative.
    error : float
        The probability that the bounds miss is at most this.
    probes : str
        The law of the entries of g, ``signs`` or ``normals``.

    Returns
    -------
    TraceEstimate

    Raises
    ------
    InvalidArgument
        If the operator is not square and real, samples or seed are no such integers, error lies outside (0, 1), or the
        law is none of the two.

    Notes
    -----
    With normals the variance of a probe is :math:`2|A|_F^2`, with signs :math:`2(|A|_F^2 - \sum_i a_{ii}^2)`. So by
    Chebyshev the error is at most :math:`\sqrt{2/(N\,\mathrm{error})}\,|A|_F`; and with
    :math:`x = \log(2/\mathrm{error})`, at most

    .. math:: c\,\big(\sqrt{x/N} + x/N\big)\,|A|_F, \qquad c = 2 \text{ (normals)},\ \pi \text{ (signs)},

    and the smaller of the two bounds is used. For normals, :math:`\log E e^{t\lambda(g^2 - 1)} \le t^2\lambda^2/(1 -
    2|t\lambda|)` for each eigenvalue, and a variable with :math:`\log E e^{tX} \le t^2 v/(2(1 - bt))` exceeds
    :math:`\sqrt{2vx} + bx` with probability at most :math:`e^{-x}`. For signs let A have a zero diagonal, which they
    see exactly. Given :math:`\epsilon`, :math:`g_i = |g_i|\epsilon_i` are normals and :math:`E|g_i||g_j| = 2/\pi` for i
    != j: by Jensen's inequality :math:`E e^{t g^TAg} \ge E e^{(2t/\pi)\epsilon^TA\epsilon}`, so that the bound for
    normals holds with :math:`\pi t/2` in the place of t. (Cortinovis and Kressner have constants as good by more work.)

    :math:`|Ag|^2` has mean :math:`|A|_F^2`. For normals the mean of N of them is below r times that, r < 1, with
    probability at most :math:`(re^{1-r})^{N/2}`, see :func:`frobenius_estimate`. For signs
    :math:`E|A\epsilon|^4 \le 3|A|_F^4`, and as :math:`e^{-u} \le 1 - u + u^2/2` for u >= 0, a mean of N is below
    :math:`(1 - \sqrt{6x/N})|A|_F^2` with probability at most :math:`e^{-x}`.

    References
    ----------
    M. F. Hutchinson, Commun. Stat. Simul. Comput. 18(3), 1989; A. Cortinovis and D. Kressner, On randomized trace
    estimates for indefinite matrices with an application to determinants, Found. Comput. Math. 22, 2022; S. Boucheron,
    G. Lugosi and P. Massart, Concentration Inequalities, 2013, section 2.4.

    Examples
    --------
    >>> estimate = hutchinson_trace([[0.0, 1.0], [1.0, 0.0]], samples=1000, probes="normals")
    >>> abs(estimate.value) < estimate.relative_half_width * 2**0.5
    True
    """
    a, n, seed, error = _arguments(operator, samples, seed, error, probes, least=2)
    x, y = np.empty(n), np.empty(n)
    for rows, g in _probes(np.random.Generator(np.random.SFC64(seed)), a.shape[0], n, probes):
        product = a.matmat(g)
        x[rows], y[rows] = np.einsum("ij,ij->j", g, product), _norms(product)
    return _result(0.0, x, y, error=error, probes=probes, products=n, method="hutchinson")


def hutch_plus_plus_trace(
    operator: Any, samples: int, seed: int = 0, error: float = 1e-6, probes: str = "signs"
) -> TraceEstimate:
    r"""Estimate the trace exactly on a subspace, and by Hutchinson's method on what is left.

    Parameters
    ----------
    operator : LinearOperator or array_like, shape (P, P)
        A, symmetric.
    samples : int
        How many products with A are taken in all, at least 6: a third to find the subspace, a third on it, the rest for
        probes.
    seed : int
        Seed of the probes, not negative.
    error : float
        The probability that the bounds miss is at most this.
    probes : str
        The law of the entries of probes, ``signs`` or ``normals``.

    Returns
    -------
    TraceEstimate
        Its `frobenius`, and the unit of its half-width, is the norm of :math:`(I - QQ^T)A(I - QQ^T)`.

    Raises
    ------
    InvalidArgument
        As for :func:`hutchinson_trace`, or if the probes would take too much memory.

    Notes
    -----
    Q is an orthonormal basis of the range of AS, S a P x k matrix of probes. Then

    .. math:: \mathrm{tr} A = \mathrm{tr}\,Q^TAQ + \mathrm{tr}\,(I - QQ^T)A(I - QQ^T),

    and given Q all that is said of :func:`hutchinson_trace` holds for the second term, with other probes. For positive
    semidefinite A, m products give a relative error of the order 1/m instead of :math:`1/\sqrt m` (Meyer et al.,
    Theorem 1). For other A the error is small only against the sum of absolute eigenvalues, and there is no gain if
    most of these are alike.

    References
    ----------
    R. A. Meyer, C. Musco, C. Musco and D. P. Woodruff, Hutch++: optimal stochastic trace estimation, SOSA 2021
    (arXiv:2010.09649), algorithm 1.

    Examples
    --------
    >>> a = np.outer(np.arange(50.0), np.arange(50.0))  # a matrix of rank one, for which there is no error
    >>> round(hutch_plus_plus_trace(a, samples=12).value, 6)
    40425.0
    """
    a, m, seed, error = _arguments(operator, samples, seed, error, probes, least=6)
    needed = 8 * a.shape[0] * m
    if needed > _MOST_BYTES:
        problem = f"are {m} of {a.shape[0]} entries, which take {needed / 2**30:.3g} GiB at once"
        raise InvalidArgument("samples", problem, "use fewer, or hutchinson_trace")
    size, rng = a.shape[0], np.random.Generator(np.random.SFC64(seed))
    some = min(m // 3, size)
    sketch = np.concatenate([a.matmat(s) for _, s in _probes(rng, size, some, probes)], axis=1)
    q = np.linalg.qr(sketch).Q
    inside = float(np.einsum("ij,ij->", q, a.matmat(q)))
    n = m - 2 * (m // 3)
    x, y = np.empty(n), np.empty(n)
    for rows, g in _probes(rng, size, n, probes):
        g = g - q @ (q.T @ g)
        product = a.matmat(g)
        product = product - q @ (q.T @ product)
        x[rows], y[rows] = np.einsum("ij,ij->j", g, product), _norms(product)
    return _result(inside, x, y, error=error, probes=probes, products=2 * some + n, method="hutch++")


def frobenius_estimate(operator: Any, samples: int, seed: int = 0, error: float = 1e-6) -> Estimate:
    r"""Enclose the Frobenius norm :math:`|A|_F`, the root of the mean of :math:`|Ag|^2` over normal g.

    Parameters
    ----------
    operator : LinearOperator or array_like, shape (P, P)
        A, symmetric.
    samples : int
        N, how many products are taken.
    seed : int
        Seed of the probes, not negative.
    error : float
        The probability that the interval misses is at most this, whatever A is.

    Returns
    -------
    Estimate
        An estimate of :math:`|A|_F`, not of its square.

    Raises
    ------
    InvalidArgument
        As for :func:`hutchinson_trace`.

    Notes
    -----
    :math:`|Ag|^2 = \sum_i \lambda_i^2 g_i^2`. Let :math:`\sum_i \lambda_i^2 = 1`. As
    :math:`\prod_i(1 + 2s\lambda_i^2) \ge 1 + 2s` for s >= 0 and for -1/2 < s < 0 alike,
    :math:`E e^{-s|Ag|^2} \le (1 + 2s)^{-1/2}`: no A has heavier tails, to Chernoff's bound, than one of rank one. That
    bound for the mean of N to be beyond r, on either side of 1, is :math:`(re^{1-r})^{N/2}`.

    Examples
    --------
    >>> estimate = frobenius_estimate(np.diag([3.0, 4.0]), samples=1000)
    >>> estimate.lo < 5.0 < estimate.hi
    True
    """
    a, n, seed, error = _arguments(operator, samples, seed, error, "normals", least=1)
    y = np.empty(n)
    for rows, g in _probes(np.random.Generator(np.random.SFC64(seed)), a.shape[0], n, "normals"):
        y[rows] = _norms(a.matmat(g))
    found, reach = _root_mean_square(y), 2 * (math.log(2) - math.log(error)) / n
    lo, hi = (found / math.exp(_log_ratio(reach, above) / 2) for above in (True, False))
    return Estimate(value=found, lo=lo, hi=hi, error=error, method="chernoff, chi-square", samples=n)


def _arguments(
    operator: Any, samples: object, seed: object, error: object, probes: object, *, least: int
) -> tuple[Any, int, int, float]:
    as_choice("probes", probes, ("signs", "normals"), "law of probes")
    n, seed = as_count("samples", samples, least, example=100), as_count("seed", seed, 0, example=0)
    return as_symmetric_operator(operator), n, seed, as_probability("error", error)


def _probes(rng: np.random.Generator, size: int, samples: int, law: str) -> Iterator[tuple[slice, Array]]:
    """Yield probes in batches: the slice of their numbers, and a matrix whose columns they are."""
    some = max(1, _BATCH_BYTES // (8 * size))
    for start in range(0, samples, some):
        shape = (min(some, samples - start), size)
        g = rng.standard_normal(shape) if law == "normals" else np.where(rng.random(shape) < 0.5, -1.0, 1.0)
        yield slice(start, start + len(g)), g.T


def _result(
    inside: float, x: Array, y: Array, *, error: float, probes: str, products: int, method: str
) -> TraceEstimate:
    """Return the estimate, given g^T A g and |A g| of each probe, x and y, and the trace inside a subspace."""
    n, value, frobenius = len(x), inside + float(x.mean()), _root_mean_square(y)
    factor = _norm_factor(n, error / 2, probes)
    half_width = _half_width(n, error / 2, probes) * factor * frobenius if factor < math.inf else math.inf
    return TraceEstimate(
        value=value,
        standard_error=_root_mean_square(x - x.mean()) / math.sqrt(n - 1),
        frobenius=frobenius,
        relative_half_width=_half_width(n, error, probes),
        interval=Estimate(
            value=value, lo=value - half_width, hi=value + half_width, error=error, method=method, samples=n
        ),
        products=products,
    )


def _norms(columns: Array) -> Array:
    """Return the norms of columns; their squares may be beyond the range of floats."""
    size = np.abs(columns).max(axis=0)
    unit = np.where(size > 0, size, 1.0)
    return np.asarray(unit * np.sqrt(np.einsum("ij,ij->j", columns / unit, columns / unit)))


def _root_mean_square(x: Array) -> float:
    return float(_norms(x[:, None])[0]) / math.sqrt(len(x))


def _half_width(samples: int, error: float, probes: str) -> float:
    """Return the bound on the error of a mean of g^T A g in units of |A|_F."""
    x = (math.log(2) - math.log(error)) / samples
    return min(math.sqrt(2 / (samples * error)), (2 if probes == "normals" else math.pi) * (math.sqrt(x) + x))


def _norm_factor(samples: int, error: float, probes: str) -> float:
    """Return how many times its estimate |A|_F may be at most."""
    x = -math.log(error) / samples
    if probes == "normals":
        return math.exp(-_log_ratio(2 * x, above=False) / 2)
    return 1 / math.sqrt(1 - math.sqrt(6 * x)) if 6 * x < 1 else math.inf


def _log_ratio(reach: float, above: bool) -> float:
    """Solve r - 1 - log r = reach for log r: the positive solution if `above`, else the negative one."""
    from scipy.optimize import brentq

    ends = (0.0, 1.01 * math.sqrt(2 * reach)) if above else (-reach - 2, 0.0)
    return float(brentq(lambda u: math.expm1(u) - u - reach, *ends, xtol=1e-14))
