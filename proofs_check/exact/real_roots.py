"""Real roots of rational polynomials, and signs and norms of rational matrices, exactly."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np

from theory.ensembles import InvalidArgument

Number = Any
"""A rational number, a flint.fmpq."""


Array = Any
"""A matrix of rationals, a flint.fmpq_mat."""


Polynomial = Any
"""A polynomial with rational coefficients, a flint.fmpq_poly."""


def signs(polynomial: Polynomial) -> tuple[int, int, int]:
    """Count the positive, the negative and the zero roots of a polynomial whose roots are all real.

    Examples
    --------
    >>> signs(flint.fmpq_poly([0, -2, 1, 1]))  # x (x - 1) (x + 2)
    (1, 1, 1)
    """
    coefficients = polynomial.coeffs()
    zeros = next(power for power, c in enumerate(coefficients) if c != 0)
    nonzero = [c for c in coefficients if c != 0]
    positive = sum(1 for a, b in itertools.pairwise(nonzero) if a * b < 0)
    return positive, polynomial.degree() - zeros - positive, zeros


def squared_roots(polynomial: Polynomial) -> Polynomial:
    """Return the polynomial whose roots are the squares of the roots of another.

    Examples
    --------
    >>> squared_roots(flint.fmpq_poly([-6, -1, 1]))  # (x - 3) (x + 2)
    x^2 + (-13)*x + 36
    """
    mirrored = polynomial(flint.fmpq_poly([0, -1]))
    even = (polynomial * mirrored).coeffs()[::2]
    return flint.fmpq_poly(even) * (-1) ** polynomial.degree()


@dataclass(frozen=True)
class LargestRoot:
    """The largest root of a polynomial whose roots are real and not negative, by exact enclosure.

    Parameters
    ----------
    polynomial : flint.fmpq_poly
        A polynomial without multiple roots, and without the root 0 unless it is the only one.
    lo, hi : flint.fmpq
        The bounds lo <= root <= hi, which are equal if the root is known to be rational.
    """

    polynomial: Polynomial
    lo: Number
    hi: Number

    @classmethod
    def of(cls, polynomial: Polynomial) -> LargestRoot:
        """Return the largest root, guessed in floating point and then checked by Descartes' rule.

        Raises
        ------
        InvalidArgument
            If the guess fails the check, because some roots are not real.

        Examples
        --------
        >>> root = LargestRoot.of(flint.fmpq_poly([2, -4, 1]))  # 2 + sqrt 2
        >>> float(root.lo) < 2 + 2**0.5 < float(root.hi) < float(root.lo) + 1e-10
        True
        """
        square_free = polynomial / polynomial.gcd(polynomial.derivative())
        while square_free.degree() > 1 and square_free[0] == 0:
            square_free /= flint.fmpq_poly([0, 1])
        if square_free.degree() == 1:
            root = -square_free[0] / square_free[1]
            return cls(square_free, root, root)
        slope, guess = (
            square_free.derivative(),
            _rational(max(np.roots([float(c) for c in square_free.coeffs()[::-1]]).real)),
        )
        for _ in range(2):  # Newton's step is made exactly, then rounded to 53 binary places
            guess = _rational(float(guess - square_free(guess) / slope(guess)))
        lo, hi = (guess * flint.fmpq(10**12 + side, 10**12) for side in (-1, 1))
        if roots_above(square_free, hi) or not roots_above(square_free, lo):
            raise InvalidArgument(
                "polynomial", f"its largest root is not near {guess}", "check that its roots are real"
            )
        return cls(square_free, lo, hi)

    @classmethod
    def rational(cls, number: Number) -> LargestRoot:
        """Return a rational number in this form."""
        return cls(flint.fmpq_poly([-number, 1]), number, number)

    def times(self, factor: Number) -> LargestRoot:
        """Return the number multiplied by a rational that is not negative."""
        if factor == 0:
            return LargestRoot.rational(flint.fmpq(0))
        scaled = self.polynomial(flint.fmpq_poly([0, 1 / flint.fmpq(factor)]))
        return LargestRoot(scaled, self.lo * factor, self.hi * factor)

    def at_most(self, other: LargestRoot) -> bool | None:
        """Whether self <= other; None where the enclosures overlap and the two are not shown to be equal."""
        if self.hi <= other.lo:
            return True
        if self.lo > other.hi:
            return False
        start = min(self.lo, other.lo)
        alone = all(_from(p, start) == 1 for p in (self.polynomial, other.polynomial))
        common = self.polynomial.gcd(other.polynomial)
        return True if alone and _from(common, start) == 1 else None

    def root_bounds(self) -> tuple[Number, Number]:
        """Return bounds of the square root; they are equal if it is known to be rational."""
        return _root(self.lo, up=False), _root(self.hi, up=True)


def spectral_norm_squared(matrix: Array) -> LargestRoot:
    """Return the square of a matrix's largest singular value.

    Examples
    --------
    >>> spectral_norm_squared(flint.fmpq_mat(1, 2, [3, 4])).hi
    25
    """
    narrow = matrix if matrix.nrows() <= matrix.ncols() else matrix.transpose()
    return LargestRoot.of((narrow * narrow.transpose()).charpoly())


def frobenius_squared(matrix: Array) -> Number:
    """Return the sum of the squares of all entries.

    Examples
    --------
    >>> frobenius_squared(flint.fmpq_mat(1, 2, [3, 4]))
    25
    """
    return sum((entry * entry for entry in matrix.entries()), flint.fmpq(0))


def roots_above(polynomial: Polynomial, point: Number) -> int:
    """Return how many roots of a polynomial lie above a point, given that all its roots are real.

    Parameters
    ----------
    polynomial : flint.fmpq_poly
        A polynomial whose roots are all real.
    point : flint.fmpq
        The point; a root at the point itself is not counted.

    Examples
    --------
    >>> roots_above(flint.fmpq_poly([6, -5, 1]), flint.fmpq(2))  # (x - 2) (x - 3)
    1
    """
    return signs(polynomial(flint.fmpq_poly([point, 1])))[0]


def _from(polynomial: Polynomial, point: Number) -> int:
    """Return how many roots of a polynomial without multiple ones lie at a point or above it."""
    return roots_above(polynomial, point) + int(polynomial(point) == 0)


def _rational(number: float) -> Number:
    """Return a float as a rational, without rounding."""
    return flint.fmpq(*float(number).as_integer_ratio())


def _root(square: Number, *, up: bool) -> Number:
    """Return a square root rounded to 80 binary places, exact where the square is that of a rational."""
    top, bottom = int(square.p), int(square.q)
    exact = flint.fmpq(math.isqrt(top), math.isqrt(bottom))
    if exact * exact == square:
        return exact
    floor = math.isqrt((top << 160) // bottom)
    return flint.fmpq(floor + int(up), 1 << 80)
