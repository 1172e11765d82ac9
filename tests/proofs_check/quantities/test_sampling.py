"""`sample` at scale: which method it picks, what it says where a plain answer would be false."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import pytest

from theory import Ensemble, LogNormLaw

NET = "--width 8 --depth 5 --activation relu --init he"


def test_a_precision_that_is_not_reached_is_said(vanishing):
    short = f"sample median {NET} --within 0.01 --samples 500"
    assert "not as sharp as asked for" in vanishing(short).out
    assert json.loads(vanishing(f"{short} --format json").out)["within_reached"] is False
    reached = json.loads(vanishing(f"sample median {NET} --within 0.2 --engine law-exact --format json").out)
    assert "within_reached" not in reached
    lo, hi = reached["log_interval"]
    assert (hi - lo) / 2 <= math.log1p(0.2)
    assert reached["samples"] < 10_000_000


@pytest.mark.parametrize(("width", "depth", "c"), [(32, 32, "1e20"), (8, 30, "1e12")])
def test_a_rare_event_is_tilted_and_its_interval_holds_the_exact_logarithm(vanishing, width, depth, c):
    """Error probability 1e-6 each."""
    sampled = vanishing(
        f"sample exceedance --width {width} --depth {depth} --c {c} --samples 20000 --confidence 0.999999 --format json"
    )
    answer = json.loads(sampled.out)
    assert "tilted" in answer["method"]
    net = Ensemble(width=width, depth=depth)
    exact = LogNormLaw(net).enclosed_exceedance(math.log(Fraction(c)), 12)
    lo, hi = answer["log_interval"]
    assert lo <= float(exact.log()) <= hi


def test_no_number_is_called_0_that_is_not(vanishing):
    rare = "exceedance --width 32 --depth 32 --c 1e20"
    derived = json.loads(vanishing(f"derive {rare} --format json").out)
    assert derived["float"] is None
    assert -408 < derived["log10"] < -407
    assert "= 0" not in vanishing(f"derive {rare} --format latex").out
    sampled = json.loads(vanishing(f"sample {rare} --format json").out)
    assert sampled["estimate"] is None
    assert sampled["interval"] == [None, None]
    assert "e-408" in vanishing(f"sample {rare}").out


def test_a_heavy_tailed_mean_is_bred_and_its_assumptions_recorded(vanishing):
    """Error probability 1e-6: 1 lies in the interval, which is shorter than 1/2."""
    ran = vanishing(
        "sample activation --width 8 --depth 100 --activation relu --init he --law uniform --samples 100000 "
        "--confidence 0.999999 --jobs 2 --format json"
    )
    answer = json.loads(ran.out)
    lo, hi = answer["interval"]
    assert lo <= 1 <= hi
    assert hi - lo < 0.5
    assert "particles" in answer["method"]
    assert any("|a_k|^2 | a_{k-1}" in assumption for assumption in answer["assumptions"])


def test_one_block_is_that_part_of_the_whole(vanishing, tmp_path):
    whole = json.loads(vanishing(f"sample median {NET} --samples 200000 --format json").out)
    block = json.loads(vanishing(f"sample median {NET} --samples 200000 --block 1 --format json").out)
    assert 0 < block["samples"] < whole["samples"]
    assert "asked" not in block


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ("--width 10000000000", "--width"),
        ("--depth 1000000000000", "--depth"),
        ("--engine law-exact --law uniform", "--engine"),
        ("--engine law-exact --init orthogonal", "--engine"),
        ("--engine law-exact --dtype float32", "--dtype"),
        ("--engine lawexact", "--engine"),
        ("--dtype float16", "--dtype"),
        ("--block 7", "--block"),
        ("--within 2", "--within"),
        ("--store /no/such/folder/file", "--store"),
        ("--cluster nowhere", "--cluster"),
        ("--samples 1e5", "--samples"),
    ],
)
def test_settings_that_cannot_be_are_one_line(vanishing, changes, argument):
    ran = vanishing(f"sample median --width 8 --depth 5 {changes}")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"vanishing: {argument}: ")
    assert ran.err.count("\n") == 1


def test_the_law_exact_engine_answers_as_the_direct_one(vanishing):
    """Two intervals of one median, each missed with probability 1e-6 at most."""
    answers = [
        json.loads(vanishing(f"sample median {NET} --confidence 0.999999 --engine {engine} --format json").out)
        for engine in ("direct", "law-exact")
    ]
    exact = LogNormLaw(Ensemble(width=8, depth=5, activation="relu", init="he")).median()
    for answer in answers:
        lo, hi = answer["log_interval"]
        assert lo <= exact <= hi
    assert answers[0]["log_estimate"] != answers[1]["log_estimate"]


def test_a_block_of_the_hessian_is_sampled(vanishing):
    """Error probability 1e-6."""
    ran = vanishing("sample hessian --layers 1,3 --width 4 --depth 3 --confidence 0.999999 --format json")
    exact = json.loads(vanishing("derive hessian --layers 1,3 --width 4 --depth 3 --format json").out)["float"]
    lo, hi = json.loads(ran.out)["interval"]
    assert lo <= exact <= hi
