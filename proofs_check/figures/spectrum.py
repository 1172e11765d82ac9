"""The figure ``spectrum``: all eigenvalues of Hessians of single networks, at one width and several depths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo import worker_pool
from montecarlo.arrays import Array
from montecarlo.curvature import Network, hessian_spectrum
from montecarlo.workers.workers import in_task_order
from proofs_check.figures import Figure
from proofs_check.figures.curvature import TITLES
from proofs_check.reporting.drawing import BLUE, GREEN, VERMILLION, canvas, require_file, save
from proofs_check.studies.curvature import FAMILIES
from theory.ensembles import Ensemble

_COLOURS = (BLUE, GREEN, VERMILLION)
_BINS = np.linspace(-7, 3, 51)


@dataclass(frozen=True, eq=False)
class Pooled:
    r"""Eigenvalues of the Hessians of several networks, each divided by \|x\|\|v\| of its network.

    Attributes
    ----------
    net : Ensemble
        The ensemble.
    signs, log_sizes : ndarray, shape (eigenvalues,)
        The signs of the eigenvalues that are not 0, and the logarithms of their sizes to base 10.
    zero_share : float
        The share of the eigenvalue 0 among all.
    """

    net: Ensemble
    signs: Array
    log_sizes: Array
    zero_share: float


def draw_spectrum(
    out: Path, *, networks: int = 30, seed: int = 0, jobs: int = 1, width: int = 16, depths: Sequence[int] = (4, 16, 64)
) -> None:
    """Draw histograms of the eigenvalues of the Hessian of f, positive ones upwards and negative ones downwards.

    Parameters
    ----------
    out : Path
        A .pdf, .png or .svg file.
    networks : int
        The number of networks per depth, at most; fewer are drawn at great depth.
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.
    width : int
        The width of all networks.
    depths : sequence of int
        At most three depths.

    Notes
    -----
    On the left are linear networks at Xavier initialization, on the right ReLU networks at He. Each eigenvalue is
    divided by |x||v| of its network.
    """
    require_file(out)
    nets = [family.at(width=width, depth=depth) for family in FAMILIES for depth in depths]
    with worker_pool(jobs) as workers:
        tasks = ((net, max(1, min(networks, 16 * networks // int(net.depth))), seed) for net in nets)
        found = list(in_task_order(_pooled, tasks, workers))
    figure = canvas(10, 4.8)
    panels = figure.subplots(1, len(FAMILIES), sharey=True)
    for axes, family in zip(panels, FAMILIES, strict=True):
        _panel(axes, [pool for pool in found if pool.net.activation == family.activation])
        axes.set_title(f"{TITLES[family.activation]}, width {width}", fontsize=10)
    panels[0].set_ylabel("share among the eigenvalues that are not 0\nnegative ones below, positive ones above")
    save(figure, out)


def _pooled(net: Ensemble, networks: int, seed: int) -> Pooled:
    """Return all eigenvalues of so many networks."""
    signs, sizes, zeros, parameters = [], [], 0, 0
    x = np.eye(1, int(net.width or 1))[0]
    for number in range(networks):
        network = Network.sample(net, seed * networks + number)
        assert network.readout is not None
        spectrum = hessian_spectrum(network, x)
        signs.append(np.sign(spectrum.eigenvalues))
        sizes.append((spectrum.log_sizes - math.log(np.linalg.norm(network.readout))) / math.log(10))
        zeros, parameters = zeros + spectrum.zeros, parameters + network.parameters
    return Pooled(net, np.concatenate(signs), np.concatenate(sizes), zeros / parameters)


def _panel(axes: Any, pools: Sequence[Pooled]) -> None:
    for pool, colour in zip(pools, _COLOURS, strict=False):
        label = f"$L = {pool.net.depth}$: {100 * pool.zero_share:.0f} % of all eigenvalues are 0"
        for sign in (1, -1):
            counts, _ = np.histogram(pool.log_sizes[pool.signs == sign], _BINS)
            axes.stairs(sign * counts / max(1, len(pool.signs)), 10**_BINS, color=colour, linewidth=1.3,
                        label=label if sign > 0 else None)  # fmt: skip
    axes.set_axisbelow(True)
    axes.axhline(0, color="0.35", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlabel(r"$|\lambda|\,/\,|x||v|$")
    axes.yaxis.set_major_formatter(lambda share, _: f"{abs(share):.2f}")
    axes.grid(visible=True, color="0.92")
    axes.legend(fontsize=8, loc="upper left")


FIGURE = Figure(draw_spectrum)
