"""Variants of a claim: each differs in one place, can be read, and leaves the left side and O(...) alone."""

from __future__ import annotations

import pytest

from proofs_check.claims.meaning import understand
from proofs_check.claims.mutants import variants
from theory.ensembles import Ensemble

NET = Ensemble(width="n", depth="L", law="symmetric")


@pytest.mark.parametrize(
    ("claim", "name", "changed"),
    [
        ("E|a_L|^4 = (1+5/n)^L |x|^4", "5 becomes 6", "E|a_L|^4 = (1+6/n)^L |x|^4"),
        ("E|a_L|^4 = (1+5/n)^L |x|^4", "n becomes n - 1", "E|a_L|^4 = (1+5/(n - 1))^L |x|^4"),
        ("E|a_L|^4 = (1+5/n)^L |x|^4", "L becomes L - 1", "E|a_L|^4 = (1+5/n)^(L - 1) |x|^4"),
        ("E|a_L|^4 = (1+5/n)^L |x|^4", "5/n dropped", "E|a_L|^4 = (1+0)^L |x|^4"),
        ("E|a_L|^4 = (1+5/n)^L |x|^4", "twice as much", "E|a_L|^4 = 2*((1+5/n)^L |x|^4)"),
        ("E|a_1|^4 = 1 + (K-3)/n", "K dropped", "E|a_1|^4 = 1 + (1-3)/n"),
        ("E|a_1|^4 = 1 + (K-3)/n", "the sign of (K-3)/n changed", "E|a_1|^4 = 1 - (K-3)/n"),
        ("E log|a_L|^2 = -5*L/(2*n) + O(L/n^2)", "the sign changed", "E log|a_L|^2 = -(-5*L/(2*n)) + O(L/n^2)"),
        ("E‖a_L‖² ≤ 2n", "2 becomes 3", "E||a_L||^(2) <= 3n"),
    ],
)
def test_one_place_is_changed(claim, name, changed):
    assert changed in [variant.claim for variant in variants(claim) if variant.name == name]


@pytest.mark.parametrize(
    "claim",
    [
        "E|a_L|^4 = (1+5/n)^L |x|^4",
        "Var log|a_L|^2 = 5*L/n + 37*L/(2*n^2) + O(L/n^3)",
        "E|a_1|^4 = |x|^4 + 2*|x|^4/n + (K-3)*|x|_4^4/n",
        "P(|a_L|^2 >= |x|^2) <= exp(-5*L/(8*n))",
        "E|a_L|^2 <= 0",
        "E|a_L|^2 = -n + 3 - L*0.5",
    ],
)
def test_every_variant_can_be_read_and_keeps_its_left_side(claim):
    meaning = understand(claim, NET)
    found = variants(claim)
    assert len({variant.claim for variant in found}) == len(found) >= 2
    for variant in found:
        other = understand(variant.claim, NET)
        assert (other.left, other.relation, other.remainder) == (meaning.left, meaning.relation, meaning.remainder)
        assert variant.claim != claim
