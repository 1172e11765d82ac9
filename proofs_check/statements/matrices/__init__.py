"""Products of random matrices.

===============  =====================================================
products         their moments, by two independent routes
correlated_rows  normal matrices with correlated rows; Wishart matrices
inverses         inverse Wishart matrices
unitary          Haar unitary matrices
===============  =====================================================
"""
