"""Proved: an induction over depth whose base and step vanish identically, in SymPy and in python-flint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import sympy as sp

from proofs_check.evidence.values import require_one_letter_each, require_text, require_value
from proofs_check.exact.identities import zero_by_flint, zero_by_sympy
from proofs_check.scope import Scope
from proofs_check.verdict import Finding, Tier, Verdict
from theory.balls import enclose, less
from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    from proofs_check.evidence.fold import Fold
    from proofs_check.evidence.induction import Induction


@dataclass(frozen=True)
class Obligation:
    """Two expressions that must be the same identically for the proof to stand.

    Parameters
    ----------
    name : str
        Which part of the proof it is, for example ``base`` or ``step``.
    left : sympy.Expr
        What is derived, such as what theory's map of one layer makes of the claim: a rational function of symbols, of
        powers with a symbolic exponent, and of square roots.
    right : sympy.Expr
        What is claimed, as it is typed.
    below_one : tuple of symbols
        The symbols whose values lie between 0 and 1, such as a slope; all others are taken to be positive integers.
    where : tuple of (symbol, sympy.Expr)
        What some symbols stand for, such as s^2 for 2/n: each system puts it in by its own arithmetic.

    Examples
    --------
    >>> n, s2 = sp.symbols("n s2", positive=True)
    >>> Obligation("He keeps the mean", n * s2 / 2, sp.S.One, where=((s2, 2 / n),)).expression
    0
    """

    name: str
    left: sp.Expr
    right: sp.Expr = sp.S.Zero
    below_one: tuple[sp.Symbol, ...] = ()
    where: tuple[tuple[sp.Symbol, sp.Expr], ...] = ()

    @cached_property
    def expression(self) -> sp.Expr:
        """The difference of both sides, which must vanish."""
        return (self.left - self.right).subs(dict(self.where), simultaneous=True)

    @property
    def is_met(self) -> bool:
        """Whether both systems reduce the difference to 0."""
        # flint reads both sides as they stand, before SymPy has cancelled anything
        held = sp.Add(self.left, sp.Mul(sp.S.NegativeOne, self.right, evaluate=False), evaluate=False)
        return zero_by_flint(held, dict(self.where)) and zero_by_sympy(self.expression)


def bases_and_steps(inductions: Sequence[Induction | Fold]) -> list[Obligation]:
    """Return the obligations of several inductions, with names that tell them apart.

    Parameters
    ----------
    inductions : sequence of Induction or Fold
        One or more.
    """
    return [
        replace(obligation, name=f"{one.name}: {obligation.name}") if len(inductions) > 1 else obligation
        for one in inductions
        for obligation in one.obligations()
    ]


def _of_claim(
    inductions: Callable[[Callable[..., Any]], Sequence[Induction | Fold]], claim: Callable[..., Any]
) -> list[Obligation]:
    return bases_and_steps(inductions(claim))


@dataclass(frozen=True)
class Proved:
    """An induction over depth.

    Parameters
    ----------
    check : str
        What is proved, and by which induction.
    obligations : callable
        Returns the obligations of the claim that it is given.
    covers : str
        What is proved, in a few words, such as ``all n, L``; by default all values of the obligations' symbols.
    inductions : callable, optional
        Returns the inductions that the obligations are bases and steps of, given the claim.
    certified : bool
        Whether a certificate is written of it. It is not where Coq would take minutes: then the proof rests on SymPy
        and python-flint alone.

    Notes
    -----
    An obligation is met when both systems reduce it to 0. One that is not met refutes the claim only if there is a
    witness: numbers for its symbols at which a ball around its value excludes 0.
    """

    check: str
    obligations: Callable[[Callable[..., Any]], Sequence[Obligation]]
    covers: str = ""
    inductions: Callable[[Callable[..., Any]], Sequence[Induction | Fold]] | None = None
    certified: bool = True
    tier = Tier.PROVED

    @classmethod
    def by_induction(
        cls, check: str, inductions: Callable[[Callable[..., Any]], Sequence[Induction | Fold]], covers: str = ""
    ) -> Proved:
        """Return the proof whose obligations are the bases and steps of inductions.

        Parameters
        ----------
        check, inductions, covers
            As for the class.
        """
        return cls(check, partial(_of_claim, inductions), covers, inductions)

    def require(self) -> None:
        """Refuse arguments that no proof can use.

        Raises
        ------
        InvalidArgument
            If the obligations are no function.
        """
        require_text("covers", self.covers)
        obligations: object = self.obligations
        if not callable(obligations):
            remedy = "give a function that returns obligations, given the claim"
            raise InvalidArgument("obligations", f"cannot be called: {obligations!r}", remedy)

    def examine(self, claim: Callable[..., Any]) -> Finding:
        """Decide each obligation in both systems.

        Raises
        ------
        InvalidArgument
            If the obligations prove nothing: there is none, all are 0 = 0, or they are the base of an induction without
            its step.
        """
        failures: list[str] = []
        open_questions: list[str] = []
        obligations = list(self.obligations(claim))
        _require_content(obligations)
        scope = Scope((self.covers or _all_symbols(obligations),))
        for obligation in obligations:
            require_value(obligation.left)
            require_value(obligation.right)
            require_value(obligation.expression)
            require_one_letter_each(obligation.left, obligation.right, *(x for pair in obligation.where for x in pair))
            if obligation.is_met:
                continue
            witness = _witness(obligation)
            (failures if witness else open_questions).append(f"{obligation.name}: {witness or 'undecided'}")
        names = ", ".join(obligation.name for obligation in obligations)
        if failures:
            return Finding(self.tier, self.check, Verdict.REFUTED, detail="; ".join(failures), scope=scope)
        if open_questions:
            return Finding(self.tier, self.check, Verdict.INCONCLUSIVE, detail="; ".join(open_questions), scope=scope)
        detail = f"{names}: 0 in SymPy and in python-flint"
        return Finding(self.tier, self.check, Verdict.SUPPORTED, detail=detail, scope=scope)


@dataclass(frozen=True)
class Identity(Proved):
    """Identities in the weights of the networks that it names: proved for those, and a case of all others.

    Parameters
    ----------
    check, obligations, covers
        As for :class:`Proved`; `covers` names the networks, such as ``widths 2-2-2-1``.
    """

    tier = Tier.ENUMERATED


def _require_content(obligations: Sequence[Obligation]) -> None:
    remedy = "put what is derived on the left and what is claimed on the right, each as it stands"
    if not obligations:
        raise InvalidArgument("obligations", "are none, so nothing is proved", remedy)
    if all(one.left == 0 and one.right == 0 for one in obligations):
        raise InvalidArgument("obligations", "are 0 = 0, whatever is claimed", remedy)
    if all(one.name.startswith("base") for one in obligations):
        raise InvalidArgument("obligations", "are the base of an induction without its step", "add the step")


def _all_symbols(obligations: Sequence[Obligation]) -> str:
    sides = (side for obligation in obligations for side in (obligation.left, obligation.right))
    symbols = (getattr(side, "free_symbols", ()) for side in sides)
    names = sorted({str(symbol) for found in symbols for symbol in found})
    return f"all {', '.join(names)}" if 0 < len(names) <= 4 else f"{len(names) or 'no'} indeterminates"


def _witness(obligation: Obligation) -> str:
    """Return numbers at which the expression is not 0, as text; it is empty if the few points tried show none."""
    names = sorted(obligation.expression.free_symbols, key=str)
    for shift in range(5):
        point = {name: sp.Integer(sp.prime(3 + shift + i)) for i, name in enumerate(names)}
        point |= {name: 1 / point[name] for name in obligation.below_one if name in point}
        try:
            ball = enclose(obligation.expression.xreplace(point))
        except InvalidArgument:  # a pole, or outside the domain of a root: no witness, but the next point may be one
            continue
        if less(ball, 0) or less(0, ball):
            return "not 0 at " + ", ".join(f"{name} = {value}" for name, value in point.items())
    return ""
