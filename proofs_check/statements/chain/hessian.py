"""Width one: the Hessian is hollow and a saddle, and its eigenvalues vanish like the product itself, up to L^2."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import sympy as sp

from montecarlo import ChainHessian
from proofs_check import assumptions
from proofs_check.domain import EVERYWHERE
from proofs_check.evidence import (
    Changing,
    Enclosed,
    Enumerated,
    Fold,
    Inequality,
    LogMean,
    Obligation,
    Proved,
    Simulated,
)
from proofs_check.evidence.proved import bases_and_steps
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.chain.products import CHAIN
from proofs_check.toolkit.checks import PAPER
from proofs_check.toolkit.letters import Letters
from proofs_check.verdict import Between
from theory.ensembles import Ensemble
from theory.width_one.hessian_bounds import hessian, log_norm_bounds, log_norm_variance_bound
from theory.width_one.hessian_law import poisson_log_mean
from theory.width_one.single_weight import density_at_zero

Weights = tuple[Fraction, ...]

# --- chain.hessian-hollow ---------------------------------------------------------------------------------------------


def hollow(f: sp.Expr, u: sp.Matrix, *, diagonal: int = 0, sign: int = 1) -> sp.Matrix:
    """The Hessian is H = f (u u^T - diag(u^2)) with u_k = 1/w_k: f/(w_j w_k) off the diagonal, and 0 on it.

    Parameters
    ----------
    f : sympy.Expr
        The product of the weights.
    u : sympy.Matrix
        The column with the entries u_k.
    """
    squares = sp.diag(*(entry**2 for entry in u))
    return f * (sign * u * u.T - sign * squares + diagonal * squares)


def _more_weights(claim: Claim) -> list[Fold]:
    """Multiply the old second derivatives by each weight that is added; f is linear in its only one."""
    f, a, b, w, second = sp.symbols("f a b w h", positive=True)
    one, two = claim(f, sp.Matrix([1 / a])), claim(f, sp.Matrix([1 / a, 1 / b]))

    def folded(name: str, entry: sp.Expr, value: sp.Expr, start: sp.Expr) -> Fold:
        return Fold(name, (w,), Changing(second, start, w * second), (Changing(f, value, w * f),), entry)

    return [
        folded("an entry on the diagonal", one[0, 0], a, sp.S.Zero),
        folded("an entry beside it", two[0, 1], a * b, sp.S.One),
    ]


def _add_a_weight(claim: Claim) -> list[Obligation]:
    """Add a weight w, so that f_{L+1} = w f_L.

    It multiplies the old second derivatives by w. Those with w are the old gradient, and 0 for w twice.
    """
    f, a, b, w = sp.symbols("f a b w", positive=True)
    before, after = claim(f, sp.Matrix([1 / a, 1 / b])), claim(f * w, sp.Matrix([1 / a, 1 / b, 1 / w]))
    return [
        *bases_and_steps(_more_weights(claim)),
        Obligation("step: old mixed entry", w * before[0, 1], after[0, 1]),
        Obligation("step: old diagonal entry", w * before[0, 0], after[0, 0]),
        Obligation("step: mixed entry with the new weight", f / a, after[0, 2]),
        Obligation("step: new diagonal entry", sp.S.Zero, after[2, 2]),
    ]


def _differentiated(depth: int) -> Callable[[sp.Matrix], bool]:
    weights = sp.symbols(f"w1:{depth + 1}", positive=True)
    truth = hessian(weights)
    return lambda claimed: all(sp.cancel(entry) == 0 for entry in claimed - truth)


def _at_depth(claim: Claim, depth: int) -> sp.Matrix:
    weights = sp.symbols(f"w1:{depth + 1}", positive=True)
    return claim(sp.Mul(*weights), sp.Matrix([1 / w for w in weights]))


HOLLOW = Statement(
    id="chain.hessian-hollow",
    title="The Hessian of w_1...w_L is f (u u^T - diag u^2) with u_k = 1/w_k: zero on the diagonal, so it has trace 0.",
    latex=r"\nabla^2 f = f\,(uu^\top-\operatorname{diag}(u^2)),\quad u_k=1/w_k,\quad \operatorname{tr}\nabla^2f=0",
    source=f"{PAPER}, second-order analysis of neural chains",
    assumptions=(
        assumptions.WIDTH_ONE,
        assumptions.PLAIN,
        assumptions.LINEAR,
        assumptions.NO_BIASES,
        assumptions.NONZERO_WEIGHTS,
    ),
    claim=hollow,
    evidence=(
        Proved("adding a weight to the chain", _add_a_weight, "all L", _more_weights),
        Enumerated(
            "SymPy differentiates w_1...w_L twice, L = 1 to 7",
            tuple((depth,) for depth in range(1, 8)),
            _differentiated,
            label="L = {}".format,
            apply=_at_depth,
        ),
    ),
    mutants=(
        Mutant("the diagonal is kept", partial(hollow, diagonal=1)),
        Mutant("the diagonal has the other sign", partial(hollow, diagonal=-1)),
        Mutant("the sign is flipped", partial(hollow, sign=-1)),
    ),
    domain=EVERYWHERE,
)

# --- chain.hessian-inertia --------------------------------------------------------------------------------------------


def secular_determinant(product: sp.Expr, ratios: sp.Expr, *, constant: int = 1, scale: int = 1) -> sp.Expr:
    r"""The determinant is det(diag(d) + u u^T) = prod d_k (1 + sum u_k^2/d_k).

    At d_k = -u_k^2 - lambda this is the secular equation of H/f.

    Parameters
    ----------
    product, ratios : sympy.Expr
        The product of the d_k, and the sum of the u_k^2/d_k.
    """
    return product * (constant + scale * ratios)


def _border(claim: Claim) -> list[Fold]:
    """Border the matrix by the row d + c^2, c u^T, and expand along it: P_{L+1} = d P_L + c^2 prod d_k."""
    determinant, pi, sigma, d, c = sp.symbols("P_L pi_L sigma_L d c", positive=True)
    numbers = (Changing(pi, sp.S.One, pi * d), Changing(sigma, sp.S.Zero, sigma + c**2 / d))
    bordered = Changing(determinant, sp.S.One, d * determinant + c**2 * pi)
    return [Fold("the determinant", (d, c), bordered, numbers, claim(pi, sigma))]


def _weight_grid() -> tuple[Weights, ...]:
    sizes = [Fraction(1, 4), Fraction(-1, 2), Fraction(1), Fraction(3, 2)]
    return tuple(w for depth in (2, 3, 4) for w in itertools.combinations_with_replacement(sizes, depth))


def _inertia(weights: Weights) -> Callable[[sp.Expr], bool]:
    """Judge whether, by a claimed determinant, H has one eigenvalue of the sign of f and L - 1 of the other.

    The characteristic polynomial of H/f, expanded from the claim, has real roots only. So Descartes' rule counts the
    positive ones exactly, and H has no eigenvalue 0 if the constant term is not 0.
    """
    x = sp.Symbol("x")

    def judge(claimed: sp.Expr) -> bool:
        truth = sp.det(_dense(weights) - x * sp.eye(len(weights)))
        if sp.expand(sp.cancel(claimed) - truth) != 0:
            return False
        coefficients = [c for c in sp.Poly(truth, x).all_coeffs() if c != 0]
        changes = sum(bool(a * b < 0) for a, b in itertools.pairwise(coefficients))
        return changes == 1 and truth.subs(x, 0) != 0

    return judge


def _dense(weights: Weights) -> sp.Matrix:
    u = sp.Matrix([1 / sp.Rational(w.numerator, w.denominator) for w in weights])
    return u * u.T - sp.diag(*(entry**2 for entry in u))


def _characteristic(claim: Claim, weights: Weights) -> sp.Expr:
    """Return the characteristic polynomial of H/f in x, from the claimed determinant."""
    squares = [1 / sp.Rational(w.numerator, w.denominator) ** 2 for w in weights]
    entries = [-square - sp.Symbol("x") for square in squares]
    ratios = sp.Add(*(square / entry for square, entry in zip(squares, entries, strict=True)))
    return claim(sp.Mul(*entries), ratios)


INERTIA = Statement(
    id="chain.hessian-inertia",
    title="The Hessian of a chain is a saddle: one eigenvalue has the sign of f, L-1 the other, by a secular equation.",
    latex=(
        r"\det(\nabla^2f/f-\lambda) = \prod_k(-u_k^2-\lambda)\Bigl(1-\sum_k\frac{u_k^2}{u_k^2+\lambda}\Bigr),\quad "
        r"\text{inertia }(1, L-1)"
    ),
    source=f"{PAPER}, second-order analysis of neural chains",
    assumptions=(
        assumptions.WIDTH_ONE,
        assumptions.LINEAR,
        assumptions.NO_BIASES,
        assumptions.NONZERO_WEIGHTS,
        assumptions.DEPTH_TWO,
    ),
    claim=secular_determinant,
    evidence=(
        Proved.by_induction("bordering the determinant by one weight", _border, "all L: the equation"),
        Enumerated(
            "characteristic polynomial and signs of its roots, 65 rational chains of depth 2 to 4",
            tuple((w,) for w in _weight_grid()),
            _inertia,
            apply=_characteristic,
        ),
    ),
    mutants=(
        Mutant("the 1 becomes 2", partial(secular_determinant, constant=2)),
        Mutant("the sum has the other sign", partial(secular_determinant, scale=-1)),
        Mutant("the sum is counted twice", partial(secular_determinant, scale=2)),
    ),
)

# --- chain.hessian-size -----------------------------------------------------------------------------------------------


def size_range(two_largest: Any, spread: Any, *, least: int = 1, share: Fraction = Fraction(1)) -> tuple[Any, Any]:
    r"""The norm obeys |u_1 u_2| <= ||H||_2/|f| <= |u_1 u_2| (1 + R) with R = sum over k >= 2 of u_k^2/u_2^2.

    Here |u_1| >= |u_2| >= ....

    Parameters
    ----------
    two_largest, spread : Fraction or sympy.Expr
        The product |u_1 u_2|, and R.
    """
    return least * two_largest, two_largest * (1 + share * spread)


def _secular_at_the_ends(claim: Claim) -> list[Obligation]:
    """At the lower end the two largest terms of the secular sum are 1 together; at the upper end the sum is below 1.

    With m the upper end, the terms from the second on sum to less than u_2^2 R/m, and the first is 1 - m/(u_1^2 + m).
    So it is enough that m^2 - u_2^2 R (u_1^2 + m) >= 0, which is a sum of products of u_1, u_2, R and u_1 - u_2.
    """
    first, second, spread = sp.symbols("u_1 u_2 R", positive=True)
    lower, upper = claim(first * second, spread)
    terms = sum(u**2 / (u**2 + lower) for u in (first, second))
    room = first * second**2 * ((first - second) * spread * (1 + spread) + first)
    return [
        Obligation("lower end", terms - 1),
        Obligation("upper end", upper**2 - second**2 * spread * (first**2 + upper) - room),
    ]


def _claimed_size(claim: Claim, weights: Weights) -> tuple[Fraction, Fraction]:
    sizes = sorted(map(abs, weights))
    spread = sum((sizes[1] ** 2 / size**2 for size in sizes[1:]), Fraction(0))
    claimed: tuple[Fraction, Fraction] = claim(1 / (sizes[0] * sizes[1]), spread)
    return claimed


def _encloses_the_root(weights: Weights) -> Callable[[tuple[Fraction, Fraction]], bool]:
    """Judge whether ||H||/|f|, where the secular function falls through 0, lies between the claimed ends."""
    squares = [1 / w**2 for w in weights]

    def secular(point: Fraction) -> Fraction:
        return sum((square / (square + point) for square in squares), Fraction(-1))

    return lambda claimed: secular(claimed[0]) >= 0 >= secular(claimed[1])


SIZE = Statement(
    id="chain.hessian-size",
    title="The two smallest weights decide the Hessian's norm: |u_1 u_2| <= ||H||/|f| <= |u_1 u_2| (1 + R).",
    latex=(
        r"|u_1u_2| \le \frac{\|\nabla^2f\|_2}{|f|} \le |u_1u_2|(1+R),\quad R=\sum_{k\ge2}\frac{u_k^2}{u_2^2},"
        r"\quad |u_1|\ge|u_2|\ge\cdots"
    ),
    source=f"{PAPER}, second-order analysis of neural chains, for the Hessian; the bounds are derived in theory",
    assumptions=(
        assumptions.WIDTH_ONE,
        assumptions.PLAIN,
        assumptions.LINEAR,
        assumptions.NO_BIASES,
        assumptions.NONZERO_WEIGHTS,
        assumptions.DEPTH_TWO,
    ),
    claim=size_range,
    evidence=(
        Proved("the secular sum at both ends", _secular_at_the_ends, "all L"),
        Enumerated(
            "sign of the secular function at both ends, 65 rational chains of depth 2 to 4, equal weights to depth 40",
            (*((w,) for w in _weight_grid()), *(((Fraction(1),) * depth,) for depth in (13, 40))),
            _encloses_the_root,
            apply=_claimed_size,
        ),
    ),
    mutants=(
        Mutant("the lower end is doubled", partial(size_range, least=2)),
        Mutant("1 + R becomes 1", partial(size_range, share=Fraction(0))),
        Mutant("1 + R becomes 1 + 9R/10", partial(size_range, share=Fraction(9, 10))),
    ),
    domain=EVERYWHERE,
)

_TINY = sp.Rational(1, 10**12)

# --- chain.hessian-rate -----------------------------------------------------------------------------------------------


def log_norm_range(net: Ensemble, *, logs: int = 2, room: int = 4, exponent: int = 1) -> Between:
    r"""E log||H||_2 is gamma L + 2 psi(L+1) - 2 log t + 2 gamma_E - 1, plus 0 to log 4.

    This is claimed for uniform weights on (-t, t).
    """
    t = Letters.of(net)
    end = sp.log(3 * t.s2) / 2
    lower = exponent * t.L * (end - 1) + logs * sp.digamma(t.L + 1) - 2 * end + 2 * sp.EulerGamma - 1
    return Between(lower, lower + sp.log(room))


def _contains_derived(claim: Claim) -> Iterator[Inequality]:
    """The claimed range contains the one that theory derives, which is sufficient for the claim."""
    for depth in (2, 3, 5, 10, 100, 1000):
        claimed, (low, high) = claim(CHAIN.at(depth=depth)), log_norm_bounds(CHAIN.at(depth=depth))
        yield Inequality(f"L = {depth}, lower end", claimed.lo, low + _TINY)
        yield Inequality(f"L = {depth}, upper end", high - _TINY, claimed.hi)


def _meets_derived(claim: Claim) -> Iterator[Inequality]:
    """The claimed range meets the one that theory derives, which is necessary for the claim."""
    for depth in (2, 3, 5, 10, 100, 1000):
        claimed, (low, high) = claim(CHAIN.at(depth=depth)), log_norm_bounds(CHAIN.at(depth=depth))
        yield Inequality(f"L = {depth}: not above", claimed.lo, high)
        yield Inequality(f"L = {depth}: not below", low, claimed.hi + _TINY)


def _rises_then_falls(claim: Claim) -> Iterator[Inequality]:
    """At L = 2 the norm is 1 exactly; the lower end is above 0 at L = 4 and 5, and the upper end below -5 at L = 40."""
    for depth in (4, 5):
        yield Inequality(f"L = {depth}: above its value at L = 2", sp.S.Zero, claim(CHAIN.at(depth=depth)).lo)
    yield Inequality("L = 40: far below", claim(CHAIN.at(depth=40)).hi, -sp.Integer(5))


def _rate_check(depth: int, samples: int) -> Simulated:
    net = CHAIN.at(depth=depth)
    reading = LogMean(log_norm_variance_bound)
    return Simulated(
        "E log||H||_2", net, ChainHessian(), "spectral_norm", reading=reading, tolerance=0.0, samples=samples
    )


RATE = Statement(
    id="chain.hessian-rate",
    title="The Hessian's norm is exp(gamma L + 2 log L + O(sqrt L)) in probability: it first rises, then vanishes.",
    latex=(
        r"\mathbb E\log\|\nabla^2f\|_2 = \gamma L+2\psi(L+1)-2\log t+2\gamma_E-1+\delta_L,\ 0\le\delta_L\le\log4;\quad "
        r"\operatorname{Var}\log\|\nabla^2f\|_2\le L"
    ),
    source=f"{PAPER}, second-order analysis of neural chains; the 2 log L and its error terms are derived here",
    assumptions=(
        assumptions.UNIFORM,
        assumptions.WIDTH_ONE,
        assumptions.LINEAR,
        assumptions.NO_BIASES,
        assumptions.UNIT_INPUT,
        assumptions.DEPTH_TWO,
    ),
    claim=log_norm_range,
    evidence=(
        Enclosed("contains the range derived from order statistics, L = 2 to 1000", _contains_derived, refutes=False),
        Enclosed("meets the range derived from order statistics, L = 2 to 1000", _meets_derived),
        Enclosed("so it first rises (L = 4, 5), then falls (L = 40)", _rises_then_falls, refutes=False),
        _rate_check(5, 100_000),
        _rate_check(20, 60_000),
        _rate_check(100, 60_000),
    ),
    mutants=(
        Mutant("the 2 log L is dropped", partial(log_norm_range, logs=0)),
        Mutant("2 log L becomes log L", partial(log_norm_range, logs=1)),
        Mutant("the exponent is that of f^2", partial(log_norm_range, exponent=2)),
        Mutant("no room above the two smallest weights", partial(log_norm_range, room=1)),
        Mutant("eigenvalues do not vanish", partial(log_norm_range, exponent=0)),
    ),
)

# --- chain.hessian-law ------------------------------------------------------------------------------------------------


def poisson_log_norm(net: Ensemble, *, logs: int = 2, peak: int = 2, poisson: Fraction = Fraction(1)) -> sp.Expr:
    r"""E log||H||_2 is gamma L + 2 log(p_0 L) + E log Lambda + O(1/L), where p_0 is the density of |w| at 0.

    Lambda solves sum_j 1/(1 + Gamma_j^2 Lambda) = 1 over the points Gamma_j of a Poisson process of rate 1.
    """
    t = Letters.of(net)
    p0 = density_at_zero(net.law) / sp.sqrt(t.s2)
    correction = sp.Rational(poisson.numerator, poisson.denominator) * sp.Rational(poisson_log_mean())
    return t.L * _log_weight(net) + logs * sp.log(t.L) + peak * sp.log(p0) + correction


def _log_weight(net: Ensemble) -> sp.Expr:
    """Return E log|w|: log(3 s^2)/2 - 1 for uniform weights, (log(2 s^2) + psi(1/2))/2 for normal ones."""
    s2 = Letters.of(net).s2
    if net.law.name == "uniform":
        return sp.log(3 * s2) / 2 - 1
    return (sp.log(2 * s2) + sp.digamma(sp.Rational(1, 2))) / 2


def _inside_the_derived_range(claim: Claim) -> Iterator[Inequality]:
    """The range from order statistics, which is exact for uniform weights at every L, contains the claim."""
    for depth in (10, 100, 1000):
        net = CHAIN.at(depth=depth)
        low, high = log_norm_bounds(net)
        yield Inequality(f"L = {depth}: not below", low, claim(net))
        yield Inequality(f"L = {depth}: not above", claim(net), high)


def _law_check(law: str, depth: int, tolerance: float, samples: int) -> Simulated:
    net = CHAIN.at(depth=depth, law=law)
    reading = LogMean(log_norm_variance_bound)
    return Simulated(
        "E log||H||_2", net, ChainHessian(), "spectral_norm", reading=reading, tolerance=tolerance, samples=samples
    )


LAW = Statement(
    id="chain.hessian-law",
    title="Width one: E log||H|| is gamma L + 2 log(p_0 L) and a constant that a Poisson process gives, up to O(1/L).",
    latex=(
        r"\mathbb E\log\|\nabla^2f\|_2=\gamma L+2\log(p_0L)+\mathbb E\log\Lambda+O(\tfrac1L),\quad"
        r"\sum_j\frac1{1+\Gamma_j^2\Lambda}=1,\quad\mathbb E\log\Lambda=0.94748\ldots"
    ),
    source=f"{PAPER}, second-order analysis of neural chains; the constant: theory.width_one.hessian_law",
    assumptions=(
        assumptions.NORMAL_OR_UNIFORM,
        assumptions.WIDTH_ONE,
        assumptions.LINEAR,
        assumptions.NO_BIASES,
        assumptions.UNIT_INPUT,
        assumptions.DEPTH_TWO,
    ),
    claim=poisson_log_norm,
    evidence=(
        Enclosed("inside the range derived from order statistics, L = 10 to 1000", _inside_the_derived_range),
        _law_check("uniform", 20, 0.30, 60_000),
        _law_check("normal", 20, 0.40, 60_000),
        _law_check("uniform", 100, 1.0, 20_000),
    ),
    mutants=(
        Mutant("log L for 2 log L", partial(poisson_log_norm, logs=1)),
        Mutant("the density counts once", partial(poisson_log_norm, peak=1)),
        Mutant("the two smallest weights alone", partial(poisson_log_norm, poisson=Fraction(0))),
        Mutant("two thirds of the constant", partial(poisson_log_norm, poisson=Fraction(2, 3))),
    ),
)

STATEMENTS = (HOLLOW, INERTIA, SIZE, RATE, LAW)
