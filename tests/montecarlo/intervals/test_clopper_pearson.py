from fractions import Fraction

import pytest

from montecarlo.intervals import clopper_pearson_interval
from tests.montecarlo.intervals.binomials import binomial
from theory.ensembles import InvalidArgument


@pytest.mark.parametrize("n", [1, 7, 40])
@pytest.mark.parametrize("error", [0.2, 1e-9])
def test_clopper_pearson_coverage_is_exact(n, error):
    intervals = [clopper_pearson_interval(k, n, error) for k in range(n + 1)]
    for p in [Fraction(i, 97) for i in range(98)]:
        law = binomial(n, p)
        missed = sum(law[k] for k in range(n + 1) if not intervals[k].lo <= p <= intervals[k].hi)
        assert missed <= Fraction(error)
    for k in range(1, n + 1):  # and no shorter one is as safe: the ends are where a tail is error/2
        tail = sum(binomial(n, Fraction(intervals[k].lo))[k:])
        assert float(tail) == pytest.approx(error / 2, rel=1e-8)
        assert intervals[k].lo == pytest.approx(1 - intervals[n - k].hi, rel=1e-9)


@pytest.mark.parametrize("error", [1e-100, 1e-200, 1e-290, 5e-324])
@pytest.mark.parametrize("k", [0, 1, 3, 50, 97, 100])
def test_errors_too_small_to_invert_give_no_nan(k, error):
    estimate = clopper_pearson_interval(k, 100, error)
    assert 0 <= estimate.lo <= k / 100 <= estimate.hi <= 1


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: clopper_pearson_interval(3, 2, 0.1), "successes"),
        (lambda: clopper_pearson_interval(-1, 2, 0.1), "successes"),
        (lambda: clopper_pearson_interval(0.5, 2, 0.1), "successes"),
        (lambda: clopper_pearson_interval(0, 0, 0.1), "samples"),
        (lambda: clopper_pearson_interval(0, 1, -0.1), "error"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(InvalidArgument) as refusal:
        call()
    assert refusal.value.argument == argument
