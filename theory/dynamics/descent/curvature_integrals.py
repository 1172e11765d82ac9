r"""The curvature that gradient flow passes from near zero, and its integral: deep linear networks of one output.

Balanced layers along the target, :math:`u = |W_n\cdots W_1|`, :math:`\dot u = nu^{2-2/n}(1-u)`: the Hessian is that of
a chain of equal weights, of which the least eigenvalue is :math:`nu^{2-2/n}-(n-1)(1-u)u^{1-2/n}`, and in wide networks
it has :math:`-(1-u)u^{1-2/n}`, too. Let m be what the least one is below 0. While descent follows flow, an error grows
at most by :math:`\exp\int m`, which is elementary, and grows like a power of :math:`u_t/u_0` and not like
:math:`e^{T\sup m}`: where u is small, so is m.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from theory import symbols
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import size
from theory.symbols import Scalar

_u = sp.Symbol("u", positive=True)


def curvature_depth(depth: int, length: Scalar, *, wide: bool = False) -> sp.Expr:
    r"""Derive by how much the least eigenvalue is below 0.

    Parameters
    ----------
    depth : int
        n, at least 2.
    length : number, name or expression
        u, positive.
    wide : bool
        Whether a hidden layer has width 2 or more; else the network is a chain.

    Returns
    -------
    sympy.Expr
        m, at least 0.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> curvature_depth(3, "1/8"), curvature_depth(2, "1/8", wide=True)
    (11/16, 7/8)
    """
    n, u = _depth(depth), symbols.positive("length", length)
    along, across = (part.subs(_u, u) for part in _parts(n))
    return sp.Max(0, along, across if wide else 0)


def turning_length(depth: int, *, wide: bool = False) -> sp.Expr:
    r"""Derive up to which u the least eigenvalue is along the flow, and negative.

    Parameters
    ----------
    depth, wide
        As for :func:`curvature_depth`.

    Examples
    --------
    >>> turning_length(3), turning_length(3, wide=True)
    (2/5, 1/4)
    """
    n = _depth(depth)
    along, across = _parts(n)
    power = _u ** (1 - sp.Rational(2, n))
    difference = sp.expand((along - (across if wide else 0)) / power)
    (found,) = sp.solve(difference, _u) if n > 2 or not wide else (sp.S.Zero,)
    return found


def amplification(depth: int, start: Scalar, end: Scalar, *, wide: bool = False) -> sp.Expr:
    r"""Derive :math:`\exp\int m\,dt` of the flow from one u to another, which is in closed form.

    Parameters
    ----------
    depth, wide
        As for :func:`curvature_depth`.
    start, end : number, name or expression
        :math:`u_0` and :math:`u_t`, strictly between 0 and 1; the flow goes from the smaller to the larger. Names are
        taken to be in the first stage, before :func:`turning_length`.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Notes
    -----
    With :math:`C(u) = (1-u)u^{(n-1)/n}` it is :math:`C(u_t)/C(u_0)` up to the turning point, and from there on 1 in a
    chain, and :math:`(u_t/u_s)^{1/n}` in a wide network.

    Examples
    --------
    >>> from theory.balls import enclose
    >>> end = 1 - sp.Rational(1, 10**6)
    >>> [enclose(amplification(3, "1/50", end, wide=wide)).str(5, radius=False) for wide in (False, True)]
    ['4.5111', '6.5433']
    >>> amplification(2, "u0", "u", wide=True)
    sqrt(u)/sqrt(u0)
    """
    n = _depth(depth)
    first, last = (symbols.positive(name, value) for name, value in (("start", start), ("end", end)))
    for name, value in (("start", first), ("end", last)):
        if value.is_number and not value < 1:
            raise InvalidArgument(name, f"must be strictly between 0 and 1, got {value}", "use e.g. 1/10")
    if first.is_number and last.is_number and not first <= last:
        raise InvalidArgument("end", f"{last} is before the start {first}", "take it larger")
    turn = turning_length(n, wide=wide)
    numbers = first.is_number and last.is_number
    if wide and n == 2:
        return _grown(n, 1, first, last)
    if not numbers:
        return _grown(n, 0, first, last)
    middle = sp.Min(sp.Max(turn, first), last)
    found = _grown(n, 0, first, middle) if first < turn else sp.S.One
    return found * _grown(n, 1, middle, last) if wide and last > turn else found


def deepest_curvature(depth: int) -> tuple[sp.Expr, sp.Expr]:
    r"""Derive the least curvature that the flow passes from near zero, and where.

    Parameters
    ----------
    depth : int
        n, at least 3. For n = 2 it is near -1 at the start.

    Returns
    -------
    (length, depth) : SymPy numbers
        u, and how much the least eigenvalue is below 0 there.

    Raises
    ------
    InvalidArgument
        If the depth is less.

    Examples
    --------
    >>> deepest_curvature(3)
    (1/10, 3*10**(2/3)/20)
    """
    n = _depth(depth)
    if n < 3:
        raise InvalidArgument("depth", f"must be at least 3, got {n}", "for depth 2 it is near -1 at the start")
    along, _ = _parts(n)
    slope = sp.expand(sp.powsimp(sp.expand(along.diff(_u) * _u ** sp.Rational(2, n))))
    (place,) = sp.solve(slope, _u)
    return place, sp.powsimp(along.subs(_u, place))


def _depth(depth: int) -> int:
    n = size("depth", depth)
    if isinstance(n, str) or n < 2:
        raise InvalidArgument("depth", f"must be a number of at least 2, got {n}", "use e.g. depth=3")
    return n


@cache
def _parts(n: int) -> tuple[sp.Expr, sp.Expr]:
    """Return minus the eigenvalue along the flow, and minus that of two layers that move a hidden unit not in use.

    On a chain f = (w_1...w_n - 1)^2/2. A unit that is not in use adds the product of its weights a and b to two others.
    """
    one, other, w = sp.symbols("a b w", positive=True)
    chain, unused = (one * other * w ** (n - 2) - 1) ** 2 / 2, (w**n + one * other * w ** (n - 2) - 1) ** 2 / 2
    diagonal, beside = (chain.diff(one, second).subs({one: w, other: w}) for second in (one, other))
    across = unused.diff(one, other).subs({one: 0, other: 0})
    root = _u ** sp.Rational(1, n)
    along, across = (sp.expand(-x).subs(w, root) for x in (diagonal + (n - 1) * beside, across))
    return sp.expand(along), sp.expand(across)


def _grown(n: int, part: int, start: sp.Expr, end: sp.Expr) -> sp.Expr:
    """Return exp of the integral of one of the parts over time, where du/dt = n u^(2-2/n) (1 - u)."""
    rate = sp.apart(sp.cancel(sp.expand(_parts(n)[part] * _u ** (sp.Rational(2, n) - 1)) / (n * _u * (1 - _u))), _u)
    primitive = sp.Mul(*(_exp_integral(term) for term in sp.Add.make_args(rate)))
    return sp.powsimp(primitive.subs(_u, end) / primitive.subs(_u, start))


def _exp_integral(term: sp.Expr) -> sp.Expr:
    """Return exp of the integral of c/u, or of c/(u - 1) between 0 and 1."""
    over_u = sp.simplify(term * _u)
    if not over_u.has(_u):
        return _u**over_u
    return (1 - _u) ** sp.simplify(term * (_u - 1))
