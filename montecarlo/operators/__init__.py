"""Symmetric operators known by their products: extreme eigenvalues, spectral density and traces.

=========  ==========================================================================
symmetric  what counts as an operator
extremes   extreme eigenvalues of any operator
density    how its eigenvalues are distributed, by stochastic Lanczos quadrature
traces     its trace and Frobenius norm from products with random vectors
=========  ==========================================================================
"""
