"""Means of matrices equal the means over all matrices of a discrete law, or exact ones of Bartlett's triangles."""

import itertools
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.matrices.expressions.diagonal import DiagonalOf

from tests.theory.matrix_expectations.small_matrices import matrices, matrix_value
from tests.theory.small_networks import refused
from theory.ensembles import InvalidArgument, Law
from theory.matrix_expectations import (
    ComplexGaussian,
    Entries,
    Gaussian,
    Haar,
    Iid,
    InverseWishart,
    Mask,
    MatrixLaw,
    Symmetric,
    Unitary,
    Wishart,
    expectation,
)
from theory.matrix_expectations.framing import matrix_of
from theory.matrix_expectations.index_graphs import NONE, canonical
from theory.matrix_expectations.letters import Frame

b, n, p = sp.symbols("b n p", integer=True, positive=True)
X, W = sp.MatrixSymbol("X", b, p), sp.MatrixSymbol("W", n, p)
A, C = (sp.MatrixSymbol(name, b, b) for name in "AC")
B, D, S, Sigma = (sp.MatrixSymbol(name, p, p) for name in ("B", "D", "S", "Sigma"))
G, H, Q = (sp.MatrixSymbol(name, n, n) for name in "GHQ")
THIRD, SIXTH = sp.Rational(1, 3), sp.Rational(1, 6)
NORMAL_TO_ORDER_5 = {-1: SIXTH, 0: 1 - THIRD, 1: SIXTH}
"""An entry of variance 1/3 whose moments up to order 5 are those of a normal one."""

COMPLEX_TO_ORDER_2 = {0: sp.S.Half, 1: sp.S.Half / 4, -1: sp.S.Half / 4, sp.I: sp.S.Half / 4, -sp.I: sp.S.Half / 4}
"""An entry with E|z|^2 = 1/2 whose moments E z^k conj(z)^k up to k = 2 are those of a complex normal one."""

Atoms = Mapping[Any, sp.Expr]


def enumerated(word: Callable[[Any], Any], rows: int, columns: int, atoms: Atoms) -> sp.ImmutableMatrix:
    """The mean of a function of a matrix with independent entries: all of them at once, in whole numbers."""
    values, chances = zip(*atoms.items(), strict=True)
    below = int(sp.ilcm(*(sp.S(chance).q for chance in chances)))
    counts = [int(chance * below) for chance in chances]
    kind = complex if any(sp.S(value).has(sp.I) for value in values) else np.int64
    cells = rows * columns
    places = np.array(list(itertools.product(range(len(values)), repeat=cells)))
    every = np.array([kind(value) for value in values], dtype=kind)[places].reshape(-1, rows, columns)
    weights = np.array(counts, dtype=np.int64)[places].prod(axis=1)
    total = np.tensordot(weights, word(every), axes=(0, 0))
    return sp.ImmutableMatrix(total.shape[0], total.shape[1], [exact(v) / below**cells for v in total.flat])


def exact(value: Any) -> sp.Expr:
    """A whole number, or a Gaussian one that floats hold exactly."""
    return sp.Integer(round(value.real)) + sp.I * sp.Integer(round(value.imag))


def tr(matrix: Any) -> Any:
    """The transpose, of one matrix or of many."""
    return np.swapaxes(matrix, -1, -2) if isinstance(matrix, np.ndarray) else matrix.T


def conj(matrix: Any) -> Any:
    return matrix.conjugate()


def adj(matrix: Any) -> Any:
    return conj(tr(matrix)) if isinstance(matrix, np.ndarray) else sp.Adjoint(matrix)


def arr(matrix: Any) -> Any:
    """An explicit matrix as an array of whole numbers, or of complex ones."""
    kind = complex if sp.Matrix(matrix).has(sp.I) else np.int64
    return np.array([[kind(entry) for entry in row] for row in sp.Matrix(matrix).tolist()], dtype=kind)


def numbered(rows: int, columns: int, seed: int = 0) -> sp.ImmutableMatrix:
    """A small matrix without any symmetry."""
    return sp.ImmutableMatrix(rows, columns, lambda i, j: (3 * i + 5 * j * j + i * j + seed) % 7 - 2)


