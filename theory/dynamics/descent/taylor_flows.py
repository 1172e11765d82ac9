r"""Flows of polynomial fields in rigorous balls: Taylor steps, each with a bound on all that it leaves out.

A step of length h starts from a box :math:`y_0` of positions. A larger box B with :math:`y_0+[0,h]F(B)\subset B` holds
the flow all the way (Picard); the flow is its Taylor polynomial at :math:`y_0`, and the term of the next order, with
the coefficient that belongs to some place in B.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import flint

from theory.balls import Ball, precision, require_time
from theory.ensembles import InvalidArgument

Field = Callable[[Sequence[Any]], Sequence[Any]]
"""A vector field whose entries are made of sums and products of its arguments."""

_SHORTEST = 2.0**-40
"""No step is halved to less than this."""


@dataclass(frozen=True, eq=False)
class Passed:
    """One step of a flow.

    Parameters
    ----------
    end : tuple of flint.arb
        Where the flow is after the step.
    box : tuple of flint.arb
        Balls that hold the flow at all times between.
    """

    end: tuple[Ball, ...]
    box: tuple[Ball, ...]


def flow_steps(
    field: Field, start: Sequence[Ball], step: Ball, steps: int, *, digits: int = 50, order: int = 24, parts: int = 1
) -> Iterator[Passed]:
    r"""Follow :math:`\dot y=F(y)` for equal steps of time.

    Parameters
    ----------
    field : callable
        F. It is called with balls and with their power series.
    start : sequence of flint.arb
        y(0).
    step : flint.arb
        The length of a step, positive.
    steps : int
        How many.
    digits, order, parts : int
        The working precision, the order of Taylor's polynomial, and into how many parts each step is divided at first.

    Yields
    ------
    Passed
        For each step.

    Raises
    ------
    InvalidArgument
        If no box is found for any step, however short: the flow may blow up.

    Examples
    --------
    >>> (passed,) = flow_steps(lambda y: [y[0] * (1 - y[0])], [flint.arb(0.5)], flint.arb(1), 1)  # 1/(1 + e^-1)
    >>> print(passed.end[0].str(20, radius=False), passed.box[0].contains(passed.end[0]))
    0.73105857863000487925 True
    """
    here = tuple(start)
    with precision(digits):
        whole = step / parts
    for _ in range(steps):
        with precision(digits):
            boxes: list[tuple[Ball, ...]] = []
            for _ in range(parts):
                here, passed = _over(field, here, whole, order)
                boxes.extend(passed)
            box = boxes[0]
            for other in boxes[1:]:
                box = tuple(a.union(b) for a, b in zip(box, other, strict=True))
        yield Passed(here, box)


def _over(
    field: Field, start: tuple[Ball, ...], length: Ball, order: int
) -> tuple[tuple[Ball, ...], list[tuple[Ball, ...]]]:
    """Pass that time in as many steps as it takes."""
    require_time()
    box = _picard(field, start, length)
    if box is not None:
        end = _taylor(field, start, box, length, order)
        if end is not None:
            return end, [box]
    if length < _SHORTEST:
        raise InvalidArgument("field", "has no flow for so long: it blows up, or the precision is lost", "stop it")
    middle, before = _over(field, start, length / 2, order)
    end, after = _over(field, middle, length / 2, order)
    return end, before + after


def _picard(field: Field, start: tuple[Ball, ...], length: Ball) -> tuple[Ball, ...] | None:
    """Return a box that the flow does not leave in that time, if a few tries find one."""
    span = flint.arb(0).union(length)
    box = start
    for _ in range(6):
        reached = tuple(y + span * f for y, f in zip(start, field(box), strict=True))
        if all(y.is_finite() for y in reached):
            if all(b.contains(y) for b, y in zip(box, reached, strict=True)):
                return reached
            box = tuple(_wider(y.union(s)) for y, s in zip(reached, start, strict=True))
        else:
            return None
    return None


def _wider(ball: Ball) -> Ball:
    """Return the ball with a tenth more radius, and a little beyond rounding."""
    more = ball.rad() / 10 + abs(ball) * flint.arb(2) ** (-flint.ctx.prec // 2) + flint.arb(2) ** (-flint.ctx.prec)
    return ball + flint.arb(0, more.upper())


def _coefficients(field: Field, place: tuple[Ball, ...], order: int) -> list[Any]:
    """Return the power series of the flow from a place up to an order, by integrating one term more each time."""
    before = flint.ctx.cap
    try:
        flint.ctx.cap = order + 1
        series = [flint.arb_series([y], 1) for y in place]
        for known in range(1, order + 1):
            flint.ctx.cap = known + 1
            speeds = field(series)
            grown = []
            for y, speed in zip(place, speeds, strict=True):
                terms = list(speed.coeffs())[:known] if isinstance(speed, flint.arb_series) else [speed]
                grown.append(flint.arb_series([y, *(c / (k + 1) for k, c in enumerate(terms))], known + 1))
            series = grown
        return [[y[k] for k in range(order + 1)] for y in series]
    finally:
        flint.ctx.cap = before


def _taylor(
    field: Field, start: tuple[Ball, ...], box: tuple[Ball, ...], length: Ball, order: int
) -> tuple[Ball, ...] | None:
    """Return where the flow is after that time; None if a shorter step would be sharper."""
    rests = [c[order] * length**order for c in _coefficients(field, box, order)]
    if not all(abs(rest) < flint.arb(2) ** (-flint.ctx.prec * 2 // 3) for rest in rests):
        return None
    ends = []
    for near, rest in zip(_coefficients(field, start, order - 1), rests, strict=True):
        value = flint.arb(0)
        for coefficient in reversed(near):
            value = value * length + coefficient
        ends.append(value + rest)
    return tuple(ends)
