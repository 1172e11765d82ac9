"""How long a plateau holds.

===============  =======================================================
saddles          gradient descent, momentum and noise at a strict saddle
minibatch_noise  the noise of minibatches there
balanced_chain   equal weights, solved
adaptive_steps   the size of adaptive steps
measured_times   escapes counted step by step from random weights
===============  =======================================================
"""
