"""Behind normalization the gradient and the weights hold the curvature off 0, so there is no flat plateau."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import flint
import sympy as sp

from montecarlo import HessianExtremes
from proofs_check import assumptions
from proofs_check.evidence import Enumerated, Obligation, Proved, Quantile, Simulated
from proofs_check.exact.small_normalized import SmallNormalized, small_normalized
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.remedy.pinned_signal import growth
from proofs_check.toolkit.checks import PAPER, RELU
from proofs_check.verdict import Between
from theory.ensembles import Ensemble

# --- remedy.normalized-hessian ----------------------------------------------------------------------------------------


def of_no_scale(
    net: Any, quantity: str = "ratio", *, invariant: bool = True, factor: int = 1, above: bool = False
) -> Any:
    r"""What holds for weights w whose scale f does not depend on, with the gradient g in them and the Hessian H.

    - ``weights`` is the c of H w = c g, which is -1.
    - ``ends`` is the c of sqrt(-lambda_min lambda_max) >= c |g|/|w|, which is 1.
    - ``ratio`` is the range of a tenth percentile: that of the logarithm of the left side over the right side, which is
      taken at the layer where it is largest. It is from log 7 to log 15 in the case tried, and never negative.

    Parameters
    ----------
    net : SmallNormalized or Ensemble
        One network, or an ensemble for the ratio.
    quantity : str
        Which of these.
    """
    if quantity == "weights":
        return -1 if invariant else net.depth - 1
    if quantity == "ends":
        return factor
    if above:
        return Between(-sp.log(15), sp.log(factor))
    return Between(sp.log(7) + sp.log(factor), sp.log(15) + sp.log(factor))


_ANY = RELU.at(width=4, depth=3, architecture="layernorm")


def _scaled(claim: Claim) -> list[Obligation]:
    """Standardized numbers have the degree c + 1 = 0, as three of them show that are multiplied by t."""
    z, t = sp.symbols("z1:4", positive=True), sp.Symbol("t", positive=True)

    def first(numbers: Any) -> sp.Expr:
        centred = [number - sp.Add(*numbers) / 3 for number in numbers]
        return centred[0] / sp.sqrt(sp.Add(*(c**2 for c in centred)) / 3)

    degree = claim(_ANY, "weights") + 1
    return [Obligation("z/sigma at t z", _rooted(first([t * number for number in z]), t), t**degree * first(z))]


def _rooted(expression: sp.Expr, t: sp.Symbol) -> sp.Expr:
    """Take t^2 out of a root, which is possible as t > 0."""
    return expression.replace(
        lambda node: node.is_Pow and not node.exp.is_Integer,
        lambda node: (sp.cancel(node.base / t**2)) ** node.exp * t ** (2 * node.exp),
    )


@cache
def _derivatives() -> tuple[sp.Expr, sp.Expr]:
    """Return C . H w and C_w . g of f(w, u) = F(w_2/w_1, w_3/w_1, u) for a C of symbols.

    F is a polynomial whose first and second derivatives may be any numbers.
    """
    w, u, directions = sp.symbols("w1:4"), sp.symbols("u1:2"), sp.symbols("c1:5")
    arguments = (w[1] / w[0], w[2] / w[0], *u)
    letters = iter(sp.symbols("f1:10"))
    f = sp.Add(*(next(letters) * p for p in arguments))
    f += sp.Add(*(next(letters) * p * q for i, p in enumerate(arguments) for q in arguments[i:]))
    moved = sp.Add(*(c * sp.diff(f, v) for c, v in zip(directions, (*w, *u), strict=True)))
    return (
        sp.Add(*(v * sp.diff(moved, v) for v in w)),
        sp.Add(*(c * sp.diff(f, v) for c, v in zip(directions, w, strict=False))),
    )


def _euler(claim: Claim) -> list[Obligation]:
    """A smooth f of degree 0 in w is a function of ratios, and polynomials of degree 2 have any two derivatives."""
    pushed, along = _derivatives()
    return [Obligation("C . H w", pushed, claim(_ANY, "weights") * along)]


def _compressed(claim: Claim) -> list[Obligation]:
    """Compress H to w/|w| and g/|g|, which are orthogonal, and take the determinant.

    By interlacing, the product of the ends of the spectrum is below it.
    """
    g, w, beyond = sp.symbols("g w h", positive=True)
    beside = claim(_ANY, "weights") * g / w
    determinant = sp.Matrix([[0, beside], [beside, beyond]]).det()
    return [Obligation("determinant", determinant, -((claim(_ANY, "ends") * g / w) ** 2))]


_SMALL = small_normalized()


def _of_weights(net: SmallNormalized, _: str) -> Callable[[int], bool]:
    """Judge the c of H w = c g, where g is 0 at all weights but those of w, for every such w."""
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
    """Judge the c of -lambda_min lambda_max >= c^2 |g|^2/|w|^2, in rational numbers."""
    ratios = [(net.gradient[at] ** 2).sum() / (net.weights[at] ** 2).sum() for at in net.scaled]
    return lambda claimed: bool(net.product_of_ends[0] >= claimed**2 * max(ratios))


NORMALIZED_HESSIAN = Statement(
    id="remedy.normalized-hessian",
    title="Behind normalization the Hessian maps a layer's weights to minus its gradient: both ends are held off 0.",
    latex=(
        r"\nabla^2f\,w=-\frac{\partial f}{\partial w},\qquad\sqrt{-\lambda_{\min}\lambda_{\max}}\ge"
        r"\frac1{|w|}\Bigl|\frac{\partial f}{\partial w}\Bigr|,\qquad w=W_k\ \text{or, under batch norm, a row of it}"
    ),
    source=(
        "E. Hoffer et al., arXiv:1803.01814, and T. van Laarhoven, arXiv:1706.05350, for weights of no scale; "
        "derived in theory.architectures.normalized"
    ),
    assumptions=(
        assumptions.LAYER_OR_BATCH_NORM,
        assumptions.PIECEWISE_LINEAR,
        assumptions.NO_BIASES,
        assumptions.NO_KINK,
    ),
    claim=of_no_scale,
    evidence=(
        Proved("standardized numbers have no scale", _scaled, "all scales of 3 units"),
        Proved("so H w = -g, any f of degree 0 in w", _euler, "all f of degree 0"),
        Proved("so the ends are that far apart", _compressed, "all f of degree 0"),
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
        Simulated(
            "lower tenth of both ends over the steepest layer, layernorm",
            RELU.at(width=8, depth=8, architecture="layernorm"),
            HessianExtremes(),
            "ends/gradient",
            reading=Quantile(0.1),
            tolerance=0.0,
            samples=1_600,
        ),
    ),
    mutants=(
        Mutant("H w is (L-1) g, as without normalization", partial(of_no_scale, invariant=False)),
        Mutant("twice the gradient over the weights", partial(of_no_scale, factor=2)),
        Mutant("the gradient bounds the ends from above", partial(of_no_scale, above=True)),
    ),
)

# --- remedy.normalized-curvature --------------------------------------------------------------------------------------


def typical_log_norm(
    net: Ensemble,
    *,
    vanishes: bool = False,
    of_width: int = 5,
    power: sp.Rational = sp.S.One,
) -> Between:
    r"""The median of log||H||_2 is 5/2 log n - 2 to 1/4 under layer norm, whatever the depth L >= 2n.

    Under batch norm it is L log J + 1/2 log n, from 1/4 below to 3/4 above: it grows like the square of the gradient.
    """
    depth, n, batch = int(net.depth), sp.Integer(net.width), net.architecture.batch
    if not isinstance(batch, int):
        middle = sp.Rational(of_width, 2) * sp.log(n) - 2 - (sp.Rational(5 * depth, 4) / n if vanishes else 0)
        return Between(middle - sp.Rational(1, 4), middle + sp.Rational(1, 4))
    leading = power * depth * sp.log(growth(batch)) + sp.log(n) / 2
    return Between(leading - sp.Rational(1, 4), leading + sp.Rational(3, 4))


def _median_check(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    what = f"median of log||H||_2, {net.architecture.name}"
    return Simulated(
        what, net, HessianExtremes(), "spectral_norm", reading=Quantile(), tolerance=tolerance, samples=samples
    )


NORMALIZED_CURVATURE = Statement(
    id="remedy.normalized-curvature",
    title="Typical curvature stays at any depth under layer norm, and explodes under batch norm as gradients squared.",
    latex=(
        r"\operatorname{med}\log\|\nabla^2f\|_2\in\tfrac52\log n-2+[-\tfrac14,\tfrac14]\ \text{(layer norm, }L\ge2n),"
        r"\quad\in L\log J_B+\tfrac12\log n+[-\tfrac14,\tfrac34]\ \text{(batch norm)}"
    ),
    source=(
        f"{PAPER}, the Hessian of plain networks, which vanishes; G. Yang et al., arXiv:1902.08129, for the gradient's "
        "explosion; powers of n as measured"
    ),
    assumptions=(
        assumptions.LAYER_OR_BATCH_NORM,
        assumptions.NORMAL,
        assumptions.RELU,
        assumptions.SIGN_SYMMETRIC_READOUT,
        assumptions.CONSTANT_WIDTH,
        assumptions.NO_BIASES,
    ),
    claim=typical_log_norm,
    evidence=(
        _median_check(RELU.at(width=8, depth=32, architecture="layernorm"), 1.5, 450),
        _median_check(RELU.at(width=16, depth=32, architecture="layernorm"), 1.8, 300),
        _median_check(RELU.at(width=8, depth=16, architecture="batchnorm:8"), 1.4, 600),
        _median_check(RELU.at(width=16, depth=16, architecture="batchnorm:8"), 1.4, 350),
    ),
    mutants=(
        Mutant("under layer norm it vanishes like that of a plain network", partial(typical_log_norm, vanishes=True)),
        Mutant("under layer norm it is the same at any width", partial(typical_log_norm, of_width=0)),
        Mutant("under batch norm it grows like the gradient", partial(typical_log_norm, power=sp.Rational(1, 2))),
        Mutant(
            "under batch norm it grows like the gradient's cube", partial(typical_log_norm, power=sp.Rational(3, 2))
        ),
    ),
)

STATEMENTS = (NORMALIZED_HESSIAN, NORMALIZED_CURVATURE)
