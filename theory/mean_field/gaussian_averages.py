r"""Averages of an activation over normal preactivations, enclosed: :math:`E\phi(m+\sqrt qZ)^2` and its kin.

The integral runs between :math:`\pm T`, in pieces if the activation has two sides; python-flint encloses it. What lies
beyond is bounded by :math:`|\phi(x)| \le |\phi(0)|+\ell|x|`: a polynomial in \|z\| with coefficients >= 0, whose tail
is a sum of incomplete gamma functions. Derivatives in q need none of the activation (Stein's lemma):

.. math:: \frac{d}{dq}EF(\sqrt qZ) = \frac1{2q}EF(\sqrt qZ)(Z^2-1), \qquad
          \frac{d^2}{dq^2}EF(\sqrt qZ) = \frac1{4q^2}EF(\sqrt qZ)(Z^4-6Z^2+3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import flint

from theory.balls import Ball, ComplexBall, precision, require_time
from theory.ensembles.arguments import InvalidArgument
from theory.mean_field.ball_activations import BallActivation, Piece, ball_activation

_ZERO = flint.arb(0)
_HERMITE = {0: (1,), 2: (-1, 0, 1), 4: (3, 0, -6, 0, 1)}
"""The coefficients of the Hermite polynomials that Stein's lemma asks for, from the constant on."""


@dataclass(frozen=True)
class GaussianAverages:
    r"""Averages of functions of :math:`m + \sqrt q Z`, Z standard normal.

    Parameters
    ----------
    activation : str
        The activation's name, with a number for its slope.
    q : flint.arb
        The variance of a preactivation, positive.
    mean : flint.arb, optional
        The mean m of a preactivation, by default 0.
    digits : int
        The number of decimal digits that an average is computed to.

    Raises
    ------
    InvalidArgument
        If q is not positive and finite, or the activation has no number for its slope.

    Examples
    --------
    >>> tanh = GaussianAverages("tanh", flint.arb(1))
    >>> print(tanh.square().str(12, radius=False))
    0.394294490398
    >>> sine = GaussianAverages("sine", flint.arb(2))
    >>> sine.square().overlaps((1 - flint.arb(-4).exp()) / 2)
    True
    """

    activation: str
    q: Ball
    mean: Ball = _ZERO
    digits: int = 15

    def __post_init__(self) -> None:
        if not self.q > 0 or not self.q.is_finite():
            shown = self.q.str(5)
            raise InvalidArgument("q", f"a variance is positive and finite, got {shown}", "use e.g. flint.arb(1)")
        ball_activation(self.activation)  # refuses what is no activation

    @property
    def _function(self) -> BallActivation:
        """The activation, whose constants have the present precision."""
        return ball_activation(self.activation)

    def first(self) -> Ball:
        r"""Return :math:`E\phi(m+\sqrt qZ)`."""
        return self._average(1)

    def square(self) -> Ball:
        r"""Return :math:`E\phi(m+\sqrt qZ)^2`."""
        return self._average(2)

    def fourth(self) -> Ball:
        r"""Return :math:`E\phi(m+\sqrt qZ)^4`."""
        return self._average(4)

    def slope_square(self) -> Ball:
        r"""Return :math:`E\phi'(m+\sqrt qZ)^2`.

        Examples
        --------
        >>> GaussianAverages("relu", flint.arb(3)).slope_square().overlaps(flint.arb(1) / 2)
        True
        """
        return self._average(2, derivative=True)

    def square_derivative(self) -> Ball:
        r"""Return the derivative of :math:`E\phi(m+\sqrt qZ)^2` in q.

        Examples
        --------
        >>> GaussianAverages("sine", flint.arb(1)).square_derivative().overlaps(flint.arb(-2).exp())
        True
        """
        return self._average(2, hermite=2) / (2 * self.q)

    def square_second_derivative(self) -> Ball:
        r"""Return the second derivative of :math:`E\phi(m+\sqrt qZ)^2` in q.

        Examples
        --------
        >>> GaussianAverages("sine", flint.arb(1)).square_second_derivative().overlaps(-2 * flint.arb(-2).exp())
        True
        """
        return self._average(2, hermite=4) / (4 * self.q**2)

    def _average(self, power: int, *, hermite: int = 0, derivative: bool = False) -> Ball:
        """Return the mean of a power of the activation, or of its derivative, times a Hermite polynomial of Z."""
        require_time()
        # a small variance leaves few digits of a difference, and a large one makes the tails large
        size = abs(float(self.q.log().mid())) / math.log(10)
        with precision(math.ceil(self.digits + 10 + (power + hermite) * size)):
            cut = flint.arb(math.ceil(math.sqrt(2 * math.log(10) * (self.digits + 8 + power * size) + 16)))
            inside = self._inside(power, hermite, derivative, cut)
            if not inside.is_finite():
                problem = f"averages over preactivations of variance {self.q.str(3)} cannot be enclosed"
                raise InvalidArgument("init", problem, "use a smaller variance")
            return inside + flint.arb(0, self._outside(power, hermite, derivative, cut).abs_upper())

    def _inside(self, power: int, hermite: int, derivative: bool, cut: Ball) -> Ball:
        one, root, mean = self._function, self.q.sqrt(), self.mean
        right, left = (one.right_derivative, one.left_derivative) if derivative else (one.right, one.left)
        coefficients = _HERMITE[hermite]
        scale = (2 * flint.arb.pi()).sqrt()

        def integrand(side: Piece) -> Piece:
            def of(z: ComplexBall, analytic: bool) -> ComplexBall:
                polynomial = sum((c * z**k for k, c in enumerate(coefficients) if c), flint.acb(0))
                return side(mean + root * z, analytic) ** power * polynomial * (-z * z / 2).exp() / scale

            return of

        kink = -mean / root
        if not one.is_split or kink > cut or kink < -cut:
            side = left if kink > cut else right
            return flint.acb.integral(integrand(side), -cut, cut).real
        below, above = (
            flint.acb.integral(integrand(side), *ends).real
            for side, ends in ((left, (-cut, kink)), (right, (kink, cut)))
        )
        return below + above

    def _outside(self, power: int, hermite: int, derivative: bool, cut: Ball) -> Ball:
        """Bound the integral of the absolute value beyond the cut, on both sides."""
        lipschitz = flint.arb(flint.fmpq(self._function.lipschitz.numerator, self._function.lipschitz.denominator))
        if derivative:
            grows = [lipschitz**power]
        else:
            line = [abs(self._function.at_zero) + lipschitz * abs(self.mean), lipschitz * self.q.sqrt()]
            grows = [flint.arb(1)]
            for _ in range(power):
                grows = _multiplied(grows, line)
        grows = _multiplied(grows, [flint.arb(abs(c)) for c in _HERMITE[hermite]])
        return 2 * sum((c * _tail_moment(k, cut) for k, c in enumerate(grows)), flint.arb(0))


def _multiplied(left: Sequence[Ball], right: Sequence[Ball]) -> list[Ball]:
    """Multiply two polynomials by their coefficients."""
    out = [flint.arb(0)] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            out[i + j] += a * b
    return out


def _tail_moment(order: int, cut: Ball) -> Ball:
    """Return the integral of z^order over the standard normal density beyond the cut."""
    half = flint.arb(order + 1) / 2
    return flint.arb(2) ** half * (cut**2 / 2).gamma_upper(half) / (2 * (2 * flint.arb.pi()).sqrt())
