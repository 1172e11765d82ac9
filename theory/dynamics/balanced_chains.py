r"""The balanced chain: L equal weights w, :math:`f = xw^L`, loss :math:`(f-y)^2/2`: the plateau and its escape, solved.

*Flow.* Every weight has the same gradient: :math:`\dot w = g(w) = (y-f)xw^{L-1}`. As
:math:`\frac{d}{dt}w^2 = 2(y-f)f`, :math:`|w|` grows while f lies strictly between 0 and y; there let all signs be
positive. With :math:`T_0 = \int_{w_0}^{w_1}\frac{dw}{xyw^{L-1}}`, that is :math:`\frac{w_0^{2-L}-w_1^{2-L}}{(L-2)xy}`,
or :math:`\frac1{xy}\log\frac{w_1}{w_0}` for L = 2,

.. math:: T = \int_{w_0}^{w_1}\frac{dw}{g(w)} = T_0+\frac1y\int_{w_0}^{w_1}\frac{w\,dw}{y-xw^L}, \qquad
          \frac{w_1^2-w_0^2}{2y(y-f_0)} \le T-T_0 \le \frac{w_1^2-w_0^2}{2y(y-f_1)} \le \frac{f_1}{y-f_1}T_0,

the last as :math:`w_1^L \ge w^L`: T is :math:`T_0` up to a factor in :math:`[1, y/(y-f_1)]`, and up to a bounded sum as
:math:`w_0 \to 0`. If fy < 0, or if f is beyond y, :math:`|w|` falls: towards the saddle 0, which it never reaches, or
towards f = y.

*Curvature.* The loss's Hessian is :math:`x^2w^{2L-2}11^T+(f-y)xw^{L-2}(11^T-I)`, of the eigenvalues
:math:`(y-f)xw^{L-2}`, L - 1 times, and :math:`-g'(w) = xw^{L-2}((2L-1)f-(L-1)y)` along 1. The plateau is a strict
saddle, of one negative eigenvalue, as long as :math:`f < \frac{L-1}{2L-1}y`; and
:math:`T|\lambda_{\min}| \to \frac{L-1}{L-2}` as :math:`w_0 \to 0`.

*Gradient descent*, :math:`w_{n+1} = w_n+\eta g(w_n)`, for increasing g (the strict saddle). It lags behind the flow,
which needs at most :math:`\eta` from :math:`w_n` to :math:`w_{n+1}`, and less by

.. math:: \int_{w_n}^{w_{n+1}}\Bigl(\frac1{g(w_n)}-\frac1{g(w)}\Bigr)dw \le \eta\Bigl(1-\frac{g(w_n)}{g(w_{n+1})}\Bigr)
          \le \eta\log\frac{g(w_{n+1})}{g(w_n)}.

The sum telescopes: the first N with :math:`w_N \ge w_1` satisfies
:math:`\frac T\eta \le N \le \frac T\eta+1+\log\frac{g(w_1)}{g(w_0)}`, for every :math:`\eta`.

*Balancedness.* With unequal weights, :math:`g_i = (y-f)f/w_i`: the flow keeps each :math:`w_i^2-w_j^2`, and a step of
gradient descent multiplies it by :math:`1-\eta^2(y-f)^2f^2/(w_iw_j)^2`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import sympy as sp

from theory import symbols
from theory.ensembles import Exact, InvalidArgument
from theory.ensembles.arguments import size

Quantity: TypeAlias = Exact | sp.Expr
"""An exact number, the name of a positive symbol, or an expression."""

_DEEPEST = 1000
"""The depth above which the exact powers of a number are too long."""

_w = sp.Symbol("w", positive=True)


@dataclass(frozen=True)
class BalancedChain:
    r"""A chain of L weights that all start at w_0, on its plateau.

    Parameters
    ----------
    depth : int or str
        L, from 2 to 1000; a name stands for a depth above 2.
    x, y : number, name or expression
        Input and target, not 0.
    start : number, name or expression
        w_0: with f = x w_0^L strictly between 0 and y. Names are positive, and f_0 < y is then taken for granted.

    Raises
    ------
    InvalidArgument
        For depth 1 (no plateau: the gradient does not vanish with the weight), y = 0 (no plateau to leave), x = 0 (f is
        0 whatever the weights), w_0 = 0 (never leaves), f y < 0 (moves towards the saddle) and f beyond y; for what is
        not real and finite, a greater depth, and one name for two things.

    References
    ----------
    arXiv:2106.03763 for the plateaus; A. Saxe, J. McClelland, S. Ganguli, arXiv:1312.6120, for the flow of
    balanced linear networks.

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

    def output(self, at: Quantity | None = None) -> sp.Expr:
        """Return f = x w^L, at the start or elsewhere."""
        w = self._place(at)
        return self.x * w**self._L

    def speed(self, at: Quantity | None = None) -> sp.Expr:
        r"""Derive :math:`|\dot w| = |\partial_{w_k}\frac12(f-y)^2|`, the modulus of each weight's gradient.

        Examples
        --------
        >>> BalancedChain(3, "x", "y", "w").speed()
        -w**2*x*(w**3*x - y)
        """
        w = abs(self._place(at))
        one, other = sp.symbols("u v", positive=True)
        loss = (abs(self.x) * one * other ** (self._L - 1) - abs(self.y)) ** 2 / 2
        return sp.powsimp(-loss.diff(one).subs({one: _w, other: _w})).subs(_w, w)

    def leading_time(self, end: Quantity) -> sp.Expr:
        r"""Derive :math:`T_0 = \int dw/(xyw^{L-1})`, in which f is nothing beside y.

        Parameters
        ----------
        end : number, name or expression
            w_1, of the sign of w_0 and further from 0, with f_1 short of y.

        Returns
        -------
        sympy.Expr

        Raises
        ------
        InvalidArgument
            For other ends.
        """
        low, high = self.sizes(end)
        # SymPy would ask whether L = 2: a name stands for more
        power = sp.log(_w) if self._L == 2 else _w ** (2 - self._L) / (2 - self._L)
        return sp.powsimp(sp.factor(power.subs(_w, high) - power.subs(_w, low))) / abs(self.x * self.y)

    def time(self, end: Quantity) -> sp.Expr:
        r"""Derive the gradient flow's exact time from w_0 to w_1.

        Parameters
        ----------
        end : number, name or expression
            As for :meth:`leading_time`.

        Returns
        -------
        sympy.Expr
            With :math:`{}_2F_1(1, \frac2L-1; \frac2L; f/y)`: the geometric series of 1/(1-f/y), term by term. For a
            float take :func:`theory.balls.enclose` of it, which bounds the error.

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

    def time_bounds(self, end: Quantity) -> tuple[sp.Expr, sp.Expr]:
        r"""Derive bounds on :meth:`time`: :math:`T_0` plus a sum that does not grow as :math:`w_0 \to 0`.

        Parameters
        ----------
        end : number, name or expression
            As for :meth:`leading_time`.

        Returns
        -------
        (lower, upper) : SymPy expressions

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

    def eigenvalues(self, at: Quantity | None = None) -> tuple[tuple[sp.Expr, sp.Expr], ...]:
        r"""Derive the loss's Hessian's two eigenvalues, by differentiating twice.

        Parameters
        ----------
        at : number, name or expression, optional
            w; by default w_0.

        Returns
        -------
        tuple of (eigenvalue, multiplicity)
            First that of (1, ..., 1), negative on the plateau; then the L - 1 others.

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
            If it is not negative: from :math:`f = \frac{L-1}{2L-1}y` on the plateau is no strict saddle.

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

        Notes
        -----
        Of :math:`T_0\lambda_{\min}` in powers of w_0, what is left at 0; T is :math:`T_0` up to a bounded sum.

        Raises
        ------
        InvalidArgument
            For depth 2, where the product grows like :math:`\log(w_1/w_0)`.

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

    def descent_steps(self, end: Quantity, learning_rate: Quantity) -> tuple[sp.Expr, sp.Expr]:
        r"""Derive bounds on gradient descent's number of steps from w_0 to beyond w_1, for any learning rate.

        Parameters
        ----------
        end : number, name or expression
            As for :meth:`leading_time`, with :math:`f_1 \le \frac{L-1}{2L-1}y`.
        learning_rate : number, name or expression
            :math:`\eta`.

        Returns
        -------
        (lower, upper) : SymPy expressions
            From :meth:`time_bounds`; they differ by few steps where the plateau takes many.

        Raises
        ------
        InvalidArgument
            If the gradient no longer grows at the end, and where :meth:`leading_time` does.

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

    def _place(self, at: Quantity | None) -> sp.Expr:
        """Return w, by default w_0."""
        return self.start if at is None else self._read("at", at, self._others())

    def _others(self) -> set[int | str]:
        """Return the names of the depth, the input and the target, which no weight can have."""
        return {self.depth, *(part.name for part in (self.x, self.y) if isinstance(part, sp.Symbol))}

    def _read(self, argument: str, value: Quantity, taken: set[int | str]) -> sp.Expr:
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
        r"""Integral of w^(1-L)/(1-f/y): sum_j (x/y)^j w^(2-L+Lj)/(2-L+Lj), a logarithm where the exponent is 0."""
        ratio = abs(self.x / self.y) * _w**self._L
        if self._L == 2:
            return sp.log(_w) - sp.log(1 - ratio) / 2
        first = 2 / self._L - 1
        return _w ** (2 - self._L) / (2 - self._L) * sp.hyper([1, first], [first + 1], ratio)

    def sizes(self, end: Quantity) -> tuple[sp.Expr, sp.Expr]:
        """Return |w_0| and |w_1|, after looking whether the flow goes from one to the other.

        Raises
        ------
        InvalidArgument
            If it does not.
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


def gradient(weights: Iterable[Quantity], x: Quantity, y: Quantity) -> tuple[sp.Expr, ...]:
    r"""Differentiate :math:`\frac12(xw_1\cdots w_L-y)^2`.

    Parameters
    ----------
    weights : sequence of numbers, names or expressions
        w_1, ..., w_L, balanced or not.
    x, y : number, name or expression
        Input and target.

    Raises
    ------
    InvalidArgument
        If the weights are no sequence, or something is not real and finite.

    Examples
    --------
    >>> a, b = sp.symbols("a b")
    >>> gradient([a, b], 1, 2), gradient([3, 1], 1, 2)
    ((b*(a*b - 2), a*(a*b - 2)), (1, 3))
    """
    values = _weights(weights)
    names = [sp.Dummy() for _ in values]
    loss = (symbols.real("x", x) * sp.Mul(*names) - symbols.real("y", y)) ** 2 / 2
    places = dict(zip(names, values, strict=True))
    return tuple(loss.diff(w).subs(places) for w in names)


def imbalance_factor(weights: Iterable[Quantity], x: Quantity, y: Quantity, learning_rate: Quantity) -> sp.Expr:
    r"""Derive the factor of :math:`w_1^2-w_2^2` in a step of gradient descent; at first order in the rate it is 1.

    Parameters
    ----------
    weights : sequence of numbers, names or expressions
        w_1, ..., w_L, at least two, the first two of different moduli.
    x, y, learning_rate : number, name or expression

    Raises
    ------
    InvalidArgument
        If the first two weights are balanced, or where :func:`gradient` does.

    Examples
    --------
    >>> a, b, eta = sp.symbols("a b eta")
    >>> imbalance_factor([a, b], 1, 2, eta)
    -eta**2*(a*b - 2)**2 + 1
    """
    values, rate = _weights(weights), symbols.real("learning_rate", learning_rate)
    if len(values) < 2 or sp.expand(values[0] ** 2 - values[1] ** 2) == 0:
        raise InvalidArgument("weights", f"have no imbalance of the first two: {weights!r}", "give two that differ")
    names, eta = [sp.Dummy() for _ in values], sp.Dummy()
    first, second, *_ = (w - eta * g for w, g in zip(names, gradient(names, x, y), strict=True))
    ratio = sp.cancel((first**2 - second**2) / (names[0] ** 2 - names[1] ** 2))
    constant = ratio.subs(eta, 0)
    return (sp.factor(ratio - constant) + constant).subs({**dict(zip(names, values, strict=True)), eta: rate})


_ZERO = {
    "x": "then f is 0 whatever the weights",
    "y": "there is no plateau to leave",
    "start": "a saddle, which the flow never leaves",
}


def _weights(weights: Iterable[Quantity]) -> list[sp.Expr]:
    given = list(weights) if isinstance(weights, Iterable) and not isinstance(weights, str) else []
    if not given:
        raise InvalidArgument("weights", f"must be a sequence of weights, got {weights!r}", "use e.g. ['a', 'b']")
    return [symbols.real("weights", weight) for weight in given]


def _brief(value: sp.Expr) -> str:
    """Return a number as it is, or six digits of a long fraction."""
    return str(sp.N(value, 6) if value.is_Rational and max(abs(value.p), value.q) > 10**30 else value)


def _shown(depth: int) -> str:
    return str(depth) if depth < 10**15 else f"an integer of {depth.bit_length()} bits"
