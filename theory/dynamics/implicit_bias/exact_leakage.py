r"""What a coordinate off the support has reached when the support is fitted, on an orthonormal design: enclosed.

The time T at which a coordinate of the target z is :math:`(1-\kappa)z` is enclosed, and so is the time at which one of
the target :math:`\zeta` is w, which grows with w. Newton's steps with the speed :math:`h_N'(G)(\zeta-w)` find the w at
which both agree, and an interval whose ends are reached before T and after it holds that w.
"""

from __future__ import annotations

import flint
import sympy as sp

from theory.balls import Ball, enclose, precision
from theory.dynamics.implicit_bias.depth_enclosures import enclosed_dual, enclosed_slope, enclosed_time
from theory.dynamics.implicit_bias.depth_potentials import DepthPotential
from theory.dynamics.implicit_bias.sparse_recovery import signal_and_noise
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar

_MOST_STEPS = 400


def exact_leakage(depth: int, start: Scalar, target: Scalar, zeta: Scalar, kappa: Scalar, digits: int = 15) -> Ball:
    r"""Enclose what a coordinate with the target zeta has reached at the time of :math:`(1-\kappa)z`.

    Parameters
    ----------
    depth, start, target, zeta, kappa : numbers
        As for :func:`~theory.dynamics.implicit_bias.sparse_recovery.window`.
    digits : int
        About so many digits are right.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        As :func:`~theory.dynamics.implicit_bias.sparse_recovery.window`, and if the times cannot be told apart.

    References
    ----------
    Derived here; arXiv:2108.05574 has a bound with unnamed constants.

    Examples
    --------
    >>> print(exact_leakage(3, "1/10", 1, "2/5", "1/100", 8).str(6, radius=False))
    0.00502270
    """
    potential, work = DepthPotential(depth, start), digits + 10
    z, bound, share = signal_and_noise(target, zeta, kappa)
    time = enclosed_time(potential, (1 - share) * z, z, work)
    low, high, w = sp.S.Zero, bound, bound / 2
    with precision(work + 5):
        for _ in range(_MOST_STEPS):
            if high - low <= high * sp.Rational(1, 10**digits):
                return _ball(low).union(_ball(high))
            late = enclosed_time(potential, w, bound, work) - time
            if late > 0:
                high = w
            elif late < 0:
                low = w
            else:
                break
            speed = enclosed_slope(potential, enclosed_dual(potential, w, work), work) * (
                enclose(bound, work) - _ball(w)
            )
            # a hair past the root, so that both ends close in on it
            near = w * sp.Rational(1, 3 * 10**digits)
            step = w - _rational(late * speed) + (near if low == w else -near)
            middle = (low + high) / 2 if low else high / 16
            w = step if low < step < high else middle
    raise InvalidArgument("digits", f"{digits} are more than the times of these coordinates tell", "ask for fewer")


def _rational(ball: Ball) -> sp.Rational:
    mantissa, exponent = (int(part) for part in ball.mid().man_exp())
    return sp.Rational(mantissa) * sp.Integer(2) ** exponent


def _ball(number: sp.Rational) -> Ball:
    return flint.arb(int(number.p)) / int(number.q)
