"""`sample` at scale: which method it picks, what it says where a plain answer would be false."""

from __future__ import annotations

import json
import math
import re
from fractions import Fraction

import pytest

from theory import Ensemble, LogNormLaw

NET = "--width 8 --depth 5 --activation relu --init he"


def test_a_precision_that_is_not_reached_is_said(vanishing):
    short = f"sample median {NET} --within 1% --samples 500"
    assert re.search(r"not as sharp as asked for: the interval is [\d.]+ times as long; about [\d,]+ networks would do",
                     vanishing(short).out)  # fmt: skip
    assert json.loads(vanishing(f"{short} --format json").out)["within_reached"] is False
    reached = json.loads(vanishing(f"sample median {NET} --within 20% --engine law-exact --format json").out)
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
        ("--within 0", "--within"),
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


def test_mass_at_the_threshold_is_counted(vanishing):
    """0.2109375 of the mass of a Rademacher layer sits at half the norm; error probability 1e-6."""
    asked = "sample exceedance --width 4 --depth 1 --law rademacher --confidence 0.999999 --format json"
    answer = json.loads(vanishing(asked).out)
    lo, hi = answer["interval"]
    assert 0.85 < lo < 0.874755859375 < hi < 0.9
    assert lo < answer["estimate"] < hi


def test_what_rounding_leaves_open_is_counted_both_ways_and_said(vanishing):
    """One branch of a sign beside the identity: |a_1| is 0 or 2."""
    net = "--width 1 --depth 1 --law rademacher --architecture residual:1 --c 4 --samples 100 --format json"
    answer = json.loads(vanishing(f"sample exceedance {net}").out)
    lo, hi = answer["interval"]
    assert lo == 0 < 0.2 < answer["estimate"] < 0.8 < 1
    assert answer["estimate"] < hi
    networks = round(100 * answer["estimate"])
    assert f"{networks} are at the threshold up to rounding, and counted both ways" in answer["method"]


@pytest.mark.parametrize("quantity", ["median", "quantile --p 0.9", "activation", "activation --order 4"])
@pytest.mark.parametrize("options", ["--dtype float32", ""])
def test_the_interval_of_an_isometry_holds_1(vanishing, quantity, options):
    asked = f"sample {quantity} --width 8 --depth 3 --init orthogonal --samples 400 {options} --format json"
    lo, hi = json.loads(vanishing(asked).out)["interval"]
    assert lo < 1 < hi
    assert hi - lo < (1e-3 if options else 1e-10)


@pytest.mark.parametrize("engine", ["direct", "law-exact"])
@pytest.mark.parametrize("variance", ["1e300", "1e-300", "1e400", "1e-400"])
@pytest.mark.parametrize("quantity", ["median", "gradient-median --layer 1", "log-norm", "activation"])
def test_variances_at_the_edge_of_floats_and_beyond(vanishing, quantity, variance, engine):
    """The law is that of variance 1, moved; error probability 1e-6."""
    asked = f"{quantity} --width 6 --depth 3 --format json"
    sampled = f"sample {asked} --samples 2000 --engine {engine} --confidence 0.999999"
    answer = json.loads(vanishing(f"{sampled} --init {variance}").out)
    exact = json.loads(vanishing(f"derive {asked} --init 1").out)
    layers = 2 if quantity.startswith("gradient") else 3
    unit = math.log(exact["float"]) if quantity != "log-norm" else exact["float"]
    truth = unit + layers * math.log(10) * int(variance[2:])
    lo, hi = answer["log_interval"] if "log_interval" in answer else answer["interval"]
    assert lo < truth < hi < lo + 2
    derived = json.loads(vanishing(f"derive {asked} --init {variance}").out)
    known = derived["float"] if quantity == "log-norm" else derived["log"]
    assert known == pytest.approx(truth, rel=1e-12)


def test_a_mean_below_floats_is_not_0(vanishing):
    """E|a_1100|^2 = 2^-1100; error probability 1e-6."""
    asked = "sample activation --width 2000 --depth 1100 --activation relu --engine law-exact --samples 4000"
    answer = json.loads(vanishing(f"{asked} --confidence 0.999999 --format json").out)
    lo, hi = answer["log_interval"]
    assert lo < -1100 * math.log(2) < hi < 0
    assert (answer["estimate"], answer["interval"]) == (None, [None, None])


def test_slopes_that_floats_do_not_tell_from_0_are_refused(vanishing):
    for options in ("--activation leaky:1e-200", "--activation leaky:1e-30 --dtype float32"):
        ran = vanishing(f"sample survival --width 4 --depth 2 {options}")
        assert ran.status == 2
        assert ran.err.startswith("vanishing: --activation: ")


def test_signs_have_norm_1_exactly(vanishing):
    ran = vanishing("sample activation --width 1 --depth 3 --law rademacher --samples 100")
    assert ran.out.startswith("E|a_3|^2 = 1   in [1, 1]")
