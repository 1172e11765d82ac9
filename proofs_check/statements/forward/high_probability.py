"""With high probability: how unlikely it is that a network keeps its signal, at every width and depth."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial

import sympy as sp

from proofs_check import assumptions
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Enclosed, Inequality, Obligation, Proved, Share, Simulated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import LINEAR, PAPER, RELU, last
from proofs_check.toolkit.letters import Letters
from proofs_check.toolkit.numbers import chance_to_exceed, rational
from proofs_check.toolkit.root_means import LAST, enclosed_layers, linear_obligations, relu_obligations
from proofs_check.verdict import Between
from theory import symbols
from theory.ensembles import Ensemble


def kept_with_chance(
    net: Ensemble,
    c: Fraction | sp.Expr,
    *,
    relu: Fraction = Fraction(5, 8),
    relu_one: Fraction = Fraction(4, 7),
    linear: Fraction = Fraction(1, 4),
    cubic: Fraction = Fraction(1, 24),
    power: Fraction = Fraction(1, 2),
    narrower: int = 0,
    least: Fraction = Fraction(0),
) -> Between:
    r"""P(|a_L|^2 >= c|x|^2) <= c^(-1/2) exp(-y L): y = 5/(8n) (ReLU, n >= 2), 1/(4n) - 1/(24n^3) (linear).

    At width one a ReLU layer has y = 4/7, less than 5/8.

    Parameters
    ----------
    c : Fraction or sympy.Expr
        The share of the norm, positive.
    """
    letters = Letters.of(net)
    n = letters.n if letters.n == 1 else letters.n - narrower
    if net.slope == 0:
        rate = rational(relu_one) if letters.n == 1 else rational(relu) / n
    else:
        rate = rational(linear) / n - rational(cubic) / n**3
    share = rational(c) if isinstance(c, Fraction) else c
    return Between(rational(least), share ** -rational(power) * sp.exp(-rate * letters.L))


def _rate(claim: Claim, net: Ensemble) -> sp.Lambda:
    """Return y(n), read off the claim at depth one and c = 1."""
    hi = claim(net.at(depth=1), sp.S.One).hi
    return sp.Lambda(symbols.whole(str(net.width)), -sp.expand_log(sp.log(hi), force=True))


def _from_one_layer(net: Ensemble, claim: Claim) -> list[Obligation]:
    """Markov: P <= c^(-1/2) E(|a_L|/|x|), which is 1 before the first layer; the layers' factors are independent."""
    c, depth = sp.Symbol("c", positive=True), symbols.whole(str(net.depth))
    log = sp.expand_log(sp.log(claim(net, c).hi), force=True)
    return [
        Obligation("before the first layer", -sp.log(c) / 2, log.subs(depth, 0)),
        Obligation("each layer alike", -depth * _rate(claim, net).expr, log - log.subs(depth, 0)),
    ]


def _relu_proof(net: Ensemble, claim: Claim) -> list[Obligation]:
    whole = _from_one_layer(net, claim)
    return [*whole, *relu_obligations(net, _rate(claim, net))] if all(one.is_met for one in whole) else whole


def _linear_proof(net: Ensemble, claim: Claim) -> list[Obligation]:
    whole = _from_one_layer(net, claim)
    return [*whole, *linear_obligations(_rate(claim, net))] if all(one.is_met for one in whole) else whole


def _layers(claim: Claim) -> Iterator[Inequality]:
    for net, widths in ((RELU, range(1, LAST + 1)), (LINEAR, range(1, 17))):
        yield from enclosed_layers(net, lambda here: claim(here, sp.S.One).hi, widths)


_SIZES = (
    (RELU, 8, 1, Fraction(1, 100)),
    (RELU, 8, 32, Fraction(1, 4)),
    (LINEAR, 4, 1, Fraction(1, 100)),
    (LINEAR, 8, 64, Fraction(1, 10)),
)


def _chances(claim: Claim) -> Iterator[Inequality]:
    """The probability itself, by inversion in balls, lies inside the claimed range."""
    for net, n, depth, c in _SIZES:
        case = net.at(width=n, depth=depth, input="e1")
        claimed, (low, high) = claim(case, c), chance_to_exceed(case, sp.log(rational(c)), 8)
        text = f"{net.activation}, n = {n}, L = {depth}, c = {c}"
        yield Inequality(text, claimed.lo, low)
        yield Inequality(text, high, claimed.hi)


def _share_check(net: Ensemble, c: Fraction, samples: int) -> Simulated:
    return Simulated(
        f"P(|a_L|^2 >= {c}) from real weights",
        net,
        *last(net),
        reading=Share(c),
        tolerance=0,
        samples=samples,
        arguments={"c": c},
    )


HIGH_PROBABILITY = Statement(
    id="forward.with-high-probability",
    title="With high probability the signal vanishes: P(|a_L|^2 >= c|x|^2) <= exp(-5L/(8n))/sqrt(c) (ReLU, n >= 2).",
    latex=(
        r"\mathbb P(|a_L|^2\ge c|x|^2)\le c^{-1/2}e^{-yL},\quad y=\tfrac5{8n}\ (n\ge2),\ \tfrac47\ (n=1)\ "
        r"\text{(He, ReLU)},\quad y=\tfrac1{4n}-\tfrac1{24n^3}\ \text{(Xavier, linear)}"
    ),
    source=f"{PAPER}, abstract of 2022: with high probability; the constants are derived here",
    assumptions=(
        assumptions.NORMAL,
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
            partial(_relu_proof, RELU),
            f"ReLU: all n > {LAST}, L, c",
        ),
        Proved(
            "linear, by the Gamma function's step from n to n + 2",
            partial(_linear_proof, LINEAR),
            "linear: all n, L, c",
        ),
        Enclosed(
            f"one ReLU layer, n = 1 to {LAST}, and one linear layer, n = 1 to 16",
            _layers,
            covers=f"n <= {LAST}, all L, c",
        ),
        Enclosed("the probability itself lies below the bound", _chances, 12),
        _share_check(RELU.at(width=8, depth=32), Fraction(1, 4), 20_000),
        _share_check(RELU.at(width=8, depth=64), Fraction(1, 10), 4_000),
        _share_check(LINEAR.at(width=8, depth=64), Fraction(1, 10), 4_000),
    ),
    mutants=(
        Mutant("the linear rate without its cubic term", partial(kept_with_chance, cubic=Fraction(0))),
        Mutant("5/8 at width one, too", partial(kept_with_chance, relu_one=Fraction(5, 8))),
        Mutant("5/8 becomes 2/3", partial(kept_with_chance, relu=Fraction(2, 3))),
        Mutant("twice the rate", partial(kept_with_chance, relu=Fraction(5, 4), linear=Fraction(1, 2))),
        Mutant("linear networks vanish at ReLU's rate", partial(kept_with_chance, linear=Fraction(5, 8))),
        Mutant("n - 1 for n", partial(kept_with_chance, narrower=1)),
        Mutant("whatever c", partial(kept_with_chance, power=Fraction(0))),
        Mutant("the norm is kept with probability 1/2", partial(kept_with_chance, least=Fraction(1, 2))),
    ),
    domain=EVERYWHERE,
)

STATEMENTS = (HIGH_PROBABILITY,)
