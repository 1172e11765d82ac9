"""The tables of a verification: verdicts, the simulated findings of a topic, the claims of a paper."""

from __future__ import annotations

import math

from montecarlo import Estimate
from proofs_check.paper import Paper
from proofs_check.reporting.findings import claimed_text, counted_text, sharpness_text
from proofs_check.tables.digits import Measured, decimal_of, measured_number
from proofs_check.tables.model import Cell, Column, Table, Text
from proofs_check.tables.prose import typeset_prose
from proofs_check.verdict import Finding, Tier
from proofs_check.verification.results import Report, StatementReport

_TIERS = {Tier.PROVED: "pr.", Tier.ENUMERATED: "enu.", Tier.ENCLOSED: "enc.", Tier.SIMULATED: "sim."}
VERDICT_COLUMNS = (
    Column(Text("statement"), share=1.2, is_stub=True),
    Column(Text("verdict")),
    *(Column(Text(tier.value, _TIERS[tier])) for tier in Tier),
    Column(Text("mutants", "mut.")),
    Column(Text("refutes"), share=1.0),
    Column(Text("covers"), share=1.1),
)
"""The columns of the table of verdicts."""
TOPIC_COLUMNS = (
    Column(Text("statement"), share=1.0, is_stub=True),
    Column(Text("case"), share=1.6),
    Column(Text("exact value"), share=1.0),
    Column(Text("measured")),
    Column(Text("verdict")),
)
"""The columns of a topic's table."""
PAPER_COLUMNS = (
    Column(Text("claim"), share=2.0, is_stub=True),
    Column(Text("where"), share=0.6),
    Column(Text("statements"), share=1.0),
    Column(Text("verdicts"), share=0.8),
    Column(Text("covers"), share=1.2),
)
"""The columns of a paper's table."""


def verdict_table(report: Report) -> Table:
    """Return the table of verdicts: a row for each statement, with what its strongest evidence covers.

    Parameters
    ----------
    report : Report
        The report of any verification.
    """
    rows = tuple(
        (
            identifier(result.statement.id),
            Text(result.verdict.value),
            *(_as_is(counted_text(result.of_tier(tier))) for tier in Tier),
            _as_is(_mutants(result)),
            Text(sharpness_text(result.exact_reach, result.reaches)),
            Text(result.scope or "-"),
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
    return Table("verdict_table", Text(caption), VERDICT_COLUMNS, rows)  # no topic has a _


def identifier(name: str) -> Text:
    r"""Return a statement's id, which may be broken after its points and hyphens.

    Examples
    --------
    >>> print(identifier("forward.fourth-moment").latex)
    forward.\allowbreak fourth-\allowbreak moment
    """
    return Text(name, name.replace("_", r"\_").replace(".", r".\allowbreak ").replace("-", r"-\allowbreak "))


def _as_is(text: str) -> Text:
    """Return what is no formula: 3/3 says three of three."""
    return Text(text, text)


def _mutants(result: StatementReport) -> str:
    return f"{sum(mutant.refuted for mutant in result.mutants)}/{len(result.mutants)}" if result.mutants else "-"


def topic_table(report: Report, topic: str) -> Table:
    """Return the table of a topic: a row for each simulated finding of its statements.

    Parameters
    ----------
    report : Report
        The report of a verification that includes the topic.
    topic : str
        The part of the ids before the dot, for example ``forward``.
    """
    rows: list[tuple[Cell, ...]] = []
    rules = []
    for result in report.results:
        if result.statement.topic != topic:
            continue
        name = identifier(result.statement.id)
        rules.append(len(rows))
        for finding in result.of_tier(Tier.SIMULATED):
            again = rows and rows[-1][0] in (name, _again(name))
            shown = _again(name) if again else name
            rows.append((shown, _case(finding), _claimed(finding), _measured(finding), Text(finding.verdict.value)))
    caption = (
        f"{topic}: theory against measurement from real weight matrices; intervals hold jointly for the whole run "
        f"with error probability {report.error:g} (profile {report.profile}, seed {report.seed})"
    )
    return Table(topic, Text(caption), TOPIC_COLUMNS, tuple(rows), rules=tuple(dict.fromkeys(rules)))


def _again(name: Text) -> Text:
    """Return an id that a typeset table need not repeat."""
    return Text(name.plain, "")


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
            Text(claim.sentence),
            Text(claim.where),
            Text(", ".join(claim.ids), ", ".join(str(identifier(name).latex) for name in claim.ids)),
            Text(", ".join(results[name].verdict.value for name in claim.ids) or f"not checked: {claim.why}"),
            Text(" | ".join(results[name].scope or "-" for name in claim.ids), _scopes(results, claim.ids)),
        )
        for claim in paper.claims
    )
    caption = (
        f"{paper.authors}, {paper.title}, {paper.found}: {paper.checked} of {len(paper.claims)} claims, with the "
        f"verdicts on the statements that check them; intervals hold jointly for the whole run with error probability "
        f"{report.error:g} (profile {report.profile}, seed {report.seed})"
    )
    return Table(paper.key, Text(caption), PAPER_COLUMNS, rows, rules=tuple(range(1, len(rows))))


def _scopes(results: dict[str, StatementReport], ids: tuple[str, ...]) -> str:
    return "; ".join(typeset_prose(results[name].scope or "-") for name in ids)


def _case(finding: Finding) -> Text:
    return Text(f"{finding.check}: {finding.case or finding.detail}")


def _claimed(finding: Finding) -> Text:
    return Text(claimed_text(finding))


def _measured(finding: Finding) -> Cell:
    if finding.interval is None or finding.estimate is None:  # it could not be run
        return Text("")
    lo, hi = map(decimal_of, finding.interval)
    return measured_number(Measured(decimal_of(finding.estimate), lo, hi))


def exponential_cells(logarithm: Estimate) -> tuple[str, str]:
    """Return a number and its interval as text, given the estimate of its logarithm.

    Examples
    --------
    >>> exponential_cells(Estimate(0.0, -1.0, 2.0, 1e-4, "any", 10))
    ('1', '[0.3679, 7.389]')
    """
    value, lo, hi = (f"{math.exp(x):.4g}" for x in (logarithm.value, logarithm.lo, logarithm.hi))
    return value, f"[{lo}, {hi}]"
