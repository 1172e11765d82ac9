"""What is measured of the Hessian of f in all weights: norms, both ends, ratios, signs, and its part in a loss's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from montecarlo.architectures.kept_weights import KeptChunk
from montecarlo.architectures.plain import PlainChunk
from montecarlo.architectures.residual import ResidualChunk
from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array
from montecarlo.curvature.any_architecture import log_extremes
from montecarlo.curvature.directions import Directions
from montecarlo.curvature.frobenius import log_frobenius
from montecarlo.curvature.norms_by_gradients import log_block_squares
from montecarlo.curvature.reduction import Reduction
from montecarlo.curvature.residual_frobenius import log_residual_frobenius
from montecarlo.curvature.spectra import measured_extremes
from montecarlo.drawing.activation_check import require_complex_slopes
from montecarlo.engines.real_matrices import Chunk
from montecarlo.observables import parse_blocks
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction

_UNITS = 2**14
"""Networks of so many units in all are taken at once, so that their banded matrix stays in the cache."""


@dataclass(frozen=True)
class HessianNorms:
    r"""Squared Frobenius norms of the Hessian of f in the weights, or of its blocks.

    Parameters
    ----------
    blocks : sequence of (k, l), optional
        Pairs of layers k < l between 1 and L. By default the whole Hessian is measured, with every block and its
        transpose.

    Notes
    -----
    :math:`|H_{kl}|_F^2 = |b_l|^2 |M_{lk}|_F^2 |a_{k-1}|^2`, where M is the Jacobian between the layers. So
    no second derivative is taken, and the whole costs two products of matrices for each layer. For residual networks
    only the whole is known, and for normalized ones nothing.

    Smooth activations have second derivatives, which add to all blocks, also to those of one layer that are 0 without
    them. Such Hessians are taken row by row, by a complex step of the gradient for each weight.

    Examples
    --------
    >>> HessianNorms(blocks=[(1, 3)]).components(Ensemble(width=8, depth=4))
    ('H_1_3',)
    """

    blocks: tuple[tuple[int, int], ...] | None = None
    name: ClassVar[str] = "HessianNorms"
    needs: ClassVar[frozenset[str]] = frozenset({"backward", "weights"})

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", parse_blocks(self.blocks))

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return ``H``, or ``H_k_l`` for each block."""
        as_ensemble(net)
        if net.is_piecewise_linear:
            _require_depth_two(net)
        else:
            require_complex_slopes(net)
            if net.activation not in _WITHOUT_KINK:
                _require_no_atoms(net)
        if self.blocks is None:
            if net.architecture.name != "residual":
                net.require_plain("|H|_F of other than residual networks", biases=True, smooth=True)
            return ("H",)
        net.require_plain("the norm of a block H_kl", biases=True, smooth=True)
        for k, later in self.blocks:
            if later > int(net.depth):
                problem = f"must lie between 1 and the depth {net.depth}, got {(k, later)}"
                raise InvalidArgument("blocks", problem, "change them")
        return tuple(f"H_{k}_{later}" for k, later in self.blocks)

    def measure(self, chunk: Chunk | ResidualChunk | PlainChunk) -> Array:
        """Return log|H|_F^2, shape (m, 1), or log|H_kl|_F^2, shape (m, blocks)."""
        if isinstance(chunk, ResidualChunk):
            return log_residual_frobenius(chunk)[:, None]
        if isinstance(chunk, PlainChunk) and not chunk.net.is_piecewise_linear:
            logs = log_block_squares(chunk)
            if self.blocks is None:
                return np.asarray(np.logaddexp.reduce(logs, axis=(1, 2))[:, None])
            return np.stack([logs[:, k - 1, later - 1] for k, later in self.blocks], axis=1)
        if self.blocks is None:
            layers = range(1, int(chunk.net.depth) + 1)
            weights, slopes = ([read(k) for k in layers] for read in (chunk.weights, chunk.slopes))
            forward = chunk.log_activation_norms(range(len(weights) + 1)) / 2
            return 2 * log_frobenius(weights, slopes, forward, chunk.log_backward_norms(layers) / 2)[:, None]
        backward = chunk.log_backward_norms([later for _, later in self.blocks])
        forward = chunk.log_activation_norms([k - 1 for k, _ in self.blocks])
        jacobians = np.stack([chunk.log_jacobian_norms(k, later) for k, later in self.blocks], axis=1)
        with np.errstate(invalid="ignore"):  # each term is -inf for a dead network
            return np.asarray(backward + jacobians + forward)


