"""An induction as data: what a linear map carries from step to step, and the closed form that is claimed of it."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from proofs_check.evidence.proved import Obligation
from theory.ensembles import InvalidArgument


@dataclass(frozen=True)
class Carried:
    """One to three numbers, carried from step to step by a matrix; the first of them is what matters.

    Parameters
    ----------
    letter : sympy.Symbol
        Counts the steps.
    matrix : sympy.Matrix, shape (1, 1) to (3, 3)
        What one step multiplies by, as theory derives it.
    start : tuple of sympy.Expr
        The numbers before the first step.

    Raises
    ------
    InvalidArgument
        If there are not one to three numbers, or the matrix does not fit them.
    """

    letter: sp.Symbol
    matrix: sp.Matrix
    start: tuple[sp.Expr, ...]

    def __post_init__(self) -> None:
        size = len(self.start)
        if size not in (1, 2, 3) or self.matrix.shape != (size, size):
            problem = f"{size} numbers and a matrix of shape {self.matrix.shape}"
            raise InvalidArgument("carried", problem, "give one to three numbers and a square matrix for them")

    @classmethod
    def number(cls, letter: sp.Symbol, factor: sp.Expr, start: sp.Expr) -> Carried:
        """Return one number, which each step multiplies by a factor.

        Examples
        --------
        >>> Carried.number(sp.Symbol("L"), sp.Integer(2), sp.Integer(1)).at(3)
        8
        """
        return cls(letter, sp.Matrix([[factor]]), (start,))

    def at(self, steps: int) -> sp.Expr:
        """Return the first number after so many steps."""
        vector = sp.Matrix(self.start)
        for _ in range(steps):
            vector = self.matrix * vector
        return vector[0]


@dataclass(frozen=True)
class Forward:
    """Where an induction's matrix comes from: one layer of independent symmetric weights, at order 2 or 4.

    Parameters
    ----------
    order : int
        The power of the norm, 2 or 4.
    width : sympy.Expr
        The number of units of every layer.
    variance, kurtosis : sympy.Expr
        Of a weight.
    slope : sympy.Expr
        The activation's slope for negative arguments.
    """

    order: int
    width: sp.Expr
    variance: sp.Expr
    kurtosis: sp.Expr
    slope: sp.Expr


@dataclass(frozen=True)
class Backward:
    """Where an induction's numbers come from: the backward pass at order 2, behind a readout of symmetric signs.

    Parameters
    ----------
    blocks : bool
        Whether a block of the Hessian is meant, rather than the gradient of one matrix.
    width, variance, slope : sympy.Expr
        As for :class:`Forward`.
    readout : sympy.Expr
        The second moment of an entry of the readout.
    """

    blocks: bool
    width: sp.Expr
    variance: sp.Expr
    slope: sp.Expr
    readout: sp.Expr


@dataclass(frozen=True)
class Branches:
    """Where an induction's factor comes from: branches beside the identity, at order 2.

    Parameters
    ----------
    matrices : int
        1 for a + alpha W a, 2 for a + alpha W' phi(W a).
    scale : sympy.Expr
        alpha.
    width, variance, slope : sympy.Expr
        As for :class:`Forward`.
    """

    matrices: int
    scale: sp.Expr
    width: sp.Expr
    variance: sp.Expr
    slope: sp.Expr


Origin = Forward | Backward | Branches
"""What derives the numbers of an induction from the moments of single weights."""


@dataclass(frozen=True)
class Induction:
    """A closed form of a product of carried numbers, for all numbers of steps.

    Parameters
    ----------
    name : str
        What is proved of which number, for people.
    carried : tuple of Carried
        Whose first numbers are multiplied. More than one number may be carried in one of them at most.
    closed : sympy.Expr
        The claim, in the letters that count the steps.
    below_one, where
        As for :class:`~proofs_check.evidence.proved.Obligation`.
    origin : Forward, Backward or Branches, optional
        What derives the numbers from the moments of single weights.

    Raises
    ------
    InvalidArgument
        If two of the carried numbers have one letter.

    Examples
    --------
    >>> L = sp.Symbol("L", integer=True, positive=True)
    >>> doubles = Induction("2^L", (Carried.number(L, sp.Integer(2), sp.Integer(1)),), 2**L)
    >>> [one.name for one in doubles.obligations()], all(one.is_met for one in doubles.obligations())
    (['base L = 0', 'step in L'], True)
    """

    name: str
    carried: tuple[Carried, ...]
    closed: sp.Expr
    below_one: tuple[sp.Symbol, ...] = ()
    where: tuple[tuple[sp.Symbol, sp.Expr], ...] = ()
    origin: Origin | None = None

    def __post_init__(self) -> None:
        letters = [one.letter for one in self.carried]
        if len(set(letters)) < len(letters):
            problem = f"count two things by one letter: {', '.join(map(str, letters))}"
            raise InvalidArgument("carried", problem, "give each its own letter")

    def obligations(self) -> list[Obligation]:
        """Return what is left to show: where the steps begin, and that each step keeps the closed form.

        A matrix of d rows satisfies its characteristic equation (Cayley and Hamilton). So its first d values and a
        recursion of d terms determine all others.
        """
        letters = [one.letter for one in self.carried]
        start = dict.fromkeys(letters, 0)
        longest = max(len(one.start) for one in self.carried)
        out = []
        for steps in range(longest):
            values = [one.at(steps if len(one.start) == longest else 0) for one in self.carried]
            place = {one.letter: steps if len(one.start) == longest else 0 for one in self.carried}
            which = "base " + ", ".join(f"{letter} = {at}" for letter, at in {**start, **place}.items())
            out.append(self._obligation(which, sp.Mul(*values), self._at(place)))
        for one in self.carried:
            *lower, _ = one.matrix.charpoly().all_coeffs()[::-1]
            after = sp.Add(*(-c * self._at({one.letter: one.letter + j}) for j, c in enumerate(lower)))
            reached = self._at({one.letter: one.letter + len(one.start)})
            out.append(self._obligation(f"step in {one.letter}", after, reached))
        return out

    def _obligation(self, name: str, left: sp.Expr, right: sp.Expr) -> Obligation:
        return Obligation(name, left, right, self.below_one, self.where)

    def _at(self, place: dict[sp.Symbol, sp.Expr | int]) -> sp.Expr:
        return sp.sympify(self.closed, strict=True).xreplace(
            {x: sp.sympify(to, strict=True) for x, to in place.items()}
        )
