"""One chunk of networks of width one, all layers of real weights at a time, without a loop over a million layers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array, Floats
from montecarlo.drawing.input_and_readout import draw_readout, magnified, vector
from montecarlo.drawing.weights import Weights
from montecarlo.engines.real_matrices import aside
from theory.ensembles import Ensemble

CHUNK_WEIGHTS = 2**18
"""A chunk has at most so many weights, which take 2 MiB."""
_PIECE = 1024
"""So many layers are added up in double precision, and their sums in more."""
_FIRST_LAYERS = 16
"""How many layers of ReLU networks are drawn at first: half of the networks die at each."""


class WidthOneChunk:
    r"""A few networks of width one, drawn from a stream, with their norms on log scale.

    Its methods are those of :class:`montecarlo.engines.real_matrices.Chunk`. The logs of the weights are added up; no
    products are taken. A ReLU network is drawn until it has died.

    Parameters
    ----------
    net, rng, networks, needs
        As for :class:`montecarlo.engines.real_matrices.Chunk`.
    dtype : dtype-like
        Type of the weights, float64 or float32.

    Examples
    --------
    >>> chunk = WidthOneChunk(Ensemble(width=1, depth=2, law="rademacher"), np.random.default_rng(0), 3)
    >>> chunk.log_activation_norms([0, 2])
    array([[0., 0.],
           [0., 0.],
           [0., 0.]])
    """

    second_input = None

    def __init__(
        self,
        net: Ensemble,
        rng: np.random.Generator,
        networks: int,
        *,
        needs: frozenset[str] = frozenset(),
        dtype: DTypeLike = np.float64,
    ) -> None:
        as_ensemble(net)
        net.require_plain("WidthOneChunk")
        self.net = net
        self.networks = networks
        self._law = Weights(net, dtype)
        self._depth = len(self._law.widths) - 1
        self._slope, self._above = (float(Fraction(slope)) for slope in net.pieces)
        self._log_slope = 2 * np.log(abs(self._slope)) if self._slope else -np.inf
        self._log_above = 2 * np.log(self._above)
        self._is_linear = self._slope == 1 == self._above
        x, log_x = vector(net.input or "unit", 1)
        self.input: Array = magnified(x, log_x)
        self._drawn = np.zeros((networks, self._depth), self._law.dtype)
        self._needs = needs
        self._forward(rng, np.sign(x[0]), log_x + 2 * np.log(np.abs(x[0])))
        v, log_v = draw_readout(net, rng, networks, 1)
        self.readout: Array = magnified(v, log_v)
        self._raw_readout = v[:, 0], log_v
        # the stream of the weights that dead networks would have had, in case they are asked for
        self._elsewhere = aside(rng, 0) if "weights" in needs and self._slope == 0 else None
        if "backward" in needs:
            self._back_propagate(v[:, 0], log_v)

    def log_activation_norms(self, layers: Sequence[int]) -> Array:
        """Return log|a_k|^2, shape (m, len(layers)), for layers between 0 and L; -inf where a network has died."""
        return _columns(self._log_norms, layers)

    def log_backward_norms(self, layers: Sequence[int]) -> Array:
        """Return log|b_k|^2, shape (m, len(layers)), for layers between 1 and L."""
        self._require("backward")
        return _columns(self._log_backward, [k - 1 for k in layers])

    def log_gradient_norms(self, layers: Sequence[int]) -> Array:
        """Return log|df/dW_k|_F^2, shape (m, len(layers)), for layers between 1 and L."""
        return self.log_backward_norms(layers) + self.log_activation_norms([k - 1 for k in layers])

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,); -inf where a network has died."""
        with np.errstate(divide="ignore"):
            v, log_v = self._raw_readout
            return np.asarray(self._log_norms[:, -1] + 2 * np.log(np.abs(v)) + log_v)

    def active_units(self, layers: Sequence[int]) -> NDArray[np.int64]:
        """Return how many units of layer k are on (z > 0), shape (m, len(layers)), for layers between 1 and L."""
        self._require("units")
        return _columns(self._on, [k - 1 for k in layers]).astype(np.int64)

    def slopes(self, layer: int) -> Array:
        """Return the diagonal of D_k of each network, shape (m, 1)."""
        return np.where(self._on[:, layer - 1 : layer], self._above, self._slope)

    def log_jacobian_norms(self, first: int, last: int) -> Array:
        """Return log|M_lk|_F^2, shape (m,), as :meth:`montecarlo.engines.real_matrices.Chunk.log_jacobian_norms`."""
        log_slopes = np.where(self._on[:, first - 1], self._log_above, self._log_slope)
        return np.asarray(log_slopes + self._log_steps[:, first : last - 1].sum(axis=1))

    def weights(self, layer: int) -> Array:
        """Return W_k of each network, a new array of shape (m, 1, 1)."""
        self._require("weights")
        if self._elsewhere is not None:
            later = np.empty_like(self._drawn)
            self._law.fill(self._elsewhere, later)
            np.copyto(self._drawn, later, where=~self._reached)
            self._elsewhere = None
        return self._drawn[:, layer - 1].reshape(-1, 1, 1) * self._law.scale(layer)

    def _require(self, need: str) -> None:
        if need not in self._needs:
            problem = f"this chunk was drawn without its {need}; give the observable needs={{{need!r}}}"
            raise RuntimeError(problem)

    def _forward(self, rng: np.random.Generator, sign: float, log_x: float) -> None:
        m, depth = self._drawn.shape
        if self._slope != 0:
            self._law.fill(rng, self._drawn)
            self._log_steps = self._logs(self._drawn)
            self._on = np.ones((m, depth), dtype=np.bool_)
            if not self._is_linear or "units" in self._needs:
                self._on = self._units(sign)
            if not self._is_linear:
                self._log_steps += np.where(self._on, self._log_above, self._log_slope)
        else:
            self._draw_until_death(rng, sign)
        self._log_norms = np.empty((m, depth + 1))
        self._log_norms[:, 0] = log_x
        self._log_norms[:, 1:] = _cumulated(self._log_steps)
        self._log_norms[:, 1:] += log_x

    def _units(self, sign: float) -> NDArray[np.bool_]:
        """Return where z > 0: below a negative slope what goes on is positive again."""
        signs = np.sign(self._drawn)
        if self._slope > 0:
            return np.asarray(sign * np.cumprod(signs, axis=1) > 0)
        signs[:, 0] *= sign
        return (signs > 0) & np.logical_and.accumulate(signs != 0, axis=1)

    def _draw_until_death(self, rng: np.random.Generator, sign: float) -> None:
        m, depth = self._drawn.shape
        self._log_steps = np.full((m, depth), -np.inf)
        self._on = np.zeros((m, depth), dtype=np.bool_)
        self._reached = np.zeros((m, depth), dtype=np.bool_)
        alive, first = np.arange(m), 0
        while first < depth and len(alive):
            last = min(depth, max(2 * first, _FIRST_LAYERS))
            piece = np.empty((len(alive), last - first), self._law.dtype)
            self._law.fill(rng, piece)
            self._drawn[alive, first:last] = piece
            self._reached[alive, first:last] = True
            if first == 0:
                piece[:, 0] *= sign
            on = np.logical_and.accumulate(piece > 0, axis=1)
            self._on[alive, first:last] = on
            logs = self._logs(piece, first) + self._log_above
            self._log_steps[alive, first:last] = np.where(on, logs, -np.inf)
            alive, first = alive[on[:, -1]], last

    def _logs(self, raw: Floats, first: int = 0) -> Array:
        """Return log w^2 for layers from the first one on, counted from 0; -inf for 0."""
        with np.errstate(divide="ignore"):
            logs = np.log(np.abs(raw), dtype=np.float64)
        logs *= 2
        logs += self._law.log_factors[first : first + raw.shape[1]]
        return np.asarray(logs)

    def _back_propagate(self, v: Array, log_v: float) -> None:
        with np.errstate(divide="ignore"):
            start = log_v + 2 * np.log(np.abs(v))
        later = _cumulated(self._log_steps[:, :0:-1])[:, ::-1]  # sums over the layers after k
        self._log_backward = np.empty_like(self._log_steps)
        self._log_backward[:, -1] = start
        self._log_backward[:, :-1] = later + start[:, None]
        if not self._is_linear:
            self._log_backward += np.where(self._on, self._log_above, self._log_slope)


def _cumulated(steps: Array) -> Array:
    """Return cumulative sums over layers, of pieces that are short: equal steps are rounded alike, which adds up.

    >>> _cumulated(np.array([[0.5, 1.0]]))
    array([[0.5, 1.5]])
    """
    sums = np.empty(steps.shape)
    before = np.zeros(len(steps), np.longdouble)
    for first in range(0, steps.shape[1], _PIECE):
        piece = sums[:, first : first + _PIECE]
        np.cumsum(steps[:, first : first + _PIECE], axis=1, out=piece)
        following = before + piece[:, -1]
        if first:
            piece += before.astype(np.float64)[:, None]
        before = following
    return sums


def _columns(array: NDArray[Any], columns: Sequence[int]) -> NDArray[Any]:
    """Return some columns; those of a range are not copied."""
    if isinstance(columns, range) and columns.step == 1:
        return array[:, columns.start : columns.stop]
    return array[:, list(columns)]
