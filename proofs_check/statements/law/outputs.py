"""The law of the output f = <v, a_L> for normal weights and a normal readout: density, kurtosis, its limit."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache, partial

import flint
import sympy as sp

from montecarlo.output_squares import OutputSquares
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Enclosed, Inequality, Mean, Obligation, Proved, Simulated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import LINEAR, RELU
from proofs_check.toolkit.numbers import ends, rational
from proofs_check.verdict import Between
from theory import symbols
from theory.balls import ComplexBall, enclose, precision
from theory.ensembles import Ensemble
from theory.log_laws.output_law import OutputLaw
from theory.moments.outputs import output_kurtosis, output_moment

NORMAL_READOUT = Assumption(
    "the readout has independent normal entries of variance 1/n", lambda net: net.readout == "random"
)
ONE_LAYER = Assumption("there is one hidden layer", lambda net: net.depth == 1)

# --- law.output-density -----------------------------------------------------------------------------------------------


def one_layer_density(
    net: Ensemble, u: Fraction, *, fewer: int = 0, degrees: int = 0, counts_dead: bool = True
) -> sp.Expr:
    """The density of f at u is a sum of Bessel functions over the number b of units that are on, for |x| = 1.

    Given b, f is s/sqrt(n) times a product of chi_b and an independent normal number.

    Parameters
    ----------
    net : Ensemble
        The network, of one layer.
    u : Fraction
        The point, not 0.
    fewer, degrees, counts_dead
        What mutants change.
    """
    n = int(net.width_at(0)) - fewer
    unit = sp.sqrt(rational(net.variance(1)) / int(net.width_at(0)))
    z = sp.Abs(rational(u)) / unit
    on = range(n, n + 1) if net.slope == 1 else range(1, n + 1)
    chances = {b: sp.Integer(1) if net.slope == 1 else sp.Rational(sp.binomial(n, b), 2**n) for b in on}
    parts = []
    for b, chance in chances.items():
        order = sp.Rational(b + degrees - 1, 2)
        bessel = sp.besselk(order, z) * (z / 2) ** order
        parts.append(chance * bessel / (sp.sqrt(sp.pi) * sp.gamma(sp.Rational(b + degrees, 2))))
    alive = 1 if counts_dead or net.slope == 1 else 1 - sp.Rational(1, 2**n)
    return sp.Add(*parts) / unit / alive


_POINTS = (Fraction(1, 100), Fraction(-1, 3), Fraction(6))
_ONE = tuple(kind.at(width=n, depth=1, readout="random") for kind in (RELU, LINEAR) for n in (1, 2, 5))


def _by_inversion(claim: Claim) -> Iterator[Inequality]:
    """The claim against the inversion of the Mellin transform of f^2, to 12 digits."""
    for net in _ONE:
        law = OutputLaw(net)
        for u in _POINTS:
            with precision(40):
                low, high = ends(law.enclosed_density(u, 15))
            case, value, room = f"{net.activation}, n = {net.width}, u = {u}", claim(net, u), low / 10**12
            yield Inequality(case, value - high, room)
            yield Inequality(case, low - value, room)


OUTPUT_DENSITY = Statement(
    id="law.output-density",
    title="The output of one hidden layer has a density of Bessel functions: a mixture over the units that are on.",
    latex=(
        r"p_f(u)=\frac1\tau\sum_b\mathbb P(B=b)\,\frac{|z/2|^{(b-1)/2}K_{(b-1)/2}(|z|)}{\sqrt\pi\,\Gamma(b/2)},\quad "
        r"z=\tfrac u\tau,\ \tau=\tfrac s{\sqrt n},\ B\sim\mathrm{Bin}(n,\tfrac12)\ \text{(ReLU)},\ B=n\ \text{(linear)}"
    ),
    source="L. Noci et al., arXiv:2106.06615, for Meijer G-functions at any depth; derived here",
    assumptions=(
        assumptions.NORMAL,
        assumptions.LINEAR_OR_RELU,
        ONE_LAYER,
        NORMAL_READOUT,
        assumptions.CONSTANT_WIDTH,
        assumptions.UNIT_INPUT,
        assumptions.NO_BIASES,
    ),
    claim=one_layer_density,
    evidence=(Enclosed("the inversion of the Mellin transform of f^2", _by_inversion),),
    mutants=(
        Mutant("n - 1 for n", partial(one_layer_density, fewer=1)),
        Mutant("b + 1 degrees of freedom for b", partial(one_layer_density, degrees=1)),
        Mutant("f is normal with the same variance", lambda net, u: _normal(net, u)),
        Mutant("dead networks have a density, too", partial(one_layer_density, counts_dead=False)),
    ),
)


def _normal(net: Ensemble, u: Fraction) -> sp.Expr:
    variance = output_moment(net.at(input="e1"), 2)
    return sp.exp(-(rational(u) ** 2) / (2 * variance)) / sp.sqrt(2 * sp.pi * variance)


# --- law.output-kurtosis ----------------------------------------------------------------------------------------------


def kurtosis_of_output(net: Ensemble, *, rise: int | None = None, three: int = 3, deeper: int = 0) -> sp.Expr:
    """E f^4/(E f^2)^2 = 3 (1 + 5/n)^L for ReLU and 3 (1 + 2/n)^L for linear networks, whatever the variances.

    Parameters
    ----------
    net : Ensemble
        The network, of constant width.
    rise, three, deeper
        What mutants change.
    """
    n, depth = symbols.whole(net.width_at(0)), symbols.whole(net.depth)
    usual = 5 if net.slope == 0 else 2
    return three * (1 + sp.Integer(usual if rise is None else rise) / n) ** (depth + deeper)


def _layer_by_layer(kind: Ensemble, claim: Claim) -> list[Obligation]:
    """Theory's kurtosis at depth 1, and what one more layer multiplies it by."""
    net = kind.at(readout="random", law="normal")
    depth = symbols.whole(net.depth)
    one, two = (output_kurtosis(net.at(depth=layers)) for layers in (1, 2))
    claimed = claim(net)
    return [
        Obligation("depth 1", one, claimed.subs(depth, 1)),
        Obligation("one more layer", two * claimed, claimed.subs(depth, depth + 1) * one),
    ]


