"""Claims are read as they are written: in ASCII, in unicode, in LaTeX; and refused with the place at fault."""

from __future__ import annotations

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.claims.arithmetic import read_formula
from proofs_check.claims.latex import from_latex
from proofs_check.claims.meaning import shown, understand
from proofs_check.claims.syntax import parse_claim
from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument

NET = Ensemble(width="n", depth="L", activation="relu", init="he")
N, L, K = symbols.whole("n"), symbols.whole("L"), sp.Symbol("K", positive=True)
LETTERS = {"n": N, "L": L, "K": K}


def sides(claim: str, net: Ensemble = NET) -> tuple[str, str, str]:
    meaning = understand(claim, net)
    right = meaning.written(meaning.right) + ("" if meaning.remainder is None else f" + O({shown(meaning.remainder)})")
    return meaning.written(meaning.left), meaning.relation, right


@pytest.mark.parametrize(
    ("claim", "read"),
    [
        ("E|a_L|^4 = (1+5/n)^L |x|^4", ("E|a_L|^4", "=", "|x|^4*(1 + 5/n)^L")),
        ("E‖a_L‖⁴ ≤ (1 + 5/n)ᴸ·‖x‖⁴", ("E|a_L|^4", "<=", "|x|^4*(1 + 5/n)^L")),
        ("𝔼|a₂|² ≥ ½|x|²", ("E|a_2|^2", ">=", "|x|^2/2")),
        ("E|a_L|^2 == |x|**2", ("E|a_L|^2", "=", "|x|^2")),
        ("E|a_L|^2 =< 5L/(2n)", ("E|a_L|^2", "<=", "5*L/(2*n)")),
        ("E|a_L|^2 <= 5L/2 n", ("E|a_L|^2", "<=", "5*L*n/2")),
        ("E|a_L|^2 <= n/4|x|^2", ("E|a_L|^2", "<=", "n*|x|^2/4")),
        ("E|a_L|^2 <= (n+1)/(n+2)(n+3)", ("E|a_L|^2", "<=", "(n + 1)*(n + 3)/(n + 2)")),
        ("E|a_1|^2 |a_3|^2 = 1", ("E|a_1|^2 |a_3|^2", "=", "1")),
        ("E|a|^2/|x|^2 = 1", ("E|a_L|^2/|x|^2", "=", "1")),
        ("E[2|a_L|^2 - |a_1|^2] = 0", ("-E|a_1|^2 + 2*E|a_L|^2", "=", "0")),
        ("E log(|a_L|^2/|x|^2) = 0", ("E log|a_L|^2 + log(|x|^(-2))", "=", "0")),
        ("E log|a_L| = 0", ("E log|a_L|^2/2", "=", "0")),
        ("Var log|a_L| = 0", ("Var log|a_L|^2/4", "=", "0")),
        ("Var |a_L|^2 = 0", ("-(E|a_L|^2)^2 + E|a_L|^4", "=", "0")),
        ("Cov(|a_1|^2, |a_2|^2) = 0", ("-E|a_1|^2*E|a_2|^2 + E|a_1|^2 |a_2|^2", "=", "0")),
        ("kurtosis(a_L) ~ exp(5*beta)", ("E|a_L|^4/(E|a_L|^2)^2", "~", "exp(5*beta)")),
        ("median |a_L|^2 <= 1", ("exp(median log|a_L|^2)", "<=", "1")),
        ("median log(1/|a_L|^2) <= 1", ("-median log|a_L|^2", "<=", "1")),
        ("quantile[0.9] log|a_L|^2 <= 1", ("quantile[9/10] log|a_L|^2", "<=", "1")),
        ("quantile(1/4, 1/|a_L|^2) <= 1", ("exp(-quantile[3/4] log|a_L|^2)", "<=", "1")),
        ("P(|a_L|^2 >= |x|^2) < 1/2", ("P(|a_L|^2 >= |x|^2)", "<", "1/2")),
        ("P(2 <= |a_L|) < 1/2", ("P(|a_L|^2 >= 4)", "<", "1/2")),
        ("P(log|a_L|^2 <= 0) < 1/2", ("1 - P(|a_L|^2 > 1)", "<", "1/2")),
        ("P(a_L = 0) <= L*2^(-n)", ("1 - P(|a_L| > 0)", "<=", "L/2^n")),
        ("E|dF/dW_1|^2 = n/2", ("E|df/dW_1|^2", "=", "n/2")),
        ("E|H_kl|^2 = n|x|^2/4", ("E|H_{k,l}|_F^2", "=", "n*|x|^2/4")),
        ("E|H_{1,3}|_F^2 = n", ("E|H_{1,3}|_F^2", "=", "n")),
        ("E|H|_F^2 = n", ("E|H|_F^2", "=", "n")),
        ("E||W_L*...*W_1||_F^4 = n^2", ("E||W_L*...*W_1||_F^4", "=", "n^2")),
        ("E<a_k, a'_k> = <x, x'>", ("E<a_k, a'_k>", "=", "c*|x|*|x'|")),
        ("E⟨a_k, a'_k⟩ = 0", ("E<a_k, a'_k>", "=", "0")),
        ("E<a_k, b_k> = <x, y>", ("E<a_k, a'_k>", "=", "c*|x|*|x'|")),
        ("E<b_k, a_k>^2 <= |y|^2", ("E<a_k, a'_k>^2", "<=", "|x'|^2")),
        ("E|a_k'|^2 = |x'|^2", ("E|a'_k|^2", "=", "|x'|^2")),
        ("E|a_1|^2 |a'_1|^2 = acos(c)", ("E|a'_1|^2 |a_1|^2", "=", "acos(c)")),
        ("Kurt(a_L) = arccos(0)", ("E|a_L|^4/(E|a_L|^2)^2", "=", "pi/2")),
        ("cov(|a_1|^2, |a_1|^2) = 0", ("-(E|a_1|^2)^2 + E|a_1|^4", "=", "0")),
        ("E[f^2] = 1", ("E f^2", "=", "1")),
        ("P(lambda_min < -1) > 0", ("1 - P(lambda_min >= -1)", ">", "0")),
        ("Var log|a_L|^2 = 5*L/n + O(L/n^2)", ("Var log|a_L|^2", "=", "5*L/n + O(L/n^2)")),
        ("E|a_{L-1}|^2 = n_1", ("E|a_{L-1}|^2", "=", "n")),
        ("E|a_L|^2 <= Sum(1/j, (j, 1, L))", ("E|a_L|^2", "<=", "Sum(1/j, (j, 1, L))")),
    ],
)
def test_a_claim_is_read_as_meant(claim, read):
    assert sides(claim) == read


