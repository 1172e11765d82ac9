"""Assumptions are plain data, which any file can define."""

from dataclasses import FrozenInstanceError

import pytest

import proofs_check
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.registry import own_statements
from theory.ensembles import InvalidArgument

SHARED = {name: value for name, value in vars(assumptions).items() if isinstance(value, Assumption)}


def test_an_assumption_is_its_sentence_and_cannot_change():
    assert Assumption("the width is even") == Assumption("the width is even") != Assumption("the width is odd")
    with pytest.raises(FrozenInstanceError):
        assumptions.NORMAL.sentence = "the weights are uniform"


@pytest.mark.parametrize("sentence", ["", "  ", "one line\nand another", None, 3])
def test_an_assumption_without_a_sentence_of_one_line_is_refused(sentence):
    with pytest.raises(InvalidArgument, match=r"^sentence: .*one line of text.*; use e.g. Assumption\('") as raised:
        Assumption(sentence)
    assert "\n" not in str(raised.value)


def test_users_import_what_the_package_uses():
    assert proofs_check.Assumption is Assumption


def test_what_is_shared_is_told_apart_and_assumed_somewhere():
    assert len({assumption.sentence for assumption in SHARED.values()}) == len(SHARED)
    assumed = {assumption for statement in own_statements() for assumption in statement.assumptions}
    assert [name for name, assumption in SHARED.items() if assumption not in assumed] == []
