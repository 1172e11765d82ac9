"""A paper names, for each of its claims, what checks it or why nothing does."""

import pytest

from proofs_check.paper import Claim, Paper
from theory.ensembles import InvalidArgument

CHECKED = Claim("Gradients vanish.", "abstract", ids=("gradient.typical-rate", "chain.median"))
UNCHECKED = Claim("Training is hard.", "abstract", why="no statement is about training")
AGAIN = Claim("Chains vanish.", "section 3", ids=("chain.median", "chain.mean-preserved"))
PARTS = {"key": "doe-2024", "title": "On depth", "authors": "J. Doe", "arxiv": "2401.00001", "claims": (CHECKED,)}


def test_ids_are_those_of_all_claims_each_once_in_their_order():
    paper = Paper(**{**PARTS, "claims": (CHECKED, UNCHECKED, AGAIN)})
    assert paper.ids == ("gradient.typical-rate", "chain.median", "chain.mean-preserved")
    assert paper.checked == 2
    assert [claim.is_checked for claim in paper.claims] == [True, False, True]


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ({}, "why: must be one line, got ''; say why nothing checks 'It holds.', or give ids"),
        ({"why": "  "}, "why: must be one line, got '  '; say why nothing checks 'It holds.', or give ids"),
        (
            {"ids": ("a.b",), "why": "it is hard"},
            "why: is given for 'It holds.', which 'a.b' checks; make two claims of it",
        ),
        ({"ids": ("a.b", "c.d", "a.b")}, "ids: of 'It holds.' name 'a.b' twice; name it once"),
        ({"ids": ("a.*",)}, "id: 'a.*' is not of the form topic.name; use e.g. 'forward.mean-preserved'"),
        ({"ids": "a.b"}, "id: 'a' is not of the form topic.name; use e.g. 'forward.mean-preserved'"),
        ({"sentence": "", "ids": ("a.b",)}, "sentence: must be one line, got ''; write one line"),
        ({"where": "one\ntwo", "ids": ("a.b",)}, r"where: must be one line, got 'one\ntwo'; write one line"),
    ],
)
def test_a_claim_has_ids_or_a_reason_and_not_both(parts, refusal):
    with pytest.raises(InvalidArgument) as refused:
        Claim(**{"sentence": "It holds.", "where": "abstract", **parts})
    assert str(refused.value) == refusal


@pytest.mark.parametrize(
    ("part", "value", "refusal"),
    [
        ("key", "doe", "key: 'doe' is not of the form author-year; use e.g. 'orvieto-2021'"),
        ("key", "Doe-2024", "key: 'Doe-2024' is not of the form author-year; use e.g. 'orvieto-2021'"),
        ("arxiv", "arXiv:2401.00001", "arxiv: 'arXiv:2401.00001' is no number of arXiv; use e.g. '2106.03763'"),
        (
            "arxiv",
            "",
            "published: must be one line, got ''; say where the paper is published, as it has no number of arXiv",
        ),
        ("title", "", "title: must be one line, got ''; write one line"),
        ("authors", "J. Doe\nand others", r"authors: must be one line, got 'J. Doe\nand others'; write one line"),
        ("claims", (), "claims: doe-2024 has none; give at least one Claim"),
    ],
)
def test_a_paper_without_claims_or_of_another_form_is_refused(part, value, refusal):
    with pytest.raises(InvalidArgument) as refused:
        Paper(**{**PARTS, part: value})
    assert str(refused.value) == refusal


def test_a_number_of_the_old_form_and_a_paper_beside_arxiv_are_papers():
    assert Paper(**{**PARTS, "arxiv": "math-ph/0309285"}).found == "arXiv:math-ph/0309285"
    journal = "Comm. Math. Phys. 103 (1986)"
    assert Paper(**{**PARTS, "arxiv": "", "published": journal}).found == journal
