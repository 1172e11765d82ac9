"""Claims about networks with biases: what theory knows of them, and what would be wrong without saying so."""

import pytest
import sympy as sp

from proofs_check.claims.checking import check
from proofs_check.claims.derivations import derive_statistic
from proofs_check.claims.random_numbers import Moment, Output
from proofs_check.claims.scaling import is_homogeneous
from proofs_check.verdict import Verdict
from theory.ensembles import Ensemble, InvalidArgument

LINEAR = Ensemble(width="n", depth="L", readout="ones", bias="variance:t")
SQUARE = Moment(((Output(()), 2),))


def test_outputs_do_not_grow_in_proportion_to_the_input() -> None:
    assert is_homogeneous(LINEAR.at(bias="none"))
    assert not is_homogeneous(LINEAR)


def test_units_with_one_constant_bias_are_correlated() -> None:
    """A fixed readout of a linear network: E f^2 is not |v|^2 E|a_L|^2/n, as E a_i a_j = B^2 in the first layer."""
    n, L, t = (*sp.symbols("n L", integer=True, positive=True), sp.Symbol("t", positive=True))
    known = derive_statistic(SQUARE, LINEAR).formula
    assert sp.expand(known - n * L * t - sp.Symbol("norm_x", positive=True) ** 2) == 0
    with pytest.raises(InvalidArgument, match="not known with biases"):
        derive_statistic(SQUARE, LINEAR.at(bias="constant:B"))


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("E|a_L|^2 = |x|^2 + L*n*t/2", Verdict.SUPPORTED),
        ("E|a_L|^2 = |x|^2", Verdict.REFUTED),
        ("E|a_L|^2 <= |x|^2*(1 + L*n*t/2)", Verdict.REFUTED),  # at |x| = 1 it is an equation
    ],
)
def test_claims_are_decided_for_all_variances_and_inputs(claim: str, verdict: Verdict) -> None:
    net = LINEAR.at(activation="relu", init="he", readout="random")
    assert check(claim, net).verdict is verdict


@pytest.mark.parametrize(
    ("claim", "net", "verdict"),
    [
        ("E|a_L|^2 = |x|^2 + 2*L/5", Ensemble(width=4, depth="L"), Verdict.SUPPORTED),
        ("E|a_L|^2 = |x|^2 + 2*L/5", Ensemble(width=4, depth=3), Verdict.SUPPORTED),
        ("E|a_L|^2 <= |x|^2 + 2*L/5", Ensemble(width=4, depth="L"), Verdict.SUPPORTED),
        ("E|a_L|^2 = |x|^2 + 3*L/5", Ensemble(width=4, depth="L"), Verdict.REFUTED),
        ("E|a_2|^2 = |x|^2 + 1", Ensemble(width=4, depth=3), Verdict.REFUTED),
        ("E|a_L|^2 = |x|^2 + 2*L/5 + 1/100", Ensemble(width=4, depth=1), Verdict.REFUTED),
    ],
)
def test_where_two_rates_coincide_the_claim_is_derived_anew(claim: str, net: Ensemble, verdict: Verdict) -> None:
    """Weights of variance 1/4 at width 4 keep the norm, so that biases add up: the general formula divides by 0."""
    found = check(claim, net.at(init="1/4", bias="1/10"))
    assert found.verdict is verdict
    assert "nan" not in str(found)
    assert found.derived is not None
    norm, depth = sp.Symbol("norm_x", positive=True), sp.Symbol("L", integer=True, positive=True)
    layers = 2 if "a_2" in claim else depth if net.depth == "L" else net.depth
    assert sp.expand(found.derived - norm**2 - sp.Rational(2, 5) * layers) == 0
