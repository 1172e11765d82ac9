"""Weight normalization: how neurons move, which of them grow, and how fast the loss falls.

=====  =======================================================================
flows  the flow of one neuron, what layers keep, and one neuron alone
=====  =======================================================================
"""
