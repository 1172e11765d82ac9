"""Expectations equal published values, brute force over all matrices, and the recursion of theory.moments.transfer."""

import itertools
from collections.abc import Callable
from math import comb, prod
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.matrix_expectations.small_matrices import array, evaluated, matrices
from tests.theory.small_networks import refused
from theory import activation_moment
from theory.ensembles import Ensemble, Law
from theory.matrix_expectations import Gaussian, Haar, Iid, Mask, MatrixLaw, Wishart, expectation

n, m, d, c = sp.symbols("n m d c", integer=True, positive=True)
K = sp.Symbol("K", positive=True)
s, t = sp.symbols("s t", positive=True)
A, B = (sp.MatrixSymbol(name, n, n) for name in "AB")
Q, S = (sp.MatrixSymbol(name, n, n) for name in "QS")
x, y = (sp.MatrixSymbol(name, n, 1) for name in "xy")
Laws = dict[sp.MatrixSymbol, MatrixLaw]


def square(width: sp.Expr, *names: str) -> list[sp.MatrixSymbol]:
    return [sp.MatrixSymbol(name, width, width) for name in names]


def product_of(factors: list[Any]) -> Any:
    return prod(factors[1:], start=factors[0])


def norm_squared(vector: Any) -> Any:
    return vector.T * vector


# published values


@pytest.mark.parametrize("law", [Gaussian(), Iid("normal")])
def test_published_moments_of_normal_matrices(law: MatrixLaw) -> None:
    layers = square(d, "W1", "W2", "W3")
    whole = product_of(layers)
    frobenius = sp.Trace(whole * whole.T) ** 2
    cube = expectation(sp.Trace((layers[0] * layers[0].T) ** 3), {layers[0]: law})
    assert sp.expand(cube) == 5 * d**4 + 6 * d**3 + 4 * d**2
    fourth = expectation(frobenius, dict.fromkeys(layers, law))
    assert sp.expand(fourth) == d**8 + 12 * d**6 + 8 * d**5 + 6 * d**4


@pytest.mark.parametrize(("layers", "power"), [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (2, 3), (3, 2)])
@pytest.mark.parametrize("name", ["normal", "symmetric"])
def test_wide_products_have_the_fuss_catalan_moments(layers: int, power: int, name: str) -> None:
    factors = square(d, *(f"W{k}" for k in range(layers)))
    whole = product_of(factors)
    moment = expectation(sp.Trace((whole * whole.T) ** power), dict.fromkeys(factors, Iid(name, 1 / d)))
    fuss_catalan = sp.Rational(comb((layers + 1) * power, power), layers * power + 1)
    assert sp.limit(moment / d, d, sp.oo) == fuss_catalan


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (sp.Trace(Q) ** 2, 1),
        (sp.Trace(Q) ** 4, 3),
        (sp.Trace(Q) ** 6, 15),
        (sp.Trace(Q) ** 3, 0),
        (sp.Trace(Q**2), 1),
        (sp.Trace(Q**2) ** 2, 3),
        (sp.Trace(Q**4), 1),
        (Q[0, 0] ** 2, 1 / n),
        (Q[0, 0] ** 4, 3 / (n * (n + 2))),
        (Q[0, 0] ** 6, 15 / (n * (n + 2) * (n + 4))),
        (Q[0, 0] ** 2 * Q[0, 1] ** 2, 1 / (n * (n + 2))),
        (Q[0, 0] ** 2 * Q[1, 1] ** 2, (n + 1) / (n * (n - 1) * (n + 2))),
        (Q[0, 0] * Q[0, 1] * Q[1, 0] * Q[1, 1], -1 / (n * (n - 1) * (n + 2))),
        (sp.Trace(Q * Q.T) ** 5, n**5),
    ],
)
def test_published_moments_of_haar_matrices(expression: sp.Expr, expected: Any) -> None:
    assert sp.cancel(expectation(expression, {Q: Haar()}) - expected) == 0


@pytest.mark.parametrize(("size", "expected"), [(1, [1, 1, 1]), (2, [1, 3, 10]), (3, [1, 3, 15])])
def test_small_orthogonal_matrices_have_their_own_moments(size: int, expected: list[int]) -> None:
    """On O(2), half of the traces are 2 cos and half 0: E tr^2k = C(2k, k)/2; (2k-1)!! holds from size k on."""
    small = sp.MatrixSymbol("Q", size, size)
    assert [expectation(sp.Trace(small) ** order, {small: Haar()}) for order in (2, 4, 6)] == expected


