"""The gradient with respect to one weight matrix: preserved in the mean, vanishing in the typical network."""

from __future__ import annotations

from functools import partial
from typing import Any

import sympy as sp

from montecarlo import GradientNorms
from proofs_check.enumeration import gradient_power
from proofs_check.evidence import Enumerated, LogMean, Mean, Obligation, Proved, Simulated, agrees_with
from proofs_check.statement import Assumption, Claim, Mutant, Statement
from proofs_check.statements.forward import LADDER, LINEAR, PAPER, RELU
from proofs_check.statements.letters import Letters
from proofs_check.verdict import Between
from theory import gradient_moment, symbols
from theory.ensembles import Ensemble, Law
from theory.log_gradients import log_gradient_range, log_gradient_variance_bound
from theory.transfer import transfer_matrix


def _check(what: str, net: Ensemble, layer: int, reading: Any, tolerance: float, samples: int, full: int) -> Simulated:
    observable, arguments = GradientNorms(layers=(layer,)), {"layer": layer}
    return Simulated(what, net, observable, f"G_{layer}", reading, tolerance, samples, full, arguments)


# --- gradient.mean-preserved ------------------------------------------------------------------------------------------


def mean_square(
    net: Ensemble,
    layer: int | sp.Symbol,
    *,
    missing: int = 1,
    gate: bool = True,
    per_layer: sp.Expr = sp.S.One,
    grows_with_layer: bool = False,
) -> sp.Expr:
    r"""E|df/dW_k|_F^2 = |x|^2 E|v|^2 p2 (n p2 s^2)^(L-1), whatever the layer k; p2 |x|^2 E|v|^2 under He."""
    t = Letters.of(net)
    q = symbols.tidy(t.n * t.p2 * t.s2 * per_layer.subs(sp.Symbol("n"), t.n))
    readout = sp.S.One if net.has_sign_symmetric_readout else symbols.readout_power_sum(net, 2)
    value = (t.p2 if gate else 1) * q ** (t.L - missing) * t.x2 * readout
    return layer * value if grows_with_layer else value


def _one_more_layer(net: Ensemble, claim: Claim) -> list[Obligation]:
    """A layer above W_k multiplies |b_k|^2, one below it |a_{k-1}|^2, in the mean by the same factor.

    From k = L = 1 these two steps reach every layer of every depth. That the masks act as if independent is the
    row-sign argument in theory.gradients, which enumeration and simulation test.
    """
    depth, k, growth = symbols.whole(net.depth), sp.Symbol("k", positive=True), transfer_matrix(net, 2).matrix[0]
    value, t = claim(net, k), Letters.of(net)
    slopes = tuple(symbols.slope(net).free_symbols)
    above, below = value.subs(depth, depth + 1), value.subs({depth: depth + 1, k: k + 1}, simultaneous=True)
    return [
        Obligation("base L = k = 1: |D_1 v|^2 |x|^2", value.subs({depth: 1, k: 1}) - t.p2 * t.x2, slopes),
        Obligation("step: a layer above", above - growth * value, slopes),
        Obligation("step: a layer below", below - growth * value, slopes),
    ]


def _mean_check(net: Ensemble, layer: int, tolerance: float, samples: int, full: int = 0) -> Simulated:
    def variance(case: Ensemble) -> sp.Expr:
        return gradient_moment(case, layer, 4) - gradient_moment(case, layer, 2) ** 2

    return _check(f"E|df/dW_{layer}|^2 from real weights", net, layer, Mean(1, variance), tolerance, samples, full)


_n = sp.Symbol("n")
_SIGNS = Law.named("rademacher")

MEAN_PRESERVED = Statement(
    id="gradient.mean-preserved",
    title="Under He (Xavier, if linear) the mean of |df/dW_k|^2 is the same for every layer and every depth.",
    latex=r"\mathbb E\Bigl|\frac{\partial f}{\partial W_k}\Bigr|_F^2 = |x|^2\,\mathbb E|v|^2\,p_2\,(np_2s^2)^{L-1}",
    source=f"{PAPER}, the gradient theorems",
    assumptions=(
        Assumption.INDEPENDENT_ENTRIES,
        Assumption.SIGN_SYMMETRIC_READOUT,
        Assumption.NO_ATOMS,
        Assumption.CONSTANT_WIDTH,
        Assumption.NO_BIASES,
        Assumption.PIECEWISE_LINEAR,
        Assumption.HE_OR_XAVIER,
    ),
    claim=mean_square,
    evidence=(
        Proved("ReLU, He, any law, all n and L", partial(_one_more_layer, RELU.at(law="symmetric"))),
        Proved(
            "any slope and variance, all n and L",
            partial(_one_more_layer, RELU.at(activation="leaky:slope", init="variance:s2")),
        ),
        Enumerated(
            "E|df/dW_k|^2 over all weights and signs, preactivations at 0 on either side with probability 1/2",
            tuple(
                (Ensemble(2, depth, activation=a, init="he", law=law, input=(1, 2), readout="signs"), layer)
                for a in ("relu", "linear", "leaky:1/3")
                for law, depth in ((_SIGNS, 2), (LADDER, 1))
                for layer in range(1, depth + 1)
            ),
            gradient_power,
        ),
        _mean_check(RELU.at(width=16, depth=4), 1, 0.07, 100_000),
        _mean_check(RELU.at(width=16, depth=4, law="uniform"), 4, 0.07, 100_000),
        _mean_check(RELU.at(width=16, depth=4, readout="signs"), 2, 0.06, 100_000),
        _mean_check(LINEAR.at(width=16, depth=4, law="uniform"), 3, 0.06, 100_000),
        _mean_check(RELU.at(width=32, depth=8), 5, 0.06, 0, 200_000),
    ),
    mutants=(
        Mutant("each layer loses 1/n", partial(mean_square, per_layer=1 - 1 / _n)),
        Mutant("each layer gains 1/n", partial(mean_square, per_layer=1 + 1 / _n)),
        Mutant("the last mask is forgotten", partial(mean_square, gate=False)),
        Mutant("it grows with the layer", partial(mean_square, grows_with_layer=True)),
    ),
)

