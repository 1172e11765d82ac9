r"""How far gradient descent lags behind gradient flow on chains of equal weights, beside the first order and the bound.

The loss is :math:`(w^n-1)^2/2`, so that flow is :math:`\dot w = g(w) = w^{n-1}(1-w^n)`. Descent starts at random
weights, log-uniform between 1/20 and 1/3.

*Theory.* Where flow is, enclosed (:func:`theory.dynamics.descent.chain_flows.chain_weights`); the first order
:math:`\frac\eta2g(w)\log\frac{g(w)}{g(w_0)}`, whose largest value is that of the error within the share
:math:`\eta/2`, though a little earlier in time; and the bound :math:`\frac\eta2S\frac{e^{mT}-1}m`, which knows of the
way only the largest :math:`|g'g|` and :math:`g'`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from montecarlo import Workers
from montecarlo.workers.workers import in_task_order
from proofs_check.studies import Study
from proofs_check.tables.model import Table, table_of_texts

DEPTHS = (2, 3, 4)
RATES = (Fraction(1, 10), Fraction(1, 50))
STARTS = (1 / 20, 1 / 3)
"""Between which weights the starts lie."""

COLUMNS = ("n", "eta", "starts", "error/eta", "error/first order", "theory", "error/bound")


@dataclass(frozen=True)
class Lag:
    """How far descent from one start lags behind at equally spaced times.

    Attributes
    ----------
    depth : int
        n.
    rate : Fraction
        The size of a step.
    times : tuple of float
        The times.
    errors, first_orders, bounds : tuple of float
        Flow less descent, and what theory says of it.
    """

    depth: int
    rate: Fraction
    times: tuple[float, ...]
    errors: tuple[float, ...]
    first_orders: tuple[float, ...]
    bounds: tuple[float, ...]

    @property
    def over_first_order(self) -> float:
        """The largest error over the largest first order."""
        return max(self.errors) / max(self.first_orders)

    @property
    def over_bound(self) -> float:
        """The largest error over the bound at its time."""
        place = self.errors.index(max(self.errors))
        return self.errors[place] / self.bounds[place]


def speed(depth: int, w: float) -> float:
    """Return g(w).

    Examples
    --------
    >>> speed(2, 0.5)
    0.375
    """
    return float(w ** (depth - 1) * (1 - w**depth))


def time_of_peak(depth: int, start: Fraction) -> float:
    """Return at which time the first order of the error is largest.

    Parameters
    ----------
    depth, start
        n and the weight at the start.

    Examples
    --------
    >>> round(time_of_peak(2, Fraction(1, 10)), 2)
    1.95
    """
    grid = np.linspace(float(start), 0.999, 4001)
    g = grid ** (depth - 1) * (1 - grid**depth)
    peak = int(np.argmax(g * np.log(g / g[0])))
    return float(np.trapezoid(1 / g[: peak + 1], grid[: peak + 1]))


def lag(depth: int, rate: Fraction, start: Fraction, first: int, every: int, count: int) -> Lag:
    """Descend, and compare with theory.

    Parameters
    ----------
    depth, start
        As for :func:`time_of_peak`.
    rate : Fraction
        The size of a step.
    first, every, count : int
        After how many steps they are first compared, and then again, and how often.

    Examples
    --------
    >>> found = lag(2, Fraction(1, 10), Fraction(1, 10), 10, 1, 30)
    >>> round(max(found.errors), 4), round(found.over_first_order, 3), round(found.over_bound, 2)
    (0.0261, 1.0, 0.31)
    """
    import sympy as sp  # imported here, as workers that train need no SymPy

    from theory.balls import enclose, precision
    from theory.dynamics.descent.chain_flows import chain_weights
    from theory.dynamics.descent.flow_errors import first_order_lag, total_error_bound

    eta, begin = sp.Rational(rate.numerator, rate.denominator), sp.Rational(start.numerator, start.denominator)
    with precision(25):
        clock, step = enclose(eta * first, 25), enclose(eta * every, 25)
        flow = [float(at.mid()) for at in chain_weights(depth, begin, clock, step, count, 20)]
    letter, growth = sp.Symbol("w", positive=True), sp.Symbol("q", positive=True)
    told = sp.lambdify(letter, first_order_lag(letter ** (depth - 1) * (1 - letter**depth), letter, begin, eta))
    w = float(start)
    errors: list[float] = []
    for k in range(1, first + every * (count - 1) + 1):
        w += float(rate) * speed(depth, w)
        if k >= first and (k - first) % every == 0:
            errors.append(flow[len(errors)] - w)
    way = np.linspace(float(start), flow[-1], 2001)
    slope = way ** (depth - 2) * (depth - 1 - (2 * depth - 1) * way**depth)
    m, S = float(slope.max()), float(np.abs(slope * way ** (depth - 1) * (1 - way**depth)).max())
    bound = sp.lambdify(growth, total_error_bound(eta, str(S), str(m), growth))
    times = tuple(float(rate) * (first + every * k) for k in range(count))
    bounds = tuple(float(bound(math.exp(m * time))) for time in times)
    return Lag(depth, rate, times, tuple(errors), tuple(float(told(at)) if at < 1 else 0.0 for at in flow), bounds)


def peak(depth: int, rate: Fraction, start: Fraction) -> Lag:
    """Compare at tenths of time, from 1 before the first order is largest to 4 after.

    Parameters
    ----------
    depth, rate, start
        As for :func:`lag`.
    """
    every = max(1, round(1 / (10 * float(rate))))
    first = every * max(1, round(10 * (time_of_peak(depth, start) - 1)))
    return lag(depth, rate, start, first, every, 50)


def starts(samples: int, seed: int) -> list[Fraction]:
    """Draw the weights at the start, log-uniform.

    Examples
    --------
    >>> all(1 / 20 <= start <= 1 / 3 for start in starts(5, 0))
    True
    """
    low, high = map(math.log, STARTS)
    draws = np.random.Generator(np.random.SFC64(seed)).uniform(low, high, samples)
    return [Fraction(round(math.exp(x) * 10**4), 10**4) for x in draws]


def measured(
    cases: Sequence[tuple[int, Fraction]], *, samples: int, seed: int, workers: Workers
) -> Iterator[list[Lag]]:
    """Descend from random starts, to where the error is largest.

    Parameters
    ----------
    cases : sequence of tuples
        Depth and step of each.
    samples : int
        The number of starts, the same for all.
    seed : int
        The root seed.
    workers : Workers
        Each worker takes one depth and step at a time.

    Yields
    ------
    list of Lag
        In the order of the cases, one for each start.
    """
    return in_task_order(_measured, [(*case, samples, seed) for case in cases], workers)


def cases() -> list[tuple[int, Fraction]]:
    """Return depth and step of all descents."""
    return [(depth, rate) for depth in DEPTHS for rate in RATES]


def descent_flow_table(
    workers: Workers, *, samples: int, seed: int, chosen: Sequence[tuple[int, Fraction]] | None = None
) -> Table:
    """Return how far descent lags behind flow, relative to the first order and to the bound.

    Parameters
    ----------
    workers : Workers
        Where descent is done.
    samples : int
        The number of starts.
    seed : int
        The root seed.
    chosen : sequence of tuples, optional
        Depth and step of each row; by default those of the figure.
    """
    wanted = cases() if chosen is None else list(chosen)
    rows = [_row(found) for found in measured(wanted, samples=samples, seed=seed, workers=workers)]
    caption = (
        f"descent-flow: how far descent on chains of n equal weights lags behind flow at most, from {samples} starts "
        f"between 1/20 and 1/3 (seed {seed}): the least and the largest of these; theory: the largest first order "
        "within the share eta/2, and below the bound"
    )
    return table_of_texts("descent-flow", caption, COLUMNS, rows, stub=2)


def _measured(depth: int, rate: Fraction, samples: int, seed: int) -> list[Lag]:
    return [peak(depth, rate, start) for start in starts(samples, seed)]


def _row(found: Sequence[Lag]) -> tuple[str, ...]:
    rate = found[0].rate
    errors = [max(one.errors) / float(rate) for one in found]
    shares, bounds = [one.over_first_order for one in found], [one.over_bound for one in found]
    half = float(rate) / 2
    return (
        str(found[0].depth), str(rate), str(len(found)), f"{min(errors):.4g}-{max(errors):.4g}",
        f"{min(shares):.4f}-{max(shares):.4f}", f"{1 - half:.2f}-{1 + half:.2f}",
        f"{min(bounds):.2g}-{max(bounds):.2g}",
    )  # fmt: skip


STUDY = Study(descent_flow_table, {"quick": 8, "full": 64})
