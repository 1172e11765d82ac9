"""Weight normalization: neurons trained through length and direction, and what that does to norms, sparsity and rates.

===========  ==========================================================================
neurons      how a neuron moves, by its parametrization, and what its norm adds up
loss_clock   the time that flow needs to a loss: E(p) = Ei(p) - e^p/p, bounds, any net
competition  which neuron grows and where the others stop
steps        gradient descent on the parameters: its defect, and its time
===========  ==========================================================================
"""
