"""Residual networks: moments against all weights of a law, logarithms against integrals, bounds where they meet."""

import math
from fractions import Fraction
from itertools import pairwise, product

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from theory import Ensemble, InvalidArgument, Law, activation_moment, kurtosis
from theory.architectures.residual import (
    branch_count,
    branch_map,
    branch_scale,
    enclosed_log_mean,
    enclosed_log_variance,
    log_growth_expansion,
    relu_branch_bounds,
    relu_branch_square_bound,
    residual_moment,
    typical_bounds,
)

LINEAR = Ensemble(width="n", depth="L", init="xavier", architecture="residual:1/sqrt(L)")
RELU = Ensemble(width="n", depth="L", activation="relu", init="he", architecture="residual:1/sqrt(L)")
TWO = RELU.at(architecture="residual:1/sqrt(L):two")
ALPHA = sp.Symbol("alpha", positive=True)
SIGNS, SPARSE = Law.named("rademacher"), Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"}, name="sparse")
few = settings(max_examples=20, deadline=None)


def matrices(law, n, s2):
    """All n by n matrices of a discrete law scaled to the variance s2, with their probabilities."""
    scale = sp.sqrt(sp.Rational(s2) / sp.Rational(law.variance))
    for entries in product(law.atoms, repeat=n * n):
        chance = math.prod((p for _, p in entries), start=Fraction(1))
        yield scale * sp.Matrix(n, n, [sp.Rational(value) for value, _ in entries]), sp.Rational(chance)


def square(vector):
    return (vector.T * vector)[0]


