r"""Epochs in which every example is used once: the largest learning rate that is stable in mean square.

An epoch is a random order of the examples, cut into minibatches of S. Let :math:`T_B(\eta)` carry
:math:`(\psi^2, \psi\psi_-, \psi_-^2)` through the minibatch B. An epoch carries their means by

.. math:: M(\eta) = E\,T_{B_m}\cdots T_{B_1},

whose entries are polynomials in the learning rate. Like the map of one step, it takes covariance matrices to covariance
matrices, so that its spectral radius is an eigenvalue. At small rates that is below 1; so the stable rates end at the
least positive root of det(I - M), which is isolated exactly. Without momentum M is :math:`E\prod_B(1-\eta h_B)^2`.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from itertools import combinations
from math import comb
from typing import Any

import flint

from theory.balls import Ball, precision, require_digits
from theory.dynamics.sgd_stability.second_moments import read_momentum
from theory.dynamics.sgd_stability.typical import read_curvatures
from theory.ensembles import InvalidArgument

Polynomial = Any
"""A polynomial with rational coefficients, a flint.fmpq_poly."""

_MOST_STEPS = {False: 40_000, True: 4_000}
"""So many products are made at most, without momentum and with it."""
_MOST_EXAMPLES = 20


def reshuffled_determinant(curvatures: Iterable[Any], batch: int, momentum: Any = 0) -> Polynomial:
    """Derive det(I - M) as a polynomial in the learning rate, without its roots at 0.

    Parameters
    ----------
    curvatures : sequence of numbers
        The h_i, exact numbers of positive mean.
    batch : int
        S, a divisor of their number.
    momentum : number
        mu, from 0 to less than 1.

    Returns
    -------
    flint.fmpq_poly

    Raises
    ------
    InvalidArgument
        If S does not divide the number of examples, there are too many orders, or something is out of range.

    Examples
    --------
    >>> reshuffled_determinant([1, 3], 1)  # (1 - eta)^2 (1 - 3 eta)^2 < 1
    (-9)*x^3 + 24*x^2 + (-22)*x + 8
    """
    M = epoch_map(curvatures, batch, momentum)
    if len(M) == 1:
        determinant = 1 - M[0][0]
    else:
        (a, b, c), (d, e, f), (g, i, j) = M
        a, e, j = 1 - a, 1 - e, 1 - j  # the other entries change their signs
        determinant = a * (e * j - f * i) - b * (d * j + f * g) - c * (d * i + e * g)
    while determinant[0] == 0:
        determinant = flint.fmpq_poly(determinant.coeffs()[1:])
    return determinant


def epoch_map(curvatures: Iterable[Any], batch: int, momentum: Any = 0) -> list[list[Polynomial]]:
    r"""Derive M: what an epoch makes of the means of :math:`(\psi^2, \psi\psi_-, \psi_-^2)`.

    Parameters
    ----------
    curvatures, batch, momentum
        As for :func:`reshuffled_determinant`.

    Returns
    -------
    list of lists of flint.fmpq_poly
        A matrix of 3 rows; without momentum of one, for :math:`\psi^2` alone.

    Raises
    ------
    InvalidArgument
        As :func:`reshuffled_determinant`.

    Examples
    --------
    >>> epoch_map([1, 3], 2)  # (1 - 2 eta)^2
    [[4*x^2 + (-4)*x + 1]]
    """
    h = read_curvatures(curvatures)
    read = read_momentum(momentum)
    if not read.is_Rational:
        raise InvalidArgument("momentum", f"must be a number, got {momentum}", "use e.g. 0.9")
    mu = flint.fmpq(int(read.p), int(read.q))
    _require_sizes(len(h), batch, bool(mu))
    return [[_without_momentum(h, batch)]] if mu == 0 else _with_momentum(h, batch, mu)


def reshuffled_rate(curvatures: Iterable[Any], batch: int, momentum: Any = 0, digits: int = 30) -> Ball:
    """Enclose the learning rate up to which E psi^2 vanishes from epoch to epoch.

    Parameters
    ----------
    curvatures, batch, momentum
        As for :func:`reshuffled_determinant`.
    digits : int
        The number of decimal digits.

    Raises
    ------
    InvalidArgument
        As :func:`reshuffled_determinant`.

    Examples
    --------
    >>> print(reshuffled_rate([1, 3], 1).str(10), reshuffled_rate([1, 3], 2).str(10))
    [1.333333333 +/- 3.34e-10] 1.000000000
    """
    require_digits(digits)
    determinant = reshuffled_determinant(curvatures, batch, momentum)
    with precision(digits + 10):
        roots = [root.real for root, _ in determinant.numer().complex_roots() if root.imag == 0 and root.real > 0]
    return min(roots, key=lambda root: float(root.mid()))


def _require_sizes(examples: int, batch: int, has_momentum: bool) -> None:
    if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
        raise InvalidArgument("batch", f"must be a positive whole number, got {batch!r}", "use e.g. 2")
    if batch > examples:
        raise InvalidArgument("batch", f"has {batch} of {examples} examples", "use fewer")
    if examples % batch:
        problem = f"of {batch} does not divide the {examples} examples into equal minibatches"
        raise InvalidArgument("batch", problem, "use a divisor, or leave reshuffling out")
    if examples == batch:
        return
    sizes = range(batch, examples + 1, batch)
    if (
        examples > _MOST_EXAMPLES
        or sum(comb(examples, size) * comb(size, batch) if has_momentum else comb(examples, size) for size in sizes)
        > _MOST_STEPS[has_momentum]
    ):
        problem = f"of {batch} has too many orders of {examples} examples to derive them all"
        raise InvalidArgument("batch", problem, "use fewer examples, or leave reshuffling out")


def _rational(value: Fraction) -> Any:
    return flint.fmpq(value.numerator, value.denominator)


def _mean(h: tuple[Fraction, ...], chosen: Iterable[int], batch: int) -> Any:
    return _rational(sum((h[i] for i in chosen), Fraction(0)) / batch)


def _without_momentum(h: tuple[Fraction, ...], batch: int) -> Polynomial:
    """Average the product over all partitions: the first example left is in one minibatch, with others at random."""
    if batch == 1:  # all orders have the same product
        product = flint.fmpq_poly([1])
        for value in h:
            product *= flint.fmpq_poly([1, -_rational(value)])
        return product * product

    @cache
    def averaged(left: frozenset[int]) -> Polynomial:
        if not left:
            return flint.fmpq_poly([1])
        first, *others = sorted(left)
        total = flint.fmpq_poly([0])
        for chosen in combinations(others, batch - 1):
            factor = flint.fmpq_poly([1, -_mean(h, (first, *chosen), batch)])
            total += factor * factor * averaged(left.difference((first, *chosen)))
        return total / comb(len(others), batch - 1)

    return averaged(frozenset(range(len(h))))


def _with_momentum(h: tuple[Fraction, ...], batch: int, mu: Any) -> list[list[Polynomial]]:
    """Average the products over all orders, by which minibatch comes last."""

    @cache
    def averaged(left: frozenset[int]) -> list[list[Polynomial]]:
        if not left:
            return [[flint.fmpq_poly([int(i == j)]) for j in range(3)] for i in range(3)]
        total = [[flint.fmpq_poly([0])] * 3 for _ in range(3)]
        for chosen in combinations(sorted(left), batch):
            a = flint.fmpq_poly([1 + mu, -_mean(h, chosen, batch)])
            first, second, third = averaged(left.difference(chosen))
            step = (
                [a * a * x - 2 * mu * a * y + mu * mu * z for x, y, z in zip(first, second, third, strict=True)],
                [a * x - mu * y for x, y in zip(first, second, strict=True)],
                first,
            )
            total = [[x + y for x, y in zip(*rows, strict=True)] for rows in zip(total, step, strict=True)]
        return [[entry / comb(len(left), batch) for entry in row] for row in total]

    return averaged(frozenset(range(len(h))))
