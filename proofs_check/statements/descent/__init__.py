"""Gradient descent against gradient flow: how far apart, and the curvature that both pass on the way.

===================  ====================================================================
euler_recursion      how the distance of descent from flow grows, and what it sums to
hessian_floor        how negative the curvature of a deep network can be
floor_along_descent  and how negative along descent from near zero
===================  ====================================================================
"""
