"""A proof reaches everywhere only where it is about all networks that the assumptions allow."""

from dataclasses import replace
from functools import partial

import pytest

from proofs_check import EVERYWHERE, TRIED, Assumption, Domain, assumptions
from proofs_check.assumptions import UNIT_INPUT
from proofs_check.certificates.projects import require_sound
from proofs_check.claims.saving import ClaimEvidence
from proofs_check.evidence import Identity, Obligation, Proved
from proofs_check.registry import select
from proofs_check.statement import Mutant, Statement
from proofs_check.toolkit.checks import LINEAR, RELU
from proofs_check.toolkit.depth_induction import induction_over_depth
from proofs_check.verdict import Verdict
from proofs_check.verification.generality import missing_from
from proofs_check.verification.substitution import Proof
from proofs_check.verification.verifying import verify
from theory import activation_moment, symbols
from theory.ensembles import Ensemble, InvalidArgument

MEAN, FOURTH = select(["forward.mean-preserved", "forward.fourth-moment"])


def _proofs(statement):
    return replace(statement, evidence=tuple(e for e in statement.evidence if isinstance(e, Proved)))


def _verified(statement):
    (result,) = verify([statement]).results
    return result


@pytest.mark.parametrize(
    "wrong",
    [
        lambda slope, kurtosis: 1 + slope * (1 - slope) * (3 * slope - 1),
        lambda slope, kurtosis: 1 + slope * (1 - slope) * (kurtosis - 3),
    ],
    ids=["every leaky slope but 1/3", "leaky slopes with any kurtosis but 3"],
)
def test_a_claim_that_is_wrong_beyond_the_usual_networks_is_refuted_by_the_proof(wrong):
    def claim(net):
        return MEAN.claim(net) * wrong(symbols.slope(net), symbols.number(net.law.kurtosis))

    assert [e.examine(claim).verdict for e in _proofs(MEAN).evidence] == [*[Verdict.SUPPORTED] * 2, Verdict.REFUTED]


def test_special_proofs_alone_do_not_reach_everywhere():
    special = replace(FOURTH, evidence=_proofs(FOURTH).evidence[:2])
    result = _verified(special)
    assert {f.verdict for f in result.findings} == {Verdict.SUPPORTED}
    assert result.unreached.startswith("no proof reaches ")
    assert result.verdict is Verdict.INCONCLUSIVE
    assert _verified(replace(special, domain=TRIED)).unreached == ""


def _preserved(net):
    return symbols.input_power_sum(net, 2)


WRONG_NETWORK = Statement(
    id="user.wrong",
    title="ReLU networks keep the mean under Xavier.",
    latex="1",
    source="nowhere",
    assumptions=(assumptions.RELU, assumptions.NO_BIASES),
    claim=_preserved,
    evidence=(induction_over_depth("linear networks", LINEAR, 2),),
    mutants=(Mutant("twice", lambda net: 2 * _preserved(net)),),
    domain=EVERYWHERE,
)


def test_a_proof_about_other_networks_than_those_assumed_is_refused():
    result = _verified(WRONG_NETWORK)
    assert result.verdict is Verdict.BROKEN
    assert "'the activation is ReLU' does not hold for width=n depth=L activation=linear" in result.problem


def test_a_proof_about_more_networks_than_those_assumed_is_none_about_others():
    net = RELU.at(activation="leaky:slope", law="symmetric")
    general = replace(WRONG_NETWORK, evidence=(induction_over_depth("any slope and law", net, 2),))
    assert _verified(general).verdict is Verdict.INCONCLUSIVE  # the initialization is He's, and none is assumed
    assumed = (*general.assumptions, assumptions.HE_OR_XAVIER, assumptions.CONSTANT_WIDTH, assumptions.PLAIN)
    assert _verified(replace(general, assumptions=assumed)).verdict is Verdict.SUPPORTED


_TEXT = "E|a_L|^4 = 2^L |x|^4"  # true at width 2 alone
_SHAPE = (
    assumptions.LINEAR,
    assumptions.NORMAL,
    assumptions.HE_OR_XAVIER,
    assumptions.PLAIN,
    assumptions.NO_BIASES,
)


def _text(net, claim=_TEXT, assumed=(*_SHAPE, assumptions.CONSTANT_WIDTH), **more):
    false = Mutant("2 becomes 3", lambda: "E|a_L|^4 = 3^L |x|^4")
    evidence = (ClaimEvidence(net, **more),)
    return replace(WRONG_NETWORK, claim=lambda: claim, evidence=evidence, mutants=(false,), assumptions=assumed)


