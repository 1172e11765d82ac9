"""A rate at every finite time, for any homogeneous net trained with exponential weight normalization."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache, partial
from typing import Any

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Enumerated, Inequality
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.weightnorm.flows import EXPONENTIAL_LOSS, FLOW, HOMOGENEOUS, SOURCE
from proofs_check.statements.weightnorm.winners import itself
from proofs_check.toolkit.balls import all_of, ball, not_above
from proofs_check.toolkit.homogeneous_nets import HomogeneousNet, clock_speed, random_net
from proofs_check.toolkit.numbers import rational
from theory.balls import precision
from theory.dynamics.weight_norm.neurons import FAMILIES

_DIGITS = 30


def bound(
    what: str,
    *case: Any,
    times: int = 1,
    by: str = "shares",
    family: str = "exponential",
    more: int = 0,
    logistic: str = "1 - exp(-L)",
) -> Any:
    r"""E(p) grows at least at the rate c = sum d_l^2/n_l: so c t <= E(p(t)) - E(p_0), and L <= about 1/(c t p^2).

    - ``speed`` is c for the exponential flow, and no more than 0 for standard and plain ones, given the degrees d_l and
      the widths n_l.
    - ``pull`` is L p, below N = sum q_i e^(-q_i), given L, p and the number of examples.
    - ``logistic`` is (1 - e^(-L)) log(1/(e^L - 1)), below N = sum q_i/(1 + e^(q_i)) of the logistic loss, given L.

    Parameters
    ----------
    what : str
        Which of these.
    """
    if what == "pull":
        loss, p, m = case
        return loss * (p + more * sp.log(m))
    if what == "logistic":
        (loss,) = case
        return (loss if logistic == "L" else 1 - sp.exp(-loss)) * sp.log(1 / (sp.exp(loss) - 1))
    degrees, widths = case
    shares = [
        {"shares": Fraction(d * d, n), "degrees": Fraction(d * d), "layers": Fraction(1)}[by]
        for d, n in zip(degrees, widths, strict=True)
    ]
    c = rational(times * sum(shares, Fraction(0)))
    return tuple(c if one in ("exponential", family) else sp.S.Zero for one in FAMILIES)


_SHAPES = (
    ((1, 1), (1,), 1), ((1, 1), (2,), 1), ((2, 1), (1,), 2), ((2, 1), (2,), 2), ((3, 1), (2,), 3), ((4, 1), (1,), 2),
    ((2, 2, 1), (1, 1), 2), ((2, 2, 1), (2, 1), 2), ((1, 1, 1), (2, 2), 1), ((3, 2, 1), (1, 2), 3),
)  # fmt: skip
"""Widths, powers, and the length of inputs."""
_RANDOM = tuple((shape, m, seed) for shape in _SHAPES for m in (1, 2, 3) for seed in (1, 2))


@cache
def _net(shape: tuple[Any, ...], examples: int, seed: int) -> HomogeneousNet:
    widths, powers, inputs = shape
    return random_net(1000 * seed + 10 * examples, widths, powers, inputs, examples)


@cache
def _speed(net: HomogeneousNet, family: str) -> Any:
    with precision(_DIGITS):
        return clock_speed(net, family)


def _reaches(net: HomogeneousNet, family: str, c: Fraction) -> bool | None:
    speed = _speed(net, family)
    with precision(_DIGITS):
        return bool(c <= speed) if isinstance(speed, Fraction) else not_above(ball(c), speed)


def _fast_enough(net: HomogeneousNet) -> Callable[[Claim], bool | None]:
    """Judge the rate at one time: it holds at all times if and only if it does at the first of each start."""

    def judge(claim: Claim) -> bool | None:
        rates = claim("speed", net.degrees, net.widths)
        return all_of(_reaches(net, family, Fraction(c)) for family, c in zip(FAMILIES, rates, strict=True))

    return judge


def _exactly_so_fast(net: HomogeneousNet) -> Callable[[Claim], bool | None]:
    """Judge whether the exponential flow attains c; the others must be at least as fast as is claimed of them."""
    fast_enough = _fast_enough(net)
    return lambda claim: (
        fast_enough(claim) and claim("speed", net.degrees, net.widths)[0] == rational(_speed(net, "exponential"))
    )


def _random_net(*case: Any) -> Callable[[Claim], bool | None]:
    return _fast_enough(_net(*case))


_ALIGNED = tuple(
    HomogeneousNet(
        tuple(tuple(tuple(Fraction(2 + k + width - u) for _ in range(before)) for u in range(width))
              for k, (before, width) in enumerate(zip((1, *widths), widths, strict=False))),
        powers,
        ((Fraction(1, 7),),),
    )
    for widths, powers in (((1,), ()), ((1, 1), (1,)), ((1, 1), (2,)), ((1, 1, 1), (1, 1)), ((1, 1, 1), (2, 2)))
)  # fmt: skip
"""One neuron in each layer, one example, aligned: here c is attained exactly."""

_MARGINS = tuple(tuple(map(sp.Rational, text.split())) for text in ("2 3", "2 2", "1 5 5", "3 40", "5/2 5/2 5/2 9"))


def _pulls(claim: Claim) -> Iterator[Inequality]:
    """N of several examples, for the exponential and the logistic loss."""
    for q in _MARGINS:
        case = f"q = {', '.join(map(str, q))}"
        loss, pull = sp.Add(*(sp.exp(-x) for x in q)), sp.Add(*(x * sp.exp(-x) for x in q))
        yield Inequality(f"{case}, exponential", claim("pull", loss, -sp.log(loss), len(q)), pull)
        loss, pull = sp.Add(*(sp.log(1 + sp.exp(-x)) for x in q)), sp.Add(*(x / (1 + sp.exp(x)) for x in q))
        yield Inequality(f"{case}, logistic", claim("logistic", loss), pull)


FINITE_TIME_RATE = Statement(
    id="weightnorm.finite-time-rate",
    title="Exponential: c t <= E(p(t)) - E(p_0) for any homogeneous net at every finite time, c = sum d_l^2/n_l.",
    latex=(
        r"L(0)<1:\quad ct\le E(p(t))-E(p_0),\quad c=\sum_l\frac{d_l^2}{n_l};\qquad"
        r"-\dot L=\sum_u\rho_u^2|g_u|^2\ge\sum_l\frac{(d_lN)^2}{n_l},\quad N=\sum_iq_ie^{-q_i}\ge Lp;\quad"
        r"\text{logistic}:\ N\ge(1-e^{-L})\log\tfrac1{e^L-1}"
    ),
    source=f"derived here, for the flow of {SOURCE}: no limit and no convergence of directions is assumed",
    assumptions=(
        FLOW,
        HOMOGENEOUS,
        EXPONENTIAL_LOSS,
        Assumption("exponential weight normalization with |v| = 1, and L(0) < 1; log 2 for the logistic loss"),
    ),
    claim=bound,
    evidence=(
        Enumerated(
            f"how fast E grows in {len(_RANDOM)} nets of ReLU and squared ReLU, every rounding bounded",
            _RANDOM,
            _random_net,
            label=lambda *case: str(_net(*case)),
            apply=itself,
            covers=f"{len(_RANDOM)} nets of up to three layers and 3 examples",
        ),
        Enumerated(
            f"{len(_ALIGNED)} aligned nets, where it grows exactly so fast",
            tuple((net,) for net in _ALIGNED),
            _exactly_so_fast,
            apply=itself,
            covers="one neuron in each of up to three layers",
        ),
        Enclosed(f"N of {len(_MARGINS)} sets of examples", _pulls),
    ),
    mutants=(
        Mutant("2 c", partial(bound, times=2)),
        Mutant("sum d_l^2", partial(bound, by="degrees")),
        Mutant("the number of layers", partial(bound, by="layers")),
        Mutant("N at least L (p + log m)", partial(bound, more=1)),
        Mutant("L for 1 - exp(-L)", partial(bound, logistic="L")),
        Mutant("for plain flow, too", partial(bound, family="plain")),
        Mutant("for standard normalization, too", partial(bound, family="standard")),
    ),
)

STATEMENTS = (FINITE_TIME_RATE,)
