"""The gradient with respect to one weight matrix.

=============  ====================================================
moments        mean, order 4, typical size
fixed_readout  the same under ReLU and a readout that is not random
two_slopes     the mean under slopes of any signs and variances of the layers' own
=============  ====================================================
"""
