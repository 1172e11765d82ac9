"""Moments of every real order of the norm for normal weights; order 1 is by what a curve's length grows."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial

import flint
import sympy as sp

from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, Mean, Simulated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import LINEAR, RELU, last
from proofs_check.toolkit.numbers import ends, rational
from theory import LogNormLaw
from theory.balls import precision
from theory.ensembles import Ensemble
from theory.log_laws.norm_moments import enclosed_norm_moment

ORDERS = (Fraction(1), Fraction(3), Fraction(1, 2), Fraction(-1, 2))


def real_moment(
    net: Ensemble, order: Fraction, *, wider: int = 0, deeper: int = 0, given_survival: bool = False
) -> sp.Expr:
    """E|a_L|^t is a power L of one layer's, for |x| = 1; a dead network adds 0 to positive orders.

    A linear layer has (2s^2)^(t/2) Gamma((n+t)/2)/Gamma(n/2), and ReLU the average of these over the units that are on.
    Negative orders are given that the network is not dead.

    Parameters
    ----------
    net : Ensemble
        The network, of constant width.
    order : Fraction
        t.
    wider, deeper, given_survival
        What mutants change.
    """
    n, t = sp.Integer(net.width_at(0)) + wider, rational(order)
    scale = (2 * rational(net.variance(1))) ** (t / 2)
    if net.slope == 1:
        layer = sp.gamma((n + t) / 2) / sp.gamma(n / 2)
    else:
        shares = (sp.binomial(n, b) * sp.gamma((b + t) / 2) / sp.gamma(sp.Rational(b, 2)) for b in range(1, int(n) + 1))
        layer = sp.Add(*shares) / 2**n
        if given_survival or order < 0:
            layer /= 1 - sp.Integer(2) ** -n
    return (scale * layer) ** (int(net.depth) + deeper)


_DERIVED = tuple(
    (kind.at(width=n, depth=depth), order)
    for kind in (RELU, LINEAR)
    for n, depth in ((1, 1), (3, 2), (16, 16))
    for order in ORDERS
)


def _as_derived(claim: Claim) -> Iterator[Inequality]:
    """The claim against what theory's Mellin transforms enclose."""
    for net, order in _DERIVED:
        alive = order < 0 and net.slope == 0
        with precision(40):
            low, high = ends(enclosed_norm_moment(LogNormLaw(net), order, 25, given_survival=alive))
        yield from _near(claim, net, order, low, high)


def _near(claim: Claim, net: Ensemble, order: Fraction, low: sp.Rational, high: sp.Rational) -> Iterator[Inequality]:
    """The claim lies between both numbers, to 15 digits."""
    value, case = claim(net, order), f"{net.activation}, n = {net.width}, L = {net.depth}, t = {order}"
    room = low * sp.Rational(1, 10**15)
    yield Inequality(case, value - high, room)
    yield Inequality(case, low - value, room)


def _by_laplace(claim: Claim) -> Iterator[Inequality]:
    """Order 1 another way: from sqrt(y) = int (1 - e^(-qy)) q^(-3/2) dq/(2 sqrt(pi)) and E e^(-q s^2 phi(g)^2)."""
    for kind in (RELU, LINEAR):
        for n, depth in ((1, 1), (2, 3), (8, 2)):
            net = kind.at(width=n, depth=depth)
            with precision(40):
                low, high = ends(_length_of_one_layer(net) ** depth)
            yield from _near(claim, net, Fraction(1), low, high)


def _length_of_one_layer(net: Ensemble) -> flint.arb:
    r"""Enclose E|a_1|/|x| by an integral over an angle with q = tan^2/(2s^2), in which no chi-square occurs.

    With c the cosine, E exp(-q s^2 g^2) = c, and (1 + c)/2 for ReLU; the n units are independent.
    """
    n, linear = int(net.width_at(0)), net.slope == 1

    def integrand(angle: flint.acb, _: bool) -> flint.acb:
        c = angle.cos()
        unit = c if linear else (1 + c) / 2
        total = sum((unit**j for j in range(n)), flint.acb(0))  # (1 - unit^n)/(1 - unit)
        return total / (1 + c) * (1 if linear else flint.arb(1) / 2)

    scale = (flint.arb(flint.fmpq(2 * net.variance(1).numerator, net.variance(1).denominator)) / flint.arb.pi()).sqrt()
    return scale * flint.acb.integral(integrand, 0, flint.arb.pi() / 2).real


def _variance(order: Fraction, net: Ensemble) -> float:
    law = LogNormLaw(net)
    square, mean = (float(enclosed_norm_moment(law, m * order, 15)) for m in (2, 1))
    return square - mean**2


def _mean_check(net: Ensemble, order: Fraction, tolerance: float) -> Simulated:
    return Simulated(
        f"E|a_L|^{order} from real weights",
        net,
        *last(net),
        reading=Mean(float(order) / 2, partial(_variance, order)),
        tolerance=tolerance,
        samples=40_000,
        full_samples=200_000,
        arguments={"order": order},
    )


WHERE_FINITE = Assumption(
    "the order is positive; or above -n for linear networks, and above -1 for ReLU given that no layer is dead"
)

LENGTH_DISTORTION = Statement(
    id="law.length-distortion",
    title="E|a_L|^t for every real order t is a power L; t = 1 is by what the length of a curve grows.",
    latex=(
        r"\mathbb E|a_L|^t=\Bigl((2s^2)^{t/2}\,2^{-n}\sum_{b=1}^n\tbinom nb\tfrac{\Gamma((b+t)/2)}{\Gamma(b/2)}"
        r"\Bigr)^{L}|x|^t\ \text{(ReLU)},\quad"
        r"\Bigl((2s^2)^{t/2}\tfrac{\Gamma((n+t)/2)}{\Gamma(n/2)}\Bigr)^{L}|x|^t\ \text{(linear)}"
    ),
    source="B. Hanin, R. Jeong and D. Rolnick, arXiv:2102.10492, for lengths; the formula is derived here",
    assumptions=(
        assumptions.NORMAL,
        assumptions.LINEAR_OR_RELU,
        assumptions.CONSTANT_WIDTH,
        assumptions.UNIT_INPUT,
        assumptions.NO_BIASES,
        WHERE_FINITE,
    ),
    claim=real_moment,
    evidence=(
        Enclosed("one layer by an integral over an angle", _by_laplace),
        Enclosed("what theory's Mellin transforms enclose", _as_derived),
        _mean_check(RELU.at(width=8, depth=2), Fraction(1), 0.055),
        _mean_check(LINEAR.at(width=8, depth=2), Fraction(3), 0.12),
    ),
    mutants=(
        Mutant("n + 1 for n", partial(real_moment, wider=1)),
        Mutant("L - 1 for L", partial(real_moment, deeper=-1)),
        Mutant("dead networks are left out", partial(real_moment, given_survival=True)),
        Mutant(
            "order 1 as the exponential exp(-5L/(8n)) of its first term",
            lambda net, order: sp.exp(-sp.Rational(5, 8) * rational(order) * int(net.depth) / net.width_at(0)),
        ),
        Mutant(
            "the mean of a power is the power of the mean",
            lambda net, order: real_moment(net, Fraction(1)) ** rational(order),
        ),
    ),
)

STATEMENTS = (LENGTH_DISTORTION,)
