"""How networks are sampled: from real weight matrices, or by a law that is provably the same.

==============  =============================================================
engine          what an engine is, and which one is meant
real_matrices   real matrices: one chunk of networks, forward and backward
width_one       real weights of networks of width one, all layers at a time
vectors_in_law  the exact law for normal weights: vectors, no matrices
norms_in_law    the exact law for normal weights: chi-squares, no vectors
==============  =============================================================
"""
