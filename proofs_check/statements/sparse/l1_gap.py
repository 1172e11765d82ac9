"""How far the point that the flow has reached is from the least l1 norm of all points that fit the same data."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from functools import cache, partial
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.evidence import Enclosed, Inequality
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.sparse.conservation import EQUAL_START, PAPER, SQUARE_LOSS
from proofs_check.toolkit.numbers import rational


class Gap(NamedTuple):
    """What is claimed of |w|_1 - min |b|_1.

    Parameters
    ----------
    low, high : sympy.Expr
        The range.
    """

    low: Any
    high: Any


def l1_gap(
    N: int,
    w0: sp.Expr,
    sizes: tuple[sp.Expr, ...],
    *,
    power: Any = None,
    share: sp.Rational = sp.S.One,
    log: bool = True,
) -> Gap:
    r"""At every time 0 <= |w|_1 - min{|b|_1 : Xb = Xw} <= w_0^((N-2)/N) sum |w_i|^(2/N) for N > 2.

    For N = 2 it is at most sum |w_i| (1 - arsinh(|w_i|/2w_0)/max_j arsinh(|w_j|/2w_0)), with equality on a single row.

    Parameters
    ----------
    N : int
        The depth.
    w0 : sympy.Expr
        The start alpha^N, in units of coordinates.
    sizes : tuple of sympy.Expr
        The numbers |w_i|.
    """
    if N == 2 and log:
        logs = [sp.log(w / (2 * w0) + sp.sqrt(1 + (w / (2 * w0)) ** 2)) for w in sizes]
        largest = sp.Max(*logs, evaluate=False)
        return Gap(sp.S.Zero, share * sum(w * (1 - one / largest) for w, one in zip(sizes, logs, strict=True)))
    exponent = sp.Rational(N - 2, N) if power is None else power(N)
    if N == 2:
        exponent = sp.Rational(1, 2)
    return Gap(sp.S.Zero, share * w0**exponent * sum(w ** sp.Rational(2, N) for w in sizes))


Design = tuple[tuple[Fraction, ...], ...]
"""The rows of X."""


def _near_ties(copies: int, delta: str, first: str) -> tuple[Design, tuple[Fraction, ...]]:
    """Return one row whose later columns are shorter by delta, and the dual variable that is `first` delta from 1.

    They nearly tie, so that much weight sits where it costs a little too much.
    """
    short = 1 - Fraction(delta)
    return ((Fraction(1), *(short,) * copies),), (1 - Fraction(delta) * Fraction(first),)


def _plane(*columns: tuple[int, int], dual: tuple[str, str]) -> tuple[Design, tuple[Fraction, ...]]:
    """Return two rows with these columns over 10, and the dual variable."""
    rows = tuple(tuple(Fraction(column[row], 10) for column in columns) for row in (0, 1))
    return rows, tuple(map(Fraction, dual))


_PLANES = (
    _plane((10, 0), (3, 9), (7, 7), (-9, 4), dual=("99/100", "1/5")),
    _plane((10, 1), (9, 3), (-2, 10), (6, 6), dual=("39/40", "9/40")),
)

_CASES = (
    *((3, w0, *ties) for w0, ties in (("1e-6", _near_ties(60, "1/100", "2/5")), ("1e-4", _near_ties(3, "1/20", "1")))),
    *((4, w0, *ties) for w0, ties in (("1e-4", _near_ties(20, "1/100", "1/2")), ("1e-8", _near_ties(1, "1e-4", "1")))),
    *((6, w0, *ties) for w0, ties in (("1e-6", _near_ties(20, "1e-4", "1/10")), ("1e-6", _near_ties(2, "1e-4", "1")))),
    *((N, w0, *plane) for N in (3, 4, 6) for w0, plane in zip(("1e-2", "1e-4"), _PLANES, strict=True)),
    *((2, "1e-8", rows, tuple(20 * entry for entry in dual)) for rows, dual in (*_PLANES, _near_ties(3, "1/20", "1"))),
)
"""Depth, start, design, and the dual variable: for N > 2 in units of the pole, for N = 2 the numbers 4 nu."""


_TINY = sp.Rational(1, 10**40)


@cache
def _points(N: int, w0: str, rows: Design, dual: tuple[Fraction, ...]) -> tuple[tuple[sp.Expr, ...], sp.Expr]:
    """Return the numbers |w_i|, and the least l1 norm as the largest of y nu over the corners of the dual polytope."""
    columns = tuple(zip(*rows, strict=True))
    places = [rational(sum((a * b for a, b in zip(column, dual, strict=True)), Fraction(0))) for column in columns]
    scale = sp.Rational(w0)
    if N == 2:
        w = tuple(scale * (sp.exp(place) - sp.exp(-place)) for place in places)
    else:
        p = sp.Rational(N, N - 2)
        w = tuple(scale * ((1 - c) ** -p - (1 + c) ** -p) for c in places)
    y = [sp.Add(*(rational(a) * b for a, b in zip(row, w, strict=True))) for row in rows]
    values = [sp.Add(*(rational(a) * b for a, b in zip(corner, y, strict=True))) for corner in _corners(columns)]
    return tuple(sp.sign(place) * one for place, one in zip(places, w, strict=True)), sp.Max(*values, evaluate=False)


def _corners(columns: tuple[tuple[Fraction, ...], ...]) -> list[tuple[Fraction, ...]]:
    """Return all corners of the polygon (or segment) of the nu with |x_i nu| <= 1 for every column."""
    if len(columns[0]) == 1:
        longest = max(abs(x) for (x,) in columns)
        return [(1 / longest,), (-1 / longest,)]
    found = set()
    for (a, b), (c, d) in itertools.combinations(columns, 2):
        if determinant := a * d - b * c:
            for s, t in itertools.product((1, -1), repeat=2):
                corner = ((s * d - t * b) / determinant, (t * a - s * c) / determinant)
                if all(abs(x * corner[0] + z * corner[1]) <= 1 for x, z in columns):
                    found.add(corner)
    return sorted(found)


def _gaps(claim: Claim) -> Iterator[Inequality]:
    for case in _CASES:
        N, w0, *_ = case
        sizes, least = _points(*case)
        gap, claimed = sp.Add(*sizes, -least), claim(N, sp.Rational(w0), sizes)
        label = f"N = {N}, w_0 = {w0}, {len(sizes)} columns"
        yield Inequality(f"{label}: not below", claimed.low, gap)
        yield Inequality(f"{label}: not above", gap, claimed.high + _TINY)
        if N == 2 and len(case[2]) == 1:  # the dual vector is the best one
            yield Inequality(f"{label}: attained", claimed.high - _TINY, gap)


L1_GAP = Statement(
    id="sparse.l1-gap",
    title="At every time the l1 norm is least up to w_0^(1-2/N) sum |w_i|^(2/N): each depth N > 2 tends to l1, fast.",
    latex=(
        r"0\le\|w(T)\|_1-\min\{\|b\|_1:Xb=Xw(T)\}\le w_0^{(N-2)/N}\sum_i|w_i|^{2/N}\ (N\ge3),\qquad "
        r"\le\sum_i|w_i|\Bigl(1-\frac{\operatorname{arsinh}(|w_i|/2w_0)}{\max_j\operatorname{arsinh}(|w_j|/2w_0)}"
        r"\Bigr)\ (N=2)"
    ),
    source=f"{PAPER} and arXiv:2002.09277 have the limit; the bound is derived here by weak duality",
    assumptions=(EQUAL_START, SQUARE_LOSS),
    claim=l1_gap,
    evidence=(Enclosed("points h_N(X^T nu), the least norm over all corners of the dual polytope", _gaps, digits=50),),
    mutants=(
        Mutant("w_0 for w_0^(1-2/N)", partial(l1_gap, power=lambda N: 1)),
        Mutant("the square of w_0^(1-2/N)", partial(l1_gap, power=lambda N: sp.Rational(2 * (N - 2), N))),
        Mutant("no gap at finite w_0", partial(l1_gap, share=sp.S.Zero)),
        Mutant("half the bound", partial(l1_gap, share=sp.Rational(1, 2))),
        Mutant("a power of w_0 for N = 2 too", partial(l1_gap, log=False)),
    ),
)

STATEMENTS = (L1_GAP,)
