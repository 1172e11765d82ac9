r"""Bounds on moments between the even orders, for any law whose even moments are known.

Let y = |a|^2 with the moments :math:`\mu_j = E y^j`, and :math:`f(y) = y^s`, s = t/2 no whole number. Gauss' rule of m
nodes has the same moments up to :math:`2m-1`, and for the polynomial p that agrees with f to first order at the nodes

.. math:: E f(y) - \sum_i w_i f(y_i) = E\Bigl[\frac{f^{(2m)}(\xi)}{(2m)!}\prod_i(y-y_i)^2\Bigr],

whose sign is that of :math:`f^{(2m)}`. Radau's rule has 0 for a node, agrees up to :math:`2m`, and leaves an error with
the sign of :math:`f^{(2m+1)}`. Signs alternate as factors :math:`s-j` of the derivative become negative, so one rule
bounds the moment from above and the other from below: Jensen's and Hoelder's inequalities are the first of them, and
each is the best that follows from its moments (A. Markov; S. Karlin and W. Studden, *Tchebycheff Systems*, 1966,
chapter 2). Derived here as used.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import Any

import flint

from theory.balls import Ball, enclose, precision, require_digits
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.ensembles.arguments import exact_fraction
from theory.moments.activations import activation_moment
from theory.moments.sequences import activation_sequence

HIGHEST = 12
"""The even moments up to this order are used, where they are known."""


def bounded_moment(
    net: Ensemble,
    order: int | str | Fraction,
    layer: int | None = None,
    digits: int = 15,
    *,
    highest: int = HIGHEST,
) -> tuple[Ball, Ball]:
    r"""Bound :math:`E|a_k|^t` for a real order t > 0 by the moments of even order.

    Parameters
    ----------
    net : Ensemble
        A network without symbols, of any law and architecture of which moments of order 2 and 4 are known.
    order : int, Fraction or str
        t, exact and positive, and below the highest even order that is known.
    layer : int, optional
        k; the depth by default.
    digits : int
        The number of decimal digits of both bounds.
    highest : int
        The highest even order to use.

    Returns
    -------
    lower, upper : flint.arb
        Balls around the best bounds that follow from these moments; both are the moment itself at even orders.

    Raises
    ------
    InvalidArgument
        If the order is not positive or too high, symbols remain, or no moments are known.

    Examples
    --------
    >>> lower, upper = bounded_moment(Ensemble(width=8, depth=4, law="uniform"), 1)
    >>> print(lower.str(4, radius=False), upper.str(4, radius=False))
    0.7999 0.9210
    """
    require_ensemble(net)
    net.require_numbers("the bound")
    require_digits(digits)
    exact = exact_fraction("order", order)
    if exact <= 0:
        problem = f"must be positive, got {exact}: even moments do not bound what is near 0"
        raise InvalidArgument("order", problem, "use e.g. order=1, or law='normal'")
    known = _even_moments(net, net.depth if layer is None else layer, highest, digits)
    top = 2 * (len(known) - 1)
    if exact.denominator == 1 and exact % 2 == 0 and exact <= top:
        return known[int(exact) // 2], known[int(exact) // 2]
    if exact >= top:
        problem = f"must be below {top}, the highest even order that is known here, got {exact}"
        raise InvalidArgument("order", problem, "use a lower order, or law='normal'")
    s = exact / 2
    for work in (2 * digits + 60, 4 * digits + 240, 8 * digits + 960):
        with precision(work):
            lowers, uppers = _bounds(_even_moments(net, net.depth if layer is None else layer, top, work), s)
        lower, upper = _best(lowers, largest=True), _best(uppers, largest=False)
        if all(ball is not None and ball.rel_accuracy_bits() > digits * 3.33 for ball in (lower, upper)):
            return lower, upper
    if lower is None or upper is None:
        raise InvalidArgument("order", f"no bound was found at order {exact}", "use a lower order")
    return lower, upper


def _even_moments(net: Ensemble, layer: int | str, highest: int, digits: int) -> list[Ball]:
    """Return balls around the moments of |a|^2 of the orders 0, 1, ..., as far as they are known."""
    known = [flint.arb(1)]
    for order in range(2, highest + 1, 2):
        try:
            known.append(_even_moment(net, order, int(layer), digits))
        except InvalidArgument:
            if order == 2:
                raise
            break
    return known


def _even_moment(net: Ensemble, order: int, layer: int, digits: int) -> Ball:
    if net.is_constant_width and net.has_independent_entries and net.architecture.is_plain and net.is_homogeneous:
        sequence = activation_sequence(net, order)
        if not sequence.has_symbols:
            return sequence.ball(layer, digits)
    return enclose(activation_moment(net, order, layer), digits)


def _bounds(moments: list[Ball], s: Fraction) -> tuple[list[Ball], list[Ball]]:
    """Return the bounds of all rules on E y^s, from below and from above."""
    unit = moments[1]  # y in units of its mean
    scaled = [moment / unit**j for j, moment in enumerate(moments)]
    power = flint.arb(flint.fmpq(s.numerator, s.denominator))
    sides: tuple[list[Ball], list[Ball]] = ([], [])
    for m in range(1, len(moments) // 2 + 1):
        for radau in (0, 1):  # Radau's rule is Gauss' rule for y times the law, and y^(s - 1)
            if 2 * m + radau > len(moments):
                continue
            derivative = 2 * m + radau
            negative = max(0, derivative - 1 - int(s))  # so many of the factors s - j, j < derivative, are negative
            with suppress(ValueError, ZeroDivisionError):  # the law has fewer points than nodes
                value = _gauss(scaled[radau : 2 * m + radau], power - radau)
                if value.is_finite():
                    sides[negative % 2].append(value * unit**power)
    return sides


def _gauss(moments: list[Ball], power: Ball) -> Ball:
    """Return the value of Gauss' rule of m nodes for y^power, from the moments of the orders 0, ..., 2m - 1."""
    m = len(moments) // 2
    hankel = flint.arb_mat([[moments[i + j] for j in range(m)] for i in range(m)])
    right = flint.arb_mat([[-moments[m + i]] for i in range(m)])
    coefficients = hankel.solve(right)
    polynomial = flint.arb_poly([*(coefficients[i, 0] for i in range(m)), 1])
    nodes = [_refined(polynomial, root.real) for root in flint.acb_poly(polynomial).roots()]  # isolated, and real
    vandermonde = flint.arb_mat([[node**i for node in nodes] for i in range(m)])
    weights = vandermonde.solve(flint.arb_mat([[moments[i]] for i in range(m)]))
    return sum((weights[i, 0] * _power(node, power) for i, node in enumerate(nodes)), flint.arb(0))


def _refined(polynomial: Any, root: Ball) -> Ball:
    """Return a smaller ball around an isolated root, by Newton's method in intervals."""
    slope = polynomial.derivative()
    for _ in range(10):
        middle = root.mid()
        step = middle - polynomial(middle) / slope(root)
        if not step.is_finite() or step.rad() >= root.rad():
            break
        root = step
    return root


def _power(node: Ball, power: Ball) -> Ball:
    """Return node^power for a node that is at least 0, and may be 0 where the power is positive."""
    if node > 0:
        return (power * node.log()).exp()
    if not power > 0:
        raise ValueError("a node may be 0")
    return flint.arb(0).union((power * node.abs_upper().log()).exp())


def _best(bounds: list[Ball], *, largest: bool) -> Ball | None:
    """Return the sharpest of the bounds, each of which holds."""
    if not bounds:
        return None
    return (max if largest else min)(bounds, key=lambda ball: float(ball.mid()))
