"""The input x and the readout v, as floats and the log of an exact factor."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from montecarlo.arrays import Array
from montecarlo.drawing.weights import integer_multiples, log
from theory.ensembles import Ensemble


def draw_readout(net: Ensemble, rng: np.random.Generator, networks: int, width: int) -> tuple[Array, float]:
    """Return v of each network, shape (m, n_L), and the log of the factor that its squared entries still lack."""
    shape = (networks, width)
    if net.readout == "random":
        return rng.standard_normal(shape), -log(Fraction(width))
    if net.readout == "signs":
        signs = 1 - 2.0 * rng.integers(2, size=shape, dtype=np.uint8)
        return signs.astype(np.float64, copy=False), -log(Fraction(width))
    v, log_v = vector(net.readout, width)
    return np.repeat(v[None, :], networks, axis=0), log_v


def vector(numbers: str | tuple[Fraction, ...], size: int) -> tuple[Array, float]:
    """Return a fixed vector as floats, and the log of the exact factor that its squared entries still lack."""
    if numbers == "e1":
        return np.eye(1, size)[0], 0.0
    if isinstance(numbers, str):
        return np.ones(size), -log(Fraction(size)) if numbers == "unit" else 0.0
    floats, unit = integer_multiples(numbers)
    return floats, 2 * log(unit)
