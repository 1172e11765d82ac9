"""The median of the signal for uniform weights: the standard Xavier and He of frameworks decay like normal ones."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import sympy as sp

from proofs_check import assumptions
from proofs_check.evidence import Quantile, Simulated
from proofs_check.statement import Mutant, Statement
from proofs_check.toolkit.checks import LINEAR, PAPER, RELU, last
from proofs_check.toolkit.numbers import rational
from proofs_check.verdict import Between
from theory.ensembles import Ensemble


def median_range(
    net: Ensemble,
    *,
    relu: Fraction = Fraction(5, 2),
    linear: Fraction = Fraction(1),
    squared: bool = False,
    power: Fraction = Fraction(1),
) -> Between:
    """The median of log|a_L|^2 is -c L/n to 4(1 + L/n)/n, where c = 5/2 (ReLU) or 1 (linear), as for normal weights."""
    n, depth = sp.Integer(int(net.width_at(0))), sp.Integer(int(net.depth))
    beta = depth / n
    constant = relu if net.slope == 0 else linear
    centre = -rational(constant) * (depth / n**2 if squared else depth ** rational(power) / n)
    return Between(centre - 4 * (1 + beta) / n, centre + 4 * (1 + beta) / n)


def _check(net: Ensemble, samples: int) -> Simulated:
    return Simulated(
        "median of log|a_L|^2",
        net,
        *last(net),
        reading=Quantile(0.5),
        tolerance=0,
        samples=samples,
    )


_RELU, _LINEAR = RELU.at(law="uniform"), LINEAR.at(law="uniform")

UNIFORM_WIDTH_DEPTH = Statement(
    id="forward.uniform-width-depth",
    title="Uniform Xavier and He decay like normal ones: the median of |a_L|^2 is about exp(-5L/(2n)), exp(-L/n).",
    latex=(
        r"\Bigl|\operatorname{med}\log\frac{|a_L|^2}{|x|^2}+c\,\frac Ln\Bigr|\le\frac4n\Bigl(1+\frac Ln\Bigr),\quad "
        r"c=\tfrac52\ \text{(He, ReLU)},\ 1\ \text{(Xavier, linear)},\ \text{uniform weights}"
    ),
    source=f"{PAPER}, abstract, for the uniform laws that frameworks draw; by lyapunov-expansion they differ at 1/n^2",
    assumptions=(
        assumptions.UNIFORM,
        assumptions.LINEAR_OR_RELU,
        assumptions.HE_OR_XAVIER,
        assumptions.CONSTANT_WIDTH,
        assumptions.NO_BIASES,
    ),
    claim=median_range,
    evidence=(
        _check(_RELU.at(width=16, depth=16), 16_000),
        _check(_LINEAR.at(width=16, depth=64), 2_000),
        _check(_RELU.at(width=32, depth=8), 10_000),
        _check(_LINEAR.at(width=32, depth=8), 5_000),
    ),
    mutants=(
        Mutant("the median keeps its size", partial(median_range, relu=Fraction(0), linear=Fraction(0))),
        Mutant("ReLU decays like linear", partial(median_range, relu=Fraction(1))),
        Mutant("linear decays like ReLU", partial(median_range, linear=Fraction(5, 2))),
        Mutant("width sqrt(L) is enough", partial(median_range, squared=True)),
        Mutant("width L^2 is needed", partial(median_range, power=Fraction(2))),
    ),
)

STATEMENTS = (UNIFORM_WIDTH_DEPTH,)
