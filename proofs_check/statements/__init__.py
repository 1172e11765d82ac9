"""The statements, one file per topic; each reads like the theorem.

==========  =====================================================================
chain       width one: products of single weights
forward     the signal |a_L| at any width
gradient    the gradient with respect to one weight matrix
init        initializations that do not preserve even the mean
==========  =====================================================================
"""

from proofs_check.statements import chain, chain_hessian, forward, gradient, init

STATEMENTS = (
    *chain.STATEMENTS,
    *chain_hessian.STATEMENTS,
    *forward.STATEMENTS,
    *gradient.STATEMENTS,
    *init.STATEMENTS,
)

__all__ = ["STATEMENTS"]
