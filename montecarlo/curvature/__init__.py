"""Curvature: Hessians of networks in their weights, of one output and of losses on data.

==============  ===========================================================================
networks        one given network: weights, activation, readout
directions      forward and backward pass of given networks, as directions and logarithms
reduction       the Hessian of an output, reduced to the directions on which it is not 0
lanczos         both ends of many spectra at once
spectra         every eigenvalue of an output's Hessian, or both ends at any size
observables     what :func:`montecarlo.simulate` measures of it
==============  ===========================================================================
"""

from montecarlo.curvature.networks import Network
from montecarlo.curvature.observables import (
    CurvatureRatios,
    HessianExtremes,
    HessianIndex,
    HessianNorms,
    LossCurvature,
)
from montecarlo.curvature.spectra import (
    ExtremeEigenvalues,
    HessianSpectrum,
    hessian_extremes,
    hessian_spectrum,
)

__all__ = [
    "Network",
    "hessian_spectrum",
    "HessianSpectrum",
    "hessian_extremes",
    "ExtremeEigenvalues",
    "HessianNorms",
    "HessianExtremes",
    "HessianIndex",
    "CurvatureRatios",
    "LossCurvature",
]
