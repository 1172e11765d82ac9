"""Networks as wide as can be, with smooth activations and biases.

===========  ==========================================================
length_maps  variances layer by layer, where they settle, critical ones
===========  ==========================================================
"""
