"""Neurons trained through length and direction, on the exponential loss, followed far beyond what its size allows.

====================  =====================================================================
neurons               how flow moves neurons, by their parametrization; participation ratios
models                committees, products, two layers of squared ReLU: margins and pulls
log_loss_flow         gradient flow, with p = log(1/L) in the place of time
log_loss_descent      gradient descent on length and direction, with rates that follow the loss
committee_sparsity    what :func:`montecarlo.simulate` measures of committees
two_layer_sparsity    and of two layers of squared ReLU
====================  =====================================================================
"""
