"""Paths in a valley: against gradient descent by hand, exact means over minibatches, and one product an epoch."""

import numpy as np
import pytest

from montecarlo.training import Valley
from montecarlo.training.valleys import turning_rates
from theory.ensembles import InvalidArgument


def test_all_examples_together_are_heavy_ball_by_hand():
    psi, before = 1.0, 1.0
    for _ in range(7):
        psi, before = psi - 0.3 * 2 * psi + 0.5 * (psi - before), psi
    found = Valley([1, 3], 2, 0.3, 0.5).paths(steps=7, paths=2, seed=0)
    assert found == pytest.approx(np.full(2, np.log(np.hypot(psi, before) / np.sqrt(2))))


@pytest.mark.parametrize("listed", [True, False])
def test_the_mean_square_of_a_step_is_that_over_all_minibatches(listed):
    """Within 6 standard errors."""
    h = [0.5, 1.0, 2.0, 2.5]
    valley = Valley(h, 2, 0.7)
    if not listed:
        valley._listed = None
    squares = np.exp(2 * valley.paths(steps=1, paths=40_000, seed=1))
    exact = [(1 - 0.7 * (x + y) / 2) ** 2 for i, x in enumerate(h) for y in h[i + 1 :]]
    assert squares.mean() == pytest.approx(np.mean(exact), abs=6 * squares.std() / 200)


def test_an_epoch_of_single_examples_has_one_product():
    h = [0.5, 1.2, 1.6]
    found = Valley(h, 1, 0.9, reshuffled=True).paths(steps=6, paths=5, seed=2)
    assert found == pytest.approx(np.full(5, 2 * np.log(np.abs(1 - 0.9 * np.array(h))).sum()))


def test_rates_close_in_from_both_sides_and_never_pass_each_other():
    falls, grows = turning_rates(lambda rate: -1 if rate < 2.2 else 1 if rate > 2.3 else 0, 1.5, 3.0, 8)
    assert 2.19 < falls < 2.2
    assert 2.3 < grows < 2.31


def test_what_does_not_fit_is_refused():
    with pytest.raises(InvalidArgument, match=r"^batch: has 3 of 2 examples"):
        Valley([1, 2], 3, 0.1)
    with pytest.raises(InvalidArgument, match=r"^batch: of 2 does not divide the 3 examples"):
        Valley([1, 2, 3], 2, 0.1, reshuffled=True)
