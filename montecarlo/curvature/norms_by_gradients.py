"""Squared Frobenius norms of all blocks of a Hessian, row by row: a complex step of the gradient for each weight."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from montecarlo.architectures.kept_weights import KeptChunk, log_of_squares
from montecarlo.arrays import Array
from montecarlo.curvature.any_architecture import analytic_gradients, in_range
from theory.ensembles import InvalidArgument

_STEP = 1e-20
"""Nothing cancels in complex steps, so they can be as short as this."""
_LEAST = 1e-250
"""The imaginary parts of smaller gradients would lose digits."""
_MOST_WEIGHTS = 2**14
"""A Hessian in more weights has rows that take too long, one by one."""


def log_block_squares(chunk: KeptChunk) -> Array:
    """Return log|H_kl|_F^2 for all layers k and l, shape (m, L, L), which is -inf where a block is 0.

    Parameters
    ----------
    chunk : KeptChunk
        The networks.

    Raises
    ------
    InvalidArgument
        If a network has too many weights, or its gradient or Hessian leaves the range of double precision.

    Examples
    --------
    f = v sin(w x) has the one second derivative -v x^2 sin(w x):

    >>> from montecarlo.architectures.plain import PlainChunk
    >>> from theory.ensembles import Ensemble
    >>> net = Ensemble(width=1, depth=1, activation="sine", readout="ones", input=(3,))
    >>> chunk = PlainChunk(net, np.random.default_rng(0), 1)
    >>> w = chunk.weights(1)[0, 0, 0]
    >>> bool(np.isclose(np.exp(log_block_squares(chunk)[0, 0, 0] / 2), abs(9 * np.sin(3 * w))))
    True
    """
    gradients, parameters = analytic_gradients(chunk, slice(chunk.networks))
    checked = in_range(gradients)
    sizes = [w[0].size for w in chunk.matrices]
    if sum(sizes) > _MOST_WEIGHTS:
        problem = f"a Hessian in {sum(sizes)} weights is too large to be taken row by row"
        raise InvalidArgument("depth", problem, f"use at most {_MOST_WEIGHTS} weights, or measure its extremes")
    ends = np.cumsum([0, *sizes])
    squares = np.zeros((chunk.networks, len(sizes), len(sizes)))
    largest = np.abs(checked(parameters)).max()  # so that neither the rows nor their squares underflow
    if 0 < largest < _LEAST:
        problem = f"makes gradients below {_LEAST}, whose derivatives floats do not hold"
        raise InvalidArgument("depth", problem, "use fewer layers")
    scale = 1 / largest if largest > 0 else 1.0
    moved = parameters.astype(np.complex128)
    for k, (first, end) in enumerate(pairwise(ends)):
        for weight in range(first, end):
            moved[:, weight] += 1j * _STEP
            row = checked(moved).imag / _STEP * scale
            moved[:, weight] = parameters[:, weight]
            squares[:, k] += np.add.reduceat(row**2, ends[:-1], axis=1)
    return np.asarray(log_of_squares(squares) - 2 * np.log(scale))
