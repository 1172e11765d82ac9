"""When stochastic gradient descent is stable in a valley: in mean square, typically, and by reshuffled epochs.

==============  =========================================================================
second_moments  what a step makes of E psi^2, with momentum and with noise at the minimum
mean_square     the learning rates at which E psi^2 stays bounded, and where it settles
break_even      the curvature from which on they are exceeded, by the law of the noise
typical         the rates at which almost every path vanishes, enclosed
reshuffled      epochs in which every example is used once
==============  =========================================================================
"""
