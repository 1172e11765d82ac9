r"""The variances of preactivations layer by layer as the width grows, and what a finite width changes in 1/n.

Let the entries of :math:`W_k` have the variance :math:`s_k^2` and those of :math:`b_k` the variance :math:`\sigma_b^2`.
Given :math:`a_{k-1}`, normal weights make the preactivations of layer k independent normal variables of variance
:math:`q_k = s_k^2|a_{k-1}|^2+\sigma_b^2`. By the law of large numbers
:math:`|a_k|^2/n_k \to M(q_k) = E\phi(\sqrt{q_k}Z)^2`, so that in the limit

.. math:: q_{k+1} = V_k(q_k), \qquad V_k(q) = n_ks_{k+1}^2M(q)+\sigma_b^2,

which is the length map [1]_. Going back, gradients are multiplied by
:math:`\chi_k = n_ks_{k+1}^2E\phi'(\sqrt{q_k}Z)^2` [2]_.

*Finite width (derived here).* :math:`|a_k|^2/n_k` differs from :math:`M(q_k)` by a noise of variance
:math:`S(q_k)/n_k`, :math:`S = \mathrm{Var}\,\phi(\sqrt{q}Z)^2`. To first order in 1/n the deviation of :math:`q_k` from
its limit has a mean :math:`m_k` and a variance :math:`v_k`, both 0 at k = 1, with

.. math:: m_{k+1} = V_k'm_k+\tfrac12V_k''v_k, \qquad v_{k+1} = V_k'^2v_k+(n_ks_{k+1}^2)^2S/n_k,

where V and S are taken at the limit. With :math:`w = M'^2v_k+S/n_k`,

.. math:: E\log\frac{|a_k|^2}{n_k} \approx \log M+\frac{M'm_k+\frac12M''v_k}M-\frac w{2M^2}, \qquad
          \mathrm{Var}\log|a_k|^2 \approx \frac w{M^2}.

References
----------
.. [1] B. Poole et al., NeurIPS 2016, arXiv:1606.05340.
.. [2] S. Schoenholz et al., ICLR 2017, arXiv:1611.01232.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import flint
import sympy as sp

from theory import symbols
from theory.balls import Ball, enclose, precision, require_digits
from theory.biases import bias_constant, bias_variance
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.ensembles.activations import known_name
from theory.mean_field.gaussian_averages import GaussianAverages

_MORE = 5
"""So many digits more are carried along, as what goes into a layer is known up to its ball."""


@dataclass(frozen=True)
class LayerLimit:
    r"""One layer as the width grows.

    Attributes
    ----------
    layer : int
        k.
    variance : flint.arb
        :math:`q_k`, the limit of a preactivation's variance.
    size : flint.arb
        :math:`M(q_k)`, the limit of :math:`|a_k|^2/n_k`.
    slope_square : flint.arb
        :math:`E\phi'(\sqrt{q_k}Z)^2`.
    log_shift : flint.arb or None
        What is added to :math:`E\log|a_k|^2` to first order. At a width that is a symbol it is the coefficient of 1/n.
        None for weights that are not normal, whose kurtosis would matter.
    log_variance : flint.arb or None
        The same of :math:`\mathrm{Var}\log|a_k|^2`.
    """

    layer: int
    variance: Ball
    size: Ball
    slope_square: Ball
    log_shift: Ball | None
    log_variance: Ball | None


@dataclass(frozen=True)
class _Deviation:
    """The mean and the variance of q_k around its limit, to first order."""

    mean: Ball
    variance: Ball


def layer_limits(net: Ensemble, layer: int | None = None, digits: int = 15) -> list[LayerLimit]:
    r"""Follow the variances of preactivations through the layers, as the width grows.

    Parameters
    ----------
    net : Ensemble
        A plain network with any activation, normal weights, and biases or none; or weights of any law without biases
        and with an input of equal entries, whose preactivations are normal in the limit. Its width is a number or a
        symbol n; in the latter case :math:`ns^2` and :math:`|x|^2/n` must be free of n, as under ``xavier`` with the
        input ``ones``.
    layer : int, optional
        The last layer k; the depth by default.
    digits : int
        The number of significant digits of each number.

    Returns
    -------
    list of LayerLimit
        The layers 1, ..., k.

    Raises
    ------
    InvalidArgument
        If the network is another one, its numbers are symbols, or there is no such layer.

    Examples
    --------
    >>> net = Ensemble(width="n", depth=2, activation="tanh", input="ones")
    >>> first, second = layer_limits(net)
    >>> print(first.variance, second.variance.str(10, radius=False), second.size.str(10, radius=False))
    1.00000000000000 0.3942944904 0.2364504105
    >>> print(second.log_shift.str(10, radius=False), second.log_variance.str(10, radius=False))
    -0.7372320002 1.212823348
    """
    require_digits(digits)
    last = _last_layer(net, layer)
    with precision(digits + _MORE):
        mean = _constant_bias(net)
        q, deviation, found = first_variance(net), _Deviation(flint.arb(0), flint.arb(0)), []
        for k in range(1, last + 1):
            averages = GaussianAverages(known_name(net.activation), q, mean, digits + _MORE)
            one = _limit(k, averages, deviation, _one_over_width(net, k))
            found.append(one if net.law.is_normal else replace(one, log_shift=None, log_variance=None))
            if k < last:
                grows = gain(net, k)
                deviation = _next_deviation(averages, deviation, grows, _one_over_width(net, k))
                q = grows * found[-1].size + bias_spread(net, k + 1)
        return found


def log_gradient_limit(net: Ensemble, layer: int, digits: int = 15) -> Ball:
    r"""Return what :math:`\log|\partial f/\partial W_k|_F^2` tends to, in probability, as the width grows.

    At the net's own width n this is the leading term, whose error is of order 1/n.

    The masks or slopes of the layers are taken to be independent of the gradient that comes back, which holds in the
    limit for a readout with independent symmetric entries [1]_.

    Parameters
    ----------
    net : Ensemble
        As for :func:`layer_limits`, of a width that is a number, with a random readout.
    layer : int
        k, from 1 to the depth.
    digits : int
        The number of significant digits of the factors.

    Raises
    ------
    InvalidArgument
        As :func:`layer_limits`, or if the readout is fixed or the width a symbol.

    References
    ----------
    .. [1] G. Yang, arXiv:2006.14548.

    Examples
    --------
    >>> net = Ensemble(width=100, depth=3, activation="tanh", input="ones")
    >>> print(log_gradient_limit(net, 1).str(10, radius=False))
    3.067264483
    """
    limits = layer_limits(net, None, digits)
    net.require_numbers("the gradient's limit")
    if isinstance(layer, bool) or not isinstance(layer, int) or not 1 <= layer <= len(limits):
        raise InvalidArgument("layer", f"weights are numbered 1 to {len(limits)}, got {layer!r}", "use layer=1")
    if not net.has_sign_symmetric_readout:
        raise InvalidArgument("readout", "is fixed, so it may meet the activations", "use readout='random' or 'signs'")
    with precision(digits + _MORE):
        back = sum((one.slope_square.log() for one in limits[layer - 1 :]), flint.arb(0))
        back += sum((gain(net, k).log() for k in range(layer, len(limits))), flint.arb(0))
        if layer == 1:
            return back + enclose(symbols.input_power_sum(net, 2), digits + _MORE).log()
        return back + (limits[layer - 2].size * int(net.width_at(layer - 1))).log()


def _limit(k: int, averages: GaussianAverages, deviation: _Deviation, per_width: Ball) -> LayerLimit:
    size, fourth = averages.square(), averages.fourth()
    slope, curve = _slopes(averages, deviation)
    noise = slope**2 * deviation.variance + (fourth - size**2) * per_width
    shift = (slope * deviation.mean + curve * deviation.variance / 2) / size - noise / (2 * size**2)
    return LayerLimit(k, averages.q, size, averages.slope_square(), shift, noise / size**2)


def _next_deviation(averages: GaussianAverages, deviation: _Deviation, grows: Ball, per_width: Ball) -> _Deviation:
    slope, curve = _slopes(averages, deviation)
    spread = averages.fourth() - averages.square() ** 2
    return _Deviation(
        mean=grows * (slope * deviation.mean + curve * deviation.variance / 2),
        variance=grows**2 * (slope**2 * deviation.variance + spread * per_width),
    )


def _slopes(averages: GaussianAverages, deviation: _Deviation) -> tuple[Ball, Ball]:
    """Return M' and M'', or zeros where they are multiplied by 0 alone."""
    if deviation.variance == 0 and deviation.mean == 0:
        return flint.arb(0), flint.arb(0)
    return averages.square_derivative(), averages.square_second_derivative()


