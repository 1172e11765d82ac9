"""Orthogonal weights: the kept share against mixtures of Beta laws, and its moments against real Haar matrices."""

from itertools import product

import numpy as np
import pytest
import sympy as sp
from scipy import special

from montecarlo.engines.real_matrices import Chunk
from montecarlo.intervals import catoni_interval
from tests.theory.small_networks import refused
from theory import Ensemble, InvalidArgument, LogNormLaw, activation_moment, kurtosis
from theory.architectures import orthogonal
from theory.architectures.orthogonal import (
    orthogonal_kurtosis,
    orthogonal_log_mean,
    orthogonal_log_variance,
    orthogonal_moment,
)
from theory.moments.expansions import kurtosis_limit
from theory.moments.gradients import bias_gradient_moment, gradient_moment

RELU = Ensemble(width="n", depth="L", activation="relu", init="orthogonal")
NAMED = sp.Symbol("n", integer=True, positive=True)


def binomial(n):
    return np.array([special.comb(n, b, exact=True) for b in range(n + 1)]) / 2.0**n


@pytest.mark.parametrize("n", [1, 2, 3, 8, 40])
@pytest.mark.parametrize("order", [2, 4, 6])
def test_moments_of_the_share_are_those_of_beta_laws(n, order):
    """E V^m given B is the product of (b/2 + j)/(n/2 + j)."""
    m = order // 2
    own = [np.prod([(b / 2 + j) / (n / 2 + j) for j in range(m)]) for b in range(n + 1)]
    net = Ensemble(width=n, depth=1, activation="relu", init="orthogonal", input="e1")
    assert float(orthogonal_moment(net, order)) == pytest.approx(binomial(n) @ own, rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 40, 41, 300])
def test_log_moments_of_the_share_are_those_of_beta_laws(n):
    net = Ensemble(width=n, depth=7, activation="relu", init="orthogonal", input="e1")
    chances = binomial(n)[1:] / (1 - 2.0**-n)
    b = np.arange(1, n + 1) / 2
    means = special.digamma(b) - special.digamma(n / 2)
    variances = special.polygamma(1, b) - special.polygamma(1, n / 2)
    mean = chances @ means
    assert float(orthogonal_log_mean(net)) == pytest.approx(7 * mean, abs=1e-9)
    expected = 7 * (chances @ (variances + (means - mean) ** 2))
    assert float(orthogonal_log_variance(net)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 10])
def test_the_sum_of_wide_layers_is_the_derived_one_of_narrow_layers(n, monkeypatch):
    net = Ensemble(width=n, depth=1, activation="relu", init="orthogonal", input="e1")
    derived = [cumulant(net) for cumulant in (orthogonal_log_mean, orthogonal_log_variance)]
    monkeypatch.setattr(orthogonal, "_WRITTEN_OUT", 0)
    added = [cumulant(net) for cumulant in (orthogonal_log_mean, orthogonal_log_variance)]
    assert added[0] == derived[0]
    assert abs(sp.N(added[1] - derived[1], 40)) < 1e-35  # of trigammas of halves in one of them


