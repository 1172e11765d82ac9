"""What does hold: random networks sampled from real weight matrices, their norms on log scale. NumPy; no SymPy.

===============  ========================================================================
simulate         draws networks block by block, on any executor, the same bits on each
observables      what is measured: norms of activations, gradients, Hessians, or one's own
chain_hessian    extreme eigenvalues of the Hessian of a width-one linear network
estimators       streaming moments of log values, merged in block order
intervals        confidence intervals whose guarantee is proved at finite sample size
passes           one chunk of networks, forward and backward
weights          one layer of weights from the ensemble's law
sampler_check    a user's sampler must be standardized and symmetric
workers          worker processes that simulations share
streams          one random stream per ensemble, seed and block
===============  ========================================================================
"""

from montecarlo.chain_hessian import ChainHessian
from montecarlo.estimators import Moments
from montecarlo.intervals import (
    Estimate,
    bernstein_interval,
    catoni_interval,
    clopper_pearson_interval,
    order_statistic_interval,
)
from montecarlo.observables import ActivationNorms, GradientNorms, GradientProducts, HessianNorms, Observable
from montecarlo.passes import Chunk
from montecarlo.simulate import Readings, Simulation, simulate
from montecarlo.workers import worker_pool

__all__ = [
    "simulate",
    "Simulation",
    "worker_pool",
    "Readings",
    "Observable",
    "ActivationNorms",
    "GradientNorms",
    "GradientProducts",
    "HessianNorms",
    "ChainHessian",
    "Chunk",
    "Moments",
    "Estimate",
    "order_statistic_interval",
    "catoni_interval",
    "clopper_pearson_interval",
    "bernstein_interval",
]
