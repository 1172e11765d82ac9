"""What SymPy answers without any of the packages: the entries of 2 x 2 matrices, one layer at a time.

`sympy.stats` leaves the expectation of a product of `RandomMatrixSymbol` standing and has none of `MatrixNormal`, so
polynomials are expanded in the entries and their powers replaced by moments. For ReLU, where there is no polynomial in
the entries, `sympy.stats` integrates the moments of one unit, and units are independent.
"""

from __future__ import annotations

import sympy as sp
from sympy.stats import E, Normal

from benchmarks.cases import Cannot, Case

_WIDTH = 2


def solve(case: Case, route: str = "") -> sp.Expr:
    """Return the answer for width 2, in the entries x1, x2 of the input."""
    if case.depth == "L":
        raise Cannot("one layer at a time")
    if case.depth is None:
        return _trace()
    if case.activation == "relu":
        return _units(int(case.depth))
    return _chain(int(case.depth), case.law)


def read(result: sp.Expr) -> sp.Expr:
    """Return the result: it is SymPy already."""
    return result


def _moment(law: str, order: int) -> sp.Expr:
    if order % 2:
        return sp.S.Zero
    return sp.factorial2(order - 1) if law == "normal" else sp.Integer(3) ** (order // 2) / (order + 1)


def _averaged(polynomial: sp.Poly, law: str) -> sp.Expr:
    return sp.Add(
        *(coefficient * sp.Mul(*(_moment(law, k) for k in powers)) for powers, coefficient in polynomial.terms())
    )


def _chain(depth: int, law: str) -> sp.Expr:
    x = sp.symbols(f"x1:{_WIDTH + 1}", positive=True)
    entries = sp.symbols(f"w1:{_WIDTH**2 + 1}")
    images = list(sp.Matrix(_WIDTH, _WIDTH, entries) * sp.Matrix(x))
    value = sp.Add(*(a**2 for a in x)) ** 2
    for _ in range(depth):
        value = _averaged(sp.Poly(value.subs(dict(zip(x, images, strict=True)), simultaneous=True), *entries), law)
    return value


def _trace() -> sp.Expr:
    entries = sp.symbols(f"w1:{_WIDTH**2 + 1}")
    W = sp.Matrix(_WIDTH, _WIDTH, entries)
    return _averaged(sp.Poly(((W * W.T) ** 3).trace(), *entries), "normal")


def _units(depth: int) -> sp.Expr:
    """ReLU, last layer first: powers of a unit are replaced by its moments, given the layer below."""
    x = sp.symbols(f"x1:{_WIDTH + 1}", positive=True)
    unit = sp.Add(*(Normal(f"w{i}", 0, 1) * a for i, a in enumerate(x)))
    moments = {order: E(sp.Max(0, unit) ** order) for order in (2, 4)}
    moments[0] = sp.S.One
    value = sp.Add(*(a**2 for a in x)) ** 2
    for _ in range(depth):
        powers = sp.Poly(value, *x).terms()
        value = sp.expand(sp.Add(*(c * sp.Mul(*(moments[order] for order in orders)) for orders, c in powers)))
    return value
