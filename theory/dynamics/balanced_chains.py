r"""The plateau of a balanced chain, solved: L equal weights w with :math:`f = xw^L` and the loss :math:`(f-y)^2/2`.

*Flow.* Every weight moves at the same speed, :math:`\dot w = g(w) = (y-f)xw^{L-1}`. As
:math:`\frac{d}{dt}w^2 = 2(y-f)f`, :math:`|w|` grows while f lies strictly between 0 and y. In this case let all signs
be positive, without loss of generality. Let :math:`T_0 = \int_{w_0}^{w_1}\frac{dw}{xyw^{L-1}}`, which is
:math:`\frac{w_0^{2-L}-w_1^{2-L}}{(L-2)xy}`, or :math:`\frac1{xy}\log\frac{w_1}{w_0}` for L = 2. Then the time is

.. math:: T = \int_{w_0}^{w_1}\frac{dw}{g(w)} = T_0+\frac1y\int_{w_0}^{w_1}\frac{w\,dw}{y-xw^L}, \qquad
          \frac{w_1^2-w_0^2}{2y(y-f_0)} \le T-T_0 \le \frac{w_1^2-w_0^2}{2y(y-f_1)} \le \frac{f_1}{y-f_1}T_0,

where the last inequality holds because :math:`w_1^L \ge w^L`. So T is :math:`T_0` up to a factor in
:math:`[1, y/(y-f_1)]`, and up to a summand that stays bounded as :math:`w_0 \to 0`. In the other cases :math:`|w|`
falls: if fy < 0, towards the saddle 0, which it never reaches, and if f is beyond y, towards f = y.

*Curvature.* The loss's Hessian is :math:`x^2w^{2L-2}11^T+(f-y)xw^{L-2}(11^T-I)`. It has the eigenvalue
:math:`(y-f)xw^{L-2}` L - 1 times, and along (1, ..., 1) the eigenvalue
:math:`-g'(w) = xw^{L-2}((2L-1)f-(L-1)y)`. The plateau is a strict saddle, with one negative eigenvalue, as long as
:math:`f < \frac{L-1}{2L-1}y`. As :math:`w_0 \to 0`, :math:`T|\lambda_{\min}| \to \frac{L-1}{L-2}`.

*Gradient descent* is :math:`w_{n+1} = w_n+\eta g(w_n)`. On the strict saddle g increases, and descent lags behind the
flow. The flow needs at most the time :math:`\eta` from :math:`w_n` to :math:`w_{n+1}`, and the lag of this step is

.. math:: \int_{w_n}^{w_{n+1}}\Bigl(\frac1{g(w_n)}-\frac1{g(w)}\Bigr)dw \le \eta\Bigl(1-\frac{g(w_n)}{g(w_{n+1})}\Bigr)
          \le \eta\log\frac{g(w_{n+1})}{g(w_n)}.

The sum over the steps telescopes. So for every :math:`\eta` the first N with :math:`w_N \ge w_1` satisfies
:math:`\frac T\eta \le N \le \frac T\eta+1+\log\frac{g(w_1)}{g(w_0)}`.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from theory import symbols
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import size
from theory.symbols import Scalar

_DEEPEST = 1000
"""At greater depths the exact powers of numbers are too long."""

_w = sp.Symbol("w", positive=True)


@dataclass(frozen=True)
class BalancedChain:
    r"""A chain of L weights that all start at w_0, on its plateau.

    Parameters
    ----------
    depth : int or str
        The depth L, from 2 to 1000. A name stands for a depth above 2.
    x, y : number, name or expression
        The input and the target, not 0.
    start : number, name or expression
        The weight w_0, for which f = x w_0^L lies strictly between 0 and y. Names stand for positive numbers, and then
        f_0 < y is taken for granted.

    Raises
    ------
    InvalidArgument
        For depth 1, where the gradient does not vanish with the weight, so that there is no plateau; for x, y or w_0 of
        0; for fy < 0, where the weights move towards the saddle; for f beyond y; for what is not real and finite; for a
        depth above 1000; and for one name for two things.

    References
    ----------
    arXiv:2106.03763 has the plateaus; A. Saxe, J. McClelland, S. Ganguli, arXiv:1312.6120, have the flow of balanced
    linear networks.

    Examples
    --------
    >>> from theory.balls import enclose
    >>> chain = BalancedChain(depth=3, x=1, y=1, start="1/100")
    >>> [round(float(time), 2) for time in (*chain.time_bounds("1/2"), enclose(chain.time("1/2")))]
    [98.12, 98.14, 98.13]
    >>> chain.least_eigenvalue()
    -399999/20000000
    >>> BalancedChain("L", "x", "y", "w0").leading_time("w1")
    (w0**(2 - L) - w1**(2 - L))/(x*y*(L - 2))
    """

    depth: int | str
    x: sp.Expr
    y: sp.Expr
    start: sp.Expr

    def __post_init__(self) -> None:
        depth = size("depth", self.depth)
        if depth == 1:
            raise InvalidArgument("depth", "1 has no plateau: the gradient does not vanish with w", "use 2 or more")
        if isinstance(depth, int) and depth > _DEEPEST:
            problem = f"exact powers of more than {_DEEPEST} weights are too long, got {_shown(depth)}"
            raise InvalidArgument("depth", problem, "use a name, such as 'L'")
        object.__setattr__(self, "depth", depth)
        taken = {depth}
        for name, why in _ZERO.items():
            value = self._read(name, getattr(self, name), taken)
            if value.is_zero:
                raise InvalidArgument(name, f"is 0: {why}", "use e.g. 1 or '1/10'")
            object.__setattr__(self, name, value)
            if isinstance(value, sp.Symbol):
                taken.add(value.name)
        share = self.output() / self.y
        if share.is_number and share < 0:
            raise InvalidArgument(
                "start", f"f has the other sign than y: {self.start} moves towards the saddle at 0", "turn a sign"
            )
        if share.is_number and share >= 1:
            raise InvalidArgument(
                "start", f"f is {_brief(self.output())}, not short of y: no plateau", "start nearer to 0"
            )

    def output(self, at: Scalar | None = None) -> sp.Expr:
        """Return f = x w^L.

        Parameters
        ----------
        at : number, name or expression, optional
            The weight w; by default w_0.

        Raises
        ------
        InvalidArgument
            If w is not real and finite, or has the name of another part of the chain.

        Examples
        --------
        >>> BalancedChain(3, "x", "y", "w0").output(), BalancedChain(3, "x", "y", "w0").output("1/2")
        (w0**3*x, x/8)
        """
        w = self._place(at)
        return self.x * w**self._L

    def speed(self, at: Scalar | None = None) -> sp.Expr:
        r"""Derive :math:`|\dot w| = |\partial_{w_k}\frac12(f-y)^2|`, the modulus of each weight's gradient.

        Parameters and errors are those of :meth:`output`.

        Examples
        --------
        >>> BalancedChain(3, "x", "y", "w").speed()
        -w**2*x*(w**3*x - y)
        """
        w = abs(self._place(at))
        one, other = sp.symbols("u v", positive=True)
        loss = (abs(self.x) * one * other ** (self._L - 1) - abs(self.y)) ** 2 / 2
        return sp.powsimp(-loss.diff(one).subs({one: _w, other: _w})).subs(_w, w)

    def leading_time(self, end: Scalar) -> sp.Expr:
        r"""Derive :math:`T_0 = \int dw/(xyw^{L-1})`, the flow's time from w_0 to w_1 if f is neglected beside y.

        Parameters
        ----------
        end : number, name or expression
            The weight w_1, which has the sign of w_0 and lies further from 0, with f_1 short of y.

        Returns
        -------
        sympy.Expr

        Raises
        ------
        InvalidArgument
            For other ends.

        Examples
        --------
        >>> BalancedChain(4, "x", "y", "1/2").leading_time(1)
        3/(2*x*y)
        """
        low, high = self.sizes(end)
        # integrated by hand, as SymPy would ask whether L = 2, and a name stands for more
        power = sp.log(_w) if self._L == 2 else _w ** (2 - self._L) / (2 - self._L)
        return sp.powsimp(sp.factor(power.subs(_w, high) - power.subs(_w, low))) / abs(self.x * self.y)

    def time(self, end: Scalar) -> sp.Expr:
        r"""Derive the gradient flow's exact time from w_0 to w_1.

        Parameters
        ----------
        end : number, name or expression
            As for :meth:`leading_time`.

        Returns
        -------
        sympy.Expr
            It contains :math:`{}_2F_1(1, \frac2L-1; \frac2L; f/y)`, the geometric series of 1/(1-f/y), integrated term
            by term. For a number take :func:`theory.balls.enclose` of it, which bounds the error.

        Raises
        ------
        InvalidArgument
            As :meth:`leading_time`.

        Examples
        --------
        >>> from theory.balls import enclose
        >>> round(float(enclose(BalancedChain(24, 1, 1, "7/10").time("9/10"))), 2)
        115.96
        >>> BalancedChain(2, "x", "y", "w0").time("w1")
        (-log(w0) + log(w1) + log(-w0**2*x/y + 1)/2 - log(-w1**2*x/y + 1)/2)/(x*y)
        """
        low, high = self.sizes(end)
        primitive = self._primitive()
        return (primitive.subs(_w, high) - primitive.subs(_w, low)) / abs(self.x * self.y)

    def time_bounds(self, end: Scalar) -> tuple[sp.Expr, sp.Expr]:
        r"""Derive bounds on :meth:`time`, which are :math:`T_0` plus a summand that stays bounded as :math:`w_0 \to 0`.

        Parameters
        ----------
        end : number, name or expression
            As for :meth:`leading_time`.

        Returns
        -------
        (lower, upper) : SymPy expressions

        Raises
        ------
        InvalidArgument
            As :meth:`leading_time`.

        Examples
        --------
        >>> BalancedChain("L", "x", "y", "w0").time_bounds("w1")[1]
        (-w0**2/2 + w1**2/2)/(y*(-w1**L*x + y)) + (w0**(2 - L) - w1**(2 - L))/(x*y*(L - 2))
        """
        low, high = self.sizes(end)
        area, y = (high**2 - low**2) / 2, abs(self.y)
        first = self.leading_time(end)
        lower, upper = (first + area / (y * (y - abs(self.output(w)))) for w in (self.start, end))
        return lower, upper

    def eigenvalues(self, at: Scalar | None = None) -> tuple[tuple[sp.Expr, sp.Expr], ...]:
        r"""Derive the two eigenvalues of the loss's Hessian, by differentiating twice.

        Parameters
        ----------
        at : number, name or expression, optional
            The weight w; by default w_0.

        Returns
        -------
        tuple of (eigenvalue, multiplicity)
            First comes the eigenvalue of (1, ..., 1), which is negative on the plateau, and then the L - 1 others.

        Raises
        ------
        InvalidArgument
            As :meth:`output`.

        Examples
        --------
        >>> BalancedChain(2, "x", "y", "w").eigenvalues()
        ((x*(3*w**2*x - y), 1), (-x*(w**2*x - y), 1))
        """
        w = self._place(at)
        one, other, rest = sp.symbols("u v w", positive=True)
        loss = (self.x * one * other * rest ** (self._L - 2) - self.y) ** 2 / 2
        place = {one: _w, other: _w, rest: _w}
        diagonal, beside = (sp.powsimp(loss.diff(one, second).subs(place)) for second in (one, other))
        both = (diagonal + (self._L - 1) * beside, diagonal - beside)
        along, across = (sp.factor(sp.powsimp(sp.expand(value))).subs(_w, w) for value in both)
        return (along, sp.S.One), (across, self._L - 1)

    def least_eigenvalue(self) -> sp.Expr:
        r"""Return :math:`-xw_0^{L-2}((L-1)y-(2L-1)f_0)`, the curvature along (1, ..., 1).

        Raises
        ------
        InvalidArgument
            If it is not negative. This is so from :math:`f = \frac{L-1}{2L-1}y` on, where the saddle is not strict.

        Examples
        --------
        >>> BalancedChain(3, 1, 2, "1/2").least_eigenvalue()
        -27/16
        """
        (along, _), _ = self.eigenvalues()
        if along.is_number and not along < 0:
            raise InvalidArgument(
                "start", f"is no strict saddle: the curvature is {_brief(along)}", "start nearer to 0"
            )
        return along

    def time_times_curvature(self) -> sp.Expr:
        r"""Derive the limit of time times :math:`|\lambda_{\min}|` as :math:`w_0 \to 0`.

        Raises
        ------
        InvalidArgument
            For depth 2, where the product grows like :math:`\log(w_1/w_0)`.

        Notes
        -----
        It is the term of order 0 in the powers of w_0 in :math:`-T_0\lambda_{\min}`. The difference of T and
        :math:`T_0` is bounded, and does not contribute.

        Examples
        --------
        >>> BalancedChain("L", "x", "y", "w0").time_times_curvature()
        (L - 1)/(L - 2)
        """
        if self._L == 2:
            raise InvalidArgument("depth", "2 has no limit: the product grows like log(w_1/w_0)", "use depth 3 or more")
        *names, w1 = (sp.Dummy(name, positive=True) for name in ("x", "y", "w0", "w1"))
        named = BalancedChain(self.depth, *names)
        product = sp.powsimp(sp.expand(-named.leading_time(w1) * named.least_eigenvalue()))
        w0 = named.start
        left = [term for term in sp.Add.make_args(product) if sp.simplify(w0 * term.diff(w0) / term) == 0]
        return sp.factor(sp.Add(*left))

    def descent_steps(self, end: Scalar, learning_rate: Scalar) -> tuple[sp.Expr, sp.Expr]:
        r"""Derive bounds on gradient descent's number of steps from w_0 to beyond w_1, for any learning rate.

        Parameters
        ----------
        end : number, name or expression
            As for :meth:`leading_time`, with :math:`f_1 \le \frac{L-1}{2L-1}y`.
        learning_rate : number, name or expression
            The learning rate :math:`\eta`, which is positive.

        Returns
        -------
        (lower, upper) : SymPy expressions
            They follow from :meth:`time_bounds`, and differ by few steps where the plateau takes many.

        Raises
        ------
        InvalidArgument
            If the gradient no longer grows at the end, if the learning rate is not positive, and as
            :meth:`leading_time`.

        Examples
        --------
        >>> chain = BalancedChain(depth=6, x=1, y=1, start="1/10")
        >>> [round(float(steps)) for steps in chain.descent_steps("7/10", "1/10")]
        [24992, 25003]
        """
        eta = symbols.positive("learning_rate", learning_rate)
        low, high = self.time_bounds(end)
        share = abs(self.output(end) / self.y)
        if share.is_number and share > (self._L - 1) / (2 * self._L - 1):
            raise InvalidArgument(
                "end", f"f/y is {_brief(share)}, where the gradient no longer grows", "take an earlier end"
            )
        return low / eta, high / eta + 1 + sp.log(sp.simplify(self.speed(end) / self.speed()))

    @property
    def _L(self) -> sp.Expr:
        return symbols.whole(self.depth)

    def _place(self, at: Scalar | None) -> sp.Expr:
        """Return w, by default w_0."""
        return self.start if at is None else self._read("at", at, self._others())

    def _others(self) -> set[int | str]:
        """Return the names of the depth, the input and the target, which no weight can have."""
        return {self.depth, *(part.name for part in (self.x, self.y) if isinstance(part, sp.Symbol))}

    def _read(self, argument: str, value: Scalar, taken: set[int | str]) -> sp.Expr:
        """Read a real number, and refuse the name of something else, or an expression that confuses it with L."""
        exact = symbols.real(argument, value)
        named = value.strip() if isinstance(value, str) else None
        confused = any(
            symbol.name == self.depth and symbol != self._L
            for symbol in exact.free_symbols
            if isinstance(symbol, sp.Symbol) and not isinstance(symbol, sp.Dummy)
        )
        if named in taken or confused:
            raise InvalidArgument(argument, f"{value} already names a part of the chain", "choose another name")
        return exact

    def _primitive(self) -> sp.Expr:
        r"""Return an integral of w^(1-L)/(1-f/y), the sum over j of (x/y)^j w^(2-L+Lj)/(2-L+Lj).

        Where the exponent is 0 the term is a logarithm.
        """
        ratio = abs(self.x / self.y) * _w**self._L
        if self._L == 2:
            return sp.log(_w) - sp.log(1 - ratio) / 2
        first = 2 / self._L - 1
        return _w ** (2 - self._L) / (2 - self._L) * sp.hyper([1, first], [first + 1], ratio)

    def sizes(self, end: Scalar) -> tuple[sp.Expr, sp.Expr]:
        """Return |w_0| and |w_1|, and refuse an end that the flow from w_0 does not reach.

        Parameters
        ----------
        end : number, name or expression
            The weight w_1.

        Raises
        ------
        InvalidArgument
            If the flow does not reach it.

        Examples
        --------
        >>> BalancedChain(3, 1, -1, "-1/10").sizes("-1/2")
        (1/10, 1/2)
        """
        last = self._read("end", end, self._others())
        further, share = last / self.start - 1, self.output(last) / self.y
        if further.is_number and not further > 0:
            raise InvalidArgument("end", f"{last} is not beyond the start {self.start}", "take it further from 0")
        if share.is_number and not share < 1:
            raise InvalidArgument(
                "end", f"f is {_brief(self.output(last))} there, not short of y", "take it nearer to 0"
            )
        return abs(self.start), abs(last)


_ZERO = {
    "x": "then f is 0 whatever the weights",
    "y": "there is no plateau to leave",
    "start": "a saddle, which the flow never leaves",
}
"""These are the reasons why an argument must not be 0."""


def _brief(value: sp.Expr) -> str:
    """Return a number as it is, or six digits of a long fraction."""
    return str(sp.N(value, 6) if value.is_Rational and max(abs(value.p), value.q) > 10**30 else value)


def _shown(depth: int) -> str:
    return str(depth) if depth < 10**15 else f"an integer of {depth.bit_length()} bits"
