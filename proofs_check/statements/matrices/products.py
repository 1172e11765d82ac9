"""Expectations of products of random matrices: two independent routes of theory must give one answer."""

from __future__ import annotations

from functools import partial

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import Carried, Induction, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.checks import PAPER
from theory import Gaussian, Iid, Mask, activation_moment, expectation, symbols
from theory.ensembles import Ensemble

# --- matrices.frobenius-fourth ----------------------------------------------------------------------------------------


def frobenius_fourth(factors: int | sp.Expr, *, twice: int = 2, apart: int = 1) -> sp.Expr:
    """E|W_L...W_1|_F^4 = ((d^2 + 2d)^L (d^2 + 2d) + 2 (d^2 - d)^L (d^2 - d))/3 for standard normal d by d matrices.

    Parameters
    ----------
    factors : int or sympy.Expr
        The number L of matrices.
    """
    d = symbols.whole("d")
    grows, shrinks = d**2 + twice * d, d**2 - apart * d
    return (grows ** (factors + 1) + 2 * shrinks ** (factors + 1)) / 3


def _by_wick(claim: Claim) -> list[Obligation]:
    """The calculus of matrix expectations contracts index graphs, for one to four factors."""
    d = symbols.whole("d")
    obligations = []
    for factors in (1, 2, 3, 4):
        weights = [sp.MatrixSymbol(f"W_{k}", d, d) for k in range(1, factors + 1)]
        product = weights[0]
        for weight in weights[1:]:
            product = weight * product
        derived = expectation(sp.Trace(product * product.T) ** 2, {weight: Gaussian(1) for weight in weights})
        obligations.append(Obligation(f"{factors} factors", derived, claim(factors)))
    published = d**8 + 12 * d**6 + 8 * d**5 + 6 * d**4
    return [*obligations, Obligation("three factors, as published", published, claim(3))]


def _one_more_factor(claim: Claim) -> list[Induction]:
    """Take S = MM^T to W S W^T, for which the calculus gives both moments; it begins with S = I.

    So two values of L and a recursion determine all others.
    """
    d, factors = symbols.whole("d"), symbols.whole("L")
    weight, square = sp.MatrixSymbol("W", d, d), sp.MatrixSymbol("S", d, d)
    grown = weight * square * weight.T
    rows = []
    for word in (sp.Trace(grown) ** 2, sp.Trace(grown * grown)):
        moment = sp.expand(expectation(word, {weight: Gaussian(1)}))
        together = moment.coeff(sp.Trace(square) ** 2)
        rows.append([together, sp.expand(moment - together * sp.Trace(square) ** 2).subs(_symmetric(moment, square))])
    moments = Carried(factors, sp.Matrix(rows), (d**2, d))
    return [Induction("E|W_L...W_1|_F^4", (moments,), claim(factors))]


def _symmetric(moment: sp.Expr, square: sp.MatrixSymbol) -> dict[sp.Expr, int]:
    """Count tr S^2 and tr S S^T as one, as S is symmetric."""
    return {atom: 1 for atom in moment.atoms(sp.Trace) if atom != sp.Trace(square)}


STANDARD_NORMAL_MATRICES = Assumption("the matrices are square, independent, with independent standard normal entries")

FROBENIUS_FOURTH = Statement(
    id="matrices.frobenius-fourth",
    title="E|W_L ... W_1|_F^4 of standard normal d x d matrices is a sum of two geometric sequences in L.",
    latex=(
        r"\mathbb E|W_L\cdots W_1|_F^4=\tfrac13\bigl[(d^2+2d)^{L+1}+2(d^2-d)^{L+1}\bigr],\quad "
        r"L=3:\ d^8+12d^6+8d^5+6d^4"
    ),
    source="theory.moments.jacobians; the ensemble: Akemann, Ipsen, Kieburg, doi 10.1103/PhysRevE.88.052118",
    assumptions=(STANDARD_NORMAL_MATRICES,),
    claim=frobenius_fourth,
    evidence=(
        Proved("Wick's theorem on index graphs, one to four factors", _by_wick, "all d, L"),
        Proved.by_induction("induction over the number of factors, all d and L", _one_more_factor, "all d, L"),
    ),
    mutants=(
        Mutant("2 becomes 3", partial(frobenius_fourth, twice=3)),
        Mutant("d^2 for d^2 - d", partial(frobenius_fourth, apart=0)),
    ),
    domain=EVERYWHERE,
)

