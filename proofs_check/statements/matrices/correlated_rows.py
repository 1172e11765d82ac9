"""Normal matrices with correlated rows: a quartic form in them, and the square of a Wishart matrix."""

from __future__ import annotations

from functools import partial

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.matrix_traces import (
    letter,
    lettered,
    ternary_mean,
    times,
    trace,
    transpose,
    without_symmetry,
)
from theory import Gaussian, Wishart, expectation, symbols

_PRODUCTS = (
    ("A",),
    ("C",),
    ("A", "C"),
    ("A", "C'"),
    ("B", "S"),
    ("D", "S"),
    ("S", "B", "S", "D"),
    ("S", "B'", "S", "D"),
)

ROWS = Assumption("the rows of X are independent N(0, Sigma); A, B, C and D are any fixed matrices")
COLUMNS = Assumption("S = G G^T with b independent columns N(0, Sigma); A and B are any fixed matrices")

# --- matrices.correlated-rows -----------------------------------------------------------------------------------------


def quartic(*, transposed: bool = True, turned: bool = True, apart: int = 1) -> sp.Expr:
    """E tr(X^T A X B X^T C X D) = tr A tr C tr(S B S D) + tr(A C^T) tr(S B^T S D) + tr(A C) tr(B S) tr(D S)."""
    through = letter("A") * letter("C") * letter("S", "B", "S", "D")
    across = letter("A", "C'" if transposed else "C") * letter("S", "B'" if turned else "B", "S", "D")
    return through + across + apart * letter("A", "C") * letter("B", "S") * letter("D", "S")


def _quartic_by_wick(claim: Claim) -> list[Obligation]:
    """The calculus pairs the four factors X."""
    b, p = symbols.whole("b"), symbols.whole("p")
    X = sp.MatrixSymbol("X", b, p)
    known = {name: sp.MatrixSymbol(name, b, b) for name in "AC"} | {name: sp.MatrixSymbol(name, p, p) for name in "BDS"}
    A, B, C, D, S = (known[name] for name in "ABCDS")
    derived = expectation(sp.Trace(X.T * A * X * B * X.T * C * X * D), {X: Gaussian(colcov=S)})
    products = {
        letter(*factors): sp.MatMul(*(known[f[0]].T if f.endswith("'") else known[f[0]] for f in factors)).doit()
        for factors in _PRODUCTS
    }
    return [Obligation("Wick's theorem", lettered(derived, products, [S]), claim())]


_ROOT = [[1, 2], [0, 1]]
"""Sigma is this matrix' R^T R/3, and X = Y R with ternary entries in Y."""


def _at_numbers(claim: Claim, rows: int) -> sp.Expr:
    known = _matrices(rows)
    values = {letter(*f): trace(times(*(transpose(known[x[0]]) if x.endswith("'") else known[x[0]] for x in f)))
              for f in _PRODUCTS}  # fmt: skip
    return claim().xreplace({name: sp.Rational(value) for name, value in values.items()})


def _matrices(rows: int) -> dict[str, list[list[sp.Rational]]]:
    sigma = [[sp.Rational(entry, 3) for entry in row] for row in times(transpose(_ROOT), _ROOT)]
    return {"A": without_symmetry(rows, rows), "B": without_symmetry(2, 2, 1), "C": without_symmetry(rows, rows, 2),
            "D": without_symmetry(2, 2, 5), "S": sigma}  # fmt: skip


def _every_quartic(rows: int) -> sp.Expr:
    known = _matrices(rows)

    def form(y: list[list[int]]) -> int:
        x = times(y, _ROOT)
        back = transpose(x)
        return int(trace(times(back, known["A"], x, known["B"], back, known["C"], x, known["D"])))

    mean = ternary_mean(rows, 2, form)
    return sp.Rational(mean.numerator, mean.denominator)


CORRELATED_ROWS = Statement(
    id="matrices.correlated-rows",
    title="E[X^T A X B X^T C X] for rows N(0, Sigma), and any A, B and C, symmetric or not.",
    latex=(
        r"\mathbb E[X^\top AXBX^\top CX]=\operatorname{tr}A\operatorname{tr}C\,\Sigma B\Sigma"
        r"+\operatorname{tr}(AC^\top)\,\Sigma B^\top\Sigma+\operatorname{tr}(AC)\operatorname{tr}(B\Sigma)\,\Sigma"
    ),
    source="L. Isserlis, Biometrika 12, doi 10.1093/biomet/12.1-2.134",
    assumptions=(ROWS,),
    claim=quartic,
    evidence=(
        Proved("Wick's theorem on index graphs, against any fourth matrix", _quartic_by_wick, "all sizes"),
        Enumerated(
            "all ternary matrices, which have the normal moments up to order 5",
            ((2,), (3,)),
            _every_quartic,
            label=lambda rows: f"{rows} by 2 matrices",
            apply=_at_numbers,
            covers="2 by 2 and 3 by 2 matrices",
        ),
    ),
    mutants=(
        Mutant("C for C^T", partial(quartic, transposed=False)),
        Mutant("B for B^T", partial(quartic, turned=False)),
        Mutant("the last term twice", partial(quartic, apart=2)),
    ),
    domain=EVERYWHERE,
)

