"""What should hold: exact expectations and laws of random deep networks, derived with SymPy. No sampling, no floats.

===================  =============================================================================
ensembles            what is random (shared with montecarlo; no SymPy)
moments              means and moments in closed form: activations, gradients, Jacobians, Hessians
matrix_expectations  a calculus: expectation(tr(W A W.T B)) of independent random matrices
log_laws             exact laws of logarithms of norms, for normal weights: what is typical
curvature            typical sizes of the Hessian
mean_field           the limit of width, for any activation: length map, fixed points, edge of chaos
width_one            networks of width one, where everything is a product of single weights
architectures        what residual branches, normalization and orthogonal weights change
dynamics             how a plateau is left, and which solution is found: flow, descent, momentum, adaptive steps

formulas             letters of formulas by their names, and values in their place
symbols              from exact numbers and names to SymPy
requirements         what formulas ask of an ensemble, refused in one line where it is not met
balls                constants in ball arithmetic, compared with three values
===================  =============================================================================

Letters of formulas are called by their names, ``at(formula, n=4, L=2)`` and ``letters(net).n``: they know that n is a
positive integer, so SymPy takes ``symbols("n")`` of one's own for another letter.
"""

from typing import TYPE_CHECKING, Any

from theory.ensembles import Activation, Ensemble, Initialization, InvalidArgument, Law

if TYPE_CHECKING:
    from theory.formulas import Letters, at, letters
    from theory.log_laws.feasible_widths import feasible_widths
    from theory.log_laws.log_gradients import LogGradientLaw
    from theory.log_laws.log_norms import LogNormLaw
    from theory.matrix_expectations import (
        ComplexGaussian,
        Entries,
        Gaussian,
        Haar,
        Iid,
        InverseWishart,
        Mask,
        Symmetric,
        Unitary,
        Wishart,
        expectation,
    )
    from theory.moments.across_layers import correlation, covariance, mixed_moment
    from theory.moments.activations import activation_moment, kurtosis
    from theory.moments.expansions import kurtosis_expansion, kurtosis_limit, log_variance_expansion, lyapunov_expansion
    from theory.moments.fixed_readouts import fixed_readout_gradient_moment
    from theory.moments.gradient_products import gradient_correlation, gradient_covariance, gradient_product
    from theory.moments.gradients import gradient_moment
    from theory.moments.hessians import hessian_block_moment, hessian_moment
    from theory.moments.sequences import MomentSequence, activation_sequence
    from theory.moments.transfer import TransferMatrix, transfer_matrix
    from theory.moments.two_inputs import correlation_map, inner_product_mean
    from theory.width_one.products import ChainLaw

__all__ = [
    "Ensemble",
    "Law",
    "Activation",
    "Initialization",
    "InvalidArgument",
    "at",
    "letters",
    "Letters",
    "activation_moment",
    "kurtosis",
    "kurtosis_limit",
    "MomentSequence",
    "activation_sequence",
    "correlation",
    "covariance",
    "mixed_moment",
    "correlation_map",
    "inner_product_mean",
    "kurtosis_expansion",
    "log_variance_expansion",
    "lyapunov_expansion",
    "gradient_moment",
    "fixed_readout_gradient_moment",
    "gradient_correlation",
    "gradient_covariance",
    "gradient_product",
    "hessian_block_moment",
    "hessian_moment",
    "LogNormLaw",
    "LogGradientLaw",
    "feasible_widths",
    "ChainLaw",
    "TransferMatrix",
    "transfer_matrix",
    "expectation",
    "Iid",
    "Entries",
    "Gaussian",
    "ComplexGaussian",
    "Haar",
    "Unitary",
    "Wishart",
    "InverseWishart",
    "Mask",
    "Symmetric",
]

_ROOMS = {
    "formulas": ("at", "letters", "Letters"),
    "moments.activations": ("activation_moment", "kurtosis"),
    "moments.sequences": ("MomentSequence", "activation_sequence"),
    "moments.across_layers": ("correlation", "covariance", "mixed_moment"),
    "moments.two_inputs": ("correlation_map", "inner_product_mean"),
    "moments.expansions": ("kurtosis_expansion", "kurtosis_limit", "log_variance_expansion", "lyapunov_expansion"),
    "moments.gradients": ("gradient_moment",),
    "moments.fixed_readouts": ("fixed_readout_gradient_moment",),
    "moments.gradient_products": ("gradient_correlation", "gradient_covariance", "gradient_product"),
    "moments.hessians": ("hessian_block_moment", "hessian_moment"),
    "moments.transfer": ("TransferMatrix", "transfer_matrix"),
    "log_laws.log_norms": ("LogNormLaw",),
    "log_laws.log_gradients": ("LogGradientLaw",),
    "log_laws.feasible_widths": ("feasible_widths",),
    "width_one.products": ("ChainLaw",),
    "matrix_expectations": (
        *("expectation", "Iid", "Entries", "Gaussian", "ComplexGaussian", "Haar", "Unitary"),
        *("Wishart", "InverseWishart", "Mask", "Symmetric"),
    ),
}


def __getattr__(name: str) -> Any:  # SymPy is loaded when a formula is first asked for
    from importlib import import_module

    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"theory.{room}"), name)
    raise AttributeError(f"module 'theory' has no attribute {name!r}")


def __dir__() -> list[str]:  # what is not loaded yet is completed too
    return sorted({*globals(), *__all__})
