"""Gradient descent on length and direction: what |v| gains, how near a step is to the flow's, and the rate it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.weightnorm.flows import EXPONENTIAL_LOSS, SOURCE
from proofs_check.toolkit.numbers import ends
from theory.balls import precision
from theory.dynamics.weight_norm.steps import chain_step, step_defect

DESCENT = Assumption("gradient descent on (alpha, v), or for what |v| gains also on (gamma, v)")

# --- weightnorm.descent -----------------------------------------------------------------------------------------------


_HALF = sp.Rational(1, 2)


class Step(NamedTuple):
    """What is claimed of a step.

    Parameters
    ----------
    stretched : sympy.Expr
        What |v|^2 gains, given the learning rate and |dL/dv|^2.
    total : sympy.Expr
        What all |v|^2 gain at most while the loss falls by a number that is given.
    nearest, farthest : sympy.Expr
        Between what w lies from w - eta rho^2 g after the step.
    """

    stretched: Any
    total: Any
    nearest: Any
    farthest: Any


def step(
    eta: Any,
    square: Any = 1,
    fall: Any = 1,
    rho: Any = 1,
    size: Any = 1,
    *,
    gains: int = 2,
    stretch: int = 1,
    half: sp.Rational = _HALF,
    order: int = 2,
    twice: sp.Rational | int = 2,
) -> Step:
    """|v|^2 gains exactly eta^2 |dL/dv|^2, and the step of w is off by half its square over |w|.

    It is off by m^2/(2 rho) (1 +- m/rho), where m = eta rho^2 |g| is the step's length, at most rho/2, and |v| = 1.
    While each step decreases the loss by at least eta |grad|^2/2, all |v|^2 together gain at most 2 eta times what the
    loss falls by.

    Parameters
    ----------
    eta : sympy.Expr
        The learning rate.
    square : sympy.Expr
        |dL/dv|^2.
    fall : sympy.Expr
        By what the loss falls.
    rho, size : sympy.Expr
        |w| and |g|.
    """
    m = eta * rho**2 * size
    near = half * m**order / rho ** (order - 1)
    return Step(stretch * eta**gains * square, twice * eta * fall, near * (1 - m / rho), near * (1 + m / rho))


def _stretching(claim: Claim) -> list[Obligation]:
    """One step with dL/dv = (rho/|v|)(I - P) g, which is orthogonal to v."""
    v, g = sp.symbols("v_1:4"), sp.symbols("g_1:4")
    rho, eta = sp.symbols("rho eta", positive=True)
    square = sp.Add(*(x**2 for x in v))
    inner = sp.Add(*(x * y for x, y in zip(v, g, strict=True)))
    slopes = [rho / sp.sqrt(square) * (y - inner * x / square) for x, y in zip(v, g, strict=True)]
    after = sp.Add(*((x - eta * s) ** 2 for x, s in zip(v, slopes, strict=True)))
    return [Obligation("|v|^2", after - square, claim(eta, sp.Add(*(s**2 for s in slopes))).stretched)]


_STEPS = tuple(
    tuple(map(sp.Rational, case.split()))
    # the parts of g along w and across, eta, rho
    for case in (
        *("3/5 4/5 1/10 1", "1 0 1/10 2", "0 1 1/10 2", "-3/5 4/5 1/4 3/2", "4/5 -3/5 1/2 1/2"),
        *("-1 0 1/4 2", "0 1 1/2 1", "3/5 4/5 1/1000 1", "-4/5 3/5 1/1000 10", "3/5 4/5 1/1000000 1/10"),
    )
)


def _defects(claim: Claim) -> Iterator[Inequality]:
    for along, across, eta, rho in _STEPS:
        true = step_defect(along, across, eta, rho)
        said = claim(eta, rho=rho, size=sp.sqrt(along**2 + across**2))
        case = f"g = ({along}, {across}), eta = {eta}, rho = {rho}"
        yield Inequality(f"{case}, not nearer", said.nearest, true)
        yield Inequality(f"{case}, not farther", true, said.farthest)


_INPUTS = ((2, 1), (1, -1))
_RUN = (50, flint.fmpq(1, 50))
"""So many steps, of this size, of two neurons in the plane on two examples."""


@cache
def _run(digits: int = 40) -> tuple[tuple[sp.Rational, sp.Rational], ...]:
    """Return the ends of balls: what |v|^2 gain in all, the fall of the loss, and the least margin of the steps."""
    steps, size = _RUN
    with precision(digits):
        eta, grad = flint.arb(size), flint.arb(0)
        alphas = [flint.arb(0), flint.arb(-1) / 4]
        vs = [[flint.arb(3) / 5, flint.arb(4) / 5], [flint.arb(4) / 5, flint.arb(-3) / 5]]
        first, spare, losses = _squares(vs), flint.arb(10), []
        for _ in range(steps + 1):
            lengths = [sum((x * x for x in v), flint.arb(0)).sqrt() for v in vs]
            ws = [[a.exp() * x / r for x in v] for a, v, r in zip(alphas, vs, lengths, strict=True)]
            outs = [sum((w[0] * x + w[1] * y for w in ws), flint.arb(0)) for x, y in _INPUTS]
            weights = [(-q).exp() for q in outs]
            losses.append(sum(weights, flint.arb(0)))
            g = [-sum((e * x[i] for e, x in zip(weights, _INPUTS, strict=True)), flint.arb(0)) for i in (0, 1)]
            if len(losses) > 1:
                spare = spare.min(losses[-2] - losses[-1] - eta * grad / 2)
            grad = flint.arb(0)
            for u, (w, v, r) in enumerate(zip(ws, vs, lengths, strict=True)):
                radial = w[0] * g[0] + w[1] * g[1]
                rho = alphas[u].exp()
                slopes = [rho / r * (g[i] - radial * w[i] / rho**2) for i in (0, 1)]
                grad += radial**2 + sum((s * s for s in slopes), flint.arb(0))
                if len(losses) <= steps:
                    alphas[u] -= eta * radial
                    vs[u] = [v[i] - eta * slopes[i] for i in (0, 1)]
        return tuple(map(ends, (_squares(vs) - first, losses[0] - losses[-1], spare)))


def _squares(vs: Sequence[Sequence[Any]]) -> Any:
    return sum((x * x for v in vs for x in v), flint.arb(0))


def _total(claim: Claim) -> Iterator[Inequality]:
    """What |v|^2 gain in 50 steps, in balls: 0.0032 of at most 0.012; and in one step at a right angle."""
    gained, fall, spare = _run()
    said = claim(sp.Rational(1, 50), fall=fall[0]).total
    yield Inequality("every step decreases the loss enough", sp.S.Zero, spare[0])
    yield Inequality("gained in all", gained[1], said)
    # one step of one neuron at a right angle to its only example, L = exp(-<w, x>): eta |grad|^2 near 2 (L_0 - L_1)
    eta = sp.Integer(1)
    turned = 1 / sp.sqrt(1 + eta**2)
    fall_of_one = 1 - sp.exp(-eta * turned)
    yield Inequality("one step of eta = 1, at a right angle", eta**2, claim(eta, fall=fall_of_one).total)


DESCENT_STEP = Statement(
    id="weightnorm.descent",
    title="A step of descent on (alpha, v) stretches |v|^2 by eta^2 |dL/dv|^2, and is the flow's up to second order.",
    latex=(
        r"|v_+|^2=|v|^2+\eta^2|\partial L/\partial v|^2,\quad\sum_k\text{gains}\le2\eta(L_0-L_K);\qquad "
        r"m=\eta\rho^2|g|:\ \frac{m^2}{2\rho}\Bigl(1-\frac m\rho\Bigr)\le|w_+-(w-\eta\rho^2g)|\le"
        r"\frac{m^2}{2\rho}\Bigl(1+\frac m\rho\Bigr)"
    ),
    source=f"derived here, for the descent of {SOURCE}",
    assumptions=(
        DESCENT,
        Assumption("for the sum of gains, every step decreases the loss by at least eta |grad|^2/2"),
        Assumption("for the distance from the flow's step, |v| = 1 and m <= rho/2"),
    ),
    claim=step,
    evidence=(
        Proved("one step, squared", _stretching, "all v, g, rho, eta"),
        Enclosed(f"the distance of {len(_STEPS)} steps", _defects, digits=50),
        Enclosed("50 steps of two neurons, and one large step", _total),
    ),
    mutants=(
        Mutant("|v| stays", partial(step, stretch=0)),
        Mutant("eta for eta^2", partial(step, gains=1)),
        Mutant("m^2/rho for m^2/(2 rho)", partial(step, half=sp.S.One)),
        Mutant("off by the first order", partial(step, order=1)),
        Mutant("eta (L_0 - L_K) in all", partial(step, twice=1)),
    ),
)

# --- weightnorm.descent-rate ------------------------------------------------------------------------------------------


class Grown(NamedTuple):
    """What is claimed of a chain under descent.

    Parameters
    ----------
    after : sympy.Expr
        p = log(1/L) after a step from p.
    least, most : sympy.Expr
        Bounds on what E gains in a step to a place that is given.
    share : pair of sympy.Expr
        Bounds on n T/(E(p_K) - E(p_0)), T the sum of the rates L^(-a)/10, for a = 0, 1/2, 9/10; and for a = 1.
    """

    after: Any
    least: Any
    most: Any
    share: tuple[Any, Any]
    edge: tuple[Any, Any]


_NONE = sp.Rational(1, 10**100)


def grown(
    n: Any,
    p: Any,
    eta: Any,
    then: Any = 1,
    *,
    depth: bool = True,
    above: bool = False,
    flat: bool = False,
    law: bool = False,
) -> Grown:
    """P becomes p exp(n eta p e^(-p)), and n T <= E(p_K) - E(p_0) <= n sum eta_k (p_k/p_(k+1)) e^(p_(k+1) - p_k).

    So the law 1/(n T log^2(1/L)) of the flow holds for rates L^(-a)/10 with a < 1, where n T/(E(p_K) - E(p_0)) is at
    least 99/100. At a = 1 it fails: p explodes, and the ratio is below 10^(-100) after a few steps.

    Parameters
    ----------
    n : sympy.Expr
        The depth.
    p : sympy.Expr
        log(1/L), at least 1.
    eta : sympy.Expr
        The learning rate of this step.
    then : sympy.Expr
        p after it.
    """
    most = n * eta * p / then * (1 if flat else sp.exp(then - p))
    least = n * eta
    share = (sp.Rational(99, 100), sp.S.One)
    return Grown(
        p * sp.exp((n if depth else 1) * eta * p * sp.exp(-p)),
        most if above else least,
        least if above else most,
        share,
        share if law else (sp.S.Zero, _NONE),
    )


def _one_step(claim: Claim) -> list[Obligation]:
    """Each of n logarithms alpha_i gains eta <w_i, -g_i> = eta p e^(-p)."""
    p, eta = sp.symbols("p eta", positive=True)
    found = []
    for n in (1, 2, 3):
        w = sp.symbols(f"w_1:{n + 1}", positive=True)
        output = sp.Mul(*w)
        gains = sp.Add(*(eta * x * output.diff(x) * sp.exp(-p) for x in w)).subs(output, p)
        said = sp.expand_log(sp.log(claim(sp.Integer(n), p, eta).after / p), force=True)
        found.append(Obligation(f"n = {n}", gains, said))
    return found


_LAWS = ((sp.S.Zero, 1), (sp.Rational(1, 2), 2), (sp.Rational(9, 10), 3))
_LONG = 2000
_FROM = 2
"""Runs take so many steps from this p; so that steps of a = 9/10 have become small."""


@cache
def _path(a: sp.Rational, n: int, steps: int, digits: int) -> tuple[tuple[sp.Rational, ...], Any]:
    """Return some places of a run, rounded to 1/1000, and n T/(E(p_K) - E(p_0)) as ends of a ball."""
    with precision(digits):
        p, places = flint.arb(_FROM), []
        total, power = flint.arb(0), flint.arb(flint.fmpq(int(a.p), int(a.q)))
        first = p.ei() - p.exp() / p
        for number in range(steps):
            if number in (0, 1, 10, 100, 1000):
                places.append(sp.Rational(round(1000 * float(p)), 1000))
            eta = (p * power).exp() / 10
            total += n * eta
            p = p * (n * eta * p * (-p).exp()).exp()
        return tuple(places), ends(total / (p.ei() - p.exp() / p - first))


def _brackets(claim: Claim) -> Iterator[Inequality]:
    """What E gains in a step, from places of a run, with the derived step."""
    for a, n in _LAWS:
        for p in (sp.S.One, *_path(a, n, _LONG, 200)[0]):
            eta = sp.exp(a * p) / 10
            then = chain_step(p, eta, n)
            said = claim(sp.Integer(n), p, eta, then)
            gained = sp.Ei(then) - sp.exp(then) / then - sp.Ei(p) + sp.exp(p) / p
            yield Inequality(f"n = {n}, a = {a}, p = {p}", said.least, gained)
            yield Inequality(f"n = {n}, a = {a}, p = {p}", gained, said.most)


def _shares(claim: Claim) -> Iterator[Inequality]:
    """Long runs for a < 1, and 7 or 4 steps for a = 1."""
    runs = [(a, n, _LONG, 200) for a, n in _LAWS] + [(sp.S.One, 1, 7, 200), (sp.S.One, 2, 4, 200)]
    for a, n, steps, digits in runs:
        (low, high), said = _path(a, n, steps, digits)[1], claim(sp.Integer(n), sp.S.One, sp.S.One)
        least, most = said.share if a < 1 else said.edge
        yield Inequality(f"n = {n}, a = {a}, {steps} steps: not less", least, low)
        yield Inequality(f"n = {n}, a = {a}, {steps} steps: not more", high, most)


DESCENT_RATE = Statement(
    id="weightnorm.descent-rate",
    title="Descent has the flow's rate for learning rates L^(-a)/10 with a < 1; at a = 1 the law of the rate is false.",
    latex=(
        r"p_{k+1}=p_ke^{n\eta_kp_ke^{-p_k}},\quad n\sum_k\eta_k\le E(p_K)-E(p_0)\le "
        r"n\sum_k\eta_k\frac{p_k}{p_{k+1}}e^{p_{k+1}-p_k};\qquad\eta_k=\tfrac1{10}L_k^{-a}:\ "
        r"\frac{nT}{E(p_K)-E(p_0)}\in[0.99,1]\ (a<1),\ \le10^{-100}\ (a=1)"
    ),
    source=f"derived here, for the descent of {SOURCE}, whose code has a = 1 (frac = 0) among its learning rates",
    assumptions=(
        DESCENT,
        EXPONENTIAL_LOSS,
        Assumption("a chain of n positive weights on one example, p_0 >= 1; ratios are of the runs tried, from p = 2"),
    ),
    claim=grown,
    evidence=(
        Proved("a step of all logarithms", _one_step, "all weights, n = 1, 2, 3"),
        Enclosed("what E gains in steps from p = 1 and five places of three runs", _brackets, digits=60),
        Enclosed(f"{_LONG} steps for a = 0, 1/2, 9/10; 7 and 4 for a = 1", _shares, digits=60),
    ),
    mutants=(
        Mutant("n dropped in the step", partial(grown, depth=False)),
        Mutant("n T at least what E gains", partial(grown, above=True)),
        Mutant("e^(p_(k+1) - p_k) dropped", partial(grown, flat=True)),
        Mutant("the law at a = 1", partial(grown, law=True)),
    ),
)

STATEMENTS = (DESCENT_STEP, DESCENT_RATE)
