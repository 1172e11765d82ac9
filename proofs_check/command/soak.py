"""The statistical suite over many seeds: ``python -m proofs_check.command.soak --seeds 100``.

A check must hold for any seed, so over all runs none may be refuted, and what is inconclusive is counted. The error
budget of each run stays what it is: with 100 runs at 1e-6, a single refutation has probability 1e-4 at most.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from dataclasses import replace
from datetime import date

from montecarlo import worker_pool
from proofs_check.evidence import Simulated
from proofs_check.registry import own_statements
from proofs_check.reporting.findings import finding_lines
from proofs_check.statement import Statement
from proofs_check.verdict import Verdict
from proofs_check.verification.verifying import PROFILES, verify


def simulated_only(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Return the statements with their simulated evidence alone: the exact tiers do not depend on the seed."""
    kept = []
    for statement in statements:
        evidence = tuple(e for e in statement.evidence if isinstance(e, Simulated))
        if evidence:
            kept.append(replace(statement, evidence=evidence))
    return tuple(kept)


def of_a_day(statements: tuple[Statement, ...], day: int, parts: int = 20) -> tuple[Statement, ...]:
    """Return the statements whose turn it is: in so many days each of them has had one.

    Parameters
    ----------
    statements : tuple of Statement
        All of them.
    day : int
        The day, counted from any.
    parts : int
        The number of days.

    Examples
    --------
    >>> of_a_day(("a", "b", "c", "d", "e", "f", "g"), day=11, parts=5)
    ('b', 'g')
    """
    return statements[day % parts :: parts]


def main() -> int:
    """Run the suite over several seeds, and return 2 if anything broke, 1 if it was refuted, otherwise 0."""
    parser = argparse.ArgumentParser(description="run the statistical suite over many seeds")
    parser.add_argument("--seeds", type=int, default=100, help="number of seeds (default 100)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--profile", choices=PROFILES, default="quick", help="how many networks (default: quick)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worker processes (default: all)")
    parser.add_argument(
        "--today",
        action="store_true",
        help="the statements whose turn it is today, in the full profile, with the day as the seed",
    )
    options = parser.parse_args()
    for name, least in (("seeds", 1), ("first", 0)):
        if getattr(options, name) < least:
            given = getattr(options, name)
            parser.error(f"argument --{name}: must be at least {least}, got {given}; use e.g. --{name} 100")
    statements = simulated_only(own_statements())
    if options.today:
        day = date.today().toordinal()
        statements = of_a_day(statements, day)
        options.seeds, options.first, options.profile = 1, day, "full"
    counts: Counter[Verdict] = Counter()
    with worker_pool(options.jobs) as workers:
        for seed in range(options.first, options.first + options.seeds):
            report = verify(statements, profile=options.profile, seed=seed, executor=workers)
            for result in report.results:
                findings = Verdict.of_all(finding.verdict for finding in result.findings)
                counts[findings] += 1
                if findings is not Verdict.SUPPORTED:
                    print(f"seed {seed}: {result.statement.id} {findings.value}", flush=True)
                    for finding in result.findings:
                        if finding.verdict is not Verdict.SUPPORTED:
                            print("\n".join(f"  {line}" for line in finding_lines(finding)), flush=True)
            print(f"seed {seed}: {len(report.results)} statements, {report.seconds:.0f} s", file=sys.stderr, flush=True)
    total = sum(counts.values())
    summary = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict)
    print(
        f"{options.seeds} seeds from {options.first}, profile {options.profile}, {total} verdicts: {summary}; "
        f"not supported: {total - counts[Verdict.SUPPORTED]}"
    )
    return 2 if counts[Verdict.BROKEN] else 1 if counts[Verdict.REFUTED] else 0


if __name__ == "__main__":
    sys.exit(main())
