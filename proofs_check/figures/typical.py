"""The figure ``typical``: mean and median of signal and gradient against depth, theory as lines, measured points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from montecarlo import ActivationNorms, Estimate, GradientNorms, simulate, worker_pool
from montecarlo.intervals import catoni_interval, order_statistic_interval
from proofs_check.figures import Figure
from proofs_check.reporting.drawing import BLUE, GREEN, VERMILLION, bar, canvas, legend_below, require_file, save
from theory import LogNormLaw, activation_moment, gradient_moment
from theory.ensembles import Ensemble

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from montecarlo import Workers

_WIDTHS = (4, 16, 32)
_DEPTHS = (2, 4, 8, 16, 32, 64)
_COLOURS = (BLUE, VERMILLION, GREEN)


@dataclass(frozen=True)
class _Series:
    """What one panel shows of one width: exact medians on a fine grid of depths, and measured points."""

    width: int
    depths: tuple[int, ...]
    medians: tuple[float, ...]
    points: tuple[tuple[int, Estimate], ...]
    means: tuple[tuple[int, Estimate], ...]


def draw_typical(out: Path, *, samples: int = 1500, seed: int = 0, jobs: int = 1) -> None:
    r"""Draw mean and median of :math:`|a_L|^2` and of :math:`|\partial f/\partial W_1|_F^2` against depth.

    Parameters
    ----------
    out : Path
        A .pdf, .png or .svg file.
    samples : int
        The number of networks per width and depth.
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.

    Notes
    -----
    On the left are ReLU networks at He initialization; on the right are linear networks at Xavier, where the gradient's
    law is exact. Intervals come from order statistics for medians, and from Catoni's estimator with theory's variance
    for means, which are drawn where they are narrow enough. Each has error probability 1e-4.
    """
    require_file(out)
    signal, gradient = _measured(samples, seed, jobs)
    figure = canvas(10, 4.8)
    left, right = figure.subplots(1, 2)
    _panel(left, signal, "signal $|a_L|^2$   (ReLU, He, normal)")
    _panel(right, gradient, r"gradient $|\partial f/\partial W_1|_F^2$   (linear, Xavier, normal)")
    left.set_ylabel("size, relative to the input")
    _legend(figure)
    save(figure, out)


@lru_cache(maxsize=1)  # a report has the figure in two forms
def _measured(samples: int, seed: int, jobs: int) -> tuple[tuple[_Series, ...], tuple[_Series, ...]]:
    error = 1e-4
    with worker_pool(jobs) as workers:
        signal = tuple(_signal_series(width, samples, seed, error, workers) for width in _WIDTHS)
        gradient = tuple(_gradient_series(width, samples, seed, error, workers) for width in _WIDTHS)
    return signal, gradient


def _signal_series(width: int, samples: int, seed: int, error: float, executor: Executor | Workers | None) -> _Series:
    net = Ensemble(width=width, depth=max(_DEPTHS), activation="relu", init="he")
    observable = ActivationNorms(layers=_DEPTHS)
    readings = simulate(net, [observable], samples=samples, seed=seed, executor=executor)[observable]
    logs = {depth: readings.log_values(f"a_{depth}") for depth in _DEPTHS}
    spread = {depth: _relative_variance(activation_moment, net.at(depth=depth)) for depth in _DEPTHS}
    return _series(width, logs, spread, error, lambda depth: LogNormLaw(net.at(depth=depth)).median())


def _gradient_series(width: int, samples: int, seed: int, error: float, executor: Executor | Workers | None) -> _Series:
    net = Ensemble(width=width, depth=1, readout="signs")
    observable = GradientNorms(layers=(1,))
    logs, spread = {}, {}
    for depth in _DEPTHS:
        deep = net.at(depth=depth)
        readings = simulate(deep, [observable], samples=samples, seed=seed, executor=executor)[observable]
        logs[depth] = readings.log_values("G_1")
        spread[depth] = _relative_variance(lambda case, order: gradient_moment(case, 1, order), deep)

    def median(depth: int) -> float:
        # |df/dW_1|^2 has the law of the signal through the other L - 1 layers
        return LogNormLaw(net.at(depth=depth - 1)).median() if depth > 1 else 0.0

    return _series(width, logs, spread, error, median)


def _relative_variance(moment: Any, net: Ensemble) -> float:
    return float(sp.N(moment(net, 4) / moment(net, 2) ** 2 - 1, 15))


def _series(width: int, logs: dict[int, Any], spread: dict[int, float], error: float, median: Any) -> _Series:
    fine = tuple(
        sorted((1, *_DEPTHS, 6, 12, 24, 40, 48, 56))
    )  # log-medians are close to linear in the depth, so that few points draw the curve
    medians = tuple(math.exp(median(depth)) for depth in fine)
    points = tuple((depth, order_statistic_interval(values, 0.5, error)) for depth, values in logs.items())
    means = tuple((depth, catoni_interval(np.exp(v), spread[depth], error)) for depth, v in logs.items())
    return _Series(width, fine, medians, points, tuple((d, e) for d, e in means if e.half_width < 0.4))


def _panel(axes: Any, series: Sequence[_Series], title: str) -> None:
    axes.axhline(1.0, color="0.35", linewidth=1.2, linestyle="--")
    for one, colour in zip(series, _COLOURS, strict=True):
        axes.plot(one.depths, one.medians, color=colour, linewidth=1.2)
        for depth, estimate in one.points:
            bar(axes, depth, estimate, colour)
            axes.plot([depth], [math.exp(estimate.value)], "o", color=colour, markersize=4)
        for depth, estimate in one.means:
            axes.plot([depth, depth], [estimate.lo, estimate.hi], color=colour, linewidth=1, alpha=0.6)
            axes.plot([depth], [estimate.value], "D", color=colour, markersize=4, markerfacecolor="white")
    axes.set_yscale("log")
    axes.set_xlabel("depth $L$")
    axes.set_title(title, fontsize=10)
    axes.grid(visible=True, color="0.92")


def _legend(figure: Any) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color="0.35", linestyle="--", label="mean, theory (= 1 at every width)")]
    handles += [
        Line2D([], [], color=c, label=f"median, theory, width {w}") for w, c in zip(_WIDTHS, _COLOURS, strict=True)
    ]
    grey: dict[str, Any] = {"color": "0.2", "linestyle": "none", "markersize": 4}
    handles.append(Line2D([], [], marker="D", markerfacecolor="white", label="mean, measured", **grey))
    handles.append(Line2D([], [], marker="o", label="median, measured", **grey))
    legend_below(figure, handles, columns=3)


FIGURE = Figure(draw_typical)
