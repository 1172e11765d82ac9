"""The distance of gradient descent from gradient flow: Euler's recursion, its sum, and the first order on a chain."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

import flint
import numpy as np
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.exact.small_losses import SmallLoss, is_definite
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.toolkit.balls import all_of, ball, larger, not_above, root
from proofs_check.toolkit.rational_pairs import random_matrix, rotation
from theory.balls import Ball, precision
from theory.dynamics.descent.chain_flows import chain_weights
from theory.dynamics.descent.taylor_flows import flow_steps

SOURCE = "O. Elkabetz, N. Cohen, arXiv:2107.06608"
SMOOTH = Assumption("the loss is twice differentiable, with both points and all between in its domain")
CHAIN = Assumption("on a chain, the loss is (w^n - 1)^2/2 over n equal weights: dw/dt = g(w) = w^(n-1)(1 - w^n)")


def euler_recursion(
    what: str,
    *numbers: Any,
    percent: int = 100,
    amplifies: int = 1,
    lowered: int = 0,
    half: int = 2,
    flat: bool = False,
    bend: int = 0,
    times: int = 1,
) -> Any:
    """e_(k+1) <= max(|1 - eta l|, |1 - eta b|) e_k + c_k, with all eigenvalues of H between both points in [l, b].

    Summed: e_K <= (eta/2) S (e^(mT) - 1)/m, where l >= -m, eta (b - m) <= 2 and |H grad f| <= S on the flow. On a chain
    e = (eta/2) g(w) log(g(w)/g(w_0)) to first order: the largest of both agree within the share eta/2.

    Parameters
    ----------
    what : str
        ``step`` with e_k, l, b, eta, c_k; ``total`` with eta, the bounds S of |H grad f| and G of |grad f|, m, T and
        e^(mT); ``chain`` with eta, g(w) and log(g(w)/g(w_0)).
    """
    if what == "step":
        e, least, greatest, eta, c = numbers
        factor = larger(abs(1 - eta * (least + lowered)), abs(1 - eta * (greatest + lowered)))
        return (factor if amplifies else 1) * e + c * percent / 100
    if what == "total":
        eta, S, gradient, m, T, growth = numbers
        return eta / half * (gradient if bend else S) * (T if flat else (growth - 1) / m)
    eta, g, log = numbers
    return times * eta / 2 * g * (1 if flat else log)


# --- on a parabola, where all is known ---


def _parabola(claim: Claim) -> list[Obligation]:
    """For f = -m x^2/2 both sides are equal: P and Q are (1 + m eta)^k and e^(m eta k), q is e^(m eta)."""
    m, eta, x, P, Q, q, S, G, T = sp.symbols("m eta x P Q q S G T", positive=True)
    grows = 1 + m * eta
    after, local = x * (Q * q - P * grows), x * Q * (q - grows)
    summed = [claim("total", eta, S, G, m, T, power) for power in (P, P * grows)]
    return [
        Obligation("step, f = -m x^2/2", after, claim("step", x * (Q - P), -m, -m, eta, local)),
        Obligation("step, summed", summed[1], claim("step", summed[0], -m, -m, eta, S * eta**2 / 2)),
    ]


# --- on paths that balls hold ---


class Stage(NamedTuple):
    """What is known of one step of descent, beside the flow, as balls."""

    error: Ball
    after: Ball
    least: Ball
    greatest: Ball
    local: Ball


class Path(NamedTuple):
    """Descent beside the flow."""

    eta: Ball
    stages: tuple[Stage, ...]
    bend: Ball
    gradient: Ball


_DIGITS = 30
_TINY = flint.arb("1e-15")


def _norm(vector: Any) -> Ball:
    return root(sum((x * x for x in vector), flint.arb(0)))


def _apart(one: Any, other: Any) -> Ball:
    return _norm([x - y for x, y in zip(one, other, strict=True)])


@cache
def _chain_path(n: int, start: str, eta: str, steps: int) -> Path:
    """A chain, as the function of one variable whose gradient is -g."""

    def g(w: Any) -> Any:
        return w ** (n - 1) * (1 - w**n)

    def slope(w: Any) -> Any:  # f'' = -g'
        return w ** (n - 2) * ((2 * n - 1) * w**n - (n - 1))

    with precision(_DIGITS):
        rate, here = ball(sp.Rational(eta)), ball(sp.Rational(start))
        known = [here]
        passed = list(flow_steps(lambda y: [g(y[0])], [here], rate, steps, digits=_DIGITS, order=16))
        turning = (ball(sp.Rational(n - 2, 2 * (2 * n - 1))).root(n) if n > 2 else flint.arb(0)).mid()
        known += [one.end[0] for one in passed]
        stages = []
        for k in range(steps):
            after = here + rate * g(here)
            segment = [here, known[k]]
            if min(segment, key=float) < turning < max(segment, key=float):
                segment.append(turning)
            bends = [slope(w) for w in segment]
            least, greatest = min(bends, key=float), max(bends, key=float)
            local = abs(known[k + 1] - known[k] - rate * g(known[k]))
            stages.append(Stage(abs(here - known[k]), abs(after - known[k + 1]), least, greatest, local))
            here = after
        # |H grad f| = |g' g| between the ends of the path, on a grid so fine that balls around it are narrow
        edges = [known[0] + (known[-1] - known[0]) * i / 400 for i in range(401)]
        boxes = [a.union(b) for a, b in itertools.pairwise(edges)]
        bend = max((abs(slope(w) * g(w)).upper() for w in boxes), key=float)
        gradient = max((abs(g(w)).upper() for w in boxes), key=float)
    return Path(rate, tuple(stages), bend, gradient)


@cache
def _quadratic_path(size: int, seed: int, eta: str, steps: int) -> Path:
    """Descend on f = y^T A y/2, with A = Q diag Q^T for a rational Q, whose flow is known along each eigenvector."""
    roots = [sp.Rational(k, 2 + seed) for k in range(-1, size - 1)]
    start = rotation(size, seed).T * random_matrix(size, 1, seed + 1)
    with precision(_DIGITS):
        rate, at = ball(sp.Rational(eta)), [ball(x) for x in start]
        lams = [ball(x) for x in roots]
        flow = [[x * (-lam * rate * k).exp() for x, lam in zip(at, lams, strict=True)] for k in range(steps + 1)]
        here, stages = at, []
        for k in range(steps):
            after = [x * (1 - rate * lam) for x, lam in zip(here, lams, strict=True)]
            local = [b - a * (1 - rate * lam) for a, b, lam in zip(flow[k], flow[k + 1], lams, strict=True)]
            stages.append(Stage(_apart(here, flow[k]), _apart(after, flow[k + 1]), lams[0], lams[-1], _norm(local)))
            here = after
        # every entry of the gradient is monotone in time, so that its larger end bounds it
        ends = [[lam * larger(abs(a), abs(b)) for a, b, lam in zip(flow[0], flow[-1], lams, strict=True)]]
        bend = _norm([lam * x for x, lam in zip(ends[0], lams, strict=True)])
    return Path(rate, tuple(stages), bend, _norm(ends[0]))


@cache
def _net_path(widths: tuple[int, ...], seed: int, eta: str, steps: int) -> Path:
    """A linear network on whitened data, in all of its weights."""
    shapes = [(rows, columns) for columns, rows in itertools.pairwise(widths)]
    layers = tuple(_fifths(rows, columns, f"{seed} {k}") for k, (rows, columns) in enumerate(shapes))
    inputs = tuple(tuple(flint.fmpq(int(i == j)) for j in range(widths[0])) for i in range(widths[0]))
    exact = SmallLoss(layers, inputs, _fifths(widths[-1], widths[0], f"{seed} Y"))
    with precision(_DIGITS):
        rate, loss = ball(sp.Rational(eta)), exact.in_balls()

        def field(y: Any) -> list[Any]:
            one = loss.at(loss.shaped(y))
            return [-g for g in one.at(one.gradient).weights]

        passed = list(flow_steps(field, loss.weights, rate, steps, digits=_DIGITS, order=12))
        known, here, stages = [loss.weights, *(one.end for one in passed)], loss.weights, []
        for k in range(steps):
            after = [x + rate * v for x, v in zip(here, field(here), strict=True)]
            local = [b - a - rate * v for a, b, v in zip(known[k], known[k + 1], field(known[k]), strict=True)]
            hull = loss.at(loss.shaped([x.union(y) for x, y in zip(here, known[k], strict=True)])).hessian
            least, greatest = _range(hull)
            errors = _apart(here, known[k]), _apart(after, known[k + 1])
            stages.append(Stage(errors[0], errors[1], least, greatest, _norm(local)))
            here = tuple(after)
        bend, gradient = flint.arb(0), flint.arb(0)
        for one in passed:
            speed, curved = field(one.box), loss.at(loss.shaped(one.box)).hessian
            pulled = [sum((h * v for h, v in zip(row, speed, strict=True)), flint.arb(0)) for row in curved]
            bend, gradient = bend.max(_norm(pulled).upper()), gradient.max(_norm(speed).upper())
    return Path(rate, tuple(stages), bend, gradient)


def _fifths(rows: int, columns: int, seed: str) -> Any:
    return tuple(
        tuple(flint.fmpq(int(x.p), int(x.q)) for x in row) for row in random_matrix(rows, columns, seed).tolist()
    )


def _range(hessian: Any) -> tuple[Ball, Ball]:
    """Return numbers below and above all eigenvalues, guessed in floats and then proved by pivots."""
    found = np.linalg.eigvalsh(np.array([[float(x.mid()) for x in row] for row in hessian]))
    turned, slack = tuple(tuple(-x for x in row) for row in hessian), 1e-6
    while True:
        least, greatest = flint.arb(found[0] - slack), flint.arb(found[-1] + slack)
        if is_definite(hessian, -least) and is_definite(turned, greatest):
            return least, greatest
        slack *= 2


_PATHS: dict[str, Callable[..., Path]] = {"chain": _chain_path, "quadratic": _quadratic_path, "net": _net_path}
_CASES = (
    *(("chain", n, start, "1/10", 24) for n, start in ((2, "1/10"), (3, "2/5"), (4, "1/2"))),
    ("chain", 2, "1/10", "1/50", 30),
    *(("quadratic", size, seed, "1/5", 12) for size in (1, 2, 3) for seed in (0, 1)),
    *(("net", widths, seed, "1/40", 4) for widths, seed in (((2, 1, 1), 0), ((1, 2, 1), 1), ((1, 1, 1, 1), 2))),
)


def _along(kind: str, *case: Any) -> Callable[[Claim], bool | None]:
    """Judge each step, and the sum after each, to fifteen digits: a first step from one point is an equality."""
    path = _PATHS[kind](*case)
    m = max((-one.least for one in path.stages), key=float)
    curbed = all(path.eta * (one.greatest - m) <= 2 for one in path.stages)

    def judge(claim: Claim) -> bool | None:
        with precision(_DIGITS):
            return all_of(_answers(claim))

    def _answers(claim: Claim) -> Iterator[bool | None]:
        for k, one in enumerate(path.stages):
            bound = claim("step", one.error, one.least, one.greatest, path.eta, one.local)
            yield not_above(one.after, bound * (1 + _TINY))
            if m > 0 and curbed:
                time = path.eta * (k + 1)
                yield not_above(
                    one.after, claim("total", path.eta, path.bend, path.gradient, m, time, (m * time).exp())
                )

    return judge


_LAWS = tuple(
    (n, start, eta)
    for n, start, eta in (
        *((2, start, eta) for start in ("1/10", "1/1000") for eta in ("1/10", "1/50")),
        *((3, start, eta) for start in ("1/5", "1/12") for eta in ("1/10", "1/50")),
        *((4, start, "1/10") for start in ("3/10", "1/20")),
    )
)


@cache
def _peak(n: int, start: str, eta: str) -> tuple[Ball, Ball, Ball, Ball]:
    """Return eta, g and its logarithm where the first order is largest, and the largest error of descent.

    That is looked for every tenth of time, from 1 before to 4 after the time of the first.
    """
    w = np.linspace(float(sp.Rational(start)), 0.999, 20_001)
    g = w ** (n - 1) * (1 - w**n)
    place = w[np.argmax(g * np.log(g / g[0]))]
    grid = np.linspace(w[0], place, 20_001)
    time = np.trapezoid(1 / (grid ** (n - 1) * (1 - grid**n)), grid)
    often = round(1 / (10 * sp.Rational(eta)))
    tenths = max(1, round(10 * (time - 1)))
    with precision(_DIGITS + 20):
        rate, first = ball(sp.Rational(eta)), ball(sp.Rational(start))
        known = chain_weights(n, start, flint.arb(tenths) / 10, flint.arb(1) / 10, 50, _DIGITS)
        here, errors = first, []
        for step in range(1, often * (tenths + 49) + 1):
            here += rate * here ** (n - 1) * (1 - here**n)
            if step % often == 0 and step >= often * tenths:
                errors.append(abs(here - known[step // often - tenths]))
        speed, slowest = (x ** (n - 1) * (1 - x**n) for x in (flint.arb(float(place)), first))
        return rate, speed, (speed / slowest).log(), max(errors, key=float)


def _at_peak(*case: Any) -> Callable[[Claim], bool | None]:
    eta, speed, log, error = _peak(*case)

    def judge(claim: Claim) -> bool | None:
        with precision(_DIGITS):
            return not_above(abs(error / claim("chain", eta, speed, log) - 1), eta / 2)

    return judge


EULER_RECURSION = Statement(
    id="descent.euler-recursion",
    title="Descent leaves flow by at most eta S (e^(mT) - 1)/(2m), and on a chain by about (eta/2) g log(g/g_0).",
    latex=(
        r"e_{k+1}\le\max(|1-\eta l_k|,|1-\eta b_k|)\,e_k+c_k;\quad e_K\le\tfrac\eta2S\,\frac{e^{mT}-1}m;\qquad "
        r"\dot w=g(w):\ e=\tfrac\eta2g(w)\log\frac{g(w)}{g(w_0)}\,\bigl(1+O(\eta)\bigr)"
    ),
    source=f"in place of theorem 1 of {SOURCE}; the constants are derived here",
    assumptions=(SMOOTH, CHAIN),
    claim=euler_recursion,
    evidence=(
        Proved("equality on a parabola, and the sum of the steps", _parabola, "all parabolas and steps; the sum"),
        Enumerated(
            "chains, quadratics and linear networks, flow and descent in balls", _CASES, _along, apply=itself,
            label=lambda kind, *case: f"{kind} {case}",
        ),
        Enumerated(
            "the largest error on chains, at tenths of time", _LAWS, _at_peak, apply=itself,
            label=lambda n, start, eta: f"n = {n}, w_0 = {start}, eta = {eta}",
        ),
    ),
    mutants=(
        Mutant("0.99 c_k", partial(euler_recursion, percent=99)),
        Mutant("no amplification", partial(euler_recursion, amplifies=0)),
        Mutant("eigenvalues larger by 1", partial(euler_recursion, lowered=1)),
        Mutant("eta/4 for eta/2", partial(euler_recursion, half=4)),
        Mutant("S T for S (e^(mT) - 1)/m, and no logarithm", partial(euler_recursion, flat=True)),
        Mutant("|grad f| for |H grad f|", partial(euler_recursion, bend=1)),
        Mutant("twice the first order", partial(euler_recursion, times=2)),
    ),
)  # fmt: skip

STATEMENTS = (EULER_RECURSION,)
