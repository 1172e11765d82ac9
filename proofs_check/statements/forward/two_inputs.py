"""Two inputs of one ReLU layer at order 4; and how fast their angle closes at infinite width."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import partial
from typing import Any

import flint
import sympy as sp

from montecarlo import InnerProducts, NormProducts
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, Mean, Simulated, agrees_with
from proofs_check.statement import Mutant, Statement
from proofs_check.toolkit.checks import RELU
from proofs_check.verdict import Between
from theory import activation_moment, symbols, two_input_moment, wide_cosine
from theory.balls import precision
from theory.ensembles import Ensemble
from theory.moments.two_inputs import COSINE

# --- forward.two-inputs-relu ------------------------------------------------------------------------------------------

_ORDERS = {"inner": (0, 0, 1), "inner squared": (0, 0, 2), "norms": (2, 2, 0), "norm and inner": (2, 0, 1)}


def products(
    net: Ensemble,
    cosine: Fraction,
    product: str,
    *,
    lone: int = 1,
    sines: int = 3,
    twos: int = 2,
    pairs: int = 1,
    rows: int = 1,
) -> sp.Expr:
    r"""One layer under He: moments of order 2 and 4 of two inputs by the arc-cosine kernels of order 1 and 2.

    With t the angle, :math:`\kappa_1 = (\sin t + (\pi-t)\cos t)/\pi` and
    :math:`\kappa_2 = (3\sin t\cos t + (\pi-t)(1+2\cos^2t))/\pi`.
    """
    n, c = symbols.whole(net.width_at(1)), sp.Rational(cosine)
    t, sine = sp.acos(c), sp.sqrt(1 - c**2)
    first = (lone * sine + (sp.pi - t) * c) / sp.pi
    second = (sines * sine * c + (sp.pi - t) * (1 + twos * c**2)) / sp.pi
    third = (sine * (2 + c**2) + 3 * (sp.pi - t) * c) / sp.pi
    two_rows = 1 - sp.Integer(pairs) / n
    one_row = sp.Integer(rows) / n
    return {
        "inner": first,
        "inner squared": two_rows * first**2 + 2 * one_row * second,
        "norms": two_rows + 2 * one_row * second,
        "norm and inner": two_rows * first + 2 * one_row * third,
    }[product]


def _theory(net: Ensemble, cosine: Fraction, product: str) -> sp.Expr:
    norm, other, inner = _ORDERS[product]
    return two_input_moment(net, norm=norm, other=other, inner=inner).subs(COSINE, sp.Rational(cosine))


_LAYER = RELU.at(depth=1)
_COSINES = tuple(map(Fraction, ("-9/10", "-1/2", "0", "1/3", "3/5", "99/100")))
_CASES = tuple((_LAYER.at(width=n), c, product) for n in (1, 2, 3, 8, 64) for c in _COSINES for product in _ORDERS)


def _variance(net: Ensemble) -> sp.Expr:
    """Return the variance of <a_1, a'_1> at the cosine 1/2."""
    return _theory(net, _HALF, "inner squared") - _theory(net, _HALF, "inner") ** 2


def _eighth(net: Ensemble) -> sp.Expr:
    """Return E|a_1|^8, which the mean squares of products of order 4 do not exceed."""
    return activation_moment(net, 8)


def _simulated(product: str, observable: Any, component: str, reading: Mean, tolerance: float) -> Simulated:
    arguments = {"cosine": observable.cosine, "product": product}
    return Simulated(
        f"{product} from real weights", _LAYER.at(width=8), observable, component, reading, tolerance, 60_000,
        arguments=arguments,
    )  # fmt: skip


_HALF = Fraction(1, 2)

ONE_LAYER = Assumption("there is one layer", lambda net: net.depth == 1)
HE = Assumption("the weights have variance 2/n", lambda net: net.init.name == "he")

