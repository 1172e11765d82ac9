r"""Networks of square Haar-orthogonal weights, which keep every norm until an activation drops a part of it.

W sends a to |a| times a uniform direction, whatever the direction of a. A normal matrix does the same, and multiplies
by an independent :math:`\sqrt{s^2\chi^2_n}`. So its factor :math:`R=|a_k|^2/|a_{k-1}|^2`
(:mod:`theory.log_laws.layer_factors`) is :math:`s^2\chi^2_nV`, where V is the share that the activation keeps, and V
alone is the factor of an orthogonal layer. Hence

.. math:: EV^t = \frac{ER^t}{E(s^2\chi^2_n)^t},\qquad \kappa_j(\log V) = \kappa_j(\log R)-\kappa_j(\log s^2\chi^2_n).

Linear layers have V = 1, so that the network is an isometry at any depth. For ReLU, V given that B units are on has the
law Beta(B/2, (n-B)/2). So :math:`EV=\frac12` and :math:`EV^2/(EV)^2=\frac{n+5}{n+2}=1+\frac3{n+2}`, where normal
weights have 1 + 5/n; and :math:`E\log2V\approx-\frac3{2n}`, where they have :math:`-\frac5{2n}`. The difference comes
from the chi-square.
"""

from __future__ import annotations

import flint
import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.ensembles.usual_slopes import of_usual_slope
from theory.log_laws.layer_factors import ChiSquares
from theory.moments.transfer import Layer
from theory.requirements import require_order, require_short


