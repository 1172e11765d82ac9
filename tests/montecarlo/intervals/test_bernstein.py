import math
from fractions import Fraction

import numpy as np
import pytest

from montecarlo.intervals import bernstein_interval
from tests.montecarlo.intervals.binomials import binomial
from theory.ensembles import InvalidArgument


def test_bernstein_inverts_its_bound():
    values, b, v, error = np.linspace(0, 2, 1_000), 2.0, 0.4, 1e-9
    t = bernstein_interval(values, b, v, error).half_width
    assert 2 * math.exp(-1_000 * t**2 / (2 * (v + b * t / 3))) == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("p", [Fraction(1, 2), Fraction(1, 50)])
def test_bernstein_coverage_on_coins(p):
    n, error = 200, 0.01
    law = binomial(n, p)
    missed = Fraction(0)
    for k in range(n + 1):
        estimate = bernstein_interval([1.0] * k + [0.0] * (n - k), 1.0, float(p * (1 - p)), error)
        missed += law[k] * (not estimate.lo <= p <= estimate.hi)
    assert 0 < missed <= Fraction(error)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: bernstein_interval([3.0], 2.0, 1.0, 0.1), "values"),
        (lambda: bernstein_interval([-1.0], 2.0, 1.0, 0.1), "values"),
        (lambda: bernstein_interval([1.0], -2.0, 1.0, 0.1), "bound"),
        (lambda: bernstein_interval([1.0], 2.0, "1", 0.1), "variance"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(InvalidArgument) as refusal:
        call()
    assert refusal.value.argument == argument
