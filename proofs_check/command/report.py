"""A report for people: the verdict table on the terminal, and the folder of tables, figure and JSON."""

from __future__ import annotations

import sys
from pathlib import Path

from proofs_check.command.running import of_stage
from proofs_check.figures import figure
from proofs_check.reporting.files import write_whole
from proofs_check.reporting.findings import complaints
from proofs_check.reporting.layout import fitted, verdicts_laid, width_shown
from proofs_check.reporting.tables import ENDINGS, FORMATS, topic_table, verdict_table
from proofs_check.results import Report
from proofs_check.verdict import Verdict
from proofs_check.verification import Progress
from theory.ensembles import InvalidArgument

_STYLES = {
    Verdict.SUPPORTED: "green",
    Verdict.REFUTED: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.BROKEN: "bold magenta",
}
_COLUMNS = 140
"""How wide the table may be where no terminal says it."""


def console_table(report: Report) -> None:
    """Print the verdict table to stdout, as wide as the terminal, with a row for each statement."""
    from rich.console import Console
    from rich.text import Text

    class OnStdout(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # otherwise rich exits with the status of what is refuted

    width = width_shown() or _COLUMNS
    console = OnStdout(width=width, color_system="auto" if sys.stdout.isatty() else None)
    shown = verdict_table(report)
    laid = verdicts_laid(shown.columns, shown.rows, width)
    if laid.head:
        console.print(Text(laid.head, style="bold"), soft_wrap=True)
    for result, lines in zip(report.results, laid.rows, strict=True):
        for line in lines:
            text = Text(line)
            text.highlight_words([result.verdict.value], style=_STYLES[result.verdict])
            console.print(text, soft_wrap=True)
    for result in report.results:
        for line in complaints(result):
            console.print(
                fitted(line, width_shown()),
                style=_STYLES[result.verdict],
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
    counts = {verdict: sum(result.verdict is verdict for result in report.results) for verdict in Verdict}
    summary = ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items() if count)
    unloaded = f"; could not be loaded: {len(report.faults)}" if report.faults else ""
    console.print(
        f"\n{summary}{unloaded}; mutants refuted: {_mutant_count(report)}; "
        f"error probability of the whole run {report.error:g}; profile {report.profile}, seed {report.seed}, "
        f"{report.seconds:.0f} s",
        highlight=False,
        soft_wrap=True,
    )


def write_report(report: Report, out: Path, told: Progress | None, jobs: int = 1) -> None:
    """Write report.json, tables of the verdicts and of all topics in three formats, and a figure into a folder.

    Parameters
    ----------
    report : Report
        What a verification found.
    out : Path
        The folder, which exists.
    told : callable or None
        Called with what is being done, as :data:`proofs_check.verification.Progress` says.
    jobs : int
        The number of worker processes that draw the figure's networks.
    """
    write_whole(out / "report.json", report.to_json() + "\n")
    topics = dict.fromkeys(result.statement.topic for result in report.results)
    for table in (verdict_table(report), *(topic_table(report, topic) for topic in topics)):
        if table.rows:
            for name in ("latex", "markdown", "csv"):
                write_whole(out / f"{table.name}.{ENDINGS[name]}", FORMATS[name](table))
    typical = figure("typical")
    try:
        typical.require(out / "typical.png")
    except InvalidArgument as missing:
        print(f"vanishing: no figure: {missing}", file=sys.stderr)
        return
    typical.draw(out / "typical.png", seed=report.seed, jobs=jobs, told=of_stage(told, "figure"))


def _mutant_count(report: Report) -> str:
    mutants = [mutant for result in report.results for mutant in result.mutants]
    return f"{sum(mutant.refuted for mutant in mutants)} of {len(mutants)}"
