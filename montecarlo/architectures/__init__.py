"""Architectures beside the plain one: the same weights in residual branches, or behind layer or batch normalization.

============  ============================================================================
passes        the forward and the backward pass of all architectures, real or complex
wiring        the layers of an ensemble's networks, as its architecture wires them
kept_weights  chunks of networks whose weights are all kept
residual      branches beside the identity, of one matrix or two
layer_norm    preactivations standardized over the units of a layer
batch_norm    preactivations standardized over a batch of inputs, unit by unit
engine        the engine that draws such networks
============  ============================================================================
"""