def test_a_rotated_form_is_a_quadratic_form_on_the_sphere() -> None:
    form = x.T * Q.T * A * Q * x
    length, trace = (x.T * x)[0, 0], sp.Trace(A)
    assert sp.simplify(expectation(form, {Q: Haar()}) - expectation(length * trace / n, {})) == 0
    again = length**2 * (trace**2 + sp.Trace(A**2) + sp.Trace(A * A.T)) / (n * (n + 2))
    assert sp.simplify(expectation(form**2, {Q: Haar()}) - expectation(again, {})) == 0


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (sp.Trace(S), n * m * t),
        (sp.Trace(S**2), (m * n**2 + m**2 * n + m * n) * t**2),
        (sp.Trace(S) ** 2, (m**2 * n**2 + 2 * m * n) * t**2),
        (sp.Trace(S**3), m * n * (m**2 + n**2 + 3 * m * n + 3 * m + 3 * n + 4) * t**3),
        (
            sp.Trace(S * A * S * B),
            t**2 * (m * sp.Trace(A) * sp.Trace(B) + m * sp.Trace(A * B.T) + m**2 * sp.Trace(A * B)),
        ),
    ],
)
def test_published_moments_of_wishart_matrices(expression: sp.Expr, expected: Any) -> None:
    assert sp.expand(expectation(expression, {S: Wishart(m, t)}) - expected) == 0


def test_a_wishart_matrix_is_a_product() -> None:
    factor = sp.MatrixSymbol("G", n, m)
    words: list[Callable[[Any], Any]] = [lambda w: sp.Trace(w * A * w * B * w), lambda w: (x.T * w * A * w * y) ** 2]
    for word in words:
        assert expectation(word(S), {S: Wishart(m, t)}) == expectation(word(factor * factor.T), {factor: Gaussian(t)})
    one = sp.MatrixSymbol("g", n, 1)
    assert expectation(sp.Trace(S * A * S), {S: Wishart(1)}) == expectation(
        sp.Trace(one * one.T * A * one * one.T), {one: Gaussian()}
    )


# the other route


def network(widths: tuple[Any, ...], law: Law, variances: list[Any], slope: Any = None) -> tuple[Any, Laws]:
    """The last layer's activations, and the laws of weights and masks."""
    out: Any = sp.MatrixSymbol("x", widths[0], 1)
    laws: Laws = {}
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths), start=1):
        weights = sp.MatrixSymbol(f"W{layer}", fan_out, fan_in)
        laws[weights] = Iid(law, variances[layer - 1])
        out = weights * out
        if slope is not None:
            mask = sp.MatrixSymbol(f"D{layer}", fan_out, fan_out)
            laws[mask] = Mask(slope)
            out = mask * out
    return out, laws


