"""The plateau on which a deep network starts.

========  ======================================================
flatness  the loss's Hessian where f is small against its target
========  ======================================================
"""
