"""What residual branches, normalization and orthogonal weights change.

=================  ===================================================================
residual           residual branches: mean and typical size; where branches add up
residual_hessians  residual branches: the mean square of the Hessian
orthogonal         Haar-orthogonal weights: the share that an activation keeps
normalized         layer and batch normalization: what is pinned, what gradients do
=================  ===================================================================
"""
