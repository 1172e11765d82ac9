"""Claims about matrix products: counterexamples lie where the claim is made, and advice is not refused."""

from __future__ import annotations

import re

import pytest
import sympy as sp

from proofs_check import check
from proofs_check.claims.matrices import Matrices
from proofs_check.verdict import Verdict
from theory.ensembles import InvalidArgument


@pytest.mark.parametrize(("claim", "least"), [("E tr(Q)^4 = 4", 2), ("E tr(Q)^6 = 14", 3), ("E tr(Q)^2 = 2", 1)])
def test_a_counterexample_has_a_size_of_the_claim(claim, least):
    found = check(claim, matrices=["Q: haar, n by n"], sizes=f"n>={least}", compare=False)
    assert found.verdict is Verdict.REFUTED
    assert found.counterexample.at == {"n": least}


@pytest.mark.parametrize(
    ("claim", "matrix", "sizes", "verdict", "at"),
    [
        ("E|tr(Q)|^4 = 3", "Q: haar, n by n", None, "refuted", {"n": 1}),
        ("E|tr(Q)|^4 = 3", "Q: haar, n by n", "n>=2", "supported", None),
        ("E|tr(Q)|^6 = 15", "Q: haar, n by n", "n>=2", "refuted", {"n": 2}),
        ("E|tr(Q)|^6 = 10", "Q: haar, n by n", "n=2", "supported", None),
        ("E|tr(Q)|^6 = 10", "Q: haar, n by n", "n=2,3", "refuted", {"n": 3}),
        ("E|tr(U)|^4 = 2", "U: unitary, n by n", None, "refuted", {"n": 1}),
        ("E[Q*A*Q.T] = tr(A)*I/n", "Q: haar, n by n", None, "supported", None),
        ("E tr(Q*A*Q.T*B)^2 = tr(A)^2*tr(B)^2/n^2", "Q: haar, n by n", "n=1", "supported", None),
        ("E tr(W*W.T)^2 = m^2 + 2*m/n + (n-1)*(n-2)*(n-3)", "W: normal 1/n, n by m", "n=1..3", "supported", None),
        ("E tr(W*W.T)^2 = m^2 + 2*m/n + (n-1)*(n-2)*(n-3)", "W: normal 1/n, n by m", None, "refuted", {"n": 4, "m": 1}),
    ],
)
def test_each_size_of_the_claim_counts(claim, matrix, sizes, verdict, at):
    found = check(claim, matrices=[matrix], sizes=sizes, compare=False)
    assert found.verdict.value == verdict, str(found)
    assert (found.counterexample.at if at else found.counterexample) == at


def test_the_claim_that_holds_is_advised():
    found = check("E|tr(Q)|^6 = 15", matrices=["Q: haar, n by n"], compare=False)
    assert (found.counterexample.claimed, found.counterexample.true) == ("15", "1")
    assert "use --for 'n>=3'" in str(found)
    assert "true instead" not in str(found)
    found = check("E tr(Q*A*Q.T*B*Q*A*Q.T*B) = 1/(n-1)", matrices=["Q: haar, n by n"], compare=False)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "use e.g. --for 'n>=2'" in str(found)


def test_numbers_for_letters_are_part_of_the_claim():
    matrix = ["W: normal 1/n, n by n"]
    found = check("E tr(W*W.T) = 3", matrices=matrix, values={"n": 3})
    assert found.verdict is Verdict.SUPPORTED
    assert found.scope.startswith("n = 3")
    assert check("E tr(W*W.T) = 3", matrices=matrix, values={"n": 4}).verdict is Verdict.REFUTED
    assert check("E[W*W.T] = I", matrices=matrix, values={"n": 1}).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"values": {"nonsense": 4}}, "nonsense is no letter of a matrix"),
        ({"values": {"n": "1/2"}}, "must be a positive integer"),
        ({"samples": 10}, "--samples: does not apply"),
        ({"tolerance": 0.9}, "--tolerance: does not apply"),
        ({"error": 0.9}, "--error: does not apply"),
        ({"seconds": 9}, "--seconds: does not apply"),
        ({"seed": 9}, "--seed: does not apply"),
        ({"sizes": "k>=2"}, "'k' is no size of this claim"),
        ({"sizes": "n=2*m"}, "sizes of matrices have numbers here"),
        ({"sizes": "s=2"}, "s is no size"),
        ({"sizes": "n=2", "values": {"n": 2}}, "n is 2 by --set"),
    ],
)
def test_no_option_of_a_claim_about_matrices_is_ignored(options, words):
    with pytest.raises(InvalidArgument) as refused:
        check("E tr(W*W.T) = m", matrices=["W: normal s/n, n by m"], **options)
    assert words.replace("--", "") in str(refused.value).replace("--", "")


@pytest.mark.parametrize(
    "given", [{"sizes": "b=3,p=4"}, {"values": {"b": 3, "p": 4}}, {"sizes": "b=3", "values": {"p": 4}}]
)
def test_moments_that_are_infinite_at_the_sizes_of_a_claim_are_refused(given):
    with pytest.raises(InvalidArgument, match=r"infinite|finite"):
        check("E[T] = Psi/(b-p-1)", matrices=["T: inverse-wishart b scale Psi, p by p"], **given)


