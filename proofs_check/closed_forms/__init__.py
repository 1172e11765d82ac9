"""What `derive` can be asked for that speaks of no network: numbers and formulas of letters, one file each.

A closed form is found because its file is here, in the folder of its topic, and says ``CLOSED_FORM = ClosedForm(...)``;
its name is ``topic.name``, as that of the statements beside it.

=======  ==============================================================
linear2  two-layer linear networks, from layers of any imbalance
sparse   diagonal networks of depth N on a sparse signal
shape    diagonal networks and neurons: what shape and scale select
sgd      minibatches in a valley: which rates and curvatures are unstable
chain    chains of single weights
=======  ==============================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from proofs_check import discovery
from proofs_check.answers.notation import Notation
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

if TYPE_CHECKING:
    import sympy as sp

    from theory.balls import Ball

__all__ = ["ClosedForm", "Closed", "Letter", "names", "closed_form"]

KINDS = {
    "whole": "a positive integer",
    "natural": "an integer from 0",
    "positive": "a positive number",
    "nonnegative": "a number from 0",
    "share": "a number strictly between 0 and 1",
    "real": "a number",
    "numbers": "numbers in brackets, such as (1,-2,1/2)",
}
"""What a letter may stand for."""


@dataclass(frozen=True)
class Letter:
    """A letter of a closed form.

    Parameters
    ----------
    name : str
        How it is written.
    kind : str
        What it stands for, of :data:`KINDS`.
    meaning : str
        What it is, in a few words.
    default : str
        Its value where none is given; empty if there is none, and then it stays a letter.
    is_number : bool
        Whether it must be a number, as there is no formula in it.
    """

    name: str
    kind: str
    meaning: str
    default: str = ""
    is_number: bool = False


@dataclass(frozen=True)
class Closed:
    """What a closed form comes to.

    Parameters
    ----------
    exact : sympy.Expr or None
        The formula or the number, if it has a form in SymPy.
    ball : callable or None
        Returns a ball around the number, given how many digits to work with; where there is no formula.
    related : mapping of str to sympy.Expr
        What else belongs to the answer.
    """

    exact: sp.Expr | None = None
    ball: Callable[[int], Ball] | None = None
    related: Mapping[str, sp.Expr] | None = None


@dataclass(frozen=True)
class ClosedForm:
    """One number or formula that depends on letters.

    Parameters
    ----------
    left : Notation
        Its left-hand side.
    letters : tuple of Letter
        Its letters, in the order of the paper.
    evaluate : callable
        Returns it, a :class:`Closed`, given a keyword for each letter: a SymPy number, a symbol where none was given, a
        tuple of numbers for a letter of the kind ``numbers``.
    assumptions : tuple of str
        All that it assumes.
    source : str
        The paper, and the place in it.
    bounds : str
        What it bounds, in words, where it is a bound and not the number itself.
    names : mapping of str to str
        The letters behind the arguments of theory, for its errors.
    """

    left: Notation
    letters: tuple[Letter, ...]
    evaluate: Callable[..., Closed]
    assumptions: tuple[str, ...]
    source: str
    bounds: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def at(self, values: Mapping[str, Any]) -> Closed:
        """Evaluate it.

        Parameters
        ----------
        values : mapping of str to SymPy expression or tuple
            The value of each letter.

        Raises
        ------
        InvalidArgument
            If a letter that must be a number is none, or the closed form has no value there.
        """
        for letter in self.letters:
            if letter.is_number and values[letter.name].free_symbols:
                problem = f"{letter.name} ({letter.meaning}) has no value, and there is no formula in it"
                raise InvalidArgument("set", problem, f"give it: {letter.name}=...")
        try:
            found = self.evaluate(**values)
        except InvalidArgument as bad:
            raise self._named(bad) from None
        inner = found.ball
        return found if inner is None else replace(found, ball=lambda digits: self._enclosed(inner, digits))

    def _enclosed(self, ball: Callable[[int], Ball], digits: int) -> Ball:
        try:
            return ball(digits)
        except InvalidArgument as bad:
            raise self._named(bad) from None

    def _named(self, bad: InvalidArgument) -> InvalidArgument:
        """Return a refusal of theory in terms of the letters."""
        if bad.argument in ("set", "digits"):
            return bad
        name = self.names.get(bad.argument, bad.argument)
        known = any(letter.name == name for letter in self.letters)
        return InvalidArgument("set", f"{name} {bad.problem}" if known else bad.problem, bad.remedy)

    def letter(self, argument: str, name: str) -> Letter:
        """Return one of its letters.

        Raises
        ------
        InvalidArgument
            If it has no such letter.
        """
        for one in self.letters:
            if one.name == name:
                return one
        known = ", ".join(f"{one.name} ({one.meaning})" for one in self.letters)
        raise InvalidArgument(argument, f"there is no letter {name!r} here", f"the letters are {known}")


@cache
def _places() -> dict[str, tuple[str, str]]:
    """Return the package and the file's name on the command line of each closed form, by its name."""
    topics = ((topic, f"{__name__}.{topic}") for topic in discovery.files(__name__))
    return {f"{topic}.{name}": (package, name) for topic, package in topics for name in discovery.names(package)}


def names() -> tuple[str, ...]:
    """Return the names of all closed forms, and load none.

    Examples
    --------
    >>> "linear2.distance-law" in names()
    True
    """
    return tuple(_places())


def closed_form(name: str) -> ClosedForm:
    """Return the closed form of that name.

    Raises
    ------
    InvalidArgument
        If there is none; the nearest is suggested.

    Examples
    --------
    >>> [letter.name for letter in closed_form("linear2.distance-law").letters]
    ['h', 'a', 'theta', 'd']
    """
    if name not in _places():
        raise InvalidArgument("quantity", f"there is no closed form {name!r}", nearest(name, names()))
    package, file = _places()[name]
    return discovery.load(package, file, "CLOSED_FORM", ClosedForm)
