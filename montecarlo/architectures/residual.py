r"""Residual networks: every branch adds to what it was given.

Branches of one matrix, :math:`a_k = a_{k-1} + \alpha\,\phi(W_ka_{k-1})`, or of two,
:math:`a_{2j} = a_{2j-2} + \alpha\,W_{2j}a_{2j-1}` with :math:`a_{2j-1} = \phi(W_{2j-1}a_{2j-2})`. So :math:`W_k` always
meets :math:`a_{k-1}`, and with :math:`b_k` the derivative of f in what :math:`W_k` puts out,

.. math:: \frac{\partial f}{\partial W_k} = b_ka_{k-1}^T,\qquad
          d^2f[dW_l, dW_k] = b_l^T\,dW_l\,M_{lk}\,dW_k\,a_{k-1}\quad(k<l),

:math:`M_{lk}` the derivative of :math:`a_{l-1}` in what :math:`W_k` puts out. Therefore
:math:`|H|_F^2 = 2\sum_l|b_l|^2\,\mathrm{tr}\,C_l`, :math:`C_l = \sum_{k<l}|a_{k-1}|^2M_{lk}M_{lk}^T`, with one matrix
:math:`C_{l+1} = J_lC_lJ_l^T + \alpha^2|a_{l-1}|^2D_l^2`, :math:`J_l = I+\alpha D_lW_l`, and with two

.. math:: C_{2j} &= D(|a_{2j-2}|^2 + WC_{2j-1}W^T)D,\qquad W = W_{2j-1},\ W' = W_{2j},\ J = I+\alpha W'DW,\\
          C_{2j+1} &= JC_{2j-1}J^T + \alpha^2|a_{2j-2}|^2W'D^2W'^T + \alpha^2|a_{2j-1}|^2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from montecarlo.architectures.kept_weights import draw_matrix, partition_of_kept, require_kept
from montecarlo.arrays import Array, Floats
from montecarlo.drawing.norm_traces import rescale
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.small_products import matrix_matrix, matrix_vector, vector_matrix
from montecarlo.drawing.streams import Partition
from montecarlo.drawing.weights import Weights
from montecarlo.engines.engine import Draw
from montecarlo.engines.real_matrices import draw_readout, vector
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction, nearest

_BRANCHES = ("linear", "relu", "two")
_OF_DEPTH = ("1/sqrt(L)", "1/L")
_LEAST = Fraction(1, 10**100)
"""Of a branch's scale, whose square must not underflow."""


