"""Residual branches: which scale keeps mean and typical size together, which does not, and the Hessian behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import sympy as sp

from montecarlo import HessianNorms
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import (
    Branches,
    Carried,
    Enclosed,
    Induction,
    Inequality,
    LogMean,
    Mean,
    Proved,
    Quantile,
    Simulated,
    agrees_with,
)
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import LINEAR, PAPER, RELU, last
from proofs_check.toolkit.depth_induction import of_any_variance, variance_of
from proofs_check.toolkit.letters import Letters
from proofs_check.verdict import Between
from theory import symbols
from theory.architectures.residual import (
    enclosed_log_mean,
    enclosed_log_variance,
    relu_branch_square_bound,
    residual_moment,
)
from theory.architectures.residual_hessians import residual_hessian_moment
from theory.ensembles import Ensemble
from theory.moments.transfer import Layer

RESNET = "K. He et al., arXiv:1512.03385"
_ALPHA = sp.Symbol("alpha", positive=True)
_LINEAR = LINEAR.at(architecture="residual:1/sqrt(L)")
_RELU = RELU.at(architecture="residual:1/sqrt(L)")
_TWO = RELU.at(architecture="residual:1/sqrt(L):two")


def scale_of(net: Ensemble, branches: sp.Expr) -> sp.Expr:
    """Return alpha, the scale of each branch.

    Parameters
    ----------
    net : Ensemble
        An ensemble with residual branches.
    branches : sympy.Expr
        The number of branches.

    Examples
    --------
    >>> scale_of(_LINEAR, sp.Integer(16))
    1/4
    """
    match net.architecture.alpha:
        case "1/sqrt(L)":
            return 1 / sp.sqrt(branches)
        case "1/L":
            return 1 / branches
        case str():
            return _ALPHA
        case alpha:
            return sp.sympify(alpha, strict=True)


def _size(net: Ensemble, reading: Any, tolerance: float, samples: int, **also: Any) -> Simulated:
    """Return the check of |a_L| under residual branches."""
    what = "E log|a_L|^2" if isinstance(reading, LogMean) else "E|a_L|^2"
    return Simulated(
        f"{what}, residual", net, *last(net), reading=reading, tolerance=tolerance, samples=samples, arguments=also
    )


# --- remedy.residual --------------------------------------------------------------------------------------------------


def linear_branches(
    net: Ensemble,
    typical: bool = False,
    *,
    lost: int = 2,
    power: int = 2,
    adds_up: bool = False,
    plain: bool = False,
) -> Any:
    r"""E|a_L|^2 = (1 + alpha^2 q)^L |x|^2; E log|a_L|^2/|x|^2 from (1-2/n) L log(1 + alpha^2 q) to (1-2/n) L alpha^2 q.

    q = n s^2 is 1 under Xavier. So at alpha = 1/sqrt(L) both stay, near e and e^(1-2/n).

    Parameters
    ----------
    typical : bool
        Whether the range of the mean logarithm is claimed, rather than the mean.
    """
    t = Letters.of(net)
    scale = scale_of(net, t.L)
    growth = scale**power * symbols.tidy(t.n * t.s2)
    if typical:
        kept = 1 - lost / t.n
        rate = -t.L / t.n if plain else 0
        start = sp.log(t.x2)
        return Between(start + (rate or kept * t.L * sp.log(1 + growth)), start + (rate or kept * t.L * growth))
    if plain:
        return t.x2
    return (1 + growth + (2 * scale if adds_up else 0)) ** t.L * t.x2


def _one_more_branch(net: Ensemble, claim: Claim) -> list[Induction]:
    """|a + alpha W a|^2 has the mean |a|^2 + alpha^2 E|W a|^2, as <a, W a> has the mean 0.

    Theory derives the second term.
    """
    layer = Layer.forward(of_any_variance(net).plain, 1)
    moments = Carried.number(
        symbols.whole(net.depth), 1 + _ALPHA**2 * layer.image((1,))[(1,)], symbols.input_power_sum(net, 2)
    )
    origin = Branches(1, _ALPHA, layer.width, layer.variance, sp.S.One)
    return [Induction("E|a_L|^2", (moments,), claim(net), (), variance_of(net), origin)]


def _holds_the_log_mean(claim: Claim) -> Iterator[Inequality]:
    """The mean over the Poisson mixture, in balls, lies in the claimed range, for widths 5 to 64 and depths to 1000."""
    for n, depth in ((5, 1), (6, 1000), (8, 64), (16, 256), (64, 64)):
        net = _LINEAR.at(width=n, depth=depth, input="e1")
        ball, claimed = enclosed_log_mean(net, digits=20), claim(net, typical=True)
        yield Inequality(f"n = {n}, L = {depth}: not below", claimed.lo, _exact(ball.lower()))
        yield Inequality(f"n = {n}, L = {depth}: not above", _exact(ball.upper()), claimed.hi)


def _exact(end: Any) -> sp.Expr:
    mantissa, exponent = end.mid().man_exp()
    return sp.Integer(int(mantissa)) * sp.Integer(2) ** int(exponent)


def _moment_variance(net: Ensemble) -> sp.Expr:
    return residual_moment(net, order=4) - residual_moment(net) ** 2


def _log_variance(net: Ensemble) -> float:
    return float(enclosed_log_variance(net, digits=8).upper()) * (1 + 1e-6)


_LINEAR_CASES = tuple(
    (LINEAR.at(width=n, depth=depth, law=law, input="ones", architecture=f"residual:{alpha}"),)
    for n, depth, law in ((2, 3, "normal"), (3, 8, "normal"))
    for alpha in ("1/sqrt(L)", "1/L", "2")
)

WIDTH_FOUR = Assumption("the width is at least 4")
LINEAR_BRANCHES = Assumption("every layer is a branch beside the identity: a_k = a_(k-1) + alpha W_k a_(k-1)")

RESIDUAL = Statement(
    id="remedy.residual",
    title="Linear residual branches of scale 1/sqrt(L) keep mean and typical size together: e^q and e^((1-2/n)q).",
    latex=(
        r"\mathbb E|a_L|^2=(1+\alpha^2q)^L|x|^2,\quad(1-\tfrac2n)L\log(1+\alpha^2q)\le"
        r"\mathbb E\log\tfrac{|a_L|^2}{|x|^2}\le(1-\tfrac2n)L\alpha^2q,\quad q=ns^2"
    ),
    source=f"{RESNET}; {PAPER} for residual branches as a way off the plateau; theory.architectures.residual",
    assumptions=(
        LINEAR_BRANCHES,
        assumptions.NORMAL,
        WIDTH_FOUR,
        assumptions.HE_OR_XAVIER,
        assumptions.CONSTANT_WIDTH,
        assumptions.NO_BIASES,
    ),
    claim=linear_branches,
    evidence=(
        Proved.by_induction(
            "the mean, any symmetric law, all n, L and alpha",
            partial(_one_more_branch, LINEAR.at(law="symmetric", architecture="residual:alpha")),
            "all n, L, alpha: the mean",
        ),
        agrees_with("the mean that theory derives", _LINEAR_CASES, residual_moment),
        Enclosed("E log|a_L|^2 at alpha = 1/sqrt(L), n = 5 to 64, L = 1 to 1000", _holds_the_log_mean),
        _size(_LINEAR.at(width=16, depth=64), Mean(1, _moment_variance), 0.12, 8_000),
        _size(_LINEAR.at(width=8, depth=64), LogMean(_log_variance), 0.12, 8_000, typical=True),
    ),
    mutants=(
        Mutant("nothing is added", partial(linear_branches, plain=True)),
        Mutant("2/n becomes 1/n", partial(linear_branches, lost=1)),
        Mutant("2/n becomes 4/n", partial(linear_branches, lost=4)),
        Mutant("branches have a mean: 2 alpha is added", partial(linear_branches, adds_up=True)),
        Mutant("alpha is not squared", partial(linear_branches, power=1)),
    ),
)

# --- remedy.residual-relu ---------------------------------------------------------------------------------------------


def relu_branches(
    net: Ensemble,
    *,
    mean: int | sp.Rational = 1,
    of_second: int = 0,
    power: int = 2,
) -> Any:
    r"""E|a_L|^2/|x|^2 is from (1+c)^(2L) to (1+2c+alpha^2)^L, c = alpha/sqrt(pi), for x along (1, ..., 1), under He.

    With a second matrix after the activation it is exactly (1 + 2 alpha^2)^(L/2), for L/2 branches.
    """
    t = Letters.of(net)
    if net.architecture.branch == "two":
        scale = scale_of(net, t.L / 2)
        return (1 + 2 * scale**power + of_second * 2 * scale) ** (t.L / 2) * t.x2
    scale = scale_of(net, t.L)
    c = mean * scale / sp.sqrt(sp.pi)
    return Between((1 + c) ** (2 * t.L) * t.x2, (1 + 2 * c + scale**power) ** t.L * t.x2)


def _one_more_pair(net: Ensemble, claim: Claim) -> list[Induction]:
    """|a + alpha W' h|^2 with h = phi(W a) has the mean |a|^2 + alpha^2 E|W' h|^2, as W' has the mean 0."""
    layer, branches = Layer.forward(of_any_variance(net).plain, 1), symbols.whole("B")
    inner, outer = (step.image((1,))[(1,)] for step in (layer, replace(layer, slope=sp.S.One)))
    moments = Carried.number(branches, 1 + _ALPHA**2 * inner * outer, symbols.input_power_sum(net, 2))
    claimed = sp.sympify(claim(net), strict=True).subs(symbols.whole(net.depth), 2 * branches)
    origin = Branches(2, _ALPHA, layer.width, layer.variance, layer.slope)
    return [Induction("E|a_L|^2 at L = 2B", (moments,), claimed, (), variance_of(net), origin)]


