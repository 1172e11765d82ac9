r"""Small networks with layer or batch norm whose deviations are all rational: gradient and Hessian exactly.

Weights are drawn until the variance behind every :math:`\sigma` is the square of a rational. Then f is evaluated on
numbers that carry their first and second derivatives in all weights, by the product rule and the chain rule. So neither
a backward pass nor a formula for either derivative is used.
"""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import flint
import numpy as np

from proofs_check.exact.real_roots import Array, Number, Polynomial, roots_above, signs

_ENTRIES = (-4, -3, -2, -1, 1, 2, 3, 4)
_TRIES = 2_000
"""This many times the weights of a layer are drawn before the whole network is drawn anew."""


@dataclass(frozen=True, eq=False)
class SmallNormalized:
    """One network with rational weights and deviations, drawn when it is first asked about.

    Parameters
    ----------
    widths : tuple of int
        The widths n_0, ..., n_L.
    batch : int
        The number of inputs under batch norm, where f is the output on the first one; 1 under layer norm.
    slope : flint.fmpq
        The slope of the activation below 0.

    Examples
    --------
    >>> net = SmallNormalized((1, 4, 4), 1, flint.fmpq(0))
    >>> net.gradient.shape, net.hessian == net.hessian.transpose()
    ((20,), True)
    """

    widths: tuple[int, ...]
    batch: int
    slope: Number

    def __str__(self) -> str:
        """Return what a counterexample needs: all numbers."""
        norm = "layer norm" if self.batch == 1 else f"batch norm, x = {self.drawn.inputs.tolist()}"
        weights = "; ".join(str(matrix.tolist()) for matrix in self.drawn.matrices)
        return f"{norm}, slope {self.slope}, W = {weights}, v = {self.drawn.readout.tolist()}"

    @property
    def depth(self) -> int:
        """The number L of weight matrices."""
        return len(self.widths) - 1

    @cached_property
    def drawn(self) -> Drawn:
        """The weights, the readout and the inputs."""
        return _draw(self.widths, self.batch, self.slope)

    @cached_property
    def weights(self) -> Any:
        """All weights, shape (P,): layer by layer, each matrix by rows."""
        return np.concatenate([matrix.ravel() for matrix in self.drawn.matrices])

    @property
    def places(self) -> list[slice]:
        """Where each layer's weights are among all."""
        ends = itertools.accumulate((matrix.size for matrix in self.drawn.matrices), initial=0)
        return [slice(*pair) for pair in itertools.pairwise(ends)]

    @property
    def scaled(self) -> list[slice]:
        """Places of weights whose common scale does not matter to f: of a layer, or under batch norm of a unit."""
        if self.batch == 1:
            return self.places
        rows = ((at.start, *matrix.shape) for at, matrix in zip(self.places, self.drawn.matrices, strict=True))
        return [slice(start + i * n, start + (i + 1) * n) for start, m, n in rows for i in range(m)]

    @cached_property
    def _output(self) -> _Jet:
        size, start = len(self.weights), 0
        a = _Jet.constant(self.drawn.inputs, size)
        for matrix in self.drawn.matrices:
            w = _Jet.variables(matrix, start, size)
            start += matrix.size
            a = _activated(_standardized(w @ a, self.batch), self.slope)
        return (_Jet.constant(self.drawn.readout[None, :], size) @ a)[0, 0]

    @property
    def value(self) -> Number:
        """The output f."""
        return self._output.value

    @property
    def gradient(self) -> Any:
        """The gradient of f, shape (P,)."""
        return self._output.first

    @cached_property
    def hessian(self) -> Array:
        """The Hessian of f, a flint.fmpq_mat."""
        return flint.fmpq_mat([[flint.fmpq(entry) for entry in row] for row in self._output.second.tolist()])

    @cached_property
    def characteristic(self) -> Polynomial:
        """The Hessian's characteristic polynomial."""
        return self.hessian.charpoly()

    @cached_property
    def signs(self) -> tuple[int, int]:
        """How many eigenvalues are positive and how many negative."""
        return signs(self.characteristic)[:2]

    @cached_property
    def product_of_ends(self) -> tuple[Number, Number]:
        """Two rationals between which -lambda_min lambda_max lies, checked by Descartes' rule."""
        mirrored = self.characteristic(flint.fmpq_poly([0, -1]))
        values = np.linalg.eigvalsh(np.array(self.hessian.tolist(), dtype=np.float64))
        sides = ((self.characteristic, values[-1]), (mirrored * (-1) ** mirrored.degree(), -values[0]))
        low, high = flint.fmpq(1), flint.fmpq(1)
        for polynomial, guess in sides:
            below, above = (flint.fmpq(*float(guess * (1 + side)).as_integer_ratio()) for side in (-1e-9, 1e-9))
            if not roots_above(polynomial, below) or roots_above(polynomial, above):
                raise ArithmeticError(f"the largest root is not near {guess}")
            low, high = low * below, high * above
        return low, high


