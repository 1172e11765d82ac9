"""A report for people: the verdict table on the terminal, and the folder of tables, figure and JSON."""

from __future__ import annotations

import sys
from pathlib import Path

from proofs_check.figures import figure
from proofs_check.reporting.files import write_whole
from proofs_check.reporting.tables import ENDINGS, FORMATS, topic_table
from proofs_check.verdict import Tier, Verdict
from proofs_check.verification import Progress, Report, StatementReport
from theory.ensembles import InvalidArgument

_STYLES = {Verdict.SUPPORTED: "green", Verdict.REFUTED: "bold red", Verdict.INCONCLUSIVE: "yellow"}


def console_table(report: Report) -> None:
    """Print the verdict table to stdout, with a row for each statement and a column for each tier."""
    from rich.console import Console
    from rich.table import Table

    console = Console() if sys.stdout.isatty() else Console(width=140, color_system=None)
    table = Table(title=None, box=None, pad_edge=False, header_style="bold")
    table.add_column("statement", no_wrap=True)
    table.add_column("verdict")
    for tier in Tier:
        table.add_column(tier.value, justify="right")
    table.add_column("mutants refuted", justify="right")
    table.add_column("sharpest check resolves", justify="right")
    for result in report.results:
        verdict = result.verdict
        table.add_row(
            result.statement.id,
            f"[{_STYLES[verdict]}]{verdict.value}[/]",
            *(_tier_cell(result, tier) for tier in Tier),
            f"{sum(mutant.refuted for mutant in result.mutants)}/{len(result.mutants)}",
            _resolution(result),
        )
    console.print(table)
    for result in report.results:
        for line in _complaints(result):
            console.print(line, style=_STYLES[result.verdict], highlight=False, markup=False, soft_wrap=True)
    counts = {verdict: sum(result.verdict is verdict for result in report.results) for verdict in Verdict}
    summary = ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items() if count)
    console.print(
        f"\n{summary}; mutants refuted: {_mutant_count(report)}; "
        f"error probability of the whole run {report.error:g}; profile {report.profile}, seed {report.seed}, "
        f"{report.seconds:.0f} s",
        highlight=False,
    )


def write_report(report: Report, out: Path, told: Progress | None, jobs: int = 1) -> None:
    """Write report.json, the tables of all topics in three formats, and the figure ``typical`` into a folder.

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
    for topic in dict.fromkeys(result.statement.topic for result in report.results):
        table = topic_table(report, topic)
        if table.rows:
            for name in ("latex", "markdown", "csv"):
                write_whole(out / f"{topic}.{ENDINGS[name]}", FORMATS[name](table))
    if told is not None:
        told("figure", "typical", 0, 1)
    typical = figure("typical")
    try:
        typical.require(out / "typical.png")
    except InvalidArgument as missing:
        print(f"vanishing: no figure: {missing}", file=sys.stderr)
        return
    typical.draw(out / "typical.png", seed=report.seed, jobs=jobs)
    if told is not None:
        told("figure", "", 1, 1)


def _tier_cell(result: StatementReport, tier: Tier) -> str:
    findings = result.of_tier(tier)
    good = sum(finding.verdict is Verdict.SUPPORTED for finding in findings)
    return f"{good}/{len(findings)}" if findings else "-"


def _resolution(result: StatementReport) -> str:
    """Return the length of the shortest interval relative to the claim: no smaller difference is seen."""
    relative = []
    for finding in result.of_tier(Tier.SIMULATED):
        assert finding.claimed is not None
        assert finding.resolution is not None
        scale = max(map(abs, finding.claimed))
        if scale > 0:
            relative.append(finding.resolution / scale)
    return f"{100 * min(relative):.2g} %" if relative else "-"


def _complaints(result: StatementReport) -> list[str]:
    lines = [
        f"{result.statement.id}: {f.verdict.value} ({f.tier.value}): {f.check}; {f.case} {f.detail}"
        + (f" claimed {f.claimed}, interval {f.interval}, tolerance {f.tolerance}" if f.interval else "")
        for f in result.findings
        if f.verdict is not Verdict.SUPPORTED
    ]
    survivors = [
        f"{result.statement.id}: no evidence refutes the mutant {m.name!r}" for m in result.mutants if not m.refuted
    ]
    return lines + survivors


def _mutant_count(report: Report) -> str:
    mutants = [mutant for result in report.results for mutant in result.mutants]
    return f"{sum(mutant.refuted for mutant in mutants)} of {len(mutants)}"
