"""Gradients of single examples, and minibatches: their covariance against the curvature, and its conditioning.

=============  ===============================================================
curvature      the covariance is bounded by the Gauss-Newton matrix and the loss
gram_spectrum  what a sample of gradients shows falls with its size
=============  ===============================================================
"""
