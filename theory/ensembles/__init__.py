"""What is random: the one description of a network that theory and montecarlo share. Imports no SymPy.

=====================  =================================================
arguments              the error every bad argument gets, exact parsing
laws                   symmetric laws of one weight entry
biases                 none, constant, or random
activations            piecewise linear, or smooth
own_activations        a function of one's own and its derivative
initializations        weight variance as a function of the fans
architectures          plain, residual branches, layer or batch normalization
ensemble               widths, depth, activation, architecture, readout, input
=====================  =================================================
"""

from theory.ensembles.architectures import Architecture
from theory.ensembles.arguments import Exact, InvalidArgument
from theory.ensembles.biases import Bias
from theory.ensembles.ensemble import Ensemble, require_ensemble
from theory.ensembles.initializations import Initialization
from theory.ensembles.laws import Law
from theory.ensembles.own_activations import Activation

__all__ = [
    "Ensemble",
    "Law",
    "Initialization",
    "Architecture",
    "Bias",
    "Activation",
    "InvalidArgument",
    "Exact",
    "require_ensemble",
]
