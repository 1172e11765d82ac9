"""What a run found: of each mutant, of each statement, and of all of them together; and the same as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from proofs_check.faults import Fault
from proofs_check.paper import Paper
from proofs_check.scope import Scope
from proofs_check.statement import Statement
from proofs_check.verdict import Finding, Tier, Verdict
from proofs_check.verification.provenance import Run, commit, version
from proofs_check.verification.sharpness import Distance, Reach, joint, offsets, reach_of

FORMAT = 2
"""The form of the JSON; a later one has all that an earlier one has. The first did not say which it is."""
EXIT_STATUS = {Verdict.SUPPORTED: 0, Verdict.REFUTED: 1, Verdict.BROKEN: 2, Verdict.INCONCLUSIVE: 3}
"""0 if all is supported; 2 if anything could not be run; else 1 if anything is refuted, and 3 if inconclusive."""


@dataclass(frozen=True)
class MutantReport:
    """Whether a mutant was refuted, by which pieces of evidence, and which of them could not judge it.

    Parameters
    ----------
    name : str
        What was changed.
    refuted_by : tuple of Finding
        What refuted it.
    faults : tuple of Fault
        What could not judge it.
    distances : tuple of Distance
        How far it is from the claim, in each simulated check that refuted it and has such a distance.
    """

    name: str
    refuted_by: tuple[Finding, ...]
    faults: tuple[Fault, ...] = ()
    distances: tuple[Distance, ...] = ()

    @property
    def refuted(self) -> bool:
        """Whether any evidence refuted it; evidence that could not be run has refuted nothing."""
        return bool(self.refuted_by)

    @property
    def instance(self) -> str:
        """Where it fails, by evidence that is exact: a case if there is one, with what is true there."""
        exact = {finding.tier: finding for finding in reversed(self.refuted_by) if finding.detail}
        for tier in (Tier.ENUMERATED, Tier.ENCLOSED, Tier.PROVED):
            if tier in exact:
                return ": ".join(part for part in (exact[tier].case, exact[tier].detail) if part)
        return ""

    @property
    def nearest(self) -> Distance | None:
        """How far it is in the check that is nearest to it; None where no simulation refuted it."""
        return min(self.distances, key=lambda one: one.rooms, default=None)

    @property
    def is_far(self) -> bool:
        """Whether it was refuted from afar only, which shows nothing."""
        return len(self.distances) == len(self.refuted_by) > 0 and all(one.is_far for one in self.distances)


@dataclass(frozen=True)
class StatementReport:
    """All findings on a statement and its mutants.

    Parameters
    ----------
    statement : Statement
        The statement.
    findings : tuple of Finding
        What each piece of evidence found.
    mutants : tuple of MutantReport
        Which of them were refuted.
    toothless : tuple of Finding
        The findings of evidence that would support every mutant as well; where it breaks under all of them, that error.
    exact_reach : float, optional
        The smallest move of all its claims that its exact evidence refutes
        (:func:`proofs_check.verification.sharpness.moved`).
    unproved : str
        Networks that the assumptions allow and no proof speaks of, in words; empty if there are none, or where no proof
        is asked for.
    empty : str
        Why its evidence says nothing of the claim, in words: a multiple of it is supported as well, or it has no value
        at sizes of its domain.
    """

    statement: Statement
    findings: tuple[Finding, ...]
    mutants: tuple[MutantReport, ...]
    toothless: tuple[Finding, ...] = ()
    exact_reach: float | None = None
    unproved: str = ""
    empty: str = ""

    @property
    def verdict(self) -> Verdict:
        """The verdict of all evidence together; what it lacks turns "supported" into "inconclusive"."""
        verdict = Verdict.of_all(finding.verdict for finding in self.findings)
        return Verdict.INCONCLUSIVE if verdict is Verdict.SUPPORTED and self.is_wanting else verdict

    @property
    def is_wanting(self) -> bool:
        """Whether a mutant survives, a check supports them all, the domain is not reached, or nothing is said."""
        refuted = [mutant.refuted for mutant in self.mutants]
        return bool(self.toothless or self.unreached or self.from_afar or self.empty) or not all(refuted)

    @property
    def from_afar(self) -> str:
        """That all mutants were refuted from afar only, in words; empty if one of them is near."""
        if not self.mutants or not all(mutant.is_far for mutant in self.mutants):
            return ""
        nearest = self.nearest_mutant
        assert nearest is not None
        name, distance = nearest
        return f"no mutant is near: {name!r}, the nearest one, is {distance.rooms:.3g} tolerances away"

    @property
    def nearest_mutant(self) -> tuple[str, Distance] | None:
        """The refuted mutant that is nearest to the claim in a simulated check, and how far it is."""
        found = [(mutant.name, mutant.nearest) for mutant in self.mutants]
        known = [(name, distance) for name, distance in found if distance is not None]
        return min(known, key=lambda one: one[1].rooms, default=None)

    @property
    def unreached(self) -> str:
        """Where in the statement's domain no evidence has been, in words."""
        statement = self.statement
        unreached = statement.domain.unreached(f for f in self.findings if f.verdict is Verdict.SUPPORTED)
        return unreached or (f"no proof reaches {self.unproved}" if self.unproved else "")

    @property
    def problem(self) -> str:
        """Why the statement could not be run, with file and line; empty if it was."""
        broken = (finding for finding in self.findings if finding.verdict is Verdict.BROKEN)
        return next((Fault(self.statement.id, one.detail, one.where).reason for one in broken), "")

    @property
    def scopes(self) -> dict[Tier, Scope]:
        """What the findings of each tier cover together, strongest tier first."""
        found = {tier: Scope.together(finding.scope for finding in self.of_tier(tier)) for tier in Tier}
        return {tier: scope for tier, scope in found.items() if str(scope)}

    @property
    def scope(self) -> str:
        """What the statement's strongest evidence covers, in words, such as ``all n, L`` or ``18 cases, n <= 48``."""
        return next(map(str, self.scopes.values()), "")

    @property
    def reaches(self) -> tuple[tuple[Reach, Reach], ...]:
        """How far all its claims may be moved together, and those of its least sharp check: relative, then absolute."""
        found = [reach for finding in self.findings if (reach := reach_of(finding)) is not None]
        kinds = [[reach for reach in found if reach.relative is relative] for relative in (True, False)]
        return tuple(
            (together, max(kind, key=lambda reach: reach.worse))
            for kind in kinds
            if (together := joint(kind)) is not None
        )

    def of_tier(self, tier: Tier) -> tuple[Finding, ...]:
        """Return the findings of one tier."""
        return tuple(finding for finding in self.findings if finding.tier is tier)


