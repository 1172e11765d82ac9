r"""How curved typical networks are: medians of the ends of the Hessian's spectrum, beside theory's curve.

*The curve.* In units of :math:`|x||v|` and of the signal at its depth, both ends of the spectrum of a wide network
tend to an edge that depends on the depth alone (:mod:`theory.curvature.wide_edge`). At finite width the typical signal
vanishes, like :math:`e^{\gamma L}`. So the curve is the exact median of :math:`|a_L|`, dead networks included, times
the edge, times the share of :math:`|v|` that the last mask lets through. This product is a heuristic that is good where
L/n is of order 1. For linear networks of width one the curve is the exact :math:`E\log\|H\|_2` instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from montecarlo import Estimate, HessianExtremes, Workers, simulate
from montecarlo.intervals import order_statistic_interval
from montecarlo.workers.workers import in_task_order
from proofs_check.studies import Study
from proofs_check.tables.model import Column, Table, Text, table_of_texts
from proofs_check.tables.ready import exponential_cells
from theory.ensembles import Ensemble

ERROR = 1e-4
"""The probability that one interval misses."""

FAMILIES = (
    Ensemble(width="n", depth="L", activation="linear", init="xavier"),
    Ensemble(width="n", depth="L", activation="relu", init="he"),
)
"""Both have normal weights, a unit vector for input, and a normal readout with E|v|^2 = 1."""

WIDTHS = (1, 4, 16, 64)
DEPTHS = (2, 4, 8, 16, 32, 64, 128)


COLUMNS: tuple[str | Column, ...] = (
    *("activation", "initialization", "width", "depth"),
    *(Column(Text(head), Text(end)) for end in ("lambda_max", "-lambda_min") for head in ("median", "interval")),
    "theory",
)


@dataclass(frozen=True)
class Curvature:
    r"""The typical ends of the spectrum of one ensemble's Hessians.

    Attributes
    ----------
    net : Ensemble
        The ensemble.
    highest, lowest, norm : Estimate
        Medians of :math:`\log\lambda_{\max}`, of :math:`\log(-\lambda_{\min})` and of the logarithm of the larger of
        both; dead networks count as -inf.
    """

    net: Ensemble
    highest: Estimate
    lowest: Estimate
    norm: Estimate

    @property
    def is_dead(self) -> bool:
        """Whether the measured medians are exactly 0, because more than half of the networks are dead."""
        return self.norm.value == -math.inf


def grid(family: Ensemble, widths: Sequence[int] = WIDTHS, depths: Sequence[int] = DEPTHS) -> list[Ensemble]:
    """Return the ensembles of a family, width by width.

    Parameters
    ----------
    family : Ensemble
        An ensemble; its width and depth are replaced.
    widths, depths : sequence of int
        The sizes.

    Examples
    --------
    >>> [(net.width, net.depth) for net in grid(FAMILIES[0], widths=(1, 4), depths=(2, 8))]
    [(1, 2), (1, 8), (4, 2), (4, 8)]
    """
    return [family.at(width=n, depth=depth) for n in widths for depth in depths]


def samples_for(net: Ensemble, most: int) -> int:
    """Return how many networks to draw: fewer if they are wide, as these are more alike and more expensive.

    Parameters
    ----------
    net : Ensemble
        An ensemble of one width, a number.
    most : int
        The number of networks for narrow ones.

    Examples
    --------
    >>> [samples_for(Ensemble(width=n, depth=8), 1000) for n in (1, 16, 64)]
    [1000, 500, 125]
    """
    assert net.width is not None
    return max(1, min(most, 8 * most // int(net.width)))


def measured(
    nets: Sequence[Ensemble], *, samples: int, seed: int, workers: Workers, error: float = ERROR
) -> Iterator[Curvature]:
    """Draw networks of each ensemble, and take medians.

    Parameters
    ----------
    nets : sequence of Ensemble
        Ensembles without symbols, each of one width, and of depth at least 2.
    samples : int
        The number of networks of each, at most; see :func:`samples_for`.
    seed : int
        The root seed.
    workers : Workers
        Each worker takes one ensemble at a time.
    error : float
        The probability that one interval misses.

    Yields
    ------
    Curvature
        In the order of the ensembles.

    Examples
    --------
    >>> from montecarlo import serial
    >>> with serial() as workers:
    ...     (found,) = measured([FAMILIES[1].at(width=1, depth=16)], samples=100, seed=0, workers=workers)
    >>> found.is_dead  # all but one network in 2^16
    True
    """
    tasks = ((net, samples_for(net, samples), seed, error) for net in nets)
    return in_task_order(_medians, tasks, workers)


def _medians(net: Ensemble, samples: int, seed: int, error: float) -> Curvature:
    observable = HessianExtremes()
    readings = simulate(net, [observable], samples=samples, seed=seed)[observable]
    ends = ("lambda_max", "minus_lambda_min", "spectral_norm")
    return Curvature(net, *(order_statistic_interval(readings.log_values(end), 0.5, error) for end in ends))


def log_curve(net: Ensemble) -> float:
    """Return the log of theory's curve; -inf where most networks are dead.

    Examples
    --------
    >>> log_curve(FAMILIES[1].at(width=4, depth=16))
    -inf
    """
    from theory import LogNormLaw  # imported here, as workers need no SymPy
    from theory.width_one.hessian_law import chain_hessian_log_mean

    if net.width == 1 and net.slope == 1:
        return chain_hessian_log_mean(net.at(readout="ones")) + _LOG_NORMAL
    masked = math.log((1 + float(net.slope) ** 2) / 2) / 2
    return LogNormLaw(net).median() / 2 + masked + _log_edge(int(net.depth))


_LOG_NORMAL = -(math.log(2) + 0.5772156649015329) / 2
"""E log|N| of a standard normal N, which is the readout at width one."""


def _log_edge(depth: int) -> float:
    """Return the log of the edge of a wide linear network."""
    from theory.curvature.wide_edge import wide_edge

    return math.log(float(wide_edge(Ensemble(width="n", depth=depth), 12)))


def turning_depth(net: Ensemble) -> float:
    r"""Return :math:`2/|\gamma|`, :math:`\gamma = E\log(|a_k|/|a_{k-1}|)` given survival.

    There :math:`e^{\gamma L}L^2`, the size of the Hessian at a fixed width, turns from rising to falling.

    Examples
    --------
    >>> [round(turning_depth(family.at(width=16, depth=1)), 1) for family in FAMILIES]  # about 4n, and 8n/5
    [62.7, 22.7]
    """
    from theory import LogNormLaw

    return 4 / abs(float(LogNormLaw(net).lyapunov_exponent()))


def curvature_table(workers: Workers, *, samples: int, seed: int, nets: Sequence[Ensemble] | None = None) -> Table:
    """Return the medians that the figure ``curvature`` shows.

    Parameters
    ----------
    workers : Workers
        Where the networks are drawn.
    samples : int
        The number of networks per width and depth, at most; see :func:`samples_for`.
    seed : int
        The root seed.
    nets : sequence of Ensemble, optional
        The ensembles; by default those of the figure.
    """
    chosen = [net for family in FAMILIES for net in grid(family)] if nets is None else list(nets)
    found = list(measured(chosen, samples=samples, seed=seed, workers=workers))
    theory = in_task_order(log_curve, [(net,) for net in chosen], workers)
    rows = tuple(_curvature_row(point, log) for point, log in zip(found, theory, strict=True))
    caption = (
        f"curvature: medians of both ends of the Hessian's spectrum, from up to {samples} networks each (0: most are "
        f"dead); each interval misses with probability at most {ERROR:g} (seed {seed}); theory: the wide limit's edge "
        "times the typical signal, a heuristic, and for linear networks of width 1 exp of the exact mean log norm"
    )
    return table_of_texts("curvature", caption, COLUMNS, rows, stub=4)


def _curvature_row(point: Curvature, log: float) -> tuple[str, ...]:
    net = point.net
    ends = (cell for end in (point.highest, point.lowest) for cell in exponential_cells(end))
    return str(net.activation), net.init.describe(), str(net.width), str(net.depth), *ends, f"{math.exp(log):.4g}"


STUDY = Study(curvature_table, {"quick": 1000, "full": 10_000})
