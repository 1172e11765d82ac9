r"""Where the variances of a wide network go with depth, how fast, and how deep signals and gradients reach.

At constant width the length map is the same in each layer, :math:`q_{k+1} = V(q_k)`,
:math:`V(q) = \sigma_w^2M(q)+\sigma_b^2` with :math:`\sigma_w^2 = ns^2`. For every activation known here M increases:

- tanh, erf and sine: :math:`E\tanh^2` and :math:`E\,\mathrm{erf}^2` are means of functions that increase with
  \|Z\|, and :math:`E\sin^2 = (1-e^{-2q})/2`;
- sigmoid is 1/2 plus an odd function that increases;
- softplus, which is convex, positive and increasing: :math:`M' = E(\phi'^2+\phi\phi'') > 0`;
- GELU, SiLU: :math:`\phi(x)^2+\phi(-x)^2 = x^2(1-2g(1-g))` for the gate g(x), which increases with \|x\|;
- ELU, SELU: :math:`M' = \lambda^2(\tfrac12+E[\alpha e^Y(2\alpha e^Y-\alpha);Y<0])`, which is at least
  :math:`\lambda^2(\tfrac12-\alpha^2/16) > 0`.

So the variances are monotone in k, and tend to the first fixed point on their way. It is enclosed in three steps: an
approximation; an interval around it where :math:`|V'| < 1`, which has one fixed point only; and iterates, rounded
towards the start, that reach this interval from :math:`q_1`, so that nothing lies between. The map of piecewise-linear
activations is a line, and its fixed point a quotient.

The size of signals is forgotten as :math:`V'(q^*)^k`, and small angles between inputs change as :math:`\chi^k` with
:math:`\chi = \sigma_w^2E\phi'(\sqrt{q^*}Z)^2`; gradients grow by the same factor from layer to layer. The depth scales
are :math:`1/|\log V'|` and :math:`1/|\log\chi|`.

References
----------
S. Schoenholz et al., ICLR 2017, arXiv:1611.01232.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import flint

from theory import symbols
from theory.balls import Ball, precision, require_digits, require_time
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.activations import known_name
from theory.mean_field.ball_activations import ball_activation
from theory.mean_field.gaussian_averages import GaussianAverages
from theory.mean_field.length_map import bias_spread, first_variance, gain, require_wide_limit

_MOST_STEPS = 500
_MORE = 8
_FEW = 8
"""So many digits are enough to find where iterates go."""
_NEAR = flint.fmpq(1, 50)
"""Half the relative length of the interval in which a fixed point is shown to be the only one."""


@dataclass(frozen=True)
class FixedPoint:
    r"""The limit of the variances with depth, in the limit of width.

    Attributes
    ----------
    variance : flint.arb
        :math:`q^*`.
    size : flint.arb
        :math:`M(q^*)`, the limit of :math:`|a_k|^2/n`.
    length_slope : flint.arb
        :math:`V'(q^*)`, by which deviations of the size shrink from layer to layer.
    chi : flint.arb
        The factor by which the mean square of gradients grows from layer to layer, backwards.
    """

    variance: Ball
    size: Ball
    length_slope: Ball
    chi: Ball

    @property
    def depth_scale(self) -> Ball | None:
        r"""The number of layers :math:`1/|\log\chi|` over which gradients change by a factor e; None if χ may be 1."""
        return _scale(self.chi)

    @property
    def length_depth_scale(self) -> Ball | None:
        """The number of layers over which a deviation of the size shrinks by a factor e; None if it may not shrink."""
        return _scale(self.length_slope)


@dataclass(frozen=True)
class LengthMap:
    r"""The map :math:`V(q) = \sigma_w^2M(q)+\sigma_b^2` of constant width.

    Parameters
    ----------
    activation : str
        The activation's name.
    gain : flint.arb
        :math:`\sigma_w^2 = ns^2`.
    bias_variance : flint.arb
        :math:`\sigma_b^2`.
    digits : int
        The number of decimal digits of averages.
    """

    activation: str
    gain: Ball
    bias_variance: Ball
    digits: int

    def averages(self, q: Ball) -> GaussianAverages:
        """Return the averages over preactivations of variance q."""
        return GaussianAverages(self.activation, q, flint.arb(0), self.digits)

    def __call__(self, q: Ball) -> Ball:
        """Return V(q)."""
        return self.gain * self.averages(q).square() + self.bias_variance

    def slope(self, q: Ball) -> Ball:
        """Return V'(q)."""
        return self.gain * self.averages(q).square_derivative()

    def at(self, q: Ball) -> FixedPoint:
        """Return what is known at a fixed point."""
        averages = self.averages(q)
        return FixedPoint(
            q, averages.square(), self.gain * averages.square_derivative(), self.gain * averages.slope_square()
        )


