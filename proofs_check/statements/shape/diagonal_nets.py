"""Diagonal linear nets w = u_+ v_+ - u_- v_-: what gradient flow keeps, and which potential it minimizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.numbers import rational
from proofs_check.toolkit.rational_flows import DiagonalPoint, exact, in_kernel, symmetric, vanishes, vector
from theory.dynamics.implicit_bias.designs import Design

SOURCE = "arXiv:2102.09769"
NUDGE = sp.Rational(1, 1000)

FLOW = Assumption("gradient flow of any loss of Xw, whose inputs, the rows of X, are linearly independent")
SIGNS_FREE = Assumption("no A or B of a coordinate is 0: such a coordinate could not change its sign")
SYMMETRIC_START = Assumption("u_+ = u_- = u and v_+ = v_- = v at the start, not both 0 in a coordinate")


# --- shape.diagonal-conservation --------------------------------------------------------------------------------------


class Kept(NamedTuple):
    """What is claimed of a coordinate's weights.

    Parameters
    ----------
    speed : sympy.Expr
        dw/dG.
    scale : sympy.Expr
        k, which is kept.
    plus, minus, growing, falling : sympy.Expr
        The others that are kept.
    """

    speed: Any
    scale: Any
    plus: Any
    minus: Any
    growing: Any
    falling: Any


def conserved(up: Any, vp: Any, um: Any, vm: Any, *, four: int = 4, sign: int = 1, mixed: int = 0) -> Kept:
    """Kept are S^2 - 4 w^2, u_+^2 - v_+^2, u_-^2 - v_-^2, (u_+ + v_+)(u_- + v_-) and (u_+ - v_+)(u_- - v_-).

    S is the sum of the four squares, and dw/dG = S.

    Parameters
    ----------
    up, vp, um, vm : Fraction or sympy.Expr
        The weights u_+, v_+, u_-, v_-.
    """
    S, w = up**2 + vp**2 + um**2 + vm**2, up * vp - um * vm
    growing = (up + vp) * (um - vm) if mixed == 1 else (up + vp) * (um + vm)
    falling = up * vp + um * vm if mixed == 2 else (up - vp) * (um - vm)
    return Kept(S, S**2 - four * w**2, up**2 - sign * vp**2, um**2 - sign * vm**2, growing, falling)


def _along_the_flow(claim: Claim) -> list[Obligation]:
    """Differentiate along du_+ = v_+, dv_+ = u_+, du_- = -v_-, dv_- = -u_-, in the clock G."""
    up, vp, um, vm = names = sp.symbols("u_+ v_+ u_- v_-")
    field = dict(zip(names, (vp, up, -vm, -um), strict=True))

    def d(value: sp.Expr) -> sp.Expr:
        return sp.Add(*(value.diff(name) * speed for name, speed in field.items()))

    kept, w = claim(*names), up * vp - um * vm
    A, B = (up + vp) ** 2 + (um - vm) ** 2, (up - vp) ** 2 + (um + vm) ** 2
    zero = [Obligation(name, sp.S.Zero, d(getattr(kept, name))) for name in Kept._fields[1:]]
    return [
        *zero,
        Obligation("speed of w", d(w), kept.speed),
        Obligation("speed of S", 4 * w, d(kept.speed)),
        Obligation("AB", A * B, kept.scale),
    ]


_STARTS = tuple(
    (*vector(weights), Fraction(z))
    for weights in ("1 1/2 -1/3 2", "1/5 3 2 2", "-1 1/4 1/4 1", "1/100 1/3 1/7 -1/2")
    for z in ("2", "1/9", "25/4")
)


def _kept_in_closed_form(*case: Fraction) -> Callable[[Claim], bool]:
    """Judge by the closed flow, with y = e^G: u + v and u - v of either sign are multiplied by y or 1/y."""
    up, vp, um, vm, y = case
    grow_p, fall_p, fall_m, grow_m = (up + vp) * y, (up - vp) / y, (um + vm) / y, (um - vm) * y
    after = ((grow_p + fall_p) / 2, (grow_p - fall_p) / 2, (fall_m + grow_m) / 2, (fall_m - grow_m) / 2)
    return lambda claim: bool(claim(up, vp, um, vm)[1:] == claim(*after)[1:])


def itself(claim: Claim, *_: Any) -> Claim:
    """The claim, for judges that call it themselves."""
    return claim


CONSERVATION = Statement(
    id="shape.diagonal-conservation",
    title="Diagonal nets keep k = S^2 - 4w^2 in every coordinate, S the sum of four squares and dw/dG = S.",
    latex=(
        r"w=u_+v_+-u_-v_-,\ dw=S\,dG,\ dS=4w\,dG,\quad S^2-4w^2=AB,\ "
        r"A=(u_++v_+)^2+(u_--v_-)^2,\ B=(u_+-v_+)^2+(u_-+v_-)^2;\quad "
        r"u_\pm^2-v_\pm^2,\ (u_++v_+)(u_-+v_-),\ (u_+-v_+)(u_--v_-)\ \text{are kept}"
    ),
    source=f"{SOURCE}, on diagonal linear networks; derived here",
    assumptions=(FLOW,),
    claim=conserved,
    evidence=(
        Proved("differentiating along the flow", _along_the_flow, "all weights"),
        Enumerated("the closed flow in rational numbers", _STARTS, _kept_in_closed_form, apply=itself),
    ),
    mutants=(
        Mutant("u^2 + v^2 is kept", partial(conserved, sign=-1)),
        Mutant("u_+ v_+ + u_- v_- is kept", partial(conserved, mixed=2)),
        Mutant("S^2 - 3 w^2 is kept", partial(conserved, four=3)),
        Mutant("(u_+ + v_+)(u_- - v_-) is kept", partial(conserved, mixed=1)),
    ),
    domain=EVERYWHERE,
)

# --- shape.diagonal-regularizer ---------------------------------------------------------------------------------------


class Regularizer(NamedTuple):
    """What is claimed of a coordinate's potential.

    Parameters
    ----------
    root : sympy.Expr
        The root of its scale k.
    slope, value : sympy.Expr
        q'(x) and q(x), tilt included.
    """

    root: Any
    slope: Any
    value: Any


def entropy(x: Any, root: Any) -> tuple[sp.Expr, sp.Expr]:
    """q_k'(x) = arsinh(2x/sqrt k)/2, and q_k(x).

    Parameters
    ----------
    x, root : sympy.Expr
        The coordinate, and the root of k.
    """
    ratio = 2 * x / root
    return sp.asinh(ratio) / 2, root / 4 * (1 - sp.sqrt(1 + ratio**2) + ratio * sp.asinh(ratio))


def regularizer(x: Any, u: Any, v: Any, *, times: Any = 1, norm: str = "", scale_alone: bool = False) -> Regularizer:
    r"""Sqrt k = 2(u^2 + v^2), which is 4 alpha (1+s^2)/(1-s^2), and Q is the sum of q_k.

    Parameters
    ----------
    x : sympy.Expr
        A coordinate of w.
    u, v : sympy.Expr
        Its weights at the start.
    """
    root = (4 * u * v if scale_alone else 2 * (u**2 + v**2)) * times
    if norm == "l2":
        return Regularizer(root, x, x**2 / 2)
    if norm == "l1":
        return Regularizer(root, sp.sign(x), sp.Abs(x))
    return Regularizer(root, *entropy(x, root))


def _inverse_speed(claim: Claim) -> list[Obligation]:
    """Q'' is 1/S where S^2 = k + 4w^2, k = AB of the start; q' and q vanish at 0."""
    x, u, v = sp.symbols("x u v", positive=True)
    at, start = claim(x, u, v), claim(sp.S.Zero, u, v)
    k = ((u + v) ** 2 + (u - v) ** 2) ** 2
    alpha, s = u * v, (u - v) / (u + v)
    return [
        Obligation("scale", k, at.root**2),
        Obligation("shape", 4 * alpha * (1 + s**2) / (1 - s**2), at.root),
        Obligation("second derivative", 1 / (k + 4 * x**2), at.slope.diff(x) ** 2),
        Obligation("slope", at.slope, at.value.diff(x)),
        Obligation("slope at 0", sp.S.Zero, start.slope),
        Obligation("value at 0", sp.S.Zero, start.value),
    ]