def same(found: Any, values: dict[Any, Any], sizes: dict[Any, int], expected: Any) -> bool:
    """Whether a mean at these sizes and matrices is the expected one."""
    known = {sp.MatrixSymbol(s.name, *(size.subs(sizes) for size in s.shape)): v for s, v in values.items()}
    found = found.subs(sizes) if hasattr(found, "subs") else found
    return bool((matrix_value(found, known) - sp.ImmutableMatrix(expected)).applyfunc(sp.simplify).is_zero_matrix)


# normal matrices


def test_the_public_question_with_correlated_rows() -> None:
    """E[X^T A X B X^T C X], the rows of X being N(0, Sigma), with A, B, C that are not symmetric."""
    found = expectation(X.T * A * X * B * X.T * C * X, {X: Gaussian(colcov=Sigma)})
    claimed = (
        sp.Trace(A) * sp.Trace(C) * Sigma * B * Sigma
        + sp.Trace(A * C.T) * Sigma * B.T * Sigma
        + sp.Trace(A * C) * sp.Trace(B * Sigma) * Sigma
    )
    values = {A: numbered(3, 3), B: numbered(2, 2, 1), C: numbered(3, 3, 2)}
    root = sp.Matrix([[1, 2], [0, 1]])
    a, middle, c = (arr(values[symbol]) for symbol in (A, B, C))

    def word(y: Any) -> Any:
        x = y @ arr(root)
        return tr(x) @ a @ x @ middle @ tr(x) @ c @ x

    mean = enumerated(word, 3, 2, NORMAL_TO_ORDER_5)
    known = {**values, Sigma: root.T * root / 3}
    assert same(found, known, {b: 3, p: 2}, mean)
    assert same(claimed, known, {b: 3, p: 2}, mean)


def test_rows_and_columns_may_both_be_correlated() -> None:
    U, V, M, Y = (sp.MatrixSymbol(name, n, n) for name in ("U", "V", "M", "Y"))
    law = Gaussian(variance=THIRD, mean=M, rowcov=U, colcov=V)
    left, right = sp.Matrix([[1, 2], [0, 1]]), sp.Matrix([[1, 0], [-1, 2]])
    values = {U: left * left.T, V: right.T * right, M: numbered(2, 2, 3), G: numbered(2, 2), H: numbered(2, 2, 5)}
    words: list[Callable[[Any, Any, Any], Any]] = [
        lambda w, g, h: w,
        lambda w, g, h: tr(w) @ g @ w,
        lambda w, g, h: w @ h @ w,
        lambda w, g, h: w @ h @ tr(w) @ g @ w @ tr(w),
    ]
    for word in words:
        found = expectation(word(Y, G, H), {Y: law})
        mean = enumerated(
            lambda y, word=word: word(arr(values[M]) + arr(left) @ y @ arr(right), arr(values[G]), arr(values[H])),
            2, 2, NORMAL_TO_ORDER_5,
        )  # fmt: skip
        assert same(found, values, {n: 2}, mean)


def test_frobenius_norms_of_correlated_rows() -> None:
    trace = sp.Trace(X.T * X * X.T * X)
    found = expectation(trace, {X: Gaussian(colcov=Sigma)})
    assert sp.expand(found - b * (b + 1) * sp.Trace(Sigma**2) - b * sp.Trace(Sigma) ** 2) == 0
    assert expectation(sp.Trace(S * S), {S: Wishart(b, Sigma)}) == found


def test_wishart_matrices_of_any_scale() -> None:
    law = Wishart(b, Sigma)
    values = {Sigma: sp.Matrix([[5, 2], [2, 1]]) / 3, D: numbered(2, 2, 4)}
    root = sp.Matrix([[1, 2], [0, 1]])
    for word in (lambda s, d: s, lambda s, d: s @ d @ s, lambda s, d: s @ s):
        found = expectation(word(S, D), {S: law})
        mean = enumerated(
            lambda y, word=word: word(arr(root) @ y @ tr(y) @ arr(root.T), arr(values[D])), 2, 3, NORMAL_TO_ORDER_5
        )
        assert same(found, values, {b: 3, p: 2}, mean)


