r"""The exact law of :math:`\log|a_k|^2` for normal weights: a sum of independent terms, one for each layer.

For normal weights :math:`|a_k|^2 = R_k|a_{k-1}|^2` with independent :math:`R_k` (:mod:`theory.log_laws.layer_factors`),
whatever the direction of :math:`a_{k-1}`. A ReLU network dies if all units of a layer are off, so the laws of
logarithms are given that it survives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.ensembles.usual_slopes import of_usual_slope
from theory.log_laws.layer_factors import ChiSquares
from theory.log_laws.log_sums import LogSumLaw
from theory.log_laws.meijer_densities import product_density
from theory.requirements import (
    require_free_name,
    require_independent_entries,
    require_layer,
    require_normal,
    require_product,
)


@dataclass(frozen=True)
class LogNormLaw(LogSumLaw):
    r"""The law of :math:`\log|a_k|^2` given survival, for normal weights: linear, ReLU or leaky, of any widths.

    Parameters
    ----------
    net : Ensemble
        A network with normal weights. It may have symbols where cumulants and :meth:`survival` are asked for.
    layer : int or str, optional
        k, at least 1; the depth by default.

    Raises
    ------
    InvalidArgument
        For other laws, orthogonal weights, or a layer out of range.

    References
    ----------
    C. M. Newman, Comm. Math. Phys. 103 (1986), has linear networks; B. Hanin and M. Nica, arXiv:1812.05994, have ReLU.

    Examples
    --------
    >>> from theory import Ensemble
    >>> LogNormLaw(Ensemble(width="n", depth="L", init="xavier")).mean()
    L*(log(2/n) + polygamma(0, n/2)) + log(norm_x**2)
    >>> LogNormLaw(Ensemble(width=2, depth=1, activation="relu", init="he")).survival()
    3/4
    """

    net: Ensemble
    layer: int | str | None = None

    def __post_init__(self) -> None:
        require_normal(self.net, "log|a_k|^2")
        self.net.width_at(self._layer)  # refuses a layer that is not there
        if isinstance(self._layer, int) and self._layer < 1:
            raise InvalidArgument("layer", "the input is not random", "use layer=1, ..., the depth")

    @property
    def _layer(self) -> int | str:
        return self.net.depth if self.layer is None else self.layer

    @property
    def terms(self) -> Sequence[tuple[ChiSquares, sp.Expr]]:
        """Every layer contributes one factor."""
        return layer_factors(self.net, 1, self._layer)

    @property
    def constant(self) -> sp.Expr:
        """Return |x|^2."""
        return symbols.input_power_sum(self.net, 2)

    def lyapunov_exponent(self, layer: int = 1) -> sp.Expr:
        r"""Return :math:`E \log(|a_k|^2/|a_{k-1}|^2)` given survival, which is twice the exponent of the norm itself.

        Parameters
        ----------
        layer : int
            k, which matters for unequal widths only.

        Examples
        --------
        >>> from theory import Ensemble
        >>> law = LogNormLaw(Ensemble(width=8, depth=50, activation="relu", init="he"))
        >>> round(float(law.lyapunov_exponent()), 3)
        -0.399
        """
        return layer_factor(self.net, layer).log_cumulant(1)

    def layer_variance(self, layer: int = 1) -> sp.Expr:
        r"""Return :math:`Var \log(|a_k|^2/|a_{k-1}|^2)` given survival; parameters as for :meth:`lyapunov_exponent`.

        Examples
        --------
        >>> from theory import Ensemble
        >>> LogNormLaw(Ensemble(width="n", depth="L")).layer_variance()
        polygamma(1, n/2)
        """
        return layer_factor(self.net, layer).log_cumulant(2)


def survival(net: Ensemble, layer: int | str | None = None) -> sp.Expr:
    r"""Derive :math:`P(a_k \ne 0)` for laws without atoms, where each unit is off with probability 1/2, independently.

    Without biases a dead layer stays dead. Random biases revive the next one, whose units are again off by fair coins:
    then only layer k counts.

    Parameters
    ----------
    net : Ensemble
        A network with any law without atoms, whose weights have independent entries.
    layer : int or str, optional
        k; the depth by default.

    Raises
    ------
    InvalidArgument
        For laws with atoms, dependent entries, a layer out of range, or ReLU with constant biases.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he", law="uniform")
    >>> survival(net), survival(net.at(bias="1/10"))
    ((1 - 1/2**n)**L, 1 - 1/2**n)
    """
    require_ensemble(net)
    if net.law.has_atoms:
        why = "so units are off with probability above 1/2"
        if not net.is_piecewise_linear or 0 not in net.pieces:
            why = "so sums of weights may cancel to 0, with a probability that is not known"
        problem = f"{net.law.name!r} has atoms, {why}"
        raise InvalidArgument("law", problem, "use law='normal' or 'uniform'")
    if net.bias.name != "none":
        return _survival_with_biases(net, net.depth if layer is None else layer)
    if net.init.law is not None:  # it does not allow another law, and the variance does not matter here
        net = net.at(init=1)
    return LogNormLaw(net.at(law="normal"), layer).survival()


def _survival_with_biases(net: Ensemble, layer: int | str) -> sp.Expr:
    """Return the probability that a unit of layer k is on, whatever the layers before."""
    require_independent_entries(net, biases=True)
    require_layer(net, layer)
    if 0 not in net.pieces:
        return sp.S.One
    if net.bias.name == "constant":
        problem = f"{net.bias.describe()!r} makes preactivations asymmetric, so units are not off with probability 1/2"
        raise InvalidArgument("bias", problem, "use a variance such as bias='1/10', or sample it")
    return 1 - 2 ** -symbols.whole(net.width_at(layer))


def layer_factor(net: Ensemble, layer: int) -> ChiSquares:
    """Return the law of the factor |a_k|^2/|a_{k-1}|^2 of one layer.

    Parameters
    ----------
    net : Ensemble
        A plain network with normal weights.
    layer : int
        k, from 1 on.

    Raises
    ------
    InvalidArgument
        If there is no such layer, or the network is not plain.

    Examples
    --------
    >>> layer_factor(Ensemble(width=4, depth=3, activation="relu", init="he"), 1)
    ChiSquares(width=4, scale=1/2, slope=0)
    """
    require_ensemble(net)
    require_product(net, "the factor of a layer")
    net, _ = of_usual_slope(net, "the factor of a layer")
    return ChiSquares(symbols.whole(net.width_at(layer)), symbols.variance(net, layer), symbols.slope(net))


def layer_factors(net: Ensemble, first: int, last: int | str) -> list[tuple[ChiSquares, sp.Expr]]:
    """Return the laws of the factors of several layers, each with the number of times that it occurs.

    Parameters
    ----------
    net : Ensemble
        A network with normal weights.
    first : int
        The first of the layers, from 1 on.
    last : int or str
        The last of the layers; at constant width it may be a symbol.

    Examples
    --------
    >>> layer_factors(Ensemble(width=4, depth="L", activation="relu", init="he"), 1, "L")
    [(ChiSquares(width=4, scale=1/2, slope=0), L)]
    """
    require_ensemble(net)
    if net.is_constant_width:
        return [(layer_factor(net, 1), symbols.whole(last) - (first - 1))]
    return [(layer_factor(net, k), sp.S.One) for k in range(first, int(last) + 1)]


def density(net: Ensemble) -> sp.Expr:
    r"""Derive the density of :math:`|a_L|^2` at normal weights, a Meijer G-function in ``r`` or a mixture of them.

    Parameters
    ----------
    net : Ensemble
        A linear or ReLU network with normal weights, whose depth is a number; a linear one may have symbols for widths.

    Returns
    -------
    sympy.Expr
        The density as a function of the positive symbol ``r``; it integrates to the probability of survival.

    Raises
    ------
    InvalidArgument
        For another law, a leaky activation, a symbolic depth, a mixture of more than 60 functions, or a symbol of the
        name ``r`` in the network.

    References
    ----------
    G. Akemann, J. Ipsen and M. Kieburg, Phys. Rev. E 88 (2013) 052118, for linear networks. Here it follows from the
    Mellin transform (:mod:`theory.log_laws.meijer_densities`).

    Examples
    --------
    >>> from theory import Ensemble
    >>> density(Ensemble(width=2, depth=1, init=1, input="e1"))
    meijerg(((), ()), ((0,), ()), r/2)/2
    >>> sp.hyperexpand(_)
    exp(-r/2)/2
    """
    require_normal(net, "the density")
    net, _ = of_usual_slope(net, "the density")
    require_free_name(net, "r", "the argument of the density")
    return product_density(LogNormLaw(net), sp.Symbol("r", positive=True))
