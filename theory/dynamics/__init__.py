"""What gradient flow and its relatives do: how a plateau is left, and which solution is found.

===============  =======================================================================
saddles          gradient descent, heavy ball and noise at a strict saddle
minibatch_noise  stochastic gradient descent there: in mean square, and typically
balanced_chains  the plateau of a chain of equal weights: flow, curvature, gradient descent
imbalance        a chain of unequal weights: what flow and descent do to their differences
label_noise      two weights with noise in the label: imbalance and curvature
gradient_noise   the covariance of gradients against the curvature, and a sample's share of it
update_rules     the size of a step of sign descent, RMSprop and Adam
adaptive_escape  how many steps these rules need to leave the plateau of a balanced chain

implicit_bias    the solutions that diagonal networks and neurons find
linear_pairs     two-layer linear networks: rates, and the distance from minimum norm
sgd_stability    when minibatches are stable in a valley: in mean square, typically, reshuffled
===============  =======================================================================
"""

"""What gradient flow and its relatives do: how a plateau is left, and which solution is found."""
