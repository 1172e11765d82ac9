"""More than one linear neuron, aligned or not, and one neuron with a leaky activation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.shape.diagonal_nets import FLOW, SOURCE, itself
from proofs_check.statements.shape.neurons import OUTSIDE_THE_ROWS
from proofs_check.toolkit.numbers import rational
from proofs_check.toolkit.rational_flows import NeuronPoint, exact, in_kernel, vanishes, vector
from theory.dynamics.implicit_bias.designs import Design


def neuron_slope(n: sp.Expr, delta: sp.Expr) -> sp.Expr:
    """q'(n) = sqrt(sqrt(n^2 + delta^2/4) - delta/2) of one neuron.

    Parameters
    ----------
    n, delta : sympy.Expr
        The norm of a w, and a^2 - |w|^2.
    """
    return sp.sqrt(sp.sqrt(n**2 + delta**2 / 4) - delta / 2)


# --- shape.aligned-neurons --------------------------------------------------------------------------------------------


class Together(NamedTuple):
    """What is claimed of several neurons.

    Parameters
    ----------
    delta : sympy.Expr
        That of the one neuron that they are if they are aligned.
    size : sympy.Expr
        The factor c for which its start is c times the weights of the first neuron.
    sign : sympy.Expr
        a a^T + sign W W^T is kept.
    unaligned : int
        1 if neurons that are not aligned are claimed to minimize the potential of that neuron too, else 0.
    """

    delta: Any
    size: Any
    sign: Any
    unaligned: int


def together(
    outputs: Sequence[Any], squares: Sequence[Any], *, pooled: str = "sum", sign: int = -1, unaligned: int = 0
) -> Together:
    """Neurons (a_i, w_i) = c_i (a, w) are one neuron, of delta = sum a_i^2 - |w_i|^2; and a a^T - W W^T is kept.

    Of neurons that are not aligned, no potential is claimed.

    Parameters
    ----------
    outputs : sequence of sympy.Expr
        Their a_i; the first is not 0.
    squares : sequence of sympy.Expr
        Their |w_i|^2.
    """
    deltas = [a**2 - b for a, b in zip(outputs, squares, strict=True)]
    total = {"sum": sp.Add(*deltas), "mean": sp.Add(*deltas) / len(deltas), "max": max(deltas, key=abs)}[pooled]
    size = sp.sqrt(sp.Add(*(a**2 for a in outputs))) / sp.Abs(outputs[0])
    return Together(total, size, sp.Integer(sign), unaligned)


def _kept_by_many(claim: Claim) -> list[Obligation]:
    """Differentiate along da_i = w_i.g, dw_i = a_i g, for two neurons of two inputs."""
    a = sp.symbols("a_1:3")
    W = sp.Matrix(2, 2, sp.symbols("w_1:5"))
    g = sp.Matrix(sp.symbols("g_1:3"))
    field = dict(zip((*a, *W), (*(W * g), *(sp.Matrix(a) * g.T)), strict=True))
    kept = sp.Matrix(a) * sp.Matrix(a).T + claim((sp.S.One, sp.S.One), (sp.S.One, sp.S.One)).sign * W * W.T
    obligations = [
        Obligation(f"({i + 1}, {j + 1})", sp.S.Zero, sp.Add(*(kept[i, j].diff(x) * v for x, v in field.items())))
        for i, j in ((0, 0), (0, 1), (1, 1))
    ]
    r, x, y = sp.symbols("r x y")  # on one input (x, y) the gradient is r (x, y), and (-y, x) is in the kernel
    part = (W * sp.Matrix((-y, x)))[0]
    moves = sp.Add(*(part.diff(name) * v.subs({g[0]: r * x, g[1]: r * y}) for name, v in field.items()))
    return [*obligations, Obligation("kernel", sp.S.Zero, moves)]


_ONE, _TWO = ("1 2 -1",), ("1 0 2 -1", "0 1 -1 1")


def _point(rows: tuple[str, ...], start: str, output: str, direction: str, chord: str) -> NeuronPoint:
    design = Design.read([vector(row) for row in rows], [0] * len(rows))
    return NeuronPoint(design, vector(start), Fraction(output), vector(direction), Fraction(chord))


_ALIGNED = (
    (vector("3 4"), _point(_ONE, "1/2 1/3 1", "2", "1", "1")),
    (vector("1 2 2"), _point(_ONE, "1 1 -1", "1/2", "1", "6")),
    (vector("1/3 -2/3 2/3"), _point(_TWO, "1 1/2 -1/3 1/5", "3", "1 -1/2", "1/3")),
)
"""Shares c_i, and the one neuron that they are: theirs times the root of the sum of squares."""


def _one_of_many(claim: Claim) -> Iterator[Inequality]:
    """The gradient of the potential less z is in the row space."""
    for shares, one in _ALIGNED:
        root = sp.sqrt(rational(sum((c**2 for c in shares), Fraction(0))))
        outputs = [rational(c * one.output) / root for c in shares]
        weights = [[rational(c * w) / root for w in one.start] for c in shares]
        said = claim(outputs, [sp.Add(*(x**2 for x in w)) for w in weights])
        sign = sp.sign(outputs[0]) * (1 if one.end_output * one.output > 0 else -1)
        slope = neuron_slope(one.norm, said.delta) / one.norm
        start = zip(exact(one.point), weights[0], strict=True)
        for part in in_kernel(one.design, [slope * x - sign * said.size * w for x, w in start]):
            yield from vanishes(f"shares {', '.join(map(str, shares))} of {one}", part)


def _not_of_these(claim: Claim) -> bool:
    """Judge whether two neurons that are not aligned could minimize the potential of one, whatever the design.

    Then the Hessian of q times M = sum a_i^2 I + sum w_i w_i^T, by which the point moves, would be a multiple of the
    identity: here it has entries off the diagonal.
    """
    a, W = sp.Matrix([2, 1]), sp.Matrix([[1, 0], [0, 2]])
    said = claim(list(a), [W[i, :].dot(W[i, :]) for i in (0, 1)])
    if not said.unaligned:
        return True
    x, y = sp.symbols("x y", positive=True)
    n = sp.sqrt(x**2 + y**2)
    gradient = [neuron_slope(n, said.delta) * x / n, neuron_slope(n, said.delta) * y / n]
    place = dict(zip((x, y), W.T * a, strict=True))
    hessian = sp.Matrix(2, 2, lambda i, j: gradient[i].diff((x, y)[j]).subs(place))
    product = hessian * (a.dot(a) * sp.eye(2) + W.T * W)
    return bool(sp.simplify(product[0, 1]) == 0)


ALIGNED = Assumption("for one neuron's potential, every (a_i, w_i) is a multiple of one (a, w)")

ALIGNED_NEURONS = Statement(
    id="shape.aligned-neurons",
    title="Aligned linear neurons are one, whose delta is the sum of theirs; others keep a a^T - W W^T.",
    latex=(
        r"(a_i,w_i)=c_i(a,w):\ \delta=\sum_i(a_i^2-|w_i|^2),\ z=\sqrt{\textstyle\sum_ic_i^2}\,"
        r"\operatorname{sign}(a)w(0);"
        r"\qquad\text{any neurons}:\ aa^T-WW^T\ \text{and}\ WP_{\ker X}\ \text{are kept}"
    ),
    source=f"{SOURCE}, on more than one neuron; derived here",
    assumptions=(FLOW, OUTSIDE_THE_ROWS, ALIGNED),
    claim=together,
    evidence=(
        Proved("differentiating along the flow", _kept_by_many, "all weights of two neurons: what is kept"),
        Enclosed(f"the gradient is in the row space, {len(_ALIGNED)} rational points", _one_of_many),
        Enumerated(
            "two neurons that are not aligned", ((),), lambda: _not_of_these, label=lambda: "two neurons", apply=itself
        ),
    ),
    mutants=(
        Mutant("the mean of their deltas", partial(together, pooled="mean")),
        Mutant("the largest of their deltas", partial(together, pooled="max")),
        Mutant("a a^T + W W^T is kept", partial(together, sign=1)),
        Mutant("neurons that are not aligned", partial(together, unaligned=1)),
    ),
)

# --- shape.leaky-neuron -----------------------------------------------------------------------------------------------


class Leaky(NamedTuple):
    """What is claimed of a leaky neuron.

    Parameters
    ----------
    kept : sympy.Expr
        delta.
    target : sympy.Expr
        What the linear part reaches where the neuron's output is y.
    slope : sympy.Expr
        q'(n).
    """

    kept: Any
    target: Any
    slope: Any


def leaky(a: Any, b: Any, y: Any, rho: Any, *, n: Any = 1, sign: int = -1, power: int = -1, times: int = 1) -> Leaky:
    """F = a sigma(w.x) keeps a^2 - |w|^2, has the linear neuron's potential, and outputs y where X(a w) = sigma^-1(y).

    Parameters
    ----------
    a, b : sympy.Expr
        The output weight, positive, and the norm of w.
    y : sympy.Expr
        An output.
    rho : sympy.Expr
        The slope of sigma for negative arguments, positive.
    n : sympy.Expr
        The norm of a w.
    """
    delta = a**2 + sign * b**2
    target = y if y >= 0 else y * rho**power
    return Leaky(delta, target, neuron_slope(n, times * delta))


def _flow_of_a_leaky_neuron(claim: Claim) -> list[Obligation]:
    """Differentiate along da = sum r_j sigma(w.x_j), dw = sum r_j a sigma'(w.x_j) x_j; sigma(t) = sigma'(t) t.

    The slopes sigma' of the two inputs are letters: 1 or rho, whatever the signs.
    """
    a, w1, w2, r1, r2, s1, s2 = sp.symbols("a w_1 w_2 r_1 r_2 s_1 s_2")
    A, b = sp.symbols("A b")
    inputs = ((sp.Integer(1), sp.Integer(2)), (sp.Integer(3), sp.Integer(-1)))
    pulls = [r * s for r, s in ((r1, s1), (r2, s2))]
    g = [sp.Add(*(pull * x[i] for pull, x in zip(pulls, inputs, strict=True))) for i in (0, 1)]
    output = sp.Add(*(pull * (w1 * x[0] + w2 * x[1]) for pull, x in zip(pulls, inputs, strict=True)))
    kept = claim(A, b, sp.S.One, sp.S.One).kept.subs({A: a, b: sp.sqrt(w1**2 + w2**2)})
    speed = {a: output, w1: a * g[0], w2: a * g[1]}
    return [Obligation("delta", sp.S.Zero, sp.Add(*(kept.diff(name) * value for name, value in speed.items())))]


_KINKS = tuple(
    (point, Fraction(rho))
    for point in (
        _point(_ONE, "1/2 1/3 1", "2", "1", "1"),
        _point(_ONE, "1/2 -2 1", "5", "1", "1/2"),
        _point(_TWO, "1 1/2 -1/3 1/5", "3", "1 -1/2", "1/3"),
        _point(_TWO, "-1 1/2 2 1/5", "2", "3 -1", "2"),
    )
    for rho in ("1/4", "1/100")
)


def _outputs(point: NeuronPoint, rho: Fraction) -> Callable[[Claim], bool]:
    """Judge by the outputs f_j = a sigma(w.x_j) of the neuron as it is."""
    a, seen = point.end_output, point.design.outputs(point.end)
    outputs = [a * (t if t >= 0 else rho * t) for t in seen]
    linear = [a * t for t in seen]
    return lambda claim: all(
        claim(sp.S.One, sp.S.One, rational(f), rational(rho)).target == rational(t)
        for f, t in zip(outputs, linear, strict=True)
    )


def _gradient_of_a_leaky_neuron(claim: Claim) -> Iterator[Inequality]:
    """The gradient of the linear neuron's potential less w(0) is in the row space."""
    for point, rho in _KINKS:
        a, start = rational(point.output), exact(point.start)
        b = sp.sqrt(sp.Add(*(w**2 for w in start)))
        slope = claim(a, b, sp.S.One, rational(rho), n=point.norm).slope / point.norm
        parts = [slope * x - w for x, w in zip(exact(point.point), start, strict=True)]
        for part in in_kernel(point.design, parts):
            yield from vanishes(f"{point}, rho = {rho}", part)