def require_wide_limit(net: Ensemble) -> None:
    """Refuse networks whose preactivations are not known to become normal as the width grows.

    Raises
    ------
    InvalidArgument
        If the architecture is not plain, the weights are orthogonal, or they are not normal with biases or an input of
        unequal entries.

    Examples
    --------
    >>> require_wide_limit(Ensemble(width="n", depth="L", activation="tanh"))
    """
    require_ensemble(net)
    net.require_plain("the wide limit", biases=True, smooth=True)
    known_name(net.activation)  # refuses one's own
    if not net.has_independent_entries:
        raise InvalidArgument("init", "the wide limit is that of independent entries", "use e.g. init='xavier'")
    if not net.law.is_normal and net.bias.name != "none":
        problem = f"biases that are not normal leave preactivations that are not, got {net.law.name!r}"
        raise InvalidArgument("law", problem, "use law='normal', or bias='none'")
    if not net.law.is_normal and net.input not in (None, "ones"):
        problem = f"only an input of equal entries makes preactivations normal, got {net.law.name!r}"
        raise InvalidArgument("law", problem, "use law='normal', or input='ones'")


def _last_layer(net: Ensemble, layer: object) -> int:
    require_wide_limit(net)
    last = net.depth if layer is None else layer
    net.width_at(last)  # type: ignore[arg-type]  # refuses what is no layer
    if not isinstance(last, int):
        argument = "depth" if layer is None else "layer"
        raise InvalidArgument(argument, f"must be a number, got the symbol {last!r}", "use e.g. 10")
    if last < 1:
        raise InvalidArgument("layer", "0 is the input, which has no preactivations", "use layer=1")
    return last


