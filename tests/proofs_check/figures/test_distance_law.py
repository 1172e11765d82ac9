"""Distances from the minimum-norm solution, as figure and table: means by quadrature, and networks by hand."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest
from scipy.special import roots_genlaguerre

from montecarlo import catoni_interval, serial, simulate, worker_pool
from proofs_check.figures.distance_law import make_distance_law
from proofs_check.statements.linear2.random_starts import variance
from proofs_check.studies.distance_law import EXPONENTS, distance_law_table, limit_law, measured, net, theory

HALF, LESS = EXPONENTS


def by_quadrature(exponent, width):
    """3 s^2 E sqrt(s^4 chi chi' + 9/4), by Gauss and Laguerre."""
    nodes, weights = roots_genlaguerre(80, width / 2 - 1)
    weights = weights / weights.sum()
    s2 = width ** (-2 * float(exponent))
    return 3 * s2 * weights @ np.sqrt(s2**2 * 4 * np.outer(nodes, nodes) + 9 / 4) @ weights


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("width", [4, 10, 64])
def test_lines_are_means_by_quadrature(exponent, width):
    assert theory(exponent, width) == pytest.approx(by_quadrature(exponent, width), rel=1e-6)


def test_limit_laws_are_typed_in_again():
    for width in (4, 100):
        assert limit_law(HALF, width) == pytest.approx(3 * math.sqrt(1 + 9 / 4) / width)
        assert limit_law(LESS, width) == pytest.approx(3 / math.sqrt(width))
    over = [[theory(exponent, width) / limit_law(exponent, width) for width in (16, 256)] for exponent in EXPONENTS]
    assert over[0][0] < over[0][1] < 1 < over[1][1] < over[1][0]


@dataclass(frozen=True)
class ByHand:
    """Log of |U_2 v|^2 when u.v is 3/2, where u + v is multiplied by a number, and u - v divided by it."""

    name: ClassVar[str] = "ByHand"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def components(self, _):
        return ("distance",)

    def measure(self, chunk):
        rows = []
        for first, (v,) in zip(chunk.weights(1), chunk.weights(2), strict=True):
            u, off = first[:, 0].astype(float), first[:, 1:].astype(float)
            plus, minus = u + v, u - v
            # |u+v|^2 z - |u-v|^2/z = 4 theta
            z = max(np.roots([plus @ plus, -6, -(minus @ minus)]))
            end = (plus * math.sqrt(z) - minus / math.sqrt(z)) / 2
            start = (plus * math.sqrt(z) + minus / math.sqrt(z)) / 2
            assert start @ end == pytest.approx(3 / 2)
            rows.append(math.log(((off.T @ end) ** 2).sum()))
        return np.array(rows)[:, None]


def test_points_are_means_over_networks_followed_by_hand():
    chosen = [(HALF, 4), (LESS, 16)]
    with serial() as workers:
        points = list(measured(chosen, samples=300, seed=4, workers=workers))
    for point, (exponent, width) in zip(points, chosen, strict=True):
        networks = net(exponent, width)
        assert float(networks.variance(1)) == pytest.approx(width ** (-2 * float(exponent)), rel=1e-15)
        logs = simulate(networks, [ByHand()], samples=300, seed=4)[ByHand()].log_values("distance")
        expected = catoni_interval(np.exp(logs), float(variance(networks, "distance")), 0.99e-4)
        assert (point.exponent, point.width) == (exponent, width)
        for end in ("lo", "value", "hi"):
            assert getattr(point.mean, end) == pytest.approx(getattr(expected, end), rel=1e-9)


def test_intervals_contain_the_exact_mean():
    chosen = [(HALF, 4), (HALF, 32), (LESS, 8), (LESS, 64)]
    with serial() as workers:
        points = list(measured(chosen, samples=3000, seed=8, workers=workers))
    for point in points:  # each misses with probability at most 1e-4
        assert point.mean.lo < theory(point.exponent, point.width) < point.mean.hi
        assert point.mean.hi - point.mean.lo < 0.2 * point.mean.value


def test_figure_and_table_have_the_same_numbers():
    left, right = make_distance_law(samples=100, seed=2, widths=(4, 8)).panels
    chosen = [(exponent, width) for exponent in EXPONENTS for width in (4, 8)]
    with serial() as here, worker_pool(2) as there:
        table, again = (distance_law_table(workers, samples=100, seed=2, chosen=chosen) for workers in (here, there))
    assert table == again
    assert {len(one.x) for one in left.series if one.look.line} == {5}  # 4, 5, 6, 7, 8
    for (exponent, width), row in zip(chosen, table.texts, strict=True):
        assert row[:3] == (str(exponent), str(width), f"{width ** (-2 * float(exponent)):.4g}")
        shown = {
            one.name: dict(zip(one.x, one.points(), strict=True))[width]
            for one in left.series
            if f"a = {exponent}:" in one.name
        }
        point = shown[f"a = {exponent}: mean, measured"]
        assert row[3:5] == (f"{point.value:.4g}", f"[{point.lo:.4g}, {point.hi:.4g}]")
        exact, law = (
            shown[f"a = {exponent}: exact mean, theory"].value,
            shown[f"a = {exponent}: limit law, theory"].value,
        )
        assert row[5:] == (f"{exact:.4g}", f"{law:.4g}", f"{exact / law:.4g}")
        over = {one.name: dict(zip(one.x, one.points(), strict=True))[width] for one in right.series}
        assert over[f"a = {exponent}: exact mean, theory"].value == pytest.approx(exact / law)
        ends = (over[f"a = {exponent}: mean, measured"].lo, over[f"a = {exponent}: mean, measured"].hi)
        assert ends == (pytest.approx(point.lo / law), pytest.approx(point.hi / law))
    assert Fraction(1, 2) in EXPONENTS
    assert "over 100 networks" in table.caption.plain
