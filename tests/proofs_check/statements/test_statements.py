"""The statements themselves: complete, independent of theory's derivations, and falsifiable piece by piece."""

import os
import re
import sys
from collections import Counter
from fractions import Fraction
from functools import partial

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import ActivationNorms, Estimate
from montecarlo.training.regression.pair_observables import PairFlow
from proofs_check.evidence import Enumerated, Mean, Simulated
from proofs_check.evidence.simulated import as_float
from proofs_check.registry import own_statements, topics
from proofs_check.statements.chain import hessian as chain
from proofs_check.statements.forward import moments
from proofs_check.statements.law import log_norms
from proofs_check.verdict import Between, Tier, Verdict
from proofs_check.verification.verifying import verify
from theory import ChainLaw, Ensemble, Law, LogNormLaw, activation_moment, gradient_moment, symbols
from theory.architectures.orthogonal import orthogonal_log_mean, orthogonal_moment
from theory.architectures.residual import residual_moment
from theory.balls import enclose
from theory.dynamics.balanced_chains import BalancedChain
from theory.dynamics.saddles import escape_steps, escape_steps_bounds, exit_time_asymptote, exit_time_saturation
from theory.dynamics.update_rules import UpdateRule
from theory.log_laws.log_gradients import LogGradientLaw
from theory.moments.expansions import kurtosis_limit
from theory.width_one.hessian_bounds import hessian, log_norm_bounds
from theory.width_one.hessian_law import chain_hessian_log_mean

BY_ID = {statement.id: statement for statement in own_statements()}
each_statement = pytest.mark.parametrize("statement", own_statements(), ids=lambda s: s.id)

# --- form -------------------------------------------------------------------------------------------------------------

REQUIRED = {
    "chain.mean-preserved",
    "chain.typical-vanishes",
    "chain.median",
    "chain.gradient-rate",
    "chain.hessian-hollow",
    "chain.hessian-rate",
    "chain.hessian-law",
    "forward.mean-preserved",
    "forward.mean-at-unequal-widths",
    "forward.fourth-moment",
    "forward.eighth-moment",
    "forward.kurtosis-limit",
    "forward.biases-mean",
    "forward.biases-fourth-moment",
    "forward.typical-rate",
    "forward.width-depth",
    "gradient.mean-preserved",
    "gradient.typical-rate",
    "gradient.fixed-readout",
    "gradient.biases-mean",
    "gradient.in-biases",
    "hessian.frobenius",
    "hessian.spread",
    "hessian.hollow",
    "hessian.rank-and-inertia",
    "hessian.block-norms",
    "hessian.norm-bounds",
    "hessian.contains-chain",
    "hessian.homogeneity",
    "hessian.symmetric-law",
    "hessian.typical-rate",
    "hessian.vanishes-in-median-not-in-mean",
    "hessian.wide-limit-edge",
    "plateau.saddle",
    "plateau.flatness",
    "plateau.residual-part",
    "escape.saddle-time",
    "escape.balanced-chain",
    "escape.balance-kept",
    "escape.adaptive-steps",
    "escape.inverse-curvature",
    "escape.adaptive-faster",
    "escape.epsilon-threshold",
    "training.edge-of-stability",
    "training.variance-reduction",
    "training.variance-reduction-reversed",
    "training.pre-conditioning",
    "training.pre-conditioning-reversed",
    "training.batch-norm",
    "linear2.imbalance",
    "linear2.descent-shrinks",
    "linear2.rate",
    "linear2.margin-rate",
    "linear2.scalar-solution",
    "linear2.invariant-set",
    "linear2.min-norm-distance",
    "linear2.orthonormal-start",
    "linear2.distance-law",
    "linear2.imbalance-probability",
    "sparse.conservation",
    "sparse.l1-gap",
    "sparse.hitting-time",
    "sparse.window",
    "sparse.leakage",
    "sparse.early-stopping",
    "sparse.certificate",
    "sparse.descent",
    "law.quantiles",
    "law.width-threshold",
    "matrices.frobenius-fourth",
    "matrices.two-routes",
    "matrices.correlated-rows",
    "matrices.wishart-quadratic",
    "matrices.inverse-wishart",
    "matrices.unitary-haar",
    "init.pytorch-default",
    "shape.diagonal-conservation",
    "shape.diagonal-regularizer",
    "shape.diagonal-rate",
    "shape.kernel-limit",
    "shape.rich-limit",
    "shape.biased-start",
    "shape.descent",
    "shape.neuron-warp",
    "shape.neuron-regularizer",
    "shape.neuron-limits",
    "shape.aligned-neurons",
    "shape.leaky-neuron",
    "remedy.residual",
    "remedy.residual-relu",
    "remedy.residual-hessian",
    "remedy.layernorm",
    "remedy.normalized-hessian",
    "remedy.normalized-curvature",
    "remedy.batchnorm",
    "remedy.orthogonal",
    "remedy.width",
}


