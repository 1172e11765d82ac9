"""The Hessian of f in the weights.

=========  =====================================================================
moments    its blocks at any width
structure  hollow, of which rank and inertia: for every network
norms      its blocks, bounds between norms, the chain inside: for every network
spectra    its eigenvalues: symmetric in law, typical size, edge
=========  =====================================================================
"""
