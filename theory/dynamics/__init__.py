"""How a plateau is left, and where flow goes: descent, momentum, noise and adaptive steps; linear networks.

===================  ===================================================================================
"""What gradient flow and its relatives do: how a plateau is left, and which solution is found.

===================  =======================================================================
saddles              gradient descent, heavy ball and noise at a strict saddle
balanced_chains      the plateau of a chain of equal weights: flow, curvature, gradient descent
imbalance            a chain of unequal weights: what flow and descent do to their differences
update_rules         the size of a step of sign descent, RMSprop and Adam
adaptive_escape      how many steps these rules need to leave the plateau of a balanced chain
linear_pairs         two linear layers: rates and bounds by imbalance and margin
exact_pairs          two linear layers with exact weights, for which these are enclosed
scalar_pairs         two linear layers of one output on data of rank one: the flow solved
pair_distances       two random linear layers: how far from the minimum-norm solution flow ends
chi_square_products  the root of a product of two independent chi-squares, enclosed
===================  ===================================================================================

depth_potentials     diagonal networks u^N - v^N: mirror map, potential, the exact time for N = 2
depth_enclosures     the same in balls, at any depth
depth_maps           the same in floats, for arrays
sparse_recovery      an orthonormal design: hitting times, window, leakage; the l1 gap of any
sparse_certificates  a window for an incoherent design, from its coherence alone
two_basis_designs    a design with exact entries whose coherence is as low as can be
===================  =======================================================================
"""How a plateau is left, and which solution is reached: gradient descent, momentum, noise and adaptive steps.

=================  =======================================================================
saddles            gradient descent, heavy ball and noise at a strict saddle
balanced_chains    the plateau of a chain of equal weights: flow, curvature, gradient descent
imbalance          a chain of unequal weights: what flow and descent do to their differences
update_rules       the size of a step of sign descent, RMSprop and Adam
adaptive_escape    how many steps these rules need to leave the plateau of a balanced chain

designs            the design X and the targets y of Xw = y, read exactly or refused
diagonal_nets      diagonal linear nets: the flow in closed form, gradient descent exactly
mirror_potentials  the potential that the flow of a diagonal net minimizes
neuron_potentials  the potential that the flow of one linear neuron minimizes
interpolants       the solution of Xw = y that minimizes a potential, in floats and in balls
least_l1_norm      the solution of least l1 norm, with a certificate
shape_limits       what shape and scale of the start select: l2, l1, and how far from them
=================  =======================================================================
"""