def _number(argument: str, value: sp.Expr, what: str, remedy: str) -> Ball:
    value = sp.simplify(value)
    if value.free_symbols:
        problem = f"{what} is {value}, where a number is needed that does not depend on the width"
        raise InvalidArgument(argument, problem, remedy)
    return enclose(value, flint.ctx.dps)


def first_variance(net: Ensemble) -> Ball:
    """Return q_1, which is known exactly."""
    require_ensemble(net)
    weights = symbols.variance(net, 1) * symbols.input_power_sum(net, 2)
    of_weights = _number("input", weights, "s^2 |x|^2", "use input='ones' and e.g. init='xavier', or width=100")
    return of_weights + bias_spread(net, 1)


def gain(net: Ensemble, layer: int) -> Ball:
    """Return n_k s_{k+1}^2, by which the mean square of layer k enters the next variance.

    At constant width it is the same for all layers, and k may be 0.
    """
    require_ensemble(net)
    product = symbols.whole(net.width_at(layer)) * symbols.variance(net, layer + 1)
    return _number("init", product, "n s^2", "use e.g. init='xavier', or a number for the width")


def bias_spread(net: Ensemble, layer: int) -> Ball:
    """Return the variance of the biases of layer k, where it does not depend on a symbolic width."""
    return _number("bias", bias_variance(net, layer), "the biases' variance", "use e.g. bias='1/10', or width=100")


def _constant_bias(net: Ensemble) -> Ball:
    return _number("bias", bias_constant(net), "the bias", "use e.g. bias='constant:1/10'")


def _one_over_width(net: Ensemble, layer: int) -> Ball:
    """Return 1/n_k, or 1 at a width that is a symbol, where coefficients of 1/n are asked for."""
    width = net.width_at(layer)
    return flint.arb(1) if isinstance(width, str) else 1 / flint.arb(width)
