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
    found = check(claim, matrices=["Q: haar, n by n"])
    assert found.verdict is Verdict.REFUTED
    assert found.counterexample.at == {"n": least}


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
        ("E |tr(U)|^4 = 2", "U: unitary, n by n", "supported"),
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
    assert found.counterexample.claimed == "[[1/4, 1/4], [1/4, 1/4]]"
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
