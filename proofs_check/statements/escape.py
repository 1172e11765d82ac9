"""Leaving a plateau: the linear saddle, the balanced chain, and what adaptive update rules imply."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved
from proofs_check.statement import Assumption, Claim, Mutant, Statement
from proofs_check.statements.forward import PAPER
from theory.balanced_chains import BalancedChain, gradient
from theory.balls import enclose, less, precision
from theory.saddle_escape import dawson_integral

Case = tuple[Any, ...]


def _rational(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


def _between(low: sp.Expr, count: int, high: sp.Expr) -> bool | None:
    """Whether low <= count <= high: None where a ball leaves it open."""
    number = flint.arb(count)
    answers = less(number, enclose(sp.sympify(low))), less(enclose(sp.sympify(high)), number)
    if True in answers:
        return False
    return None if None in answers else True


# --- escape.saddle-time -----------------------------------------------------------------------------------------------


class SaddleTime(NamedTuple):
    """Range of 1/log r; slope in z of gamma times the mean exit time; its ranges for z >= 1 and for every z."""

    fewest: Any
    most: Any
    slope: Any
    steep: tuple[Any, Any]
    flat: tuple[Any, Any]


def saddle_time(
    h: sp.Expr,
    mu: sp.Expr,
    z: sp.Expr,
    *,
    momentum: int = 1,
    halves: int = 1,
    factor: int = 2,
    inside: int = 4,
    error: Fraction = Fraction(1, 2),
    saturates: int = 1,
) -> SaddleTime:
    r"""(1-mu)/h <= 1/log r <= (1-mu)/h + (1+mu)/(2(1-mu)), h = eta gamma; gamma E tau = 2 int_0^z F.

    F is Dawson's integral. At z = D sqrt(gamma)/sigma >= 1 the mean is (log(4 z^2) + Euler's constant)/2, less at most
    1/(2 z^2); at every z it is z^2, that is D^2/sigma^2, less at most z^4/3.
    """
    fewest = (1 - momentum * mu) / h
    most = fewest + sp.Rational(halves, 2) * (1 + mu) / (1 - mu)
    slope = -factor * sp.sqrt(sp.pi) / 2 * sp.exp(-(z**2)) * sp.erfi(z)
    steep = (sp.log(inside * z**2) + sp.EulerGamma) / 2
    flat = saturates * z**2
    return SaddleTime(fewest, most, slope, (steep - _rational(error) / z**2, steep), (flat - z**4 / 3, flat))


def _roots(claim: Claim) -> list[Obligation]:
    """p(1+q) = q^2 + q(1-mu-h) - h is q(q-h) >= 0 at q = 1/fewest; q(q-s) <= 0, s = h/(1-mu), at 1/q + 1/2 = most."""
    h, mu = sp.symbols("h mu", positive=True)
    times = claim(h, mu, sp.S.One)

    def p(q: sp.Expr) -> sp.Expr:
        return q**2 + q * (1 - mu - h) - h

    high, low = 1 / times.fewest, 1 / (times.most - sp.Rational(1, 2))
    return [
        Obligation("not below the root", p(high) - high * (high - h), (mu,)),
        Obligation("not above the root", p(low) - low * (low - h / (1 - mu)), (mu,)),
    ]


def _backward(claim: Claim) -> list[Obligation]:
    """With U = gamma u(x), u the mean time: U''/2 + z U' = -1; U' = 0 at 0 by symmetry."""
    z = sp.Symbol("z", positive=True)
    slope = claim(sp.S.One, sp.S.Zero, z).slope
    return [Obligation("equation", slope.diff(z) / 2 + z * slope + 1), Obligation("symmetry", slope.subs(z, 0))]


_SADDLES = tuple(
    (Fraction(h), Fraction(mu), Fraction(ratio))
    for h in ("1/50", "1/5", "2")
    for mu in ("0", "1/2", "9/10")
    for ratio in ("3", "1000")
)


@cache
def _heavy_ball(h: Fraction, mu: Fraction, ratio: Fraction) -> int:
    """Steps from rest at distance 1 until the distance is the ratio."""
    before, now, steps = Fraction(1), Fraction(1), 0
    while now < ratio:
        before, now, steps = now, now + h * now + mu * (now - before), steps + 1
    return steps


def _counted_at_the_saddle(h: Fraction, mu: Fraction, ratio: Fraction) -> Callable[[SaddleTime], bool | None]:
    """From rest x_k = A r^k + (1-A) (mu/r)^k: log(ratio)/log r steps at least, 1 + log(ratio/A)/log r at most."""
    eta, m, steps = _rational(h), _rational(mu), _heavy_ball(h, mu, ratio)
    r = (1 + m + eta + sp.sqrt((1 + m + eta) ** 2 - 4 * m)) / 2
    share = (1 + eta - m / r) / (r - m / r)
    log = sp.log(_rational(ratio))
    return lambda times: _between(times.fewest * log, steps, 1 + times.most * (log - sp.log(share)))


def _saddle_at(claim: Claim, h: Fraction, mu: Fraction, _: Fraction) -> SaddleTime:
    times: SaddleTime = claim(_rational(h), _rational(mu), sp.S.One)
    return times


def _exit_ranges(claim: Claim) -> Iterator[Inequality]:
    """The exact mean, by the hypergeometric function that theory derives."""
    for z in map(sp.Rational, ("1/100", "1/3", "1", "2", "7", "50")):
        times, mean = claim(sp.S.One, sp.S.Zero, z), 2 * dawson_integral(z)
        for name, (low, high) in {"steep": times.steep, "flat": times.flat}.items():
            if name == "flat" or z >= 1:
                yield Inequality(f"{name}, z = {z}, lower end", low, mean)
                yield Inequality(f"{name}, z = {z}, upper end", mean, high)


SADDLE_TIME = Statement(
    id="escape.saddle-time",
    title="A strict saddle holds for about 1/(eta gamma) steps: momentum gains 1/(1-mu), noise ends at D^2/sigma^2.",
    latex=(
        r"\frac{1-\mu}{\eta\gamma}\le\frac{k}{\log(D/d_0)}\le\frac{1-\mu}{\eta\gamma}+\frac{1+\mu}{2(1-\mu)},\quad "
        r"r^k=\frac D{d_0},\ r^2=(1+\mu+\eta\gamma)r-\mu;\qquad dX=\gamma X\,dt+\sigma\,dB:\ "
        r"\mathbb E\tau=\frac2\gamma\int_0^{D\sqrt\gamma/\sigma}\!e^{-u^2}\!\int_0^ue^{t^2}dt\,du"
        r"=\frac1{2\gamma}\Bigl(\log\frac{4\gamma D^2}{\sigma^2}+\gamma_E\Bigr)-\delta,\ "
        r"0\le\delta\le\frac{\sigma^2}{2\gamma^2D^2}\ (\gamma D^2\ge\sigma^2);\qquad "
        r"\frac{D^2}{\sigma^2}-\frac{\gamma D^4}{3\sigma^4}\le\mathbb E\tau\le\frac{D^2}{\sigma^2}"
    ),
    source="the times of C. Jin et al., arXiv:1703.00887, with their constants, derived here",
    assumptions=(Assumption.QUADRATIC, Assumption.FROM_REST),
    claim=saddle_time,
    evidence=(
        Proved("signs of the characteristic polynomial at both ends", _roots),
        Proved("the backward equation of the mean exit time", _backward),
        Enumerated(
            f"gradient descent and heavy ball in rational arithmetic, {len(_SADDLES)} cases",
            _SADDLES,
            _counted_at_the_saddle,
            apply=_saddle_at,
        ),
        Enclosed("the exact mean exit time lies in its ranges, z = 1/100 to 50", _exit_ranges),
    ),
    mutants=(
        Mutant("momentum gains nothing", partial(saddle_time, momentum=0)),
        Mutant("no error of discretization", partial(saddle_time, halves=0)),
        Mutant("half the mean exit time", partial(saddle_time, factor=1)),
        Mutant("4 becomes 2 in the logarithm", partial(saddle_time, inside=2)),
        Mutant("a quarter of the error", partial(saddle_time, error=Fraction(1, 8))),
        Mutant("it saturates at twice the time", partial(saddle_time, saturates=2)),
    ),
)

# --- escape.balanced-chain --------------------------------------------------------------------------------------------


class Balanced(NamedTuple):
    """Range of the flow's time, eigenvalues at the start, steps of gradient descent beyond time/eta, their limit."""

    leading: Any
    low: Any
    high: Any
    along: Any
    across: Any
    lag: Any
    product: Any


