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
    """What is asked: an ensemble, and whatever else matters for the quantity.

    Parameters
    ----------
    net : Ensemble
        The networks that are asked about.
    order : int
        The power of a norm.
    layer : int, str or None
        The layer k, by its number or a symbol's name; None stands for the usual layer of the quantity.
    layers : tuple of two, or None
        The layers j and k, where two are asked about.
    p : Fraction
        A probability.
    c : Fraction
        The factor in P(|a_k|^2 >= c |x|^2).
    digits : int or None
        How many decimal digits are to be enclosed; None asks for a float.
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
        The name of the quantity.
    notation : str
        Its LaTeX notation, the left-hand side of the equation.
    exact : sympy.Expr or None
        The formula. It is None where the answer is a number found by inversion, has more digits than Python prints, or
        has no closed form.
    value : float or None
        The number; None while symbols remain, or where no float holds it.
    log_value : float or None
        The natural logarithm of the number, if it is known.
    assumptions : tuple of str
        All that the answer assumes, as a reader is told.
    enclosed : str or None
        The digits asked for, with a bound on their error.
    related : tuple of (name, SymPy expression)
        What else belongs to the answer, for example a generating function.
    reason : str
        The reason why there is no formula, where there is none.
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
    """An answer of montecarlo: an estimate with its interval.

    Parameters
    ----------
    quantity : str
        The name of the quantity.
    estimate : Estimate
        The estimate of the quantity, or of its logarithm.
    samples : int
        How many networks were drawn.
    seed : int
        The root seed.
    log_scale : bool
        Whether the estimate is one of the logarithm.
    networks_alive : int
        How many of the networks have an output other than 0 at the layer.
    assumptions : tuple of str
        What the interval assumes, as a reader is told.
    asked : int
        How many networks were asked for; 0 where that is no fixed number.
    reached : bool
        Whether the interval is as narrow as was asked for.
    """

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
    """Return an answer that is a formula, with its number once no symbols remain.

    Parameters
    ----------
    name, notation : str
        The name of the quantity and its LaTeX notation.
    exact : sympy.Expr
        The formula.
    assumed : tuple of str
        All that it assumes, as a reader is told.

    Examples
    --------
    >>> formula("mean", "m", sp.Rational(1, 2), ()).value
    0.5
    """
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
    """Return an answer that is a number known as a ball, with its formula if there is one.

    Parameters
    ----------
    name, notation, assumed
        As for :func:`formula`.
    exact : sympy.Expr or None
        The formula, if there is one.
    ball : Ball
        The number, with a bound on its error.
    digits : int or None
        How many decimal digits are shown; None shows a float.
    """
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
    """Return an answer of montecarlo, given the logarithms that it was read off.

    Parameters
    ----------
    name : str
        The name of the quantity.
    estimate : Estimate
        The estimate with its interval.
    logs : ndarray
        The sampled logarithms, shape (networks,); dead networks are at -infinity.
    sampling : Sampling
        How they were sampled.
    log_scale : bool
        Whether the estimate is one of the logarithm.
    """
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
    r"""Return the LaTeX of E|text|^order.

    Parameters
    ----------
    text : str
        The LaTeX of a vector or a matrix.
    order : int
        The power of its norm.

    Examples
    --------
    >>> print(power("a_2", 4))
    \mathbb{E}\left|a_2\right|^{4}
    """
    return rf"\mathbb{{E}}\left|{text}\right|^{{{order}}}"


def numeric_layer(query: Query, default: Layer) -> int:
    """Return the number of the layer to be sampled.

    Parameters
    ----------
    query : Query
        The question.
    default : int or str
        The layer if the question names none.

    Raises
    ------
    InvalidArgument
        If the ensemble has symbols, or there is no such layer.

    Examples
    --------
    >>> numeric_layer(Query(Ensemble(width=4, depth=2)), 1)
    1
    """
    query.net.require_numbers("sample")
    layer: Any = default if query.layer is None else query.layer
    if not isinstance(layer, int):
        raise InvalidArgument("layer", f"must be a number to be sampled, got {layer!r}", "use e.g. --layer 3")
    query.net.width_at(layer)
    return layer
