"""The figure ``digits``: training losses on real data by epoch, with gradients and curvature on the way."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from montecarlo import worker_pool
from montecarlo.training.digits import DigitsRun, DigitsStudy
from proofs_check.figures import Figure
from proofs_check.reporting.colours import BLUE, GREEN, VERMILLION
from proofs_check.reporting.pictures import Key, Level, Look, Note, Panel, Picture, Series
from proofs_check.reporting.watched import Watched
from proofs_check.studies.digits import DEPTH, EPOCHS, WIDTHS, require_digits, trained

if TYPE_CHECKING:
    from proofs_check.reporting.watched import Told

STYLES = {"SGD": (VERMILLION, "-", "o"), "Adam": (GREEN, "--", "^"), "RMSprop": (BLUE, "-.", "D")}
"""The color, line and marker of each optimizer."""
TITLES = {
    "plain": "plain",
    "residual": r"residual, $\alpha = 1/L$",
    "layer norm": "layer norm",
    "batch norm": "batch norm",
}
START = "0.35"
"""The color of the start, which all optimizers share."""
_CHANCE = math.log(10)
_SIDES = {"SGD": -1.0, "Adam": 0.0, "RMSprop": 1.0}
"""Curvatures of the same epoch are moved apart by so many thirtieths of the panel."""


def make_digits(
    *,
    samples: int = 2,
    seed: int = 0,
    jobs: int = 1,
    told: Told | None = None,
    widths: Sequence[int] = WIDTHS,
    depth: int = DEPTH,
    epochs: int = EPOCHS,
) -> Picture:
    r"""Return the training losses of deep classifiers of scikit-learn's digits, their gradients and their curvature.

    Parameters
    ----------
    samples : int
        The number of initializations, with a line for each.
    seed : int
        The seed of the first initialization; the others have the seeds after it.
    jobs : int
        The number of worker processes.
    told : callable, optional
        Called with what is being done and how far it is.
    widths : sequence of int
        The widths of the hidden layers, with a row for each.
    depth, epochs : int
        The number of weight matrices, and of passes over the training set.

    Notes
    -----
    Losses are means over the minibatches of an epoch, drawn in its middle; the marker at the end is the loss of all
    images. Below them is |gradient| at the start and after each epoch, and both ends of the Hessian's spectrum at the
    start, half way and at the end, all for the loss of the first 256 images. See :mod:`proofs_check.studies.digits`.
    """
    require_digits()
    with worker_pool(jobs) as workers:
        watched = Watched(workers, "architectures trained", told)
        study = trained(watched, samples=samples, seed=seed, widths=widths, depth=depth, epochs=epochs)
    kinds = list(dict.fromkeys(line.architecture for line in study.runs))
    rows: list[tuple[Panel | None, ...]] = []
    for width in widths:
        lines = {kind: [study.find(width, kind, optimizer) for optimizer in STYLES] for kind in kinds}
        rows += [(None,) * len(kinds)] if rows else []  # this leaves some room between the widths
        for make in (_losses, _gradients, _curvatures):
            rows.append(tuple(make(f"width {width}, {kind}", of_kind, study) for kind, of_kind in lines.items()))
    rows[0] = tuple(panel and replace(panel, title=TITLES[kind]) for kind, panel in zip(kinds, rows[0], strict=True))
    what = f"ReLU networks of depth {study.depth}, He, on scikit-learn's digits: a line for each of {samples}"
    heights = ((1.15, 0.62, 0.62, 0.07) * len(widths))[:-1]
    panels = tuple(_within(panel for row in rows for panel in row))
    size = (10, 0.6 + 3.3 * len(widths))
    return Picture(panels, _keys(study), f"{what} initializations", size, len(kinds), False, heights, True)


def _losses(name: str, lines: Sequence[DigitsRun], study: DigitsStudy) -> Panel:
    """Return the losses of each network, except infinite ones, and a cross at the top where it diverges."""
    series, steps = [], study.examples // study.batch
    for line in lines:
        colour, dashes, marker = STYLES[line.optimizer]
        times = [*(number + 0.5 for number in range(len(line.run.losses))), float(len(line.run.losses))]
        for seed, losses, final in zip(study.seeds, line.run.losses.T, line.run.final_losses, strict=True):
            look = Look(colour, dashes, marker, size=0.9, weight=0.8, last_only=True)
            series.append(Series(_named(line, seed), times, [*map(float, losses), float(final)], look=look))
        for seed, at in zip(study.seeds, line.run.diverged_at, strict=True):
            if math.isfinite(at):
                look = Look(colour, marker="x", size=0.8, beyond="x")
                series.append(Series(f"{_named(line, seed)}, diverged", [float(at) / steps], [math.inf], look=look))
    (rate,) = (line.learning_rate for line in lines if line.optimizer == "SGD")
    notes = (Note(rf"$\eta = {rate:g}$", 0.04, 0.05, of="panel", colour=STYLES["SGD"][0]),)
    label = f"{name.partition(',')[0]}\nloss (nats)"
    return Panel(f"{name}: loss", tuple(series), y_label=label, y_scale="log", y_axis="loss", notes=notes,
                 levels=(Level(_CHANCE, weight=0.9),), **_epochs(study))  # fmt: skip


def _gradients(name: str, lines: Sequence[DigitsRun], study: DigitsStudy) -> Panel:
    series = [
        Series(_named(line, seed), range(len(norms)), [float(norm) for norm in norms],
               look=Look(*STYLES[line.optimizer][:2], weight=0.8))
        for line in lines
        for seed, norms in zip(study.seeds, line.run.gradient_norms.T, strict=True)
    ]  # fmt: skip
    return Panel(f"{name}: |gradient|", tuple(series), y_label=r"$|$gradient$|$", y_scale="log", y_axis="gradient",
                 **_epochs(study))  # fmt: skip


def _curvatures(name: str, lines: Sequence[DigitsRun], study: DigitsStudy) -> Panel:
    """Return both ends of each network's spectrum as the ends of bars."""
    series = []
    for line in lines:
        run = line.run
        sides = [epoch + _SIDES[line.optimizer] * len(run.losses) / 30 if epoch else 0.0 for epoch in run.curved_epochs]
        for seed, least, largest in zip(study.seeds, run.least.T, run.largest.T, strict=True):
            for part in ([epoch == 0 for epoch in run.curved_epochs], [epoch > 0 for epoch in run.curved_epochs]):
                epochs, at, lo, hi = (
                    [float(one) for one, is_in in zip(all_, part, strict=True) if is_in]
                    for all_ in (run.curved_epochs, sides, least, largest)
                )
                look = Look(START if part[0] else STYLES[line.optimizer][0], size=0.8, weight=0.6, ends=("v", "^"))
                series.append(Series(_named(line, seed), epochs, [math.nan] * len(at), lo, hi, look=look, shown_at=at))
    return Panel(f"{name}: curvature", tuple(series), y_label="curvature", y_scale="symlog", y_axis="curvature",
                 y_ticks=[-1e4, -1e2, 0, 1e2, 1e4], levels=(Level(0),), **_epochs(study))  # fmt: skip


