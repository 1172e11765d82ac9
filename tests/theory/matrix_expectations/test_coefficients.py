"""What is read is written back, in lowest terms and factored."""

import pytest
import sympy as sp

from theory.matrix_expectations.coefficients import Coefficients

n, m = sp.symbols("n m", positive=True)
E, N, I = sp.symbols("E N I")  # noqa: E741
SCALARS = [
    sp.Integer(0),
    sp.Rational(-3, 7),
    2 / n,
    (n + 1) / (n * (n - 1)),
    sp.sqrt(2) * n,
    sp.exp(-m) + sp.sqrt(n),
    E * N / I - 1,
    sp.I * n,
    (n + m) ** -2,
    1 / (1 + 1 / n),
]


@pytest.mark.parametrize("scalar", SCALARS, ids=str)
def test_read_and_written(scalar: sp.Expr) -> None:
    ring = Coefficients(SCALARS)
    assert sp.simplify(ring.write(ring.read(scalar)) - scalar) == 0


def test_sums_and_products_are_those_of_sympy() -> None:
    ring = Coefficients(SCALARS)
    for left in SCALARS[1:4]:
        for right in SCALARS[1:4]:
            assert sp.cancel(ring.write(ring.read(left) * ring.read(right) + ring.one) - left * right - 1) == 0


def test_what_cancels_is_gone() -> None:
    ring = Coefficients([n, 1 / n, 1 / (n - 1), n**2 - 1])
    element = ring.read(n) ** 3 * ring.read(1 / n) ** 2 * ring.read(n**2 - 1) * ring.read(1 / (n - 1))
    assert ring.write(element) == n * (n + 1)
    assert ring.write(ring.read(n) * ring.read(1 / n) - ring.one) == 0
    assert ring.write(ring.read(2 * n - 2) * ring.read(1 / (n - 1))) == 2


def test_the_answer_is_factored() -> None:
    ring = Coefficients([n, m])
    assert str(ring.write(ring.read(n**2 * m + 2 * n * m + m))) == "m*(n + 1)**2"


def test_no_scalars_at_all() -> None:
    ring = Coefficients([])
    assert ring.write(ring.one + ring.one) == 2
    assert ring.write(ring.zero) == 0
