"""The gradient with respect to one weight matrix: it is preserved in the mean, and vanishes in the typical network."""

from __future__ import annotations

from functools import partial
from typing import Any

import sympy as sp

from montecarlo import GradientNorms
from proofs_check import assumptions
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Enumerated, Induction, LogMean, Mean, Proved, Simulated, agrees_with
from proofs_check.exact.all_weights import gradient_power
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.both_passes import ABOVE, BELOW, above, backward_pass, below
from proofs_check.toolkit.checks import LADDER, LINEAR, PAPER, RELU
from proofs_check.toolkit.depth_induction import variance_of
from proofs_check.toolkit.letters import Letters
from theory import LogGradientLaw, gradient_moment, symbols
from theory.ensembles import Ensemble, Law


def _check(what: str, net: Ensemble, layer: int, reading: Any, tolerance: float, samples: int, full: int) -> Simulated:
    observable, arguments = GradientNorms(layers=(layer,)), {"layer": layer}
    return Simulated(
        what,
        net,
        observable,
        f"G_{layer}",
        reading=reading,
        tolerance=tolerance,
        samples=samples,
        full_samples=full,
        arguments=arguments,
    )


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
    r"""E|df/dW_k|_F^2 = |x|^2 E|v|^2 p2 (n p2 s^2)^(L-1), whatever the layer k; under He it is p2 |x|^2 E|v|^2.

    Parameters
    ----------
    layer : int or sympy.Symbol
        The layer k, on which nothing depends.
    """
    t = Letters.of(net)
    q = symbols.tidy(t.n * t.p2 * t.s2 * per_layer.subs(sp.Symbol("n"), t.n))
    readout = sp.S.One if net.has_sign_symmetric_readout else symbols.readout_power_sum(net, 2)
    value = (t.p2 if gate else 1) * q ** (t.L - missing) * t.x2 * readout
    return layer * value if grows_with_layer else value


def _one_more_layer(net: Ensemble, claim: Claim) -> list[Induction]:
    """A layer above W_k multiplies |b_k|^2, one below it |a_{k-1}|^2, in the mean by the same factor.

    From k = L = 1 these two steps reach every layer of every depth. That masks act as if they were independent is the
    row-sign argument in theory.moments.gradients, which enumeration and simulation test.
    """
    depth, k = symbols.whole(net.depth), sp.Symbol("k", positive=True)
    place = {depth: ABOVE + BELOW + 1, k: BELOW + 1}
    claimed = claim(net, k).subs(place, simultaneous=True)
    slopes = tuple(symbols.slope(net).free_symbols)
    numbers, origin = (above(net, 2), below(net, 2)), backward_pass(net, blocks=False)
    return [Induction("E|df/dW_k|^2 at L = i+m+1, k = m+1", numbers, claimed, slopes, variance_of(net), origin)]


def _mean_check(net: Ensemble, layer: int, tolerance: float, samples: int, full: int = 0) -> Simulated:
    def variance(case: Ensemble) -> sp.Expr:
        return gradient_moment(case, layer, 4) - gradient_moment(case, layer, 2) ** 2

    return _check(
        f"E|df/dW_{layer}|^2 from real weights",
        net,
        layer,
        reading=Mean(1, variance),
        tolerance=tolerance,
        samples=samples,
        full=full,
    )


_n = sp.Symbol("n")
_SIGNS = Law.named("rademacher")