def in_norms(expression: sp.Expr, width: Any) -> sp.Expr:
    """Name the power sums of the input as theory.moments.transfer does."""
    vector = sp.MatrixSymbol("x", width, 1)
    names = {2: "norm_x", 4: "norm4_x", 6: "norm6_x"}
    for half, order in ((1, 2), (2, 4), (3, 6)):
        power = vector if half == 1 else sp.HadamardPower(vector, half)
        expression = expression.subs(expectation(power.T * power, {}), sp.Symbol(names[order], positive=True) ** order)
    assert not expression.atoms(sp.MatrixSymbol)
    return expression


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("law", ["normal", "uniform", "rademacher", "symmetric"])
@pytest.mark.parametrize(("activation", "slope"), [("linear", None), ("relu", 0), ("leaky:s", s)])
def test_it_agrees_with_the_transfer_matrix(order: int, law: str, activation: str, slope: Any) -> None:
    depth = 1 if order == 6 else 2
    net = Ensemble(width="n", depth=depth, law=law, activation=activation, init="variance:t", input=None)
    out, laws = network((n,) * (depth + 1), net.law, [t] * depth, slope)
    mine = in_norms(expectation(norm_squared(out) ** (order // 2), laws), n)
    assert sp.cancel(mine - activation_moment(net, order)) == 0


def test_three_relu_layers_of_order_6_agree_with_the_transfer_matrix() -> None:
    net = Ensemble(width="n", depth=3, law="symmetric", activation="relu", init="he")
    out, laws = network((n,) * 4, net.law, [2 / n] * 3, 0)
    mine = in_norms(expectation(norm_squared(out) ** 3, laws), n)
    assert sp.cancel(mine - activation_moment(net, 6)) == 0


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("law", ["uniform", "symmetric"])
def test_rectangular_widths_agree_too(order: int, law: str) -> None:
    widths = sp.symbols("n0 n1 n2", integer=True, positive=True)
    net = Ensemble(widths=("n0", "n1", "n2"), law=law, activation="leaky:s", init="he")
    out, laws = network(widths, net.law, [2 / (1 + s**2) / width for width in widths[:2]], s)
    mine = in_norms(expectation(norm_squared(out) ** (order // 2), laws), widths[0])
    assert sp.cancel(mine - activation_moment(net, order)) == 0


def test_order_4_is_the_published_recursion() -> None:
    """E|Wx|^4 and E|Wx|_4^4 of arXiv:2106.03763, with the variance of an entry sigma^2/n."""
    weights = sp.MatrixSymbol("W", n, n)
    laws: Laws = {weights: Iid("symmetric", t / n)}
    fourth = sp.HadamardPower(weights * x, 2)
    u, v = (expectation(norm_squared(vector), {}) for vector in (x, sp.HadamardPower(x, 2)))
    u_next = expectation(norm_squared(weights * x) ** 2, laws)
    v_next = expectation(fourth.T * fourth, laws)
    assert sp.cancel(u_next - t**2 * ((1 + 2 / n) * u**2 + (K - 3) / n * v)) == 0
    assert sp.cancel(v_next - t**2 / n * (3 * u**2 + (K - 3) * v)) == 0


# brute force

TERNARY = Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"})
SIGNS = Law.named("rademacher")


def words(rows: int, columns: int) -> st.SearchStrategy[Any]:
    """A product of traces and forms, of at most six factors W, and the symbols that occur in it."""
    weights, mask = sp.MatrixSymbol("W", rows, columns), sp.MatrixSymbol("D", rows, rows)
    left, right = sp.MatrixSymbol("A", rows, rows), sp.MatrixSymbol("B", columns, columns)
    vector = sp.MatrixSymbol("x", columns, 1)
    core = st.sampled_from(
        [weights.T * weights, weights.T * left * weights, weights.T * mask * weights, weights.T * left.T * weights]
    )
    factor = core | st.tuples(core, st.sampled_from([right, right.T])).map(lambda pair: pair[0] * pair[1])
    path = st.lists(factor, min_size=1, max_size=2).map(product_of)
    scalar = path.map(sp.Trace) | path.map(lambda word: sp.Trace(vector.T * word * vector))
    return st.tuples(scalar, scalar).map(lambda pair: 2 * pair[0] * pair[1] - pair[0] / 3) | scalar


def enumerated(expression: sp.Expr, known: dict[Any, Any], law: Law, slope: Any) -> sp.Expr:
    """The mean over all matrices of a discrete law and all masks."""
    random = {symbol.name: symbol for symbol in expression.atoms(sp.MatrixSymbol) if symbol.name in "WD"}
    weights, mask = random["W"], random.get("D")
    values = {symbol: array(value) for symbol, value in known.items()}
    gates = list(itertools.product((1, slope), repeat=int(mask.rows))) if mask is not None else [()]
    total = sp.S.Zero
    for cell in itertools.product(law.atoms, repeat=int(weights.rows * weights.cols)):
        chance = prod((sp.Rational(p) for _, p in cell), start=sp.S.One) / len(gates)
        values[weights] = np.array([int(value) for value, _ in cell], dtype=object).reshape(*map(int, weights.shape))
        for gate in gates:
            if mask is not None:
                values[mask] = np.diag(np.array(gate, dtype=object))
            total += chance * evaluated(expression, values)
    return total


@given(st.data())
@settings(max_examples=25)
@pytest.mark.parametrize(
    ("shape", "law", "slope"), [((2, 2), SIGNS, 0), ((2, 3), SIGNS, 0), ((2, 2), TERNARY, -2), ((1, 2), SIGNS, 3)]
)
def test_it_is_the_mean_over_all_matrices(shape: tuple[int, int], law: Law, slope: int, data: st.DataObject) -> None:
    expression = data.draw(words(*shape))
    symbols = expression.atoms(sp.MatrixSymbol)
    known = {
        symbol: data.draw(matrices(*symbol.shape)) for symbol in sorted(symbols, key=str) if symbol.name not in "WD"
    }
    laws: Laws = {
        symbol: Iid(law, law.variance) if symbol.name == "W" else Mask(slope)
        for symbol in symbols
        if symbol.name in "WD"
    }
    expected = enumerated(expression, known, law, slope)
    assert evaluated(expectation(expression, laws), known) == expected
    assert expectation(expression.xreplace(known), laws) == expected


@given(words(2, 3))
@settings(max_examples=25)
def test_pairs_and_cumulants_agree_on_normal_entries(expression: sp.Expr) -> None:
    (weights,) = (symbol for symbol in expression.atoms(sp.MatrixSymbol) if symbol.name == "W")
    assert (
        sp.expand(
            expectation(expression, {weights: Gaussian(t)}) - expectation(expression, {weights: Iid("normal", t)})
        )
        == 0
    )


def test_dimensions_of_one_and_entries_of_numeric_matrices() -> None:
    row, column, number = (
        sp.MatrixSymbol(name, *shape) for name, shape in (("r", (1, 3)), ("v", (3, 1)), ("z", (1, 1)))
    )
    laws: Laws = {symbol: Iid("symmetric", t) for symbol in (row, column, number)}
    assert expectation((row * column * number) ** 2, laws) == 3 * t**3
    assert expectation(number**4, {number: laws[number]}) == K * t**2
    assert sp.expand(expectation((row * row.T)[0, 0] ** 2, {row: laws[row]}) - (3 * K + 6) * t**2) == 0


# names, signs, refusals


def test_users_may_call_their_symbols_anything() -> None:
    """The names of SymPy's own constants and functions, and of the moments' symbols."""
    I, N = sp.symbols("I N", integer=True, positive=True)  # noqa: E741
    E, O, K_user, g0 = sp.symbols("E O K g0")  # noqa: E741
    beta, Q_matrix, S_matrix = (sp.MatrixSymbol(name, N, N) for name in ("beta", "Q", "S"))
    e = sp.MatrixSymbol("e", N, 1)
    u, v = (expectation(norm_squared(vector), {}) for vector in (e, sp.HadamardPower(e, 2)))
    named = expectation(norm_squared(beta * e) ** 2, {beta: Iid("symmetric", E)})
    assert sp.expand(named - E**2 * (N * (N + 2) * u**2 + N * (K - 3) * v)) == 0
    assert expectation(O * g0 * sp.Trace(S_matrix) + I, {S_matrix: Wishart(I, K_user)}) == I * (1 + O * g0 * N * K_user)
    assert sp.cancel(expectation(Q_matrix[0, 0] ** 4, {Q_matrix: Haar()}) - 3 / (N * (N + 2))) == 0
    assert expectation(K_user * sp.Trace(beta * beta.T) ** 2, {beta: Iid("symmetric")}).free_symbols >= {K_user, K}


@pytest.mark.parametrize("law", [Gaussian(), Iid("symmetric"), Haar()])
def test_odd_degrees_vanish(law: MatrixLaw) -> None:
    assert expectation(sp.Trace(Q) * sp.Trace(Q * A * Q), {Q: law}) == 0
    assert expectation(sp.Trace(Q) ** 11 + 3, {Q: law}) == 3


def test_without_random_matrices_like_terms_are_collected() -> None:
    assert expectation(sp.Trace(A * B) + sp.Trace(B.T * A.T), {}) == 2 * sp.Trace(A * B)
    assert expectation(5, {}) == 5
    assert expectation(c / n, {}) == c / n


@pytest.mark.parametrize(
    ("argument", "words", "expression", "laws"),
    [
        (
            "laws",
            ("V does not occur", "or has cancelled", "known: W"),
            sp.Trace(sp.MatrixSymbol("W", n, n)),
            {sp.MatrixSymbol("V", n, n): Gaussian()},
        ),
        ("laws", ("nxm matrix A does not occur",), sp.Trace(A), {sp.MatrixSymbol("A", n, m): Gaussian()}),
        ("laws", ("'A' is no MatrixSymbol",), sp.Trace(A), {"A": Gaussian()}),
        ("laws", ("must be a mapping",), sp.Trace(A), [A]),
        ("laws", ("'normal' is no law of A",), sp.Trace(A), {A: "normal"}),
        (
            "laws",
            ("nxm", "Haar"),
            sp.Trace(sp.MatrixSymbol("A", n, m) * sp.MatrixSymbol("A", n, m).T),
            {sp.MatrixSymbol("A", n, m): Haar()},
        ),
        (
            "laws",
            ("nxm", "Wishart"),
            sp.Trace(sp.MatrixSymbol("A", n, m) * sp.MatrixSymbol("A", n, m).T),
            {sp.MatrixSymbol("A", n, m): Wishart(2)},
        ),
        (
            "laws",
            ("nxm", "Mask"),
            sp.Trace(sp.MatrixSymbol("A", n, m) * sp.MatrixSymbol("A", n, m).T),
            {sp.MatrixSymbol("A", n, m): Mask(0)},
        ),
        ("law", ("order 4 of 'own' is unknown",), sp.Trace(A) ** 4, {A: Iid(Law.from_moments("own", {2: 1}))}),
        ("expression", ("10 factors A",), sp.Trace(A) ** 10, {A: Haar()}),
        ("expression", ("no polynomial in A",), 1 / sp.Trace(A), {A: Gaussian()}),
        ("expression", ("no polynomial in A",), sp.Trace(A.inverse()), {A: Gaussian()}),
        ("expression", ("'Trace",), "Trace(A)", {}),
    ],
)
def test_bad_input_is_named(argument: str, words: tuple[str, ...], expression: Any, laws: Any) -> None:
    with refused(argument, *words[:1]) as raised:
        expectation(expression, laws)
    assert all(word in str(raised.value) for word in words)
