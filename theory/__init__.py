"""What should hold: exact expectations and laws of random deep networks, derived with SymPy. No sampling, no floats.

==============  ========================================================================
ensembles       what is random (shared with montecarlo; no SymPy)
symbols         from exact numbers and names to SymPy
transfer        one layer as a linear map on even power sums
moments         E|a_k|^2m, its kurtosis and its limit
gradients       E|df/dW_k|^2m for sign-symmetric readouts
log_norms       the law of log|a_L|^2 for normal weights: mean, variance, median, survival
log_gradients   E log|df/dW_k|^2 for normal weights: exact if linear, enclosed for ReLU
balls           constants in ball arithmetic, compared with three values
entries         Mellin transform and log-moments of a single weight
chains          width one: laws of |w_1 ... w_L| and its gradient
chain_hessians  width one: secular equation, inertia, rate of the Hessian's norm
==============  ========================================================================
"""

from typing import TYPE_CHECKING, Any

from theory.ensembles import Ensemble, Initialization, InvalidArgument, Law

if TYPE_CHECKING:
    from theory.chains import ChainLaw
    from theory.gradients import gradient_moment
    from theory.log_norms import LogNormLaw
    from theory.moments import activation_moment, kurtosis, kurtosis_limit
    from theory.transfer import TransferMatrix, transfer_matrix

__all__ = [
    "Ensemble",
    "Law",
    "Initialization",
    "InvalidArgument",
    "activation_moment",
    "kurtosis",
    "kurtosis_limit",
    "gradient_moment",
    "LogNormLaw",
    "ChainLaw",
    "transfer_matrix",
    "TransferMatrix",
]

_ROOMS = {
    "moments": ("activation_moment", "kurtosis", "kurtosis_limit"),
    "gradients": ("gradient_moment",),
    "log_norms": ("LogNormLaw",),
    "chains": ("ChainLaw",),
    "transfer": ("transfer_matrix", "TransferMatrix"),
}


def __getattr__(name: str) -> Any:  # SymPy is loaded when a formula is first asked for
    from importlib import import_module

    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"theory.{room}"), name)
    raise AttributeError(f"module 'theory' has no attribute {name!r}")
