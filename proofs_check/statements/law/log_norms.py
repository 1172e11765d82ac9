"""The exact law of log|a_L|^2 for normal weights, and the width that a depth needs."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial

import sympy as sp

from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, Quantile, Simulated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import LINEAR, PAPER, RELU, last
from proofs_check.toolkit.numbers import chance_to_exceed, rational
from theory import LogNormLaw
from theory.ensembles import Ensemble

# --- law.quantiles ----------------------------------------------------------------------------------------------------


def quantile(net: Ensemble, p: float, *, narrower: int = 0, shallower: int = 0, activation: str = "") -> float:
    """Return the p-quantile of log|a_L|^2, which is a sum of independent logs of s^2 (chi^2_B + slope^2 chi^2_{n-B}).

    Parameters
    ----------
    p : float
        The probability below the quantile.
    """
    variance = net.variance(1)
    changes = {"width": int(net.width_at(0)) - narrower, "depth": int(net.depth) - shallower, "init": variance}
    if activation:
        changes["activation"] = activation
    return LogNormLaw(net.at(**changes)).quantile(p)


def _quantile_check(net: Ensemble, p: float, tolerance: float, samples: int) -> Simulated:
    what = f"the {p}-quantile of log|a_L|^2 from real weights"
    return Simulated(
        what,
        net,
        *last(net),
        reading=Quantile(p),
        tolerance=tolerance,
        samples=samples,
        full_samples=0,
        arguments={"p": p},
    )


LEAKY = RELU.at(activation="leaky:1/4")
_CASES = ((LEAKY, 4, 12, 0.5), (RELU, 8, 8, 0.9), (LINEAR, 4, 12, 0.1), (LINEAR, 4, 1, 0.5))


def _mass_below(claim: Claim) -> Iterator[Inequality]:
    """The mass of the law beyond the claimed quantile is 1 - p to 8 digits, in balls; an atom at 0 is below."""
    for kind, n, depth, p in _CASES:
        net = kind.at(width=n, depth=depth, input="e1")
        low, high = chance_to_exceed(net, sp.Rational(claim(net, p)))
        for distance in (high - (1 - sp.Rational(str(p))), 1 - sp.Rational(str(p)) - low):
            yield Inequality(f"{net.activation}, n = {n}, L = {depth}, p = {p}", distance, sp.Rational(1, 10**8))


QUANTILES = Statement(
    id="law.quantiles",
    title="The law of log|a_L|^2 is a sum of independent terms: its quantiles by inversion, leaky ReLU included.",
    latex=(
        r"\log|a_L|^2 \overset d= \log|x|^2+\sum_{k=1}^L\log s^2\bigl(\chi^2_{B_k}+\alpha^2\chi'^2_{n-B_k}\bigr),\quad "
        r"B_k\sim\mathrm{Bin}(n,\tfrac12)\ \text{independent}\ (B_k=n\text{ if linear})"
    ),
    source="C. M. Newman, Comm. Math. Phys. 103 (1986), linear; B. Hanin and M. Nica, arXiv:1812.05994; derived here",
    assumptions=(
        assumptions.NORMAL,
        assumptions.PIECEWISE_LINEAR,
        assumptions.HE_OR_XAVIER,
        assumptions.CONSTANT_WIDTH,
        assumptions.UNIT_INPUT,
        assumptions.NO_BIASES,
    ),
    claim=quantile,
    evidence=(
        Enclosed("the mass beyond the claimed quantile", _mass_below),
        _quantile_check(LEAKY.at(width=4, depth=12), 0.5, 0.25, 100_000),
        _quantile_check(LEAKY.at(width=4, depth=12), 0.1, 0.40, 100_000),
        _quantile_check(RELU.at(width=8, depth=8), 0.9, 0.20, 100_000),
        _quantile_check(LINEAR.at(width=4, depth=12), 0.1, 0.30, 100_000),
    ),
    mutants=(
        Mutant("n - 1 for n", partial(quantile, narrower=1)),
        Mutant("L - 1 for L", partial(quantile, shallower=1)),
        Mutant("the quantile of p + 1/200", lambda net, p: quantile(net, p + 0.005)),
        Mutant("the negative part is lost", partial(quantile, activation="relu")),
        Mutant("the negative part is kept whole", partial(quantile, activation="linear")),
    ),
)

# --- law.width-threshold ----------------------------------------------------------------------------------------------


def threshold(
    net: Ensemble,
    *,
    relu: Fraction = Fraction(5, 2),
    linear: Fraction = Fraction(1),
    log: bool = True,
    power: Fraction = Fraction(1),
) -> sp.Expr:
    """At width c L/log 2 the median of |a_L|^2/|x|^2 passes 1/2, where c = 5/2 (ReLU) or 1 (linear).

    The next terms of the median move this width by 0.14 (ReLU) or -0.15 (linear) at any depth.
    """
    constant = relu if net.slope == 0 else linear
    return rational(constant) * sp.Integer(net.depth) ** rational(power) / (sp.log(2) if log else 1)


_DEPTHS = (8, 16, 48)


def _either_side(claim: Claim) -> Iterator[Inequality]:
    """One unit above the claimed width P(|a_L|^2 >= |x|^2/2) exceeds 1/2, and one unit below it does not."""
    half = sp.Rational(1, 2)
    for net in (RELU, LINEAR):
        for depth in _DEPTHS:
            width = claim(net.at(width=1, depth=depth))
            for n, above in ((int(sp.ceiling(width)) + 1, True), (int(sp.floor(width)) - 1, False)):
                case = f"{net.activation}, n = {n}, L = {depth}"
                if n < 1:  # no network is that narrow
                    yield Inequality(case, sp.S.One, sp.Integer(n))
                    continue
                low, high = chance_to_exceed(net.at(width=n, depth=depth, input="e1"), -sp.log(2))
                yield Inequality(case, half, low) if above else Inequality(case, high, half)


DEPTHS_TRIED = Assumption(f"the depths are those tried: {', '.join(map(str, _DEPTHS))}")

WIDTH_THRESHOLD = Statement(
    id="law.width-threshold",
    title="Around width 5L/(2 log 2) (ReLU), L/log 2 (linear) the median norm falls below half: within a unit.",
    latex=(
        r"\mathbb P(|a_L|^2\ge\tfrac12|x|^2)>\tfrac12\ \text{at}\ n=\lceil n^*\rceil+1,\ <\tfrac12\ \text{at}\ "
        r"n=\lfloor n^*\rfloor-1,\quad n^*=\tfrac{c\,L}{\log2},\ c=\tfrac52\ \text{(He, ReLU)},\ "
        r"1\ \text{(Xavier, linear)}"
    ),
    source=f"{PAPER}, abstract: width must scale with depth; the constant: theory.log_laws.feasible_widths",
    assumptions=(
        assumptions.NORMAL,
        assumptions.LINEAR_OR_RELU,
        assumptions.HE_OR_XAVIER,
        assumptions.CONSTANT_WIDTH,
        DEPTHS_TRIED,
        assumptions.NO_BIASES,
    ),
    claim=threshold,
    evidence=(Enclosed("the probability one unit to either side", _either_side, 12),),
    mutants=(
        Mutant("5/2 becomes 49/20", partial(threshold, relu=Fraction(49, 20))),
        Mutant("5/2 becomes 51/20", partial(threshold, relu=Fraction(51, 20))),
        Mutant("linear like ReLU", partial(threshold, linear=Fraction(5, 2))),
        Mutant("1 becomes 23/20", partial(threshold, linear=Fraction(23, 20))),
        Mutant("log 2 is forgotten", partial(threshold, log=False)),
        Mutant("width sqrt(L) is enough", partial(threshold, power=Fraction(1, 2))),
    ),
)

STATEMENTS = (QUANTILES, WIDTH_THRESHOLD)
