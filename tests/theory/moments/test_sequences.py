"""Moments as sequences in the depth: terms, recurrence, generating function and balls against brute force."""

import itertools
from fractions import Fraction
from math import comb, prod
from typing import Any

import flint
import mpmath
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.exact.all_weights import activation_power
from tests.theory.small_networks import ACTIVATIONS, INITS, discrete_laws, exact, refused, vectors
from theory.ensembles import Ensemble, Law
from theory.moments.sequences import MomentSequence, activation_sequence

z = sp.Symbol("z")
LAWS = ["normal", "uniform", "rademacher", Law.discrete({-2: "1/6", 0: "2/3", 2: "1/6"})]


@st.composite
def constant_networks(draw: st.DrawFn, widths: tuple[int, ...] = (1, 2)) -> Ensemble:
    width = draw(st.sampled_from(widths))
    return Ensemble(
        width=width,
        depth=1,
        law=draw(discrete_laws(most=3)),
        activation=draw(st.sampled_from(ACTIVATIONS)),
        init=draw(st.sampled_from(INITS)),
        input=draw(vectors(width)),
    )


def brute_force(net: Ensemble, order: int, depth: int) -> sp.Rational:
    if depth == 0:
        return exact(sum((a * a for a in net.input), Fraction(0)) ** (order // 2))
    return exact(activation_power(net.at(depth=depth), order))


def fourth_moments(net: Ensemble, most: int) -> list[Fraction]:
    """E|a_L|^4 for L = 0, ..., most by the two-term recursion, in Fractions."""
    slope, K, width, s4 = Fraction(net.slope), Fraction(net.law.kurtosis), net.width, net.variance(1) ** 2
    p2, p4 = (1 + slope**2) / 2, (1 + slope**4) / 2
    u, v = sum(a**2 for a in net.input) ** 2, sum(a**4 for a in net.input)
    moments = [u]
    for _ in range(most):
        v = width * p4 * s4 * (3 * u + (K - 3) * v)
        u = v + width * (width - 1) * p2**2 * s4 * u
        moments.append(u)
    return moments


def taylor(rational: sp.Expr, terms: int) -> list[sp.Expr]:
    """Coefficients of a rational function in z, by long division."""
    above, below = (sp.Poly(part, z) for part in sp.fraction(sp.together(rational)))
    first = below.nth(0)
    coefficients: list[sp.Expr] = []
    for k in range(terms):
        known = sum((below.nth(j) * coefficients[k - j] for j in range(1, k + 1)), sp.S.Zero)
        coefficients.append(sp.cancel((above.nth(k) - known) / first))
    return coefficients


@given(constant_networks(), st.sampled_from([2, 4, 6]))
@settings(max_examples=25)
def test_terms_and_coefficients_of_the_generating_function_equal_brute_force(net: Ensemble, order: int) -> None:
    sequence = activation_sequence(net, order)
    truth = [brute_force(net, order, depth) for depth in range(3)]
    assert [sequence.term(depth) for depth in range(3)] == truth
    assert taylor(sequence.generating_function(z), 3) == truth


@given(constant_networks((1, 2, 3, 5)), st.booleans())
@settings(max_examples=25)
def test_order_4_far_along_equals_the_recursion_in_fractions(net: Ensemble, normal: bool) -> None:
    net = net.at(law="normal") if normal else net
    sequence, truth = activation_sequence(net, 4), [exact(moment) for moment in fourth_moments(net, 9)]
    assert taylor(sequence.generating_function(z), 10) == truth
    assert sequence.term(9) == truth[9]
    steps = sequence.recurrence()
    assert len(steps) == sequence.size == len(sequence.transfer.basis)
    for k in range(sequence.size, 10):
        assert truth[k] == sum(c * truth[k - j] for j, c in enumerate(steps, start=1))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("order", [6, 8, 10])
def test_the_recurrence_holds_at_high_orders(law: Any, order: int) -> None:
    net = Ensemble(width=3, depth=1, activation="leaky:1/3", init="he", law=law, input=(1, 2, "1/2"))
    sequence = activation_sequence(net, order)
    steps, size = sequence.recurrence(), sequence.size
    # terms by repeated application of the layer, not by the recurrence
    vector, truth = sp.Matrix(sequence.start), []
    for _ in range(2 * size + 1):
        truth.append(vector[0])
        vector = sequence.transfer.matrix * vector
    for k in range(size, 2 * size + 1):
        assert truth[k] == sum(c * truth[k - j] for j, c in enumerate(steps, start=1))
    assert taylor(sequence.generating_function(z), 2 * size + 1) == truth
    assert sequence.start[0] == sp.Rational(21, 4) ** (order // 2)


def test_generating_functions_in_symbols_are_those_at_numbers() -> None:
    net = Ensemble(width="n", depth="L", activation="leaky:s", init="he", law="symmetric")
    formula = activation_sequence(net, 4).generating_function(z)
    own = Law.from_moments("own", {2: 1, 4: "7/2"})
    for width, slope in ((1, Fraction(0)), (3, Fraction(1, 2)), (4, Fraction(1))):
        x = [Fraction(k, 2) for k in range(1, width + 1)]
        numbers = Ensemble(width=width, depth=1, activation=f"leaky:{slope}", init="he", law=own, input=x)
        values = {"n": width, "s": exact(slope), "K": sp.Rational(7, 2)}
        values["norm_x"] = sp.sqrt(exact(sum(a**2 for a in x)))
        values["norm4_x"] = exact(sum(a**4 for a in x)) ** sp.Rational(1, 4)
        at = formula.subs({symbol: values[symbol.name] for symbol in formula.free_symbols - {z}})
        assert taylor(at, 6) == [exact(moment) for moment in fourth_moments(numbers, 5)]


def test_the_variable_of_the_generating_function_is_a_choice() -> None:
    sequence = activation_sequence(Ensemble(width=2, depth=1, law="uniform", input="e1"), 4)
    t = sp.Symbol("t")
    assert sequence.generating_function(t).free_symbols == {t}
    assert sequence.generating_function(t).subs(t, z) == sequence.generating_function()


@pytest.mark.parametrize(
    ("width", "middle", "surd"),
    [(2, sp.Rational(14, 45), 2 * sp.sqrt(79) / 45), (3, sp.Rational(19, 30), sp.sqrt(601) / 30)],
)
def test_the_recurrence_has_the_published_growth_rates_of_uniform_entries(
    width: int, middle: sp.Expr, surd: sp.Expr
) -> None:
    """Products of matrices with independent uniform(-1, 1) entries."""
    sequence = activation_sequence(Ensemble(width=width, depth="L", init="1/3", law="uniform"), 4)
    first, second = sequence.recurrence()
    assert first == 2 * middle
    assert second == sp.expand(-(middle + surd) * (middle - surd))
    closed = sequence.closed_form(sp.Symbol("L", integer=True, positive=True))
    rates = {power.base for power in closed.atoms(sp.Pow) if not power.exp.is_number}
    assert {sp.simplify(rate - middle) for rate in rates} == {surd, -surd}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("order", [2, 4, 6, 8])
@pytest.mark.parametrize("digits", [12, 40])
def test_balls_hold_the_exact_term_and_are_as_narrow_as_asked(law: Any, order: int, digits: int) -> None:
    net = Ensemble(width=2, depth=1, activation="relu", init="xavier", law=law, input=(1, 3))
    sequence = activation_sequence(net, order)
    vector = sp.Matrix(sequence.start)
    for depth in (0, 1, 2, 60):
        truth = (sequence.transfer.matrix**depth * vector)[0]
        ball = sequence.ball(depth, digits)
        flint.ctx.dps = 400
        try:
            inside = flint.arb(flint.fmpq(int(truth.p), int(truth.q)))
            assert ball.contains(inside)
            assert ball.rad() <= abs(inside) / 10**digits
        finally:
            flint.ctx.dps = 15


def normal_growth(order: int, width: int, activation: str) -> mpmath.mpf:
    """E(|a_k|/|a_{k-1}|)^order under he: of a chi-square, or of one with a binomial number of degrees."""
    m = order // 2
    if activation == "linear":
        return mpmath.mpf(prod(width + 2 * j for j in range(m))) / mpmath.mpf(width) ** m
    rising = sum(comb(width, b) * prod(b + 2 * j for j in range(m)) for b in range(width + 1))
    return mpmath.mpf(rising) / mpmath.mpf(2) ** width * (mpmath.mpf(2) / width) ** m


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_order_12_of_a_million_layers_in_logarithms_to_25_digits(activation: str) -> None:
    net = Ensemble(width=1000, depth="L", activation=activation, init="he", law="normal", input="e1")
    depth = 10**6
    with mpmath.workdps(60):
        expected = depth * mpmath.log(normal_growth(12, 1000, activation))
        logarithms = {}
        for law in ("normal", "uniform"):
            ball = activation_sequence(net.at(law=law), 12).ball(depth, 40)
            text = ball.str(38, radius=False, more=True)
            logarithms[law] = mpmath.log(mpmath.mpf(text))
        assert abs(logarithms["normal"] / expected - 1) < mpmath.mpf(10) ** -25
        assert logarithms["uniform"] < expected - 1


def test_what_fits_can_be_written_down_and_what_is_huge_does_not() -> None:
    for law, order in itertools.product(("normal", "uniform"), (4, 8)):
        sequence = activation_sequence(Ensemble(width=7, depth="L", init="2/9", law=law, input="e1"), order)
        assert sequence.fits(1)
        assert not sequence.fits(10**6)
        deepest = max(depth for depth in range(0, 60_000, 500) if sequence.fits(depth))
        assert deepest >= 500
        term = sequence.term(deepest)
        assert 1 <= max(abs(term.p).bit_length(), term.q.bit_length()) // 10_000 <= 40  # nothing like a million bits
    assert MomentSequence(sequence.transfer, sequence.start).fits(10)


@pytest.mark.parametrize(
    ("argument", "word", "fields", "order"),
    [
        ("order", "3", {}, 3),
        ("order", "0", {}, 0),
        ("order", "True", {}, True),
        ("widths", "differ", {"width": None, "depth": None, "widths": (2, 3, 2)}, 4),
        ("init", "orthogonal", {"init": "orthogonal"}, 4),
        ("law", "order 6", {"law": Law.from_moments("own", {2: 1, 4: 4})}, 6),
    ],
)
def test_bad_arguments_are_named(argument: str, word: str, fields: dict[str, Any], order: Any) -> None:
    with refused(argument, word):
        activation_sequence(Ensemble(**{"width": 2, "depth": 2, **fields}), order)


def test_a_ball_needs_numbers_and_a_long_recurrence_has_no_closed_form() -> None:
    with refused("depth", "symbols n, norm_x"):
        activation_sequence(Ensemble(width="n", depth="L"), 4).ball(3)
    with refused("depth", "3 terms"):
        sequence = activation_sequence(Ensemble(width=3, depth="L", law="uniform"), 6)
        sequence.closed_form(sp.Symbol("L", integer=True, positive=True))
    with refused("digits", "between 1"):
        activation_sequence(Ensemble(width=3, depth=1), 4).ball(3, digits=-100)


@pytest.mark.parametrize("depth", [-1, "L", True, 1.5])
@pytest.mark.parametrize("law", ["normal", "uniform"])
def test_depths_that_are_not_natural_numbers_are_refused(law: str, depth: Any) -> None:
    sequence = activation_sequence(Ensemble(width=3, depth=2, law=law), 4)
    with refused("depth"):
        sequence.ball(depth)
    with refused("depth"):
        sequence.term(depth)
