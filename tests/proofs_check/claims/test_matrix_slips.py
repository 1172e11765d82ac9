"""What a newcomer types about random matrices is read as it is meant, or refused with what would do."""

from __future__ import annotations

import pytest
import sympy as sp

from proofs_check import check, expect
from proofs_check.claims.latex import from_latex
from proofs_check.verdict import Verdict
from theory.ensembles import InvalidArgument

N, X, COLUMN = "W: normal 1/n, n by n", "X: normal, n by p", "x: normal, n by 1"
S, ROWS = "S: wishart b scale Sigma, p by p", "X: normal colcov Sigma, b by p"
U = "U: unitary, n by n"


def refusal(expression, options, **more):
    with pytest.raises(InvalidArgument) as refused:
        expect(expression, options, **more)
    return str(refused.value)


@pytest.mark.parametrize(
    ("expression", "options", "words"),
    [
        ("X'AX", [X], "write X'*A*X, or declare it"),
        ("x'Ax", [COLUMN], "write x'*A*x"),
        ("XᵀAX", [X], "write X.T*A*X"),
        ("X^TAX", [X], "write X.T*A*X"),
        ("X^TX", [X], "write X.T*X"),
        ("S^-TA", [S], "write S^-1.T*A"),
        ("X.TAX", [X], "put a * behind .T, as in .T*AX"),
        ("X.T*AX", [X], "write A*X"),
        ("xTAx", [COLUMN], "write x.T*A*x"),
        ("xx'", [COLUMN], "write x*x'"),
        ("tr(WAW.T)", [N], "write W*A*W.T"),
        ("WAW'*W", [N], "write W*A*W'"),
        ("XX.T", [X], "write X*X.T"),
        ("W*Wx", [N], "write W*x"),
        ("WSigma*W", [N], "write W*Sigma"),
        ("nW", [N], "write n*W"),
        ("W*AB.T*W.T", [N], "write A*B.T"),
        ("X_1'AX_1", ["X_1: normal, n by p"], "write X_1'*A*X_1"),
        ("A_1X", [X], "write A_1*X"),
        ("W_1W_2", ["W_1: normal, n by n", "W_2: normal, n by n"], "as in W_1*W_2"),
        ("trWW", [N], "write tr(W*W)"),
        ("tr(W*T*WT)", [N, "T: n by n"], "write W*T"),
        ("W*W_ij", [N], "write u.T*W*v for an entry"),
        ("W[1,1]", [N], "write u.T*W*v"),
        ("W1*W2", [N], "write W*1, W^1 or W_1"),
        ("W", ["W1: normal, n by n"], "write W_1 for its name"),
        ("e.T*W*e", [N], "e is a number and has no transpose; declare it"),
        ("tr(W, W)", [N], "tr takes 1 argument, got 2"),
        ("W@W.T", [N], "write * for a product"),
        ("W∘W", [N], "write hadamard(A, B)"),
        ("U^*A*U", [U], "write .H"),
        ("<x, W*x>", [N, "x: n by 1"], "write x.T*(W*x)"),
        ("(W*A)'*W", [N], "write .T for the transpose"),
        ("W*W.T + O(1/n)", [N], "only equations are known here"),
        ("W/W", [N], "W is a matrix, and a number is expected here"),
        ("W*ones(n)", [N], "write e.g. ones(n, 1)"),
        ("E[W] = 0", [N], "claims are for vanishing check"),
    ],
)
def test_names_that_run_together_are_refused_with_the_product_written_out(expression, options, words):
    assert words in refusal(expression, options)


def test_no_claim_about_a_name_that_hides_a_random_matrix_is_supported():
    for claim in ("E[X'AX] = 0", "E[X.T*AX] = 0", "E[X'*A*X] = AX - AX", "E tr(XA) = 0", "E tr(X*A2) = 0"):
        with pytest.raises(InvalidArgument, match="write"):
            check(claim, matrices=[X])


