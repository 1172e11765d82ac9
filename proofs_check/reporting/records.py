"""A report as plain data, read from its JSON: what the page shows, whether the run was just now or last year."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from proofs_check.faults import Fault
from proofs_check.paper import Claim, Paper
from proofs_check.reporting.findings import finding_lines, survivor_lines
from proofs_check.scope import Scope
from proofs_check.verdict import Finding, Tier, Verdict
from proofs_check.verification.provenance import Run
from proofs_check.verification.results import FORMAT, MutantReport
from proofs_check.verification.sharpness import Offset, Reach
from theory.ensembles import InvalidArgument


@dataclass(frozen=True)
class MutantRecord:
    """What became of a mutant.

    Parameters
    ----------
    name : str
        What was changed.
    refuted : bool
        Whether any evidence refuted it.
    refuted_by : tuple of str
        The tiers and checks that did.
    offsets : tuple of Offset
        How far it lies from what was measured.
    fails_at : str
        A case where it fails, by exact evidence.
    faults : tuple of Fault
        Why other evidence could not judge it.
    """

    name: str
    refuted: bool
    refuted_by: tuple[str, ...] = ()
    offsets: tuple[Offset, ...] = ()
    fails_at: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that refuted it, strongest first."""
        named = {by.partition(":")[0] for by in self.refuted_by}
        return tuple(tier.value for tier in Tier if tier.value in named)


@dataclass(frozen=True)
class StatementRecord:
    """What was found of one statement.

    Parameters
    ----------
    id, title, latex, source, domain, covers : str
        As the statement and its report have them; `latex` and `source` are empty in reports of old.
    verdict : Verdict
        What the evidence says.
    assumptions, lacks : tuple of str
        What it assumes, and what keeps it from being supported.
    findings : tuple of Finding
        What each piece of evidence found.
    mutants : tuple of MutantRecord
        Its mutants.
    exact_reach : float, optional
        The smallest move of the claims that exact evidence refutes.
    reaches : tuple of pairs of Reach
        How far intervals let claims be moved: all checks together, and the least sharp one.
    """

    id: str
    title: str
    latex: str
    source: str
    domain: str
    covers: str
    verdict: Verdict
    assumptions: tuple[str, ...]
    lacks: tuple[str, ...]
    findings: tuple[Finding, ...]
    mutants: tuple[MutantRecord, ...]
    exact_reach: float | None = None
    reaches: tuple[tuple[Reach, Reach], ...] = ()

    @property
    def topic(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]

    @property
    def refuted_mutants(self) -> int:
        """How many of its mutants are refuted."""
        return sum(mutant.refuted for mutant in self.mutants)

    def of_tier(self, tier: Tier) -> tuple[Finding, ...]:
        """Return the findings of one tier."""
        return tuple(finding for finding in self.findings if finding.tier is tier)

    @property
    def complaints(self) -> tuple[tuple[str, ...], ...]:
        """All that keeps it from being supported, each in one line or more."""
        told = [finding_lines(finding) for finding in self.findings if finding.verdict is not Verdict.SUPPORTED]
        told += [survivor_lines(MutantReport(one.name, (), one.faults)) for one in self.mutants if not one.refuted]
        return (*map(tuple, told), *((lack,) for lack in self.lacks))


