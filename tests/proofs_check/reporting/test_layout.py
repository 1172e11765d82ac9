"""No heading, verdict or count is lost at any width, and lines are no longer than the terminal is wide."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from proofs_check.reporting.layout import fitted, named_lines, verdicts_laid, width_shown
from proofs_check.tables.ready import VERDICT_COLUMNS

HEADS = tuple(column.name for column in VERDICT_COLUMNS)

IDS = st.from_regex(r"[a-z]{2,8}(-[a-z]{1,8}){0,4}", fullmatch=True).map("topic.{}".format)
COUNTS = st.sampled_from(["-", "1/1", "0/2", "12/12"])
ROWS = st.tuples(
    IDS,
    st.sampled_from(["supported", "refuted", "inconclusive", "broken"]),
    *[COUNTS] * 5,
    st.sampled_from(["-", "5 %", "2.4-5.8 %"]),
    st.sampled_from(["-", "all n, L", "12 cases, n <= 16, L <= 100000", "all L: the Gram matrix; 815 cases, n <= 4"]),
)
WIDTHS = st.integers(20, 200)


@given(st.lists(ROWS, min_size=1, max_size=5), WIDTHS)
def test_every_cell_is_whole_at_every_width(rows, width):
    laid = verdicts_laid(HEADS, rows, width)
    longest = max(len(name) for name, *_ in rows) + 1
    for row, lines in zip(rows, laid.rows, strict=True):
        assert all(len(line) <= max(width, longest) for line in lines)
        assert "".join(row[0].split()) in "".join("".join(lines).split()) or laid.head
        words = " ".join(lines).replace(";", " ").replace(":", " ").split()
        assert row[1] in words
        assert (
            all(cell in words for cell in row[2:7])
            if laid.head
            else all(cell in words for cell in row[2:7] if cell != "-")
        )
        assert set(row[7].split()) | set(row[8].replace(";", " ").replace(":", " ").split()) - {"-"} <= {*words, "-"}
    heads = ["statement", "verdict", "proved", "enum.", "encl.", "sim.", "mutants"]
    assert laid.head == "" or laid.head.split()[:7] == heads
    assert len(laid.head) <= width


@given(st.lists(ROWS, min_size=1, max_size=3))
def test_at_eighty_columns_it_is_a_table_and_at_forty_a_list(rows):
    assert verdicts_laid(HEADS, rows, 80).head
    assert not verdicts_laid(HEADS, rows, 40).head


TEXTS = st.text("ab -.\n", max_size=200)


@given(TEXTS, WIDTHS)
def test_folded_text_has_the_same_words(text, width):
    folded = fitted(text, width)
    assert folded.split() == text.split()
    assert fitted(text, None) == text
    for line in folded.split("\n"):
        assert len(line) <= width or len(line.split()) == 1 or line in text.split("\n")


@given(
    st.lists(st.tuples(IDS, st.text("ab ", min_size=1, max_size=150).map(str.strip)), min_size=1, max_size=4), WIDTHS
)
def test_named_lines_have_the_same_words(rows, width):
    whole = " ".join(f"{name} {title}" for name, title in rows).split()
    assert named_lines(rows, width).split() == whole
    assert named_lines(rows, None).split() == whole
    assert len(named_lines(rows, None).split("\n")) == len(rows)


def test_the_width_is_that_of_whoever_reads(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    assert width_shown() is None
    for told, width in (("72", 72), ("3", 20), ("0", None), ("wide", None), ("", None)):
        monkeypatch.setenv("COLUMNS", told)
        assert width_shown() == width
