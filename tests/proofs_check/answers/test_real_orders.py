"""Orders that are not even, points of densities and the output, as `derive` and `sample` answer them."""

import json
import re
from fractions import Fraction

import pytest
import sympy as sp

from proofs_check import check, derive, sample
from proofs_check.verdict import Verdict
from theory import LogNormLaw, enclosed_norm_moment
from theory.ensembles import Ensemble, InvalidArgument

RELU = Ensemble(width=8, depth=4, activation="relu", init="he")
UNIFORM = Ensemble(width=8, depth=4, law="uniform")


@pytest.mark.parametrize("order", [1, "1/2", 3, Fraction(-1, 2)])
def test_a_number_is_what_the_law_encloses(order):
    alive = Fraction(order) < 0
    answer = derive("activation", RELU, order=order, digits=15)
    true = enclosed_norm_moment(LogNormLaw(RELU), order, 20, given_survival=alive)
    assert answer.value == pytest.approx(float(true), rel=1e-14)
    assert float(sp.N(answer.exact, 20)) == pytest.approx(float(true), rel=1e-14)
    assert ("!= 0]" in answer.statement) is alive
    assert any("no layer is dead" in told for told in answer.assumptions) is alive


def test_a_formula_says_where_it_is_finite():
    answer = derive("activation", Ensemble(width="n", depth="L"), order=-1)
    assert answer.statement == "E|a_L|^(-1)"
    assert answer.at(n=3, L=2, norm_x=1) == 6 / sp.pi
    assert "every width is above 1, where this moment is finite" in answer.assumptions
    assert derive("activation", Ensemble(width=3, depth=2, input="ones"), order=1, layer=0).exact == sp.sqrt(3)


def test_other_laws_have_bounds_in_every_format(vanishing):
    answer = derive("activation", UNIFORM, order=1)
    low, high = map(Fraction, answer.between)
    inside = sample("activation", UNIFORM, order=1, samples=4_000, seed=0).interval
    assert low < inside[1]
    assert inside[0] < high
    ask = "derive activation --order 1 --width 8 --depth 4 --law uniform"
    assert json.loads(vanishing(f"{ask} --format json").out)["between"] == list(answer.between)
    assert vanishing(ask).out.startswith(f"{answer.between[0]} <= E|a_4| <= {answer.between[1]}\n")
    assert r"\le \mathbb{E}\left|a_{4}\right| \le" in vanishing(f"{ask} --format latex").out
    assert "there are bounds, and no formula" in vanishing(f"{ask} --format python").err


@pytest.mark.parametrize(
    ("net", "order"),
    [(RELU.at(width=16), 1), (Ensemble(width=16, depth=4), 3), (RELU.at(width=3, depth=2), Fraction(-1, 4))],
)
def test_an_interval_holds_the_exact_mean(net, order):
    exact = derive("activation", net, order=order).value
    for seed in (0, 1):
        low, high = sample("activation", net, order=order, samples=2_000, seed=seed, confidence=1 - 1e-9).interval
        assert low < exact < high


def test_gradients_and_outputs_have_real_orders_too():
    exact = derive("gradient", RELU, order=1, layer=1).value
    low, high = sample("gradient", RELU, order=1, samples=2_000, confidence=1 - 1e-9).interval
    assert low < exact < high
    assert derive("output", Ensemble(width=1, depth=1), order=1).exact == 2 / sp.pi
    assert derive("output-kurtosis", Ensemble(width=1, depth=1)).exact == 9
    negative = derive("output", Ensemble(width=1, depth=1), order="-1/2", digits=10)  # (E |g|^(-1/2))^2
    assert negative.value == pytest.approx(float(sp.gamma(sp.Rational(1, 4)) ** 2 / sp.pi / sp.sqrt(2)), rel=1e-9)


def test_points_of_the_laws():
    dead = derive("distribution", Ensemble(widths=(10, 3, 2, 3), activation="relu", init="he"), at=0)
    assert dead.value == 109 / 256
    assert dict(dead.related)["mass_at_0"] == sp.Rational(109, 256)
    assert derive("distribution", RELU, at=-1).value == 0
    below = derive("distribution", RELU, at="1/2").value
    above = derive("exceedance", RELU, c="1/2").value
    assert below + above == pytest.approx(1, abs=1e-10)
    product = Ensemble(width=1, depth=1)
    assert derive("output-density", product, at=1, digits=12).enclosed.startswith("[0.134016241017")
    both = [derive("output-distribution", product, at=u).value for u in ("1/3", "-1/3")]
    assert sum(both) == pytest.approx(1, abs=1e-12)
    assert derive("output-exceedance", product, c="1/3").value == pytest.approx(2 * both[1], rel=1e-12)


@pytest.mark.parametrize(
    ("asked", "net", "message"),
    [
        ({"quantity": "activation", "order": -1}, RELU, "order: .*infinite even given survival.*above -1"),
        ({"quantity": "activation", "order": -8}, Ensemble(width=8, depth=2), "order: .*infinite; use one above -8"),
        ({"quantity": "activation", "order": 0}, RELU, "order: 0 gives"),
        ({"quantity": "activation", "order": 1}, UNIFORM.at(width="n"), "order: .*letters"),
        ({"quantity": "activation", "order": -1}, UNIFORM, "law: .*needs normal weights"),
        ({"quantity": "hessian", "order": "1/2", "layers": (1, 2)}, RELU, "order: .*positive even integer, got 1/2"),
        ({"quantity": "density", "at": 0}, RELU, "at: .*positive, got 0"),
        ({"quantity": "distribution"}, RELU, "at: a point is needed"),
        ({"quantity": "output-density", "at": 0}, RELU, "at: 0 is where the density .* infinite"),
        ({"quantity": "output-exceedance", "c": 0}, RELU, "c: must be positive"),
        ({"quantity": "output", "order": -1}, RELU, "order: .*infinite even given survival.*above -1"),
        ({"quantity": "output-distribution", "at": 1}, RELU.at(readout="ones"), "readout: is fixed"),
    ],
)
def test_what_cannot_be_answered_says_why(asked, net, message):
    with pytest.raises(InvalidArgument) as refused:
        derive(asked.pop("quantity"), net, **asked)
    assert re.match(message, str(refused.value)), str(refused.value)


def test_a_mean_without_variance_is_not_sampled():
    with pytest.raises(InvalidArgument, match=r"needs a variance: .*infinite"):
        sample("activation", RELU, order="-1/2", samples=1_000)


def test_an_infinite_moment_is_greater_than_what_is_claimed():
    for claim, net in (("E|a_L|^(-1) <= 2", RELU), ("E|a_L|^(-1) = 2", Ensemble(width=1, depth=2))):
        found = check(claim, net, compare=False, seconds=1)
        assert found.verdict is Verdict.REFUTED
        assert found.counterexample.true == "infinity"
