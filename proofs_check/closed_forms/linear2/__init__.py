"""Two-layer linear networks under gradient flow, from layers of any imbalance.

=====================  ======================================================================
rate                   how fast the loss falls, by the imbalance
margin_rate            the same by imbalance and margin
scalar_solution        u.v at a time, where data and output have one dimension
min_norm_distance      a bound on the distance from the solution of least norm
distance_law           the mean of its square, for random weights of any width
orthonormal_start      what it tends to as the width grows, for several inputs and outputs
imbalance_probability  how often the imbalance is above that of an infinite width
=====================  ======================================================================
"""

SOURCE = "H. Min, S. Tarmoun, R. Vidal, E. Mallada, arXiv:2105.06351"
"""The paper that these numbers are about."""
