"""The claims of weightnorm, typed in as theorems read, against what theory derives; and false ones beside them."""

import itertools
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.evidence import Simulated
from proofs_check.registry import own_statements
from proofs_check.statements.weightnorm import (
    any_net,
    descent,
    flows,
    loss_rates,
    norm_gradient,
    not_only_exponential,
    winners,
)
from proofs_check.toolkit.homogeneous_nets import HomogeneousNet, clock_speed, random_net
from proofs_check.verdict import Verdict
from theory.balls import enclose
from theory.dynamics.weight_norm.competition import (
    committee_limits,
    committee_winner,
    product_partner,
    product_winner,
)
from theory.dynamics.weight_norm.loss_clock import chain_power, clock, rate_bracket, rate_constant
from theory.dynamics.weight_norm.steps import chain_step

BY_ID = {one.id: one for one in own_statements() if one.topic == "weightnorm"}
few = settings(max_examples=10)
positives = st.fractions("1/9", 4, max_denominator=9).map(sp.Rational)


def agree(claimed, derived):
    """To 25 digits."""
    return bool(abs(enclose(claimed - derived, 60)) < 1e-25)


@few
@given(st.lists(st.tuples(positives, positives), min_size=2, max_size=4), positives)
def test_the_race_is_the_derived_one(pairs, more):
    x, p = zip(*pairs, strict=True)
    if len({a * b for a, b in pairs}) < len(pairs):
        return
    w = product_winner(x, p)
    now = p[w] + more
    said = BY_ID["weightnorm.relative-sparsity"].claim(x, p, now, sp.S.One)
    assert said.winner == w
    for u in set(range(len(x))) - {w}:
        assert said.others[u] == product_partner(p[u], x[u], x[w], p[w], now)


@few
@given(positives, positives, positives)
def test_the_committees_winner_is_the_derived_one(z, h, other):
    along, across = (z, -other), (h, z)
    said = BY_ID["weightnorm.committee-winner"].claim(along, across)
    w = committee_winner(along, across)
    assert said.winner == w
    assert agree(said.ends[1 - w], committee_limits(along, across)[1 - w])


@pytest.mark.parametrize(("family", "n"), [("exponential", 1), ("exponential", 4), ("plain", 2), ("plain", 4)])
def test_rates_and_bounds_are_the_derived_ones(family, n):
    p, s = sp.Integer(12), chain_power(n, family)
    said = BY_ID["weightnorm.loss-rates"].claim(n, p, family)
    assert agree(said.clock, clock(p, s))
    assert (said.lower, said.upper) == rate_bracket(p, n, family)
    assert said.speed == n * p**s


def test_the_constant_and_the_step_are_the_derived_ones():
    assert BY_ID["weightnorm.finite-time-rate"].claim("speed", (2, 1), (3, 1))[0] == rate_constant((2, 1), (3, 1))
    said = BY_ID["weightnorm.descent-rate"].claim(sp.Integer(2), sp.Integer(3), sp.Rational(1, 10))
    assert agree(said.after, chain_step(3, "1/10", 2))


def test_how_fast_the_clock_of_a_net_runs_is_its_gradient_by_finite_differences():
    net = random_net(3, (2, 2, 1), (1, 2), 2, 2)
    flat = np.array([float(w) for layer in net.layers for row in layer for w in row])

    def loss(values):
        take = iter(values)
        layers = [np.array([[next(take) for _ in row] for row in layer]) for layer in net.layers]
        total = 0.0
        for x, sign in zip(net.inputs, signs, strict=True):
            seen = np.array([float(a) for a in x])
            for layer, power in zip(layers, (*net.powers, None), strict=True):
                seen = layer @ seen
                seen = seen if power is None else np.maximum(seen, 0) ** power
            total += np.exp(-sign * seen[0])
        return total

    signs = [1.0] * len(net.inputs)
    one = [np.exp(-float(q)) for q in net.margins()]
    signs = [
        1.0 if abs(loss_of - margin) < 1e-9 else -1.0
        for loss_of, margin in zip((_single(net, i) for i in range(len(net.inputs))), one, strict=True)
    ]
    L, step = loss(flat), 1e-6
    slopes = [(loss(flat + step * e) - loss(flat - step * e)) / (2 * step) for e in np.eye(len(flat))]
    neurons = np.cumsum([0, *(len(row) for layer in net.layers for row in layer)])
    speed = sum((flat[a:b] @ flat[a:b]) * np.dot(slopes[a:b], slopes[a:b]) for a, b in itertools.pairwise(neurons))
    assert float(clock_speed(net)) == pytest.approx(speed / L / (L * np.log(L) ** 2), rel=1e-5)


def _single(net, i):
    """exp(-Phi) of one example, with the sign of the output."""
    (value,) = net._pass(net.inputs[i])[-1]
    return np.exp(-float(value))


def test_degrees_of_powers_act_on_all_layers_before_them():
    one = ((Fraction(1),),)
    assert HomogeneousNet((one, one, one), (2, 3), one).degrees == (6, 3, 1)


FALSE = [
    ("flow-equivalence", partial(flows.moves, standard=(1, 2))),
    ("single-neuron", partial(flows.alone, power=3)),
    ("relative-sparsity", partial(winners.race, end=True)),
    ("plain-sparsity", partial(not_only_exponential.balanced, shift=-1)),
    ("two-layer-sparsity", partial(not_only_exponential.units, power=3)),
    ("norm-gradient-relation", partial(norm_gradient.related, constant=Fraction(115, 100))),
    ("loss-rates", partial(loss_rates.rate, upper=(1, sp.Rational(19, 10)))),
    ("loss-rates", partial(loss_rates.rate, lower=(1, sp.Rational(3, 2)))),
    ("finite-time-rate", partial(any_net.bound, times=Fraction(1001, 1000))),
    ("descent", partial(descent.step, half=sp.Rational(51, 100))),
    ("descent-rate", partial(descent.grown, law=True)),
]


@pytest.mark.parametrize(("name", "claim"), FALSE)
def test_a_false_theorem_close_by_is_refuted(name, claim):
    exact = [one for one in BY_ID[f"weightnorm.{name}"].evidence if not isinstance(one, Simulated)]
    assert Verdict.REFUTED in {one.examine(claim).verdict for one in exact}
