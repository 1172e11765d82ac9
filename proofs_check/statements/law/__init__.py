"""The exact laws of the norm and of the output for normal weights.

===========  ====================================================
log_norms    moments, quantiles, and the width that a depth needs
real_orders  moments of every real order, that of lengths among them
outputs      the output's density, kurtosis and limit
===========  ====================================================
"""
