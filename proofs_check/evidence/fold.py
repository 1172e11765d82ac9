"""A fold as data: numbers that each step changes by letters of its own, such as a weight, and what is claimed."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from proofs_check.evidence.proved import Obligation


@dataclass(frozen=True)
class Changing:
    """A number before the first step, and what a step makes of it.

    Parameters
    ----------
    letter : sympy.Symbol
        Its name.
    start : sympy.Expr
        Its value before the first step.
    after : sympy.Expr
        Its value after a step, in the numbers before it and the step's letters.
    """

    letter: sp.Symbol
    start: sp.Expr
    after: sp.Expr


@dataclass(frozen=True)
class Fold:
    """A closed form of one number in others, after any number of steps with any letters.

    Parameters
    ----------
    name : str
        What is proved of which number, for people.
    steps : tuple of sympy.Symbol
        The letters that each step has of its own.
    first : Changing
        The number that the claim is about.
    others : tuple of Changing
        The numbers that the claim is in.
    closed : sympy.Expr
        The claim.

    Examples
    --------
    >>> s, p, w = sp.symbols("s p w", positive=True)
    >>> product = Changing(p, sp.Integer(1), w * p)
    >>> squares = Fold("the product of squares", (w,), Changing(s, sp.Integer(1), w**2 * s), (product,), p**2)
    >>> [one.name for one in squares.obligations()], all(one.is_met for one in squares.obligations())
    (['base', 'step'], True)
    """

    name: str
    steps: tuple[sp.Symbol, ...]
    first: Changing
    others: tuple[Changing, ...]
    closed: sp.Expr

    def obligations(self) -> list[Obligation]:
        """Return that the claim holds before the first step, and that each step keeps it."""
        closed = sp.sympify(self.closed, strict=True)
        before = closed.subs({one.letter: one.start for one in self.others}, simultaneous=True)
        after = closed.subs({one.letter: one.after for one in self.others}, simultaneous=True)
        return [
            Obligation("base", self.first.start, before),
            Obligation("step", sp.sympify(self.first.after, strict=True).subs(self.first.letter, closed), after),
        ]
