"""The signal |a_L| at any width.

================  ======================================================
moments           what is preserved in the mean, what typically vanishes
eighth_moment     one layer at order 8, for any symmetric law
two_inputs        two inputs of one ReLU layer; how their angle closes
biases            the mean and the fourth moment with biases
high_probability  how unlikely it is that the signal stays
uniform_medians   the median for uniform weights
================  ======================================================
"""
