r"""What the update rules of sign descent, RMSprop and Adam imply about the size of a step, and about leaving a plateau.

One rule for all three, for one weight and in units of the learning rate: with :math:`m_t =
(1-\beta_1)\sum_{j<t}\beta_1^jg_{t-j}`, :math:`v_t = (1-\beta_2)\sum_{j<t}\beta_2^jg_{t-j}^2` the step is :math:`\hat
m_t/(\sqrt{\hat v_t}+\epsilon)`; bias correction divides by :math:`1-\beta_1^t` and :math:`1-\beta_2^t`. Adam has it,
RMSprop is :math:`\beta_1 = 0` without it, sign descent :math:`\beta_1 = \beta_2 = \epsilon = 0`.

*Above.* By Cauchy and Schwarz :math:`m_t^2 \le \frac{(1-\beta_1)^2}{1-\beta_2}\sum_{j<t}(\beta_1^2/\beta_2)^jv_t`,
with equality for gradients that grow by :math:`\beta_2/\beta_1` a step: :math:`|\hat m_t|/\sqrt{\hat v_t} \le B_t`,
sharp. Let :math:`X = (\beta_1/\sqrt{\beta_2})^t`, :math:`Y = \sqrt{\beta_2}^t`. As :math:`(1-XY)^2-(X-Y)^2 =
(1-X^2)(1-Y^2)`,

.. math:: B_t^2 = B^2\Bigl(1-\Bigl(\frac{Y-X}{1-XY}\Bigr)^2\Bigr), \qquad
          B^2 = \frac{(1-\beta_1)^2}{(1-\beta_2)(1-\beta_1^2/\beta_2)},

and :math:`\frac{Y-X}{1-XY} = \tanh(\operatorname{artanh}Y-\operatorname{artanh}X)` falls in t (:math:`s/\sinh st`
falls in s): :math:`B_t` rises to B. For (0.9, 0.999), B = 7.27, above the :math:`(1-\beta_1)/\sqrt{1-\beta_2} = 3.16`
of Adam's paper, which is the limit of the step after a single gradient other than 0.

*Below*, where the gradients are positive and do not fall (a plateau), and :math:`\epsilon = 0`. They are sums
:math:`\sum_sa_s1_{i\ge s}`, :math:`a_s \ge 0`; m is linear and :math:`\sqrt v` a norm, so the ratio is least for a
single onset: with :math:`\varphi(k) = (1-\beta_1^k)/\sqrt{1-\beta_2^k}`,

.. math:: \frac{m_t}{\sqrt{v_t}} \ge \min_{k\le t}\varphi(k), \qquad
          \frac{\hat m_t}{\sqrt{\hat v_t}} \ge \min_{k\le t}\frac{\varphi(k)}{\varphi(t)}.

For :math:`\beta_i = e^{-s_i}`, :math:`\varphi` rises where :math:`2s_1(e^{s_2t}-1) > s_2(e^{s_1t}-1)`: up to one t
(for ever if :math:`\beta_1 \ge \beta_2`, nowhere if :math:`\beta_1 = 0`), as the difference's derivative changes sign
once. So the least values are :math:`\min(\varphi(1), 1)` and :math:`\varphi(1)/\max\varphi`: 0.4814 for (0.9, 0.999),
at t = 12.

*Slowly.* If each gradient is 1 to r times the one before, weighted means of :math:`r^{-j}` and :math:`r^{-2j}` give

.. math:: \frac{1-\beta_1}{1-\beta_1/r} \le \frac{\hat m_t}{\sqrt{\hat v_t}} \le \sqrt{\frac{1-\beta_2/r^2}{1-\beta_2}}.

*Epsilon.* A constant gradient gives exactly :math:`g/(|g|+\epsilon)`, half a step where :math:`|g| = \epsilon`; and if
no gradient exceeds G, the step is at most :math:`G/\epsilon`: below :math:`\epsilon` it is gradient descent's with the
learning rate :math:`\eta/\epsilon`, stuck where that is.

*On the balanced chain* (:mod:`theory.dynamics.balanced_chains`), while the saddle is strict, all weights move alike,
up, and their gradients do not fall. At :math:`\epsilon = 0` the number of steps to :math:`w_1` lies between
:math:`(w_1-w_0)/(B\eta)` and :math:`1+(w_1-w_0)/(0.48\eta)`, whatever the depth, the input and the target: the
curvature is not seen. As :math:`r \le (1+B\eta/w_0)^{L-1}`, for :math:`\eta L \ll w_0(1-\beta_2)` it is that of sign
descent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import sympy as sp

from theory import symbols
from theory.balls import enclose, less, precision
from theory.dynamics.balanced_chains import BalancedChain
from theory.ensembles import Exact, InvalidArgument
from theory.ensembles.arguments import size

Quantity: TypeAlias = Exact | sp.Expr
"""An exact number, the name of a positive symbol, or an expression."""

_MOST_BITS = 3000
"""Of t-th powers of the betas: SymPy's roots of longer fractions take seconds and more."""