@pytest.mark.parametrize(
    ("expression", "options"),
    [
        ("S*Sigma", ["S: wishart b, p by p"]),  # Greek letters are no products that begin with S
        ("X*Sigma_XX*X.T", [X]),
        ("X_1*X_2", ["X_1: normal, n by n"]),
        ("W*Aw*W.T", [N]),
        ("X*MX.T", ["X: normal mean MX, n by p"]),
        ("W*AW*W.T", [N, "AW: n by n"]),
    ],
)
def test_names_that_are_meant_as_they_are(expression, options):
    assert expect(expression, options).exact is not None


def test_letters_of_networks_are_none_of_matrices():
    for letter in ("sigma^2*n", "c", "m"):
        with pytest.raises(InvalidArgument, match="there is no letter or matrix"):
            check(f"E tr(W*W.T) = {letter}", matrices=[N])
    with pytest.raises(InvalidArgument, match=r"declare it, e\.g\. --matrix 'x: n by 1'"):
        check("E|W*x|^2 = |x|^2", matrices=[N])
    assert check("E|W*x|^2 = |x|^2", matrices=[N, "x: n by 1"]).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("latex", "plain", "options"),
    [
        ("X^TAX", "X.T*A*X", [X]),
        (r"\mathbb{E}[X^\top AX]", "X.T*A*X", [X]),
        ("X'AX", "X.T*A*X", [X]),
        (r"\mathbf{X}^{\mathsf T}\mathbf{AX}", "X.T*A*X", [X]),
        ("x^TAx", "x.T*A*x", [COLUMN]),
        (r"\operatorname{tr}(WAW^TB)", "tr(W*A*W.T*B)", [N]),
        (r"\frac1nWW^TW_1", "W*W.T*W_1/n", [N]),
        ("W_1W_2W_1^T", "W_1*W_2*W_1.T", ["W_1: normal, n by n", "W_2: normal mean M, n by n"]),
        (r"X\Sigma X^T", "X*Sigma*X.T", [ROWS]),
        (r"\Sigma^{-1}S^{-1}\boldsymbol{\Sigma}", "Sigma^-1*S^-1*Sigma", [S]),
        (r"\|W\mu\|^2", "||W*mu||_F^2", [N, "mu: n by 1"]),
        ("U^*AU", "U.H*A*U", [U]),
        (r"U^{\dagger}AU", "U.H*A*U", [U]),
        ("U^HAU", "U.H*A*U", [U]),
        ("S^{-T}A", "S^-1.T*A", [S]),
        (r"\mathrm{Mid}X\mathrm{Mid}", "Mid*X*Mid", ["X: normal mean M, n by n"]),
        ("Data^TData", "Data.T*Data", ["Data: normal, n by p"]),
        ("2nW^2", "2*n*W^2", [N]),
    ],
)
def test_letters_side_by_side_are_a_product_in_latex(latex, plain, options):
    answer = expect(latex, options, latex=True)
    assert answer.exact == expect(plain, options).exact
    assert expect(answer.expression, options).exact == answer.exact  # as it is shown


def test_claims_in_latex_are_read_letter_by_letter():
    claim = r"\mathbb{E}[X^TAX] = \operatorname{tr}(A)I"
    assert check(claim, matrices=[X]).verdict is Verdict.SUPPORTED
    assert check("E[X^TAX] = 0", matrices=[X], latex=True).verdict is Verdict.REFUTED
    assert from_latex("X^TAX") == "X.T AX"  # where there are no matrices, words stay words


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        (r"\det(W)", "determinants are not known"),
        (r"W\odot W", "hadamard"),
        ("W^10", "write ^{10}"),
        ("W_12", "write _{12}"),
        (r"\mathbf{1}^TW", "or a vector of ones"),
        (r"WU^\dagger\dagger", "not known here"),
    ],
)
def test_latex_that_is_not_read_says_what_would_do(latex, words):
    message = refusal(latex, [N], latex=True)
    assert words in message
    assert message.startswith("expression: ")