def balanced_chain(
    depth: Any,
    x: sp.Expr,
    y: sp.Expr,
    w0: sp.Expr,
    w1: sp.Expr,
    *,
    power: int = 2,
    correction: int = 1,
    turn: int = 1,
    logs: int = 1,
    top: int = 1,
) -> Balanced:
    r"""T_0 + (w_1^2-w_0^2)/(2y(y-f)), f from f_0 to f_1; T |lambda| -> (L-1)/(L-2); T/eta to T/eta + lag steps.

    Hence T is T_0 up to a factor between 1 and y/(y-f_1).
    """
    first = sp.log(w1 / w0) if depth == power else (w0 ** (2 - depth) - w1 ** (2 - depth)) / (depth - power)
    f0, f1 = x * w0**depth, x * w1**depth
    leading = first / (x * y)
    low, high = (leading + correction * (w1**2 - w0**2) / (2 * y * (y - f)) for f in (f0, f1))
    curve = x * w0 ** (depth - 2)
    along, across = curve * ((2 * depth - turn) * f0 - (depth - 1) * y), curve * (y - f0)
    lag = 1 + logs * sp.log((y - f1) * w1 ** (depth - 1) / ((y - f0) * w0 ** (depth - 1)))
    product = sp.sympify(depth - top) / (depth - 2)
    return Balanced(leading, low, high, along, across, lag, product)


