import math

import montecarlo.intervals
from montecarlo.intervals import Estimate


def test_an_estimate_is_a_value():
    assert Estimate(1.0, 0.0, 3.0, 0.1, "m", 5) == Estimate(1.0, 0.0, 3.0, 0.1, "m", 5)
    assert Estimate(1.0, 0.0, 3.0, 0.1, "m", 5).half_width == 1.5
    assert Estimate(-math.inf, -math.inf, -math.inf, 0.1, "m", 5).half_width == 0


def test_every_name_is_there():
    assert [name for name in montecarlo.intervals.__all__ if not hasattr(montecarlo.intervals, name)] == []
