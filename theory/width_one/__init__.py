"""Networks of width one, where everything is a product of single weights.

==============  ====================================================================
single_weight   Mellin transform and log-moments of a single weight
products        laws of |w_1 ... w_L| and its gradient
hessian_bounds  the Hessian's secular equation, inertia and rate of growth
hessian_law     the law of the Hessian's norm over the output, and its Poisson limit
==============  ====================================================================
"""
