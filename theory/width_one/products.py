r"""Width one: the exact law of :math:`|f| = |w_L \cdots w_1 x|` and of the gradient's entries."""

from __future__ import annotations

import math
from dataclasses import dataclass

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, require_ensemble
from theory.log_laws.log_norms import LogNormLaw
from theory.width_one.single_weight import _r, absolute_moment, log_cumulant


@dataclass(frozen=True)
class ChainLaw:
    r"""The law of :math:`|w_L \cdots w_1 x|` for a linear network of width one.

    Parameters
    ----------
    net : Ensemble
        A linear network of width 1 with normal or uniform weights. The depth may be a symbol, except for quantiles.

    Raises
    ------
    InvalidArgument
        For other widths and activations, orthogonal weights, or a law whose density is not known.

    References
    ----------
    arXiv:2106.03763 has a section on neural chains.

    Examples
    --------
    >>> from theory import Ensemble
    >>> chain = ChainLaw(Ensemble(width=1, depth="L", law="uniform", input="e1"))
    >>> chain.mean_square(), chain.log_mean()
    (1, L*(-1 + log(3)/2))
    """

    net: Ensemble

    def __post_init__(self) -> None:
        require_chain(self.net)
        absolute_moment(self.net.law)

    def _scale(self) -> sp.Expr:
        return sp.sqrt(symbols.variance(self.net, 1))

    def _input(self) -> sp.Expr:
        return sp.sqrt(symbols.input_power_sum(self.net, 2))

    def _depth(self) -> sp.Expr:
        return symbols.whole(self.net.depth)

    def absolute_moment(self, power: symbols.Scalar) -> sp.Expr:
        r"""Return :math:`E|f|^{power}` for a positive power, whole or not.

        Examples
        --------
        >>> from theory import Ensemble
        >>> ChainLaw(Ensemble(width=1, depth=2, law="uniform")).absolute_moment(1)
        3/4
        """
        power = symbols.positive("power", power)
        one = self._scale() ** power * absolute_moment(self.net.law).subs(_r, power)
        return sp.simplify(one) ** self._depth() * self._input() ** power

    def mean_square(self) -> sp.Expr:
        """Return E f^2, which Xavier initialization preserves.

        Examples
        --------
        >>> from theory import Ensemble
        >>> ChainLaw(Ensemble(width=1, depth="L", law="uniform", init="1/4")).mean_square()
        norm_x**2/4**L
        """
        return self.absolute_moment(2)

    def variance(self) -> sp.Expr:
        """Return the variance of |f|.

        Examples
        --------
        >>> from theory import Ensemble
        >>> ChainLaw(Ensemble(width=1, depth=2, law="uniform")).variance()
        7/16
        """
        return self.absolute_moment(2) - self.absolute_moment(1) ** 2

    def log_mean(self) -> sp.Expr:
        r"""Return :math:`E\log|f|`, which is the depth times the typical rate, plus the logarithm of the input.

        Examples
        --------
        >>> from theory import Ensemble
        >>> ChainLaw(Ensemble(width=1, depth=10, law="uniform")).log_mean()
        -10 + 5*log(3)
        """
        rate = sp.expand_log(sp.log(self._scale()), force=True) + log_cumulant(self.net.law, 1)
        return self._depth() * rate + sp.log(self._input())

    def log_variance(self) -> sp.Expr:
        r"""Return :math:`Var\log|f|`: a layer of uniform weights contributes 1, and one of normal weights pi^2/8.

        Examples
        --------
        >>> from theory import Ensemble
        >>> ChainLaw(Ensemble(width=1, depth="L", law="uniform")).log_variance()
        L
        """
        return self._depth() * log_cumulant(self.net.law, 2)

    def quantile(self, p: float) -> float:
        r"""Return the p-quantile of :math:`\log|f|`.

        Raises
        ------
        InvalidArgument
            If the depth is a symbol or p is not strictly between 0 and 1.

        Notes
        -----
        For uniform weights on (-t, t), :math:`-\log|w/t|` is standard exponential, so for a unit input
        :math:`L\log t - \log|f|` has the Gamma law of shape L. For normal weights it is half the quantile of
        :math:`\log|a_L|^2` at width one.

        Examples
        --------
        >>> from theory import Ensemble
        >>> round(ChainLaw(Ensemble(width=1, depth=10, law="uniform")).quantile(0.5), 4)
        -4.1757
        """
        self.net.require_numbers("a quantile")
        if not 0 < p < 1:
            raise InvalidArgument("p", f"must lie strictly between 0 and 1, got {p}", "use e.g. p=0.5")
        if self.net.law.is_normal:
            return LogNormLaw(self.net).quantile(p) / 2
        from scipy.special import gammainccinv

        end = math.log(3 * float(self.net.variance(1))) / 2
        shape = float(self._depth())
        return shape * end - float(gammainccinv(shape, p)) + math.log(float(self._input()))

    def median(self) -> float:
        r"""Return the median of :math:`\log|f|`; errors as for :meth:`quantile`.

        Examples
        --------
        >>> from theory import Ensemble
        >>> round(ChainLaw(Ensemble(width=1, depth=10, law="uniform")).median(), 4)
        -4.1757
        """
        return self.quantile(0.5)

    def median_bounds(self) -> tuple[sp.Expr, sp.Expr]:
        r"""Return bounds on the median of :math:`|f|` for uniform weights on (-t, t).

        Raises
        ------
        InvalidArgument
            For another law.

        Notes
        -----
        The median m of the Gamma law of shape L satisfies :math:`L - 1/3 < m < L` [1]_. So for a unit input the median
        of :math:`|f|` lies between :math:`t^L e^{-L}` and :math:`t^L e^{-L + 1/3}`, and vanishes with depth if t < e.

        References
        ----------
        .. [1] J. Chen and H. Rubin, Statist. Probab. Lett. 4 (1986) 281-283.

        Examples
        --------
        >>> from theory import Ensemble
        >>> ChainLaw(Ensemble(width=1, depth=2, law="uniform", input="e1")).median_bounds()
        (3*exp(-2), 3*exp(-5/3))
        """
        if self.net.law.name != "uniform":
            raise InvalidArgument(
                "law", f"these bounds are for uniform weights, got {self.net.law.name!r}", "use 'uniform'"
            )
        depth = self._depth()
        end = (sp.sqrt(3) * self._scale()) ** depth * self._input()
        return end * sp.exp(-depth), end * sp.exp(-depth + sp.Rational(1, 3))

    def gradient(self) -> ChainLaw:
        r"""Return the law of :math:`|\partial f/\partial w_k|`, the input times the other weights, for a unit readout.

        Raises
        ------
        InvalidArgument
            If the depth is a symbol, or is 1, where the gradient is the input.

        Examples
        --------
        >>> from theory import Ensemble
        >>> ChainLaw(Ensemble(width=1, depth=10, law="uniform")).gradient().log_variance()
        9
        """
        if not isinstance(self.net.depth, int) or self.net.depth < 2:
            raise InvalidArgument("depth", f"must be a number from 2, got {self.net.depth}", "use e.g. depth=10")
        return ChainLaw(self.net.at(depth=self.net.depth - 1))


def require_chain(net: Ensemble) -> None:
    """Refuse a network that is not a chain: linear, of width one, with independent weights.

    Raises
    ------
    InvalidArgument
        If it is not; the message names the width, the activation or the initialization.

    Examples
    --------
    >>> require_chain(Ensemble(width=1, depth="L", law="uniform"))
    """
    require_ensemble(net)
    if net.init.layers:
        net.require_equal_layers("differ", "use width=1")
    if net.width != 1:
        raise InvalidArgument("width", f"a chain has width 1, got {net.width or net.widths}", "use width=1")
    if net.slope != 1:
        raise InvalidArgument("activation", f"a chain is linear, got {net.activation!r}", "use activation='linear'")
    if not net.has_independent_entries:
        raise InvalidArgument("init", "an orthogonal weight of width 1 is a sign", "use init='xavier'")
    net.require_plain("a chain")
