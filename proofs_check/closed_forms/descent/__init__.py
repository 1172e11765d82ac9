"""Gradient descent against gradient flow: how far apart, what curvature on the way, and how long to the minimum.

==================  ==================================================================
euler_recursion     a bound on how far descent is from flow
curvature_integral  by how much aligned linear networks amplify an error
balanced_flow       the time of flow to the minimum, of balanced linear networks
==================  ==================================================================
"""

SOURCE = "O. Elkabetz, N. Cohen, arXiv:2107.06608"
"""The paper that these numbers are about."""