def fixed_point(net: Ensemble, digits: int = 15) -> FixedPoint:
    """Enclose the variance that preactivations of a wide network tend to with depth.

    Parameters
    ----------
    net : Ensemble
        As for :func:`theory.mean_field.length_map.layer_limits`, of constant width, without constant biases. Its depth
        does not matter. At a width that is a symbol the input is ``ones`` unless another is given.
    digits : int
        The number of significant digits.

    Returns
    -------
    FixedPoint

    Raises
    ------
    InvalidArgument
        If the network is another one, the variances grow without bound, or they converge too slowly to be enclosed, as
        they do near the critical line.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", activation="tanh", bias="1/20", input="ones")
    >>> found = fixed_point(net)
    >>> print(found.variance.str(10, radius=False), found.chi.str(10, radius=False))
    0.1935925202 0.7590316472
    """
    require_digits(digits)
    _require(net)
    if net.input is None and isinstance(net.width, str):
        net = net.at(input="ones")
    with precision(digits + _MORE):
        start = first_variance(net)
        step = LengthMap(known_name(net.activation), gain(net, 0), bias_spread(net, 1), digits + _MORE)
        if net.is_piecewise_linear:
            return _of_a_line(net, step, start)
        low = _floor(step)
        if _never_exceeds(step):
            return _nothing(step)
        guess = _approximation(replace(step, digits=_FEW), start, low)
        if guess is None:
            _require_reached(step, start, low.union(0))
            return _nothing(step)
        near = flint.arb(guess, guess * flint.arb(_NEAR))
        if not abs(step.slope(near)) < 1:
            raise InvalidArgument("init", _SLOWLY, "change the variance")
        _require_reached(replace(step, digits=_FEW), start, near)
        return step.at(_refined(step, guess, digits))


_SMALLER = "use a smaller variance"
_SLOWLY = "the variances grow without bound, or converge too slowly to be enclosed, as they do near a critical point"


def _require(net: Ensemble) -> None:
    require_wide_limit(net)
    net.require_equal_layers("differ, so the map is another one in each layer", "use one for all")
    if net.bias.name == "constant":
        problem = "is known for random biases, whose length map increases"
        raise InvalidArgument("bias", f"the fixed point {problem}, got {net.bias.describe()!r}", "use e.g. bias='1/10'")


def _of_a_line(net: Ensemble, step: LengthMap, start: Ball) -> FixedPoint:
    """Return the fixed point of V(q) = chi q + sigma_b^2, the length map of piecewise-linear activations."""
    right, left = ball_activation(step.activation).slopes_at_zero
    mean_square = (right**2 + left**2) / 2
    chi = step.gain * mean_square
    below, above = (symbols.number(slope) for slope in net.pieces)
    exact = symbols.tidy(symbols.whole(net.width_at(0)) * symbols.variance(net, 1) * (below**2 + above**2) / 2)
    if exact == 1 and step.bias_variance == 0:
        return FixedPoint(start, mean_square * start, flint.arb(1), flint.arb(1))
    if not chi < 1:
        raise InvalidArgument("init", f"the variances grow without bound: by the factor {exact} a layer", _SMALLER)
    q = step.bias_variance / (1 - chi)
    return FixedPoint(q, mean_square * q, chi, chi)


