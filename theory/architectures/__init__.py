"""What residual branches, normalization and orthogonal weights change.

==========  =====================================================================
residual    residual branches: mean, typical size, Hessian; where branches add up
orthogonal  Haar-orthogonal weights: the share that an activation keeps
normalized  layer and batch normalization: what is pinned, what gradients do
==========  =====================================================================
"""
