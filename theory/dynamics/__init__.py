"""What gradient flow and its relatives do: how a plateau is left, and which solution is found.

===============  =======================================================================
saddles          gradient descent, heavy ball and noise at a strict saddle
minibatch_noise  stochastic gradient descent there: in mean square, and typically
balanced_chains  the plateau of a chain of equal weights: flow, curvature, gradient descent
imbalance        a chain of unequal weights: what flow and descent do to their differences
update_rules     the size of a step of sign descent, RMSprop and Adam
adaptive_escape  how many steps these rules need to leave the plateau of a balanced chain

implicit_bias    the solutions that diagonal networks and neurons find
weight_norm      neurons trained through length and direction: sparsity and rates
descent          descent beside flow: their distance, linear flows, curvature on the way
linear_pairs     two-layer linear networks: rates, and the distance from minimum norm
===============  =======================================================================
"""

"""What gradient flow and its relatives do: how a plateau is left, and which solution is found."""