def _grows_or_stays(claim: Claim) -> Iterator[Inequality]:
    """At alpha = 1/sqrt(L) it is within a factor e of exp(2 sqrt(L/pi)), and at 1/L below exp(2/sqrt(pi) + 1/L)."""
    for depth in (4, 64, 1024):
        net = _RELU.at(width=16, depth=depth, input="e1")
        claimed, rate = claim(net), 2 * sp.sqrt(depth / sp.pi)
        yield Inequality(f"L = {depth}: grows", rate - 1, sp.log(claimed.lo))
        yield Inequality(f"L = {depth}: no faster", sp.log(claimed.hi), rate + 1)
        bound = 2 / sp.sqrt(sp.pi) + sp.Rational(1, depth)
        yield Inequality(f"L = {depth}: bounded at 1/L", sp.log(claim(net.at(architecture="residual:1/L")).hi), bound)


def _relu_variance(net: Ensemble) -> sp.Expr:
    return relu_branch_square_bound(net) - relu_branches(net).lo ** 2


RELU_BRANCHES = Assumption("every layer is a branch beside the identity: a_k = a_(k-1) + alpha relu(W_k a_(k-1))")
BRANCHES_OF_TWO = Assumption("branches beside the identity have two matrices: a + alpha W' relu(W a)")

