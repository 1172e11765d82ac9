r"""Two inputs at order 4: :math:`E\langle a,a'\rangle^2`, :math:`E|a|^2|a'|^2`, :math:`E|a|^2\langle a,a'\rangle`.

The rows of normal weights are independent, and those of both inputs, z and z', are normal with the angle of the two
activations before. So one layer needs :math:`E\phi(u)^p\phi(v)^q`: a radial integral times one over the angle, which
have closed forms; for ReLU these are arc-cosine kernels. In linear networks the products are carried from layer to
layer by a matrix. After a nonlinear layer the angle is random, and there is no closed form.
"""

from __future__ import annotations

from functools import cache

import sympy as sp
from sympy.simplify.fu import TR8

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.moments.two_inputs import COSINE, inner_product_mean
from theory.requirements import require_free_name, require_short

_FACTORS = {(0, 0, 2): ((1, 1), (1, 1)), (2, 2, 0): ((2, 0), (0, 2)), (2, 0, 1): ((2, 0), (1, 1)),
            (0, 2, 1): ((0, 2), (1, 1))}  # fmt: skip
"""Each product as two sums over rows, of phi(z)^p phi(z')^q; the key has the orders of |a|, |a'| and <a, a'>."""


def gaussian_pair_moment(alpha: sp.Expr, p: int, q: int) -> sp.Expr:
    r"""Derive :math:`E\phi(u)^p\phi(v)^q` for standard normal u and v whose correlation is the symbol ``c``.

    Parameters
    ----------
    alpha : sympy.Expr
        The slope of the activation for negative arguments, any real number or symbol.
    p, q : int
        The powers, not negative, whose sum is even.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        If the powers are no such numbers.

    Notes
    -----
    In polar coordinates u and v are :math:`r\cos t` and :math:`r\cos(t-\theta)`. Both are positive for t between
    :math:`\theta - \pi/2` and :math:`\pi/2`; their signs differ on the arc of length :math:`\theta` that follows; and a
    half turn changes both signs, which an even product notices by the slopes alone.

    References
    ----------
    Y. Cho and L. Saul, NeurIPS 2009: for ReLU and p = q it is the kernel :math:`J_p(\theta)/(2\pi)`; other powers and
    slopes are derived here.

    Examples
    --------
    >>> relu = gaussian_pair_moment(sp.Integer(0), 2, 2)
    >>> relu.subs(COSINE, 1), relu.subs(COSINE, 0)
    (3/2, 1/4)
    """
    for name, power in (("p", p), ("q", q)):
        if isinstance(power, bool) or not isinstance(power, int) or power < 0 or (p + q) % 2:
            raise InvalidArgument(name, f"must be whole numbers with an even sum, got {p!r}, {q!r}", "use p=2, q=2")
    return _pair_moment(alpha, p, q)


@cache
def _pair_moment(alpha: sp.Expr, p: int, q: int) -> sp.Expr:
    theta, turn, radius = sp.Dummy("theta", positive=True), sp.Dummy("t", real=True), sp.Dummy("r", positive=True)
    whole = sp.integrate(sp.expand(TR8(sp.cos(turn) ** p * sp.cos(turn - theta) ** q)), turn)
    half = sp.pi / 2

    def over(start: sp.Expr, end: sp.Expr) -> sp.Expr:
        return sp.expand_trig(sp.expand(whole.subs(turn, end) - whole.subs(turn, start)))

    same, opposite = over(theta - half, half), over(half, half + theta)
    radial = sp.integrate(radius ** (p + q + 1) * sp.exp(-(radius**2) / 2), (radius, 0, sp.oo))
    total = radial / (2 * sp.pi) * ((1 + alpha ** (p + q)) * same + (alpha**p + alpha**q) * opposite)
    return sp.expand(sp.expand_trig(sp.expand(total)).subs(theta, sp.acos(COSINE)))


