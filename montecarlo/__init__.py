"""What does hold: random networks sampled from real weight matrices, their norms on log scale. NumPy; no SymPy.

===============  ========================================================================
simulate         draws networks block by block, on any workers, the same bits on each
observables      what is measured: norms, angles, dead units, or one's own
curvature        Hessians in the weights: spectra, losses on data, what is measured of them
chain_hessian    extreme eigenvalues of the Hessian of a width-one linear network
singular_values  all singular values of the input-output Jacobian, however far apart
training         many networks trained at once: optimizers, escape from plateaus, real data

engines          real weight matrices, or a law that is provably the same
passes           real matrices: one chunk of networks, forward and backward
width_one        real weights of networks of width one, all layers at a time
vector_chains    law-exact for normal weights: vectors in place of matrices
norm_chains      law-exact for normal weights: chi-squares in place of vectors
pairs            a second input beside the first, and the angle between them
remedies         residual branches, layer and batch normalization, as engines
particles        means of heavy-tailed norms at any depth, by resampling
tilting          extreme tails for normal weights, by exponential tilting

estimators       streaming moments and covariances of log values
log_counts       streaming quantiles of log values, in bounded memory
intervals        confidence intervals whose guarantee is proved at finite sample size

blocks           one block of networks, drawn and measured: a pure function of a task
block_store      finished blocks in one SQLite file, safe from kills
stored_runs      a simulation's blocks in a store, by fingerprint
executors        serial, threads, processes, any executor, a Dask cluster
streams          one random stream per ensemble, seed and block; the sizes of blocks

weights          weights from the ensemble's law
normals          standard normal variables in single precision
products         matrices times vectors without threads of their own
traces           vectors through the layers: rescaled, their norms on log scale
sampler_check    a user's sampler must be standardized and symmetric
===============  ========================================================================
"""

from montecarlo.chain_hessian import ChainHessian
from montecarlo.curvature import (
    CurvatureRatios,
    HessianExtremes,
    HessianIndex,
    HessianNorms,
    LossCurvature,
)
from montecarlo.estimators import LogCovariance, Moments
from montecarlo.executors import Workers, borrowed, cluster, processes, serial, threads, worker_pool
from montecarlo.intervals import (
    Band,
    Estimate,
    bernstein_interval,
    bounded_mean_sequence,
    catoni_interval,
    clopper_pearson_interval,
    dkw_band,
    empirical_bernstein_interval,
    mean_sequence,
    median_of_means_interval,
    order_statistic_interval,
    quantile_sequence_interval,
    two_sample_distance,
)
from montecarlo.log_counts import LogCounts
from montecarlo.observables import (
    ActivationNorms,
    Angles,
    DeadUnits,
    GradientNorms,
    GradientProducts,
    InnerProducts,
    Observable,
)
from montecarlo.pairs import Pair
from montecarlo.particles import ParticleMean, particle_mean
from montecarlo.passes import Chunk
from montecarlo.remedies import BatchNorm, GradientGrowth, LayerNorm, Residual, ResidualHessianNorms
from montecarlo.simulate import Readings, Simulation, simulate
from montecarlo.singular_values import JacobianSingularValues
from montecarlo.tilting import TailProbability, tail_probability

__all__ = [
    "simulate",
    "Simulation",
    "Readings",
    "Observable",
    "ActivationNorms",
    "GradientNorms",
    "GradientProducts",
    "HessianNorms",
    "HessianExtremes",
    "HessianIndex",
    "CurvatureRatios",
    "LossCurvature",
    "ChainHessian",
    "InnerProducts",
    "Angles",
    "DeadUnits",
    "JacobianSingularValues",
    "Residual",
    "LayerNorm",
    "BatchNorm",
    "ResidualHessianNorms",
    "GradientGrowth",
    "Pair",
    "Chunk",
    "particle_mean",
    "ParticleMean",
    "tail_probability",
    "TailProbability",
    "Moments",
    "LogCovariance",
    "LogCounts",
    "Estimate",
    "order_statistic_interval",
    "catoni_interval",
    "clopper_pearson_interval",
    "bernstein_interval",
    "empirical_bernstein_interval",
    "median_of_means_interval",
    "dkw_band",
    "Band",
    "two_sample_distance",
    "quantile_sequence_interval",
    "mean_sequence",
    "bounded_mean_sequence",
    "Workers",
    "serial",
    "threads",
    "processes",
    "worker_pool",
    "borrowed",
    "cluster",
]
