"""Formulas in the fans: read as arithmetic, and as nothing else."""

import re
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from theory.ensembles import InvalidArgument
from theory.ensembles.fan_formulas import formula_letters, formula_text, formula_value, read_formula, read_gain

trees = st.recursive(
    st.sampled_from(["n_in", "n_out", "7", "1/3", "0.25", "2"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda t: f"-({t})"),
        st.tuples(inner, st.sampled_from([-2, 2, 3])).map(lambda t: f"({t[0]})**{t[1]}"),
    ),
    max_leaves=6,
)
VALUES = {"n_in": 6, "n_out": 35}


@given(trees)
def test_values_are_those_of_exact_arithmetic_and_texts_are_read_back(text: str) -> None:
    exactly = re.sub(r"(\d+\.?\d*)", r"Fraction('\1')", text)
    try:
        expected = eval(exactly, {"Fraction": Fraction, **{name: Fraction(value) for name, value in VALUES.items()}})
    except ZeroDivisionError:
        with pytest.raises(InvalidArgument, match="divides by zero"):
            formula_value(read_formula(text), VALUES)
        return
    tree = read_formula(text)
    assert formula_value(tree, VALUES) == expected
    assert read_formula(formula_text(tree)) == tree


def test_symbols_give_formulas() -> None:
    n, m = sp.symbols("n m", positive=True)
    tree = read_formula("2/sqrt(fan_in*fan_out)")
    assert formula_value(tree, {"n_in": n, "n_out": m}) == 2 / sp.sqrt(n * m)
    assert formula_value(tree, {"n_in": 3, "n_out": 12}) == Fraction(1, 3)
    assert set(formula_letters(tree)) == {"n_in", "n_out"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2/", "cannot read"),
        ("__import__('os').getcwd()", "no arithmetic"),
        ("n_in.real", "no arithmetic"),
        ("n_in if 1 else 2", "no arithmetic"),
        ("max(n_in, 2)", "no arithmetic"),
        ("sqrt(n_in, 2)", "no arithmetic"),
        ("n_in**n_out", "may not have the letter 'n_out'"),
        ("n_in**(1/2)", "a power must be a whole number"),
        ("n_in**17", "a power must be a whole number"),
        ("True/n_in", "no arithmetic"),
        ("'a'/n_in", "no arithmetic"),
        ("1/0/n_in", "divides by zero"),
        ("0**-1/n_in", "divides by zero"),
        ("(" * 300, "longer than 200"),
        ("(" * 150, "cannot read"),
        ("9**16**16", "a power must be a whole number"),
    ],
)
def test_what_is_no_arithmetic_is_refused(text: str, shown: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        read_formula(text)
    assert raised.value.argument == "init"
    assert shown in raised.value.problem


def test_irrational_values_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="sqrt\\(2\\) is irrational"):
        formula_value(read_formula("sqrt(n_in)"), {"n_in": 2})
    with pytest.raises(InvalidArgument, match="no real number"):
        formula_value(read_formula("sqrt(1 - n_in)"), {"n_in": 2})


@pytest.mark.parametrize(
    ("text", "square"),
    [
        *[
            ("1", 1),
            ("5/3", Fraction(25, 9)),
            ("sqrt(2)", 2),
            ("sqrt(9/4)", Fraction(9, 4)),
            ("0.01", Fraction(1, 10**4)),
        ],
        *[("tanh", Fraction(25, 9)), ("relu", 2), ("selu", Fraction(9, 16)), ("leaky_relu:2", Fraction(2, 5))],
        *[("leaky", Fraction(20000, 10001)), ("sigmoid", 1), ("0.01", Fraction(1, 10**4))],
    ],
)
def test_gains_by_number_and_by_name(text: str, square: Any) -> None:
    assert read_gain(text) == square


@pytest.mark.parametrize("text", ["0", "-1", "sqrt(0)", "n_in", "tahn", "sqrt(n_in)", "", "leaky:x", "sqrt(-2)"])
def test_what_is_no_gain_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        read_gain(text)
    assert raised.value.argument == "init"