@dataclass(frozen=True)
class HessianExtremes:
    r"""Both ends of the spectrum of the Hessian of f in all weights, as logs, in any architecture.

    The components are ``lambda_max``, ``minus_lambda_min`` (the least eigenvalue is negative) and ``spectral_norm``,
    the larger of the two. They are -inf for a dead network, whose Hessian is 0, and for an end of the other sign.

    Weights are what is varied, biases are not. Architectures that are not plain also have ``ends/gradient``,
    :math:`\sqrt{-\lambda_{\min}\lambda_{\max}}` over
    :math:`\max_k|\partial f/\partial W_k|/|W_k|`. Behind normalization this is at least 1 in every network
    (:mod:`theory.architectures.normalized`). It is -inf if the weights of a layer are 0.

    Notes
    -----
    Both ends come from Lanczos's method: for plain networks on the reduced Hessian, to a relative error of 1e-10
    (:mod:`montecarlo.curvature.lanczos`), for others on complex steps of the gradient, to 1e-6
    (:mod:`montecarlo.curvature.any_architecture`).

    Examples
    --------
    >>> HessianExtremes().components(Ensemble(width=8, depth=4))
    ('lambda_max', 'minus_lambda_min', 'spectral_norm')
    >>> from montecarlo import simulate
    >>> net = Ensemble(width=4, depth=8, activation="relu", init="he", architecture="layernorm")
    >>> readings = simulate(net, [HessianExtremes()], samples=20)[HessianExtremes()]
    >>> bool((readings.log_values("ends/gradient") > 0).all())
    True
    """

    name: ClassVar[str] = "HessianExtremes"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the labels, and refuse plain networks of depth 1, and kinks at which a unit can be."""
        as_ensemble(net)
        ends = ("lambda_max", "minus_lambda_min", "spectral_norm")
        if not net.is_homogeneous:
            require_complex_slopes(net)
            if net.activation not in _WITHOUT_KINK:
                _require_no_atoms(net)
            return ends
        if not net.architecture.is_plain:
            if net.slope != 1:
                _require_no_atoms(net)
            return (*ends, "ends/gradient")
        _require_spectrum(net)
        return ends

    def measure(self, chunk: Chunk | KeptChunk) -> Array:
        """Return the logs, shape (m, components)."""
        if isinstance(chunk, KeptChunk):
            return log_extremes(chunk)[:, : 3 if isinstance(chunk, PlainChunk) else 4]
        high, low = _log_ends(_directions(chunk))
        return np.stack([high, low, np.maximum(high, low)], axis=1)


@dataclass(frozen=True)
class HessianIndex:
    """Share of negative eigenvalues among those of the Hessian of f that are not 0, as a log, counted one by one.

    The share tells how far from a minimum the network is. On average over signs of the readout it is 1/2. Its log is
    -inf for a dead network.

    Examples
    --------
    >>> HessianIndex().components(Ensemble(width=8, depth=4))
    ('negative_share',)
    """

    name: ClassVar[str] = "HessianIndex"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the label, and refuse laws with atoms, and depth 1."""
        as_ensemble(net)
        _require_spectrum(net)
        return ("negative_share",)

    def measure(self, chunk: Chunk) -> Array:
        """Return the log, shape (m, 1)."""

        def counted(directions: Directions) -> Array:
            reduction = Reduction(directions)
            spectra = (np.linalg.eigvalsh(reduction.dense(number)) for number in range(reduction.networks))
            return np.array([np.log(np.mean(spectrum < 0)) for spectrum in spectra])[:, None]

        return _of_alive(_directions(chunk), counted, 1)


@dataclass(frozen=True)
class CurvatureRatios:
    r"""How fast function, gradient and curvature vanish relative to each other, as logs.

    The components are ``gradient/output``, :math:`|\nabla f|/|f|`, and ``hessian/gradient``,
    :math:`\|\nabla^2f\|_2/|\nabla f|`, over all weights. They are -inf for a dead network, where both are 0/0.

    Examples
    --------
    >>> CurvatureRatios().components(Ensemble(width=8, depth=4))
    ('gradient/output', 'hessian/gradient')
    """

    name: ClassVar[str] = "CurvatureRatios"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the two labels, and refuse laws with atoms, and depth 1."""
        as_ensemble(net)
        _require_spectrum(net)
        return ("gradient/output", "hessian/gradient")

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, 2)."""

        def ratios(directions: Directions) -> Array:
            gradient = _log_gradient(directions)
            curvature = np.maximum(*_log_ends(directions))
            return np.stack([gradient - directions.log_output, curvature - gradient], axis=1)

        return _of_alive(_directions(chunk), ratios, 2)


