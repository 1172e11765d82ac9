"""Whichever way a sum is written, it is read as the same sum; and what cannot be read is named."""

from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf

from tests.theory.matrix_expectations.small_matrices import brute_sum, evaluated, matrices
from tests.theory.small_networks import refused
from theory.ensembles import InvalidArgument
from theory.matrix_expectations.index_graphs import canonical
from theory.matrix_expectations.letters import Pin
from theory.matrix_expectations.parsing import parse

n, m, c, i, j, k = sp.symbols("n m c i j k", integer=True, positive=True)
A, B = (sp.MatrixSymbol(name, n, n) for name in "AB")
W = sp.MatrixSymbol("W", n, m)
x, y = (sp.MatrixSymbol(name, n, 1) for name in "xy")
ONE = sp.OneMatrix(n, 1)


def read(expression: sp.Expr) -> Any:
    """The sum of all monomials, by their canonical forms."""
    monomials, letters = parse(expression, ())
    pins = {label for label, letter in enumerate(letters) if isinstance(letter, Pin)}
    total: dict[Any, sp.Expr] = {}
    for monomial in monomials:
        key = canonical(monomial.edges, pins)
        total[key] = sp.expand(total.get(key, 0) + monomial.coefficient)
    return {key: value for key, value in total.items() if value}, letters


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sp.Trace(A * B), sp.Trace(B * A)),
        (sp.Trace(A * B), sp.Trace(B.T * A.T)),
        (sp.Trace(A + 2 * B), sp.Trace(A) + 2 * sp.Trace(B)),
        (sp.Trace(A**2 * B), sp.Trace(A * B * A)),
        (sp.Trace((A + B) ** 2), sp.Trace(A * A) + 2 * sp.Trace(A * B) + sp.Trace(B * B)),
        (sp.Trace(A * (c * sp.Identity(n))), c * sp.Trace(A)),
        (sp.Trace(sp.Identity(n)), n),
        (sp.Trace(sp.OneMatrix(n, n)) ** 2, n**2),
        (sp.Trace(sp.Trace(A) * B), sp.Trace(A) * sp.Trace(B)),
        (sp.Trace(A + sp.ZeroMatrix(n, n)), sp.Trace(A)),
        (x.T * A * y, y.T * A.T * x),
        (x.T * A * y, (x.T * A * y)[0, 0]),
        (x.T * A * y, sp.Trace(y * x.T * A)),
        ((x.T * A * y) ** 2, (x.T * A * y)[0, 0] ** 2),
        (x.T * A * y + y.T * x, (x.T * A * y)[0, 0] + (x.T * y)[0, 0]),
        (sp.Sum(A[i, j] * x[j, 0] * y[i, 0], (i, 0, n - 1), (j, 0, n - 1)), y.T * A * x),
        (sp.Sum(A[i, j] * sp.KroneckerDelta(i, j), (i, 0, n - 1), (j, 0, n - 1)), sp.Trace(A)),
        (sp.Sum(A[i, j] * sp.KroneckerDelta(i, k), (i, 0, n - 1)), A[k, j]),
        (
            sp.Sum(sp.Sum(A[i, j], (i, 0, n - 1)) ** 2, (j, 0, n - 1)),
            ONE.T * A * A.T * ONE * 0 + ONE.T * A * (ONE.T * A).T,
        ),
        (sp.Sum(c, (i, 0, n - 1)), c * n),
        (sp.Sum(x[i, 0] ** 2, (i, 0, n - 1)), x.T * x),
        (x.T * DiagMatrix(y) * x, sp.Sum(x[i, 0] ** 2 * y[i, 0], (i, 0, n - 1))),
        (
            x.T * sp.HadamardProduct(A, B) * y,
            sp.Sum(A[i, j] * B[i, j] * x[i, 0] * y[j, 0], (i, 0, n - 1), (j, 0, n - 1)),
        ),
        (x.T * sp.HadamardPower(A, 2) * y, x.T * sp.HadamardProduct(A, A) * y),
        (sp.Trace(DiagonalMatrix(A) * B), DiagonalOf(A).T * DiagonalOf(B)),
        ((A * B)[0, 1], sp.Sum(A[0, i] * B[i, 1], (i, 0, n - 1))),
        (0.5 * sp.Trace(A), sp.Trace(A) / 2),
        (sp.Trace(W * W.T), sp.Trace(W.T * W)),
    ],
    ids=str,
)
def test_two_ways_to_write_one_sum(left: sp.Expr, right: sp.Expr) -> None:
    assert read(left) == read(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sp.Trace(A * B), sp.Trace(A * B.T)),
        (sp.Trace(A * A.T), sp.Trace(A * A)),
        (sp.Trace(A * A * B * B), sp.Trace(A * B * A * B)),
        (x.T * A * y, x.T * A.T * y),
        (A[0, 1], A[1, 0]),
        (sp.Trace(A) ** 2, sp.Trace(A * A)),
        (x.T * DiagMatrix(y) * x, x.T * y),
        (sp.Trace(W * W.T) * n, sp.Trace(W * W.T) * m),
    ],
    ids=str,
)
def test_two_sums(left: sp.Expr, right: sp.Expr) -> None:
    assert read(left) != read(right)


