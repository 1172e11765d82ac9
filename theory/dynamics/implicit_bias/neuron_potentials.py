r"""The potential that the flow of one linear neuron minimizes among the solutions of Xw = y.

Gradient flow on :math:`f = a\,w^Tx`, with :math:`g = -X^T\ell'`, is :math:`da = w^Tg\,dt` and :math:`dw = a\,g\,dt`. It
keeps :math:`\delta = a^2-|w|^2`, and :math:`w-w(0)` stays in the row space of X. With :math:`\tilde w = aw` and
:math:`n = |\tilde w|`, w is :math:`\operatorname{sign}(a)q'(n)\tilde w/n`, where

.. math:: q'(n) = \sqrt{\sqrt{n^2+\tfrac{\delta^2}4}-\tfrac\delta2} = |w|, \qquad
          q(n) = \frac{|a|}3(3|w|^2-a^2)+\frac{\max(\delta,0)^{3/2}}3 .

So :math:`\nabla Q(\tilde w)` is in the row space for :math:`Q(\tilde w) = q(|\tilde w|)-z^T\tilde w` with the tilt
:math:`z = \operatorname{sign}(a)w(0)`, where a is the weight at the end; and as q is convex and does not fall, a point
with this property is the minimizer. The inverse of :math:`\nabla q` is
:math:`\theta \mapsto \sqrt{\delta+|\theta|^2}\,\theta`.

The weight a cannot change its sign for :math:`\delta \ge 0`. For :math:`\delta < 0` it can, and z with it.

Neurons :math:`(a_i, w_i) = c_i(a, w)` stay aligned, and are one neuron :math:`\sqrt{\sum c_i^2}\,(a, w)`. Of neurons
that are not aligned, the flow keeps :math:`aa^T-WW^T` and the part of W in the kernel of X, but minimizes no Q of this
kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from theory.balls import Ball, enclose_number
from theory.dynamics.implicit_bias.designs import Array
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar, real


def neuron_slope(n: Scalar, delta: Scalar) -> sp.Expr:
    r"""Return :math:`q'(n) = \sqrt{\sqrt{n^2+\delta^2/4}-\delta/2}`, which is |w| where :math:`|a||w| = n`.

    Parameters
    ----------
    n : number, name or expression
        The norm of :math:`\tilde w = aw`, at least 0.
    delta : number, name or expression
        :math:`\delta = a^2-|w|^2`, which the flow keeps.

    Raises
    ------
    InvalidArgument
        If n is negative, or something is not real and finite.

    Examples
    --------
    >>> neuron_slope(2, 3), neuron_slope(2, -3), neuron_slope("n", 0)
    (1, 2, sqrt(n))
    """
    size, kept = _norm(n), real("delta", delta)
    return sp.sqrt(sp.sqrt(size**2 + kept**2 / 4) - kept / 2)


def neuron_potential(n: Scalar, delta: Scalar) -> sp.Expr:
    r"""Return q(n), of which :func:`neuron_slope` is the derivative, and q(0) = 0.

    Parameters and errors are those of :func:`neuron_slope`.

    References
    ----------
    arXiv:2102.09769 has :math:`\frac32q` up to a constant, with the tilt :math:`\frac32z`; derived in the docstring of
    this module.

    Examples
    --------
    >>> neuron_potential("n", 0), neuron_potential(2, -3), neuron_potential(2, 3)
    (2*n**(3/2)/3, 11/3, -2/3 + sqrt(3))
    """
    size, kept = _norm(n), real("delta", delta)
    b, a = neuron_slope(size, kept), neuron_slope(size, -kept)
    return sp.expand(a * (3 * b**2 - a**2) / 3 + sp.Max(kept, 0) ** sp.Rational(3, 2) / 3)


def _norm(n: Scalar) -> sp.Expr:
    size = real("n", n)
    if size.is_nonnegative is False:
        raise InvalidArgument("n", f"is a norm and must not be negative, got {n}", "use e.g. n=1")
    return size


@dataclass(frozen=True)
class NeuronPotential:
    r"""The potential :math:`Q(\tilde w) = q(|\tilde w|)-z^T\tilde w` of one neuron, and the inverse of its gradient.

    Parameters
    ----------
    delta : number or expression
        :math:`a^2-|w|^2`.
    tilt : tuple of d numbers or expressions
        :math:`z = \operatorname{sign}(a)w(0)`, where a is the output weight at the end.

    Raises
    ------
    InvalidArgument
        If something is not real and finite.

    Examples
    --------
    >>> NeuronPotential(3, (0, 1)).slopes([0, 2])
    (0, 0)
    """

    delta: Any
    tilt: tuple[Any, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "delta", real("delta", self.delta))
        object.__setattr__(self, "tilt", tuple(real("tilt", value) for value in self.tilt))

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return len(self.tilt)

    def value(self, point: Sequence[Scalar]) -> sp.Expr:
        """Return Q at a point of d numbers."""
        read = [real("point", x) for x in point]
        norm = sp.sqrt(sp.Add(*(x**2 for x in read)))
        return neuron_potential(norm, self.delta) - sp.Add(*(z * x for z, x in zip(self.tilt, read, strict=True)))

    def slopes(self, point: Sequence[Scalar]) -> tuple[sp.Expr, ...]:
        """Return the gradient of Q at a point of d numbers that are not all 0."""
        read = [real("point", x) for x in point]
        norm = sp.sqrt(sp.Add(*(x**2 for x in read)))
        if norm.is_zero:
            raise InvalidArgument("point", "is 0, where the norm has no gradient", "take another point")
        slope = neuron_slope(norm, self.delta)
        return tuple(slope * x / norm - z for x, z in zip(read, self.tilt, strict=True))

    def floats(self, dual: Array) -> tuple[Array, Array]:
        r"""Return the point where Q has the gradient `dual`, and its Jacobian, :math:`aI+\theta\theta^T/a`.

        Parameters
        ----------
        dual : ndarray, shape (d,)
            The gradient; :math:`\theta` is its sum with the tilt.

        Returns
        -------
        point : ndarray, shape (d,)
            0 for :math:`|\theta|^2 \le -\delta`, where Q's minimum is at its kink.
        jacobian : ndarray, shape (d, d)
        """
        delta, tilt = self._floats
        theta = dual + tilt
        square = delta + float(theta @ theta)
        if square <= 0:
            return np.zeros_like(theta), np.zeros((len(theta), len(theta)))
        a = np.sqrt(square)
        return a * theta, a * np.eye(len(theta)) + np.outer(theta, theta) / a

    @cached_property
    def _floats(self) -> tuple[float, Array]:
        return float(self.delta), np.array([float(z) for z in self.tilt])

    def balls(self, dual: Sequence[Ball]) -> tuple[list[Ball], list[list[Ball]]]:
        """Return the same as :meth:`floats` in balls, for a gradient away from the kink."""
        theta = [one + enclose_number(z) for one, z in zip(dual, self.tilt, strict=True)]
        a = (enclose_number(self.delta) + sum(one**2 for one in theta)).sqrt()
        rows = [
            [one * other / a + (a if i == j else 0) for j, other in enumerate(theta)] for i, one in enumerate(theta)
        ]
        return [a * one for one in theta], rows
