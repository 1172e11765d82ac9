"""Tables: what is in them, and that no text of a cell breaks LaTeX, Markdown, CSV or JSON."""

import csv
import io
import json
import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo import HessianExtremes, serial, simulate, worker_pool
from montecarlo.intervals import order_statistic_interval
from proofs_check import studies
from proofs_check.registry import load
from proofs_check.reporting.tables import (
    COLUMNS,
    FORMATS,
    Table,
    to_csv,
    to_json,
    to_latex,
    to_markdown,
    topic_table,
)
from proofs_check.studies import Study
from proofs_check.studies.curvature import FAMILIES, curvature_table, log_curve
from proofs_check.verdict import Tier
from proofs_check.verification import verify

SPECIAL = "\\_%&#${}^~|<>*`[]\"', \n"
WITHOUT_LINE_ENDS = st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from(SPECIAL.replace("\n", ""))
ONE_LINE = st.text(WITHOUT_LINE_ENDS, max_size=12)
ANY = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\r") | st.sampled_from(SPECIAL), max_size=12
)


def rows(cells):
    return st.lists(st.tuples(*[cells] * len(COLUMNS)), max_size=3).map(tuple)


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
    """What LaTeX prints; refuses any character that it would not print as it is."""
    assert not set(LATEX_TOKEN.sub("", text)) & set("\\_%&#${}^~|<>")
    return LATEX_TOKEN.sub(lambda token: LATEX_NAMES[token.group()], text)


