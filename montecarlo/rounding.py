"""How far rounding may have moved what was measured, so that intervals and comparisons can allow for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from montecarlo.arguments import as_ensemble
from montecarlo.drawing.weights import Weights
from theory.ensembles import Ensemble

_STEPS = 8
"""Sums of many terms err like a random walk of so many deviations, and never by more than a rounding for each term."""


@dataclass(frozen=True)
class Rounding:
    """How far a logarithm that was measured may be from that of the networks drawn.

    Parameters
    ----------
    absolute : float
        A part that is the same whatever the logarithm.
    relative : float
        A part in units of the logarithm's size.

    Examples
    --------
    >>> Rounding(1e-12, 1e-15).of(-2000.0)
    3e-12
    """

    absolute: float = 0.0
    relative: float = 0.0

    def of(self, *logs: ArrayLike) -> float:
        """Return the margin of logarithms, the same for all of them; those that are infinite are exact.

        Parameters
        ----------
        *logs : array_like
            What was measured, and what it is compared with.
        """
        sizes = (np.abs(np.asarray(some, dtype=np.float64)) for some in logs)
        largest = (float(np.max(size, where=np.isfinite(size), initial=0.0)) for size in sizes)
        return self.absolute + self.relative * max(largest, default=0.0)


EXACT = Rounding()
"""What is not rounded."""


def rounding_of(net: Ensemble, dtype: DTypeLike = np.float64) -> Rounding:
    r"""Return how far rounding moves the log of a squared norm, forward and backward through all layers.

    Parameters
    ----------
    net : Ensemble
        An ensemble without symbols.
    dtype : dtype-like
        The precision of the weights, float64 or float32.

    Returns
    -------
    Rounding

    Notes
    -----
    A sum of n products in precision u errs by at most n u, and by more than :math:`8\sqrt n\,u` with a probability of
    about :math:`e^{-32}`, for errors that are independent with mean 0; drawing and activating an entry adds a few more.
    Errors of one layer pass through the next ones like the signal that carries them, so they add up over layers, in the
    same way; the law of the weights itself is off by a unit or less, the same way in each layer. All this is of first
    order: where what enters a layer cancels to a share r, which a layer of n units does with a probability of about
    :math:`r^n`, that network errs by 1/r times as much. Sums of logs are rounded in units of the logs, in double
    precision always.

    Biases and smooth activations add a few roundings to each entry, which the same sums hold. Where such networks are
    chaotic, a rounding grows from layer to layer, so that the network measured is another than the one drawn. Yet its
    law is the same but for rounding, layer by layer, as moving a preactivation by a rounding is moving its weights by
    one; and intervals speak of laws.

    References
    ----------
    N. J. Higham and T. Mary, A new approach to probabilistic rounding error analysis, SIAM J. Sci. Comput. 41(5), 2019.

    Examples
    --------
    >>> shallow, deep = (rounding_of(Ensemble(width=32, depth=depth)) for depth in (4, 400))
    >>> shallow.absolute < 1e-12 < deep.absolute < 1e-10
    True
    """
    as_ensemble(net)
    alike = int(net.depth) if net.widths is None else 1  # layers that one stands for
    weights = Weights(net.plain.at(depth=1) if net.widths is None else net, dtype)
    fans, logs = np.array(weights.widths[:-1], dtype=np.float64), np.abs(weights.log_factors)
    unit, double = float(np.finfo(weights.dtype).eps) / 2, float(np.finfo(np.float64).eps) / 2
    depth = alike * len(fans)
    sums = np.minimum(fans, _STEPS * np.sqrt(fans)) + _STEPS  # of the products in each layer
    walk = min(depth, _STEPS * math.sqrt(depth)) * float(np.sqrt(np.mean(sums**2)))
    adding = math.sqrt(alike * float(np.sum((1 + logs) ** 2))) + alike * float(np.sum(logs))
    absolute = 2 * unit * (walk + depth) + double * _STEPS * adding
    return Rounding(2 * absolute, double * _STEPS * (math.sqrt(depth) + 1))
