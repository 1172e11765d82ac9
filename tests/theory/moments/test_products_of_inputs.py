"""Two inputs at order 4: linear networks by brute force, one layer by integration, kernels of Cho and Saul."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from tests.theory.small_networks import exact, refused
from theory.ensembles import Ensemble, Law
from theory.moments.activations import activation_moment
from theory.moments.products_of_inputs import gaussian_pair_moment, two_input_moment
from theory.moments.two_inputs import COSINE, inner_product_mean

# kurtosis 3, as the normal law has: moments of order 4 of a linear network are those of normal weights
MATCHED = Law.discrete({-1: "1/6", 0: "2/3", 1: "1/6"}, name="matched")
ORDERS = ((0, 0, 2), (2, 2, 0), (2, 0, 1), (0, 2, 1))


def products(pair):
    """<a, a'>, |a|^2 and |a'|^2."""
    a, b = pair
    return (sum(x * y for x, y in zip(a, b, strict=True)), sum(x * x for x in a), sum(y * y for y in b))


def brute_force(widths, inputs, order, variances):
    """The moment of a linear network over all weights of the matched law, exactly."""
    shapes = list(itertools.pairwise(widths))
    total = Fraction(0)
    for entries in itertools.product(MATCHED.atoms, repeat=sum(a * b for a, b in shapes)):
        chance, values, pair = Fraction(1), iter(entries), inputs
        for columns, rows in shapes:
            matrix = [[next(values)[0] for _ in range(columns)] for _ in range(rows)]
            pair = [[sum((w * x for w, x in zip(row, v, strict=True)), Fraction(0)) for row in matrix] for v in pair]
        for _, p in entries:
            chance *= p
        inner, first, second = products(pair)
        norm, other, power = order
        total += chance * inner**power * first ** (norm // 2) * second ** (other // 2)
    for variance in variances:
        total *= (variance / MATCHED.variance) ** 2
    return total


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("widths", [(2, 2), (2, 1, 2), (1, 2, 1), (3, 2)])
def test_linear_networks_equal_brute_force_over_a_law_of_the_same_moments(widths, order):
    inputs = [[Fraction(k + 1) for k in range(widths[0])], [Fraction(2 * k - 1) for k in range(widths[0])]]
    net = Ensemble(widths=widths, init="2/5")
    norm, other, power = order
    inner, first, second = products(inputs)
    formula = two_input_moment(net, norm=norm, other=other, inner=power)
    cosine = exact(inner) / sp.sqrt(exact(first) * exact(second))
    scale = sp.sqrt(exact(first)) ** (norm + power) * sp.sqrt(exact(second)) ** (other + power)
    truth = brute_force(widths, inputs, order, [Fraction(2, 5)] * (len(widths) - 1))
    assert sp.simplify(formula.subs(COSINE, cosine) * scale - exact(truth)) == 0


@pytest.mark.parametrize("order", ORDERS)
def test_constant_width_in_letters_is_layer_by_layer(order):
    norm, other, power = order
    formula = two_input_moment(Ensemble(width="n", depth="L", init="1/3"), norm=norm, other=other, inner=power)
    n, L = (sp.Symbol(name, integer=True, positive=True) for name in "nL")
    for width, depth in ((1, 1), (2, 3), (5, 2)):
        net = Ensemble(widths=(width,) * (depth + 1), init="1/3")
        numbers = two_input_moment(net, norm=norm, other=other, inner=power)
        assert sp.expand(formula.subs({n: width, L: depth}) - numbers) == 0


NODES, WEIGHTS = np.polynomial.legendre.leggauss(30)


def integrated(slope, p, q, cosine):
    """E phi(u)^p phi(v)^q: the radius by the gamma function, the angle by Gauss between the kinks."""
    theta, half = math.acos(cosine), math.pi / 2
    kinks = sorted({-math.pi, -half, half, math.pi, theta - half, theta + half - (2 * math.pi if theta > half else 0)})
    total = 0.0
    for low, high in itertools.pairwise(kinks):
        t = (low + high) / 2 + (high - low) / 2 * NODES
        u, v = np.cos(t), np.cos(t - theta)
        total += (
            (high - low) / 2 * (WEIGHTS @ (np.where(u > 0, u, slope * u) ** p * np.where(v > 0, v, slope * v) ** q))
        )
    return total * math.gamma((p + q) / 2 + 1) * 2 ** ((p + q) / 2) / (2 * math.pi)


@pytest.mark.parametrize("powers", [(1, 1), (2, 2), (3, 1), (1, 3), (2, 0)])
def test_a_pair_equals_the_integral_for_slopes_of_any_sign_and_size(powers):
    alpha = sp.Symbol("alpha")
    formula = sp.lambdify((alpha, COSINE), gaussian_pair_moment(alpha, *powers))
    for slope, cosine in itertools.product((0, 0.25, -0.5, 1.5, -1), (-0.9, -0.25, 0.0, 0.5, 0.99)):
        assert formula(slope, cosine) == pytest.approx(integrated(slope, *powers, cosine), rel=1e-11, abs=1e-13)


def test_relu_has_the_arc_cosine_kernels():
    for cosine in (sp.Rational(-1, 2), sp.S.Zero, sp.Rational(1, 2), sp.sqrt(3) / 2):
        angle = sp.acos(cosine)
        kernels = {  # Cho and Saul 2009, eqs. (6) and (7)
            1: sp.sin(angle) + (sp.pi - angle) * sp.cos(angle),
            2: 3 * sp.sin(angle) * sp.cos(angle) + (sp.pi - angle) * (1 + 2 * sp.cos(angle) ** 2),
        }
        for power, kernel in kernels.items():
            ours = gaussian_pair_moment(sp.S.Zero, power, power).subs(COSINE, cosine)
            assert sp.simplify(ours - kernel / (2 * sp.pi)) == 0


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/4"])
def test_an_input_beside_itself_has_the_fourth_moment_of_one(activation):
    net = Ensemble(width=3, depth=1, activation=activation, init="1/3", input="e1")
    fourth = activation_moment(net, 4)
    for norm, other, power in ORDERS:
        same = two_input_moment(net, norm=norm, other=other, inner=power).subs(COSINE, 1)
        assert sp.simplify(same - fourth) == 0


def test_order_two_is_the_mean_inner_product():
    net = Ensemble(width="n", depth=1, activation="leaky:1/3", init="he")
    assert two_input_moment(net, inner=1) == inner_product_mean(net)


@pytest.mark.parametrize(
    ("argument", "words", "fields", "orders"),
    [
        ("depth", ["angle is random", "layer 2"], {"activation": "relu"}, {"inner": 2}),
        ("law", ["uniform"], {"law": "uniform"}, {"norm": 2, "other": 2}),
        ("init", ["dependent"], {"init": "orthogonal"}, {"inner": 2}),
        ("inner", ["4, 0 and 0"], {}, {"norm": 4}),
        ("architecture", ["plain"], {"architecture": "residual:1"}, {"inner": 2}),
        ("width", ["'c'"], {"width": "c"}, {"inner": 2}),
    ],
)
def test_bad_arguments_are_named(argument, words, fields, orders):
    with refused(argument, *words):
        two_input_moment(Ensemble(**{"width": 2, "depth": 2, **fields}), **orders)


@pytest.mark.parametrize("powers", [(1, 2), (-1, 1), (True, 1), (1.0, 1)])
def test_powers_are_whole_with_an_even_sum(powers):
    with refused("p", "even sum"):
        gaussian_pair_moment(sp.S.Zero, *powers)
