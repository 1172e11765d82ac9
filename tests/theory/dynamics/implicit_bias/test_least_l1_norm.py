"""The exact least l1 norm against SciPy's linear programs, and its certificate."""

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import linprog

from tests.theory.random_designs import designs, random_design
from tests.theory.small_networks import refused
from theory.dynamics.implicit_bias.designs import Design
from theory.dynamics.implicit_bias.least_l1_norm import LeastL1, least_l1


def by_linprog(design: Design) -> float:
    X, y = design.floats
    d = design.dimension
    return float(linprog(np.ones(2 * d), A_eq=np.hstack([X, -X]), b_eq=y).fun)


def is_certified(design: Design, found: LeastL1) -> bool:
    slopes = [sum(row[j] * a for row, a in zip(design.rows, found.dual, strict=True)) for j in range(design.dimension)]
    return (
        design.outputs(found.point) == design.targets
        and max(map(abs, slopes)) <= 1
        and sum(map(abs, found.point)) == found.norm
        and sum(a * b for a, b in zip(design.targets, found.dual, strict=True)) == found.norm
    )


@settings(max_examples=60)
@given(designs(more=4))
def test_the_norm_is_that_of_linprog_and_certified(design: Design) -> None:
    found = least_l1(design.rows, design.targets)
    assert is_certified(design, found)
    assert abs(float(found.norm) - by_linprog(design)) < 1e-9


@pytest.mark.parametrize(("n", "d"), [(5, 20), (12, 60)])
def test_larger_designs_of_floats(n: int, d: int) -> None:
    X, y = random_design(n, d, n)
    design = Design.read(X, y)
    found = least_l1(X, y)
    assert is_certified(design, found)
    assert found.is_unique
    assert sum(x != 0 for x in found.point) == n
    assert abs(float(found.norm) - by_linprog(design)) < 1e-9


def test_what_is_not_unique_is_not_said_to_be() -> None:
    assert not least_l1([[1, 1]], [1]).is_unique
    assert not least_l1([[1, 1, 0], [0, 0, 1]], [1, 2]).is_unique
    assert least_l1([[1, 2]], [1]).is_unique


def test_the_zero_target_has_the_zero_solution() -> None:
    found = least_l1([[1, 2]], [0])
    assert (found.point, found.norm) == ((0, 0), 0)


def test_patience_ends_in_the_rule_that_never_cycles(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = random_design(6, 20, 4)
    steepest = least_l1(X, y)
    monkeypatch.setattr("theory.dynamics.implicit_bias.least_l1_norm._PATIENCE", 0)
    assert least_l1(X, y) == steepest
    monkeypatch.setattr("theory.dynamics.implicit_bias.least_l1_norm._MOST_STEPS", 1)
    with refused("design", "no certificate"):
        least_l1(X, y)


def test_bad_input_is_named() -> None:
    with refused("design", "rank 1"):
        least_l1([[1, 2], [2, 4]], [1, 1])
    with refused("targets", "there are 2"):
        least_l1([[1, 2]], [1, 1])
