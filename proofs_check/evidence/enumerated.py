"""Enumerated: exact equality with brute force, for every small case tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.algebra import zero_by_flint
from proofs_check.verdict import Finding, Tier, Verdict
from theory.ensembles import Ensemble


def describe_case(*case: Any) -> str:
    """Return a case as text: ensembles on one line, other arguments as they are."""
    return ", ".join(part.describe() if isinstance(part, Ensemble) else str(part) for part in case)


@dataclass(frozen=True)
class Enumerated:
    """Brute force on small cases, in exact arithmetic.

    Parameters
    ----------
    check : str
        What is enumerated.
    cases : iterable
        The cases, each a tuple of arguments of the claim.
    brute_force : callable
        Of the same arguments: the exact truth. If it returns a bool-valued function, that judges the claimed value.
    label : callable
        From a case to its text, for the first counterexample.
    apply : callable
        From the claim and a case to the claimed value; by default the claim is called with the case.
    """

    check: str
    cases: tuple[tuple[Any, ...], ...]
    brute_force: Callable[..., Any]
    label: Callable[..., str] = describe_case
    apply: Callable[..., Any] = lambda claim, *case: claim(*case)
    tier = Tier.ENUMERATED

    def examine(self, claim: Callable[..., Any]) -> Finding:
        """Compare the claim with the truth, case by case."""
        for case in self.cases:
            claimed, truth = self.apply(claim, *case), self.brute_force(*case)
            holds = truth(claimed) if callable(truth) else _equal(claimed, truth)
            if not holds:
                found = "" if callable(truth) else f", but the truth is {truth}"
                detail = f"claimed {_short(claimed)}{found}"
                return Finding(Tier.ENUMERATED, self.check, Verdict.REFUTED, case=self.label(*case), detail=detail)
        detail = f"equal in all {len(self.cases)} cases"
        return Finding(Tier.ENUMERATED, self.check, Verdict.of_bool(bool(self.cases) or None), detail=detail)


def _equal(claimed: Any, truth: Any) -> bool:
    if isinstance(claimed, tuple):
        return bool(claimed == truth)
    difference = sp.expand(sp.sympify(claimed) - sp.sympify(truth))
    return bool(zero_by_flint(difference) if difference.is_number else sp.simplify(difference) == 0)


def _short(value: Iterable[Any] | Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
