"""Inductions as data: their obligations are met by what is carried, and by nothing else."""

import pytest
import sympy as sp

from proofs_check.evidence import Carried, Changing, Fold, Induction, Proved
from proofs_check.verdict import Verdict
from theory.ensembles import InvalidArgument

n, a, b = sp.symbols("n a b", positive=True)
L, k = sp.symbols("L k", integer=True, positive=True)
PAIR = Carried(k, sp.Matrix([[1, 1], [0, 2]]), (a, b))


def _verdict(*inductions):
    return Proved.by_induction("", lambda claim: list(inductions)).examine(None).verdict


def _two(closed):
    return Induction("two", (Carried.number(L, n, a), PAIR), closed)


TRUE = a * n**L * (a + b * (2**k - 1))


def test_one_letter_cannot_count_two_things():
    """2^L times 2^L is not 2^L, though each step of either keeps the form."""
    twice = (Carried.number(L, sp.Integer(2), sp.Integer(1)), Carried.number(L, sp.Integer(2), sp.Integer(1)))
    with pytest.raises(InvalidArgument, match="carried: count two things by one letter: L, L"):
        Induction("2^L 2^L", twice, 2**L)


def test_a_product_of_carried_numbers_is_proved_step_by_step():
    obligations = _two(TRUE).obligations()
    assert [one.name for one in obligations] == ["base L = 0, k = 0", "base L = 0, k = 1", "step in L", "step in k"]
    assert _verdict(_two(TRUE)) is Verdict.SUPPORTED


@pytest.mark.parametrize(
    "closed",
    [2 * TRUE, TRUE * n, TRUE.subs(L, 2 * L), TRUE.subs(k, k + 1), a * n**L * (a + b * (3**k - 1)), TRUE + (k - 1) * k],
)
def test_no_other_closed_form_is(closed):
    assert _verdict(_two(closed)) is Verdict.REFUTED


def test_the_first_number_is_carried():
    assert [PAIR.at(steps) for steps in range(3)] == [a, a + b, a + 3 * b]


def test_what_letters_stand_for_is_put_in():
    for s2, verdict in ((2 / n, Verdict.SUPPORTED), (3 / n, Verdict.REFUTED)):
        keeps = Induction("mean", (Carried.number(L, n * b / 2, a),), a, where=((b, s2),))
        assert _verdict(keeps) is verdict


def test_several_inductions_have_names_of_their_own():
    proof = Proved.by_induction("", lambda claim: [_two(TRUE), _two(TRUE)])
    assert "two: step in L" in proof.examine(None).detail


@pytest.mark.parametrize(("matrix", "start"), [(sp.eye(2), (a,)), (sp.eye(4), (a, a, a, a)), (sp.Matrix([[1]]), ())])
def test_a_matrix_that_does_not_fit_is_refused(matrix, start):
    with pytest.raises(InvalidArgument, match="one to three numbers"):
        Carried(L, matrix, start)


def test_a_fold_holds_for_any_letters_of_the_steps():
    s, p, w = sp.symbols("s p w", positive=True)
    for closed, verdict in ((p**2, Verdict.SUPPORTED), (p, Verdict.REFUTED), (2 * p**2, Verdict.REFUTED)):
        fold = Fold("squares", (w,), Changing(s, sp.S.One, w**2 * s), (Changing(p, sp.S.One, w * p),), closed)
        assert _verdict(fold) is verdict
