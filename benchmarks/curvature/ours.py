"""Ours: thin calls of montecarlo.curvature, with BLAS on one thread wherever networks come in batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.curvature.sides import Side
from benchmarks.curvature.work import Array
from montecarlo.curvature import Network, hessian_extremes, hessian_spectra, hessian_spectrum


def full(weights: list[Array], v: Array, x: Array, relu: bool) -> Array:
    """Return all eigenvalues that are not 0."""
    return hessian_spectrum(_network(weights, v, relu), x).values


def extremes(weights: list[Array], v: Array, x: Array, relu: bool) -> Array:
    """Return the least and the largest."""
    found = hessian_extremes(_network(weights, v, relu), x)
    return np.array([found.least[0], found.largest[0]])


def full_batch(weights: list[Array], v: Array, x: Array, relu: bool) -> list[Array]:
    """Return all that are not 0, of many networks."""
    return [spectrum.values for spectrum in hessian_spectra(_networks(weights, v, relu), x, jobs=2)]


def extremes_batch(weights: list[Array], v: Array, x: Array, relu: bool) -> list[Array]:
    """Return the least and the largest, of many networks."""
    found = hessian_extremes(_networks(weights, v, relu), x)
    return list(np.stack([found.least, found.largest], axis=1))


def _network(weights: Any, v: Array, relu: bool) -> Network:
    return Network(weights, "relu" if relu else "linear", v)


def _networks(weights: list[Array], v: Array, relu: bool) -> list[Network]:
    return [_network([layer[i] for layer in weights], v[i], relu) for i in range(len(v))]


SIDES: dict[str, Side] = {
    "montecarlo.curvature": Side(
        full=full,
        extremes=extremes,
        full_batch=full_batch,
        extremes_batch=extremes_batch,
        blas_threads=1,
        batch_blas_threads=1,
    )
}
