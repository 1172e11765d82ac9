"""LaTeX as MathML: all of our own formulas, and the rules of TeX that browsers do not know."""

import re
from xml.etree.ElementTree import fromstring

import pytest

from proofs_check.registry import own_statements
from proofs_check.reporting.formulas import typeset
from proofs_check.reporting.pieces import BARS, Unreadable, pieces_of

FORMULAS = {statement.id: typeset(statement.latex) for statement in own_statements()}


def pieces(formula):
    return [fromstring(piece) for line in formula.lines for part in line for piece in part]


def shown(latex):
    """The text of a formula, with | for a thin space, _ for a wider one."""
    said = ""
    for piece in pieces(typeset(latex)):
        for part in piece.iter():
            if part.tag == "mspace":
                said += "|" if part.get("width") == "0.1667em" else "_"
            elif part.text:
                said += part.text
    return said


def test_every_formula_of_our_own_can_be_typeset():
    assert [name for name, formula in FORMULAS.items() if not formula.lines] == []


@pytest.mark.parametrize("name", FORMULAS)
def test_nothing_of_the_latex_is_left_over_and_nothing_but_it_is_added(name):
    formula = FORMULAS[name]
    text = "".join("".join(piece.itertext()) for piece in pieces(formula))
    assert not re.search(r"[\\$&]|operatorname|begin|frac", text)
    assert not set(text) & set(BARS)
    digits = re.sub(r"\\[A-Za-z]+", " ", formula.latex)
    assert sorted(re.findall(r"\d", text)) == sorted(re.findall(r"\d", digits))
    words = re.findall(r"\\text\{([^}]*)\}", formula.latex)
    assert all(word.strip().replace(" ", "\u00a0") in text for word in words)
    bars = formula.latex.count("|") - formula.latex.count(r"\Bigm|")
    assert text.count("|") + text.count("\u2016") == bars


def test_bars_are_told_left_from_right():
    sides = [
        (part.text, part.get("form"))
        for piece in pieces(typeset(r"|W||\nabla f|\le\bigl\|(\|H\|_2)_{kl}\bigr\|_2,\ a\Big|_{b}"))
        for part in piece.iter("mo")
        if part.get("form")
    ]
    left, right = "prefix", "postfix"
    assert sides == [("|", left), ("|", right), ("|", left), ("|", right), ("\u2016", left), ("\u2016", left),
                     ("\u2016", right), ("\u2016", right), ("|", right)]  # fmt: skip


def test_a_large_bar_with_a_power_is_as_large_as_the_other():
    (piece,) = pieces(typeset(r"\Bigl|\frac{a}{b}\Bigr|^2"))
    sizes = [part.get("minsize") for part in piece.iter("mo")]
    assert sizes == ["1.623em", "1.623em"]
    power = piece.find(".//msup")
    assert [part.tag for part in power[0]] == ["mo", "mi"]  # alone, browsers leave it small


@pytest.mark.parametrize(
    ("latex", "said"),
    [
        (r"a=-b", "a_=_\u2212b"),
        (r"a-b", "a_\u2212_b"),
        (r"(-a)", "(\u2212a)"),
        (r"\mathbb E\log x", "\U0001d53c|log|x"),
        (r"\log|x|", "log|x|"),
        (r"e^{a-b}", "ea\u2212b"),
        (r"f(x,y)", "f(x,|y)"),
        (r"\operatorname{med}\log a", "med|log|a"),
        (r"x\overset d=y", "x_=d_y"),
        (r"\mathrm{Bin}(n)", "Bin(n)"),
    ],
)
def test_spaces_are_those_of_tex(latex, said):
    assert shown(latex) == said


def test_the_power_of_a_matrix_is_that_of_all_of_it():
    (piece,) = pieces(typeset(r"\begin{pmatrix}a&b\\c&d\end{pmatrix}^L"))
    base, power = piece.find(".//msup")
    assert (base.find(".//mtable") is not None, power.text) == (True, "L")


def test_cases_and_aligned_equations_are_aligned():
    for latex in (r"x=\begin{cases}1&a>0\\0&a\le0\end{cases}", r"\begin{aligned}a&=b\\c&=d\end{aligned}"):
        cells = [cell for piece in pieces(typeset(latex)) for cell in piece.iter("mtd")]
        assert len(cells) == 4
        assert {cell.get("style") for cell in cells} <= {"text-align: left", "text-align: right"}


def test_limits_stand_below_and_greek_capitals_upright():
    (piece,) = pieces(typeset(r"\max_k\Gamma"))
    assert piece.find(".//munder")[0].text == "max"
    assert piece.findall(".//mi")[-1].attrib == {"mathvariant": "normal"}


def test_lines_parts_and_pieces_are_broken_outside_of_brackets():
    assert pieces_of(r"a=b,\quad f(x=y)\le c,\ g=1\qquad (n\ge2)") == [
        [["a", "=b,"]],
        [[" f(x=y)", "\\le c,"], ["g", "=1"], [" (n\\ge2)"]],
    ]


@pytest.mark.parametrize("latex", [r"\unknown{x}", "a}b", "{a", r"\frac{a}", r"\begin{nothing}a\end{nothing}&"])
def test_what_is_no_latex_has_no_lines(latex):
    assert typeset(latex).lines == ()
    assert typeset(latex).latex == latex


def test_unmatched_braces_are_refused():
    with pytest.raises(Unreadable):
        pieces_of("a}")