@given(rows(ONE_LINE), ONE_LINE)
def test_latex_prints_every_cell_as_it_is_between_the_rules_of_booktabs(rows, caption):
    lines = to_latex(Table("topic", caption, COLUMNS, rows)).split("\n")
    assert lines[:3] == [r"\begin{table}", r"\centering", r"\small"]
    assert read_latex(re.fullmatch(r"\\caption\{(.*)\}", lines[3])[1]) == caption
    assert lines[4:6] == [r"\begin{tabular}{llllll}", r"\toprule"]
    assert lines[6] == r"Statement & Case & Exact value & Estimate & Interval & Verdict \\"
    assert lines[7] == r"\midrule"
    assert lines[-4:] == [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
    body = [line for line in lines[8:-4] if line]
    for line, row in zip(body, rows, strict=True):
        assert line.endswith(r" \\")
        cells = re.split(r"(?<!\\)&", f" {line[:-3]} ")
        assert [read_latex(cell[1:-1]) for cell in cells] == list(row)


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
    lines = to_markdown(Table("topic", "a caption", COLUMNS, rows)).split("\n")
    assert lines[:4] == ["**a caption**", "", f"| {' | '.join(COLUMNS)} |", "|" + 6 * " --- |"]
    assert lines[-1] == ""
    shown = [markdown_cells(line) for line in lines[4:-1]]
    assert shown == [[cell.replace("\n", " ") for cell in row] for row in rows]


@given(rows(ANY))
def test_csv_and_json_are_read_back_as_they_were(rows):
    table = Table("topic", "a caption", COLUMNS, rows)
    assert list(csv.reader(io.StringIO(to_csv(table), newline=""))) == [list(COLUMNS), *map(list, rows)]
    assert json.loads(to_json(table)) == [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def test_a_row_for_each_simulated_finding_of_the_topic(user_file):
    statements = load(user_file)
    measured, vague = (next(s for s in statements if s.id == f"user.{name}") for name in ("measured", "vague"))
    both = replace(measured, id="user.both", evidence=measured.evidence + vague.evidence)
    report = verify([*statements, both], seed=3)
    table = topic_table(report, "user")
    findings = [finding for result in report.results for finding in result.of_tier(Tier.SIMULATED)]
    assert [row[0] for row in table.rows] == ["user.measured", "user.vague", "user.mistaken", "user.both", "user.both"]
    for (_, case, exact, estimate, interval, verdict), finding in zip(table.rows, findings, strict=True):
        assert case == f"E|a_1|^2: {finding.case}"
        assert exact == f"{finding.claimed[0]:g}"
        assert estimate == f"{finding.estimate:.6g}"
        assert interval == f"[{finding.interval[0]:.6g}, {finding.interval[1]:.6g}]"
        assert verdict == finding.verdict.value
    assert [row[-1] for row in table.rows] == ["supported", "inconclusive", "refuted", "supported", "inconclusive"]
    assert "1e-06 (profile quick, seed 3)" in table.caption
    assert topic_table(report, "forward").rows == ()


def test_the_command_writes_one_table_in_four_formats(vanishing, users_own):
    users_own("measured", "vague")
    ran = {name: vanishing(f"table user --format {name} --jobs 1").out for name in FORMATS}
    records = json.loads(ran["json"])
    assert [tuple(record) for record in records] == [COLUMNS, COLUMNS]
    cells = [list(record.values()) for record in records]
    assert list(csv.reader(io.StringIO(ran["csv"]))) == [list(COLUMNS), *cells]
    assert [markdown_cells(line) for line in ran["markdown"].splitlines()[4:]] == cells
    latex = [line for line in ran["latex"].split("\n") if line.startswith("user.")]
    assert [[read_latex(c[1:-1]) for c in re.split(r"(?<!\\)&", f" {line[:-3]} ")] for line in latex] == cells
    assert vanishing("table user --jobs 1").out == ran["markdown"]


def test_the_table_of_a_topic_of_the_package(vanishing):
    ran = vanishing("table init --format json --jobs 1")
    records = json.loads(ran.out)
    assert (ran.status, ran.err) == (0, "")
    assert [record["exact value"] for record in records] == ["1/1296 = 0.000771605", "1/81 = 0.0123457"]
    for record, truth in zip(records, (1 / 1296, 1 / 81), strict=True):
        lo, hi = json.loads(record["interval"])
        assert lo < truth < hi
        assert (record["statement"], record["verdict"]) == ("init.pytorch-default", "supported")


@pytest.mark.parametrize(
    ("names", "status"), [(["measured"], 0), (["mistaken", "measured"], 1), (["vague", "measured"], 3)]
)
def test_the_exit_status_is_that_of_the_topic(vanishing, users_own, names, status):
    users_own(*names)
    ran = vanishing("table user --jobs 1 --seed 5 --format json")
    assert (ran.status, ran.err) == (status, "")
    assert [record["statement"] for record in json.loads(ran.out)] == [f"user.{name}" for name in names]


def test_the_table_of_curvature_has_exact_intervals_of_the_medians_that_are_measured():
    nets = [FAMILIES[0].at(width=4, depth=6), FAMILIES[1].at(width=2, depth=8)]
    with serial() as workers:
        table = curvature_table(workers, samples=300, seed=4, nets=nets)
    (linear, dead), extremes = table.rows, HessianExtremes()
    readings = simulate(nets[0], [extremes], samples=300, seed=4)[extremes]
    ends = [readings.log_values(end) for end in ("lambda_max", "minus_lambda_min")]
    cells = [cell for logs in ends for cell in exponential(order_statistic_interval(logs, 0.5, 1e-4))]
    assert linear == ("linear", "xavier", "4", "6", *cells, f"{math.exp(log_curve(nets[0])):.4g}")
    # (3/4)^8 = 0.1 of the networks live: that 116 of 300 do, as the upper end would need, has probability 1e-38
    assert dead == ("relu", "he", "2", "8", "0", "[0, 0]", "0", "[0, 0]", "0")
    assert "300 networks" in table.caption
    assert "0.0001 (seed 4)" in table.caption


def exponential(logarithm):
    value, lo, hi = (f"{math.exp(x):.4g}" for x in (logarithm.value, logarithm.lo, logarithm.hi))
    return value, f"[{lo}, {hi}]"


@pytest.mark.parametrize("name", sorted(studies.names()))
def test_the_command_prints_the_table_of_a_study_with_its_profile_seed_and_workers(vanishing, monkeypatch, name):
    asked = []

    def table(workers, **options):
        asked.append((type(workers), options))
        return Table(name, "c", ("a", "b"), (("1", "2"),))

    samples = studies.study(name).samples
    monkeypatch.setattr(f"proofs_check.studies.{name.replace('-', '_')}.STUDY", Study(table, samples))
    ran = vanishing(f"table {name} --format csv --seed 7 --jobs 1")
    assert (ran.status, ran.out, ran.err) == (0, "a,b\n1,2\n", "")
    assert json.loads(vanishing(f"table {name} --format json --profile full --jobs 2").out) == [{"a": "1", "b": "2"}]
    quick, full = (samples[profile] for profile in ("quick", "full"))
    assert 0 < quick < full
    with serial() as here, worker_pool(2) as there:
        assert asked == [(type(here), {"samples": quick, "seed": 7}), (type(there), {"samples": full, "seed": 0})]


@given(st.integers(1, 9))
def test_a_table_has_as_many_columns_as_it_says(columns):
    table = Table("t", "c", tuple(f"x{i}" for i in range(columns)), (("y",) * columns,))
    assert rf"\begin{{tabular}}{{{'l' * columns}}}" in to_latex(table)
    assert to_latex(table).count(" & ") == 2 * (columns - 1)
    assert [len(markdown_cells(line)) for line in to_markdown(table).splitlines()[2:]] == [columns] * 3
    assert list(json.loads(to_json(table))[0]) == list(table.columns)
