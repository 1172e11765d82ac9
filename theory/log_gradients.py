r"""The typical size of gradients for normal weights: E log|df/dW_k|^2, exact if linear, enclosed for ReLU.

*Linear*, |v| fixed: :math:`|G_k|^2 = |b_k|^2|a_{k-1}|^2` with :math:`|b_k|^2 = |v|^2\prod_{j>k}s^2\chi^2_n` and
:math:`|a_{k-1}|^2 = |x|^2\prod_{j<k}s^2\chi^2_n` independent, so :math:`\log|G_k|^2` is a sum of L - 1 log chi-squares.

*ReLU*, normal readout :math:`v_i \sim N(0, 1/n)`, given survival. As :math:`f = \langle b_k, a_k\rangle` at every
layer, :math:`R_k = |b_k|^2|a_k|^2/f^2 \ge 1`, which is the lower bound. Given the forward pass,
:math:`W_{k+1}^Tb_{k+1}` is determined along :math:`a_k` and fresh normal noise across it, whence

.. math:: R_L = 1 + \chi'^2_{B_L-1}/g^2, \qquad R_k = 1 + R_{k+1}\,\chi'^2_{B_k-1}/\chi^2_{B_{k+1}}

with g standard normal, :math:`B_k` the number of active units, :math:`\chi^2_{B_k}` of the forward pass and
:math:`\chi'^2` fresh. For 0 < r < 1/2 subadditivity of :math:`t^r` bounds :math:`E R_k^r` by a geometric sum, whose
ratio is below 1 (log-convexity in r, equal to 1 at r = 0 and r = 1/2), and Jensen
:math:`E\log R_k \le \log(E R_k^r)/r`: bounded in the depth, for each n.
"""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.log_norms import LogNormLaw

_POWER = sp.Rational(9, 20)  # r: near 1/2 the logarithm's factor 1/r is small, at 1/2 the moment is infinite


def log_gradient_range(net: Ensemble, layer: int) -> tuple[sp.Expr, sp.Expr]:
    r"""Derive bounds on :math:`E\log|\partial f/\partial W_k|_F^2` given survival; equal for linear networks.

    Parameters
    ----------
    net : Ensemble
        Constant width, normal weights. Linear with a readout of fixed norm (``signs`` or fixed), or ReLU with the
        normal readout ``random``. Numbers.
    layer : int
        k, from 1 to the depth.

    Returns
    -------
    (lower, upper) : SymPy expressions

    Raises
    ------
    InvalidArgument
        For another law, activation or readout, or unequal widths.

    Examples
    --------
    >>> from theory import Ensemble
    >>> log_gradient_range(Ensemble(width=4, depth=3, readout="signs"), layer=1)
    (-2*log(2) - 2*EulerGamma + 2, -2*log(2) - 2*EulerGamma + 2)
    >>> net = Ensemble(width=8, depth=100, activation="relu", init="he")
    >>> [round(float(end), 1) for end in log_gradient_range(net, layer=1)]
    [-42.8, -35.5]
    """
    law = _require(net, layer)
    others = (symbols.whole(net.depth) - 1) * law.lyapunov_exponent()
    base = sp.expand(others + sp.log(symbols.input_power_sum(net, 2)))
    if net.slope == 1:
        norm = sp.S.One if net.readout == "signs" else symbols.readout_power_sum(net, 2)
        return base + sp.log(norm), base + sp.log(norm)
    n = symbols.whole(net.width_at(0))
    lower = base + sp.digamma(sp.Rational(1, 2)) + sp.log(2) - sp.log(n)
    return lower, lower + sp.log(_ratio_moment(net, layer)) / _POWER


def log_gradient_variance_bound(net: Ensemble, layer: int) -> sp.Expr:
    r"""Derive a bound on :math:`Var\log|\partial f/\partial W_k|_F^2` given survival; exact for linear networks.

    Notes
    -----
    For ReLU the logarithm is that of :math:`f^2|a_{k-1}|^2/|a_k|^2`, of known variance, plus
    :math:`\log R_k \ge 0`, and :math:`E(\log R_k)^2 \le (\log(E R_k^r + e)/r)^2`, as :math:`(\log y)^2` is concave from
    e on; standard deviations add up at most.

    Examples
    --------
    >>> from theory import Ensemble
    >>> log_gradient_variance_bound(Ensemble(width=4, depth=3, readout="signs"), layer=1)
    -2 + pi**2/3
    """
    law = _require(net, layer)
    others = sp.expand((symbols.whole(net.depth) - 1) * law.layer_variance())
    if net.slope == 1:
        return others
    ratio = sp.log(_ratio_moment(net, layer) + sp.E) / _POWER
    return (sp.sqrt(others + sp.polygamma(1, sp.Rational(1, 2))) + ratio) ** 2


def _ratio_moment(net: Ensemble, layer: int) -> sp.Expr:
    """Bound E R_k^r by a geometric sum."""
    n, r = int(net.width_at(0)), _POWER
    chance = {b: sp.binomial(n, b) / (sp.Integer(2) ** n - 1) for b in range(1, n + 1)}

    def power(degrees: int, exponent: sp.Expr) -> sp.Expr:
        """E (chi-square)^exponent, 30 digits: the bound needs no closed form."""
        if degrees == 0:
            return sp.S.Zero
        half = sp.Rational(degrees, 2)
        return sp.N(2**exponent * sp.gamma(half + exponent) / sp.gamma(half), 30)

    fresh = sum(p * power(b - 1, r) for b, p in chance.items())
    inverse = sum(p * power(b, -r) for b, p in chance.items())
    both = sum(p * power(b - 1, r) * power(b, -r) for b, p in chance.items())
    steps = int(net.depth) - layer
    inner = sum((both**j for j in range(steps)), sp.S.Zero)
    return 1 + fresh * inverse * inner + fresh * power(1, -r) * both**steps


def _require(net: Ensemble, layer: int) -> LogNormLaw:
    law = LogNormLaw(net)  # refuses other laws and activations
    net.require_numbers("the law of log|df/dW|")
    if not net.is_constant_width:
        raise InvalidArgument("widths", "differ, and these bounds are for constant width", "use width=32")
    net.variance(layer)  # refuses a layer that is not there
    if net.slope == 0 and net.readout != "random":
        raise InvalidArgument("readout", f"these ReLU bounds need a normal readout, got {net.readout}", "use 'random'")
    if net.slope == 1 and net.readout == "random":
        raise InvalidArgument("readout", "is normal, so |v| is random", "use readout='signs' or a fixed one")
    return law
