r"""The mirror map of a depth-N diagonal network in floats, for arrays: what a dual Newton's method needs.

With :math:`s = \frac N2\log\frac uv` and :math:`p = N/(N-2)`, :math:`w = 2w_0\sinh(s)\cosh(s/p)^p` is free of
cancellation at 0 and at the pole (:mod:`theory.dynamics.implicit_bias.depth_potentials`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.dynamics.implicit_bias.depth_potentials import DepthPotential
from theory.ensembles import InvalidArgument

FloatArray = NDArray[np.float64]

_STEPS = 60
"""Newton's steps of the inverse, which are quadratic near the root and kept between bounds."""


@dataclass(frozen=True)
class DepthMap:
    r"""The maps :math:`h_N`, its derivative and its inverse, entry by entry.

    Parameters
    ----------
    potential : DepthPotential
        With numbers for the depth and the start.

    Raises
    ------
    InvalidArgument
        If the depth or the start is a name, or :math:`\alpha^N` is below the range of floats.

    Examples
    --------
    >>> three = DepthMap(DepthPotential(3, "1/10"))
    >>> three.coordinates([0, 3, -3, 4]).round(6)
    array([ 0.      ,  0.999854, -0.999854,       inf])
    """

    potential: DepthPotential

    def __post_init__(self) -> None:
        letters = self.potential.scale.free_symbols
        if letters:
            names = ", ".join(sorted(map(str, letters)))
            raise InvalidArgument("potential", f"needs numbers, but {names} is none", "give numbers for all names")
        if not self._scale > 1e-290:
            raise InvalidArgument("potential", f"has the scale {self._scale}, too small for floats", "use enclosures")

    @cached_property
    def _scale(self) -> float:
        return float(self.potential.scale)

    @cached_property
    def _order(self) -> int:
        return int(self.potential.order)

    @property
    def pole(self) -> float:
        """The bound on dual variables, infinite for N = 2."""
        return float(self.potential.pole)

    def coordinates(self, duals: ArrayLike) -> FloatArray:
        r"""Return :math:`w = h_N(G)`, plus or minus infinity from the poles on.

        Parameters
        ----------
        duals : array_like
            The numbers G, of any shape. Where G is within a relative :math:`\epsilon` of the pole, no float tells w to
            better than :math:`10^{-16}/\epsilon`: take
            :func:`theory.dynamics.implicit_bias.depth_enclosures.enclosed_coordinate` there.

        Returns
        -------
        ndarray
            Of the same shape.

        Examples
        --------
        >>> DepthMap(DepthPotential(2, "1/2")).coordinates([[0, 0.25]]).round(6)
        array([[0.      , 0.587601]])
        """
        s, inflation = self._place(duals)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.where(np.isinf(s), s, 2 * self._scale * np.sinh(s) * np.exp(inflation))

    def slopes(self, duals: ArrayLike) -> FloatArray:
        r"""Return :math:`dw/dG = N^2(u^{2N-2}+v^{2N-2})`; parameters and result are those of :meth:`coordinates`.

        Examples
        --------
        >>> DepthMap(DepthPotential(2, "1/2")).slopes([0, 0.25]).round(6)
        array([2.      , 3.086161])
        """
        s, inflation = self._place(duals)
        N, power = self._order, 2 - 2 / self._order
        with np.errstate(over="ignore", invalid="ignore"):
            both = np.exp(power * (inflation + s)) + np.exp(power * (inflation - s))
            return np.where(np.isinf(s), np.inf, N**2 * self._scale**power * both)

    def duals(self, coordinates: ArrayLike) -> FloatArray:
        r"""Return :math:`G = h_N^{-1}(w)`, to a few units of the last place.

        Parameters
        ----------
        coordinates : array_like
            The coordinates w, of any shape and sign.

        Returns
        -------
        ndarray
            Of the same shape.

        Examples
        --------
        >>> three = DepthMap(DepthPotential(3, "1/10"))
        >>> three.duals(three.coordinates([-2, 1e-9, 3.3])) * 1e9
        array([-2.0e+09,  1.0e+00,  3.3e+09])
        """
        w, N = np.asarray(coordinates, dtype=np.float64), self._order
        ratio = np.abs(w) / (2 * self._scale)
        top = np.arcsinh(ratio)
        if N == 2:
            return np.asarray(np.sign(w) * top / 4)
        p, some = N / (N - 2), ratio > 0
        inside, goal = np.where(some, ratio, 1.0), np.log(np.where(some, ratio, 1.0))
        s, low, high = np.arcsinh(inside), np.arcsinh(2 * inside) / 2, np.arcsinh(inside)
        for _ in range(_STEPS):
            gap = _log_sinh(s) + p * _log_cosh(s / p) - goal
            moved = np.clip(s - gap / (1 / np.tanh(s) + np.tanh(s / p)), low, high)
            if np.all(np.abs(moved - s) <= 1e-16 * s):
                break
            s = moved
        return np.asarray(np.sign(w) * np.where(some, np.tanh(s / p) * self.pole, 0.0))

    def _place(self, duals: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return s and p log cosh(s/p)."""
        G, N = np.asarray(duals, dtype=np.float64), self._order
        if N == 2:
            return 4 * G, np.zeros_like(G)
        with np.errstate(divide="ignore"):
            a = np.arctanh(np.clip(G / self.pole, -1, 1))
        return N / (N - 2) * a, N / (N - 2) * _log_cosh(a)


def _log_sinh(s: FloatArray) -> FloatArray:
    """Return log(sinh(s)) for s > 0, without overflow."""
    return np.asarray(s + np.log(-np.expm1(-2 * s)) - np.log(2))


def _log_cosh(s: FloatArray) -> FloatArray:
    """Return log(cosh(s)), without overflow, and to full precision near 0."""
    size = np.abs(s)
    near = np.log1p(2 * np.sinh(np.minimum(size, 1) / 2) ** 2)
    return np.asarray(np.where(size < 1, near, size + np.log1p(np.exp(-2 * size)) - np.log(2)))
