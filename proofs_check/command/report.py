"""A report for people: the verdict table on the terminal, the folder of tables, figure and JSON, and the page."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from proofs_check.command.running import of_stage
from proofs_check.figures import figure
from proofs_check.paper import Paper
from proofs_check.reporting.drawing import draw_picture, write_picture
from proofs_check.reporting.figure_files import figure_bytes
from proofs_check.reporting.files import write_whole
from proofs_check.reporting.findings import complaints
from proofs_check.reporting.layout import fitted, verdicts_laid, width_shown
from proofs_check.reporting.page import Drawing, inline_svg, page, require_packages
from proofs_check.reporting.pages import SCREEN
from proofs_check.reporting.pictures import Picture
from proofs_check.reporting.records import ReportRecord, read_report
from proofs_check.tables.formats import ENDINGS, FORMATS
from proofs_check.tables.ready import topic_table, verdict_table
from proofs_check.verdict import Verdict
from proofs_check.verification.provenance import Run
from proofs_check.verification.results import Report
from proofs_check.verification.simulating import Progress
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
    laid = verdicts_laid(shown.heads, shown.texts, width)
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
    """Write report.json, tables of verdicts and of all topics in three formats, a figure and the page into a folder.

    Parameters
    ----------
    report : Report
        What a verification found.
    out : Path
        The folder, which exists.
    told : callable or None
        Called with what is being done, as :data:`proofs_check.verification.simulating.Progress` says.
    jobs : int
        The number of worker processes that draw the figure's networks.
    """
    write_whole(out / "report.json", report.to_json() + "\n")
    topics = dict.fromkeys(result.statement.topic for result in report.results)
    for table in (verdict_table(report), *(topic_table(report, topic) for topic in topics)):
        if table.rows:
            for name in ("latex", "markdown", "csv"):
                write_whole(out / f"{table.name}.{ENDINGS[name]}", FORMATS[name](table))
    figures: dict[str, Drawing] = {}
    if _is_there(require_figures, "no figure"):
        picture = figure("typical").make(seed=report.seed, jobs=jobs, told=of_stage(told, "figure"))
        write_picture(picture, out / "typical.png")
        figures = {"typical": drawing_of(picture)}
        _tell(told, "figure", "", 1)
    if _is_there(require_packages, "no report.html"):
        _tell(told, "page", "report.html", 0)
        write_whole(out / "report.html", page(read_report(report.to_json()), figures))
        _tell(told, "page", "", 1)


def write_page(report: ReportRecord, out: Path, told: Progress | None, jobs: int = 1) -> None:
    """Write a report as one page of HTML.

    Parameters
    ----------
    report : ReportRecord
        What was found.
    out : Path
        The file.
    told : callable or None
        As for :func:`write_report`.
    jobs : int
        The number of worker processes that draw the figure's networks.
    """
    picture = figure("typical").make(seed=report.seed, jobs=jobs, told=of_stage(told, "figure"))
    _tell(told, "figure", "", 1)
    write_whole(out, page(report, {"typical": drawing_of(picture)}))


def drawing_of(picture: Picture) -> Drawing:
    """Return the figure of a page.

    Parameters
    ----------
    picture : Picture
        What it shows.
    """
    with SCREEN.in_force():
        content = figure_bytes(draw_picture(picture, SCREEN), ".svg")
    return Drawing(inline_svg(content.decode("utf-8")), _CAPTION)


_CAPTION = (
    "Mean and median of the signal (left) and of the gradient of the first layer (right) against depth, at widths 4, "
    "16 and 32. Lines are theory, points are drawn networks with their intervals. The mean stays 1 at every width and "
    "depth; the median, which is what one network shows, does not."
)


def require_figures() -> None:
    """Refuse to draw without matplotlib, before any work is done.

    Raises
    ------
    InvalidArgument
        If it is not installed.
    """
    figure("typical").require(Path("typical.svg"))


def _is_there(require: Callable[[], object], otherwise: str = "") -> bool:
    """Whether the packages are there; if not, what there will not be is told."""
    try:
        require()
    except InvalidArgument as missing:
        if otherwise:
            print(f"vanishing: {otherwise}: {missing}", file=sys.stderr)
        return False
    return True


def _tell(told: Progress | None, stage: str, what: str, done: int) -> None:
    if told is not None:
        told(stage, what, done, 1)


def with_its_origin(report: Report, options: Namespace, began: datetime, chosen: Sequence[Paper]) -> Report:
    """Return a report with the command and the machine that made it, and with the papers that it is about.

    Parameters
    ----------
    report : Report
        What a verification found.
    options : argparse.Namespace
        The options that were given.
    began : datetime
        When the run began.
    chosen : sequence of Paper
        The papers that were asked for; if there are none, all of which the run has every statement.
    """
    from proofs_check.papers import papers

    run = Run.here(options.command_line, began, report.seconds)
    ids = {result.statement.id for result in report.results}
    whole = () if options.module else tuple(paper for paper in papers() if ids.issuperset(paper.ids))
    return replace(report, run=run, papers=tuple(chosen) or whole)


def _mutant_count(report: Report) -> str:
    mutants = [mutant for result in report.results for mutant in result.mutants]
    return f"{sum(mutant.refuted for mutant in mutants)} of {len(mutants)}"
