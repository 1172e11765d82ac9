"""Drawing weights and inputs, and carrying vectors through the layers on log scale.

===============  ===================================================================
weights          weights from the ensemble's law
float32_normals  standard normal variables in single precision
streams          one random stream per ensemble, seed and block; the sizes of blocks
small_products   matrices times vectors without threads of their own
norm_traces      squared norms of vectors on their way through the layers, on log scale
second_inputs    a second input beside the first, and the angle between them
sampler_check    a user's sampler must be standardized and symmetric
===============  ===================================================================
"""
