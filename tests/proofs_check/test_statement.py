"""What a statement must have before it may be checked."""

import pytest

from proofs_check.assumptions import NORMAL
from proofs_check.evidence import Enumerated
from proofs_check.statement import Mutant, Statement
from theory.ensembles import InvalidArgument

PARTS = {
    "id": "user.square",
    "title": "The square of 2 is 4.",
    "latex": "2^2 = 4",
    "source": "school",
    "assumptions": (NORMAL,),
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


@pytest.mark.parametrize(
    ("assumed", "problem"),
    [
        ((), "user.square has none, so it speaks of everything"),
        (("the weights are normal",), "user.square lists 'the weights are normal', which is no Assumption"),
        ((NORMAL, None), "user.square lists None, which is no Assumption"),
        (NORMAL, r"user.square has Assumption\(sentence='the weights are normal'\), which is no tuple"),
        ("normal", "user.square lists 'n', which is no Assumption"),
    ],
)
def test_what_is_no_assumption_is_refused(assumed, problem):
    with pytest.raises(InvalidArgument, match=f"^assumptions: {problem}; give a tuple such as ") as raised:
        Statement(**{**PARTS, "assumptions": assumed})
    assert "\n" not in str(raised.value)
