"""A proof is believed only if numbers bear it out: here algebra is made to call everything identical."""

from __future__ import annotations

import pytest

from proofs_check import check
from proofs_check.claims import exactly
from proofs_check.verdict import Verdict
from theory.ensembles import Ensemble

LINEAR = Ensemble(width="n", depth="L")


@pytest.mark.parametrize(
    ("claim", "net"),
    [
        ("E|a_L|^2 = 2", LINEAR),
        ("E|a_L|^2 = 1 + max(0, L-40)", LINEAR),
        ("E|a_L|^2 = |x|^3", LINEAR),
        ("E|a_1|^4 = |x|^4 + 2*|x|^4/n", LINEAR.at(law="symmetric")),  # true at K = 3
        ("E|a_k|^4 = (1+2/n)^L", LINEAR),
        ("E <a_k, a'_k> = |x|*|x'|/2", LINEAR),  # true at c = 1/2
        ("E|a_L|^4 <= 1 + 2*L/n", LINEAR),
    ],
)
def test_a_wrong_identity_is_refuted_by_numbers(claim, net, monkeypatch):
    monkeypatch.setattr(exactly, "is_identical", lambda difference: True)
    found = check(claim, net, compare=False)
    assert found.verdict is Verdict.REFUTED
    assert found.counterexample.claimed != found.counterexample.true
