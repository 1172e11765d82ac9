r"""The angle of two inputs at infinite width, where it is not random: it closes like one over the depth.

A layer turns the cosine c into :math:`c + \tfrac\kappa\pi(\sin\theta-\theta\cos\theta)`, whatever its width is in the
limit; :math:`\kappa = (1-\alpha)^2/(1+\alpha^2)` is 1 for ReLU and 0 for linear networks. As
:math:`\sin\theta-\theta\cos\theta = \theta^3/3 + O(\theta^5)`, the angle follows
:math:`1/\theta_{k+1} = 1/\theta_k + \kappa/(3\pi) + O(\theta_k)`, so that :math:`1-c_k \sim 9\pi^2/(2\kappa^2k^2)`.
"""

from __future__ import annotations

import math

import flint
import sympy as sp

from theory import symbols
from theory.balls import Ball, enclose, precision, require_digits
from theory.ensembles import Ensemble, Exact, InvalidArgument, require_ensemble
from theory.ensembles.arguments import exact_fraction
from theory.moments.two_inputs import COSINE, correlation_map

_MOST = 10**6
"""The map is iterated layer by layer, up to this depth."""


def wide_cosine(net: Ensemble, cosine: Exact, layer: int | None = None, digits: int = 30) -> Ball:
    r"""Enclose the cosine of the angle between :math:`a_k` and :math:`a'_k` at infinite width.

    Parameters
    ----------
    net : Ensemble
        A plain network of any law; its activation and its depth matter, and its width does not.
    cosine : number or str
        The cosine of the angle between the inputs, exact, from -1 to 1.
    layer : int, optional
        k; the network's depth by default.
    digits : int
        The decimal digits to work with.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        If the network is not plain or has a symbolic slope, the layer is no number or beyond 10^6, or the cosine is not
        one.

    Notes
    -----
    :math:`\kappa` is at most 2, so one layer moves cosines apart by at most as much as they were: the radius of a ball
    grows by rounding alone.

    References
    ----------
    B. Poole, S. Lahiri, M. Raghu, J. Sohl-Dickstein and S. Ganguli, NeurIPS 2016; Y. Cho and L. Saul, NeurIPS 2009.

    Examples
    --------
    >>> print(wide_cosine(Ensemble(width="n", depth=10, activation="relu", init="he"), 0).str(12, radius=False))
    0.871535516022
    """
    require_ensemble(net)
    kappa = angle_strength(net)
    k = net.depth if layer is None else layer
    net.width_at(k)
    if not isinstance(k, int) or k > _MOST:
        argument = "depth" if layer is None else "layer"
        raise InvalidArgument(argument, f"must be a number up to {_MOST}, got {k!r}", "use e.g. depth=64")
    if kappa.free_symbols:
        raise InvalidArgument("activation", f"has a symbol for its slope, {net.slope}", "use a number")
    c = exact_fraction("cosine", cosine)
    if not -1 <= c <= 1:
        raise InvalidArgument("cosine", f"must lie between -1 and 1, got {cosine}", "use e.g. cosine='1/2'")
    require_digits(digits)
    with precision(digits + 15 + 2 * math.ceil(math.log10(k + 1))):
        turn = enclose(kappa, flint.ctx.dps) / flint.arb.pi()
        ball = flint.arb(flint.fmpq(c.numerator, c.denominator))
        middle, radius = ball.mid(), ball.rad()
        for _ in range(k):  # the map has slopes 1 - kappa theta/pi between -1 and 1, so what is not known does not grow
            ball = middle + turn * ((1 - middle * middle).sqrt() - middle * middle.acos())
            middle, radius = ball.mid(), (radius + ball.rad()).upper()
        return flint.arb(middle, radius)


def angle_strength(net: Ensemble) -> sp.Expr:
    r"""Return :math:`\kappa`, of which a layer adds :math:`\tfrac\kappa\pi(\sin\theta-\theta\cos\theta)` to the cosine.

    Parameters
    ----------
    net : Ensemble
        Only its activation matters.

    Examples
    --------
    >>> [angle_strength(Ensemble(width=2, depth=1, activation=name)) for name in ("relu", "linear", "leaky:1/2")]
    [1, 0, 1/5]
    """
    return sp.factor(sp.pi * correlation_map(net).subs(COSINE, 0))  # at a right angle the sine is 1


def wide_cosine_rate(net: Ensemble) -> sp.Expr:
    r"""Return what :math:`1-c_L` tends to in ratio as L grows, whatever the inputs.

    Parameters
    ----------
    net : Ensemble
        A plain network that is not linear.

    Raises
    ------
    InvalidArgument
        If the network is linear: its angles stay as they are.

    Notes
    -----
    The leading coefficient d of :math:`\tfrac\kappa\pi(\sin\theta-\theta\cos\theta)` in :math:`\theta^3` gives
    :math:`\theta_{k+1} = \theta_k - d\,\theta_k^2 + O(\theta_k^3)`, hence :math:`\theta_L \sim 1/(dL)`.

    References
    ----------
    Derived here; for ReLU it is the rate of S. Hayou, A. Doucet and J. Rousseau, ICML 2019, Proposition 1.

    Examples
    --------
    >>> wide_cosine_rate(Ensemble(width="n", depth="L", activation="relu", init="he"))
    9*pi**2/(2*L**2)
    """
    kappa, theta = angle_strength(net), sp.Dummy("theta", positive=True)
    if kappa == 0:
        raise InvalidArgument("activation", "is linear, which leaves angles as they are", "use activation='relu'")
    leading = sp.series(sp.sin(theta) - theta * sp.cos(theta), theta, 0, 4).removeO().coeff(theta, 3)
    return 1 / (2 * (kappa / sp.pi * leading * symbols.whole(net.depth)) ** 2)
