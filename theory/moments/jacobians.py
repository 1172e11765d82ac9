r"""The Jacobian between layers, :math:`M_{lk} = D_{l-1}W_{l-1}\cdots W_{k+1}D_k`: moments of its Frobenius norm.

With masks as if independent (:mod:`theory.moments.gradients` says for which functionals they are), one more layer sends
:math:`S = MM^T` to :math:`DWSW^TD`. For normal weights
:math:`E(w^TSw)^2 = s^4((\mathrm{tr}S)^2 + 2\,\mathrm{tr}S^2)`, so :math:`|M|_F^4` and :math:`\mathrm{tr}(MM^T)^2`
follow a recursion of two terms.
"""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.moments.powers import power_applied
from theory.moments.transfer import TransferMatrix
from theory.requirements import require_independent_entries, require_two_layers


def jacobian_moment(net: Ensemble, first: int | str, last: int | str, order: int = 2) -> sp.Expr:
    r"""Derive :math:`E|M_{lk}|_F^{order}` with masks as if independent, k = `first` < l = `last`.

    Parameters
    ----------
    net : Ensemble
        A network with any law at order 2 and with normal weights at order 4.
    first, last : int or str
        The layers, with 1 <= k < l <= depth. At constant width they may be symbols.
    order : int
        The power of the norm: 2 or 4.

    Returns
    -------
    sympy.Expr
        The exact moment. For l = k + 1 the Jacobian is the mask :math:`D_k` alone.

    Raises
    ------
    InvalidArgument
        For other orders, dependent entries, a law that is not normal at order 4, or layers out of range.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> jacobian_moment(net, 1, 2), jacobian_moment(net, 1, "L")
    (n/2, n/2)
    >>> jacobian_moment(net.at(activation="linear", init="xavier"), 1, 3, order=4)
    n**2 + 2
    """
    require_independent_entries(net, biases=True)
    _require_order(net, order)
    require_two_layers(net, first, last, biases=True)
    step, mask = (_square, _mask_square) if order == 2 else (_fourth, _mask_fourth)
    if net.is_constant_width:
        steps = symbols.whole(last) - symbols.whole(first) - 1
        start = dict(zip(step(net, 1).basis, mask(net, 1), strict=True))
        return power_applied(step(net, 1), start.__getitem__, steps)
    vector = sp.Matrix(mask(net, int(first)))
    for j in range(int(first) + 1, int(last)):
        vector = step(net, j).matrix * vector
    return symbols.tidy(vector[0])


def weight_product_moment(net: Ensemble, order: int = 2) -> sp.Expr:
    r"""Derive :math:`E|W_L\cdots W_1|_F^{order}`, of the weight matrices alone, whatever the activation.

    Parameters
    ----------
    net : Ensemble
        A network with any law at order 2 and with normal weights at order 4. Widths and depth may be symbols.
    order : int
        The power of the norm: 2 or 4.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        For other orders, dependent entries, or a law that is not normal at order 4.

    Examples
    --------
    >>> from theory import Ensemble
    >>> weight_product_moment(Ensemble(width="n", depth="L", init="xavier"))
    n
    >>> weight_product_moment(Ensemble(width="n", depth=1, init="xavier"), order=4)
    n**2 + 2
    """
    require_independent_entries(net)
    _require_order(net, order)
    step = _square if order == 2 else _fourth
    n = symbols.whole(net.width_at(0))
    start = {(1,): n, (1, 1): n**2, (2,): n}
    linear = (sp.S.One, sp.S.One)
    if net.is_constant_width:
        return power_applied(step(net, 1, linear), start.__getitem__, symbols.whole(net.depth))
    vector = sp.Matrix([start[mu] for mu in step(net, 1, linear).basis])
    for j in range(1, int(net.depth) + 1):
        vector = step(net, j, linear).matrix * vector
    return symbols.tidy(vector[0])


