"""Products of random matrices.

========  ========================================
products  their moments, by two independent routes
========  ========================================
"""
