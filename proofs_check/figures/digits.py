"""The figure ``digits``: training losses on real data by epoch, with gradients and curvature on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo import worker_pool
from montecarlo.training.digits import DigitsRun, DigitsStudy
from proofs_check.figures import Figure
from proofs_check.reporting.drawing import BLUE, GREEN, VERMILLION, canvas, legend_below, require_file, save
from proofs_check.studies.digits import DEPTH, EPOCHS, WIDTHS, require_digits, trained

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


def draw_digits(
    out: Path,
    *,
    samples: int = 2,
    seed: int = 0,
    jobs: int = 1,
    widths: Sequence[int] = WIDTHS,
    depth: int = DEPTH,
    epochs: int = EPOCHS,
) -> None:
    r"""Draw the training losses of deep classifiers of scikit-learn's digits, their gradients and their curvature.

    Parameters
    ----------
    out : Path
        A .pdf, .png or .svg file.
    samples : int
        The number of initializations, with a line for each.
    seed : int
        The seed of the first initialization; the others have the seeds after it.
    jobs : int
        The number of worker processes.
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
    require_file(out)
    require_digits()
    with worker_pool(jobs) as workers:
        study = trained(workers, samples=samples, seed=seed, widths=widths, depth=depth, epochs=epochs)
    kinds = list(dict.fromkeys(line.architecture for line in study.runs))
    figure = canvas(10, 0.6 + 3.3 * len(widths))
    heights = ([2, 1, 1, 0.1] * len(widths))[:-1]  # this leaves some room between the widths
    panels = figure.subplots(len(heights), len(kinds), sharex=True, height_ratios=heights, squeeze=False)
    for axes in panels[3::4].flat:
        axes.remove()
    panels = panels[[row for row in range(len(heights)) if row % 4 < 3]]
    for number, width in enumerate(widths):
        block = panels[3 * number : 3 * number + 3]
        for kind, (losses, gradients, curvatures) in zip(kinds, block.T, strict=True):
            for line in (study.find(width, kind, optimizer) for optimizer in STYLES):
                _losses(losses, line, study.examples // study.batch)
                _gradients(gradients, line)
                _curvatures(curvatures, line)
            _rate(losses, study.find(width, kind, "SGD"))
        for axes, label in zip(block[:, 0], (f"width {width}\nloss (nats)", "|gradient|", "curvature"), strict=True):
            axes.set_ylabel(label, fontsize=9)
    for first, dress in enumerate((_dress_losses, _dress_gradients, _dress_curvatures)):
        dress(panels[first::3])
    for axes in panels.flat:
        axes.minorticks_off()
        axes.tick_params(labelsize=8)
        axes.grid(visible=True, color="0.92")
        axes.set_axisbelow(True)
    for axes, kind in zip(panels[0], kinds, strict=True):
        axes.set_title(TITLES[kind], fontsize=10)
    for axes in panels[-1]:
        axes.set_xticks(range(0, epochs + 1, max(1, epochs // 4)))
        axes.set_xlabel("epochs", fontsize=9)
    figure.align_ylabels(panels[:, 0])
    what = f"ReLU networks of depth {study.depth}, He, on scikit-learn's digits: a line for each of {samples}"
    figure.suptitle(f"{what} initializations", fontsize=11)
    _legend(figure, study)
    save(figure, out)


def _losses(axes: Any, line: DigitsRun, steps: int) -> None:
    """Draw the losses of each network, except infinite ones, and a cross at the top where it diverges."""
    colour, dashes, marker = STYLES[line.optimizer]
    epochs = len(line.run.losses)
    times = [*(np.arange(epochs) + 0.5), epochs]
    for losses, final, at in zip(line.run.losses.T, line.run.final_losses, line.run.diverged_at, strict=True):
        axes.plot(times, [*losses, final], dashes, color=colour, linewidth=1)
        axes.plot([epochs], [final], marker, color=colour, markersize=4, markeredgewidth=0)
        if math.isfinite(at):
            axes.plot([at / steps], [0.93], "x", color=colour, markersize=5, transform=axes.get_xaxis_transform())


def _gradients(axes: Any, line: DigitsRun) -> None:
    colour, dashes, _ = STYLES[line.optimizer]
    for norms in line.run.gradient_norms.T:
        axes.plot(range(len(norms)), norms, dashes, color=colour, linewidth=1)


def _curvatures(axes: Any, line: DigitsRun) -> None:
    """Draw both ends of each network's spectrum, with a line between them."""
    run = line.run
    for epoch, least, largest in zip(run.curved_epochs, run.least, run.largest, strict=True):
        colour = STYLES[line.optimizer][0] if epoch else START
        time = epoch + _SIDES[line.optimizer] * len(run.losses) / 30 if epoch else 0.0
        for ends in zip(least, largest, strict=True):
            axes.plot([time, time], ends, color=colour, linewidth=0.7)
            for end, marker in zip(ends, "v^", strict=True):
                axes.plot([time], [end], marker, color=colour, markersize=3.5, markeredgewidth=0)


def _rate(axes: Any, line: DigitsRun) -> None:
    """Write down which rate of its grid SGD has."""
    text = rf"SGD: $\eta = {line.learning_rate:g}$"
    axes.text(0.04, 0.05, text, transform=axes.transAxes, fontsize=8, color=STYLES["SGD"][0])


def _dress_losses(panels: Any) -> None:
    """Leave room above chance for its label."""
    _share(panels, "log")
    low, high = panels[0, 0].get_ylim()
    panels[0, 0].set_ylim(low, max(high, 3 * _CHANCE))
    for axes in panels.flat:
        axes.axhline(_CHANCE, color="0.5", linewidth=0.8, linestyle=":")
        style = {"fontsize": 8, "color": "0.35", "ha": "right", "va": "bottom"}
        axes.text(0.98, 1.08 * _CHANCE, "chance, log 10", transform=axes.get_yaxis_transform(), **style)


def _dress_gradients(panels: Any) -> None:
    _share(panels, "log")


def _dress_curvatures(panels: Any) -> None:
    _share(panels, "symlog", linthresh=1, linscale=0.5)
    most = max(1e5, *map(abs, panels[0, 0].get_ylim()))
    for axes in panels.flat:
        axes.axhline(0, color="0.5", linewidth=0.8, linestyle=":")
        axes.set_yticks([-1e4, -1e2, 0, 1e2, 1e4])
    panels[0, 0].set_ylim(-most, most)


def _share(panels: Any, scale: str, **options: float) -> None:
    """Give panels one vertical axis, labelled on the left."""
    for axes in panels.flat[1:]:
        axes.sharey(panels[0, 0])
    panels[0, 0].set_yscale(scale, **options)
    for axes in panels[:, 1:].flat:
        axes.tick_params(labelleft=False)


def _legend(figure: Any, study: DigitsStudy) -> None:
    from matplotlib.lines import Line2D

    rates = {line.optimizer: rf"$\eta = {line.learning_rate:g}$" for line in study.runs}
    rates["SGD"] = "at the best rate of a grid"
    dots: dict[str, Any] = {"color": START, "linestyle": "none", "markersize": 4}
    ends = [
        Line2D([], [], marker="^", label=r"$\lambda_{\max}$ of the loss's Hessian", **dots),
        Line2D([], [], marker="v", label=r"$\lambda_{\min}$, at most", **dots),
        Line2D([], [], color=START, label="both at the start, of all three"),
    ]
    handles = []  # the legend is filled column by column
    for (name, (colour, dashes, marker)), end in zip(STYLES.items(), ends, strict=True):
        line: dict[str, Any] = {"color": colour, "linestyle": dashes, "marker": marker, "markersize": 4}
        handles += [Line2D([], [], markeredgewidth=0, label=f"{name}, {rates[name]}", **line), end]
    if any(np.isfinite(line.run.diverged_at).any() for line in study.runs):
        handles.append(Line2D([], [], marker="x", label="diverged", **dots))
    legend_below(figure, handles, columns=(len(handles) + 1) // 2)


FIGURE = Figure(draw_digits, require_digits)