@dataclass(frozen=True)
class Report:
    """What a run found.

    Parameters
    ----------
    results : tuple of StatementReport
        In the order of the statements.
    profile : str
        ``quick`` or ``full``.
    seed : int
        Root seed of all simulations.
    error : float
        Probability, over the whole run, that any simulated interval misses its truth, given what the intervals record
        that they assume (variances that theory derives).
    seconds : float
        Wall time.
    faults : tuple of Fault
        What never became a statement: files that could not be loaded, entries of ``STATEMENTS`` that are none.
    run : Run, optional
        When and where it was made, and by which command.
    papers : tuple of Paper
        The papers whose claims these statements check.
    """

    results: tuple[StatementReport, ...]
    profile: str
    seed: int
    error: float
    seconds: float
    faults: tuple[Fault, ...] = ()
    run: Run | None = None
    papers: tuple[Paper, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The verdict of all statements together; it is "broken" if anything could not be run."""
        if self.faults:
            return Verdict.BROKEN
        return Verdict.of_all(result.verdict for result in self.results)

    @property
    def exit_status(self) -> int:
        """What :data:`EXIT_STATUS` says of the verdict."""
        return EXIT_STATUS[self.verdict]

    def to_json(self) -> str:
        """Return the whole report as JSON, without NaN or infinity (they are strings).

        All of it but ``run`` is the same in every run of the same code with the same seed and profile.
        """
        data = {
            "format": FORMAT,
            "version": version(),
            "commit": commit(),
            **({"run": asdict(self.run)} if self.run else {}),
            "verdict": self.verdict.value,
            "profile": self.profile,
            "seed": self.seed,
            "error": self.error,
            "problems": [_fault_data(fault) for fault in self.faults],
            "statements": [_statement_data(result) for result in self.results],
            "papers": [asdict(paper) for paper in self.papers],
        }
        return json.dumps(data, indent=2, allow_nan=False)


def _statement_data(result: StatementReport) -> dict[str, Any]:
    data = {
        "id": result.statement.id,
        "title": result.statement.title,
        "latex": result.statement.latex,
        "source": result.statement.source,
        "verdict": result.verdict.value,
        "problem": result.problem,
        "covers": result.scope,
        "scope": {tier.value: str(scope) for tier, scope in result.scopes.items()},
        "domain": result.statement.domain.words,
        "assumptions": [assumption.sentence for assumption in result.statement.assumptions],
        "refuted_if_moved_by": _reach_data(result),
        "nearest_mutant": _nearest_data(result),
        "lacks": ["no evidence runs in this profile"] * (not result.findings)
        + [lack for lack in (result.unreached, result.from_afar, result.empty) if lack]
        + [
            f"{'breaks under' if one.verdict is Verdict.BROKEN else 'supports'} every mutant: {one.check}"
            for one in result.toothless
        ],
        "findings": [_finding_data(finding) for finding in result.findings],
        "mutants": [
            {
                "name": mutant.name,
                "refuted": mutant.refuted,
                "refuted_by": [f"{finding.tier.value}: {finding.check}" for finding in mutant.refuted_by],
                "off_by": {
                    "relative" if off.relative else "absolute": [off.least, off.most]
                    for off in offsets(mutant.refuted_by)
                },
                "fails_at": mutant.instance,
                **({"not_judged_by": [_fault_data(fault) for fault in mutant.faults]} if mutant.faults else {}),
            }
            for mutant in result.mutants
        ],
    }
    for name in ("problem", "nearest_mutant"):
        if not data[name]:
            del data[name]
    return data


def _reach_data(result: StatementReport) -> dict[str, Any]:
    """Return by how much all claims must be moved to be refuted, by exact evidence and by intervals."""
    data: dict[str, Any] = {} if result.exact_reach is None else {"exact": result.exact_reach}
    for together, worst in result.reaches:
        data["relative" if together.relative else "absolute"] = {
            "all checks": _finite(together.worse),
            "least sharp check": _finite(worst.worse),
        }
    return data


def _nearest_data(result: StatementReport) -> dict[str, Any]:
    """Return which mutant is nearest to the claim where a simulation refutes it, and how far it is."""
    if result.nearest_mutant is None:
        return {}
    name, distance = result.nearest_mutant
    unit = "relative" if distance.relative else "absolute"
    return {"name": name, unit: _finite(distance.value), "tolerances": _finite(distance.rooms)}


def _fault_data(fault: Fault) -> dict[str, str]:
    return {"what": fault.what, "problem": fault.problem, "where": fault.where}


def _finding_data(finding: Finding) -> dict[str, Any]:
    fields = {
        "tier": finding.tier.value,
        "check": finding.check,
        "verdict": finding.verdict.value,
        "case": finding.case,
        "detail": finding.detail,
        "exact": finding.exact,
        "claimed": finding.claimed,
        "estimate": finding.estimate,
        "interval": finding.interval,
        "tolerance": finding.tolerance,
        "relative": None if finding.interval is None else finding.relative,
        "resolution": finding.resolution,
        "error": finding.error,
        "samples": finding.samples,
        "seed": finding.seed,
        "method": finding.method,
        "covers": str(finding.scope),
        "where": finding.where,
    }
    return {name: _finite(value) for name, value in fields.items() if value not in (None, "")}


def _finite(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_finite(part) for part in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
