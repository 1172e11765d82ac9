"""Letters that are no sizes: their values meet each other, and |x| is decided for all its values at once."""

from __future__ import annotations

import itertools

import flint
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check import check
from proofs_check.claims.norms import decide, powers_of_norm
from proofs_check.claims.number_reader import SECOND_NORM
from proofs_check.claims.parameters import NORM, NORM4, at_norm, at_unit, completed, crossed, values_of
from proofs_check.verdict import Verdict
from theory import symbols
from theory.ensembles import Ensemble
from theory.moments.two_inputs import COSINE

LINEAR = Ensemble(width="n", depth="L")
SYMMETRIC = LINEAR.at(law="symmetric")
K = symbols.number("K")


@pytest.mark.parametrize(
    ("claim", "net", "at"),
    [
        ("E|a_1|^4 <= K|x|^4", SYMMETRIC, {"K": 1, "n": 2}),  # equal entries: 3/2 > 1
        ("E|a_1|^4 <= 3*|x|^4 + K", SYMMETRIC, {"K": 6, "|x|": 2}),
        ("E <a_k, a'_k> <= |x|^2", LINEAR, {"|x'|": 1}),
        ("E <a_k, a'_k> >= -|x|^2", LINEAR, {}),
        ("E|a_L|^2 <= |x|^3 + 40/n", LINEAR, {"n": 512}),
        ("E|a_L|^2 >= n*|x|_4^4/|x|^2", SYMMETRIC, {"n": 2}),
        ("E|a_L|^2 <= 100*|x|^3", LINEAR, {}),
        ("E|a_L|^2 <= 100*|x|", LINEAR, {}),
        ("E|a_L|^2 <= |x|^3 + |x| - 1/8", LINEAR, {}),
        ("median |a_L|^2 <= 1000*|x|^3", LINEAR.at(width=3, depth=2), {}),
    ],
)
def test_what_fails_for_some_values_together_is_refuted(claim, net, at):
    found = check(claim, net, compare=False)
    assert found.verdict is Verdict.REFUTED
    assert {name: found.counterexample.at[name] for name in at} == at


@pytest.mark.parametrize(
    ("claim", "net", "words"),
    [
        ("E|a_L|^2 <= |x|^3 + |x|", LINEAR.at(depth=3), "all |x|"),
        ("E|a_L|^2 <= |x|^2 + |x|^3 + |x|", LINEAR.at(depth=3), "all |x|"),
        ("E|a_L|^2 <= (|x|^4 + 1)/2", LINEAR.at(depth=3), "|x| = 1, 2, 1/2, 1/100, 100"),  # it touches at |x| = 1
        (
            "E|a_1|^4 <= (K+2)*|x|^4",
            SYMMETRIC.at(depth=3),
            "K = 9/5, 6, 1, 3, 10000000, |x|_4 least and greatest, all |x|",
        ),
        ("median |a_L|^2 <= |x|^2", LINEAR.at(width=3, depth=2), "all |x|"),
        ("median |a_L|^2 <= |x|^3 + |x|", LINEAR.at(width=3, depth=2), "all |x|"),
    ],
)
def test_the_scope_names_the_values(claim, net, words):
    found = check(claim, net, compare=False)
    assert found.verdict is Verdict.SUPPORTED
    assert words in found.scope


def test_two_values_meet_even_where_not_all_can():
    letters = [COSINE, NORM, SECOND_NORM, K, NORM4, symbols.number("v")]
    rows = crossed(letters, "alpha")
    assert len(rows) == 25
    for one, other in itertools.combinations(letters, 2):
        pairs = {(row[one], row[other]) for row in rows}
        assert pairs == set(itertools.product(values_of(one, "alpha"), values_of(other, "alpha")))
    assert rows[0] == {letter: values_of(letter, "alpha")[0] for letter in letters}


def test_moments_of_weights_are_those_of_laws():
    sixth, eighth = (symbols.number(f"m{order}") for order in (6, 8))
    for row in crossed([K, sixth, eighth], "alpha"):
        assert 1 <= row[K] ** 2 <= row[sixth]  # Cauchy and Schwarz
        assert row[sixth] ** 2 <= row[K] * row[eighth]


@pytest.mark.parametrize("norm", [sp.Integer(2), sp.Rational(1, 100)])
def test_inputs_are_scaled_with_all_their_norms(norm):
    point = completed({}, {NORM: norm, NORM4: sp.S.Zero}, sp.Integer(16))
    assert point[NORM4] == norm / 2
    assert at_norm(at_unit(point), norm) == point


X = sp.Symbol("x", positive=True)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.integers(-2, 4), st.integers(-9, 9), min_size=1, max_size=4), st.booleans())
def test_a_sum_of_powers_is_decided_rightly(terms, strict):
    found = decide([sp.Integer(p) for p in terms], [flint.arb(c) for c in terms.values()], strict=strict)
    value = sum((c * X**p for p, c in terms.items()), sp.S.Zero)
    samples = [value.subs(X, sp.Rational(2) ** sp.Rational(k, 4)) for k in range(-60, 61)]
    nonzero = sorted(p for p, c in terms.items() if c)
    if nonzero and min(terms[nonzero[0]], terms[nonzero[-1]]) < 0:  # as |x| tends to 0, or to infinity
        assert found.truth is False
    if found.truth is True:
        assert all(sample > 0 if strict else sample >= 0 for sample in samples)
    if found.truth is False:
        worst = [value.subs(X, witness) for witness in found.witnesses]
        assert not worst or min(worst) < 0
        assert worst or not any(terms.values())


def test_formulas_are_powers_of_the_norm_only_if_they_are():
    for other in (sp.log(NORM), sp.sqrt(1 + NORM), sp.Max(NORM, 1), sp.exp(NORM)):
        assert powers_of_norm(other) is None
    assert powers_of_norm(NORM4**4 / NORM**2 + NORM ** sp.Rational(1, 2)) == {
        sp.Integer(2): NORM4**4,
        sp.Rational(1, 2): sp.S.One,
    }