# --- matrices.wishart-quadratic ---------------------------------------------------------------------------------------


def quadratic(*, together: int = 0, turned: bool = True, apart: int = 1) -> sp.Expr:
    """E tr(S A S B) = b^2 tr(Q A Q B) + b tr(Q A^T Q B) + b tr(A Q) tr(B Q), where Q is the scale Sigma."""
    b = symbols.whole("b")
    return (
        b * (b + together) * letter("Q", "A", "Q", "B")
        + b * letter("Q", "A'" if turned else "A", "Q", "B")
        + apart * b * letter("A", "Q") * letter("B", "Q")
    )


_QUADRATIC = (("Q", "A", "Q", "B"), ("Q", "A'", "Q", "B"), ("A", "Q"), ("B", "Q"))


def _quadratic_by_wick(claim: Claim) -> list[Obligation]:
    """The calculus writes S as G G^T; the square of the norm of X^T X is its case A = B = I."""
    b, p = symbols.whole("b"), symbols.whole("p")
    S, A, B, Q = (sp.MatrixSymbol(name, p, p) for name in "SABQ")
    derived = expectation(sp.Trace(S * A * S * B), {S: Wishart(b, Q)})
    words = (Q * A * Q * B, Q * A.T * Q * B, A * Q, B * Q)
    products = {letter(*factors): word for factors, word in zip(_QUADRATIC, words, strict=True)}
    X = sp.MatrixSymbol("X", b, p)
    square = lettered(
        expectation(sp.Trace(X.T * X * X.T * X), {X: Gaussian(colcov=Q)}), {letter("Q", "Q"): Q**2, letter("Q"): Q}
    )
    plain = {letter(*factors): letter("Q", "Q") for factors in _QUADRATIC[:2]}
    plain |= {letter(*factors): letter("Q") for factors in _QUADRATIC[2:]}
    return [
        Obligation("Wick's theorem", lettered(derived, products, [Q]), claim()),
        Obligation("the norm of X^T X", square, claim().xreplace(plain)),
    ]


def _quadratic_at_numbers(claim: Claim, dof: int) -> sp.Expr:
    known = _scaled()
    values = {letter(*f): trace(times(*(transpose(known[x[0]]) if x.endswith("'") else known[x[0]] for x in f)))
              for f in _QUADRATIC}  # fmt: skip
    numbers = {name: sp.Rational(value) for name, value in values.items()}
    return claim().xreplace({**numbers, symbols.whole("b"): sp.Integer(dof)})


def _scaled() -> dict[str, list[list[sp.Rational]]]:
    scale = [[sp.Rational(entry, 3) for entry in row] for row in times(_ROOT, transpose(_ROOT))]
    return {"A": without_symmetry(2, 2), "B": without_symmetry(2, 2, 1), "Q": scale}


def _every_quadratic(dof: int) -> sp.Expr:
    known = _scaled()

    def form(y: list[list[int]]) -> int:
        g = times(_ROOT, y)
        square = times(g, transpose(g))
        return int(trace(times(square, known["A"], square, known["B"])))

    mean = ternary_mean(2, dof, form)
    return sp.Rational(mean.numerator, mean.denominator)


WISHART_QUADRATIC = Statement(
    id="matrices.wishart-quadratic",
    title="E[S A S] of a Wishart matrix of scale Sigma with b degrees of freedom; E|X^T X|_F^2 of b rows N(0, Sigma).",
    latex=(
        r"\mathbb E[SAS]=b^2\,\Sigma A\Sigma+b\,\Sigma A^\top\Sigma+b\operatorname{tr}(A\Sigma)\,\Sigma,\quad "
        r"\mathbb E\|X^\top X\|_F^2=b(b+1)\operatorname{tr}\Sigma^2+b(\operatorname{tr}\Sigma)^2"
    ),
    source="G. Letac and H. Massam, Scand. J. Statist. 31, doi 10.1111/j.1467-9469.2004.01-043.x",
    assumptions=(COLUMNS,),
    claim=quadratic,
    evidence=(
        Proved("Wick's theorem on index graphs, against any second matrix", _quadratic_by_wick, "all sizes"),
        Enumerated(
            "all ternary matrices, which have the normal moments up to order 5",
            ((1,), (2,), (3,)),
            _every_quadratic,
            label=lambda dof: f"b = {dof}, p = 2",
            apply=_quadratic_at_numbers,
            covers="b = 1, 2, 3 at p = 2",
        ),
    ),
    mutants=(
        Mutant("b(b+1) for b^2", partial(quadratic, together=1)),
        Mutant("A for A^T", partial(quadratic, turned=False)),
        Mutant("the last term twice", partial(quadratic, apart=2)),
    ),
    domain=EVERYWHERE,
)

STATEMENTS = (CORRELATED_ROWS, WISHART_QUADRATIC)
