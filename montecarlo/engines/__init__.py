"""How networks are sampled: from real weight matrices, or by a law that is provably the same.

=====================  ==============================================================
engine                 what an engine is, and what a chunk of networks can be asked
direct                 the engine of real weight matrices
law_exact              the engines of normal weights without matrices

real_matrices          one chunk of networks from real matrices, forward and backward
width_one              real weights of networks of width one, all layers at a time
vectors_in_law         law-exact for normal weights: vectors in place of matrices
norms_in_law           law-exact for normal weights: chi-squares in place of vectors
any_activation_in_law  law-exact for normal weights, biases and any activation
=====================  ==============================================================
"""
