r"""How much one layer shrinks the mean norm, for any symmetric law of weights: by moments of its square.

Taylor's polynomials of odd degree lie above the root, as all even derivatives of it are negative: for every r >= 0

.. math:: \sqrt r \le 1 + \tfrac12(r-1) - \tfrac18(r-1)^2 + \tfrac1{16}(r-1)^3,

and so on. So :math:`E\sqrt R` of :math:`R = |a_k|^2/|a_{k-1}|^2`, divided by its mean, is below a polynomial in moments
of order 4 and 6. For normal weights these depend on nothing but the width. For others they depend on the direction
:math:`u = a_{k-1}/|a_{k-1}|` by :math:`q_2 = \sum u_i^4` and :math:`q_3 = \sum u_i^6`, linearly, and the largest value
over all unit vectors of N entries bounds every layer:

- :math:`q_3 \le \frac1{N^2} + (q_2-\frac1N)(1+\frac1N)`, the line through flat vectors and single entries. With
  :math:`p_i = u_i^2` this is :math:`\sum p_i(1-p_i)(p_i-\frac1N) \ge 0`, which holds because p(1-p) and p are in the
  same order among numbers with the sum 1 (Chebyshev's inequality for sums).
- :math:`q_3 \ge q_2^2` by Cauchy and Schwarz.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction
from theory.moments.transfer import Layer, transfer_matrix
from theory.requirements import require_independent_entries, require_independent_masks, require_layer

_HIGHEST = 9
"""The highest degree of a polynomial: moments of order 18 are the last that theory has."""


def root_polynomial(net: Ensemble, degree: int = 3) -> sp.Expr:
    r"""Derive the bound on :math:`E\sqrt R/\sqrt{ER}` of a layer of normal weights, a rational function of its width.

    Parameters
    ----------
    net : Ensemble
        A network of constant width with normal weights; its width may be a symbol.
    degree : int
        The degree of Taylor's polynomial: 3, 5, 7 or 9. Each holds for every width, and higher ones are sharper for
        wide layers.

    Raises
    ------
    InvalidArgument
        For another law, unequal widths, or another degree.

    Examples
    --------
    >>> root_polynomial(Ensemble(width="n", depth="L", activation="relu", init="he"))
    1 - 5/(8*n) + 11/(4*n**2)
    """
    require_independent_entries(net)
    if not net.law.is_normal:
        problem = f"needs normal weights, whose moments do not depend on a direction, got {net.law.name}"
        raise InvalidArgument("law", problem, "use layer_root_bound")
    if not net.is_constant_width:
        raise InvalidArgument("widths", "differ, and a formula in one width is asked for", "use width='n'")
    if degree not in range(3, _HIGHEST + 1, 2):
        raise InvalidArgument("degree", f"must be 3, 5, 7 or 9, got {degree!r}", "use degree=5")
    means = [sp.S.One, *(transfer_matrix(net, 2 * j).matrix[0] for j in range(1, degree + 1))]
    ratios = [mean / means[1] ** j for j, mean in enumerate(means)]
    total = sp.S.Zero
    for j in range(degree + 1):
        central = sp.Add(*(sp.binomial(j, i) * (-1) ** (j - i) * ratios[i] for i in range(j + 1)))
        total += sp.binomial(sp.Rational(1, 2), j) * central
    return sp.expand(sp.cancel(total))


def layer_root_bound(net: Ensemble, layer: int = 1) -> sp.Expr:
    r"""Bound :math:`E[|a_k|/|a_{k-1}| \mid a_{k-1}]` for any symmetric law, whatever the direction of a_{k-1}.

    Parameters
    ----------
    net : Ensemble
        A network of any activation and widths, without symbols, whose weights have independent entries and known
        moments of order 4 and 6.
    layer : int
        k, from 1 to the depth.

    Returns
    -------
    sympy.Expr
        An exact number; at most the root of E|a_k|^2/|a_{k-1}|^2.

    Raises
    ------
    InvalidArgument
        If symbols remain, the entries are dependent, or the law's moments are not known.

    Examples
    --------
    >>> layer_root_bound(Ensemble(width=32, depth=8, activation="relu", init="he", law="uniform"))
    70981/71680
    """
    require_independent_entries(net)
    require_layer(net, layer)
    net.require_numbers("the bound")
    return _bound(Layer.forward(net, layer), int(net.width_at(layer - 1)))


def _bound(step: Layer, width: int) -> sp.Expr:
    """Bound E|step(u)| over all unit vectors u of `width` entries."""
    mean = step.image((1,)).get((1,), sp.S.Zero)
    fourth, sixth = step.image((1, 1)), step.image((1, 1, 1))
    # 1 - (E r^2 - 1)/8 + (E r^3 - 3 E r^2 + 2)/16 for the ratio r to the mean, a linear function of q2 and q3
    free = 1 + (sixth.get((1, 1, 1), 0) / mean**3 - 5 * fourth.get((1, 1), 0) / mean**2 + 4) / 16
    by_q2 = (sixth.get((2, 1), 0) / mean**3 - 5 * fourth.get((2,), 0) / mean**2) / 16
    by_q3 = sixth.get((3,), sp.S.Zero) / mean**3 / 16
    flat = sp.Rational(1, width)
    points = [(flat, flat**2), (sp.S.One, sp.S.One)]
    if by_q3 < 0:  # the worst direction may lie between, where q3 is least
        turn = -by_q2 / (2 * by_q3)
        points.append((turn, turn**2) if flat < turn < 1 else points[0])
    worst = max(free + by_q2 * q2 + by_q3 * q3 for q2, q3 in points)
    return sp.sqrt(mean) * min(worst, sp.S.One)  # the root of the mean is a bound, too


def root_tail_bound(net: Ensemble, c: Any, layer: int | str | None = None) -> sp.Expr:
    r"""Bound :math:`P(|a_k|^2 \ge c|x|^2)` by :math:`c^{-1/2}` and the bounds of the layers, for any symmetric law.

    Parameters
    ----------
    net : Ensemble
        As for :func:`layer_root_bound`.
    c : number or str
        The factor, exact and positive.
    layer : int, optional
        k; the depth by default.

    Raises
    ------
    InvalidArgument
        If c is not positive, or as :func:`layer_root_bound`.

    Examples
    --------
    >>> net = Ensemble(width=32, depth=256, activation="relu", init="he", law="uniform")
    >>> round(float(root_tail_bound(net, "1/2")), 6)
    0.115082
    """
    depth = _depth(net)
    last = depth if layer is None else _number(net, layer)
    return _over_root(c) * _product(net, [(j, True) for j in range(1, last + 1)])


def gradient_root_tail_bound(net: Ensemble, c: Any, layer: int | str | None = None) -> sp.Expr:
    r"""Bound :math:`P(|\partial f/\partial W_k|_F^2 \ge c|x|^2)`, for any symmetric law without atoms.

    Parameters
    ----------
    net, c
        As for :func:`root_tail_bound`, with a sign-symmetric readout unless the network is linear.
    layer : int, optional
        k, which may be left out at constant width.

    Raises
    ------
    InvalidArgument
        As :func:`root_tail_bound`, or if the masks do not act as if they were independent.

    Notes
    -----
    The factors of L - 1 layers are as for activations, those above k by the backward pass; the masked readout has
    :math:`E|D_Lv| \le \sqrt{E|D_Lv|^2}`.

    Examples
    --------
    >>> net = Ensemble(width=32, depth=257, activation="relu", init="he", law="uniform")
    >>> round(float(gradient_root_tail_bound(net, "1/2")), 6)
    0.081376
    """
    require_independent_masks(net)
    require_layer(net, layer, optional=net.is_constant_width)
    last = _depth(net)
    k = 1 if layer is None else _number(net, layer)
    factors = _product(net, [*((j, True) for j in range(1, k)), *((j, False) for j in range(k + 1, last + 1))])
    mean = symbols.readout_power_sum(net, 2) if not net.has_sign_symmetric_readout else sp.S.One
    return _over_root(c) * factors * sp.sqrt(mean * symbols.gate_moment(symbols.slope(net), 2))


def _depth(net: Ensemble) -> int:
    require_independent_entries(net)
    net.require_numbers("the bound")
    return int(net.depth)


def _number(net: Ensemble, layer: int | str) -> int:
    require_layer(net, layer)
    if isinstance(layer, str):
        raise InvalidArgument("layer", f"the bound needs a number, got {layer!r}", "use e.g. layer=3")
    return layer


def _over_root(c: Any) -> sp.Expr:
    factor = exact_fraction("c", c)
    if factor <= 0:
        raise InvalidArgument("c", f"must be positive, got {c}", "use e.g. c='1/2'")
    return 1 / sp.sqrt(symbols.number(factor))


def _product(net: Ensemble, steps: list[tuple[int, bool]]) -> sp.Expr:
    """Multiply the bounds of forward and backward steps; equal ones are found once."""
    known: dict[tuple[int, int, bool], sp.Expr] = {}
    powers: dict[sp.Expr, int] = {}
    for k, forward in steps:
        fan_in, fan_out = int(net.width_at(k - 1)), int(net.width_at(k))
        key = (fan_in, fan_out, forward)
        if key not in known:
            make = Layer.forward if forward else Layer.backward
            known[key] = _bound(make(net, k), fan_in if forward else fan_out)
        powers[known[key]] = powers.get(known[key], 0) + 1
    return sp.Mul(*(base**times for base, times in powers.items()))
