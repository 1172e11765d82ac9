"""The claims of shape, typed in as theorems read, against what theory derives; and false ones beside them refuted."""

from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo.training.regression.diagonal_flows import DiagonalNets, diagonal_flow
from proofs_check.evidence import Simulated
from proofs_check.registry import own_statements
from proofs_check.statements.shape import descent, diagonal_nets, more_neurons, neurons, rates, regimes
from proofs_check.verdict import Verdict
from tests.theory.random_designs import random_design
from theory.balls import enclose
from theory.dynamics.implicit_bias.designs import Design
from theory.dynamics.implicit_bias.diagonal_nets import (
    DiagonalNet,
    descent_residual_bound,
    descent_scale,
    descent_shift,
)
from theory.dynamics.implicit_bias.interpolants import enclosed_interpolant
from theory.dynamics.implicit_bias.mirror_potentials import (
    DiagonalPotential,
    diagonal_potential,
    diagonal_slope,
    scale_of_start,
)
from theory.dynamics.implicit_bias.neuron_potentials import neuron_potential, neuron_slope
from theory.dynamics.implicit_bias.shape_limits import (
    distance_factor,
    kernel_direction_error,
    kernel_distance_bound,
    least_decay_rate,
    neuron_limit_bounds,
    rich_excess_bound,
    rich_excess_of_point,
    rich_potential_bounds,
)

BY_ID = {one.id: one for one in own_statements() if one.topic == "shape"}
positives = st.fractions("1/9", 4, max_denominator=9).map(sp.Rational)
numbers = st.fractions(-4, 4, max_denominator=9).map(sp.Rational)
few = settings(max_examples=20)


def agree(claimed, derived):
    """To 25 digits."""
    return bool(abs(enclose(sp.sympify(claimed) - sp.sympify(derived), 60)) < 1e-25)


def claim_of(name):
    return BY_ID[f"shape.{name}"].claim


@few
@given(numbers, positives, positives)
def test_the_regularizer_is_the_derived_one(x, u, v):
    said, k = claim_of("diagonal-regularizer")(x, u, v), scale_of_start(u, v)
    assert agree(said.root**2, k)
    assert agree(said.slope, diagonal_slope(x, k))
    assert agree(said.value, diagonal_potential(x, k))


@few
@given(numbers, positives, positives)
def test_the_tilted_one_is_the_derived_one(x, A, B):
    said, potential = claim_of("biased-start")(x, A, B), DiagonalNet((A,), (B,)).potential()
    assert agree(said.root**2, potential.k[0])
    assert agree(said.slope, potential.slopes([x])[0])
    assert agree(said.value, potential.value([x]))


@few
@given(positives, positives, positives)
def test_bounds_of_the_regimes_and_the_rate_are_the_derived_ones(k, x, y):
    kernel = claim_of("kernel-limit")(k, x, y, x + y, sp.S.One, sp.S.Zero)
    assert agree(kernel.distance, kernel_distance_bound(k, x))
    assert agree(kernel.error, kernel_direction_error(k, x, y, x + y))
    said = claim_of("diagonal-rate")(x, x + y, k, y)
    assert agree(said.decay, least_decay_rate(x, k))
    assert agree(said.distance, distance_factor(k, y) / x)
    small = k / 10**12
    rich = [claim_of("rich-limit")(small, x + y, sp.Rational(1, 9), 5, one, sp.Max(x, y)) for one in (x, y)]
    assert agree(rich[0].excess, rich_excess_bound(small, x + y, "1/9", 5))
    assert agree(rich[0].share + rich[1].share, rich_excess_of_point(small, [x, y]))
    for pair in zip(rich[0][:2], rich_potential_bounds(x, small), strict=True):
        assert agree(*pair)


