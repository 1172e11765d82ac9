r"""A second input x' beside x, carried through the same layers as :math:`a' = \alpha a + e` with :math:`e \perp a`.

Each of the two parts has its own scale, so that the angle between a and a' is as accurate at 1e-300 as at 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from montecarlo.arrays import Array, Floats
from montecarlo.drawing.norm_traces import rescale
from montecarlo.drawing.small_products import matrix_vector
from montecarlo.drawing.weights import Weights
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction


@dataclass(frozen=True)
class SecondInput:
    r"""A second input of the norm of x, at a given angle.

    It is :math:`x' = c\,x + \sqrt{1-c^2}\,|x|\,e`. Here e is the first vector of the standard basis that x is no
    multiple of, made orthogonal to x and of length 1.

    Parameters
    ----------
    cosine : Fraction
        c, between -1 and 1, exclusive; also what :class:`fractions.Fraction` reads, such as ``"1/2"``.

    Raises
    ------
    InvalidArgument
        If the cosine is no number, or lies outside this range.

    Examples
    --------
    >>> SecondInput(Fraction(1, 2)).cosine
    Fraction(1, 2)
    """

    cosine: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        cosine = exact_fraction("cosine", self.cosine)
        if not -1 < cosine < 1:
            remedy = "use e.g. cosine='1/2'"
            raise InvalidArgument("cosine", f"must lie between -1 and 1, exclusive, got {self.cosine!r}", remedy)
        object.__setattr__(self, "cosine", cosine)

    def started(self, x: Array, networks: int, weights: Weights, slope: float) -> SecondInputTrace:
        """Return the second input's trace, at the start.

        Parameters
        ----------
        x : ndarray, shape (n_0,)
            The first input.
        networks : int
            m, how many networks it passes through.
        weights : Weights
            Their law.
        slope : float
            Slope of their activation for negative z.

        Raises
        ------
        InvalidArgument
            If the inputs have a single entry, and so no second direction.
        """
        e, alpha = self.across(x), np.full(networks, float(self.cosine))
        return SecondInputTrace(alpha, np.repeat(e[None], networks, axis=0), weights, slope)

    def across(self, x: Array) -> Array:
        """Return the part of the second input that is orthogonal to x, shape (n_0,).

        Parameters
        ----------
        x : ndarray, shape (n_0,)
            The first input.

        Raises
        ------
        InvalidArgument
            If the inputs have a single entry, and so no second direction.
        """
        if len(x) < 2:
            raise InvalidArgument("width", "a second direction needs an input of at least two entries", "use width=2")
        basis = np.eye(len(x))
        other = basis[0] if np.count_nonzero(x[1:]) else basis[1]
        e = other - x * (other @ x) / (x @ x)
        e *= np.sqrt(x @ x / (e @ e)) * np.sqrt(1 - float(self.cosine) ** 2)
        return np.asarray(e)


class SecondInputTrace:
    r"""The second input's way through the layers, :math:`a' = 2^t(\alpha a + 2^s e)` in the scale of a.

    At each layer :meth:`multiply` is called for all rows of the weights, or z_e is known otherwise; then
    :meth:`activate`, and :meth:`orthogonalize` when a has been activated and rescaled.

    Parameters
    ----------
    alpha : ndarray, shape (m,)
    e : ndarray, shape (m, n_0)
        Orthogonal to the first input.
    weights : Weights
        The law of the weights.
    slope : float
        Slope of the activation for negative z.
    """

    def __init__(self, alpha: Array, e: Array, weights: Weights, slope: float) -> None:
        self._weights, self._slope = weights, slope
        self._alpha, self._e = alpha, e
        self._t = np.zeros(len(alpha), dtype=np.int64)
        self._s = np.zeros(len(alpha), dtype=np.int64)
        self._rows = np.arange(len(alpha))
        self._networks = len(alpha)
        self._parallel: NDArray[np.bool_] = np.zeros(len(alpha), dtype=np.bool_)
        self._logs: list[tuple[Array, Array, Array]] = []
        self._layer = 0

    @property
    def e(self) -> Array:
        """The part of a' that is orthogonal to a, up to its scale."""
        return self._e

    def log_angles(self, layers: Iterable[int]) -> Array:
        """Return the log of the angle between a_k and a_k', shape (m, len(layers)); -inf where one of them is 0."""
        return np.stack([self._logs[k][0] for k in layers], axis=1)

    def log_ratios(self, layers: Iterable[int]) -> tuple[Array, Array]:
        """Return log of the size of <a_k, a_k'>/|a_k|^2, and its sign, each of shape (m, len(layers))."""
        chosen = list(layers)
        return np.stack([self._logs[k][1] for k in chosen], axis=1), np.stack([self._logs[k][2] for k in chosen], 1)

    def multiply(self, rows: slice, raw: Floats) -> None:
        """Multiply e by rows of the weights that are being drawn.

        Parameters
        ----------
        rows : slice
            Which rows; those that start at 0 come first.
        raw : ndarray, shape (m, rows, n_{k-1})
            The raw weights.
        """
        if rows.start == 0:
            self._next = np.empty((len(raw), self._weights.widths[self._layer + 1]))
        self._next[:, rows] = matrix_vector(raw, self._e.astype(raw.dtype, copy=False))

    def activate(self, z: Floats, z_of_e: Array | None = None) -> None:
        r"""Pass the activation: :math:`e \leftarrow \phi(\alpha z + z_e) - \alpha\phi(z)` with :math:`z_e = W e`.

        Where z keeps its sign the difference is linear in z_e: nothing cancels, however small e is.

        Parameters
        ----------
        z : ndarray, shape (m, n_k)
            W a, before the activation.
        z_of_e : ndarray, shape (m, n_k), optional
            W e; by default what :meth:`multiply` has found.
        """
        self._layer += 1
        ze = self._next if z_of_e is None else z_of_e
        if self._slope == 1:
            self._e = ze
            return
        alpha, small = self._alpha[:, None], np.ldexp(1.0, np.clip(self._s, -1000, 1000).astype(np.int32))[:, None]
        moved = alpha * z + small * ze
        phi, phi_moved = (np.where(v > 0, v, self._slope * v) for v in (z, moved))
        if self._slope == 0:  # an exact 0 must not become rounding noise
            apart = ~np.any((z > 0) & (moved > 0), axis=1)
            self._parallel = np.count_nonzero((z > 0) | (moved > 0), axis=1) <= 1
            self._alpha = np.where(apart, 0.0, self._alpha)
            alpha = self._alpha[:, None]
        linear = np.where(z > 0, 1.0, self._slope) * ze
        # phi(alpha z) = alpha phi(z) for positive alpha; for the others the angle is not small
        self._e = np.where(((moved > 0) == (z > 0)) & (alpha > 0), linear, (phi_moved - alpha * phi) / small)

    def orthogonalize(self, a: Floats, squares: Array) -> None:
        """Make e orthogonal to the new a, and record the angle.

        Parameters
        ----------
        a : ndarray, shape (m, n_k)
            Activations of the first input, rescaled.
        squares : ndarray, shape (m,)
            Their squared norms before they were rescaled.
        """
        halves = np.frexp(squares)[1] >> 1
        norm = np.ldexp(squares, -2 * halves)
        self._s -= halves
        alive = norm > 0
        along = np.einsum("mi,mi->m", a, self._e) / np.where(alive, norm, 1.0)
        self._e = self._e - along[:, None] * a
        self._e[self._parallel] = 0.0
        self._alpha = self._alpha + np.ldexp(along, np.clip(self._s, -1000, 1000).astype(np.int32))
        square, halves = rescale(self._e)
        self._s += halves
        size = np.maximum(np.frexp(self._alpha)[1], np.where(square > 0, self._s, -(2**40)))
        size[(self._alpha == 0) & (square == 0)] = 0
        self._alpha = np.ldexp(self._alpha, -size.astype(np.int32))
        self._s -= size
        self._t += size
        with np.errstate(divide="ignore", invalid="ignore"):
            log_alpha = np.log(np.abs(self._alpha))
            log_e = np.log(square) / 2 + np.log(2) * (self._s - halves)
            log_tangent = np.where(alive & (square > 0), log_e - log_alpha - np.log(norm) / 2, -np.inf)
        sign = np.where(alive, np.sign(self._alpha), 0.0)
        log_ratio = np.where(sign != 0, log_alpha + np.log(2) * self._t, -np.inf)
        log_angle = _log_angle(log_tangent, sign)
        self._logs.append((self._all(log_angle, -np.inf), self._all(log_ratio, -np.inf), self._all(sign, 0.0)))

    def keep(self, alive: NDArray[np.bool_]) -> None:
        """Go on with the networks that are alive, as nothing more is asked of the others."""
        self._rows, self._alpha, self._e = self._rows[alive], self._alpha[alive], self._e[alive]
        self._t, self._s, self._parallel = self._t[alive], self._s[alive], self._parallel[alive]

    def _all(self, values: Array, dead: float) -> Array:
        """Return values of all networks: those given for the ones that are left, and `dead` for the others."""
        out = np.full(self._networks, dead)
        out[self._rows] = values
        return out


def _log_angle(log_tangent: Array, sign: Array) -> Array:
    """Return the log of the angle between 0 and pi, given the size of its tangent and the sign of its cosine."""
    angle = np.arctan(np.exp(np.minimum(log_tangent, 700)))
    with np.errstate(divide="ignore"):
        log_angle = np.log(np.where(sign < 0, np.pi - angle, angle))
    return np.where((log_tangent < -20) & (sign >= 0), log_tangent, log_angle)
