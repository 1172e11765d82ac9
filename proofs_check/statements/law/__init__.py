"""The exact law of the norm for normal weights.

=========  ====================================================
log_norms  moments, quantiles, and the width that a depth needs
=========  ====================================================
"""
