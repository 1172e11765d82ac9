"""The sizes for which a claim about matrices is made, by --for and --set, and the points at which it is tried."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.claims.domain import LADDER, Range, parts_of, read_domain
from proofs_check.claims.matrices import Matrices
from theory.ensembles import InvalidArgument

_MOST_VALUES = 8
_MOST_POINTS = 60
_MOST_SIZES = 64


@dataclass(frozen=True)
class MatrixSizes:
    """The values of the letters of sizes and degrees of freedom.

    Parameters
    ----------
    ranges : mapping of Symbol to Range
        The values of each letter that is no number.
    text : str
        For which sizes the claim is made, in words.
    """

    ranges: Mapping[sp.Symbol, Range]
    text: str

    @classmethod
    def read(cls, texts: Any, matrices: Matrices) -> MatrixSizes:
        """Read what ``--for`` says of the letters of matrices; by default they are all positive whole numbers.

        Parameters
        ----------
        texts : str, list of str, mapping or None
            Such as ``n>=2`` or ``n=1..4,m=2``.
        matrices : Matrices
            The matrices, with numbers for some letters.

        Raises
        ------
        InvalidArgument
            If it cannot be read, or names what is no size, or is a number already.

        Examples
        --------
        >>> MatrixSizes.read("n>=2", Matrices.declared(["W: normal 1/n, n by m"])).text
        'n >= 2, all m and all fixed matrices'
        """
        letters = {name: letter for name, letter in matrices.letters.items() if letter.is_Symbol}
        sizes = [letter for letter in letters.values() if letter.is_integer]
        for name, _, _ in parts_of(texts):
            if name in matrices.letters and name not in letters:
                problem = f"{name} is {matrices.letters[name]} by --set"
                raise InvalidArgument("for", problem, "leave one of the two out")
            if name in letters and letters[name] not in sizes:
                raise InvalidArgument("for", f"{name} is no size", f"give it a number: --set {name}=1/2")
        domain = read_domain(texts, sizes, [], matrices.letters)
        if domain.path:
            name, formula = next(iter(domain.path.items()))
            problem = f"{name}={formula} is a formula, and sizes of matrices have numbers here"
            raise InvalidArgument("for", problem, "use e.g. --for 'n>=2' or --for n=1..8")
        given = [letter for letter in sizes if domain.ranges[letter].given]
        parts = [f"{name} = {value}" for name, value in matrices.letters.items() if not value.is_Symbol]
        if domain.text:
            parts.append(domain.text)
        free = sorted(name for name, letter in letters.items() if letter not in given)
        if free:
            parts.append(f"all {', '.join(free)}")
        return cls(domain.ranges, f"{', '.join(parts)} and all fixed matrices" if parts else "matrices of these sizes")

    @property
    def least(self) -> dict[sp.Symbol, int]:
        """The least value of each letter."""
        return {letter: values.values[0] for letter, values in self.ranges.items()}

    @property
    def finite(self) -> dict[sp.Symbol, tuple[int, ...]]:
        """The letters that have finitely many values, with these."""
        return {x: values.values for x, values in self.ranges.items() if values.given and not values.unbounded}

    def below(self, letter: sp.Symbol, least: int) -> list[sp.Integer]:
        """Return the values of a letter that are less than a number."""
        return [sp.Integer(value) for value in self.ranges[letter].values if value < least]

    def points(
        self, matrices: Matrices, finite: Mapping[str, sp.Expr], known: Iterable[sp.Symbol] = ()
    ) -> Iterator[dict[Any, sp.Expr]]:
        """Generate numbers for all letters, small ones first.

        Parameters
        ----------
        matrices : Matrices
            The matrices.
        finite : mapping of str to sympy.Expr
            What must be positive for moments to be finite.
        known : iterable of Symbol
            The letters of sizes that have numbers already.
        """
        letters = sorted(set(self.ranges) - set(known), key=str)
        columns = [_tried(self.ranges[letter]) for letter in letters]
        rest = [letter for letter in matrices.letters.values() if letter.is_Symbol and letter not in self.ranges]
        choices = sorted(itertools.product(*columns), key=lambda choice: (sum(choice), choice))
        for place, choice in enumerate(choices[:_MOST_POINTS]):
            point = self._raised(dict(zip(letters, map(sp.Integer, choice), strict=True)), finite)
            if point is None:
                continue
            values = {x: sp.Integer(2 + (place + shift) % 3) for shift, x in enumerate(rest)}
            values |= {x: sp.Rational(1, 2 + place % 3) for x in rest if str(x) in matrices.probabilities}
            yield point | values

    def diagonal(self, matrices: Matrices, finite: Mapping[str, sp.Expr]) -> Iterator[dict[Any, sp.Expr]]:
        """Generate numbers for all letters, the same for all where their ranges allow it.

        Parameters
        ----------
        matrices, finite
            As for :meth:`points`.
        """
        rest = [letter for letter in matrices.letters.values() if letter.is_Symbol and letter not in self.ranges]
        longest = max((len(values.values) for values in self.ranges.values()), default=1)
        for place in range(min(longest, _MOST_SIZES)):
            values = {x: r.values[min(place, len(r.values) - 1)] for x, r in self.ranges.items()}
            point = self._raised({x: sp.Integer(value) for x, value in values.items()}, finite)
            if point is not None:
                yield point | dict.fromkeys(rest, sp.Integer(place + 1))

    def _raised(self, point: dict[Any, sp.Expr], finite: Mapping[str, sp.Expr]) -> dict[Any, sp.Expr] | None:
        """Return sizes with degrees of freedom that leave moments finite, or None where there are none."""
        for spare in finite.values():
            short = spare.xreplace(point)
            raised = [letter for letter in spare.free_symbols if spare.coeff(letter) == 1]
            if short <= 0 and raised:
                needed = point[raised[0]] + 1 - short
                enough = [value for value in self.ranges[raised[0]].values if value >= needed]
                if not enough:
                    return None
                point = {**point, raised[0]: sp.Integer(enough[0])}
            elif short <= 0:
                return None
        return point


def _tried(values: Range) -> list[int]:
    """Return the values of a letter that are tried: the first ones, and some beyond."""
    first = values.values[:4]
    return [*first, *(value for value in values.values[4:] if value in LADDER or value - first[0] in LADDER)][
        :_MOST_VALUES
    ]


def matrices_at(matrices: Matrices, point: Mapping[sp.Symbol, sp.Expr]) -> Matrices:
    """Return the matrices at numbers for some of their sizes.

    Parameters
    ----------
    matrices : Matrices
        The matrices, those too that a claim named and nobody declared.
    point : mapping of Symbol to number
        The sizes.

    Examples
    --------
    >>> n = sp.Symbol("n", integer=True, positive=True)
    >>> matrices_at(Matrices.declared(["W: normal 1/n, n by m"]), {n: sp.Integer(2)}).laws
    {W: Gaussian(variance=1/2)}
    """
    known = {name: value for name, value in matrices.letters.items() if not value.is_Symbol}
    out = Matrices.declared(matrices.texts, known | {str(letter): value for letter, value in point.items()})
    for name, matrix in matrices.named.items():
        out.named.setdefault(name, matrix.xreplace(dict(point)))
    out.assumed += matrices.assumed
    out.inverted += [base.xreplace(dict(point)) for base in matrices.inverted]
    return out