RESIDUAL_RELU = Statement(
    id="remedy.residual-relu",
    title="Branches that end in a ReLU add up: 1/sqrt(L) is too large, 1/L or a second matrix is what it takes.",
    latex=(
        r"(1+\tfrac\alpha{\sqrt\pi})^{2L}\le\frac{\mathbb E|a_L|^2}{|x|^2}\le"
        r"(1+\tfrac{2\alpha}{\sqrt\pi}+\alpha^2)^L:\ e^{2\sqrt{L/\pi}+O(1)}\ \text{at}\ \alpha=L^{-1/2};\quad "
        r"a+\alpha W'\phi(Wa):\ (1+2\alpha^2)^{L/2}"
    ),
    source=f"{RESNET}, branches of two matrices; theory.architectures.residual",
    assumptions=(
        RELU_BRANCHES,
        BRANCHES_OF_TWO,
        assumptions.NORMAL,
        assumptions.HE_OR_XAVIER,
        assumptions.CONSTANT_WIDTH,
        assumptions.NO_BIASES,
    ),
    claim=relu_branches,
    evidence=(
        Proved.by_induction(
            "branches of two matrices, any law, all n, L and alpha",
            partial(_one_more_pair, RELU.at(law="symmetric", architecture="residual:alpha:two")),
            "all n, L, alpha: the mean",
        ),
        Enclosed(
            "so 1/sqrt(L) grows like exp(2 sqrt(L/pi)) and 1/L stays, L = 4 to 1024", _grows_or_stays, refutes=False
        ),
        _size(_RELU.at(width=32, depth=64), Mean(1, _relu_variance), 0.0, 2_000),
        _size(RELU.at(width=16, depth=16, architecture="residual:1/L"), Mean(1, _relu_variance), 0.05, 20_000),
        _size(_TWO.at(width=16, depth=64), Mean(1, _moment_variance), 0.18, 8_000),
    ),
    mutants=(
        Mutant("branches have no mean", partial(relu_branches, mean=0)),
        Mutant("the mean is larger by a half", partial(relu_branches, mean=sp.Rational(3, 2))),
        Mutant("a second matrix keeps the mean", partial(relu_branches, of_second=1)),
        Mutant("alpha is not squared", partial(relu_branches, power=1)),
    ),
)

# --- remedy.residual-hessian ------------------------------------------------------------------------------------------