@dataclass(frozen=True)
class Residual:
    r"""Networks whose layers are branches beside the identity.

    Parameters
    ----------
    alpha : str, int or Fraction
        Scale of a branch, not negative: a number, ``"1/sqrt(L)"`` or ``"1/L"``, L the number of branches. 0 is the
        start of fixup: branches of two matrices at scale 1, the second of which is 0.
    branch : str
        ``"linear"``: a + alpha W a. ``"relu"``: a + alpha phi(W a), phi the ensemble's ReLU or leaky ReLU. ``"two"``:
        a + alpha W' phi(W a), each branch two of the ensemble's matrices.

    Raises
    ------
    InvalidArgument
        If the scale or the branch is unknown, or 0 is the scale of a branch of one matrix, which then counts for
        nothing.

    References
    ----------
    K. He et al., arXiv:1512.03385, for branches of two matrices; H. Zhang, Y. N. Dauphin and T. Ma, arXiv:1901.09321
    (fixup), for the last matrix of a branch at 0.

    Examples
    --------
    >>> from montecarlo import ActivationNorms, simulate
    >>> net = Ensemble(width=1, depth=4, law="rademacher")
    >>> readings = simulate(net, [ActivationNorms()], samples=2, engine=Residual(alpha=1))[ActivationNorms()]
    >>> readings.components
    ('a_0', 'a_1', 'a_2', 'a_3', 'a_4')
    >>> Residual(alpha="1/sqrt(L)", branch="two").scale(Ensemble(width=8, depth=8, activation="relu", init="he"))
    0.5
    """

    alpha: Fraction | int | str = "1/sqrt(L)"
    branch: str = "linear"
    provides = frozenset({"backward"})

    def __post_init__(self) -> None:
        if self.branch not in _BRANCHES:
            problem = f"there is no branch {self.branch!r}"
            raise InvalidArgument("branch", problem, nearest(str(self.branch), _BRANCHES))
        if self.alpha in _OF_DEPTH:
            return
        alpha = exact_fraction("alpha", self.alpha)
        if alpha < 0:
            raise InvalidArgument("alpha", f"must not be negative, got {alpha}", "use e.g. '1/sqrt(L)', '1/L' or 1")
        if alpha and not _LEAST <= alpha <= 1 / _LEAST:
            problem = f"must be 0, or lie between {float(_LEAST):g} and {float(1 / _LEAST):g}, got {self.alpha!r:.40}"
            raise InvalidArgument("alpha", problem, "use e.g. '1/sqrt(L)', '1/L' or 1")
        if alpha == 0 and self.branch != "two":
            problem = f"a {self.branch} branch of scale 0 is no branch"
            raise InvalidArgument("alpha", problem, "use branch='two', whose second matrix is then 0")
        object.__setattr__(self, "alpha", alpha)

    @property
    def name(self) -> str:
        """``residual``, the branch and its scale."""
        return f"residual-{self.branch}-{self.alpha}"

    def branches(self, net: Ensemble) -> int:
        """Return the number of branches: the depth, or half of it."""
        return int(net.depth) // 2 if self.branch == "two" else int(net.depth)

    def scale(self, net: Ensemble) -> float:
        """Return alpha as a number; 1 where it is 0, as the second matrix is 0 instead."""
        if self.alpha == "1/sqrt(L)":
            return 1 / math.sqrt(self.branches(net))
        if self.alpha == "1/L":
            return 1 / self.branches(net)
        return float(Fraction(self.alpha)) or 1.0

    def refuse(self, net: Ensemble) -> None:
        """Refuse unequal widths, an activation that is not the branch's, and an odd depth for pairs of matrices."""
        Weights(net)
        if not net.is_constant_width:
            raise InvalidArgument("widths", "what a branch adds to has its own width", "use width=32")
        if self.branch == "linear" and net.activation != "linear":
            problem = f"the branch is linear, but the ensemble's activation is {net.activation}"
            raise InvalidArgument("branch", problem, "use branch='relu' or 'two', or activation='linear'")
        if self.branch == "relu" and net.activation == "linear":
            problem = "the branch has an activation, but the ensemble's is linear"
            raise InvalidArgument("branch", problem, "use branch='linear', or activation='relu'")
        if self.branch == "two" and int(net.depth) % 2:
            raise InvalidArgument("depth", f"{net.depth} matrices make no pairs", "use an even depth")
        require_kept(net)

    def partition(self, net: Ensemble) -> Partition:
        """Return chunks whose weights are kept."""
        return partition_of_kept(net)

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        """Return what draws :class:`ResidualChunk`."""
        law = Weights(net)
        return lambda rng, networks: ResidualChunk(net, rng, networks, engine=self, law=law)