MEAN_PRESERVED = Statement(
    id="gradient.mean-preserved",
    title="Under He (Xavier, if linear) the mean of |df/dW_k|^2 is the same for every layer and every depth.",
    latex=r"\mathbb E\Bigl|\frac{\partial f}{\partial W_k}\Bigr|_F^2 = |x|^2\,\mathbb E|v|^2\,p_2\,(np_2s^2)^{L-1}",
    source=f"{PAPER}, the gradient theorems",
    assumptions=(
        assumptions.INDEPENDENT_ENTRIES,
        assumptions.SIGN_SYMMETRIC_READOUT,
        assumptions.NO_ATOMS,
        assumptions.CONSTANT_WIDTH,
        assumptions.PLAIN,
        assumptions.NO_BIASES,
        assumptions.PIECEWISE_LINEAR,
        assumptions.HE_OR_XAVIER,
    ),
    claim=mean_square,
    evidence=(
        Proved.by_induction(
            "ReLU, He, any law, all n and L", partial(_one_more_layer, RELU.at(law="symmetric")), "all n, L"
        ),
        Proved.by_induction(
            "any slope and variance, all n and L",
            partial(_one_more_layer, RELU.at(activation="leaky:slope", init="variance:s2", law="symmetric")),
            "all n, L",
        ),
        Enumerated(
            "E|df/dW_k|^2 over all weights and signs, preactivations at 0 on either side with probability 1/2",
            tuple(
                (Ensemble(2, depth, activation=a, init=init, law=law, input=(1, 2), readout="signs"), layer)
                for a, init in (("relu", "he"), ("linear", "xavier"), ("leaky:1/3", "he"))
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
    domain=EVERYWHERE,
)

# --- gradient.typical-rate --------------------------------------------------------------------------------------------


def log_mean(
    net: Ensemble,
    layer: int,
    *,
    missing: int = 1,
    rate: sp.Expr | None = None,
    linear: bool = False,
    masked: bool = True,
) -> sp.Expr:
    r"""E log|df/dW_k|^2 = (L-1) lambda + E log|D_L v|^2 + log|x|^2, whatever the layer k.

    lambda is the typical rate of the signal, log 2s^2 + E digamma(B/2), where B is n (linear), or Binomial(n, 1/2)
    given B >= 1 (ReLU). |D_L v|^2 is a chi-square of B degrees over n for a normal readout, and B/n for signs.

    Parameters
    ----------
    layer : int
        The layer k, on which nothing depends.
    """
    t = Letters.of(net)
    n = int(t.n)
    counts = {n: sp.S.One}
    if net.slope == 0:
        counts = {b: sp.Rational(sp.binomial(n, b), 2**n - 1) for b in range(1, n + 1)}
    typical = {n: sp.S.One} if linear else counts
    if rate is None:
        rate = sp.log(2 * t.s2) + sp.Add(*(p * sp.digamma(sp.Rational(b, 2)) for b, p in typical.items()))
    if net.readout == "random":
        last = sp.log(2 / t.n) + sp.Add(
            *(p * sp.digamma(sp.Rational(b, 2)) for b, p in (counts if masked else {n: 1}).items())
        )
    else:
        last = sp.Add(*(p * sp.log(sp.Rational(b, n)) for b, p in (counts if masked else {n: 1}).items()))
    return sp.expand((t.L - missing) * rate + last + sp.log(t.x2))


def _derived(net: Ensemble, layer: int) -> sp.Expr:
    return LogGradientLaw(net, layer).mean()


def log_variance(net: Ensemble, layer: int) -> sp.Expr:
    """Return Var log|df/dW_k|^2 given survival, from theory's law."""
    return LogGradientLaw(net, layer).variance()


def _log_check(net: Ensemble, layer: int, tolerance: float, samples: int, full: int = 0) -> Simulated:
    reading = LogMean(partial(log_variance, layer=layer))
    return _check(
        f"E log|df/dW_{layer}|^2 given survival",
        net,
        layer,
        reading=reading,
        tolerance=tolerance,
        samples=samples,
        full=full,
    )


_CASES = tuple(
    (net, layer)
    for net in (
        LINEAR.at(width=4, depth=10, readout="signs"),
        RELU.at(width=6, depth=10),
        RELU.at(width=6, depth=10, readout="signs"),
        RELU.at(width=16, depth=3),
    )
    for layer in (1, 3)
)

TYPICAL_RATE = Statement(
    id="gradient.typical-rate",
    title="The typical gradient vanishes like the signal, in every layer: E log|df/dW_k|^2 = (L-1) lambda + const.",
    latex=(
        r"\mathbb E\Bigl[\log\Bigl|\frac{\partial f}{\partial W_k}\Bigr|_F^2\Bigm|\ne0\Bigr] = (L-1)\lambda"
        r"+\mathbb E[\log|D_Lv|^2\mid\ne0]+\log|x|^2,\quad\lambda = \log 2s^2+\mathbb E[\psi(B/2)\mid B\ge1]"
    ),
    source=f"{PAPER}, the gradient theorems; the exact law is derived in theory.log_laws.log_gradients",
    assumptions=(
        assumptions.NORMAL,
        assumptions.SIGN_SYMMETRIC_READOUT,
        assumptions.LINEAR_OR_RELU,
        assumptions.HE_OR_XAVIER,
        assumptions.SURVIVAL,
        assumptions.CONSTANT_WIDTH,
        assumptions.NO_BIASES,
    ),
    claim=log_mean,
    evidence=(
        agrees_with("the mean of the law that theory derives", _CASES, _derived),
        _log_check(LINEAR.at(width=4, depth=20), 1, 0.14, 200_000),
        _log_check(LINEAR.at(width=4, depth=20, readout="signs"), 13, 0.12, 200_000),
        _log_check(RELU.at(width=4, depth=12), 1, 0.40, 100_000),
        _log_check(RELU.at(width=4, depth=12, readout="signs"), 7, 0.40, 100_000),
        _log_check(RELU.at(width=8, depth=100), 1, 1.4, 20_000),
        _log_check(RELU.at(width=16, depth=128), 64, 2.4, 4_000),
    ),
    mutants=(
        Mutant("the typical gradient keeps its size", partial(log_mean, rate=sp.S.Zero)),
        Mutant("ReLU has the linear rate", partial(log_mean, linear=True)),
        Mutant("L for L - 1", partial(log_mean, missing=0)),
        Mutant("the readout is not masked", partial(log_mean, masked=False)),
    ),
)

STATEMENTS = (MEAN_PRESERVED, TYPICAL_RATE)
