"""Initializations that do not preserve even the mean."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import sympy as sp

from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Enumerated
from proofs_check.exact.all_weights import activation_power
from proofs_check.statement import Mutant, Statement
from proofs_check.toolkit.checks import LADDER, SPARSE, mean_check
from proofs_check.toolkit.depth_induction import induction_over_depth
from proofs_check.toolkit.letters import Letters
from theory.ensembles import Ensemble, Law

PYTORCH = Ensemble(width="n", depth="L", activation="relu", init="pytorch")


def mean_square(net: Ensemble, *, third: int = 3, gate: sp.Expr | None = None, fewer_layers: int = 0) -> sp.Expr:
    """The mean is E|a_L|^2 = (p2/3)^L |x|^2, which is (1/6)^L for ReLU and (1/3)^L for linear networks at |x| = 1."""
    t = Letters.of(net)
    return ((t.p2 if gate is None else gate) / third) ** (t.L - fewer_layers) * t.x2


def _has_pytorch_variance(net: Ensemble) -> bool:
    width = net.width_at(0)
    given = isinstance(width, int) and isinstance(net.init.value, Fraction)
    return net.init.name == "pytorch" or (given and net.variance(1) == Fraction(1, 3 * int(width)))


PYTORCH_VARIANCE = Assumption(
    "the weights have PyTorch's variance 1/(3n), whatever their law (PyTorch's is uniform)", _has_pytorch_variance
)

PYTORCH_DEFAULT = Statement(
    id="init.pytorch-default",
    title="Under PyTorch's default initialization (biases left out) even the mean of |a|^2 vanishes: (1/6)^L for ReLU.",
    latex=r"\mathbb E|a_L|^2 = (p_2/3)^L|x|^2 = 6^{-L}|x|^2\ \text{(ReLU)},\ 3^{-L}|x|^2\ \text{(linear)}",
    source="torch.nn.Linear: uniform on (-1/sqrt(fan_in), 1/sqrt(fan_in)); arXiv:2106.03763 for the recursion",
    assumptions=(
        assumptions.INDEPENDENT_ENTRIES,
        assumptions.CONSTANT_WIDTH,
        assumptions.PLAIN,
        assumptions.NO_BIASES,
        assumptions.PIECEWISE_LINEAR,
        PYTORCH_VARIANCE,
    ),
    claim=mean_square,
    evidence=(
        induction_over_depth("ReLU, all n and L", PYTORCH, 2),
        induction_over_depth("linear, all n and L", PYTORCH.at(activation="linear"), 2),
        induction_over_depth("leaky ReLU of any slope, all n and L", PYTORCH.at(activation="leaky:slope"), 2),
        Enumerated(
            "E|a_L|^2 over all weights of that variance",
            tuple(
                (Ensemble(width=n, depth=depth, activation=a, init=f"1/{3 * n}", law=law, input=(2,) * n),)
                for law in (Law.named("rademacher"), SPARSE, LADDER)
                for a in ("relu", "linear")
                for n, depth in ((1, 3), (2, 2))
            ),
            partial(activation_power, order=2),
        ),
        mean_check(PYTORCH.at(width=16, depth=4), 2, 0.06, 100_000),
        mean_check(PYTORCH.at(width=16, depth=4, activation="linear"), 2, 0.04, 100_000),
    ),
    mutants=(
        Mutant("the mean is preserved", partial(mean_square, third=1, gate=sp.S.One)),
        Mutant("the mask is forgotten: (1/3)^L for ReLU", partial(mean_square, gate=sp.S.One)),
        Mutant("L - 1 for L", partial(mean_square, fewer_layers=1)),
        Mutant("1/3 becomes 1/4", partial(mean_square, third=4)),
    ),
    domain=EVERYWHERE,
)

STATEMENTS = (PYTORCH_DEFAULT,)
