"""Answers at the edge of floats, as Python, JSON and text."""

import inspect
import json
import math
import sys

import pytest

from proofs_check import derive
from proofs_check.answers.derivation import exp_in_range, in_range
from proofs_check.answers.formats import derivation_json, derivation_python, derivation_text
from theory import Ensemble

RELU = Ensemble(width="n", depth="L", activation="relu", init="he")


def function(answer):
    namespace = {}
    exec(derivation_python(answer), namespace)
    (found,) = (value for value in namespace.values() if inspect.isfunction(value))
    return found


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("width", [3, 2000])
@pytest.mark.parametrize(("quantity", "layer"), [("log-norm", None), ("log-variance", None), ("log-gradient", 1)])
def test_sums_over_units_are_numbers_at_any_width(quantity, layer, width):
    """Binomial coefficients from width 1030 on are beyond floats; their shares of 2^n are not."""
    python = function(derive(quantity, RELU, layer=layer))
    values = {"n": width, "L": 5, "norm_x": 1}
    found = python(**{name: values[name] for name in inspect.signature(python).parameters})
    assert found == pytest.approx(derive(quantity, RELU.at(width=width, depth=5), layer=layer).value, rel=1e-9)


@pytest.mark.parametrize(("quantity", "net"), [
    ("median", Ensemble(width=100, depth=200, init=1)),
    ("gradient-median", Ensemble(width=4, depth=3, init="1e300")),
    ("activation", Ensemble(width=1100, depth=1100, activation="relu")),
    ("median", Ensemble(width=2, depth=3, init="1e-108")),  # floats of this size have few digits
])  # fmt: skip
def test_a_number_beyond_floats_is_its_logarithm_in_python(quantity, net):
    answer = derive(quantity, net, layer=1 if quantity.startswith("gradient") else None)
    python = function(answer)
    assert python.__name__ == f"log_{quantity.replace('-', '_')}"
    assert python() == answer.log_value
    assert json.loads(derivation_json(answer))["float"] is None


def test_a_formula_of_more_digits_than_python_prints_is_not_shown():
    answer = derive("inner-product", Ensemble(width=1, depth=2000, init="1e300"))
    assert answer.exact is None
    assert str(sys.get_int_max_str_digits()) in answer.reason
    assert answer.reason in derivation_text(answer)
    assert json.loads(derivation_json(answer))["reason"] == answer.reason


@pytest.mark.parametrize(("log", "value"), [(0.0, 1.0), (-math.inf, 0.0), (math.inf, math.inf), (710.0, None),
                                            (-709.0, None)])  # fmt: skip
def test_exponentials_are_floats_with_all_their_digits_or_none(log, value):
    assert exp_in_range(log) == value


def test_numbers_are_floats_with_all_their_digits_or_none():
    assert [in_range(x) for x in (0, 1e-300, 5e-324, -1e308, math.inf)] == [0.0, 1e-300, None, -1e308, None]
