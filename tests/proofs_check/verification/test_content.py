"""Evidence that says nothing of its claim supports none: multiples, the claim itself, holes, hidden networks."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import partial

import pytest
import sympy as sp

from proofs_check import assumptions as assumed
from proofs_check import select, verify
from proofs_check.domain import EVERYWHERE, TRIED
from proofs_check.evidence.enclosed import Enclosed, Inequality, agrees_with
from proofs_check.evidence.enumerated import Enumerated
from proofs_check.evidence.proved import Obligation, Proved
from proofs_check.statement import Mutant, Statement
from proofs_check.toolkit.depth_induction import induction_over_depth
from proofs_check.verdict import Verdict
from theory import activation_moment, symbols
from theory.ensembles import Ensemble, InvalidArgument

n, L = symbols.whole("n"), symbols.whole("L")
HE = Ensemble(width="n", depth="L", activation="relu", init="he")
RELU = (
    assumed.RELU, assumed.NORMAL, assumed.HE_OR_XAVIER, assumed.INDEPENDENT_ENTRIES, assumed.CONSTANT_WIDTH,
    assumed.NO_BIASES, assumed.PLAIN,
)  # fmt: skip


def statement(claim, evidence, mutant, domain=TRIED, assumptions=RELU, **options):
    return Statement(
        id="test.content", title="a claim", latex="x", source="here", assumptions=assumptions, claim=claim,
        evidence=(evidence,), mutants=(Mutant("another number", mutant),), domain=domain, **options,
    )  # fmt: skip


def result(*args, **options):
    return verify([statement(*args, **options)]).results[0]


def growth(depth, *, start=1, rate=5):
    return start * (1 + sp.Integer(rate) / n) ** depth


def step(claim):
    return [Obligation("step in L", (1 + 5 / n) * claim(L), claim(L + 1))]


def base_and_step(claim):
    return [Obligation("base", sp.S.One, claim(sp.S.Zero)), *step(claim)]


def squares(claim):
    return [Obligation("squares", (1 + 5 / n) ** (2 * L), claim(L) ** 2)]


@pytest.mark.parametrize(
    ("obligations", "start", "says"),
    [(step, 2, "twice the claim"), (squares, -1, "the claim with the other sign"), (base_and_step, 1, "")],
)
def test_a_proof_that_a_multiple_satisfies_proves_none(obligations, start, says):
    found = result(partial(growth, start=start), Proved("growth", obligations), partial(growth, rate=6, start=start))
    assert found.verdict is (Verdict.INCONCLUSIVE if says else Verdict.SUPPORTED)
    assert says in found.empty


def test_what_is_meant_up_to_a_factor_or_a_sign_says_so():
    for obligations, up_to, verdict in (
        (step, "factor", Verdict.SUPPORTED),
        (step, "sign", Verdict.INCONCLUSIVE),
        (squares, "sign", Verdict.SUPPORTED),
        (squares, "factor", Verdict.SUPPORTED),
    ):
        assert result(growth, Proved("growth", obligations), partial(growth, rate=6), up_to=up_to).verdict is verdict
    with pytest.raises(InvalidArgument, match="up_to"):
        result(growth, Proved("growth", step), partial(growth, rate=6), up_to="whatever")


def test_a_bound_may_be_doubled():
    def below(claim):
        return [Inequality("n = 2", sp.Rational(7, 2), claim(2))]

    assert result(lambda n: sp.Integer(4), Enclosed("bound", below), lambda n: sp.S.One).verdict is Verdict.SUPPORTED


def grown(n, depth, *, rate=5):
    return (1 + Fraction(rate, n)) ** depth


@pytest.mark.parametrize(
    "evidence",
    [
        Enumerated("sizes", ((1, 1), (2, 3)), grown),
        Enumerated("sizes", ((1, 1), (2, 3)), lambda n, depth: grown(n, depth)),
        Enumerated("sizes", ((1, 1), (2, 3)), partial(grown, rate=5)),
        agrees_with("theory", ((1, 1), (2, 3)), grown),
    ],
)
def test_a_claim_compared_with_itself_is_not_supported(evidence):
    found = result(grown, evidence, partial(grown, rate=6))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "compares the claim with itself" in found.empty


def moment(net):
    return activation_moment(net, 4).subs(symbols.norm_symbol(2), 1)


def hidden(claim):
    return [Obligation("closed form", moment(HE), claim(n, L))]


def plain(n, L, *, rate=5):
    return (1 + sp.Integer(rate) / n) ** L


@pytest.mark.parametrize("obligations", [hidden, lambda claim: hidden(claim)])
@pytest.mark.parametrize("assumptions", [RELU, (assumed.NO_BIASES,)])
def test_a_network_that_hides_in_code_is_none_of_which_a_proof_speaks(obligations, assumptions):
    found = result(
        plain, Proved("theory", obligations), partial(plain, rate=6), domain=EVERYWHERE, assumptions=assumptions
    )
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "let the claim take the Ensemble" in found.unreached
    tried = result(plain, Proved("theory", obligations), partial(plain, rate=6), assumptions=assumptions)
    assert tried.verdict is Verdict.SUPPORTED


def test_statements_about_plain_numbers_stay_supported():
    for name in ("chain.hessian-hollow", "matrices.frobenius-fourth"):
        (one,) = select([name])
        proofs = tuple(e for e in one.evidence if isinstance(e, Proved))
        assert verify([replace(one, evidence=proofs)]).results[0].unreached == ""


def mean(net, *, hole=None, letter="width", factor=1):
    size = symbols.whole(getattr(net, letter))
    quotient = 1 if hole is None else (size**2 - hole**2) / ((size - hole) * (size + hole))
    return factor * quotient * symbols.input_power_sum(net, 2)


@pytest.mark.parametrize(
    ("hole", "letter", "where"),
    [(1, "width", "n = 1,"), (3, "width", "n = 3,"), (5, "depth", "L = 5"), (None, "width", "")],
)
def test_a_claim_has_a_value_everywhere_in_its_domain(hole, letter, where):
    claim = partial(mean, hole=hole, letter=letter)
    found = result(claim, induction_over_depth("He", HE, 2), partial(claim, factor=2), domain=EVERYWHERE)
    assert found.verdict is (Verdict.INCONCLUSIVE if where else Verdict.SUPPORTED)
    assert where in found.empty
    deep = (*RELU, assumed.Assumption("the width is at least 2", lambda net: net.width != 1))
    narrower = result(
        claim, induction_over_depth("He", HE, 2), partial(claim, factor=2), domain=EVERYWHERE, assumptions=deep
    )
    assert narrower.verdict is (Verdict.SUPPORTED if hole in (1, None) else Verdict.INCONCLUSIVE)


def test_two_letters_of_one_name_are_refused():
    def own_letters(net, *, rate=5):
        width, depth = sp.symbols("n L")
        return (1 + sp.Integer(rate) / width) ** depth * symbols.input_power_sum(net, 2) ** 2

    found = result(own_letters, induction_over_depth("He", HE, 4), partial(own_letters, rate=6), domain=EVERYWHERE)
    assert found.verdict is Verdict.BROKEN
    assert "two different letters are written" in found.problem
    assert "theory.symbols.whole" in found.problem


def test_contradictory_assumptions_are_refused():
    found = result(
        grown, Enumerated("sizes", ((1, 1),), lambda n, depth: Fraction(6)), partial(grown, rate=6),
        assumptions=(assumed.RELU, assumed.LINEAR),
    )  # fmt: skip
    assert found.verdict is Verdict.BROKEN
    assert "no network meets 'the activation is ReLU' and 'the activation is linear'" in found.problem
