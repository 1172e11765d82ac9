"""Sparse signals found by diagonal networks u^N - v^N: which point they select, when they fit, and when they leak.

==============  =======================================================
conservation    what the flow keeps, and what it therefore minimizes
l1_gap          how far that is from the least l1 norm
times           an orthonormal design: hitting times and windows
leakage         what has leaked when the support is fitted
early_stopping  risks with noise and without, on drawn designs
certificate     a window for any incoherent design
descent         what steps of a finite size change
==============  =======================================================
"""
