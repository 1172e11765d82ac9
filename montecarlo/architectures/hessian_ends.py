r"""Both ends of the Hessian of f in all weights behind a remedy, by Lanczos's method on gradients alone.

Of plain networks :class:`montecarlo.HessianExtremes` reduces the Hessian first; behind normalization its diagonal
blocks are not 0, and there is no such form. Products with it are complex steps of :mod:`analytic_gradients`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from montecarlo.architectures.analytic_gradients import Gradients, RemedyChunk, analytic_gradients
from montecarlo.architectures.residual import ResidualChunk
from montecarlo.arrays import Array, Numbers
from montecarlo.curvature.extremes_by_gradients import extremes_by_gradients
from theory.ensembles import Ensemble, InvalidArgument

_BYTES = 2**27
"""Of the bases of the networks whose ends are found together."""
_MOST_BYTES = 2**30
"""Of the basis of a network that needs many products."""
_PRODUCTS = 96
_ERROR = 1e-6
"""Of an end, against itself: there is an eigenvalue that close."""
_ROUNDED = 1e-6
"""Share of a gradient that rounding may make."""
_LARGEST = 1e270
"""Gradients above would make Hessians that are not finite."""


@dataclass(frozen=True)
class HessianEnds:
    r"""Both ends of the spectrum of the Hessian of f in all weights, as logs, behind any of the remedies.

    Components: ``lambda_max``, ``minus_lambda_min``, ``spectral_norm``, the larger of the two, and ``ends/gradient``,
    :math:`\sqrt{-\lambda_{\min}\lambda_{\max}}` over :math:`\max_k|\partial f/\partial W_k|/|W_k|`, which behind
    normalization is at least 1 in every network (:mod:`theory.architectures.normalized`). -inf for a Hessian that is 0
    to rounding, an end of the other sign, and a ratio to a layer of weights 0.

    Notes
    -----
    An end is an eigenvalue to a relative error of 1e-6 by its residual, far less by its square; a network that needs
    more products gets them, up to a basis of 1 GiB. Narrow layers can merge a small batch into two points, where f is
    constant: the engine's gradient is 0, and the Hessian counts as 0. Where batch norm makes gradients so large that
    rounding decides f itself, the networks are refused; it is told by 3 g(3W), which behind normalization is g(W).

    Raises
    ------
    InvalidArgument
        On measuring other networks, gradients that leave the range of double precision, and ends that were not found.

    Examples
    --------
    >>> from montecarlo import LayerNorm, simulate
    >>> net = Ensemble(width=4, depth=8, activation="relu", init="he")
    >>> readings = simulate(net, [HessianEnds()], samples=20, engine=LayerNorm())[HessianEnds()]
    >>> readings.components
    ('lambda_max', 'minus_lambda_min', 'spectral_norm', 'ends/gradient')
    >>> bool((readings.log_values("ends/gradient") > 0).all())
    True
    """

    name: ClassVar[str] = "HessianEnds"
    needs: ClassVar[frozenset[str]] = frozenset({"backward"})

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the four labels."""
        return ("lambda_max", "minus_lambda_min", "spectral_norm", "ends/gradient")

    def measure(self, chunk: Any) -> Array:
        """Return the logs, shape (m, 4)."""
        if not isinstance(chunk, RemedyChunk):
            problem = f"{self.name} is known of residual networks, layer norm and batch norm only"
            raise InvalidArgument("observables", problem, "use engine=LayerNorm() e.g., or HessianExtremes()")
        size = sum(w[0].size for w in chunk.matrices)
        at_a_time = max(1, _BYTES // (8 * size * min(size, _PRODUCTS)))
        starts = range(0, chunk.networks, at_a_time)
        steepest = _log_steepest(chunk)
        flat = np.isneginf(steepest)  # no gradient, as f is constant around: what is found is rounding of 0
        least, largest = np.concatenate([_ends(chunk, slice(i, i + at_a_time), flat) for i in starts], axis=1)
        with np.errstate(divide="ignore"):  # the log of a 0
            high, low = np.log(np.maximum(largest, 0)), np.log(np.maximum(-least, 0))
        ratio = np.full(chunk.networks, -np.inf)
        known = np.isfinite(steepest)
        ratio[known] = (high + low)[known] / 2 - steepest[known]
        return np.stack([high, low, np.maximum(high, low), ratio], axis=1)


def _log_steepest(chunk: RemedyChunk) -> Array:
    """Return max_k log(|df/dW_k|/|W_k|), shape (m,); inf for a gradient over weights that are 0, -inf for none."""
    gradients = chunk.log_gradient_norms(range(1, len(chunk.matrices) + 1))
    with np.errstate(divide="ignore"):  # the log of a 0
        squares = np.log(np.stack([np.einsum("mij,mij->m", w, w) for w in chunk.matrices], axis=1))
    logs = np.full(gradients.shape, -np.inf)
    return np.asarray(np.subtract(gradients, squares, out=logs, where=np.isfinite(gradients)).max(axis=1) / 2)


def _ends(chunk: RemedyChunk, which: slice, flat: NDArray[np.bool_]) -> Array:
    """Return least and largest eigenvalue, shape (2, m), of some networks, each found or refused; 0 if flat."""
    gradients, parameters = analytic_gradients(chunk, which)
    size = parameters.shape[1]
    most = max(1, min(size, _MOST_BYTES // (8 * size)))
    if not isinstance(chunk, ResidualChunk):
        _require_function(_in_range(gradients), parameters, flat[which])
    found = extremes_by_gradients(_in_range(gradients), parameters, _ERROR / 10, min(most, _PRODUCTS))
    ends, errors = np.stack([found.least, found.largest]), found.residuals
    ends[:, flat[which]], errors[flat[which]] = 0, 0
    for network in np.flatnonzero(_inaccurate(ends, errors)):
        first = which.start + int(network)
        gradients, parameters = analytic_gradients(chunk, slice(first, first + 1))
        again = extremes_by_gradients(_in_range(gradients), parameters, (_ERROR / 10) ** 2, most)
        ends[:, network], errors[network] = (again.least[0], again.largest[0]), again.residuals[0]
    if _inaccurate(ends, errors).any():
        problem = f"an end of a Hessian in {size} weights was not found with a basis of 1 GiB"
        raise InvalidArgument("depth", problem, "use fewer or narrower layers")
    return ends


def _require_function(gradients: Gradients, parameters: Array, flat: NDArray[np.bool_]) -> None:
    """Refuse networks whose gradients are made by rounding: they differ from 3 g(3W), which is g(W)."""
    g = gradients(parameters)
    lost = np.linalg.norm(3 * gradients(3 * parameters) - g, axis=1) > _ROUNDED * np.linalg.norm(g, axis=1)
    if np.any(lost & ~flat):
        problem = "rounding in the first layers decides the outputs of the last: the derivatives are of no function"
        raise InvalidArgument("depth", problem, "use fewer layers, or larger batches")


def _inaccurate(ends: Array, errors: Array) -> NDArray[np.bool_]:
    return ~np.asarray(errors <= _ERROR * np.abs(ends).min(axis=0), dtype=np.bool_)  # nan is


def _in_range(gradients: Gradients) -> Gradients:
    """Refuse gradients that are not finite, or whose derivatives may not be."""

    def checked(parameters: Numbers) -> Numbers:
        with np.errstate(over="ignore", invalid="ignore"):
            g = gradients(parameters)
            inside = np.abs(g).max() < _LARGEST
        if not inside:
            problem = "the gradient or the Hessian of a network leaves the range of double precision"
            raise InvalidArgument("depth", problem, "use fewer layers, larger batches or smaller branches")
        return g

    return checked
