import math

import numpy as np
import pytest

from montecarlo.drawing.sampler_check import check_sampler
from theory.ensembles import Ensemble, InvalidArgument, Law


def laplace(rng, shape):
    return rng.laplace(size=shape) / math.sqrt(2)


def normal(rng, shape):
    return rng.standard_normal(shape)


def wide(rng, shape):
    return rng.laplace(size=shape) * 0.74


def skew(rng, shape):
    return rng.exponential(size=shape) - 1


def skew_in_the_tails(rng, shape):
    w = rng.laplace(size=shape) / math.sqrt(2)
    return np.where((rng.random(shape) < 0.1) & (np.abs(w) > 0.7), np.abs(w), w)


def flat(rng, shape):
    return rng.standard_normal(math.prod(shape))


def holes(rng, shape):
    w = rng.standard_normal(shape)
    w.flat[7] = np.nan
    return w


def coins(rng, shape):
    return 2.0 * rng.integers(2, size=shape) - 1


def check(sampler, moments):
    net = Ensemble(width=2, depth=2, law=Law.from_moments("mine", moments, sampler=sampler))
    check_sampler(net, seed=0)


@pytest.mark.parametrize(
    ("sampler", "moments"),
    [(laplace, {2: 1, 4: 6}), (laplace, {2: 1, 4: 6, 6: 90, 8: 2520}), (laplace, {2: 1}), (coins, {2: 1})],
)
def test_a_sound_sampler_passes(sampler, moments):
    check(sampler, moments)  # a false alarm has probability 2e-12


@pytest.mark.parametrize(
    ("sampler", "moments", "problem"),
    [
        (wide, {2: 1, 4: 6}, r"E w\^2 about .*, not 1"),
        (normal, {2: 1, 4: 4, 6: 30, 8: 400}, r"E w\^4 about .*, not 4"),
        (lambda rng, shape: 2 * laplace(rng, shape), {2: 1}, r"E w\^2 about .*, not 1"),
        (skew, {2: 1, 4: 9}, "not symmetric"),
        (skew_in_the_tails, {2: 1, 4: 6}, "not symmetric"),
        (flat, {2: 1, 4: 3}, "of shape"),
        (holes, {2: 1, 4: 3}, "finite"),
        (lambda rng, shape: "no", {2: 1, 4: 3}, "of shape"),
    ],
)
def test_an_unsound_sampler_is_refused(sampler, moments, problem):
    with pytest.raises(InvalidArgument, match=problem) as refusal:
        check(sampler, moments)
    assert refusal.value.argument == "law"


def test_laws_of_the_house_are_not_drawn():
    check_sampler(Ensemble(width=2, depth=2), seed=0)
