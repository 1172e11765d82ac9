"""How a neuron moves when its length and direction are trained, what its norm adds up, and one neuron alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from theory.dynamics.weight_norm.neurons import FAMILIES, velocity

SOURCE = "arXiv:2010.12909"
FLOW = Assumption("gradient flow of the loss in what is trained: (alpha, v), (gamma, v), or w itself")
HOMOGENEOUS = Assumption("Phi is homogeneous of degree d_l in layer l, of n_l neurons; w_u are incoming weights")
EXPONENTIAL_LOSS = Assumption("the loss is the sum of exp(-q_i), with q_i = y_i Phi(w, x_i)")
POSITIVE = Assumption("no neuron is 0 at the start: |w_u| > 0")

# --- weightnorm.flow-equivalence --------------------------------------------------------------------------------------


class Moves(NamedTuple):
    """What is claimed of a neuron.

    Parameters
    ----------
    exponential, standard : tuple
        How fast w moves in either parametrization.
    stretched : sympy.Expr
        How fast |v|^2 grows.
    """

    exponential: tuple[Any, ...]
    standard: tuple[Any, ...]
    stretched: Any


def moves(
    w: Sequence[Any],
    g: Sequence[Any],
    rho: Any,
    c: Any,
    *,
    power: int = 2,
    dropped: bool = False,
    plain: bool = False,
    standard: tuple[int, int] = (0, 2),
    stretched: int = 0,
) -> Moves:
    r"""W' = -rho^2 (P + (I-P)/c^2) g with exponential weight normalization, -(P + rho^2/c^2 (I-P)) g with standard.

    P is the projection on w, and c = |v| is kept.

    Parameters
    ----------
    w, g : sequence of sympy.Expr
        The weights and the gradient of the loss in them.
    rho, c : sympy.Expr
        |w| and |v|.
    """
    inner = sp.Add(*(x * y for x, y in zip(w, g, strict=True)))
    radial = [inner * x / rho**2 for x in w]
    parts = list(zip(radial, (x - y for x, y in zip(g, radial, strict=True)), strict=True))
    across = 1 if dropped else c**2
    exponential = tuple(-(a + b) if plain else -(rho**power) * (a + b / across) for a, b in parts)
    first, second = standard
    return Moves(exponential, tuple(-(rho**first * a + rho**second * b / c**2) for a, b in parts), stretched)


def _fields(claim: Claim) -> list[Obligation]:
    """Differentiate w in what is trained, in the plane of w and g, where all of it happens."""
    v, g, rho = sp.symbols("v_1:3"), sp.symbols("g_1:3"), sp.Symbol("rho", positive=True)
    c = sp.sqrt(sp.Add(*(x**2 for x in v)))
    w = [rho * x / c for x in v]
    said = claim(w, g, rho, c)
    found = [
        Obligation(f"{family}, entry {i + 1}", derived, claimed)
        for family, all_claimed in (("exponential", said.exponential), ("standard", said.standard))
        for i, (derived, claimed) in enumerate(zip(velocity(family, v, rho, g), all_claimed, strict=True))
    ]
    inner = sp.Add(*(x * y for x, y in zip(v, g, strict=True)))
    slopes = [rho / c * (y - inner * x / c**2) for x, y in zip(v, g, strict=True)]  # dL/dv = (rho/c)(I - P) g
    return [*found, Obligation("|v|", -2 * sp.Add(*(x * y for x, y in zip(v, slopes, strict=True))), said.stretched)]


FLOW_EQUIVALENCE = Statement(
    id="weightnorm.flow-equivalence",
    title="Exponential weight normalization is gradient flow with rate |w_u|^2 per neuron exactly when |v_u| = 1.",
    latex=(
        r"w=e^{\alpha}\tfrac v{|v|}:\ \dot w=-|w|^2\bigl(P+\tfrac1{c^2}(I-P)\bigr)g;\qquad "
        r"w=\gamma\tfrac v{|v|}:\ \dot w=-\bigl(P+\tfrac{|w|^2}{c^2}(I-P)\bigr)g;\qquad "
        r"c=|v|=|v(0)|,\ P=\tfrac{ww^T}{|w|^2}"
    ),
    source=f"{SOURCE} has c = 1; derived here for every start",
    assumptions=(FLOW, POSITIVE),
    claim=moves,
    evidence=(Proved("w differentiated in (alpha, v) and (gamma, v)", _fields, "all v, g, |w|, in their plane"),),
    mutants=(
        Mutant("rho for rho^2", partial(moves, power=1)),
        Mutant("c dropped", partial(moves, dropped=True)),
        Mutant("plain flow", partial(moves, plain=True)),
        Mutant("standard, rho^2 on both parts", partial(moves, standard=(2, 2))),
        Mutant("standard, rho across", partial(moves, standard=(0, 1))),
        Mutant("|v|^2 grows", partial(moves, stretched=1)),
    ),
)

# --- weightnorm.invariants --------------------------------------------------------------------------------------------


def length(family: str, rho: Any, degree: Any, *, swapped: bool = False, root: bool = False, free: bool = False) -> Any:
    """Each neuron adds <w_u, -g_u> to its length: log rho (exponential), or rho^2/2 (standard, plain).

    By Euler's identity a layer adds d_l N, so lengths over d_l, summed over a layer, differ between layers by what they
    differ by at the start. Returned is length/d_l; its sum over a layer has one speed, N.

    Parameters
    ----------
    family : str
        How the neuron is parametrized.
    rho : sympy.Expr
        |w_u|.
    degree : sympy.Expr
        d_l; 1 for the length of one neuron.
    """
    logarithm = (family == "exponential") != swapped
    value = sp.log(rho) if logarithm else rho if root else rho**2 / 2
    return value / (1 if free else degree)


def _rate(family: str, w: Sequence[sp.Expr], gradient: Sequence[sp.Expr], claim: Claim, degree: int) -> sp.Expr:
    """Return how fast what is claimed grows, along the derived flow, with |v| = |w|."""
    rho, norm = sp.Symbol("rho", positive=True), sp.sqrt(sp.Add(*(x**2 for x in w)))
    speed = sp.Add(*(x * y for x, y in zip(w, velocity(family, w, norm, gradient), strict=True))) / norm
    return claim(family, rho, sp.Integer(degree)).diff(rho).subs(rho, norm) * speed


def _one_neuron(claim: Claim) -> list[Obligation]:
    w, g = sp.symbols("w_1:3"), sp.symbols("g_1:3")
    pull = -sp.Add(*(x * y for x, y in zip(w, g, strict=True)))
    return [Obligation(family, _rate(family, w, g, claim, 1), pull) for family in FAMILIES]


def _share(family: str, claim: Claim, degree: int) -> sp.Expr:
    """Return what is claimed of a neuron in a layer of that degree, over what is claimed of it alone: 1/d_l."""
    rho = sp.Symbol("rho", positive=True)
    return claim(family, rho, sp.Integer(degree)) / claim(family, rho, sp.S.One)


def _layer_sums(
    claim: Claim, outputs: Sequence[sp.Expr], layers: Sequence[tuple[str, int, tuple[sp.Symbol, ...]]]
) -> list[Obligation]:
    """Let each layer add up <w, -g> over d_l, with letters e for exp(-q), which enter as they are; N = sum q e."""
    e = sp.symbols(f"e_1:{len(outputs) + 1}")
    total = sp.Add(*(q * weight for q, weight in zip(outputs, e, strict=True)))
    return [
        Obligation(
            f"{family}, {name}",
            _share(family, claim, d) * sp.Add(*(x * q.diff(x) * r for q, r in zip(outputs, e, strict=True) for x in w)),
            total,
        )
        for family in FAMILIES
        for name, d, w in layers
    ]


def _two_layers(claim: Claim) -> list[Obligation]:
    """Two layers of squared ReLU on two inputs: one unit is on for both, the other for the second alone."""
    a, u, v = sp.symbols("a_1:3"), sp.symbols("u_1:3"), sp.symbols("v_1:3")
    inputs, on = ((1, 2), (3, -1)), ((1, 1), (0, 1))
    sees = [[x[0] * w[0] + x[1] * w[1] for x in inputs] for w in (u, v)]
    outputs = [sp.Add(*(a[j] * on[j][i] * sees[j][i] ** 2 for j in (0, 1))) for i in (0, 1)]
    return _layer_sums(claim, outputs, (("hidden", 2, (*u, *v)), ("output", 1, a)))


def _three_layers(claim: Claim) -> list[Obligation]:
    """Three layers, squared ReLU in the first and ReLU in the second: degrees 2, 1, 1; all units are on."""
    u, v, w, a = sp.symbols("u_1:3"), sp.symbols("v_1:3"), sp.symbols("w_1:3"), sp.symbols("a_1:2")
    outputs = [a[0] * (w[0] * (u[0] + k * u[1]) ** 2 + w[1] * (v[0] + k * v[1]) ** 2) for k in (2, -1)]
    return _layer_sums(claim, outputs, (("first", 2, (*u, *v)), ("second", 1, w), ("third", 1, a)))


INVARIANTS = Statement(
    id="weightnorm.invariants",
    title="Layers add the same to the sum of their lengths over d_l: log |w_u| (exponential), |w_u|^2/2 (else).",
    latex=(
        r"\log\rho_u\ (\text{EWN}),\ \tfrac12\rho_u^2\ (\text{SWN, none})\ \text{grow by}\ "
        r"\int\langle w_u,-g_u\rangle dt,"
        r"\quad\sum_{u\in l}\langle w_u,-g_u\rangle=d_lN,\ N=\sum_iq_ie^{-q_i};\qquad "
        r"\tfrac1{d_l}\sum_{u\in l}\log\rho_u-\tfrac1{d_k}\sum_{u\in k}\log\rho_u\ \text{is kept}"
    ),
    source=f"derived here, for the flows of {SOURCE}",
    assumptions=(FLOW, HOMOGENEOUS, EXPONENTIAL_LOSS, POSITIVE),
    claim=length,
    evidence=(
        Proved("one neuron along the flow", _one_neuron, "all w, g, in their plane"),
        Proved("two layers of squared ReLU", _two_layers, "all weights of 2-2-1, one unit off for one input"),
        Proved("three layers, squared ReLU then ReLU", _three_layers, "all weights of 2-2-1-1"),
    ),
    mutants=(
        Mutant("the other family's lengths", partial(length, swapped=True)),
        Mutant("rho for rho^2/2", partial(length, root=True)),
        Mutant("degrees dropped", partial(length, free=True)),
    ),
)

# --- weightnorm.single-neuron -----------------------------------------------------------------------------------------


class Alone(NamedTuple):
    """What is claimed of one neuron on one example.

    Parameters
    ----------
    clock : sympy.Expr
        dz/dt of the exponential neuron, over the loss, where w = w_0 + z x.
    exponential, standard, plain : sympy.Expr
        What each family keeps, given rho and sin(theta).
    """

    clock: Any
    exponential: Any
    standard: Any
    plain: Any


def alone(rho: Any, sine: Any, *, power: int = 2, swapped: bool = False, times: int = 1) -> Alone:
    """Exponential runs along plain flow's path w_0 + z x, only faster; kept is rho sin(theta), or rho^2/2 + log sin.

    So sin(theta) is c/rho with exponential normalization and without, and c exp(-rho^2/2) with standard: from a norm of
    1 on a standard neuron has turned further than an exponential one of the same norm.

    Parameters
    ----------
    rho, sine : sympy.Expr
        |w|, and the sine of the angle of w to the example.
    """
    ours, theirs = rho * sine, times * rho**2 / 2 + sp.log(sine)
    return Alone(rho**power, *((theirs, ours, theirs) if swapped else (ours, theirs, ours)))


def _alone(claim: Claim) -> list[Obligation]:
    """One example x = e_1 with |v| = 1: g is -L x, and L is a factor of all that moves."""
    a, b = sp.Symbol("a"), sp.Symbol("b", positive=True)
    rho = sp.sqrt(a**2 + b**2)
    r, s = sp.symbols("r s", positive=True)
    said = claim(r, s)
    kept = {"exponential": said.exponential, "standard": said.standard, "plain": said.plain}
    obligations = []
    for family in FAMILIES:
        speed = velocity(family, (a / rho, b / rho), rho, (sp.S.NegativeOne, sp.S.Zero))
        at = {r: rho, s: b / rho}
        moved = {r: (a * speed[0] + b * speed[1]) / rho, s: (a * speed[1] - b * speed[0]) * a / rho**3}
        change = sp.Add(*(kept[family].diff(name).subs(at) * rate for name, rate in moved.items()))
        obligations.append(Obligation(f"{family} keeps", sp.S.Zero, change))
        if family == "exponential":
            obligations.append(Obligation("its clock", speed[0], said.clock.subs(at)))
            obligations.append(Obligation("its path", speed[1], sp.S.Zero))
    return obligations


def _turns(claim: Claim) -> Iterator[Inequality]:
    """A standard neuron has a smaller angle than an exponential one of the same norm, from the same start."""
    start, sine = sp.S.One, sp.Rational(9, 10)
    s = sp.Symbol("s", positive=True)
    for rho in (sp.Rational(11, 10), sp.Integer(5)):
        found = []
        for family in ("exponential", "standard"):
            level, there = getattr(claim(start, sine), family), getattr(claim(rho, s), family)
            found.append(sp.solve(there - level, s)[0])
        yield Inequality(f"rho from 1 to {rho}", found[1], found[0])


SINGLE_NEURON = Statement(
    id="weightnorm.single-neuron",
    title="One exponential neuron runs along plain gradient flow's path: no bias, only a clock; standard turns faster.",
    latex=(
        r"\Phi=\langle w,x\rangle:\quad w=w_0+zx,\ \dot z=\rho^2L\ (\text{EWN});\qquad "
        r"\rho\sin\theta\ \text{is kept (EWN, none)},\quad\tfrac12\rho^2+\log\sin\theta\ \text{(SWN)}"
    ),
    source=f"derived here, for the flows of {SOURCE}",
    assumptions=(FLOW, EXPONENTIAL_LOSS, Assumption("one neuron and one example, |v| = 1")),
    claim=alone,
    evidence=(
        Proved("differentiating along the flow", _alone, "all w off the example's line"),
        Enclosed("the sine of the angle at equal norm, from rho = 1", _turns),
    ),
    mutants=(
        Mutant("rho for rho^2", partial(alone, power=1)),
        Mutant("what is kept, swapped", partial(alone, swapped=True)),
        Mutant("rho^2 for rho^2/2", partial(alone, times=2)),
    ),
)

STATEMENTS = (FLOW_EQUIVALENCE, INVARIANTS, SINGLE_NEURON)
