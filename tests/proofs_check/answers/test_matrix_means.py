"""vanishing expect: its answers are those of the calculus, may be pasted into claims, and run as NumPy."""

import json

import numpy as np
import pytest
import sympy as sp

from proofs_check import check, expect
from proofs_check.answers import matrix_means
from proofs_check.cli import main
from tests.theory.matrix_expectations.small_matrices import matrix_value
from theory.ensembles import InvalidArgument

W, X, S = "W: normal 1/n, n by n", "X: normal colcov Sigma, b by p", "S: wishart b scale Sigma, p by p"
ASKED = [
    ("tr(W*A*W.T*B)", [W]),
    ("W*A*W.T", ["W: bernoulli p, n by m"]),
    ("W*A*W.T + W.T", ["W: normal 1/n mean M rowcov U, n by n"]),
    ("X.T*A*X*B*X.T*C*X", [X]),
    ("S*A*S + A", [S]),
    ("S^-1*A*S^-1", [S]),
    ("U*A*U.H*B*U*C*U.H", ["U: unitary, n by n"]),
    ("Z*A*Z.H*B*Z*Z.H", ["Z: complex-normal 1/n, n by m"]),
    ("W*A*W.T*B*W*W.T", ["W: symmetric 1/n, n by n"]),
    ("hadamard(W*A*W.T, W*W.T)", ["W: uniform, n by m"]),
    ("diag(W*A)*W*x", ["W: normal, n by n", "x: n by 1"]),
    ("||W*A||_F^2 + (x.T*W*x)^2", ["W: relu 2/n, n by n", "x: n by 1"]),
    ("tr(Q*A*Q.T*A)*I_n", ["Q: haar, n by n", "A: constant symmetric, n by n"]),
    ("W*x*x.T*W.T*A*W*W.T", ["W: symmetric, n by n", "x: n by 1"]),
    ("hadamard(W, W, W)*A*W.T", ["W: symmetric, n by n"]),
    ("diag(W*A*W.T)*x", ["W: symmetric, n by n", "x: n by 1"]),
    ("diag(x)*W*A*W.T", ["W: bernoulli p, n by m", "x: n by 1"]),
    ("T*A", ["T: inverse-wishart b scale Psi, p by p"]),
    ("W*D*A*D*W.T", ["W: rademacher, n by m", "D: mask 1/2, m by m"]),
]


@pytest.mark.parametrize(("expression", "matrices"), ASKED, ids=[expression for expression, _ in ASKED])
def test_an_answer_is_a_claim_that_holds(expression, matrices):
    answer = expect(expression, matrices)
    equation = str(answer).splitlines()[0]
    sizes = [text.removeprefix("this is so for ") for text in answer.assumptions if " >= " in text] or None
    found = check(equation, matrices=matrices, sizes=sizes, compare=False)
    assert found.verdict.value == "supported", str(found)


def test_matrices_that_are_not_declared_have_the_shape_that_fits():
    answer = expect("X.T*A*X*B", ["X: normal, b by p"])
    assert answer.assumptions[-2:] == ("A is a fixed b by b matrix", "B is a fixed p by p matrix")
    with pytest.raises(InvalidArgument, match="there is no matrix 'A'"):
        expect("tr(W*A*B)", ["W: normal, n by m"])


def test_numbers_for_letters_take_the_place_of_sizes():
    assert expect("|tr(U)|^6", ["U: unitary, n by n"]).exact == 6
    assert expect("|tr(U)|^6", ["U: unitary, n by n"], {"n": 2}).exact == 5
    assert expect("tr(W)^2", ["W: bernoulli p, n by n"], {"p": "1/2", "n": 3}).exact == 3


def test_where_an_answer_holds_is_said():
    assert expect("S^-2", [S]).assumptions[-1] == "this is so for b > p + 3"
    assert expect("|tr(U)|^6", ["U: unitary, n by n"]).assumptions[-1] == "this is so for n >= 3"
    assert "p = 1/3" in expect("W", ["W: bernoulli p, n by n"], {"p": "1/3"}).assumptions