def test_ids_are_unique_and_none_of_the_papers_theorems_is_missing():
    assert len(BY_ID) == len(own_statements())
    assert set(BY_ID) >= REQUIRED


@each_statement
def test_an_id_is_a_known_topic_and_a_name(statement):
    assert re.fullmatch(rf"({'|'.join(topics())})\.[a-z][a-z0-9]*(-[a-z0-9]+)*", statement.id)


@each_statement
def test_a_statement_says_in_words_what_it_claims_and_where_it_is_from(statement):
    assert re.fullmatch(r"[A-Z].*\.", statement.title)
    assert len(statement.title) <= 120
    assert re.search(r"arXiv:\d{4}\.\d{4,5}|10\.\d{4,}/", statement.source)
    assert statement.assumptions
    assert len(set(statement.assumptions)) == len(statement.assumptions)


def _unbalanced(latex):
    """The first delimiter of a formula without its partner, or ''."""
    tokens = re.findall(r"\\(?:left|right|[Bb]igg?[lr]|begin|end)(?![a-z])(?:\{\w+\})?|\\.|[{}]|&|\\\\", latex)
    partner = {"}": "{"}
    stack = []
    for token in tokens:
        opens = token == "{" or re.match(r"\\(left|begin|[Bb]igg?l)", token)
        closes = token == "}" or re.match(r"\\(right|end|[Bb]igg?r)", token)
        if opens:
            stack.append(token)
        elif closes:
            expected = partner.get(token) or (
                token.replace("right", "left") if "right" in token else token.replace("end", "begin")
            )
            if re.match(r"\\[Bb]igg?r", token):
                expected = token[:-1] + "l"
            if not stack or stack.pop() != expected:
                return token
    return stack[-1] if stack else ""


@pytest.mark.parametrize("latex", ["{", "}", r"\left(x", r"\begin{a}x\end{b}", r"\Bigl(x\bigr)", r"{\left(x}\right)"])
def test_unbalanced_latex_is_noticed(latex):
    assert _unbalanced(latex)


@each_statement
def test_the_latex_is_balanced(statement):
    assert not _unbalanced(statement.latex)
    assert "$" not in statement.latex
    assert "\n" not in statement.latex
    bare = re.sub(r"\\(?:left|right|[Bb]igg?[lr]?)\s*\\?[()\[\]|.]|\\[{}|,;:!]", "", statement.latex)
    assert bare.count("(") == bare.count(")")
    assert bare.count("[") == bare.count("]")


# --- claims are what theory derives -----------------------------------------------------------------------------------

SPARSE = Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"}, name="sparse")
HEAVY = Law.from_moments("heavy", {2: 1, 4: 6, 6: 90, 8: 2520})
LAWS = st.sampled_from([Law.named("normal"), Law.named("uniform"), Law.named("rademacher"), SPARSE, HEAVY])
CONTINUOUS = st.sampled_from(["normal", "uniform"])
MATCHED = st.sampled_from([("relu", "he"), ("linear", "xavier"), ("leaky:1/3", "he"), ("linear", "lecun")])
FREE = st.sampled_from([("relu", "he"), ("linear", "1/3"), ("relu", "2"), ("leaky:1/4", "1/5"), ("linear", "xavier")])


