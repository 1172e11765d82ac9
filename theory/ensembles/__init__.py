"""What is random: the one description of a network that theory and montecarlo share. Imports no SymPy.

=====================  =================================================
arguments              the error every bad argument gets, exact parsing
laws                   symmetric laws of one weight entry
biases                 none, constant, or random
activations            piecewise linear, or smooth
own_activations        a function of one's own and its derivative
initializations        weight variance as a function of the fans
fan_formulas           variances and gains as formulas, read safely
truncated_normal       moments of the normal law cut off at two standard deviations
architectures          plain, residual branches, layer or batch normalization
sizes                  widths, depth and vectors, read
consistency            what the parts require of each other
ensemble               all of it: the random network
equal_variances        orthogonal weights as independent entries with the same mean squares
usual_slopes           networks of any slopes as networks of slopes from 0 to 1
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