@pytest.mark.parametrize("activation", ["relu", "leaky:1/4", "linear"])
def test_real_haar_matrices_have_that_mean_and_fourth_moment(activation):
    """Three tests at error probability 1e-9 each; |a_L| is at most 1, so variances are below the means."""
    net = Ensemble(width=3, depth=2, activation=activation, init="orthogonal", input="e1")
    chunk = Chunk(net, np.random.default_rng(0), 40_000)
    squares = np.exp(chunk.log_activation_norms([2])[:, 0])
    for order in (2, 4, 6):
        mean = float(orthogonal_moment(net, order))
        interval = catoni_interval(squares ** (order // 2), variance=mean, error=1e-9)
        assert interval.lo <= mean <= interval.hi
        assert interval.hi - interval.lo < 0.1


def test_what_is_lost_against_normal_weights_is_the_chi_square():
    normal = Ensemble(width=8, depth=50, activation="relu", init="he", input="e1")
    linear = normal.at(activation="linear", init="lecun")
    ours = orthogonal_log_mean(normal.at(init="orthogonal")) + 50 * sp.log(2)
    assert sp.N(ours - LogNormLaw(normal).mean() + LogNormLaw(linear).mean(), 20) == pytest.approx(0, abs=1e-15)
    ratio = kurtosis(normal) / kurtosis(linear)
    assert orthogonal_kurtosis(normal.at(init="orthogonal")) == ratio


def test_fluctuations_are_three_fifths_of_those_of_normal_weights():
    assert sp.simplify(orthogonal_kurtosis(RELU.at(depth=1)) - 1 - 3 / (NAMED + 2)) == 0
    assert kurtosis_limit(RELU) == sp.exp(3 * sp.Symbol("beta", positive=True))
    assert kurtosis_limit(RELU.at(activation="linear")) == 1


def test_a_linear_network_is_an_isometry():
    net = RELU.at(activation="linear")
    assert orthogonal_moment(Ensemble(width=4, depth=3, init="orthogonal"), 10**3) == 1
    assert orthogonal_moment(Ensemble(width=4, depth=10**9, init="orthogonal", input="ones"), 4) == 16
    x = sp.Symbol("norm_x", positive=True)
    assert [orthogonal_moment(net, order) for order in (2, 4, 6)] == [x**2, x**4, x**6]
    assert (orthogonal_log_mean(net), orthogonal_log_variance(net)) == (sp.log(x**2), 0)


@pytest.mark.parametrize("activation", ["relu", "leaky:1/4", "linear"])
def test_moments_are_found_whatever_they_are_asked_by(activation):
    """At any layer, which is the last one of a network that ends there."""
    net = RELU.at(activation=activation)
    for order in (2, 4, 6):
        assert activation_moment(net, order) == orthogonal_moment(net, order)
        assert activation_moment(net, order, "k") == orthogonal_moment(net.at(depth="k"), order)
        for k in (1, 2, 5):
            assert activation_moment(net.at(depth=5), order, k) == orthogonal_moment(net.at(depth=k), order)
        assert activation_moment(net, order, 0) == sp.Symbol("norm_x", positive=True) ** order
    assert sp.simplify(kurtosis(net) - orthogonal_kurtosis(net)) == 0
    assert sp.simplify(kurtosis(net.at(depth=5), 3) - orthogonal_kurtosis(net.at(depth=3))) == 0


def test_layers_that_are_not_there_are_refused():
    for moment in (activation_moment, orthogonal_moment):
        with refused("layer", "between 0 and the depth 5", "6"):
            moment(RELU.at(depth=5), 2, 6)
        with refused("layer"):
            moment(RELU.at(depth=5), 2, 1.5)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: orthogonal_moment(RELU.at(init="he")), "init"),
        (lambda: orthogonal_moment(RELU, 3), "order"),
        (lambda: orthogonal_moment(RELU, 20), "order"),
        (lambda: orthogonal_moment(Ensemble(width=4, depth=3, init="orthogonal", input="ones"), 10**9), "order"),
        (lambda: orthogonal_moment(RELU.at(width=4, depth=10**9)), "depth"),
        (lambda: orthogonal_kurtosis(RELU.at(width=4, depth=10**9)), "depth"),
        (lambda: orthogonal_log_mean(RELU.at(width=4097, depth=3)), "width"),
        *(
            (lambda call=call, text=text: call(RELU.at(law="normal", architecture=text)), "architecture")
            for call in (orthogonal_moment, orthogonal_kurtosis, orthogonal_log_mean)
            for text in ("residual:1", "layernorm", "batchnorm:4")
        ),
        (lambda: orthogonal_log_variance(RELU.at(architecture="layernorm")), "architecture"),
        (lambda: orthogonal_moment(None), "net"),
        (lambda: orthogonal_log_mean(None), "net"),
        (lambda: orthogonal_log_variance(None), "net"),
        (lambda: kurtosis_limit("n"), "net"),
        (lambda: orthogonal_log_mean(Ensemble(widths=(2, 3), init="orthogonal")), "widths"),
        (lambda: kurtosis_limit(RELU.at(width=4)), "width"),
        (lambda: orthogonal_log_variance(RELU.at(activation="leaky:1/2")), "order"),
    ],
)
def test_what_has_no_formula_is_refused(call, argument):
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.argument == argument


