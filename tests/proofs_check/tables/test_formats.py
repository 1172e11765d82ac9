"""Tables in every format: no text of a cell breaks LaTeX, Markdown, CSV, JSON or HTML."""

import csv
import io
import json
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofs_check.tables.formats import FORMATS, to_csv, to_json, to_list, to_markdown
from proofs_check.tables.html import to_html
from proofs_check.tables.latex import to_latex
from proofs_check.tables.model import Column, Number, Table, Text, table_of_texts
from theory.ensembles import InvalidArgument

HEADS = ("statement", "case", "exact value", "estimate")
SPECIAL = "\\_%&#${}^~|<>*`[]\"', \n"
WITHOUT_LINE_ENDS = st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from(SPECIAL.replace("\n", ""))
ONE_LINE = st.text(WITHOUT_LINE_ENDS, max_size=12)
ANY = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\r") | st.sampled_from(SPECIAL), max_size=12
)


def rows(cells):
    return st.lists(st.tuples(*[cells] * len(HEADS)), max_size=3).map(tuple)


LATEX_NAMES = {
    r"\textbackslash{}": "\\",
    r"\textasciicircum{}": "^",
    r"\textasciitilde{}": "~",
    r"\textbar{}": "|",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    **{rf"\{c}": c for c in "_%&#${}"},
}
LATEX_TOKEN = re.compile("|".join(map(re.escape, LATEX_NAMES)))


def read_latex(text):
    """What LaTeX prints of text without formulas; refuses any character that it would not print as it is."""
    assert not set(LATEX_TOKEN.sub("", text)) & set("\\_%&#${}^~|<>")
    return LATEX_TOKEN.sub(lambda token: LATEX_NAMES[token.group()], text)


def without_formulas(text):
    """What is left once each formula is taken out: dollar signs, not escaped, stand in pairs."""
    parts = re.split(r"(?<!\\)((?:\\\\)*)\$", text)[::2]
    assert len(parts) % 2, text
    return parts[::2]


@given(rows(ONE_LINE), ONE_LINE)
def test_latex_has_a_row_for_every_row_whatever_stands_in_it(rows, caption):
    lines = to_latex(table_of_texts("topic", caption, HEADS, rows)).split("\n")
    assert lines[0].startswith(r"\begin{table")
    for part in without_formulas(re.fullmatch(r"\\caption\{(.*)\}", lines[2])[1]):
        read_latex(part)
    body = lines[lines.index(r"\midrule") + 1 : lines.index(r"\bottomrule")]
    assert len(body) == len(rows)
    for line in body:
        assert line.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)&", line)) == len(HEADS) - 1
        for part in without_formulas(re.sub(r"(?<!\\)&", "", line[:-3])):
            read_latex(part)


@given(st.lists(st.sampled_from(["plain words", "50 % of them", "a_b & c", "x # y"]), min_size=1, max_size=4))
def test_latex_prints_words_as_they_are(words):
    text = "; ".join(words).replace("a_b", "ab_cd_ef")
    line = to_latex(table_of_texts("t", "c", ("head",), [(text,)])).split("\\midrule\n")[1].split("\n")[0]
    shown = re.sub(r"\$[^$]*\$", "", line.removesuffix(r" \\"))
    assert not set(LATEX_TOKEN.sub("", shown)) & set("\\_%&#${}^~|<>")


def markdown_cells(line):
    """The cells of a row as GitHub reads it: a backslash takes the punctuation after it as it is."""
    cells, bare = [""], []
    for token in re.findall(r"\\[!-/:-@\[-`{-~]|.", line, re.DOTALL):
        if token == "|":
            cells.append("")
        else:
            cells[-1] += token[-1]
            bare += token if len(token) == 1 else ""
    assert not set(bare) & set("*`<\\\n\r")  # emphasis, code, HTML, or the end of the row
    assert cells[0] == cells[-1] == ""
    return [cell[1:-1] for cell in cells[1:-1]]


@given(rows(ANY))
def test_markdown_shows_every_cell_as_it_is_in_one_line_a_row(rows):
    lines = to_markdown(table_of_texts("topic", "a caption", HEADS, rows)).split("\n")
    assert lines[:4] == ["**a caption**", "", f"| {' | '.join(HEADS)} |", "|" + len(HEADS) * " --- |"]
    assert lines[-1] == ""
    shown = [markdown_cells(line) for line in lines[4:-1]]
    assert shown == [[cell.replace("\n", " ") for cell in row] for row in rows]


@given(rows(ANY))
def test_csv_and_json_are_read_back_as_they_were(rows):
    table = table_of_texts("topic", "a caption", HEADS, rows)
    assert list(csv.reader(io.StringIO(to_csv(table), newline=""))) == [list(HEADS), *map(list, rows)]
    assert json.loads(to_json(table)) == [dict(zip(HEADS, row, strict=True)) for row in rows]


class Reader(HTMLParser):
    """Reads the cells of a table, and refuses what is not closed."""

    def __init__(self):
        super().__init__()
        self.open, self.rows = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        if tag != "br":
            assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