def _differentiated_time(claim: Claim) -> list[Obligation]:
    """dT/dw = 1/((y-f) x w^(L-1)) = 1/(xy w^(L-1)) + w/(y(y-f)), where y-f falls from y-f_0 to y-f_1."""
    L, x, y, w0, w1 = sp.symbols("L x y w_0 w_1", positive=True)
    times, f0, f1 = claim(L, x, y, w0, w1), x * w0**L, x * w1**L
    return [
        Obligation("no time at the start", times.leading.subs(w1, w0)),
        Obligation("the speed", times.leading.diff(w1) + w1 / (y * (y - f1)) - 1 / ((y - f1) * x * w1 ** (L - 1))),
        Obligation("the sum's lower end", ((times.low - times.leading) * y * (y - f0)).diff(w1) - w1),
        Obligation("the sum's upper end", ((times.high - times.leading) * y * (y - f1)).diff(w1) - w1),
    ]


def _differentiated_loss(claim: Claim) -> list[Obligation]:
    """Entries p on and q off the diagonal of the loss's Hessian: p + (L-1) q along (1, ..., 1), p - q across."""
    L, x, y, w, one, other = sp.symbols("L x y w u v", positive=True)
    loss = (x * one * other * w ** (L - 2) - y) ** 2 / 2
    p, q = (loss.diff(one, second).subs({one: w, other: w}) for second in (one, other))
    claimed = claim(L, x, y, w, 2 * w)
    return [Obligation("along", claimed.along - p - (L - 1) * q), Obligation("across", claimed.across - p + q)]


_CHAINS = tuple(
    (L, *map(sp.Rational, numbers))
    for L, *numbers in (
        (2, "1", "1", "1/10", "1/2"),
        (3, "2", "1/3", "1/20", "2/5"),
        (4, "1", "2", "1/5", "9/10"),
        (7, "3", "1", "1/4", "7/10"),
        (12, "1", "5", "1/2", "1"),
    )
)


def _chain_hessian(L: int, x: sp.Expr, y: sp.Expr, w0: sp.Expr, _: sp.Expr) -> Callable[[Balanced], bool]:
    names, t = sp.symbols(f"w1:{L + 1}"), sp.Symbol("t")
    H = sp.hessian((x * sp.Mul(*names) - y) ** 2 / 2, names).subs(dict.fromkeys(names, w0))
    truth = sp.Poly(H.charpoly(t).as_expr(), t)
    return lambda claimed: sp.Poly((t - claimed.along) * (t - claimed.across) ** (L - 1), t) == truth


