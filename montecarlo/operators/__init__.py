"""Symmetric operators known by their products: ends, density and traces of their spectra.

=========  =====================================================================
symmetric  what counts as an operator
extremes   both ends of the spectrum of any operator
density    how its eigenvalues are distributed, by stochastic Lanczos quadrature
traces     its trace and Frobenius norm from products with random vectors
=========  =====================================================================
"""
