"""Enclosed: inequalities between constants that hold with a bound on every rounding error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.evidence.enumerated import describe_case
from proofs_check.verdict import Finding, Tier, Verdict
from theory.balls import enclose, less
from theory.ensembles import InvalidArgument


@dataclass(frozen=True)
class Inequality:
    """The inequality left < right between two SymPy constants.

    Parameters
    ----------
    case : str
        The numbers for which it is claimed, in words.
    left, right : sympy.Expr
        Expressions without free symbols.
    """

    case: str
    left: sp.Expr
    right: sp.Expr


@dataclass(frozen=True)
class Enclosed:
    """Inequalities that are decided in ball arithmetic.

    Parameters
    ----------
    check : str
        What is enclosed, and for which range of cases.
    inequalities : callable
        Returns the inequalities of the claim that it is given.
    digits : int
        The working precision, in decimal digits.
    refutes : bool
        Whether an inequality that fails refutes the claim. Where the inequalities are sufficient for the claim but
        not necessary (they follow from a bound, or leave room to spare), one that fails leaves the claim open.
    """

    check: str
    inequalities: Callable[[Callable[..., Any]], Iterable[Inequality]]
    digits: int = 30
    refutes: bool = True
    tier = Tier.ENCLOSED

    def examine(self, claim: Callable[..., Any]) -> Finding:
        """Decide each inequality; where the two balls overlap, it stays open."""
        verdicts, undecided, count = [], "", 0
        for inequality in self.inequalities(claim):
            count += 1
            try:
                left = enclose(sp.sympify(inequality.left), self.digits)
                right = enclose(sp.sympify(inequality.right), self.digits)
            except InvalidArgument as undefined:  # a claim that has no value there is not established
                verdicts.append(Verdict.INCONCLUSIVE)
                undecided = undecided or f"{inequality.case}: {undefined.problem}"
                continue
            verdict = Verdict.of_bool(less(left, right))
            if verdict is Verdict.REFUTED and not self.refutes:
                verdict = Verdict.INCONCLUSIVE
            verdicts.append(verdict)
            if verdict is Verdict.REFUTED:
                detail = f"{left.str(8)} is not below {right.str(8)}"
                return Finding(Tier.ENCLOSED, self.check, verdict, case=inequality.case, detail=detail)
            if verdict is Verdict.INCONCLUSIVE and not undecided:
                undecided = f"not established at {self.digits} digits: {inequality.case}"
        detail = undecided or f"all {count} inequalities hold at {self.digits} digits"
        return Finding(Tier.ENCLOSED, self.check, Verdict.of_all(verdicts), detail=detail)


def agrees_with(
    what: str, cases: tuple[tuple[Any, ...], ...], derived: Callable[..., sp.Expr], part: str = ""
) -> Enclosed:
    """Return the check that the claim, typed in as the theorem reads, is what theory derives, to 20 digits.

    Parameters
    ----------
    what : str
        What theory derives, in words.
    cases : tuple of tuples
        The arguments with which the claim is called, case by case.
    derived : callable
        Returns what theory derives, given the same arguments.
    part : str
        ``lo`` or ``hi`` to compare one end of a claimed range. As a range may be wider than what is derived, a
        difference then refutes nothing.
    """
    tiny = sp.Rational(1, 10**20)

    def inequalities(claim: Callable[..., Any]) -> Iterable[Inequality]:
        for case in cases:
            claimed = getattr(claim(*case), part) if part else claim(*case)
            distance = sp.expand(claimed - derived(*case))
            label = describe_case(*case)
            yield Inequality(label, distance, tiny)
            yield Inequality(label, -tiny, distance)

    return Enclosed(f"agrees to 20 digits with {what}", inequalities, refutes=not part)