# --- gradient.typical-rate --------------------------------------------------------------------------------------------


def log_range(
    net: Ensemble, layer: int, *, missing: int = 1, rate: sp.Expr | None = None, linear: bool = False
) -> Between:
    r"""E log|df/dW_k|^2 = (L-1) lambda + log|v|^2|x|^2 (linear); (L-1) lambda + delta (ReLU, normal readout).

    lambda is the typical rate of the signal: log 2s^2 + E digamma(B/2), B = n or Binomial(n, 1/2) given B >= 1. delta
    lies between 0 and a bound from theory.log_gradients that does not grow with the depth.
    """
    t = Letters.of(net)
    n = int(t.n)
    if rate is None:
        if net.slope == 0 and not linear:
            average = sum(sp.binomial(n, b) * sp.digamma(sp.Rational(b, 2)) for b in range(1, n + 1)) / (2**n - 1)
            rate = sp.log(2 * t.s2) + average
        else:
            rate = sp.log(2 / t.n) + sp.digamma(t.n / 2)
    main = (t.L - missing) * rate + sp.log(t.x2)
    if net.slope == 1:
        return Between(main, main)
    lower = main - sp.EulerGamma - sp.log(2) - sp.log(t.n)  # E log of a squared N(0, 1/n)
    derived = log_gradient_range(net, layer)
    return Between(lower, lower + derived[1] - derived[0])


def _derived(net: Ensemble, layer: int) -> sp.Expr:
    return log_gradient_range(net, layer)[0]


def _log_check(net: Ensemble, layer: int, tolerance: float, samples: int, full: int = 0) -> Simulated:
    reading = LogMean(partial(log_gradient_variance_bound, layer=layer))
    return _check(f"E log|df/dW_{layer}|^2 given survival", net, layer, reading, tolerance, samples, full)


_CASES = tuple(
    (net, layer)
    for net in (LINEAR.at(width=4, depth=10), RELU.at(width=6, depth=10), RELU.at(width=16, depth=3))
    for layer in (1, 3)
)

TYPICAL_RATE = Statement(
    id="gradient.typical-rate",
    title="The typical gradient vanishes like the signal: E log|df/dW_k|^2 = (L-1) lambda, up to a constant for ReLU.",
    latex=(
        r"\mathbb E\log\Bigl|\frac{\partial f}{\partial W_k}\Bigr|_F^2 = (L-1)\lambda+\log|v|^2|x|^2\ \text{(linear)},"
        r"\quad (L-1)\lambda-\gamma_E-\log 2n+\log|x|^2 + \delta,\ 0\le\delta\le C_n\ \text{(ReLU)}"
    ),
    source=f"{PAPER}, the gradient theorems; the ReLU error term is derived here",
    assumptions=(
        Assumption.NORMAL,
        Assumption.NORMAL_READOUT,
        Assumption.LINEAR_OR_RELU,
        Assumption.HE_OR_XAVIER,
        Assumption.SURVIVAL,
        Assumption.CONSTANT_WIDTH,
        Assumption.NO_BIASES,
    ),
    claim=log_range,
    evidence=(
        agrees_with("the lower end that theory derives", _CASES, _derived, part="lo"),
        _log_check(LINEAR.at(width=4, depth=20), 1, 0.12, 200_000),
        _log_check(LINEAR.at(width=4, depth=20), 13, 0.12, 200_000),
        _log_check(LINEAR.at(width=16, depth=64), 32, 0.30, 20_000),
        _log_check(RELU.at(width=8, depth=100), 1, 2.5, 20_000),
        _log_check(RELU.at(width=16, depth=128), 64, 4.0, 4_000),
    ),
    mutants=(
        Mutant("the typical gradient keeps its size", partial(log_range, rate=sp.S.Zero)),
        Mutant("ReLU has the linear rate", partial(log_range, linear=True)),
        Mutant("L for L - 1", partial(log_range, missing=0)),
    ),
)

STATEMENTS = (MEAN_PRESERVED, TYPICAL_RATE)