def orthogonal_moment(net: Ensemble, order: int = 2, layer: int | str | None = None) -> sp.Expr:
    r"""Derive :math:`E|a_k|^{order}` for square orthogonal weights.

    Parameters
    ----------
    net : Ensemble
        An ensemble of orthogonal weights and constant width, which may have symbols.
    order : int
        2, 4, 6, ..., up to 18 unless the activation is linear.
    layer : int or str, optional
        The layer k, by default the last.

    Returns
    -------
    sympy.Expr
        The exact moment for weights of gain 1; a gain g multiplies it by g^(order k).

    Raises
    ------
    InvalidArgument
        If the weights are others, widths are unequal, the order is not even and positive, or too large, there is no
        such layer, or an exact power of numbers is too long.

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
    require_order(order)
    net = _usual(net)
    share = symbols.number(net.init.square_gain) ** (order // 2) * _share_moment(net, order // 2)
    square = symbols.input_power_sum(net, 2)
    if square.is_number and square != 1 and order > _HIGHEST_POWER:
        problem = f"is too high for the exact power of |x|^2 = {square}"
        raise InvalidArgument("order", problem, f"use an order up to {_HIGHEST_POWER}, or a symbolic network")
    k = net.depth if layer is None else layer
    net.width_at(k)  # refuses a layer that is not there
    return _power(share, k) * square ** (order // 2)


def orthogonal_kurtosis(net: Ensemble) -> sp.Expr:
    r"""Derive :math:`E|a_L|^4/(E|a_L|^2)^2`; the parameters and errors are those of :func:`orthogonal_moment`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> orthogonal_kurtosis(Ensemble(width="n", depth="L", activation="relu", init="orthogonal"))
    ((n + 5)/(n + 2))**L
    """
    return _power(orthogonal_layer_kurtosis(net), net.depth)


def orthogonal_layer_kurtosis(net: Ensemble) -> sp.Expr:
    r"""Derive what one layer multiplies :func:`orthogonal_kurtosis` by; parameters and errors are the same.

    Examples
    --------
    >>> from theory import Ensemble
    >>> orthogonal_layer_kurtosis(Ensemble(width="n", depth="L", activation="relu", init="orthogonal"))
    (n + 5)/(n + 2)
    """
    return symbols.tidy(_share_moment(net, 2) / _share_moment(net, 1) ** 2)


def orthogonal_log_mean(net: Ensemble) -> sp.Expr:
    r"""Derive :math:`E\log|a_L|^2` given survival.

    Raises
    ------
    InvalidArgument
        As for :func:`orthogonal_moment`, or if the width is a number above 4096.

    Examples
    --------
    >>> from theory import Ensemble
    >>> orthogonal_log_mean(Ensemble(width=2, depth=3, activation="relu", init="orthogonal", input="e1"))
    -4*log(2)
    """
    net = _usual(net)
    rate = _log_cumulant(net, 1) + sp.log(symbols.number(net.init.square_gain))
    return rate * symbols.whole(net.depth) + sp.log(symbols.input_power_sum(net, 2))


def orthogonal_log_variance(net: Ensemble) -> sp.Expr:
    r"""Derive :math:`\mathrm{Var}\log|a_L|^2` given survival, for linear networks and ReLU.

    The errors are those of :func:`orthogonal_log_mean`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> orthogonal_log_variance(Ensemble(width="n", depth="L", init="orthogonal"))
    0
    """
    net = _usual(net)
    return _log_cumulant(net, 2) * symbols.whole(net.depth)


def _share_moment(net: Ensemble, m: int) -> sp.Expr:
    """Return E V^m, the share of the mean of |W a|^2m that the activation keeps, for standard normal W."""
    net = _usual(net)
    n, slope = symbols.whole(net.width_at(0)), symbols.slope(net)
    if slope == 1:
        return sp.S.One
    if 2 * m > _HIGHEST:
        problem = f"{2 * m} asks for all partitions of {m} units, too many beyond {_HIGHEST}"
        raise InvalidArgument("order", problem, f"use an order up to {_HIGHEST}")
    kept, whole = (Layer(n, sp.S.One, net.law, gate).image((1,) * m)[(1,) * m] for gate in (slope, sp.S.One))
    return symbols.tidy(kept / whole)


def _log_cumulant(net: Ensemble, order: int) -> sp.Expr:
    """Return the cumulant of log V given V > 0."""
    net = _usual(net)
    n, slope = symbols.whole(net.width_at(0)), symbols.slope(net)
    if n.is_Integer and n > _WRITTEN_OUT and slope == 0:
        return _relu_log_cumulant(int(n), order)
    kept, whole = (ChiSquares(n, sp.S.One, gate).log_cumulant(order) for gate in (slope, sp.S.One))
    difference = sp.expand_func(kept - whole) if n.is_Integer and n <= _WRITTEN_OUT else kept - whole
    return sp.expand(difference)


def _relu_log_cumulant(n: int, order: int) -> sp.Expr:
    r"""Return the same cumulant, the first or the second, for a number n of units, in log 2, pi^2 and fractions.

    :math:`\psi(b/2) = -\gamma-2\log2\,[b\text{ odd}]+r_b` and :math:`\psi'(b/2) = \pi^2/6+\pi^2/3\,[b\text{ odd}]-t_b`,
    where :math:`r_{b+2} = r_b+2/b` and :math:`t_{b+2} = t_b+4/b^2` from 0 on.
    """
    if n > _WIDEST:
        raise InvalidArgument("width", f"{n} units are too many fractions to add, beyond {_WIDEST}", "use a name: 'n'")
    zero = flint.fmpq(0)
    r, t = [zero] * (n + 1), [zero] * (n + 1)
    for b in range(3, n + 1):
        r[b], t[b] = r[b - 2] + flint.fmpq(2, b - 2), t[b - 2] + flint.fmpq(4, (b - 2) ** 2)
    whole = flint.fmpz(2) ** n - 1
    ways, first, ours, odd, second, cross, thirds = flint.fmpz(1), zero, zero, zero, zero, zero, zero
    for b in range(1, n + 1):
        ways = ways * (n - b + 1) // b
        gap, turn = r[b] - r[n], n % 2 - b % 2  # the mean of log V given b is gap + 2 turn log 2
        first, ours = first + ways * gap, ours + ways * turn
        if order == 2:
            second, cross = second + ways * (gap**2 - t[b] + t[n]), cross + ways * gap * turn
            odd, thirds = odd + ways * turn**2, thirds - ways * turn
    log2 = 2 * sp.log(2)
    mean = _rational(first / whole) + _rational(ours / whole) * log2
    if order == 1:
        return mean
    square = sum(_rational(part / whole) * power for part, power in ((second, 1), (2 * cross, log2), (odd, log2**2)))
    return sp.expand(square + _rational(thirds / whole) * sp.pi**2 / 3 - mean**2)


def _rational(value: flint.fmpq) -> sp.Rational:
    return sp.Rational(int(value.p), int(value.q))


def _power(share: sp.Expr, layers: int | str) -> sp.Expr:
    """Return share^k."""
    depth = symbols.whole(layers)
    require_short(sp.Matrix([[share]]), depth)
    return share**depth


_WRITTEN_OUT = 32
"""Up to so many units, SymPy writes digammas of halves of integers as logarithms and fractions."""

_WIDEST = 4096
"""Up to so many units, these logarithms and fractions are added up one by one."""

_HIGHEST = 18
"""Beyond this order, set partitions of order/2 parts take minutes."""

_HIGHEST_POWER = 10**4
"""Up to this order, a number other than 1 is raised to an exact power."""


def _usual(net: Ensemble) -> Ensemble:
    """Return the network with a slope from 0 to 1, and refuse others than those of square orthogonal weights."""
    require_ensemble(net)
    net.require_plain("a formula of orthogonal weights")
    if net.has_independent_entries:
        raise InvalidArgument("init", f"these weights are not orthogonal: {net.init.describe()}", "use 'orthogonal'")
    net.require_equal_layers("unequal layers are isometries one way only", "use width=32")
    return of_usual_slope(net, "a formula of orthogonal weights")[0]
