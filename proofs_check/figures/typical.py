"""The figure ``typical``: mean and median of signal and gradient against depth, theory as lines, measured points."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from montecarlo import ActivationNorms, Estimate, GradientNorms, simulate, worker_pool
from montecarlo.intervals import catoni_interval, order_statistic_interval
from proofs_check.figures import Figure
from proofs_check.reporting.colours import BLUE, GREEN, VERMILLION
from proofs_check.reporting.pictures import INK, Key, Look, Panel, Picture, Series
from proofs_check.reporting.watched import watched
from theory import LogNormLaw, activation_moment, gradient_moment
from theory.ensembles import Ensemble

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from montecarlo import Workers
    from proofs_check.reporting.watched import Told

_COLOURS = {4: BLUE, 16: VERMILLION, 32: GREEN}
_DEPTHS = (2, 4, 8, 16, 32, 64)
_FINE = tuple(sorted((1, *_DEPTHS, 6, 12, 24, 40, 48, 56)))
"""Log-medians are close to linear in the depth, so that few points draw the curve."""
_MEAN = Look("0.35", line="--")


def make_typical(*, samples: int = 1500, seed: int = 0, jobs: int = 1, told: Told | None = None) -> Picture:
    r"""Return mean and median of :math:`|a_L|^2` and of :math:`|\partial f/\partial W_1|_F^2` against depth.

    Parameters
    ----------
    samples : int
        The number of networks per width and depth.
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.
    told : callable, optional
        Called with what is being done and how far it is.

    Notes
    -----
    On the left are ReLU networks at He initialization; on the right are linear networks at Xavier, where the gradient's
    law is exact. Intervals come from order statistics for medians, and from Catoni's estimator with theory's variance
    for means, which are drawn where they are narrow enough. Each has error probability 1e-4.
    """
    how = (samples, seed, 1e-4)
    with worker_pool(jobs) as workers:
        made = (of(width, *how, workers) for of in (_signal_series, _gradient_series) for width in _COLOURS)
        found = list(watched(made, "medians and means", 2 * len(_COLOURS), told))
    signal, gradient = found[: len(_COLOURS)], found[len(_COLOURS) :]
    panels = (
        _panel("signal", "signal $|a_L|^2$\n(ReLU, He, normal)", signal),
        _panel("gradient", "gradient $|\\partial f/\\partial W_1|_F^2$\n(linear, Xavier, normal)", gradient),
    )
    return Picture(panels, _keys(), screen=(10, 4.8))


def _signal_series(
    width: int, samples: int, seed: int, error: float, executor: Executor | Workers | None
) -> tuple[Series, ...]:
    net = Ensemble(width=width, depth=max(_DEPTHS), activation="relu", init="he")
    observable = ActivationNorms(layers=_DEPTHS)
    readings = simulate(net, [observable], samples=samples, seed=seed, executor=executor)[observable]
    logs = {depth: readings.log_values(f"a_{depth}") for depth in _DEPTHS}
    spread = {depth: _relative_variance(activation_moment, net.at(depth=depth)) for depth in _DEPTHS}
    return _series(width, logs, spread, error, lambda depth: LogNormLaw(net.at(depth=depth)).median())


def _gradient_series(
    width: int, samples: int, seed: int, error: float, executor: Executor | Workers | None
) -> tuple[Series, ...]:
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


def _series(
    width: int, logs: dict[int, Any], spread: dict[int, float], error: float, median: Any
) -> tuple[Series, ...]:
    """Return exact medians on a fine grid of depths, measured medians, and those measured means that say something."""
    colour = _COLOURS[width]
    medians = [order_statistic_interval(values, 0.5, error) for values in logs.values()]
    means = [(depth, catoni_interval(np.exp(v), spread[depth], error)) for depth, v in logs.items()]
    exact = [math.exp(median(depth)) for depth in _FINE]
    return (
        Series(f"width {width}: median, theory", _FINE, exact, look=Look(colour, line="-")),
        Series.of_logs(f"width {width}: median, measured", _DEPTHS, medians, Look(colour, marker="o", size=0.9)),
        _means(f"width {width}: mean, measured", [(d, e) for d, e in means if e.half_width < 0.4], colour),
    )


def _means(name: str, means: list[tuple[int, Estimate]], colour: str) -> Series:
    look = Look(colour, marker="D", size=0.9, weight=0.8, filled=False, opacity=0.6)
    value, lo, hi = ([getattr(estimate, end) for _, estimate in means] for end in ("value", "lo", "hi"))
    return Series(name, [depth for depth, _ in means], value, lo, hi, look=look)


def _panel(name: str, title: str, found: list[tuple[Series, ...]]) -> Panel:
    mean = Series("mean, theory", (_FINE[0], _FINE[-1]), (1.0, 1.0), look=_MEAN)
    series = (mean, *(one for of_width in found for one in of_width))
    return Panel(name, series, title, "depth $L$", "size, relative to the input", y_scale="log")


def _keys() -> tuple[tuple[Key, ...], ...]:
    line, dot, diamond = Look(INK, line="-"), Look(INK, marker="o", size=0.9), Look(INK, marker="D", filled=False)
    return (
        tuple(Key(f"width {width}", Look(colour, line="-")) for width, colour in _COLOURS.items()),
        (Key("median, theory", line), Key("median, measured", dot)),
        (Key("mean, theory (always 1)", _MEAN), Key("mean, measured", diamond)),
    )


FIGURE = Figure(make_typical)
