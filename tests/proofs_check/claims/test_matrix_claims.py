"""Claims about matrix products: counterexamples lie where the claim is made, and advice is not refused."""

from __future__ import annotations

import re

import pytest

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
