"""Exact arithmetic for evidence: identities, and small networks over the rationals.

================  ==========================================================================
identities        identically zero? in SymPy and in python-flint
all_weights       brute force over discrete weights
real_roots        real roots of rational polynomials, signs and norms of rational matrices
spectral_radius   whether all eigenvalues of a rational matrix lie inside the unit circle
small_networks    Hessians of small rational networks: exact rank, signs and norms
small_normalized  gradients and Hessians of small rational networks with layer or batch norm
================  ==========================================================================
"""
