"""Exponential weight normalization: when the loss is how small, and which neuron takes all.

=========  ======================================================================
loss_rate  the time in which the flow of a chain reaches a loss
winner     which product grows without end, and where the others stop
=========  ======================================================================
"""

SOURCE = "D. Morwani, H. G. Ramaswamy, arXiv:2010.12909"
"""The paper that these numbers are about."""
