"""Claims on probabilities of events whose threshold is an atom: Rademacher weights at width 4 and depth 1.

|a_1|^2 = (S_1^2 + ... + S_4^2)/16 with sums S_i of four signs; 0.2109375 of the mass sits at 1/2.
"""

from fractions import Fraction

import pytest

from proofs_check import check
from proofs_check.verdict import Verdict
from tests.montecarlo.exact_laws import law_of_square
from theory import Ensemble

NET = Ensemble(width=4, depth=1, law="rademacher")
LAW = law_of_square(NET, 1)
REACHED = sum(p for value, p in LAW.items() if value >= Fraction(1, 2))
EXCEEDED = REACHED - LAW[Fraction(1, 2)]


def test_the_truth_is_that_of_the_enumeration():
    assert float(REACHED) == 0.874755859375


@pytest.mark.parametrize(
    ("event", "truth"),
    [
        ("|a_L|^2 >= |x|^2/2", REACHED),
        ("|a_L|^2 > |x|^2/2", EXCEEDED),
        ("|a_L|^4 >= |x|^4/4", REACHED),
        ("log|a_L|^2 >= -log(2)", REACHED),
        ("|a_L|^2 >= 0.5000000000000001*|x|^2", EXCEEDED),
        ("|a_L|^2 > 0.4999999999999999*|x|^2", REACHED),
    ],
)
def test_the_mass_at_the_threshold_counts_where_it_belongs(event, truth):
    """Error probability 1e-6 each."""
    true = check(f"P({event}) = {float(truth)!r}", NET, tolerance=0.2, compare=False)
    assert true.verdict is Verdict.SUPPORTED
    other = EXCEEDED if truth == REACHED else REACHED
    assert check(f"P({event}) = {float(other)!r}", NET, compare=False).verdict is Verdict.REFUTED


@pytest.mark.parametrize(("event", "claimed"), [(">= -1.1", 1), ("> -1.1", 1), (">= -0.9", 0), (">= 0", 0), ("> 0", 0)])
def test_a_threshold_of_a_negative_number(event, claimed):
    """The Hessian of v w_2 w_1 x has v x beside a zero diagonal, so its least eigenvalue is -|v x| = -1."""
    net = Ensemble(width=1, depth=2, readout="signs")
    bound = ">= 0.99" if claimed else "<= 0.01"
    assert check(f"P(lambda_min {event}) {bound}", net, samples=4000, compare=False).verdict is Verdict.SUPPORTED