def _square_variance(net: Ensemble) -> float:
    return float(output_moment(net, 8) - output_moment(net, 4) ** 2)


def _kurtosis_check(net: Ensemble, tolerance: float) -> Simulated:
    return Simulated(
        "E f^4 from real weights, at E f^2 = 1",
        net,
        OutputSquares(),
        "f^2",
        reading=Mean(2, _square_variance),
        tolerance=tolerance,
        samples=0,
        full_samples=400_000,
    )


OUTPUT_KURTOSIS = Statement(
    id="law.output-kurtosis",
    title="The output's kurtosis is 3(1 + 5/n)^L for ReLU and 3(1 + 2/n)^L for linear networks: heavier than normal.",
    latex=(
        r"\frac{\mathbb E f^4}{(\mathbb E f^2)^2}=3\bigl(1+\tfrac5n\bigr)^L\ \text{(ReLU)},\quad "
        r"3\bigl(1+\tfrac2n\bigr)^L\ \text{(linear)}"
    ),
    source="L. Noci et al., arXiv:2106.06615, for heavy tails; the formula is derived here",
    assumptions=(
        assumptions.NORMAL,
        assumptions.LINEAR_OR_RELU,
        NORMAL_READOUT,
        assumptions.HE_OR_XAVIER,
        assumptions.CONSTANT_WIDTH,
        assumptions.PLAIN,
        assumptions.NO_BIASES,
    ),
    claim=kurtosis_of_output,
    evidence=(
        Proved("ReLU, layer by layer, all n and L", partial(_layer_by_layer, RELU), "all n, L"),
        Proved("linear, layer by layer, all n and L", partial(_layer_by_layer, LINEAR), "all n, L"),
        _kurtosis_check(LINEAR.at(width=16, depth=1, readout="random", input="ones"), 0.1),
        _kurtosis_check(RELU.at(width=16, depth=1, readout="random", input="ones"), 0.16),
    ),
    mutants=(
        Mutant("5 becomes 6 (linear: 6 for 2)", partial(kurtosis_of_output, rise=6)),
        Mutant("5 becomes 4 (linear: 4 for 2)", partial(kurtosis_of_output, rise=4)),
        Mutant("L - 1 for L", partial(kurtosis_of_output, deeper=-1)),
        Mutant("that of |a_L|: 1 for 3", partial(kurtosis_of_output, three=1)),
    ),
    domain=EVERYWHERE,
)

# --- law.output-limit -------------------------------------------------------------------------------------------------