def hessian_median(
    net: Ensemble,
    *,
    power: int = 4,
    pairs: int = 2,
    blocks: int = 4,
    plain: bool = False,
    above: int = 0,
) -> Between:
    r"""The median of log|H|_F^2 is at most 1/4 below log E|H|_F^2.

    The mean is L(L-1) alpha^4 n (1 + alpha^2 q)^(L-2) |x|^2. For B = L/2 branches W' phi(W a) it is, under He and with
    r = 1 + 2 alpha^2, B alpha^2 n r^(B-1) |x|^2 + 4 B (B-1) alpha^4 n r^(B-2) |x|^2. Where these start at W' = 0, it is
    B^2 n |x|^2.
    """
    t = Letters.of(net)
    branches = t.L / 2
    if net.architecture.alpha == 0:
        mean = branches**pairs * t.n * t.x2
    elif net.architecture.branch == "two":
        scale = scale_of(net, branches)
        growth, across = 1 + 2 * scale**2, blocks * branches * (branches - 1) * scale**power
        mean = (branches * scale**2 * growth + across) * t.n * growth ** (branches - 2) * t.x2
    else:
        scale = scale_of(net, t.L)
        mean = t.L * (t.L - 1) * scale**power * t.n * (1 + scale**2 * symbols.tidy(t.n * t.s2)) ** (t.L - 2) * t.x2
    shift = above - (t.L / t.n if plain else 0)
    return Between(sp.log(mean) - sp.Rational(1, 4) + shift, sp.log(mean) + shift)


def _derived_hessian(net: Ensemble) -> sp.Expr:
    return sp.log(residual_hessian_moment(net))


def _hessian_check(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    return Simulated(
        "median of log|H|_F^2, residual",
        net,
        HessianNorms(),
        "H",
        reading=Quantile(),
        tolerance=tolerance,
        samples=samples,
    )


RESIDUAL_HESSIAN = Statement(
    id="remedy.residual-hessian",
    title="Behind residual branches there is no plateau: the typical |H|_F is its mean size, at any depth.",
    latex=(
        r"\mathbb E|H|_F^2=L(L-1)\alpha^4n(1+\alpha^2q)^{L-2}|x|^2\to ne^q|x|^2\ (\alpha=L^{-1/2});\quad "
        r"\to5ne^2|x|^2\ \text{for}\ a+\alpha W'\phi(Wa),\ \alpha=B^{-1/2},\ B=\tfrac L2;\quad "
        r"\log\mathbb E|H|_F^2-\tfrac14\le\operatorname{med}\log|H|_F^2\le\log\mathbb E|H|_F^2"
    ),
    source=f"{PAPER}, the Hessian of plain networks; fixup: arXiv:1901.09321; theory.architectures.residual_hessians",
    assumptions=(
        LINEAR_BRANCHES,
        BRANCHES_OF_TWO,
        assumptions.NORMAL,
        assumptions.HE_OR_XAVIER,
        assumptions.SIGN_SYMMETRIC_READOUT,
        assumptions.CONSTANT_WIDTH,
        assumptions.DEPTH_TWO,
        assumptions.NO_BIASES,
    ),
    claim=hessian_median,
    evidence=(
        agrees_with(
            "the mean that theory derives, linear branches and those of two matrices, also where these start at 0",
            (
                *((_LINEAR.at(width=n, depth=4, input="ones"),) for n in (2, 5)),
                *((_LINEAR.at(width=n, depth=4, input="ones", architecture="residual:1/L"),) for n in (2, 5)),
                (_TWO.at(width=3, depth=6, input="ones", architecture="residual:0:two"),),
                (_TWO.at(width=3, depth=6, input="ones"),),
                (_TWO.at(width=4, depth=8, architecture="residual:1/L:two"),),
            ),
            _derived_hessian,
            part="hi",
        ),
        _hessian_check(_LINEAR.at(width=8, depth=16), 0.25, 2_000),
        _hessian_check(_LINEAR.at(width=8, depth=128), 0.3, 1_000),
        _hessian_check(_TWO.at(width=8, depth=64, architecture="residual:0:two"), 0.40, 1_000),
        _hessian_check(_TWO.at(width=16, depth=64), 0.50, 1_000),
    ),
    mutants=(
        Mutant("it vanishes like that of a plain network", partial(hessian_median, plain=True)),
        Mutant("each matrix has alpha, not both", partial(hessian_median, power=2)),
        Mutant("L for L^2 where branches start at 0", partial(hessian_median, pairs=1)),
        Mutant("sixteen blocks for two branches", partial(hessian_median, blocks=16)),
        Mutant("it is e^2 times its mean", partial(hessian_median, above=2)),
    ),
)

STATEMENTS = (RESIDUAL, RESIDUAL_RELU, RESIDUAL_HESSIAN)
