"""How fast a diagonal net's flow reaches its limit."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.shape.diagonal_nets import FLOW, SIGNS_FREE, SOURCE
from proofs_check.statements.shape.regimes import EQUAL_SCALES
from proofs_check.toolkit.numbers import rational
from proofs_check.toolkit.rational_flows import DiagonalPoint, exact, vector
from theory.dynamics.implicit_bias.designs import Design


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

STATEMENTS = (RATE,)
