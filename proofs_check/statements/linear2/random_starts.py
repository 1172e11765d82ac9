"""Random weights: how far from the solution of minimum norm flow ends in the mean, and how likely an imbalance is."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import gammaincc, gammaln, roots_genlaguerre

from montecarlo.training.regression.pair_observables import PairFlow
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Mean, Simulated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import MIN, ONE_OUTPUT, TWO_LAYERS
from proofs_check.toolkit.balls import all_of, ball, not_above
from proofs_check.verdict import Between
from theory.balls import Ball, enclose, precision
from theory.dynamics.linear_pairs.chi_square_products import enclosed_root_mean
from theory.dynamics.linear_pairs.distances import distance_mean, imbalance_probability
from theory.ensembles import Ensemble

THETA = Fraction(3, 2)
_NODES = 160

FloatArray = NDArray[np.float64]


def _mean(h: int, function: Callable[[FloatArray, FloatArray], FloatArray]) -> sp.Rational:
    """Return the mean of a function of two independent chi-squares of h degrees of freedom, by Gauss and Laguerre."""
    nodes, weights = roots_genlaguerre(_NODES, h / 2 - 1)
    weights = weights / weights.sum()
    values = function(2 * nodes[:, None], 2 * nodes[None, :])
    return _exact(weights @ values @ weights)


def _exact(value: Any) -> sp.Rational:
    exact = Fraction(float(value))
    return sp.Rational(exact.numerator, exact.denominator)


def distance_law(
    net: Ensemble,
    what: str = "distance",
    theta: Fraction = THETA,
    *,
    off: int = 1,
    freedom: int = 0,
    targeted: int = 1,
    root: bool = True,
    shrinks: int = 0,
    gap: int = 3,
) -> Any:
    r"""E|UV^T - X^+Y|^2 = (d-1) s^2 E sqrt(s^4 chi chi' + theta^2), chi, chi' two chi-squares of h degrees of freedom.

    - ``distance`` is this mean, and ``readout`` that of |v|^2, which is it without (d-1) s^2.
    - ``range`` is from (d-1) s^2 sqrt(mu) (1 - 2 s^8 (h^3+h^2)/mu^2) to (d-1) s^2 sqrt(mu), mu = s^4 h^2 + theta^2. The
      mean lies there.

    Parameters
    ----------
    net : Ensemble
        Two linear layers of the widths d, h and 1, whose weights have the variance s^2.
    what : str
        Which of these.
    theta : Fraction
        The target.
    """
    d, h, s2 = int(net.width_at(0)), int(net.width_at(1)), net.variance(1)
    factor = sp.Rational(*((d - off) * s2 / h**shrinks).as_integer_ratio())
    if what == "range":
        mu = s2**2 * h**2 + targeted * theta**2
        loss = 2 * s2**4 * (h**gap + (h**2 if gap == 3 else 0)) / mu**2
        top = factor * sp.sqrt(sp.Rational(mu.numerator, mu.denominator))
        return Between(top * (1 - sp.Rational(loss.numerator, loss.denominator)), top)
    square = targeted * float(theta) ** 2

    def size(one: FloatArray, other: FloatArray) -> FloatArray:
        inside = float(s2) ** 2 * one * other + square
        return np.sqrt(inside) if root else inside

    mean = _mean(h - freedom, size)
    return mean if what == "readout" else factor * mean


def variance(net: Ensemble, what: str, theta: Fraction = THETA) -> float:
    r"""Return the variance of |v|^2 or of |UV^T - X^+Y|^2 in the end, rounded up.

    With S = |u|^2+|v|^2 and the kept difference D = |u|^2-|v|^2, 4|v|^4 = (S-D)^2. E S^2 = 4(s^4 h^2 + theta^2),
    E D^2 = 4 h s^4, and E S D = 0. The distance is |v|^2 s^2 times a chi-square of d - 1 degrees of freedom.
    """
    d, h, s2 = int(net.width_at(0)), int(net.width_at(1)), net.variance(1)
    square = float(s2**2 * h**2 + theta**2 + h * s2**2)
    mean = float(enclosed_root_mean(h, ball(s2**2), ball(theta**2)))
    exact = square - mean**2
    if what == "distance":
        exact = float(s2) ** 2 * ((d**2 - 1) * square - (d - 1) ** 2 * mean**2)
    return exact * (1 + 1e-9)


def _net(h: int, init: str = "", d: int = 4) -> Ensemble:
    return Ensemble(widths=(d, h, 1), init=init or f"1/{h}")


_HALF, _LESS = Fraction(1, 2), Fraction(3, 8)
_LAWS = tuple(
    (_net(h, init, d), "distance", theta, a)
    for h, init, d, theta, a in (
        (4, "", 4, THETA, _HALF),
        (5, "", 2, Fraction(-1, 3), _HALF),
        (16, "", 4, THETA, _HALF),
        (16, "1/8", 4, THETA, _LESS),
        (64, "", 7, Fraction(4), _HALF),
        (256, "1/64", 3, Fraction(1), _LESS),
    )
)
_RANGES = tuple(
    (_net(h, init), "range", THETA, a)
    for h, init, a in (
        *((h, "", _HALF) for h in (2, 4, 16, 256, 4096)),
        *((16, "1/8", _LESS), (256, "1/64", _LESS), (4096, "1/512", _LESS)),
    )
)


@cache
def _truth(net: Ensemble, theta: Fraction, exponent: Fraction) -> Ball:
    h, d = int(net.width_at(1)), int(net.width_at(0))
    return distance_mean(h, exponent, theta, d, 20)


def _derived(net: Ensemble, _: str, theta: Fraction, exponent: Fraction) -> Callable[[Any], bool | None]:
    """Compare with what theory encloses by another integral; the claim's quadrature errs by less than is allowed."""
    truth = _truth(net, theta, exponent)
    return lambda claimed: not_above(abs(ball(claimed) - truth), truth * ball(Fraction(1, 10**10)))


def _inside(net: Ensemble, _: str, theta: Fraction, exponent: Fraction) -> Callable[[Between], bool | None]:
    truth = _truth(net, theta, exponent)

    def judge(claimed: Between) -> bool | None:
        with precision(30):
            return all_of((not_above(enclose(claimed.lo), truth), not_above(truth, enclose(claimed.hi))))

    return judge


def _without_exponent(claim: Claim, *case: Any) -> Any:
    return claim(*case[:-1])


def _case(net: Ensemble, _: str, theta: Fraction, exponent: Fraction) -> str:
    return f"{net.describe()}, theta = {theta}, a = {exponent}"


def _measured(h: int, what: str, tolerance: float, samples: int, init: str = "") -> Simulated:
    component = {"distance": "off", "readout": "readout"}[what]
    words = {"distance": "squared distance from the minimum-norm solution", "readout": "squared length of v"}[what]
    return Simulated(
        f"mean {words} at the end of the flow, theta = 3/2",
        _net(h, init),
        PairFlow(THETA),
        component,
        reading=Mean(1.0, partial(variance, what=what)),
        tolerance=tolerance,
        samples=samples,
        arguments={"what": what},
    )


DISTANCE_LAW = Statement(
    id="linear2.distance-law",
    title="The mean squared distance from the minimum-norm solution, exact at every width, falls like h^(1-4a).",
    latex=(
        r"U,V\sim\mathcal N(0,s^2),\ s^2=h^{-2a}:\quad \mathbb E|UV^T-X^+Y|_F^2=(d-1)s^2\,"
        r"\mathbb E\sqrt{s^4\chi_h^2\chi_h'^2+\theta^2}=(d-1)s^2\sqrt\mu\,(1-\delta),\quad "
        r"0\le\delta\le\frac{2s^8(h^3+h^2)}{\mu^2},\ \mu=s^4h^2+\theta^2"
    ),
    source=f"derived here; {MIN} bounds the distance by h^(1/2-2a) for large h, with high probability",
    assumptions=(TWO_LAYERS, ONE_OUTPUT, assumptions.NORMAL, assumptions.LINEAR, assumptions.PLAIN),
    claim=distance_law,
    evidence=(
        Enumerated(
            "agrees to 10 digits with what theory encloses",
            _LAWS,
            _derived,
            label=_case,
            apply=_without_exponent,
        ),
        Enumerated(
            "what theory encloses lies in the range, h = 2 to 4096",
            _RANGES,
            _inside,
            label=_case,
            apply=_without_exponent,
        ),
        _measured(4, "distance", 0.062, 40_000),
        _measured(4, "readout", 0.022, 40_000),
        _measured(16, "distance", 0.085, 20_000),
        _measured(16, "distance", 0.085, 20_000, "1/8"),
        _measured(64, "distance", 0.125, 8_000),
        _measured(256, "distance", 0.25, 2_000, "1/64"),
    ),
    mutants=(
        Mutant("d for d - 1", partial(distance_law, off=0)),
        Mutant("h - 1 degrees of freedom", partial(distance_law, freedom=1)),
        Mutant("theta dropped", partial(distance_law, targeted=0)),
        Mutant("1 + theta^2 for its root", partial(distance_law, root=False)),
        Mutant("the distance falls by another factor of 1/h", partial(distance_law, shrinks=1)),
        Mutant("the gap of the range falls by another factor of 1/h", partial(distance_law, gap=2)),
    ),
)


def wide_enough(net: Ensemble, *, freedom: int = 0, level: str = "quarter", squared: bool = False) -> sp.Rational:
    r"""P(c > h^{1-2a}) = P(chi chi' > h^2/4), with independent chi-squares of h degrees of freedom, whatever a is.

    Parameters
    ----------
    net : Ensemble
        Two linear layers of the widths d, h and 1, whose weights have the variance h^{-2a}.
    """
    h = int(net.width_at(1))
    least, half = (h**2 / 4 if level == "quarter" else h**2), (h - freedom) / 2
    if squared:
        return _exact(gammaincc(half, least**0.5 / 2))

    def inside(x: float) -> float:  # the log of a chi-square makes its density smooth at 0
        a = float(np.exp(x))
        density = np.exp(half * x - a / 2 - half * np.log(2) - gammaln(half))
        return float(density * gammaincc(half, least / (2 * a)))

    return _exact(quad(inside, -20, np.log(h + 100), epsabs=1e-13, epsrel=1e-12, limit=400)[0])


_WIDTHS = tuple((_net(h),) for h in (1, 2, 4, 8, 16, 32))


def _enclosed_chance(net: Ensemble) -> Callable[[sp.Rational], bool | None]:
    truth = imbalance_probability(int(net.width_at(1)), 20)
    return lambda claimed: not_above(abs(ball(claimed) - truth), ball(Fraction(1, 10**9)))


def _chance(h: int, tolerance: float, samples: int, init: str = "") -> Simulated:
    return Simulated(
        "share of networks with c above h^(1-2a)",
        _net(h, init),
        PairFlow(THETA),
        "wide",
        reading=Mean(1.0, 0.25),
        tolerance=tolerance,
        samples=samples,
    )


ANY_SCALE = Assumption("the variance of the weights is that of both layers, h^(-2a) with any a")

IMBALANCE_PROBABILITY = Statement(
    id="linear2.imbalance-probability",
    title="How likely random layers are imbalanced by more than h^(1-2a): 0.602 at h = 2, 0.988 at h = 16.",
    latex=(
        r"\mathbb P(c>h^{1-2a})=\mathbb P\bigl(\chi_h^2\chi_h'^2>h^2/4\bigr)=0.6019,\ 0.7873,\ 0.9250,\ 0.9881,\ 0.9996"
        r"\quad(h=2,4,8,16,32)"
    ),
    source=f"derived here; {MIN} has it for h above an unspecified polynomial",
    assumptions=(TWO_LAYERS, ONE_OUTPUT, assumptions.NORMAL, assumptions.LINEAR, assumptions.PLAIN, ANY_SCALE),
    claim=wide_enough,
    evidence=(
        Enumerated("agrees to 9 digits with what theory encloses, h = 1 to 32", _WIDTHS, _enclosed_chance),
        _chance(4, 0.045, 40_000),
        _chance(16, 0.05, 20_000),
        _chance(16, 0.05, 20_000, "1/8"),
    ),
    mutants=(
        Mutant("h - 1 degrees of freedom", partial(wide_enough, freedom=1)),
        Mutant("above h^2", partial(wide_enough, level="whole")),
        Mutant("the square of one chi-square", partial(wide_enough, squared=True)),
    ),
)

STATEMENTS = (DISTANCE_LAW, IMBALANCE_PROBABILITY)
