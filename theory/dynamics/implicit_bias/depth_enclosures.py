r"""The mirror map of a depth-N diagonal network in balls: both directions, the potential, and the time.

The inverse solves :math:`F(s) = \log\sinh s+p\log\cosh(s/p) = \log\frac w{2w_0}` (see
:mod:`theory.dynamics.implicit_bias.depth_potentials`). As :math:`F' = \coth s+\tanh(s/p) \ge 1/\tanh s`, every s is
within :math:`|F(s)-\log\frac w{2w_0}|\tanh s_1` of the root, where :math:`s_1 = \mathrm{arsinh}\frac w{2w_0}` is
above both: after Newton's steps this encloses it. The time is an integral of an analytic function, which python-flint
encloses.
"""

from __future__ import annotations

from typing import Any

import flint
import sympy as sp

from theory import symbols
from theory.balls import Ball, ComplexBall, enclose_number, precision, require_digits
from theory.dynamics.implicit_bias.depth_potentials import DepthPotential
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar

_GUARD = 15
"""So many digits more than asked for are carried, and twice as many as asked for where they cancel at the pole."""


def enclosed_dual(potential: DepthPotential, coordinate: Scalar | Ball, digits: int = 30) -> Ball:
    r"""Enclose the inverse :math:`G = h_N^{-1}(w)`, also near the pole.

    Parameters
    ----------
    potential : DepthPotential
        With numbers for the depth and the start.
    coordinate : number or flint.arb
        The coordinate w, of any sign.
    digits : int
        About so many digits are right.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        If w or the start is no number, w is a ball around 0, or the digits are out of range.

    Examples
    --------
    >>> print(enclosed_dual(DepthPotential(3, "1/10"), "1/2").str(12, radius=False))
    2.91340218242
    """
    require_digits(digits)
    with precision(digits + _GUARD):
        w = _ball(potential, "coordinate", coordinate)
        if w == 0:
            return flint.arb(0)
        if not (w > 0 or w < 0):
            raise InvalidArgument("coordinate", f"is a ball around 0: {w.str(5)}", "give a smaller ball")
        s = _log_ratio(potential, abs(w))
        G = s / 4 if potential.depth == 2 else (s / _p(potential)).tanh() * enclose_number(potential.pole)
        return G if w > 0 else -G


def enclosed_coordinate(potential: DepthPotential, dual: Scalar | Ball, digits: int = 30) -> Ball:
    r"""Enclose :math:`h_N(G)`.

    Parameters
    ----------
    potential : DepthPotential
        With numbers for the depth and the start.
    dual : number or flint.arb
        G, between the poles.
    digits : int
        The number of decimal digits that the computation works with; more are carried where G is near the pole.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        If G is no number between the poles, or a ball that reaches one.

    Examples
    --------
    >>> print(enclosed_coordinate(DepthPotential(3, "1/10"), 3).str(12, radius=False))
    0.999854206153
    """
    u, v = _factors(potential, dual, digits)
    with precision(2 * digits + _GUARD):
        return u ** int(potential.order) - v ** int(potential.order)


def enclosed_slope(potential: DepthPotential, dual: Scalar | Ball, digits: int = 30) -> Ball:
    """Enclose dw/dG; parameters and errors are those of :func:`enclosed_coordinate`.

    Examples
    --------
    >>> print(enclosed_slope(DepthPotential(2, "1/2"), 0).str(5))
    2.0000
    """
    u, v = _factors(potential, dual, digits)
    N = int(potential.order)
    with precision(2 * digits + _GUARD):
        return N**2 * (u ** (2 * N - 2) + v ** (2 * N - 2))


def enclosed_potential(potential: DepthPotential, coordinate: Scalar | Ball, digits: int = 30) -> Ball:
    r"""Enclose :math:`Q(w) = \int_0^wh_N^{-1} = wG-Q^*(G)`; parameters and errors are those of :func:`enclosed_dual`.

    Examples
    --------
    >>> print(enclosed_potential(DepthPotential(2, "1/2"), "1/2").str(12, radius=False))
    0.0583950030808
    """
    G = enclosed_dual(potential, coordinate, 2 * digits)
    u, v = _factors(potential, G, digits)
    with precision(2 * digits + _GUARD):
        start = enclose_number(potential.start)
        rest = (u**2 + v**2 - 2 * start**2) / (2 * int(potential.order))
        return _ball(potential, "coordinate", coordinate) * G - rest


