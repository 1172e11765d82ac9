"""Where the flow of a chain of equal weights is after a time, in balls, found by inverting its exact time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import flint
import sympy as sp

from theory import symbols
from theory.balls import Ball, enclose, precision
from theory.dynamics.balanced_chains import BalancedChain
from theory.dynamics.descent.taylor_flows import flow_steps
from theory.ensembles import InvalidArgument
from theory.symbols import Scalar


def chain_weight(depth: int, start: Scalar, time: Ball, digits: int = 30) -> Ball:
    r"""Enclose where the flow :math:`\dot w = w^{n-1}(1-w^n)` of a chain of equal weights is after a time.

    Parameters
    ----------
    depth : int
        n, at least 2.
    start : number
        :math:`w_0`, strictly between 0 and 1.
    time : flint.arb
        t, not negative.
    digits : int
        The number of digits, of which a few are lost.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> print(chain_weight(2, "1/10", flint.arb(3), 20).str(12, radius=False))  # (1 + 99 e^-6)^(-1/2)
    0.896078764825
    """
    first = symbols.positive("start", start)
    if not (first.is_number and first < 1):
        raise InvalidArgument("start", f"must be strictly between 0 and 1, got {start}", "use e.g. 1/10")
    if time.contains(0):
        return enclose(first, digits).union(enclose(first, digits))
    clock, letter = _clock(depth, first)
    low, high = enclose(first, digits), flint.arb(1)
    with precision(digits):
        for _ in range(digits * 10):
            middle = ((low + high) / 2).mid()
            passed = enclose(clock, digits + 10, {letter: middle})
            if passed < time:
                low = middle
            elif passed > time:
                high = middle
            else:  # as near as the time itself is known: only a bracket around it is left to find
                return _bracket(clock, letter, time, middle, low, high, digits)
            guess = (middle + (time - passed) * middle ** (depth - 1) * (1 - middle**depth)).mid()
            near = abs(guess - middle) * abs(guess - middle) * 8 + flint.arb(10) ** (4 - digits)
            if near < (high - low) / 4:  # Newton's place, tried from both sides
                for side in (guess - near, guess + near):
                    side = side.mid()
                    if low < side < high:
                        told = enclose(clock, digits + 10, {letter: side})
                        low, high = (side, high) if told < time else (low, side) if told > time else (low, high)
            if high - low < flint.arb(10) ** (5 - digits):
                break
        return low.union(high)


def chain_weights(depth: int, start: Scalar, first: Ball, step: Ball, count: int, digits: int = 30) -> list[Ball]:
    r"""Enclose where the flow of a chain is at equally spaced times, the first found from the closed form.

    Parameters
    ----------
    depth, start, digits
        As for :func:`chain_weight`.
    first, step : flint.arb
        The first time and what is added to it.
    count : int
        How many times.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> found = chain_weights(2, "1/10", flint.arb(1), flint.arb(1), 3, 20)
    >>> [w.str(8, radius=False) for w in found]
    ['0.26353967', '0.59620549', '0.89607876']
    """
    found = [chain_weight(depth, start, first, digits)]
    power = depth - 1

    def field(y: Sequence[Any]) -> list[Any]:
        w = y[0]
        slow = w
        for _ in range(power - 1):
            slow = slow * w
        return [slow * (1 - slow * w)]

    # on a line no two flows cross: those from both ends hold all between, and balls need not grow where flow contracts
    low, high = found[0].lower(), found[0].upper()
    for _ in range(count - 1):
        ends = [next(flow_steps(field, [end], step, 1, digits=digits, order=16)).end[0] for end in (low, high)]
        low, high = ends[0].lower(), ends[1].upper()
        with precision(digits):
            found.append(low.union(high))
    return found


def _bracket(clock: sp.Expr, letter: sp.Symbol, time: Ball, near: Ball, low: Ball, high: Ball, digits: int) -> Ball:
    """Return a ball around a weight near the one of that time, narrow where the clock tells both sides apart."""
    room = flint.arb(10) ** (4 - digits)
    for _ in range(digits):
        below, above = (near - room).max(low).mid(), (near + room).min(high).mid()
        below_is = below <= low or enclose(clock, digits + 10, {letter: below}) < time
        if below_is and (above >= high or enclose(clock, digits + 10, {letter: above}) > time):
            return below.union(above)
        room *= 10
    return low.union(high)


@cache
def _clock(depth: int, start: sp.Expr) -> tuple[sp.Expr, sp.Symbol]:
    chain = BalancedChain(depth, 1, 1, start)
    w = sp.Symbol("w", positive=True)
    return chain.time(w), w
