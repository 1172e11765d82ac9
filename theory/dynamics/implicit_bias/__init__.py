"""Implicit bias: of all solutions of Xw = y, the one that gradient flow of a network finds.

===================  =======================================================================
designs              the design X and the targets y of Xw = y, read exactly or refused
interpolants         the solution that minimizes a potential, in floats and in balls
least_l1_norm        the solution of least l1 norm, with a certificate

diagonal_nets        diagonal linear nets: the flow in closed form, gradient descent exactly
mirror_potentials    the potential that the flow of a diagonal net minimizes
neuron_potentials    the potential that the flow of one linear neuron minimizes
shape_limits         what shape and scale of the start select: l2, l1, and how far from them

depth_potentials     diagonal networks u^N - v^N: mirror map, potential, the exact time for N = 2
depth_enclosures     the same in balls, at any depth
depth_maps           the same in floats, for arrays
deep_nets            the potential of several coordinates, for interpolants
sparse_recovery      an orthonormal design: hitting times, window, leakage; the l1 gap of any
exact_leakage        what a coordinate off the support has reached, enclosed
sparse_certificates  a window for an incoherent design, from its coherence alone
two_basis_designs    a design with exact entries whose coherence is as low as can be
===================  =======================================================================
"""
