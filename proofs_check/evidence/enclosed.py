"""Enclosed: inequalities between constants that hold with a bound on every rounding error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.evidence.enumerated import describe_case
from proofs_check.evidence.values import (
    as_fraction,
    in_fractions,
    require_number,
    require_text,
    require_value,
    rounded_to,
)
from proofs_check.scope import Scope
from proofs_check.verdict import Finding, Tier, Verdict
from theory.balls import enclose, less, require_digits
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
    covers : str
        What is covered, in words; by default the number of cases, with the sizes that they name.
    """

    check: str
    inequalities: Callable[[Callable[..., Any]], Iterable[Inequality]]
    digits: int = 30
    refutes: bool = True
    covers: str = ""
    tier = Tier.ENCLOSED

    def require(self) -> None:
        """Refuse arguments that no enclosure can use.

        Raises
        ------
        InvalidArgument
            If the inequalities are no function, or the digits no number between 1 and 10,000.
        """
        require_text("covers", self.covers)
        require_digits(self.digits)
        inequalities: object = self.inequalities
        if not callable(inequalities):
            remedy = "give a function that returns inequalities, given the claim"
            raise InvalidArgument("inequalities", f"cannot be called: {inequalities!r}", remedy)

    def examine(self, claim: Callable[..., Any]) -> Finding:
        """Decide each inequality; where the two balls overlap, it stays open."""
        verdicts, undecided, count = [], "", 0
        cases: list[str] = []
        broken: InvalidArgument | None = None
        for inequality in self.inequalities(in_fractions(claim)):
            count += 1
            cases.append(inequality.case)
            try:
                require_number(inequality.left)
                require_number(inequality.right)
            except InvalidArgument as wrong:  # another inequality may still refute the claim
                broken = broken or wrong
                continue
            try:
                left = enclose(sp.sympify(inequality.left, strict=True), self.digits)
                right = enclose(sp.sympify(inequality.right, strict=True), self.digits)
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
                scope = self._scope(cases)
                return Finding(Tier.ENCLOSED, self.check, verdict, case=inequality.case, detail=detail, scope=scope)
            if verdict is Verdict.INCONCLUSIVE and not undecided:
                against = f"{left.str(8)} against {right.str(8)}"
                undecided = f"not established at {self.digits} digits: {inequality.case}: {against}"
        if broken is not None:
            raise broken
        detail = undecided or f"all {count} inequalities hold at {self.digits} digits"
        return Finding(Tier.ENCLOSED, self.check, Verdict.of_all(verdicts), detail=detail, scope=self._scope(cases))

    def _scope(self, cases: list[str]) -> Scope:
        return Scope((self.covers,)) if self.covers else Scope.of_cases(cases)


def agrees_with(
    what: str, cases: tuple[tuple[Any, ...], ...], derived: Callable[..., sp.Expr], part: str = "", covers: str = ""
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
    covers : str
        As for :class:`Enclosed`.
    """
    tiny = sp.Rational(1, 10**20)
    truths: dict[int, Any] = {}  # what theory derives is the same for the claim and all of its mutants

    def inequalities(claim: Callable[..., Any]) -> Iterable[Inequality]:
        for place, case in enumerate(cases):
            returned = getattr(claim, "__wrapped__", claim)(*case)  # before its floats became fractions
            returned = getattr(returned, part) if part else returned
            require_value(returned)
            if place not in truths:
                truths[place] = as_fraction(derived(*case))
            claimed, truth = as_fraction(returned), truths[place]
            distance, label = sp.expand(claimed - truth), describe_case(*case)
            if distance == 0:  # the same as they stand, letters included
                yield Inequality(label, -tiny, sp.S.Zero)
                continue
            share = rounded_to(returned)
            if share is not None and abs(float(distance)) <= 64 * float(share) * abs(float(truth)):
                yield Inequality(label, sp.Float(distance), sp.S.Zero)  # a float near to it is undecided, and told so
                continue
            room = tiny * sp.Abs(truth)
            yield Inequality(label, distance, room)
            yield Inequality(label, -room, distance)

    return Enclosed(f"agrees to 20 digits with {what}", inequalities, refutes=not part, covers=covers)
