"""The text of every answer about random matrices is a claim that holds, and so is the truth told of a refuted one."""

from __future__ import annotations

import re

import pytest

from proofs_check import check, expect
from proofs_check.answers.matrix_means import equation
from proofs_check.verdict import Verdict

N, R, COLUMN, Y = "W: normal 1/n, n by n", "W: normal, n by m", "x: normal, n by 1", "y: n by 1"
S, X, T = "S: wishart b scale Sigma, p by p", "X: normal colcov Sigma, b by p", "T: inverse-wishart b scale Psi, p by p"
U, Q, Z = "U: unitary, n by n", "Q: haar, n by n", "Z: complex-normal 1/n, n by m"
ANY, MEAN = "W: symmetric 1/n, n by n", "W: normal mean M rowcov V colcov V, n by n"
TWO = ["W_1: normal 1/n, n by n", "W_2: normal, n by n"]
ASKED = [
    *((text, [COLUMN]) for text in ("(x.T*A*x)^3", "(x'*A*x)^2", "{x.T*A*x}^2", "x.T*A*x", "(x.T*A*x)", "x.T*A*x + 1")),
    *((text, [COLUMN]) for text in ("(x.T*A*x)^2/n", "-(x.T*A*x)^2", "2(x.T*A*x)^2", "(x*x.T)^2", "tr(x*x.T)^2")),
    *((text, [COLUMN]) for text in ("(x.T*A*x)^2*(x.T*B*x)", "x.T*A*x*x", "hadamard(x, x)", "diag(x)*A*diag(x)")),
    *((text, [COLUMN, Y]) for text in ("(x.T*y)^4", "(x.T*y)^2*x", "|x.T*y|^2", "||x||^2*(x.T*y)^2")),
    *(
        (text, [N])
        for text in ("(tr(W)+tr(A))^2", "((tr(W)))^2", "tr(W)^4", "-tr(W*W.T)", "tr(W*W.T)/2", "(tr(W)^2)^2")
    ),
    *(
        (text, [N])
        for text in ("tr(W)*tr(A*W)", "tr(W) tr(A*W)", "tr(A)*W*W.T + tr(B)*I", "W*A*W.T/tr(B)", "W*W.T - I")
    ),
    *(
        (text, [N])
        for text in ("‖W‖_F²", "(||W||_F^2)^2", "Tr(W²)", "Wᵀ W", "E[tr(W)^2]", "E tr(W)^2", "tr(W)^0", "W - W")
    ),
    *(
        (text, [N])
        for text in ("Sum(tr(W^j), (j, 1, 3))", "sqrt(tr(W*W.T))^4", "W*A^-2*W.T*A", "(W + W.T)^4", "W*1e-3")
    ),
    *(
        (text, [N])
        for text in ("(ones(1, n)*W*ones(n, 1))^2", "exp(tr(A))*W*W.T", "tr(W*A)*W*B*W.T*W", "(A*W).T*(A*W)")
    ),
    *((text, [N, Y]) for text in ("|y.T*W*y|^4", "||W*y||^2", "|W*y|^4", "(||W*y||^2)^2", "(y.T*W*y)^2")),
    *((text, [R]) for text in ("n*tr(W*W.T)/m", "tr(W*W.T)^2", "W.T*A*W")),
    *((text, [S]) for text in ("S^-1", "tr(S^-1)", "(tr(S))^2", "S*S^-1", "(S*A)^2", "S*Sigma^-1*S", "S^-2*A")),
    *((text, [X]) for text in ("X.T*X*(X.T*X)^-1", "tr(X.T*X)^2", "(X.T*X)^2")),
    *((text, [T]) for text in ("T*A*T", "T^-1", "tr(T)^2")),
    *((text, [U]) for text in ("abs(tr(U))^4", "(|tr(U)|^2)^2", "|tr(U)|^2*tr(A)", "|tr(U*A)|^4")),
    *((text, [Q]) for text in ("tr(Q*A*Q.T*B)^2", "Q^2", "tr(Q^4)", "Q*Q^-1")),
    *((text, [Z]) for text in ("Z*A*Z.T", "||Z*A||_F^4", "|tr(Z*A)|^2", "(tr(Z*A))^2")),
    *(
        (text, [ANY, Y])
        for text in ("W*A*W*B*W*C*W + y*y.T", "(y.T*W*y)^4", "hadamard(W*y, W*y)", "diag(W)*A*diag(W)*y")
    ),
    *((text, [MEAN]) for text in ("W*W", "tr(W)^2", "(tr(W))^3")),
    *((text, TWO) for text in ("W_1*W_2*A*W_2.T*W_1.T", "tr(W_1*A*W_2)^2", "(tr(W_1*W_2))^2")),
]


@pytest.mark.parametrize(("expression", "matrices"), ASKED, ids=[text for text, _ in ASKED])
def test_an_answer_is_a_claim_that_holds(expression, matrices):
    answer = expect(expression, matrices)
    sizes = [text.removeprefix("this is so for ") for text in answer.assumptions if re.search("n >= ", text)]
    found = check(f"{str(answer).splitlines()[0]}", matrices=matrices, sizes=sizes or None, compare=False)
    assert found.verdict is Verdict.SUPPORTED, str(found)


@pytest.mark.parametrize(
    ("expression", "matrices"),
    [
        ("W*A*W.T", ["W: bernoulli p, n by m"]),
        ("(ones(1, n)*W*ones(n, 1))^2", [N]),
        ("diag(W)*A*diag(W)", [ANY]),
        ("tr(D*A*D*B)", ["D: mask 1/3, n by n"]),
        ("(x.T*A*x)^3 + (x.T*y)^4", [COLUMN, Y]),
        ("|y.T*W*y|^4", [N, Y]),
        ("S^-1*A*S^-1", [S]),
        ("S*S^-1", [S]),
        ("U*A*U.H", [U]),
        ("W.T*A*W", ["W: normal, 2 by 3"]),
        ("W_1*W_2*A*W_2.T*W_1.T", TWO),
    ],
)
def test_an_answer_in_latex_is_a_claim_that_holds(expression, matrices):
    claim = equation(expect(expression, matrices))
    assert check(claim, matrices=matrices, compare=False).verdict is Verdict.SUPPORTED, claim


@pytest.mark.parametrize(
    ("claim", "matrices"),
    [
        ("E[(x.T*A*x)^2] = 5", [COLUMN]),
        ("E[tr(W)*tr(A*W)] = 5", [N]),
        ("E tr(W)^2 = 5", [N]),
        ("2 + E[tr(W) tr(W)] = 5", [N]),
        ("(E[x.T*A*x])^2*E tr(x*x.T) = 5", [COLUMN]),
        ("E[W*A*W.T] = A", [N]),
    ],
)
def test_the_truth_that_is_told_is_a_claim_that_holds(claim, matrices):
    refuted = check(claim, matrices=matrices, compare=False)
    assert refuted.verdict is Verdict.REFUTED
    (told,) = [line for line in str(refuted).splitlines() if "true instead: " in line]
    found = check(told.split("true instead: ")[1], matrices=matrices, compare=False)
    assert found.verdict is Verdict.SUPPORTED, told
