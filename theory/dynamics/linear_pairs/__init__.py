"""Two-layer linear networks: how fast gradient flow fits, and how far from minimum norm it ends.

===================  ===================================================================
rates                rates and bounds by imbalance and margin
exact_pairs          layers with exact weights, for which these are enclosed
scalar_pairs         one output, data of rank one: the flow solved
distances            random layers: how far from the minimum-norm solution flow ends
chi_square_products  the root of a product of two independent chi-squares, enclosed
===================  ===================================================================
"""
