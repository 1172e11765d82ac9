"""Training many networks at once: update rules, gradients, leaving a plateau, linear networks, and real data.

=========================  =======================================================================
optimizers                 gradient descent, heavy ball, signs, RMSprop, Adam, as their papers say
one_input                  the loss (f-y)^2/2 on one input, its gradients
classifiers                softmax cross-entropy on data, with residuals and normalization

escape                     how many steps it takes to leave the plateau
escape_observables         what :func:`montecarlo.simulate` measures of it

pair_flows          two linear layers of one output, data of rank one: flow solved, and descent
gram_flows          two linear layers of any rank and outputs: flow and descent by Gram matrices
pair_observables    what :func:`montecarlo.simulate` measures of these
sparse_descent      diagonal networks of any depth on a sparse signal
sparse_observables  what :func:`montecarlo.simulate` measures of them, on designs drawn as weights

runs                one training run on minibatches, measured on the way
digits              scikit-learn's digits: optimizers and architectures on real data
==================  =======================================================================
adaptive_flow              differential equations of many networks, each with steps of its own
diagonal_flows             diagonal linear nets: gradient flow, and descent beside it
diagonal_observables       descent from random starts, measured by :func:`montecarlo.simulate`
neuron_flows               nets of a few neurons, linear or leaky: gradient flow of both layers
interpolation_observables  loss, norms, distances and KKT residuals of a fit of Xw = y

runs                       one training run on minibatches, measured on the way
digits                     scikit-learn's digits: optimizers and architectures on real data
=========================  =======================================================================
"""

from montecarlo.training.classifiers import Classifier
from montecarlo.training.diagonal_flows import DiagonalNets, diagonal_descent, diagonal_flow
from montecarlo.training.digits import DigitsRun, DigitsStudy, digits_data, digits_study
from montecarlo.training.escape import Escapes, escape_times
from montecarlo.training.escape_observables import EscapeRatios, EscapeTimes
from montecarlo.training.gram_flows import GramPairs
from montecarlo.training.neuron_flows import NeuronNets, neuron_flow
from montecarlo.training.one_input import OneInput
from montecarlo.training.optimizers import Adam, GradientDescent, HeavyBall, Optimizer, RMSprop, SignDescent, State
from montecarlo.training.pair_flows import ScalarPairs
from montecarlo.training.pair_observables import PairDescent, PairFlow
from montecarlo.training.runs import Run, train
from montecarlo.training.sparse_descent import SparsePath, geometric_steps, sparse_descent
from montecarlo.training.sparse_observables import SparsePaths, WindowErrors

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
    "escape_times",
    "Escapes",
    "EscapeTimes",
    "EscapeRatios",
    "ScalarPairs",
    "GramPairs",
    "PairFlow",
    "PairDescent",
    "sparse_descent",
    "geometric_steps",
    "SparsePath",
    "SparsePaths",
    "WindowErrors",
    "DiagonalNets",
    "diagonal_flow",
    "diagonal_descent",
    "NeuronNets",
    "neuron_flow",
    "train",
    "Run",
    "digits_data",
    "digits_study",
    "DigitsStudy",
    "DigitsRun",
]
