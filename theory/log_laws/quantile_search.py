"""Quantiles of a sum of logarithms in balls, by Newton's method in intervals, from wherever floats begin."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import flint

from theory.balls import Ball, enclose_number, precision
from theory.ensembles import InvalidArgument
from theory.log_laws import inversion
from theory.log_laws.float_inversion import FloatInversion

_ROUGH = 3
"""A density known to so many digits is enough for Newton's method to gain a dozen digits a step."""

_FLOAT_TAIL = 1e-7
"""From this probability on, floats say where a quantile is well enough for Newton's method."""

_FLOAT_SHARE = 1e4
"""So much larger it must be than the error of floats, which is greater in very deep networks."""


def enclosed_quantile(floats: FloatInversion, constant: Any, goal: Ball, *, upper: bool, digits: int) -> Ball:
    """Enclose the point where a tail has a given probability.

    Parameters
    ----------
    floats : FloatInversion
        The law, in floats.
    constant : sympy.Expr
        The number whose logarithm is added to the sum.
    goal : flint.arb
        The probability of the tail, positive.
    upper : bool
        Whether the upper tail is meant.
    digits : int
        The number of significant digits of the answer.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        If the digits cannot be met, or the quantile is too far in the tail.
    """
    search = _Search(floats, constant, goal, upper)
    t, closeness = search.start()
    for _ in range(8 + digits // 8):  # Newton's method in intervals: a quantile in `inside` lies in `image`
        with precision(digits + 20):
            inside = flint.arb(t, closeness)
            near = round(-float(inside.rad().log()) / math.log(10))
            sharp = max(_ROUGH, min(near - 12, digits + 6 - near))  # so each step doubles the digits, up to those asked
            excess = goal - search.tail(t, min(digits, near + sharp) + 5)
            image = t + (-1 if upper else 1) * excess / search.density_around(inside, sharp)
            if not inside.contains_interior(image):
                closeness *= 1000
                continue
            size = abs(t) if abs(t) > 1e-3 else flint.arb(1)
            if image.rad() < size * flint.arb(10) ** -(digits + 1):
                return image
            t, closeness = image.mid(), image.rad() * 2
    raise InvalidArgument("digits", f"{digits} digits of this quantile cannot be met", "ask for fewer")


@dataclass(frozen=True)
class _Search:
    floats: FloatInversion
    constant: Any
    goal: Ball
    upper: bool

    def place(self, t: Ball | float) -> Ball:
        """Return t without the constant's logarithm."""
        return flint.arb(t) - enclose_number(self.constant).log()

    def tail(self, t: Ball | float, digits: int) -> Ball:
        with precision(digits + 80):
            y = self.place(t)
        return inversion.tail(self.floats.terms, y, upper=self.upper, digits=digits)

    def density_around(self, inside: Ball, digits: int) -> Ball:
        """Enclose the density on a small ball, to so many digits where its size allows them."""
        y = self.place(inside)
        if digits > _ROUGH:
            with suppress(InvalidArgument):
                return inversion.density(self.floats.terms, y, digits=digits)
        return inversion.density(self.floats.terms, y, digits=_ROUGH)

    def start(self) -> tuple[Ball, Ball]:
        """Return a point near the quantile and about how near it is, by Newton's method on the tail's logarithm."""
        mean, deviation = self.floats.center
        if self.goal > max(_FLOAT_TAIL, _FLOAT_SHARE * self.floats.error):
            p = float(self.goal)
            return flint.arb(self.floats.quantile(1 - p if self.upper else p)), flint.arb(1e-9)
        t, sign, longest = mean, -1 if self.upper else 1, 4 * deviation
        for _ in range(80):
            there = self.tail(t, 10)
            with precision(20):
                slope = inversion.density(self.floats.terms, self.place(t), digits=10) / there
                step = sign * float((self.goal / there).log() / slope)
            t += max(-longest, min(longest, step))
            if abs(step) < 1e-6:
                return flint.arb(t), flint.arb(1e-9)
            longest *= 2 if abs(step) > longest else 1
        raise InvalidArgument("p", "is too far in the tail", "use p nearer to 1/2")
