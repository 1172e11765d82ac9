"""A proof reaches everywhere only where it is about all networks that the assumptions allow."""

from dataclasses import replace

import pytest

from proofs_check import EVERYWHERE, TRIED, Domain, assumptions
from proofs_check.certificates.projects import require_sound
from proofs_check.evidence import Identity, Obligation, Proved
from proofs_check.registry import select
from proofs_check.statement import Mutant, Statement
from proofs_check.toolkit.checks import LINEAR, RELU
from proofs_check.toolkit.depth_induction import induction_over_depth
from proofs_check.verdict import Verdict
from proofs_check.verification import verify
from theory import symbols
from theory.ensembles import InvalidArgument

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
    assumed = (*general.assumptions, assumptions.HE_OR_XAVIER, assumptions.CONSTANT_WIDTH)
    assert _verified(replace(general, assumptions=assumed)).verdict is Verdict.SUPPORTED


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
    assert Domain(corners=((2, 1), (2, 3))).words == "the sizes between the corners (n, L) = (2, 1), (2, 3)"
    assert Domain(corners=((2, 2),), each=("relu", "linear")).words == "(n, L) = (2, 2), each for relu, linear"
    assert (EVERYWHERE.words, TRIED.words) == ("all that the assumptions allow", "the cases tried")
