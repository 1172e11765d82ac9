"""How long it takes to leave the plateau: as long as its curvature says, unless steps do not depend on it."""

from __future__ import annotations

import math
from functools import partial

import sympy as sp

from montecarlo.training.escape_observables import EscapeRatios, EscapeTimes
from montecarlo.training.optimizers import Adam, GradientDescent, Optimizer, RMSprop, SignDescent
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Quantile, Simulated, Slope
from proofs_check.statement import Mutant, Statement
from proofs_check.toolkit.checks import PAPER, RELU
from proofs_check.verdict import Between
from theory.ensembles import Ensemble

CHAIN = Ensemble(width=1, depth=12, law="uniform")
NARROW = Ensemble(width=4, depth=24)
_TRAINED = (
    assumptions.UNIT_INPUT,
    assumptions.NO_BIASES,
)


def rate(net: Ensemble) -> float:
    """Return 1/(2L), a quarter of the largest rate at which any minimum of a chain with |x v| = |y| = 1 is stable.

    There |grad f|^2 = sum f^2/w_k^2 >= L by the inequality of the means, and gradient descent is stable below 2/L.
    """
    return 1 / (2 * int(net.depth))


# --- escape.inverse-curvature -----------------------------------------------------------------------------------------


def scaling(net: Ensemble, quantity: str, *, power: sp.Rational = sp.S.One, moves: int = 0) -> Between:
    r"""The slope of log T against log|lambda_min| is from -1.1 to -1.

    The median of log(eta T |lambda_min|) is in [1/5, 2/5]. T counts the steps of gradient descent at the rate eta, and
    lambda_min is that of the loss's Hessian at initialization.

    Parameters
    ----------
    quantity : str
        ``slope``, or ``product`` for the median of log(T |lambda_min|).
    """
    if quantity == "slope":
        return Between(-power - sp.Rational(1, 10), -power)
    start = moves + sp.log(2 * int(net.depth))
    return Between(start + sp.Rational(1, 5), start + sp.Rational(2, 5))


def _descent(net: Ensemble, budget: int) -> EscapeTimes:
    return EscapeTimes(GradientDescent(rate(net)), budget=budget, curvature=True)


def _slope_check(net: Ensemble, budget: int, tolerance: float, samples: int) -> Slope:
    return Slope(
        f"slope of log T against log|lambda_min| where |lambda_min| >= 5/(eta {budget})",
        net,
        _descent(net, budget),
        "steps",
        tolerance=tolerance,
        samples=samples,
        arguments={"quantity": "slope"},
        other="curvature",
        least=math.log(5 / (rate(net) * budget)),
        most=math.log(budget + 0.5),
    )


def _product_check(net: Ensemble, budget: int, tolerance: float, samples: int) -> Simulated:
    arguments = {"quantity": "product"}
    what, component = "median of log(T |lambda_min|)", "steps*curvature"
    return Simulated(
        what,
        net,
        _descent(net, budget),
        component,
        reading=Quantile(),
        tolerance=tolerance,
        samples=samples,
        full_samples=0,
        arguments=arguments,
    )


DEPTH_TWELVE = Assumption("the depth is at least 12: at depth 3 the slope is another")
RIGHT_SIDE = Assumption("f y > 0 at initialization, as for half of all seeds")
SMALL_RATE = Assumption("the learning rate times the depth is well below 1")

