"""Stochastic gradient descent in a valley: at which learning rates and curvatures minibatches make it unstable.

==============  ==============================================================================
second_moment   what a step makes of E psi^2, with momentum
mean_square     when that vanishes, and where it settles
break_even      the curvature from which on a learning rate is unstable, and the noise there
constant_noise  where there are two such curvatures, and the lower one rises with the rate
typical         almost every path is stable beyond
reshuffled      epochs in which every example is used once
==============  ==============================================================================
"""