@dataclass(frozen=True)
class LossCurvature:
    r"""The two parts of the Hessian of the loss :math:`\frac12(f-y)^2` on one example: their spectral norms, as logs.

    The components are ``residual``, :math:`|f-y|\,\|\nabla^2f\|_2`; ``gauss_newton``, :math:`|\nabla f|^2`;
    ``residual/gauss_newton``; and ``residual_share``, the first over the sum of both. They are -inf for a dead network.

    Parameters
    ----------
    target : Fraction, int or str
        The target y.

    Examples
    --------
    >>> LossCurvature(1).components(Ensemble(width=8, depth=4))
    ('residual', 'gauss_newton', 'residual/gauss_newton', 'residual_share')
    """

    target: Fraction | int | str = Fraction(1)
    name: ClassVar[str] = "LossCurvature"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def __post_init__(self) -> None:
        object.__setattr__(self, "target", exact_fraction("target", self.target))

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the four labels, and refuse laws with atoms, and depth 1."""
        as_ensemble(net)
        _require_spectrum(net)
        return ("residual", "gauss_newton", "residual/gauss_newton", "residual_share")

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, 4)."""

        def parts(directions: Directions) -> Array:
            if self.target == 0:
                error = directions.log_output
            else:
                output = np.sign(directions.cosine) * np.exp(directions.log_output)
                with np.errstate(divide="ignore"):
                    error = np.log(np.abs(output - float(Fraction(self.target))))
            residual = error + np.maximum(*_log_ends(directions))
            gauss_newton = 2 * _log_gradient(directions)
            share = residual - np.logaddexp(residual, gauss_newton)
            return np.stack([residual, gauss_newton, residual - gauss_newton, share], axis=1)

        return _of_alive(_directions(chunk), parts, 4)


_WITHOUT_KINK = ("linear", "tanh", "erf", "sigmoid", "gelu", "silu", "softplus", "sine")
"""Activations with a second derivative everywhere."""


def _directions(chunk: Chunk) -> Directions:
    """Run the networks of a chunk once more, in double precision."""
    net = chunk.net
    weights = [chunk.weights(k).astype(np.float64, copy=False) for k in range(1, int(net.depth) + 1)]
    return Directions.of(weights, float(Fraction(net.slope)), chunk.readout, chunk.input[None])


def _log_gradient(directions: Directions) -> Array:
    """Return log|grad f| over all weights."""
    return np.asarray(np.logaddexp.reduce(2 * directions.log_gradients, axis=1) / 2)


def _log_ends(directions: Directions) -> tuple[Array, Array]:
    """Return log lambda_max and log(-lambda_min), shape (m,) each, which are -inf for a dead network."""

    def logs(some: Directions) -> Array:
        low, high, log_scale, _ = measured_extremes(some, 1e-10)
        return np.log(np.stack([high, -low], axis=1)) + log_scale[:, None]

    both = _of_alive(directions, logs, 2)
    return both[:, 0], both[:, 1]


def _of_alive(directions: Directions, measure: Callable[[Directions], Array], components: int) -> Array:
    """Measure the networks that are alive, some at a time; the others have -inf."""
    out = np.full((directions.networks, components), -np.inf)
    alive = np.flatnonzero(directions.alive)
    at_a_time = max(1, _UNITS // sum(directions.widths))
    for first in range(0, len(alive), at_a_time):
        some: NDArray[np.bool_] = np.zeros(directions.networks, dtype=np.bool_)
        some[alive[first : first + at_a_time]] = True
        out[some] = measure(directions.taken(some))
    return out


def _require_depth_two(net: Ensemble) -> None:
    if int(net.depth) < 2:
        raise InvalidArgument("depth", "the Hessian of one layer is 0", "use a depth of at least 2")


def _require_spectrum(net: Ensemble) -> None:
    """Refuse networks whose Hessian may not be defined, or not be reduced."""
    net.require_plain("the reduced Hessian")
    _require_depth_two(net)
    _require_no_atoms(net)


def _require_no_atoms(net: Ensemble) -> None:
    """Refuse laws under which a unit can be exactly at its kink."""
    if net.law.has_atoms:
        problem = f"{net.law.name!r} has atoms, so a unit can be exactly at 0, where no Hessian is defined"
        raise InvalidArgument("law", problem, "use e.g. law='normal' or 'uniform'")