def test_python_is_a_function_of_arrays():
    sigma = np.array([[5.0, 2], [2, 1]])
    a = np.array([[1.0, 2], [3, 4]])
    for expression, matrices, values, arguments in (
        ("S^-1*A*S^-1", [S], {}, {"A": a, "Sigma": sigma, "b": 9, "p": 2}),
        ("W*A*W.T", ["W: bernoulli 1/3, n by m"], {}, {"A": a, "n": 3, "m": 2}),
        ("W*A*W.T*A*W*W.T", ["W: symmetric, n by n"], {}, {"A": a, "n": 2, "K": 5}),
        ("tr(W*A*W.T)^2", ["W: normal, n by m"], {"n": 3}, {"A": a, "m": 2}),
    ):
        answer = expect(expression, matrices, values)
        scope = {}
        exec(matrix_means.as_python(answer), scope)
        names = {str(symbol): symbol for symbol in answer.exact.free_symbols}
        got = scope["mean"](**{name: value for name, value in arguments.items() if name in names})
        sizes = {names[k]: v for k, v in arguments.items() if k in names and not isinstance(v, np.ndarray)}
        known = {names[k]: sp.Matrix(v) for k, v in arguments.items() if k in names and isinstance(v, np.ndarray)}
        matrix = answer.exact if answer.exact.is_Matrix else sp.MatMul(answer.exact, sp.Identity(1))
        small = {sp.MatrixSymbol(m.name, *(size.subs(sizes) for size in m.shape)): v for m, v in known.items()}
        assert np.allclose(np.array(matrix_value(matrix.subs(sizes), small).tolist(), dtype=float), got)


def test_formats_of_the_command(capsys):
    ask = ["expect", "E[S*A*S]", "--matrix", S]
    assert main([*ask, "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["statement"] == "E[S*A*S]"
    assert data["formula"] == "b*tr(A*Sigma)*Sigma + b*Sigma*A.T*Sigma + b^2*Sigma*A*Sigma"
    assert data["shape"] == ["p", "p"]
    assert data["matrices"] == {"A": ["p", "p"], "Sigma": ["p", "p"]}
    assert main([*ask, "--format", "latex"]) == 0
    assert r"\mathbb{E}\left[S A S\right] = b^{2} \Sigma A \Sigma" in capsys.readouterr().out
    assert main(["expect", r"\operatorname{tr}(W A W^\top B)", "--latex", "--matrix", W]) == 0
    assert "= tr(A)*tr(B)/n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("expression", "options", "words"),
    [
        ("W*W", ["W: normal, n by m"], "the columns of W have size m and the rows of W n"),
        ("W*q", ["W: normal, n by n"], "there is no letter or matrix 'q'"),
        ("W*x", ["W: normal, n by n"], "there is no letter or matrix 'x'; declare it"),
        ("W + 1", ["W: normal, n by n"], "this adds a number to a matrix"),
        ("W", ["W: normal, n by n", "W: normal, n by n"], "W is declared twice"),
        ("W", ["W: normal, n by n", "V: normal, n by n"], "the random matrix V does not occur"),
        ("A", ["A: n by n"], "none of the matrices is random"),
        ("W", [], "names no random matrix"),
        ("W", ["W: gaussian, n by n"], "there is no law 'gaussian'"),
        ("W", ["W: haar 2, n by n"], "have no variance"),
        ("W", ["W: haar scale V, n by n"], "haar has no scale"),
        ("W", ["W: haar, n by m"], "needs a square matrix"),
        ("W", ["W: bernoulli 3/2, n by m"], "must lie between 0 and 1"),
        ("W", ["W: normal colcov A*B, n by m"], "colcov needs the name of a matrix"),
        ("W", ["W: normal colcov V colcov V, n by m"], "names one part twice"),
        ("W*W.T", ["W: normal rowcov V, n by m", "V: m by m"], "the rowcov of W is mxm"),
        ("W", ["W: normal, n by n", "A: constant positive, n by n"], "'positive' is not known of a constant matrix"),
        ("W", ["W: normal, n by n", "A: constant symmetric, n by m"], "not symmetric"),
        ("S^-1", ["S: wishart 4, 4 by 4"], "order 1 of S**(-1) with 4 degrees of freedom and size 4 is infinite"),
        ("S*A*S^-1", [S], "S and its inverse occur together"),
        ("W^-1", ["W: normal, n by n"], "no polynomial in W"),
        ("W^n", ["W: normal, n by n"], "the power of a matrix must be a whole number"),
        ("tr(Q)^10", ["Q: haar, n by n"], "the limit is 8"),
        ("I", [W], "the size of I is not known"),
        ("W*E[W]", [W], "a mean inside of a mean"),
        ("hadamard(W)", [W], "hadamard takes 2 arguments"),
        ("W +", [W], "ends too early"),
    ],
)
def test_bad_input_is_named(expression, options, words):
    with pytest.raises(InvalidArgument) as refused:
        expect(expression, options)
    assert words in str(refused.value)


def test_letters_that_do_not_occur_are_refused(capsys):
    assert main(["expect", "W*A", "--matrix", W, "--set", "q=3"]) == 2
    assert "q is no letter of a matrix" in capsys.readouterr().err
    assert main(["expect", "W*A", "--matrix", W, "--set", "n=1/2"]) == 2
    assert "n must be a positive integer, got 1/2" in capsys.readouterr().err
    assert main(["expect", "W*A", "--matrix", W, "--format", "html"]) == 2
    assert "there is no format 'html'" in capsys.readouterr().err
