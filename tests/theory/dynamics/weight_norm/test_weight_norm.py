"""Weight normalization in theory: against differentiation by hand, mpmath's integrals, and SciPy's solver."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from theory.balls import enclose
from theory.dynamics.weight_norm.competition import (
    blow_up_time,
    committee_limits,
    committee_winner,
    product_exponent,
    product_limits,
    product_partner,
    product_winner,
)
from theory.dynamics.weight_norm.loss_clock import chain_power, chain_time, clock, rate_bracket, rate_constant
from theory.dynamics.weight_norm.neurons import length_gained, velocity
from theory.dynamics.weight_norm.steps import chain_step, step_defect
from theory.ensembles import InvalidArgument

few = settings(max_examples=10)
whole = st.integers(-5, 5)
fractions = st.fractions("1/5", 5, max_denominator=6)


def numeric_velocity(family, v, rho, g):
    """By finite differences of w in what is trained."""
    v, g = np.array(v, dtype=float), np.array(g, dtype=float)
    size = math.log(rho) if family == "exponential" else rho

    def weights(parameters):
        length = math.exp(parameters[0]) if family == "exponential" else parameters[0]
        return length * parameters[1:] / np.linalg.norm(parameters[1:])

    at, step = np.array([size, *v]), 1e-5
    J = np.stack([(weights(at + step * e) - weights(at - step * e)) / (2 * step) for e in np.eye(len(at))], axis=1)
    return -J @ J.T @ g


@settings(max_examples=5)
@given(st.lists(whole, min_size=2, max_size=2).filter(any), st.lists(whole, min_size=2, max_size=2), fractions)
def test_velocities_are_those_of_finite_differences(v, g, rho):
    for family in ("exponential", "standard"):
        found = velocity(family, [sp.Integer(x) for x in v], sp.Rational(rho), [sp.Integer(x) for x in g])
        expected = numeric_velocity(family, v, float(rho), g)
        assert np.array([float(x) for x in found]) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert velocity("plain", v, rho, [sp.Integer(x) for x in g]) == tuple(-x for x in g)


def test_lengths_are_those_of_the_paper():
    rho = sp.Symbol("rho", positive=True)
    assert [length_gained(family, rho).diff(rho) for family in ("exponential", "standard")] == [1 / rho, rho]


@few
@given(st.sampled_from(["0", "1/2", "1", "4/3", "3/2", "8/5", "2"]), fractions, fractions)
def test_the_clock_is_an_integral(power, one, other):
    p, q = sorted((one, other + 1))
    s = float(Fraction(power))
    with mpmath.workdps(30):
        expected = mpmath.quad(lambda x: mpmath.exp(x) / x**s, [float(p), float(q)])
    found = enclose(clock(sp.Rational(q), power) - clock(sp.Rational(p), power))
    assert float(found) == pytest.approx(float(expected), rel=1e-13, abs=1e-14)


@pytest.mark.parametrize(("n", "family"), [(1, "exponential"), (5, "exponential"), (2, "plain"), (7, "plain")])
def test_bounds_hold_at_ten_and_beyond_and_are_sharp_to_second_order(n, family):
    for p in (10, 30, 1000):
        s = chain_power(n, family)
        true = enclose(clock(p, s) * sp.Integer(p) ** s * sp.exp(-p))
        low, high = map(float, rate_bracket(p, n, family))
        assert low < float(true) < high
        assert high - low == pytest.approx(float(s * (s + 1)) / p**2)


def test_the_upper_bound_is_false_for_depth_eight_without_normalization_at_ten():
    s = sp.Rational(7, 4)
    true = float(enclose(clock(10, s) * sp.Integer(10) ** s * sp.exp(-10)))
    assert true > float(1 + s / 10 + 2 * s * (s + 1) / 100)


def test_the_time_of_a_chain_is_a_quotient_of_clocks():
    p, n = sp.Symbol("p", positive=True), sp.Symbol("n", positive=True, integer=True)
    assert sp.simplify(chain_time(p, 1, n).diff(p) * n - sp.exp(p) / p**2) == 0
    assert float(chain_time(3, 3, 2)) == 0


@pytest.mark.parametrize("family", ["exponential", "plain"])
def test_products_end_where_scipy_says(family):
    """By the clock tau, in which the winner is infinite at a finite time."""
    x, start, n = np.array([2.0, 1.0, 1.5]), np.array([1.0, 3.0, 1.2]), 3
    k = float(product_exponent(n, family))

    def speed(_, p):
        return n * x * p ** (1 + k)

    def late(_, p):
        return p.max() - 1e6

    late.terminal = True
    found = solve_ivp(speed, (0, 10), start, method="DOP853", rtol=1e-12, atol=1e-12, events=late)
    end = found.y[:, -1]
    slopes, starts = [2, 1, "3/2"], [1, 3, "6/5"]
    winner = product_winner(slopes, starts, product_exponent(n, family))
    assert winner == int(np.argmax(end))
    limits = product_limits(slopes, starts, product_exponent(n, family))
    for u, limit in enumerate(limits):
        if u == winner:
            assert limit == sp.oo
            continue
        exact = product_partner(
            starts[u], slopes[u], slopes[winner], starts[winner], sp.Rational(end[winner]), product_exponent(n, family)
        )
        assert float(exact) == pytest.approx(end[u], rel=1e-6)
        assert float(exact) < float(limit)


@few
@given(st.lists(st.tuples(whole.filter(bool), fractions), min_size=2, max_size=4, unique_by=lambda pair: pair))
def test_the_winner_of_a_committee_is_the_first_at_infinity(neurons):
    along, across = zip(*neurons, strict=True)
    times = [(math.pi / 2 - math.atan(z / h)) / float(h) for z, h in neurons]
    if sorted(times)[1] - min(times) < 1e-9:
        return
    winner = committee_winner(along, across)
    assert winner == int(np.argmin(times))
    ends = committee_limits(along, across)
    for u, (z, h) in enumerate(neurons):
        if u != winner:
            expected = float(h) * math.tan(float(h) * min(times) + math.atan(z / h))
            assert float(enclose(ends[u])) == pytest.approx(expected, rel=1e-6)


def test_a_neuron_on_the_line_of_the_example():
    assert committee_limits((4, 1), (0, 0)) == (sp.oo, sp.Rational(4, 3))
    assert blow_up_time(sp.Rational(1, 2), 0) == 2


@few
@given(whole.filter(bool), whole, fractions)
def test_a_step_is_off_as_far_as_complex_numbers_say(along, across, rho):
    eta = Fraction(1, 100)
    z = complex(along, across) * float(eta * rho)
    turned = np.exp(-complex(z.real, math.atan(z.imag)))
    expected = float(rho) * abs(turned - (1 - z))
    assert float(enclose(step_defect(along, across, eta, rho), 50)) == pytest.approx(expected, rel=1e-6, abs=1e-13)


def test_a_step_of_a_chain_multiplies_all_weights():
    weights, eta = np.array([1.0, 1.2, 0.7]), 0.1
    p = weights.prod()
    after = weights * np.exp(eta * np.exp(-p) * p)
    assert float(chain_step(sp.Rational(p), "1/10", 3)) == pytest.approx(after.prod())


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: velocity("exp", (1,), 1, (1,)), "family: there is no parametrization 'exp'"),
        (lambda: velocity("plain", (1, 2), 1, (1,)), "gradient: has 1 entries, and the direction has 2"),
        (lambda: clock(0), "p: must be positive"),
        (lambda: clock(1, 3), "power: must be a rational number between 0 and 2, got 3"),
        (lambda: chain_power(0), "depth: must be a positive integer, got 0"),
        (lambda: chain_power(2, "standard"), "family: 'standard' has no rate here"),
        (lambda: chain_time(1, 2, 1), "p: is 1, below the start 2"),
        (lambda: rate_bracket(8, 1), "p: must be at least 10, got 8"),
        (lambda: rate_bracket(10, 8, "plain"), "depth: is 8, and without normalization the bounds hold from 2 to 7"),
        (lambda: rate_constant((1,), (1, 2)), "degrees: are 1, and there are 2 widths"),
        (lambda: rate_constant((1, 0), (1, 2)), "degrees: must be positive integers, got 0"),
        (lambda: product_exponent(2, "plain"), "depth: is 2, and plain products of one or two weights"),
        (lambda: product_winner((2, 1), (1, 2)), "starts: let neurons 1 and 2 tie"),
        (lambda: product_winner((2, 1), (1,)), "starts: are 1 numbers for 2 neurons"),
        (lambda: product_winner((2, 1), (1, -1)), "starts: must be positive"),
        (lambda: committee_winner((-1, -2), (0, 0)), "along: let no neuron grow"),
        (lambda: blow_up_time(1, -1), "across: must be at least 0"),
        (lambda: step_defect(1, 1, 0), "learning_rate: must be positive"),
    ],
)
def test_what_is_wrong_is_said(call, told):
    with pytest.raises(InvalidArgument) as refused:
        call()
    assert str(refused.value).startswith(told), refused.value


def test_the_constant_of_any_net():
    assert rate_constant((2, 1), (6, 1)) == sp.Rational(5, 3)
