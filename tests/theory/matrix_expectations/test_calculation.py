"""The order in which matrices are averaged does not matter, and like sums are collected."""

import itertools

import sympy as sp

from theory.matrix_expectations import Haar, Iid, Mask, MatrixLaw, Wishart, expectation
from theory.matrix_expectations.calculation import Calculation
from theory.matrix_expectations.parsing import parse

n, m, s = sp.symbols("n m s", integer=True, positive=True)
W, V = sp.MatrixSymbol("W", m, n), sp.MatrixSymbol("V", m, m)
Q, S, D = (sp.MatrixSymbol(name, m, m) for name in "QSD")
x = sp.MatrixSymbol("x", n, 1)


def every_order(expression: sp.Expr, laws: dict[sp.MatrixSymbol, MatrixLaw]) -> None:
    labels = Calculation.of(*parse(expression, laws), laws).averages
    for order in itertools.permutations(labels):
        calculation = Calculation.of(*parse(expression, laws), laws)
        for label in order:
            calculation.average_over(label)
        assert calculation.result() == expectation(expression, laws)


def test_a_masked_network_in_every_order() -> None:
    out = V * D * W * x
    every_order((out.T * out) ** 2, {V: Iid("symmetric", 1 / m), D: Mask(s), W: Iid("uniform", 2 / n)})


def test_all_laws_at_once_in_every_order() -> None:
    expression = sp.Trace(Q * S * Q.T * D) * sp.Trace(S * D * V) * sp.Trace(V) + sp.Trace(D) * sp.Trace(S)
    every_order(expression, {Q: Haar(), S: Wishart(n, s), D: Mask(s), V: Iid("rademacher")})


def test_layers_leave_two_sums_whatever_the_depth() -> None:
    laws: dict[sp.MatrixSymbol, MatrixLaw] = {}
    out = x
    for layer in range(6):
        weights = sp.MatrixSymbol(f"W{layer}", n, n)
        laws[weights] = Iid("symmetric", 1 / n)
        out = weights * out
    calculation = Calculation.of(*parse((out.T * out) ** 2, laws), laws)
    for layer in reversed(range(6)):
        calculation.average_over([str(letter) for letter in calculation.letters].index(f"W{layer}"))
        assert len(calculation.weights) == 2


def test_orthogonality_is_used_before_the_weingarten_function() -> None:
    """Twelve factors, of which none is left: above the limit otherwise."""
    out = Q * S * x.xreplace({n: m})
    calculation = Calculation.of(*parse((out.T * out) ** 6, [Q]), {Q: Haar()})
    assert calculation.result() == expectation((S * x.xreplace({n: m})).T * (S * x.xreplace({n: m})), {}) ** 6
