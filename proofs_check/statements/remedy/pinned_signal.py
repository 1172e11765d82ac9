"""Normalization, orthogonal weights and width: what each of them pins, and the price that gradients pay."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import sympy as sp

from montecarlo import GradientGrowth, HessianNorms
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, LogMean, Mean, Quantile, Simulated, agrees_with
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.hessian.moments import mean_square as hessian_mean_square
from proofs_check.toolkit.checks import LINEAR, PAPER, RELU, last
from proofs_check.toolkit.letters import Letters
from proofs_check.verdict import Between
from theory import LogGradientLaw, gradient_moment, symbols
from theory.architectures.normalized import batch_norm_growth, layer_norm_gradient_rate, layer_norm_moment
from theory.architectures.orthogonal import (
    orthogonal_kurtosis,
    orthogonal_log_mean,
    orthogonal_log_variance,
    orthogonal_moment,
)
from theory.ensembles import Ensemble

_NORMAL_RELU = (
    assumptions.NORMAL,
    assumptions.RELU,
    assumptions.SIGN_SYMMETRIC_READOUT,
    assumptions.CONSTANT_WIDTH,
    assumptions.NO_BIASES,
)


_LAYER_NORM = RELU.at(architecture="layernorm")
_BATCH_NORM = RELU.at(architecture="batchnorm:B")


def _growth_check(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    """Return the check of how |df/dW_2|^2 compares with |df/dW_L|^2."""
    observable = GradientGrowth(2, int(net.depth))
    (component,) = observable.components(net)
    return Simulated(
        f"median of log(|df/dW_2|^2/|df/dW_L|^2), {net.architecture.name}",
        net,
        observable,
        component,
        reading=Quantile(),
        tolerance=tolerance,
        samples=samples,
        arguments={"gradient": True},
    )


# --- remedy.layernorm -------------------------------------------------------------------------------------------------


def layer_norm(
    net: Ensemble, gradient: bool = False, *, decays: bool = False, share: int = 2, rate: sp.Expr = 2 + 1 / sp.pi
) -> Any:
    r"""E|a_k|^2 = n/2 in every layer; log(|df/dW_2|^2/|df/dW_L|^2) has a median near -(L-2)(2 + 1/pi)/n.

    The median lies below this number, by 7 to 11 times (L-2)/n^2.

    Parameters
    ----------
    gradient : bool
        Whether the range of the median is claimed, rather than the mean.
    """
    n, steps = symbols.whole(net.width_at(0)), int(net.depth) - 2
    if gradient:
        leading = -steps * rate / n
        return Between(leading - 11 * steps / n**2, leading - 7 * steps / n**2)
    return n / share * (sp.exp(-sp.Rational(5, 2) * symbols.whole(net.depth) / n) if decays else 1)


def _layer_norm_mean(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    def variance(case: Ensemble) -> sp.Expr:
        return layer_norm_moment(case, 4) - layer_norm_moment(case, 2) ** 2

    return Simulated(
        "E|a_L|^2, layernorm", net, *last(net), reading=Mean(1, variance), tolerance=tolerance, samples=samples
    )


def _leading_rate(claim: Claim) -> Iterator[Inequality]:
    """The claimed range has the leading term that theory derives."""
    for n, depth in ((8, 10), (32, 100)):
        net = _LAYER_NORM.at(width=n, depth=depth)
        claimed = claim(net, gradient=True).hi + 7 * sp.Rational(depth - 2, n**2)
        distance = claimed - (depth - 2) * layer_norm_gradient_rate(net)
        for side in (distance, -distance):
            yield Inequality(f"n = {n}, L = {depth}", side, sp.Rational(1, 10**20))


LAYER_NORM = Statement(
    id="remedy.layernorm",
    title="Layer norm keeps the signal in every layer, but typical gradients still shrink by (2 + 1/pi)/n a layer.",
    latex=(
        r"\mathbb E|a_k|^2=\tfrac n2,\qquad\operatorname{med}\log"
        r"\frac{|\partial f/\partial W_2|^2}{|\partial f/\partial W_L|^2}\in"
        r"-(L-2)\bigl(\tfrac{2+1/\pi}n+\tfrac{[7,11]}{n^2}\bigr)"
    ),
    source="J. L. Ba, J. R. Kiros and G. E. Hinton, arXiv:1607.06450; derived in theory.architectures.normalized",
    assumptions=(
        assumptions.LAYER_NORM,
        *_NORMAL_RELU,
    ),
    claim=layer_norm,
    evidence=(
        agrees_with(
            "the mean that theory derives",
            tuple((_LAYER_NORM.at(width=n, depth=9),) for n in (3, 8)),
            layer_norm_moment,
        ),
        Enclosed("the rate is the leading term that theory derives", _leading_rate),
        _layer_norm_mean(_LAYER_NORM.at(width=16, depth=64), 0.06, 2_000),
        _growth_check(_LAYER_NORM.at(width=16, depth=64), 1.4, 8_000),
        _growth_check(_LAYER_NORM.at(width=32, depth=64), 1.2, 6_000),
    ),
    mutants=(
        Mutant("the signal decays like that of a plain network", partial(layer_norm, decays=True)),
        Mutant("all units are on", partial(layer_norm, share=1)),
        Mutant("gradients keep their size", partial(layer_norm, rate=sp.S.Zero)),
        Mutant("gradients shrink twice as fast", partial(layer_norm, rate=4 + 2 / sp.pi)),
    ),
)

# --- remedy.batchnorm -------------------------------------------------------------------------------------------------


def batch_norm(
    net: Ensemble, gradient: bool = False, *, free: int = 3, correlated: bool = True, explodes: bool = True
) -> Any:
    r"""E|a_L|^2 = n/2; log(|df/dW_2|^2/|df/dW_L|^2) is near (L-2) log J, where J -> pi/(pi-1) as the batch B grows.

    Its median is at most 3 (L-2)/n below this number, and at most (L-2)/n above it. J is :func:`growth`.

    Parameters
    ----------
    gradient : bool
        Whether the range of the median is claimed, rather than the mean.
    """
    if not gradient:
        return symbols.whole(net.width_at(0)) / 2 * (1 if explodes else sp.exp(-int(net.depth)))
    steps, n, batch = int(net.depth) - 2, symbols.whole(net.width_at(0)), net.architecture.batch
    assert isinstance(batch, int)
    leading = steps * sp.log(growth(batch, free, correlated)) if explodes else sp.S.Zero
    return Between(leading - 3 * steps / n, leading + steps / n)


def growth(batch: int, free: int = 3, correlated: bool = True) -> sp.Expr:
    """Return J, by which batch norm multiplies the mean square of the gradient in a layer.

    With rho = -1/(B-1), two entries' product has the mean kappa = (sqrt(1-rho^2) + rho (pi/2 + asin rho))/(2 pi), both
    are on with probability P = 1/4 + asin(rho)/(2 pi), and

    J = B/((B-3)(B-1)(1/2 - kappa)) ((B-1)/2 - (1/2)(1 - 1/B) + (B-1) P/B - (1/2)(1 - 1/B) + (B-1) kappa/B).

    Parameters
    ----------
    batch : int
        The size B of the batch.
    free : int
        The 3 of B-3, for which mutants have another number.
    correlated : bool
        Whether rho is the number above; mutants have 0.

    Examples
    --------
    >>> round(float(growth(8)), 2), round(float(growth(16)), 2)
    (1.79, 1.59)
    """
    size = sp.Integer(batch)
    rho = -1 / (size - 1) if correlated else sp.S.Zero
    kappa = (sp.sqrt(1 - rho**2) + rho * (sp.pi / 2 + sp.asin(rho))) / (2 * sp.pi)
    both = sp.Rational(1, 4) + sp.asin(rho) / (2 * sp.pi)
    lost = 2 * (1 - 1 / size) / 2 - (size - 1) * (both + kappa) / size
    return size / ((size - free) * (size - 1) * (sp.S.Half - kappa)) * ((size - 1) / 2 - lost)


def _batch_norm_mean(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    def variance(case: Ensemble) -> sp.Expr:  # the square of each number is at most B - 1
        n, batch = symbols.whole(case.width_at(0)), symbols.whole(case.architecture.batch or 0)
        return n**2 * (batch - 1) / 2 - (n / 2) ** 2

    what = "E|a_L|^2 of one input, batchnorm"
    return Simulated(what, net, *last(net), reading=Mean(1, variance), tolerance=tolerance, samples=samples)


def _meets_derived(claim: Claim) -> Iterator[Inequality]:
    """The formula as typed in is the derived one to 20 digits, by mpmath, and near pi/(pi-1) for large batches."""
    tiny, net = sp.Rational(1, 10**20), _BATCH_NORM.at(width=64, depth=3)

    def leading(batch: int) -> sp.Expr:
        return claim(net.at(architecture=f"batchnorm:{batch}"), gradient=True).hi - sp.Rational(1, 64)

    for batch in (4, 8, 64, 10**6):
        distance = sp.N(leading(batch) - sp.log(batch_norm_growth(batch)), 40)
        for side in (distance, -distance):
            yield Inequality(f"B = {batch}", sp.Rational(str(side)), tiny)
    limit = sp.N(leading(10**6) - sp.log(sp.pi / (sp.pi - 1)), 40)
    yield Inequality("B = 10^6: not far above pi/(pi-1)", sp.Rational(str(limit)), sp.Rational(1, 10**5))
    yield Inequality("B = 10^6: above pi/(pi-1)", sp.S.Zero, sp.Rational(str(limit)))


WIDE = Assumption("the width is large against the batch and the depth: the number is that of the limit")

BATCH_NORM = Statement(
    id="remedy.batchnorm",
    title="Batch norm keeps the signal, and gradients explode: by pi/(pi - 1) a layer or, for small batches, more.",
    latex=(
        r"\mathbb E|a_k|^2=\tfrac n2,\qquad-\tfrac3n\le\tfrac1{L-2}\operatorname{med}\log"
        r"\frac{|\partial f/\partial W_2|^2}{|\partial f/\partial W_L|^2}-\log J_B\le\tfrac1n,"
        r"\quad J_B\to\frac\pi{\pi-1}\ (B\to\infty),\quad J_8\approx1.79,\ J_{16}\approx1.59"
    ),
    source=(
        "G. Yang et al., arXiv:1902.08129, for pi/(pi-1); S. Ioffe and C. Szegedy, arXiv:1502.03167; "
        "any batch: theory.architectures.normalized"
    ),
    assumptions=(
        assumptions.BATCH_NORM,
        WIDE,
        *_NORMAL_RELU,
    ),
    claim=batch_norm,
    evidence=(
        Enclosed("the growth is the one that theory derives, and pi/(pi-1) in the limit", _meets_derived),
        _batch_norm_mean(RELU.at(width=32, depth=8, architecture="batchnorm:4"), 0.20, 40_000),
        _growth_check(RELU.at(width=96, depth=10, architecture="batchnorm:8"), 0.6, 300),
        _growth_check(RELU.at(width=128, depth=10, architecture="batchnorm:16"), 0.6, 300),
    ),
    mutants=(
        Mutant("nothing explodes, all vanishes", partial(batch_norm, explodes=False)),
        Mutant("1/sigma^2 has the mean of a large batch", partial(batch_norm, free=0)),
        Mutant("standardized entries are not correlated", partial(batch_norm, correlated=False)),
    ),
)

# --- remedy.orthogonal ------------------------------------------------------------------------------------------------


def orthogonal(net: Ensemble, quantity: str = "log", *, three: int = 3, chi_square: bool = False) -> sp.Expr:
    r"""E|a_L|^4 = (1/4)^L (1 + 3/(n+2))^L |x|^4, E log|a_L|^2 = L (E psi(B/2) - psi(n/2)) + log|x|^2 (ReLU, survival).

    A linear network is an isometry, so that log|H|_F^2 = log(L(L-1)n) at |v| = 1.

    Parameters
    ----------
    quantity : str
        ``fourth``, ``log`` or ``hessian``: which of these three.
    """
    t = Letters.of(net)
    n, depth = int(t.n), int(t.L)
    if quantity == "hessian":
        return sp.log(depth * (depth - 1) * n) + sp.log(t.x2) - (sp.Rational(depth, n) if chi_square else 0)
    if quantity == "fourth":
        layer = (1 + sp.Rational(three, n + 2)) * (1 + sp.Rational(2, n) if chi_square else 1)
        return (layer / 4) ** depth * t.x2**2
    average = sum(sp.binomial(n, b) * sp.digamma(sp.Rational(b, 2)) for b in range(1, n + 1)) / (2**n - 1)
    return depth * (average - (sp.log(sp.Rational(n, 2)) if chi_square else sp.digamma(sp.Rational(n, 2)))) + sp.log(
        t.x2
    )


ORTHOGONAL = RELU.at(init="orthogonal")
ISOMETRY = LINEAR.at(init="orthogonal", input="e1")


def _orthogonal_rate(claim: Claim) -> Iterator[Inequality]:
    """Twice the kept share has a typical logarithm just below -3/(2n), and the kurtosis is near exp(3 beta)."""
    for n in (6, 8, 16, 32, 48):
        net = ORTHOGONAL.at(width=n, depth=1, input="e1")
        rate, leading = claim(net) + sp.log(2), -sp.Rational(3, 2) / n
        yield Inequality(f"n = {n}: below -3/(2n)", rate, leading)
        yield Inequality(f"n = {n}: above -3/(2n) - 6/n^2", leading - sp.Rational(6, n**2), rate)
    for n, beta in ((64, 1), (1024, 1), (256, 4)):
        net = ORTHOGONAL.at(width=n, depth=beta * n, input="e1")
        distance = sp.log(claim(net, "fourth")) + 2 * beta * n * sp.log(2) - 3 * beta
        bound = sp.Rational(20 * beta, n)
        yield Inequality(f"n = {n}, beta = {beta}: kurtosis not above exp(3 beta)", distance, bound)
        yield Inequality(f"n = {n}, beta = {beta}: kurtosis not below exp(3 beta)", -bound, distance)


def _derived_orthogonal(net: Ensemble, quantity: str) -> sp.Expr:
    if quantity == "log":
        return orthogonal_log_mean(net)
    return orthogonal_kurtosis(net) * orthogonal_moment(net) ** 2


def _fourth_variance(net: Ensemble) -> sp.Expr:
    return orthogonal_moment(net, 8) - orthogonal_moment(net, 4) ** 2


ORTHOGONAL_WEIGHTS = Statement(
    id="remedy.orthogonal",
    title="Orthogonal weights: no plateau if linear; under ReLU 5/n becomes 3/(n+2), and 5/(2n) becomes 3/(2n).",
    latex=(
        r"\mathbb E|a_L|^4=4^{-L}\bigl(1+\tfrac3{n+2}\bigr)^L|x|^4,\quad\mathbb E\log|a_L|^2=L\bigl(\mathbb E[\psi(B/2)"
        r"\mid B\ge1]-\psi(\tfrac n2)\bigr)+\log|x|^2\ \text{(ReLU)};\quad|H|_F^2=L(L-1)n\,|v|^2|x|^2\ \text{(linear)}"
    ),
    source="A. M. Saxe, J. L. McClelland and S. Ganguli, arXiv:1312.6120; derived in theory.architectures.orthogonal",
    assumptions=(
        assumptions.ORTHOGONAL,
        assumptions.LINEAR_OR_RELU,
        assumptions.SIGN_SYMMETRIC_READOUT,
        assumptions.CONSTANT_WIDTH,
        assumptions.SURVIVAL,
        assumptions.NO_BIASES,
    ),
    claim=orthogonal,
    evidence=(
        agrees_with(
            "the moments that theory derives",
            tuple(
                (ORTHOGONAL.at(width=n, depth=5, input="ones"), quantity)
                for n in (2, 3, 9)
                for quantity in ("log", "fourth")
            ),
            _derived_orthogonal,
        ),
        Enclosed(
            "so the rate is just below -3/(2n), and the kurtosis tends to exp(3 beta)", _orthogonal_rate, refutes=False
        ),
        Simulated(
            "E|a_L|^4, orthogonal",
            ORTHOGONAL.at(width=16, depth=4),
            *last(ORTHOGONAL.at(width=16, depth=4)),
            reading=Mean(2, _fourth_variance),
            tolerance=0.16,
            samples=40_000,
            arguments={"quantity": "fourth"},
        ),
        Simulated(
            "E log|a_L|^2 given survival, orthogonal",
            ORTHOGONAL.at(width=8, depth=50),
            *last(ORTHOGONAL.at(width=8, depth=50)),
            reading=LogMean(orthogonal_log_variance),
            tolerance=1.8,
            samples=4_000,
        ),
        Simulated(
            "median of log|H|_F^2, orthogonal",
            ISOMETRY.at(width=8, depth=64),
            HessianNorms(),
            "H",
            reading=Quantile(),
            tolerance=1e-6,
            samples=100,
            arguments={"quantity": "hessian"},
        ),
    ),
    mutants=(
        Mutant("3 becomes 5", partial(orthogonal, three=5)),
        Mutant("3 becomes 2", partial(orthogonal, three=2)),
        Mutant("norms fluctuate as under normal weights", partial(orthogonal, chi_square=True)),
    ),
)

# --- remedy.width -----------------------------------------------------------------------------------------------------


def wide(
    net: Ensemble,
    hessian: bool = False,
    *,
    relu: int = 5,
    linear: int = 2,
    deep: bool = False,
) -> Between:
    r"""Typical and mean sizes at n = c L: their logarithms are -5/(2c) (ReLU) or -1/c (linear) apart.

    For gradients, this is E log|df/dW_1|^2 - log E|df/dW_1|^2 to within 8 (1 + 1/c)/n. For the Hessian, it is the
    median of log|H|_F^2 less log E|H|_F^2, and 3/(4c) more, to 1/4.

    Parameters
    ----------
    hessian : bool
        Whether the median of log|H|_F^2 is claimed, rather than the difference for gradients.
    """
    n, depth = int(net.width_at(0)), int(net.depth)
    ratio = sp.Rational(depth, n)
    typical = -sp.Rational(relu if net.slope == 0 else linear, 2) * (depth if deep else ratio)
    if hessian:
        mean = sp.log(hessian_mean_square(net.at(input="e1")))
        middle = mean + typical + 3 * ratio / 4
        return Between(middle - sp.Rational(1, 4), middle + sp.Rational(1, 4))
    slack = 8 * (1 + ratio) / n
    return Between(typical - slack, typical + slack)


def _gradients_at_c(claim: Claim) -> Iterator[Inequality]:
    """Compare the exact mean of log|df/dW_1|^2 with the log of the mean, at n = L/2, L, 4L, for n up to 64."""
    for kind in (LINEAR, RELU):
        for n, depth in ((8, 16), (32, 64), (16, 16), (64, 64), (16, 4), (64, 16)):
            net = kind.at(width=n, depth=depth, input="e1")
            apart = LogGradientLaw(net, 1).mean() - sp.log(gradient_moment(net, 1, 2))
            claimed = claim(net)
            yield Inequality(f"{kind.activation}, n = {n}, L = {depth}: not below", claimed.lo, apart)
            yield Inequality(f"{kind.activation}, n = {n}, L = {depth}: not above", apart, claimed.hi)


def _wide_hessian(net: Ensemble, tolerance: float, samples: int) -> Simulated:
    what, arguments = "median of log|H|_F^2", {"hessian": True}
    return Simulated(
        what, net, HessianNorms(), "H", reading=Quantile(), tolerance=tolerance, samples=samples, arguments=arguments
    )


WIDTH = Statement(
    id="remedy.width",
    title="At n = cL typical gradients and Hessians stay a fixed factor below their means, at any depth.",
    latex=(
        r"\bigl|\mathbb E\log|\tfrac{\partial f}{\partial W_1}|^2-\log\mathbb E|\tfrac{\partial f}{\partial W_1}|^2"
        r"+\tfrac Cc\bigr|\le\tfrac{8(1+1/c)}n,\quad\operatorname{med}\log|H|_F^2=\log\mathbb E|H|_F^2"
        r"-\tfrac{C-3/4}c\pm\tfrac14,\quad n=cL,\ C=\tfrac52\ \text{(ReLU)},\ 1\ \text{(linear)}"
    ),
    source=f"{PAPER}, abstract: width must scale with depth; the constants: theory.log_laws.log_gradients",
    assumptions=(
        assumptions.NORMAL,
        assumptions.LINEAR_OR_RELU,
        assumptions.HE_OR_XAVIER,
        assumptions.SIGN_SYMMETRIC_READOUT,
        assumptions.CONSTANT_WIDTH,
        assumptions.UNIT_INPUT,
        assumptions.SURVIVAL,
        assumptions.NO_BIASES,
    ),
    claim=wide,
    evidence=(
        Enclosed("E log|df/dW_1|^2 below log E|df/dW_1|^2, n = L/2, L, 4L up to 64", _gradients_at_c),
        _wide_hessian(LINEAR.at(width=8, depth=8), 0.5, 1_500),
        _wide_hessian(LINEAR.at(width=32, depth=32), 0.9, 400),
        _wide_hessian(RELU.at(width=16, depth=16), 1.0, 2_000),
        _wide_hessian(RELU.at(width=32, depth=32), 1.5, 600),
        _wide_hessian(RELU.at(width=32, depth=8), 0.6, 1_000),
    ),
    mutants=(
        Mutant("5 becomes 2", partial(wide, relu=2)),
        Mutant("linear like ReLU", partial(wide, linear=5)),
        Mutant("the ratio goes with depth alone", partial(wide, deep=True)),
    ),
)

STATEMENTS = (LAYER_NORM, BATCH_NORM, ORTHOGONAL_WEIGHTS, WIDTH)