def limit_with_rate(
    net: Ensemble,
    c: Fraction,
    *,
    kappa: int | None = None,
    falls: bool = True,
    spreads: bool = True,
    room: Fraction = Fraction(2, 5),
) -> Between:
    """P(sqrt(n)|f| >= c|x|) is within 2/(5n) of P(|Z| exp(Y/2) >= c), Y ~ N(-kappa L/(2n), kappa L/n).

    kappa is 5 for He ReLU and 2 for linear networks.

    Parameters
    ----------
    net : Ensemble
        The network, of constant width.
    c : Fraction
        The threshold.
    kappa, falls, spreads, room
        What mutants change.
    """
    if kappa is None:
        kappa = 5 if net.slope == 0 else 2
    beta = sp.Rational(int(net.depth), int(net.width_at(0)))
    low, high = _mixture(kappa * beta if falls else sp.Integer(0), kappa * beta if spreads else sp.Integer(0), c)
    away = rational(room) / int(net.width_at(0))
    return Between(low - away, high + away)


@cache
def _mixture(fall: sp.Rational, variance: sp.Rational, c: Fraction) -> tuple[sp.Rational, sp.Rational]:
    """Return numbers between which P(|Z| exp(Y/2) >= c) lies, Y ~ N(-fall/2, variance): an integral over |Z|."""
    with precision(30):
        down, threshold = enclose(fall), enclose(rational(c))
        if variance == 0:
            return ends((threshold * (down / 4).exp() / flint.arb(2).sqrt()).erfc())
        root = (2 * enclose(variance)).sqrt()

        def beyond(z: ComplexBall, _: bool) -> ComplexBall:
            if not z.real > 0:
                return flint.acb("nan")
            return (-(z**2) / 2).exp() * ((2 * threshold.log() - 2 * z.log() + down / 2) / root).erfc()

        inside = flint.acb.integral(beyond, flint.arb(10) ** -15, 12, rel_tol=flint.arb(10) ** -15).real
        ball = inside / (2 * flint.arb.pi()).sqrt()
        return ends(ball + flint.arb(0, 2).union(flint.arb(0)) * flint.arb(10) ** -15)


@cache
def _tail(net: Ensemble, c: Fraction) -> tuple[sp.Rational, sp.Rational]:
    law = OutputLaw(net)
    with precision(30):
        log = (flint.arb(flint.fmpq(c.numerator, c.denominator)) ** 2 / int(net.width_at(0))).log()
        return ends(law.enclosed_exceedance(log, 10))


def _within_the_rate(claim: Claim) -> Iterator[Inequality]:
    """The exact tail, by inversion, lies between the claimed ends."""
    for kind in (RELU, LINEAR):
        for n, beta in ((8, 1), (8, 2), (32, 1), (32, 2)):
            net = kind.at(width=n, depth=beta * n, readout="random")
            for c in (Fraction(1, 4), Fraction(1), Fraction(3)):
                low, high = _tail(net, c)
                claimed, case = claim(net, c), f"{net.activation}, n = {n}, L = {beta * n}, c = {c}"
                yield Inequality(case, claimed.lo, low)
                yield Inequality(case, high, claimed.hi)


OUTPUT_LIMIT = Statement(
    id="law.output-limit",
    title="Along L = beta n the output becomes a normal number times a log-normal one: its tails, within 2/(5n).",
    latex=(
        r"\Bigl|\mathbb P\bigl(\sqrt n|f|\ge c|x|\bigr)-\mathbb P\bigl(|Z|e^{Y/2}\ge c\bigr)\Bigr|\le\frac2{5n},\quad "
        r"Z\sim N(0,1),\ Y\sim N\bigl(-\tfrac{\kappa L}{2n},\tfrac{\kappa L}n\bigr),\ \kappa=5\ \text{(He, ReLU)},\ "
        r"2\ \text{(Xavier, linear)}"
    ),
    source="L. Noci et al., arXiv:2106.06615, for the limit; the rate is measured here",
    assumptions=(
        assumptions.NORMAL,
        assumptions.LINEAR_OR_RELU,
        NORMAL_READOUT,
        assumptions.HE_OR_XAVIER,
        assumptions.CONSTANT_WIDTH,
        assumptions.NO_BIASES,
    ),
    claim=limit_with_rate,
    evidence=(Enclosed("the exact tail by inversion", _within_the_rate, 12),),
    mutants=(
        Mutant("kappa is 4", partial(limit_with_rate, kappa=4)),
        Mutant("kappa is 6", partial(limit_with_rate, kappa=6)),
        Mutant("the logarithm does not spread", partial(limit_with_rate, spreads=False)),
        Mutant("its mean does not fall", partial(limit_with_rate, falls=False)),
        Mutant("the output is normal, as at infinite width", partial(limit_with_rate, falls=False, spreads=False)),
        Mutant("within 3/(8n)", partial(limit_with_rate, room=Fraction(3, 8))),
    ),
)

STATEMENTS = (OUTPUT_DENSITY, OUTPUT_KURTOSIS, OUTPUT_LIMIT)
