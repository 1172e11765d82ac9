r"""Which neuron grows without end, and where the others stop: models that can be solved, on one example.

*Products.* :math:`\Phi = \sum_ux_up_u`, where :math:`p_u` is a product of n positive weights, each a neuron. Gradient
flow of any loss that falls with :math:`\Phi` moves along a clock :math:`\tau`, the integral of :math:`-L'(\Phi)`:

.. math:: \text{exponential: } \frac{dp_u}{d\tau} = nx_up_u^2, \qquad
          \text{plain, balanced: } \frac{dp_u}{d\tau} = nx_up_u^{2-2/n} .

So :math:`p_u^{-k}/x_u` falls at one rate for all u, with k = 1 (exponential, any n) or :math:`k = 1-\frac2n` (plain,
n >= 3). It cannot become negative: the neuron where it is least at the start takes all, at a finite :math:`\tau`, and
every other stops. For n = 2 the plain flow has :math:`p_u^{1/x_u}` grow at one rate, for n = 1 :math:`p_u/x_u`: there
nobody stops.

*Committees.* :math:`\Phi = \sum_u\langle w_u,x\rangle` with |x| = 1, exponential: :math:`w_u = z_ux+h_u` with
:math:`h_u` orthogonal to x moves by :math:`dz_u/d\tau = z_u^2+|h_u|^2`, so that
:math:`\frac1{|h_u|}\arctan\frac{z_u}{|h_u|}` grows at one rate. Neuron u alone would be infinite at
:math:`\tau_u = \theta_u/|h_u|`, where :math:`\theta_u` is its angle to x; the least of these wins, and the others stop
at :math:`|h_u|\tan(|h_u|\tau+\arctan\frac{z_u}{|h_u|})`.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from theory.balls import enclose, less
from theory.dynamics.weight_norm.loss_clock import chain_power
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar, nonnegative, positive, real


def product_exponent(depth: int, family: str = "exponential") -> sp.Rational:
    r"""Return k, for which :math:`p_u^{-k}/x_u` falls at one rate.

    Parameters
    ----------
    depth : int
        n, the number of weights in a product.
    family : str
        ``exponential``, or ``plain`` with balanced weights.

    Raises
    ------
    InvalidArgument
        If there is no such k: plain products of one or two weights all grow without end.

    Examples
    --------
    >>> product_exponent(1), product_exponent(3, "plain")
    (1, 1/3)
    """
    k = chain_power(depth, family) - 1
    if k <= 0:
        problem = f"is {depth}, and plain products of one or two weights all grow without end"
        raise InvalidArgument("depth", problem, "use at least 3, or the exponential family")
    return k


def product_winner(slopes: Sequence[Scalar], starts: Sequence[Scalar], k: Scalar = 1) -> int:
    r"""Return which product grows without end: that with the largest :math:`x_up_u^k` at the start.

    Parameters
    ----------
    slopes : sequence of numbers
        :math:`x_u`, positive.
    starts : sequence of numbers
        :math:`p_u` at the start, positive.
    k : number
        As :func:`product_exponent` returns it. With k = 1 it is the largest :math:`|w||g|` that wins.

    Returns
    -------
    int
        Its place, from 0.

    Raises
    ------
    InvalidArgument
        If there are not as many of both, one is not positive, or two share the first place: those stay equal, and the
        smallest difference would decide.

    References
    ----------
    Derived in the docstring of this module.

    Examples
    --------
    >>> product_winner((2, 1), (1, 3))
    1
    """
    return _least([one for one, _ in _clocks(slopes, starts, k)], "starts")


def product_limits(slopes: Sequence[Scalar], starts: Sequence[Scalar], k: Scalar = 1) -> tuple[sp.Expr, ...]:
    r"""Return where each product ends: infinity for the winner.

    Parameters and errors are those of :func:`product_winner`.

    Examples
    --------
    >>> product_limits((2, 1), (1, 1)), product_limits((2, 1), (1, 5))
    ((oo, 2), (5/3, oo))
    """
    clocks = _clocks(slopes, starts, k)
    winner = product_winner(slopes, starts, k)
    end, power = clocks[winner][0], positive("k", k)
    return tuple(
        sp.oo if place == winner else (x * (one - end)) ** (-1 / power) for place, (one, x) in enumerate(clocks)
    )


def product_partner(start: Scalar, slope: Scalar, own: Scalar, rival: Scalar, now: Scalar, k: Scalar = 1) -> sp.Expr:
    r"""Return a product when a rival has grown from one value to another: exact at every finite time.

    Parameters
    ----------
    start, slope : number, name or expression
        :math:`p_v` at the start and :math:`x_v`.
    own : number, name or expression
        :math:`x_w` of the rival.
    rival, now : number, name or expression
        :math:`p_w` at the start and now.
    k : number
        As for :func:`product_winner`.

    Raises
    ------
    InvalidArgument
        If one is not positive.

    Examples
    --------
    >>> product_partner(1, 1, 2, 1, 50)
    100/51
    """
    p0, x, rival_x = positive("start", start), positive("slope", slope), positive("own", own)
    q0, q, power = positive("rival", rival), positive("now", now), positive("k", k)
    return (p0**-power - x / rival_x * (q0**-power - q**-power)) ** (-1 / power)


def blow_up_time(along: Scalar, across: Scalar) -> sp.Expr:
    r"""Return :math:`\tau_u = \theta_u/|h_u|`, when a neuron of a committee would be infinite.

    Parameters
    ----------
    along : number, name or expression
        :math:`z_u = \langle w_u,x\rangle`, of either sign.
    across : number, name or expression
        :math:`|h_u|`, the length of the rest of w, at least 0.

    Returns
    -------
    sympy.Expr
        Infinite for a neuron that points away from x exactly: it shrinks to 0.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> blow_up_time(1, 1), blow_up_time(2, 0), blow_up_time(-1, 0)
    (pi/4, 1/2, oo)
    """
    z, h = real("along", along), nonnegative("across", across)
    if h == 0:
        return 1 / z if z.is_positive else sp.oo
    return (sp.pi / 2 - sp.atan(z / h)) / h


def committee_winner(along: Sequence[Scalar], across: Sequence[Scalar]) -> int:
    r"""Return which neuron of a linear committee grows without end: that of the least :math:`\theta_u/|h_u|`.

    Parameters
    ----------
    along, across : sequence of numbers
        Those of :func:`blow_up_time`, for each neuron.

    Raises
    ------
    InvalidArgument
        If there are not as many of both, two share the first place, or all point away from x.

    Examples
    --------
    >>> committee_winner((3, 1), (1, 4))
    0
    """
    return _least(_times(along, across), "along")


def committee_limits(along: Sequence[Scalar], across: Sequence[Scalar]) -> tuple[sp.Expr, ...]:
    r"""Return the :math:`z_u` at which each neuron of a linear committee ends: infinity for the winner.

    Parameters and errors are those of :func:`committee_winner`.

    Examples
    --------
    >>> committee_limits((4, 1), (0, 2))
    (oo, 2*tan(atan(1/2) + 1/2))
    """
    times = _times(along, across)
    end = times[_least(times, "along")]
    found = []
    for z, h, time in zip(*_read(along, across), times, strict=True):
        if time == end:
            found.append(sp.oo)
        elif h == 0:
            found.append(z / (1 - z * end))
        else:  # SymPy would look for a simpler form of the tangent, for seconds
            found.append(h * sp.tan(h * end + sp.atan(z / h), evaluate=False))
    return tuple(found)


def _read(along: Sequence[Scalar], across: Sequence[Scalar]) -> tuple[list[sp.Expr], list[sp.Expr]]:
    return [real("along", z) for z in along], [nonnegative("across", h) for h in across]


def _times(along: Sequence[Scalar], across: Sequence[Scalar]) -> list[sp.Expr]:
    _require_pairs("across", along, across)
    return [blow_up_time(z, h) for z, h in zip(along, across, strict=True)]


def _clocks(slopes: Sequence[Scalar], starts: Sequence[Scalar], k: Scalar) -> list[tuple[sp.Expr, sp.Expr]]:
    """Return p^-k/x of each product, which fall at one rate, and x."""
    _require_pairs("starts", slopes, starts)
    power = positive("k", k)
    read = [(positive("slopes", x), positive("starts", p)) for x, p in zip(slopes, starts, strict=True)]
    return [(p**-power / x, x) for x, p in read]


def _require_pairs(argument: str, first: Sequence[Scalar], second: Sequence[Scalar]) -> None:
    if not first or len(first) != len(second):
        problem = f"are {len(second)} numbers for {len(first)} neurons"
        raise InvalidArgument(argument, problem, "give one for each neuron, at least one")


def _least(numbers: Sequence[sp.Expr], argument: str) -> int:
    """Return the place of the least number, decided in balls."""
    finite = [place for place, one in enumerate(numbers) if one != sp.oo]
    if not finite:
        raise InvalidArgument(argument, "let no neuron grow: all point away from x", "start one at another angle")
    best = finite[0]
    for place in finite[1:]:
        if numbers[place] == numbers[best]:
            continue
        below = less(enclose(numbers[place], _DIGITS), enclose(numbers[best], _DIGITS))
        if below is None:
            raise _tie(argument, best, place)
        best = place if below else best
    for place in finite:
        if place != best and numbers[place] == numbers[best]:
            raise _tie(argument, best, place)
    return best


_DIGITS = 60


def _tie(argument: str, one: int, other: int) -> InvalidArgument:
    first, second = sorted((one + 1, other + 1))
    problem = f"let neurons {first} and {second} tie: they grow together, and the smallest difference would decide"
    return InvalidArgument(argument, problem, "move one of them")
