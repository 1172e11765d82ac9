"""The angle at infinite width: the map against the derived one, its rate, its balls and their errors."""

import mpmath
import pytest
import sympy as sp

from tests.theory.small_networks import refused
from theory.ensembles import Ensemble
from theory.moments.two_inputs import COSINE, correlation_map
from theory.moments.wide_angles import angle_strength, wide_cosine, wide_cosine_rate

RELU = Ensemble(width="n", depth=64, activation="relu", init="he")


def iterated(net, cosine, steps):
    """The derived map, applied in 60 digits."""
    step = sp.lambdify(COSINE, correlation_map(net), "mpmath")
    with mpmath.workdps(60):
        c = mpmath.mpf(sp.Rational(cosine).p) / sp.Rational(cosine).q
        for _ in range(steps):
            c = step(c)
        return mpmath.nstr(c, 40)


@pytest.mark.parametrize("activation", ["relu", "leaky:1/4", "linear"])
@pytest.mark.parametrize("cosine", ["0", "-3/5", "999/1000"])
def test_it_is_the_derived_map_iterated(activation, cosine):
    net = RELU.at(activation=activation)
    for steps in (0, 1, 7, 64):
        ball = wide_cosine(net, cosine, steps, digits=25)
        with mpmath.workdps(50):
            far = abs(mpmath.mpf(ball.str(45, radius=False)) - mpmath.mpf(iterated(net, cosine, steps)))
        assert far < 1e-25
        assert ball.rel_accuracy_bits() > 80 or ball == 0


def test_equal_inputs_stay_equal_and_opposite_ones_do_not():
    assert wide_cosine(RELU, 1) == 1
    assert abs(wide_cosine(RELU, -1, 1)) < 1e-40
    assert wide_cosine(RELU.at(activation="linear"), -1) == -1


def test_deep_networks_follow_the_rate():
    depth = 10_000
    net = RELU.at(depth=depth)
    ratio = (1 - wide_cosine(net, 0)) / float(wide_cosine_rate(net))
    assert 0.99 < float(ratio) < 1
    leaky = Ensemble(width="n", depth=depth, activation="leaky:1/4")
    assert 0.98 < float((1 - wide_cosine(leaky, 0)) / float(wide_cosine_rate(leaky))) < 1


def test_the_strength_of_a_slope():
    s = sp.Symbol("s", positive=True)
    assert sp.simplify(angle_strength(RELU.at(activation="leaky:s")) - (1 - s) ** 2 / (1 + s**2)) == 0


@pytest.mark.parametrize(
    ("argument", "words", "call"),
    [
        ("depth", ["'L'"], lambda: wide_cosine(RELU.at(depth="L"), 0)),
        ("layer", ["between 0 and the depth 64", "65"], lambda: wide_cosine(RELU, 0, 65)),
        ("depth", ["1000001"], lambda: wide_cosine(RELU.at(depth=10**6 + 1), 0)),
        ("cosine", ["-1 and 1", "3/2"], lambda: wide_cosine(RELU, "3/2")),
        ("activation", ["symbol"], lambda: wide_cosine(RELU.at(activation="leaky:s"), 0)),
        ("activation", ["linear"], lambda: wide_cosine_rate(RELU.at(activation="linear"))),
        ("architecture", ["plain"], lambda: wide_cosine(RELU.at(width=4, architecture="layernorm"), 0)),
    ],
)
def test_bad_arguments_are_named(argument, words, call):
    with refused(argument, *words):
        call()
