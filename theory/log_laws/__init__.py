"""Exact laws of logarithms of norms, for normal weights: what is typical.

================  ======================================================================================
layer_factors     one layer's factor |a_k|^2/|a_{k-1}|^2, by its Mellin transform
masked_signs      the squared norm of a masked readout of signs, by its Mellin transform
all_alive         the probability that no factor is 0
float_inversion   distribution, density and quantiles in floats, from the characteristic function
inversion         tails and densities in balls, along the contour through the saddle point
quantile_search   quantiles in balls, by Newton's method in intervals
log_sums          the law of a sum of logarithms: cumulants, cdf, pdf, quantiles, in floats and in balls
log_norms         the law of log|a_k|^2; its density
log_gradients     the law of log|df/dW_k|^2
feasible_widths   the widths at which a network of depth L keeps its norm
tail_bounds       bounds on the probability that a network keeps its norm, by powers of it
closed_bounds     the same in closed form, and the width that they demand
meijer_densities  the density of a product of factors as Meijer G-functions
norm_moments      E|a_k|^t for every real order t
output_law        the law of the output f = <v, a_L>
output_limit      the output's limit at a fixed depth over width: normal times log-normal
================  ======================================================================================
"""