class ResidualChunk:
    r"""A few residual networks, their norms on log scale: the stream is rescaled by powers of two at every branch.

    Parameters
    ----------
    net, rng, networks
        As for :class:`montecarlo.Chunk`.
    engine : Residual
        Scale and branch.
    law : Weights, optional
        Of the ensemble.

    Attributes
    ----------
    matrices : list of ndarray, shapes (m, n, n)
        W_1, ..., W_L.
    slopes : list of ndarray, shapes (m, n)
        The diagonal of the slopes after each matrix: ones where nothing follows it.
    input, readout : ndarray, shapes (n,), (m, n)
        x and v.
    alpha : float
        Scale of a branch.
    pairs : bool
        Whether a branch has two matrices.

    Examples
    --------
    With the second matrix 0 the stream passes unchanged:

    >>> net = Ensemble(width=4, depth=2, activation="relu", init="he")
    >>> chunk = ResidualChunk(net, np.random.default_rng(0), 2, engine=Residual(0, "two"))
    >>> chunk.log_activation_norms([0, 2])
    array([[0., 0.],
           [0., 0.]])
    """

    def __init__(
        self, net: Ensemble, rng: np.random.Generator, networks: int, *, engine: Residual, law: Weights | None = None
    ) -> None:
        self.net, self.networks = net, networks
        self._law = Weights(net) if law is None else law
        self._depth = int(net.depth)
        self.alpha, self.pairs = engine.scale(net), engine.branch == "two"
        x, log_x = vector(net.input or "unit", self._law.widths[0])
        self.input: Array = x * np.exp(log_x / 2)
        self.matrices: list[Array] = []
        self.slopes: list[Array] = []
        self._forward(x, log_x, rng, second_is_zero=engine.alpha == 0)
        v, log_v = draw_readout(net, rng, networks, self._law.widths[-1])
        self.readout: Array = v * np.exp(log_v / 2)
        self._backward: Array | None = None

    def log_activation_norms(self, layers: Sequence[int]) -> Array:
        """Return log|a_k|^2, shape (m, len(layers)), for layers between 0 and L."""
        return self._log_a[:, list(layers)]

    def log_backward_norms(self, layers: Sequence[int]) -> Array:
        """Return log|b_k|^2, b_k the derivative of f in W_k a_{k-1}, shape (m, len(layers)); -inf for 0."""
        if self._backward is None:
            self._backward = self._back_propagate()
        return self._backward[:, [k - 1 for k in layers]]

    def log_gradient_norms(self, layers: Sequence[int]) -> Array:
        """Return log|df/dW_k|_F^2, shape (m, len(layers)); -inf for 0."""
        return self.log_backward_norms(layers) + self.log_activation_norms([k - 1 for k in layers])

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,); -inf for 0."""
        squares = _log(np.einsum("mi,mi->m", self._last, self.readout) ** 2)
        return np.asarray(squares + 2 * np.log(2) * self._exponents)

    def log_hessian_squares(self) -> Array:
        """Return log|H|_F^2 of the Hessian of f in all weights, shape (m,); -inf for 0."""
        traces = [np.full(self.networks, -np.inf)]
        c = _Scaled.zero(self.networks, self._law.widths[0])
        for k in range(1, self._depth, 2 if self.pairs else 1):
            w, d = self.matrices[k - 1], self.slopes[k - 1]
            if not self.pairs:
                into = _Scaled.diagonal(d**2, self._log_a[:, k - 1] + 2 * math.log(self.alpha))
                c = c.through(self._beside_identity(d[:, :, None] * w)).plus(into)
                traces.append(c.log_trace)
                continue
            second, entering = self.matrices[k], _Scaled.diagonal(d**2, self._log_a[:, k - 1])
            inner = c.through(d[:, :, None] * w).plus(entering)
            traces.append(inner.log_trace)
            if k + 1 < self._depth:
                scaled = self.alpha * second
                added = _Scaled.diagonal(np.ones_like(d), self._log_a[:, k] + 2 * math.log(self.alpha))
                c = c.through(self._beside_identity(matrix_matrix(second, d[:, :, None] * w)))
                c = c.plus(entering.through(scaled)).plus(added)
                traces.append(c.log_trace)
        logs = self.log_backward_norms(range(1, self._depth + 1)) + np.stack(traces, axis=1)
        return np.asarray(np.log(2) + np.logaddexp.reduce(logs, axis=1))

    def _beside_identity(self, branch: Floats) -> Array:
        """Return I + alpha times a branch's derivative."""
        jacobian = np.asarray(self.alpha * branch, np.float64)
        jacobian[:, range(branch.shape[1]), range(branch.shape[1])] += 1
        return jacobian

    def _forward(self, x: Array, log_x: float, rng: np.random.Generator, second_is_zero: bool) -> None:
        slope = float(Fraction(self.net.slope))
        a = np.repeat(x[None, :], self.networks, axis=0)
        exponents = np.zeros(self.networks, dtype=np.int64)
        logs = []

        def rescaled() -> None:
            nonlocal exponents
            squares, halves = rescale(a)
            logs.append(_log(squares) + 2 * np.log(2) * exponents)
            exponents = exponents + halves

        rescaled()
        hidden = a
        for k in range(1, self._depth + 1):
            ends = not self.pairs or k % 2 == 0
            if ends and self.pairs and second_is_zero:
                w = np.zeros((self.networks, *self._law.shape(k)))
            else:
                w = draw_matrix(self._law, k, rng, self.networks)
            z = np.asarray(matrix_vector(w, hidden), np.float64)
            d = np.ones_like(z) if self.pairs and ends else np.where(z > 0, 1.0, slope)
            self.matrices.append(w)
            self.slopes.append(d)
            if ends:
                a += self.alpha * d * z
                rescaled()
                hidden = a
            else:
                hidden = d * z
                logs.append(_log(np.einsum("mi,mi->m", hidden, hidden)) + 2 * np.log(2) * exponents)
        self._log_a: Array = np.stack(logs, axis=1) + log_x
        self._last: Array = a * np.exp(log_x / 2)
        self._exponents: NDArray[np.int64] = exponents

    def _back_propagate(self) -> Array:
        """Return log|b_k|^2 for k = 1, ..., L, shape (m, L)."""
        logs = np.empty((self.networks, self._depth))
        b, exponents = self.readout.copy(), np.zeros(self.networks, dtype=np.int64)
        for k in range(self._depth, 0, -2 if self.pairs else -1):
            _, halves = rescale(b)
            exponents += halves
            own = self.alpha * self.slopes[k - 1] * b
            logs[:, k - 1] = _log(np.einsum("mi,mi->m", own, own)) + 2 * np.log(2) * exponents
            pulled = vector_matrix(own, self.matrices[k - 1])
            if self.pairs:
                own = self.slopes[k - 2] * pulled
                logs[:, k - 2] = _log(np.einsum("mi,mi->m", own, own)) + 2 * np.log(2) * exponents
                pulled = vector_matrix(own, self.matrices[k - 2])
            b = b + pulled
        return logs


