"""What many statements are made of.

=================  ============================================================
checks             ensembles, sources and checks that many statements share
letters            the letters of an ensemble: n, L, s^2, K, |x|
numbers            numbers of claims: read exactly, and held between two others
depth_induction    proofs by induction over the depth
root_means         proofs that one layer shrinks the mean norm
both_passes        what the layers above, between and below two others carry
symbolic_networks  networks of symbols, of one architecture
rational_pairs     two linear layers with rational weights, in exact arithmetic
balls              one formula for balls and SymPy, and inequalities of balls
matrix_traces      letters for traces of products, and exact means over discrete matrices
digits             networks that read digits, and comparisons of two trainings of each
rational_flows     points that gradient flow passes, in rational numbers
homogeneous_nets   small homogeneous networks with rational weights, and how fast their loss falls
=================  ============================================================
"""
