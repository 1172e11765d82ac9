r"""Sampling norms for normal weights from their exact law, O(1) a layer: chi-squares, no matrices and no vectors.

Let :math:`A_k = |a_k|^2`, let B of the n units of layer k be on, and let :math:`\chi^2` be fresh at each mention.

**Forward.** :math:`A_k = s^2 A_{k-1}(\chi^2_B + \sigma^2\chi^2_{n-B})`, :math:`\sigma` the slope for negative z, B
binomial (n, 1/2), or n for linear networks. For the entries of z are independent and normal, and their signs do not
depend on their sizes.

**Backward**, jointly with the forward pass. By :mod:`montecarlo.engines.vectors_in_law`, :math:`W^T b = a f/A +
s|b|\,(g - a\langle a, g\rangle/A)`, as :math:`\langle z_{k+1}, b_{k+1}\rangle = f` at every layer. Split the units of
layer k into those on and those off, in which a has the shares p and q = 1 - p of its square. The part of g orthogonal
to a has a standard normal coefficient h along the one direction that the two parts of a span besides a, and chi-squares
orthogonal to both parts. With :math:`\rho_k = |b_k|^2 A_k/f^2` and :math:`\tau^2 = \rho_{k+1} s^2 A_k/A_{k+1}`

.. math:: \rho_k = (\sqrt p + \tau\sqrt q\,h)^2 + \tau^2\chi^2_{B-1}
          + \sigma^2\left[(\sqrt q - \tau\sqrt p\,h)^2 + \tau^2\chi^2_{n-B-1}\right],

without the terms in h where B is 0 or n. For ReLU p = 1, so :math:`\rho_k = 1 + \tau^2\chi^2_{B-1}`; for linear
networks :math:`1 + \tau^2\chi^2_{n-1}`. A normal readout is one more linear layer, of one unit. Any other readout needs
the vector :math:`a_L`, which takes one normal vector. :math:`|G_k|^2 = |b_k|^2 A_{k-1} = \rho_k f^2 A_{k-1}/A_k`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array
from montecarlo.drawing.input_and_readout import draw_readout, vector
from montecarlo.drawing.weights import Weights
from theory.ensembles import Ensemble

_FEW = 64
"""For fewer networks than this, NumPy's cumsum over layers is faster than a loop."""
_COUNTED = 512
"""Up to so many units, coins are random bits that are counted; for more, a binomial variable is faster."""