@pytest.mark.parametrize(("law", "n", "depth"), [(SIGNS, 1, 3), (SPARSE, 1, 2), (SIGNS, 2, 2)])
@pytest.mark.parametrize("order", [2, 4])
def test_moments_of_linear_branches_are_those_over_all_weights(law, n, depth, order):
    x = tuple(range(1, n + 1))
    net = Ensemble(width=n, depth=depth, init="1/3", law=law, input=x, architecture="residual:1/2")
    states = {tuple(net.input): sp.S.One}
    for _ in range(depth):
        following = {}
        for a, chance in states.items():
            for w, p in matrices(law, n, Fraction(1, 3)):
                after = sp.Matrix(a) + w * sp.Matrix(a) / 2
                key = tuple(sp.expand(entry) for entry in after)
                following[key] = following.get(key, 0) + chance * p
        states = following
    brute = sum(p * square(sp.Matrix(a)) ** (order // 2) for a, p in states.items())
    assert sp.expand(brute - residual_moment(net, order)) == 0


@pytest.mark.parametrize("activation", ["relu", "leaky:1/3", "linear"])
def test_the_mean_of_branches_of_two_matrices_is_that_over_all_weights(activation):
    net = Ensemble(2, 2, activation=activation, init="1/4", law=SIGNS, input=(1, 2), architecture="residual:1/3:two")
    slope, x = sp.Rational(net.slope), sp.Matrix([1, 2])
    brute = sp.S.Zero
    for w, p in matrices(SIGNS, 2, Fraction(1, 4)):
        h = (w * x).applyfunc(lambda z: z if z > 0 else slope * z)
        brute += p * sum(q * square(x + second * h / 3) for second, q in matrices(SIGNS, 2, Fraction(1, 4)))
    assert sp.expand(brute - residual_moment(net)) == 0


def test_the_fourth_moment_of_two_matrices_is_that_of_a_mixture_of_chi_squares():
    """Width one: E(1 + t w' w+)^4 = 1 + 6 t^2 E w^2/2 + t^4 E w'^4 E w^4/2, for slope 0, moments 1 and 3 at s^2 = 1."""
    net = Ensemble(width=1, depth=2, activation="relu", init=1, input="ones", architecture="residual:2/5:two")
    t = sp.Rational(2, 5)
    assert residual_moment(net, 4) == 1 + 3 * t**2 + sp.Rational(9, 2) * t**4


def test_one_over_sqrt_l_keeps_mean_and_fourth_moment_at_any_depth():
    depth = sp.Symbol("L", integer=True, positive=True)
    net = LINEAR.at(width=8)
    mean, fourth = (residual_moment(net, order=order) for order in (2, 4))
    assert sp.limit(mean.subs(sp.Symbol("norm_x", positive=True), 1), depth, sp.oo) == sp.E
    ratio = (fourth / mean**2).subs(sp.Symbol("norm_x", positive=True), 1)
    assert sp.limit(sp.log(ratio.subs(depth, sp.Symbol("d", positive=True))), sp.Symbol("d", positive=True), sp.oo) == (
        sp.Rational(4, 8)  # 4/n
    )


# --- the logarithm ----------------------------------------------------------------------------------------------------


@few
@given(st.integers(1, 12), st.sampled_from([1, "1/2", "1/sqrt(L)", "3"]), st.integers(1, 9))
def test_log_mean_and_variance_are_integrals_over_the_noncentral_chi_square(n, alpha, depth):
    net = Ensemble(width=n, depth=depth, init="xavier", architecture=f"residual:{alpha}")
    scale = float(branch_scale(net))
    spread = scale**2 * float(net.variance(1))
    law = stats.ncx2(n, 1 / spread)

    def average(g):
        edges = [law.ppf(p) for p in (1e-13, 1e-4, 0.1, 0.5, 0.9, 1 - 1e-4)] + [law.isf(1e-13)]
        return sum(
            integrate.quad(lambda t: g(t) * law.pdf(math.exp(t)) * math.exp(t), math.log(a), math.log(b))[0]
            for a, b in pairwise(edges)
        )

    mean = average(lambda t: t)
    variance = average(lambda t: (t - mean) ** 2)
    assert float(enclosed_log_mean(net)) == pytest.approx(depth * (mean + math.log(spread)), abs=1e-7 * depth)
    assert float(enclosed_log_variance(net)) == pytest.approx(depth * variance, rel=1e-6)


@few
@given(st.integers(5, 40), st.integers(1, 60), st.sampled_from(["1/sqrt(L)", "1/L", "1", "2"]))
def test_the_log_mean_lies_between_its_bounds(n, depth, alpha):
    net = Ensemble(width=n, depth=depth, init="xavier", architecture=f"residual:{alpha}")
    low, high = typical_bounds(net)
    assert float(low) < float(enclosed_log_mean(net)) < float(high)
    growth = float(branch_scale(net)) ** 2
    assert float(high - low) <= depth * growth**2 / 2 + 1e-12


@pytest.mark.parametrize("n", [3, 5, 8, 20])
@pytest.mark.parametrize("terms", [1, 2, 3])
def test_the_expansions_error_is_of_the_order_of_the_next_term(n, terms):
    net = Ensemble(width=n, depth=1, init="xavier", architecture="residual:1/20")
    expansion, following = (log_growth_expansion(net, k) for k in (terms, terms + 1))
    error = float(enclosed_log_mean(net)) - float(expansion)
    assert error == pytest.approx(float(following - expansion), rel=0.1, abs=1e-15)


def test_the_expansion_starts_as_the_formula_says():
    n = sp.Symbol("n", integer=True, positive=True)
    claimed = (1 - 2 / n) * (ALPHA**2 - (1 - 4 / n) * ALPHA**4 / 2 + (1 - 4 / n) * (1 - 6 / n) * ALPHA**6 / 3)
    net = LINEAR.at(architecture="residual:alpha")
    assert sp.simplify(log_growth_expansion(net, terms=3) - claimed) == 0


# --- branches that end in an activation -------------------------------------------------------------------------------


@few
@given(st.integers(1, 30), st.sampled_from(["1/sqrt(L)", "1/L", "3"]))
def test_at_width_one_the_upper_bound_is_the_mean(depth, alpha):
    """a stays positive and |S| = |a|: each layer multiplies a^2 by (1 + alpha w+)^2."""
    net = Ensemble(1, depth, activation="relu", init="he", input="ones", architecture=f"residual:{alpha}")
    t = float(branch_scale(net))
    low, high = relu_branch_bounds(net)
    moments = [
        integrate.quad(lambda g, m=m: (1 + t * math.sqrt(2) * g) ** m * stats.norm.pdf(g), 0, 40)[0] for m in (2, 4)
    ]
    mean, square = (0.5 + moment for moment in moments)
    assert float(high) == pytest.approx(mean**depth, rel=1e-8)
    assert low < high
    assert float(relu_branch_square_bound(net)) >= square**depth * (1 - 1e-9)


@pytest.mark.parametrize("x", [(1, 1), (1, 0), (3, -2), (5, -5)])
def test_one_layers_mean_lies_between_the_bounds(x):
    net = Ensemble(width=2, depth=1, activation="relu", init="he", input=x, architecture="residual:1")
    low, high = (float(bound) for bound in relu_branch_bounds(net))
    norm, total = math.hypot(*x), sum(x)
    mean = 2 * norm**2 + 2 * norm * total / math.sqrt(2 * math.pi)  # s = 1
    assert low <= mean + 1e-12
    assert mean <= high + 1e-12
    assert (mean == pytest.approx(high)) == (x == (1, 1))


def test_bounds_grow_as_the_docstring_says():
    net = RELU.at(width=64, input="e1")
    for depth in (16, 256):
        low, high = relu_branch_bounds(net.at(depth=depth, input="ones"))
        assert 0 < math.log(high / low) < 1 - 1 / math.pi
        assert abs(math.log(low / 64) - 2 * math.sqrt(depth / math.pi)) < 1
        small = net.at(depth=depth, architecture="residual:1/L")
        assert relu_branch_bounds(small)[1] < math.exp(2 / math.sqrt(math.pi) + 1 / depth)


# --- as answers of the moments of all architectures -------------------------------------------------------------------


@pytest.mark.parametrize("net", [LINEAR, TWO, LINEAR.at(law="symmetric", architecture="residual:alpha")])
def test_moments_are_found_whatever_they_are_asked_by(net):
    """At any layer, which is the last one of a network that ends there, of branches of the same scale."""
    assert activation_moment(net) == residual_moment(net)
    short = net.at(width=2, depth=4, law="normal")
    for order in (2, 4):
        assert activation_moment(short, order) == residual_moment(short, order)
        assert residual_moment(net, order, 0) == activation_moment(net, order, 0)
        assert residual_moment(net, order, 0) == sp.Symbol("norm_x", positive=True) ** order
    assert sp.simplify(kurtosis(short) - residual_moment(short, 4) / residual_moment(short) ** 2) == 0


@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("alpha", ["1/3", "alpha"])
def test_moments_of_a_layer_are_those_of_a_network_that_ends_there(two, order, alpha):
    net = (TWO if two else LINEAR).at(width=3, depth=8, architecture=f"residual:{alpha}{':two' * two}")
    for k in (2, 4, 8):
        assert residual_moment(net, order, k) == residual_moment(net.at(depth=k), order)
    deep = net.at(depth="L")
    assert residual_moment(deep, order, "k") == residual_moment(net.at(depth="k"), order)


@pytest.mark.parametrize("k", [3, 5])
def test_a_scale_of_the_depth_is_that_of_all_branches_at_every_layer(k):
    net = LINEAR.at(depth=9)
    assert residual_moment(net, 2, k) == residual_moment(net.at(depth=k, architecture="residual:1/3"))


@pytest.mark.parametrize("order", [2, 4])
def test_a_stream_whose_branches_start_at_zero_stays(order):
    net = TWO.at(architecture="residual:0:two")
    assert activation_moment(net, order) == sp.Symbol("norm_x", positive=True) ** order
    assert residual_moment(net.at(width=3, depth=4, input=(1, 2, 2)), order) == 9 ** (order // 2)


def test_scales_are_expressions_in_the_ensembles_symbols():
    depth = sp.Symbol("L", integer=True, positive=True)
    scales = {"1/sqrt(L)": 1 / sp.sqrt(depth), "1/L": 1 / depth, "2/3": sp.Rational(2, 3), "alpha": ALPHA}
    for text, scale in scales.items():
        assert branch_scale(LINEAR.at(architecture=f"residual:{text}")) == scale
    assert branch_scale(TWO) == sp.sqrt(2) / sp.sqrt(depth)
    assert branch_scale(TWO.at(depth=8)) == sp.Rational(1, 2)


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: residual_moment(LINEAR, order=6), "order"),
        (lambda: residual_moment(RELU), "architecture"),
        (lambda: activation_moment(RELU), "architecture"),
        (lambda: residual_moment(LINEAR.plain), "architecture"),
        (lambda: residual_moment(LINEAR.at(architecture="layernorm")), "architecture"),
        (lambda: residual_moment(LINEAR.at(architecture="residual:1:relu")), "architecture"),
        (lambda: residual_moment(RELU.at(architecture="residual:1:linear")), "architecture"),
        (lambda: residual_moment(LINEAR.at(architecture="residual:1:three")), "architecture"),
        (lambda: residual_moment(LINEAR.at(architecture="residual:0")), "architecture"),
        (lambda: branch_scale(TWO.at(architecture="residual:0:two")), "architecture"),
        (lambda: residual_moment(LINEAR.at(architecture="residual:-1/2")), "architecture"),
        (lambda: residual_moment(LINEAR.at(architecture="residual:n")), "architecture"),
        (lambda: residual_moment(LINEAR.at(architecture="residual:norm_x")), "architecture"),
        (lambda: residual_moment(LINEAR.at(architecture="residual:norm4_x"), order=4), "architecture"),
        (lambda: residual_moment(LINEAR.at(width=4, depth=10**9)), "depth"),
        (
            lambda: residual_moment(
                LINEAR.at(width=4, depth=10**9, law="rademacher", architecture="residual:alpha"), order=4
            ),
            "depth",
        ),
        (lambda: branch_map(LINEAR, order=6), "order"),
        (lambda: branch_count(TWO, layer=3), "layer"),
        (lambda: branch_scale(None), "net"),
        (lambda: residual_moment("n"), "net"),
        (lambda: enclosed_log_mean(4), "net"),
        (lambda: residual_moment(TWO.at(depth=3)), "depth"),
        (lambda: residual_moment(TWO.at(depth=4), layer=3), "layer"),
        (lambda: residual_moment(LINEAR.at(depth=4), layer=5), "layer"),
        (lambda: residual_moment(LINEAR, layer="n"), "layer"),
        (lambda: residual_moment(TWO.at(activation="linear", law="uniform"), order=4), "law"),
        (lambda: residual_moment(LINEAR.at(widths=(2, 3))), "widths"),
        (lambda: residual_moment(LINEAR.at(init="orthogonal")), "init"),
        (lambda: typical_bounds(LINEAR.at(width=3)), "width"),
        (lambda: typical_bounds(LINEAR.at(law="uniform")), "law"),
        (lambda: typical_bounds(RELU), "architecture"),
        (lambda: log_growth_expansion(TWO), "architecture"),
        (lambda: enclosed_log_mean(LINEAR), "width"),
        (lambda: enclosed_log_mean(LINEAR.at(width=4, depth=4, architecture="residual:alpha")), "architecture"),
        (lambda: enclosed_log_mean(LINEAR.at(width=4, depth=4, architecture="residual:1/10000")), "architecture"),
        (lambda: log_growth_expansion(LINEAR, terms=0), "terms"),
        (lambda: relu_branch_bounds(RELU.at(width=2, depth=2, input=(1, -3))), "input"),
        (lambda: relu_branch_bounds(RELU.at(activation="leaky:1/2")), "activation"),
        (lambda: relu_branch_bounds(RELU.at(law="uniform")), "law"),
        (lambda: relu_branch_bounds(LINEAR), "architecture"),
        (lambda: relu_branch_square_bound(TWO), "architecture"),
    ],
)
def test_what_has_no_formula_is_refused(call, argument):
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.argument == argument


def test_a_deep_network_keeps_its_power_where_a_name_remains():
    net = Ensemble(width=4, depth=10**9, init="xavier", input="e1", architecture="residual:alpha")
    assert residual_moment(net) == (1 + ALPHA**2) ** 10**9
