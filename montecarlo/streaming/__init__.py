"""Statistics that are merged block by block, in bounded memory.

=======  ==========================================
moments  moments and covariances of log values
counts   quantiles of log values, counted on a grid
=======  ==========================================
"""
