r"""How many steps update rules take to leave the plateau of :math:`\frac12(f-y)^2`, y = 1, beside theory's numbers.

*The balanced chain* starts with all weights at 0.7. Theory encloses the number of its steps
(:mod:`theory.dynamics.balanced_chains`, :mod:`theory.dynamics.adaptive_escape`).

*Random networks* have a unit vector for input and a normal readout. The steps of gradient descent stand beside
:math:`1/\eta|\lambda_{\min}|`, which the linear rate at a strict saddle suggests. Half of these networks start on the
wrong side, where f < 0.

Gradient descent has the rate 1/(2L), a quarter of the largest rate that is stable at any minimum of a chain. The other
rules have :math:`\eta = 10^{-3}` at every depth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from montecarlo import Estimate, Workers, simulate
from montecarlo.intervals import order_statistic_interval
from montecarlo.training import (
    Adam,
    EscapeTimes,
    GradientDescent,
    OneInput,
    Optimizer,
    RMSprop,
    SignDescent,
    escape_times,
)
from montecarlo.workers.workers import in_task_order
from proofs_check.studies import Study
from proofs_check.studies.curvature import ERROR
from proofs_check.tables.model import Table, table_of_texts
from theory.ensembles import Ensemble

if TYPE_CHECKING:
    from theory.dynamics.balanced_chains import BalancedChain

RULES = ("gradient descent", "sign descent", "RMSprop", "Adam")
START, FRACTION, RATE = Fraction(7, 10), Fraction(2, 5), Fraction(1, 1000)
"""Each weight of the balanced chain at the start; f/y where the plateau ends; eta, except for gradient descent."""

BALANCED_DEPTHS = (4, 6, 8, 12, 16, 20, 24, 28, 32)
BALANCED_BUDGET = 100_000
FAMILIES = (Ensemble(width=1, depth="L"), Ensemble(width=4, depth="L"))
"""Both are linear networks at Xavier initialization with normal weights."""
DEPTHS = {1: (4, 6, 8, 12, 16, 20, 24, 28, 32), 4: (8, 16, 24, 32, 48, 64, 80, 96)}
"""The depths of random networks, by width."""
BUDGETS = {1: 30_000, 4: 10_000}
"""The most steps that random networks are given, by width."""

COLUMNS = ("network", "width", "depth", "rule", "learning rate", "steps", "interval", "theory")


@dataclass(frozen=True)
class Counted:
    """The steps that one update rule takes on the balanced chain.

    Attributes
    ----------
    rule : str
        One of :data:`RULES`.
    depth : int
        The number of weights.
    steps : float
        How many steps it took; inf where :data:`BALANCED_BUDGET` was not enough.
    low, high : float
        The numbers between which theory has the steps.
    """

    rule: str
    depth: int
    steps: float
    low: float
    high: float


@dataclass(frozen=True)
class Escape:
    r"""The steps that one update rule takes on random networks of one ensemble.

    Attributes
    ----------
    rule : str
        One of :data:`RULES`.
    net : Ensemble
        The ensemble.
    steps : Estimate
        The median of the logarithm of the number of steps. It is above the logarithm of the budget where that was not
        enough.
    linear : Estimate or None
        For gradient descent, the median of :math:`-\log(\eta|\lambda_{\min}|)` at the start.
    """

    rule: str
    net: Ensemble
    steps: Estimate
    linear: Estimate | None

    @property
    def budget(self) -> int:
        """The most steps that were tried."""
        assert self.net.width is not None
        return BUDGETS[int(self.net.width)]

    @property
    def is_open(self) -> bool:
        """Whether the budget was not enough for half of the networks."""
        return self.steps.value > math.log(self.budget)


def optimizer(rule: str, depth: int) -> Optimizer:
    """Return an update rule with its learning rate.

    Parameters
    ----------
    rule : str
        One of :data:`RULES`.
    depth : int
        The number of weight matrices.

    Examples
    --------
    >>> optimizer("gradient descent", 10)
    GradientDescent(learning_rate=0.05)
    """
    if rule == "gradient descent":
        return GradientDescent(1 / (2 * depth))
    others: dict[str, Callable[[float], Optimizer]] = {"sign descent": SignDescent, "RMSprop": RMSprop, "Adam": Adam}
    return others[rule](float(RATE))


def balanced_chain(depth: int) -> BalancedChain:
    """Return the chain whose weights are all 0.7 at the start.

    Examples
    --------
    >>> balanced_chain(4).output()
    2401/10000
    """
    from theory.dynamics.balanced_chains import BalancedChain  # imported here, as workers that train need no SymPy

    return BalancedChain(depth, 1, 1, START)


def bounds(rule: str, depth: int) -> tuple[float, float]:
    """Return the numbers between which theory has the steps of the balanced chain.

    Parameters
    ----------
    rule : str
        One of :data:`RULES`.
    depth : int
        The number of weights of the chain.

    Examples
    --------
    >>> [[round(end) for end in bounds(rule, 24)] for rule in RULES]
    [[5586, 5601], [263, 264], [26, 264], [36, 546]]
    """
    import sympy as sp

    from theory.dynamics.adaptive_escape import chain_steps
    from theory.dynamics.update_rules import ADAM, RMSPROP, SIGN

    chain, end = balanced_chain(depth), sp.Rational(FRACTION) ** sp.Rational(1, depth)
    if rule == "gradient descent":
        ends = chain.descent_steps(end, sp.Rational(1, 2 * depth))
    else:
        ends = chain_steps({"sign descent": SIGN, "RMSprop": RMSPROP, "Adam": ADAM}[rule], chain, end, RATE)
    low, high = (float(sp.N(bound)) for bound in ends)
    return low, high


def counted(depths: Sequence[int], workers: Workers) -> Iterator[Counted]:
    """Count the steps of the balanced chain, rule by rule and depth by depth.

    Parameters
    ----------
    depths : sequence of int
        The depths of the chain.
    workers : Workers
        Each worker takes one rule and depth at a time.

    Yields
    ------
    Counted
        Rule by rule, in the order of the depths.

    Examples
    --------
    >>> from montecarlo import serial
    >>> with serial() as workers:
    ...     [(found.rule, found.steps) for found in counted([8], workers)]
    [('gradient descent', 22.0), ('sign descent', 192.0), ('RMSprop', 66.0), ('Adam', 155.0)]
    """
    return in_task_order(_counted, [(rule, depth) for rule in RULES for depth in depths], workers)


def measured(nets: Sequence[Ensemble], *, samples: int, seed: int, workers: Workers) -> Iterator[Escape]:
    """Train random networks by every rule, and take medians.

    Parameters
    ----------
    nets : sequence of Ensemble
        Ensembles without symbols, of a width in :data:`BUDGETS`.
    samples : int
        The number of networks of each.
    seed : int
        The root seed.
    workers : Workers
        Each worker takes one rule and ensemble at a time.

    Yields
    ------
    Escape
        Rule by rule, in the order of the ensembles.

    Examples
    --------
    >>> from montecarlo import serial
    >>> with serial() as workers:
    ...     descent, *others = measured([FAMILIES[0].at(depth=28)], samples=60, seed=0, workers=workers)
    >>> descent.is_open, [found.is_open for found in others]
    (True, [False, False, False])
    """
    return in_task_order(_measured, [(rule, net, samples, seed) for rule in RULES for net in nets], workers)


def random_nets() -> list[Ensemble]:
    """Return the ensembles that are measured, width by width."""
    return [family.at(depth=depth) for family in FAMILIES for depth in DEPTHS[_width(family)]]


def escape_times_table(
    workers: Workers,
    *,
    samples: int,
    seed: int,
    balanced_depths: Sequence[int] = BALANCED_DEPTHS,
    nets: Sequence[Ensemble] | None = None,
) -> Table:
    """Return the numbers that the figure ``escape-times`` shows.

    Parameters
    ----------
    workers : Workers
        Where networks are trained.
    samples : int
        The number of random networks of each width and depth.
    seed : int
        The root seed.
    balanced_depths : sequence of int
        The depths of the balanced chain.
    nets : sequence of Ensemble, optional
        The ensembles of random networks; by default those of the figure.
    """
    chosen = random_nets() if nets is None else list(nets)
    rows = [_counted_row(found) for found in counted(balanced_depths, workers)]
    rows += [_escape_row(found) for found in measured(chosen, samples=samples, seed=seed, workers=workers)]
    caption = (
        f"escape-times: steps until f is {float(FRACTION):g} of the target 1, from all weights {float(START):g} on "
        f"(theory: between which numbers they lie) and medians of {samples} random networks each, half of which start "
        "with f < 0 (theory: the median of 1/(eta |lambda_min|) at the start); each interval misses with probability "
        f"at most {ERROR:g} (seed {seed})"
    )
    return table_of_texts("escape-times", caption, COLUMNS, rows, stub=5)


def _width(net: Ensemble) -> int:
    assert net.width is not None
    return int(net.width)


def _counted(rule: str, depth: int) -> Counted:
    problem = OneInput((1,) * (depth + 1), 1.0, np.ones((1, 1)), np.ones(1), np.ones(1))
    start = np.full((1, depth), float(START))
    chosen = optimizer(rule, depth)
    found = escape_times(problem, start, chosen, fraction=float(FRACTION), budget=BALANCED_BUDGET)
    return Counted(rule, depth, float(found.steps[0]), *bounds(rule, depth))


def _measured(rule: str, net: Ensemble, samples: int, seed: int) -> Escape:
    descends, chosen = rule == "gradient descent", optimizer(rule, int(net.depth))
    budget = BUDGETS[_width(net)]
    times = EscapeTimes(chosen, side="either", fraction=float(FRACTION), budget=budget, curvature=descends)
    readings = simulate(net, [times], samples=samples, seed=seed)[times]
    steps = order_statistic_interval(readings.log_values("steps"), 0.5, ERROR)
    if not descends:
        return Escape(rule, net, steps, None)
    logs = math.log(2 * int(net.depth)) - readings.log_values("curvature")
    return Escape(rule, net, steps, order_statistic_interval(logs, 0.5, ERROR))


def _counted_row(found: Counted) -> tuple[str, ...]:
    steps = f"{found.steps:.0f}" if math.isfinite(found.steps) else f"> {BALANCED_BUDGET}"
    theory = f"[{found.low:.4g}, {found.high:.4g}]"
    return "balanced", "1", str(found.depth), found.rule, _rate(found.rule, found.depth), steps, "", theory


def _escape_row(found: Escape) -> tuple[str, ...]:
    steps, low, high = (_steps(log, found.budget) for log in (found.steps.value, found.steps.lo, found.steps.hi))
    theory = "" if found.linear is None else f"{math.exp(found.linear.value):.4g}"
    depth = int(found.net.depth)
    rate = _rate(found.rule, depth)
    return "random", str(found.net.width), str(depth), found.rule, rate, steps, f"[{low}, {high}]", theory


def _steps(log: float, budget: int) -> str:
    return f"> {budget}" if log > math.log(budget) else f"{math.exp(log):.4g}"


def _rate(rule: str, depth: int) -> str:
    return f"1/{2 * depth}" if rule == "gradient descent" else f"{float(RATE):g}"


STUDY = Study(escape_times_table, {"quick": 200, "full": 1000})
