"""Width one: products of single weights.

==========  =======================================================
products    laws, means and medians of |w_1 ... w_L|
hessian     the Hessian of a linear network of width one
break_even  how descent and noise in labels flatten two weights
==========  =======================================================
"""
