"""Gradient descent beside gradient flow: how far apart they are, and what both pass on the way.

===================  ======================================================================
chain_flows          where the flow of a chain of equal weights is, in balls
flow_errors          how far descent is from flow
hessian_floors       how negative the curvature can be, by the layers and along descent
curvature_integrals  the curvature that aligned flows pass, and its integral
linear_flows         deep linear networks of one output, in closed form
taylor_flows         flows of polynomial fields, in balls
===================  ======================================================================
"""