@pytest.mark.parametrize("outside", ["{}", "E[{}]"])
@pytest.mark.parametrize("function", ["exp", "log", "erf"])
def test_what_is_no_polynomial_is_refused_without_advice_that_does_not_help(function, outside):
    message = refusal(outside.format(f"{function}(tr(W))"), [N])
    assert f"{function}(tr(W)) is no polynomial in W; known are means of polynomials" in message
    with pytest.raises(InvalidArgument, match="is no polynomial in W"):
        check(f"E[{function}(tr(W))] = 1", matrices=[N])


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("det(W)^2", "determinants are not known"),
        ("det W", "determinants are not known"),
        ("exp(det(W))", "determinants are not known"),
        ("rank(W)", "ranks are not known"),
        ("cos(tr(W))", "there is no function 'cos'"),
        ("kron(W, W)", "there is no function 'kron'"),
        ("exp(W)", "exp(W) is not known of a matrix"),
        ("norm(W)^2", "write ||W||_F^2"),
        ("Var(tr(W))", "Var is not known here, only means are; ask for the means that it is made of"),
        ("P(tr(W) > 0)", "P is not known here, only means are; known are means of polynomials"),
    ],
)
def test_functions_that_are_not_known_are_named(expression, words):
    assert words in refusal(expression, [N])
    if "Var" not in words and "P is" not in words:
        with pytest.raises(InvalidArgument) as refused:
            check(f"E[{expression}] = 1", matrices=[N])
        assert words in str(refused.value)


def test_functions_of_numbers_are_read_beside_matrices():
    assert expect("exp(tr(H))*W*W.T", [N]).exact == sp.exp(sp.Trace(sp.MatrixSymbol("H", *2 * [n()]))) * sp.Identity(
        n()
    )
    assert expect("sqrt(tr(W*W.T))^2", [N]).exact == n()
    assert expect("abs(tr(U))^4", [U]).exact == 2


def n():
    return sp.Symbol("n", integer=True, positive=True)


@pytest.mark.parametrize(
    ("expression", "options", "holds"),
    [
        ("S*S^-1", [S], "this is so for b >= p"),
        ("S^-1*S*A*S", [S], "this is so for b >= p"),
        ("(2*S)^-1*S", [S], "this is so for b >= p"),
        ("X.T*X*(X.T*X)^-1", [ROWS], "X.T*X is invertible"),
        ("W*W^-1", ["W: bernoulli, n by n"], "W is invertible"),
    ],
)
def test_an_inverse_that_cancels_leaves_its_condition(expression, options, holds):
    answer = expect(expression, options)
    assert holds in answer.assumptions
    found = check(str(answer).splitlines()[0], matrices=options, compare=False)
    assert found.verdict is Verdict.SUPPORTED
    assert holds.removeprefix("this is so for ") in found.scope


def test_what_cancels_has_a_mean_and_what_is_not_named_does_not_occur():
    assert expect("S*S^-1", [S]).exact.is_Identity
    assert expect("I.T*W*W.T", [N]).exact.is_Identity
    assert str(expect("W - W", [N])).startswith("E[W - W] = 0\n")
    assert expect("tr(W)^0", [N]).exact == 1
    assert not any("invertible" in text for text in expect("S^-2", [S]).assumptions)
    assert not any("invertible" in text for text in expect("Q*Q^-1", ["Q: haar, n by n"]).assumptions)
    assert "the random matrix V does not occur" in refusal("W", [N, "V: normal, n by n"])


@pytest.mark.parametrize(
    ("expression", "options", "words"),
    [
        ("(X.T*X)^-1", [ROWS], "--matrix 'S: wishart b scale Sigma, p by p', and write S^-1"),
        ("(X*X.T)^-2", ["X: normal, n by p"], "--matrix 'S: wishart p, n by n', and write S^-1"),
        ("X*(X.T*X)^-1*X.T", [ROWS], "inverses are known of a Wishart matrix alone"),
        ("(X.T*X)^-1", ["X: normal 1/b, b by p"], "inverses are known of a Wishart matrix alone"),
        ("W^-1", [N], "inverses are known of a Wishart matrix alone"),
        ("Q^-1*A", ["Q: haar, n by n"], "write Q.T, which is the inverse"),
        ("U^-1*A", [U], "write U.H, which is the inverse"),
        ("S*S^-1", ["S: wishart 3, 4 by 4"], "S has no inverse: 3 degrees of freedom and size 4"),
    ],
)
def test_inverses_that_are_not_known_say_which_are(expression, options, words):
    assert words in refusal(expression, options)
    with pytest.raises(InvalidArgument) as refused:
        check(f"E[{expression}] = I", matrices=options)
    assert words in str(refused.value)