class NormChunk:
    """A few networks of one ensemble with normal weights, as the norms of their activations and gradients.

    Its methods are those of :class:`montecarlo.engines.real_matrices.Chunk` that concern norms.

    Parameters
    ----------
    net, rng, networks, needs
        As for :class:`montecarlo.engines.real_matrices.Chunk`.
    weights : Weights, optional
        The law of the weights, if it is at hand.

    Examples
    --------
    >>> net = Ensemble(width=4, depth=2, activation="relu", init="he")
    >>> chunk = NormChunk(net, np.random.Generator(np.random.SFC64(0)), 5, needs=frozenset({"backward"}))
    >>> chunk.log_gradient_norms([1, 2]).shape
    (5, 2)
    """

    def __init__(
        self,
        net: Ensemble,
        rng: np.random.Generator,
        networks: int,
        *,
        needs: frozenset[str] = frozenset(),
        weights: Weights | None = None,
    ) -> None:
        as_ensemble(net)
        net.require_plain("NormChunk")
        self.net = net
        self.networks = networks
        self._law = Weights(net) if weights is None else weights
        self._depth = len(self._law.widths) - 1
        self._slope = float(Fraction(net.slope))
        self._rng = rng
        self._on = self._draw_units()
        self._ratios = np.empty((self._depth, networks))  # A_k/(s^2 A_{k-1})
        self._shares = np.empty((self._depth, networks)) if self._is_leaky else None
        self._forward("backward" in needs)
        if "backward" in needs:
            self._back_propagate()
        if "units" in needs and self._slope == 1:  # linear norms do not depend on the signs
            signs = self._draw_signs()
            if self._readout_is_fixed and "backward" in needs:
                signs[-1] = self._last_on  # those of the vector that the readout was applied to
            self._on = signs

    @property
    def _is_leaky(self) -> bool:
        return self._slope not in (0, 1)

    @property
    def _readout_is_fixed(self) -> bool:
        """Whether the readout is not normal, so that it meets the vector a_L itself."""
        return self.net.readout != "random"

    @property
    def _is_flat(self) -> NDArray[np.bool_]:
        """Whether f and its gradient are 0: the network is dead, or the readout is 0 on all units that are on."""
        return np.asarray(np.isneginf(self._log_norms[-1]) | np.isneginf(self._log_f_square))

    def log_activation_norms(self, layers: Sequence[int]) -> Array:
        """Return log|a_k|^2, shape (m, len(layers))."""
        return np.ascontiguousarray(self._log_norms[list(layers)].T)

    def log_gradient_norms(self, layers: Sequence[int]) -> Array:
        """Return log|df/dW_k|_F^2, shape (m, len(layers))."""
        chosen = list(layers)
        logs = np.log(self._rho[[k - 1 for k in chosen]])
        with np.errstate(invalid="ignore"):
            logs += self._log_f_square + self._log_norms[[k - 1 for k in chosen]] - self._log_norms[chosen]
        logs[:, self._is_flat] = -np.inf
        return np.ascontiguousarray(logs.T)

    def log_backward_norms(self, layers: Sequence[int]) -> Array:
        """Return log|b_k|^2, shape (m, len(layers))."""
        with np.errstate(invalid="ignore"):
            logs = self.log_gradient_norms(layers) - self.log_activation_norms([k - 1 for k in layers])
        logs[self._is_flat] = -np.inf
        return logs

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,); the chunk needs ``"backward"``."""
        return np.where(np.isneginf(self._log_norms[-1]), -np.inf, self._log_f_square)

    def active_units(self, layers: Sequence[int]) -> NDArray[np.int64]:
        """Return how many units of layer k are on, shape (m, len(layers)); none are once a network has died."""
        before = self._log_norms[[k - 1 for k in layers]]
        return np.where(np.isneginf(before), 0, self._on[[k - 1 for k in layers]]).T.astype(np.int64)

    def _draw_units(self) -> NDArray[Any]:
        """Return how many units of each layer count as on, shape (L, m); in a linear layer all do."""
        if self._slope == 1:
            return np.broadcast_to(np.array(self._law.widths[1:])[:, None], (self._depth, self.networks))
        return self._draw_signs()

    def _draw_signs(self) -> NDArray[Any]:
        """Return how many of the units of each layer have z > 0, shape (L, m)."""
        widths = self._law.widths[1:]
        if len(set(widths)) == 1:
            return self._coins(int(widths[0]), self._depth * self.networks).reshape(self._depth, self.networks)
        return np.stack([self._coins(int(width), self.networks).astype(np.int64) for width in widths])

    def _coins(self, coins: int, size: int) -> NDArray[Any]:
        """Return how many of so many fair coins show heads."""
        if coins > _COUNTED:
            return np.asarray(self._rng.binomial(coins, 0.5, size))
        bits = next(bits for bits in (8, 16, 32, 64) if bits >= min(coins, 64))
        words = -(-coins // bits)
        raw = self._rng.bit_generator.random_raw(-(-size * words * bits // 64))
        flips = raw.view(f"u{bits // 8}")[: size * words]
        if coins % bits:
            flips[words - 1 :: words] &= (1 << coins % bits) - 1
        counts: NDArray[Any] = np.bitwise_count(flips)
        return counts if words == 1 else counts.reshape(size, words).sum(axis=1, dtype=np.int16)

    def _chi_squares(self, freedom: NDArray[Any]) -> Array:
        values = self._rng.standard_gamma(freedom * 0.5)
        values *= 2
        return values

    def _forward(self, needs_last: bool) -> None:
        x, log_x = vector(self.net.input or "unit", self._law.widths[0])
        fixed = needs_last and self._readout_is_fixed
        layers = self._depth - fixed
        on = self._on[:layers]
        self._ratios[:layers] = self._chi_squares(on)
        if self._shares is not None:
            off = self._slope**2 * self._chi_squares(np.array(self._law.widths[1 : layers + 1])[:, None] - on)
            self._shares[:layers] = self._ratios[:layers]
            self._ratios[:layers] += off
            self._shares[:layers] /= self._ratios[:layers]
        if fixed:
            self._draw_last_vector()
        with np.errstate(divide="ignore"):
            logs = np.log(self._ratios)
        logs += self._law.log_factors[:, None]
        self._log_norms = np.empty((self._depth + 1, self.networks))
        self._log_norms[0] = log_x + np.log(x @ x)
        if self.networks < _FEW:
            np.cumsum(logs, axis=0, out=self._log_norms[1:])
            self._log_norms[1:] += self._log_norms[0]
            return
        for before, log, after in zip(self._log_norms, logs, self._log_norms[1:], strict=False):
            np.add(before, log, out=after)

    def _draw_last_vector(self) -> None:
        """Draw z_L in units of s|a_{L-1}|, with its signs, for readouts that are not normal."""
        z = self._rng.standard_normal((self.networks, self._law.widths[-1]))
        on = z > 0
        slopes = np.where(on, 1.0, self._slope)
        a = slopes * z
        v, log_v = draw_readout(self.net, self._rng, self.networks, self._law.widths[-1])
        self._last_on = on.sum(axis=1)
        if self._slope != 1:
            self._on[-1] = self._last_on
        self._ratios[-1] = np.einsum("mi,mi->m", a, a)
        self._last = np.einsum("mi,mi->m", v, a), np.einsum("mi,mi->m", slopes * v, slopes * v), log_v

    def _back_propagate(self) -> None:
        """Set rho_1, ..., rho_L and log f^2."""
        self._rho = np.empty((self._depth, self.networks))
        widths = self._law.widths
        if self.net.readout == "random":
            f_square = self._rng.standard_normal(self.networks) ** 2  # in units of A_L/n_L
            self._log_f_square = self._log_norms[-1] + np.log(f_square) - np.log(widths[-1])
            first, tau_square = self._depth, 1 / f_square
        else:
            inner, b_square, log_v = self._last
            with np.errstate(divide="ignore", invalid="ignore"):
                scale = self._log_norms[-1] - np.log(self._ratios[-1])  # log of s^2 A_{L-1}
                self._log_f_square = 2 * np.log(np.abs(inner)) + log_v + scale
                self._rho[-1] = b_square * self._ratios[-1] / inner**2
                tau_square = self._rho[-1] / self._ratios[-1]
            first = self._depth - 1
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for k, terms in zip(range(first, 0, -1), self._backward_terms(first), strict=True):
                self._rho[k - 1] = self._step(k, tau_square, *terms)
                tau_square = self._rho[k - 1] / self._ratios[k - 1]

    def _backward_terms(self, first: int) -> list[tuple[Array, ...]]:
        """Return the fresh variables of layers first, ..., 1."""
        on = self._on[:first][::-1]
        chi = self._chi_squares(np.maximum(on.astype(np.int32) - 1, 0))
        if self._shares is None:
            return [(row,) for row in chi]
        off = np.array(self._law.widths[1 : first + 1])[::-1, None] - on
        chi_off = self._chi_squares(np.maximum(off - 1, 0))
        h = self._rng.standard_normal(chi.shape) * ((on > 0) & (off > 0))
        return list(zip(chi, chi_off, h, strict=True))

    def _step(self, k: int, tau_square: Array, chi: Array, chi_off: Any = None, h: Any = None) -> Array:
        if self._shares is None:
            return 1 + tau_square * chi
        p = self._shares[k - 1]
        tau, root_p, root_q = np.sqrt(tau_square), np.sqrt(p), np.sqrt(1 - p)
        plus = (root_p + tau * root_q * h) ** 2 + tau_square * chi
        minus = (root_q - tau * root_p * h) ** 2 + tau_square * chi_off
        return np.asarray(plus + self._slope**2 * minus)