# --- matrices.two-routes ----------------------------------------------------------------------------------------------


def fourth_after_one_layer(net: Ensemble, *, gates: int = 1, cumulant: int = 3) -> sp.Expr:
    """The moment is E|phi(Wx)|^4 = n p4 s^4 (3|x|^4 + (K-3)|x|_4^4) + n(n-1) p2^2 s^4 |x|^4."""
    n, s2 = symbols.whole("n"), symbols.variance(net, 1)
    x2, x4, slope = symbols.norm_symbol(2), symbols.norm_symbol(4), symbols.slope(net)
    p2, p4 = symbols.gate_moment(slope, 2), symbols.gate_moment(slope, 4)
    kurtosis = symbols.number(net.law.kurtosis)
    together = n * p4 * (3 * x2**4 + (kurtosis - cumulant) * x4**4)
    return s2**2 * (together + n * (n - gates) * p2**2 * x2**4)


def _two_routes(net: Ensemble, claim: Claim) -> list[Obligation]:
    """The recursion over partitions and the calculus of index graphs, which share no code, both give the claim."""
    n = symbols.whole("n")
    weight, mask, x = sp.MatrixSymbol("W", n, n), sp.MatrixSymbol("D", n, n), sp.MatrixSymbol("x", n, 1)
    laws: dict[sp.MatrixSymbol, Iid | Mask] = {
        weight: Iid(net.law, symbols.variance(net, 1)),
        mask: Mask(symbols.slope(net)),
    }
    activation = mask * weight * x
    derived = expectation((activation.T * activation)[0, 0] ** 2, laws)
    square = MatrixElement(x.T * x, 0, 0)
    fourth = MatrixElement(sp.HadamardPower(x.T, 2) * sp.HadamardPower(x, 2), 0, 0)
    names = {square: symbols.norm_symbol(2) ** 2, fourth: symbols.norm_symbol(4) ** 4}
    slopes = tuple(symbols.slope(net).free_symbols)
    return [
        Obligation("power sums", activation_moment(net, 4, 1), claim(net), slopes),
        Obligation("index graphs", derived.xreplace(names), claim(net), slopes),
    ]


TWO_ROUTES = Statement(
    id="matrices.two-routes",
    title="One layer at order 4, for any symmetric law: recursion on power sums and calculus of matrices agree.",
    latex=(r"\mathbb E|\phi(Wx)|^4 = np_4s^4\bigl(3|x|^4+(K-3)|x|_4^4\bigr)+n(n-1)p_2^2s^4|x|^4"),
    source=f"{PAPER}, proofs of the first theorems",
    assumptions=(
        assumptions.INDEPENDENT_ENTRIES,
        assumptions.CONSTANT_WIDTH,
        assumptions.PLAIN,
        assumptions.PIECEWISE_LINEAR,
        assumptions.NO_BIASES,
    ),
    claim=fourth_after_one_layer,
    evidence=(
        Proved(
            "any law, slope and variance, all n",
            partial(
                _two_routes,
                Ensemble(width="n", depth="L", activation="leaky:slope", init="variance:s2", law="symmetric"),
            ),
            "all n, one layer",
        ),
    ),
    mutants=(
        Mutant("n^2 for n(n-1)", partial(fourth_after_one_layer, gates=0)),
        Mutant("K - 2 for K - 3", partial(fourth_after_one_layer, cumulant=2)),
    ),
    domain=EVERYWHERE,
)

STATEMENTS = (FROBENIUS_FOURTH, TWO_ROUTES)
