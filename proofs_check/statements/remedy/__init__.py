"""What keeps deep networks trainable, and its price.

====================  ==============================================================================
residual              residual branches: which scale keeps typical and mean size together
pinned_signal         normalization, orthogonal weights and width: what they pin, what gradients pay
normalized_curvature  the Hessian behind layer and batch norm
====================  ==============================================================================
"""
