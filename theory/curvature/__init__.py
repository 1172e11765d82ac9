"""Typical sizes of the Hessian of f in the weights.

============  ===============================================================
typical_norm  the typical |H|_2 at fixed width, between two bounds
wide_edge     the edge of the Hessian's spectrum as the width grows, enclosed
============  ===============================================================
"""
