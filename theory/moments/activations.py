"""Moments of the activations' norms: powers of the transfer matrix, in closed form where depth is a symbol."""

from __future__ import annotations

from functools import partial

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.ensembles.equal_variances import of_equal_variances
from theory.moments.powers import power_applied
from theory.moments.transfer import Layer, input_power_sums, through_layers, transfer_matrix
from theory.requirements import require_independent_entries, require_order


def activation_moment(net: Ensemble, order: int = 2, layer: int | str | None = None) -> sp.Expr:
    r"""Derive :math:`E|a_k|^{order}`, the moment of the activations' norm.

    Parameters
    ----------
    net : Ensemble
        The network, of any architecture whose moments are known. Its widths and its depth may be symbols; if its widths
        differ, its depth is a number.
    order : int
        The power of the norm: 2, 4, 6, ...
    layer : int or str, optional
        k; the depth by default.

    Returns
    -------
    sympy.Expr
        The exact moment, for every symmetric law of weights with these moments, with atoms or without.

    Raises
    ------
    InvalidArgument
        If the order is not even and positive, there is no such layer, the depth is a symbol and the recursion has more
        than two terms, or the architecture has no such formula.

    Notes
    -----
    With biases lower orders join in, and the moment is affine in those of the input. Under He initialization
    E|a_k|^2 grows by the same amount in each layer; where a layer shrinks it, it tends to :func:`activation_limit`.

    At order 4 a law with kurtosis K follows a recursion of two terms. The two eigenvalues of its transfer matrix give
    the matrix's powers, by Cayley and Hamilton. For normal weights one term suffices at every order.

    Other architectures are derived in :mod:`theory.architectures`, as are orthogonal weights.

    References
    ----------
    arXiv:2106.03763; B. Hanin, arXiv:1801.03744, for the exponent 5L/n.

    Examples
    --------
    >>> from theory import Ensemble
    >>> activation_moment(Ensemble(width="n", depth="L", activation="relu", init="he"), order=4)
    norm_x**4*(1 + 5/n)**L
    >>> activation_moment(Ensemble(width=2, depth=3, init="xavier", law="rademacher"), order=4)
    11/4
    >>> activation_moment(Ensemble(width="n", depth="L", architecture="residual:1/sqrt(L)"))
    norm_x**2*(1 + 1/L)**L
    >>> activation_moment(Ensemble(width="n", depth="L", activation="relu", init="he", bias="variance:t"))
    L*n*t/2 + norm_x**2
    """
    require_ensemble(net)
    require_order(order)
    depth = net.depth if layer is None else layer
    net.width_at(depth)  # refuses a layer that is not there
    if order == 2 and net.architecture.is_plain:
        net = of_equal_variances(net)
    if not (net.architecture.is_plain and net.has_independent_entries):
        return _beyond_plain(net, order, depth)
    start = partial(input_power_sums, net)
    if not net.is_constant_width:
        return through_layers([Layer.forward(net, k) for k in range(1, int(depth) + 1)], order, start)
    return power_applied(transfer_matrix(net, order), start, symbols.whole(depth))


def _beyond_plain(net: Ensemble, order: int, layer: int | str) -> sp.Expr:
    """Return the moment in another architecture, or of orthogonal weights."""
    from theory.architectures import normalized, orthogonal, residual

    match net.architecture.name:
        case "residual":
            return residual.residual_moment(net, order, layer)
        case "plain":
            return orthogonal.orthogonal_moment(net, order, layer)
        case name:
            if layer == 0:
                raise InvalidArgument("layer", "0 is the input, which is not normalized", "use layer=1")
            moment = normalized.layer_norm_moment if name == "layernorm" else normalized.batch_norm_moment
            return moment(net, order)


def moment_before(net: Ensemble, layer: int | str, order: int) -> sp.Expr:
    r"""Derive :math:`E|a_{k-1}|^{order}`, the moment of what enters layer k.

    Parameters
    ----------
    net : Ensemble
        As for :func:`activation_moment`.
    layer : int or str
        k, from 1 to the depth.
    order : int
        The power of the norm: 2, 4, 6, ...

    Raises
    ------
    InvalidArgument
        As :func:`activation_moment`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> moment_before(Ensemble(width="n", depth="L", activation="relu", init="he"), "k", order=4)
    norm_x**4*(1 + 5/n)**(k - 1)
    """
    require_ensemble(net)
    require_order(order)
    if order == 2:
        net = of_equal_variances(net)
    require_independent_entries(net, biases=True)
    if isinstance(layer, int) and layer > 1:
        return activation_moment(net, order, layer - 1)
    start = partial(input_power_sums, net)
    if layer == 1:
        return start((1,) * (order // 2))
    return power_applied(transfer_matrix(net, order), start, symbols.whole(layer) - 1)


def kurtosis(net: Ensemble, layer: int | str | None = None) -> sp.Expr:
    r"""Derive :math:`E|a_k|^4/(E|a_k|^2)^2`, which tells how far the mean size is from the typical size.

    Parameters and errors are those of :func:`activation_moment`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> kurtosis(Ensemble(width="n", depth="L", init="xavier"))
    (1 + 2/n)**L
    """
    ratio = sp.powsimp(activation_moment(net, 4, layer) / activation_moment(net, 2, layer) ** 2, force=True)
    return ratio.replace(
        lambda part: part.is_Pow and not part.exp.is_number, lambda part: symbols.tidy(part.base) ** part.exp
    )