def test_explicit_covariances_are_numbers() -> None:
    cov = sp.Matrix([[5, 2], [2, 1]])
    small = sp.MatrixSymbol("Y", 3, 2)
    assert expectation(small.T * small, {small: Gaussian(colcov=cov)}) == 3 * cov
    assert expectation(sp.Trace(small.T * small), {small: Gaussian(colcov=cov)}) == 18
    assert expectation(small * small.T, {small: Gaussian(colcov=cov)}) == sp.MatMul(6, sp.Identity(3))


def test_symmetric_matrices_are_never_transposed() -> None:
    found = expectation(W * W.T * G.T * G, {W: Gaussian(), G: Symmetric()})
    assert found == sp.MatMul(p, G**2)
    assert expectation(sp.Trace(G * H) - sp.Trace(G * H.T), {G: Symmetric()}) == 0
    assert expectation(sp.Trace(G.T.inverse() * H), {G: Symmetric()}) == expectation(sp.Trace(H * G.inverse()), {})


# entries of any law


@given(matrices(2, 2), matrices(2, 2), st.sampled_from(["bernoulli", "discrete", "rademacher"]))
@settings(max_examples=5, deadline=None)
def test_entries_that_are_not_centred(g: Any, h: Any, name: str) -> None:
    atoms: dict[str, Atoms] = {
        "bernoulli": {0: 1 - THIRD, 1: THIRD},
        "discrete": {-1: sp.S.Half, 1: THIRD, 3: SIXTH},
        "rademacher": {-1: sp.S.Half, 1: sp.S.Half},
    }
    laws: dict[str, MatrixLaw] = {
        "bernoulli": Entries.bernoulli(THIRD),
        "discrete": Entries.discrete(atoms["discrete"]),
        "rademacher": Iid("rademacher"),
    }
    square = sp.MatrixSymbol("W", n, n)
    for word in (
        lambda w, g, h: w @ g @ tr(w),
        lambda w, g, h: w @ g @ w,
        lambda w, g, h: w @ g @ tr(w) @ h @ w,
        lambda w, g, h: tr(w) @ g @ w @ h @ tr(w) @ w,
    ):
        found = expectation(word(square, G, H), {square: laws[name]})
        mean = enumerated(lambda w, word=word: word(w, arr(g), arr(h)), 2, 2, atoms[name])
        assert same(found, {G: g, H: h}, {n: 2}, mean)


def test_relu_of_a_normal_entry_has_the_moments_of_a_half_normal_one() -> None:
    z = sp.Symbol("z", positive=True)
    density = sp.exp(-(z**2) / 4) / sp.sqrt(4 * sp.pi)
    for order in range(1, 6):
        assert sp.simplify(Entries.relu(2).moment(order) - sp.integrate(z**order * density, (z, 0, sp.oo))) == 0
    mean = expectation(W * W.T, {W: Entries.relu(2)})
    assert same(mean, {}, {n: 2, p: 3}, sp.Matrix([[3, 3 / sp.pi], [3 / sp.pi, 3]]))


def test_moments_of_ones_own_up_to_the_order_that_is_needed() -> None:
    law = Entries.from_moments("exponential", {1: 1, 2: 2})
    assert same(expectation(W * W.T, {W: law}), {}, {n: 2, p: 1}, sp.Matrix([[2, 1], [1, 2]]))
    with refused("moments", "order 3 of exponential"):
        expectation(sp.Trace(Q) ** 3, {Q: law})


# inverse Wishart


