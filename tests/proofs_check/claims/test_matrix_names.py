"""Slips and other spellings in questions about random matrices are read as they are meant, or refused in one line."""

from __future__ import annotations

import pytest

from proofs_check import check, expect
from proofs_check.claims.matrix_text import claimed
from proofs_check.verdict import Verdict
from theory.ensembles import InvalidArgument

S = "S: wishart b scale Sigma, p by p"
N = "W: normal 1/n, n by n"


@pytest.mark.parametrize("transposed", ["W.T", "Wᵀ", "W⊤", "W^⊤", "W^ᵀ", "W^{T}", "W^{⊤}", "W^T", "W**T", "W'", "W′"])
def test_a_transpose_is_read_however_it_is_written(transposed):
    assert expect(f"{transposed}*W", [N]).exact == expect("W.T*W", [N]).exact != 0
    assert expect(f"{transposed} A W", [N]).exact == expect("W.T*A*W", [N]).exact
    assert check(f"E[{transposed}*W] = 0", matrices=[N]).verdict is Verdict.REFUTED


def test_a_transpose_behind_a_subscript_or_a_power():
    assert expect("W_1'*W_1", ["W_1: normal 1/n, n by n"]).exact.is_Identity
    assert expect("S^-1.T*A", [S]).exact == expect("S^-1*A", [S]).exact
    assert expect(r"W^TW", [N], latex=True).exact.is_Identity


def test_the_slope_of_a_mask_may_be_any_number():
    means = [expect("D*A*D", [f"D: mask {slope}, n by n"]) for slope in ("0", "-1/2")]
    assert [claimed(mean.exact) for mean in means] == ["diag(A)/4 + A/4", "A/16 + 9*diag(A)/16"]
    # E[d_i d_j] by hand: ((1 + s)/2)^2 apart from the diagonal, (1 + s^2)/2 on it
    assert expect("D*A*D", ["D: mask, n by n"]).exact == means[0].exact


@pytest.mark.parametrize("law", ["unitary", "haar unitary", "unitary haar", "Haar unitary", "Unitary"])
def test_haar_unitary_is_unitary(law):
    assert expect("|tr(U)|^4", [f"U: {law}, n by n"]).exact == 2


def test_capital_names_of_laws():
    assert expect("tr(Q)^4", ["Q: Haar orthogonal, n by n"]).exact == 3
    assert str(expect("tr(S)", ["S: Wishart 4, n by n"]).exact) == "4*n"


@pytest.mark.parametrize("right", ["||y||_F^2", "y.T*y", "y'*y", "tr(y*y.T)"])
def test_the_norm_of_a_declared_column(right):
    matrices = [N, "y: n by 1"]
    assert check(f"E||W*y||_F^2 = {right}", matrices=matrices).verdict is Verdict.SUPPORTED
    assert check(f"E||W*y||_F^2 = 2*{right}", matrices=matrices).verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("expression", "options", "words"),
    [
        ("WT*W", [N], "there is no matrix 'WT'; write W.T"),
        ("W*Wt", [N], "write W.T"),
        ("W_T*W", [N], "write W.T"),
        ("WAWT*W", [N, "A: n by n"], "write W*A*W.T"),
        ("W*A'*W", [N], "is a transpose; write A.T"),
        ("A*W*A'*W", [N], "write A.T"),
        ("W''*W", [N], "write W.T"),
        ("Z'*Z", ["Z: complex-normal, n by n"], "write Z.T or Z.H"),
        ("X.T*Simga*X*Sigma", ["X: normal colcov Sigma, p by p"], "did you mean Sigma?"),
        ("inv(S)", [S], "write S^-1"),
        ("|tr U|^4", ["U: unitary, n by n"], "write tr(U)"),
        ("W^9999999", [N], "the power 9999999 is too high; use powers up to 100"),
        ("tr(W)^9999999", [N], "too high"),
        ("hadamard(W, W)*tr(A)^9999999", [N], "too high"),
        ("(W + A)^40", [N], "products, and the limit is 300,000"),
        ("W*W.T*1e5000", [N], "a number has more than 3,900 digits"),
        ("hadamard(W, A)", ["W: bernoulli 1/2, n by m", "A: n by n"], "W is n by m, A is n by n"),
        ("diag(W)", ["W: bernoulli 1/2, 2 by 3"], "W is 2 by 3, and diag needs a square matrix"),
        ("W^2", ["W: normal, n by m"], "W is n by m, and has no powers"),
    ],
)
def test_what_is_probably_meant_is_said(expression, options, words):
    with pytest.raises(InvalidArgument) as refused:
        expect(expression, options)
    assert words in str(refused.value)


def test_claims_with_numbers_too_long_to_print_are_refused():
    for claim in ("E[W*W.T*1e5000] = I", "E[W*W.T] = 1e5000*I"):
        with pytest.raises(InvalidArgument, match="more than 3,900 digits"):
            check(claim, matrices=[N])
