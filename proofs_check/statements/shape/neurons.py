"""One linear neuron f = a w.x: a potential in the clock of its own, and which solution of Xw = y it selects."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Enclosed, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.shape.diagonal_nets import FLOW, NUDGE, SOURCE
from proofs_check.toolkit.numbers import rational
from proofs_check.toolkit.rational_flows import NeuronPoint, exact, in_kernel, vanishes, vector
from theory.dynamics.implicit_bias.designs import Design

# --- shape.neuron-warp ------------------------------------------------------------------------------------------------


class Warp(NamedTuple):
    """What is claimed of a neuron of output weight a > 0 and weights of norm b.

    Parameters
    ----------
    kept : sympy.Expr
        What the flow keeps, delta.
    power : sympy.Expr
        p: the inverse of the metric times a^p is a Hessian.
    slope, value : sympy.Expr
        Its potential's q'(n) and q(n) at n = ab, in a and b.
    explicit : sympy.Expr
        The same q'(n), in n and delta.
    times : sympy.Expr
        How many times q the paper's potential is.
    """

    kept: Any
    power: Any
    slope: Any
    value: Any
    explicit: Any
    times: Any


def warp(
    a: Any,
    b: Any,
    *,
    power: Any = 1,
    other: bool = False,
    quarter: int = 4,
    times: Fraction = Fraction(3, 2),
    sign: int = -1,
) -> Warp:
    """A (a^2 I + w w^T)^(-1) is the Hessian in a w of q(|a w|), where q' = |w| = sqrt(sqrt(n^2 + delta^2/4) - delta/2).

    And q is a (3b^2 - a^2)/3 up to a constant. No other power of a makes a Hessian of it, not even the power 0.

    Parameters
    ----------
    a, b : sympy.Expr
        The output weight, positive, and the norm of w.
    """
    n, delta = a * b, a**2 + sign * b**2
    root = sp.sqrt(n**2 + delta**2 / quarter)
    explicit = sp.sqrt(root + delta / 2) if other else sp.sqrt(root - delta / 2)
    slope, value = (a, b * (3 * a**2 - b**2) / 3) if other else (b, a * (3 * b**2 - a**2) / 3)
    return Warp(delta, sp.sympify(power, strict=True), slope, value, explicit, rational(times))


def _flow_of_a_neuron(claim: Claim) -> list[Obligation]:
    """Differentiate delta along da = w.g, dw = a g."""
    a, w1, w2, g1, g2 = sp.symbols("a w_1 w_2 g_1 g_2")
    A, b = sp.symbols("A b")
    kept = claim(A, b).kept.subs({A: a, b: sp.sqrt(w1**2 + w2**2)})
    speed = {a: w1 * g1 + w2 * g2, w1: a * g1, w2: a * g2}
    return [Obligation("delta", sp.S.Zero, sp.Add(*(kept.diff(name) * value for name, value in speed.items())))]


def _hessian_in_the_clock(claim: Claim) -> list[Obligation]:
    """Along w the Hessian of q is q'', across it q'/n; those of a^p (a^2 I + w w^T)^(-1) are a^p/(a^2+b^2), a^(p-2).

    With a^2 - b^2 fixed, da/db = b/a and dn/db = (a^2 + b^2)/a. For another power p the derivative in n of n a^(p-2) is
    not a^p/(a^2+b^2), as it is for every Hessian of a function of n: the difference has the factor p - 1.
    """
    a, b, p = sp.symbols("a b p", positive=True)
    said, n = claim(a, b), a * b

    def by_norm(value: sp.Expr) -> sp.Expr:
        return (value.diff(b) + value.diff(a) * b / a) * a / (a**2 + b**2)

    s, delta = (a**2 + b**2) / 2, a**2 - b**2  # s^2 = n^2 + delta^2/4
    printed = (n**2 - delta / 2 * (delta / 2 + s)) * said.slope / n
    return [
        Obligation("root", n**2 + delta**2 / 4, s**2),
        Obligation("across", a**said.power / a**2, said.slope / n),
        Obligation("along", a**said.power / (a**2 + b**2), by_norm(said.slope)),
        Obligation(
            "other powers",
            by_norm(n * a**p / a**2) - a**p / (a**2 + b**2),
            (p - said.power) * b**2 * a**p / (a**2 * (a**2 + b**2)),
        ),
        Obligation("value", said.slope, by_norm(said.value)),
        Obligation("the paper's potential", printed, said.times * said.value),
    ]


_PLACE = (sp.Rational(1, 2), sp.Rational(6, 5))
_NEURONS = tuple(
    (Fraction(a), Fraction(b)) for a, b in (("2", "1"), ("1", "2"), ("3", "3"), ("1/7", "5"), ("9", "1/3"))
)


def _explicit(claim: Claim) -> Iterator[Inequality]:
    """The roots are |w|."""
    for a, b in _NEURONS:
        said = claim(rational(a), rational(b))
        yield from vanishes(f"a = {a}, |w| = {b}", said.explicit - said.slope)


def _curl(claim: Claim) -> Iterator[Inequality]:
    """d_2 M_11 = d_1 M_12 for M = a^p (a^2 I + w w^T)^(-1) in the coordinates of a w, at (1/2, 6/5)."""
    x, y = sp.symbols("x y", positive=True)
    power = claim(sp.S.One, sp.S.One).power
    for delta in (3, 0, -3):
        square = sp.sqrt(x**2 + y**2 + sp.Rational(delta**2, 4)) + sp.Rational(delta, 2)  # a^2
        other = square - delta  # |w|^2
        first = square ** (power / 2) * (1 - x**2 / (square * (square + other))) / square
        mixed = -(square ** (power / 2)) * x * y / (square * (square + other)) / square
        curl = (first.diff(y) - mixed.diff(x)).subs({x: _PLACE[0], y: _PLACE[1]})
        yield from vanishes(f"delta = {delta}", curl)


POSITIVE_OUTPUT = Assumption("a > 0; for a < 0 it holds of -a and -w")
TWO_COORDINATES = Assumption("w is not 0 and has two coordinates or more, without which every clock would do")

WARP = Statement(
    id="shape.neuron-warp",
    title="A linear neuron's flow is mirror descent of q in the clock of int a dt, and in no clock of another power.",
    latex=(
        r"d\tilde w=(a^2I+ww^T)g\,dt,\ \tilde w=aw;\quad a(a^2I+ww^T)^{-1}=\nabla^2q(|\tilde w|),\quad "
        r"q'(n)=\sqrt{\sqrt{n^2+\tfrac{\delta^2}4}-\tfrac\delta2}=|w|,\ \delta=a^2-|w|^2;\quad "
        r"q=\tfrac a3(3|w|^2-a^2)+\text{const}=\tfrac23\Bigl(n^2-\tfrac\delta2\bigl(\tfrac\delta2+s\bigr)\Bigr)"
        r"\frac{\sqrt{s-\delta/2}}n,\ s=\sqrt{n^2+\tfrac{\delta^2}4}"
    ),
    source=f"{SOURCE}, on warped infinitesimal mirror descent; the factor 3/2 of its potential derived here",
    assumptions=(FLOW, POSITIVE_OUTPUT, TWO_COORDINATES),
    claim=warp,
    evidence=(
        Proved("differentiating delta along the flow", _flow_of_a_neuron, "all weights of two inputs"),
        Proved("the Hessian of q along w and across it", _hessian_in_the_clock, "all a, |w|"),
        Enclosed(f"the explicit slope at {len(_NEURONS)} neurons", _explicit),
        Enclosed("the curl of the metric in that clock, delta = 3, 0, -3", _curl),
    ),
    mutants=(
        Mutant("no warp: infinitesimal mirror descent", partial(warp, power=0)),
        Mutant("the clock of the root of a", partial(warp, power=sp.Rational(1, 2))),
        Mutant("the clock of a^2", partial(warp, power=2)),
        Mutant("sqrt(s + delta/2)", partial(warp, other=True)),
        Mutant("delta^2 for delta^2/4", partial(warp, quarter=1)),
        Mutant("the paper's potential is q", partial(warp, times=Fraction(1))),
        Mutant("a^2 + |w|^2 is kept", partial(warp, sign=1)),
    ),
    domain=EVERYWHERE,
)

# --- shape.neuron-regularizer -----------------------------------------------------------------------------------------


class Selected(NamedTuple):
    """What is claimed of the neuron's point.

    Parameters
    ----------
    slope, value : sympy.Expr
        q'(n) and q(n) at its norm n.
    tilt : sympy.Expr
        z, in units of w(0).
    output : sympy.Expr
        a, by which the part of w(0) in the kernel of X is multiplied.
    """

    slope: Any
    value: Any
    tilt: Any
    output: Any


def selected(
    n: Any,
    delta: Any,
    end: int,
    start: int,
    *,
    times: int = 1,
    tilt: Fraction = Fraction(1),
    of_start: bool = False,
    euclidean: bool = False,
) -> Selected:
    """The point minimizes q(|v|) - z.v among all v with the same Xv, with z = sign(a(T)) w(0).

    And its part in the kernel of X is a(T) times that of w(0).

    Parameters
    ----------
    n : sympy.Expr
        The norm of the point a w.
    delta : sympy.Expr
        a^2 - |w|^2.
    end, start : int
        The signs of a at the time T and at 0.
    """
    sign = start if of_start else end
    kept = times * delta
    s = sp.sqrt(n**2 + kept**2 / 4)
    a, b = sp.sqrt(s + kept / 2), sp.sqrt(s - kept / 2)
    slope, value = (n, n**2 / 2) if euclidean else (b, a * (3 * b**2 - a**2) / 3)
    return Selected(slope, value, rational(tilt) * sign, sign * a)


def _neuron(rows: tuple[str, ...], start: str, output: str, direction: str, chord: str) -> NeuronPoint:
    design = Design.read([vector(row) for row in rows], [0] * len(rows))
    return NeuronPoint(design, vector(start), Fraction(output), vector(direction), Fraction(chord))


_ONE, _TWO = ("1 2 -1",), ("1 0 2 -1", "0 1 -1 1")
_POINTS = (
    _neuron(_ONE, "1/2 1/3 1", "2", "1", "1"),
    _neuron(_ONE, "1/2 1/3 1", "-2", "1", "1/2"),
    _neuron(_ONE, "1/3 -1/2 1", "7/6", "1", "-1"),
    _neuron(_ONE, "1 1 -1", "1/2", "1", "6"),
    _neuron(_TWO, "1 1/2 -1/3 1/5", "3", "1 -1/2", "1/3"),
    _neuron(_TWO, "1 1/2 -1/3 1/5", "1/4", "1 2", "6"),
    _neuron(_TWO, "1 1/2 -1/3 1/5", "-1/4", "1 2", "-6"),
)
_TURNED = (
    _neuron(_ONE, "1 1 -1/2", "1/20", "1", "-6"),
    _neuron(_ONE, "1 1 1/2", "-1/5", "1", "6"),
)
"""Here delta < 0, and a changes its sign on the way: then z has the sign at the end."""


def _said(claim: Claim, point: NeuronPoint, norm: sp.Expr) -> Selected:
    end, start = (1 if a > 0 else -1 for a in (point.end_output, point.output))
    found: Selected = claim(norm, rational(point.delta), end, start)
    return found


def _gradient_in_the_row_space(points: tuple[NeuronPoint, ...], claim: Claim) -> Iterator[Inequality]:
    for point in points:
        said = _said(claim, point, point.norm)
        here, start = exact(point.point), exact(point.start)
        slopes = [said.slope / point.norm * x - said.tilt * w for x, w in zip(here, start, strict=True)]
        kernel = [x - said.output * w for x, w in zip(here, start, strict=True)]
        for part in in_kernel(point.design, slopes):
            yield from vanishes(str(point), part)
        for part in in_kernel(point.design, kernel):
            yield from vanishes(f"{point}: the kernel", part)


def _least_of_its_outputs(claim: Claim) -> Iterator[Inequality]:
    """Q grows along either direction of every line of the kernel's basis."""
    for point in (*_POINTS, *_TURNED):
        here = exact(point.point)

        def value(place: tuple[sp.Rational, ...], point: NeuronPoint = point) -> sp.Expr:
            said = _said(claim, point, sp.sqrt(sp.Add(*(x**2 for x in place))))
            return said.value - said.tilt * sp.Add(*(z * x for z, x in zip(exact(point.start), place, strict=True)))

        for direction in point.design.kernel:
            for sign in (NUDGE, -NUDGE):
                there = tuple(x + sign * rational(c) for x, c in zip(here, direction, strict=True))
                yield Inequality(f"{point}, beside it", value(here), value(there))


