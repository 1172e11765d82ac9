"""What an answer assumes, as a reader is told."""

from __future__ import annotations

import sympy as sp

from proofs_check import assumptions
from proofs_check.answers.query import Query
from proofs_check.assumptions import Assumption
from theory import symbols
from theory.ensembles import Ensemble

_ORTHOGONAL_TIMES_GAIN = Assumption("the weights are a gain times square Haar-orthogonal matrices")


def what_is_assumed(query: Query, *more: Assumption) -> tuple[str, ...]:
    """Return all that an answer assumes of the networks, as a reader is told.

    Parameters
    ----------
    query : Query
        The question, which holds the ensemble.
    *more : Assumption
        The assumptions of this answer that not every answer needs.
    """
    net = query.net
    law = assumptions.NORMAL if net.law.is_normal else assumptions.INDEPENDENT_ENTRIES
    if not net.has_independent_entries:
        law = assumptions.ORTHOGONAL if net.init.square_gain == 1 else _ORTHOGONAL_TIMES_GAIN
    out = [law, *(assumptions.for_slopes(assumption, net) for assumption in more), of_biases(net)]
    texts = [*_of_architecture(net), *(assumption.sentence for assumption in dict.fromkeys(out)), _of_variance(net)]
    if net.architecture.name == "batchnorm":
        texts.append("the activations are those of the first input of the batch")
    elif net.input is None and not net.symbols:
        texts.append("the input is (1, ..., 1)/sqrt(n_0), a unit vector")
    return tuple(texts)


def _of_variance(net: Ensemble) -> str:
    """Return the sentence on the variance of a weight."""
    if net.init.layers:
        return f"the entries of W_1, W_2, ... have the variances {net.init.describe().replace(',', ', ')}"
    if net.is_constant_width:
        return f"the weights have variance {symbols.variance(net, 1)}"
    if not net.has_independent_entries:
        gain = "1" if net.init.square_gain == 1 else str(net.init.square_gain)
        return f"the entries of W_k have variance {gain}/max(n_(k-1), n_k)"
    fan_in, fan_out = sp.symbols("n_(k-1) n_k", positive=True)
    below, above = (symbols.number(slope) for slope in (net.pieces if net.is_piecewise_linear else (0, 1)))
    symbol = None if net.init.value is None else symbols.number(net.init.value)
    variance = net.init.variance(fan_in, fan_out, below, above=above, symbol=symbol)
    return f"the entries of W_k have variance {variance}"


def of_biases(net: Ensemble) -> Assumption:
    """Return the sentence on biases.

    Examples
    --------
    >>> print(of_biases(Ensemble(width="n", depth="L", bias="1/10")).sentence)
    the biases are independent, of the weights' law and of variance 1/10
    """
    value, law = net.bias.value, "the biases are independent, of the weights' law and of variance"
    match net.bias.name:
        case "none":
            return assumptions.NO_BIASES
        case "constant":
            return Assumption(f"the biases are {value}, the same in every unit")
        case "pytorch":
            return Assumption(f"{law} 1/(3 n_(k-1)) in layer k")
        case _:
            return Assumption(f"{law} {value}")


def _of_architecture(net: Ensemble) -> tuple[str, ...]:
    """Return the sentence on the architecture, if it is not the plain one."""
    alpha, depth = net.architecture.alpha, net.depth
    match net.architecture.name, net.architecture.branch:
        case "residual", "two":
            branches = f"{depth // 2}" if isinstance(depth, int) else f"{depth}/2"
            scale = f"alpha = {str(alpha).replace('L', 'B')} of B = {branches} branches"
            return (f"branches beside the identity have two matrices: a + alpha W' phi(W a), {scale}, at even layers",)
        case "residual", branch:
            scale = f"alpha = {str(alpha).replace('L', str(depth))}"
            branch = "W_k a_(k-1)" if branch == "linear" else "phi(W_k a_(k-1))"
            return (f"every layer is a branch beside the identity: a_k = a_(k-1) + alpha {branch}, {scale}",)
        case "layernorm", _:
            return (assumptions.LAYER_NORM.sentence,)
        case "batchnorm", _:
            batch = net.architecture.batch
            return (f"{assumptions.BATCH_NORM.sentence}" + (f": B = {batch}" if isinstance(batch, int) else ""),)
        case _:
            return ()


def assumed_of_gradients(query: Query) -> tuple[str, ...]:
    """Return all that an answer about moments of gradients or Hessian blocks assumes."""
    net = query.net
    more = [assumptions.PIECEWISE_LINEAR]
    if not net.is_linear:
        more.append(assumptions.NO_ATOMS)
        more.append(assumptions.SIGN_SYMMETRIC_READOUT if net.has_sign_symmetric_readout else assumptions.FIXED_READOUT)
    return what_is_assumed(query, *more)


def of_output(query: Query) -> tuple[Assumption, ...]:
    """Return what every answer about the output assumes of activation and readout."""
    readout = assumptions.SIGN_SYMMETRIC_READOUT if query.net.has_sign_symmetric_readout else assumptions.FIXED_READOUT
    return (assumptions.PIECEWISE_LINEAR, readout)
