"""The order in which matrices are averaged does not matter, and like sums are collected."""

import itertools
from math import prod

import pytest
import sympy as sp

from theory.ensembles import InvalidArgument
from theory.matrix_expectations import (
    ComplexGaussian,
    Entries,
    Gaussian,
    Haar,
    Iid,
    Mask,
    MatrixLaw,
    Wishart,
    calculation,
    expectation,
)
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


def test_powers_of_a_trace_are_moments_of_chi_square() -> None:
    """Sixteen normal factors, which have two million pairings."""
    for entries, factor in ((Gaussian(1 / n), 2), (ComplexGaussian(2 / n), 2)):
        dof = m * n if isinstance(entries, Gaussian) else 2 * m * n
        trace = sp.Trace(W * (W.T if isinstance(entries, Gaussian) else sp.Adjoint(W)))
        true = prod(dof + factor * k for k in range(8)) / n**8
        assert sp.expand(expectation(trace**8, {W: entries}) - true) == 0


@pytest.mark.parametrize(
    ("law", "power"),
    [
        (Gaussian(1 / n), 3),
        (Gaussian(rowcov=sp.MatrixSymbol("Sigma", m, m)), 2),
        (ComplexGaussian(), 3),
        (Iid("uniform"), 2),
        (Iid("symmetric", s), 2),
        (Entries.bernoulli(sp.Rational(1, 3)), 2),
    ],
)
def test_one_entry_at_a_time_gives_what_all_at_once_give(law, power, monkeypatch) -> None:
    A, B = sp.MatrixSymbol("A", n, n), sp.MatrixSymbol("B", m, m)
    back = sp.Adjoint(W) if isinstance(law, ComplexGaussian) else W.T
    expression = sp.Trace((W * A * back * B) ** power) * sp.Trace(W * back)
    monkeypatch.setattr(calculation, "_FEW_TERMS", 10**9)
    at_once = expectation(expression, {W: law})
    monkeypatch.setattr(calculation, "_FEW_TERMS", 1)
    assert sp.expand(expectation(expression, {W: law}) - at_once) == 0


@pytest.mark.parametrize("limit", ["MOST_WORK", "MOST_TERMS"])
def test_what_would_take_minutes_is_refused(limit, monkeypatch) -> None:
    monkeypatch.setattr(calculation, limit, 4)
    product = sp.MatMul(*(sp.MatMul(V, sp.MatrixSymbol(name, m, m)) for name in "ABCDFGHJ"))
    with pytest.raises(InvalidArgument, match="the limit is 12 normal ones among different matrices"):
        expectation(sp.Trace(product), {V: Gaussian()})


def test_an_answer_that_nobody_could_read_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(calculation, "MOST_SUMS", 0)
    product = sp.MatMul(*(sp.MatMul(V, sp.MatrixSymbol(name, m, m)) for name in "ABCD"))
    with pytest.raises(
        InvalidArgument, match="sums that are no products of matrices; use fewer factors: the limit is 0"
    ):
        expectation(sp.Trace(product), {V: Iid("uniform")})
