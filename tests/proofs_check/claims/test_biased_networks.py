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
    with pytest.raises(InvalidArgument, match="theory does not know"):
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