def bartlett(size: int, dof: int) -> tuple[sp.Matrix, Callable[[Any], Any]]:
    """The inverse of a Wishart matrix in the entries of Bartlett's triangle, and the mean of a polynomial in these."""
    lower = sp.Matrix(size, size, lambda i, j: sp.Symbol(f"l{i}{j}") if i >= j else 0)
    inverse = lower.inv().applyfunc(sp.expand)
    roots = [(lower[i, i], dof - i) for i in range(size)]
    normal = [lower[i, j] for i in range(size) for j in range(i)]

    def mean(polynomial: Any) -> Any:
        letters = [1 / root for root, _ in roots] + normal
        names = [sp.Dummy() for _ in letters]
        inside = sp.expand(polynomial).xreplace({root: 1 / name for (root, _), name in zip(roots, names, strict=False)})
        inside = sp.expand(inside).xreplace(dict(zip(normal, names[size:], strict=True)))
        total = sp.S.Zero
        for powers, number in sp.Poly(inside, *names).terms():
            if any(power % 2 for power in powers):
                continue
            half = [power // 2 for power in powers]
            below = prod(prod(nu - 2 * k for k in range(1, h + 1)) for (_, nu), h in zip(roots, half, strict=False))
            total += number * sp.Rational(prod(sp.factorial2(power - 1) for power in powers[size:]), below)
        return total

    return inverse.T * inverse, mean


@pytest.mark.parametrize(("size", "dof"), [(1, 8), (2, 8), (3, 9)])
def test_inverse_wishart_matrices_are_those_of_bartlett(size: int, dof: int) -> None:
    inverse, mean = bartlett(size, dof)
    values = {D: numbered(size, size, 4)}
    for word in (lambda t, d: t, lambda t, d: t * d * t, lambda t, d: t * d.T * t.T * t)[: 4 - size]:
        found = expectation(word(S, D), {S: InverseWishart(b)})
        same_law = expectation(word(S.inverse(), D), {S: Wishart(b)})
        exact = word(inverse, values[D]).applyfunc(mean)
        assert same(found, values, {b: dof, p: size}, exact)
        assert found == same_law


def test_the_scale_of_an_inverse_wishart_matrix() -> None:
    """S = R T R^T with T of scale 1: so S^-1 is R^-T T^-1 R^-1."""
    inverse, mean = bartlett(2, 9)
    root = sp.Matrix([[1, 2], [0, 1]])
    values = {D: numbered(2, 2, 4), Sigma: root * root.T}
    turned = root.inv().T * inverse * root.inv()
    found = expectation(S.inverse() * D * S.inverse(), {S: Wishart(b, Sigma)})
    assert same(found, values, {b: 9, p: 2}, (turned * values[D] * turned).applyfunc(mean))
    first = expectation(S.inverse(), {S: Wishart(b, Sigma)})
    assert first == sp.MatMul(1 / (b - p - 1), sp.Inverse(Sigma))
    assert expectation(S, {S: InverseWishart(b, Sigma)}) == sp.MatMul(1 / (b - p - 1), Sigma)
    assert expectation(S.inverse(), {S: InverseWishart(b, Sigma)}) == sp.MatMul(b, sp.Inverse(Sigma))


@pytest.mark.parametrize(("dof", "order", "finite"), [(4, 1, True), (3, 1, False), (6, 2, True), (5, 2, False)])
def test_moments_of_inverses_exist_from_some_degrees_of_freedom_on(dof: int, order: int, finite: bool) -> None:
    small = sp.MatrixSymbol("S", 2, 2)
    word = sp.Trace(small.inverse()) ** order
    if finite:
        assert expectation(word, {small: Wishart(dof)}).is_positive
    else:
        with refused("expression", f"the moment of order {order} of S", "is infinite"):
            expectation(word, {small: Wishart(dof)})


# complex matrices


def test_complex_normal_matrices_pair_entries_with_conjugates() -> None:
    Z, F = sp.MatrixSymbol("Z", n, p), sp.MatrixSymbol("F", p, p)
    g = numbered(2, 2) + sp.I * numbered(2, 2, 3)
    f = numbered(2, 2, 1)
    for word in (
        lambda z, g, f: z @ f @ adj(z),
        lambda z, g, f: z @ f @ tr(z),
        lambda z, g, f: z @ f @ adj(z) @ g @ z @ adj(z),
        lambda z, g, f: z @ f @ tr(z) @ g @ conj(z) @ adj(z),
        lambda z, g, f: z @ f @ adj(g @ z),
    ):
        found = expectation(word(Z, G, F), {Z: ComplexGaussian(sp.S.Half)})
        mean = enumerated(lambda z, word=word: word(z, arr(g), arr(f)), 2, 2, COMPLEX_TO_ORDER_2)
        assert same(found, {G: g, F: f}, {n: 2, p: 2}, mean)


def test_conjugates_alone_have_mean_zero_and_numbers_are_conjugated() -> None:
    Z = sp.MatrixSymbol("Z", n, p)
    law = {Z: ComplexGaussian()}
    assert expectation(sp.Adjoint(Z), law) == sp.ZeroMatrix(p, n)
    assert expectation(sp.Trace(Q.conjugate() * G), {Q: Unitary()}) == 0
    assert expectation(Z * sp.Adjoint(sp.I * Z), law) == sp.MatMul(-sp.I * p, sp.Identity(n))


def clifford() -> list[Any]:
    """The 24 unitary matrices, up to phases, that Hadamard's and the phase gate generate: a unitary 3-design."""
    gates = [np.array([[1, 1], [1, -1]]) / np.sqrt(2), np.diag([1, 1j])]
    found: dict[Any, Any] = {}
    new = [np.eye(2, dtype=complex)]
    while new:
        matrix = new.pop()
        first = next(entry for entry in matrix.flat if abs(entry) > 0.1)
        key = tuple(np.round(matrix * np.conj(first) / abs(first), 6).flat)
        if key not in found:
            found[key] = matrix
            new += [gate @ matrix for gate in gates]
    return list(found.values())


def test_unitary_matrices_are_a_mean_over_a_design() -> None:
    group = clifford()
    assert len(group) == 24
    small = sp.MatrixSymbol("U", 2, 2)
    g, h = numbered(2, 2), numbered(2, 2, 3)
    for word in (
        lambda u, g, h: u @ g @ adj(u),
        lambda u, g, h: u @ g @ adj(u) @ h @ u @ g @ adj(u),
        lambda u, g, h: u @ g @ u @ h @ adj(u) @ adj(u),
        lambda u, g, h: u @ g @ u @ h @ u @ g @ adj(u) @ g @ conj(u) @ conj(u),
    ):
        found = matrix_value(expectation(word(small, g, h), {small: Unitary()}), {})
        mean = sum(word(u, arr(g), arr(h)) for u in group) / 24
        assert np.allclose(np.array(found.tolist(), dtype=complex), mean, atol=1e-9)


@pytest.mark.parametrize("pairs", [1, 2, 3, 4])
def test_traces_of_unitary_matrices_have_factorial_moments(pairs: int) -> None:
    assert expectation(sp.Abs(sp.Trace(Q)) ** (2 * pairs), {Q: Unitary()}) == sp.factorial(pairs)
    assert expectation(sp.Trace(Q) ** pairs, {Q: Unitary()}) == 0


def test_small_unitary_matrices_have_their_own_moments() -> None:
    one, two = sp.MatrixSymbol("U", 1, 1), sp.MatrixSymbol("U", 2, 2)
    assert expectation(sp.Abs(sp.Trace(one)) ** 6, {one: Unitary()}) == 1
    assert [expectation(sp.Abs(sp.Trace(two)) ** (2 * k), {two: Unitary()}) for k in (1, 2, 3, 4)] == [1, 2, 5, 14]


def test_a_unitary_matrix_cancels_its_adjoint() -> None:
    word = Q * sp.Adjoint(Q) * Q * sp.Adjoint(Q) * Q * sp.Adjoint(Q) * Q * sp.Adjoint(Q) * Q * sp.Adjoint(Q)
    assert expectation(word, {Q: Unitary()}) == sp.Identity(n)


def test_real_matrices_equal_their_conjugates() -> None:
    assert expectation(W * sp.Adjoint(W), {W: Gaussian()}) == expectation(W * W.T, {W: Gaussian()})
    assert expectation(Q * G * sp.Adjoint(Q), {Q: Haar()}) == expectation(Q * G * Q.T, {Q: Haar()})


# shapes


def test_rows_columns_and_numbers() -> None:
    x, M = sp.MatrixSymbol("x", p, 1), sp.MatrixSymbol("M", n, p)
    law = {W: Gaussian(mean=M)}
    assert expectation(W * x, law) == M * x
    assert expectation(x.T * W.T, law) == x.T * M.T
    assert expectation(W - M, law) == sp.ZeroMatrix(n, p)
    assert expectation(W, {W: Gaussian()}) == sp.ZeroMatrix(n, p)
    assert expectation(x.T * W.T * W * x, {W: Gaussian()}) == expectation(n * x.T * x, {})
    assert expectation(W * x * x.T * W.T, {W: Gaussian()}).args[-1] == sp.Identity(n)


def test_an_outer_product_of_two_sums() -> None:
    left, right = sp.MatrixSymbol("u", n, 1), sp.MatrixSymbol("v", p, 1)
    assert expectation(left * right.T, {}) == left * right.T
    ones = expectation(W * B * W.T, {W: Entries.bernoulli(THIRD)})
    assert sp.OneMatrix(n, n) in ones.atoms(sp.OneMatrix) | {sp.OneMatrix(n, 1) * sp.OneMatrix(1, n)}


@given(matrices(2, 2), matrices(2, 2))
@settings(max_examples=3, deadline=None)
def test_fourth_cumulants_leave_diagonals_and_hadamard_products(g: Any, h: Any) -> None:
    square = sp.MatrixSymbol("W", n, n)
    atoms = {-2: SIXTH, 0: 1 - THIRD, 2: SIXTH}
    law = Iid(Law.discrete({-2: "1/6", 0: "2/3", 2: "1/6"}), sp.Rational(4, 3))

    def hadamard(left: Any, right: Any) -> Any:
        return left * right if isinstance(left, np.ndarray) else sp.HadamardProduct(left, right)

    for word in (
        lambda w, g, h: w @ g @ tr(w) @ h @ w @ tr(w),
        lambda w, g, h: hadamard(w @ g @ tr(w), w @ h @ tr(w)),
        lambda w, g, h: hadamard(w, w) @ g @ tr(hadamard(w, w)),
    ):
        found = expectation(word(square, G, H), {square: law})
        mean = enumerated(lambda w, word=word: word(w, arr(g), arr(h)), 2, 2, atoms)
        assert same(found, {G: g, H: h}, {n: 2}, mean)


def test_a_matrix_of_sums_where_nothing_else_does() -> None:
    """The indices i, j, k, l are joined each with each, so no product of matrices says the same."""
    symbols = [sp.MatrixSymbol(name, 2, 2) for name in "ABCDE"]
    frames = [Frame("rows", sp.Integer(2)), Frame("columns", sp.Integer(2))]
    i, j, k, l = range(4)  # noqa: E741
    edges = [(0, i, k), (1, i, l), (2, j, k), (3, j, l), (4, k, l), (5, i, NONE), (6, j, NONE)]
    found = matrix_of([(sp.S.One, canonical(edges))], [*symbols, *frames])
    assert isinstance(found, sp.FunctionMatrix)
    values = [numbered(2, 2, seed) for seed in range(5)]
    arrays = [arr(value) for value in values]
    expected = sp.Matrix(np.einsum("ik,il,jk,jl,kl->ij", *arrays).tolist())
    written_out = found.xreplace(dict(zip(symbols, values, strict=True)))
    assert sp.Matrix(2, 2, lambda i, j: written_out[i, j].doit()) == expected


# refusals

small = sp.MatrixSymbol("S", 2, 2)


@pytest.mark.parametrize(
    ("argument", "words", "build"),
    [
        ("laws", "the colcov of X is pxp", lambda: expectation(
            sp.MatrixSymbol("X", b, n).T, {sp.MatrixSymbol("X", b, n): Gaussian(colcov=Sigma)})),
        ("laws", "the mean of X is pxp", lambda: expectation(X, {X: Gaussian(mean=B)})),
        ("laws", "the mean of X has the random matrix A", lambda: expectation(
            A * X, {A: Haar(), X: Gaussian(mean=A * sp.MatrixSymbol("M", b, p))})),
        ("laws", "X is bxp, and Unitary needs a square", lambda: expectation(X, {X: Unitary()})),
        ("rowcov", "is not symmetric", lambda: Gaussian(rowcov=sp.Matrix([[1, 2], [0, 1]]))),
        ("rowcov", "has a negative eigenvalue", lambda: Gaussian(rowcov=sp.Matrix([[1, 2], [2, 1]]))),
        ("colcov", "A\\*A.T is neither a symbol nor an explicit matrix", lambda: Gaussian(colcov=A * A.T)),
        ("colcov", "cannot read 2 as a matrix", lambda: Gaussian(colcov=2)),
        ("colcov", "X is bxp, and no covariance matrix", lambda: Gaussian(colcov=X)),
        ("variance", "is negative: -1", lambda: Gaussian(-1)),
        ("variance", "is negative: -1", lambda: Entries.relu(-1)),
        ("scale", "must be positive, got 0", lambda: Wishart(3, 0)),
        ("scale", "has no inverse", lambda: expectation(
            small.inverse(), {small: Wishart(9, sp.Matrix([[1, 1], [1, 1]]))})),
        ("probability", "must lie between 0 and 1, got 2", lambda: Entries.bernoulli(2)),
        ("weights", "must be positive with sum 1", lambda: Entries.discrete({0: THIRD, 1: THIRD})),
        ("moments", "the variance is negative", lambda: Entries.from_moments("own", {1: 2, 2: 1})),
        ("moments", "orders must be positive integers", lambda: Entries.from_moments("own", {0: 1})),
        ("expression", "S and its inverse occur together", lambda: expectation(
            S * D * S.inverse(), {S: Wishart(b)})),
        ("expression", "5 factors S", lambda: expectation(sp.Trace(S) ** 5, {S: InverseWishart(b)})),
        ("expression", "5 factors Q", lambda: expectation(sp.Abs(sp.Trace(Q)) ** 10, {Q: Unitary()})),
        ("expression", "an entry at a number multiplies a matrix", lambda: expectation(
            Q[0, 0] * Q, {Q: Gaussian()})),
        ("expression", "no polynomial in Q", lambda: expectation(Q.inverse(), {Q: Gaussian()})),
        ("expression", "the columns of X have size p", lambda: expectation(
            sp.MatMul(X, A, evaluate=False), {X: Gaussian()})),
    ],
)  # fmt: skip
def test_bad_input_is_named(argument: str, words: str, build: Callable[[], Any]) -> None:
    with refused(argument, words):
        build()


def test_masks_leave_diagonals() -> None:
    found = expectation(Q * G * Q, {Q: Mask(0)})
    g = numbered(2, 2)
    assert same(found, {G: g}, {n: 2}, sp.Matrix([[g[0, 0] / 2, g[0, 1] / 4], [g[1, 0] / 4, g[1, 1] / 2]]))


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        (lambda W, A: sp.Trace(A * sp.DiagMatrix(DiagonalOf(W))), "W is not square"),
        (lambda W, A: sp.Trace(W * W.T) ** 101, "the power 101 is too high"),
        (lambda W, A: sp.MatPow(W * W.T, 101), "the power 101 is too high"),
        (lambda W, A: sp.Trace(W * W.T + A) ** 60, "the limit is 300,000"),
    ],
)
def test_what_cannot_be_expanded_is_refused_before_it_is(expression: Any, problem: str) -> None:
    W, A = sp.MatrixSymbol("W", 2, 3), sp.MatrixSymbol("A", 2, 2)
    with pytest.raises(InvalidArgument, match=problem):
        expectation(expression(W, A), {W: Gaussian(1)})


def test_unequal_sizes_entry_by_entry_are_refused() -> None:
    n, m = sp.symbols("n m", integer=True, positive=True)
    W, A = sp.MatrixSymbol("W", n, m), sp.MatrixSymbol("A", n, n)
    with pytest.raises((InvalidArgument, sp.matrices.exceptions.ShapeError), match="size"):
        expectation(sp.HadamardProduct(W, A), {W: Entries.bernoulli(sp.Rational(1, 2))})
