"""Symmetric operators known by their products: extreme eigenvalues, spectral density and traces.

=========  ==========================================================================
symmetric  what counts as an operator
extremes   extreme eigenvalues of any operator
density    how its eigenvalues are distributed, by stochastic Lanczos quadrature
traces     its trace and Frobenius norm from products with random vectors
=========  ==========================================================================
"""

from montecarlo.operators.density import SpectralDensity, spectral_density
from montecarlo.operators.extremes import ExtremeEigenvalues, extreme_eigenvalues
from montecarlo.operators.traces import TraceEstimate, frobenius_estimate, hutch_plus_plus_trace, hutchinson_trace

__all__ = [
    "extreme_eigenvalues",
    "ExtremeEigenvalues",
    "spectral_density",
    "SpectralDensity",
    "hutchinson_trace",
    "hutch_plus_plus_trace",
    "frobenius_estimate",
    "TraceEstimate",
]
