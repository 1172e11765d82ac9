"""The plateau of the loss (f-y)^2/2: a saddle, where the residual's part of the Hessian exceeds the gradient's."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from montecarlo import CurvatureRatios, LossCurvature
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Quantile, Simulated
from proofs_check.exact.real_roots import LargestRoot, frobenius_squared, signs
from proofs_check.exact.small_networks import SmallNetwork, small_networks
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.hessian.spectra import exponent
from proofs_check.toolkit.checks import LINEAR, PAPER, RELU
from proofs_check.verdict import Between
from theory.ensembles import Ensemble

# --- plateau.saddle ---------------------------------------------------------------------------------------------------


class Saddle(NamedTuple):
    """What is claimed of the Hessian of the loss.

    Parameters
    ----------
    negative, positive : Any
        How many of its eigenvalues are negative, and how many positive.
    threshold : Any
        The least |f-y|^2 at which the residual's part surely dominates.
    """

    negative: Any
    positive: Any
    threshold: Any


def saddle(
    f: Any,
    y: Any,
    depth: Any,
    hidden: Any,
    weights: Any,
    gradient: Any,
    *,
    swapped: bool = False,
    rank_one: bool = True,
    ratio: int = 1,
    kept: int = 0,
    scale: int = 1,
) -> Saddle:
    r"""The inertia of grad f grad f^T + (f-y) H; and |(f-y) H|_2 >= |grad f|^2 for |f-y| >= |W| |grad f|/(L-1).

    Let S be the number of active units below layer L. If (f-y) f > 0, there are S negative and S - (L-2) positive
    eigenvalues. If (f-y) f < 0, it is at first the other way round, as for (f-y) H. As grad f = H W/(L-1), the rank-one
    term multiplies the determinant on the range of H by 1 + L f/((L-1) (f-y)). Where this is negative, one negative
    eigenvalue becomes positive; where it is 0, one becomes 0.

    Parameters
    ----------
    f, y : flint.fmpq
        The output and the target.
    depth, hidden : int
        The number L of weight matrices, and S.
    weights, gradient : flint.fmpq
        The squares |W|^2 and |grad f|^2.
    """
    residual = f - y
    negative, positive = hidden, hidden - (depth - 2)
    if (residual * f < 0) != swapped:
        negative, positive = positive, negative
    turn = 1 + ratio * flint.fmpq(depth, depth - 1) * f / residual
    if rank_one and turn <= 0:
        negative, positive = negative - 1, positive + int(turn < 0)
    return Saddle(negative + kept, positive, weights * gradient / (scale * (depth - 1)) ** 2)


def _claimed(claim: Claim, net: SmallNetwork, y: Any) -> Saddle:
    hidden = sum(net.active(k) for k in range(1, net.depth))
    norms = frobenius_squared(net.weights), frobenius_squared(net.gradient)
    claimed: Saddle = claim(net.value, y, net.depth, hidden, *norms)
    return claimed


@cache
def _loss_signs(net: SmallNetwork, y: Any) -> tuple[int, int, int]:
    """Return how many eigenvalues of grad f grad f^T + (f-y) H are positive, negative and zero."""
    loss = net.gradient * net.gradient.transpose() + (net.value - y) * net.hessian
    return signs(loss.charpoly())


def _inertia(net: SmallNetwork, y: Any) -> Callable[[Saddle], bool]:
    positive, negative, _ = _loss_signs(net, y)
    return lambda claimed: (claimed.negative, claimed.positive) == (negative, positive)


def _dominates(net: SmallNetwork, y: Any) -> Callable[[Saddle], bool | None]:
    """Compare |H|_2^2 with |grad f|^4/|f-y|^2 at the claimed |f-y|^2.

    On either side of f, |(f-y) H| only grows with |f-y|.
    """
    gradient = frobenius_squared(net.gradient)
    return lambda claimed: LargestRoot.rational(gradient**2 / claimed.threshold).at_most(net.norm_squared)


def _targets(net: SmallNetwork) -> tuple[Any, ...]:
    """Return targets on both sides of f, and of the turn of the rank-one term.

    y/f is below 1, between 1 and (2L-1)/(L-1), equal to this, and above it.
    """
    turn = flint.fmpq(2 * net.depth - 1, net.depth - 1)
    return tuple(
        net.value * m for m in (flint.fmpq(-3), flint.fmpq(0), flint.fmpq(1, 2), flint.fmpq(5, 4), turn, turn + 1)
    )


_ALIVE = tuple(net for net in small_networks() if net.value != 0)
_PAIRS = tuple((net, y) for net in _ALIVE[::2] for y in _targets(net))

TARGET_NOT_REACHED = Assumption("the target y is not f")

SADDLE = Statement(
    id="plateau.saddle",
    title="The loss (f-y)^2/2 curves down in exactly S, S-(L-2) or S-(L-1) directions: a saddle once S >= L.",
    latex=(
        r"\nabla^2\tfrac12(f-y)^2=\nabla f\nabla f^\top+(f-y)\nabla^2f:\quad "
        r"\#\{\lambda<0\}=\begin{cases}S&(f-y)f>0\\S-(L-2)&(f-y)f<0,\ |f-y|>\frac{L}{L-1}|f|\\"
        r"S-(L-1)&(f-y)f<0,\ |f-y|\le\frac{L}{L-1}|f|\end{cases},\qquad "
        r"|f-y|\ge\frac{|W||\nabla f|}{L-1}\ \Rightarrow\ \|(f-y)\nabla^2f\|_2\ge|\nabla f|^2"
    ),
    source=f"derived here, for the plateaus of {PAPER}",
    assumptions=(
        assumptions.PIECEWISE_LINEAR,
        assumptions.NO_BIASES,
        assumptions.NO_KINK,
        assumptions.OUTPUT_NOT_ZERO,
        TARGET_NOT_REACHED,
        assumptions.DEPTH_TWO,
    ),
    claim=saddle,
    evidence=(
        Enumerated(
            f"signs of the roots of the characteristic polynomial, {len(_PAIRS)} pairs of a network and a target",
            _PAIRS,
            _inertia,
            label=lambda net, y: f"y = {y}, {net}",
            apply=_claimed,
        ),
        Enumerated(
            f"the norms at the threshold, by exact enclosures, {len(_ALIVE)} networks",
            tuple((net, flint.fmpq(0)) for net in _ALIVE),
            _dominates,
            label=lambda net, _: str(net),
            apply=_claimed,
        ),
    ),
    mutants=(
        Mutant("the two sides of f are swapped", partial(saddle, swapped=True)),
        Mutant("one more negative eigenvalue", partial(saddle, kept=1)),
        Mutant("the gradient's term changes no sign", partial(saddle, rank_one=False)),
        Mutant("the turn is twice as far", partial(saddle, ratio=2)),
        Mutant("a threshold of |W| |grad f|/(2 (L-1))", partial(saddle, scale=2)),
    ),
)

# --- plateau.flatness -------------------------------------------------------------------------------------------------


def flatness(net: Ensemble, ratio: str, *, power: int = 1, curved: bool = True) -> Between:
    r"""The medians of log(|grad f|/|f|) and log(||H||_2/|grad f|) are about log L each, whatever the width.

    The second is log L - 3/4, to 1/10. The first is 1/2 log(L (n + L)), from 1/4 below to 1/6 above: while L < n it is
    rather that of sqrt(n L), as the output meets one direction of n, and the gradient all of them.

    Parameters
    ----------
    ratio : str
        ``gradient/output`` or ``hessian/gradient``.
    """
    n, depth = sp.Integer(net.width_at(0)), sp.Integer(net.depth)
    if ratio == "hessian/gradient":
        middle = power * sp.log(depth) if curved else sp.S.Zero
        return Between(middle - sp.Rational(17, 20), middle - sp.Rational(13, 20))
    middle = power * sp.log(depth * (n + depth)) / 2
    return Between(middle - sp.Rational(1, 4), middle + sp.Rational(1, 6))


def _flatness_check(net: Ensemble, ratio: str, tolerance: float, samples: int) -> Simulated:
    arguments = {"ratio": ratio}
    what = f"median of log({'|grad f|/|f|' if ratio == 'gradient/output' else '||H||_2/|grad f|'})"
    return Simulated(
        what,
        net,
        CurvatureRatios(),
        ratio,
        reading=Quantile(),
        tolerance=tolerance,
        samples=samples,
        full_samples=0,
        arguments=arguments,
    )


FLATNESS = Statement(
    id="plateau.flatness",
    title="The function vanishes first, the gradient a factor L slower, the curvature a factor L slower still.",
    latex=(
        r"\operatorname{med}\log\frac{\|\nabla^2f\|_2}{|\nabla f|}\in\log L-\tfrac34+[-\tfrac1{10},\tfrac1{10}],\quad"
        r"\operatorname{med}\log\frac{|\nabla f|}{|f|}\in\tfrac12\log L(n+L)+[-\tfrac14,\tfrac16]"
    ),
    source=f"{PAPER}, on flat plateaus; that all three share one exponent is Euler's identity (hessian.homogeneity)",
    assumptions=(
        assumptions.NORMAL,
        assumptions.LINEAR_OR_RELU,
        assumptions.HE_OR_XAVIER,
        assumptions.SIGN_SYMMETRIC_READOUT,
        assumptions.CONSTANT_WIDTH,
        assumptions.DEPTH_TWO,
        assumptions.NO_BIASES,
    ),
    claim=flatness,
    evidence=(
        _flatness_check(LINEAR.at(width=4, depth=8), "hessian/gradient", 0.2, 2_000),
        _flatness_check(LINEAR.at(width=4, depth=64), "hessian/gradient", 0.25, 1_000),
        _flatness_check(RELU.at(width=16, depth=32), "hessian/gradient", 0.25, 500),
        _flatness_check(LINEAR.at(width=4, depth=8), "gradient/output", 0.42, 2_000),
        _flatness_check(LINEAR.at(width=4, depth=64), "gradient/output", 0.5, 1_000),
        _flatness_check(RELU.at(width=16, depth=32), "gradient/output", 0.6, 500),
    ),
    mutants=(
        Mutant("gradient and curvature are of one size", partial(flatness, curved=False)),
        Mutant("L^2 for L", partial(flatness, power=2)),
        Mutant("function and gradient are of one size", partial(flatness, power=0)),
    ),
)

# --- plateau.residual-part --------------------------------------------------------------------------------------------


def residual_over_gauss_newton(net: Ensemble, target: int, *, rate: int = 1, power: int = 1) -> Between:
    r"""The median of log of |f-y| ||H||_2/|grad f|^2 at |y| >> |x||v| is log|y| - gamma L + 1/2 log L, to 1/6.

    To this, - 1/2 log(1 + L/(2n)) - 3/4 is added, and for ReLU networks, whose gradients meet half of |v|^2, 1/2 log 2.

    The residual part vanishes like e^{gamma L}, and the Gauss-Newton part like its square. So the residual part is the
    larger one past :math:`L = (\log\frac{|x||v|}{|y|} + O(1))/|\gamma|`.

    Parameters
    ----------
    target : int
        The target y.
    """
    depth = sp.Integer(net.depth)
    typical = power * sp.log(target) - rate * exponent(net) * depth
    met = sp.S.Zero if net.slope == 1 else sp.log(2) / 2
    spread = sp.log(1 + depth / (2 * sp.Integer(net.width_at(0))))
    middle = typical + (sp.log(depth) - spread) / 2 - sp.Rational(3, 4) + met
    return Between(middle - sp.Rational(1, 6), middle + sp.Rational(1, 6))


def _residual_check(net: Ensemble, target: int, tolerance: float, samples: int) -> Simulated:
    share = LossCurvature(target)
    what = f"median of log(residual/Gauss-Newton), y = {target}"
    return Simulated(
        what,
        net,
        share,
        "residual/gauss_newton",
        reading=Quantile(),
        tolerance=tolerance,
        samples=samples,
        full_samples=0,
        arguments={"target": target},
    )


RESIDUAL_PART = Statement(
    id="plateau.residual-part",
    title="On the plateau the residual part of the loss's Hessian exceeds the gradient's by exp(-gamma L) |y|.",
    latex=(
        r"\operatorname{med}\log\frac{|f-y|\,\|\nabla^2f\|_2}{|\nabla f|^2}="
        r"\log|y|-\gamma L+\tfrac12\log\frac L{1+L/(2n)}-\tfrac34\pm\tfrac16\ "
        r"(+\tfrac12\log2\ \text{for ReLU}),\quad|y|\gg|x||v|"
    ),
    source=f"{PAPER}, on saddle-like plateaus; the exact threshold of each network is plateau.saddle's",
    assumptions=(
        assumptions.NORMAL,
        assumptions.LINEAR_OR_RELU,
        assumptions.HE_OR_XAVIER,
        assumptions.SIGN_SYMMETRIC_READOUT,
        assumptions.CONSTANT_WIDTH,
        assumptions.UNIT_INPUT,
        assumptions.DEPTH_TWO,
        assumptions.NO_BIASES,
    ),
    claim=residual_over_gauss_newton,
    evidence=(
        _residual_check(LINEAR.at(width=4, depth=8), 30, 0.6, 2_000),
        _residual_check(LINEAR.at(width=4, depth=64), 30, 2.0, 1_000),
        _residual_check(RELU.at(width=16, depth=32), 30, 1.6, 500),
    ),
    mutants=(
        Mutant("both parts vanish alike", partial(residual_over_gauss_newton, rate=0)),
        Mutant("the rate is doubled", partial(residual_over_gauss_newton, rate=2)),
        Mutant("the target does not count", partial(residual_over_gauss_newton, power=0)),
    ),
)

STATEMENTS = (SADDLE, FLATNESS, RESIDUAL_PART)