def _nothing(step: LengthMap) -> FixedPoint:
    """Return the fixed point 0, where the slopes are those at 0."""
    right, left = ball_activation(step.activation).slopes_at_zero
    chi = step.gain * (right**2 + left**2) / 2
    return FixedPoint(flint.arb(0), flint.arb(0), chi, chi)


def _never_exceeds(step: LengthMap) -> bool:
    """Whether V(q) < q for all q > 0: tanh and sine stay below their tangent at 0, whose slope is 1."""
    return step.activation in ("tanh", "sine") and step.bias_variance == 0 and bool(step.gain <= 1)


def _floor(step: LengthMap) -> Ball:
    r"""Return a number below which V(q) < q for all q > 0, or 0.

    On each side :math:`|\phi(x)| \le s|x|+cx^2/2` with the slope s at 0 if there :math:`\phi(0) = 0`, so that
    :math:`M(q)/q \le (s_+^2+s_-^2)/2+2\sqrt{2/\pi}\,sc\sqrt q+3c^2q/4`.
    """
    one = ball_activation(step.activation)
    right, left = one.slopes_at_zero
    room = 1 / step.gain - (right**2 + left**2) / 2
    if step.bias_variance != 0 or one.at_zero != 0 or not room > 0:
        return flint.arb(0)
    steepest, curve = max(abs(right).upper(), abs(left).upper()), _exact(one.curvature)
    root = flint.arb(1)
    while not 2 * (2 / flint.arb.pi()).sqrt() * steepest * curve * root + 3 * curve**2 * root**2 / 4 < room:
        root /= 2
    return (root**2).lower()


def _approximation(step: LengthMap, start: Ball, low: Ball) -> Ball | None:
    """Return where iterates stay, by Aitken's extrapolation and without any guarantee; None if they fall to 0."""
    q = start.mid()
    for _ in range(_MOST_STEPS):
        require_time()
        if q < low:
            return None
        first = step(q).mid()
        second = step(first).mid()
        difference = second - 2 * first + q
        if abs(second - first) <= abs(second) * flint.arb(10) ** (4 - step.digits):
            return second
        if second > flint.arb(10) ** 12:
            problem = f"the variances seem to grow without bound: from {start.str(5)} beyond 1e12"
            raise InvalidArgument("init", problem, _SMALLER)
        jumped = (q - (first - q) ** 2 / difference).mid() if difference != 0 else second
        # a jump is taken only where iterates converge, and no further than they could go
        contracts = abs(second - first) < abs(first - q)
        q = jumped if contracts and jumped > 0 and abs(step(jumped) - jumped) < abs(second - first) else second
    raise InvalidArgument("init", _SLOWLY, "change the variance")


def _require_reached(step: LengthMap, start: Ball, near: Ball) -> None:
    """Refuse a fixed point that iterates from the start do not reach: another may lie between."""
    q = start.mid()
    for _ in range(_MOST_STEPS):
        require_time()
        if near.contains(q):
            return
        image = step(q)
        upwards = bool(q < near)
        q = image.lower() if upwards else image.upper()
        if bool(q < near) != upwards and not near.contains(q):
            break
    raise InvalidArgument("init", _SLOWLY, "change the variance")


def _refined(step: LengthMap, guess: Ball, digits: int) -> Ball:
    """Return a small ball with a fixed point in it: V moves both of its ends inwards."""
    for _ in range(4):  # Newton's steps; what they end at is checked below
        guess = (guess - (step(guess) - guess) / (step.slope(guess) - 1)).mid()
    for power in range(digits + 2, 2, -1):
        radius = abs(guess) * flint.arb(10) ** -power
        low, high = (guess - radius).mid(), (guess + radius).mid()
        if step(low) > low and step(high) < high:
            return flint.arb(guess, (high - low).abs_upper())
    raise InvalidArgument("init", _SLOWLY, "change the variance")


def _scale(factor: Ball) -> Ball | None:
    if not factor > 0 or factor.contains(1):
        return None
    return 1 / abs(factor.log())


def _exact(value: Fraction) -> Ball:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))
