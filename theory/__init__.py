"""What should hold: exact expectations and laws of random deep networks, derived with SymPy. No sampling, no floats.

===================  ==================================================================================
ensembles            what is random (shared with montecarlo; no SymPy)
symbols              from exact numbers and names to SymPy
transfer             one layer as a linear map on even power sums
sequences            moments in the depth: recurrence, generating function, exact terms and balls
moments              E|a_k|^2m, its kurtosis and its limit
mixed_moments        E|a_j|^2 |a_k|^2 across layers: covariance and correlation
two_inputs           E<a_k, a'_k> of two inputs, and how their angle closes
expansions           the typical layer and the kurtosis in powers of 1/n, for any law
gradients            E|df/dW_k|^2m for sign-symmetric readouts, and where masks act as if independent
fixed_readouts       E|df/dW_k|^2 and its square for a fixed readout, normal ReLU
gradient_products    E|df/dW_j|^2 |df/dW_k|^2: covariance and correlation across layers
jacobians            E|M_lk|_F^2 and its square, between two layers
hessians             E|H_kl|_F^2 and its square, E tr H^2, the loss Hessian's two parts
hessian_rates        the typical |H|_2 at fixed width, bounded on both sides
wide_hessians        the edge of the Hessian's spectrum as the width grows, enclosed
matrix_expectations  a calculus: expectation(tr(W A W.T B)) of independent random matrices
factors              one layer's factor |a_k|^2/|a_{k-1}|^2 for normal weights, by its Mellin transform
log_sums             the law of a sum of logarithms: cumulants, cdf, pdf, quantiles, also enclosed
contours             inversion along the contour through the saddle point, enclosed
log_norms            the law of log|a_k|^2 for normal weights; the density as a Meijer G-function
log_gradients        the law of log|df/dW_k|^2 for normal weights
phase_diagram        the widths at which a network of depth L keeps its norm
balls                constants in ball arithmetic, compared with three values
entries              Mellin transform and log-moments of a single weight
residual_networks    residual branches: mean, typical size, Hessian; where branches add up
orthogonal_networks  Haar-orthogonal weights: the share that an activation keeps
normalized_networks  layer and batch normalization: what is pinned, what gradients do
chains               width one: laws of |w_1 ... w_L| and its gradient
wide_hessians        the edge of the Hessian's spectrum in wide networks
chain_hessians       width one: secular equation, inertia, rate of the Hessian's norm
chain_hessian_laws   width one: the law of the Hessian's norm over the output, and its Poisson limit
saddle_escape        gradient descent, heavy ball and noise at a strict saddle
balanced_chains      the plateau of equal weights, solved: flow, curvature, gradient descent
adaptive_steps       the size of a step of sign descent, RMSprop and Adam
===================  ==================================================================================
"""

from typing import TYPE_CHECKING, Any

from theory.ensembles import Ensemble, Initialization, InvalidArgument, Law

if TYPE_CHECKING:
    from theory.chains import ChainLaw
    from theory.expansions import kurtosis_expansion, log_variance_expansion, lyapunov_expansion
    from theory.fixed_readouts import fixed_readout_gradient_moment
    from theory.gradient_products import gradient_correlation, gradient_covariance, gradient_product
    from theory.gradients import gradient_moment
    from theory.hessians import hessian_block_moment, hessian_moment
    from theory.log_gradients import LogGradientLaw
    from theory.log_norms import LogNormLaw
    from theory.matrix_expectations import Gaussian, Haar, Iid, Mask, Wishart, expectation
    from theory.mixed_moments import correlation, covariance, mixed_moment
    from theory.moments import activation_moment, kurtosis, kurtosis_limit
    from theory.phase_diagram import feasible_widths
    from theory.sequences import MomentSequence, activation_sequence
    from theory.transfer import TransferMatrix, transfer_matrix
    from theory.two_inputs import correlation_map, inner_product_mean

__all__ = [
    "Ensemble",
    "Law",
    "Initialization",
    "InvalidArgument",
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
    "Gaussian",
    "Haar",
    "Wishart",
    "Mask",
]

_ROOMS = {
    "moments": ("activation_moment", "kurtosis", "kurtosis_limit"),
    "sequences": ("MomentSequence", "activation_sequence"),
    "mixed_moments": ("correlation", "covariance", "mixed_moment"),
    "two_inputs": ("correlation_map", "inner_product_mean"),
    "expansions": ("kurtosis_expansion", "log_variance_expansion", "lyapunov_expansion"),
    "gradients": ("gradient_moment",),
    "fixed_readouts": ("fixed_readout_gradient_moment",),
    "gradient_products": ("gradient_correlation", "gradient_covariance", "gradient_product"),
    "hessians": ("hessian_block_moment", "hessian_moment"),
    "log_norms": ("LogNormLaw",),
    "log_gradients": ("LogGradientLaw",),
    "phase_diagram": ("feasible_widths",),
    "chains": ("ChainLaw",),
    "matrix_expectations": ("expectation", "Iid", "Gaussian", "Haar", "Wishart", "Mask"),
    "transfer": ("TransferMatrix", "transfer_matrix"),
}


def __getattr__(name: str) -> Any:  # SymPy is loaded when a formula is first asked for
    from importlib import import_module

    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"theory.{room}"), name)
    raise AttributeError(f"module 'theory' has no attribute {name!r}")
