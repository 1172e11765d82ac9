"""Training many networks at once: update rules, gradients, leaving a plateau, linear networks, and real data.

======================  =======================================================================
optimizers              gradient descent, heavy ball, signs, RMSprop, Adam, as their papers say
one_input               the loss (f-y)^2/2 on one input, its gradients
classifiers             softmax cross-entropy or squared loss on data, with residuals and normalization

escape                  how many steps it takes to leave the plateau
escape_observables      what :func:`montecarlo.simulate` measures of it

drawn_data              networks that are drawn for the numbers in their matrices
directions              directions of random rows against a target
refinement              descent at a step and at parts of it, side by side
valleys                 minibatches in a valley: paths along one direction

regression              networks that are linear in their input, on Xw = y: flow and descent
weight_norm             neurons trained through length and direction, on the exponential loss

runs                    one training run on minibatches, measured on the way
digits                  scikit-learn's digits: optimizers and architectures on real data

few_digits              the first 640 digits, which are part of the package
batches                 batches drawn fresh or reshuffled, and label noise
gradient_noise          the covariance of minibatch gradients, by its largest eigenvalues
trajectories            loss, curvature and gradient noise at given times
trajectory_observables  what :func:`montecarlo.simulate` measures of them
======================  =======================================================================
"""

from montecarlo.training.batches import Batches, noisy_labels
from montecarlo.training.classifiers import Classifier
from montecarlo.training.digits import DigitsRun, DigitsStudy, digits_data, digits_study
from montecarlo.training.directions import OppositeDirection
from montecarlo.training.escape import Escapes, escape_times
from montecarlo.training.escape_observables import EscapeRatios, EscapeTimes
from montecarlo.training.few_digits import few_digits
from montecarlo.training.gradient_noise import GradientNoise, gradient_noise
from montecarlo.training.one_input import OneInput
from montecarlo.training.optimizers import Adam, GradientDescent, HeavyBall, Optimizer, RMSprop, SignDescent, State
from montecarlo.training.refinement import StepRefinement, refined_descents
from montecarlo.training.regression.diagonal_flows import DiagonalNets, diagonal_descent, diagonal_flow
from montecarlo.training.regression.gram_flows import GramPairs
from montecarlo.training.regression.neuron_flows import NeuronNets, neuron_flow
from montecarlo.training.regression.pair_flows import ScalarPairs
from montecarlo.training.regression.pair_observables import PairDescent, PairFlow
from montecarlo.training.regression.sparse_descent import SparsePath, geometric_steps, sparse_descent
from montecarlo.training.regression.sparse_observables import SparsePaths, WindowErrors
from montecarlo.training.runs import Run, train
from montecarlo.training.trajectories import Trajectory, trajectory
from montecarlo.training.trajectory_observables import Descent, Trajectories
from montecarlo.training.valleys import Valley
from montecarlo.training.weight_norm.committee_sparsity import CommitteeSparsity
from montecarlo.training.weight_norm.log_loss_descent import LogLossDescent, log_loss_descent
from montecarlo.training.weight_norm.log_loss_flow import LogLossPath, log_loss_flow
from montecarlo.training.weight_norm.models import Committee, Products, TwoLayers
from montecarlo.training.weight_norm.two_layer_sparsity import TwoLayerSparsity

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
    "Committee",
    "Products",
    "TwoLayers",
    "log_loss_flow",
    "LogLossPath",
    "log_loss_descent",
    "LogLossDescent",
    "CommitteeSparsity",
    "TwoLayerSparsity",
    "refined_descents",
    "StepRefinement",
    "OppositeDirection",
    "Valley",
    "train",
    "Run",
    "digits_data",
    "digits_study",
    "DigitsStudy",
    "DigitsRun",
    "few_digits",
    "Batches",
    "noisy_labels",
    "GradientNoise",
    "gradient_noise",
    "trajectory",
    "Trajectory",
    "Trajectories",
    "Descent",
]