@dataclass(frozen=True, eq=False)
class _Jet:
    """An array of rationals with their first and second derivatives, shapes s, (*s, P), (*s, P, P)."""

    value: Any
    first: Any
    second: Any

    @classmethod
    def constant(cls, value: Any, size: int) -> _Jet:
        return cls(value, _zeros((*value.shape, size)), _zeros((*value.shape, size, size)))

    @classmethod
    def variables(cls, value: Any, start: int, size: int) -> _Jet:
        jet = cls.constant(value, size)
        for place, index in enumerate(np.ndindex(value.shape)):
            jet.first[(*index, start + place)] = flint.fmpq(1)
        return jet

    def __getitem__(self, index: Any) -> _Jet:
        return _Jet(self.value[index], self.first[index], self.second[index])

    def __add__(self, other: _Jet) -> _Jet:
        return _Jet(self.value + other.value, self.first + other.first, self.second + other.second)

    def __mul__(self, other: _Jet) -> _Jet:
        (a, g, h), (b, k, m) = ((jet.value, jet.first, jet.second) for jet in (self, other))
        mixed = g[..., :, None] * k[..., None, :]
        second = a[..., None, None] * m + b[..., None, None] * h + mixed + np.swapaxes(mixed, -1, -2)
        return _Jet(a * b, a[..., None] * k + b[..., None] * g, second)

    def __matmul__(self, other: _Jet) -> _Jet:
        left, right = self[:, :, None], other[None, :, :]
        return (left * right).sum(axis=1)

    def sum(self, axis: int) -> _Jet:
        return _Jet(self.value.sum(axis=axis), self.first.sum(axis=axis), self.second.sum(axis=axis))

    def times(self, factor: Any) -> _Jet:
        """Return the product with constants that have the shape of the values."""
        return _Jet(factor * self.value, factor[..., None] * self.first, factor[..., None, None] * self.second)

    def composed(self, value: Any, slope: Any, bend: Any) -> _Jet:
        """Return a function of it, given the function's values and its first and second derivatives there."""
        bent = bend[..., None, None] * self.first[..., :, None] * self.first[..., None, :]
        return _Jet(value, slope[..., None] * self.first, slope[..., None, None] * self.second + bent)


def _standardized(z: _Jet, batch: int) -> _Jet:
    """Return z standardized over units, or over the batch if there is one."""
    axis = 1 if batch > 1 else 0
    count = flint.fmpq(z.value.shape[axis])
    share = np.full_like(z.value, 1 / count)

    def mean(jet: _Jet) -> _Jet:
        total = jet.times(share).sum(axis)
        return _Jet(*(np.expand_dims(part, axis) for part in (total.value, total.first, total.second)))

    centred = z + mean(z).times(np.array([[flint.fmpq(-1)]], dtype=object))
    variance = mean(centred * centred)
    inverse = np.array([1 / _root(q) for q in variance.value.ravel()], dtype=object).reshape(variance.value.shape)
    # q^(-1/2) and its derivatives -1/2 q^(-3/2), 3/4 q^(-5/2)
    return centred * variance.composed(inverse, inverse**3 * flint.fmpq(-1, 2), inverse**5 * flint.fmpq(3, 4))