def _named(line: DigitsRun, seed: int) -> str:
    return f"{line.optimizer}, seed {seed}"


def _epochs(study: DigitsStudy) -> dict[str, Any]:
    ticks = range(0, study.epochs + 1, max(1, study.epochs // 4))
    room = 0.09 * study.epochs
    return {"x_label": "epochs", "x_axis": "epochs", "x_ticks": ticks, "x_limits": (-room, study.epochs + room)}


def _within(panels: Iterable[Panel | None]) -> Iterator[Panel | None]:
    """Give all panels of losses, and all of curvatures, axes that everything is within; and room above chance."""
    kept = list(panels)
    ends: dict[str, list[float]] = {"loss": [_CHANCE], "curvature": [1e5]}
    for panel in kept:
        if panel is not None and panel.y_axis in ends:
            numbers = (n for one in panel.series for n in (*one.value, *map(abs, (*one.lo, *one.hi))))
            ends[panel.y_axis] += [n for n in numbers if math.isfinite(n)]
    most = max(ends["curvature"])
    limits = {"loss": (min(ends["loss"]) / 1.5, max(1.2 * max(ends["loss"]), 2 * _CHANCE)), "curvature": (-most, most)}
    for panel in kept:
        yield panel and replace(panel, y_limits=limits.get(panel.y_axis))


def _keys(study: DigitsStudy) -> tuple[tuple[Key, ...], ...]:
    rates = {line.optimizer: rf"$\eta = {line.learning_rate:g}$" for line in study.runs}
    rates["SGD"] = r"at the best rate $\eta$ of a grid"
    rules = (Key(f"{name}, {rates[name]}", Look(*style, size=0.9)) for name, style in STYLES.items())
    ends = (
        Key(r"$\lambda_{\max}$ of the loss's Hessian", Look(START, marker="^", size=0.9)),
        Key(r"$\lambda_{\min}$, at most", Look(START, marker="v", size=0.9)),
        Key("both at the start, of all three", Look(START, line="-")),
        Key("loss of chance: log 10", Look("0.5", line=":")),
    )
    diverged = any(np.isfinite(line.run.diverged_at).any() for line in study.runs)
    return tuple(rules), (*ends, *([Key("diverged", Look(START, marker="x", size=0.9))] if diverged else []))


FIGURE = Figure(make_digits, require_digits)
