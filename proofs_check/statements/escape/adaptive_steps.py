"""The size of a step of sign descent, RMSprop and Adam, which does not depend on the size of the gradient."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.toolkit.numbers import between, rational
from theory.balls import enclose, precision
from theory.dynamics.balanced_chains import BalancedChain


def adaptive_steps(
    what: str,
    beta_1: Any,
    beta_2: Any,
    t: Any = 1,
    k: Any = 1,
    r: Any = 1,
    epsilon: Any = 0,
    *,
    papers: bool = False,
    memory: int = 2,
    root: int = 1,
    slow: int = 2,
    halved: int = 1,
    raw: int = 1,
) -> Any:
    r"""What is claimed of Adam's step in units of eta: squares of its bounds, or the step itself.

    - ``bound`` is B_t^2, where B_t bounds step t; ``limit`` is B^2, where B bounds all steps.
    - ``onset`` is the square of step t where the gradient was 0 and then has been constant for k steps. The least of
      these over k <= t bounds step t from below if gradients are positive and do not fall.
    - ``slow`` is a pair of squares, which bound a step from below and above if each gradient is 1 to r times the last.
    - ``constant`` is the step itself where the gradient always is r.
    - ``rmsprop`` is the square of the bound of RMSprop without bias correction, which its first step attains.

    Parameters
    ----------
    what : str
        Which of these.
    beta_1, beta_2 : Fraction or sympy.Expr
        The factors of the two moving averages.
    t, k, r, epsilon
        The numbers in the list above, and Adam's epsilon.
    """
    share = beta_1**memory / beta_2
    match what:
        case "bound" | "limit" if papers:
            return max((1 - beta_1) ** 2 / (1 - beta_2), Fraction(1))
        case "bound":
            weights = ((1 - beta_1) / (1 - beta_1**t)) ** 2 * (1 - beta_2**t) / (1 - beta_2)
            return weights * (1 - share**t) / (1 - share)
        case "limit":
            return (1 - beta_1) ** 2 / ((1 - beta_2) * (1 - share))
        case "onset":
            return ((1 - beta_1**k) / (1 - beta_1**t)) ** 2 * ((1 - beta_2**t) / (1 - beta_2**k)) ** root
        case "slow":
            return ((1 - beta_1) / (1 - beta_1 / r)) ** 2, (1 - beta_2 / r**slow) / (1 - beta_2)
        case "constant":
            return r / (r + halved * epsilon)
        case _:
            return 1 / (1 - raw * beta_2)


def _tanh(claim: Claim) -> list[Obligation]:
    """B_t^2 = B^2 (1 - ((Y-X)/(1-XY))^2) with X = a^t and Y = b^t at beta_1 = ab, beta_2 = b^2, so B_t rises to B."""
    a, b, t = sp.symbols("a b t", positive=True)
    try:
        bound, limit = (claim(what, a * b, b**2, t) for what in ("bound", "limit"))
    except TypeError:  # the claim takes a maximum of symbols
        return []
    gap = (b**t - a**t) / (1 - a**t * b**t)
    return [
        Obligation("step t", limit * (1 - gap**2), sp.expand_power_base(bound), (a, b)),
        Obligation("step 1", sp.S.One, claim("bound", a * b, b**2, 1), (a, b)),
    ]


_BETAS = tuple((Fraction(b1), Fraction(b2)) for b1, b2 in (("1/2", "3/5"), ("9/10", "99/100"), ("1/10", "1/5")))


@cache
def _squared_step(
    beta_1: Fraction, beta_2: Fraction, gradients: Sequence[Fraction], corrected: bool = True
) -> Fraction:
    """Return m^2/v after these gradients, by the update rule as it is written."""
    m, v = Fraction(0), Fraction(0)
    for g in gradients:
        m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g**2
    if not v:
        return Fraction(0)
    t = len(gradients)
    return m**2 / v * ((1 - beta_2**t) / (1 - beta_1**t) ** 2 if corrected else 1)


_SOME = tuple(
    (*betas, gradients)
    for betas in _BETAS
    for t in (1, 2, 3, 4)
    for gradients in itertools.product(map(Fraction, (-1, 0, 1, 3)), repeat=t)
)


def _below_the_bound(beta_1: Fraction, beta_2: Fraction, gradients: Sequence[Fraction]) -> Callable[[Claim], bool]:
    """Judge the bound on the step of Adam and, without average and correction, on that of RMSprop."""

    def judge(claim: Claim) -> bool:
        adam = _squared_step(beta_1, beta_2, gradients) <= claim("bound", beta_1, beta_2, len(gradients))
        rmsprop = _squared_step(Fraction(0), beta_2, gradients, corrected=False) <= claim("rmsprop", beta_1, beta_2)
        return bool(adam and rmsprop)

    return judge


def _attained(beta_1: Fraction, beta_2: Fraction, t: int) -> Callable[[Claim], bool]:
    """Judge whether the bound is attained.

    Adam's is by gradients that grow by beta_2/beta_1, and RMSprop's by its first step.
    """
    worst = tuple((beta_2 / beta_1) ** i for i in range(t))

    def judge(claim: Claim) -> bool:
        adam = _squared_step(beta_1, beta_2, worst) == claim("bound", beta_1, beta_2, t)
        rmsprop = _squared_step(Fraction(0), beta_2, worst[:1], corrected=False) == claim("rmsprop", beta_1, beta_2)
        return bool(adam and rmsprop)

    return judge


_RISING = tuple(
    (*betas, tuple(itertools.accumulate(rises)))
    for betas in _BETAS
    for t in (1, 2, 3, 4, 5)
    for rises in itertools.product(map(Fraction, (0, 1, 40)), repeat=t)
    if rises[0]
)


def _above_the_least_onset(
    beta_1: Fraction, beta_2: Fraction, gradients: Sequence[Fraction]
) -> Callable[[Claim], bool]:
    """Judge whether the step is never below the least onset, and the step of an onset exactly the claimed one."""
    t = len(gradients)
    onset = tuple(Fraction(i >= t // 2) for i in range(t))

    def judge(claim: Claim) -> bool:
        least = min(claim("onset", beta_1, beta_2, t, k) for k in range(1, t + 1))
        exact = claim("onset", beta_1, beta_2, t, t - t // 2) == _squared_step(beta_1, beta_2, onset)
        return bool(_squared_step(beta_1, beta_2, gradients) >= least and exact)

    return judge


_GROWING = tuple(
    (
        Fraction(beta_1),
        Fraction(beta_2),
        tuple(itertools.accumulate((Fraction(1), *factors), lambda g, factor: g * factor)),
    )
    for beta_1, beta_2 in (("1/2", "3/5"), ("1/50", "9/10"), ("9/10", "1/50"))
    for factors in (*itertools.product(map(Fraction, ("1", "6/5")), repeat=6), (Fraction(6, 5),) * 40)
)


def _in_the_slow_range(beta_1: Fraction, beta_2: Fraction, gradients: Sequence[Fraction]) -> Callable[[Claim], bool]:
    def judge(claim: Claim) -> bool:
        low, high = claim("slow", beta_1, beta_2, r=Fraction(6, 5))
        return bool(low <= _squared_step(beta_1, beta_2, gradients) <= high)

    return judge


_CONSTANT = tuple(
    (beta_1, beta_2, t, Fraction(g), Fraction(epsilon))
    for beta_1, beta_2 in _BETAS
    for t in (1, 2, 5)
    for g, epsilon in (("1", "0"), ("1/3", "1/3"), ("1/1000", "2"))
)


def _same_step(beta_1: Fraction, beta_2: Fraction, t: int, g: Fraction, epsilon: Fraction) -> Callable[[Claim], bool]:
    """Judge the step on a constant gradient g, with m/(1-beta_1^t) and v/(1-beta_2^t) from the rule.

    Here the root of the latter is rational: it is g, as its square shows.
    """
    m, v = Fraction(0), Fraction(0)
    for _ in range(t):
        m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g**2
    if v / (1 - beta_2**t) != g**2:
        raise ArithmeticError(f"g = {g} is not the root of the rule's second moment")
    step = m / (1 - beta_1**t) / (g + epsilon)
    return lambda claim: bool(claim("constant", beta_1, beta_2, t, r=g, epsilon=epsilon) == step)


_NINE, _LONG = Fraction(9, 10), Fraction(999, 1000)


def _defaults(claim: Claim) -> Iterator[Inequality]:
    """For beta = (0.9, 0.999), steps lie between 0.4814 eta (the worst onset is at step 12) and 7.2703 eta."""
    least = min((claim("onset", _NINE, _LONG, t, 1), t) for t in range(1, 60))[0]
    for name, square, low, high in (
        ("least step", least, "0.48142", "0.48143"),
        ("greatest step", claim("limit", _NINE, _LONG), "7.2702", "7.2703"),
        ("first step of RMSprop", claim("rmsprop", _NINE, Fraction(99, 100)), "9.9999", "10.0001"),
    ):
        size = sp.sqrt(rational(square))
        yield Inequality(f"{name}: not below", sp.Rational(low), size)
        yield Inequality(f"{name}: not above", size, sp.Rational(high))


_ESCAPES = tuple(
    (L, *map(sp.Rational, numbers))
    for L, *numbers in (
        (3, "2", "1/3", "1/20", "1/2", "0"),
        (8, "1", "2", "1/5", "9/10", "0"),
        (8, "1", "2", "1/5", "9/10", "1/100000"),
        (5, "1", "1", "1/10", "1/2", "1/20"),
    )
)


_RATE = sp.Rational(1, 101)


@cache
def _adam(L: int, x: sp.Expr, y: sp.Expr, w0: sp.Expr, w1: sp.Expr, epsilon: sp.Expr) -> int:
    """Return how many steps Adam takes on all weights until w_1 is passed, with a bound on every rounding error."""
    m, v = flint.arb(0), flint.arb(0)
    with precision(50):
        numbers = (x, y, _RATE, w0, w1, epsilon, rational(_NINE), rational(_LONG))
        a, b, eta, w, last, small, b1, b2 = (enclose(value, 50) for value in numbers)
        for t in itertools.count(1):
            g = (b - a * w**L) * a * w ** (L - 1)
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
            w += eta * m / (1 - b1**t) / ((v / (1 - b2**t)).sqrt() + small)
            if w >= last:
                return t
            if not w < last:
                raise ArithmeticError("50 digits do not tell whether the last weight is passed")
    raise AssertionError  # the loop has no other end


def _adams_escape(*case: Any) -> Callable[[Claim], bool | None]:
    """Judge Adam's steps: at least way/(B eta) and epsilon T/eta, at most 1 + way (1 + epsilon/g_0)/(least eta).

    The first of these bounds has no curvature in it.
    """
    L, x, y, w0, w1, epsilon = case
    chain = BalancedChain(L, x, y, w0)
    way, stuck = (w1 - w0) / _RATE, epsilon * chain.leading_time(w1) / _RATE

    def judge(claim: Claim) -> bool | None:
        greatest = sp.sqrt(rational(claim("limit", _NINE, _LONG)))
        least = sp.sqrt(rational(min(claim("onset", _NINE, _LONG, t, 1) for t in range(1, 60))))
        kept = sp.sympify(claim("constant", _NINE, _LONG, r=chain.speed(), epsilon=epsilon), strict=True)
        return between(sp.Max(way / greatest, stuck), _adam(*case), 1 + way / (least * kept))

    return judge


def _itself(claim: Claim, *_: Any) -> Claim:
    return claim


SHORT_FIRST_MEMORY = Assumption("0 <= beta_1, beta_2 < 1 and beta_1^2 < beta_2; Adam has bias correction")
ZERO_EPSILON = Assumption("epsilon is 0 where it is not named, which for upper bounds makes no difference")

ADAPTIVE_STEPS = Statement(
    id="escape.adaptive-steps",
    title="On a growing gradient Adam steps 0.48 to 7.3 eta: no curvature in its escape, until epsilon exceeds it.",
    latex=(
        r"\frac{|\Delta_t|}\eta\le\frac{1-\beta_1}{\sqrt{(1-\beta_2)(1-\beta_1^2/\beta_2)}}\ \text{(sharp)},\quad "
        r"0<g_1\le g_2\le\cdots:\ \frac{\Delta_t}\eta\ge\min_{k\le t}\frac{\varphi(k)}{\varphi(t)},\ "
        r"\varphi(k)=\frac{1-\beta_1^k}{\sqrt{1-\beta_2^k}};\quad "
        r"1\le\frac{g_{t+1}}{g_t}\le r:\ \frac{1-\beta_1}{1-\beta_1/r}\le\frac{\Delta_t}\eta"
        r"\le\sqrt{\frac{1-\beta_2/r^2}{1-\beta_2}};\quad "
        r"g_t=g:\ \frac{\Delta_t}\eta=\frac g{|g|+\epsilon}"
    ),
    source=(
        "rules of D. Kingma, J. Ba, arXiv:1412.6980; the bounds are derived here, and that paper's (section 2.1), "
        "(1-beta_1)/sqrt(1-beta_2), is a mutant"
    ),
    assumptions=(SHORT_FIRST_MEMORY, ZERO_EPSILON),
    claim=adaptive_steps,
    evidence=(
        Proved("the bound of step t rises to its limit", _tanh, "all t: the bound rises"),
        Enumerated(
            f"every step is below the bound, {len(_SOME)} rational sequences", _SOME, _below_the_bound, apply=_itself
        ),
        Enumerated(
            "gradients that grow by beta_2/beta_1 attain it",
            tuple((*betas, t) for betas in _BETAS for t in (1, 2, 7, 20)),
            _attained,
            apply=_itself,
        ),
        Enumerated(
            f"rising gradients: every step is above the least onset, {len(_RISING)} rational sequences",
            _RISING,
            _above_the_least_onset,
            apply=_itself,
        ),
        Enumerated(
            f"slowly growing gradients, {len(_GROWING)} rational sequences", _GROWING, _in_the_slow_range, apply=_itself
        ),
        Enumerated("constant gradients and epsilon", _CONSTANT, _same_step, apply=_itself),
        Enclosed("the extremes for the default beta_1, beta_2", _defaults),
        Enumerated(
            "Adam leaves balanced chains in that many steps, every rounding bounded",
            _ESCAPES,
            _adams_escape,
            apply=_itself,
        ),
    ),
    mutants=(
        Mutant("the bound of Adam's paper", partial(adaptive_steps, papers=True)),
        Mutant("beta_1/beta_2 for beta_1^2/beta_2", partial(adaptive_steps, memory=1)),
        Mutant("an onset without its root", partial(adaptive_steps, root=2)),
        Mutant("1/r for 1/r^2 in the slow range", partial(adaptive_steps, slow=1)),
        Mutant("epsilon does not count", partial(adaptive_steps, halved=0)),
        Mutant("RMSprop never exceeds eta", partial(adaptive_steps, raw=0)),
    ),
)


STATEMENTS = (ADAPTIVE_STEPS,)