_POINTS: tuple[tuple[DiagonalPoint, str, str], ...] = tuple(
    (symmetric(rows, bases, u, v), u, v)
    for rows, bases, u, v in (
        (("1 2",), "2", "4/5 4/5", "8/5 8/5"),
        (("1 2",), "3/2", "1/100 2", "1/50 1/3"),
        (("1 -1 2",), "3", "1 1/2 1/9", "1/2 2 1/9"),
        (("1 0 2 -1", "0 1 -1 1"), "3/2 5/3", "1/10 1/10 1/10 1/10", "1/1000 1/1000 1/1000 1/1000"),
        (("1 0 0 1 2 -1", "0 1 0 -1 1 1", "0 0 1 2 -1 1"), "2 1/3 7/5", "1 1 2 1 1 3", "1/4 1 1/3 2 1/9 1"),
    )
)
"""Starts with the shape s = 0 alone would not tell k from alpha; large scales alone would not tell q from the norm."""


def _stationary(claim: Claim) -> Iterator[Inequality]:
    """The gradient of Q at the flow's point is in the row space."""
    for point, u, v in _POINTS:
        start = zip(exact(point.weights), exact(vector(u)), exact(vector(v)), strict=True)
        slopes = [claim(x, *weights).slope for x, *weights in start]
        for part in in_kernel(point.design, slopes):
            yield from vanishes(str(point), part)


