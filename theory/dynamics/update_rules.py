r"""What the update rules of sign descent, RMSprop and Adam imply about the size of a step.

All three are one rule, here for one weight and in units of the learning rate. Let
:math:`m_t = (1-\beta_1)\sum_{j<t}\beta_1^jg_{t-j}` and :math:`v_t = (1-\beta_2)\sum_{j<t}\beta_2^jg_{t-j}^2`. The step
is :math:`\hat m_t/(\sqrt{\hat v_t}+\epsilon)`, where bias correction divides :math:`m_t` by :math:`1-\beta_1^t` and
:math:`v_t` by :math:`1-\beta_2^t`. Adam has bias correction. RMSprop has none, and :math:`\beta_1 = 0`. Sign descent is
the case :math:`\beta_1 = \beta_2 = \epsilon = 0`.

*Upper bound.* By Cauchy and Schwarz
:math:`m_t^2 \le \frac{(1-\beta_1)^2}{1-\beta_2}\sum_{j<t}(\beta_1^2/\beta_2)^jv_t`, with equality for gradients that
grow by the factor :math:`\beta_2/\beta_1` in each step. So :math:`|\hat m_t|/\sqrt{\hat v_t} \le B_t` with a bound that
is attained. Let :math:`X = (\beta_1/\sqrt{\beta_2})^t` and :math:`Y = \sqrt{\beta_2}^t`. As
:math:`(1-XY)^2-(X-Y)^2 = (1-X^2)(1-Y^2)`,

.. math:: B_t^2 = B^2\Bigl(1-\Bigl(\frac{Y-X}{1-XY}\Bigr)^2\Bigr), \qquad
          B^2 = \frac{(1-\beta_1)^2}{(1-\beta_2)(1-\beta_1^2/\beta_2)},

Here :math:`\frac{Y-X}{1-XY} = \tanh(\operatorname{artanh}Y-\operatorname{artanh}X)` falls as t grows, because
:math:`s/\sinh st` falls as s grows. So :math:`B_t` rises to B. For the betas (0.9, 0.999), B = 7.27. Adam's paper has
:math:`(1-\beta_1)/\sqrt{1-\beta_2} = 3.16`, which is smaller: it is the step at a gradient other than 0 after many that
were 0.

*Lower bound.* Let the gradients be positive and not fall, as on a plateau, and :math:`\epsilon = 0`. They are sums
:math:`\sum_sa_s1_{i\ge s}` with :math:`a_s \ge 0`. As m is linear in the gradients and :math:`\sqrt v` is a norm, the
ratio is least for a single onset, where the gradient is 0 before and constant for the last k steps. With
:math:`\varphi(k) = (1-\beta_1^k)/\sqrt{1-\beta_2^k}`,

.. math:: \frac{m_t}{\sqrt{v_t}} \ge \min_{k\le t}\varphi(k), \qquad
          \frac{\hat m_t}{\sqrt{\hat v_t}} \ge \min_{k\le t}\frac{\varphi(k)}{\varphi(t)}.

For :math:`\beta_i = e^{-s_i}`, :math:`\varphi` rises where :math:`2s_1(e^{s_2t}-1) > s_2(e^{s_1t}-1)`. This holds up to
one t, as the difference's derivative changes sign once; it holds for ever if :math:`\beta_1 \ge \beta_2`, and nowhere
if :math:`\beta_1 = 0`. So the least values over all t are :math:`\min(\varphi(1), 1)` without bias correction and
:math:`\varphi(1)/\max\varphi` with it. For the betas (0.9, 0.999) the latter is 0.4814, at t = 12.

*Slowly growing gradients.* If each gradient is between 1 and r times the one before, weighted means of :math:`r^{-j}`
and :math:`r^{-2j}` give

.. math:: \frac{1-\beta_1}{1-\beta_1/r} \le \frac{\hat m_t}{\sqrt{\hat v_t}} \le \sqrt{\frac{1-\beta_2/r^2}{1-\beta_2}}.

*Epsilon.* With bias correction a constant gradient gives exactly :math:`g/(|g|+\epsilon)`, which is half a step where
:math:`|g| = \epsilon`. If no gradient exceeds G, the step is at most :math:`G/\epsilon`. So where gradients are below
:math:`\epsilon` the rule acts like gradient descent with the learning rate :math:`\eta/\epsilon`, and is stuck where
that is stuck.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from theory import symbols
from theory.balls import enclose, less, precision
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import size
from theory.symbols import Scalar

_MOST_BITS = 3000
"""The t-th powers of the betas may have this many bits: SymPy's roots of longer fractions take seconds and more."""

_MOST_GRADIENTS = 1000
"""So many worst gradients are returned at most, as their fractions grow with every step."""