INVERSE_CURVATURE = Statement(
    id="escape.inverse-curvature",
    title="Gradient descent leaves a plateau after about 1/(eta |lambda_min|) steps, whatever the depth from 12 on.",
    latex=(
        r"\frac{\Delta\log T}{\Delta\log|\lambda_{\min}|}\in[-\tfrac{11}{10},-1],\qquad"
        r"\operatorname{med}\log(\eta T|\lambda_{\min}|)\in[\tfrac15,\tfrac25],\qquad\eta=\tfrac1{2L},\ fy>0"
    ),
    source=f"{PAPER}, escape from plateaus; the linear rate of a strict saddle is escape.saddle-time's",
    assumptions=(*_TRAINED, RIGHT_SIDE, DEPTH_TWELVE, SMALL_RATE),
    claim=scaling,
    evidence=(
        _slope_check(CHAIN, 3_000, 0.15, 2_000),
        _slope_check(CHAIN.at(depth=16), 3_000, 0.15, 2_000),
        _slope_check(CHAIN.at(depth=24), 8_000, 0.25, 1_000),
        _slope_check(NARROW.at(width=2), 3_000, 0.2, 700),
        _product_check(CHAIN, 3_000, 0.2, 2_000),
        _product_check(CHAIN.at(depth=16), 3_000, 0.2, 2_000),
        _product_check(NARROW.at(width=2), 3_000, 0.2, 700),
        _product_check(NARROW, 4_000, 0.2, 500),
        _product_check(RELU.at(width=8, depth=16), 800, 0.35, 500),
    ),
    mutants=(
        Mutant("T ~ |lambda_min|^-2", partial(scaling, power=sp.Integer(2))),
        Mutant("T ~ |lambda_min|^(-1/2)", partial(scaling, power=sp.Rational(1, 2))),
        Mutant("T does not depend on the curvature", partial(scaling, power=sp.S.Zero)),
        Mutant("e/(eta |lambda_min|) steps", partial(scaling, moves=1)),
        Mutant("1/(e eta |lambda_min|) steps", partial(scaling, moves=-1)),
    ),
)

# --- escape.adaptive-faster -------------------------------------------------------------------------------------------


def advantage(net: Ensemble, fast: str, *, times: sp.Rational = sp.S.One, start: int = 8) -> Between:
    r"""The median of log(T_GD/T) is about 0 at L = 8, and from there on grows by 3/8 (sign) or 1/3 (Adam) a layer.

    This is to 1/3.

    Gradient descent's time grows like 1/|lambda_min|. That of the others hardly grows, as sign descent moves each
    weight by eta a step.

    Parameters
    ----------
    fast : str
        ``SignDescent``, for which it is 1/8 at L = 8, or ``Adam``.
    """
    beyond = sp.Integer(int(net.depth) - start)
    sign = fast == "SignDescent"
    middle = times * sp.Rational(3 if sign else 1, 8 if sign else 3) * beyond + (sp.Rational(1, 8) if sign else 0)
    return Between(middle - sp.Rational(1, 3), middle + sp.Rational(1, 3))


def _ratio_check(depth: int, budget: int, fast: str, tolerance: float, samples: int) -> Simulated:
    net = CHAIN.at(depth=depth)
    ratios = EscapeRatios(GradientDescent(rate(net)), (SignDescent(0.01), Adam(0.01)), budget=budget)
    what = f"median of log(T of GradientDescent/T of {fast})"
    return Simulated(
        what,
        net,
        ratios,
        f"GradientDescent/{fast}",
        reading=Quantile(),
        tolerance=tolerance,
        samples=samples,
        arguments={"fast": fast},
    )


ABOVE_EPSILON = Assumption("gradients are far above epsilon")

ADAPTIVE_FASTER = Statement(
    id="escape.adaptive-faster",
    title="Sign descent and Adam leave a deep plateau sooner than gradient descent, by a factor exponential in depth.",
    latex=(
        r"\operatorname{med}\log\frac{T_{\mathrm{GD}}}{T_{\mathrm{sign}}}\in\tfrac38(L-8)+\tfrac18"
        r"+[-\tfrac13,\tfrac13],\ "
        r"\operatorname{med}\log\frac{T_{\mathrm{GD}}}{T_{\mathrm{Adam}}}\in\tfrac13(L-8)+[-\tfrac13,\tfrac13],\quad"
        r"\eta_{\mathrm{GD}}=\tfrac1{2L},\ \eta=10^{-2}\ll\tfrac1L,\ 8\le L\le20"
    ),
    source=f"{PAPER}, adaptive methods; the steps themselves are escape.adaptive-steps's",
    assumptions=(
        *_TRAINED,
        assumptions.WIDTH_ONE,
        assumptions.LINEAR,
        assumptions.UNIFORM,
        SMALL_RATE,
        ABOVE_EPSILON,
    ),
    claim=advantage,
    evidence=tuple(
        _ratio_check(depth, budget, fast, tolerance, samples)
        for depth, budget, tolerance, samples in (
            (8, 1_000, 0.7, 3_000),
            (12, 1_500, 0.8, 3_000),
            (16, 4_000, 1.1, 2_000),
            (20, 8_000, 1.3, 1_500),
        )
        for fast in ("SignDescent", "Adam")
    ),
    mutants=(
        Mutant("no advantage", partial(advantage, times=sp.S.Zero)),
        Mutant("from the first layer on", partial(advantage, start=0)),
        Mutant("half as much a layer", partial(advantage, times=sp.Rational(1, 2))),
        Mutant("half as much again a layer", partial(advantage, times=sp.Rational(3, 2))),
    ),
)

