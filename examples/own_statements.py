"""Statements of one's own, in a file outside the package: checked by ``vanishing verify --module`` and by pytest.

vanishing verify --module examples/own_statements.py
pytest --statements examples/own_statements.py
"""

from fractions import Fraction
from functools import partial

import sympy as sp

from montecarlo import ActivationNorms
from proofs_check import Assumption, LogMean, Mean, Mutant, Simulated, Statement, assumptions
from proofs_check.toolkit.depth_induction import induction_over_depth
from theory import Ensemble, LogNormLaw, activation_moment, symbols

LECUN = Ensemble(width="n", depth="L", activation="relu", init="lecun")

LECUN_RELU = Assumption("LeCun initialization for ReLU networks: every weight has variance 1/n")


def halved(net: Ensemble, *, factor: Fraction = Fraction(1, 2)) -> sp.Expr:
    """E|a_L|^2 = 2^-L |x|^2: LeCun's variance 1/n is half of what a ReLU layer needs."""
    return symbols.number(factor) ** symbols.whole(net.depth) * symbols.input_power_sum(net, 2)


def variance(net: Ensemble) -> sp.Expr:
    """Var |a_L|^2, which Catoni's interval needs."""
    return activation_moment(net, 4) - activation_moment(net, 2) ** 2


def typical(net: Ensemble, *, lost: int = 2) -> sp.Expr:
    """E log|a_L|^2: that of He initialization, less L log 2."""
    return LogNormLaw(net.at(init="he")).mean() - symbols.whole(net.depth) * sp.log(lost)


small = LECUN.at(width=16, depth=4)
deep = LECUN.at(width=16, depth=40)

STATEMENTS = (
    Statement(
        id="lecun.relu-halves",
        title="LeCun initialization halves the mean of |a|^2 in every ReLU layer.",
        latex=r"\mathbb E|a_L|^2 = 2^{-L}|x|^2",
        source="this file",
        assumptions=(LECUN_RELU, assumptions.INDEPENDENT_ENTRIES, assumptions.CONSTANT_WIDTH, assumptions.NO_BIASES),
        claim=halved,
        evidence=(
            induction_over_depth("any symmetric law, all n and L", LECUN.at(law="symmetric"), 2),
            Simulated(
                "E|a_L|^2 from real weights",
                small,
                ActivationNorms(layers=(4,)),
                "a_4",
                Mean(1, variance),
                tolerance=0.1,
                samples=40_000,
            ),
        ),
        mutants=(
            Mutant("1/2 becomes 1: the mean is preserved", partial(halved, factor=Fraction(1))),
            Mutant("1/2 becomes 2/5", partial(halved, factor=Fraction(2, 5))),
        ),
    ),
    Statement(
        id="lecun.relu-typical",
        title="The typical ReLU network under LeCun initialization loses log 2 more per layer than under He.",
        latex=r"\mathbb E[\log|a_L|^2\mid a_L\ne0] = L(\lambda_{\rm He}-\log2)",
        source="this file",
        assumptions=(
            LECUN_RELU,
            assumptions.NORMAL,
            assumptions.CONSTANT_WIDTH,
            assumptions.SURVIVAL,
            assumptions.NO_BIASES,
        ),
        claim=typical,
        evidence=(
            Simulated(
                "E log|a_L|^2 given survival",
                deep,
                ActivationNorms(layers=(40,)),
                "a_40",
                LogMean(lambda net: LogNormLaw(net).variance()),
                tolerance=0.5,
                samples=10_000,
            ),
        ),
        mutants=(Mutant("log 2 is forgotten", partial(typical, lost=1)),),
    ),
)
