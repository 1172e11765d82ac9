"""Moments of activations and gradients: powers of the transfer matrix, in closed form where depth is a symbol."""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.transfer import TransferMatrix, input_vector, require_independent_entries, transfer_matrix


def activation_moment(net: Ensemble, order: int = 2, layer: int | str | None = None) -> sp.Expr:
    r"""Derive :math:`E|a_k|^{order}`, the moment of the activations' norm.

    Parameters
    ----------
    net : Ensemble
        Width and depth may be symbols; unequal widths must be numbers of layers, each a number or a symbol.
    order : int
        The power of the norm: 2, 4, 6, ...
    layer : int or str, optional
        k; the depth by default.

    Returns
    -------
    sympy.Expr
        Exact. Valid for every symmetric law with these moments, with atoms or without.

    Raises
    ------
    InvalidArgument
        If the order is not even and positive, or the depth is a symbol and the recursion has more than two terms.

    Notes
    -----
    Order 4 of a law with kurtosis K follows a two-term recursion; its powers are written by Cayley and Hamilton
    with the two eigenvalues of the transfer matrix. For normal entries one term closes at every order.

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
    """
    symbols.require_order(order)
    depth = net.depth if layer is None else layer
    if isinstance(depth, int):
        net.width_at(depth)  # refuses a layer that is not there
    elif layer is not None and not isinstance(layer, str):
        raise InvalidArgument("layer", f"must be an integer or a symbol's name, got {layer!r}", "use e.g. layer=3")
    if not net.is_constant_width:
        return _through_layers(net, order, net.depth if layer is None else layer)
    transfer = transfer_matrix(net, order)
    start = input_vector(net, transfer.basis)
    return _power_applied(transfer, start, symbols.whole(depth), order)


