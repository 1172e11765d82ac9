"""Samplers without matrices.

========  ===============================
same_law  of the same law as real weights
========  ===============================
"""
