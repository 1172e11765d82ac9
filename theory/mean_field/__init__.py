"""Networks as wide as can be: each layer's preactivations are normal, of a variance that follows a map.

====================  =======================================================================
ball_activations      smooth activations and their derivatives in ball arithmetic
gaussian_averages     E phi(m + sqrt(q) Z)^2 and its kin, enclosed
length_map            the variances layer by layer, and what a finite width changes in 1/n
fixed_points          where the variances go, and how fast; how deep signals and gradients reach
critical_line         the edge of chaos: variances for which gradients neither vanish nor explode
====================  =======================================================================
"""
