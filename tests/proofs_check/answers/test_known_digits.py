"""No digit is shown that is not known: every float against the ball of more digits."""

import math
from decimal import Decimal

import pytest

from proofs_check import assumptions, derive, quantities
from proofs_check.answers.derivation import known
from theory import Ensemble, InvalidArgument
from theory.log_laws.feasible_widths import enclosed_exceedance, enclosed_log_exceedance
from theory.log_laws.log_norms import LogNormLaw

RELU = Ensemble(width=8, depth=20, activation="relu", init="he")
DEEP = Ensemble(width=50, depth=10**6)


def off_in_last_digit(shown: float, truth: float) -> float:
    """Return how far a number is off, in units of the last digit that is shown of it."""
    unit = Decimal(1).scaleb(Decimal(repr(shown)).as_tuple().exponent)
    return abs(float((Decimal(shown) - Decimal(truth)) / unit))


@pytest.mark.parametrize("c", ["1e-40", "1/1000", "1/2", "100", "1e6", "1e9"])
def test_all_digits_of_a_probability_are_right(c):
    answer = derive("exceedance", RELU, c=c)
    assert off_in_last_digit(answer.log_value, float(enclosed_log_exceedance(RELU, c, 25))) <= 1
    assert off_in_last_digit(answer.value, float(enclosed_exceedance(RELU, c, 25))) <= 1
    assert len(repr(answer.value).lstrip("0.")) > 8 or answer.value == 1


def test_a_small_probability_has_relative_accuracy():
    assert derive("exceedance", RELU, c="1e6").value == pytest.approx(1.2074158e-9, rel=1e-7, abs=0)


def test_the_log_of_a_probability_near_1_is_its_complement():
    answer = derive("exceedance", Ensemble(width=1, depth=1), c="1e-40", digits=10)
    assert answer.log_value == pytest.approx(-math.sqrt(2 / math.pi) * 1e-20, rel=1e-12, abs=0)
    assert answer.value == 1.0


@pytest.mark.parametrize(("net", "p"), [(RELU, 0.3), (RELU, "1e-1"), (DEEP, 0.5), (DEEP, 0.001), (DEEP, "1e-12")])
def test_all_digits_of_a_quantile_are_right(net, p):
    answer = derive("quantile", net, p=p)
    truth = float(LogNormLaw(net).enclosed_quantile(float(p), 25))
    assert off_in_last_digit(answer.log_value, truth) <= 1
    assert off_in_last_digit(answer.value, math.exp(truth)) <= 1 if answer.value is not None else truth < -700
    (log10,) = [line.split("= ")[1] for line in str(answer).splitlines() if line.startswith("log10")] or ["0.0"]
    assert off_in_last_digit(float(log10), truth / math.log(10)) <= 1 or answer.value is not None


def test_an_error_of_less_than_the_last_bit_changes_nothing():
    assert known(0.1, 1e-18) == 0.1
    assert known(-math.inf, 0.1) == -math.inf
    assert known(123.456, 0.04) == 123.5


@pytest.mark.parametrize("law", ["rademacher"])
def test_nothing_is_assumed_that_the_law_violates(law):
    """Every quantity either refuses the law or says nothing of densities and atoms."""
    asked = {"layers": (1, 2), "layer": 1, "c": 2}
    told = []
    for name in quantities.names():
        for width, depth in (("n", "L"), (3, 3)):
            for activation in ("linear", "relu"):
                net = Ensemble(width=width, depth=depth, law=law, activation=activation, init="he")
                for options in ({}, *({key: value} for key, value in asked.items())):
                    try:
                        told += derive(name, net, **options).assumptions
                    except InvalidArgument:
                        continue
    assert len(told) > 20
    assert not [text for text in told if "bounded density" in text or text == assumptions.NO_ATOMS.sentence]
