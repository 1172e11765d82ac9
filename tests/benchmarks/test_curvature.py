"""The benchmark of curvature: truths agree with each other and with f itself, wrong answers are told; no clock here."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from benchmarks.curvature import __main__ as command
from benchmarks.curvature import by_hand, ours, peers, reference
from benchmarks.curvature.__main__ import Cannot, Process, Row, measured, table, tuned
from benchmarks.curvature.sides import Effort, Side, TooLarge
from benchmarks.curvature.work import Array, Given, Work, all_work, networks
from benchmarks.curvature.worker import answer

SMALL = [Work(quantity, kind, 4, 3) for quantity in ("full", "extremes") for kind in ("he-relu", "xavier-linear")]
KINDS = [work for work in SMALL if work.quantity == "full"]


class Here:
    """A side in this process, on a clock of its own: the effort says how many seconds a network takes."""

    def __init__(self, name: str, side: Side, work: Work) -> None:
        self.side = side

    def ask(self, work: Work, networks: int, effort: Effort, *, spectra: bool = False) -> dict[str, Any]:
        asked = {"work": vars(work), "networks": networks, "effort": effort, "spectra": spectra}
        found = answer(self.side, asked)
        if "failure" in found:
            raise Cannot(found["failure"])
        return {**found, "seconds": found["networks"] * effort.get("cost", 1e-3)}

    def close(self) -> None:
        pass


def output(given: Given, flat: Array) -> float:
    a = given.x
    for w in flat.reshape(len(given.weights), len(a), len(a)):
        a = np.maximum(w @ a, 0) if given.relu else w @ a
    return float(given.v @ a)


@pytest.mark.parametrize("work", KINDS, ids=lambda work: work.name)
def test_the_dense_hessian_is_that_of_f(work: Work) -> None:
    for given in networks(work):
        flat = np.concatenate([w.ravel() for w in given.weights])
        # f is linear in each weight and no mask flips so near by: mixed differences are exact but for rounding
        h = 1e-5
        steps = h * np.eye(flat.size)
        once = [output(given, flat + step) for step in steps]
        hessian = by_hand.dense(*given)
        for i, j in itertools.combinations(range(flat.size), 2):
            difference = output(given, flat + steps[i] + steps[j]) - once[i] - once[j] + output(given, flat)
            assert abs(difference / h**2 - hessian[i, j]) <= 2e-5
        assert np.array_equal(hessian, hessian.T)
        assert not hessian.diagonal().any()
        assert np.abs(hessian).max() >= 1e-2


@pytest.mark.parametrize("work", KINDS, ids=lambda work: work.name)
def test_products_are_those_with_the_dense_hessian(work: Work) -> None:
    for given in networks(work):
        hessian, times = by_hand.dense(*given), by_hand.product(*given)
        directions = np.random.default_rng(3).standard_normal((5, len(hessian)))
        rounding = 1e-15 * len(hessian) * np.abs(hessian).max()
        assert np.abs(times(directions) - directions @ hessian).max() <= rounding
        assert np.abs(times(directions[0]) - hessian @ directions[0]).max() <= rounding


@pytest.mark.parametrize("work", KINDS, ids=lambda work: work.name)
def test_truths_agree(work: Work) -> None:
    for given in networks(Work("full", work.kind, 6, 5)):
        true = np.linalg.eigvalsh(by_hand.dense(*given))
        assert reference.error(Work("full", work.kind, 6, 5), reference.low_rank(given), true) <= 1e-13
        assert reference.error(Work("extremes", work.kind, 6, 5), reference.ends(given), true[[0, -1]]) <= 1e-12


@pytest.mark.parametrize("work", SMALL, ids=lambda work: work.name)
def test_controls_are_accurate_in_a_process_of_their_own(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_LEAST_SECONDS", 0.0)
    name = "NumPy dense + eigvalsh" if work.quantity == "full" else "NumPy by hand + eigsh"
    (row,) = measured(work, {name: peers.SIDES[name]}, 1, Process)
    assert row.failure == ""
    assert row.error <= reference.ACCURATE
    assert row.checked == work.networks
    assert row.seconds > 0
    assert row.peak > 10


def off_by(relative: float, full: bool = True) -> Side:
    def wrong(weights: list[Array], v: Array, x: Array, relu: bool, **_: object) -> Array:
        spectrum = np.linalg.eigvalsh(by_hand.dense(weights, v, x, relu))
        spectrum[-1] += relative * np.abs(spectrum if full else spectrum[-1]).max()
        return spectrum if full else spectrum[[0, -1]]

    return Side(full=wrong) if full else Side(extremes=wrong)


@pytest.mark.parametrize("work", SMALL, ids=lambda work: work.name)
def test_a_wrong_answer_is_wrong_and_sets_no_ratio(work: Work) -> None:
    is_full = work.quantity == "full"
    right, wrong = off_by(1e-12, is_full), off_by(1e-8, is_full)
    rows = measured(work, {"right": right, "wrong": wrong}, 1, Here)
    assert [row.failure for row in rows] == ["", "wrong by 1e-08"]
    lines = table(work, [Row(work.name, "wrong", 1e-9, rows[1].error, 3, 50.0, failure=rows[1].failure), rows[0]])
    assert lines[2].split()[:5] == ["wrong", "0.001", "-", "1.0e-08", "50"]
    assert lines[2].endswith("wrong by 1e-08")
    assert lines[3].split()[:3] == ["right", "1000", "1"]


def test_the_command_fails_where_an_answer_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "all_work", lambda: iter(SMALL[:1]))
    monkeypatch.setattr(ours, "SIDES", {})
    monkeypatch.setattr(command.measured, "__defaults__", (Here,))
    codes = []
    for relative in (1e-12, 1e-8):
        monkeypatch.setattr(peers, "SIDES", {"side": off_by(relative)})
        codes.append(command.main(["--repeat", "1"]))
    assert codes == [0, 1]
    assert capsys.readouterr().out.count("wrong by") == 1


def test_defaults_of_a_package_are_shown_with_their_error_and_are_no_failure() -> None:
    side = Side(full=off_by(1e-3).full, as_delivered=True)
    (row,) = measured(SMALL[0], {"package": side}, 1, Here)
    assert row.failure == ""
    assert row.error == pytest.approx(1e-3)
    assert not row.is_accurate


def test_errors_see_a_missing_eigenvalue_and_one_too_many() -> None:
    work = SMALL[0]
    true = np.array([-2.0, -1.0, 0.0, 0.5, 3.0])
    assert reference.error(work, np.array([3.0, -1.0, 0.5, -2.0]), true) == 0
    assert reference.error(work, np.array([-2.0, 0.5, 3.0]), true) == pytest.approx(1 / 3)
    assert reference.error(work, np.array([-2.0, -1.0, 0.5, 3.0, 0.3]), true) == pytest.approx(0.1)
    assert reference.error(work, np.zeros(work.parameters + 1), true) == math.inf
    assert reference.error(work, np.array([math.nan, 3.0]), true) == math.inf
    ends = SMALL[2]
    assert reference.error(ends, np.array([3.0, -2.002]), true[[0, -1]]) == pytest.approx(1e-3)
    assert reference.error(ends, np.array([3.0]), true[[0, -1]]) == math.inf


@pytest.mark.parametrize("work", [work for work in SMALL if work.quantity == "extremes"], ids=lambda work: work.name)
def test_the_effort_is_the_fastest_of_those_that_are_just_enough(work: Work) -> None:
    def ends(weights: list[Array], v: Array, x: Array, relu: bool, *, off: float, cost: float) -> Array:
        return np.linalg.eigvalsh(by_hand.dense(weights, v, x, relu))[[0, -1]] * (1 + off)

    side = Side(extremes=ends)
    ladders = [
        [{"off": 1e-3, "cost": 1.0}, {"off": 1e-11, "cost": 4.0}, {"off": 0.0, "cost": 2.0}],
        [{"off": 1e-9, "cost": 1.0}, {"off": 1e-12, "cost": 3.0}],
        [{"off": 1e-4, "cost": 0.5}],
    ]
    assert tuned(Here("", side, work), work, ladders) == {"off": 1e-12, "cost": 3.0}
    assert tuned(Here("", side, work), work, ladders[2:]) == {"off": 1e-4, "cost": 0.5}


def test_an_effort_that_fails_on_the_other_networks_is_raised() -> None:
    work = Work("extremes", "xavier-linear", 3, 2, 30)
    hard = networks(work)[-1].v

    def ends(weights: list[Array], v: Array, x: Array, relu: bool, *, effort: int) -> Array:
        found = np.linalg.eigvalsh(by_hand.dense(weights, v, x, relu))[[0, -1]]
        return found * (1 + 1e-5 * (effort < (2 if np.array_equal(v, hard) else 1)))

    ladder = [{"effort": effort} for effort in range(4)]
    assert tuned(Here("", Side(extremes=ends), work), work, [ladder]) == {"effort": 2}


def test_a_batch_side_gets_all_networks_at_once_and_the_others_one_by_one() -> None:
    work = Work("extremes", "he-relu", 4, 3, 5)
    asked = []

    def batch(weights: list[Array], v: Array, x: Array, relu: bool) -> list[Array]:
        asked.append((len(weights), weights[0].shape, v.shape, x.shape, relu))
        return [np.zeros(2)] * len(v)

    def one(weights: list[Array], v: Array, x: Array, relu: bool) -> Array:
        return np.array([v[0], weights[-1][0, 0]])

    both = {"work": vars(work), "networks": 7, "effort": {}, "spectra": True}
    found = answer(Side(extremes=one, extremes_batch=batch), both)
    assert asked == [(3, (5, 4, 4), (5, 4), (4,), True)] * 2
    assert (found["networks"], len(found["spectra"])) == (10, 5)
    found = answer(Side(extremes=one), both)
    assert found["networks"] == 7
    assert found["spectra"] == [[net.v[0], net.weights[-1][0, 0]] for net in networks(work)]


def test_what_does_not_fit_into_memory_says_its_size() -> None:
    large = next(work for work in all_work() if work.quantity == "full" and work.width == 32)
    side = peers.SIDES["NumPy dense + eigvalsh"]
    with pytest.raises(TooLarge, match=r"8\.59 GB"):
        side.run(large, networks(large)[:1], {})
    (row,) = measured(large, {"NumPy dense + eigvalsh": side}, 1, Here)
    assert table(large, [row])[-1].split(maxsplit=4)[-1] == "the Hessian alone is 8.59 GB"


def test_every_piece_of_work_is_there_once_and_nobody_is_dead() -> None:
    works = list(all_work())
    assert len({work.name for work in works}) == len(works) == 18
    for work in works:
        if work.width < 128:
            assert all(np.abs(by_hand.passes(*given)[0][-1]).max() > 0 for given in networks(work))
            assert len(networks(work)) == work.networks
