"""Enumerated: exact equality with brute force, for every small case tried."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from proofs_check.evidence.values import (
    as_fraction,
    in_fractions,
    require_number,
    require_one_letter_each,
    require_text,
    require_value,
    rounded_to,
)
from proofs_check.exact.identities import zero_by_flint
from proofs_check.scope import Scope
from proofs_check.verdict import Finding, Tier, Verdict
from theory.balls import enclose, less
from theory.ensembles import Ensemble, InvalidArgument


def describe_case(*case: Any) -> str:
    """Return a case as text: ensembles on one line, other arguments as they are.

    Examples
    --------
    >>> describe_case(3, "e1")
    '3, e1'
    """
    return ", ".join(part.describe() if isinstance(part, Ensemble) else str(part) for part in case)


@dataclass(frozen=True)
class Enumerated:
    """Brute force on small cases, in exact arithmetic.

    Parameters
    ----------
    check : str
        What is enumerated, in words.
    cases : tuple of tuples
        The cases, each a tuple of arguments of the claim.
    brute_force : callable
        Returns the exact truth, given the same arguments; or else a function that judges a claimed value: True, False,
        or None where it cannot tell.
    label : callable
        Returns the text of a case, by which the first counterexample is shown.
    apply : callable
        Returns the claimed value, given the claim and a case; by default the claim is called with the case.
    covers : str
        What is covered, in words; by default the number of cases, with the sizes that they name.
    """

    check: str
    cases: tuple[tuple[Any, ...], ...]
    brute_force: Callable[..., Any]
    label: Callable[..., str] = describe_case
    apply: Callable[..., Any] = lambda claim, *case: claim(*case)
    covers: str = ""
    tier = Tier.ENUMERATED

    def require(self) -> None:
        """Refuse arguments that no enumeration can use.

        Raises
        ------
        InvalidArgument
            If the cases are no tuples, or what should be a function is none.
        """
        require_text("covers", self.covers)
        remedy = "give a tuple of tuples, each the arguments of one call: ((1,), (2,))"
        cases: object = self.cases
        if isinstance(cases, str) or not isinstance(cases, Sequence):
            raise InvalidArgument("cases", f"are no tuple of tuples, but {cases!r:.60}", remedy)
        for case in cases:
            if not isinstance(case, (tuple, list)):
                raise InvalidArgument("cases", f"list {case!r:.60}, which is no tuple", remedy)
        for name in ("brute_force", "label", "apply"):
            if not callable(getattr(self, name)):
                raise InvalidArgument(name, f"cannot be called: {getattr(self, name)!r:.60}", "give a function")

    @property
    def scope(self) -> Scope:
        """What is covered."""
        if self.covers:
            return Scope((self.covers,))
        return Scope.of_cases(
            (self.label(*case) for case in self.cases), (part for case in self.cases for part in case)
        )

    def examine(self, claim: Callable[..., Any]) -> Finding:
        """Compare the claim with the truth, case by case."""
        undecided = ""
        for case in self.cases:
            truth = self.brute_force(*case)
            returned: list[Any] = []
            exactly = claim if callable(truth) else in_fractions(claim, returned)
            claimed = self.apply(exactly, *case)
            _require_comparable(claimed, truth)
            share = None if callable(truth) else rounded_to((*returned, claimed))
            holds = truth(claimed) if callable(truth) else _equal(claimed, truth, share)
            if share is not None and len(returned) == 1 and as_fraction(returned[0]) == claimed:
                claimed = returned[0]  # a float is shown as such
            if holds is not None and not isinstance(holds, (bool, np.bool_)):
                problem = f"returned a judge that returned {_short(holds)!r}"
                raise InvalidArgument("brute_force", problem, "let it return True, False, or None where it cannot tell")
            if holds is None:
                undecided = undecided or f"undecided: {_short(claimed)} against {_short(truth)}{_hint(share)}"
            elif not holds:
                found = "" if callable(truth) else f", but the truth is {_short(truth)}"
                detail = f"claimed {_short(claimed)}{found}"
                return Finding(
                    Tier.ENUMERATED,
                    self.check,
                    Verdict.REFUTED,
                    case=self.label(*case),
                    detail=detail,
                    scope=self.scope,
                )
        detail = undecided or f"equal in all {len(self.cases)} cases"
        verdict = Verdict.of_bool(True if self.cases and not undecided else None)
        return Finding(Tier.ENUMERATED, self.check, verdict, detail=detail, scope=self.scope)


def _hint(share: Fraction | None) -> str:
    """Say what to write where a float, which is rounded, stands for an exact number."""
    if share is None:
        return ""
    return "; a float is rounded: write an exact number, such as Fraction(1, 10) or sympy.Rational(1, 10) for 0.1"


def _require_comparable(claimed: Any, truth: Any) -> None:
    """Refuse a claimed value that was returned by mistake: a judge of values is told what is no number, too."""
    if callable(truth):
        if claimed is None or isinstance(claimed, (str, numbers.Number, sp.Basic)):
            require_value(claimed)
    elif isinstance(claimed, (bool, np.bool_)) and not isinstance(truth, bool):
        require_value(claimed)
    elif not isinstance(claimed, (tuple, type(truth))):
        (require_value if getattr(truth, "free_symbols", ()) else require_number)(claimed)
    elif isinstance(claimed, (float, np.floating, Decimal, sp.Basic)):
        require_value(claimed)


_NEAR = 64
"""A float that is off by no more than so many units in its last place may stand for the exact number."""


def _equal(claimed: Any, truth: Any, share: Fraction | None = None) -> bool | None:
    """Whether two exact values are equal; None where this is neither proved nor excluded by a ball.

    What was rounded by some share stands for the fraction that it is: near to another number it is not equal to it, and
    refutes nothing.
    """
    if isinstance(claimed, tuple) or isinstance(truth, tuple):
        return _equal_entries(claimed, truth, share)
    claimed, truth = as_fraction(claimed), as_fraction(truth)
    difference = sp.expand(sp.sympify(claimed, strict=True) - sp.sympify(truth, strict=True))
    require_value(difference)
    if not difference.is_number:
        require_one_letter_each(claimed, truth)
        return True if sp.simplify(difference) == 0 else None
    if zero_by_flint(difference):
        return True
    real, imaginary = difference.as_real_imag()
    if _excludes_zero(imaginary):
        raise InvalidArgument("claim", f"the claim returned {_short(claimed)}, which is not real", "check its roots")
    if share is not None and _excludes_zero(real):
        room = _NEAR * sp.Rational(share.numerator, share.denominator) * abs(sp.sympify(truth, strict=True))
        return False if _is_negative(room - abs(real)) else None
    return False if _excludes_zero(real) else None


def _equal_entries(claimed: Any, truth: Any, share: Fraction | None) -> bool | None:
    """Whether tuples are equal entry by entry, by the same rules as numbers; texts and truth values as they stand."""
    if not (isinstance(claimed, tuple) and isinstance(truth, tuple)) or len(claimed) != len(truth):
        return False
    verdicts: list[bool | None] = []
    for one, other in zip(claimed, truth, strict=True):
        if isinstance(one, (tuple, numbers.Number, sp.Expr)) and not isinstance(one, bool):
            if isinstance(other, (tuple, numbers.Number, np.generic, sp.Expr)) and not isinstance(other, bool):
                require_value(one if not isinstance(one, tuple) else 0)
                verdicts.append(_equal(one, other, share))
                continue
        elif one is None:
            require_value(one)
        verdicts.append(bool(type(one) is type(other) and one == other))
    return False if False in verdicts else None if None in verdicts else True


def _is_negative(number: sp.Expr) -> bool:
    try:
        return less(enclose(number), 0) is True
    except InvalidArgument:  # it has no finite value, or a function that balls do not know
        return False


def _excludes_zero(number: sp.Expr) -> bool:
    return _is_negative(number) or _is_negative(-number)


def _short(value: Iterable[Any] | Any) -> str:
    try:
        text = str(value)
    except ValueError:  # Python writes no integers of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."