@pytest.mark.parametrize(
    ("claim", "place", "words"),
    [
        ("E|a_L|^4", 8, "there is no relation"),
        ("E|a_L|^4 = ", 11, "ends too early"),
        ("E|a_L|^4 = 0,5", 12, "a decimal comma"),
        ("E|a_L|^4 = (1+5/n^L", 19, "')' is missing"),
        ("E|a_L|^^4 = 1", 7, "'^' is not expected"),
        ("E|a_L^4 = 1", 8, "'|' is missing"),
        ("E|a_L|^4 = nL", 11, "write n*L"),
        ("E|a_L|^4 = 5L/2n", 15, "below the fraction line, or beside it"),
        ("E|a_L|^4 = 1/n(n+1)", 14, "below the fraction line, or beside it"),
        ("E|a_L|^4 = q", 11, "the letter 'q' is not known"),
        ("E|b_L|^4 = 1", 2, "not known"),
        ("E|a_9q|^4 = 1", 2, "layer"),
        ("E|a_L|^4 ≈ 1", 9, "nothing that could be checked"),
        ("E|a_L|^4 != 1", 9, "nothing that could be checked"),
        ("E|a_L|^2 = a_L", 11, "this is random"),
        ("|a_L|^2 = 1", 0, "is random"),
        ("1 = 1", 0, "says nothing about a random network"),
        ("E|a_L|^2 = 1 = 2", 13, "two relations"),
        ("E(|a_L|)^2 = 1", 8, "two ways"),
        ("E log|a_L|^2/|x|^2 = 0", 13, "the logarithm or what stands in it"),
        ("Cov(|a_1|^2) = 0", 0, "takes 2 arguments"),
        ("quantile[2] |a_L|^2 = 0", 0, "between 0 and 1"),
        ("E|a_L|^2 = 1/0", 13, "divides by zero"),
        ("E|H_kk|^2 = 0", 2, "diagonal block"),
        ("E|a_L|^2 <= 1 + O(1/n)", 12, "belongs to an equation"),
        ("E|a_L|^2 = O(1/n) + O(1/L)", 20, "two O"),
        (r"\mathbb{E}|a_L|^2 = 1", 0, "this is LaTeX"),
        ("E|a_L|^2 = 1 @", 13, "'@' cannot be read"),
        ("P(|a_L|^2) = 1", 9, "no relation"),
        ("P(|a_L| >= |a_1|) = 1", 0, "compares one random number"),
        ("E tr(W*A) = 0", 2, "needs --matrix"),
        ("E||W_2*W_1||_F^2 = 1", 3, "only the product of all"),
    ],
)
def test_what_cannot_be_read_is_shown_with_its_place(claim, place, words):
    with pytest.raises(InvalidArgument) as refused:
        understand(claim, NET)
    message, shown_claim, caret = str(refused.value).splitlines()
    assert words in message
    assert shown_claim == f"    {claim}"
    assert caret.index("^") - 4 == place


