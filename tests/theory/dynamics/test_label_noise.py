"""Two weights with noise in the label: against steps by hand, and minima of that imbalance."""

import numpy as np
import pytest
import sympy as sp

from theory.dynamics.label_noise import (
    break_even_imbalance,
    curvature_step,
    end_curvature,
    imbalance_mean_factor,
    residual_factor,
)
from theory.ensembles import InvalidArgument


def test_steps_are_those_by_hand():
    eta, a, b, y = 0.3, 1.7, -0.6, 0.8
    r = a * b - y
    after = a - eta * r * b, b - eta * r * a
    letters = {sp.Symbol(name, real=True): value for name, value in (("w1", a), ("w2", b), ("r", r))}
    assert float(curvature_step("0.3").subs(letters)) == pytest.approx(after[0] ** 2 + after[1] ** 2)
    assert float(residual_factor("0.3").subs(letters)) == pytest.approx((after[0] * after[1] - y) / r)


def test_the_mean_factor_is_that_over_two_noises():
    eta, a, b, y, sigma = 0.3, 1.7, -0.6, 0.8, 0.5
    factors = [1 - eta**2 * (a * b - y - e) ** 2 for e in (sigma, -sigma)]
    found = imbalance_mean_factor("0.3", a * b - y, "0.25")
    assert float(found) == pytest.approx(np.mean(factors))


def test_curvature_at_minima_and_where_it_is_2_over_eta():
    a, b = 2.5, 0.4
    assert float(end_curvature(abs(a**2 - b**2), a * b)) == pytest.approx(a**2 + b**2)
    assert float(end_curvature(break_even_imbalance("0.4", "0.7"), "0.7")) == pytest.approx(5)
    with pytest.raises(InvalidArgument, match=r"^eta: = 2 is unstable at every minimum of y = 1; use at most 1/\|y\|"):
        break_even_imbalance(2, 1)
