"""The questions: expectations of products of random matrices, each with its answer known independently of all sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

WIDTH = sp.Symbol("n", integer=True, positive=True)
DEPTH = sp.Symbol("L", integer=True, positive=True)
NORM = sp.Symbol("norm_x", positive=True)
NORM4 = sp.Symbol("norm4_x", positive=True)


class Cannot(Exception):
    """A side has no way to answer; the message says why, in few words."""


@dataclass(frozen=True)
class Case:
    """One question.

    Parameters
    ----------
    name : str
        Short, for the table and for subprocesses.
    value : callable
        Returns the answer, from the literature or by hand; called after the clock has stopped.
    depth : int or str, optional
        L of E|a_L|^4, a_k = phi(W_k a_{k-1}), a_0 = x. None: E tr (W W^T)^3.
    law, activation : str
        Of the entries, which have variance 1; phi.
    """

    name: str
    value: Callable[[], sp.Expr]
    depth: int | str | None
    law: str = "normal"
    activation: str = "linear"


def _normal(depth: int | sp.Expr) -> sp.Expr:
    """Return E|W_L ... W_1 x|^4: every layer multiplies |a|^2 by an independent chi-square of n degrees of freedom."""
    return (WIDTH * (WIDTH + 2)) ** depth * NORM**4


def _relu(depth: int | sp.Expr) -> sp.Expr:
    """Return the same for ReLU: n units, E relu(z)^4 = 3/2 and (E relu(z)^2)^2 = 1/4 for standard normal z."""
    return (WIDTH * sp.Rational(3, 2) + WIDTH * (WIDTH - 1) / 4) ** depth * NORM**4


def _uniform_twice() -> sp.Expr:
    """Return E|W_2 W_1 x|^4 for uniform entries, whose fourth cumulant is -6/5."""
    cumulant = -sp.Rational(6, 5)
    square = WIDTH * (WIDTH + 2) * NORM**4 + WIDTH * cumulant * NORM4**4  # E|a_1|^4
    fourth = WIDTH * (3 * NORM**4 + cumulant * NORM4**4)  # E sum_i a_1i^4
    return WIDTH * (WIDTH + 2) * square + WIDTH * cumulant * fourth


def _wishart_third() -> sp.Expr:
    """Return E tr S^3 of a Wishart matrix, n degrees of freedom in dimension n (Letac and Massam, 2004)."""
    return WIDTH**2 * (5 * WIDTH**2 + 6 * WIDTH + 4)


CASES = (
    Case("E|Wx|^4", lambda: _normal(1), 1),
    Case("E|W2 W1 x|^4", lambda: _normal(2), 2),
    Case("E|W4...W1 x|^4", lambda: _normal(4), 4),
    Case("E|W8...W1 x|^4", lambda: _normal(8), 8),
    Case("E tr (W W^T)^3", _wishart_third, None),
    Case("E|WL...W1 x|^4, symbolic L", lambda: _normal(DEPTH), "L"),
    Case("E|W2 W1 x|^4, uniform law", _uniform_twice, 2, law="uniform"),
    Case("E|relu(W2 relu(W1 x))|^4", lambda: _relu(2), 2, activation="relu"),
)
"""In the order of the table."""


def agree(answer: sp.Expr, value: sp.Expr) -> bool:
    """Whether two answers are equal: identically or, if L is a symbol, identically for each L up to six.

    Examples
    --------
    >>> agree((WIDTH**2 + 2 * WIDTH) ** DEPTH, (WIDTH * (WIDTH + 2)) ** DEPTH)
    True
    >>> agree(WIDTH**2, WIDTH * (WIDTH + 2))
    False
    """
    difference = answer - value
    depths = range(1, 7) if difference.has(DEPTH) else (1,)
    return all(sp.expand(sp.cancel(sp.expand(difference.subs(DEPTH, depth)))) == 0 for depth in depths)
