"""A report as one page of HTML, to be sent by mail: no network, no font and no script of others."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from proofs_check.reporting.findings import (
    claimed_text,
    counted_text,
    measured_texts,
    offset_text,
    sharpness_text,
)
from proofs_check.reporting.formulas import typeset
from proofs_check.reporting.records import ReportRecord, StatementRecord
from proofs_check.reporting.trust import BASES, UNSEEN
from proofs_check.verdict import Finding, Tier, Verdict
from theory.ensembles import InvalidArgument

_TEMPLATES = Path(__file__).parent / "templates"
_MARKS = {"supported": "\u2713", "refuted": "\u2717", "inconclusive": "?", "broken": "!"}
"""What tells verdicts apart without any colour."""


@dataclass(frozen=True)
class Drawing:
    """A figure for the page.

    Parameters
    ----------
    svg : str
        An SVG element as text.
    caption : str
        What it shows.
    """

    svg: str
    caption: str


def require_packages() -> None:
    """Refuse to write a page without the packages that it takes, before any work is done.

    Raises
    ------
    InvalidArgument
        If jinja2 or latex2mathml is not installed.
    """
    missing = [name for name in ("jinja2", "latex2mathml") if find_spec(name) is None]
    if missing:
        problem = f"a page needs {' and '.join(missing)}"
        raise InvalidArgument("out", problem, "in the clone: pip install '.[report]'")


def page(report: ReportRecord, figures: Mapping[str, Drawing] | None = None) -> str:
    """Return a report as one page of HTML.

    Parameters
    ----------
    report : ReportRecord
        What was found.
    figures : mapping of str to Drawing, optional
        Figures, each by its name.

    Returns
    -------
    str
        HTML that refers to nothing outside of itself.

    Raises
    ------
    InvalidArgument
        If jinja2 or latex2mathml is not installed.

    Examples
    --------
    >>> from proofs_check import select, verify
    >>> from proofs_check.reporting.records import read_report
    >>> '<article id="chain.hessian-hollow"' in page(read_report(verify(select(["chain.hessian-hollow"])).to_json()))
    True
    """
    require_packages()
    import jinja2

    room = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=True,
    )
    topics: dict[str, list[StatementRecord]] = {}
    for one in report.statements:
        topics.setdefault(one.topic, []).append(one)
    heading, subtitle = _headings(report)
    mutants = [mutant for one in report.statements for mutant in one.mutants]
    return room.get_template("report.html.jinja").render(
        report=report,
        heading=heading,
        subtitle=subtitle,
        scope=_scope(report, tuple(topics)),
        counts={verdict: sum(one.verdict is verdict for one in report.statements) for verdict in Verdict},
        mutants=(sum(mutant.refuted for mutant in mutants), len(mutants)),
        topics=topics,
        by_id={one.id: one for one in report.statements},
        formulas={one.id: typeset(one.latex) for one in report.statements},
        figures=figures or {},
        provenance=_provenance(report),
        bases=BASES,
        unseens=UNSEEN,
        marks=_MARKS,
        style=(_TEMPLATES / "report.css").read_text(encoding="utf-8"),
        script=(_TEMPLATES / "report.js").read_text(encoding="utf-8"),
        claimed_text=claimed_text,
        counted_text=counted_text,
        offset_text=offset_text,
        measured_texts=measured_texts,
        sharpness_text=sharpness_text,
        sharpness_words=_sharpness_words,
        contents_of=_contents_of,
        tiers_of=_tiers_of,
        words_of=_words_of,
        gauge_of=gauge_of,
    )


def inline_svg(text: str) -> str:
    r"""Return an SVG file as an element that can stand in a page: no prolog, no metadata, no style for all of the page.

    Parameters
    ----------
    text : str
        A file as matplotlib writes it.

    Raises
    ------
    ValueError
        If there is no SVG element in it.

    Examples
    --------
    >>> inline_svg('<?xml version="1.0"?>\n<svg width="1" viewBox="0 0 9 9"><metadata>x</metadata><g/></svg>')
    '<svg viewBox="0 0 9 9" role="presentation"><g/></svg>'
    """
    found = re.search(r"<svg\b.*</svg>", text, re.DOTALL)
    if found is None:
        raise ValueError("there is no SVG element")
    svg = re.sub(r"\s*<(metadata|style)\b.*?</\1>", "", found[0], flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    head, _, rest = svg.partition(">")
    head = re.sub(r'\s(width|height|version)="[^"]*"', "", head)
    return f'{head} role="presentation">{rest}'


@dataclass(frozen=True)
class Gauge:
    """An interval beside what is claimed, in hundred and twenty units from left to right.

    Parameters
    ----------
    allowed, claimed : (float, float)
        Where what is claimed begins and how wide it is, with the tolerance and without.
    interval : (float, float)
        Both ends of the interval.
    estimate : float
        The estimate.
    words : str
        The same in words.
    """

    allowed: tuple[float, float]
    claimed: tuple[float, float]
    interval: tuple[float, float]
    estimate: float
    words: str


_WIDTH, _MARGIN, _TICK = 120.0, 8.0, 1.6


def gauge_of(finding: Finding) -> Gauge | None:
    """Return the interval of a finding beside what is claimed; None where either is missing or without end.

    Parameters
    ----------
    finding : Finding
        Any finding.

    Examples
    --------
    >>> gauge_of(Finding(Tier.ENUMERATED, "all", Verdict.SUPPORTED)) is None
    True
    """
    if finding.claimed is None or finding.interval is None or finding.estimate is None:
        return None
    (lo, hi), (left, right), by = finding.claimed, finding.interval, finding.tolerance or 0.0
    ends = (lo - by, hi + by, left, right, finding.estimate)
    if not all(map(math.isfinite, ends)) or max(ends) <= min(ends):
        return None
    unit = (_WIDTH - 2 * _MARGIN) / (max(ends) - min(ends))

    def at(value: float) -> float:
        return round(_MARGIN + (value - min(ends)) * unit, 1)

    def bar(start: float, end: float) -> tuple[float, float]:
        wide = max(at(end) - at(start), _TICK)
        return round((at(start) + at(end) - wide) / 2, 1), round(wide, 1)

    inside = "inside" if left >= lo - by and right <= hi + by else "not inside"
    words = f"the interval is {inside} what is claimed" + (" and its tolerance" if by else "")
    return Gauge(bar(lo - by, hi + by), bar(lo, hi), (at(left), at(right)), at(finding.estimate), words)


def _headings(report: ReportRecord) -> tuple[str, str]:
    """Return the title: that of the paper, if it is about one alone."""
    ids = {one.id for one in report.statements}
    if len(report.papers) == 1 and ids <= set(report.papers[0].ids):
        (paper,) = report.papers
        return paper.title, f"{paper.authors}. {paper.found}. Verdicts on its claims."
    if len(report.statements) == 1:
        return report.statements[0].id, ""
    return "Verdicts on statements", ""


def _scope(report: ReportRecord, topics: tuple[str, ...]) -> str:
    count = len(report.statements)
    if not topics:
        return "no statement"
    *most, last = topics
    named = f"{', '.join(most)} and {last}" if most else last
    return f"{count} statement{'' if count == 1 else 's'} on {named}"


def _tiers_of(one: StatementRecord) -> tuple[str, ...]:
    return tuple(tier.value for tier in Tier if one.of_tier(tier))


def _contents_of(one: StatementRecord) -> str:
    parts = [f"{len(one.of_tier(tier))} {tier.value}" for tier in Tier if one.of_tier(tier)]
    return ", ".join([*parts, f"{one.refuted_mutants} of {len(one.mutants)} mutants refuted"])


def _words_of(one: StatementRecord) -> str:
    """Return what a filter finds it by."""
    return " ".join((one.id, one.title, one.source, one.covers, one.domain, *one.assumptions)).lower()


def _sharpness_words(one: StatementRecord) -> str:
    parts = []
    if one.exact_reach is not None:
        parts.append(f"exact evidence refutes a move by {sharpness_text(one.exact_reach, ())}")
    if one.reaches:
        parts.append(f"intervals one by {sharpness_text(None, one.reaches)}")
    return "; ".join(parts)


def _provenance(report: ReportRecord) -> dict[str, str]:
    run = report.run
    found = {"Version": f"vanishing-curvature {report.version}" if report.version else "", "Commit": report.commit}
    if run is not None:
        minutes, seconds = divmod(round(run.seconds), 60)
        found |= {
            "Command": run.command,
            "Begun": run.began.replace("T", " "),
            "Duration": f"{minutes} min {seconds} s" if minutes else f"{seconds} s",
            "Machine": run.machine,
            "Python": run.python,
            "Libraries": ", ".join(f"{name} {number}" for name, number in run.libraries.items()),
        }
    return found | {"Profile": report.profile, "Seed": str(report.seed)}
