"""Activations of two slopes, of whatever signs and sizes, under weights of any variance."""

from __future__ import annotations

from functools import partial

import sympy as sp

from montecarlo import GradientNorms
from proofs_check import assumptions
from proofs_check.evidence import Enumerated, Mean, Simulated
from proofs_check.exact.all_weights import gradient_power
from proofs_check.statement import Mutant, Statement
from proofs_check.toolkit.checks import LADDER, PAPER
from theory import gradient_moment, symbols
from theory.ensembles import Ensemble, Law


def mean_square(
    net: Ensemble, layer: int, *, mixed: bool = False, signed: bool = False, all_layers: bool = False
) -> sp.Expr:
    r"""E|df/dW_k|^2 = |x|^2 E|v|^2 p2 prod_(j != k) n_j p2 s_j^2, p2 = (a^2 + b^2)/2, slopes a below 0 and b above.

    Parameters
    ----------
    net : Ensemble
        Its layers have one width, and variances of their own or one for all.
    layer : int
        k, whose own variance does not enter.
    mixed, signed, all_layers : bool
        Nearby false claims: a*b for the mean square of both slopes, the square of their mean, and the product over
        all layers.
    """
    below, above = (symbols.number(slope) for slope in net.pieces)
    p2 = below * above if mixed else ((below + above) / 2) ** 2 if signed else (below**2 + above**2) / 2
    others = [j for j in range(1, int(net.depth) + 1) if all_layers or j != layer]
    steps = (symbols.whole(net.width_at(j)) * p2 * symbols.variance(net, j) for j in others)
    return symbols.input_power_sum(net, 2) * p2 * sp.Mul(*steps)


def _variance(net: Ensemble, layer: int) -> sp.Expr:
    return gradient_moment(net, layer, 4) - gradient_moment(net, layer, 2) ** 2


def _simulated(net: Ensemble, layer: int, tolerance: float, samples: int, full: int = 0) -> Simulated:
    return Simulated(
        f"E|df/dW_{layer}|^2 from real weights",
        net,
        GradientNorms(layers=(layer,)),
        f"G_{layer}",
        reading=Mean(1, partial(_variance, layer=layer)),
        tolerance=tolerance,
        samples=samples,
        full_samples=full,
        arguments={"layer": layer},
    )


TWO_SLOPES = Statement(
    id="gradient.two-slopes",
    title="Slopes a below 0 and b above enter the mean of |df/dW_k|^2 through (a^2 + b^2)/2, whatever their signs.",
    latex=(
        r"\mathbb E\Bigl|\frac{\partial f}{\partial W_k}\Bigr|_F^2 = |x|^2\,\mathbb E|v|^2\,p_2\prod_{j\ne k}np_2s_j^2,"
        r"\qquad p_2=\tfrac12(a^2+b^2)"
    ),
    source=f"{PAPER}, the gradient theorems, for slopes and variances of layers that it does not have; derived here",
    assumptions=(
        assumptions.INDEPENDENT_ENTRIES,
        assumptions.SIGN_SYMMETRIC_READOUT,
        assumptions.NO_ATOMS,
        assumptions.PLAIN,
        assumptions.NO_BIASES,
        assumptions.TWO_SLOPES,
    ),
    claim=mean_square,
    evidence=(
        Enumerated(
            "E|df/dW_k|^2 over all weights and signs, preactivations at 0 on either side with probability 1/2",
            tuple(
                (Ensemble(2, depth, activation=a, init=init, law=law, input=(1, 2), readout="signs"), layer)
                for a in ("abs", "leaky:3", "leaky:-1/2", "pieces:-1:2", "pieces:0:3")
                for law, depth, init in ((Law.named("rademacher"), 2, "1,4"), (LADDER, 1, "1/3"))
                for layer in range(1, depth + 1)
            ),
            gradient_power,
        ),
        _simulated(Ensemble(16, 4, activation="abs", init="1/16"), 1, 0.06, 60_000),
        _simulated(Ensemble(16, 4, activation="pieces:-1:2", init="1,1/4,1/9,2"), 2, 0.07, 60_000),
        _simulated(Ensemble(16, 4, activation="leaky:3", init="he_normal"), 4, 0.07, 60_000),
        _simulated(Ensemble(32, 8, activation="pieces:-1:2", init="glorot_uniform"), 5, 0.07, 0, 200_000),
    ),
    mutants=(
        Mutant("the product of both slopes for their mean square", partial(mean_square, mixed=True)),
        Mutant("the square of their mean", partial(mean_square, signed=True)),
        Mutant("a factor of every layer, the k-th too", partial(mean_square, all_layers=True)),
    ),
)

STATEMENTS = (TWO_SLOPES,)
