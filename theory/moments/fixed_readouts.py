r"""Gradients under a fixed readout, for normal weights and ReLU, whose masks do not act as if they were independent.

Given :math:`z_{k+1} = W_{k+1}a_k`, the matrix :math:`W_{k+1}` is known on :math:`a_k`, and what it does to vectors
orthogonal to :math:`a_k` is independent of z. At every layer :math:`\langle b_{k+1}, z_{k+1}\rangle = f`. With
:math:`B_k` the number of active units and with new, independent chi-squares, the following holds jointly in law:

.. math:: |b_k|^2 = \frac{f^2}{|a_k|^2} + s_{k+1}^2|b_{k+1}|^2\chi^2_{B_k-1}.

All of this depends on :math:`a_{k-1}` through its size alone, and b does not change when the input is multiplied by a
positive number. So :math:`E|b_k|^2|a_{k-1}|^2 = c_k\,E|a_{k-1}|^2` with

.. math:: c_L = \tfrac12|v|^2, \qquad c_k = E\frac{f^2}{|a_k|^2} + s_{k+1}^2\,E(B_k-1)^+\,c_{k+1}.

Order 4 closes in the same way on :math:`E|b_k|^4`, :math:`E f^2|b_k|^2/|a_{k-1}|^2` and :math:`E f^4/|a_k|^4`.
"""

from __future__ import annotations

from functools import cache
from math import comb

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.moments.activations import moment_before
from theory.requirements import require_layer, require_normal


def fixed_readout_gradient_moment(net: Ensemble, layer: int | str, order: int = 2) -> sp.Expr:
    r"""Derive :math:`E|\partial f/\partial W_k|_F^{order}` for a fixed readout, normal weights and ReLU.

    Parameters
    ----------
    net : Ensemble
        A ReLU network with normal weights, whose readout is ``ones`` or numbers. At order 2 and constant width the
        layer and the depth may be symbols.
    layer : int or str
        k, from 1 to the depth.
    order : int
        The power of the norm: 2 or 4.

    Returns
    -------
    sympy.Expr
        The exact moment. It contains pi, from the mean of the positive part of a normal variable.

    Raises
    ------
    InvalidArgument
        For other activations, laws, readouts, layers or orders.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width=4, depth="L", activation="relu", init="he", readout="1/2,1,3/2,2")
    >>> fixed_readout_gradient_moment(net, "k")
    norm_x**2*(-35*(17/32)**(L - k)/(4*pi) + 35/(4*pi) + 15/4)
    >>> deep = net.at(depth=5, input="ones")
    >>> round(float(fixed_readout_gradient_moment(deep, 1)), 3)
    25.253
    """
    require_normal(net, "gradients under a fixed readout")
    if net.slope != 0:
        raise InvalidArgument("activation", f"must be relu here, got {net.activation}", "use 'relu'")
    if net.has_sign_symmetric_readout:
        raise InvalidArgument("readout", f"{net.readout!r} is random", "use gradient_moment")
    if isinstance(order, bool) or not isinstance(order, int) or order not in (2, 4):
        raise InvalidArgument("order", f"must be 2 or 4 for a fixed readout, got {order!r}", "use order=2")
    require_layer(net, layer)
    if isinstance(layer, int) and isinstance(net.depth, int):
        backward = _through_layers(net, layer)[0 if order == 2 else 1]
        return sp.expand(backward * moment_before(net, layer, order))
    if order != 2:
        raise InvalidArgument("layer", "order 4 needs numbers for the layer and the depth", "give them")
    return _closed(net, layer)


def _closed(net: Ensemble, layer: int | str) -> sp.Expr:
    """Solve c_k = a q^(L-k-1) + r c_{k+1}: the solution is a combination of q^(L-k) and r^(L-k)."""
    n, s2 = symbols.whole(net.width_at(0)), symbols.variance(net, 1)
    k, depth = symbols.whole(layer), symbols.whole(net.depth)
    grows, shrinks = n * s2 / 2, s2 * _extra_units(n)
    share = symbols.tidy((1 - 2**-n) * s2 * _half_normal_square(net) / (grows - shrinks))
    last = symbols.readout_power_sum(net, 2) / 2
    backward = share * grows ** (depth - k) + (last - share) * symbols.tidy(shrinks) ** (depth - k)
    return backward * symbols.input_power_sum(net, 2) * grows ** (k - 1)


