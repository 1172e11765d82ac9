"""How a plateau is left: gradient descent, momentum, noise and adaptive steps.

===============  =======================================================================
saddles          gradient descent, heavy ball and noise at a strict saddle
balanced_chains  the plateau of equal weights, solved: flow, curvature, gradient descent
update_rules     the size of a step of sign descent, RMSprop and Adam
===============  =======================================================================
"""
