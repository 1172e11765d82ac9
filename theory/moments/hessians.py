r"""The Hessian of f in the weights: moments of its blocks, and of the loss Hessian's two parts.

The diagonal blocks vanish. For k < l, with the Jacobian :math:`M_{lk}` between the layers,

.. math:: |H_{kl}|_F^2 = |b_l|^2\,|M_{lk}|_F^2\,|a_{k-1}|^2.

The three factors are independent once the masks are as if independent (:mod:`theory.moments.gradients`), with biases
too; the Hessian is that in the weights alone, without derivatives in the biases.

The loss :math:`\frac12(f-y)^2` has the Hessian :math:`\nabla f\nabla f^T + (f-y)H`, the sum of its Gauss-Newton part
and its residual part. As :math:`f = b_l^TW_lM_{lk}W_ka_{k-1}`, where :math:`W_l` and :math:`W_k` are independent of the
rest, :math:`E f^2|H_{kl}|_F^2 = s_k^2s_l^2\,E|H_{kl}|_F^4` for every law of those two matrices.
"""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.ensembles.usual_slopes import of_usual_slope
from theory.moments.activations import moment_before
from theory.moments.gradient_products import gradient_product
from theory.moments.gradients import backward_moment, gradient_moment
from theory.moments.jacobians import jacobian_moment, jacobian_step
from theory.moments.powers import triangular_power
from theory.moments.transfer import transfer_matrix
from theory.requirements import require_independent_entries, require_independent_masks, require_two_layers


def hessian_block_moment(net: Ensemble, first: int | str, second: int | str, order: int = 2) -> sp.Expr:
    r"""Derive :math:`E|\partial^2f/\partial W_k\partial W_l|_F^{order}`, k = `first` < l = `second`.

    Parameters
    ----------
    net : Ensemble
        A network with any law at order 2 and with normal weights at order 4. Its readout is sign-symmetric; a linear
        network may have any.
    first, second : int or str
        The layers k < l. At constant width they may be symbols.
    order : int
        The power of the norm: 2 or 4.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        As :func:`theory.moments.gradients.backward_moment` and :func:`theory.moments.jacobians.jacobian_moment`.

    References
    ----------
    arXiv:2106.03763 has the Hessian theorems.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> hessian_block_moment(net, "k", "l")
    n*norm_x**2/4
    >>> hessian_block_moment(net, 1, 2, order=4)
    norm_x**4*(1 + 5/n)**(L - 2)*(n + 1)*(n + 5)/16
    """
    require_two_layers(net, first, second, biases=True)
    usual, factor = of_usual_slope(net, "the moment of the Hessian", signs=True)
    if usual != net:
        return symbols.number(factor) ** order * hessian_block_moment(usual, first, second, order)
    jacobian = jacobian_moment(net, first, second, order)
    return symbols.gather(backward_moment(net, second, order) * jacobian * moment_before(net, first, order))


def hessian_moment(net: Ensemble) -> sp.Expr:
    r"""Derive :math:`E|H|_F^2 = E\,\mathrm{tr}H^2`, the mean of the sum of the squared eigenvalues.

    Parameters
    ----------
    net : Ensemble
        A network of any law with a sign-symmetric readout, with random biases or none; a linear network may have any
        readout. It is plain, or residual with branches that are linear or have two matrices.

    Returns
    -------
    sympy.Expr
        At depth 1, where f is linear in its only weight matrix, it is 0.

    Raises
    ------
    InvalidArgument
        As :func:`hessian_block_moment`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> hessian_moment(Ensemble(width="n", depth="L", activation="relu", init="he"))
    L*n*norm_x**2*(L - 1)/4
    >>> hessian_moment(Ensemble(width="n", depth="L", activation="relu", init="he", bias="variance:t"))
    L*n*(L - 1)*(L*n*t - 2*n*t + 6*norm_x**2)/24
    """
    require_ensemble(net)
    if net.architecture.name == "residual":
        from theory.architectures.residual_hessians import residual_hessian_moment

        return residual_hessian_moment(net)
    require_independent_entries(net, biases=True)
    if isinstance(net.depth, str) and net.bias.name != "none":
        return _with_biases(net)
    if net.is_constant_width and net.depth != 1 and net.bias.name == "none":
        # every block has the same moment: wherever its two layers lie, the other L - 2 multiply by the same factor
        block = hessian_block_moment(net, 1, 2)
        pairs = symbols.whole(net.depth) * (symbols.whole(net.depth) - 1)
        return symbols.gather(pairs * block)
    blocks = (hessian_block_moment(net, k, later) for k, later in _pairs(net))
    return symbols.tidy(2 * sp.Add(*blocks))


