r"""The typical size of the Hessian of f at fixed width, between explicit bounds, for normal weights.

The networks have constant width n and are linear or ReLU. The Hessian's blocks are
:math:`H_{kl}[dW_l, dW_k] = b_l^T dW_l M_{lk} dW_k a_{k-1}` for k < l.

*Lower bound.* Consider the L orthonormal directions :math:`a_ka_{k-1}^T/(|a_k||a_{k-1}|)`. As :math:`b_l^Ta_l = f` and
:math:`M_{lk}a_k = a_{l-1}`, the form H is :math:`f\,(uu^T-\mathrm{diag}(u^2))` on them, with
:math:`u_k = |a_{k-1}|/|a_k|`. This is the Hessian of a network of width one (:mod:`theory.width_one.hessian_bounds`).
Evaluate it at the vector with equal entries, and apply the inequality of the means to the pairs, with
:math:`\prod_k u_k = |x|/|a_L|`:

.. math:: \|H\|_2 \ge |f|\,\frac2L\sum_{k<l}u_ku_l \ge (L-1)\,|f|\,\bigl(|x|/|a_L|\bigr)^{2/L}.

There :math:`f = |a_L|\,c` with :math:`c = \langle v, a_L/|a_L|\rangle`. Let B be the number of active units. The signs
of v times the active entries of :math:`a_L/|a_L|` are a uniform direction in B dimensions, so that
:math:`c^2 = |D_Lv|^2\,\mathrm{Beta}(\frac12,\frac{B-1}2)`. For a normal readout this is the square of a normal
variable of variance 1/n.

*Upper bound.* For 0 < t <= 2 the power t/2 of a sum is at most the sum of the powers, which is used twice:

.. math:: \|H\|_2^t \le \|H\|_F^t \le 2^{t/2}\sum_{k<l}|b_l|^t|M_{lk}|_F^t|a_{k-1}|^t
          \le 2^{t/2}\sum_{k<l}\sum_j |b_l|^t|M_{lk}e_j|^t|a_{k-1}|^t.

A summand vanishes with the network. Masks held fixed, it does not change when a row of :math:`W_m` and the column of
:math:`W_{m+1}` change sign together, as entries of :math:`M_{lk}e_j` at most change sign. So masks are as if
independent (:func:`theory.moments.gradients.gradient_moment`). Then the summand is a product of L - 2 independent
factors of one law, of unit j's mask in layer k, and of the masked readout's norm. With :math:`R(t) =
E(|a_k|/|a_{k-1}|)^t = (2s^2)^{t/2}E\,\Gamma(\frac{B+t}2)/\Gamma(\frac B2)`, where B = 0 counts 0,

.. math:: E\|H\|_2^t \le 2^{t/2}\,\tfrac{L(L-1)}2\,n\,p_0\,R(t)^{L-2}\,E|D_Lv|^t\,|x|^t, \qquad p_0 = P(\text{on}).

For t of the order of :math:`\sqrt{\log L/L}` its logarithm divided by t is :math:`\gamma L + O(\sqrt{L\log L})`. So the
Hessian vanishes at the rate of the norm, after it has risen like log L.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction
from theory.log_laws.layer_factors import ChiSquares, ComplexArray, FloatArray
from theory.log_laws.log_norms import LogNormLaw, layer_factor
from theory.log_laws.masked_signs import Coins
from theory.requirements import require_independent_masks, require_normal

POWERS = (*(Fraction(8 + j, 8) / 2**i for i in range(30, -1, -1) for j in range(8)), Fraction(2))
"""Each of these powers t gives an upper bound, and the best of these bounds is taken."""


def log_norm_lower(net: Ensemble) -> sp.Expr:
    r"""Derive a lower bound on :math:`E\log\|H\|_2` given survival.

    Parameters
    ----------
    net : Ensemble
        A linear or ReLU network with normal weights, constant width, depth at least 2 and a sign-symmetric readout; a
        linear network may have any readout. The depth may be a symbol, and so may the width, except for ReLU with a
        readout of signs.

    Returns
    -------
    sympy.Expr
        :math:`\log(L-1) + (1-\frac2L)E\log|a_L| + \frac2L\log|x| + E\log|\langle v, a_L/|a_L|\rangle|`.

    Raises
    ------
    InvalidArgument
        For other networks, or depth 1, where the Hessian is 0.

    References
    ----------
    arXiv:2106.03763 claims that the Hessian vanishes with depth. The bounds are derived in this module's docstring.

    Examples
    --------
    >>> from theory import Ensemble
    >>> log_norm_lower(Ensemble(width=2, depth="L", input="e1"))
    -EulerGamma*L*(1 - 2/L)/2 + log(L - 1) - log(2) - EulerGamma/2
    """
    _require(net)
    depth, law = symbols.whole(net.depth), LogNormLaw(net)
    spread = law.mean() - sp.log(law.constant)
    return sp.log(depth - 1) + (1 - 2 / depth) * spread / 2 + sp.log(law.constant) / 2 + _cosine_log_mean(net)


def hessian_fractional_moment_bound(net: Ensemble, t: Any) -> sp.Expr:
    r"""Derive an upper bound on :math:`E\|H\|_2^t`, where a dead network counts 0.

    Parameters
    ----------
    net : Ensemble
        As for :func:`log_norm_lower`.
    t : number or str
        The power, an exact number with 0 < t <= 2.

    Returns
    -------
    sympy.Expr
        At t = 2 it is :math:`E\|H\|_F^2`.

    Raises
    ------
    InvalidArgument
        As :func:`log_norm_lower`, and for other powers.

    Examples
    --------
    >>> from theory import Ensemble
    >>> hessian_fractional_moment_bound(Ensemble(width=4, depth="L", activation="relu", init="he", input="e1"), 2)
    L*(L - 1)
    """
    _require(net)
    power = _power(t)
    depth = symbols.whole(net.depth)
    return _front(net, power) * _moment(layer_factor(net, 1), power) ** (depth - 2)


def log_norm_upper(net: Ensemble, t: Any = None) -> sp.Expr:
    r"""Derive an upper bound on :math:`E\log\|H\|_2` given survival, :math:`\frac1t\log E[\|H\|_2^t \mid alive]`.

    Parameters
    ----------
    net : Ensemble
        As for :func:`log_norm_lower`. Without t it may have no symbols.
    t : number or str, optional
        An exact number with 0 < t <= 2; every t gives a bound. By default it is the best of :data:`POWERS`, chosen in
        floats.

    Returns
    -------
    sympy.Expr
        The bound, exact for that t, so that it can be enclosed.

    Raises
    ------
    InvalidArgument
        As :func:`hessian_fractional_moment_bound`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width=4, depth=1000, activation="relu", init="he", input="e1")
    >>> round(float(log_norm_lower(net)), 1), round(float(log_norm_upper(net)), 1)
    (-352.0, -223.0)
    """
    _require(net)
    power = _best_power(net) if t is None else _power(t)
    depth, factor = symbols.whole(net.depth), layer_factor(net, 1)
    logarithm = sp.log(_front(net, power)) + (depth - 2) * sp.log(_moment(factor, power))
    return (logarithm - depth * sp.log(factor.survival())) / power


def median_bounds(net: Ensemble) -> tuple[float, float]:
    r"""Return bounds on the median of :math:`\log\|H\|_2` in floats, where a dead network counts minus infinity.

    The lower bound is the sum of two lower quartiles. With probability at least 1/2 both
    :math:`\log(L-1) + (1-\frac2L)\log|a_L| + \frac2L\log|x|` and :math:`\log|c|` exceed theirs. The upper bound is
    Markov's inequality: :math:`\|H\|_2 \ge (2E\|H\|_2^t)^{1/t}` has probability at most 1/2.

    Parameters
    ----------
    net : Ensemble
        As for :func:`log_norm_lower`, without symbols.

    Returns
    -------
    (lower, upper) : floats
        The lower bound is -inf if the network is dead with probability 1/4 or more, and both are if it is dead with
        probability above 1/2.

    Raises
    ------
    InvalidArgument
        As :func:`log_norm_lower`, and for symbols.

    Examples
    --------
    >>> from theory import Ensemble
    >>> [round(bound, 2) for bound in median_bounds(Ensemble(width=8, depth=2000, input="e1"))]
    [-132.64, -60.55]
    """
    _require(net)
    net.require_numbers("the median")
    depth, log_input = int(net.depth), _log_input(net)
    if depth * _log_alive(net) < math.log(1 / 2):
        return -math.inf, -math.inf
    powers, logarithms = _log_moments(net)
    upper = float(np.min((math.log(2) + logarithms) / powers))
    quartile = LogNormLaw(net).quantile(Fraction(1, 4)) / 2
    if quartile == -math.inf:
        return quartile, upper
    rest = (1 - 2 / depth) * (quartile - log_input)
    return math.log(depth - 1) + log_input + rest + _cosine_quartile(net), upper


def median_range(net: Ensemble, t: Any) -> tuple[sp.Expr, sp.Expr]:
    r"""Derive bounds on the median of :math:`\log\|H\|_2` of a linear network, exactly, for one power t < 1.

    By Markov's inequality both :math:`\|H\|_2 > (2E\|H\|_2^t)^{1/t}` and :math:`\|H\|_2 < (2E\|H\|_2^{-t})^{-1/t}` have
    probability at most 1/2. The lower bound on :math:`\|H\|_2` in the module's docstring bounds the second mean: with
    :math:`r = t(1-\frac2L)`, :math:`E\|H\|_2^{-t} \le (L-1)^{-t}|x|^{-t}\,R(-r)^L\,E|c|^{-t}`.

    Parameters
    ----------
    net : Ensemble
        A linear network as for :func:`log_norm_lower`, with a readout of signs.
    t : number or str
        An exact number with 0 < t < 1; every t gives bounds.

    Returns
    -------
    (lower, upper) : SymPy expressions
        Both are gamma L + :math:`O(\sqrt{L\log L})` if t is of the order of :math:`\sqrt{\log L/L}`.

    Raises
    ------
    InvalidArgument
        As :func:`hessian_fractional_moment_bound`, or for ReLU or another readout.

    Examples
    --------
    >>> from theory import Ensemble
    >>> low, high = median_range(Ensemble(width=4, depth=5000, readout="signs", input="e1"), "1/8")
    >>> round(float(low)), round(float(high))
    (-725, -478)
    """
    _require(net)
    if net.slope != 1 or net.readout != "signs":
        raise InvalidArgument("readout", "this range is for linear networks read out by signs", "use readout='signs'")
    power = _power(t)
    if power >= 1:
        raise InvalidArgument("t", f"must be below 1, got {t}", "use e.g. t='1/8'")
    n, depth = symbols.whole(net.width_at(0)), symbols.whole(net.depth)
    shrunk = power * (1 - 2 / depth)
    layer = (2 * symbols.variance(net, 1)) ** (-shrunk / 2) * sp.gamma((n - shrunk) / 2) / sp.gamma(n / 2)
    cosine = sp.gamma((1 - power) / 2) * sp.gamma(n / 2) / (sp.sqrt(sp.pi) * sp.gamma((n - power) / 2))
    log_inverse = -power * sp.log(depth - 1) - power / 2 * sp.log(symbols.input_power_sum(net, 2))
    log_inverse += depth * sp.log(layer) + sp.log(cosine)
    upper = sp.log(_front(net, power)) + (depth - 2) * sp.log(_moment(layer_factor(net, 1), power))
    return -(sp.log(2) + log_inverse) / power, (sp.log(2) + upper) / power


def _require(net: Ensemble) -> None:
    require_normal(net, "the Hessian's size")
    if net.slope not in (0, 1):
        raise InvalidArgument("activation", f"these bounds are for linear and ReLU, got {net.activation!r}", "use relu")
    net.require_equal_layers("differ, and these bounds are for one width", "use width=32")
    if net.depth == 1:
        raise InvalidArgument("depth", "the Hessian of depth 1 is 0", "use depth 2 or more")
    require_independent_masks(net)


def _power(t: Any) -> sp.Rational:
    power = exact_fraction("t", t)
    if not 0 < power <= 2:
        raise InvalidArgument("t", f"must be above 0 and at most 2, got {t}", "use e.g. t='1/2'")
    return sp.Rational(power.numerator, power.denominator)


def _readout(net: Ensemble) -> ChiSquares | Coins | None:
    """Return |D_L v|^2 as a random factor; None for a fixed readout, which only linear networks have."""
    width = symbols.whole(net.width_at(net.depth))
    if not net.has_sign_symmetric_readout:
        return None
    kind = ChiSquares if net.readout == "random" else Coins
    return kind(width, 1 / width, symbols.slope(net))


def _front(net: Ensemble, power: sp.Rational) -> sp.Expr:
    """Return everything in the bound on E|H|^t except R(t)^(L-2)."""
    width, depth, readout = symbols.whole(net.width_at(0)), symbols.whole(net.depth), _readout(net)
    blocks = depth * (depth - 1) / 2 * width * (1 if net.slope == 1 else sp.Rational(1, 2))
    squares = symbols.readout_power_sum(net, 2) ** (power / 2) if readout is None else _moment(readout, power)
    return 2 ** (power / 2) * blocks * squares * symbols.input_power_sum(net, 2) ** (power / 2)


def _moment(factor: ChiSquares | Coins, power: sp.Rational) -> sp.Expr:
    """Return E R^(t/2) for the slopes 0 and 1, where R = 0 counts 0."""
    n, half = factor.width, power / 2
    if power == 2:
        return factor.scale * n * (1 + factor.slope) / 2
    if isinstance(factor, Coins):
        if factor.slope == 1:
            return (factor.scale * n) ** half
        return factor.scale**half * _average(n, lambda b: b**half)
    if factor.slope == 1:
        return (2 * factor.scale) ** half * sp.gamma(n / 2 + half) / sp.gamma(n / 2)
    return (2 * factor.scale) ** half * _average(n, lambda b: sp.gamma(b / 2 + half) / sp.gamma(b / 2))


def _average(n: sp.Expr, value: Any) -> sp.Expr:
    """Return the mean over the number of active units, where none counts 0: a sum, written out if n is small."""
    if n.is_Integer and n <= _WRITTEN_OUT:
        return sp.Add(*(sp.binomial(n, b) * value(sp.Integer(b)) for b in range(1, int(n) + 1))) / 2**n
    b = sp.Symbol("b" if "b" not in map(str, n.free_symbols) else "j", integer=True, positive=True)
    return sp.Sum(sp.binomial(n, b) * value(b), (b, 1, n)) / 2**n


_WRITTEN_OUT = 256
"""Up to this width a sum over the number of active units is written out."""


def _cosine_log_mean(net: Ensemble) -> sp.Expr:
    """Return E log|<v, a_L/|a_L|>| given survival."""
    n, half = symbols.whole(net.width_at(net.depth)), sp.Rational(1, 2)
    if net.readout == "random":
        return (sp.log(2) + sp.digamma(half) - sp.log(n)) / 2
    readout = _readout(net)
    size = sp.log(symbols.readout_power_sum(net, 2)) if readout is None else readout.log_cumulant(1)
    active = ChiSquares(n, half, symbols.slope(net)).log_cumulant(1)  # this is E digamma(B/2)
    return (size + sp.digamma(half) - active) / 2


def _cosine_quartile(net: Ensemble) -> float:
    """Return the lower quartile of log|<v, a_L/|a_L|>| given survival."""
    from scipy.optimize import brentq
    from scipy.special import betainc, ndtri

    n = int(net.width_at(net.depth))
    if net.readout == "random":
        return math.log(float(ndtri(0.625))) - math.log(n) / 2  # q = ndtri(0.625) solves P(|N| <= q) = 1/4
    if net.slope == 1:
        readout = 1 if net.has_sign_symmetric_readout else symbols.readout_power_sum(net, 2)
        sizes, chances, counts = np.array([float(readout)]), np.ones(1), np.array([float(n)])
    else:
        counts, logs = ChiSquares(sp.Integer(n), sp.S.One, sp.S.Zero).float_counts
        several = counts > 1  # one active unit has c^2 = 1/n, which exceeds the quartile of a network that mostly lives
        sizes, chances, counts = counts[several] / n, np.exp(logs[several]), counts[several]

    def excess(log_size: float) -> float:
        shares = np.minimum(1.0, math.exp(2 * log_size) / sizes)
        return float(chances @ betainc(0.5, (counts - 1) / 2, shares)) - 0.25

    top = math.log(float(sizes.max())) / 2
    return top if n == 1 else float(brentq(excess, top - 40, top, xtol=1e-13))


def _log_input(net: Ensemble) -> float:
    return math.log(float(symbols.input_power_sum(net, 2))) / 2


def _log_alive(net: Ensemble) -> float:
    """Return the logarithm of the probability that one layer lives."""
    return math.log1p(-(2.0 ** -int(net.width_at(0)))) if net.slope == 0 else 0.0


def _log_moments(net: Ensemble) -> tuple[FloatArray, FloatArray]:
    """Return the powers t and the logarithms of the bounds on E|H|^t, in floats."""
    net.require_numbers("the best power")
    powers: FloatArray = np.array([float(t) for t in POWERS])
    half: ComplexArray = np.asarray(powers / 2, dtype=np.complex128)
    n, depth, readout, factor = int(net.width_at(0)), int(net.depth), _readout(net), layer_factor(net, 1)
    log_alive = _log_alive(net)
    if readout is None:
        last: FloatArray = powers / 2 * math.log(float(symbols.readout_power_sum(net, 2)))
    else:
        last = readout.log_transform(half).real + log_alive
    layers = (depth - 2) * (factor.log_transform(half).real + log_alive)
    blocks = math.log(depth * (depth - 1) / 2 * n * (1 if net.slope == 1 else 0.5))
    return powers, blocks + powers * (math.log(2) / 2 + _log_input(net)) + layers + last


def _best_power(net: Ensemble) -> sp.Rational:
    """Return the power t that gives the least bound on E log|H| given survival."""
    powers, logarithms = _log_moments(net)
    best = POWERS[int(np.argmin((logarithms - int(net.depth) * _log_alive(net)) / powers))]
    return sp.Rational(best.numerator, best.denominator)