def _activated(z: _Jet, slope: Number) -> _Jet:
    return z.times(np.where(z.value > 0, *np.array([flint.fmpq(1), slope], dtype=object)))


def _root(square: Number) -> Number:
    """Return the square root of a number that must be the square of a rational."""
    root = _root_or_none(square)
    if root is None:
        raise ArithmeticError(f"{square} is not a square")
    return root


def _root_or_none(square: Number) -> Number | None:
    root = flint.fmpq(math.isqrt(int(square.p)), math.isqrt(int(square.q)))
    return root if root * root == square else None


def _zeros(shape: tuple[int, ...]) -> Any:
    return np.full(shape, flint.fmpq(0), dtype=object)


# --- the networks -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Drawn:
    """The rational numbers of one network.

    Parameters
    ----------
    matrices : tuple of ndarray
        The weights W_1, ..., W_L.
    readout : ndarray
        The readout v, shape (n_L,).
    inputs : ndarray
        The inputs as columns, shape (n_0, batch).
    """

    matrices: tuple[Any, ...]
    readout: Any
    inputs: Any


@cache
def small_normalized() -> tuple[SmallNormalized, ...]:
    """Return networks of both kinds, linear, ReLU and leaky ReLU, of depth 1 to 3.

    Batches have four inputs, as the variance of three rationals is never the square of a rational, except for 0.
    """
    slopes = (flint.fmpq(1), flint.fmpq(0), flint.fmpq(1, 3))
    layered = [SmallNormalized((1, *(4,) * depth), 1, slope) for depth in (2, 3) for slope in slopes]
    batched = [SmallNormalized((2, 3, *(2,) * (depth - 1)), 4, slope) for depth in (1, 2) for slope in slopes]
    return (*layered, *batched)


def _draw(widths: tuple[int, ...], batch: int, slope: Number) -> Drawn:
    """Draw layers until each has rational deviations, no preactivation at its mean, and f is not 0."""
    source = random.Random(f"{widths} {batch} {slope}")

    def integers(*shape: int) -> Any:
        drawn = [flint.fmpq(source.choice(_ENTRIES)) for _ in range(math.prod(shape))]
        return np.array(drawn, dtype=object).reshape(shape)

    while True:
        inputs = integers(widths[0], batch)
        a, matrices = inputs, []
        for n_in, n_out in itertools.pairwise(widths):
            found = _layer(integers, n_out, n_in, a, batch)
            if found is None:
                break
            w, standard = found
            matrices.append(w)
            a = np.where(standard > 0, standard, slope * standard)
        else:
            readout = integers(widths[-1])
            if readout @ a[:, 0] != 0:
                return Drawn(tuple(matrices), readout, inputs)


def _layer(integers: Any, n_out: int, n_in: int, a: Any, batch: int) -> tuple[Any, Any] | None:
    """Return weights whose deviations are rational, and the standardized preactivations; None if none are found.

    Under batch norm each unit has a deviation of its own, and is drawn on its own.
    """
    parts = []
    for _ in range(n_out if batch > 1 else 1):
        for _ in range(_TRIES):
            w = integers(n_out if batch == 1 else 1, n_in)
            standard = _plainly(w @ a, batch)
            if standard is not None:
                parts.append((w, standard))
                break
        else:
            return None
    w, standard = (np.concatenate(some) for some in zip(*parts, strict=True))
    return w, standard


def _plainly(z: Any, batch: int) -> Any:
    """Return z standardized, or None if a deviation is 0 or not rational, or a standardized number is 0."""
    axis = 1 if batch > 1 else 0
    count = flint.fmpq(z.shape[axis])
    centred = z - z.sum(axis=axis, keepdims=True) / count
    squares = (centred * centred).sum(axis=axis, keepdims=True) / count
    roots = [_root_or_none(square) for square in squares.ravel()]
    if not all(roots) or not np.all(centred != 0):
        return None
    return centred / np.array(roots, dtype=object).reshape(squares.shape)
