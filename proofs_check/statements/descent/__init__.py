"""Gradient descent against gradient flow: how far apart, and the curvature that both pass on the way.

================  ====================================================================
euler_recursion   how the distance of descent from flow grows, and what it sums to
================  ====================================================================
"""