@pytest.mark.parametrize(
    ("claim", "matrix"),
    [
        ("E tr(S^-1) = p/(b-p-1)", "S: wishart b scale I, p by p"),
        ("E tr(S) = b*p", "S: wishart b scale I_p, p by p"),
        ("E[X.T*X] = n*Sigma", "X: normal rowcov I colcov Sigma, n by p"),
        ("E[X.T*X] = (n+1)*I", "X: normal mean I, n by n"),
        ("E tr(T) = p/(b-p-1)", "T: inverse-wishart b scale I, p by p"),
        ("E[X.T*A*X] = s^2*tr(A)*I", "X: normal s^2, n by p"),
        ("E[X.T*X] = s^2*I_p", "X: uniform s^2/n, n by p"),
    ],
)
def test_the_identity_and_letters_in_declarations(claim, matrix):
    assert check(claim, matrices=[matrix], compare=False).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["W: normal, n by m", "I: m by m"], "'I' in 'I: m by m' is the identity"),
        (["W: normal, n by m", "I_m: m by m"], "is the identity"),
        (["W: normal, n by I"], "is the identity"),
        (["W: normal mean I, n by m"], "the mean of W is n by m, and I is not"),
        (["W: normal rowcov I_m, n by m"], "the rowcov of W is n by n, and I_m is not"),
        (["W: normal 1/N, n by m"], "known are n, m"),
        (["W: normal Q, n by m"], "known are n, m"),
        (["W: normal s, n by m", "s: n by m"], "s is a matrix and a number"),
    ],
)
def test_declarations_that_are_refused(texts, words):
    with pytest.raises(InvalidArgument) as refused:
        Matrices.declared(texts)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("claim", "matrices"),
    [
        ("E tr(D*A*D*B) = tr(A*B)/4", ["D: mask 0, n by n"]),
        ("E tr(W*A*W*B) = tr(A*B.T)/n + tr(hadamard(A, B))", ["W: symmetric 1/n, n by n"]),
        ("E[hadamard(W, W, W)*A*W.T] = 3*tr(A)*I", ["W: symmetric, n by n"]),
        ("E tr(U*A*U.H*A.H) = tr(A)^2/n", ["U: unitary, n by n"]),
        ("E tr(W)^6 = 15*n^3", ["W: symmetric, n by n"]),
    ],
)
def test_false_claims_have_a_counterexample_of_numbers(claim, matrices):
    assert check(claim, matrices=matrices, compare=False).verdict is Verdict.REFUTED


def test_what_is_advised_is_accepted():
    with pytest.raises(InvalidArgument, match="degrees of freedom") as refused:
        Matrices.declared(["S: wishart, n by n"])
    advised = re.search(r"'(.*)'", refused.value.remedy)[1]
    assert Matrices.declared([advised]).laws


ROWS, WISHART = "X: normal colcov Sigma, b by p", "S: wishart b scale Sigma, p by p"


@pytest.mark.parametrize(
    ("claim", "matrix", "verdict"),
    [
        ("E[W*A*W.T] = tr(A)*I/n", "W: normal 1/n, n by n", "supported"),
        ("E[W*A*W.T] = tr(A)*I/n + A/n", "W: normal 1/n, n by n", "refuted"),
        ("E[S*A*S] = b^2*Sigma*A*Sigma + b*Sigma*A.T*Sigma + b*tr(A*Sigma)*Sigma", WISHART, "supported"),
        ("E[S*A*S] = b*(b+1)*Sigma*A*Sigma + b*tr(A*Sigma)*Sigma", WISHART, "refuted"),
        ("E ||X.T*X||_F^2 = b*(b+1)*tr(Sigma^2) + b*tr(Sigma)^2", ROWS, "supported"),
        ("E[S^-1] = Sigma^-1/(b-p-1)", WISHART, "supported"),
        ("E[S^-1] = Sigma^-1/(b-p)", WISHART, "refuted"),
        ("E[W] = 0", "W: normal, n by m", "supported"),
        ("E[W]*E[W].T = M*M.T", "W: normal mean M, n by m", "supported"),
        ("E |tr(U)|^4 = 2", "U: unitary, n by n", "refuted"),
        ("E[U*A*U.H] = tr(A)/n*I", "U: unitary, n by n", "supported"),
        ("E[I + W*W.T] = (1+m)*I", "W: normal, n by m", "supported"),
    ],
)
def test_claims_about_matrices(claim, matrix, verdict):
    assert check(claim, matrices=[matrix], compare=False).verdict.value == verdict


def test_false_variants_of_a_claim_about_matrices_are_refuted():
    found = check("E[W*A*W.T] = tr(A)*I/n", matrices=["W: normal 1/n, n by n"])
    assert found.sharpness.refuted == found.sharpness.tried >= 5


def test_the_truth_about_a_matrix_is_told_with_a_counterexample_of_numbers():
    found = check("E[W*A*W.T] = p^2*ones(n,n)", matrices=["W: bernoulli p, n by m"], compare=False)
    assert found.counterexample.at["p"] == sp.Rational(1, 2)
    assert found.counterexample.claimed == "1/4"
    assert "true instead: E[W*A*W.T] = p^2*(ones(1, m)*A*ones(m, 1))*ones(n, n) - p*(p - 1)*tr(A)*I_n" in str(found)


def test_counterexamples_lie_where_moments_are_finite():
    found = check("E[S^-1*S^-1] = Sigma^-1", matrices=[WISHART], compare=False)
    assert found.counterexample.at == {"p": 1, "b": 5}
    assert "b > p + 3" in found.scope


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("E[W*A*W.T] = tr(A)", "one side is a matrix and the other a number"),
        ("E[W*A*W.T] = ones(m, m)", "the sides have the sizes n by n and m by m"),
        ("E[W*W.T] = W*W.T", "a random matrix stands outside E"),
        ("E[W*W.T] <= I", "only equations are known here"),
    ],
)
def test_claims_about_matrices_that_cannot_be_meant(claim, words):
    with pytest.raises(InvalidArgument, match=words):
        check(claim, matrices=["W: normal, n by m"])


def test_words_for_matrices_need_matrices():
    with pytest.raises(InvalidArgument, match="needs --matrix"):
        check("E|a_L|^2 = diag(3)")
