"""What keeps deep networks trainable, as engines: the same ensemble of weights in another architecture.

==================  ================================================================================
residual            a + alpha W a, a + alpha phi(W a), a + alpha W' phi(W a): any scale of the branches
layer_norm          preactivations standardized over the units of a layer
batch_norm          preactivations standardized over a batch of inputs, unit by unit
matrices            the weights of a chunk, all of them kept
observables         Hessians of residual networks; gradients of one layer over those of another
analytic_gradients  gradients of f that can be differentiated by complex steps
hessian_ends        both ends of the Hessian of f, of all three
==================  ================================================================================
"""

from montecarlo.architectures.batch_norm import BatchNorm
from montecarlo.architectures.hessian_ends import HessianEnds
from montecarlo.architectures.layer_norm import LayerNorm
from montecarlo.architectures.observables import GradientGrowth, ResidualHessianNorms
from montecarlo.architectures.residual import Residual

__all__ = ["Residual", "LayerNorm", "BatchNorm", "GradientGrowth", "ResidualHessianNorms", "HessianEnds"]