@dataclass(frozen=True)
class ReportRecord:
    """What was found in a run.

    Parameters
    ----------
    statements : tuple of StatementRecord
        The statements, in their order.
    profile : str
        ``quick`` or ``full``.
    seed : int
        The root seed.
    error : float
        The error probability of the whole run.
    faults : tuple of Fault
        What could not be loaded.
    papers : tuple of Paper
        The papers whose claims are checked.
    version, commit : str
        Of the code; empty in reports of old, and where there is no git.
    run : Run, optional
        When and where it was made.
    """

    statements: tuple[StatementRecord, ...]
    profile: str
    seed: int
    error: float
    faults: tuple[Fault, ...] = ()
    papers: tuple[Paper, ...] = ()
    version: str = ""
    commit: str = ""
    run: Run | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict of all statements together; it is "broken" if anything could not be loaded."""
        return Verdict.BROKEN if self.faults else Verdict.of_all(one.verdict for one in self.statements)


def read_report(text: str) -> ReportRecord:
    """Read a report from its JSON.

    Parameters
    ----------
    text : str
        What :meth:`proofs_check.verification.results.Report.to_json` returned, in this version or in an earlier one.

    Returns
    -------
    ReportRecord
        The same as plain data.

    Raises
    ------
    InvalidArgument
        If it is no such JSON, or that of a later version.

    Examples
    --------
    >>> from proofs_check import select, verify
    >>> read_report(verify(select(["chain.hessian-hollow"])).to_json()).statements[0].verdict
    <Verdict.SUPPORTED: 'supported'>
    """
    remedy = "give a report.json that 'vanishing verify' wrote with --out or --json"
    try:
        data = json.loads(text)
    except ValueError as bad:
        raise InvalidArgument("from", f"is no JSON: {bad}", remedy) from None
    if not isinstance(data, dict) or "statements" not in data:
        raise InvalidArgument("from", "is JSON, but no report", remedy)
    written = data.get("format", 1)
    if not isinstance(written, int) or written > FORMAT:
        problem = f"is a report of form {written!r:.20}, and this version reads those up to {FORMAT}"
        raise InvalidArgument("from", problem, "update vanishing-curvature")
    try:
        return _report(data)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidArgument) as bad:
        raise InvalidArgument("from", f"is no report that can be read: {type(bad).__name__}: {bad}", remedy) from None


def _report(data: Mapping[str, Any]) -> ReportRecord:
    return ReportRecord(
        statements=tuple(map(_statement, data["statements"])),
        profile=str(data["profile"]),
        seed=int(data["seed"]),
        error=float(data["error"]),
        faults=tuple(Fault(**fault) for fault in data.get("problems", ())),
        papers=tuple(map(_paper, data.get("papers", ()))),
        version=str(data.get("version", "")),
        commit=str(data.get("commit", "")),
        run=Run(**data["run"]) if data.get("run") else None,
    )


def _statement(data: Mapping[str, Any]) -> StatementRecord:
    moved = data.get("refuted_if_moved_by", {})
    return StatementRecord(
        id=data["id"],
        title=data["title"],
        latex=data.get("latex", ""),
        source=data.get("source", ""),
        domain=data.get("domain", ""),
        covers=data.get("covers", ""),
        verdict=Verdict(data["verdict"]),
        assumptions=tuple(data.get("assumptions", ())),
        lacks=tuple(data.get("lacks", ())),
        findings=tuple(map(_finding, data["findings"])),
        mutants=tuple(map(_mutant, data["mutants"])),
        exact_reach=moved.get("exact"),
        reaches=tuple(
            (_reach(moved[kind]["all checks"], kind), _reach(moved[kind]["least sharp check"], kind))
            for kind in ("relative", "absolute")
            if kind in moved
        ),
    )


def _reach(by: object, kind: str) -> Reach:
    size = float(str(by))
    return Reach(size, size, kind == "relative")


_OF_FINDINGS = {field.name for field in fields(Finding)}


def _finding(data: Mapping[str, Any]) -> Finding:
    """Return a finding; infinities are strings in JSON."""
    read: dict[str, Any] = {name: value for name, value in data.items() if name in _OF_FINDINGS}
    for name in ("estimate", "tolerance", "error"):
        if name in read:
            read[name] = float(read[name])
    for name in ("claimed", "interval"):
        if name in read:
            lo, hi = read[name]
            read[name] = (float(lo), float(hi))
    covers = data.get("covers", "")
    read |= {"tier": Tier(data["tier"]), "verdict": Verdict(data["verdict"])}
    return Finding(**read, scope=Scope((covers,) if covers else ()))


def _mutant(data: Mapping[str, Any]) -> MutantRecord:
    return MutantRecord(
        name=data["name"],
        refuted=bool(data["refuted"]),
        refuted_by=tuple(data.get("refuted_by", ())),
        offsets=tuple(
            Offset(least, most, kind == "relative") for kind, (least, most) in data.get("off_by", {}).items()
        ),
        fails_at=data.get("fails_at", ""),
        faults=tuple(Fault(**fault) for fault in data.get("not_judged_by", ())),
    )


def _paper(data: Mapping[str, Any]) -> Paper:
    claims = tuple(Claim(**{**claim, "ids": tuple(claim["ids"])}) for claim in data["claims"])
    return Paper(**{**data, "claims": claims})