def test_unicode_keeps_the_place_of_an_error():
    with pytest.raises(InvalidArgument) as refused:
        understand("E‖a_L‖⁴ ≤ q", NET)
    assert str(refused.value).splitlines()[-1].index("^") - 4 == "E‖a_L‖⁴ ≤ q".index("q")


@pytest.mark.parametrize("claim", ["", "   ", None, 7])
def test_what_is_no_text_is_refused(claim):
    with pytest.raises(InvalidArgument, match="must be text"):
        parse_claim(claim)


@pytest.mark.parametrize("claim", ["E|a_L|^2 = " + "(" * 900 + "1" + ")" * 900, "E|a_L|^2 = " + "-" * 3000 + "1"])
def test_what_is_nested_too_deeply_is_refused(claim):
    with pytest.raises(InvalidArgument, match="nested too deeply"):
        understand(claim, NET)


def test_a_claim_is_no_book():
    with pytest.raises(InvalidArgument, match="characters"):
        understand("E|a_L|^2 = " + "1+" * 5000 + "1", NET)


def test_letters_are_those_of_the_ensemble():
    net = Ensemble(width="m", depth="D", activation="leaky:s", init="variance:v", law="symmetric")
    meaning = understand("E|a_D|^2 = m*v*(1+s^2)^D*K", net)
    assert {str(letter) for letter in meaning.right.free_symbols} == {"m", "v", "s", "D", "K"}
    with pytest.raises(InvalidArgument, match="the widths differ"):
        understand("E|a_L|^2 = n", Ensemble(widths=(2, 3, 4)))
    assert understand("E|a_L|^2 = n_1", Ensemble(widths=(2, 3, 4))).right == 3


def test_numbers_of_the_ensemble_stand_for_its_letters():
    meaning = understand("E|a_L|^4 = (1+5/n)^L * K", NET.at(width=5, depth=3, law="uniform"))
    assert meaning.right == 8 * sp.Rational(9, 5)


FORMULAS = st.recursive(
    st.sampled_from([N, L, K, sp.Integer(1), sp.Integer(2), sp.Integer(5), sp.Rational(3, 7)]),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(lambda a: a / (N + 1), inner),
        st.builds(lambda a: (1 + a**2) ** L, inner),
        st.builds(lambda a: sp.exp(-(a**2)), inner),
        st.builds(lambda a: sp.log(2 + a**2), inner),
        st.builds(lambda a: sp.sqrt(3 + a**2), inner),
    ),
    max_leaves=6,
)