@pytest.mark.parametrize(
    ("activation", "inputs", "bias"),
    [
        ("linear", (1, 2), 0),
        ("leaky:1/3", (1, 2), 0),
        ("leaky:-1/2", (3, -1), 0),
        ("pieces:-1:2", (3, -1), 0),
        ("leaky:3", (1, 2), sp.Rational(1, 9)),
    ],
)
def test_mean_squares_are_those_over_signed_permutations(activation, inputs, bias):
    """Their mean squares are those of Haar matrices, and their rows change sign, too; biases are +-1/3."""
    net = Ensemble(
        width=2, depth=2, activation=activation, init="orthogonal:gain=2", input=inputs, readout="signs", bias=str(bias)
    )
    below, above = (sp.Rational(str(slope)) for slope in net.pieces)
    signs = list(product((1, -1), repeat=2))
    matrices = [2 * sp.diag(*sign) * m for sign in signs for m in (sp.eye(2), sp.Matrix([[0, 1], [1, 0]]))]
    biases = [sp.Matrix(sign) * sp.sqrt(bias) for sign in signs] if bias else [sp.zeros(2, 1)]
    totals, number = sp.zeros(4, 1), 0
    for first, one, second, two in product(matrices, biases, matrices, biases):
        z = first * sp.Matrix(inputs) + one
        gate = sp.diag(*(above if entry > 0 else below for entry in z))
        a, y = gate * z, second * gate * z + two
        last = sp.diag(*(above if entry > 0 else below for entry in y))
        for sign in signs[:2]:
            back = last * sp.Matrix(sign) / sp.sqrt(2)
            inner = gate * second.T * back
            squares = [v.dot(v) for v in (last * y, back, inner)]
            totals += sp.Matrix(
                [squares[0], squares[1] * a.dot(a), squares[2] * sp.Matrix(inputs).dot(inputs), squares[2]]
            )
            number += 1
    mean = list(totals / number)
    assert [activation_moment(net), gradient_moment(net, 2), gradient_moment(net, 1)] == mean[:3]
    if bias:
        assert bias_gradient_moment(net, 1) == mean[3]


def test_mean_squares_at_unequal_widths_are_those_of_independent_entries():
    net = Ensemble(widths=(3, 5, 2), activation="leaky:-2", init="orthogonal")
    assert activation_moment(net) == sp.Rational(5, 2)  # (5/5)(2/5)(5/2)^2
    assert gradient_moment(net, 1) == sp.Rational(25, 4)
    with refused("init", "independent ones"):
        gradient_moment(net, 1, 4)
    with refused("readout", "orthogonal layers"):
        gradient_moment(net.at(readout="ones"), 1)
    assert gradient_moment(net.at(readout=(1, 2), activation="linear"), 1) == 5


@pytest.mark.parametrize(("activation", "ratio", "square"), [("leaky:3", "1/3", 9), ("pieces:-1:2", "1/2", 4)])
def test_any_slope_is_a_usual_one_and_a_gain(activation, ratio, square):
    net, usual = (
        Ensemble(width=4, depth=3, activation=name, init="orthogonal") for name in (activation, f"leaky:{ratio}")
    )
    assert orthogonal_moment(net, 4) == square**6 * orthogonal_moment(usual, 4)
    assert kurtosis(net) == kurtosis(usual)
    assert sp.simplify(orthogonal_log_mean(net) - orthogonal_log_mean(usual) - 3 * sp.log(square)) == 0
