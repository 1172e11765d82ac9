"""A finding, and what went wrong with a statement, in a few lines for people: on the terminal and in pytest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from proofs_check.verdict import Finding, Verdict
from proofs_check.verification.results import MutantReport, StatementReport
from proofs_check.verification.sharpness import Offset, Reach


def finding_lines(finding: Finding) -> list[str]:
    r"""Return what a finding says: which check, and the claimed value beside what was found.

    Examples
    --------
    >>> from proofs_check.verdict import Tier
    >>> refuted = Finding(Tier.SIMULATED, "E w^2", Verdict.REFUTED, "n = 1", claimed=(2.0, 2.0), exact="2",
    ...                   estimate=1.01, interval=(0.99, 1.03), tolerance=0.1, error=1e-6, samples=20_000, seed=0)
    >>> print("\n".join(finding_lines(refuted)))
    refuted (simulated): E w^2; n = 1
      claimed 2, within 0.1
      estimate 1.01, interval [0.99, 1.03] (error probability 1e-06, 20000 networks, seed 0)
    """
    case = f"; {finding.case}" if finding.case else ""
    if finding.verdict is Verdict.BROKEN:
        place = f" ({finding.where})" if finding.where else ""
        return [
            f"broken ({finding.tier.value}): {finding.check}{case} could not be run",
            f"  {finding.detail}{place}",
        ]
    lines = [f"{finding.verdict.value} ({finding.tier.value}): {finding.check}{case}"]
    if finding.detail:
        lines.append(f"  {finding.detail}")
    estimate, interval = measured_texts(finding)
    if estimate:
        lines.append(f"  claimed {claimed_text(finding)}, within {finding.tolerance:.6g}")
        how = f"error probability {finding.error:.3g}, {finding.samples} networks, seed {finding.seed}"
        lines.append(f"  estimate {estimate}, interval {interval} ({how})")
    return lines


def claimed_text(finding: Finding) -> str:
    """Return a claimed value as text, exact and as a number where these differ; empty where nothing is claimed."""
    if finding.claimed is None:
        return ""
    lo, hi = finding.claimed
    number = f"{lo:.6g}" if lo == hi else f"[{lo:.6g}, {hi:.6g}]"
    exact = finding.exact
    return f"{exact} = {number}" if lo == hi and 0 < len(exact) <= 40 and exact != number else number


def measured_texts(finding: Finding) -> tuple[str, str]:
    """Return an estimate and its interval as text; both empty where nothing was measured.

    Examples
    --------
    >>> from proofs_check.verdict import Tier
    >>> measured_texts(Finding(Tier.SIMULATED, "E w^2", Verdict.SUPPORTED, estimate=1.01, interval=(0.99, 1.03)))
    ('1.01', '[0.99, 1.03]')
    """
    if finding.interval is None or finding.estimate is None:  # it could not be run
        return "", ""
    lo, hi = finding.interval
    return f"{finding.estimate:.6g}", f"[{lo:.6g}, {hi:.6g}]"


def counted_text(findings: Sequence[Finding]) -> str:
    """Return how many findings support, of how many; a dash where there is none.

    Examples
    --------
    >>> counted_text(())
    '-'
    """
    good = sum(finding.verdict is Verdict.SUPPORTED for finding in findings)
    return f"{good}/{len(findings)}" if findings else "-"


def sharpness_text(exact: float | None, reaches: Iterable[tuple[Reach, Reach]]) -> str:
    """Return the smallest move of the claims that is refuted, for all checks together and for the least sharp one.

    Parameters
    ----------
    exact : float, optional
        The smallest move that exact evidence refutes.
    reaches : iterable of pairs of Reach
        How far intervals let claims be moved: all checks together, and the least sharp of them.

    Examples
    --------
    >>> sharpness_text(1e-6, [(Reach(0.008, 0.01, True), Reach(0.03, 0.03, True))])
    '1e-06, 1-3 %'
    """
    parts = []
    if exact is not None:
        parts.append(f"{exact:.0e}" if exact < 0.001 else f"{exact:.2g}")
    for together, worst in reaches:
        least, most = (_move(reach.worse, reach.relative) for reach in (together, worst))
        unit = " %" if together.relative else ""
        parts.append(f"{least}{unit}" if least == most else f"{least}-{most}{unit}")
    return ", ".join(parts) or "-"


def offset_text(offsets: Iterable[Offset]) -> str:
    """Return how far a false claim lies from what was measured; a dash where nothing was.

    Examples
    --------
    >>> offset_text([Offset(0.2, 0.5, True), Offset(1.0, 1.0, False)])
    '20-50 %, 1'
    """
    parts = []
    for one in offsets:
        least, most = (_move(off, one.relative) for off in (one.least, one.most))
        parts.append((least if least == most else f"{least}-{most}") + (" %" if one.relative else ""))
    return ", ".join(parts) or "-"


def _move(by: float, relative: bool) -> str:
    size = 100 * by if relative else by
    if math.isinf(size):
        return "oo"
    if size < 0.005:  # networks that are the same up to rounding
        return "0"
    return f"{size:.2g}" if size < 99.5 else f"{size:.0f}"


def survivor_lines(mutant: MutantReport) -> list[str]:
    """Return why a mutant was not refuted: an error under a mutant refutes nothing.

    Examples
    --------
    >>> survivor_lines(MutantReport("5 becomes 6", ()))
    ["no evidence refutes the mutant '5 becomes 6'"]
    """
    faults = [f"  an error is no refutation: {fault}" for fault in dict.fromkeys(map(str, mutant.faults))]
    return [f"no evidence refutes the mutant {mutant.name!r}", *faults]


def _toothless_lines(finding: Finding) -> list[str]:
    if finding.verdict is not Verdict.BROKEN:
        return [f"supports every mutant, so it says nothing: {finding.check}"]
    return [
        f"breaks under every mutant, so it says nothing: {finding.check}",
        f"  {finding.detail}" + (f" ({finding.where})" if finding.where else ""),
    ]


def complaints(result: StatementReport) -> list[str]:
    """Return all that keeps a statement from being supported, each complaint after the statement's id."""
    told = [finding_lines(finding) for finding in result.findings if finding.verdict is not Verdict.SUPPORTED]
    broken = result.verdict is Verdict.BROKEN  # what breaks under the claim breaks under its mutants as well
    told += [
        survivor_lines(mutant) for mutant in result.mutants if not mutant.refuted and not (broken and mutant.faults)
    ]
    if not result.findings:
        return [f"{result.statement.id}: no evidence runs in this profile"]
    if not broken:
        told += [_toothless_lines(finding) for finding in result.toothless]
    if result.verdict is Verdict.INCONCLUSIVE and result.from_afar:
        told.append([result.from_afar])
    if result.verdict is Verdict.INCONCLUSIVE and result.empty:
        told.append([result.empty])
    if result.verdict is Verdict.INCONCLUSIVE and result.unreached:
        told.append([f"{result.unreached}; its domain is {result.statement.domain.words}"])
    return [line for first, *more in told for line in (f"{result.statement.id}: {first}", *more)]
