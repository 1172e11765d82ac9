"""Laws read their arguments exactly, and refuse what they cannot read."""

from collections.abc import Callable
from fractions import Fraction

import pytest
import sympy as sp

from tests.theory.small_networks import refused
from theory.ensembles import Law
from theory.matrix_expectations import Gaussian, Haar, Iid, Mask, Wishart

n = sp.Symbol("n")


@pytest.mark.parametrize(
    ("given", "read"), [(2, 2), (Fraction(1, 3), sp.Rational(1, 3)), (0.1, sp.Rational(0.1)), (n / 2.0, n / 2)]
)
def test_scalars_are_exact(given: object, read: object) -> None:
    for value in (Iid("normal", given).variance, Gaussian(given).variance, Wishart(3, given).scale, Mask(given).slope):
        assert value == read
        assert not value.has(sp.Float)


def test_a_law_may_be_named() -> None:
    assert Iid("uniform") == Iid(Law.named("uniform"), 1)
    assert Haar() == Haar()


@pytest.mark.parametrize(
    ("argument", "word", "call"),
    [
        ("law", "gaussian", lambda: Iid("gaussian")),
        ("law", "3", lambda: Iid(3)),
        ("variance", "'1/n'", lambda: Iid("normal", "1/n")),
        ("variance", "True", lambda: Gaussian(True)),
        ("variance", "finite", lambda: Gaussian(sp.oo)),
        ("variance", "finite", lambda: Gaussian(1 / sp.S.Zero)),
        ("variance", "finite", lambda: Gaussian(float("nan"))),
        ("variance", "Matrix", lambda: Gaussian(sp.eye(2))),
        ("variance", "A", lambda: Gaussian(sp.MatrixSymbol("A", 2, 2))),
        ("variance", "object", lambda: Gaussian(object())),
        ("dof", "'m'", lambda: Wishart("m")),
        ("dof", "-1", lambda: Wishart(-1)),
        ("dof", "0", lambda: Wishart(0)),
        ("dof", "3/2", lambda: Wishart(Fraction(3, 2))),
        ("scale", "None", lambda: Wishart(2, None)),
        ("slope", "'s'", lambda: Mask("s")),
    ],
)
def test_bad_arguments_are_named(argument: str, word: str, call: Callable[[], object]) -> None:
    with refused(argument, word):
        call()
