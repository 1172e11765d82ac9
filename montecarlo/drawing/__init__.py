"""Drawing weights and inputs, and carrying vectors through the layers on log scale.

=================  ===================================================================
weights            weights from the ensemble's law
input_and_readout  the input x and the readout v
second_inputs      a second input beside the first, and the angle between them
pairs_of_vectors   two inputs where nothing can be rescaled: inner products and angles
biases             biases from the weights' law, or constants
float_range        squared norms that floats hold, or a refusal
streams            one random stream per ensemble, seed and block; the sizes of blocks
float32_normals    standard normal variables in single precision
small_products     matrices times vectors without threads of their own
cancellation       sums of discrete weights that cancel exactly
norm_traces        vectors through the layers: rescaled, their norms on log scale
sampler_check      a user's sampler must be standardized and symmetric
activation_check   a user's activation must be vectorized, with its own derivative
=================  ===================================================================
"""