@dataclass(frozen=True, eq=False)
class _Scaled:
    """Positive semidefinite matrices exp(log_scale) times `parts`, which have trace 1 (or 0)."""

    parts: Array
    log_scale: Array

    @classmethod
    def zero(cls, networks: int, width: int) -> _Scaled:
        return cls(np.zeros((networks, width, width)), np.full(networks, -np.inf))

    @classmethod
    def diagonal(cls, entries: Array, log_scale: Array) -> _Scaled:
        """Return diagonal matrices, given shape (m, n) and (m,)."""
        parts = entries[:, :, None] * np.eye(entries.shape[1])
        return cls(parts, log_scale)._normalized()

    @property
    def log_trace(self) -> Array:
        return self.log_scale

    def through(self, matrices: Array) -> _Scaled:
        """Return M C M^T."""
        left = matrix_matrix(matrices, self.parts)
        parts = matrix_matrix(left, np.ascontiguousarray(matrices.transpose(0, 2, 1)))
        return _Scaled(np.asarray(parts, np.float64), self.log_scale)._normalized()

    def plus(self, other: _Scaled) -> _Scaled:
        common = np.maximum(self.log_scale, other.log_scale)
        common[np.isneginf(common)] = 0
        weights = (np.exp(part.log_scale - common)[:, None, None] for part in (self, other))
        parts = next(weights) * self.parts + next(weights) * other.parts
        return _Scaled(parts, common)._normalized()

    def _normalized(self) -> _Scaled:
        trace = np.maximum(np.einsum("mii->m", self.parts), 0)  # a 0 may be rounded to less
        inverse = np.divide(1.0, trace, out=np.zeros_like(trace), where=trace > 0)
        return _Scaled(self.parts * inverse[:, None, None], self.log_scale + _log(trace))


def _log(squares: Array) -> Array:
    with np.errstate(divide="ignore"):  # the log of a 0
        return np.asarray(np.log(squares))
