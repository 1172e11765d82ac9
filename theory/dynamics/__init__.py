"""How a plateau is left, and which solution is reached: gradient descent, momentum, noise and adaptive steps.

=================  =======================================================================
saddles            gradient descent, heavy ball and noise at a strict saddle
balanced_chains    the plateau of a chain of equal weights: flow, curvature, gradient descent
imbalance          a chain of unequal weights: what flow and descent do to their differences
update_rules       the size of a step of sign descent, RMSprop and Adam
adaptive_escape    how many steps these rules need to leave the plateau of a balanced chain

designs            the design X and the targets y of Xw = y, read exactly or refused
diagonal_nets      diagonal linear nets: the flow in closed form, gradient descent exactly
mirror_potentials  the potential that the flow of a diagonal net minimizes
neuron_potentials  the potential that the flow of one linear neuron minimizes
interpolants       the solution of Xw = y that minimizes a potential, in floats and in balls
least_l1_norm      the solution of least l1 norm, with a certificate
shape_limits       what shape and scale of the start select: l2, l1, and how far from them
=================  =======================================================================
"""
