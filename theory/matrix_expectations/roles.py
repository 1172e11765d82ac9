"""What the letters of a calculation are: random, symmetric, conjugates of one another, unit vectors, frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from theory.ensembles import InvalidArgument
from theory.matrix_expectations.letters import Conjugate, Frame, Letter, Pin
from theory.matrix_expectations.matrix_laws import (
    Gaussian,
    InverseWishart,
    MatrixLaw,
    Symmetric,
    Wishart,
    inverse_of,
    is_matrix,
)


@dataclass(frozen=True)
class Roles:
    """What the letters of a calculation are.

    Parameters
    ----------
    letters : list of Letter
        The letters, those of covariance matrices included.
    laws : dict of label to MatrixLaw
        The laws of the random ones.
    covariances : dict of matrix to label
        The labels of covariance matrices.
    symmetric : frozenset of int
        The labels of fixed symmetric matrices.
    conjugates : dict of label to label
        The label of the conjugate of a random matrix.
    pins : frozenset of int
        The labels of unit vectors.
    frames : dict of str to label
        The labels of the frames of rows and columns.

    Examples
    --------
    >>> W, Sigma = sp.MatrixSymbol("W", 2, 3), sp.MatrixSymbol("Sigma", 3, 3)
    >>> Roles.of([W], {W: Gaussian(colcov=Sigma)}).covariances
    {Sigma: 1}
    """

    letters: list[Letter]
    laws: dict[int, MatrixLaw]
    covariances: dict[Any, int] = field(default_factory=dict)
    symmetric: frozenset[int] = frozenset()
    conjugates: dict[int, int] = field(default_factory=dict)
    pins: frozenset[int] = frozenset()
    frames: dict[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Roles({len(self.letters)} letters, {len(self.laws)} random)"

    @classmethod
    def of(cls, letters: list[Letter], laws: Mapping[sp.MatrixSymbol, MatrixLaw]) -> Roles:
        """Find the roles of letters.

        Parameters
        ----------
        letters : list of Letter
            The letters of an expression; those of covariances that do not occur in it are added.
        laws : mapping of MatrixSymbol to MatrixLaw
            The laws of the symbols.

        Raises
        ------
        InvalidArgument
            If a Wishart matrix and its inverse occur together.
        """
        letters = list(letters)
        places = {letter: label for label, letter in enumerate(letters)}
        random = {label: law for letter, label in places.items() if (law := _law_of(letter, laws, places)) is not None}
        for letter, law in laws.items():
            invertible = letter in places and isinstance(law, (Wishart, InverseWishart))
            if invertible and sp.Inverse(letter) in places:
                problem = f"{letter} and its inverse occur together"
                raise InvalidArgument("expression", problem, "only means of one of them are known here")
        covariances = {}
        for law in random.values():
            for matrix in _covariances_of(law):
                if matrix not in places:
                    places[matrix] = len(letters)
                    letters.append(matrix)
                covariances[matrix] = places[matrix]
        known = {letter for letter, law in laws.items() if isinstance(law, Symmetric)}
        known |= {matrix.arg if isinstance(matrix, sp.Inverse) else matrix for matrix in covariances}
        symmetric = {
            label
            for letter, label in places.items()
            if letter in known or (isinstance(letter, sp.Inverse) and letter.arg in known)
        }
        return cls(
            letters,
            random,
            covariances,
            frozenset(symmetric),
            {
                places[letter.matrix]: label
                for letter, label in places.items()
                if isinstance(letter, Conjugate) and letter.matrix in laws and letter.matrix in places
            },
            frozenset(label for letter, label in places.items() if isinstance(letter, Pin)),
            {letter.side: label for letter, label in places.items() if isinstance(letter, Frame)},
        )

    def settled(self, expression: Any) -> Any:
        """Write symmetric matrices without a transpose.

        Examples
        --------
        >>> A = sp.MatrixSymbol("A", 2, 2)
        >>> Roles.of([A], {A: Symmetric()}).settled(A.T * A)
        A**2
        """
        letters = (self.letters[label] for label in self.symmetric)
        symmetric = (letter.arg if isinstance(letter, sp.Inverse) else letter for letter in letters)
        turned = {sp.Transpose(one): one for one in symmetric if isinstance(one, sp.MatrixSymbol)}
        found = expression.atoms(sp.Transpose) & turned.keys() if turned else ()
        return _rebuilt(expression, {one: turned[one] for one in found}) if found else expression


def _rebuilt(expression: Any, turned: Mapping[Any, Any]) -> Any:
    """Replace parts, and multiply again where factors have become equal."""
    out = expression.xreplace(turned)
    products = {part: part.doit(deep=False) for part in out.atoms(sp.MatMul) | out.atoms(sp.MatPow)}
    return out.xreplace({part: done for part, done in products.items() if part != done})


def _law_of(
    letter: Letter, laws: Mapping[sp.MatrixSymbol, MatrixLaw], places: Mapping[Letter, int]
) -> MatrixLaw | None:
    """Return the law of a letter if it is random.

    That of an inverse follows from that of the matrix. A conjugate is averaged with its matrix, unless it is alone.
    """
    if isinstance(letter, Conjugate) and letter.matrix not in places:
        return laws.get(letter.matrix)
    if isinstance(letter, sp.Inverse):
        law = laws.get(letter.arg)
        return inverse_of(law) if isinstance(law, (Wishart, InverseWishart)) else None
    law = laws.get(letter)
    return None if isinstance(law, Symmetric) else law


def _covariances_of(law: MatrixLaw) -> list[Any]:
    """Return the matrices in a law, for which the average brings letters of their own."""
    match law:
        case Gaussian():
            return [matrix for matrix in (law.rowcov, law.colcov) if matrix is not None]
        case Wishart() | InverseWishart():
            return [law.scale] if is_matrix(law.scale) else []
    return []
