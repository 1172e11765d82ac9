"""Eigenvalues of the Hessian of f: their symmetric law, their edge, and a typical size that rises, then vanishes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial

import sympy as sp

from montecarlo import HessianExtremes, HessianNorms
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, Quantile, SameLaw, Simulated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.hessian.moments import mean_square
from proofs_check.toolkit.checks import LINEAR, PAPER, RELU
from proofs_check.toolkit.letters import Letters
from proofs_check.toolkit.numbers import rational
from proofs_check.verdict import Between
from theory.curvature.typical_norm import median_range
from theory.curvature.wide_edge import wide_edge
from theory.ensembles import Ensemble

_TYPICAL = (
    assumptions.NORMAL,
    assumptions.LINEAR_OR_RELU,
    assumptions.HE_OR_XAVIER,
    assumptions.SIGN_SYMMETRIC_READOUT,
    assumptions.CONSTANT_WIDTH,
    assumptions.UNIT_INPUT,
    assumptions.DEPTH_TWO,
    assumptions.NO_BIASES,
)


def exponent(net: Ensemble) -> sp.Expr:
    r"""Return gamma, the typical growth of log|a| in a layer, given survival.

    It is (log(2 s^2) + psi(n/2))/2 for linear networks. For ReLU networks, psi(B/2) is averaged over B ~ Bin(n, 1/2)
    given B >= 1.
    """
    n, s2 = (int(net.width_at(0)), Letters.of(net).s2)
    if net.slope == 1:
        return (sp.log(2 * s2) + sp.digamma(sp.Rational(n, 2))) / 2
    average = sp.Add(*(sp.binomial(n, b) * sp.digamma(sp.Rational(b, 2)) for b in range(1, n + 1)))
    return (sp.log(2 * s2) + average / (2**n - 1)) / 2


# --- hessian.symmetric-law --------------------------------------------------------------------------------------------


def same(net: Ensemble, *, factor: sp.Rational = sp.S.One) -> sp.Expr:
    """lambda_max has the law of -lambda_min, as v and -v have the same law, and H(-v) = -H(v).

    The claim is the factor between both, which is 1.
    """
    return factor


def _symmetry(net: Ensemble) -> SameLaw:
    return SameLaw(
        "the laws of lambda_max and -lambda_min", net, HessianExtremes(), "lambda_max", other="minus_lambda_min"
    )


SYMMETRIC_LAW = Statement(
    id="hessian.symmetric-law",
    title="With a sign-symmetric readout the spectrum's law is symmetric: lambda_max has that of -lambda_min.",
    latex=r"\lambda_{\max}(\nabla^2f)\overset d=-\lambda_{\min}(\nabla^2f),\quad\nabla^2f(-v)=-\nabla^2f(v)",
    source=f"{PAPER}, the plateau is a saddle; derived here",
    assumptions=(
        assumptions.INDEPENDENT_ENTRIES,
        assumptions.NO_ATOMS,
        assumptions.SIGN_SYMMETRIC_READOUT,
        assumptions.DEPTH_TWO,
        assumptions.NO_BIASES,
        assumptions.PIECEWISE_LINEAR,
    ),
    claim=same,
    evidence=(
        _symmetry(RELU.at(width=4, depth=4)),
        _symmetry(RELU.at(widths=(3, 4, 2, 4), activation="leaky:1/4", law="uniform", readout="signs")),
        _symmetry(LINEAR.at(width=3, depth=3)),
    ),
    mutants=(
        Mutant("the largest is larger by a third", partial(same, factor=sp.Rational(4, 3))),
        Mutant("the largest is smaller by a quarter", partial(same, factor=sp.Rational(3, 4))),
    ),
)

# --- hessian.typical-rate ---------------------------------------------------------------------------------------------


def typical_log_norm(
    net: Ensemble,
    *,
    rate: int = 1,
    power: Fraction = Fraction(3, 2),
    deep: Fraction = Fraction(1, 2),
) -> Between:
    r"""The median of log||H||_2 is gamma L + 3/2 log L + 1/2 log(1 + L/(6m)) - 3/5, to 1/6.

    So the power of L rises from 3/2 for L << n to 2 for L >> n. The m units that act are all n of them (linear), or
    half of them (ReLU), which meet half of |v|^2.
    """
    depth, units = sp.Integer(net.depth), sp.Rational(int(net.width_at(0)), 1 if net.slope == 1 else 2)
    rise = rational(power) * sp.log(depth) + rational(deep) * sp.log(1 + depth / (6 * units))
    met = sp.S.Zero if net.slope == 1 else sp.log(2) / 2
    middle = rate * exponent(net) * depth + rise - sp.Rational(3, 5) - met
    return Between(middle - sp.Rational(1, 6), middle + sp.Rational(1, 6))


def _rises_then_vanishes(claim: Claim) -> Iterator[Inequality]:
    """The median is larger at L = 2/|gamma| than at L = 2, and far smaller at twenty times that depth.

    At L = 2 it is log|D_2 v| <= 0 at |v| = 1. 2/|gamma| is 4n (linear), and about 8n/5 (ReLU). This follows from the
    claimed range with room to spare.
    """
    for net, turn in ((LINEAR.at(width=8, readout="signs"), 32), (RELU.at(width=16, readout="signs"), 26)):
        claimed, later = claim(net.at(depth=turn)), claim(net.at(depth=20 * turn))
        yield Inequality(f"{net.activation}: above its value at L = 2", sp.S.Zero, claimed.lo)
        yield Inequality(f"{net.activation}: falls", later.hi, claimed.lo)
        yield Inequality(f"{net.activation}: vanishes", later.hi, -sp.Integer(15))


def _meets_derived(claim: Claim) -> Iterator[Inequality]:
    """Moments of order t and -t enclose the median where nothing can be simulated (linear, |v| = 1)."""
    for n, depth, t in ((2, 5_000, "1/8"), (4, 20_000, "1/16"), (16, 100_000, "1/32")):
        net = LINEAR.at(width=n, depth=depth)
        claimed, (low, high) = claim(net), median_range(_unit(net), t)
        yield Inequality(f"n = {n}, L = {depth}: not above", claimed.lo, high)
        yield Inequality(f"n = {n}, L = {depth}: not below", low, claimed.hi)


def _median_check(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    return Simulated(
        "median of log||H||_2",
        net,
        HessianExtremes(),
        "spectral_norm",
        reading=Quantile(),
        tolerance=tolerance,
        samples=samples,
    )


TYPICAL_RATE = Statement(
    id="hessian.typical-rate",
    title="The typical ||H|| is about exp(gamma L + c log L), c = 3/2 to 2: it rises to L = 2/|gamma|, then vanishes.",
    latex=(
        r"\operatorname{med}\log\|\nabla^2f\|_2=\gamma L+\tfrac32\log L+\tfrac12\log\bigl(1+\tfrac L{6m}\bigr)"
        r"-\tfrac35\pm\tfrac16,\ m=n\ \text{(linear)};\ -\tfrac12\log2\ \text{more},\ m=\tfrac n2\ \text{(ReLU)};"
        r"\quad\gamma=\mathbb E\log\tfrac{|a_k|}{|a_{k-1}|}"
    ),
    source=f"{PAPER}, the Hessian theorems; the powers of L are those of width one and of infinite width, derived here",
    assumptions=(*_TYPICAL,),
    claim=typical_log_norm,
    evidence=(
        Enclosed("meets the range derived from moments of small order, L = 5,000 to 100,000", _meets_derived),
        Enclosed("so it first rises, then vanishes", _rises_then_vanishes, refutes=False),
        _median_check(LINEAR.at(width=8, depth=4), 0.35, 1_000),
        _median_check(LINEAR.at(width=8, depth=32), 1.0, 500),
        _median_check(LINEAR.at(width=8, depth=128), 2.8, 300),
        _median_check(RELU.at(width=16, depth=4), 0.35, 1_000),
        _median_check(RELU.at(width=16, depth=26), 1.3, 500),
        _median_check(RELU.at(width=16, depth=128), 4.0, 300),
    ),
    mutants=(
        Mutant(
            "eigenvalues vanish from L = 1 on: no powers of L",
            partial(typical_log_norm, power=Fraction(0), deep=Fraction(0)),
        ),
        Mutant("L for L^(3/2)", partial(typical_log_norm, power=Fraction(1))),
        Mutant("L^2 for L^(3/2)", partial(typical_log_norm, power=Fraction(2))),
        Mutant("eigenvalues do not vanish", partial(typical_log_norm, rate=0)),
        Mutant("eigenvalues vanish at twice the rate", partial(typical_log_norm, rate=2)),
    ),
)


def _unit(net: Ensemble) -> Ensemble:
    """Put a number in place of |x| = 1."""
    return net.at(input="e1")


# --- hessian.vanishes-in-median-not-in-mean ---------------------------------------------------------------------------


def median_square(net: Ensemble, *, rate: int = 1, missing: int = 0) -> Between:
    r"""The median of log|H|_F^2 is log E|H|_F^2 + 2 gamma L + 2 log(1 + L/(2n)), to 1/2.

    So the mean grows like L^2, while the median vanishes.
    """
    depth = sp.Integer(int(net.depth) - missing)
    typical = sp.log(mean_square(_unit(net).at(depth=int(depth)))) + 2 * rate * exponent(net) * depth
    middle = typical + 2 * sp.log(1 + depth / (2 * sp.Integer(net.width_at(0))))
    return Between(middle - sp.Rational(1, 2), middle + sp.Rational(1, 2))


def _frobenius_median(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    return Simulated(
        "median of log|H|_F^2", net, HessianNorms(), "H", reading=Quantile(), tolerance=tolerance, samples=samples
    )


MEDIAN_NOT_MEAN = Statement(
    id="hessian.vanishes-in-median-not-in-mean",
    title="The mean of |H|_F^2 grows with depth while its median vanishes like exp(2 gamma L), at fixed width.",
    latex=(
        r"\operatorname{med}\log|\nabla^2f|_F^2=\log\mathbb E|\nabla^2f|_F^2+2\gamma L+2\log\bigl(1+\tfrac L{2n}\bigr)"
        r"\pm\tfrac12,\quad"
        r"\mathbb E|\nabla^2f|_F^2=L(L-1)\,\mathbb E|v|^2|x|^2\,np_2^2\,(np_2s^2)^{L-2}"
    ),
    source=f"{PAPER}, the Hessian theorems; for the mean see hessian.frobenius",
    assumptions=(*_TYPICAL,),
    claim=median_square,
    evidence=(
        _frobenius_median(LINEAR.at(width=4, depth=16), 1.0, 8_000),
        _frobenius_median(LINEAR.at(width=4, depth=64), 1.4, 4_000),
        _frobenius_median(RELU.at(width=16, depth=16), 1.0, 6_000),
        _frobenius_median(RELU.at(width=16, depth=128), 1.8, 3_000),
    ),
    mutants=(
        Mutant("the median is the mean", partial(median_square, rate=0)),
        Mutant("the rate is that of |H|_F^4", partial(median_square, rate=2)),
    ),
)

# --- hessian.wide-limit-edge ------------------------------------------------------------------------------------------


def log_edge(
    net: Ensemble, *, missing: int = 0, decays: bool = True, halved: bool = True, solved: bool = True
) -> Between:
    r"""The edge of wide networks times the typical decay: log lambda_max = log 1/z* + gamma L, and up to 1/m more.

    The m units that act are all n of them (linear), or half of them (ReLU).

    Here |x| = |v| = 1, and 1/z* is the largest singular value of (1 - W)^{-1}, where W has normal blocks below the
    diagonal of L - 1 of them. A ReLU network has half as many units of twice the variance, and |D_L v|^2 = |v|^2/2.
    """
    depth = int(net.depth) - missing
    wide = (net if halved else LINEAR).at(width="n", depth=depth)
    edge = sp.Rational(float(wide_edge(wide, 15))) if solved else sp.Integer(depth) ** sp.Rational(3, 2)
    middle = sp.log(edge) + (sp.Integer(net.depth) * exponent(net) if decays else 0)
    return Between(middle, middle + sp.Rational(1 if net.slope == 1 else 2, int(net.width_at(0))))


def _edge_check(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    return Simulated(
        "median of log lambda_max",
        net,
        HessianExtremes(),
        "lambda_max",
        reading=Quantile(),
        tolerance=tolerance,
        samples=samples,
    )


SIGN_READOUT = Assumption("the readout has independent signs over sqrt(n), so that |v| = 1")

WIDE_LIMIT_EDGE = Statement(
    id="hessian.wide-limit-edge",
    title="In wide networks lambda_max is |x||v| exp(gamma L) times 1 + sqrt 2 at L = 3, 0.54 L^{3/2} for large L.",
    latex=(
        r"\operatorname{med}\log\lambda_{\max}\in\log\frac{|x||v|}{z^*}+\gamma L+[0,\tfrac1m],\ m=n\text{ (linear), }"
        r"\tfrac n2\text{ (ReLU)},\quad z^*\text{ the fold of }"
        r"\alpha_j=\tfrac{q_j}{1-p_jq_j},\ \beta_j=\tfrac{p_j}{1-p_jq_j},\ p_j=z+\beta_{j-1},\ q_j=z+\alpha_{j+1}"
    ),
    source=f"{PAPER}, the Hessian theorems; the edge is derived here (theory.curvature.wide_edge)",
    assumptions=(
        assumptions.NORMAL,
        assumptions.LINEAR_OR_RELU,
        assumptions.HE_OR_XAVIER,
        SIGN_READOUT,
        assumptions.CONSTANT_WIDTH,
        assumptions.UNIT_INPUT,
        assumptions.DEPTH_TWO,
        assumptions.NO_BIASES,
    ),
    claim=log_edge,
    evidence=(
        _edge_check(LINEAR.at(width=32, depth=3), 0.04, 400),
        _edge_check(LINEAR.at(width=32, depth=6), 0.10, 600),
        _edge_check(LINEAR.at(width=32, depth=16), 0.25, 600),
        _edge_check(RELU.at(width=48, depth=6, readout="signs"), 0.20, 400),
    ),
    mutants=(
        Mutant("the edge of one layer fewer", partial(log_edge, missing=1)),
        Mutant("without the typical decay", partial(log_edge, decays=False)),
        Mutant("all of the readout is met, ReLU or not", partial(log_edge, halved=False)),
        Mutant("L^{3/2} itself", partial(log_edge, solved=False)),
    ),
)

STATEMENTS = (SYMMETRIC_LAW, TYPICAL_RATE, MEDIAN_NOT_MEAN, WIDE_LIMIT_EDGE)
