"""How a plateau is left: gradient descent, momentum, noise and adaptive steps.

===============  =======================================================================
saddles          gradient descent, heavy ball and noise at a strict saddle
balanced_chains  the plateau of a chain of equal weights: flow, curvature, gradient descent
imbalance        a chain of unequal weights: what flow and descent do to their differences
update_rules     the size of a step of sign descent, RMSprop and Adam
adaptive_escape  how many steps these rules need to leave the plateau of a balanced chain
===============  =======================================================================
"""
