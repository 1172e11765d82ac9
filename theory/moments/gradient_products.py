r"""Products of two gradients' norms for normal weights: :math:`E|G_j|^2|G_k|^2`, covariance and correlation.

For j < k let :math:`M = M_{kj}` be the Jacobian between the layers. Then :math:`a_{k-1} = MW_ja_{j-1}` and
:math:`b_j = M^TW_k^Tb_k`, where :math:`W_ja_{j-1}` and :math:`W_k^Tb_k` are normal vectors independent of M. The masks
act as if they were independent (:mod:`theory.moments.gradients`), so that

.. math:: E|G_j|^2|G_k|^2 = s_j^2s_k^2\,E|b_k|^4\,E|M|_F^4\,E|a_{j-1}|^4.
"""

from __future__ import annotations

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.usual_slopes import of_usual_slope
from theory.moments.activations import moment_before
from theory.moments.gradients import backward_moment, gradient_moment
from theory.moments.jacobians import jacobian_moment
from theory.requirements import require_layer


def gradient_product(net: Ensemble, first: int | str, second: int | str) -> sp.Expr:
    r"""Derive :math:`E|\partial f/\partial W_j|_F^2|\partial f/\partial W_k|_F^2` for j <= k.

    Parameters
    ----------
    net : Ensemble
        A network with normal weights and a sign-symmetric readout; a linear network may have any readout.
    first, second : int or str
        The layers j and k, with 1 <= j <= k <= depth. At constant width they may be symbols.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        As :func:`theory.moments.gradients.gradient_moment`, and for a law that is not normal if j < k.

    Examples
    --------
    >>> from theory import Ensemble
    >>> gradient_product(Ensemble(width="n", depth=2, activation="relu", init="he"), 1, 2)
    norm_x**4*(n + 1)*(n + 5)/(4*n**2)
    """
    for layer in (first, second):
        require_layer(net, layer)
    usual, factor = of_usual_slope(net, "the product of gradients", signs=True)
    if usual != net:
        return symbols.number(factor) ** 2 * gradient_product(usual, first, second)
    if first == second:
        return gradient_moment(net, first, 4)
    net.require_plain("the product of two layers' gradients")  # with biases W_j a_(j-1) does not factor out
    if not net.law.is_normal:
        raise InvalidArgument("law", f"products of gradients need normal weights, got {net.law.name!r}", "use 'normal'")
    scales = symbols.variance(net, first if isinstance(first, int) else 1)
    scales *= symbols.variance(net, second if isinstance(second, int) else 1)
    before = moment_before(net, first, 4)
    product = scales * backward_moment(net, second, 4) * jacobian_moment(net, first, second, 4) * before
    return symbols.gather(product)


def gradient_covariance(net: Ensemble, first: int | str, second: int | str) -> sp.Expr:
    r"""Derive :math:`\mathrm{Cov}(|G_j|^2, |G_k|^2)`.

    Parameters and errors are those of :func:`gradient_product`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> gradient_covariance(Ensemble(width="n", depth=2, readout="signs"), 1, 2)
    0
    """
    return symbols.gather(
        gradient_product(net, first, second) - gradient_moment(net, first) * gradient_moment(net, second)
    )


def gradient_correlation(net: Ensemble, first: int | str, second: int | str) -> sp.Expr:
    r"""Derive the correlation of :math:`|G_j|^2` and :math:`|G_k|^2`.

    Parameters
    ----------
    net, first, second
        As for :func:`gradient_product`.

    Raises
    ------
    InvalidArgument
        As :func:`gradient_product`, and if one of the two norms is not random.

    Examples
    --------
    >>> from theory import Ensemble
    >>> gradient_correlation(Ensemble(width=4, depth=5), 1, 1)
    1
    """
    covariance = gradient_covariance(net, first, second)
    spreads = [gradient_covariance(net, layer, layer) for layer in (first, second)]
    if 0 in spreads:
        raise InvalidArgument("layers", "the norm of this gradient is not random", "use a deeper network")
    return symbols.standardized(covariance, *spreads)
