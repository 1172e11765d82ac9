"""Exact expectations of polynomials in random matrices, by Wick, cumulants and Weingarten on graphs of indices.

===================  ==========================================================
expectation          the question: a polynomial, and the laws of its matrices
matrix_laws          what a random matrix symbol stands for
entry_laws           entries that need be neither centred nor symmetric
scalars              scalars as callers give them
parsing              from SymPy to sums of products of entries
letters              what a label in such a sum stands for
index_graphs         such sums as graphs, and when two are the same
roles                what the letters of a calculation are
calculation          one matrix after the other averaged out
averages             one law: which indices its average makes equal, with which weights
covariances          laws whose averages bring fixed matrices: covariances, inverse Wishart
complex_averages     complex normal and unitary matrices
partitions           pairings, and blocks with weights
cumulants            joint cumulants of powers of one variable
weingarten           weights of pairs of pairings of a Haar matrix
unitary_weingarten   weights of pairs of permutations of a unitary one
coefficients         polynomials in the dimensions and parameters
reading              from a sum back to traces and forms
framing              from a sum back to a matrix
===================  ==========================================================
"""

from theory.matrix_expectations.entry_laws import Entries
from theory.matrix_expectations.expectation import expectation
from theory.matrix_expectations.matrix_laws import (
    ComplexGaussian,
    Gaussian,
    Haar,
    Iid,
    InverseWishart,
    Mask,
    MatrixLaw,
    Symmetric,
    Unitary,
    Wishart,
)
from theory.matrix_expectations.unitary_weingarten import unitary_weingarten
from theory.matrix_expectations.weingarten import weingarten

__all__ = [
    "expectation",
    "Iid",
    "Entries",
    "Gaussian",
    "ComplexGaussian",
    "Haar",
    "Unitary",
    "Wishart",
    "InverseWishart",
    "Mask",
    "Symmetric",
    "MatrixLaw",
    "weingarten",
    "unitary_weingarten",
]
