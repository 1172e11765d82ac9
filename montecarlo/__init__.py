"""What does hold: random networks sampled from real weight matrices, their norms on log scale. NumPy; no SymPy.

===============  =============================================================================
observables      what is measured: norms, angles, dead units, or one's own
singular_values  all singular values of the input-output Jacobian, however far apart
curvature        Hessians in the weights: spectra, losses on data, what is measured of them
training         many networks trained at once: optimizers, escape from plateaus, real data
rare_events      heavy-tailed means by resampling, extreme tails by tilting
intervals        confidence intervals whose guarantee is proved at finite sample size

rounding         how far rounding may have moved what was measured
ties             measured against an exact threshold: decided, or counted both ways

engines          real weight matrices, or a law that is provably the same
architectures    all weights kept: residual branches, normalization, biases, smooth activations
activations      smooth activations and their derivatives, real and complex
drawing          weights from the ensemble's law; vectors through the layers on log scale
runs             networks drawn block by block, kept, continued and replayed
workers          serial, threads, processes, any executor, a Dask cluster
streaming        moments and quantiles merged block by block, in bounded memory
operators        symmetric operators known by their products: ends, density, traces

arguments        reading arguments, or refusing them
arrays           the types of arrays
wording          words and numbers of short reprs
===============  =============================================================================
"""

from montecarlo.curvature import (
    CurvatureRatios,
    HessianExtremes,
    HessianIndex,
    HessianNorms,
    LossCurvature,
)
from montecarlo.curvature.width_one import ChainHessian
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.engines.real_matrices import Chunk
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
from montecarlo.observables import (
    ActivationNorms,
    Angles,
    DeadUnits,
    GradientGrowth,
    GradientNorms,
    GradientProducts,
    InnerProducts,
    Observable,
)
from montecarlo.rare_events.particles import ParticleMean, particle_mean
from montecarlo.rare_events.tilting import TailProbability, tail_probability
from montecarlo.runs.simulation import Readings, Simulation, simulate
from montecarlo.singular_values import JacobianSingularValues
from montecarlo.streaming.counts import LogCounts
from montecarlo.streaming.moments import LogCovariance, Moments
from montecarlo.workers.places import borrowed, cluster, processes, serial, threads, worker_pool
from montecarlo.workers.workers import Workers

__all__ = [
    "simulate",
    "Simulation",
    "Readings",
    "Observable",
    "ActivationNorms",
    "GradientNorms",
    "GradientProducts",
    "GradientGrowth",
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
    "SecondInput",
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
