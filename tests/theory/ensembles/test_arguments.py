"""The exact numbers and names that arguments are read as."""

import math
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction, is_symbol_name, nearest, size


@given(st.fractions())
def test_a_fraction_is_read_back_from_its_text(value: Fraction) -> None:
    assert exact_fraction("slope", str(value)) == exact_fraction("slope", f" {value} ".replace("/", " / ")) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9))
def test_a_decimal_text_is_read_as_written(value: Decimal) -> None:
    assert exact_fraction("slope", str(value)) == Fraction(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(0.1)
def test_a_float_is_its_exact_binary_value(value: float) -> None:
    assert exact_fraction("slope", value) == Fraction(*value.as_integer_ratio())


@pytest.mark.parametrize("value", [3, Fraction(3), "3", 3.0, np.int64(3), np.float32(3), "6/2", "3e0"])
def test_equal_numbers_are_read_as_equal_fractions(value: Any) -> None:
    read = exact_fraction("slope", value)
    assert (type(read), read) == (Fraction, 3)


@pytest.mark.parametrize(
    "value",
    [
        *(True, False, None, math.nan, math.inf, -math.inf, np.float64("nan"), 1j, [1]),
        *("nan", "-inf", "1/0", "", "one", "1 2", "1/2/3", "1,2", "- 1/2 3"),
    ],
)
def test_what_is_no_finite_exact_number_is_refused(value: Any, refusal: Any) -> None:
    with refusal("slope", value, "finite number such as 2"):
        exact_fraction("slope", value)


@given(st.integers(min_value=1))
def test_a_size_is_a_positive_integer_or_its_text(value: int) -> None:
    assert size("width", value) == size("width", f" {value} ") == value


@pytest.mark.parametrize(("value", "read"), [("n", "n"), (" L ", "L"), ("n_0", "n_0"), ("β", "β"), (np.int32(7), 7)])
def test_a_size_can_be_a_name_or_a_numpy_integer(value: Any, read: int | str) -> None:
    assert (type(size("width", value)), size("width", value)) == (type(read), read)


@pytest.mark.parametrize(
    "value",
    [
        *(0, -3, 2.0, 2.5, math.nan, math.inf, True, False, None, 1j, Fraction(3), (3,), np.float64(3), np.True_),
        *("0", "-3", "2.5", "1/2", "", "nan", "inf", "Infinity", "lambda", "n-1", "2n", "n m"),
    ],
)
def test_what_is_no_size_is_refused(value: Any, refusal: Any) -> None:
    with refusal("depth", value, "use a positive integer such as"):
        size("depth", value)


@pytest.mark.parametrize("text", ["n", "s2", "_", "sigma_w", "ñ", "None_", "infimum", "nano"])
def test_identifiers_name_symbols(text: str) -> None:
    assert is_symbol_name(text)


@pytest.mark.parametrize("text", ["", "2", "1/3", "a b", "a-b", "for", "None", "nan", "NaN", "inf", "Infinity"])
def test_numbers_keywords_and_non_numbers_name_none(text: str) -> None:
    assert not is_symbol_name(text)


@pytest.mark.parametrize(
    ("word", "meant"), [("hee", "he"), ("xaver", "xavier"), ("glort", "glorot"), ("pytorhc", "pytorch")]
)
def test_a_misspelt_name_is_answered_with_the_nearest_and_all(word: str, meant: str) -> None:
    known = ["xavier", "he", "pytorch", "glorot"]
    assert nearest(word, known) == f"did you mean {meant!r}? known: xavier, he, pytorch, glorot"


def test_a_name_near_to_none_is_answered_with_all() -> None:
    assert nearest("zzz", iter(["xavier", "he"])) == "known: xavier, he"


@pytest.mark.parametrize("others", [9, 10])
def test_more_than_ten_names_are_not_listed_beside_the_nearest(others: int) -> None:
    known = ["xavier", *(f"{i}" for i in range(others))]
    assert nearest("xaver", known).startswith("did you mean 'xavier'?")
    assert ("known:" in nearest("xaver", known)) == (others == 9)
    assert nearest("zzz", known) == f"known: {', '.join(known)}"


@given(st.text(), st.text(), st.text())
def test_an_error_crosses_a_process_pool_whole(argument: str, problem: str, remedy: str) -> None:
    error = pickle.loads(pickle.dumps(InvalidArgument(argument, problem, remedy)))
    assert isinstance(error, ValueError)
    assert (error.argument, error.problem, error.remedy) == (argument, problem, remedy)
    assert str(error) == f"{argument}: {problem}; {remedy}"
