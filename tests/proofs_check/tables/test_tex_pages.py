"""Ready tables and tables of one's own, typeset in a two-column article: nothing is wider than its column."""

import re
import subprocess

import pytest

from proofs_check import studies
from proofs_check.claims.sampled import Drawing
from proofs_check.grids.layout import Look
from proofs_check.grids.tabulating import tabulate
from proofs_check.registry import own_statements
from proofs_check.tables.latex import PREAMBLE, to_latex
from proofs_check.tables.model import table_of_texts
from proofs_check.tables.ready import topic_table, verdict_table
from proofs_check.verdict import Finding, Tier, Verdict
from proofs_check.verification.results import Report, StatementReport
from theory.ensembles import InvalidArgument

pytestmark = pytest.mark.tex


def typeset(folder, body, options="twocolumn"):
    """The log of pdflatex, which must make a page."""
    head = "\n".join((rf"\documentclass[{options}]{{article}}", *PREAMBLE, r"\begin{document}"))
    (folder / "page.tex").write_text(f"{head}\n{body}\n\\end{{document}}\n", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    assert ran.returncode == 0, ran.stdout[-2000:]
    return (folder / "page.log").read_text(encoding="utf-8", errors="replace")


def overfull(log):
    return re.findall(r"Overfull \\hbox.*", log)


def finding(check, case, verdict):
    return Finding(
        Tier.SIMULATED, check, verdict, case, claimed=(7.71604938e-4, 7.71604938e-4), exact="1/1296",
        estimate=0.00077001, interval=(0.000752547, 0.000787474), tolerance=1e-4, error=1e-8, samples=20_000, seed=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def report():
    """All statements with a finding for each piece of simulated evidence, as long as the true ones, without drawing."""
    results = []
    for statement in own_statements():
        found = tuple(
            finding(one.check, one.net.describe(), Verdict.SUPPORTED)
            for one in statement.evidence
            if hasattr(one, "net") and hasattr(one, "check")
        )
        results.append(StatementReport(statement, found, ()))
    return Report(tuple(results), profile="quick", seed=0, error=1e-6, seconds=1.0)


@pytest.mark.parametrize("options", ["twocolumn", "twocolumn,a4paper", "letterpaper"])
def test_ready_tables_are_no_wider_than_the_text(tmp_path, report, options):
    topics = dict.fromkeys(result.statement.topic for result in report.results)
    tables = [verdict_table(report), *(topic_table(report, topic) for topic in topics)]
    body = "\n\\clearpage\n".join(to_latex(table) for table in tables if table.rows)
    log = typeset(tmp_path, body, options)
    assert overfull(log) == []
    assert "Float too large" not in log


def test_tables_of_ones_own_fit_a_column_the_text_or_take_panels(tmp_path):
    drawing = Drawing(samples=60)
    quantities = "E|a_L|^4, median |a_L|^2, P(|a_L|^2 >= 1/4), kurtosis(a_L)"
    tables = [
        tabulate(rows="n=2,4", columns="L=2,8", quantity="median |a_L|^2", drawing=drawing)[0],
        tabulate(rows="n=2,4", columns="L=2,8,12", quantity="E|a_L|^2", drawing=drawing)[0],
        tabulate(
            rows="activation=relu,linear; init=he,xavier", columns=quantities, drawing=drawing,
            networks={"width": "4", "depth": "8"}, look=Look(show=("theory", "measured", "ratio", "verdict")),
        )[0],
    ]  # fmt: skip
    written = [to_latex(table) for table in tables]
    assert written[2].count(r"\begin{tabular}") > 1  # panels, one above the other
    assert written[2].count(r"\caption") == 1
    log = typeset(tmp_path, "\n".join(written))
    assert overfull(log) == []


@pytest.mark.parametrize("name", sorted(studies.names()))
def test_tables_of_studies_fit(tmp_path, name):
    module = __import__(f"proofs_check.studies.{name.replace('-', '_')}", fromlist=["COLUMNS"])
    cells = ["layer norm", "16", "128", "SGD with momentum", "1/256"]
    row = [cells[i] if i < 3 else "[0.00123, 0.00456]" for i in range(len(module.COLUMNS))]
    table = table_of_texts(name, "a caption", module.COLUMNS, [row] * 60, stub=3)
    log = typeset(tmp_path, to_latex(table))
    assert overfull(log) == []
    assert "Float too large" not in log


def test_what_fits_nowhere_is_refused_with_what_to_drop():
    wide = table_of_texts("t", "c", ("head", "x" * 120), [("1", "2")], stub=1)
    with pytest.raises(InvalidArgument, match=r"fit: head, x+ together are wider than 345 points; show fewer things"):
        to_latex(wide)
    assert "x" * 120 in to_latex(wide, fit="none")


def test_a_standalone_table_compiles_as_it_is(tmp_path, vanishing):
    command = "table --rows n=2,4 --columns 'E|a_L|^4, median |a_L|^2' --depth 3 --samples 50 --jobs 1"
    ran = vanishing(f"{command} --show theory,measured,verdict --standalone --out {tmp_path}/table.tex")
    assert ran.status in (0, 3)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert ran.returncode == 0, ran.stdout[-2000:]
    assert overfull((tmp_path / "table.log").read_text(encoding="utf-8", errors="replace")) == []
