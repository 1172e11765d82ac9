"""Arguments are read as what was meant, or refused in one line that names them."""

import math
from fractions import Fraction

import numpy as np
import pytest

from montecarlo.arguments import as_between, as_choice, as_count, as_ensemble, as_flag, as_positive, as_probability
from theory.ensembles import Ensemble, InvalidArgument


def refusal(call, *arguments, **options):
    with pytest.raises(InvalidArgument) as refused:
        call(*arguments, **options)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_whole_numbers_come_out_as_pythons_own():
    assert [type(as_count("n", value)) for value in (3, np.int64(3), np.uint8(3))] == [int] * 3
    assert (as_count("n", 0, 0), as_count("n", 7, 1, 7)) == (0, 7)


@pytest.mark.parametrize("value", [0, 3.0, True, "3", None, Fraction(3), np.array([3])])
def test_what_is_no_count_is_named(value):
    assert refusal(as_count, "n", value) == f"n: must be an integer of at least 1, got {value!r}; use e.g. n=1"


def test_a_count_names_its_range_and_an_example():
    assert refusal(as_count, "n", 8, 2, 7) == "n: must be an integer from 2 to 7, got 8; use e.g. n=2"
    assert refusal(as_count, "n", "x" * 100, example=20).endswith(f"got '{'x' * 49}; use e.g. n=20")


@pytest.mark.parametrize(
    ("low", "high", "closed", "said"),
    [
        (0, 1, False, "must lie between 0 and 1, exclusive"),
        (0, 1, True, "must be at least 0 and below 1"),
        (0, math.inf, False, "must be positive and finite"),
        (0, math.inf, True, "must be finite and not negative"),
        (1, math.inf, False, "must be finite and above 1"),
        (1, math.inf, True, "must be finite and at least 1"),
    ],
)
def test_a_range_is_told_in_words_and_kept_to(low, high, closed, said):
    for value in (low - 1, high, math.nan, "0.5", True, None, np.array(low + 0.5)):
        expected = f"x: {said}, got {value!r}; use e.g. x=0.5"
        assert refusal(as_between, "x", value, low, high, closed=closed, example=0.5) == expected
    for value in (low + 0.5, np.float32(low + 0.5), Fraction(2 * low + 1, 2)):
        assert as_between("x", value, low, high, closed=closed, example=0.5) == low + 0.5
    if closed:
        assert as_between("x", low, low, high, closed=True, example=0.5) == low
    else:
        refusal(as_between, "x", low, low, high, example=0.5)


def test_numbers_beyond_floats_are_refused_not_raised():
    assert refusal(as_positive, "x", 10**400).startswith("x: must be positive and finite, got 1000")
    assert refusal(as_probability, "p", 10**400).startswith("p: must lie between 0 and 1, exclusive, got 1000")


def test_words_and_flags():
    assert as_choice("side", "same", ("same", "other")) == "same"
    assert refusal(as_choice, "side", "sane", ("same", "other")).startswith(
        "side: there is no side 'sane'; did you mean"
    )
    assert refusal(as_choice, "which", None, ("least",), "end of the spectrum").startswith("which: there is no end of")
    assert as_flag("on", False) is False
    assert refusal(as_flag, "on", 1) == "on: must be True or False, got 1; use on=True"


def test_ensembles_have_numbers():
    net = Ensemble(width=2, depth=3)
    assert as_ensemble(net) is net
    assert refusal(as_ensemble, 3).startswith("net: must be an Ensemble, got 3; use e.g. Ensemble(")
    assert refusal(as_ensemble, Ensemble(width="n", depth=3)).startswith("width: ")
