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

from montecarlo import worker_pool
from proofs_check.evidence import Simulated
from proofs_check.registry import own_statements
from proofs_check.statement import Statement
from proofs_check.verdict import Verdict
from proofs_check.verification import verify


def simulated_only(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Return the statements with their simulated evidence alone: the exact tiers do not depend on the seed."""
    kept = []
    for statement in statements:
        evidence = tuple(e for e in statement.evidence if isinstance(e, Simulated))
        if evidence:
            kept.append(replace(statement, evidence=evidence))
    return tuple(kept)


def main() -> int:
    """Run the suite over the seeds 1, 2, ..., and return 2 if anything broke, 1 if it was refuted, otherwise 0."""
    parser = argparse.ArgumentParser(description="run the statistical suite over many seeds")
    parser.add_argument("--seeds", type=int, default=100, help="number of seeds (default 100)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worker processes (default: all)")
    options = parser.parse_args()
    if options.seeds < 1:
        parser.error(f"argument --seeds: must be at least 1, got {options.seeds}; use e.g. --seeds 100")
    statements = simulated_only(own_statements())
    counts: Counter[Verdict] = Counter()
    with worker_pool(options.jobs) as workers:
        for seed in range(1, options.seeds + 1):
            report = verify(statements, seed=seed, executor=workers)
            for result in report.results:
                findings = Verdict.of_all(finding.verdict for finding in result.findings)
                counts[findings] += 1
                if findings is not Verdict.SUPPORTED:
                    print(f"seed {seed}: {result.statement.id} {findings.value}", flush=True)
            print(f"seed {seed}: {len(report.results)} statements, {report.seconds:.0f} s", file=sys.stderr, flush=True)
    total = sum(counts.values())
    summary = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict)
    print(f"{options.seeds} seeds, {total} verdicts: {summary}; not supported: {total - counts[Verdict.SUPPORTED]}")
    return 2 if counts[Verdict.BROKEN] else 1 if counts[Verdict.REFUTED] else 0


if __name__ == "__main__":
    sys.exit(main())
