"""The form of a question and of its answers, and what all answers share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from montecarlo import Estimate
from proofs_check.answers.sampling import Sampling
from theory.balls import Ball
from theory.ensembles import Ensemble, InvalidArgument

Layer = int | str


@dataclass(frozen=True)
class Query:
    """What is asked: an ensemble, with what else matters for the quantity.

    Parameters
    ----------
    net : Ensemble
    order : int
        The power of a norm.
    layer : int, str or None
        k.
    layers : tuple of two, or None
        j and k, where two layers are asked about.
    p : Fraction
        A probability.
    c : Fraction
        The factor in P(|a_k|^2 >= c |x|^2).
    digits : int or None
        Decimal digits to be enclosed; floats if None.
    """

    net: Ensemble
    order: int = 2
    layer: Layer | None = None
    layers: tuple[Layer, Layer] | None = None
    p: Fraction = Fraction(1, 2)
    c: Fraction = Fraction(1, 2)
    digits: int | None = None

    @property
    def at(self) -> Layer:
        """The layer asked about: the last by default."""
        return self.net.depth if self.layer is None else self.layer

    @property
    def two_layers(self) -> tuple[Layer, Layer]:
        """The two layers asked about.

        Raises
        ------
        InvalidArgument
            If they were not given.
        """
        if self.layers is None:
            raise InvalidArgument("layers", "two layers are needed", "use e.g. --layers 1,3")
        return self.layers


@dataclass(frozen=True)
class Derivation:
    """An answer of theory.

    Parameters
    ----------
    quantity : str
        Its name.
    notation : str
        Its LaTeX notation, the left-hand side.
    exact : sympy.Expr or None
        The formula; None where the answer is a number found by inversion, has more digits than Python prints, or no
        closed form.
    value : float or None
        None while symbols remain.
    log_value : float or None
        Natural logarithm, where it is what is computed, or the value under- or overflows.
    assumptions : tuple of str
        All of them.
    enclosed : str or None
        The digits asked for, with a bound on their error.
    related : tuple of (name, SymPy expression)
        What else belongs to the answer: a generating function, an asymptote, ...
    reason : str
        Why there is no formula, where there is none.
    """

    quantity: str
    notation: str
    exact: sp.Expr | None
    value: float | None
    log_value: float | None
    assumptions: tuple[str, ...]
    enclosed: str | None = None
    related: tuple[tuple[str, sp.Expr], ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Sampled:
    """An answer of montecarlo: an estimate with its interval, and logarithms where they are what is measured."""

    quantity: str
    estimate: Estimate
    samples: int
    seed: int
    log_scale: bool
    networks_alive: int
    assumptions: tuple[str, ...] = ()
    asked: int = 0
    reached: bool = True

    @property
    def is_partial(self) -> bool:
        """Whether an interrupt ended the sampling."""
        return self.samples < self.asked


def formula(name: str, notation: str, exact: sp.Expr, assumed: tuple[str, ...]) -> Derivation:
    """Return an answer that is a formula, with its number once no symbols remain."""
    if exact.free_symbols:
        return Derivation(name, notation, exact, value=None, log_value=None, assumptions=assumed)
    number = sp.re(sp.N(exact, 30))
    logarithm = float(sp.log(number)) if number > 0 else None
    value = float(number)
    in_range = math.isfinite(value) and (value != 0 or number == 0)
    return Derivation(
        name, notation, printable(exact), value=value if in_range else None, log_value=logarithm, assumptions=assumed
    )


def number(
    name: str, notation: str, exact: sp.Expr | None, ball: Ball, assumed: tuple[str, ...], digits: int | None
) -> Derivation:
    """Return an answer that is a number known as a ball, with its formula if there is one."""
    value = float(ball)
    logarithm = float(ball.log()) if ball > 0 else None
    in_range = math.isfinite(value) and (value != 0 or ball == 0)
    shown = None if digits is None else ball.str(digits)
    return Derivation(
        name,
        notation,
        None if exact is None else printable(exact),
        value=value if in_range else None,
        log_value=logarithm,
        assumptions=assumed,
        enclosed=shown,
    )


def printable(exact: sp.Expr) -> sp.Expr | None:
    """Return the expression, or None if a number in it has more digits than Python prints."""
    try:
        str(exact)
    except ValueError:  # sys.get_int_max_str_digits()
        return None
    return exact


def sampled(name: str, estimate: Estimate, logs: Any, sampling: Sampling, *, log_scale: bool = False) -> Sampled:
    """Return an answer of montecarlo, given the logs that it was read off."""
    asked = 0 if sampling.within is not None or sampling.block is not None else sampling.samples
    alive = int(np.isfinite(logs).sum())
    reached = sampling.within is None or estimate.half_width <= math.log1p(sampling.within)
    return Sampled(
        name,
        estimate,
        len(logs),
        seed=sampling.seed,
        log_scale=log_scale,
        networks_alive=alive,
        asked=asked,
        reached=reached,
    )


def power(text: str, order: int) -> str:
    """Return the LaTeX of E|text|^order."""
    return rf"\mathbb{{E}}\left|{text}\right|^{{{order}}}"


def numeric_layer(query: Query, default: Layer) -> int:
    """Return the number of the layer to be sampled.

    Raises
    ------
    InvalidArgument
        If the ensemble has symbols, or there is no such layer.
    """
    query.net.require_numbers("sample")
    layer: Any = default if query.layer is None else query.layer
    if not isinstance(layer, int):
        raise InvalidArgument("layer", f"must be a number to be sampled, got {layer!r}", "use e.g. --layer 3")
    query.net.width_at(layer)
    return layer
