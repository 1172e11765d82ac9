"""Statements about random deep networks, the evidence for them, and the verdicts.

===============  =================================================================
statement        what a statement is: claim, source, assumptions, mutants
verdict          tiers, findings, and the rule from interval to verdict
evidence         the four kinds of evidence
statements       the statements, one file per topic
registry         which statements there are, by id
verification     the main job: plan, simulate, judge
algebra          identically zero? in SymPy and in python-flint
enumeration      brute force over discrete weights
small_normalized gradients and Hessians of small rational networks with layer or batch norm
small_hessians   Hessians of small rational networks, their exact rank, signs and norms
quantities       what `derive` and `sample` can be asked for
answers          their answers as text, LaTeX, Python and JSON
report           the verdict table and the folder that `verify --out` writes
tables           theory against measurement: LaTeX, Markdown, CSV, JSON
figures          the figures, one file each
studies          what a figure and the table of its name both show
files            files written whole or not at all
cli              the command ``vanishing``
progress         its progress bars
soak             the statistical suite over many seeds
pytest_plugin    statements and mutants as pytest items
===============  =================================================================
"""

from typing import TYPE_CHECKING, Any

from proofs_check.statement import Assumption, Mutant, Statement
from proofs_check.verdict import Between, Finding, Tier, Verdict

if TYPE_CHECKING:
    from proofs_check.evidence import Enclosed, Enumerated, EqualInLaw, Inequality, LogMean, Mean, Obligation, Proved
    from proofs_check.evidence import Quantile as Quantile
    from proofs_check.evidence import Simulated as Simulated
    from proofs_check.registry import load, select
    from proofs_check.verification import Report, verify

__all__ = [
    "Statement",
    "Mutant",
    "Assumption",
    "Verdict",
    "Tier",
    "Finding",
    "Between",
    "Proved",
    "Obligation",
    "Enumerated",
    "Enclosed",
    "Inequality",
    "Simulated",
    "EqualInLaw",
    "Mean",
    "LogMean",
    "Quantile",
    "select",
    "load",
    "verify",
    "Report",
]

_ROOMS = {
    "evidence": (
        "Proved", "Obligation", "Enumerated", "Enclosed", "Inequality", "Simulated", "EqualInLaw",
        "Mean", "LogMean", "Quantile",
    ),
    "registry": ("select", "load"),
    "verification": ("verify", "Report"),
}  # fmt: skip


def __getattr__(name: str) -> Any:  # the pytest plugin is imported by every pytest run: keep that light
    from importlib import import_module

    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"proofs_check.{room}"), name)
    raise AttributeError(f"module 'proofs_check' has no attribute {name!r}")
