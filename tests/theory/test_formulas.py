"""Letters are found by name, whoever made them; formulas keep their value where values take their place."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.small_networks import exact, refused
from theory import activation_moment, at, kurtosis_expansion, letters, symbols
from theory.architectures.residual import typical_bounds
from theory.ensembles import Ensemble, InvalidArgument

RELU = Ensemble(width="n", depth="L", activation="relu", init="he")
ANY = RELU.at(law="symmetric")
FORMULA = activation_moment(RELU, order=4)
N, DEPTH, X = sp.symbols("n L x")  # which know nothing
NETWORKS = [
    RELU,
    ANY,
    RELU.at(activation="leaky:s", init="variance:s2"),
    Ensemble(width="n", depth="L", law="symmetric", architecture="residual:alpha"),
    Ensemble(widths=("n", 3, "m"), law="symmetric"),
]


@given(st.integers(1, 30), st.integers(1, 30), st.fractions(Fraction(1, 9), 9))
def test_values_by_name_are_those_of_the_network_with_these_sizes(n: int, L: int, x: Fraction) -> None:
    net = RELU.at(width=n, depth=L, input=(x, *[0] * (n - 1)))
    assert at(FORMULA, n=n, L=L, norm_x=x) == activation_moment(net, order=4)


@pytest.mark.parametrize("net", NETWORKS, ids=lambda net: net.describe())
@pytest.mark.parametrize("order", [2, 4])
def test_a_networks_letters_are_those_of_its_formulas(net: Ensemble, order: int) -> None:
    known = letters(net)
    for formula in (activation_moment(net, order), symbols.variance(net, 1), symbols.slope(net)):
        assert formula.free_symbols <= set(known.values())
        assert all(known[name] == symbol for name, symbol in letters(formula).items())
    assert set(net.symbols) <= set(known)


def test_letters_are_attributes_that_completion_lists() -> None:
    a = letters(ANY)
    assert (a.n, a.L, a.K) == (symbols.whole("n"), symbols.whole("L"), symbols.number("K"))
    assert {"n", "L", "K", "norm_x", "norm4_x", "beta", "items"} <= set(dir(a))
    assert repr(a) == "Letters(n, L, K, norm_x, norm4_x, beta)"
    assert "m" not in a
    assert not hasattr(a, "m")
    with pytest.raises(AttributeError, match="there is no letter 'norm' here; did you mean 'norm_x'"):
        _ = a.norm
    assert a.norm_x**4 * (1 + 5 / a["n"]) ** a["L"] == FORMULA


def test_names_of_layers_and_higher_moments_are_letters_of_the_formula() -> None:
    assert set(letters(activation_moment(RELU, order=4, layer="k"))) == {"n", "k", "norm_x"}
    assert set(letters(activation_moment(ANY.at(width=2, depth=1), order=6))) == {
        "K",
        "m6",
        "norm_x",
        "norm4_x",
        "norm6_x",
    }
    assert list(letters(sp.Integer(3))) == []


def test_plain_symbols_of_ones_own_are_the_formulas_letters_by_name() -> None:
    difference = FORMULA - X**4 * (1 + 5 / N) ** DEPTH
    assert sp.simplify(difference) != 0  # as nothing says that they are the same
    assert at(difference, x="norm_x") == 0
    assert at(difference, x=letters(RELU).norm_x, n=7) == 0
    assert at(difference + 1, n=2, L=3, x=5, norm_x=5) == 1
    assert at(FORMULA, L=2 * N) == FORMULA.subs(symbols.whole("L"), 2 * symbols.whole("n"))


def test_letters_change_places_at_once() -> None:
    n, L = symbols.whole("n"), symbols.whole("L")
    assert at(n - 2 * L, n="L", L="n") == L - 2 * n
    assert at(n / L, n=DEPTH + 1, L=3) == (L + 1) / 3
    renamed = at(FORMULA, n="width")
    assert letters(renamed).width == symbols.whole("width")


def test_the_whole_formula_comes_back_whatever_it_is_made_of() -> None:
    lower, upper = typical_bounds(Ensemble(width="n", depth="L", architecture="residual:1/sqrt(L)"))
    assert at((lower, upper), n=4, L=2) == (at(lower, n=4, L=2), at(upper, n=4))
    assert at((lower, upper), n=4, L=2) == (sp.log(sp.Rational(3, 2)), sp.Rational(1, 2))
    matrix = sp.Matrix([[FORMULA, symbols.whole("n")]])
    assert at(matrix, n=4, L=2) == sp.Matrix([[at(FORMULA, n=4, L=2), 4]])
    assert at(FORMULA) == FORMULA
    bound = sp.Sum(symbols.whole("k"), (symbols.whole("k"), 1, symbols.whole("n")))
    assert at(bound, n=3).doit() == 6


@pytest.mark.parametrize("value", [4, "4", 4.0, Fraction(4), np.int64(4), np.float64(4), sp.Integer(4), "8/2"])
def test_numbers_are_read_exactly_whatever_they_are(value: Any) -> None:
    assert at(FORMULA, n=value) == FORMULA.subs(symbols.whole("n"), 4)


@given(st.fractions(Fraction(1, 99), 99))
@settings(max_examples=20)
def test_fractions_stay_exact(kurtosis: Fraction) -> None:
    K = symbols.number("K")
    assert at(K**2 + 1, K=kurtosis) == exact(kurtosis) ** 2 + 1


@pytest.mark.parametrize(
    ("formula", "values", "argument", "words"),
    [
        (FORMULA, {"m": 4}, "m", "the formula has no letter 'm'; .*known: L, n, norm_x"),
        (FORMULA, {"norm": 4}, "norm", "did you mean 'norm_x'"),
        (sp.Integer(3), {"n": 4}, "n", "it has none"),
        (FORMULA, {"n": 0}, "n", "stands for a positive integer, got 0"),
        (FORMULA, {"n": -(N**0)}, "n", "stands for a positive integer, got -1"),
        (FORMULA, {"L": "1/2"}, "L", "stands for a positive integer, got 1/2"),
        (FORMULA, {"norm_x": -1}, "norm_x", "stands for a positive number, got -1"),
        (FORMULA, {"norm_x": sp.I}, "norm_x", "stands for a positive number, got I"),
        (FORMULA, {"norm_x": sp.oo}, "norm_x", "must be finite"),
        (FORMULA, {"norm_x": float("nan")}, "norm_x", "must be finite"),
        (FORMULA, {"n": None}, "n", "cannot read None"),
        (FORMULA, {"n": 4, "L": 10**9}, "L", "too many digits beyond the exponent 100000"),
        (FORMULA.subs(symbols.whole("n"), 4), {"L": 10**6}, "L", "too many digits"),
        ("n + 1", {"n": 4}, "formula", "must be a SymPy expression, got 'n"),
        (None, {}, "formula", "must be a SymPy expression, got None"),
        (kurtosis_expansion(RELU), {"n": 4}, "formula", r"error term O\(.* in n, .*removeO"),
        (N + sp.Symbol("n", negative=True) + sp.Symbol("n", positive=True), {"n": 4}, "formula", "contradict"),
    ],
)
def test_what_cannot_stand_there_is_refused(formula: Any, values: dict[str, Any], argument: str, words: str) -> None:
    with pytest.raises(InvalidArgument, match=rf"^{argument}: .*{words}"):
        at(formula, **values)


def test_an_exponent_that_stays_short_is_written_down_and_what_remains_symbolic_is_kept() -> None:
    assert at(FORMULA, L=10**9) == letters(RELU).norm_x ** 4 * (1 + 5 / letters(RELU).n) ** 10**9
    assert at(FORMULA, n=5, L=100_000) == letters(RELU).norm_x ** 4 * sp.Integer(2) ** 100_000
    assert at(kurtosis_expansion(RELU), beta=1).has(sp.Order)


@pytest.mark.parametrize("source", [None, 3, "n", Ensemble])
def test_letters_are_those_of_networks_and_formulas(source: Any) -> None:
    with refused("source", "must be an Ensemble or a formula"):
        letters(source)
