"""What a statement must have before it may be checked."""

import pytest

from proofs_check.evidence import Enumerated
from proofs_check.statement import Mutant, Statement
from theory.ensembles import InvalidArgument

PARTS = {
    "id": "user.square",
    "title": "The square of 2 is 4.",
    "latex": "2^2 = 4",
    "source": "school",
    "assumptions": (),
    "claim": lambda x: 4,
    "evidence": (Enumerated("2 times 2", ((2,),), lambda x: x * x),),
    "mutants": (Mutant("4 becomes 5", lambda x: 5),),
}


@pytest.mark.parametrize("good", ["a.b", "forward.mean-preserved", "chain2.4th-moment", "my-topic.x1"])
def test_a_well_formed_id_has_its_topic_before_the_dot(good):
    assert Statement(**{**PARTS, "id": good}).topic == good[: good.index(".")]


@pytest.mark.parametrize(
    "bad", ["", "square", "a.b.c", "A.b", "a.B", ".b", "a.", "1a.b", "-a.b", "a.-b", "a b.c", "a.b\n", "a_b.c", "é.b"]
)
def test_a_malformed_id_is_refused_with_an_example(bad):
    with pytest.raises(InvalidArgument, match=r"of the form topic.name; use e.g. 'forward.mean-preserved'") as raised:
        Statement(**{**PARTS, "id": bad})
    assert raised.value.argument == "id"
    assert repr(bad) in raised.value.problem


@pytest.mark.parametrize(
    ("part", "value", "problem"),
    [
        ("evidence", (), "user.square has none"),
        ("mutants", (), "nothing shows that its checks can fail"),
        ("mutants", (Mutant("twice", abs), Mutant("other", abs), Mutant("twice", max)), "share a name"),
    ],
)
def test_a_statement_without_evidence_or_distinct_mutants_is_refused(part, value, problem):
    with pytest.raises(InvalidArgument, match=problem) as raised:
        Statement(**{**PARTS, part: value})
    assert raised.value.argument == part
