"""Statements about random deep networks, the evidence for them, and the verdicts.

=============  ==============================================================================
statement      what a statement is: claim, source, assumptions, mutants
assumptions    what statements assume: the hypotheses that several share
statements     the statements, a folder for each topic
paper          what a paper is: its claims, each with the statements that check it
papers         the papers, one file each
evidence       the kinds of evidence
verdict        tiers, findings, and the rule from interval to verdict
verification   the main job: plan, simulate, judge; what a run found, and how sharp it is
domain         which sizes a statement speaks of, and whether its evidence gets there
registry       which statements there are, by id
loading        a user's file as a module
faults         what could not be run, and where
scope          what a finding covers
discovery      what there is, by its files

exact          identities, brute force and small networks, over the rationals
toolkit        what many statements are made of
claims         a claim in, a verdict out: claims of one's own, as text
certificates   proofs as Coq files, which Coq checks
quantities     what `derive` and `sample` can be asked for, one file each
closed_forms   what `derive` says of letters and no network, a folder for each topic
answers        questions and answers of `derive` and `sample`, and what quantities share
reporting      whole files, progress bars, the canvas of figures, the page of a report
tables         tables, and what they are written as
grids          grids of one's own: quantities of networks, as tables and figures
implicit_bias  which interpolant gradient flow selects on data of one's own
sgd_stability  the largest stable learning rates of minibatches, on curvatures of one's own
manuscript     a paper's tables, figures and numbers, from one file
figures        the figures, one file each
studies        what a figure and the table of its name both show, one file each

cli            the command ``vanishing``
command        its subcommands, one file each, and what they share
pytest_plugin  statements and mutants as pytest items
=============  ==============================================================================
"""

from typing import TYPE_CHECKING, Any

from proofs_check.assumptions import Assumption
from proofs_check.domain import EVERYWHERE, TRIED, Domain
from proofs_check.statement import Mutant, Statement
from proofs_check.verdict import Between, Finding, Tier, Verdict

if TYPE_CHECKING:
    from proofs_check.answers.asking import derive, sample
    from proofs_check.answers.closed_forms import closed_form
    from proofs_check.answers.derivation import Derivation
    from proofs_check.answers.matrix_means import MatrixMean, expect
    from proofs_check.answers.sampled import Sampled
    from proofs_check.claims.checked import Checked
    from proofs_check.claims.checking import check
    from proofs_check.evidence import (
        Carried,
        Enclosed,
        Enumerated,
        EqualInLaw,
        Identity,
        Induction,
        Inequality,
        LogMean,
        Mean,
        Obligation,
        Proved,
        Quantile,
        Share,
        Simulated,
        Wins,
    )
    from proofs_check.implicit_bias.selecting import Selection, selected_solution
    from proofs_check.registry import load, select
    from proofs_check.sgd_stability.rates import StableRates, stable_rates
    from proofs_check.verification.results import Report
    from proofs_check.verification.verifying import verify

__all__ = [
    "Statement",
    "Mutant",
    "Assumption",
    "Domain",
    "EVERYWHERE",
    "TRIED",
    "Verdict",
    "Tier",
    "Finding",
    "Between",
    "Proved",
    "Identity",
    "Obligation",
    "Induction",
    "Carried",
    "Enumerated",
    "Enclosed",
    "Inequality",
    "Simulated",
    "EqualInLaw",
    "Wins",
    "Mean",
    "LogMean",
    "Quantile",
    "Share",
    "derive",
    "closed_form",
    "expect",
    "MatrixMean",
    "sample",
    "Derivation",
    "Sampled",
    "select",
    "load",
    "verify",
    "Report",
    "check",
    "Checked",
    "selected_solution",
    "Selection",
    "stable_rates",
    "StableRates",
]

_ROOMS = {
    "evidence": (
        "Proved", "Identity", "Obligation", "Induction", "Carried", "Enumerated", "Enclosed", "Inequality",
        "Simulated", "EqualInLaw", "Wins", "Mean", "LogMean", "Quantile", "Share",
    ),
    "answers.asking": ("derive", "sample"),
    "answers.closed_forms": ("closed_form",),
    "answers.derivation": ("Derivation",),
    "answers.matrix_means": ("expect", "MatrixMean"),
    "answers.sampled": ("Sampled",),
    "registry": ("select", "load"),
    "verification.verifying": ("verify",),
    "verification.results": ("Report",),
    "claims.checking": ("check",),
    "claims.checked": ("Checked",),
    "implicit_bias.selecting": ("selected_solution", "Selection"),
    "sgd_stability.rates": ("stable_rates", "StableRates"),
}  # fmt: skip


def __getattr__(name: str) -> Any:  # the pytest plugin is imported by every pytest run: keep that light
    from importlib import import_module

    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"proofs_check.{room}"), name)
    raise AttributeError(f"module 'proofs_check' has no attribute {name!r}")


def __dir__() -> list[str]:  # what is not loaded yet is completed too
    return sorted({*globals(), *__all__})
