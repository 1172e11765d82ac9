"""The gradient with respect to one weight matrix.

================  ===================================================================
moments           mean, order 4, typical size
high_probability  how unlikely it is that it stays
fixed_readout     the same under ReLU and a readout that is not random
biases            the mean with biases, in weights and in biases
two_slopes        the mean under slopes of any signs and variances of the layers' own
================  ===================================================================
"""