def _exact_time(claim: Claim) -> Iterator[Inequality]:
    """The integral in closed form, as theory derives it: strictly inside, and inside the factor y/(y-f_1)."""
    for L, x, y, w0, w1 in _CHAINS:
        claimed, time = claim(L, x, y, w0, w1), BalancedChain(L, x, y, w0).time(w1)
        yield Inequality(f"L = {L}, lower end", claimed.low, time)
        yield Inequality(f"L = {L}, upper end", time, claimed.high)
        yield Inequality(f"L = {L}, factor", time, claimed.leading * y / (y - x * w1**L))


def _inverse_curvature(claim: Claim) -> Iterator[Inequality]:
    """At w_0 = 10^-9, and 10^-5 from the limit."""
    tiny = sp.Rational(1, 10**5)
    for L in (3, 4, 12):
        x, y, w0, w1 = map(sp.Rational, ("2", "3", "1e-9", "1/2"))
        claimed, time = claim(L, x, y, w0, w1), BalancedChain(L, x, y, w0).time(w1)
        yield Inequality(f"L = {L}, not below", claimed.product - tiny, -time * claimed.along)
        yield Inequality(f"L = {L}, not above", -time * claimed.along, claimed.product + tiny)


_RATES = tuple((*chain, sp.Rational(rate)) for chain in _CHAINS for rate in ("1/4", "3"))


@cache
def _descent(L: int, x: sp.Expr, y: sp.Expr, w0: sp.Expr, w1: sp.Expr, eta: sp.Expr) -> int:
    """Steps of gradient descent until w_1 is passed, every rounding bounded; eta in units of 1/|lambda|."""
    eta = -eta / BalancedChain(L, x, y, w0).least_eigenvalue()
    steps = 0
    with precision(50):
        a, b, rate, w, last = (enclose(value, 50) for value in (x, y, eta, w0, w1))
        while not w >= last:
            assert w < last
            w, steps = w + rate * (b - a * w**L) * a * w ** (L - 1), steps + 1
    return steps


def _counted_descent(*case: Any) -> Callable[[Balanced], bool | None]:
    L, x, y, w0, _, unit = case
    eta = -unit / BalancedChain(L, x, y, w0).least_eigenvalue()
    return lambda claimed: _between(claimed.low / eta, _descent(*case), claimed.high / eta + claimed.lag)


BALANCED_CHAIN = Statement(
    id="escape.balanced-chain",
    title="Equal weights leave their plateau in a time known up to a bounded sum: (L-1)/(L-2) over the curvature.",
    latex=(
        r"\frac{w_1^2-w_0^2}{2y(y-f_0)}\le T-\frac{w_0^{2-L}-w_1^{2-L}}{(L-2)xy}\le\frac{w_1^2-w_0^2}{2y(y-f_1)},\quad "
        r"\lambda_{\min}=xw_0^{L-2}((2L-1)f_0-(L-1)y),\quad T|\lambda_{\min}|\to\frac{L-1}{L-2};\qquad "
        r"\frac T\eta\le N\le\frac T\eta+1+\log\frac{(y-f_1)w_1^{L-1}}{(y-f_0)w_0^{L-1}}"
    ),
    source=f"{PAPER}, on plateaus; the flow as in arXiv:1312.6120; bounds and discretization derived here",
    assumptions=(Assumption.BALANCED, Assumption.WIDTH_ONE, Assumption.LINEAR, Assumption.DEPTH_TWO),
    claim=balanced_chain,
    evidence=(
        Proved("differentiating the time in its end", _differentiated_time),
        Proved("differentiating the loss twice", _differentiated_loss),
        Enumerated("the loss's Hessian and its characteristic polynomial, L = 2 to 7", _CHAINS[:4], _chain_hessian),
        Enumerated(
            "steps of gradient descent, every rounding bounded, L = 2 to 12",
            _RATES,
            _counted_descent,
            apply=lambda claim, *case: claim(*case[:-1]),
        ),
        Enclosed("the exact time lies in its range, L = 2 to 12", _exact_time),
        Enclosed("time times curvature near its limit, L = 3 to 12", _inverse_curvature),
    ),
    mutants=(
        Mutant("L - 1 for L - 2", partial(balanced_chain, power=1)),
        Mutant("nothing beside the leading time", partial(balanced_chain, correction=0)),
        Mutant("twice the sum", partial(balanced_chain, correction=2)),
        Mutant("2L for 2L - 1 in the curvature", partial(balanced_chain, turn=0)),
        Mutant("gradient descent is one step behind", partial(balanced_chain, logs=0)),
        Mutant("L/(L-2) for the product", partial(balanced_chain, top=0)),
    ),
)