# --- escape.epsilon-threshold -----------------------------------------------------------------------------------------


def threshold(
    net: Ensemble, size: int, epsilon: int, *, sticks: bool = True, frees: bool = True, power: sp.Rational = sp.S.One
) -> Between:
    r"""The median of log(T/T_0) is 0 if |g| > epsilon, and at least log 12 if |g| < epsilon/1000.

    T_0 is the time at epsilon = 0.

    Parameters
    ----------
    size, epsilon : int
        |g| is about 10^-size at initialization, and epsilon is 10^-epsilon.
    """
    stuck = power * size > epsilon + 3
    if (stuck and sticks) or not frees:
        return Between(sp.log(12), sp.oo)
    return Between(-sp.Rational(1, 100), sp.Rational(1, 100))


SMALL = Ensemble(width=1, depth=24, law="uniform", init="1/16")


def _threshold_check(depth: int, size: int, epsilon: int, pair: tuple[Optimizer, Optimizer], budget: int) -> Simulated:
    ratios = EscapeRatios(pair[0], (pair[1],), budget=budget)
    name = type(pair[0]).__name__
    what = f"median of log(T/T at epsilon = 0), {name} at epsilon = 1e-{epsilon}, |g| about 1e-{size}"
    arguments = {"size": size, "epsilon": epsilon}
    net = SMALL.at(depth=depth)
    return Simulated(
        what,
        net,
        ratios,
        f"{name}/{name}",
        reading=Quantile(),
        tolerance=0.0,
        samples=500,
        full_samples=0,
        arguments=arguments,
    )


def _adam(epsilon: float) -> tuple[Optimizer, Optimizer]:
    return Adam(0.01, epsilon=epsilon), Adam(0.01, epsilon=0.0)


def _rmsprop(epsilon: float) -> tuple[Optimizer, Optimizer]:
    return RMSprop(0.001, epsilon=epsilon), RMSprop(0.001, epsilon=0.0)


EPSILON_THRESHOLD = Statement(
    id="escape.epsilon-threshold",
    title="Where gradients are far below epsilon, Adam and RMSprop are stuck on the plateau too.",
    latex=(
        r"\operatorname{med}\log\frac{T(\epsilon)}{T(0)}\ \begin{cases}\ge\log12&|g|\approx10^{-17},\ \epsilon=10^{-8}"
        r"\\\in[-\tfrac1{100},\tfrac1{100}]&|g|\gg\epsilon\end{cases}"
    ),
    source=f"{PAPER}, adaptive methods (epsilon as in arXiv:1412.6980, algorithm 1); the regime is derived here",
    assumptions=(*_TRAINED, assumptions.WIDTH_ONE, assumptions.LINEAR, assumptions.UNIFORM, SMALL_RATE),
    claim=threshold,
    evidence=(
        _threshold_check(24, 17, 8, _adam(1e-8), 2_500),
        _threshold_check(24, 17, 24, _adam(1e-24), 2_500),
        _threshold_check(6, 3, 8, _adam(1e-8), 2_500),
        _threshold_check(24, 17, 8, _rmsprop(1e-8), 8_000),
        _threshold_check(24, 17, 24, _rmsprop(1e-24), 8_000),
        _threshold_check(6, 3, 8, _rmsprop(1e-8), 8_000),
    ),
    mutants=(
        Mutant("epsilon plays no role", partial(threshold, sticks=False)),
        Mutant("stuck whatever epsilon is", partial(threshold, frees=False)),
        Mutant("gradients below the fourth root of epsilon are stuck", partial(threshold, power=sp.Integer(4))),
    ),
)

STATEMENTS = (INVERSE_CURVATURE, ADAPTIVE_FASTER, EPSILON_THRESHOLD)
