"""Which solution of Xw = y gradient flow selects, by the shape and the scale of its start.

=============  =======================================================================
diagonal_nets  diagonal linear nets: what is kept, and the potential that is minimized
regimes        the limits of that potential: least l2 norm, least l1 norm
rates          how fast the limit is reached
descent        what gradient descent does exactly
neurons        one linear neuron: its potential, in a clock of its own
neuron_limits  the limits of that potential
more_neurons   aligned neurons, neurons that are not, and one leaky neuron
=============  =======================================================================
"""
