"""What gradient flow and its relatives do: how a plateau is left, and which solution is found.

===================  =======================================================================
saddles              gradient descent, heavy ball and noise at a strict saddle
balanced_chains      the plateau of a chain of equal weights: flow, curvature, gradient descent
imbalance            a chain of unequal weights: what flow and descent do to their differences
update_rules         the size of a step of sign descent, RMSprop and Adam
adaptive_escape      how many steps these rules need to leave the plateau of a balanced chain

depth_potentials     diagonal networks u^N - v^N: mirror map, potential, the exact time for N = 2
depth_enclosures     the same in balls, at any depth
depth_maps           the same in floats, for arrays
sparse_recovery      an orthonormal design: hitting times, window, leakage; the l1 gap of any
sparse_certificates  a window for an incoherent design, from its coherence alone
two_basis_designs    a design with exact entries whose coherence is as low as can be
===================  =======================================================================
"""
