"""Each initialization by the equation that defines it, and the texts it is read from."""

import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from theory.ensembles import Initialization

NAMES = ["xavier", "he", "lecun", "pytorch", "orthogonal"]

fans = st.integers(1, 10**6)
slopes = st.builds(Fraction, st.integers(0, 720), st.just(720))  # st.fractions is slow
variances = st.builds(Fraction, st.integers(1, 1000), st.integers(1, 1000))

Equation = Callable[[Any, int, int, Fraction], bool]

DEFINITIONS: dict[str, Equation] = {
    "xavier": lambda s2, n, m, slope: s2 * Fraction(n + m, 2) == 1,  # a compromise between forward and backward
    "he": lambda s2, n, m, slope: n * s2 * (1 + slope**2) / 2 == 1,  # E|a_k|^2/n_k is kept
    "lecun": lambda s2, n, m, slope: n * s2 == 1,  # E z^2 is kept
    "pytorch": lambda s2, n, m, slope: 3 * s2 == Fraction(1, n),  # uniform of half-width 1/sqrt(fan_in)
    "orthogonal": lambda s2, n, m, slope: n * m * s2 == min(n, m),  # as many orthonormal rows or columns as fit
}


@pytest.mark.parametrize("name", NAMES)
@given(fan_in=fans, fan_out=fans, slope=slopes)
def test_the_variance_solves_the_equation_that_defines_it(
    name: str, fan_in: int, fan_out: int, slope: Fraction
) -> None:
    for shape in ((fan_in, fan_out), (fan_in, fan_in)):
        variance = Initialization.parse(name).variance(*shape, slope)
        assert isinstance(variance, Fraction)
        assert DEFINITIONS[name](variance, *shape, slope)


@given(fans, fans, slopes, variances)
def test_a_given_variance_is_the_same_in_each_layer(n: int, m: int, slope: Fraction, value: Fraction) -> None:
    assert Initialization.parse(value).variance(n, m, slope) == value


@pytest.mark.parametrize("name", ["xavier", "he", "lecun", "pytorch"])
@given(numbers=st.tuples(fans, fans, slopes))
def test_symbols_give_the_formula_of_the_numbers(name: str, numbers: tuple[int, int, Fraction]) -> None:
    init, symbols = Initialization.parse(name), sp.symbols("n m s", positive=True)
    values = [sp.Rational(str(number)) for number in numbers]
    formula = sp.sympify(init.variance(*symbols)).subs(dict(zip(symbols, values, strict=True)))
    assert formula == sp.Rational(str(init.variance(*numbers)))


def test_a_square_orthogonal_layer_can_have_a_symbolic_width() -> None:
    n = sp.Symbol("n", positive=True)
    assert Initialization.parse("orthogonal").variance(n, n, 0) == 1 / n


@pytest.mark.parametrize(
    ("text", "name"),
    [(name, name) for name in NAMES]
    + [("glorot", "xavier"), ("kaiming", "he"), ("He", "he"), (" Kaiming ", "he"), ("PyTorch", "pytorch")],
)
def test_names_are_read_in_any_case_and_by_their_other_names(text: str, name: str) -> None:
    assert Initialization.parse(text) == Initialization(name)


@given(variances)
def test_a_variance_is_read_from_its_number_or_text(value: Fraction) -> None:
    for written in (value, str(value), f"variance:{value}"):
        assert Initialization.parse(written) == Initialization("variance", value)


@pytest.mark.parametrize("name", ["s2", "sigma_w", "n", *NAMES])
def test_a_variance_can_be_a_symbol_of_any_name(name: str) -> None:
    init = Initialization.parse(f"variance:{name}")
    assert init == Initialization("variance", name)
    assert init.variance(3, 4, 0) == name


@given(st.one_of(st.sampled_from([*NAMES, *(f"variance:{name}" for name in NAMES), "variance:s2"]), variances))
def test_an_initialization_is_read_back_from_its_description(value: str | Fraction) -> None:
    init = Initialization.parse(value)
    assert (
        Initialization.parse(init.describe()) == Initialization.parse(init) == init == pickle.loads(pickle.dumps(init))
    )


@pytest.mark.parametrize(
    ("value", "shown", "remedy"),
    [
        (0, "must be positive, got 0", "init='1/32'"),
        (-1, "got -1", "init='1/32'"),
        ("-1/3", "got -1/3", "init='1/32'"),
        ("variance:-2", "got -2", "init='1/32'"),
        (math.nan, "nan", "finite number"),
        (math.inf, "inf", "finite number"),
        ("nan", "nan", "finite number"),
        ("inf", "inf", "finite number"),
        ("variance:nan", "nan", "finite number"),
        ("variance:", "''", "finite number"),
        ("1/0", "divides by zero", "finite number"),
        (True, "True", "finite number"),
        (None, "None", "finite number"),
        ([None], "None", "finite number"),
        ("xaviar", "'xaviar'", "did you mean 'xavier'?"),
        ("hee", "'hee'", "did you mean 'he'?"),
        ("Kaimin", "'Kaimin'", "did you mean 'kaiming'?"),
        ("orthogonl", "'orthogonl'", "did you mean 'orthogonal'?"),
        ("s2", "'s2'", "variance:NAME for a symbol"),
    ],
)
def test_what_is_no_initialization_is_refused(value: Any, shown: str, remedy: str, refusal: Any) -> None:
    with refusal("init", shown, remedy):
        Initialization.parse(value)
