"""Balanced linear networks of one output: gradient flow in closed form, and how long it takes to the minimum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import flint
import sympy as sp

from montecarlo.training.directions import OppositeDirection
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved, Share, Simulated
from proofs_check.exact.small_losses import Rows, SmallLoss, combined, square, times
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.descent.curvature_integral import BALANCED
from proofs_check.statements.descent.euler_recursion import SOURCE
from proofs_check.statements.descent.hessian_floor import UNITS, identity, outer
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.toolkit.balls import all_of, ball, not_above, root
from proofs_check.toolkit.numbers import ends
from theory.balls import enclose, precision
from theory.dynamics.descent.linear_flows import BalancedFlow, cosh_power_integral
from theory.dynamics.descent.taylor_flows import flow_steps
from theory.ensembles import Ensemble

NOT_OPPOSITE = Assumption("the start is not opposite to the target: nu_0 > -1")


class Position(NamedTuple):
    """What is claimed of the flow.

    Parameters
    ----------
    cosine : sympy.Expr
        nu.
    inverse : sympy.Expr
        1/u.
    """

    cosine: Any
    inverse: Any


def balanced_flow(
    what: Any,
    *numbers: Any,
    off: int = 0,
    power: int = 2,
    no_cosh: bool = False,
    first: int = 1,
    middle: int = 1,
    slow: int = 2,
    density: int = 1,
) -> Any:
    """In the time ds = u^(1-2/n) dt, d nu/ds = 1 - nu^2 and du/ds = n u (nu - u), with nu = cos(W, Y) and u = |W|.

    So nu = tanh x, 1/u = (cosh^n(s_0)/u_0 + n int cosh^n)/cosh^n x, x = s + s_0. The time to |W - Y| <= eps is at most
    u_0^-(1-2/n) (2/(n nu_0)) log+(nu_0/(2 u_0)) + (2/nu_0)^(2-2/n) log(1/eps) for u_0 < nu_0; else at most
    (cosh^n(s_0)(1/u_0 + n s))^(1-2/n) s + u_1^-(1-2/n) (4/n) log+(1/(4 u_1)) + 4^(2-2/n) log(sqrt(1 + u_1^2)/eps), with
    s = (artanh(1/2) - s_0)+ and u_1 = u(s). In d = 3 dimensions (1 + nu_0)/2 of a uniform direction is uniform.

    Parameters
    ----------
    what : str or Ensemble
        ``field`` with n, u, nu, and q = u^(1/n), for the speeds in t; ``position`` with n, cosh^n(s_0), u_0, z = e^x
        and the integral; ``time`` with n, nu_0, u_0 and eps; or the ensemble of random directions.
    """
    if isinstance(what, Ensemble):
        return sp.Rational(1, 20) * density
    n = numbers[0]
    if what == "field":
        _, u, nu, q = numbers
        pace = q ** (n - power)
        return pace * (1 - nu**2), pace * (n - off) * u * (nu - u)
    if what == "position":
        _, start, u, z, area = numbers
        return Position(
            (z - 1 / z) / (z + 1 / z),
            ((1 if no_cosh else start) / u + (n - off) * area) / ((z + 1 / z) / 2) ** (n - off),
        )
    _, nu, u, eps = numbers
    share, rate = 1 - sp.Rational(slow, n), 1 - sp.Rational(2, n)
    if u < nu:
        grows = u**-share * 2 / (n * nu) * sp.Max(0, sp.log(nu / (2 * u)))
        return first * grows + (2 / nu) ** (1 + rate) * sp.log(1 / eps)
    start = sp.atanh(nu)
    s = sp.Max(sp.atanh(sp.Rational(1, 2)) - start, 0)
    cosh = (1 - nu**2) ** sp.Rational(-n, 2)
    area, x = cosh_power_integral(n), sp.Symbol("x", real=True)
    u1 = sp.cosh(start + s) ** n / (cosh / u + n * (area.subs(x, start + s) - area.subs(x, start)))
    turn = ((1 if no_cosh else cosh) * (1 / u + n * s)) ** share * s
    grows = u1**-share * 4 / n * sp.Max(0, sp.log(1 / (4 * u1)))
    return first * turn + middle * grows + 4 ** (1 + rate) * sp.log(sp.sqrt(1 + u1**2) / eps)


def _solution(claim: Claim, n: Any) -> list[Obligation]:
    """Differentiate nu and 1/u in s, where dz/ds = z."""
    z, c, u0, area = sp.symbols("z c u_0 A", positive=True)
    cosh = (z + 1 / z) / 2
    said = claim("position", n, c, u0, z, area)
    nu, inverse = (z - 1 / z) / (z + 1 / z), said.inverse
    along = inverse.diff(z) * z + inverse.diff(area) * cosh**n
    return [
        Obligation(f"d nu/ds, n = {n}", said.cosine.diff(z) * z, 1 - said.cosine**2),
        Obligation(f"nu, n = {n}", said.cosine, nu),
        Obligation(f"d(1/u)/ds, n = {n}", along, n - n * nu * inverse),
    ]


def _for_all_depths(claim: Claim) -> list[Obligation]:
    return _solution(claim, sp.Symbol("n", positive=True))


def _fields(claim: Claim) -> list[Obligation]:
    """Derive the field of |W| and of the cosine from that of W, and differentiate the solution for these n."""
    found = [one for depth in (2, 3, 4) for one in _solution(claim, sp.Integer(depth))]
    # W = u (nu, sigma), Y = (1, 0): dW/dt = u^(2-2/n) (R + (n-1) (W/u)(W/u . R)), with u = q^n
    q, cosine, sigma = sp.symbols("q nu sigma", positive=True)
    for depth in (2, 3, 4):
        u = q**depth
        way, rest = sp.Matrix([cosine, sigma]), sp.Matrix([1 - u * cosine, -u * sigma])
        moved = q ** (2 * depth - 2) * (rest + (depth - 1) * way * way.dot(rest))
        length = way.dot(moved)
        turned = (moved[0] - cosine * length) / u
        circle = {sigma: sp.sqrt(1 - cosine**2)}
        speeds = claim("field", depth, u, cosine, q)
        found.append(Obligation(f"du/dt, n = {depth}", sp.expand(length.subs(circle)), sp.expand(speeds[1])))
        found.append(Obligation(f"d nu/dt, n = {depth}", sp.cancel(turned.subs(circle)), sp.expand(speeds[0])))
    return found


# --- networks ---

_DIGITS = 30
_ANGLES = tuple((flint.fmpq(a, c), flint.fmpq(b, c)) for a, b, c in ((3, 4, 5), (0, 1, 1), (-4, 3, 5), (-24, 7, 25)))


def balanced_network(hidden: tuple[int, ...], direction: tuple[flint.fmpq, ...], q: flint.fmpq) -> SmallLoss:
    """Return balanced layers of norm q whose product has a direction; the target is (1, 0)."""
    widths = (*hidden, 1)
    layers = [outer(UNITS[widths[0]], direction, q)]
    layers += [outer(UNITS[after], UNITS[before], q) for before, after in pairwise(widths)]
    return SmallLoss(tuple(layers), identity(2), ((flint.fmpq(1), flint.fmpq(0)),))


def _product(layers: Any) -> Any:
    found = layers[0]
    for layer in layers[1:]:
        found = times(layer, found)
    return found


def _speeds(hidden: tuple[int, ...], angle: int, text: str) -> Callable[[Claim], bool]:
    """Move every layer along its own gradient, and see how fast |W| and the cosine move."""
    q = flint.fmpq(*map(int, text.split("/")))
    loss = balanced_network(hidden, _ANGLES[angle], q)
    n, gradients = len(loss.layers), loss.gradient
    moved: Rows = ((flint.fmpq(0), flint.fmpq(0)),)
    for j in range(n):
        moved = combined(moved, _product([*loss.layers[:j], gradients[j], *loss.layers[j + 1 :]]), -1)
    (W,), (speed,), u = _product(loss.layers), moved, q**n
    length = sum(a * b for a, b in zip(W, speed, strict=True)) / u
    turned = (speed[0] - W[0] / u * length) / u

    def judge(claim: Claim) -> bool:
        said = claim("field", n, u, W[0] / u, q)
        return bool(said[1] == length and said[0] == turned)

    return judge


_SPEEDS = tuple(
    (hidden, angle, q)
    for hidden in ((2,), (1, 1), (2, 3), (2, 1, 3), (1, 1, 1, 1))
    for angle in range(4)
    for q in ("1/3", "3/2")
)
_FLOWS = (((2,), 2, "1/3", 6), ((1, 1), 1, "2/3", 4), ((1, 1), 3, "2/3", 4))


@cache
def _followed(hidden: tuple[int, ...], angle: int, text: str, steps: int) -> tuple[Any, ...]:
    """Return n, the start, and after some steps of time where the real layers are: the time, u and nu."""
    q = flint.fmpq(*map(int, text.split("/")))
    with precision(_DIGITS):
        loss = balanced_network(hidden, _ANGLES[angle], q).in_balls()

        def field(y: Any) -> list[Any]:
            one = loss.at(loss.shaped(y))
            return [-g for g in one.at(one.gradient).weights]

        *_, last = flow_steps(field, loss.weights, flint.arb("0.25"), steps, digits=_DIGITS, order=16)
        (W,) = _product(loss.shaped(last.end))
        u = root(square((W,)))
        return len(loss.layers), q, flint.arb("0.25") * steps, u, W[0] / u


def _passed(hidden: tuple[int, ...], angle: int, *rest: Any) -> Callable[[Claim], bool | None]:
    n, q, time, u, nu = _followed(hidden, angle, *rest)
    cosine, first = (sp.Rational(int(x.p), int(x.q)) for x in (_ANGLES[angle][0], q**n))
    flow = BalancedFlow(n, cosine, first)

    def judge(claim: Claim) -> bool | None:
        with precision(_DIGITS):
            start, end = enclose(flow.start, _DIGITS), ((1 + nu) / (1 - nu)).log() / 2
            x = sp.Symbol("x", real=True)
            area = [enclose(cosh_power_integral(n), _DIGITS, {x: at}) for at in (start, end)]
            said = claim("position", n, start.cosh() ** n, ball(first), end.exp(), area[1] - area[0])
            clock = flow.time(end - start, _DIGITS)
            return all_of(not_above(abs(gap), flint.arb("1e-12")) for gap in (said.inverse * u - 1, clock / time - 1))

    return judge


_TIMES = tuple(
    (n, sp.Rational(nu), sp.Rational(u), sp.Rational(eps))
    for n in (2, 3, 4)
    for nu, u, eps in (
        *(("1/2", "1/1000000", "9/10"), ("9/10", "1/3", "1/100"), ("-1/2", "1/100", "1/100")),
        *(("-9999/10000", "1", "1/10"), ("4/5", "3", "1/100"), ("-1/2", "1/1000000000", "9/10")),
    )
    if n < 4 or u == "1"
)  # fmt: skip


@cache
def _time_to(n: int, nu: sp.Rational, u: sp.Rational, eps: sp.Rational) -> sp.Rational:
    flow = BalancedFlow(n, nu, u)
    return ends(flow.time(flow.arrival(eps, 12), 12))[1]


def _in_time(claim: Claim) -> Iterator[Inequality]:
    for case in _TIMES:
        n, nu, u, eps = case
        yield Inequality(f"n = {n}, nu_0 = {nu}, u_0 = {u}, eps = {eps}", _time_to(*case), claim("time", *case))


BALANCED_FLOW = Statement(
    id="descent.balanced-flow",
    title="From balanced layers of one output flow is known in closed form, and reaches the minimum in bounded time.",
    latex=(
        r"ds=u^{1-2/n}dt:\ \nu=\tanh x,\ \frac1u=\frac{\cosh^ns_0/u_0+n\int_{s_0}^x\cosh^n}{\cosh^nx};\quad "
        r"u_0<\nu_0:\ T\le\frac{2}{n\nu_0u_0^{1-2/n}}\log^+\frac{\nu_0}{2u_0}+"
        r"\Bigl(\frac2{\nu_0}\Bigr)^{2-2/n}\log\frac1\varepsilon"
    ),
    source=f"on proposition 2 of {SOURCE}; the closed form and the bounds are derived here",
    assumptions=(BALANCED, NOT_OPPOSITE),
    claim=balanced_flow,
    evidence=(
        Proved("the derivatives of nu and 1/u", _for_all_depths, "the solution, at all n", certified=False),
        Proved("the same, and the field of W", _fields, "n = 2, 3, 4"),
        Enumerated(
            f"speeds of {len(_SPEEDS)} rational networks, layer by layer", _SPEEDS, _speeds, apply=itself,
            label=lambda hidden, angle, q: f"hidden {hidden}, angle {angle}, q = {q}",
        ),
        Enumerated(
            "flows of all layers, in balls", _FLOWS, _passed, apply=itself,
            label=lambda hidden, angle, q, _: f"hidden {hidden}, angle {angle}, q = {q}",
        ),
        Enclosed("the time to the minimum", _in_time),
        Simulated(
            "cosine at most -9/10 in three dimensions",
            Ensemble(widths=(3, 1), init="1", activation="linear"),
            OppositeDirection(),
            "opposite",
            reading=Share(Fraction(19, 20)),
            tolerance=0.01,
            samples=100_000,
        ),
    ),
    mutants=(
        Mutant("the rate n-1", partial(balanced_flow, off=1)),
        Mutant("ds = u^(1-1/n) dt", partial(balanced_flow, power=1)),
        Mutant("no cosh^n(s_0)", partial(balanced_flow, no_cosh=True)),
        Mutant("without the first term", partial(balanced_flow, first=0)),
        Mutant("without the second logarithm", partial(balanced_flow, middle=0)),
        Mutant("twice the density", partial(balanced_flow, density=2)),
    ),
)  # fmt: skip

STATEMENTS = (BALANCED_FLOW,)
