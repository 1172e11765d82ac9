"""The two limits of a diagonal net's potential: least l2 norm where k is large, least l1 norm where it is small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.shape.diagonal_nets import FLOW, SOURCE, SYMMETRIC_START, entropy
from proofs_check.toolkit.numbers import rational
from proofs_check.toolkit.rational_flows import DiagonalPoint, exact, vanishes, vector
from theory.dynamics.implicit_bias.designs import Design
from theory.dynamics.implicit_bias.least_l1_norm import least_l1

EQUAL_SCALES = Assumption("all coordinates have the same k")

# --- shape.kernel-limit -----------------------------------------------------------------------------------------------


class Kernel(NamedTuple):
    """What is claimed where k is large.

    Parameters
    ----------
    distance : sympy.Expr
        The bound on |w_k - w_2|.
    grown : sympy.Expr
        The power of k with which w_k - w_2 is multiplied.
    constant, outside : sympy.Expr
        The factors of the parts of w_2^3 in the kernel and in the row space, in the limit.
    error : sympy.Expr
        The bound on the distance from the limit.
    root : sympy.Expr
        The root of k, by scale and shape of the start.
    """

    distance: Any
    grown: Any
    constant: Any
    outside: Any
    error: Any
    root: Any


def kernel_limit(
    k: Any,
    cubes: Any,
    fifths: Any,
    most: Any,
    alpha: Any,
    s: Any,
    *,
    power: Any = 1,
    constant: Fraction = Fraction(2, 3),
    outside: int = 0,
    bound: Fraction = Fraction(2, 3),
    shape: int = 1,
) -> Kernel:
    """|w_k - w_2| <= 2/(3k) |w_k^3|, and k(w_k - w_2) is 2/3 P w_2^3 up to (6/5 |w_k^5| + 4/3 W^2 |w_k^3|)/k.

    w_2 is the solution of least l2 norm, P the projector on the kernel of X.

    Parameters
    ----------
    k : sympy.Expr
        The scale of all coordinates.
    cubes, fifths : sympy.Expr
        |w_k^3| and |w_k^5|, of entrywise powers.
    most : sympy.Expr
        The largest modulus W of an entry of w_k and w_2.
    alpha, s : sympy.Expr
        Scale and shape of the start.
    """
    error = (sp.Rational(6, 5) * fifths + sp.Rational(4, 3) * most**2 * cubes) / k
    root = 4 * alpha * (1 + shape * s**2) / (1 - shape * s**2)
    inside = rational(constant)
    return Kernel(rational(bound) * cubes / k, k**power, inside, inside * outside, error, root)


def _scale_by_shape(claim: Claim) -> list[Obligation]:
    """At alpha = uv and s = (u-v)/(u+v) the root of k is 2(u^2 + v^2); so 1 - s^2 = 4 alpha/(u+v)^2 makes it large."""
    u, v = sp.symbols("u v", positive=True)
    one = sp.S.One
    return [Obligation("scale", 2 * (u**2 + v**2), claim(one, one, one, one, u * v, (u - v) / (u + v)).root)]


def _linear(root: str, *tangents: str) -> str:
    """Numbers e^(2 nu) = 1 + c/sqrt k, so that w is about c/2 times the row."""
    return " ".join(str(1 + Fraction(c) / Fraction(root)) for c in tangents)


_LARGE = tuple(
    (DiagonalPoint(Design.read([vector(row) for row in rows], [0] * len(rows)), A, A, vector(_linear(root, *tangents))))
    for root in ("10", "100", "1000")
    for rows, tangents in (
        (("1 2",), ("2",)),
        (("1 -1 3",), ("1",)),
        (("1 0 2 -1", "0 1 -1 1"), ("1", "2")),
        (("1 0 0 1 2 -1", "0 1 0 -1 1 1", "0 0 1 2 -1 1"), ("1", "-1/2", "2/3")),
    )
    for A in (tuple(Fraction(root) for _ in rows[0].split()),)
)


def _norm(entries: Sequence[Any], power: int = 1) -> sp.Expr:
    return sp.sqrt(sp.Add(*(sp.sympify(x, strict=True) ** (2 * power) for x in entries)))


def _near_the_least_norm(claim: Claim) -> Iterator[Inequality]:
    """Both bounds at rational minimizers w_k; w_2 and the projection are exact too."""
    for point in _LARGE:
        design = Design.read(point.design.rows, point.design.outputs(point.weights))
        here, least = point.weights, design.minimum_l2()
        k, w, w2 = rational(point.scales[0]), exact(here), exact(least)
        most = sp.Max(*(abs(x) for x in (*w, *w2)))
        said = claim(k, _norm(w, 3), _norm(w, 5), most, sp.S.One, sp.S.Zero)
        gap = [a - b for a, b in zip(w, w2, strict=True)]
        inside = exact(design.project_on_kernel([x**3 for x in least]))
        ahead = [
            said.grown * g - said.constant * p - said.outside * (x**3 - p)
            for g, p, x in zip(gap, inside, w2, strict=True)
        ]
        yield Inequality(f"{point}: distance", _norm(gap), said.distance)
        yield Inequality(f"{point}: limit", _norm(ahead), said.error)


def _shape_beats_scale(claim: Claim) -> Iterator[Inequality]:
    """At the scale alpha = 1/1000 the root of k goes from 0.004 to 4000 as 1 - s goes from 1 to 10^-6."""
    one, alpha = sp.S.One, sp.Rational(1, 1000)
    for gap, low, high in (("1", "0.003", "0.005"), ("1e-2", "0.39", "0.41"), ("1e-6", "3999", "4001")):
        root = claim(one, one, one, one, alpha, 1 - sp.Rational(gap)).root
        yield Inequality(f"1 - s = {gap}: not below", sp.Rational(low), root)
        yield Inequality(f"1 - s = {gap}: not above", root, sp.Rational(high))


KERNEL_LIMIT = Statement(
    id="shape.kernel-limit",
    title="For large k the flow's solution is that of least l2 norm up to 2/(3k) |w^3|, and larger entries grow first.",
    latex=(
        r"|w_k-w_2|\le\frac2{3k}|w_k^3|,\qquad\Bigl|k(w_k-w_2)-\tfrac23P_{\ker X}w_2^3\Bigr|\le\frac1k"
        r"\Bigl(\tfrac65|w_k^5|+\tfrac43W^2|w_k^3|\Bigr),\quad W=\max(|w_k|_\infty,|w_2|_\infty);\qquad "
        r"\sqrt k=4\alpha\frac{1+s^2}{1-s^2}\to\infty\ \text{as}\ s\to1\ \text{at any scale}\ \alpha"
    ),
    source=f"{SOURCE}, on the kernel regime; the bounds are derived here",
    assumptions=(FLOW, SYMMETRIC_START, EQUAL_SCALES),
    claim=kernel_limit,
    evidence=(
        Proved("scale and shape of the start", _scale_by_shape, "all u, v: the scale"),
        Enclosed(f"{len(_LARGE)} rational minimizers, k = 100 to 10^6", _near_the_least_norm),
        Enclosed("scale 1/1000, shapes near 1", _shape_beats_scale),
    ),
    mutants=(
        Mutant("the rate 1/sqrt k", partial(kernel_limit, power=sp.Rational(1, 2))),
        Mutant("1/3 for 2/3 in the limit", partial(kernel_limit, constant=Fraction(1, 3))),
        Mutant("larger entries shrink first", partial(kernel_limit, constant=Fraction(-2, 3))),
        Mutant("all of w_2^3, not its part in the kernel", partial(kernel_limit, outside=1)),
        Mutant("a quarter of the distance", partial(kernel_limit, bound=Fraction(1, 6))),
        Mutant("small alpha alone gives least l1 norm", partial(kernel_limit, shape=0)),
    ),
)

# --- shape.rich-limit -------------------------------------------------------------------------------------------------


class Rich(NamedTuple):
    """What is claimed where k is small.

    Parameters
    ----------
    below, above : sympy.Expr
        The range of q_k(x).
    excess : sympy.Expr
        The bound on |w_k|_1/l - 1, where l is the least l1 norm.
    share : sympy.Expr
        What a coordinate of modulus x adds to the bound on |w_k|_1 - l.
    """

    below: Any
    above: Any
    excess: Any
    share: Any


def rich_limit(
    k: Any,
    norm: Any,
    shares: Any,
    d: Any,
    x: Any,
    most: Any,
    *,
    entropies: int = 1,
    part: Fraction = Fraction(1),
    room: Fraction = Fraction(1, 4),
    slopes: int = 2,
) -> Rich:
    """|w_k|_1/l - 1 <= (log d - H + d sqrt k/(2l))/(log(4l/(e sqrt k)) - log d), from the range of q_k(x).

    And |w_k|_1 - l is at most the sum of |w_i| (1 - arsinh(2|w_i|/sqrt k)/arsinh(2|w|_max/sqrt k)), w = w_k.

    Parameters
    ----------
    k : sympy.Expr
        The scale of all coordinates.
    norm, shares : sympy.Expr
        The least l1 norm l of the solutions, and the entropy H of the shares of one that has it.
    d : int
        The number of coordinates.
    x, most : sympy.Expr
        The modulus of a coordinate, and the largest.
    """
    root = sp.sqrt(k)
    below = (x * sp.log(4 * x / root) - x) / 2
    numerator = entropies * (sp.log(d) - shares) + d * root / (2 * norm)
    excess = rational(part) * numerator / (sp.log(4 * norm / root) - 1 - sp.log(d))
    share = x * (1 - sp.asinh(slopes * x / root) / sp.asinh(2 * most / root))
    return Rich(below, below + rational(room) * root, excess, share)


def _range_of_potential(claim: Claim) -> Iterator[Inequality]:
    """q_k(x) is above its lower bound, and nears the upper one as x/sqrt k grows."""
    one = sp.S.One
    for k, x in (("1", "1/100"), ("1", "1"), ("1e-4", "2"), ("1e-8", "3"), ("1e-16", "1/7")):
        size = sp.Rational(x)
        said = claim(sp.Rational(k), one, one, 1, size, size)
        _, value = entropy(size, sp.sqrt(sp.Rational(k)))
        yield Inequality(f"k = {k}, x = {x}: lower end", said.below, value)
        yield Inequality(f"k = {k}, x = {x}: upper end", value, said.above)


_SMALL = tuple(
    DiagonalPoint(Design.read([vector(row) for row in rows], [0] * len(rows)), A, A, vector(bases))
    for rows, bases, power in (
        (("9 0 8 -3", "0 9 -4 5"), "10 8", 8),
        (("20 0 18 1 19 -2", "0 20 1 18 -2 17"), "10 9", 20),
        (("20 0 0 11 -12 7", "0 20 0 9 6 -13", "0 0 20 -2 5 11"), "10 5 8", 18),
        (("20 0 0 19 -12 7", "0 20 0 -3 18 -13", "0 0 20 -2 5 18"), "5 10 7", 17),
    )
    for A in (tuple(Fraction(4, 10**power) for _ in rows[0].split()),)
)
_CROWD = ((100, 2, 401), (100, 3, 4001), (30, 1, 41))
"""On X = (q, p, ..., p) with d entries, of slopes 1 and 1 - (q-p)/q, the bound is too large by less than a factor 2."""


def _near_the_least_l1_norm(claim: Claim) -> Iterator[Inequality]:
    """The least l1 norm is exact, with a certificate, and so is w_k."""
    for point in _SMALL:
        w, d = exact(point.weights), point.design.dimension
        best = least_l1(point.design.rows, point.design.outputs(point.weights))
        norm, k = rational(best.norm), rational(point.scales[0])
        shares = sp.Add(*(-abs(x) / norm * sp.log(abs(x) / norm) for x in exact(best.point) if x))
        total, most = sp.Add(*map(abs, w)), sp.Max(*map(abs, w))
        said = [claim(k, norm, shares, d, abs(x), most) for x in w]
        yield Inequality(f"{point}: excess", total / norm - 1, said[0].excess)
        yield Inequality(f"{point}: from itself", total - norm, sp.Add(*(one.share for one in said)))


def _near_it_in_a_crowd(claim: Claim) -> Iterator[Inequality]:
    """Two kinds of coordinates in closed form: 1 and m times 10^(p-q), up to 10^-2q, with sqrt k = 4/10^q.

    The least l1 norm is y/q, on the first coordinate alone. Here the bound from the point itself is attained.
    """
    for q, gap, d in _CROWD:
        p, root = q - gap, sp.Rational(4, 10**q)
        large, small = (root / 4 * (sp.Integer(10) ** power - sp.Rational(1, 10**power)) for power in (q, p))
        norm, total = (q * large + (d - 1) * p * small) / q, large + (d - 1) * small
        one, other = (claim(root**2, norm, sp.S.Zero, d, x, large) for x in (large, small))
        yield Inequality(f"slopes 1 and {p}/{q}, d = {d}: excess", total / norm - 1, one.excess)
        off = one.share + (d - 1) * other.share - (total - norm)
        yield from vanishes(f"slopes 1 and {p}/{q}, d = {d}: from itself", off)


SMALL_SCALE = Assumption("log(4l/(e sqrt k)) exceeds log d, where l is the least l1 norm of the solutions")

RICH_LIMIT = Statement(
    id="shape.rich-limit",
    title="For small k the flow's solution has the least l1 norm up to (log d - H)/log(1/sqrt k), a slow rate.",
    latex=(
        r"\frac{|w_k|_1}\ell-1\le\frac{\log d-H+\frac{d\sqrt k}{2\ell}}{\log\frac{4\ell}{e\sqrt k}-\log d},\quad "
        r"|w_k|_1-\ell\le\sum_i|w_{k,i}|\Bigl(1-\frac{\operatorname{arsinh}(2|w_{k,i}|/\sqrt k)}"
        r"{\operatorname{arsinh}(2|w_k|_\infty/\sqrt k)}\Bigr);\qquad "
        r"0\le q_k(x)-\tfrac12\Bigl(x\log\tfrac{4x}{\sqrt k}-x\Bigr)\le\tfrac{\sqrt k}4\quad(x>0)"
    ),
    source=f"{SOURCE}, on the rich regime; the bounds are derived here",
    assumptions=(FLOW, SYMMETRIC_START, EQUAL_SCALES, SMALL_SCALE),
    claim=rich_limit,
    evidence=(
        Enclosed("q_k lies in its range", _range_of_potential),
        Enclosed(f"{len(_SMALL)} rational minimizers, k = 10^-15 to 10^-39", _near_the_least_l1_norm),
        Enclosed("one large coordinate and up to 4000 small ones", _near_it_in_a_crowd),
    ),
    mutants=(
        Mutant("a power of k", partial(rich_limit, entropies=0)),
        Mutant("the least l1 norm at finite k", partial(rich_limit, part=Fraction(0))),
        Mutant("half the bound", partial(rich_limit, part=Fraction(1, 2))),
        Mutant("half the room above", partial(rich_limit, room=Fraction(1, 8))),
        Mutant("x/sqrt k for 2x/sqrt k in a slope", partial(rich_limit, slopes=1)),
    ),
)

STATEMENTS = (KERNEL_LIMIT, RICH_LIMIT)
