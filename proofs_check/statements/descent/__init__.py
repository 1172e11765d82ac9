"""Gradient descent against gradient flow: how far apart, and the curvature that both pass on the way.

===================  ====================================================================
euler_recursion      how the distance of descent from flow grows, and what it sums to
hessian_floor        how negative the curvature of a deep network can be
floor_along_descent  and how negative along descent from near zero
curvature_integral   the curvature that flow passes, and how much it amplifies errors
deepest_curvature    it is not almost non-negative at every point of the way
unbounded_in_space   and without a floor in space, at points that descent from near zero avoids
exponential_step     where descent needs a step that is exponentially small in time
balanced_flow        linear networks of one output: flow in closed form, and its time to the minimum
arrives              descent of them arrives when flow does
step_refinement      parts of a step on real data
===================  ====================================================================
"""