@st.composite
def networks(draw, kinds, laws=LAWS, width=5, depth=5):
    n, (activation, init) = draw(st.integers(1, width)), draw(kinds)
    x = draw(st.lists(st.integers(-3, 3), min_size=n, max_size=n).filter(any))
    readout = draw(st.sampled_from(["random", "signs"]))
    parts = {"activation": activation, "init": init, "law": draw(laws), "readout": readout, "input": x}
    return Ensemble(n, draw(st.integers(1, depth)), **parts)


@st.composite
def chains(draw, laws=CONTINUOUS, least=1):
    x, init = draw(st.integers(1, 5)), draw(st.sampled_from(["xavier", "1/3", "5/2"]))
    return Ensemble(1, draw(st.integers(least, 60)), init=init, law=draw(laws), readout="signs", input=(x,))


def agree(claimed, derived):
    """To thirty digits, in ball arithmetic, relative to the number where it is large."""
    claimed, derived = sp.sympify(claimed), sp.sympify(derived)
    distance = abs(enclose(claimed - derived, 60))
    return bool(distance < 1e-30 * (1 + abs(enclose(derived, 60))))


def claim_of(statement_id):
    return BY_ID[statement_id].claim


few = settings(max_examples=25)


@few
@given(networks(FREE))
def test_the_fourth_moment_is_the_one_that_theory_derives(net):
    assert agree(claim_of("forward.fourth-moment")(net), activation_moment(net, 4))


@few
@given(st.lists(st.integers(1, 9), min_size=2, max_size=5), MATCHED.filter(lambda kind: kind[1] != "lecun"), LAWS)
def test_the_preserved_mean_is_the_one_that_theory_derives_at_any_widths(widths, kind, law):
    activation, init = kind
    if activation == "linear" and init == "xavier":
        init = "lecun"  # for unequal widths it is 1/fan_in that preserves; He's is 2/((1 + slope^2) fan_in)
    net = Ensemble(widths=widths, activation=activation, init=init, law=law, input="ones")
    claimed = claim_of("forward.mean-at-unequal-widths")(net)
    assert agree(claimed, activation_moment(net, 2)) == (claimed == widths[-1])
    assert agree(claimed, activation_moment(net, 2))


@few
@given(networks(FREE, laws=st.just("normal"), width=8, depth=40).filter(lambda net: "leaky" not in net.activation))
def test_the_typical_rate_is_the_mean_of_the_derived_law(net):
    assert agree(claim_of("forward.typical-rate")(net), LogNormLaw(net).mean())