def kurtosis(net: Ensemble, layer: int | str | None = None) -> sp.Expr:
    r"""Derive :math:`E|a_k|^4/(E|a_k|^2)^2`, how far the mean size is from the typical size.

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


def kurtosis_limit(net: Ensemble) -> sp.Expr:
    r"""Derive the limit of :func:`kurtosis` as n grows with L = beta n, at fixed kurtosis of the entries.

    Parameters
    ----------
    net : Ensemble
        Of symbolic width; its depth is replaced by beta n.

    Returns
    -------
    sympy.Expr
        In ``beta``: e.g. exp(5 beta) for ReLU under He.

    Raises
    ------
    InvalidArgument
        If the width is a number.

    Notes
    -----
    The leading eigenvalue of the order-4 transfer matrix over the square of the order-2 one is 1 + c/n + O(1/n^2);
    the other eigenvalue is O(1/n), and the leading eigenvector's share of the input tends to 1. SymPy takes all
    three limits.

    Examples
    --------
    >>> from theory import Ensemble
    >>> kurtosis_limit(Ensemble(width="n", depth="L", activation="relu", init="he", law="symmetric"))
    exp(5*beta)
    """
    if not net.is_constant_width or not isinstance(net.width, str):
        raise InvalidArgument("width", "the limit needs a symbolic width", "use width='n'")
    n = symbols.whole(net.width)
    wide = sp.Symbol("n", positive=True)  # a real variable for the limit
    square = transfer_matrix(net, 2).matrix[0] ** 2
    transfer = transfer_matrix(net, 4)
    ratio = (transfer.matrix / square).subs(n, wide)
    if len(transfer.basis) == 1:
        growth, share = ratio[0], sp.S.One
    else:
        growth, other = _eigenvalues(ratio)
        # E|a_L|^4 = growth^L share |x|^4 + ..., where |x|_4^4/|x|^4 lies between 1/n and 1
        flatness = sp.Symbol("flatness", positive=True)
        share = (ratio[0, 0] + ratio[0, 1] * flatness - other) / (growth - other)
    rate = sp.limit(wide * (growth - 1), wide, sp.oo)
    return sp.exp(rate * symbols.BETA) * sp.limit(share, wide, sp.oo)


def gradient_moment(net: Ensemble, layer: int | str | None = None, order: int = 2) -> sp.Expr:
    r"""Derive :math:`E|\partial f/\partial W_k|_F^2` for a sign-symmetric readout (any readout, if linear).

    Parameters
    ----------
    net : Ensemble
        Widths and depth may be symbols.
    layer : int or str, optional
        k, from 1 to the depth. At constant width the answer does not depend on it.
    order : int
        The power of the norm; 2.

    Returns
    -------
    sympy.Expr
        Exact, under the assumptions below.

    Raises
    ------
    InvalidArgument
        For a nonlinear activation with a fixed readout, where the masks do not act independently, or with a
        discrete law, where a preactivation can be exactly 0; for other orders; for a layer out of range.

    Notes
    -----
    The gradient is b_k a_{k-1}^T with b_L = D_L v and b_k = D_k W_{k+1}^T b_{k+1}. Under a readout with independent
    symmetric signs, E|b_k|^2 |a_{k-1}|^2 is as if the masks D were independent of everything else, so the backward
    pass multiplies by n_k p_2 s_{k+1}^2 a layer and the forward pass by n_k p_2 s_k^2.

    References
    ----------
    arXiv:2106.03763, the gradient theorems for networks of constant width.

    Examples
    --------
    >>> from theory import Ensemble
    >>> gradient_moment(Ensemble(width="n", depth="L", activation="relu", init="he"))
    norm_x**2/2
    """
    if order != 2:
        raise InvalidArgument("order", f"gradients are known to order 2, got {order!r}", "use order=2")
    require_independent_entries(net)
    require_independent_masks(net)
    if isinstance(layer, int) and layer < 1:
        raise InvalidArgument("layer", f"weights are numbered from 1 to the depth, got {layer}", "use layer=1")
    if net.is_constant_width:
        if layer is not None:
            net.width_at(layer)
        growth = transfer_matrix(net, 2).matrix[0]
        steps = symbols.whole(net.depth) - 1  # k-1 forward and L-k backward: the same factor each
        scale = symbols.gate_moment(symbols.slope(net), 2) * symbols.readout_norm_squared(net)
        return sp.powsimp(scale * growth**steps * symbols.input_power_sum(net, 2))
    if not isinstance(layer, int):
        raise InvalidArgument("layer", "is needed where widths differ", "use layer=1, ..., the depth")
    backward = symbols.gate_moment(symbols.slope(net), 2) * symbols.readout_norm_squared(net)
    for k in range(layer, int(net.depth)):
        gate = symbols.gate_moment(symbols.slope(net), 2)
        backward *= gate * symbols.whole(net.width_at(k)) * symbols.variance(net, k + 1)
    forward = _through_layers(net, 2, layer - 1)
    return symbols.tidy(forward * backward)


def require_independent_masks(net: Ensemble) -> None:
    """Refuse the nonlinear networks in which gradient masks are not as if independent.

    Raises
    ------
    InvalidArgument
        For a discrete law (atoms at 0) or a fixed readout, unless the network is linear.
    """
    if net.slope == 1:
        return
    if net.law.has_atoms:
        raise InvalidArgument(
            "law",
            f"{net.law.name!r} has atoms, so a preactivation is exactly 0 with positive probability, P(z > 0) < 1/2, "
            "and the gradient formula of this activation does not hold",
            "use law='normal' or 'uniform', or activation='linear'",
        )
    if not net.has_sign_symmetric_readout:
        raise InvalidArgument(
            "readout",
            "is fixed, so the masks of this activation do not act as if independent",
            "use readout='random' or 'signs', or activation='linear'",
        )


def _through_layers(net: Ensemble, order: int, depth: int | str) -> sp.Expr:
    """Apply layers 1..depth of unequal widths; backwards, so that only the functional asked for is carried."""
    net.width_at(depth)
    assert isinstance(depth, int)
    functional = {(1,) * (order // 2): sp.S.One}
    for layer in range(depth, 0, -1):
        transfer = transfer_matrix(net, order, layer)
        rows = {lam: transfer.matrix.row(i) for i, lam in enumerate(transfer.basis)}
        pulled: dict[tuple[int, ...], sp.Expr] = {}
        for lam, weight in functional.items():
            for mu, entry in zip(transfer.basis, rows[lam], strict=True):
                pulled[mu] = pulled.get(mu, sp.S.Zero) + weight * entry
        functional = {mu: symbols.tidy(value) for mu, value in pulled.items() if value != 0}
    values = input_vector(net, tuple(functional))
    return symbols.tidy(sum((w * v for w, v in zip(functional.values(), values, strict=True)), sp.S.Zero))


def _power_applied(transfer: TransferMatrix, start: sp.Matrix, depth: sp.Expr, order: int) -> sp.Expr:
    """First entry of matrix^depth * start."""
    matrix = transfer.matrix
    if len(transfer.basis) == 1:
        return matrix[0] ** depth * start[0]
    if depth.is_Integer:
        for _ in range(int(depth)):
            start = (matrix * start).applyfunc(symbols.tidy)
        return start[0]
    if len(transfer.basis) > 2:
        problem = (
            f"order {order} of this law follows a recursion of {len(transfer.basis)} terms, with no closed form in L"
        )
        raise InvalidArgument("depth", problem, "give a number, or use law='normal'")
    upper, lower = _eigenvalues(matrix)
    once = (matrix * start)[0].expand()
    determinant = symbols.tidy(matrix.det())
    gap = symbols.tidy(upper - lower)
    powers = upper**depth - lower**depth
    previous = upper ** (depth - 1) - lower ** (depth - 1)
    return (powers * once - determinant * previous * start[0]) / gap


def _eigenvalues(matrix: sp.Matrix) -> tuple[sp.Expr, sp.Expr]:
    """Both eigenvalues of a 2x2 matrix, the larger first."""
    trace, determinant = symbols.tidy(matrix.trace()), symbols.tidy(matrix.det())
    root = sp.sqrt(symbols.tidy(trace**2 - 4 * determinant))
    return (trace + root) / 2, (trace - root) / 2
