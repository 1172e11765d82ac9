"""The gradient with respect to one weight matrix.

=============  ====================================================
moments        mean, order 4, typical size
biases         the mean with biases, in weights and in biases
fixed_readout  the same under ReLU and a readout that is not random
=============  ====================================================
"""