@dataclass(frozen=True)
class UpdateRule:
    r"""Sign descent, RMSprop or Adam, for one weight and in units of the learning rate.

    Parameters
    ----------
    beta_1, beta_2 : number, name or expression
        The factors by which the averages of the gradients and of their squares forget, from 0 to below 1.
    epsilon : number, name or expression
        The number, at least 0, that is added to the square root, as in PyTorch.
    bias_correction : bool
        Whether the averages are divided by :math:`1-\beta^t`.

    Raises
    ------
    InvalidArgument
        If a number is out of range, or the last argument is no bool.

    References
    ----------
    D. Kingma, J. Ba, arXiv:1412.6980, have Adam in algorithm 1. The two bounds on the step in their section 2.1 do not
    hold; :meth:`bound` does. T. Tieleman, G. Hinton, Coursera lecture 6e (2012), have RMSprop.

    Examples
    --------
    >>> [round(float(step), 3) for step in ADAM.steps([1, 1, -1])]
    [1.0, 1.0, 0.262]
    >>> RMSPROP.bound()
    10
    """

    beta_1: sp.Expr
    beta_2: sp.Expr
    epsilon: sp.Expr
    bias_correction: bool = True

    def __post_init__(self) -> None:
        flag: object = self.bias_correction
        if not isinstance(flag, bool):
            problem = f"must be True or False, got {flag!r}"
            raise InvalidArgument("bias_correction", problem, "use bias_correction=True, as Adam has it")
        for name in ("beta_1", "beta_2", "epsilon"):
            value = getattr(self, name)
            exact = symbols.nonnegative(name, value)
            if name != "epsilon" and exact.is_number and not exact < 1:
                raise InvalidArgument(name, f"must lie from 0 to below 1, got {value}", "use e.g. '9/10'")
            object.__setattr__(self, name, exact)

    def steps(self, gradients: Iterable[Scalar]) -> tuple[sp.Expr, ...]:
        r"""Return the steps for given gradients, by the rule as it is written.

        Parameters
        ----------
        gradients : sequence of numbers or SymPy expressions
            The gradients g_1, g_2, ...

        Returns
        -------
        tuple of SymPy expressions
            One step for each gradient, where 0/0 counts 0.

        Raises
        ------
        InvalidArgument
            If they are no sequence, or one of them is known not to be real and finite.

        Examples
        --------
        >>> UpdateRule("1/2", "3/4", 0).steps([0, 1, 2])
        (0, sqrt(7)/3, 5*sqrt(703)/133)
        """
        if isinstance(gradients, str) or not isinstance(gradients, Iterable):
            raise InvalidArgument("gradients", f"must be a sequence, got {gradients!r}", "use e.g. [1, 1, -1]")
        m, v, taken = sp.S.Zero, sp.S.Zero, []
        for t, gradient in enumerate([symbols.real("gradients", value) for value in gradients], 1):
            m = self.beta_1 * m + (1 - self.beta_1) * gradient
            v = self.beta_2 * v + (1 - self.beta_2) * gradient**2
            first, second = self._corrections(sp.Integer(t))
            size = sp.sqrt(v / second) + self.epsilon
            taken.append(m / first / size if size != 0 else sp.S.Zero)
        return tuple(taken)

    def constant_step(self, gradient: Scalar, t: int | str) -> sp.Expr:
        r"""Derive step t for a positive gradient that is always the same.

        Parameters
        ----------
        gradient : number, name or expression
            The gradient.
        t : int or str
            The number of the step, a positive integer or a name.

        Raises
        ------
        InvalidArgument
            If the gradient is not positive, if t is neither a positive integer nor a name, or if the answer is too long
            a fraction.

        Examples
        --------
        >>> Adam = UpdateRule("beta_1", "beta_2", "epsilon")
        >>> Adam.constant_step("g", "t"), Adam.constant_step("epsilon", "t")
        (g/(epsilon + g), 1/2)
        >>> UpdateRule(0, "beta_2", 0, bias_correction=False).constant_step("g", "t")
        1/sqrt(1 - beta_2**t)
        """
        g, time = symbols.positive("gradient", gradient), _time(t)
        if self.bias_correction:
            return g / (g + self.epsilon)  # the corrections cancel both shares
        self._require_short(time, "take its name, such as 't'")
        share1, share2 = 1 - self.beta_1**time, 1 - self.beta_2**time
        return g * share1 / (g * sp.sqrt(share2) + self.epsilon)

    def bound(self, t: int | str | None = None) -> sp.Expr:
        r"""Derive the greatest step over all gradients, whatever :math:`\epsilon`.

        Parameters
        ----------
        t : int or str, optional
            The number of the step, a positive integer or a name. By default the bound is for all steps.

        Returns
        -------
        sympy.Expr
            :math:`B_t`, or by default :math:`B = \lim B_t = \sup B_t`, which the steps approach as t grows.

        Raises
        ------
        InvalidArgument
            If :math:`\beta_1^2 \ge \beta_2`, where steps have no bound; if t is neither a positive integer nor a name;
            or if the answer is too long a fraction.

        Examples
        --------
        >>> UpdateRule("beta_1", "beta_2", 0).bound()
        (1 - beta_1)/(sqrt(1 - beta_2)*sqrt(-beta_1**2/beta_2 + 1))
        >>> [round(float(rule.bound()), 3) for rule in (SIGN, RMSPROP, ADAM)]
        [1.0, 10.0, 7.27]
        """
        ratio = self._share()
        if t is None:
            return (1 - self.beta_1) / sp.sqrt(1 - self.beta_2) / sp.sqrt(1 - ratio)
        time = _time(t)
        self._require_short(time, "take its name, such as 't', or bound() for all of them")
        first, second = self._corrections(time)
        weights = (1 - self.beta_1) / first * sp.sqrt(second / (1 - self.beta_2))
        return weights * sp.sqrt((1 - ratio**time) / (1 - ratio))

    def worst_gradients(self, t: int) -> tuple[sp.Expr, ...]:
        r"""Return gradients whose step t is :meth:`bound`, at :math:`\epsilon = 0`.

        Parameters
        ----------
        t : int
            The number of gradients, from 1 to 1000.

        Raises
        ------
        InvalidArgument
            For another t, and if steps have no bound.

        Examples
        --------
        >>> Adam = UpdateRule("1/2", "3/4", 0)
        >>> Adam.worst_gradients(3), Adam.steps(Adam.worst_gradients(3))[-1] - Adam.bound(3)
        ((1, 3/2, 9/4), 0)
        """
        self._share()  # refuses what has no bound
        last = _time(t)
        if not (last.is_Integer and last <= _MOST_GRADIENTS):
            raise InvalidArgument(
                "t", f"must be an integer up to {_MOST_GRADIENTS}, got {_shown(last)}", "use e.g. 100"
            )
        if self.beta_1 == 0:
            return (*[sp.S.Zero] * (int(last) - 1), sp.S.One)
        return tuple((self.beta_2 / self.beta_1) ** i for i in range(int(last)))

    def floor(self) -> tuple[sp.Expr, sp.Expr]:
        r"""Derive the least step, at :math:`\epsilon = 0`, over all positive gradients that do not fall.

        Returns
        -------
        (value, t) : SymPy expressions
            The least step, and the number t of the step that approaches it, when the gradient grows manifold at t. If t
            is oo, it is approached as t grows.

        Raises
        ------
        InvalidArgument
            If a beta is a name, or if the value is too long a fraction. It is for betas so near to each other or to 1
            that t is in the hundreds or thousands.

        Examples
        --------
        >>> value, t = ADAM.floor()
        >>> round(float(value), 4), t
        (0.4814, 12)
        >>> RMSPROP.floor()
        (1, oo)
        """
        if not (self.beta_1.is_number and self.beta_2.is_number):
            raise InvalidArgument("beta_1", "and beta_2 must be numbers here", "use e.g. '9/10'")
        first = sp.sqrt(self._onset(1))
        if not self.bias_correction:
            return (first, sp.S.One) if first < 1 else (sp.S.One, sp.oo)
        if self.beta_1 >= self.beta_2 and self.beta_1 > 0:
            return first, sp.oo
        t = self._summit()
        if self._bits() * t > _MOST_BITS:
            problem = f"is so near to beta_2 or 1 that the least step is at t = {t}, too long a fraction"
            raise InvalidArgument("beta_1", f"{self.beta_1} {problem}", "take betas of fewer digits and a smaller t")
        return first / sp.sqrt(self._onset(t)), sp.Integer(t)

    def geometric_step(self, growth: Scalar) -> sp.Expr:
        r"""Derive the limit of the step, at :math:`\epsilon = 0`, for gradients that grow by one factor in each step.

        Parameters
        ----------
        growth : number, name or expression
            The factor r, above :math:`\beta_1` and :math:`\sqrt{\beta_2}`.

        Raises
        ------
        InvalidArgument
            If the gradients fall faster than the averages forget.

        Examples
        --------
        >>> rule = UpdateRule("beta_1", "beta_2", 0)
        >>> rule.geometric_step("r")
        (1 - beta_1)/(sqrt((1 - beta_2)/(-beta_2/r**2 + 1))*(-beta_1/r + 1))
        >>> sp.simplify(rule.geometric_step(1))
        1
        """
        r = symbols.positive("growth", growth)
        if any(gap.is_number and not gap > 0 for gap in (r - self.beta_1, r**2 - self.beta_2)):
            raise InvalidArgument(
                "growth", f"{growth} is a faster fall than the averages forget", "take it nearer to 1"
            )
        first, second = (1 / (1 - beta) for beta in (self.beta_1 / r, self.beta_2 / r**2))
        return (1 - self.beta_1) * first / sp.sqrt((1 - self.beta_2) * second)

    def growth_range(self, growth: Scalar) -> tuple[sp.Expr, sp.Expr]:
        r"""Derive bounds on every step, at :math:`\epsilon = 0`, if each gradient is 1 to r times the one before.

        Parameters
        ----------
        growth : number, name or expression
            The factor r, at least 1.

        Returns
        -------
        (lower, upper) : SymPy expressions
            Both are 1 at r = 1, where the rule is sign descent.

        Raises
        ------
        InvalidArgument
            Without bias correction, where the first steps have another size, and if r < 1.

        Examples
        --------
        >>> [round(float(end), 3) for end in ADAM.growth_range("1.0001")]
        [0.999, 1.095]
        """
        if not self.bias_correction:
            raise InvalidArgument("bias_correction", "is off, and then the first steps have another size", "turn it on")
        r = symbols.positive("growth", growth)
        if r.is_number and not r >= 1:
            raise InvalidArgument("growth", f"must be at least 1, got {growth}", "use e.g. '1.01'")
        lower = (1 - self.beta_1) / (1 - self.beta_1 / r)
        return lower, sp.sqrt((1 - self.beta_2 / r**2) / (1 - self.beta_2))

    def _corrections(self, t: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        return (1 - self.beta_1**t, 1 - self.beta_2**t) if self.bias_correction else (sp.S.One, sp.S.One)

    def _bits(self) -> int:
        """Return how many binary digits both betas have together; their t-th powers have t times as many."""
        betas = (beta for beta in (self.beta_1, self.beta_2) if beta != 0 and beta.is_number)
        return sum(int(beta.q).bit_length() if beta.is_Rational else 64 for beta in betas)

    def _require_short(self, t: sp.Expr, remedy: str) -> None:
        if t.is_Integer and self._bits() * t > _MOST_BITS:
            raise InvalidArgument("t", f"powers of the betas are too long fractions at t = {_shown(t)}", remedy)

    def _summit(self) -> int:
        """Return the t up to which phi rises, by doubling t and then by bisection."""
        low, high = 0, 1
        while self._rises(high):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._rises(middle) else (low, middle)
        return high

    def _rises(self, t: int) -> bool:
        """Whether phi(t + 1) > phi(t), decided exactly for short fractions and by balls for long ones."""
        if self._bits() * t <= _MOST_BITS:
            return bool(self._onset(t + 1) > self._onset(t))
        for digits in (50, 500, 5000):  # the smaller the t-th powers are, the more digits are needed
            with precision(digits):
                b1, b2 = (enclose(beta, digits) for beta in (self.beta_1, self.beta_2))
                now, then = ((1 - b1**k) ** 2 / (1 - b2**k) for k in (t, t + 1))
                if (falls := less(then, now)) is not None:
                    return not falls
        raise InvalidArgument("beta_1", f"{self.beta_1} is too near to beta_2 or 1", "take betas of fewer digits")

    def _onset(self, k: int) -> sp.Expr:
        """Return phi(k)^2."""
        return (1 - self.beta_1**k) ** 2 / (1 - self.beta_2**k)

    def _share(self) -> sp.Expr:
        """Return beta_1^2/beta_2, and refuse betas for which steps have no bound."""
        if self.beta_1 == 0:
            return sp.S.Zero
        if (self.beta_2 - self.beta_1**2).is_number and not self.beta_2 > self.beta_1**2:
            raise InvalidArgument(
                "beta_2", f"{self.beta_2} is not above beta_1^2: steps have no bound", "take it nearer to 1"
            )
        return self.beta_1**2 / self.beta_2


def _time(t: int | str) -> sp.Expr:
    """Return a number of steps, or a symbol for it."""
    return symbols.whole(size("t", t))


def _shown(t: sp.Expr) -> str:
    return str(t) if t.is_Symbol or t < 10**15 else f"an integer of {int(t).bit_length()} bits"


SIGN = UpdateRule(0, 0, 0)
"""In sign descent every step has the size of the learning rate."""

RMSPROP = UpdateRule(0, "0.99", "1e-8", bias_correction=False)
"""This is RMSprop with PyTorch's defaults."""

ADAM = UpdateRule("0.9", "0.999", "1e-8")
"""This is Adam with the defaults of its paper and of PyTorch."""