@given(st.data())
@settings(max_examples=30)
def test_a_product_is_read_as_its_value(data: st.DataObject) -> None:
    size = 2
    letters = [sp.MatrixSymbol(name, size, size) for name in "AB"] + [sp.MatrixSymbol("x", size, 1)]
    values = [data.draw(matrices(*letter.shape)) for letter in letters]
    factors = data.draw(st.lists(st.sampled_from([letters[0], letters[0].T, letters[1]]), min_size=1, max_size=3))
    word = sp.MatMul(*factors)
    expression = sp.Trace(word) * sp.Trace(letters[2].T * word * letters[2]) - 3 * sp.Trace(letters[1] + word)
    monomials, named = parse(expression, ())
    order = [
        values[letters.index(letter)] if letter in letters else sp.eye(size)[:, int(letter.index)] for letter in named
    ]
    total = sum(monomial.coefficient * brute_sum(monomial.edges, order, size) for monomial in monomials)
    assert total == evaluated(expression, dict(zip(letters, values, strict=True)))


def test_a_known_matrix_may_be_anything() -> None:
    inverse = A.inverse()
    _, letters = read(sp.Trace(inverse * B) / sp.Trace(B))
    assert set(letters) == {B, inverse}
    assert parse(sp.exp(sp.Trace(A)), ())[0][0].coefficient == sp.exp(sp.Trace(A))


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (1 / sp.Trace(A), ("no polynomial in A",)),
        (sp.exp(sp.Trace(A)), ("no polynomial in A",)),
        (sp.sqrt(sp.Trace(A)), ("no polynomial in A",)),
        (sp.Trace(A) ** n, ("no polynomial in A",)),
        (sp.Trace(A.inverse()), ("no polynomial in A",)),
        (sp.Trace(A**-2), ("no polynomial in A",)),
        (sp.Trace(A**n), ("no polynomial in A",)),
        (sp.Determinant(A), ("no polynomial in A",)),
        (sp.Trace(W), ("the rows have size n", "columns m")),
        (sp.Trace(W * A), ("columns of W", "size m", "rows of A n")),
        (sp.Trace(A + W), ("size n and another m",)),
        (sp.Sum(A[i, i], (i, 1, n)), ("range of i",)),
        (sp.Sum(A[i, i], (i, 1, n - 1)), ("range of i",)),
        (sp.Sum(A[i, i], (i, 0, m - 1)), ("range of i", "size m", "dimension n")),
        (sp.Sum(A[i, i] * i, (i, 0, n - 1)), ("summation index i",)),
        (sp.Sum(A[i, i + 1], (i, 0, n - 1)), ("summation index i",)),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_named(expression: Any, words: tuple[str, ...]) -> None:
    with refused("expression", *(word.replace(" x ", "x") for word in words)):
        parse(expression, {A, W})


def test_an_inverse_is_refused_with_the_laws_that_have_one() -> None:
    for inverse in (A.inverse(), A**-2):
        with pytest.raises(InvalidArgument, match="the inverse is known of a symbol whose law is Wishart"):
            parse(sp.Trace(inverse), {A, W})