def two_input_moment(
    net: Ensemble, *, norm: int = 0, other: int = 0, inner: int = 0, layer: int | str | None = None
) -> sp.Expr:
    r"""Derive :math:`E|a_k|^p|a'_k|^q\langle a_k,a'_k\rangle^r/(|x|^{p+r}|x'|^{q+r})` for two inputs of cosine ``c``.

    Parameters
    ----------
    net : Ensemble
        A network with normal weights; for a nonlinear one k must be 1. At order 2 as
        :func:`theory.moments.two_inputs.inner_product_mean`.
    norm, other, inner : int
        p, q and r: (0, 0, 1), (0, 0, 2), (2, 2, 0), (2, 0, 1) or (0, 2, 1).
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
    Derived here. Y. Cho and L. Saul, NeurIPS 2009, have the kernels of infinite width.

    Examples
    --------
    >>> from theory import Ensemble
    >>> two_input_moment(Ensemble(width="n", depth="L"), inner=2).subs(COSINE, 0)
    -(1 - 1/n)**L/3 + (1 + 2/n)**L/3
    >>> relu = two_input_moment(Ensemble(width="n", depth=1, activation="relu", init="he"), norm=2, other=2)
    >>> relu.subs(COSINE, 1), relu.subs(COSINE, -1)
    (1 + 5/n, 1 - 1/n)
    """
    require_ensemble(net)
    if (norm, other, inner) == (0, 0, 1):
        return inner_product_mean(net, layer)
    factors = _FACTORS.get((norm, other, inner))
    if factors is None:
        problem = f"the orders of |a|, |a'| and <a, a'> are {norm}, {other} and {inner}, which is not known here"
        raise InvalidArgument("inner", problem, "use inner=1, inner=2, norm=2 with other=2, or norm=2 with inner=1")
    k = net.depth if layer is None else layer
    net.width_at(k)
    net.require_plain("a moment of two inputs")
    require_free_name(net, "c", "the cosine")
    if not net.has_independent_entries:
        raise InvalidArgument("init", "orthogonal weights have dependent entries", "use xavier, he or a variance")
    if not net.law.is_normal:
        raise InvalidArgument(
            "law", f"order 4 of two inputs needs normal weights, got {net.law.name!r}", "use 'normal'"
        )
    if net.slope == 1:
        return _linear(net, k, (norm, other, inner))
    if k != 1:
        problem = f"after one nonlinear layer the angle is random, and layer {k} has no closed form"
        raise InvalidArgument("depth" if layer is None else "layer", problem, "use layer=1")
    n, variance = symbols.whole(net.width_at(1)), symbols.variance(net, 1)
    sums = _one_layer(n, symbols.slope(net), factors)
    return sp.Add(*(sp.expand(sp.factor(variance**2 * times)) * mean for times, mean in sums))


def _one_layer(
    n: sp.Expr, alpha: sp.Expr, factors: tuple[tuple[int, int], tuple[int, int]]
) -> tuple[tuple[sp.Expr, sp.Expr], tuple[sp.Expr, sp.Expr]]:
    """Return how often one row counts and two, in a product of two sums over n rows, and the mean of each."""
    (p, q), (r, s) = factors
    one, two, both = (gaussian_pair_moment(alpha, *powers) for powers in ((p, q), (r, s), (p + r, q + s)))
    return (n, both), (n * (n - 1), one * two)


def _linear(net: Ensemble, k: int | str, orders: tuple[int, int, int]) -> sp.Expr:
    """Carry the product through linear layers: <a, a'>^2 and |a|^2|a'|^2 by a matrix, |a|^2<a, a'> by a number."""
    kinds = [(0, 0, 2), (2, 2, 0)] if orders in ((0, 0, 2), (2, 2, 0)) else [orders]
    powers = [2, 0] if len(kinds) == 2 else [1]  # of c, where |x| = |x'| = 1

    def step(layer: int) -> sp.Matrix:
        n, variance = symbols.whole(net.width_at(layer)), symbols.variance(net, layer)
        sums = (_one_layer(n, sp.S.One, _FACTORS[kind]) for kind in kinds)
        rows = (sp.Poly(sp.Add(*(times * mean for times, mean in both)), COSINE) for both in sums)
        return sp.Matrix([[variance**2 * row.coeff_monomial(COSINE**power) for power in powers] for row in rows])

    start, wanted = sp.Matrix([COSINE**power for power in powers]), kinds.index(orders)
    if not net.is_constant_width:
        for layer in range(1, int(k) + 1):
            start = step(layer) * start
        return sp.expand(start[wanted])
    matrix, steps = step(1), symbols.whole(k)
    require_short(matrix, steps)
    vectors, values = matrix.applyfunc(sp.cancel).diagonalize()
    row, inside = vectors.row(wanted), vectors.inv().applyfunc(sp.cancel) * start
    return sp.Add(*(sp.factor(row[i] * inside[i]) * sp.expand(values[i, i]) ** steps for i in range(len(kinds))))
