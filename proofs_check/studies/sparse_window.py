r"""The window of early stopping against depth, on orthonormal designs: that of descent beside theory's.

A diagonal network :math:`w = u^N-v^N` starts with all weights at :math:`\alpha`, so that :math:`w_0 = \alpha^N` is its
start in units of coordinates. The window opens at :math:`T_l`, when the signal is fitted, and closes at :math:`T_u`,
when something else has been fitted. Its ends in units of time depend on the size of steps; :math:`T_u/T_l` does not.

*Data.* The design is random with :math:`X^TX = nI`, and so is the noise. They are scaled such that
:math:`|X^Ty/n|` is z = 1 on the support, and :math:`\zeta = 2/5` at most off it. The support is fitted when no
coordinate on it is off by more than :math:`\kappa = 1/100`, and the window closes when one off it is above
:math:`\epsilon = 1/20` in size.

*Descent.* The rate is :math:`1/N^2`, half of the largest that is stable at z = 1, or so small that theory has 1000
steps at least before the window opens. Ends are found between steps that were looked at, which grow by a thousandth.

*Theory.* The times of gradient flow, enclosed
(:func:`theory.dynamics.implicit_bias.depth_enclosures.enclosed_time`), and the bounds of
:mod:`theory.dynamics.implicit_bias.sparse_recovery`. As :math:`w_0 \to 0` the ratio tends to :math:`z/\zeta`, slowly
at depth 2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from montecarlo import Workers
from montecarlo.training import geometric_steps, sparse_descent
from montecarlo.workers.workers import in_task_order
from proofs_check.studies import Study
from proofs_check.tables.model import Table, table_of_texts

Array = NDArray[np.float64]

Z, ZETA, KAPPA, EPS = Fraction(1), Fraction(2, 5), Fraction(1, 100), Fraction(1, 20)
"""What is to be fitted; what noise comes to; how well the signal is fitted; how much of the noise may be."""
SCALES = (Fraction(1, 10**3), Fraction(1, 10**6))
"""The starts w_0 in units of coordinates."""
LINES = tuple(range(2, 11))
"""The depths at which theory is asked."""
DEPTHS: Mapping[Fraction, Sequence[int]] = {SCALES[0]: LINES, SCALES[1]: (2, 3, 4, 5, 6)}
"""The depths at which networks are trained, by start; with the small one, deeper ones take 100,000 steps and more."""
INPUTS, SUPPORT = 16, 3

COLUMNS = ("w_0", "depth", "learning rate", "T_l/eta", "T_u/eta", "T_u/T_l", "interval", "theory", "bounds")

_PER_DECADE = 2300
_FEWEST = 1000


@dataclass(frozen=True)
class Times:
    r"""What theory knows of the window's ends, in the time of gradient flow.

    Attributes
    ----------
    opens, closes : float
        :math:`T_l` and :math:`T_u`.
    low, high : float
        The bounds on :math:`T_u/T_l` that follow from bounds on both in closed form.
    """

    opens: float
    closes: float
    low: float
    high: float

    @property
    def ratio(self) -> float:
        """:math:`T_u/T_l`; there is a window if it is above 1."""
        return self.closes / self.opens


@dataclass(frozen=True)
class Window:
    """Where descent has its window, on all data sets that were drawn.

    Attributes
    ----------
    scale : Fraction
        The start w_0.
    depth : int
        N.
    rate : float
        The size of steps.
    opens, closes : tuple of two floats
        Between which steps each end lies; infinite where the budget was not enough.
    """

    scale: Fraction
    depth: int
    rate: float
    opens: tuple[float, float]
    closes: tuple[float, float]

    @property
    def ends(self) -> tuple[float, float]:
        """Between which numbers the ratio of both ends lies."""
        return self.closes[0] / self.opens[1], self.closes[1] / self.opens[0]

    @property
    def ratio(self) -> float:
        """The middle of these, by factors."""
        return math.sqrt(self.ends[0]) * math.sqrt(self.ends[1])


def theory(scale: Fraction, depth: int) -> Times:
    """Return the times at which the window opens and closes.

    Parameters
    ----------
    scale : Fraction
        The start w_0.
    depth : int
        N, at least 2.

    Examples
    --------
    >>> [round(theory(SCALES[0], depth).ratio, 2) for depth in (2, 3, 4, 6)]  # no window at depth 2
    [0.88, 1.73, 2.06, 2.27]
    """
    import sympy as sp  # imported here, as workers that train need no SymPy

    from theory.dynamics.implicit_bias.depth_enclosures import enclosed_time
    from theory.dynamics.implicit_bias.depth_potentials import DepthPotential
    from theory.dynamics.implicit_bias.sparse_recovery import hitting_time_bounds, window

    z, zeta, kappa, eps = (sp.Rational(number) for number in (Z, ZETA, KAPPA, EPS))
    start = sp.Rational(scale) ** sp.Rational(1, depth)
    potential = DepthPotential(depth, start)
    opens, closes = (
        float(enclosed_time(potential, end, goal, 12)) for end, goal in (((1 - kappa) * z, z), (eps, zeta))
    )
    inner = window(depth, start, z, zeta, kappa, eps)
    first, _ = hitting_time_bounds(depth, start, z, kappa)
    _, last = hitting_time_bounds(depth, start, zeta, 1 - eps / zeta)
    return Times(opens, closes, float(inner.closes / inner.opens), float(last / first))


def data_sets(samples: int, seed: int) -> tuple[Array, Array, Array]:
    r"""Draw designs, signals and noise.

    Parameters
    ----------
    samples : int
        The number m of data sets.
    seed : int
        The root seed.

    Returns
    -------
    gram : ndarray, shape (m, p, p)
        :math:`X^TX/n`.
    correlation : ndarray, shape (m, p)
        :math:`X^Ty/n`, 1 on the support, which comes first.
    fitted : ndarray, shape (p,)
        What early stopping is to find: the same on the support, 0 off it.

    Examples
    --------
    >>> gram, correlation, fitted = data_sets(2, 0)
    >>> abs(gram - np.eye(16)).max() < 1e-12, fitted[:4], abs(correlation[:, 3:]).max(axis=1).round(12)
    (np.True_, array([1., 1., 1., 0.]), array([0.4, 0.4]))
    """
    draws = np.random.Generator(np.random.SFC64(seed))
    fitted = np.r_[np.full(SUPPORT, float(Z)), np.zeros(INPUTS - SUPPORT)]
    grams, correlations = [], []
    for _ in range(samples):
        X = math.sqrt(INPUTS) * np.linalg.qr(draws.standard_normal((INPUTS, INPUTS)))[0]
        noise = draws.standard_normal(INPUTS)
        noise *= float(ZETA) / np.abs(X.T @ noise / INPUTS)[SUPPORT:].max()
        signal = np.where(fitted > 0, fitted - X.T @ noise / INPUTS, 0)
        grams.append(X.T @ X / INPUTS)
        correlations.append(X.T @ (X @ signal + noise) / INPUTS)
    return np.array(grams), np.array(correlations), fitted


def measured(cases: Sequence[tuple[Fraction, int]], *, samples: int, seed: int, workers: Workers) -> Iterator[Window]:
    """Train networks, and find where their windows are.

    Parameters
    ----------
    cases : sequence of tuples
        Start and depth of each.
    samples : int
        The number of data sets, the same for all.
    seed : int
        The root seed.
    workers : Workers
        Each worker takes one start and depth at a time.

    Yields
    ------
    Window
        In the order of the cases.

    Examples
    --------
    >>> from montecarlo import serial
    >>> with serial() as workers:
    ...     (found,) = measured([(SCALES[0], 3)], samples=2, seed=0, workers=workers)
    >>> found.opens, found.closes, round(found.ratio, 2)
    ((999.0, 1000.0), (1729.0, 1731.0), 1.73)
    """
    return in_task_order(_measured, [(*case, samples, seed) for case in cases], workers)


def cases() -> list[tuple[Fraction, int]]:
    """Return start and depth of all networks that are trained, start by start."""
    return [(scale, depth) for scale in SCALES for depth in DEPTHS[scale]]


def sparse_window_table(
    workers: Workers, *, samples: int, seed: int, chosen: Sequence[tuple[Fraction, int]] | None = None
) -> Table:
    """Return the numbers that the figure ``sparse-window`` shows at the depths of its points.

    Parameters
    ----------
    workers : Workers
        Where networks are trained.
    samples : int
        The number of data sets.
    seed : int
        The root seed.
    chosen : sequence of tuples, optional
        Start and depth of each row; by default those of the figure.
    """
    wanted = cases() if chosen is None else list(chosen)
    found = measured(wanted, samples=samples, seed=seed, workers=workers)
    rows = [_row(one, theory(one.scale, one.depth)) for one in found]
    caption = (
        f"sparse-window: steps of descent until the signal is fitted up to {KAPPA} (T_l) and until noise of the size "
        f"{ZETA} has made something else larger than {EPS} (T_u), on {samples} orthonormal designs together (seed "
        f"{seed}): between which steps and ratios they lie; theory: the exact ratio for gradient flow, and bounds on "
        f"it; below 1 there is no window, and for small w_0 the ratio tends to {Z / ZETA}"
    )
    return table_of_texts("sparse-window", caption, COLUMNS, rows, stub=2)


def _measured(scale: Fraction, depth: int, samples: int, seed: int) -> Window:
    expected = theory(scale, depth)
    rate = min(1 / depth**2, expected.opens / _FEWEST)
    steps = geometric_steps(math.ceil(1.1 * max(expected.opens, expected.closes) / rate), _PER_DECADE)
    gram, correlation, fitted = data_sets(samples, seed)
    path = sparse_descent(
        gram, correlation, fitted, depth=depth, scale=float(scale), learning_rate=rate, steps=(0, *steps)
    )
    opens = _first(path.steps, path.support_error <= float(KAPPA * Z))
    closes = _first(path.steps, path.off_support > float(EPS))
    return Window(scale, depth, rate, opens, closes)


def _first(steps: NDArray[np.int64], happened: NDArray[np.bool_]) -> tuple[float, float]:
    """Return between which steps something has first happened, on all data sets together."""
    rows = happened.argmax(axis=0)
    after = np.where(happened.any(axis=0), steps[rows], np.inf)
    before = np.where(np.isfinite(after), steps[np.maximum(rows - 1, 0)], steps[-1])
    return float(before.min()), float(after.max())


def _row(found: Window, expected: Times) -> tuple[str, ...]:
    opens, closes = (f"{lo:.0f}-{hi:.0f}" for lo, hi in (found.opens, found.closes))
    low, high = found.ends
    return (
        f"{float(found.scale):g}", str(found.depth), f"{found.rate:.4g}", opens, closes,
        f"{found.ratio:.4g}", f"[{low:.4g}, {high:.4g}]",
        f"{expected.ratio:.4g}", f"[{expected.low:.4g}, {expected.high:.4g}]",
    )  # fmt: skip


STUDY = Study(sparse_window_table, {"quick": 4, "full": 32})
