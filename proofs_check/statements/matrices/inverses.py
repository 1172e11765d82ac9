"""Inverse Wishart matrices: the mean, and the mean of a quadratic form in them."""

from __future__ import annotations

from functools import partial
from math import prod

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.matrix_traces import letter, lettered
from theory import Wishart, expectation, symbols

FINITE = Assumption(
    "S is a p by p Wishart matrix of scale Sigma with b > p + 3 degrees of freedom; A is any fixed matrix"
)


def inverse_quadratic(*, extra: int = 1, shift: int = 0) -> sp.Expr:
    """E tr(S^-1 A S^-1 B) = ((r+1) tr(P A P B) + tr(P A^T P B) + tr(A P) tr(B P))/(r (r+2)(r+3)).

    P is the inverse of the scale, and r = b - p - 3 > 0 are the degrees of freedom to spare.
    """
    r = symbols.whole("r")
    above = (r + extra) * letter("P", "A", "P", "B") + letter("P", "A'", "P", "B") + letter("A", "P") * letter("B", "P")
    return above / (r * (r + 2 + shift) * (r + 3))


_WORDS = (("P", "A", "P", "B"), ("P", "A'", "P", "B"), ("A", "P"), ("B", "P"))


def _by_weingarten(claim: Claim) -> list[Obligation]:
    """The calculus pairs all indices, weighted by the orthogonal Weingarten function at p + 1 - b."""
    r, p = symbols.whole("r"), symbols.whole("p")
    S, A, B, Sigma = (sp.MatrixSymbol(name, p, p) for name in ("S", "A", "B", "Sigma"))
    inverse, P = S.inverse(), Sigma.inverse()
    derived = expectation(sp.Trace(inverse * A * inverse * B), {S: Wishart(p + 3 + r, Sigma)})
    words = (P * A * P * B, P * A.T * P * B, A * P, B * P)
    products = {letter(*factors): word for factors, word in zip(_WORDS, words, strict=True)}
    return [Obligation("Weingarten at p + 1 - b", lettered(derived, products, [Sigma]), claim())]


def _by_bartlett(claim: Claim) -> list[Obligation]:
    """At p = 2 and scale 1 the triangle of Bartlett has independent entries, whose moments are known.

    S = L L^T, where the squares on the diagonal are chi-squared with b and b - 1 degrees of freedom, and the entry
    below is standard normal. So tr(S^-1 A S^-1 B) is a polynomial in 1/l11, 1/l22 and l21.
    """
    r = symbols.whole("r")
    one, two, below = sp.symbols("one two below")  # 1/l11, 1/l22, l21
    inverse = sp.Matrix([[one, 0], [-one * two * below, two]])
    square = inverse.T * inverse
    A, B = (sp.Matrix(2, 2, lambda i, j, name=name: sp.Symbol(f"{name}{i}{j}", positive=True)) for name in "ab")
    form = sp.Poly(sp.expand((square * A * square * B).trace()), one, two, below)
    mean = sp.S.Zero
    for (first, second, normal), number in form.terms():
        if not (first % 2 or second % 2 or normal % 2):
            roots = ((r + 5, first // 2), (r + 4, second // 2))  # b = r + 5
            chi = prod(prod(dof - 2 * k for k in range(1, half + 1)) for dof, half in roots)
            mean += number * sp.factorial2(normal - 1) / chi
    traces = ((A * B).trace(), (A.T * B).trace(), A.trace(), B.trace())
    values = {letter(*factors): sp.expand(value) for factors, value in zip(_WORDS, traces, strict=True)}
    return [Obligation("Bartlett's triangle, p = 2, all b", mean, claim().xreplace(values))]


def _the_mean(claim: Claim) -> list[Obligation]:
    """The mean is Sigma^-1/(b - p - 1); at p = 1 the claim is about one over the square of a chi-squared number."""
    r, p = symbols.whole("r"), symbols.whole("p")
    S, A, Sigma = (sp.MatrixSymbol(name, p, p) for name in ("S", "A", "Sigma"))
    derived = expectation(sp.Trace(S.inverse() * A), {S: Wishart(p + 3 + r, Sigma)})
    product = {letter("A", "P"): A * Sigma.inverse()}
    one = {letter(*factors): sp.S.One for factors in _WORDS}
    return [
        Obligation("the mean", lettered(derived, product, [Sigma]), letter("A", "P") / (r + 2)),
        Obligation("p = 1: E S^-2 = 1/((b - 2)(b - 4))", claim().xreplace(one), 1 / ((r + 2) * r)),
    ]


INVERSE_WISHART = Statement(
    id="matrices.inverse-wishart",
    title="E[S^-1 A S^-1] of a Wishart matrix of scale Sigma, finite for b > p + 3; and E S^-1 = Sigma^-1/(b-p-1).",
    latex=(
        r"\mathbb E[S^{-1}AS^{-1}]=\frac{(b-p-2)\,\Sigma^{-1}A\Sigma^{-1}+\Sigma^{-1}A^\top\Sigma^{-1}"
        r"+\operatorname{tr}(A\Sigma^{-1})\,\Sigma^{-1}}{(b-p)(b-p-1)(b-p-3)}"
    ),
    source="S. Matsumoto, J. Theor. Probab. 25; B. Collins, S. Matsumoto and N. Saad, arXiv:1205.0956",
    assumptions=(FINITE,),
    claim=inverse_quadratic,
    evidence=(
        Proved(
            "the orthogonal Weingarten function at p + 1 - b, any B",
            _by_weingarten,
            "all b > p + 3",
        ),
        Proved("Bartlett's triangle at p = 2, any A and B", _by_bartlett, "all b > 5, p = 2"),
        Proved("the mean, and p = 1", _the_mean, "all b > p + 3"),
    ),
    mutants=(
        Mutant("b - p - 1 for b - p - 2", partial(inverse_quadratic, extra=2)),
        Mutant("b - p for b - p - 1", partial(inverse_quadratic, shift=1)),
    ),
    domain=EVERYWHERE,
)

STATEMENTS = (INVERSE_WISHART,)