def same(left: sp.Expr, right: sp.Expr) -> bool:
    """Whether two formulas agree at two points, to 40 digits: an arithmetic that is not ours."""
    points = ({N: 3, L: 2, K: sp.Rational(9, 5)}, {N: 2, L: 1, K: 6})
    for point in points:
        a, b = (sp.N(side.subs(point), 60) for side in (left, right))
        if a.is_finite and abs(a - b) > sp.Float("1e-40") * (1 + abs(a)):
            return False
    return True


@settings(deadline=None, max_examples=60)
@given(FORMULAS)
def test_what_is_printed_is_read_back(formula):
    assert same(read_formula(shown(formula), LETTERS), formula)


@settings(deadline=None, max_examples=60)
@given(FORMULAS)
def test_what_sympy_prints_as_latex_is_read_back(formula):
    assert same(read_formula(from_latex(sp.latex(formula)), LETTERS), formula)


@pytest.mark.parametrize(
    ("latex", "claim"),
    [
        (r"\mathbb{E}\|a_L\|^4 = \left(1+\frac{5}{n}\right)^L \|x\|^4", "E|a_L|^4 = (1+5/n)^L |x|^4"),
        (r"$\mathbb{E}\left[\lVert a_k\rVert_2^{2}\right] \leq \lvert x\rvert^2.$", "E[|a_k|^2] <= |x|^2"),
        (r"\mathbb{E}\left\|\frac{\partial f}{\partial W_{1}}\right\|_F^2 = \frac n2", "E|df/dW_1|^2 = n/2"),
        (r"\mathbb E \|\nabla_{W_1} f\|^2 = 1", "E|df/dW_1|^2 = 1"),
        (r"\operatorname{Var}\log\|a_L\|^2 = \tfrac{5L}{n} + \mathcal{O}(L/n^2)", "Var log|a_L|^2 = 5L/n + O(L/n^2)"),
        (r"\mathbb{P}(\|a_L\|^2 \ge \|x\|^2) \le e^{-5L/(8n)}", "P(|a_L|^2 >= |x|^2) <= exp(-5L/(8n))"),
        (r"\mathbb{E}\|W_L \cdots W_1\|_F^4 = n^2", "E||W_L*...*W_1||_F^4 = n^2"),
        (r"\mathbb{E}\langle a_k, a'_k\rangle = 0", "E<a_k, a'_k> = 0"),
        (r"\mathrm{median}\,\log\frac{\|a_L\|^2}{\|x\|^2} \le 0", "median log(|a_L|^2/|x|^2) <= 0"),
    ],
)
def test_latex_means_what_the_plain_claim_means(latex, claim):
    read, meant = understand(from_latex(latex), NET), understand(claim, NET)
    assert (read.left, read.relation, read.right, read.remainder, list(read.statistics.values())) == (
        meant.left, meant.relation, meant.right, meant.remainder, list(meant.statistics.values()))  # fmt: skip


@pytest.mark.parametrize(
    ("latex", "place", "words"),
    [
        (r"\E\norm{a_L} = 1", 2, r"the command \norm is not known"),
        (r"\mathbb{E}|a_L|^2 = \frac{1}", 28, "lacks its argument"),
        (r"\mathbb{E}|a_L|^{2 = 1", 16, "not closed"),
        (r"\mathbb{E}|a_L|^2 \approx 1", 18, "nothing that could be checked"),
        (r"\mathbb{E}|a_L|^2 = 1 \text{ for all } n", 22, "are no formula"),
        (r"\mathbb{E}|a_L|^2 = \sqrt[3]{n}", 20, "only"),
        (r"\mathbb{E}|a_L|^2 = 1}", 21, "closes nothing"),
    ],
)
def test_latex_that_is_not_known_is_shown_with_its_place(latex, place, words):
    with pytest.raises(InvalidArgument) as refused:
        from_latex(latex)
    message, shown_claim, caret = str(refused.value).splitlines()
    assert words in message
    assert shown_claim == f"    {latex}"
    assert caret.index("^") - 4 == place