def _with_biases(net: Ensemble) -> sp.Expr:
    r"""Return the sum of all blocks for a symbolic depth, of which block k, l has the factor :math:`q^{L-k-1}`, any l.

    With S = sum over k of (L-k) q^(L-k-1) m_(k-1), R = sum of q^(L-k-1) m_(k-1) and m_k = q m_(k-1) + c, one more layer
    sends (S, R, m, 1) to (qS + qR + m, qR + m, qm + c, 1).
    """
    (q, c), _ = transfer_matrix(net, 2).matrix.tolist()
    step = sp.Matrix([[q, q, 1, 0], [0, q, 1, 0], [0, 0, q, c], [0, 0, 0, 1]])
    start = sp.Matrix([0, 0, symbols.input_power_sum(net, 2), 1])
    _, (mask,) = jacobian_step(net)
    total = triangular_power(step, start, symbols.whole(net.depth) - 1)
    return symbols.gather(2 * backward_moment(net, net.depth) * mask * total)


def gauss_newton_trace(net: Ensemble) -> sp.Expr:
    r"""Derive :math:`E|\nabla f|^2`, the mean trace of the loss Hessian's Gauss-Newton part, over all weights.

    Raises
    ------
    InvalidArgument
        As :func:`theory.moments.gradients.gradient_moment`, and if the depth is a symbol but the layers' gradients
        differ.

    Examples
    --------
    >>> from theory import Ensemble
    >>> gauss_newton_trace(Ensemble(width="n", depth="L", activation="relu", init="he"))
    L*norm_x**2/2
    """
    require_ensemble(net)
    net.require_plain("the trace of the Gauss-Newton part")
    usual, factor = of_usual_slope(net, "the moment of gradients", signs=True)
    if usual != net:
        return symbols.number(factor) * gauss_newton_trace(usual)
    if net.is_constant_width and (net.slope == 1 or net.has_sign_symmetric_readout):
        return symbols.gather(symbols.whole(net.depth) * gradient_moment(net))
    if net.slope not in (0, 1):
        require_independent_masks(net)
    _numeric_depth(net)
    return symbols.tidy(sp.Add(*(gradient_moment(net, k) for k in range(1, int(net.depth) + 1))))


def gauss_newton_moment(net: Ensemble) -> sp.Expr:
    r"""Derive :math:`E|\nabla f\nabla f^T|_F^2 = E|\nabla f|^4` for normal weights and a numeric depth.

    Raises
    ------
    InvalidArgument
        As :func:`theory.moments.gradient_products.gradient_product`, and if the depth is a symbol.

    Examples
    --------
    >>> from theory import Ensemble
    >>> gauss_newton_moment(Ensemble(width="n", depth=2, readout="signs"))
    4*norm_x**4*(n + 1)/n
    """
    layers = range(1, _numeric_depth(net) + 1)
    net.require_plain("the Gauss-Newton part")
    squares = sp.Add(*(gradient_moment(net, k, 4) for k in layers))
    return symbols.tidy(squares + 2 * sp.Add(*(gradient_product(net, j, k) for j, k in _pairs(net))))


def residual_part_moment(net: Ensemble, target: symbols.Scalar = 0) -> sp.Expr:
    r"""Derive :math:`E|(f-y)H|_F^2`, of the loss Hessian's residual part, for normal weights and a numeric depth.

    Parameters
    ----------
    net : Ensemble
        A network with normal weights and a sign-symmetric readout; a linear network may have any readout.
    target : sympy.Expr, int, Fraction, float or str
        The target y; a str is a number or the name of a symbol.

    Returns
    -------
    sympy.Expr
        On the plateau, where f is small against y, it exceeds :func:`gauss_newton_moment`.

    Raises
    ------
    InvalidArgument
        As :func:`hessian_block_moment` at order 4, and if the depth is a symbol or the target is no number or name.

    Notes
    -----
    It is :math:`E f^2|H|_F^2 + y^2E|H|_F^2`. The mixed term vanishes because f is odd in the readout, or in W_1 if the
    network is linear, and the opposite of the readout or of W_1 has the same law.

    Examples
    --------
    >>> from theory import Ensemble
    >>> residual_part_moment(Ensemble(width="n", depth=2, readout="signs"), sp.Symbol("y"))
    2*n*norm_x**2*y**2 + 2*norm_x**4
    """
    require_ensemble(net)
    usual, factor = of_usual_slope(net, "the moment of the Hessian", signs=True)
    if usual != net:
        return symbols.number(factor) ** 2 * residual_part_moment(usual, target)
    total = sp.S.Zero
    pairs = _pairs(net)
    net.require_plain("the residual part")  # with biases f is no product with W_k and W_l
    for k, later in pairs:
        scales = symbols.variance(net, k) * symbols.variance(net, later)
        total += 2 * scales * hessian_block_moment(net, k, later, 4)
    return symbols.tidy(total) + symbols.tidy(symbols.finite("target", target) ** 2 * hessian_moment(net))


def _pairs(net: Ensemble) -> list[tuple[int, int]]:
    depth = _numeric_depth(net)
    return [(k, later) for later in range(2, depth + 1) for k in range(1, later)]


def _numeric_depth(net: Ensemble) -> int:
    require_ensemble(net)
    if isinstance(net.depth, str):
        raise InvalidArgument("depth", f"this sum over blocks needs a number, got {net.depth!r}", "use e.g. depth=8")
    return net.depth
