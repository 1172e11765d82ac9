"""Samplers without matrices.

================  =========================================================
same_law          of the same law as real weights
smooth_law_exact  of the same law, with biases and a smooth activation
================  =========================================================
"""