def _least(claim: Claim) -> Iterator[Inequality]:
    """Q grows along either direction of every line of the kernel's basis."""
    for point, u, v in _POINTS:
        starts = list(zip(exact(vector(u)), exact(vector(v)), strict=True))

        def value(place: tuple[sp.Rational, ...], starts: list[Any] = starts) -> sp.Expr:
            return sp.Add(*(claim(x, *weights).value for x, weights in zip(place, starts, strict=True)))

        yield from _grows(point, value)


def _grows(point: DiagonalPoint, value: Callable[[tuple[sp.Rational, ...]], sp.Expr]) -> Iterator[Inequality]:
    here = exact(point.weights)
    for direction in point.design.kernel:
        for sign in (NUDGE, -NUDGE):
            there = tuple(x + sign * rational(c) for x, c in zip(here, direction, strict=True))
            yield Inequality(f"{point}, beside it", value(here), value(there))


REGULARIZER = Statement(
    id="shape.diagonal-regularizer",
    title="From a symmetric start the flow minimizes the sum of q_k at every time, with sqrt k = 2(u^2 + v^2).",
    latex=(
        r"w(T)=\operatorname{argmin}\{\sum_iq_{k_i}(w_i):Xw=Xw(T)\},\quad "
        r"q_k'(x)=\tfrac12\operatorname{arsinh}\tfrac{2x}{\sqrt k},\quad "
        r"q_k(x)=\tfrac{\sqrt k}4\Bigl(1-\sqrt{1+\tfrac{4x^2}k}+\tfrac{2x}{\sqrt k}"
        r"\operatorname{arsinh}\tfrac{2x}{\sqrt k}\Bigr),\quad "
        r"\sqrt k=2(u^2+v^2)=4\alpha\frac{1+s^2}{1-s^2},\ \alpha=uv,\ s=\frac{u-v}{u+v}"
    ),
    source=f"{SOURCE}, on diagonal linear networks; derived here",
    assumptions=(FLOW, SYMMETRIC_START),
    claim=regularizer,
    evidence=(
        Proved("q'' is the inverse of the speed S", _inverse_speed, "all x, u, v"),
        Enclosed(f"the gradient is in the row space, {len(_POINTS)} rational points of flows", _stationary),
        Enclosed("Q grows along the kernel", _least),
    ),
    mutants=(
        Mutant("2k for k", partial(regularizer, times=sp.sqrt(2))),
        Mutant("k/4 for k", partial(regularizer, times=sp.Rational(1, 2))),
        Mutant("the l2 norm", partial(regularizer, norm="l2")),
        Mutant("the l1 norm", partial(regularizer, norm="l1")),
        Mutant("k depends on alpha alone", partial(regularizer, scale_alone=True)),
    ),
)

# --- shape.biased-start -----------------------------------------------------------------------------------------------


