"""With high probability: how unlikely it is that a gradient keeps its size, at every width, depth and layer."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial

import sympy as sp

from montecarlo import GradientNorms
from proofs_check import assumptions
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Enclosed, Inequality, Obligation, Proved, Share, Simulated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import LINEAR, PAPER, RELU
from proofs_check.toolkit.letters import Letters
from proofs_check.toolkit.numbers import ends, rational
from proofs_check.toolkit.root_means import LAST, enclosed_layers, linear_obligations, relu_obligations
from proofs_check.verdict import Between
from theory import LogGradientLaw, gradient_moment, symbols
from theory.balls import enclose
from theory.ensembles import Ensemble


def kept_with_chance(
    net: Ensemble,
    layer: int | sp.Symbol,
    c: Fraction | sp.Expr,
    *,
    relu: Fraction = Fraction(5, 8),
    linear: Fraction = Fraction(1, 4),
    cubic: Fraction = Fraction(1, 24),
    units_on: Fraction = Fraction(1, 2),
    missing: int = 1,
    least: Fraction = Fraction(0),
) -> Between:
    r"""P(|df/dW_k|^2 >= c|x|^2) <= (2c)^(-1/2) exp(-y(L-1)) (ReLU), c^(-1/2) exp(-y(L-1)) (linear), whatever k.

    y is that of the signal: 5/(8n) (ReLU, n >= 2; 4/7 at n = 1), 1/(4n) - 1/(24n^3) (linear).

    Parameters
    ----------
    layer : int or sympy.Symbol
        The layer k, on which nothing depends.
    c : Fraction or sympy.Expr
        What the squared gradient is compared with, positive.
    """
    letters = Letters.of(net)
    n = letters.n
    if net.slope == 0:
        rate = sp.Rational(4, 7) if n == 1 else rational(relu) / n
    else:
        rate = rational(linear) / n - rational(cubic) / n**3
    share = rational(c) if isinstance(c, Fraction) else c
    kept = rational(units_on) if net.slope == 0 else sp.S.One
    return Between(rational(least), sp.sqrt(kept) / sp.sqrt(share) * sp.exp(-rate * (letters.L - missing)))


_K = sp.Symbol("k", integer=True, positive=True)


def _factor(claim: Claim, net: Ensemble) -> sp.Expr:
    """Return what one more layer multiplies the bound by."""
    return sp.powsimp(claim(net.at(depth=2), _K, sp.S.One).hi / claim(net.at(depth=1), _K, sp.S.One).hi)


def _from_one_layer(net: Ensemble, claim: Claim) -> list[Obligation]:
    """Markov: at depth one |df/dW|^2 = |D v|^2 |x|^2, whose root has a mean below the root of the mean."""
    c, depth = sp.Symbol("c", positive=True), symbols.whole(str(net.depth))
    log = sp.expand_log(sp.log(claim(net, _K, c).hi), force=True)
    square = gradient_moment(net.at(depth=1), 1, 2) / symbols.input_power_sum(net, 2)
    return [
        Obligation("at depth one", sp.expand_log(sp.log(square) / 2, force=True) - sp.log(c) / 2, log.subs(depth, 1)),
        Obligation("each layer alike", (depth - 1) * sp.log(_factor(claim, net)), log - log.subs(depth, 1)),
    ]


def _proof(net: Ensemble, claim: Claim) -> list[Obligation]:
    whole = _from_one_layer(net, claim)
    if not all(one.is_met for one in whole):
        return whole
    rate = sp.Lambda(symbols.whole(str(net.width)), -sp.log(_factor(claim, net)))
    return [*whole, *(relu_obligations(net, rate) if net.slope == 0 else linear_obligations(rate))]


def _layers(claim: Claim) -> Iterator[Inequality]:
    for net, widths in ((RELU, range(1, LAST + 1)), (LINEAR, range(1, 17))):
        yield from enclosed_layers(net, partial(_factor, claim), widths)


_SIZES = ((RELU, 8, 32, Fraction(1, 4)), (RELU, 4, 2, Fraction(1, 2)), (LINEAR, 8, 64, Fraction(1, 10)))


def _chances(claim: Claim) -> Iterator[Inequality]:
    """The probability itself, by inversion in balls, lies inside the claimed range."""
    for net, n, depth, c in _SIZES:
        case = net.at(width=n, depth=depth, input="e1", readout="signs")
        chance = LogGradientLaw(case, 1).enclosed_exceedance(enclose(sp.log(rational(c)), 100), 8)
        (low, high), claimed = ends(chance), claim(case, 1, c)
        text = f"{net.activation}, n = {n}, L = {depth}, c = {c}"
        yield Inequality(text, claimed.lo, low)
        yield Inequality(text, high, claimed.hi)


def _share_check(net: Ensemble, layer: int, c: Fraction, samples: int) -> Simulated:
    return Simulated(
        f"P(|df/dW_{layer}|^2 >= {c}) from real weights",
        net,
        GradientNorms(layers=(layer,)),
        f"G_{layer}",
        reading=Share(c),
        tolerance=0,
        samples=samples,
        arguments={"layer": layer, "c": c},
    )


UNIT_READOUT = assumptions.Assumption("the readout has E|v|^2 = 1")

HIGH_PROBABILITY = Statement(
    id="gradient.with-high-probability",
    title="With high probability gradients vanish: P(|df/dW_k|^2 >= c|x|^2) <= exp(-5(L-1)/(8n))/sqrt(2c) (ReLU).",
    latex=(
        r"\mathbb P\Bigl(\Bigl|\frac{\partial f}{\partial W_k}\Bigr|_F^2\ge c|x|^2\Bigr)\le\sqrt{\tfrac pc}\,"
        r"e^{-y(L-1)},\quad p=\tfrac12,\ y=\tfrac5{8n}\ (n\ge2),\ \tfrac47\ (n=1)\ \text{(He, ReLU)},\quad p=1,\ "
        r"y=\tfrac1{4n}-\tfrac1{24n^3}\ \text{(Xavier, linear)}"
    ),
    source=f"{PAPER}, abstract of 2022: with high probability; the constants are derived here",
    assumptions=(
        assumptions.NORMAL,
        assumptions.SIGN_SYMMETRIC_READOUT,
        UNIT_READOUT,
        assumptions.LINEAR_OR_RELU,
        assumptions.HE_OR_XAVIER,
        assumptions.CONSTANT_WIDTH,
        assumptions.PLAIN,
        assumptions.NO_BIASES,
    ),
    claim=kept_with_chance,
    evidence=(
        Proved(
            f"ReLU from n = {LAST + 1} on, by moments up to order 10",
            partial(_proof, RELU),
            f"ReLU: all n > {LAST}, L, k, c",
        ),
        Proved(
            "linear, by the Gamma function's step from n to n + 2", partial(_proof, LINEAR), "linear: all n, L, k, c"
        ),
        Enclosed(
            f"one ReLU layer, n = 1 to {LAST}, and one linear layer, n = 1 to 16",
            _layers,
            covers=f"n <= {LAST}, all L, k, c",
        ),
        Enclosed("the probability itself lies below the bound", _chances, 12),
        _share_check(RELU.at(width=8, depth=64), 1, Fraction(1, 10), 3_000),
        _share_check(LINEAR.at(width=8, depth=64), 32, Fraction(1, 10), 3_000),
    ),
    mutants=(
        Mutant("5/8 becomes 2/3", partial(kept_with_chance, relu=Fraction(2, 3))),
        Mutant("twice the rate", partial(kept_with_chance, relu=Fraction(5, 4), linear=Fraction(1, 2))),
        Mutant("linear networks vanish at ReLU's rate", partial(kept_with_chance, linear=Fraction(5, 8))),
        Mutant("the linear rate without its cubic term", partial(kept_with_chance, cubic=Fraction(0))),
        Mutant("L for L - 1", partial(kept_with_chance, missing=0)),
        Mutant("a quarter of the readout is on", partial(kept_with_chance, units_on=Fraction(1, 4))),
        Mutant("the gradient is kept with probability 1/2", partial(kept_with_chance, least=Fraction(1, 2))),
    ),
    domain=EVERYWHERE,
)

STATEMENTS = (HIGH_PROBABILITY,)
