"""Stable rates of one's own curvatures: brute force and paths, what is shown, and what is refused."""

import itertools
import json
from fractions import Fraction

import numpy as np
import pytest

from proofs_check import stable_rates
from proofs_check.sgd_stability.showing import as_json
from theory.ensembles import InvalidArgument

FOUR = ["0.5", "0.8", "1", "1.2"]
H = np.array(FOUR, float)


def radius(mu, eta):
    """The spectral radius of second moments over all pairs, by numpy."""
    total = np.zeros((3, 3))
    for pair in itertools.combinations(H, 2):
        a = 1 + mu - eta * np.mean(pair)
        total += np.array([[a * a, -2 * a * mu, mu * mu], [a, -mu, 0], [1, 0, 0]]) / 6
    return max(abs(np.linalg.eigvals(total)))


@pytest.mark.parametrize("mu", ["0", "0.9"])
def test_fresh_minibatches_are_exact_in_mean_square(mu):
    found = stable_rates(FOUR, 2, mu, simulate=False)
    assert isinstance(found.mean_square, Fraction)
    for side in (0.999, 1.001):
        assert (radius(float(mu), side * float(found.mean_square)) < 1) == (side < 1)
    assert (found.mean, found.variance) == (Fraction(7, 8), Fraction(107, 1600))
    assert found.descent == 2 * (1 + Fraction(mu)) / Fraction(7, 8)


def test_paths_turn_where_they_typically_do():
    found = stable_rates(FOUR, 2, seed=3)
    assert [run.verdict for run in found.runs] == ["fall", "grow"]
    assert found.runs[0].rate < float(found.typical) < found.runs[1].rate


def test_with_momentum_paths_halve_in_between_proved_bounds():
    found = stable_rates(FOUR, 2, "1/2", reshuffled=True, seed=3)
    assert found.typical is None
    low, high = (float(bound) for bound in found.bounds)
    falling = [run.rate for run in found.runs if run.verdict == "fall"]
    growing = [run.rate for run in found.runs if run.verdict == "grow"]
    assert low < max(falling) < min(growing) <= high
    assert f"most paths fall at {max(falling):.6g} and grow at {min(growing):.6g}" in str(found)


def test_many_examples_are_bounded_and_one_minibatch_is_gradient_descent():
    many = stable_rates([1 + Fraction(i, 100) for i in range(60)], 20, simulate=False)
    assert many.typical is None
    assert float(many.mean_square) < float(many.descent) < float(many.bounds[1])
    whole = stable_rates(FOUR, 4, "1/2", reshuffled=True, simulate=False)
    assert whole.mean_square == whole.descent == Fraction(24, 7)
    assert float(whole.typical) == pytest.approx(24 / 7)


def test_the_command_says_the_same(vanishing, tmp_path):
    (tmp_path / "h.csv").write_text("curvature\n0.5\n4/5\n1\n1.2\n", encoding="utf-8")
    for given in (",".join(FOUR), str(tmp_path / "h.csv")):
        ran = vanishing(f"stability --curvatures {given} --batch 2 --seed 3 --format json")
        assert (ran.status, ran.err) == (0, "")
        assert ran.out.strip() == as_json(stable_rates(FOUR, 2, seed=3))
    data = json.loads(ran.out)
    assert data["mean_square"] == {"exact": "4200/1891", "float": 4200 / 1891, "enclosed": None}
    text = vanishing("stability --curvatures 1,3 --batch 1 --momentum 1/2 --reshuffled").out
    for said in (
        "2 examples, mean 2, variance 1",
        "every example once in an epoch; momentum 1/2 = 0.5",
        "proved bounds",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--batch 2", "--curvatures: is missing; use e.g. --curvatures 0.5,0.8,1,1.2"),
        ("--curvatures 1,2", "--batch: is missing; use e.g. --batch 2"),
        ("--curvatures 1,x --batch 1", "--curvatures: 'x' is neither a number nor a file; use e.g."),
        ("--curvatures 1,,2 --batch 1", "--curvatures: '1,,2' has an empty entry; use e.g."),
        ("--curvatures none.csv --batch 1", "--curvatures: 'none.csv' is neither a number nor a file"),
        ("--curvatures 1,2 --batch 3", "--batch: must be a whole number from 1 to 2, the number of examples, got 3"),
        ("--curvatures 1,2 --batch 1.5", "--batch: must be an integer, got '1.5'"),
        ("--curvatures 1,-2 --batch 1", "--curvatures: have the mean -1/2, so that no rate is stable"),
        ("--curvatures 1,2 --batch 1 --momentum 1", "--momentum: must be from 0 to less than 1, got 1"),
        ("--curvatures 1,2 --batch 1 --momentum x", "--momentum: must be a number, got 'x'"),
        ("--curvatures 1,2,3 --batch 2 --reshuffled", "--batch: of 2 does not divide the 3 examples"),
        ("--curvatures 1e99,2 --batch 1", "--curvatures: have one that is not from 1e-30 to 1e30 in size"),
        ("--curvatures 1,2 --batch 1 --format xml", "--format: there is no format 'xml'; known: text, json"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(vanishing, options, told):
    ran = vanishing(f"stability {options}")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"vanishing: {told}")
    assert ran.err.count("\n") == 1


def test_bad_arguments_of_the_function_are_refused():
    with pytest.raises(InvalidArgument, match=r"^seed: must be a whole number from 0 on, got -1"):
        stable_rates(FOUR, 2, seed=-1)
    with pytest.raises(InvalidArgument, match=r"^curvatures: are more than 20,000"):
        stable_rates([1] * 20_001, 2)
