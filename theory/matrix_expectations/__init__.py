"""Exact expectations of polynomials in random matrices, by Wick, cumulants and Weingarten on graphs of indices.

=============  ==========================================================
expectation    the question: a polynomial, and the laws of its matrices
matrix_laws    what a random matrix symbol stands for
parsing        from SymPy to sums of products of entries
index_graphs   such sums as graphs, and when two are the same
calculation    one matrix after the other averaged out
averages       one law: which indices its average makes equal, with which weights
partitions     pairings, and blocks with weights
cumulants      joint cumulants of powers of one variable
weingarten     weights of pairs of pairings of a Haar matrix
coefficients   polynomials in the dimensions and parameters
reading        from a sum back to traces and forms
=============  ==========================================================
"""

from theory.matrix_expectations.expectation import expectation
from theory.matrix_expectations.matrix_laws import Gaussian, Haar, Iid, Mask, MatrixLaw, Wishart
from theory.matrix_expectations.weingarten import weingarten

__all__ = ["expectation", "Iid", "Gaussian", "Haar", "Wishart", "Mask", "MatrixLaw", "weingarten"]
