"""Curvature: Hessians of networks in their weights, of one output and of losses on data.

=====================  ==============================================================================
networks               one given network: weights, activation, readout
observables            what :func:`montecarlo.simulate` measures of the Hessian of an output

directions             forward and backward pass of given networks, as directions and norms
reduction              the Hessian of an output, reduced to the directions on which it is not 0
lanczos                extreme eigenvalues of many reduced Hessians at once
spectra                every eigenvalue of an output's Hessian, or the extreme ones at any size
frobenius              its Frobenius norm, by one recursion over the layers
width_one              its extreme eigenvalues in a linear network of width one, by secular equations

any_architecture       extreme eigenvalues in any architecture, from gradients at complex weights
extremes_by_gradients  extreme eigenvalues of the Hessians of many networks, from gradients alone
norms_by_gradients     the Frobenius norms of all blocks, row by row, of smooth activations
residual_frobenius     the Frobenius norm behind residual branches

losses                 squared loss and cross-entropy, as functions of the outputs
loss_hessians          Hessians of losses on data and their parts, as operators
few_inputs             their whole spectrum where inputs are few
=====================  ==============================================================================

Extreme eigenvalues, spectral density and traces of any operator are in :mod:`montecarlo.operators`.
"""

from montecarlo.curvature.extremes_by_gradients import ExtremesByGradients, extremes_by_gradients
from montecarlo.curvature.few_inputs import ReducedSpectrum, reduced_spectrum
from montecarlo.curvature.loss_hessians import LossHessian
from montecarlo.curvature.networks import Network
from montecarlo.curvature.observables import (
    CurvatureRatios,
    HessianExtremes,
    HessianIndex,
    HessianNorms,
    LossCurvature,
)
from montecarlo.curvature.spectra import (
    HessianSpectrum,
    ScaledExtremes,
    hessian_extremes,
    hessian_spectra,
    hessian_spectrum,
)

__all__ = [
    "Network",
    "hessian_spectrum",
    "hessian_spectra",
    "HessianSpectrum",
    "hessian_extremes",
    "ScaledExtremes",
    "HessianNorms",
    "HessianExtremes",
    "HessianIndex",
    "CurvatureRatios",
    "LossCurvature",
    "LossHessian",
    "reduced_spectrum",
    "ReducedSpectrum",
    "extremes_by_gradients",
    "ExtremesByGradients",
]
