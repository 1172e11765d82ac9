"""Moments of the gradients' norms, where the masks act as if they were independent of everything else.

Why they do, and for which functionals, is said in the notes of :func:`gradient_moment`.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.ensembles.equal_variances import of_equal_variances
from theory.ensembles.usual_slopes import of_usual_slope
from theory.moments.activations import activation_moment, moment_before
from theory.moments.powers import power_applied
from theory.moments.transfer import (
    IntegerPartition,
    Layer,
    input_power_sums,
    set_partitions,
    through_layers,
    transfer_matrix,
)
from theory.requirements import require_independent_entries, require_independent_masks, require_layer, require_order


def gradient_moment(net: Ensemble, layer: int | str | None = None, order: int = 2) -> sp.Expr:
    r"""Derive :math:`E|\partial f/\partial W_k|_F^{order}`.

    Parameters
    ----------
    net : Ensemble
        The network, whose widths and depth may be symbols. A linear one may have any readout and any law; another one
        needs a sign-symmetric readout and a law without atoms, or else ReLU, normal weights and a fixed readout, which
        :mod:`theory.moments.fixed_readouts` treats. Orthogonal weights are known at order 2.
    layer : int or str, optional
        k, from 1 to the depth. At order 2 and constant width the answer does not depend on it, and it may be left out,
        except for a fixed readout under ReLU, and with biases.
    order : int
        The power of the norm: 2, 4, ...

    Returns
    -------
    sympy.Expr
        The exact moment.

    Raises
    ------
    InvalidArgument
        For a nonlinear activation with a fixed readout, where the masks do not act as if independent (unless it is ReLU
        with normal weights), with a discrete law, where a preactivation can be exactly 0, or with constant biases; for
        dependent entries, an order that is not even and positive, and a layer out of range.

    Notes
    -----
    The gradient is b_k a_{k-1}^T with b_L = D_L v and b_k = D_k W_{k+1}^T b_{k+1}. The argument goes from the last
    layer down. Averaged over the readout's signs, an even power of |b_k| is even in each row of D_L W_L. A row of W_L
    that changes its sign flips its mask and nothing else, so D_L acts as fair coins independent of W_L. Then each
    column of W_L may change its sign, so W_L^T D_L v has independent symmetric signs again, and the argument repeats
    one layer down. Hence E|b_k|^order |a_{k-1}|^order = E|b_k|^order E|a_{k-1}|^order with masks as if independent, and
    the backward pass has the transfer matrix of the forward pass, with the widths in reverse. With a fixed readout the
    power is not even in the rows, and the argument fails.

    Random biases change little. A row of W_m and its entry of b_m change sign together, which flips the mask and
    nothing else, and b_m has no part in the backward pass. So E|b_k|^order is that without biases, and |a_{k-1}| has
    the moments of a network with them: hence the layer matters at order 2, too. As z is never 0, not even behind a dead
    layer, the second property below is not needed. With constant biases signs cannot change, and only linear networks
    are known.

    The argument needs two properties of a functional. Masks held fixed, it does not change when a row of W_m and the
    column of W_{m+1} change sign together (at the top, a row of W_L and the entry of v). And it vanishes once a layer
    is dead. So it holds for products of any |b_k|, |a_k| and |M_lk|_F that vanish with the network, as in covariances
    and Hessian blocks, and for their joint law given survival.

    References
    ----------
    arXiv:2106.03763 has the gradient theorems for networks of constant width.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> gradient_moment(net)
    norm_x**2/2
    >>> gradient_moment(net, layer=1, order=4)
    norm_x**4*(1 + 5/n)**(L - 1)*(n + 5)/(4*n)
    >>> gradient_moment(net.at(bias="variance:t"), "k")
    (k*n*t - n*t + 2*norm_x**2)/4
    """
    require_order(order)
    net = _of_independent_entries(net, order)
    require_independent_entries(net, biases=True)
    usual, factor = of_usual_slope(net, "the moment of gradients", signs=True)
    if usual != net:
        return symbols.number(factor) ** (order // 2) * gradient_moment(usual, layer, order)
    if net.slope == 0 and net.law.is_normal and not net.has_sign_symmetric_readout:
        from theory.moments.fixed_readouts import fixed_readout_gradient_moment

        require_layer(net, layer)
        assert layer is not None
        return fixed_readout_gradient_moment(net, layer, order)
    require_independent_masks(net, biases=True)
    require_layer(net, layer, optional=order == 2 and net.is_constant_width and net.bias.name == "none")
    if net.bias.name != "none":
        assert layer is not None
        return symbols.gather(moment_before(net, layer, order) * backward_moment(net, layer, order))
    if not net.is_constant_width:
        assert isinstance(layer, int)
        return symbols.tidy(activation_moment(net, order, layer - 1) * backward_moment(net, layer, order))
    transfer = transfer_matrix(net, order)
    if layer is None or len(transfer.basis) == 1:  # every layer but the k-th multiplies by the same factor
        one = (1,) * (order // 2)
        start = _masked_readout_power_sums(net, one) * input_power_sums(net, one)
        return transfer.matrix[0] ** (symbols.whole(net.depth) - 1) * start
    inputs = partial(input_power_sums, net)
    return power_applied(transfer, inputs, symbols.whole(layer) - 1) * backward_moment(net, layer, order)


def backward_moment(net: Ensemble, layer: int | str, order: int = 2) -> sp.Expr:
    r"""Derive :math:`E|b_k|^{order}` with masks as if independent, a factor of moments that vanish with the network.

    Parameters and errors are those of :func:`gradient_moment`, but the layer is always needed. Biases do not matter.

    Examples
    --------
    >>> from theory import Ensemble
    >>> backward_moment(Ensemble(width="n", depth="L", activation="relu", init="he"), "k", order=4)
    (1 + 5/n)**(L - k)*(n + 5)/(4*n)
    """
    require_order(order)
    net = _of_independent_entries(net, order)
    require_independent_entries(net, biases=True)
    usual, factor = of_usual_slope(net, "the moment of gradients", signs=True)
    if usual != net:
        return symbols.number(factor) ** (order // 2) * backward_moment(usual, layer, order)
    require_independent_masks(net, biases=True)
    require_layer(net, layer)
    net = net.at(bias="none")
    readout = partial(_masked_readout_power_sums, net)
    if net.is_constant_width:
        steps = symbols.whole(net.depth) - symbols.whole(layer)
        return power_applied(transfer_matrix(net, order), readout, steps)
    layers = [Layer.backward(net, k) for k in range(int(net.depth), int(layer), -1)]
    return through_layers(layers, order, readout)


def bias_gradient_moment(net: Ensemble, layer: int | str, order: int = 2) -> sp.Expr:
    r"""Derive :math:`E|\partial f/\partial b_k|^{order}`, the gradient in the biases of a layer.

    Parameters
    ----------
    net : Ensemble
        A network with biases, otherwise as for :func:`gradient_moment`.
    layer : int or str
        k, from 1 to the depth.
    order : int
        The power of the norm: 2, 4, ...

    Returns
    -------
    sympy.Expr
        It is the moment of the backward pass alone, which neither the biases nor the input change.

    Raises
    ------
    InvalidArgument
        As :func:`gradient_moment`, and without biases: behind a dead layer of such a network all masks are alike.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he", bias="1/10")
    >>> bias_gradient_moment(net, "k"), bias_gradient_moment(net.at(init="variance:t"), "k")
    (1/2, (n*t/2)**(L - k)/2)
    """
    require_ensemble(net)
    if net.bias.name == "none":
        raise InvalidArgument("bias", "the network has no biases to differentiate in", "use e.g. bias='1/10'")
    return backward_moment(net, layer, order)


def _of_independent_entries(net: Ensemble, order: int) -> Ensemble:
    """Return the network of independent entries with the same mean squares, where orthogonal weights have one."""
    require_ensemble(net)
    if order != 2 or net.has_independent_entries:
        return net
    if not (net.has_sign_symmetric_readout or net.activation == "linear"):
        problem = "is fixed, so the masks of orthogonal layers do not act as if independent"
        raise InvalidArgument("readout", problem, "use readout='random' or 'signs', or activation='linear'")
    return of_equal_variances(net)


def _masked_readout_power_sums(net: Ensemble, part: IntegerPartition) -> sp.Expr:
    """Return E P_part(D_L v) with masks as if independent."""
    width = symbols.whole(net.width_at(net.depth))
    if not net.has_sign_symmetric_readout:  # the network is linear, so there are no masks
        return sp.Mul(*(symbols.readout_power_sum(net, 2 * j) for j in part))
    total = sp.S.Zero
    for grouping in set_partitions(part):
        units = sp.Mul(*(width - j for j in range(len(grouping))))
        orders = [2 * sum(group) for group in grouping]
        gates = (symbols.gate_moment(symbols.slope(net), order) for order in orders)
        entries = (symbols.readout_entry_moment(net, order) for order in orders)
        total += units * sp.Mul(*gates) * sp.Mul(*entries)
    return symbols.tidy(total)