@settings(max_examples=20)
@given(st.booleans(), st.integers(1, 40), st.integers(1, 32))
def test_the_median_lies_where_claimed(relu, n, halves):
    """The exact law, inverted numerically. For ReLU from n = 16 on: at n = 4, L = 8 the claim is false."""
    n = n + 15 if relu else n
    kind = {"activation": "relu", "init": "he"} if relu else {"activation": "linear", "init": "xavier"}
    net = Ensemble(n, -(-n * halves // 2), **kind)
    claimed = claim_of("forward.width-depth")(net)
    assert as_float(claimed.lo) < LogNormLaw(net).median() < as_float(claimed.hi)


@pytest.mark.parametrize(("activation", "init"), [("relu", "he"), ("linear", "xavier")])
@pytest.mark.parametrize("law", ["normal", "uniform", "rademacher", "symmetric"])
def test_the_kurtosis_rate_is_that_of_the_derived_limit(activation, init, law):
    net = Ensemble("n", "L", activation=activation, init=init, law=law)
    limit = kurtosis_limit(net)
    assert sp.simplify(limit - sp.exp(claim_of("forward.kurtosis-limit")(net) * symbols.BETA)) == 0


@few
@given(chains())
def test_the_chains_mean_square_is_that_of_the_derived_law(net):
    assert agree(claim_of("chain.mean-preserved")(net), ChainLaw(net).mean_square())


@few
@given(chains())
def test_the_chains_log_mean_is_that_of_the_derived_law(net):
    assert agree(claim_of("chain.typical-vanishes")(net), ChainLaw(net).log_mean())


@few
@given(chains(laws=st.just("uniform")))
def test_the_chains_median_lies_in_the_claimed_range_which_lies_in_the_derived_one(net):
    law = ChainLaw(net.at(input=(1,)))
    claimed = claim_of("chain.median")(net.at(input=(1,)))
    assert as_float(claimed.lo) < law.median() < as_float(claimed.hi)
    low, high = law.median_bounds()
    assert agree(sp.exp(claimed.hi), high)
    assert as_float(sp.exp(claimed.lo)) > as_float(low)  # theory's bounds are e^(1/3) apart


@few
@given(chains(least=2), st.data())
def test_the_chains_gradient_is_the_product_of_the_other_weights(net, data):
    layer = data.draw(st.integers(1, net.depth))
    assert agree(claim_of("chain.gradient-rate")(net, layer), ChainLaw(net).gradient().log_mean())


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_the_chains_hessian_is_the_one_that_sympy_differentiates(depth):
    weights = sp.symbols(f"w1:{depth + 1}", positive=True)
    claimed = claim_of("chain.hessian-hollow")(sp.Mul(*weights), sp.Matrix([1 / w for w in weights]))
    assert (claimed - hessian(weights)).applyfunc(sp.cancel) == sp.zeros(depth)


@few
@given(st.integers(2, 500), st.sampled_from(["xavier", "1/3", "5/2"]))
def test_the_hessians_rate_is_the_derived_one(depth, init):
    net = Ensemble(1, depth, init=init, law="uniform", readout="signs")
    claimed = claim_of("chain.hessian-rate")(net)
    low, high = log_norm_bounds(net)
    assert agree(claimed.lo, low)
    assert agree(claimed.hi, high)


@pytest.mark.parametrize("law", ["normal", "uniform"])
@pytest.mark.parametrize("depth", [10, 40])
def test_the_chains_hessian_is_within_1_over_l_of_its_exact_law(depth, law):
    """The mean by inversion of a Laplace transform, at finite depth."""
    net = Ensemble(1, depth, law=law, readout="signs")
    assert abs(as_float(claim_of("chain.hessian-law")(net)) - chain_hessian_log_mean(net)) < 1 / depth


@few
@given(networks(FREE, laws=LAWS.filter(lambda law: not law.has_atoms)), st.data())
def test_the_mean_squared_gradient_is_the_one_that_theory_derives(net, data):
    layer = data.draw(st.integers(1, net.depth))
    assert agree(claim_of("gradient.mean-preserved")(net, layer), gradient_moment(net, layer, 2))


@settings(max_examples=15)
@given(st.sampled_from(["relu", "linear"]), st.integers(1, 8), st.integers(1, 30), st.data())
def test_the_typical_gradient_is_the_derived_one(activation, n, depth, data):
    init, readout = ("he", "random") if activation == "relu" else ("xavier", "signs")
    net = Ensemble(n, depth, activation=activation, init=init, readout=readout)
    layer = data.draw(st.integers(1, depth))
    claimed = claim_of("gradient.typical-rate")(net, layer)
    assert agree(claimed, LogGradientLaw(net, layer).mean())


@few
@given(networks(st.sampled_from([("relu", "pytorch"), ("linear", "pytorch")]), laws=st.just("uniform")))
def test_pytorchs_mean_square_is_the_one_that_theory_derives(net):
    assert agree(claim_of("init.pytorch-default")(net), activation_moment(net, 2))


@few
@given(st.integers(2, 9), st.fractions("1/9", 3, max_denominator=9), st.fractions("1/9", "8/9", max_denominator=9))
def test_the_balanced_chain_is_the_derived_one(depth, y, w0):
    x, y, w0, w1 = sp.Rational(1, 7), *map(sp.Rational, (y, w0 * y / 9, y / 9))
    chain, claimed = BalancedChain(depth, x, y, w0), claim_of("escape.balanced-chain")(depth, x, y, w0, w1)
    assert agree(claimed.leading, chain.leading_time(w1))
    assert [agree(*ends) for ends in zip(claimed[1:3], chain.time_bounds(w1), strict=True)] == [True, True]
    assert agree(claimed.along, chain.least_eigenvalue())
    assert agree(claimed.high / 3 + claimed.lag, chain.descent_steps(w1, 3)[1])
    assert depth == 2 or claimed.product == chain.time_times_curvature()


@few
@given(st.fractions("1/9", 3, max_denominator=9), st.fractions(0, "8/9", max_denominator=9))
def test_the_saddles_time_is_the_derived_one(h, mu):
    claimed = claim_of("escape.saddle-time")(*map(sp.Rational, (h, mu, h + 1)))
    assert agree(claimed.fewest * sp.log(2), escape_steps_bounds(h, 2, mu)[0])
    assert as_float(claimed.fewest) < as_float(escape_steps(h, sp.E, mu)) < as_float(claimed.most)
    for ends, derived in ((claimed.steep, exit_time_asymptote), (claimed.flat, exit_time_saturation)):
        assert [agree(*pair) for pair in zip(ends, derived(1, 1, sp.Rational(h + 1)), strict=True)] == [True, True]


@few
@given(st.integers(1, 8), *[st.fractions("1/9", "8/9", max_denominator=9)] * 2)
def test_adams_bounds_are_the_derived_ones(t, beta_1, beta_2):
    if beta_1**2 >= beta_2:
        beta_1 /= 9
    rule, claimed = UpdateRule(beta_1, beta_2, "1/5"), claim_of("escape.adaptive-steps")
    assert agree(sp.sqrt(sp.Rational(claimed("bound", beta_1, beta_2, t))), rule.bound(t))
    assert agree(sp.sqrt(sp.Rational(claimed("limit", beta_1, beta_2))), rule.bound())
    for end, derived in zip(claimed("slow", beta_1, beta_2, r=Fraction(t)), rule.growth_range(t), strict=True):
        assert agree(sp.sqrt(sp.Rational(end)), derived)
    assert agree(claimed("constant", beta_1, beta_2, r=Fraction(t), epsilon=Fraction(1, 5)), rule.constant_step(t, t))
    value, worst = rule.floor()
    if worst != sp.oo:
        assert agree(sp.sqrt(sp.Rational(claimed("onset", beta_1, beta_2, int(worst), 1))), value)


@few
@given(networks(FREE), st.sampled_from(["1/sqrt(L)", "1/L", "2", "1/3"]))
def test_the_mean_behind_residual_branches_is_the_one_that_theory_derives(net, alpha):
    if net.activation == "linear":
        wired = net.at(architecture=f"residual:{alpha}")
        assert agree(claim_of("remedy.residual")(wired), residual_moment(wired))
    elif net.activation == "relu" and net.init.name == "he" and net.depth % 2 == 0:
        wired = net.at(architecture=f"residual:{alpha}:two")
        assert agree(claim_of("remedy.residual-relu")(wired), residual_moment(wired))


@pytest.mark.parametrize("n", [2, 5, 11])
def test_what_orthogonal_weights_keep_is_what_theory_derives(n):
    net = Ensemble(n, 4, activation="relu", init="orthogonal", input="ones")
    assert agree(claim_of("remedy.orthogonal")(net), orthogonal_log_mean(net))
    assert agree(claim_of("remedy.orthogonal")(net, "fourth"), orthogonal_moment(net, 4))


# --- simulations that can say something -------------------------------------------------------------------------------

SIMULATED = [(s, e) for s in own_statements() for e in s.evidence if isinstance(e, Simulated)]


def test_means_are_measured_only_where_the_tail_is_light():
    """A mean is carried by rare networks once sum 1/n_k is large, unless the architecture helps."""
    means = [(s, e) for s, e in SIMULATED if isinstance(e.reading, Mean)]
    assert len(means) > 10
    for statement, evidence in means:
        net = evidence.net
        trained = isinstance(evidence.observable, PairFlow)
        if not net.architecture.is_plain or trained:  # theory bounds the variance at any depth, and of what is trained
            claimed, bound = statement.claim(net, **evidence.arguments), evidence.reading.variance
            mean = as_float(claimed.lo if isinstance(claimed, Between) else claimed)
            assert as_float(bound(net) if callable(bound) else bound) <= 5 * mean**2, evidence.case
            continue
        inverse_widths = sum(Fraction(1, net.width_at(k)) for k in range(1, net.depth + 1))
        assert inverse_widths <= Fraction(1, 4) or (net.width == 1 and net.depth <= 3), evidence.case


def test_every_pair_of_a_check_and_an_ensemble_is_there_once():
    """So that a finding tells which piece of evidence it comes from."""
    for statement in own_statements():
        counted = Counter(_piece(e.tier, e.check, e.case if _drawn(e) else "") for e in statement.evidence)
        assert set(counted.values()) == {1}


FULL_ONLY = [(s, e) for s, e in SIMULATED if e.request("quick") is None]


@pytest.mark.parametrize(("statement", "evidence"), FULL_ONLY, ids=lambda p: getattr(p, "id", None) or p.net.describe())
def test_a_check_of_the_full_profile_would_refute_a_mutant(statement, evidence):
    """Given an interval as long as the tolerance, around the truth."""
    claimed = statement.claim(evidence.net, **evidence.arguments)
    if not isinstance(claimed, Between):
        truth = as_float(claimed)
    elif isinstance(evidence.observable, ActivationNorms):
        truth = LogNormLaw(evidence.net).median()
    else:  # which theory does not know
        truth = (as_float(claimed.lo) + as_float(claimed.hi)) / 2
    half = evidence.tolerance / 2 * (abs(truth) if evidence.reading.relative else 1)
    estimate = Estimate(truth, truth - half, truth + half, 1e-9, "by hand", 1)
    assert evidence.judge(statement.claim, estimate, 0).verdict is Verdict.SUPPORTED
    assert Verdict.REFUTED in {evidence.judge(m.claim, estimate, 0).verdict for m in statement.mutants}


# --- one verification of everything -----------------------------------------------------------------------------------


def _drawn(evidence):
    return isinstance(evidence, Simulated)


def _piece(tier, check, case):
    """What tells a piece of evidence of a statement: exact ones by their check, simulated ones by ensemble too."""
    return (tier.value, check, case if tier is Tier.SIMULATED else "")


EXTRAS = ("dask", "matplotlib", "sklearn", "torch")


@pytest.fixture(scope="module")
def only_core_packages(tmp_path_factory):
    """Hide what `make verify` does not install, from this process and from those that it starts."""
    folder = tmp_path_factory.mktemp("hidden")
    with pytest.MonkeyPatch.context() as patch:
        for name in EXTRAS:
            (folder / f"{name}.py").write_text(f"raise ImportError('{name} is no core dependency')\n")
            for loaded in [module for module in sys.modules if module.partition(".")[0] == name]:
                patch.delitem(sys.modules, loaded)
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")])))
        yield


@pytest.fixture(scope="module")
def results(request, only_core_packages):
    """All statements that the chosen tests ask about, quick profile: minutes on two free cores for all."""
    asked = [item.callspec.params for item in request.session.items if "results" in getattr(item, "fixturenames", ())]
    ids = {params["statement"].id if "statement" in params else params["name"] for params in asked}
    report = verify([statement for statement in own_statements() if statement.id in ids], jobs=2, seed=20_251)
    return {result.statement.id: result for result in report.results}


@each_statement
def test_it_is_supported_by_every_piece_and_no_mutant_survives(statement, results):
    result = results[statement.id]
    assert {f.verdict for f in result.findings} == {Verdict.SUPPORTED}
    assert [m.name for m in result.mutants if not m.refuted] == []
    assert result.verdict is Verdict.SUPPORTED


@each_statement
def test_every_piece_of_evidence_fails_some_mutant_and_reaches_the_domain(statement, results):
    result = results[statement.id]
    assert (result.toothless, result.unreached) == ((), "")


@each_statement
def test_all_that_it_claims_cannot_be_moved_by_much(statement, results):
    """In logarithms, or relative to a mean; what is claimed exactly cannot be moved at all."""
    result = results[statement.id]
    for together, _ in result.reaches:
        assert together.worse <= (0.1 if together.relative else 0.85)
    moved = [f for f in result.findings if f.tier is not Tier.SIMULATED or f.relative is not None]
    if not result.reaches and result.exact_reach is None:  # what is claimed is no number
        assert {f.tier for f in moved} <= {Tier.PROVED, Tier.ENUMERATED}


def _rejudged(statement, results, claim):
    """The verdicts on another claim by the same evidence, from the intervals that are there."""
    found = {(f.check, f.case): f for f in results[statement.id].findings}
    for evidence in statement.evidence:
        if not _drawn(evidence):
            yield evidence.examine(claim).verdict
        elif (finding := found.get((evidence.check, evidence.case))) is not None:
            estimate = Estimate(finding.estimate, *finding.interval, finding.error, "as found", finding.samples)
            yield evidence.judge(claim, estimate, 0).verdict


def _plus(statement_id, shift):
    claim = BY_ID[statement_id].claim

    def shifted(*case, **options):
        value = claim(*case, **options)
        return Between(value.lo + shift, value.hi + shift) if isinstance(value, Between) else value + shift

    return statement_id, shifted


FALSE = [
    ("forward.width-depth", partial(moments.median_range, relu=Fraction(3))),
    ("forward.width-depth", partial(moments.median_range, relu=Fraction(12, 5))),
    ("forward.width-depth", partial(moments.median_range, linear=Fraction(23, 20))),
    ("chain.hessian-size", partial(chain.size_range, share=Fraction(9, 10))),
    ("law.width-threshold", partial(log_norms.threshold, relu=Fraction(49, 20))),
    ("law.width-threshold", partial(log_norms.threshold, relu=Fraction(51, 20))),
    ("law.quantiles", lambda net, p: log_norms.quantile(net, p + 0.005)),
    _plus("hessian.wide-limit-edge", 0.06),
    _plus("escape.inverse-curvature", 0.08),
    _plus("plateau.flatness", 0.5),
    _plus("plateau.residual-part", 1.63),
    _plus("hessian.vanishes-in-median-not-in-mean", 2.47),
    _plus("remedy.normalized-curvature", 1.3),
    _plus("escape.adaptive-faster", 0.66),
]


@pytest.mark.parametrize(("name", "claim"), FALSE)
def test_a_false_theorem_beside_the_true_one_is_refuted(name, claim, results):
    assert Verdict.REFUTED in set(_rejudged(BY_ID[name], results, claim))


@each_statement
def test_every_simulated_check_has_room_for_any_seed(statement, results):
    """An interval that holds the truth then supports a true claim: nothing hangs on the seed."""
    simulated = results[statement.id].of_tier(Tier.SIMULATED)
    assert len(simulated) == sum(_drawn(e) and e.samples > 0 for e in statement.evidence)
    room = {f: f.tolerance + f.claimed[1] - f.claimed[0] for f in simulated}
    assert [f.check for f in simulated if f.resolution > room[f]] == []


def test_every_enumeration_has_cases_and_every_tier_is_used():
    assert all(e.cases for s in own_statements() for e in s.evidence if isinstance(e, Enumerated))
    assert {e.tier for s in own_statements() for e in s.evidence} == set(Tier)
