r"""Two inputs of one network: :math:`E\langle a_L, a'_L\rangle`, and how their angle closes.

In the mean a layer of a linear network of any law multiplies the inner product by :math:`n_ks_k^2`. The other
activations are :math:`\phi(z) = \frac{1+\alpha}2z + \frac{1-\alpha}2|z|`, so one layer of normal weights needs
:math:`E|u||v|` of two correlated normal variables, which is an integral over the angle. After this layer the angle of
:math:`a_1` and :math:`a'_1` is random; deeper networks have a closed form only at infinite width, where it is not.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.requirements import require_free_name

COSINE = sp.Symbol("c", real=True)
"""This symbol stands for the cosine of the angle between the two inputs."""


def inner_product_mean(net: Ensemble, layer: int | str | None = None) -> sp.Expr:
    r"""Derive :math:`E\langle a_k, a'_k\rangle/(|x||x'|)` for two inputs at an angle of cosine ``c``.

    Parameters
    ----------
    net : Ensemble
        A linear network of any law and depth, or another one with normal weights, for which k must be 1.
    layer : int or str, optional
        k; the network's depth by default.

    Returns
    -------
    sympy.Expr
        The mean as a function of the symbol ``c``, which lies between -1 and 1.

    Raises
    ------
    InvalidArgument
        If there is no closed form, or a symbol of the network has the name ``c``.

    References
    ----------
    Y. Cho and L. Saul, NeurIPS 2009, have the kernel of one ReLU layer, which is integrated here.

    Examples
    --------
    >>> from theory import Ensemble
    >>> inner_product_mean(Ensemble(width="n", depth="L", init="xavier", law="uniform"))
    c
    >>> inner_product_mean(Ensemble(width="n", depth=1, activation="relu", init="he"))
    -(c*acos(c) - pi*c - sqrt(1 - c**2))/pi
    """
    require_ensemble(net)
    k = net.depth if layer is None else layer
    net.width_at(k)
    net.require_plain("the mean inner product")
    require_free_name(net, "c", "the cosine")
    if net.slope == 1 and net.has_independent_entries:
        if net.is_constant_width:
            return (symbols.whole(net.width_at(1)) * symbols.variance(net, 1)) ** symbols.whole(k) * COSINE
        grows = (symbols.whole(net.width_at(j)) * symbols.variance(net, j) for j in range(1, int(k) + 1))
        return sp.Mul(*grows) * COSINE
    if not net.has_independent_entries:
        raise InvalidArgument("init", "orthogonal weights have dependent entries", "use xavier, he or a variance")
    if not net.law.is_normal:
        problem = f"{net.law.name!r} has no closed form for {net.activation}"
        raise InvalidArgument("law", problem, "use law='normal', or activation='linear'")
    if k != 1:
        problem = f"after one nonlinear layer the angle is random, and layer {k} has no closed form"
        raise InvalidArgument("depth" if layer is None else "layer", problem, "use layer=1")
    growth = symbols.whole(net.width_at(1)) * symbols.variance(net, 1) * symbols.gate_moment(symbols.slope(net), 2)
    return sp.factor(growth * correlation_map(net))


def correlation_map(net: Ensemble) -> sp.Expr:
    r"""Derive the cosine after one layer, as a function of the cosine ``c`` before, at infinite width.

    Parameters
    ----------
    net : Ensemble
        Only its activation matters.

    Returns
    -------
    sympy.Expr
        :math:`E\phi(u)\phi(v)/E\phi(u)^2` for standard normal u and v of correlation ``c``.

    Examples
    --------
    >>> from theory import Ensemble
    >>> relu = correlation_map(Ensemble(width="n", depth="L", activation="relu"))
    >>> relu.subs(COSINE, 0), relu.subs(COSINE, 1)
    (1/pi, 1)
    """
    require_ensemble(net)
    net.require_plain("the map of the cosine")
    return _correlation_map(symbols.slope(net))


@cache
def _correlation_map(alpha: sp.Expr) -> sp.Expr:
    theta = sp.Dummy("theta", positive=True)
    turn = sp.Dummy("t", real=True)
    radius = sp.Dummy("r", positive=True)
    product = (sp.cos(theta) + sp.cos(2 * turn - theta)) / 2  # this is cos t cos(t - theta)
    same = sp.integrate(product, (turn, theta - sp.pi / 2, sp.pi / 2))
    opposite = sp.integrate(product, (turn, sp.pi / 2, sp.pi / 2 + theta))
    radial = sp.integrate(radius**3 * sp.exp(-(radius**2) / 2), (radius, 0, sp.oo))
    # E|u||v|: the product keeps its sign on `same`, changes it on `opposite`, and both halves of the circle are alike
    absolute = sp.expand_trig(sp.expand(radial * 2 * (same - opposite) / (2 * sp.pi)))
    linear, even = ((1 + alpha) / 2) ** 2, ((1 - alpha) / 2) ** 2
    mean = linear * sp.cos(theta) + even * absolute
    ratio = sp.expand(mean / symbols.gate_moment(alpha, 2)).subs(theta, sp.acos(COSINE))
    return sp.factor(ratio)
