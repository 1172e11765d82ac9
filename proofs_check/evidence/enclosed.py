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
    """left < right, between SymPy constants.

    Parameters
    ----------
    case : str
        For which numbers.
    left, right : sympy.Expr
        Without free symbols.
    """

    case: str
    left: sp.Expr
    right: sp.Expr


@dataclass(frozen=True)
class Enclosed:
    """Inequalities in ball arithmetic.

    Parameters
    ----------
    check : str
        What is enclosed, for which range of cases.
    inequalities : callable
        From the claim to its inequalities.
    digits : int
        Working precision.
    refutes : bool
        Whether an inequality that fails refutes the claim. If they are sufficient for the claim but not necessary
        (a bound that was derived, a consequence drawn with room to spare), failure leaves it open.
    """

    check: str
    inequalities: Callable[[Callable[..., Any]], Iterable[Inequality]]
    digits: int = 30
    refutes: bool = True
    tier = Tier.ENCLOSED

    def examine(self, claim: Callable[..., Any]) -> Finding:
        """Decide each inequality; overlapping balls leave it open."""
        verdicts, undecided, count = [], "", 0
        for inequality in self.inequalities(claim):
            count += 1
            try:
                left = enclose(sp.sympify(inequality.left), self.digits)
                right = enclose(sp.sympify(inequality.right), self.digits)
            except InvalidArgument as undefined:  # a claim without a value there is not established
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
        What theory derives.
    cases : tuple of tuples
        Arguments of the claim.
    derived : callable
        Of the same arguments.
    part : str
        ``lo`` or ``hi`` to compare one end of a claimed range; as a range may be wider than what is derived, a
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
