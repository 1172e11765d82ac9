r"""Gradient flow of deep linear networks of one output, in closed form: balanced layers and whitened data.

The loss is :math:`|W-Y|^2/2` with :math:`W = W_n\cdots W_1` and :math:`|Y| = 1`. Balanced layers have one spectral norm
:math:`u^{1/n}`, :math:`u = |W|`, and the flow of W is :math:`\dot W = u^{2-2/n}(R+(n-1)\hat W\hat W\cdot R)` with
:math:`R = Y-W`. In the time :math:`ds = u^{1-2/n}dt` the cosine :math:`\nu` of W and Y, and u, obey

.. math:: \frac{d\nu}{ds} = 1-\nu^2, \quad \frac{du}{ds} = nu(\nu-u), \qquad
          \nu = \tanh x, \quad \frac1u = \frac{\cosh^ns_0/u_0+n\int_{s_0}^x\cosh^n}{\cosh^nx}, \quad x = s+s_0.

So the flow reaches the minimum from every start but :math:`\nu_0 = -1`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import flint
import sympy as sp

from theory import symbols
from theory.balls import Ball, enclose, precision
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import size
from theory.symbols import Scalar

_x = sp.Symbol("x", real=True)


@cache
def cosh_power_integral(depth: int) -> sp.Expr:
    r"""Derive an integral of :math:`\cosh^nx`, a sum of hyperbolic sines and, for even n, a multiple of x.

    Parameters
    ----------
    depth : int
        n, at least 1.

    Raises
    ------
    InvalidArgument
        If it is no such integer.

    Examples
    --------
    >>> cosh_power_integral(2), cosh_power_integral(3)
    (x/2 + sinh(2*x)/4, 3*sinh(x)/4 + sinh(3*x)/12)
    """
    n = size("depth", depth)
    if isinstance(n, str):
        raise InvalidArgument("depth", f"has no value: {n}", "give a number")
    terms = [sp.binomial(n, k) * sp.cosh((n - 2 * k) * _x) / 2**n for k in range(n + 1)]
    return sp.Add(*(sp.integrate(term, _x) for term in terms))


@dataclass(frozen=True)
class BalancedFlow:
    r"""The flow of balanced layers with one output, from a start that is neither along the target nor against it.

    Parameters
    ----------
    depth : int
        The number n of layers, at least 2.
    cosine : number
        :math:`\nu_0`, strictly between -1 and 1. On the line itself, :math:`\nu_0 = 1`, layers are a chain of equal
        weights (:class:`~theory.dynamics.balanced_chains.BalancedChain`); at -1 the flow ends in the saddle 0.
    length : number
        :math:`u_0 = |W(0)|`, positive.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> flow = BalancedFlow(2, "3/5", "1/10")
    >>> print(flow.cosine_at(0), sp.nsimplify(flow.length_at(0)))
    3/5 1/10
    """

    depth: int
    cosine: Any
    length: Any

    def __post_init__(self) -> None:
        n = size("depth", self.depth)
        if isinstance(n, str) or n < 2:
            raise InvalidArgument("depth", f"must be a number of at least 2, got {n}", "use e.g. depth=3")
        nu = symbols.real("cosine", self.cosine)
        if nu.is_number and not abs(nu) < 1:
            raise InvalidArgument("cosine", f"must be strictly between -1 and 1, got {nu}", "use e.g. -1/2")
        object.__setattr__(self, "cosine", nu)
        object.__setattr__(self, "length", symbols.positive("length", self.length))

    @property
    def start(self) -> sp.Expr:
        r""":math:`s_0 = \operatorname{artanh}\nu_0`."""
        return sp.atanh(self.cosine)

    def cosine_at(self, place: Scalar) -> sp.Expr:
        """Return the cosine of W and Y after the time s.

        Parameters
        ----------
        place : number, name or expression
            s, not negative.

        Examples
        --------
        >>> BalancedFlow(3, "1/2", 1).cosine_at("s")
        tanh(s + atanh(1/2))
        """
        s = symbols.nonnegative("place", place)
        return self.cosine if s == 0 else sp.tanh(s + self.start)

    def length_at(self, place: Scalar) -> sp.Expr:
        """Return u after the time s.

        Parameters
        ----------
        place : number, name or expression
            s, not negative.

        Examples
        --------
        >>> from theory.balls import enclose
        >>> print(enclose(BalancedFlow(2, 0, "1/100").length_at(5)).str(10, radius=False))
        0.9813779187
        """
        s, n = symbols.nonnegative("place", place), self.depth
        end, area = s + self.start, cosh_power_integral(n)
        passed = area.subs(_x, end) - area.subs(_x, self.start)
        first = (1 - self.cosine**2) ** sp.Rational(-n, 2)
        return sp.cosh(end) ** n / (first / self.length + n * passed)

    def distance_at(self, place: Scalar) -> sp.Expr:
        """Return r = |W - Y| after the time s.

        Parameters
        ----------
        place : number, name or expression
            s, not negative.

        Examples
        --------
        >>> from theory.balls import enclose
        >>> print(enclose(BalancedFlow(2, 0, 1).distance_at(0)).str(10, radius=False))
        1.414213562
        """
        u, nu = self.length_at(place), self.cosine_at(place)
        return sp.sqrt(1 + u**2 - 2 * u * nu)

    def inverse_length(self, place: Any, digits: int = 20) -> Any:
        """Enclose 1/u after the time s, which may be complex, for quadrature.

        Parameters
        ----------
        place : flint.acb
            s.
        digits : int
            The working precision.

        Examples
        --------
        >>> print(BalancedFlow(2, 0, "1/100").inverse_length(flint.acb(5)).real.str(10, radius=False))
        1.018975444
        """
        n, (start, first, weights) = self.depth, self._constants(digits)
        with precision(digits):
            x = place + start
            total = flint.acb(first)
            for rate, weight, began in weights:
                total += weight * ((x * rate).exp() - began) if rate else weight * (x - start)
            return total / x.cosh() ** n

    def _constants(self, digits: int) -> tuple[Ball, Ball, list[tuple[int, Ball, Ball]]]:
        """Return s_0, cosh^n(s_0)/u_0, and of each exponential in cosh^n its rate, n times its weight, its start."""
        if digits not in self._known:
            n, first = self.depth, (1 - self.cosine**2) ** sp.Rational(-self.depth, 2) / self.length
            start, weights = enclose(self.start, digits), []
            with precision(digits):
                for k in range(n + 1):
                    rate, weight = n - 2 * k, flint.arb(n * int(sp.binomial(n, k))) / 2**n
                    weights.append((rate, weight / rate if rate else weight, (start * rate).exp()))
            self._known[digits] = start, enclose(first, digits), weights
        start, scaled, exponentials = self._known[digits]
        return start, scaled, exponentials

    @cached_property
    def _known(self) -> dict[int, Any]:
        return {}

    def time(self, place: Ball, digits: int = 20, power: sp.Rational | None = None) -> Ball:
        r"""Enclose the time :math:`t = \int u^{-(1-2/n)}ds`.

        Parameters
        ----------
        place : flint.arb
            s, not negative.
        digits : int
            The working precision.
        power : sympy.Rational, optional
            The exponent in place of 1 - 2/n.

        Examples
        --------
        >>> print(BalancedFlow(3, 0, 1).time(flint.arb(2), 15).str(8, radius=False))
        2.2896828
        """
        exponent = 1 - sp.Rational(2, self.depth) if power is None else power
        if exponent == 0:
            return place
        with precision(digits):
            ratio, last = flint.arb(flint.fmpq(int(exponent.p), int(exponent.q))), place.lower()
            found = flint.acb.integral(lambda s, _: self.inverse_length(s, digits) ** ratio, 0, last).real
            rest = (place - last) * self.inverse_length(flint.acb(place), digits).real ** ratio
            return found + rest

    def arrival(self, precision_: Scalar, digits: int = 20) -> Ball:
        r"""Enclose the place s at which r falls to :math:`\varepsilon`.

        Parameters
        ----------
        precision_ : number
            :math:`\varepsilon`, positive, and less than r at the start.
        digits : int
            The working precision.

        Returns
        -------
        flint.arb
            s; :meth:`time` has the time.

        Raises
        ------
        InvalidArgument
            If r is not above it at the start.

        Examples
        --------
        >>> flow = BalancedFlow(3, "-9/10", "1/10")
        >>> place = flow.arrival("1/100")
        >>> print(place.str(8, radius=False), flow.time(place).str(8, radius=False))
        6.7707892 16.037678
        """
        eps = symbols.positive("precision", precision_)
        goal, start = enclose(eps, digits), self._constants(digits)[0]
        with precision(digits):

            def above(s: Ball) -> bool | None:
                u = 1 / self.inverse_length(flint.acb(s), digits).real
                gap = 1 + u**2 - 2 * u * (s + start).tanh() - goal**2
                return True if gap > 0 else False if gap < 0 else None

            if above(flint.arb(0)) is not True:
                raise InvalidArgument("precision", f"{eps} is no less than the distance at the start", "use less")
            low, high = flint.arb(0), flint.arb(1)
            while above(high) is not False:
                high = 2 * high
            for _ in range(4 * digits):
                middle = ((low + high) / 2).mid()
                side = above(middle)
                if side is None:
                    break
                low, high = (middle, high) if side else (low, middle)
            return low.union(high)

    def time_bound(self, precision_: Scalar) -> sp.Expr:
        r"""Return a bound on the time at which r falls to :math:`\varepsilon`, derived stage by stage.

        Parameters
        ----------
        precision_ : number, name or expression
            :math:`\varepsilon`, positive.

        Notes
        -----
        For :math:`u_0 < \nu_0`: u grows at least like :math:`nu^{2-2/n}\nu_0/2` up to :math:`\nu_0/2`, and from there
        on r falls at least at the rate :math:`(\nu_0/2)^{2-2/n}`. Else :math:`\nu` first grows to 1/2, in the place
        :math:`x_1-s_0`, while :math:`1/u \le \cosh^ns_0(1/u_0+n(x_1-s_0))`; then the same follows with 1/2 for
        :math:`\nu_0`, where r may be up to :math:`\sqrt{1+u_1^2}`.

        Examples
        --------
        >>> BalancedFlow(2, "1/2", "1/10").time_bound("eps")
        4*log(1/eps) + 2*log(5/2)
        """
        eps, n, nu, u0 = symbols.positive("precision", precision_), self.depth, self.cosine, self.length
        slow = 1 - sp.Rational(2, n)
        if (nu - u0).is_positive:
            return _stages(n, nu, u0, 1 / eps)
        x1 = sp.Max(sp.atanh(sp.Rational(1, 2)), self.start)
        turn = x1 - self.start
        u1 = self.length_at(turn) if turn != 0 else u0
        longest = (1 - nu**2) ** sp.Rational(-n, 2) * (1 / u0 + n * turn)
        return longest**slow * turn + _stages(n, sp.Rational(1, 2), u1, sp.sqrt(1 + u1**2) / eps)


def _stages(n: int, nu: sp.Expr, u: sp.Expr, fall: sp.Expr) -> sp.Expr:
    """Return the time to grow from u to nu/2, and then to fall by that factor."""
    slow = 1 - sp.Rational(2, n)
    grows = sp.Max(0, sp.log(nu / (2 * u)))
    return u**-slow * 2 / (n * nu) * grows + (2 / nu) ** (slow + 1) * sp.log(fall)
