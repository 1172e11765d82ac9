"""Stochastic gradient descent in a valley: which rates and curvatures minibatches make unstable.

=====================  ==================================================================
second_moment          the mean square displacement after a step
mean_square_stability  the largest learning rate that is stable in mean square
break_even             the curvature from which on a learning rate is unstable
typical_break_even     the curvature from which on almost every path grows
=====================  ==================================================================
"""

SOURCE = "S. Jastrzebski et al., arXiv:2002.09572"
"""The paper that these numbers are about."""

SHARE = "the variance of a minibatch's mean over that of one example: (n-S)/(S(n-1)), or 1/S with replacement"
"""What c is."""