LEAKY = Assumption("the activation is leaky ReLU with a slope rho between 0 and 1 for negative arguments")
STAYS_POSITIVE = Assumption("a > 0 throughout, as it is if a(0) > 0 and delta >= 0")
SOME_NEGATIVE = Assumption("a target is negative: else sigma is not seen")

LEAKY_NEURON = Statement(
    id="shape.leaky-neuron",
    title="A leaky neuron minimizes the linear one's potential among the points with X(a w) = sigma^-1 of its outputs.",
    latex=(
        r"f=a\,\sigma(w^Tx),\ \sigma(t)=\max(t,\rho t):\quad\tilde w(T)=\operatorname{argmin}\{q(|v|)-w(0)^Tv:"
        r"Xv=\sigma^{-1}(f(T))\},\quad\delta=a^2-|w|^2\ \text{is kept},\quad\sigma^{-1}(y)=\min(y,y/\rho)"
    ),
    source=f"{SOURCE}, on one neuron with a leaky activation; derived here",
    assumptions=(LEAKY, STAYS_POSITIVE, SOME_NEGATIVE, OUTSIDE_THE_ROWS),
    claim=leaky,
    evidence=(
        Proved("differentiating along the flow", _flow_of_a_leaky_neuron, "all weights and slopes: what is kept"),
        Enumerated(
            f"outputs at {len(_KINKS)} rational points of both signs",
            _KINKS,
            _outputs,
            label=lambda point, rho: f"{point}, rho = {rho}",
            apply=itself,
        ),
        Enclosed("the gradient is in the row space", _gradient_of_a_leaky_neuron),
    ),
    mutants=(
        Mutant("sigma for its inverse", partial(leaky, power=1)),
        Mutant("the linear neuron's targets", partial(leaky, power=0)),
        Mutant("a^2 + |w|^2 is kept", partial(leaky, sign=1)),
        Mutant("-delta for delta", partial(leaky, times=-1)),
    ),
)

STATEMENTS = (ALIGNED_NEURONS, LEAKY_NEURON)
