"""The signal |a_L| at any width.

=============  ======================================================
moments        what is preserved in the mean, what typically vanishes
eighth_moment  one layer at order 8, for any symmetric law
biases         the mean and the fourth moment with biases
=============  ======================================================
"""
