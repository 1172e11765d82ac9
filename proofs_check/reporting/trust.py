"""What evidence of each tier says and rests on, in a few words: docs/trust.md for readers of a report."""

from __future__ import annotations

from dataclasses import dataclass

from proofs_check.verdict import Tier


@dataclass(frozen=True)
class Basis:
    """What evidence of a tier says, and what it rests on.

    Parameters
    ----------
    tier : Tier
        The tier.
    says : str
        What supporting evidence of it means.
    briefly : str
        What it rests on, in one line.
    rests_on : str
        The same in full: what has to be right for it.
    checked_by : str
        What would notice if it were not.
    """

    tier: Tier
    says: str
    briefly: str
    rests_on: str
    checked_by: str


BASES = (
    Basis(
        Tier.PROVED,
        "The claim holds for every width, depth and parameter that is named.",
        "two algebra systems, and on the obligations being what the theorem needs",
        "That the obligations, derived by theory on one side and typed in as the claim on the other, are what the "
        "theorem needs; and that SymPy and python-flint are right when both reduce each of them to 0.",
        "The two systems check each other. A certificate, where there is one, is checked by Coq, which shares no code "
        "with them. Mutants show that an obligation can fail.",
    ),
    Basis(
        Tier.ENUMERATED,
        "The claim is exact in every case listed.",
        "exact arithmetic in the cases listed, and in no others",
        "That the enumeration visits every case, and that the rational arithmetic of Python and FLINT is right.",
        "Mutants, and PyTorch's derivatives on the same networks.",
    ),
    Basis(
        Tier.ENCLOSED,
        "An inequality between numbers holds, whatever is lost in rounding.",
        "ball arithmetic, whose bounds contain every rounding error, at the sizes listed",
        "That FLINT's ball arithmetic is right, and that the formulas that are enclosed are those that are meant.",
        "Mutants, and simulations of the same numbers.",
    ),
    Basis(
        Tier.SIMULATED,
        "A number lies within the stated tolerance of the claim, or inside the claimed range.",
        "intervals that are theorems for finite samples, and the error probability of the run",
        "That the random numbers are as good as independent uniform ones; that rounding moves no interval by more than "
        "the room left for it; that the theorems behind the intervals apply; and the error probability of the run.",
        "Samplers of another kind that must have the same law, measured coverage of the intervals, PyTorch's "
        "initializations and gradients.",
    ),
)
"""Strongest first."""
UNSEEN = (
    "A claim that is one function on symbols and another on numbers, or that changes from call to call.",
    "A label that names other sizes than those that were tried.",
    "A variance stated for a mean whose tail none of the networks drawn has shown.",
    "An assumption that no predicate tests.",
    "A formula in print that is not what the claim computes.",
)
"""What no tier can see: a reader has to."""