TWO_INPUTS_RELU = Statement(
    id="forward.two-inputs-relu",
    title="One ReLU layer takes two inputs to products whose means of order 4 are arc-cosine kernels over the width.",
    latex=(
        r"\mathbb E\langle a,a'\rangle^2 = \left(1-\tfrac1n\right)\kappa_1^2+\tfrac2n\kappa_2,\quad "
        r"\mathbb E|a|^2|a'|^2 = 1-\tfrac1n+\tfrac2n\kappa_2,\quad "
        r"\kappa_1 = \tfrac1\pi(\sin\theta+(\pi-\theta)\cos\theta),\quad "
        r"\kappa_2 = \tfrac1\pi(3\sin\theta\cos\theta+(\pi-\theta)(1+2\cos^2\theta))"
    ),
    source="Y. Cho and L. Saul, arXiv:1112.3712, for the kernels; the finite width is derived here",
    assumptions=(
        assumptions.NORMAL,
        assumptions.CONSTANT_WIDTH,
        assumptions.PLAIN,
        assumptions.NO_BIASES,
        assumptions.RELU,
        ONE_LAYER,
        HE,
    ),
    claim=products,
    evidence=(
        agrees_with("SymPy's integral over the angle", _CASES, _theory),
        _simulated("inner", InnerProducts(_HALF, layers=(1,)), "p_1", Mean(1, _variance), 0.06),
        _simulated("inner squared", InnerProducts(_HALF, layers=(1,)), "p_1", Mean(2, _eighth), 0.3),
        _simulated("norms", NormProducts(_HALF, layers=(1,)), "a_1*a'_1", Mean(1, _eighth), 0.16),
    ),
    mutants=(
        Mutant("the sine is left out of the first kernel", partial(products, lone=0)),
        Mutant("the sine counts twice in the second", partial(products, sines=2)),
        Mutant("the squared cosine counts once", partial(products, twos=1)),
        Mutant("pairs of rows are all counted", partial(products, pairs=0)),
        Mutant("pairs of rows lack two", partial(products, pairs=2)),
        Mutant("a row counts twice", partial(products, rows=2)),
    ),
)

# --- forward.angle-closes ---------------------------------------------------------------------------------------------


def angle(L: int, *, rate: int = 3, least: Fraction = Fraction(1), most: Fraction = Fraction(5, 2)) -> Between:
    """The angle of orthogonal inputs at infinite width: 1/t is linear in L up to a logarithm."""
    start = 2 / sp.pi + sp.Integer(L) / (rate * sp.pi)
    turn = sp.log(1 + sp.Rational(L, 6)) / (2 * sp.pi)
    return Between(1 / (start + sp.Rational(most) * turn), 1 / (start + sp.Rational(least) * turn))


def _inside(claim: Callable[..., Any]) -> Iterable[Inequality]:
    """The cosine of both ends of the claim, against the map of theory iterated in balls."""
    net = RELU.at(width="n", depth=_DEEPEST)
    for depth in _DEPTHS:
        with precision(40):
            turned = wide_cosine(net, 0, depth, 40).acos()
            low, high = (_exact(end) for end in (turned.lower(), turned.upper()))
        ends = claim(depth)
        yield Inequality(f"L = {depth}", ends.lo, low)
        yield Inequality(f"L = {depth}", high, ends.hi)


def _exact(end: flint.arb) -> sp.Rational:
    mantissa, exponent = end.mid().man_exp()
    return sp.Integer(int(mantissa)) * sp.Integer(2) ** int(exponent)


_DEEPEST = 2**12
_DEPTHS = (1, 2, 3, *(2**power for power in range(2, 13)))

ANGLE_CLOSES = Statement(
    id="forward.angle-closes",
    title="Orthogonal inputs of wide ReLU networks turn to each other: their angle falls like 3 pi over the depth.",
    latex=(
        r"\tfrac1{\theta_L} = \tfrac2\pi+\tfrac L{3\pi}+\tfrac{\gamma_L}{2\pi}\log\left(1+\tfrac L6\right),\quad "
        r"1\le\gamma_L\le\tfrac52"
    ),
    source=(
        "S. Hayou, A. Doucet and J. Rousseau, arXiv:1902.06853, for the limit of L^2(1 - cos); "
        "the logarithm is derived here"
    ),
    assumptions=(
        Assumption("all widths are infinite, so that the angle is not random"),
        assumptions.PLAIN,
        assumptions.NO_BIASES,
        assumptions.RELU,
        Assumption("the inputs are orthogonal"),
    ),
    claim=angle,
    evidence=(Enclosed("the map of the cosine, iterated", _inside, covers="L = 1 to 4 and powers of 2 up to 4096"),),
    mutants=(
        Mutant("the rate is 1/(2 pi)", partial(angle, rate=2)),
        Mutant("the rate is 1/(4 pi)", partial(angle, rate=4)),
        Mutant("there is no logarithm", partial(angle, least=Fraction(-1, 2), most=Fraction(1, 2))),
        Mutant("the logarithm counts at most twice", partial(angle, most=Fraction(2))),
        Mutant("the logarithm counts at least twice", partial(angle, least=Fraction(6, 5))),
    ),
)

STATEMENTS = (TWO_INPUTS_RELU, ANGLE_CLOSES)
