"""Theory against measurement, as tables: LaTeX (booktabs), Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import dataclass

from montecarlo import Estimate
from proofs_check.paper import Paper
from proofs_check.reporting.findings import claimed_text, counted_text, measured_texts, sharpness_text
from proofs_check.results import Report
from proofs_check.verdict import Finding, Tier

COLUMNS = ("statement", "case", "exact value", "estimate", "interval", "verdict")
"""The columns of a topic's table."""
PAPER_COLUMNS = ("claim", "where", "statements", "verdicts", "covers")
"""The columns of a paper's table."""
VERDICT_COLUMNS = ("statement", "verdict", *(tier.value for tier in Tier), "mutants", "refutes", "covers")
"""The columns of the table of verdicts."""


@dataclass(frozen=True)
class Table:
    """A table of text.

    Parameters
    ----------
    name : str
        Its name, for example the topic.
    caption : str
        Where the numbers come from.
    columns : tuple of str
        The heads of the columns, all different.
    rows : tuple of tuples of str
        The rows, each with a cell for every column.
    """

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def verdict_table(report: Report) -> Table:
    """Return the table of verdicts: a row for each statement, with what its strongest evidence covers.

    Parameters
    ----------
    report : Report
        The report of any verification.
    """
    rows = tuple(
        (
            result.statement.id,
            result.verdict.value,
            *(counted_text(result.of_tier(tier)) for tier in Tier),
            f"{sum(mutant.refuted for mutant in result.mutants)}/{len(result.mutants)}" if result.mutants else "-",
            sharpness_text(result.exact_reach, result.reaches),
            result.scope or "-",
        )
        for result in report.results
    )
    caption = (
        "verdicts on statements: how much of the evidence of each tier supports them, how many mutants it refutes, "
        "by how far all claims must be moved to be refuted (by exact evidence; by intervals, relative for means, in "
        "the claim's own unit otherwise, all checks together and the least sharp one), and what the strongest tier "
        f"covers; error probability of the whole run {report.error:g} (profile {report.profile}, "
        f"seed {report.seed})"
    )
    return Table("verdict_table", caption, VERDICT_COLUMNS, rows)  # no topic has a _


def topic_table(report: Report, topic: str) -> Table:
    """Return the table of a topic: a row for each simulated finding of its statements.

    Parameters
    ----------
    report : Report
        The report of a verification that includes the topic.
    topic : str
        The part of the ids before the dot, for example ``forward``.
    """
    rows = tuple(
        (result.statement.id, _case(finding), claimed_text(finding), *measured_texts(finding), finding.verdict.value)
        for result in report.results
        if result.statement.topic == topic
        for finding in result.of_tier(Tier.SIMULATED)
    )
    caption = (
        f"{topic}: theory against measurement from real weight matrices; intervals hold jointly for the whole run "
        f"with error probability {report.error:g} (profile {report.profile}, seed {report.seed})"
    )
    return Table(topic, caption, COLUMNS, rows)


def paper_table(report: Report, paper: Paper) -> Table:
    """Return the table of a paper: a row for each of its claims, in its order.

    Parameters
    ----------
    report : Report
        The report of a verification that includes all statements of the paper.
    paper : Paper
        The paper.
    """
    results = {result.statement.id: result for result in report.results}
    rows = tuple(
        (
            claim.sentence,
            claim.where,
            ", ".join(claim.ids),
            ", ".join(results[name].verdict.value for name in claim.ids) or f"not checked: {claim.why}",
            " | ".join(results[name].scope or "-" for name in claim.ids),
        )
        for claim in paper.claims
    )
    caption = (
        f"{paper.authors}, {paper.title}, {paper.found}: {paper.checked} of {len(paper.claims)} claims, with the "
        f"verdicts on the statements that check them; intervals hold jointly for the whole run with error probability "
        f"{report.error:g} (profile {report.profile}, seed {report.seed})"
    )
    return Table(paper.key, caption, PAPER_COLUMNS, rows)


