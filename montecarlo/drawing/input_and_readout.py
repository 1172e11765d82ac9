"""The input x and the readout v, as floats and the log of an exact factor."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array
from montecarlo.drawing.weights import integer_multiples, log
from theory.ensembles import Ensemble


def draw_readout(net: Ensemble, rng: np.random.Generator, networks: int, width: int) -> tuple[Array, float]:
    """Draw the readout of each network.

    Parameters
    ----------
    net : Ensemble
        The ensemble, which says what the readout is.
    rng : numpy.random.Generator
        The stream that random readouts come from.
    networks, width : int
        m and n_L.

    Returns
    -------
    v : ndarray, shape (m, n_L)
    log_v : float
        Log of a factor that its squared entries still lack.
    """
    as_ensemble(net)
    shape = (networks, width)
    if net.readout == "random":
        return rng.standard_normal(shape), -log(Fraction(width))
    if net.readout == "signs":
        signs = 1 - 2.0 * rng.integers(2, size=shape, dtype=np.uint8)
        return signs.astype(np.float64, copy=False), -log(Fraction(width))
    v, log_v = vector(net.readout, width)
    return np.repeat(v[None, :], networks, axis=0), log_v


def magnified(vectors: Array, log_square: float) -> Array:
    """Return vectors times the root of a factor that is known by its log: infinite where no float holds them.

    Parameters
    ----------
    vectors : ndarray
        The vectors.
    log_square : float
        Log of the factor that their squared entries lack.

    Examples
    --------
    >>> magnified(np.array([0.0, 3.0]), 2 * np.log(2.0)).round(9), magnified(np.array([0.0, 3.0]), 2000.0)
    (array([0., 6.]), array([ 0., inf]))
    """
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        return np.where(vectors == 0, 0.0, vectors * np.exp(log_square / 2))


def vector(numbers: str | tuple[Fraction, ...], size: int) -> tuple[Array, float]:
    """Read a fixed vector of an ensemble.

    Parameters
    ----------
    numbers : str or tuple of Fraction
        ``e1``, ``unit``, ``ones``, or the entries.
    size : int
        How many entries it has.

    Returns
    -------
    v : ndarray, shape (size,)
    log_v : float
        Log of a factor that its squared entries still lack.
    """
    if numbers == "e1":
        return np.eye(1, size)[0], 0.0
    if isinstance(numbers, str):
        return np.ones(size), -log(Fraction(size)) if numbers == "unit" else 0.0
    floats, unit = integer_multiples(numbers)
    return floats, 2 * log(unit)