def _extra_units(n: sp.Expr) -> sp.Expr:
    """Return E (B - 1)^+ for B ~ Binomial(n, 1/2)."""
    return n / 2 - 1 + 2**-n


def _half_normal_square(net: Ensemble) -> sp.Expr:
    """Return E <v, phi(g)>^2 for a vector g of standard normal entries."""
    square, total = symbols.readout_power_sum(net, 2), symbols.readout_power_sum(net, 1)
    return square / 2 + (total**2 - square) * _half_normal_moment(1) ** 2


@cache
def _half_normal_moment(order: int) -> sp.Expr:
    """Return E phi(g)^order for phi = relu and a standard normal g."""
    g = sp.Symbol("g", positive=True)
    return sp.integrate(g**order * sp.exp(-(g**2) / 2), (g, 0, sp.oo)) / sp.sqrt(2 * sp.pi)


@cache
def _through_layers(net: Ensemble, layer: int) -> tuple[sp.Expr, sp.Expr]:
    """Return E|b_k|^2 and E|b_k|^4 given any a_{k-1} other than 0."""
    depth = int(net.depth)
    last = _joint_moment
    second, fourth = last(net, 0, 1), last(net, 0, 2)
    s2 = symbols.variance(net, depth)
    mixed = s2 * last(net, 2, 1)  # this is E f^2 |b_k|^2 / |a_{k-1}|^2
    # these are E f^2/|a_k|^2 and E f^4/|a_k|^4 for k = L - 1
    out_square, out_fourth = s2 * last(net, 2, 0), s2**2 * last(net, 4, 0)
    for k in range(depth - 1, layer - 1, -1):
        above, own = symbols.variance(net, k + 1), symbols.variance(net, k)
        n = int(net.width_at(k))
        alive = 1 - sp.Rational(1, 2**n)
        extra = _binomial_mean(n, lambda b: b - 1)
        extra_square = _binomial_mean(n, lambda b: (b - 1) * (b + 1))
        second, fourth, mixed = (
            alive * out_square + above * extra * second,
            alive * out_fourth + 2 * above * extra * mixed + above**2 * extra_square * fourth,
            own * sp.Rational(n, 2) * out_fourth + own * above * _binomial_mean(n, lambda b: b * (b - 1)) * mixed,
        )
        out_square *= own * sp.Rational(n, 2)
        out_fourth *= own**2 * _binomial_mean(n, lambda b: b * (b + 2))
    return sp.expand(second), sp.expand(fourth)


def _binomial_mean(n: int, function: object) -> sp.Rational:
    """Return E function(B) for B ~ Binomial(n, 1/2), where B = 0 counts 0."""
    return sum((sp.Rational(comb(n, b) * function(b), 2**n) for b in range(1, n + 1)), sp.S.Zero)  # type: ignore[operator]


def _joint_moment(net: Ensemble, power: int, masked: int) -> sp.Expr:
    """Return E <v, phi(g)>^power (sum_i v_i^2 1(g_i > 0))^masked.

    Joint cumulants of sums over independent units are sums of the units' joint cumulants, and give the moment.
    """
    from sympy.utilities.iterables import multiset_partitions

    letters = [0] * power + [1] * masked
    if not letters:
        return sp.S.One
    total = sp.S.Zero
    for grouping in multiset_partitions(list(range(len(letters)))):
        term = sp.S.One
        for group in grouping:
            f = sum(1 for i in group if letters[i] == 0)
            b = len(group) - f
            term *= _unit_cumulant(f, b) * symbols.readout_power_sum(net, f + 2 * b)
        total += term
    return sp.expand(total)


@cache
def _unit_cumulant(f: int, b: int) -> sp.Expr:
    """Return the joint cumulant of f copies of phi(g) and b copies of 1(g > 0)."""
    from sympy.utilities.iterables import multiset_partitions

    letters = [0] * f + [1] * b
    total = sp.S.Zero
    for grouping in multiset_partitions(list(range(f + b))):
        blocks = len(grouping)
        product = sp.Mul(*(_half_normal_moment(sum(1 for i in group if letters[i] == 0)) for group in grouping))
        total += (-1) ** (blocks - 1) * sp.factorial(blocks - 1) * product
    return sp.expand(total)
