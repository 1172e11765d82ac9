"""Training many networks at once: update rules, gradients, and how long it takes to leave a plateau.

=================  ==========================================================================
optimizers         gradient descent, heavy ball, signs, RMSprop, Adam, as their papers say
=================  ==========================================================================
"""