@given(rows(st.text(st.sampled_from("ab<>&\"' %#"), max_size=8)))
def test_html_shows_text_as_it_is_and_closes_what_it_opens(rows):
    reader = Reader()
    reader.feed(to_html(table_of_texts("topic", "a caption", HEADS, rows)))
    reader.close()
    assert reader.open == []
    for shown, row in zip(reader.rows[1:], rows, strict=True):
        for cell, text in zip(shown, row, strict=True):
            assert cell == text or "a" in text or "b" in text  # letters may be read as formulas


def measured(written, value, lo, hi):
    return Number(written, Decimal(value), Decimal(lo), Decimal(hi))


MEASURED = Table(
    "grid",
    Text("a caption"),
    (
        Column(Text("n", "$n$"), is_stub=True),
        Column(Text("theory"), Text("L=8", "$L=8$")),
        Column(Text("measured"), Text("L=8", "$L=8$")),
    ),
    (
        (Text("16"), Number("0.268", Decimal("0.268")), measured("0.271(11)", "0.271", "0.26", "0.28")),
        (Text("4"), Number("1.7e-10", Decimal("1.7e-10")), measured("[1e-500, 2e-10]", "1e-11", "1e-500", "2e-10")),
        (Text("2"), Text("dead"), Text("-", "--")),
    ),
    notes=(Text("a note"),),
    origin="vanishing table 50%",
)


def test_numbers_keep_their_intervals_in_csv_and_json():
    head, first, second, third = csv.reader(io.StringIO(to_csv(MEASURED)))
    assert head == ["n", "L=8 theory", "L=8 measured", "L=8 measured lo", "L=8 measured hi"]
    assert first == ["16", "0.268", "0.271", "0.26", "0.28"]
    assert second == ["4", "1.7e-10", "1e-11", "1e-500", "2e-10"]
    assert third == ["2", "dead", "-", "", ""]
    records = json.loads(to_json(MEASURED))
    assert records[0]["L=8 measured"] == {"value": 0.271, "lo": 0.26, "hi": 0.28}
    assert records[1]["L=8 measured"] == {"value": 1e-11, "lo": "1e-500", "hi": 2e-10}  # no float holds 1e-500
    assert records[2]["L=8 theory"] == "dead"


def test_numbers_are_aligned_by_siunitx_under_heads_with_a_rule():
    text = to_latex(MEASURED)
    origin, needed, begins = text.splitlines()[:3]
    assert (origin, begins) == ("% vanishing table 50%", r"\begin{table}")
    assert needed == r"% needs \usepackage{amsmath,amssymb,booktabs,graphicx,siunitx,tabularx}"
    assert r"\begin{tabular}{@{}l S[table-format=1.3e-2] S[table-format=1.3(2)]@{}}" in text
    assert r" & \multicolumn{2}{c}{$L=8$} \\" + "\n" + r"\cmidrule(lr){2-3}" in text
    assert r"$n$ & {theory} & {measured} \\" in text
    assert r"16 & 0.268 & 0.271(11) \\" in text
    assert r"4 & 1.7e-10 & {$[\num{1e-500}, \num{2e-10}]$} \\" in text
    assert r"2 & {dead} & {--} \\" in text
    assert r"\footnotesize" + "\n" + r"a note\par" in text


def test_html_says_powers_of_ten_and_spans_groups():
    text = to_html(MEASURED)
    assert "1.7·10<sup>−10</sup>" in text
    assert '<th scope="colgroup" colspan="2"><math' in text
    assert '<tfoot><tr><td colspan="3">a note</td></tr></tfoot>' in text


def test_html_tells_left_bars_from_right_ones_and_shows_what_it_cannot_read():
    heads = (Column(Text("norm", r"$|a_L|^2$")), Column(Text("odd", r"$\nonsense{<}$")))
    text = to_html(Table("t", Text("a caption"), heads, ()))
    assert text.index('form="prefix"') < text.index('form="postfix"')
    assert '<math displaystyle="false">' in text
    assert r'<code class="latex">\nonsense{&lt;}</code>' in text


def test_html_needs_its_package(monkeypatch):
    monkeypatch.setattr("proofs_check.tables.html.find_spec", lambda name: None)
    with pytest.raises(InvalidArgument, match=r"format: formulas in HTML need latex2mathml; in the clone: pip install"):
        to_html(MEASURED)


def test_notes_are_told_in_every_format_for_people():
    assert to_markdown(MEASURED).endswith("\n\na note\n")
    assert to_list(MEASURED).endswith("\na note\n")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_a_table_without_rows(name):
    assert FORMATS[name](table_of_texts("t", "c", ("head",), []))


@given(st.integers(1, 9))
def test_a_table_has_as_many_columns_as_it_says(columns):
    table = table_of_texts("t", "c", tuple(f"head{i}" for i in range(columns)), [("y",) * columns])
    assert to_latex(table, fit="none").count(" & ") == 2 * (columns - 1)
    assert [len(markdown_cells(line)) for line in to_markdown(table).splitlines()[2:]] == [columns] * 3
    assert list(json.loads(to_json(table))[0]) == list(table.heads)
