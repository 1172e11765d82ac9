"""The statements, one file per topic; each reads like the theorem.

=================  ================================================================================
chain              width one: products of single weights
chain_hessian      width one: the Hessian of a linear network
forward            the signal |a_L| at any width
law                its exact law for normal weights, and the width that a depth needs
gradient           the gradient with respect to one weight matrix
fixed_readout      the same under ReLU and a readout that is not random
hessian            blocks of the Hessian at any width
hessian_structure  hollow, of which rank and inertia: for every network
hessian_norms      its blocks, bounds between norms, the chain inside: for every network
hessian_spectra    its eigenvalues: symmetric in law, typical size, edge
plateau            the loss's Hessian where f is small against its target
escape             how long a plateau holds gradient descent, and adaptive update rules
escape_times       the same, counted step by step from random weights
remedy             normalization, orthogonal weights and width: what they pin, what gradients pay
remedy_normalized  the Hessian behind layer and batch norm
remedy_residual    residual branches: which scale keeps typical and mean size together
init               initializations that do not preserve even the mean
matrices           products of random matrices, by two independent routes
engines            samplers without matrices, of the same law as real weights
=================  ================================================================================
"""

from proofs_check.statements import (
    chain,
    chain_hessian,
    engines,
    escape,
    escape_times,
    fixed_readout,
    forward,
    gradient,
    hessian,
    hessian_norms,
    hessian_spectra,
    hessian_structure,
    init,
    law,
    matrices,
    plateau,
    remedy,
    remedy_normalized,
    remedy_residual,
)

STATEMENTS = (
    *chain.STATEMENTS,
    *chain_hessian.STATEMENTS,
    *forward.STATEMENTS,
    *law.STATEMENTS,
    *gradient.STATEMENTS,
    *fixed_readout.STATEMENTS,
    *hessian.STATEMENTS,
    *hessian_structure.STATEMENTS,
    *hessian_norms.STATEMENTS,
    *hessian_spectra.STATEMENTS,
    *plateau.STATEMENTS,
    *escape.STATEMENTS,
    *escape_times.STATEMENTS,
    *remedy_residual.STATEMENTS,
    *remedy.STATEMENTS,
    *remedy_normalized.STATEMENTS,
    *init.STATEMENTS,
    *matrices.STATEMENTS,
    *engines.STATEMENTS,
)

__all__ = ["STATEMENTS"]
