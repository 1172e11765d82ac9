"""Designs read exactly: kernels, projections and minimum-norm solutions against NumPy; refusals."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings

from tests.theory.random_designs import designs, random_design
from tests.theory.small_networks import refused
from theory.dynamics.implicit_bias.designs import Design, read_vector


@settings(max_examples=40)
@given(designs())
def test_the_kernel_and_its_projector_are_those_of_linear_algebra(design: Design) -> None:
    d = design.dimension
    assert len(design.kernel) == d - design.size
    for vector in design.kernel:
        assert set(design.outputs(vector)) == {0}
        assert design.project_on_kernel(vector) == vector
    for row in design.rows:
        assert set(design.project_on_kernel(row)) == {0}
    P = np.array([[float(x) for x in row] for row in design.kernel_projector])
    X, _ = design.floats
    assert np.abs(P - (np.eye(d) - np.linalg.pinv(X) @ X)).max() < 1e-12


@settings(max_examples=40)
@given(designs())
def test_the_minimum_norm_solution_solves_and_is_that_of_the_pseudoinverse(design: Design) -> None:
    point = design.minimum_l2()
    assert design.outputs(point) == design.targets
    assert set(design.project_on_kernel(point)) == {0}
    X, y = design.floats
    assert np.abs(np.linalg.pinv(X) @ y - np.array(point, dtype=float)).max() < 1e-11


def test_projections_take_numbers_of_sympy_and_balls() -> None:
    design = Design.read([[1, 2]], [0])
    assert design.project_on_kernel((sp.sqrt(5), sp.S.Zero)) == (4 * sp.sqrt(5) / 5, -2 * sp.sqrt(5) / 5)


def test_arrays_are_read_exactly() -> None:
    X, y = random_design(2, 4, 0)
    design = Design.read(X, y)
    assert design.rows == tuple(tuple(Fraction(float(x)) for x in row) for row in X)
    assert design.floats[0].tolist() == X.tolist()
    assert design.floats[1].tolist() == y.tolist()
    assert read_vector("targets", np.arange(2)) == (0, 1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Design.read([[1, 2], [2, 4]], [1, 1]), ("design", "2 rows of 2 coordinates, but rank 1")),
        (lambda: Design.read([[1], [2]], [1, 1]), ("design", "rank 1")),
        (lambda: Design.read([[1, 2]], [1, 1]), ("targets", "there are 2 for the 1 rows")),
        (lambda: Design.read([[1, 2], [1]], [1, 1]), ("design", "rows of 1 and of 2 entries")),
        (lambda: Design.read([1, 2], [1, 1]), ("design", "no sequence")),
        (lambda: Design.read([], []), ("design", "no entries")),
        (lambda: Design.read([[]], [1]), ("design", "no entries")),
        (lambda: Design.read("12", [1]), ("design", "no sequence")),
        (lambda: Design.read([[1, float("nan")]], [1]), ("design", "finite")),
        (lambda: Design.read([[1, 2]], 3), ("targets", "no sequence")),
        (lambda: Design.read([[1, 2]], ["x"]), ("targets", "'x'")),
        (lambda: Design.of([[1, 2]], None), ("targets", "no sequence")),
        (lambda: Design.of(Design.read([[1, 2]], [1]), [1, 2]), ("targets", "there are 2")),
    ],
)
def test_bad_input_is_named(call: Any, words: tuple[str, ...]) -> None:
    with refused(*words):
        call()
