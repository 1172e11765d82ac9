r"""The squared loss of a small network in any arithmetic: rationals, balls or power series, by rows of numbers.

The loss is :math:`\frac s2\sum_i|f(x_i)-y_i|^2` with :math:`f(x) = W_nD_{n-1}W_{n-1}\cdots D_1W_1x`. Between kinks the
masks D are constant, f is linear in each matrix, and the Hessian is read off products of the others.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flint

from theory.balls import Ball

Number = Any
"""A number of any arithmetic: flint.fmpq, flint.arb, flint.arb_series, Fraction."""

Rows = tuple[tuple[Number, ...], ...]
"""A matrix by its rows."""


def times(left: Rows, right: Rows) -> Rows:
    """Return the product of two matrices.

    Examples
    --------
    >>> times(((1, 2),), ((3,), (4,)))
    ((11,),)
    """
    columns = transposed(right)
    return tuple(tuple(_dot(row, column) for column in columns) for row in left)


def transposed(matrix: Rows) -> Rows:
    """Return rows as columns.

    Examples
    --------
    >>> transposed(((1, 2),))
    ((1,), (2,))
    """
    return tuple(zip(*matrix, strict=True))


def combined(left: Rows, right: Rows, factor: Number = 1) -> Rows:
    """Return left + factor * right.

    Examples
    --------
    >>> combined(((1, 2),), ((3, 4),), -1)
    ((-2, -2),)
    """
    return tuple(
        tuple(a + factor * b for a, b in zip(one, other, strict=True)) for one, other in zip(left, right, strict=True)
    )


def square(matrix: Rows) -> Number:
    """Return the sum of the squares of all entries.

    Examples
    --------
    >>> square(((3, 4),))
    25
    """
    first, *rest = itertools.chain.from_iterable(matrix)
    total = first * first
    for entry in rest:
        total = total + entry * entry
    return total


def in_balls(matrix: Rows) -> Rows:
    """Return rational entries as balls, at the present precision.

    Examples
    --------
    >>> in_balls(((flint.fmpq(1, 2),),))
    ((0.500000000000000,),)
    """
    return tuple(tuple(flint.arb(entry) for entry in row) for row in matrix)


def _dot(one: Sequence[Number], other: Sequence[Number]) -> Number:
    (a, b), *rest = zip(one, other, strict=True)
    total = a * b
    for a, b in rest:
        total = total + a * b
    return total


@dataclass(frozen=True, eq=False)
class SmallLoss:
    r"""The loss of one network.

    Parameters
    ----------
    layers : tuple of rows
        W_1, ..., W_n.
    inputs, targets : rows
        x_i and y_i as columns, of shapes (n_0, N) and (n_L, N).
    slope : number
        The slope of the activation below 0; 1 for a linear network.
    share : number
        s: 1 for the sum over examples, 1/N for the mean.

    Examples
    --------
    >>> half = flint.fmpq(1, 2)
    >>> chain = SmallLoss((((half,),),) * 2, ((1,),), ((1,),))
    >>> chain.gradient, chain.hessian  # w1 w2 = 1/4
    ((((-3/8,),), ((-3/8,),)), ((1/4, -1/2), (-1/2, 1/4)))
    """

    layers: tuple[Rows, ...]
    inputs: Rows
    targets: Rows
    slope: Number = 1
    share: Number = 1

    def at(self, layers: tuple[Rows, ...]) -> SmallLoss:
        """Return the loss at other weights."""
        return SmallLoss(layers, self.inputs, self.targets, self.slope, self.share)

    def in_balls(self) -> SmallLoss:
        """Return the same loss, with all numbers as balls."""
        layers = tuple(map(in_balls, self.layers))
        return SmallLoss(layers, in_balls(self.inputs), in_balls(self.targets), self.slope, flint.arb(self.share))

    @property
    def weights(self) -> tuple[Number, ...]:
        """All weights in one row, layer by layer and row by row."""
        return tuple(itertools.chain.from_iterable(itertools.chain.from_iterable(self.layers)))

    def shaped(self, weights: Sequence[Number]) -> tuple[Rows, ...]:
        """Return numbers in the shapes of the layers."""
        numbers = iter(weights)
        return tuple(tuple(tuple(next(numbers) for _ in row) for row in layer) for layer in self.layers)

    def _forward(self) -> tuple[list[Rows], list[Rows]]:
        """Return the input of each layer, and the slopes behind all layers but the last."""
        reached, slopes = [self.inputs], []
        for layer in self.layers[:-1]:
            z = times(layer, reached[-1])
            if not self._is_linear:
                mask = tuple(tuple(1 if x > 0 else self.slope for x in row) for row in z)
                slopes.append(mask)
                z = tuple(tuple(m * x for m, x in zip(*both, strict=True)) for both in zip(mask, z, strict=True))
            reached.append(z)
        return reached, slopes

    @property
    def is_off_kinks(self) -> bool:
        """Whether no preactivation is 0, or may be 0 as a ball."""
        reached = self.inputs
        for layer in self.layers[:-1]:
            z = times(layer, reached)
            if not all(x > 0 or x < 0 for row in z for x in row):
                return False
            reached = tuple(tuple(x if x > 0 else self.slope * x for x in row) for row in z)
        return True

    @property
    def residuals(self) -> Rows:
        """f(x_i) - y_i as columns."""
        return combined(times(self.layers[-1], self._forward()[0][-1]), self.targets, -1)

    @property
    def value(self) -> Number:
        """The loss."""
        return self.share * square(self.residuals) / 2

    @property
    def gradient(self) -> tuple[Rows, ...]:
        """The gradient in each layer."""
        reached, slopes = self._forward()
        residuals = combined(times(self.layers[-1], reached[-1]), self.targets, -1)
        back = tuple(tuple(self.share * x for x in row) for row in residuals)
        found = []
        for k in range(len(self.layers) - 1, -1, -1):
            found.append(times(back, transposed(reached[k])))
            if k:
                back = times(transposed(self.layers[k]), back)
                if slopes:
                    both = zip(slopes[k - 1], back, strict=True)
                    back = tuple(tuple(m * x for m, x in zip(*pair, strict=True)) for pair in both)
        return tuple(reversed(found))

    def stepped(self, eta: Number) -> SmallLoss:
        """Return the loss after a step of gradient descent."""
        moved = zip(self.layers, self.gradient, strict=True)
        return self.at(tuple(combined(layer, g, -eta) for layer, g in moved))

    @property
    def hessian(self) -> Rows:
        """The matrix of all second derivatives, between kinks."""
        places = [
            (k, p, q)
            for k, layer in enumerate(self.layers)
            for p in range(len(layer))
            for q in range(len(layer[0]))
        ]  # fmt: skip
        size = len(places)
        total: list[list[Number]] = [[0 * self.weights[0]] * size for _ in range(size)]
        for column, (x, r) in enumerate(zip(transposed(self.inputs), transposed(self.residuals), strict=True)):
            reached = self._reached_by(x)
            if not column or not self._is_linear:  # masks are those of each example
                between = self._between(x)
            last = len(self.layers)
            moves = [[out[p] * reached[k][q] for out in between[k, last]] for k, p, q in places]
            for i, (k, p, q) in enumerate(places):
                for j in range(i, size):
                    entry = _dot(moves[i], moves[j])
                    later, s, t = places[j]
                    if later > k:  # through row s and column t of the later matrix, and row p of the earlier one
                        passed = reached[k][q] * between[k, later][t][p]
                        entry = entry + passed * _dot(r, [out[s] for out in between[later, last]])
                    total[i][j] = total[i][j] + self.share * entry
        return tuple(tuple(total[min(i, j)][max(i, j)] for j in range(size)) for i in range(size))

    @property
    def _is_linear(self) -> bool:
        return isinstance(self.slope, int) and self.slope == 1

    def _masks(self, x: Sequence[Number]) -> list[list[Number]]:
        single = SmallLoss(self.layers, tuple((entry,) for entry in x), self.targets, self.slope)
        return [[row[0] for row in slopes] for slopes in single._forward()[1]]

    def _reached_by(self, x: Sequence[Number]) -> list[list[Number]]:
        single = SmallLoss(self.layers, tuple((entry,) for entry in x), self.targets, self.slope)
        return [[row[0] for row in rows] for rows in single._forward()[0]]

    def _between(self, x: Sequence[Number]) -> dict[tuple[int, int], Rows]:
        """Return what maps the output of matrix k to the input of matrix l, or to f for l = n."""
        masks, last = self._masks(x), len(self.layers)
        found: dict[tuple[int, int], Rows] = {}
        for k in range(last):
            width = len(self.layers[k])
            step = tuple(tuple(1 if i == j else 0 for j in range(width)) for i in range(width))
            for later in range(k + 1, last + 1):
                if later > k + 1:
                    step = times(self.layers[later - 1], step)
                if later < last and masks:
                    step = tuple(tuple(m * e for e in row) for m, row in zip(masks[later - 1], step, strict=True))
                found[k, later] = step
        return found


def is_definite(matrix: Rows, shift: Number = 0) -> bool | None:
    """Whether all eigenvalues of a symmetric matrix of balls lie above -shift; None where its pivots leave it open.

    Examples
    --------
    >>> rows = in_balls(((0, 1), (1, 0)))
    >>> is_definite(rows, flint.arb("1.001")), is_definite(rows, flint.arb("0.999")), is_definite(rows, flint.arb(1))
    (True, False, None)
    """
    rows = [[x + shift if i == j else x for j, x in enumerate(row)] for i, row in enumerate(matrix)]
    size = len(rows)
    for k in range(size):
        pivot: Ball = flint.arb(rows[k][k])
        if pivot < 0:
            return False
        if not pivot > 0:
            return None
        for i in range(k + 1, size):
            factor = rows[i][k] / pivot
            for j in range(k + 1, i + 1):
                rows[i][j] = rows[j][i] = rows[i][j] - factor * rows[j][k]
    return True