_MOST_GRADIENTS = 1000
"""Their fractions grow with every step."""


@dataclass(frozen=True)
class UpdateRule:
    r"""Sign descent, RMSprop or Adam, for one weight and in units of the learning rate.

    Parameters
    ----------
    beta1, beta2 : number, name or expression
        From 0 to below 1; montecarlo's training rules call them beta_1, beta_2.
    epsilon : number, name or expression
        At least 0; added to the square root, as in PyTorch.
    bias_correction : bool
        Whether the averages are divided by :math:`1-\beta^t`.

    Raises
    ------
    InvalidArgument
        Names the number that is out of range.

    References
    ----------
    D. Kingma, J. Ba, arXiv:1412.6980, algorithm 1 and section 2.1, whose two bounds on the step are not bounds:
    :meth:`bound` is. T. Tieleman, G. Hinton, Coursera lecture 6e (2012), for RMSprop.

    Examples
    --------
    >>> [round(float(step), 3) for step in ADAM.steps([1, 1, -1])]
    [1.0, 1.0, 0.262]
    >>> RMSPROP.bound()
    10
    """

    beta1: sp.Expr
    beta2: sp.Expr
    epsilon: sp.Expr
    bias_correction: bool = True

    def __post_init__(self) -> None:
        flag: object = self.bias_correction
        if not isinstance(flag, bool):
            problem = f"must be True or False, got {flag!r}"
            raise InvalidArgument("bias_correction", problem, "use bias_correction=True, as Adam has it")
        for name in ("beta1", "beta2", "epsilon"):
            value = getattr(self, name)
            exact = symbols.nonnegative(name, value)
            if name != "epsilon" and exact.is_number and not exact < 1:
                raise InvalidArgument(name, f"must lie from 0 to below 1, got {value}", "use e.g. '9/10'")
            object.__setattr__(self, name, exact)

    def steps(self, gradients: Iterable[Exact | sp.Expr]) -> tuple[sp.Expr, ...]:
        r"""Return the steps for given gradients, by the rule as it is written.

        Parameters
        ----------
        gradients : sequence of numbers or SymPy expressions
            g_1, g_2, ...

        Returns
        -------
        tuple of SymPy expressions
            A step of 0/0 counts 0.

        Raises
        ------
        InvalidArgument
            If they are no sequence, or one of them is known not to be real and finite.
        """
        if isinstance(gradients, str) or not isinstance(gradients, Iterable):
            raise InvalidArgument("gradients", f"must be a sequence, got {gradients!r}", "use e.g. [1, 1, -1]")
        m, v, taken = sp.S.Zero, sp.S.Zero, []
        for t, gradient in enumerate([symbols.real("gradients", value) for value in gradients], 1):
            m = self.beta1 * m + (1 - self.beta1) * gradient
            v = self.beta2 * v + (1 - self.beta2) * gradient**2
            first, second = self._corrections(sp.Integer(t))
            size = sp.sqrt(v / second) + self.epsilon
            taken.append(m / first / size if size != 0 else sp.S.Zero)
        return tuple(taken)

    def constant_step(self, gradient: Quantity, t: int | str) -> sp.Expr:
        r"""Derive step t for a positive gradient that is always the same.

        Parameters
        ----------
        gradient : number, name or expression
            Its modulus.
        t : int or str
            A positive integer or a name.

        Raises
        ------
        InvalidArgument
            If t is neither, or the fraction too long at so large a t.

        Examples
        --------
        >>> Adam = UpdateRule("beta1", "beta2", "epsilon")
        >>> Adam.constant_step("g", "t"), Adam.constant_step("epsilon", "t")
        (g/(epsilon + g), 1/2)
        >>> UpdateRule(0, "beta2", 0, bias_correction=False).constant_step("g", "t")
        1/sqrt(1 - beta2**t)
        """
        g, time = symbols.positive("gradient", gradient), _time(t)
        if self.bias_correction:
            return g / (g + self.epsilon)  # both shares cancel
        self._require_short(time, "take its name, such as 't'")
        share1, share2 = 1 - self.beta1**time, 1 - self.beta2**time
        return g * share1 / (g * sp.sqrt(share2) + self.epsilon)

    def bound(self, t: int | str | None = None) -> sp.Expr:
        r"""Derive the greatest step over all gradients, whatever :math:`\epsilon`.

        Parameters
        ----------
        t : int or str, optional
            At step t, a positive integer or a name; by default ever, which is approached as t grows.

        Returns
        -------
        sympy.Expr
            :math:`B_t` or :math:`B = \lim B_t = \sup B_t`.

        Raises
        ------
        InvalidArgument
            If :math:`\beta_1^2 \ge \beta_2`: then steps have no bound. If t is no positive integer, or the fraction too
            long.

        Examples
        --------
        >>> UpdateRule("beta1", "beta2", 0).bound()
        (1 - beta1)/(sqrt(1 - beta2)*sqrt(-beta1**2/beta2 + 1))
        >>> [round(float(rule.bound()), 3) for rule in (SIGN, RMSPROP, ADAM)]
        [1.0, 10.0, 7.27]
        """
        ratio = self._share()
        if t is None:
            return (1 - self.beta1) / sp.sqrt(1 - self.beta2) / sp.sqrt(1 - ratio)
        time = _time(t)
        self._require_short(time, "take its name, such as 't', or bound() for all of them")
        first, second = self._corrections(time)
        weights = (1 - self.beta1) / first * sp.sqrt(second / (1 - self.beta2))
        return weights * sp.sqrt((1 - ratio**time) / (1 - ratio))

    def worst_gradients(self, t: int) -> tuple[sp.Expr, ...]:
        r"""Return gradients whose step t is :meth:`bound`, at :math:`\epsilon = 0`.

        Parameters
        ----------
        t : int
            From 1 to 1000.

        Raises
        ------
        InvalidArgument
            For other t, and where :meth:`bound` does.

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
        if self.beta1 == 0:
            return (*[sp.S.Zero] * (int(last) - 1), sp.S.One)
        return tuple((self.beta2 / self.beta1) ** i for i in range(int(last)))

    def floor(self) -> tuple[sp.Expr, sp.Expr]:
        r"""Derive the least step, at :math:`\epsilon = 0`, over all positive gradients that do not fall.

        Returns
        -------
        (value, t) : SymPy expressions
            It is approached at step t, when the gradient grows manifold at t; as t grows where that is oo.

        Raises
        ------
        InvalidArgument
            If a beta is a name, or the value too long a fraction, as for betas so near to each other or to 1 that t is
            in the hundreds or thousands.

        Examples
        --------
        >>> value, t = ADAM.floor()
        >>> round(float(value), 4), t
        (0.4814, 12)
        >>> RMSPROP.floor()
        (1, oo)
        """
        if not (self.beta1.is_number and self.beta2.is_number):
            raise InvalidArgument("beta1", "and beta2 must be numbers here", "use e.g. '9/10'")
        first = sp.sqrt(self._onset(1))
        if not self.bias_correction:
            return (first, sp.S.One) if first < 1 else (sp.S.One, sp.oo)
        if self.beta1 >= self.beta2 and self.beta1 > 0:
            return first, sp.oo
        t = self._summit()
        if self._bits() * t > _MOST_BITS:
            problem = f"is so near to beta2 or 1 that the least step is at t = {t}, too long a fraction"
            raise InvalidArgument("beta1", f"{self.beta1} {problem}", "take betas of fewer digits and a smaller t")
        return first / sp.sqrt(self._onset(t)), sp.Integer(t)

    def geometric_step(self, growth: Quantity) -> sp.Expr:
        r"""Derive the limit of the step, at :math:`\epsilon = 0`, for gradients that grow by a factor.

        Parameters
        ----------
        growth : number, name or expression
            r, above :math:`\beta_1` and :math:`\sqrt{\beta_2}`.

        Raises
        ------
        InvalidArgument
            If the gradients fall faster than the averages forget.

        Examples
        --------
        >>> rule = UpdateRule("beta1", "beta2", 0)
        >>> rule.geometric_step("r")
        (1 - beta1)/(sqrt((1 - beta2)/(-beta2/r**2 + 1))*(-beta1/r + 1))
        >>> sp.simplify(rule.geometric_step(1))
        1
        """
        r = symbols.positive("growth", growth)
        if any(gap.is_number and not gap > 0 for gap in (r - self.beta1, r**2 - self.beta2)):
            raise InvalidArgument(
                "growth", f"{growth} is a faster fall than the averages forget", "take it nearer to 1"
            )
        first, second = (1 / (1 - beta) for beta in (self.beta1 / r, self.beta2 / r**2))
        return (1 - self.beta1) * first / sp.sqrt((1 - self.beta2) * second)

    def growth_range(self, growth: Quantity) -> tuple[sp.Expr, sp.Expr]:
        r"""Derive bounds on every step, at :math:`\epsilon = 0`, if each gradient is 1 to r times the one before.

        Parameters
        ----------
        growth : number, name or expression
            r, at least 1.

        Returns
        -------
        (lower, upper) : SymPy expressions
            Both are 1 at r = 1: sign descent.

        Raises
        ------
        InvalidArgument
            Without bias correction, where the first steps are of another size, or if r < 1.

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
        lower = (1 - self.beta1) / (1 - self.beta1 / r)
        return lower, sp.sqrt((1 - self.beta2 / r**2) / (1 - self.beta2))

    def chain_steps(self, chain: BalancedChain, end: Quantity, learning_rate: Quantity) -> tuple[sp.Expr, sp.Expr]:
        r"""Derive bounds on the number of steps in which a balanced chain's weights get from w_0 to beyond w_1.

        Parameters
        ----------
        chain : BalancedChain
            With numbers.
        end : number
            w_1, where :math:`f_1 \le \frac{L-1}{2L-1}y`.
        learning_rate : number
            :math:`\eta`.

        Returns
        -------
        (lower, upper) : SymPy expressions
            At :math:`\epsilon = 0` about :math:`(w_1-w_0)/\eta`, without the curvature; at least
            :math:`\epsilon T/\eta`, the steps of gradient descent with learning rate :math:`\eta/\epsilon`.

        Raises
        ------
        InvalidArgument
            As :meth:`BalancedChain.descent_steps`.

        Examples
        --------
        >>> steps = [ADAM.chain_steps(BalancedChain(L, 1, 1, "1/10"), "7/10", "1/1000") for L in (4, 6)]
        >>> [[round(float(bound)) for bound in pair] for pair in steps]
        [[83, 1247], [83, 1249]]
        """
        if not isinstance(chain, BalancedChain):
            raise InvalidArgument(
                "chain", f"must be a BalancedChain, got {chain!r}", "use BalancedChain(3, 1, 1, '1/10')"
            )
        eta = symbols.positive("learning_rate", learning_rate)
        slowest, _ = chain.descent_steps(end, eta)  # refuses what must be refused
        start, last = chain.sizes(end)
        way, gradient = last - start, chain.speed()
        greatest, (least, _) = self.bound(), self.floor()
        if self.bias_correction:
            low, high = self.growth_range((1 + greatest * eta / start) ** (symbols.whole(chain.depth) - 1))
            greatest, least = sp.Min(greatest, high), sp.Max(least, low)
        elif self.beta1 != 0:
            gradient *= sp.sqrt(1 - self.beta2)  # sqrt(v) at least
        fewest = sp.Max(way / (greatest * eta), self.epsilon * slowest)
        most = 1 + way / (least * eta) * (1 + self.epsilon / gradient)
        if self.beta1 == 0:  # at least gradient descent with the learning rate eta/(g_1 + epsilon)
            most = sp.Min(most, chain.descent_steps(end, eta / (chain.speed(end) + self.epsilon))[1])
        return fewest, most

    def _corrections(self, t: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        return (1 - self.beta1**t, 1 - self.beta2**t) if self.bias_correction else (sp.S.One, sp.S.One)

    def _bits(self) -> int:
        """Return how many binary digits both betas have: their powers have so many times the exponent."""
        betas = (beta for beta in (self.beta1, self.beta2) if beta != 0 and beta.is_number)
        return sum(int(beta.q).bit_length() if beta.is_Rational else 64 for beta in betas)

    def _require_short(self, t: sp.Expr, remedy: str) -> None:
        if t.is_Integer and self._bits() * t > _MOST_BITS:
            raise InvalidArgument("t", f"powers of the betas are too long fractions at t = {_shown(t)}", remedy)

    def _summit(self) -> int:
        """Return the t up to which phi rises: it is doubled, then halved in between."""
        low, high = 0, 1
        while self._rises(high):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._rises(middle) else (low, middle)
        return high

    def _rises(self, t: int) -> bool:
        """Whether phi(t + 1) > phi(t): exactly for short fractions, by balls for long ones."""
        if self._bits() * t <= _MOST_BITS:
            return bool(self._onset(t + 1) > self._onset(t))
        for digits in (50, 500, 5000):  # as many as the t-th powers are small
            with precision(digits):
                b1, b2 = (enclose(beta, digits) for beta in (self.beta1, self.beta2))
                now, then = ((1 - b1**k) ** 2 / (1 - b2**k) for k in (t, t + 1))
                if (falls := less(then, now)) is not None:
                    return not falls
        raise InvalidArgument("beta1", f"{self.beta1} is too near to beta2 or 1", "take betas of fewer digits")

    def _onset(self, k: int) -> sp.Expr:
        """phi(k)^2."""
        return (1 - self.beta1**k) ** 2 / (1 - self.beta2**k)

    def _share(self) -> sp.Expr:
        """beta1^2/beta2."""
        if self.beta1 == 0:
            return sp.S.Zero
        if (self.beta2 - self.beta1**2).is_number and not self.beta2 > self.beta1**2:
            raise InvalidArgument(
                "beta2", f"{self.beta2} is not above beta1^2: steps have no bound", "take it nearer to 1"
            )
        return self.beta1**2 / self.beta2


def _time(t: int | str) -> sp.Expr:
    """Return a number of steps, or a symbol for it."""
    return symbols.whole(size("t", t))


def _shown(t: sp.Expr) -> str:
    return str(t) if t.is_Symbol or t < 10**15 else f"an integer of {int(t).bit_length()} bits"


SIGN = UpdateRule(0, 0, 0)
"""Sign descent: every step is the learning rate."""

RMSPROP = UpdateRule(0, "0.99", "1e-8", bias_correction=False)
"""RMSprop with PyTorch's defaults."""

ADAM = UpdateRule("0.9", "0.999", "1e-8")
"""Adam with its paper's and PyTorch's defaults."""
