"""How fast a diagonal net's flow reaches its limit, and what gradient descent does exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache, partial
from itertools import product
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.shape.diagonal_nets import FLOW, SIGNS_FREE, SOURCE, entropy, itself
from proofs_check.statements.shape.regimes import EQUAL_SCALES
from proofs_check.toolkit.numbers import rational
from proofs_check.toolkit.rational_flows import DiagonalPoint, exact, vector
from theory.dynamics.designs import Design

# --- shape.diagonal-rate ----------------------------------------------------------------------------------------------


class Rate(NamedTuple):
    """What is claimed of the way to the limit.

    Parameters
    ----------
    decay : sympy.Expr
        The rate at which the squared loss falls at least.
    distance : sympy.Expr
        The bound on |w(T) - w(infinity)|/|Xw(T) - y|.
    """

    decay: Any
    distance: Any


def rate(
    least: Any, largest: Any, k: Any, W: Any, *, twice: int = 1, use_largest: bool = False, power: Any = 4
) -> Rate:
    """The loss falls like exp(-2 sigma^2 sqrt(k) t), and the distance is at most ((k+4W^2)/k)^(1/4)/sigma.

    Parameters
    ----------
    least, largest : sympy.Expr
        The least singular value sigma of X, and the largest.
    k : sympy.Expr
        The scale of all coordinates, or the least one for the first.
    W : sympy.Expr
        A bound on the entries of w(T) and of its limit.
    """
    sigma = largest if use_largest else least
    factor = ((k + 4 * W**2) / k) ** (1 / sp.Integer(power)) if power else sp.S.One
    return Rate(2 * twice * sigma**2 * sp.sqrt(k), factor / sigma)


def _speed_of_the_loss(claim: Claim) -> list[Obligation]:
    """The loss falls by sum S g^2, g = X^T r, for each unit of time; at w = 0 one coordinate does as slowly as claimed.

    In general S >= sqrt k, as S^2 - k = 4 w^2, and |X^T r| >= sigma |r|.
    """
    up, vp, um, vm, x, y = names = sp.symbols("u_+ v_+ u_- v_- x y")
    r = y - x * (up * vp - um * vm)
    speeds = dict(zip(names, (vp * x * r, up * x * r, -vm * x * r, -um * x * r), strict=False))
    loss, S = r**2 / 2, up**2 + vp**2 + um**2 + vm**2
    fall = -sp.Add(*(loss.diff(name) * speed for name, speed in speeds.items()))
    u, v, sigma = sp.symbols("u v sigma", positive=True)
    at_zero = fall.subs({up: u, um: u, vp: v, vm: v, x: sigma})
    slowest = claim(sigma, sigma, (2 * (u**2 + v**2)) ** 2, sp.S.Zero).decay
    return [
        Obligation("the loss", S * (x * r) ** 2, fall),
        Obligation("the speed", 4 * (up * vp - um * vm) ** 2, S**2 - ((up + vp) ** 2 + (um - vm) ** 2)
                   * ((up - vp) ** 2 + (um + vm) ** 2)),
        Obligation("slowest", at_zero, slowest * y**2 / 2),
    ]  # fmt: skip


def _singular_values(design: Design) -> tuple[sp.Expr, sp.Expr]:
    """Return the least and the largest singular value of one or two rows."""
    gram = sp.Matrix(design.size, design.dimension, [rational(x) for row in design.rows for x in row])
    gram = gram * gram.T
    if design.size == 1:
        return sp.sqrt(gram[0]), sp.sqrt(gram[0])
    root = sp.sqrt(gram.trace() ** 2 - 4 * gram.det())
    return sp.sqrt((gram.trace() - root) / 2), sp.sqrt((gram.trace() + root) / 2)


_STATES = tuple(
    (rows, A, B, residual)
    for rows, A, B in (
        (("1 2 -1", "0 1 1"), "1 1 1", "1 1 1"),
        (("1 2 -1", "2 3 -1"), "1 11/10 1", "1 1 9/10"),
        (("1 0 0", "0 3 1"), "1/10 2 1", "1/10 1/5 3"),
    )
    for residual in ("1 0", "0 1", "1 -3/5", "3 2", "-1 1")
)


def _every_moment(claim: Claim) -> Iterator[Inequality]:
    """At any weights the loss falls faster than claimed: its logarithm by sum S g^2/loss."""
    for rows, A, B, residual in _STATES:
        design = Design.read([vector(row) for row in rows], vector(residual))
        least, largest = _singular_values(design)
        r = exact(design.targets)
        scales = [a * b for a, b in zip(exact(vector(A)), exact(vector(B)), strict=True)]
        squares = [(a + b) / 2 for a, b in zip(exact(vector(A)), exact(vector(B)), strict=True)]
        g = [
            sp.Add(*(rational(x) * one for x, one in zip(column, r, strict=True)))
            for column in zip(*design.rows, strict=True)
        ]
        fall = sp.Add(*(S * one**2 for S, one in zip(squares, g, strict=True)))
        loss = sp.Add(*(one**2 for one in r)) / 2
        said = claim(least, largest, min(scales), sp.S.Zero).decay
        yield Inequality(
            f"X = {rows}, A = {A}, B = {B}, r = {residual}", said * loss, fall * (1 + sp.Rational(1, 10**9))
        )


_ONE_BY_ONE = tuple(
    tuple(map(sp.Rational, numbers.split()))
    for numbers in ("1 1 1 1/2", "1 100 1 1/2", "1/3 1/100 2 5", "2 1/10 1 49/100", "1 10000 3 299/100")
)


def _time(sigma: sp.Expr, root: sp.Expr, y: sp.Expr, w: sp.Expr) -> sp.Expr:
    r"""Return the time in which dw/dt = sigma sqrt(k+4w^2) (y-sigma w) takes w from 0 to w.

    With w = (sqrt k/2) sinh(log z) and c = sqrt(k) sigma/2 it is the integral of dz/(sigma (2yz-cz^2+c)), whose
    denominator has the roots z = (y +- sqrt(y^2+c^2))/c.
    """
    c = root * sigma / 2
    z = 2 * w / root + sp.sqrt(1 + 4 * w**2 / root**2)
    wide = sp.sqrt(y**2 + c**2)
    high, low = (y + wide) / c, (y - wide) / c
    ends = [sp.log((place - low) / (high - place)) for place in (z, sp.S.One)]
    return (ends[0] - ends[1]) / (2 * sigma * wide)


def _at_the_time(claim: Claim) -> Iterator[Inequality]:
    """One coordinate in closed form, beside another with the singular value 3 sigma that is at its target 0."""
    for sigma, root, y, w in _ONE_BY_ONE:
        said = claim(sigma, 3 * sigma, root**2, w).decay
        fallen = 2 * sp.log(y / (y - sigma * w))
        case = f"sigma = {sigma}, sqrt k = {root}, y = {y}, w = {w}"
        yield Inequality(case, said * _time(sigma, root, y, w), fallen)


_PAIRS = tuple(
    (DiagonalPoint(Design.read([vector(row) for row in rows], [0] * len(rows)), vector(A), B, vector(first)), second)
    for rows, A, first, second in (
        (("1 2",), "1 1", "3/2", "2"),
        (("1 2",), "1 1", "1", "5"),
        (("1 -1 3",), "1/10 1/10 1/10", "5", "4"),
        (("6 1",), "1 64", "1", "1001/1000"),
        (("8 1",), "1 128", "1", "1001/1000"),
        (("1 0 2 -1", "0 1 -1 1"), "1 1 1 1", "3/2 5/3", "2 2"),
        (("1 0 2 -1", "2 1 3 -1"), "1/9 1/9 1/9 1/9", "3 1/2", "1 2"),
    )
    for scale in (vector(A)[0] ** 2,)
    for B in (tuple(scale / a for a in vector(A)),)
)
"""Two points of flows of the same potential, by their e^(2 nu); the last numbers have very different speeds."""


def _between_two_points(claim: Claim) -> Iterator[Inequality]:
    for point, bases in _PAIRS:
        other = DiagonalPoint(point.design, point.A, point.B, vector(bases))
        gap = [a - b for a, b in zip(point.weights, other.weights, strict=True)]
        least, largest = _singular_values(point.design)
        most = max(abs(x) for x in (*point.weights, *other.weights))
        said = claim(least, largest, rational(point.scales[0]), rational(most)).distance
        apart, seen = (
            sp.sqrt(rational(sum((x**2 for x in numbers), Fraction(0)))) for numbers in (gap, point.design.outputs(gap))
        )
        yield Inequality(f"{point}, and {bases}", apart, said * seen)


SQUARED_LOSS = Assumption("for the rate, the loss is half the sum of squared residuals")

RATE = Statement(
    id="shape.diagonal-rate",
    title="A diagonal net's loss falls at least like exp(-2 sigma^2 sqrt(k) t), and its point nears with its outputs.",
    latex=(
        r"L(T)\le L(0)\,e^{-2\sigma_{\min}(X)^2\sqrt{k_{\min}}\,T},\qquad |w(T)-w_Q|\le"
        r"\Bigl(\frac{k+4W^2}k\Bigr)^{1/4}\frac{|Xw(T)-y|}{\sigma_{\min}(X)},\quad W=\max(|w(T)|_\infty,|w_Q|_\infty)"
    ),
    source=f"the flow of {SOURCE}; both bounds are derived here",
    assumptions=(FLOW, SIGNS_FREE, SQUARED_LOSS, EQUAL_SCALES),
    claim=rate,
    evidence=(
        Proved("the speed of the loss, and where it is slowest", _speed_of_the_loss, "one coordinate: the loss"),
        Enclosed(f"the speed at {len(_STATES)} states of three coordinates", _every_moment),
        Enclosed("the exact time of one coordinate", _at_the_time),
        Enclosed(f"{len(_PAIRS)} pairs of rational points", _between_two_points),
    ),
    mutants=(
        Mutant("twice the rate", partial(rate, twice=2)),
        Mutant("the largest singular value", partial(rate, use_largest=True)),
        Mutant("as near as its outputs, without the root", partial(rate, power=0)),
        Mutant("an eighth root", partial(rate, power=8)),
    ),
)

# --- shape.descent ----------------------------------------------------------------------------------------------------


class Descent(NamedTuple):
    """What is claimed of a coordinate after steps of gradient descent.

    Parameters
    ----------
    scale : sympy.Expr
        k_T.
    shift : sympy.Expr
        The slope of q at w_T, with the scale k_T, less the tilt of the start.
    apart : sympy.Expr
        The bound on the distance of the shift from a multiple of the sum of g.
    """

    scale: Any
    shift: Any
    apart: Any


def descent(
    k: Any,
    eta: Any,
    gradients: Sequence[Any],
    *,
    sign: int = -1,
    shrinks: int = 1,
    straight: bool = False,
    third: Fraction = Fraction(1, 3),
) -> Descent:
    """k_T = k_0 prod (1 - eta^2 g^2)^2, and the slope is the tilt plus sum artanh(eta g), which is near sum eta g.

    Parameters
    ----------
    k : sympy.Expr
        The scale at the start.
    eta : sympy.Expr
        The learning rate.
    gradients : sequence of sympy.Expr
        What each step sees: g = -dL/dw.
    """
    moves = [eta * g for g in gradients]
    scale = k * sp.Mul(*((1 + sign * move**2) ** (2 * shrinks) for move in moves))
    shift = sp.Add(*(move if straight else sp.log((1 + move) / (1 - move)) / 2 for move in moves))
    apart = sp.Add(*(rational(third) * sp.Abs(move) ** 3 / (1 - move**2) for move in moves))
    return Descent(scale, shift, apart)


def _one_step(claim: Claim) -> list[Obligation]:
    """The step u_+ += eta g v_+, v_+ += eta g u_+, u_- -= eta g v_-, v_- -= eta g u_-, and what it makes of A and B."""
    up, vp, um, vm, eta, g = sp.symbols("u_+ v_+ u_- v_- eta g")
    h = eta * g
    after = (up + h * vp, vp + h * up, um - h * vm, vm - h * um)

    def both(p: sp.Expr, q: sp.Expr, r: sp.Expr, s: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        return (p + q) ** 2 + (r - s) ** 2, (p - q) ** 2 + (r + s) ** 2

    (A, B), (A1, B1) = both(up, vp, um, vm), both(*after)
    said = claim(A * B, eta, [g])
    return [
        Obligation("scale", A1 * B1, said.scale),
        Obligation("shift", A1 * B / (B1 * A), sp.exp(4 * said.shift)),
    ]


Weights = tuple[tuple[Fraction, ...], ...]
Run = tuple[list[Weights], list[tuple[Fraction, ...]]]


_RUNS = tuple(
    (Design.read([vector(row) for row in rows], vector(y)), Fraction(eta), steps, scale)
    for rows, y in ((("1 2",), "2"), (("1 -1 2",), "-2"), (("1 0 2", "0 1 -1"), "1 1/2"), (("1 2 0", "1 -1 1"), "2 -1"))
    for eta, steps in product(("1/20", "1/50", "1/200"), (1, 2, 3))
    for scale in ("1", "1/10", "2")
)
"""108 runs of real gradient descent on the squared loss, of two or three coordinates: 297 coordinates in all."""


@cache
def _run(design: Design, eta: Fraction, steps: int, scale: str) -> Run:
    """Return the weights before each step and at the end, and the gradient g that each step sees."""
    d, size = design.dimension, Fraction(scale)
    up, vp, um, vm = (
        tuple(size * Fraction(a + i, b + 2 * i) for i in range(d)) for a, b in ((1, 2), (2, 3), (-1, 3), (1, 5))
    )
    weights: list[Weights] = [(up, vp, um, vm)]
    seen: list[tuple[Fraction, ...]] = []
    for _ in range(steps):
        up, vp, um, vm = weights[-1]
        w = [a * b - c * e for a, b, c, e in zip(up, vp, um, vm, strict=True)]
        r = [y - out for y, out in zip(design.targets, design.outputs(w), strict=True)]
        columns = zip(*design.rows, strict=True)
        g = tuple(sum((x * one for x, one in zip(column, r, strict=True)), Fraction(0)) for column in columns)
        if max(map(abs, g)) * eta >= 1:
            raise ArithmeticError(f"a step of {eta} is too large for {design}")
        seen.append(g)
        weights.append((
            tuple(a + eta * one * b for a, b, one in zip(up, vp, g, strict=True)),
            tuple(b + eta * one * a for a, b, one in zip(up, vp, g, strict=True)),
            tuple(a - eta * one * b for a, b, one in zip(um, vm, g, strict=True)),
            tuple(b - eta * one * a for a, b, one in zip(um, vm, g, strict=True)),
        ))  # fmt: skip
    return weights, seen


def _both(weights: Weights) -> list[tuple[Fraction, Fraction]]:
    """Return A and B of each coordinate."""
    return [((p + q) ** 2 + (r - s) ** 2, (p - q) ** 2 + (r + s) ** 2) for p, q, r, s in zip(*weights, strict=True)]


def _descended(*case: Any) -> Callable[[Claim], bool]:
    """Judge k_T by AB, and the shift by the fourth power of its exponential, which is A B_0/(B A_0)."""
    eta = case[1]
    weights, seen = _run(*case)
    start, end = _both(weights[0]), _both(weights[-1])

    def judge(claim: Claim) -> bool:
        for i, ((A0, B0), (A, B)) in enumerate(zip(start, end, strict=True)):
            said = claim(rational(A0 * B0), rational(eta), [rational(g[i]) for g in seen])
            if said.scale != rational(A * B) or sp.exp(4 * said.shift) != rational(A * B0 / (B * A0)):
                return False
        return True

    return judge


_SHORT_RUNS = tuple(case for case in _RUNS if case[2:] == (2, "1") and case[1] > Fraction(1, 100))


def _near_the_row_space(claim: Claim) -> Iterator[Inequality]:
    """With k_T the slopes less the tilt are within the bound of the row space, of second order in eta."""
    for case in _SHORT_RUNS:
        design, eta = case[:2]
        weights, seen = _run(*case)
        slopes, bounds = [], []
        for i, ((A0, B0), (A, B)) in enumerate(zip(_both(weights[0]), _both(weights[-1]), strict=True)):
            said = claim(rational(A0 * B0), rational(eta), [rational(g[i]) for g in seen])
            tilt = sp.log(rational(A0 / B0)) / 4
            slopes.append(entropy(rational((A - B) / 4), sp.sqrt(said.scale))[0] - tilt)
            bounds.append(said.apart)
        size, bound = (sp.sqrt(sp.Add(*(x**2 for x in one))) for one in (design.project_on_kernel(slopes), bounds))
        yield Inequality(f"{design}, eta = {eta}", size, bound)


def _third_order(claim: Claim) -> Iterator[Inequality]:
    """Artanh x - x is below the bound, and no less than 9/10 of it at x = 1/10."""
    for x in ("1/1000", "1/10", "1/2", "9/10"):
        said = claim(sp.S.One, sp.S.One, [sp.Rational(x)])
        yield Inequality(f"eta g = {x}", said.shift - sp.Rational(x), said.apart)
    said = claim(sp.S.One, sp.S.One, [sp.Rational(1, 10)])
    yield Inequality("eta g = 1/10, sharp", sp.Rational(9, 10) * said.apart, said.shift - sp.Rational(1, 10))


SMALL_STEPS = Assumption("every step has |eta g| < 1 in every coordinate")
DESCENT_OF_ANY_LOSS = Assumption(
    "gradient descent on any loss of Xw, whose inputs, the rows of X, are linearly independent"
)

DESCENT = Statement(
    id="shape.descent",
    title="Gradient descent obeys the flow's law exactly with a smaller k: k_T = k_0 prod (1 - eta^2 g^2)^2.",
    latex=(
        r"q'_{k_T}(w_T)-b_0=\sum_t\operatorname{artanh}\eta g_t,\quad k_T=k_0\prod_t(1-\eta^2g_t^2)^2;\qquad "
        r"\bigl|P_{\ker X}(q'_{k_T}(w_T)-b_0)\bigr|\le\Bigl|\sum_t\frac{|\eta g_t|^3}{3(1-\eta^2g_t^2)}\Bigr|"
    ),
    source=f"the flow of {SOURCE}; the law of descent is derived here",
    assumptions=(DESCENT_OF_ANY_LOSS, SIGNS_FREE, SMALL_STEPS),
    claim=descent,
    evidence=(
        Proved("one step, of any gradient", _one_step, "all weights, any number of steps: each multiplies both"),
        Enumerated(
            f"{len(_RUNS)} runs of real descent in rational numbers",
            _RUNS,
            _descended,
            label=lambda design, eta, steps, scale: f"{design}, eta = {eta}, {steps} steps, start times {scale}",
            apply=itself,
        ),
        Enclosed(f"how near the row space, {len(_SHORT_RUNS)} runs", _near_the_row_space),
        Enclosed("the bound of third order", _third_order),
    ),
    mutants=(
        Mutant("sum eta g", partial(descent, straight=True)),
        Mutant("k stays k_0", partial(descent, shrinks=0)),
        Mutant("k grows", partial(descent, sign=1)),
        Mutant("1/4 for 1/3 in the bound", partial(descent, third=Fraction(1, 4))),
    ),
)

STATEMENTS = (RATE, DESCENT)
