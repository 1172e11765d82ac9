"""What an answer assumes, as a reader is told."""

from __future__ import annotations

from proofs_check import assumptions
from proofs_check.answers.query import Query
from proofs_check.assumptions import Assumption
from theory import symbols
from theory.ensembles import Ensemble


def what_is_assumed(query: Query, *more: Assumption) -> tuple[str, ...]:
    """Return all that an answer assumes, as a reader is told.

    Parameters
    ----------
    query : Query
        The question, which holds the ensemble.
    *more : Assumption
        The assumptions of this answer that not every answer needs.
    """
    net = query.net
    law = assumptions.NORMAL if net.law.is_normal else assumptions.INDEPENDENT_ENTRIES
    out = [law if net.has_independent_entries else assumptions.ORTHOGONAL, *more, assumptions.NO_BIASES]
    texts = [*_of_architecture(net), *(assumption.sentence for assumption in dict.fromkeys(out))]
    texts.append(f"the weights have variance {symbols.variance(net, 1)}" if net.is_constant_width else net.describe())
    if net.symbols and net.input is None:
        texts.append("norm_x is |x| and norm4_x is |x|_4 of the input x; symbols of sizes are positive integers")
    elif net.input is None:
        texts.append("the input is (1, ..., 1)/sqrt(n_0), a unit vector")
    return tuple(texts)


def _of_architecture(net: Ensemble) -> tuple[str, ...]:
    """Return the sentence on the architecture, if it is not the plain one."""
    match net.architecture.name, net.architecture.branch:
        case "residual", "two":
            wiring = "a_(2j) = a_(2j-2) + alpha W_(2j) phi(W_(2j-1) a_(2j-2)), L/2 branches"
        case "residual", branch:
            wiring = f"a_k = a_(k-1) + alpha {'W_k a_(k-1)' if branch == 'linear' else 'phi(W_k a_(k-1))'}, L branches"
        case "layernorm", _:
            return (assumptions.LAYER_NORM.sentence,)
        case "batchnorm", _:
            return (f"{assumptions.BATCH_NORM.sentence}, B = {net.architecture.batch} of them",)
        case _:
            return ()
    return (f"the architecture is {net.architecture.describe()}: {wiring}, alpha = {net.architecture.alpha}",)


def assumed_of_gradients(query: Query) -> tuple[str, ...]:
    """Return all that an answer about moments of gradients or Hessian blocks assumes."""
    net = query.net
    more = [assumptions.PIECEWISE_LINEAR]
    if net.slope != 1:
        more.append(assumptions.NO_ATOMS)
        more.append(assumptions.SIGN_SYMMETRIC_READOUT if net.has_sign_symmetric_readout else assumptions.FIXED_READOUT)
    return what_is_assumed(query, *more)
