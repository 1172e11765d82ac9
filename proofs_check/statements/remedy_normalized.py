"""Behind normalization: curvature is at least what gradient and weights make it, so there is no flat plateau."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import flint
import sympy as sp

from montecarlo.remedies import BatchNorm, HessianEnds, LayerNorm
from proofs_check.evidence import Enumerated, Quantile, Simulated
from proofs_check.small_normalized import SmallNormalized, small_normalized
from proofs_check.statement import Assumption, Mutant, Statement
from proofs_check.statements.forward import PAPER, RELU
from proofs_check.statements.remedy import growth
from proofs_check.verdict import Between
from theory.ensembles import Ensemble


def curvature(
    net: Any,
    quantity: str,
    batch: int = 0,
    *,
    invariant: bool = True,
    factor: int = 1,
    vanishes: bool = False,
    power: sp.Rational = sp.S.One,
) -> Any:
    r"""Weights w of whose scale f does not depend, the gradient g in them, and the Hessian H.

    ``weights``: the c of H w = c g, -1; ``ends``: the c of sqrt(-lambda_min lambda_max) >= c |g|/|w|, 1; and the
    median of log|H|_2: between 1 and log L + 5/2 under layer norm, between L log J and L log J + 5/2 under batch norm.
    """
    depth = int(net.depth)
    if quantity == "weights":
        return -1 if invariant else depth - 1
    if quantity == "ends":
        return factor
    if quantity == "layer norm":
        plain = -sp.Rational(5 * depth, 4 * int(net.width)) if vanishes else sp.S.Zero
        return Between(1 + plain, sp.log(depth) + sp.Rational(5, 2) + plain)
    leading = power * depth * sp.log(growth(batch))
    return Between(leading, leading + sp.Rational(5, 2))


_SMALL = small_normalized()


def _of_weights(net: SmallNormalized, _: str) -> Callable[[int], bool]:
    """Judge the c of H w = c g: of every such w the whole product is compared, which is 0 elsewhere."""
    size = len(net.weights)

    def judge(claimed: int) -> bool:
        for at in net.scaled:
            w, g = ([flint.fmpq(0)] * size for _ in range(2))
            w[at], g[at] = net.weights[at].tolist(), (claimed * net.gradient[at]).tolist()
            if net.hessian * flint.fmpq_mat(size, 1, w) != flint.fmpq_mat(size, 1, g):
                return False
        return True

    return judge


def _of_ends(net: SmallNormalized, _: str) -> Callable[[int], bool]:
    """Judge the c of -lambda_min lambda_max >= c^2 |g|^2/|w|^2, in rationals."""
    ratios = [(net.gradient[at] ** 2).sum() / (net.weights[at] ** 2).sum() for at in net.scaled]
    return lambda claimed: bool(net.product_of_ends[0] >= claimed**2 * max(ratios))


def _typical(net: Ensemble, engine: LayerNorm | BatchNorm, samples: int, tolerance: float) -> Simulated:
    of_batch = {"quantity": "batch norm", "batch": engine.batch} if isinstance(engine, BatchNorm) else None
    arguments = of_batch or {"quantity": "layer norm"}
    what, component = f"median of log|H|_2, {engine.name}", "spectral_norm"
    return Simulated(
        what, net, HessianEnds(), component, Quantile(), tolerance, samples, arguments=arguments, engine=engine
    )


NORMALIZED_HESSIAN = Statement(
    id="remedy.normalized-hessian",
    title="Behind normalization curvature is at least gradient over weights; it does not fall with depth.",
    latex=(
        r"H\,w=-g,\quad\sqrt{-\lambda_{\min}\lambda_{\max}}\ge\frac{|g|}{|w|},\ g=\frac{\partial f}{\partial w},\ "
        r"w=W_k\ \text{or a row of it};\quad\operatorname{med}\log\|H\|_2\in[1,\log L+\tfrac52]\ \text{(layer norm)},\ "
        r"L\log J_B+[0,\tfrac52]\ \text{(batch norm)}"
    ),
    source=(
        f"{PAPER}, the Hessian of plain networks; E. Hoffer et al., arXiv:1803.01814, and T. van Laarhoven, "
        "arXiv:1706.05350, for weights of no scale; derived here"
    ),
    assumptions=(
        Assumption.LAYER_NORM,
        Assumption.BATCH_NORM,
        Assumption.PIECEWISE_LINEAR,
        Assumption.NO_BIASES,
        Assumption.NO_KINK,
        Assumption.SIZES_TRIED,
    ),
    claim=curvature,
    evidence=(
        Enumerated(
            f"H w of every layer, or unit under batch norm, {len(_SMALL)} rational networks",
            tuple((net, "weights") for net in _SMALL),
            _of_weights,
        ),
        Enumerated(
            f"both ends of the spectrum, {len(_SMALL)} rational networks",
            tuple((net, "ends") for net in _SMALL),
            _of_ends,
        ),
        _typical(RELU.at(width=8, depth=64), LayerNorm(), 200, 1.5),
        _typical(RELU.at(width=16, depth=32), LayerNorm(), 100, 1.5),
        _typical(RELU.at(width=8, depth=16), BatchNorm(8), 200, 1.5),
        _typical(RELU.at(width=16, depth=8), BatchNorm(8), 100, 1.5),
    ),
    mutants=(
        Mutant("H w is (L-1) g, as without normalization", partial(curvature, invariant=False)),
        Mutant("twice the gradient over the weights", partial(curvature, factor=2)),
        Mutant("under layer norm it vanishes like that of a plain network", partial(curvature, vanishes=True)),
        Mutant("under batch norm it grows like the gradient", partial(curvature, power=sp.Rational(1, 2))),
    ),
)

STATEMENTS = (NORMALIZED_HESSIAN,)
