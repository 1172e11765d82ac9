"""The benchmark of sampling: every side draws the networks that it says; no clock is read here."""

from __future__ import annotations

import math

import pytest

from benchmarks.sampling import ours, peers
from benchmarks.sampling.__main__ import Row, agrees, table, takes_part
from benchmarks.sampling.work import Work, all_work
from theory import LogGradientLaw, LogNormLaw

SMALL = [
    Work(quantity, kind, dtype, 8, 4)
    for quantity in ("forward", "gradient")
    for kind in ("he-relu", "xavier-uniform")
    for dtype in ("float32", "float64")
]


RELU = [work for work in SMALL if work.is_relu]


@pytest.mark.parametrize("work", RELU, ids=lambda work: work.name)
@pytest.mark.parametrize("side", ["direct", "law-exact", "NumPy loop"])
def test_the_median_is_that_of_the_exact_law(work: Work, side: str) -> None:
    networks = 4000
    median = {**ours.SIDES, **peers.SIDES}[side](work, networks, 1)
    assert agrees(work, median, networks, side)
    assert not agrees(work, median + 0.5, networks, side)


def test_the_law_exact_engine_takes_part_where_the_weights_are_normal() -> None:
    assert {work.kind for work in SMALL if takes_part("law-exact", work)} == {"he-relu"}
    assert {work.quantity for work in SMALL if takes_part("law-exact, v = ones", work)} == {"gradient"}


@pytest.mark.parametrize("quantity", ["forward", "gradient"])
def test_uniform_networks_of_ours_and_the_loop_have_the_same_median(quantity: str) -> None:
    work = Work(quantity, "xavier-uniform", "float64", 6, 3)
    both = [side(work, 8000, 2) for side in (ours.direct, peers.numpy_loop)]
    law = (LogNormLaw if quantity == "forward" else LogGradientLaw)(ours.ensemble(work).at(law="normal"))
    # the slope of the distribution function, of the normal law and near enough, turns distances into probabilities
    distance = abs(law.cdf(both[0]) - law.cdf(both[1]))
    assert distance <= 3 * math.sqrt(math.log(4e6) / (2 * 8000))


def test_random_numbers_are_as_many_as_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    filled = []
    monkeypatch.setattr(ours.Weights, "fill", lambda self, rng, out: filled.append(out.size))
    work = Work("forward", "he-relu", "float64", 64, 64)
    assert math.isnan(ours.random_numbers(work, 10, 0))
    assert abs(sum(filled) - 10 * 64**3) <= 2 * 2**17


def test_every_piece_of_work_is_there_once() -> None:
    names = [work.name for work in all_work()]
    assert len(set(names)) == len(names) == 32


def test_ratios_are_to_the_best_peer() -> None:
    work = SMALL[0]
    rows = [
        Row(work.name, "direct", 10, 2e-6, 4e-6, 0.0),
        Row(work.name, "random numbers", 10, 1e-6, 2e-6, math.nan),
        Row(work.name, "NumPy loop", 10, 8e-6, 8e-6, 0.0),
        Row(work.name, "JAX jit(vmap)", 10, 4e-6, 8e-6, 0.0),
        Row(work.name, "torch.func vmap(grad)", 0, math.nan, math.nan, math.nan, "other networks"),
    ]
    lines = "\n".join(table(work, rows)).splitlines()
    columns = {line[2:26].strip(): line[26:].split() for line in lines[2:]}
    assert columns["direct"] == ["2", "2", "1"]
    assert columns["NumPy loop"] == ["8", "0.5", "4"]
    assert columns["torch.func vmap(grad)"] == ["other", "networks"]
    assert "direct runs at 50% of what random numbers alone allow" in lines[-1]