# --- escape.balance-kept ----------------------------------------------------------------------------------------------


def imbalance(f: Any, y: Any, one: Any, other: Any, eta: Any, *, order: int = 2, sign: int = -1) -> Any:
    r"""Factor of w_i^2 - w_j^2 in a step of gradient descent: 1 - eta^2 (y-f)^2 f^2/(w_i w_j)^2."""
    return 1 + sign * (eta * (y - f) * f / (one * other)) ** order


def _one_step(claim: Claim) -> list[Obligation]:
    """w_i + eta (y-f) f/w_i, and the same for j."""
    f, y, a, b, eta = sp.symbols("f y a b eta", positive=True)
    moved = [(w + eta * (y - f) * f / w) ** 2 for w in (a, b)]
    return [Obligation("one step", moved[0] - moved[1] - claim(f, y, a, b, eta) * (a**2 - b**2))]


def _stepped(*weights: Fraction) -> Callable[[Claim], bool]:
    names = sp.symbols(f"w1:{len(weights) + 1}")
    y, eta = sp.Rational(3, 2), sp.Rational(1, 7)
    place = dict(zip(names, map(_rational, weights), strict=True))
    moved = [w - eta * slope.subs(place) for w, slope in zip(place.values(), gradient(names, 1, y), strict=True)]
    a, b, *_ = place.values()
    truth = (moved[0] ** 2 - moved[1] ** 2) / (a**2 - b**2)
    return lambda claim: bool(claim(sp.Mul(*place.values()), y, a, b, eta) == truth)


_UNEQUAL = tuple(
    tuple(map(Fraction, weights.split()))
    for weights in ("1/2 1/3", "2 -1 1/3", "-1/2 3/2 1 1/5", "3 1/3 1/2 -2 1", "1 2 1/2 1/3 3 -1/4")
)

BALANCE_KEPT = Statement(
    id="escape.balance-kept",
    title="Gradient flow keeps every w_i^2 - w_j^2; gradient descent multiplies it by 1 - O(eta^2), known exactly.",
    latex=(
        r"w_i\leftarrow w_i+\eta(y-f)\frac f{w_i}:\quad "
        r"w_i^2-w_j^2\leftarrow\Bigl(1-\eta^2\frac{(y-f)^2f^2}{w_i^2w_j^2}\Bigr)(w_i^2-w_j^2)"
    ),
    source="the flow as in S. Arora et al., arXiv:1810.02281; the step derived here",
    assumptions=(Assumption.WIDTH_ONE, Assumption.LINEAR, Assumption.NONZERO_WEIGHTS, Assumption.DEPTH_TWO),
    claim=imbalance,
    evidence=(
        Proved("one step", _one_step),
        Enumerated("one step along SymPy's gradient, L = 2 to 6", _UNEQUAL, _stepped, apply=lambda claim, *_: claim),
    ),
    mutants=(
        Mutant("first order in eta", partial(imbalance, order=1)),
        Mutant("descent amplifies", partial(imbalance, sign=1)),
    ),
)

# --- escape.adaptive-steps --------------------------------------------------------------------------------------------