def biased(x: Any, A: Any, B: Any, *, tilt: int = 1, from_sum: bool = False) -> Regularizer:
    """Sqrt k = sqrt(AB) of the start, and q is q_k(x) - b x with b = log(A/B)/4, the slope of q_k at w(0).

    Parameters
    ----------
    x : sympy.Expr
        A coordinate of w.
    A, B : sympy.Expr
        (u_+ + v_+)^2 + (u_- - v_-)^2 and (u_+ - v_+)^2 + (u_- + v_-)^2 at the start.
    """
    root = (A + B) / 2 if from_sum else sp.sqrt(A * B)
    slope, value = entropy(x, root)
    b = tilt * sp.log(A / B) / 4
    return Regularizer(root, slope - b, value - b * x)


def _tilted(claim: Claim) -> list[Obligation]:
    """Q'' is 1/S; and the slope at w(0) stays 0 as A or B changes, as it is where they are equal."""
    x, A, B = sp.symbols("x A B", positive=True)
    at = claim(x, A, B)
    own = sp.asinh(2 * x / sp.sqrt(A * B)) / 2 - at.slope  # the tilt
    return [
        Obligation("scale", A * B, at.root**2),
        Obligation("second derivative", 1 / (A * B + 4 * x**2), at.slope.diff(x) ** 2),
        Obligation("slope", at.slope, at.value.diff(x)),
        Obligation("tilt in A", 1 / (4 * A), own.diff(A)),
        Obligation("tilt in B", -1 / (4 * B), own.diff(B)),
        Obligation("no tilt", sp.S.Zero, claim(sp.S.Zero, A, A).slope),
    ]


_BIASED = tuple(
    (DiagonalPoint(Design.read([vector(row) for row in rows], [0] * len(rows)), vector(A), vector(B), vector(bases)),)
    for rows, A, B, bases in (
        (("1 2",), "4 1/9", "1/9 3", "2"),
        (("1 -1 2",), "1/2 5 1/30", "3 1/4 1/40", "1/5"),
        (("1 0 2 -1", "0 1 -1 1"), "1 9 1/2 4", "4 1 1/8 1/9", "3/2 1/2"),
    )
)


def _stationary_when_biased(claim: Claim) -> Iterator[Inequality]:
    for (point,) in _BIASED:
        parts = zip(exact(point.weights), exact(point.A), exact(point.B), strict=True)
        for part in in_kernel(point.design, [claim(*one).slope for one in parts]):
            yield from vanishes(str(point), part)
        for a, b in zip(exact(point.A), exact(point.B), strict=True):
            yield from vanishes(f"at the start A = {a}, B = {b}", claim((a - b) / 4, a, b).slope)


def _least_when_biased(claim: Claim) -> Iterator[Inequality]:
    for (point,) in _BIASED:
        starts = list(zip(exact(point.A), exact(point.B), strict=True))

        def value(place: tuple[sp.Rational, ...], starts: list[Any] = starts) -> sp.Expr:
            return sp.Add(*(claim(x, *both).value for x, both in zip(place, starts, strict=True)))

        yield from _grows(point, value)


BIASED_START = Statement(
    id="shape.biased-start",
    title="From any start the flow minimizes the Bregman divergence of q_k from w(0), with sqrt k = sqrt(AB).",
    latex=(
        r"w(T)=\operatorname{argmin}\{\sum_iq_{k_i}(w_i)-b_iw_i:Xw=Xw(T)\},\quad k=A_0B_0,\quad "
        r"b=\tfrac14\log\frac{A_0}{B_0}=q_k'(w(0))"
    ),
    source=f"{SOURCE}, on diagonal linear networks; derived here",
    assumptions=(FLOW, SIGNS_FREE),
    claim=biased,
    evidence=(
        Proved("q'' is the inverse of the speed S, and the tilt that of w(0)", _tilted, "all x, A, B"),
        Enclosed(f"the gradient is in the row space, {len(_BIASED)} rational points", _stationary_when_biased),
        Enclosed("Q grows along the kernel", _least_when_biased),
    ),
    mutants=(
        Mutant("no tilt", partial(biased, tilt=0)),
        Mutant("the tilt's sign", partial(biased, tilt=-1)),
        Mutant("k from the sum of squares", partial(biased, from_sum=True)),
    ),
)

STATEMENTS = (CONSERVATION, REGULARIZER, BIASED_START)