def _case(finding: Finding) -> str:
    return f"{finding.check}: {finding.case or finding.detail}"


def exponential_cells(logarithm: Estimate) -> tuple[str, str]:
    """Return a number and its interval as text, given the estimate of its logarithm.

    Examples
    --------
    >>> exponential_cells(Estimate(0.0, -1.0, 2.0, 1e-4, "any", 10))
    ('1', '[0.3679, 7.389]')
    """
    value, lo, hi = (f"{math.exp(x):.4g}" for x in (logarithm.value, logarithm.lo, logarithm.hi))
    return value, f"[{lo}, {hi}]"


def to_markdown(table: Table) -> str:
    r"""Return the table in Markdown.

    Examples
    --------
    >>> print(to_markdown(Table("t", "c", ("x", "y"), (("a|b", "supported"),))).splitlines()[4])
    | a\|b | supported |
    """
    lines = [f"**{table.caption}**", "", _markdown_row(table.columns), _markdown_row(["---"] * len(table.columns))]
    return "\n".join([*lines, *map(_markdown_row, table.rows)]) + "\n"


def _markdown_row(cells: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(map(_markdown_text, cells)) + " |"


_MARKDOWN_SPECIAL = str.maketrans({c: rf"\{c}" for c in r"\|*`<"} | {"\n": " ", "\r": " "})


def _markdown_text(text: str) -> str:
    return text.translate(_MARKDOWN_SPECIAL)


def to_latex(table: Table) -> str:
    """Return the table in LaTeX, for the package booktabs."""
    head = " & ".join(column.capitalize() for column in map(_latex_text, table.columns))
    body = "\n".join(" & ".join(map(_latex_text, row)) + r" \\" for row in table.rows)
    columns = "l" * len(table.columns)
    return (
        "\\begin{table}\n\\centering\n\\small\n"
        f"\\caption{{{_latex_text(table.caption)}}}\n"
        f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{head} \\\\\n\\midrule\n{body}\n\\bottomrule\n"
        "\\end{tabular}\n\\end{table}\n"
    )


_LATEX_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "_": r"\_",
        "%": r"\%",
        "&": r"\&",
        "#": r"\#",
        "$": r"\$",
        "{": r"\{",
        "}": r"\}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "|": r"\textbar{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
    }
)


def _latex_text(text: str) -> str:
    return text.translate(_LATEX_SPECIAL)


def to_csv(table: Table) -> str:
    r"""Return the table as CSV, with a header line.

    Examples
    --------
    >>> to_csv(Table("t", "c", ("x", "y"), (("1", "2, 3"),)))
    'x,y\n1,"2, 3"\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return out.getvalue()


def to_json(table: Table) -> str:
    """Return the table as a JSON list of objects.

    Examples
    --------
    >>> print(to_json(Table("t", "c", ("x",), (("1",),))), end="")
    [
      {
        "x": "1"
      }
    ]
    """
    return json.dumps([dict(zip(table.columns, row, strict=True)) for row in table.rows], indent=2) + "\n"


def to_list(table: Table) -> str:
    """Return the table as a list, each cell behind the head of its column: for a terminal that is too narrow for it.

    Examples
    --------
    >>> print(to_list(Table("t", "c", ("x", "y"), (("1", "2"),))), end="")
    c
    <BLANKLINE>
    - x: 1
      y: 2
    """
    rows = (
        "\n".join(
            f"{'  ' if i else '- '}{name}: {cell}"
            for i, (name, cell) in enumerate(zip(table.columns, row, strict=True))
        )
        for row in table.rows
    )
    return f"{table.caption}\n\n" + "".join(f"{row}\n" for row in rows)


FORMATS: dict[str, Callable[[Table], str]] = {
    "latex": to_latex,
    "markdown": to_markdown,
    "csv": to_csv,
    "json": to_json,
}
ENDINGS = {"latex": "tex", "markdown": "md", "csv": "csv", "json": "json"}
