"""The figure ``spectrum``: all eigenvalues of Hessians of single networks, at one width and several depths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from montecarlo import worker_pool
from montecarlo.arrays import Array
from montecarlo.curvature import Network, hessian_spectrum
from montecarlo.workers.workers import in_task_order
from proofs_check.figures import Figure
from proofs_check.figures.curvature import TITLES
from proofs_check.reporting.colours import BLUE, GREEN, VERMILLION
from proofs_check.reporting.pictures import Key, Level, Look, Panel, Picture, Series
from proofs_check.reporting.watched import Watched
from proofs_check.studies.curvature import FAMILIES
from theory.ensembles import Ensemble

if TYPE_CHECKING:
    from proofs_check.reporting.watched import Told

_COLOURS = (BLUE, GREEN, VERMILLION)
_BINS = np.linspace(-7, 3, 51)
_MIDDLES = tuple(float(middle) for middle in 10 ** ((_BINS[:-1] + _BINS[1:]) / 2))


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


def make_spectrum(
    *,
    networks: int = 30,
    seed: int = 0,
    jobs: int = 1,
    told: Told | None = None,
    width: int = 16,
    depths: Sequence[int] = (4, 16, 64),
) -> Picture:
    """Return histograms of the eigenvalues of the Hessian of f, positive ones upwards and negative ones downwards.

    Parameters
    ----------
    networks : int
        The number of networks per depth, at most; fewer are drawn at great depth.
    seed : int
        The root seed.
    jobs : int
        The number of worker processes.
    told : callable, optional
        Called with what is being done and how far it is.
    width : int
        The width of all networks.
    depths : sequence of int
        At most three depths.

    Notes
    -----
    On the left are linear networks at Xavier initialization, on the right ReLU networks at He. Each eigenvalue is
    divided by |x||v| of its network.
    """
    nets = [family.at(width=width, depth=depth) for family in FAMILIES for depth in depths]
    with worker_pool(jobs) as workers:
        tasks = ((net, max(1, min(networks, 16 * networks // int(net.depth))), seed) for net in nets)
        found = list(in_task_order(_pooled, tasks, Watched(workers, "eigenvalues", told)))
    of_family = ([pool for pool in found if pool.net.activation == family.activation] for family in FAMILIES)
    panels = tuple(
        _panel(f"{TITLES[str(family.activation)]}, width {width}", pools)
        for family, pools in zip(FAMILIES, of_family, strict=True)
    )
    highest = max(value for panel in panels for one in panel.series for value in one.value)
    return Picture(
        tuple(replace(panel, y_limits=(-1.08 * highest, 1.9 * highest)) for panel in panels), screen=(10, 4.8)
    )


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


def _panel(title: str, pools: Sequence[Pooled]) -> Panel:
    """Return the histograms of one family; those of negative eigenvalues are negative."""
    series, keys = [], []
    for pool, colour in zip(pools, _COLOURS, strict=False):
        look = Look(colour, line="-", weight=1.1)
        for sign, name in ((1, "above"), (-1, "below")):
            counts, _ = np.histogram(pool.log_sizes[pool.signs == sign], _BINS)
            shares = [float(share) for share in sign * counts / max(1, len(pool.signs))]
            name = f"L = {pool.net.depth}: share of those {name} 0"
            series.append(Series(name, _MIDDLES, shares, look=look, edges=tuple(10**_BINS)))
        keys.append(Key(f"$L = {pool.net.depth}$: {100 * pool.zero_share:.0f} % of all eigenvalues are 0", look))
    return Panel(
        title, tuple(series), title, r"$|\lambda|\,/\,|x||v|$",
        "share of eigenvalues that are not 0\n(negative ones below)", x_scale="log",
        y_format=_unsigned, x_axis="size", y_axis="share", levels=(Level(0, "-", "0.35"),),
        keys=tuple(keys),
    )  # fmt: skip


def _unsigned(share: float) -> str:
    return f"{abs(share):.2f}"


FIGURE = Figure(make_spectrum)
