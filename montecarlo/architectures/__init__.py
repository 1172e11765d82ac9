"""Networks whose weights are all kept: residual branches, layer and batch normalization, biases, any activation.

============  ============================================================================
passes        the forward and the backward pass of all architectures, real or complex
wiring        the layers of an ensemble's networks, as its architecture wires them
kept_weights  chunks of networks whose weights are all kept
plain         biases and smooth activations, which cannot be rescaled
residual      branches beside the identity, of one matrix or two
layer_norm    preactivations standardized over the units of a layer
batch_norm    preactivations standardized over a batch of inputs, unit by unit
engine        the engine that draws such networks
============  ============================================================================
"""
