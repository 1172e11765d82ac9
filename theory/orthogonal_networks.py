r"""Networks of square Haar-orthogonal weights, which keep every norm until an activation drops a part of it.

W sends a to |a| times a uniform direction, whatever that of a was. A normal matrix does the same, and multiplies by an
independent :math:`\sqrt{s^2\chi^2_n}`: its factor :math:`R=|a_k|^2/|a_{k-1}|^2` (:mod:`theory.factors`) is
:math:`s^2\chi^2_nV`, V the share that the activation keeps, and V alone is the factor of an orthogonal layer. So

.. math:: EV^t = \frac{ER^t}{E(s^2\chi^2_n)^t},\qquad \kappa_j(\log V) = \kappa_j(\log R)-\kappa_j(\log s^2\chi^2_n).

For ReLU V given B units that are on is Beta(B/2, (n-B)/2). Linear layers have V = 1: an isometry at any depth. For ReLU
:math:`EV=\frac12` and :math:`EV^2/(EV)^2=\frac{n+5}{n+2}=1+\frac3{n+2}`, where normal weights have 1 + 5/n; and
:math:`E\log2V\approx-\frac3{2n}` where they have :math:`-\frac5{2n}`: the rest was the chi-square's.
"""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.factors import ChiSquares
from theory.transfer import Layer


def orthogonal_moment(net: Ensemble, order: int = 2) -> sp.Expr:
    r"""Derive :math:`E|a_L|^{order}` for square orthogonal weights.

    Parameters
    ----------
    net : Ensemble
        Orthogonal, of constant width; symbols are welcome.
    order : int
        2, 4, 6, ...

    Returns
    -------
    sympy.Expr
        Exact. The weights have gain 1; a gain g multiplies it by g^(order L).

    Raises
    ------
    InvalidArgument
        For other weights, unequal widths, or an order that is not even and positive.

    References
    ----------
    A. M. Saxe, J. L. McClelland and S. Ganguli, arXiv:1312.6120, for the isometry; B. Hanin and M. Nica,
    arXiv:1812.05994, for normal weights.

    Examples
    --------
    >>> from theory import Ensemble
    >>> orthogonal_moment(Ensemble(width="n", depth="L", activation="relu", init="orthogonal"))
    norm_x**2/2**L
    >>> orthogonal_moment(Ensemble(width="n", depth="L", init="orthogonal"), order=8)
    norm_x**8
    """
    symbols.require_order(order)
    return _share_moment(net, order // 2) ** symbols.whole(net.depth) * symbols.input_power_sum(net, 2) ** (order // 2)


def orthogonal_kurtosis(net: Ensemble) -> sp.Expr:
    r"""Derive :math:`E|a_L|^4/(E|a_L|^2)^2`; parameters and errors as for :func:`orthogonal_moment`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> orthogonal_kurtosis(Ensemble(width="n", depth="L", activation="relu", init="orthogonal"))
    ((n + 5)/(n + 2))**L
    """
    return symbols.tidy(_share_moment(net, 2) / _share_moment(net, 1) ** 2) ** symbols.whole(net.depth)


def orthogonal_kurtosis_limit(net: Ensemble) -> sp.Expr:
    r"""Derive the limit of :func:`orthogonal_kurtosis` as n grows with L = beta n.

    Examples
    --------
    >>> from theory import Ensemble
    >>> orthogonal_kurtosis_limit(Ensemble(width="n", depth="L", activation="relu", init="orthogonal"))
    exp(3*beta)
    """
    if not isinstance(net.width, str):
        raise InvalidArgument("width", "the limit needs a symbolic width", "use width='n'")
    layer = _share_moment(net, 2) / _share_moment(net, 1) ** 2
    wide = sp.Dummy("n", positive=True)  # a real variable for the limit
    ratio = layer.subs(symbols.whole(net.width), wide)
    return sp.exp(sp.limit(wide * (ratio - 1), wide, sp.oo) * symbols.BETA)


def orthogonal_log_mean(net: Ensemble) -> sp.Expr:
    r"""Derive :math:`E\log|a_L|^2` given survival.

    Examples
    --------
    >>> from theory import Ensemble
    >>> orthogonal_log_mean(Ensemble(width=2, depth=3, activation="relu", init="orthogonal", input="e1"))
    -4*log(2)
    """
    return symbols.whole(net.depth) * _log_cumulant(net, 1) + sp.log(symbols.input_power_sum(net, 2))


def orthogonal_log_variance(net: Ensemble) -> sp.Expr:
    r"""Derive :math:`\mathrm{Var}\log|a_L|^2` given survival; linear and ReLU.

    Examples
    --------
    >>> from theory import Ensemble
    >>> orthogonal_log_variance(Ensemble(width="n", depth="L", init="orthogonal"))
    0
    """
    return symbols.whole(net.depth) * _log_cumulant(net, 2)


def _share_moment(net: Ensemble, m: int) -> sp.Expr:
    """Return E V^m: of |W a|^2m with standard normal W, the activation's share."""
    _require_orthogonal(net)
    n, slope = symbols.whole(net.width_at(0)), symbols.slope(net)
    kept, whole = (Layer(n, sp.S.One, net.law, gate).image((1,) * m)[(1,) * m] for gate in (slope, sp.S.One))
    return symbols.tidy(kept / whole)


def _log_cumulant(net: Ensemble, order: int) -> sp.Expr:
    """Return the cumulant of log V given V > 0."""
    _require_orthogonal(net)
    n, slope = symbols.whole(net.width_at(0)), symbols.slope(net)
    kept, whole = (ChiSquares(n, sp.S.One, gate).log_cumulant(order) for gate in (slope, sp.S.One))
    difference = sp.expand_func(kept - whole) if n.is_Integer and n <= _WRITTEN_OUT else kept - whole
    return sp.expand(difference)


_WRITTEN_OUT = 32
"""Units up to which digammas of halves of integers are written as logarithms and fractions."""


def _require_orthogonal(net: Ensemble) -> None:
    if net.has_independent_entries:
        raise InvalidArgument("init", f"these weights are not orthogonal: {net.init.describe()}", "use 'orthogonal'")
    if not net.is_constant_width:
        raise InvalidArgument("widths", "unequal layers are isometries one way only", "use width=32")
