"""Classifiers of handwritten digits, trained: where curvature settles, and what rate and batch size do to noise.

===================  =================================================================
edge                 the edge of stability, and what small batches change
noise                curvature and gradient noise on random labels, and on clean ones
conditioning         the ratio of the noise's eigenvalues, either way
normalized           batch norm
===================  =================================================================
"""
