"""The layers of an ensemble's networks, as its architecture wires them."""

from __future__ import annotations

import math
from fractions import Fraction

from montecarlo.activations import smooth_of
from montecarlo.architectures.passes import Layer
from montecarlo.arguments import as_ensemble
from theory.ensembles import Ensemble


def layers_of(net: Ensemble) -> list[Layer]:
    """Return what follows each weight matrix.

    Parameters
    ----------
    net : Ensemble
        The ensemble, with numbers for all sizes.

    Examples
    --------
    >>> layers_of(Ensemble(width=8, depth=1, activation="relu", architecture="layernorm"))
    [Layer(slope=0.0, standardized='units', adds_to=None, scale=1.0)]
    >>> [layer.adds_to for layer in layers_of(Ensemble(width=8, depth=4, architecture="residual:1:two"))]
    [None, 0, None, 2]
    """
    as_ensemble(net)
    depth, smooth = int(net.depth), smooth_of(net)
    slope = float(Fraction(net.slope)) if smooth is None else 1.0
    match net.architecture.name, net.architecture.branch:
        case "residual", "two":
            scale = branch_scale(net)
            ends = range(2, depth + 1, 2)
            return [layer for k in ends for layer in (Layer(slope), Layer(adds_to=k - 2, scale=scale))]
        case "residual", _:
            return [Layer(slope, adds_to=k, scale=branch_scale(net)) for k in range(depth)]
        case "layernorm", _:
            return [Layer(slope, "units")] * depth
        case "batchnorm", _:
            return [Layer(slope, "inputs")] * depth
        case _:
            return [Layer(slope, smooth=smooth)] * depth


def branch_scale(net: Ensemble) -> float:
    """Return alpha of a residual network as a number; where it is 0, return 1, as the second matrices are 0 instead.

    Examples
    --------
    >>> branch_scale(Ensemble(width=8, depth=8, architecture="residual:1/sqrt(L):two"))
    0.5
    """
    as_ensemble(net)
    alpha, branches = net.architecture.alpha, int(net.depth) // net.architecture.matrices_a_branch
    assert alpha is not None
    if alpha == "1/sqrt(L)":
        return 1 / math.sqrt(branches)
    if alpha == "1/L":
        return 1 / branches
    return float(Fraction(alpha)) or 1.0