OUTSIDE_THE_ROWS = Assumption(
    "w(0) is not in the row space of X: else every radial potential has the same minimizer, and no check could fail"
)
NOT_AT_ZERO = Assumption("a(T) is not 0; it has the sign of a(0) if delta >= 0, and need not have it if delta < 0")

NEURON_REGULARIZER = Statement(
    id="shape.neuron-regularizer",
    title="A linear neuron minimizes q(|v|) - z.v among the points of its outputs, z = sign(a(T)) w(0), at every time.",
    latex=(
        r"\tilde w(T)=\operatorname{argmin}\{q(|v|)-z^Tv:Xv=X\tilde w(T)\},\quad "
        r"z=\operatorname{sign}(a(T))\,w(0),\quad "
        r"q'(n)=\sqrt{\sqrt{n^2+\tfrac{\delta^2}4}-\tfrac\delta2},\ \delta=a^2-|w|^2;\quad "
        r"P_{\ker X}\tilde w(T)=a(T)\,P_{\ker X}w(0)"
    ),
    source=f"{SOURCE}, on one linear neuron; the sign for delta < 0 derived here",
    assumptions=(FLOW, NOT_AT_ZERO, OUTSIDE_THE_ROWS),
    claim=selected,
    evidence=(
        Enclosed(
            f"the gradient is in the row space, {len(_POINTS)} rational points of both signs of delta",
            partial(_gradient_in_the_row_space, _POINTS),
        ),
        Enclosed(
            f"the same where a changes its sign, {len(_TURNED)} points", partial(_gradient_in_the_row_space, _TURNED)
        ),
        Enclosed("Q grows along the kernel", _least_of_its_outputs),
    ),
    mutants=(
        Mutant("no z", partial(selected, tilt=Fraction(0))),
        Mutant("the sign of a(0)", partial(selected, of_start=True)),
        Mutant("-delta for delta", partial(selected, times=-1)),
        Mutant("0 for delta", partial(selected, times=0)),
        Mutant("the l2 distance from w(0)", partial(selected, euclidean=True)),
        Mutant("3/2 z beside q", partial(selected, tilt=Fraction(3, 2))),
    ),
)

STATEMENTS = (WARP, NEURON_REGULARIZER)
