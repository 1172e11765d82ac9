r"""The study ``weight-norm``: loss and ratios of neurons over :math:`p = \log\frac1L`, by normalization and depth.

*Loss.* A chain of n weights on one example: :math:`ntLp^2`, which tends to 1 with exponential weight normalization at
every depth, and grows like :math:`p^{2/n}` without.

*Ratio.* Two products of n weights on one example, with slopes x = (2, 1), both from 1: that of the first to the second.
With exponential normalization it grows like p/4 at every depth; without it is at most 2 for n = 1, a power for n = 2,
and in proportion to p from n = 3 on.

Lines are theory's closed forms (:mod:`theory.dynamics.weight_norm`), points are flows of real weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from montecarlo import Workers
from montecarlo.training.weight_norm.log_loss_flow import log_loss_flow
from montecarlo.training.weight_norm.models import Products
from montecarlo.workers.workers import in_task_order
from proofs_check.studies import Study
from proofs_check.tables.model import Column, Table, Text, table_of_texts

Kind = tuple[str, int]
"""A family and a depth."""

KINDS: tuple[Kind, ...] = (("exponential", 1), ("exponential", 3), ("plain", 1), ("plain", 2), ("plain", 3))
SLOPES = (2, 1)
TIMED = (2.0, 100.0)
"""Between which p times are followed."""
RATIOS = (10.0, 1e5)
"""Between which p ratios are."""

COLUMNS: tuple[str | Column, ...] = (
    *("family", "n", "log(1/L)"),
    *(Column(Text(what), Text("n t L p^2")) for what in ("flow", "theory")),
    "log(1/L) of two",
    *(Column(Text(what), Text("p_1/p_2")) for what in ("flow", "theory")),
)


@dataclass(frozen=True)
class Followed:
    """What the flows of one kind have reached.

    Attributes
    ----------
    kind : (str, int)
        Family and depth.
    rates : tuple of (float, float)
        p, and n t L p^2 of a chain.
    ratios : tuple of (float, float, float)
        p, the ratio of both products, and the larger product.
    """

    kind: Kind
    rates: tuple[tuple[float, float], ...]
    ratios: tuple[tuple[float, float, float], ...]


def levels(ends: tuple[float, float], per_decade: int) -> list[float]:
    """Return levels of p between two ends, so many for each power of ten.

    Examples
    --------
    >>> levels((10.0, 1e3), 1)
    [10.0, 100.0, 1000.0]
    """
    count = max(round(math.log10(ends[1] / ends[0]) * per_decade), 1)
    return [float(f"{p:.6g}") for p in np.geomspace(*ends, count + 1)]


def measured(per_decade: int, *, workers: Workers) -> Iterator[Followed]:
    """Follow the flows of all kinds.

    Parameters
    ----------
    per_decade : int
        How many levels there are for a power of ten in p.
    workers : Workers
        Each worker takes one kind at a time.

    Yields
    ------
    Followed
        In the order of :data:`KINDS`.
    """
    return in_task_order(_followed, [(*kind, per_decade) for kind in KINDS], workers)


def rate(kind: Kind, p: float) -> float:
    r"""Return :math:`ntLp^2` of a chain from p = 1, by theory.

    Parameters
    ----------
    kind : (str, int)
        Family and depth.
    p : float
        log(1/L), above 1.

    Examples
    --------
    >>> round(rate(("exponential", 3), 30.0), 4), round(rate(("plain", 1), 30.0), 1)
    (1.0744, 900.0)
    """
    import sympy as sp  # imported here, as workers that train need no SymPy

    from theory.balls import enclose
    from theory.dynamics.weight_norm.loss_clock import chain_time

    family, n = kind
    q = sp.Rational(p)
    return float(enclose(n * chain_time(q, 1, n, family) * q**2 * sp.exp(-q)))


def partner(kind: Kind, winner: float) -> float:
    """Return the second product when the first is at that value, by theory; both start at 1.

    Parameters
    ----------
    kind : (str, int)
        Family and depth.
    winner : float
        The first product, at least 1.

    Examples
    --------
    >>> round(partner(("exponential", 1), 1e6), 9), partner(("plain", 1), 101.0)
    (1.999998, 51.0)
    """
    import sympy as sp

    from theory.balls import enclose
    from theory.dynamics.weight_norm.competition import product_exponent, product_partner

    family, n = kind
    first, second = SLOPES
    if family == "plain" and n <= 2:  # p/x, or p^(1/x), grow at one rate
        return 1 + (winner - 1) * second / first if n == 1 else winner ** (second / first)
    value = product_partner(1, second, first, 1, sp.Rational(winner), product_exponent(n, family))
    return float(enclose(value))


def weight_norm_table(workers: Workers, *, samples: int, seed: int) -> Table:
    """Return the numbers that the figure ``weight-norm`` shows, at the levels of its points.

    Parameters
    ----------
    workers : Workers
        Where flows are followed.
    samples : int
        The number of levels for a power of ten in p.
    seed : int
        The root seed, of which nothing depends here.
    """
    rows = [row for found in measured(samples, workers=workers) for row in _rows(found)]
    caption = (
        "weight-norm: exponential weight normalization and none, by depth n: n t L p^2 of a chain, p = log(1/L), from "
        "p = 1, and the ratio of two products of n weights with slopes 2 and 1, both from 1; theory: closed forms "
        f"(nothing is random: seed {seed} changes nothing)"
    )
    return table_of_texts("weight-norm", caption, COLUMNS, rows, stub=2)


def _followed(family: str, n: int, per_decade: int) -> Followed:
    timed, far = levels(TIMED, per_decade), levels(RATIOS, per_decade)
    chain = log_loss_flow(Products([1], n), np.ones((1, n)), family, timed, timed=True, rtol=1e-7)
    assert chain.log_times is not None
    rates = n * np.exp(chain.log_times[0] - chain.levels) * chain.levels**2
    two = log_loss_flow(Products(SLOPES, n), np.ones((1, 2 * n)), family, far)
    products = two.weights[0].reshape(len(far), 2, n).prod(axis=2)
    return Followed(
        (family, n),
        tuple(zip(timed, map(float, rates), strict=True)),
        tuple((p, float(a / b), float(a)) for p, (a, b) in zip(far, products, strict=True)),
    )


def _rows(found: Followed) -> Iterator[tuple[str, ...]]:
    family, n = found.kind
    for place in range(max(len(found.rates), len(found.ratios))):
        cells: list[str] = ["none" if family == "plain" else family, str(n)]
        if place < len(found.rates):
            p, value = found.rates[place]
            cells += [f"{p:.4g}", f"{value:.4g}", f"{rate(found.kind, p):.4g}"]
        else:
            cells += ["", "", ""]
        if place < len(found.ratios):
            p, ratio, winner = found.ratios[place]
            cells += [f"{p:.4g}", f"{ratio:.4g}", f"{winner / partner(found.kind, winner):.4g}"]
        else:
            cells += ["", "", ""]
        yield tuple(cells)


def lines(per_decade: int) -> Sequence[float]:
    """Return the values of the larger product at which theory's lines of ratios are computed."""
    return levels((2.0, RATIOS[1] / SLOPES[0]), per_decade)


STUDY = Study(weight_norm_table, {"quick": 1, "full": 4})
