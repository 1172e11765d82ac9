r"""Activations and their derivatives as functions of complex balls, with what bounds them far from 0.

Each is analytic on both sides of 0; those whose two sides are different functions are integrated side by side.
Everywhere :math:`|\phi(x)| \le |\phi(0)| + \ell|x|` and :math:`|\phi'(x)| \le \ell`, and on each side
:math:`|\phi''(x)| \le c`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import flint

from theory.balls import Ball, ComplexBall
from theory.ensembles.activations import SELU_ALPHA, SELU_SCALE, pieces_of
from theory.ensembles.arguments import InvalidArgument

Piece = Callable[[ComplexBall, bool], ComplexBall]
"""A function of a complex ball, and of whether it must be analytic there, as python-flint's integral asks for it."""


@dataclass(frozen=True)
class BallActivation:
    """An activation in ball arithmetic.

    Parameters
    ----------
    right, left : callable
        The activation for positive and for negative arguments.
    right_derivative, left_derivative : callable
        Its derivative there.
    lipschitz : Fraction
        A number that no slope exceeds in absolute value.
    curvature : Fraction
        A number that no second derivative exceeds in absolute value, on either side.
    is_split : bool
        Whether the two sides are different functions.
    """

    right: Piece
    left: Piece
    right_derivative: Piece
    left_derivative: Piece
    lipschitz: Fraction
    curvature: Fraction
    is_split: bool

    @property
    def at_zero(self) -> Ball:
        """The activation's value at 0."""
        return self.right(flint.acb(0), False).real

    @property
    def slopes_at_zero(self) -> tuple[Ball, Ball]:
        """The slopes at 0, to its right and to its left."""
        zero = flint.acb(0)
        return self.right_derivative(zero, False).real, self.left_derivative(zero, False).real


def ball_activation(name: str) -> BallActivation:
    """Return an activation in ball arithmetic.

    Parameters
    ----------
    name : str
        A name that :func:`theory.ensembles.activations.parse_activation` has returned, with a number for the slope.

    Raises
    ------
    InvalidArgument
        If the slope is a symbol, or there is no such activation.

    Examples
    --------
    >>> ball_activation("tanh").right(flint.acb(1), False).real
    [0.761594155955765 +/- 2.81e-16]
    >>> ball_activation("silu").slopes_at_zero
    (0.500000000000000, 0.500000000000000)
    """
    match name:
        case "tanh":
            return _whole(lambda z, _: z.tanh(), lambda z, _: 1 - z.tanh() ** 2, 1, Fraction(77, 100))
        case "erf":
            return _whole(
                lambda z, _: z.erf(),
                lambda z, _: 2 * (-z * z).exp() / flint.arb.pi().sqrt(),
                Fraction(113, 100),
                Fraction(97, 100),
            )
        case "sigmoid":
            return _whole(
                lambda z, _: _sigmoid(z), lambda z, _: _sigmoid(z) * _sigmoid(-z), Fraction(1, 4), Fraction(1, 10)
            )
        case "gelu":
            return _whole(
                lambda z, _: z * _normal_cdf(z),
                lambda z, _: _normal_cdf(z) + z * (-z * z / 2).exp() / (2 * flint.arb.pi()).sqrt(),
                Fraction(113, 100),
                Fraction(4, 5),
            )
        case "silu":
            return _whole(
                lambda z, _: z * _sigmoid(z),
                lambda z, _: _sigmoid(z) * (1 + z * _sigmoid(-z)),
                Fraction(11, 10),
                Fraction(1, 2),
            )
        case "softplus":
            return _whole(_softplus, lambda z, _: _sigmoid(z), 1, Fraction(1, 4))
        case "sine":
            return _whole(lambda z, _: z.sin(), lambda z, _: z.cos(), 1, 1)
        case "elu":
            return _exponential(flint.arb(1), flint.arb(1), Fraction(1))
        case "selu":
            alpha, scale = _exact(SELU_ALPHA), _exact(SELU_SCALE)
            return _exponential(scale, alpha, SELU_ALPHA * SELU_SCALE)
    below, above = pieces_of(name)
    if isinstance(below, str):
        raise InvalidArgument("activation", f"needs a number, got the slope {below!r}", "use e.g. leaky:1/4")
    falls, rises = _exact(Fraction(below)), _exact(above)
    return BallActivation(
        right=lambda z, _: rises * z,
        left=lambda z, _: falls * z,
        right_derivative=lambda z, _: flint.acb(rises),
        left_derivative=lambda z, _: flint.acb(falls),
        lipschitz=max(abs(Fraction(below)), abs(above)),
        curvature=Fraction(0),
        is_split=below != above,
    )


def _whole(value: Piece, derivative: Piece, lipschitz: Fraction | int, curvature: Fraction | int) -> BallActivation:
    bounds = Fraction(lipschitz), Fraction(curvature)
    return BallActivation(value, value, derivative, derivative, *bounds, is_split=False)


def _exponential(scale: Ball, alpha: Ball, lipschitz: Fraction) -> BallActivation:
    """Return scale * z on the right, and scale * alpha * (e^z - 1) on the left."""
    return BallActivation(
        right=lambda z, _: scale * z,
        left=lambda z, _: scale * alpha * z.expm1(),
        right_derivative=lambda z, _: flint.acb(scale),
        left_derivative=lambda z, _: scale * alpha * z.exp(),
        lipschitz=lipschitz,
        curvature=lipschitz,
        is_split=True,
    )


def _sigmoid(z: ComplexBall) -> ComplexBall:
    return 1 / (1 + (-z).exp())


def _normal_cdf(z: ComplexBall) -> ComplexBall:
    return (-z / flint.arb(2).sqrt()).erfc() / 2


def _softplus(z: ComplexBall, analytic: bool) -> ComplexBall:
    return (1 + z.exp()).log(analytic=analytic)


def _exact(value: Fraction) -> Ball:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))