def test_a_text_that_is_proved_at_one_width_is_not_proved_everywhere():
    narrow, wide = Ensemble(width=2, depth="L"), Ensemble(width="n", depth="L")
    result = _verified(_text(narrow))
    assert {f.verdict for f in result.findings} == {Verdict.SUPPORTED}
    assert (result.verdict, result.unproved[-7:]) == (Verdict.INCONCLUSIVE, "width n")
    fixed = Assumption("the width is 2", lambda net: net.is_constant_width and net.width_at(0) == 2)
    assert _verified(_text(narrow, assumed=(*_SHAPE, fixed))).verdict is Verdict.SUPPORTED
    true = "E|a_L|^4 = (1+2/n)^L |x|^4"
    assert _verified(_text(wide, true)).verdict is Verdict.SUPPORTED
    some = _verified(_text(wide, true, sizes="n=1..8,L=1..8"))
    assert some.unreached.startswith("no proof reaches all that the assumptions allow: all sizes asked for: ")


def test_a_text_about_matrices_is_held_against_no_assumption():
    matrices = ("W: normal 1/n, n by n", "A: n by n")
    traces = _text(Ensemble(width="n", depth="L"), "E tr(W*A*W.T) = tr(A)", matrices=matrices)
    false = (Mutant("twice", lambda: "E tr(W*A*W.T) = 2*tr(A)"),)
    assert _verified(replace(traces, mutants=false)).verdict is Verdict.INCONCLUSIVE
    assert _verified(replace(traces, mutants=false, domain=TRIED)).verdict is Verdict.SUPPORTED


_XAVIER = LINEAR.at(law="symmetric", readout="random")
_KEPT = (
    assumptions.LINEAR,
    assumptions.HE_OR_XAVIER,
    assumptions.INDEPENDENT_ENTRIES,
    assumptions.CONSTANT_WIDTH,
    assumptions.PLAIN,
    assumptions.NO_BIASES,
)


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        (None, ""),
        (assumptions.CONSTANT_WIDTH, "widths 2, 3"),
        (assumptions.PLAIN, "architecture residual:1/2"),
        (assumptions.NO_BIASES, "bias 1/10"),
        (assumptions.INDEPENDENT_ENTRIES, ""),  # it follows from the initialization
        (assumptions.HE_OR_XAVIER, "linear networks, he, law normal"),
    ],
)
def test_each_assumption_that_a_proof_needs_is_missed(left_out, missing):
    proof = induction_over_depth("any law", _XAVIER, 2)
    assumed = tuple(one for one in _KEPT if one is not left_out)
    result = _verified(replace(WRONG_NETWORK, claim=_preserved, evidence=(proof,), assumptions=assumed))
    assert result.unproved.endswith(missing)
    assert (result.unproved == "", result.verdict is Verdict.SUPPORTED) == (not missing, not missing)


def _everywhere(claim, evidence, assumed):
    mutant = Mutant("twice", lambda net, *more: 2 * claim(net, *more))
    return replace(WRONG_NETWORK, claim=claim, evidence=(evidence,), mutants=(mutant,), assumptions=assumed)


def test_a_proof_for_one_input_is_none_for_every_unit_input():
    def fourth(net):
        return activation_moment(_XAVIER.at(input="e1"), 4)

    one = _everywhere(fourth, induction_over_depth("any law", _XAVIER.at(input="e1"), 4), (*_KEPT, UNIT_INPUT))
    assert _verified(one).unproved.endswith("input None")
    first = Assumption("the input is e1", lambda net: net.input == "e1")
    assert _verified(replace(one, assumptions=(*_KEPT, first))).verdict is Verdict.SUPPORTED


GRADIENT = select(["gradient.mean-preserved"])[0]


def test_a_proof_for_readouts_of_random_signs_is_none_for_others():
    assumed = tuple(one for one in GRADIENT.assumptions if one is not assumptions.SIGN_SYMMETRIC_READOUT)
    proofs = _proofs(GRADIENT)
    assert _verified(proofs).verdict is Verdict.SUPPORTED
    assert _verified(replace(proofs, assumptions=assumed)).unproved.endswith("readout ones")


def test_what_is_behind_the_layers_does_not_matter_to_them():
    proof = Proof(induction_over_depth("any law", _XAVIER, 2), _preserved, (_XAVIER,))
    assert proof.is_the_same_with({"readout": "ones"})
    assert proof.holds_with({"width": 2, "readout": (2, 3)})
    assert not proof.holds_with({"input": "of no kind"})  # there are no such networks
    assert not Proof(proof.evidence, lambda net: 2 * _preserved(net), (_XAVIER,)).holds_with({"width": 2})


