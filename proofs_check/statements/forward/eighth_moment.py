"""One layer at order 8, where the fourth cumulant enters squared: what the spread of |a|^4 rests on."""

from __future__ import annotations

from functools import cache, partial

import sympy as sp

from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.exact.all_weights import activation_power
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import LADDER, LINEAR, PAPER, RELU, SPARSE
from proofs_check.toolkit.depth_induction import of_any_variance, variance_of
from theory import activation_moment, symbols
from theory.ensembles import Ensemble, Law


def eighth_moment(
    net: Ensemble, *, squares: int = 35, fourth_power: int = 2, twos: int = 3, sixths: int = 28, eighths: int = 1
) -> sp.Expr:
    r"""The moment E|a_1|^8 follows from those of one unit, E a^(2j) = p_2j s^(2j) E(w.x)^(2j).

    A unit's moments are Bell polynomials in the cumulants of a weight, with u_2j for the sum of the x_i^(2j).
    """
    n, s2 = symbols.whole(net.width_at(1)), symbols.variance(net, 1)
    m4, m6, m8 = (symbols.number(net.law.moment(order)) for order in (4, 6, 8))
    k4, k6, k8 = m4 - 3, m6 - 15 * m4 + 30, m8 - 28 * m6 - 35 * m4**2 + 420 * m4 - 630
    u2, u4, u6, u8 = (symbols.input_power_sum(net, order) for order in (2, 4, 6, 8))
    one = (
        u2,
        3 * u2**2 + k4 * u4,
        15 * u2**3 + 15 * k4 * u2 * u4 + k6 * u6,
        105 * u2**4
        + 210 * k4 * u2**2 * u4
        + squares * k4**fourth_power * u4**2
        + sixths * k6 * u2 * u6
        + eighths * k8 * u8,
    )
    slope = symbols.slope(net)
    a, b, c, d = (symbols.gate_moment(slope, 2 * j) * s2**j * moment for j, moment in enumerate(one, start=1))
    pairs = 4 * c * a + twos * b**2
    return n * (d + (n - 1) * (pairs + (n - 2) * (6 * b * a**2 + (n - 3) * a**4)))


@cache
def _moment(net: Ensemble) -> sp.Expr:
    return activation_moment(of_any_variance(net), 8)


def _derived(net: Ensemble, claim: Claim) -> list[Obligation]:
    """What theory's map of one layer makes of the input's power sums is the claim."""
    slope, left = symbols.slope(net), _moment(net.at(readout="random"))  # a_1 comes before the readout
    return [Obligation("one layer", left, claim(net), tuple(slope.free_symbols), variance_of(net))]


_ONE_RELU, _ONE_LINEAR = RELU.at(depth=1, law="symmetric"), LINEAR.at(depth=1, law="symmetric")
_RADEMACHER = Law.named("rademacher")
_SMALL = tuple(
    (Ensemble(width=n, depth=1, activation=activation, init=init, law=law, input=tuple(range(1, n + 1))),)
    for law, widest in ((_RADEMACHER, 4), (SPARSE, 3), (LADDER, 2))
    for activation, init in (("relu", "he"), ("linear", "xavier"), ("leaky:1/3", "he"))
    for n in range(1, widest + 1)
)

ONE_LAYER = Assumption("there is one layer", lambda net: net.depth == 1)
EIGHT_MOMENTS = Assumption("the weights have a finite eighth moment")

EIGHTH_MOMENT = Statement(
    id="forward.eighth-moment",
    title="E|a_1|^8 of one layer, for any symmetric law: the fourth cumulant of a weight enters squared.",
    latex=(
        r"\mathbb E|a_1|^8 = nd + n(n-1)(4ca+3b^2) + 6n(n-1)(n-2)ba^2 + n(n-1)(n-2)(n-3)a^4,\quad "
        r"d = p_8s^8(105u_2^4+210\kappa_4u_2^2u_4+35\kappa_4^2u_4^2+28\kappa_6u_2u_6+\kappa_8u_8),\ "
        r"c = p_6s^6(15u_2^3+15\kappa_4u_2u_4+\kappa_6u_6),\ b = p_4s^4(3u_2^2+\kappa_4u_4),\ a = p_2s^2u_2,\quad "
        r"u_{2j} = \textstyle\sum_i x_i^{2j}"
    ),
    source=f"P. McCullagh, Tensor Methods in Statistics, 1987, ch. 2, for one unit; {PAPER} for orders 2 and 4",
    assumptions=(
        assumptions.INDEPENDENT_ENTRIES,
        EIGHT_MOMENTS,
        ONE_LAYER,
        assumptions.CONSTANT_WIDTH,
        assumptions.PLAIN,
        assumptions.NO_BIASES,
        assumptions.PIECEWISE_LINEAR,
    ),
    claim=eighth_moment,
    evidence=(
        Proved("ReLU, He, any symmetric law, all n", partial(_derived, _ONE_RELU), "all n"),
        Proved(
            "any slope and variance, any symmetric law, all n",
            partial(_derived, _ONE_RELU.at(activation="leaky:slope", init="variance:s2")),
            "all n",
        ),
        Enumerated("E|a_1|^8 over all weights", _SMALL, partial(activation_power, order=8)),
    ),
    mutants=(
        Mutant("the fourth cumulant is not squared", partial(eighth_moment, fourth_power=1)),
        Mutant("35 becomes 70", partial(eighth_moment, squares=70)),
        Mutant("28 becomes 14", partial(eighth_moment, sixths=14)),
        Mutant("3 becomes 6: pairs of units are counted twice", partial(eighth_moment, twos=6)),
        Mutant("the eighth cumulant is dropped", partial(eighth_moment, eighths=0)),
    ),
    domain=EVERYWHERE,
)

STATEMENTS = (EIGHTH_MOMENT,)