def enclosed_time(potential: DepthPotential, coordinate: Scalar, target: Scalar, digits: int = 20) -> Ball:
    r"""Enclose the time from 0 to w on a target z > w, for an orthonormal design and any depth.

    Parameters
    ----------
    potential : DepthPotential
        With numbers for the depth and the start.
    coordinate, target : numbers
        w and z, positive, with w < z.
    digits : int
        About so many digits are right.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        If not 0 < w < z, or something is no number.

    Examples
    --------
    >>> print(enclosed_time(DepthPotential(3, "1/100"), "99/100", 1).str(8, radius=False))
    33.592502
    """
    require_digits(digits)
    read = potential.on_the_way(coordinate, target)
    N = int(potential.order) if potential.depth == 2 else _whole(potential)
    with precision(digits + _GUARD):
        w, z = (_ball(potential, name, value) for name, value in zip(("coordinate", "target"), read, strict=True))
        s, start, scale = _log_ratio(potential, w), enclose_number(potential.start), enclose_number(potential.scale)
        end = s / 2 if N == 2 else (s + _p(potential) * (s / _p(potential)).cosh().log()) / N

        def pace(r: ComplexBall, analytic: bool) -> ComplexBall:
            fall = (-(N - 2) * r).exp()
            below = (-2 * r).exp() if N == 2 else (-_p(potential) * (2 - fall).log(analytic)).exp()
            return fall / (z - scale * ((N * r).exp() - below))

        area = flint.acb.integral(pace, 0, end, rel_tol=flint.arb(10) ** (-digits - 2)).real
        return area / (N * start ** (N - 2))


def _whole(potential: DepthPotential) -> int:
    if isinstance(potential.depth, str):
        raise InvalidArgument("depth", f"must be a number here, got {potential.depth!r}", "use e.g. depth=3")
    return potential.depth


def _ball(potential: DepthPotential, argument: str, value: Scalar | Ball) -> Ball:
    """Return a number as a ball; refuse letters, in the potential too."""
    _whole(potential)
    read: Any = value if isinstance(value, flint.arb) else symbols.real(argument, value)
    letters = getattr(read, "free_symbols", set()) | potential.start.free_symbols
    if names := ", ".join(sorted(map(str, letters))):
        raise InvalidArgument(argument, f"needs numbers, but {names} is none", "give numbers for all names")
    return read if isinstance(value, flint.arb) else enclose_number(read)


def _p(potential: DepthPotential) -> Ball:
    N = _whole(potential)
    return flint.arb(flint.fmpq(N, N - 2))


def _log_ratio(potential: DepthPotential, w: Ball) -> Ball:
    """Enclose s where h is w > 0, at the present precision."""
    ratio = w / (2 * enclose_number(potential.scale))
    top = ratio.asinh()
    if potential.depth == 2:
        return top
    p, goal, s = _p(potential), ratio.log(), top.mid()
    best, error = s, flint.arb("inf")
    while True:  # Newton's steps, as long as they come nearer
        defect = s.sinh().log() + p * (s / p).cosh().log() - goal
        if not abs(defect).upper() < error:
            return best + flint.arb(0, (error * top.max(best).tanh()).upper())
        best, error = s, abs(defect).upper()
        s = (s - defect / (s.coth() + (s / p).tanh())).mid()


def _factors(potential: DepthPotential, dual: Scalar | Ball, digits: int) -> tuple[Ball, Ball]:
    """Enclose u and v."""
    require_digits(digits)
    with precision(2 * digits + _GUARD):
        G, start, N = _ball(potential, "dual", dual), enclose_number(potential.start), _whole(potential)
        if N == 2:
            return start * (2 * G).exp(), start * (-2 * G).exp()
        c = N * (N - 2) * start ** (N - 2) * G
        if not abs(c) < 1:
            pole = sp.N(potential.pole, 8)
            raise InvalidArgument("dual", f"must be between {-pole} and {pole}, got {G.str(8)}", "go less far")
        power = flint.arb(flint.fmpq(-1, N - 2))
        return start * (1 - c) ** power, start * (1 + c) ** power