def test_a_proof_that_hides_its_networks_is_about_no_others():
    shown = induction_over_depth("any law", _XAVIER, 2)
    hidden = Proved("the same", lambda claim: shown.obligations(claim))
    result = _verified(_everywhere(_preserved, hidden, _KEPT))
    assert result.unproved.endswith("readout signs")


@pytest.mark.parametrize(
    ("net", "depths", "missing"),
    [
        (_XAVIER.at(depth=2), (2,), ""),
        (_XAVIER.at(depth=2), (1, 2), "depth 1"),
        (_XAVIER, ("L", 2), ""),
    ],
)
def test_numbers_stand_for_themselves_alone(net, depths, missing):
    def one_more(claim, *, net=net):
        return [Obligation("all layers", activation_moment(net, 2), claim(net))]

    shallow = Assumption("there are few layers", lambda net: net.depth in depths)
    proof = Proof(Proved("few layers", partial(one_more, net=net)), _preserved, (net,))
    assert missing_from([proof], (*_KEPT, shallow)).endswith(missing)
    assert bool(missing_from([proof], (*_KEPT, shallow))) == bool(missing)


def test_a_predicate_that_cannot_read_letters_leaves_them_open():
    wide = Assumption("the width is at least 4", lambda net: net.width >= 4)
    proof = Proof(induction_over_depth("any law", _XAVIER, 2), _preserved, (_XAVIER,))
    assert missing_from([proof], (*_KEPT, wide)) == ""


def _number(statement_id, obligations, **more):
    x = symbols.whole("x")
    parts = {"assumptions": (assumptions.NO_BIASES,), "claim": lambda: x, "domain": TRIED, **more}
    mutant = Mutant("twice", lambda: 2 * x)
    return replace(WRONG_NETWORK, id=statement_id, evidence=(Proved("it", obligations),), mutants=(mutant,), **parts)


_S, _X = symbols.whole("s"), symbols.whole("x")


@pytest.mark.parametrize(
    ("obligations", "problem"),
    [
        (lambda claim: [Obligation("7 = 8", 0, 0)], "it is broken: are 0 = 0"),
        (lambda claim: [Obligation("of nothing", _S + 1, _S + 1)], "it would stand for every mutant as well"),
        (lambda claim: [Obligation("base L = 0", claim(), _X)], "it is broken: are the base of an induction"),
        (lambda claim: [Obligation("x is 7", claim() / (1 - _S), 7 / (1 - _S), where=((_S, 1),))], "it is "),
    ],
)
def test_what_is_no_proof_is_not_certified(obligations, problem):
    with pytest.raises(InvalidArgument) as refused:
        require_sound(_number("user.nothing", obligations))
    assert problem in refused.value.problem.replace("obligations: ", "")


def test_a_certificate_is_about_all_that_the_domain_names():
    with pytest.raises(InvalidArgument, match="domain: no proof reaches"):
        require_sound(replace(FOURTH, evidence=FOURTH.evidence[:2]))
    hollow = select(["hessian.hollow"])[0]
    assert any(isinstance(e, Identity) for e in hollow.evidence)
    require_sound(hollow)


@pytest.mark.parametrize(
    ("parts", "argument"),
    [
        ({"corners": None}, "corners"),
        ({"corners": ((1, 2, 3),)}, "corners"),
        ({"corners": ((0, 1),)}, "corners"),
        ({"corners": ((True, 1),)}, "corners"),
        ({"corners": ((1, 1),), "each": ()}, "each"),
        ({"corners": ((1, 1),), "each": (1,)}, "each"),
        ({"corners": ((1, 1),), "each": None}, "each"),
        ({"each": ("relu",)}, "each"),
        ({"corners": ((1, 1),), "proved": True}, "corners"),
        ({"proved": "all n"}, "proved"),
    ],
)
def test_a_domain_that_holds_nothing_against_evidence_is_refused(parts, argument):
    with pytest.raises(InvalidArgument) as refused:
        Domain(**parts)
    assert refused.value.argument == argument


def test_what_a_reader_is_told_of_a_domain_follows_from_its_corners():
    with pytest.raises(TypeError, match="words"):
        Domain(words="n = 1..1000", corners=((2, 1), (2, 3)))
    words = "the corners (n, L) = (2, 1), (2, 3), and of the sizes between them those tried"
    assert Domain(corners=((2, 1), (2, 3))).words == words
    assert Domain(corners=((2, 2),), each=("relu", "linear")).words == "(n, L) = (2, 2), each for relu, linear"
    assert (EVERYWHERE.words, TRIED.words) == ("all that the assumptions allow", "the cases tried")
