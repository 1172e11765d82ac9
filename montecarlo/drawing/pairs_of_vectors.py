"""The activations of two inputs, kept as two vectors: inner products, and angles that floats tell from 0."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from montecarlo.arrays import Array
from theory.ensembles import InvalidArgument

_LEAST_ANGLE = 1e-11
"""Of smaller angles rounding leaves fewer than four digits."""


class PairTrace:
    """Inner products and angles of two activations, layer by layer, where neither can be rescaled.

    Its methods are those of :class:`montecarlo.drawing.second_inputs.SecondInputTrace` that observables call.

    Parameters
    ----------
    saturates : bool
        Whether equal activations can have been made equal by rounding. If not, the angle between them is 0.

    Examples
    --------
    >>> pair = PairTrace()
    >>> pair.record(np.array([[1.0, 0.0]]), np.array([[3.0, 3.0]]))
    >>> np.exp(pair.log_angles([0])).round(6), pair.log_ratios([0])[0].round(6)
    (array([[0.785398]]), array([[1.098612]]))
    """

    def __init__(self, *, saturates: bool = False) -> None:
        self._saturates = saturates
        self._firsts: list[Array] = []
        self._seconds: list[Array] = []

    def record(self, first: Array, second: Array) -> None:
        """Keep the activations of both inputs at the next layer, shapes (m, n_k)."""
        self._firsts.append(first)
        self._seconds.append(second)

    def log_ratios(self, layers: Iterable[int]) -> tuple[Array, Array]:
        """Return log of the size of <a_k, a_k'>/|a_k|^2, and its sign, each of shape (m, len(layers))."""
        ratios = []
        for k in layers:
            squares = np.einsum("mi,mi->m", self._firsts[k], self._firsts[k])
            inner = np.einsum("mi,mi->m", self._firsts[k], self._seconds[k])
            ratios.append(np.divide(inner, squares, out=np.zeros_like(inner), where=squares > 0))
        both = np.stack(ratios, axis=1)
        with np.errstate(divide="ignore"):  # the log of a 0
            return np.log(np.abs(both)), np.sign(both)

    def log_angles(self, layers: Iterable[int]) -> Array:
        """Return the log of the angle between a_k and a_k', shape (m, len(layers)); -inf where one of them is 0.

        Raises
        ------
        InvalidArgument
            If an angle is so small that rounding decides it.
        """
        return np.stack([self._log_angle(k) for k in layers], axis=1)

    def _log_angle(self, k: int) -> Array:
        norms = [np.linalg.norm(vectors, axis=1) for vectors in (self._firsts[k], self._seconds[k])]
        alive = np.minimum(*norms) > 0
        u, w = (
            np.divide(vectors, norm[:, None], out=np.zeros_like(vectors), where=alive[:, None])
            for vectors, norm in zip((self._firsts[k], self._seconds[k]), norms, strict=True)
        )
        angles = 2 * np.arctan2(np.linalg.norm(u - w, axis=1), np.linalg.norm(u + w, axis=1))
        parallel = np.count_nonzero((u != 0) | (w != 0), axis=1) == 1
        if not self._saturates:
            parallel |= (self._firsts[k] == self._seconds[k]).all(axis=1)
        angles[parallel] = np.where((u * w).sum(axis=1) < 0, np.pi, 0.0)[parallel]
        if (angles[alive & ~parallel] < _LEAST_ANGLE).any():
            problem = f"after layer {k} two inputs are less than 1e-11 apart in angle, where rounding decides it"
            raise InvalidArgument("depth", problem, "measure fewer layers, or inner products")
        return np.asarray(np.log(angles, out=np.full(len(angles), -np.inf), where=alive & (angles > 0)))