def jacobian_step(net: Ensemble, order: int = 2, layer: int = 1) -> tuple[TransferMatrix, list[sp.Expr]]:
    """Derive what one more layer makes of the moments of a Jacobian, and what they are for a mask alone.

    Parameters
    ----------
    net : Ensemble
        As for :func:`jacobian_moment`.
    order : int
        The power of the norm: 2 or 4.
    layer : int
        Which layer it is; it matters for unequal widths only.

    Returns
    -------
    (TransferMatrix, list of sympy.Expr)
        The map of |M|_F^2, or of |M|_F^4 and tr(MM^T)^2, and their values for M = D_k.

    Raises
    ------
    InvalidArgument
        For other orders, dependent entries, or a law that is not normal at order 4.

    Examples
    --------
    >>> from theory import Ensemble
    >>> step, mask = jacobian_step(Ensemble(width="n", depth="L", init="xavier"), order=4)
    >>> list(step.matrix), mask
    ([1, 2/n, 1/n, 1 + 1/n], [n**2, n])
    """
    require_independent_entries(net, biases=True)
    _require_order(net, order)
    step, mask = (_square, _mask_square) if order == 2 else (_fourth, _mask_fourth)
    return step(net, layer), [symbols.tidy(entry) for entry in mask(net, layer)]


def weight_product_step(net: Ensemble) -> tuple[TransferMatrix, list[sp.Expr]]:
    """Derive what one more normal matrix makes of |M|_F^4 and tr(MM^T)^2, and what they are for the identity.

    Parameters
    ----------
    net : Ensemble
        Its width and the variance of its weights matter.

    Examples
    --------
    >>> from theory import Ensemble
    >>> weight_product_step(Ensemble(width="d", depth="L", init="1"))[1]
    [d**2, d]
    """
    require_independent_entries(net)
    _require_order(net, 4)
    n = symbols.whole(net.width_at(0))
    return _fourth(net, 1, (sp.S.One, sp.S.One)), [n**2, n]


def _require_order(net: Ensemble, order: int) -> None:
    if isinstance(order, bool) or not isinstance(order, int) or order not in (2, 4):
        raise InvalidArgument("order", f"of Jacobians must be 2 or 4, got {order!r}", "use order=2")
    if order == 4 and not net.law.is_normal:
        raise InvalidArgument("law", f"order 4 needs normal weights, got {net.law.name!r}", "use order=2")


def _gates(net: Ensemble) -> tuple[sp.Expr, sp.Expr]:
    slope = symbols.slope(net)
    return symbols.gate_moment(slope, 2), symbols.gate_moment(slope, 4)


def _mask_square(net: Ensemble, layer: int) -> list[sp.Expr]:
    return [symbols.whole(net.width_at(layer)) * _gates(net)[0]]


def _mask_fourth(net: Ensemble, layer: int) -> list[sp.Expr]:
    n, (p2, p4) = symbols.whole(net.width_at(layer)), _gates(net)
    return [n * p4 + n * (n - 1) * p2**2, n * p4]


def _square(net: Ensemble, layer: int, gates: tuple[sp.Expr, sp.Expr] | None = None) -> TransferMatrix:
    growth = symbols.whole(net.width_at(layer)) * symbols.variance(net, layer) * (gates or _gates(net))[0]
    return TransferMatrix(((1,),), sp.Matrix([[symbols.tidy(growth)]]))


def _fourth(net: Ensemble, layer: int, gates: tuple[sp.Expr, sp.Expr] | None = None) -> TransferMatrix:
    """Return the map of |M|_F^4 and tr (M M^T)^2, from pairs of rows of W that coincide and pairs that do not."""
    n, (p2, p4) = symbols.whole(net.width_at(layer)), gates or _gates(net)
    s4 = symbols.variance(net, layer) ** 2
    same, different = n * p4 * s4, n * (n - 1) * p2**2 * s4
    matrix = sp.Matrix([[same + different, 2 * same], [same, 2 * same + different]])
    return TransferMatrix(((1, 1), (2,)), matrix.applyfunc(symbols.tidy))
