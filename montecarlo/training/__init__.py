"""Training many networks at once: update rules, gradients, how long it takes to leave a plateau, and real data.

==================  ========================================================================
optimizers          gradient descent, heavy ball, signs, RMSprop, Adam, as their papers say
one_input           the loss (f-y)^2/2 on one input, its gradients
classifiers         softmax cross-entropy on data, with residuals and normalization

escape              how many steps it takes to leave the plateau
escape_observables  what :func:`montecarlo.simulate` measures of it

runs                one training run on minibatches, measured on the way
digits              scikit-learn's digits: optimizers and remedies on real data
==================  ========================================================================

Beside them are slopes of one logarithm against another (:mod:`montecarlo.intervals.slopes`) and extreme eigenvalues of
the Hessians of many networks (:mod:`montecarlo.curvature.extremes_by_gradients`).
"""

from montecarlo.curvature.extremes_by_gradients import ExtremesByGradients, extremes_by_gradients
from montecarlo.intervals.slopes import least_squares_slope, median_slope_interval, pair_slopes
from montecarlo.training.classifiers import Classifier
from montecarlo.training.digits import DigitsRun, DigitsStudy, digits_data, digits_study
from montecarlo.training.escape import Escapes, escape_times
from montecarlo.training.escape_observables import EscapeRatios, EscapeTimes
from montecarlo.training.one_input import OneInput
from montecarlo.training.optimizers import Adam, GradientDescent, HeavyBall, Optimizer, RMSprop, SignDescent, State
from montecarlo.training.runs import Run, train

__all__ = [
    "Optimizer",
    "State",
    "GradientDescent",
    "HeavyBall",
    "SignDescent",
    "RMSprop",
    "Adam",
    "OneInput",
    "Classifier",
    "extremes_by_gradients",
    "ExtremesByGradients",
    "escape_times",
    "Escapes",
    "EscapeTimes",
    "EscapeRatios",
    "median_slope_interval",
    "pair_slopes",
    "least_squares_slope",
    "train",
    "Run",
    "digits_data",
    "digits_study",
    "DigitsStudy",
    "DigitsRun",
]