@few
@given(positives, st.lists(st.fractions("-9/10", "9/10", max_denominator=10).map(sp.Rational), min_size=1, max_size=3))
def test_the_law_of_descent_is_the_derived_one(k, moves):
    said, eta = claim_of("descent")(k, sp.Rational(1, 2), [2 * move for move in moves]), "1/2"
    gradients = [2 * move for move in moves]
    assert agree(said.scale, descent_scale(k, eta, gradients))
    assert agree(said.shift, descent_shift(eta, gradients))
    assert agree(said.apart, descent_residual_bound(eta, [[g] for g in gradients]))


@few
@given(positives, numbers.filter(bool))
def test_the_neurons_potential_is_the_derived_one(n, delta):
    said = claim_of("neuron-regularizer")(n, delta, 1, 1)
    assert agree(said.slope, neuron_slope(n, delta))
    assert agree(said.value - neuron_potential(n, delta), -(sp.Max(delta, 0) ** sp.Rational(3, 2)) / 3)
    assert agree(more_neurons.neuron_slope(n, delta), neuron_slope(n, delta))
    limits = claim_of("neuron-limits")(n, delta)
    for pair in zip(limits[:2], neuron_limit_bounds(n, delta), strict=True):
        assert agree(*pair)
    assert agree(limits.balanced, neuron_potential(n, 0))


@pytest.mark.parametrize("root", ["10", "1", "1e-3"])
def test_the_flow_of_real_weights_the_minimizer_and_the_claimed_slopes_agree(root):
    """Three routes: real weights trained, the dual solved in balls, and the gradient as the theorem reads."""
    X, y = random_design(2, 5, 12)
    u = np.sqrt(float(sp.Rational(root)) / 4)
    end = diagonal_flow(DiagonalNets.of_weights(*[np.full((1, 5), u)] * 4), X, y, 300.0)
    found = enclosed_interpolant(DiagonalPotential((sp.Rational(root) ** 2,) * 5), X, y)
    point = np.array([float(ball.mid()) for ball in found.point])
    assert np.abs(end.weights[0] - point).max() < 1e-8
    claim = partial(
        claim_of("diagonal-regularizer"), u=sp.sqrt(sp.Rational(root)) / 2, v=sp.sqrt(sp.Rational(root)) / 2
    )
    slopes = [claim(sp.Rational(float(w))).slope for w in point]
    parts = Design.read(X, y).project_on_kernel(slopes)
    assert max(abs(float(part)) for part in parts) < 1e-9


FALSE = [
    ("diagonal-regularizer", partial(diagonal_nets.regularizer, times=sp.Rational(1001, 1000))),
    ("biased-start", partial(diagonal_nets.biased, tilt=sp.Rational(999, 1000))),
    ("kernel-limit", partial(regimes.kernel_limit, constant=Fraction(13, 20))),
    ("kernel-limit", partial(regimes.kernel_limit, bound=Fraction(1, 4))),
    ("rich-limit", partial(regimes.rich_limit, part=Fraction(13, 20))),
    ("diagonal-rate", partial(rates.rate, twice=sp.Rational(101, 100))),
    ("descent", partial(descent.descent, third=Fraction(3, 10))),
    ("neuron-warp", partial(neurons.warp, power=sp.Rational(3, 2))),
    ("neuron-regularizer", partial(neurons.selected, times=sp.Rational(999, 1000))),
    ("neuron-regularizer", partial(neurons.selected, tilt=Fraction(1001, 1000))),
]


@pytest.mark.parametrize(("name", "claim"), FALSE)
def test_a_false_theorem_close_by_is_refuted(name, claim):
    exact = [one for one in BY_ID[f"shape.{name}"].evidence if not isinstance(one, Simulated)]
    assert Verdict.REFUTED in {one.examine(claim).verdict for one in exact}


def test_neurons_that_are_not_aligned_do_not_minimize_the_potential_of_one():
    assert more_neurons._not_of_these(claim_of("aligned-neurons"))
    assert not more_neurons._not_of_these(partial(more_neurons.together, unaligned=1))
