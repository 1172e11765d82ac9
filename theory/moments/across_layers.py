r"""Moments that join several layers: :math:`E\prod_i|a_{k_i}|^{m_i}`, covariance and correlation of squared norms.

The moment is pulled back from the last layer to the first. The transfer matrices write :math:`E[|a_k|^m\mid a_j]` as a
combination of power sums of :math:`a_j`; the product with :math:`|a_j|^{m'}` adds parts to their partitions; and the
result is pulled back to the layer before.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.moments.activations import activation_moment
from theory.moments.powers import power_applied
from theory.moments.transfer import IntegerPartition, Layer, input_power_sums, transfer_matrix
from theory.requirements import require_independent_entries, require_order


def mixed_moment(net: Ensemble, orders: Mapping[int | str, int]) -> sp.Expr:
    r"""Derive :math:`E\prod_k|a_k|^{m_k}` over several layers.

    Parameters
    ----------
    net : Ensemble
        A network of any widths, law and activation, whose weights have independent entries.
    orders : mapping of layer to order
        Any layers that are numbers, each with an even order. Or two layers in increasing order, either of which may be
        a symbol: then the width must be constant, and the later order must be 2 or the weights normal, so that its
        moments given the earlier layer are a polynomial in the norm of that.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        For odd orders, layers out of range or in decreasing order, or symbols where there is no closed form.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> mixed_moment(net, {1: 2, 3: 2})
    norm_x**4*(n + 5)/n
    >>> mixed_moment(net.at(law="uniform"), {"j": 2, "L": 2}) == activation_moment(net.at(law="uniform"), 4, "j")
    True
    """
    require_independent_entries(net, biases=True)
    for layer, order in orders.items():
        require_order(order)
        net.width_at(layer)
    if not orders:
        raise InvalidArgument("orders", "no layers are given", "use e.g. {1: 2, 3: 2}")
    if all(isinstance(layer, int) for layer in orders):
        return _through(net, {int(layer): order for layer, order in orders.items()})
    return _of_two(net, dict(orders))


def _through(net: Ensemble, orders: dict[int, int]) -> sp.Expr:
    """Pull the product of norms back layer by layer; `functional` holds its coefficients on power sums."""
    functional: dict[IntegerPartition, sp.Expr] = {(): sp.S.One}
    for k in range(max(orders), -1, -1):
        ones = (1,) * (orders.get(k, 0) // 2)
        functional = {tuple(sorted(part + ones, reverse=True)): weight for part, weight in functional.items()}
        if k:
            step = Layer.forward(net, k)
            pulled: dict[IntegerPartition, sp.Expr] = {}
            for part, weight in functional.items():
                for image, coefficient in step.image(part).items():
                    pulled[image] = pulled.get(image, sp.S.Zero) + weight * coefficient
            functional = {part: symbols.tidy(weight) for part, weight in pulled.items()}
    start = partial(input_power_sums, net)
    return symbols.tidy(sp.Add(*(weight * start(part) for part, weight in functional.items())))


def _of_two(net: Ensemble, orders: dict[int | str, int]) -> sp.Expr:
    if net.init.layers:
        net.require_equal_layers("differ", "give numbers")
    if len(orders) != 2 or not net.is_constant_width:
        raise InvalidArgument("orders", "symbolic layers come in twos, at constant width", "give numbers")
    (early, first), (late, second) = orders.items()
    j, k = symbols.whole(early), symbols.whole(late)
    if (k - j).is_negative or early == net.depth:
        raise InvalidArgument("orders", f"layer {late} does not come after layer {early}", "put the earlier one first")
    later = transfer_matrix(net, second)
    if any(part != (1,) * len(part) for part in later.basis):
        problem = f"order {second} at the later layer follows a recursion of {len(later.basis)} terms for this law"
        raise InvalidArgument("orders", problem, "give numbers, or use law='normal'")
    norms = {part: sp.Dummy() for part in later.basis}  # powers of |a_j|
    given = power_applied(later, norms.__getitem__, k - j)
    start, total = partial(input_power_sums, net), sp.S.Zero
    for part, norm in norms.items():
        weight = sp.diff(given, norm)  # it is linear in these
        total += weight * power_applied(transfer_matrix(net, first + 2 * len(part)), start, j)
    return total if len(norms) == 1 else symbols.gather(total)


def covariance(net: Ensemble, first: int | str, second: int | str) -> sp.Expr:
    r"""Derive :math:`\mathrm{Cov}(|a_j|^2, |a_k|^2)`.

    Parameters
    ----------
    net : Ensemble
        As for :func:`mixed_moment`.
    first, second : int or str
        j and k, which may be equal. If either is a symbol, j comes first.

    Raises
    ------
    InvalidArgument
        As :func:`mixed_moment`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> covariance(Ensemble(width="n", depth="L", init="xavier"), 1, 2)
    2*norm_x**4/n
    """
    require_ensemble(net)
    means = activation_moment(net, 2, first) * activation_moment(net, 2, second)
    product = activation_moment(net, 4, first) if first == second else mixed_moment(net, {first: 2, second: 2})
    difference = product - means
    if net.bias.name != "none" and not difference.is_rational_function():
        return symbols.gather(difference)
    return symbols.tidy(difference) if difference.is_rational_function() else difference


def correlation(net: Ensemble, first: int | str, second: int | str) -> sp.Expr:
    r"""Derive the correlation of :math:`|a_j|^2` and :math:`|a_k|^2`.

    For normal weights the logarithms of the two, given survival, are sums of j and of k independent terms, j of which
    they share. So at constant width the correlation of the logarithms is sqrt(j/k), for every activation.

    Parameters
    ----------
    net, first, second
        As for :func:`covariance`.

    Raises
    ------
    InvalidArgument
        As :func:`mixed_moment`, and for norms that are not random: the input's, or a layer's of variance 0.

    Examples
    --------
    >>> from theory import Ensemble
    >>> correlation(Ensemble(width=8, depth=4, init="xavier"), 1, 4)
    8*sqrt(41)/123
    """
    require_ensemble(net)
    if 0 in (first, second):
        raise InvalidArgument("layers", "the input is not random", "use layers from 1 to the depth")
    spreads = [covariance(net, layer, layer) for layer in (first, second)]
    if 0 in spreads:
        raise InvalidArgument("layers", "a norm that is not random has no correlation", "use another law or width")
    return symbols.standardized(covariance(net, first, second), *spreads)