def adaptive_steps(
    what: str,
    beta1: Any,
    beta2: Any,
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
    r"""Adam's step in units of eta: squares of its bounds, or the step itself.

    ``bound``: of step t, B_t^2; ``limit``: of all, B^2; ``onset``: of step t where the gradient, 0 before, is constant
    for k steps, the least of which (k <= t) bounds every step below if gradients are positive and do not fall;
    ``slow``: from below and above if each is 1 to r times the one before; ``constant``: the step where the gradient
    always is r; ``rmsprop``: the bound of RMSprop without bias correction, its first step.
    """
    share = beta1**memory / beta2
    match what:
        case "bound" | "limit" if papers:
            return max((1 - beta1) ** 2 / (1 - beta2), Fraction(1))
        case "bound":
            weights = ((1 - beta1) / (1 - beta1**t)) ** 2 * (1 - beta2**t) / (1 - beta2)
            return weights * (1 - share**t) / (1 - share)
        case "limit":
            return (1 - beta1) ** 2 / ((1 - beta2) * (1 - share))
        case "onset":
            return ((1 - beta1**k) / (1 - beta1**t)) ** 2 * ((1 - beta2**t) / (1 - beta2**k)) ** root
        case "slow":
            return ((1 - beta1) / (1 - beta1 / r)) ** 2, (1 - beta2 / r**slow) / (1 - beta2)
        case "constant":
            return r / (r + halved * epsilon)
        case _:
            return 1 / (1 - raw * beta2)


def _tanh(claim: Claim) -> list[Obligation]:
    """B_t^2 = B^2 (1 - ((Y-X)/(1-XY))^2), X = a^t, Y = b^t at beta_1 = ab, beta_2 = b^2: it rises to B^2."""
    a, b, t = sp.symbols("a b t", positive=True)
    try:
        bound, limit = (claim(what, a * b, b**2, t) for what in ("bound", "limit"))
    except TypeError:  # a maximum of symbols
        return []
    gap = (b**t - a**t) / (1 - a**t * b**t)
    return [
        Obligation("step t", sp.expand_power_base(bound - limit * (1 - gap**2)), (a, b)),
        Obligation("step 1", claim("bound", a * b, b**2, 1) - 1, (a, b)),
    ]


_BETAS = tuple((Fraction(b1), Fraction(b2)) for b1, b2 in (("1/2", "3/5"), ("9/10", "99/100"), ("1/10", "1/5")))


@cache
def _squared_step(beta1: Fraction, beta2: Fraction, gradients: Sequence[Fraction], corrected: bool = True) -> Fraction:
    """m^2/v after these gradients, by the update rule as it is written."""
    m, v = Fraction(0), Fraction(0)
    for g in gradients:
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    if not v:
        return Fraction(0)
    t = len(gradients)
    return m**2 / v * ((1 - beta2**t) / (1 - beta1**t) ** 2 if corrected else 1)


_SOME = tuple(
    (*betas, gradients)
    for betas in _BETAS
    for t in (1, 2, 3, 4)
    for gradients in itertools.product(map(Fraction, (-1, 0, 1, 3)), repeat=t)
)


def _below_the_bound(beta1: Fraction, beta2: Fraction, gradients: Sequence[Fraction]) -> Callable[[Claim], bool]:
    """Of Adam and, without its average and correction, of RMSprop."""

    def judge(claim: Claim) -> bool:
        adam = _squared_step(beta1, beta2, gradients) <= claim("bound", beta1, beta2, len(gradients))
        rmsprop = _squared_step(Fraction(0), beta2, gradients, corrected=False) <= claim("rmsprop", beta1, beta2)
        return bool(adam and rmsprop)

    return judge


def _attained(beta1: Fraction, beta2: Fraction, t: int) -> Callable[[Claim], bool]:
    """By gradients that grow by beta_2/beta_1; RMSprop's bound by its first step."""
    worst = tuple((beta2 / beta1) ** i for i in range(t))

    def judge(claim: Claim) -> bool:
        adam = _squared_step(beta1, beta2, worst) == claim("bound", beta1, beta2, t)
        rmsprop = _squared_step(Fraction(0), beta2, worst[:1], corrected=False) == claim("rmsprop", beta1, beta2)
        return bool(adam and rmsprop)

    return judge


_RISING = tuple(
    (*betas, tuple(itertools.accumulate(rises)))
    for betas in _BETAS
    for t in (1, 2, 3, 4, 5)
    for rises in itertools.product(map(Fraction, (0, 1, 40)), repeat=t)
    if rises[0]
)


def _above_the_least_onset(beta1: Fraction, beta2: Fraction, gradients: Sequence[Fraction]) -> Callable[[Claim], bool]:
    """Never below, and an onset's step is exactly that."""
    t = len(gradients)
    onset = tuple(Fraction(i >= t // 2) for i in range(t))

    def judge(claim: Claim) -> bool:
        least = min(claim("onset", beta1, beta2, t, k) for k in range(1, t + 1))
        exact = claim("onset", beta1, beta2, t, t - t // 2) == _squared_step(beta1, beta2, onset)
        return bool(_squared_step(beta1, beta2, gradients) >= least and exact)

    return judge


_GROWING = tuple(
    (
        Fraction(beta1),
        Fraction(beta2),
        tuple(itertools.accumulate((Fraction(1), *factors), lambda g, factor: g * factor)),
    )
    for beta1, beta2 in (("1/2", "3/5"), ("1/50", "9/10"), ("9/10", "1/50"))
    for factors in (*itertools.product(map(Fraction, ("1", "6/5")), repeat=6), (Fraction(6, 5),) * 40)
)


def _in_the_slow_range(beta1: Fraction, beta2: Fraction, gradients: Sequence[Fraction]) -> Callable[[Claim], bool]:
    def judge(claim: Claim) -> bool:
        low, high = claim("slow", beta1, beta2, r=Fraction(6, 5))
        return bool(low <= _squared_step(beta1, beta2, gradients) <= high)

    return judge


_CONSTANT = tuple(
    (beta1, beta2, t, Fraction(g), Fraction(epsilon))
    for beta1, beta2 in _BETAS
    for t in (1, 2, 5)
    for g, epsilon in (("1", "0"), ("1/3", "1/3"), ("1/1000", "2"))
)


def _same_step(beta1: Fraction, beta2: Fraction, t: int, g: Fraction, epsilon: Fraction) -> Callable[[Claim], bool]:
    """m/(1-beta_1^t) and v/(1-beta_2^t) from the rule; here v's root is rational: it is g, as its square shows."""
    m, v = Fraction(0), Fraction(0)
    for _ in range(t):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    assert v / (1 - beta2**t) == g**2
    step = m / (1 - beta1**t) / (g + epsilon)
    return lambda claim: bool(claim("constant", beta1, beta2, t, r=g, epsilon=epsilon) == step)


_NINE, _LONG = Fraction(9, 10), Fraction(999, 1000)


def _defaults(claim: Claim) -> Iterator[Inequality]:
    """For beta = (0.9, 0.999): steps from 0.4814 eta (the worst onset is at step 12) to 7.2703 eta."""
    least = min((claim("onset", _NINE, _LONG, t, 1), t) for t in range(1, 60))[0]
    for name, square, low, high in (
        ("least step", least, "0.48142", "0.48143"),
        ("greatest step", claim("limit", _NINE, _LONG), "7.2702", "7.2703"),
        ("first step of RMSprop", claim("rmsprop", _NINE, Fraction(99, 100)), "9.9999", "10.0001"),
    ):
        size = sp.sqrt(_rational(square))
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
    """Adam's steps on all weights until w_1 is passed, with a bound on every rounding error."""
    m, v = flint.arb(0), flint.arb(0)
    with precision(50):
        numbers = (x, y, _RATE, w0, w1, epsilon, _rational(_NINE), _rational(_LONG))
        a, b, eta, w, last, small, b1, b2 = (enclose(value, 50) for value in numbers)
        for t in itertools.count(1):
            g = (b - a * w**L) * a * w ** (L - 1)
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
            w += eta * m / (1 - b1**t) / ((v / (1 - b2**t)).sqrt() + small)
            if w >= last:
                return t
            assert w < last
    raise AssertionError


def _adams_escape(*case: Any) -> Callable[[Claim], bool | None]:
    """From way/(B eta), and epsilon T/eta, to 1 + way (1 + epsilon/g_0)/(least eta): no curvature in the first."""
    L, x, y, w0, w1, epsilon = case
    chain = BalancedChain(L, x, y, w0)
    way, stuck = (w1 - w0) / _RATE, epsilon * chain.leading_time(w1) / _RATE

    def judge(claim: Claim) -> bool | None:
        greatest = sp.sqrt(_rational(claim("limit", _NINE, _LONG)))
        least = sp.sqrt(_rational(min(claim("onset", _NINE, _LONG, t, 1) for t in range(1, 60))))
        kept = sp.sympify(claim("constant", _NINE, _LONG, r=chain.speed(), epsilon=epsilon))
        return _between(sp.Max(way / greatest, stuck), _adam(*case), 1 + way / (least * kept))

    return judge


def _itself(claim: Claim, *_: Any) -> Claim:
    return claim


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
    assumptions=(Assumption.SHORT_FIRST_MEMORY, Assumption.ZERO_EPSILON),
    claim=adaptive_steps,
    evidence=(
        Proved("the bound of step t rises to its limit", _tanh),
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

STATEMENTS = (SADDLE_TIME, BALANCED_CHAIN, BALANCE_KEPT, ADAPTIVE_STEPS)
