"""Confidence intervals whose guarantee is proved at the sample size at hand; none of them a normal approximation.

===================  ==============================================================================
estimate             a number with an interval around it
order_statistics     a quantile, of any law
dkw                  the whole distribution function, of any law; how far apart two of them are
clopper_pearson      a probability, from a count
catoni               a mean, given a bound on the variance
relative_catoni      a positive mean, given a bound on the variance over its square, in logarithms
median_of_means      the same, by Cantelli's inequality and a vote
bernstein            the mean of bounded variables, given a bound on the variance
empirical_bernstein  the mean of bounded variables, the variance unknown
anytime              a quantile or a mean at all sample sizes together: look, stop or go on at will
share_sequences      a probability, from a count, at all sample sizes together
slopes               the slope of one logarithm against another
===================  ==============================================================================
"""

from montecarlo.intervals.anytime import (
    bounded_mean_sequence,
    mean_sequence,
    quantile_sequence_interval,
    quantile_sequence_ranks,
)
from montecarlo.intervals.bernstein import bernstein_interval
from montecarlo.intervals.catoni import catoni_interval
from montecarlo.intervals.clopper_pearson import clopper_pearson_interval
from montecarlo.intervals.dkw import Band, dkw_band, two_sample_distance
from montecarlo.intervals.empirical_bernstein import empirical_bernstein_interval
from montecarlo.intervals.estimate import Estimate
from montecarlo.intervals.median_of_means import median_of_means_interval
from montecarlo.intervals.order_statistics import order_statistic_interval, order_statistic_ranks
from montecarlo.intervals.share_sequences import share_sequence
from montecarlo.intervals.slopes import least_squares_slope, median_slope_interval, pair_slopes

__all__ = [
    "Estimate",
    "order_statistic_interval",
    "order_statistic_ranks",
    "dkw_band",
    "Band",
    "two_sample_distance",
    "clopper_pearson_interval",
    "catoni_interval",
    "median_of_means_interval",
    "bernstein_interval",
    "empirical_bernstein_interval",
    "quantile_sequence_interval",
    "quantile_sequence_ranks",
    "mean_sequence",
    "share_sequence",
    "bounded_mean_sequence",
    "median_slope_interval",
    "pair_slopes",
    "least_squares_slope",
]
