"""How fast two linear layers fit, by their imbalance and their margin together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache, partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import MIN, TWO_LAYERS, itself
from proofs_check.statements.linear2.rates import DIGITS, closed_form, level
from proofs_check.toolkit.balls import Number, above_zero, all_of, ball, larger, not_above, root
from proofs_check.toolkit.rational_pairs import Shape, Spectra, random_pair
from theory.balls import Ball, precision
from theory.dynamics.linear_pairs.exact_pairs import LinearPair, eigenvalues
from theory.dynamics.linear_pairs.scalar_pairs import scalar_product


class Margin(NamedTuple):
    """What is claimed of the least squared singular values of both layers by those of their product.

    Parameters
    ----------
    first, second : (number, number)
        The smaller and the larger side of the inequalities for U_1 and for V.
    total : number
        A bound from below on the sum of both squares.
    """

    first: tuple[Number, Number]
    second: tuple[Number, Number]
    total: Number


def margin(
    roots: tuple[Number, ...],
    r: int,
    m: int,
    products: tuple[Number, Number],
    squares: tuple[Number, Number] = (0, 0),
    *,
    low: str = "end",
    inner: int = 1,
    four: int = 4,
    form: str = "full",
    outer: int = 1,
) -> Margin:
    r"""(lambda - c_+)(lambda + L_-) >= sigma_r^2, (nu - c_-)(nu + L_+) >= sigma_m^2, and what follows for lambda + nu.

    Parameters
    ----------
    roots, r, m
        As for :func:`proofs_check.statements.linear2.rates.rate`.
    products : (number, number)
        sigma_r^2 and sigma_m^2, squared singular values of U_1 V^T.
    squares : (number, number)
        lambda, the least eigenvalue of U_1 U_1^T, and nu, that of V V^T.
    """
    levels = level(roots, r, m)
    ends = {"end": (above_zero(-roots[-1]), above_zero(roots[0])), "level": levels[::-1], "none": (0, 0)}[low]
    parts = tuple(zip(levels, ends, products, strict=True))
    sides = [
        (product, (square - inner * c) * (square + end))
        for square, (c, end, product) in zip(squares, parts, strict=True)
    ]
    if form == "products":
        total = root(products[0]) + root(products[1])
    elif form == "one root":
        total = root(sum(levels) ** 2 + 4 * larger(*products))
    else:
        total = sum(outer * c - end + root((outer * c + end) ** 2 + four * product) for c, end, product in parts) / 2
    return Margin(sides[0], sides[1], total)


def margin_rate(
    what: str, *case: Any, speed: Fraction = Fraction(2), times: int = 1, over: int = 1, **options: Any
) -> Any:
    r"""The bounds of :func:`margin`; the margin sigma_min(U_1 V^T) never goes below; and the rate at that margin.

    - ``bounds`` are those of :func:`margin`, with its arguments.
    - ``margin`` is (size - error)/sqrt(greatest): size is the least singular value of Lambda_x^{1/2} Theta, error is
      |E(0)|_F and greatest is lambda_1.
    - ``rate`` is 2 lambda_r times the bound on lambda + nu, given lambda_r and the first arguments of :func:`margin`.

    Parameters
    ----------
    what : str
        Which of these.
    """
    if what == "bounds":
        return margin(*case, **options)
    if what == "margin":
        size, error, greatest = case
        return times * above_zero(size - error) / (root(greatest) if over else 1)
    least, *rest = case
    total = margin(*rest, **options).total
    return (ball(speed) * least if isinstance(total, flint.arb) else sp.Rational(speed) * least) * total


def at_margin(r: int, m: int, mu: Number) -> tuple[Number, Number]:
    """Return bounds on sigma_r^2 and sigma_m^2: where r and m differ, U_1 V^T has no singular value of the larger."""
    return mu**2 if r <= m else 0 * mu, mu**2 if m <= r else 0 * mu


def _equal_for_scalars(claim: Claim) -> list[Obligation]:
    """For r = m = 1 both sides are equal, with |u|^2 = alpha + y and |v|^2 = beta + y.

    The eigenvalues alpha > 0 > -beta have the sum |u|^2 - |v|^2 and the product p^2 - |u|^2 |v|^2.
    """
    alpha, beta, y = sp.symbols("alpha beta y", positive=True)
    first, second = alpha + y, beta + y
    product = first * second - alpha * beta
    claimed = claim("bounds", (alpha, -beta), 1, 1, (product, product), (first, second))
    return [
        Obligation("the first layer", claimed.first[1], claimed.first[0]),
        Obligation("the second layer", claimed.second[1], claimed.second[0]),
        Obligation("the sum", (first + second) ** 2, claimed.total**2),
    ]


_SHAPES: tuple[Shape, ...] = (
    *((1, 2, 3), (2, 1, 2), (2, 1, 4), (2, 2, 2), (2, 2, 3), (2, 2, 4)),
    *((2, 2, 6), (3, 2, 5), (3, 3, 4), (3, 1, 2), (2, 3, 2)),
)
_RANDOM = tuple((shape, seed) for shape in _SHAPES for seed in range(16))
_ADVERSE_LAYERS: tuple[tuple[Any, Any], ...] = (
    # one direction nearly balanced, the other far from it
    ([[1, 0, 0], [0, 5, 0]], [[Fraction(99, 100), 0, 0], [0, 0, 5]]),
    ([[3, 0], [0, Fraction(1, 2)]], [[0, 3], [Fraction(1, 2), 0]]),
    ([[1, 0, 0, 0], [0, 1, 0, 0]], [[1, 0, Fraction(1, 10), 0], [0, 1, 0, Fraction(1, 10)]]),
    # dependent rows, and fewer units than rows: lambda is 0
    ([[1, 2], [2, 4]], [[1, -1], [1, 3]]),
    ([[1], [2]], [[3], [1]]),
    ([[0, 0], [0, 0]], [[1, 0], [0, 1]]),
)
_ADVERSARIAL = tuple((LinearPair([1] * len(u), [[0] * len(v)] * len(u), u, v),) for u, v in _ADVERSE_LAYERS)


@cache
def _spectra(pair: LinearPair) -> Spectra:
    return Spectra.of(pair, DIGITS)


@cache
def _pair(shape: Shape, seed: int) -> LinearPair:
    return random_pair(shape, seed)


def _bounded(pair: LinearPair) -> Callable[[Claim], bool | None]:
    spectra = _spectra(pair)

    def judge(claim: Claim) -> bool | None:
        with precision(DIGITS):
            found = claim("bounds", spectra.roots, spectra.r, spectra.m, spectra.product_squares, spectra.squares)
            pairs = found.first, found.second, (found.total, spectra.squares[0] + spectra.squares[1])
            return all_of(_nearly_not_above(*sides) for sides in pairs)

    return judge


def _nearly_not_above(left: Ball, right: Ball) -> bool | None:
    """Whether left <= right + 10^-18: where a layer lacks rank, both are equal, which balls cannot tell."""
    return not_above(left, right + flint.arb("1e-18"))


def _random_bounds(*case: Any) -> Callable[[Claim], bool | None]:
    return _bounded(_pair(*case))


_NEAR = tuple((shape, seed) for shape in ((1, 2, 3), (2, 1, 2), (2, 2, 3), (2, 2, 5), (3, 2, 5)) for seed in range(6))


@cache
def _near_target(shape: Shape, seed: int) -> LinearPair:
    """Return a network that has nearly fitted, so that its margin is positive."""
    pair, noise = random_pair(shape, seed), random_pair(shape, seed + 1).target
    product = [[sum(map(lambda x, y: x * y, u, v)) for v in pair.v] for u in pair.u1]
    target = [[x + e / 40 for x, e in zip(*rows, strict=True)] for rows in zip(product, noise, strict=True)]
    return LinearPair(pair.spectrum, target, pair.u1, pair.v)


def _rate_at_margin(*case: Any) -> Callable[[Claim], bool | None]:
    """Judge margin and rate at one time: |E| never grows, so what holds at the start of each flow always holds."""
    pair = _near_target(*case)
    spectra = _spectra(pair)
    with precision(DIGITS):
        size, error = _size(pair), ball(2 * pair.excess()).sqrt()
    excess, falls = ball(pair.excess()), ball(pair.dissipation())
    r, m = spectra.r, spectra.m

    def judge(claim: Claim) -> bool | None:
        with precision(DIGITS):
            mu = claim("margin", size, error, ball(max(pair.spectrum)))
            speed = claim("rate", ball(min(pair.spectrum)), spectra.roots, r, m, at_margin(r, m, mu))
            sigma = spectra.product_squares[0 if r <= m else 1]
            return all_of((not_above(mu**2, sigma), not_above(speed * excess, falls)))

    return judge


def _size(pair: LinearPair) -> Ball:
    """Return the least singular value of Lambda_x^{1/2} Theta, by way of a scaled copy of the network."""
    r, m = len(pair.target), len(pair.target[0])
    theta = sp.Matrix(r, m, lambda i, j: sp.Rational(pair.target[i][j].numerator, pair.target[i][j].denominator))
    lam = sp.diag(*(sp.Rational(x.numerator, x.denominator) for x in pair.spectrum))
    square = theta.T * lam * theta if m <= r else lam * theta * theta.T
    rows = [[flint.fmpq(int(x.p), int(x.q)) for x in square.row(i)] for i in range(square.rows)]
    found: Ball = eigenvalues(flint.fmpq_mat(rows), DIGITS)[-1].sqrt()
    return found


_FLOWS = tuple(
    tuple(map(sp.Rational, case.split()))
    # |u+v|^2, |u-v|^2, |u|^2-|v|^2, lambda, theta
    for case in ("10 2 1 1 21/10", "3 1 1/2 1/4 3/4", "1 9 -1 3 -5/2")
)


def _finite_times(claim: Claim) -> Iterator[Inequality]:
    """The loss of a scalar network, whose flow is solved, lies below the bound at three times."""
    for plus, minus, difference, lam, theta in _FLOWS:
        start = theta - (plus - minus) / 4
        mu = claim("margin", sp.sqrt(lam) * abs(theta), sp.sqrt(lam) * abs(start), lam)
        speed = claim("rate", lam, closed_form(plus, minus, difference), 1, 1, (mu**2, mu**2))
        for time in (sp.Rational(1, 10), sp.S.One, sp.Integer(4)):
            left = theta - scalar_product(time, plus, minus, lam, theta)
            case = f"theta = {theta}, lambda = {lam}, T = {time}"
            yield Inequality(case, left**2, sp.exp(-speed * time) * start**2)


MARGIN_RATE = Statement(
    id="linear2.margin-rate",
    title="Imbalance and the product's singular values bound those of both layers, and with a margin the rate.",
    latex=(
        r"(\lambda-c_+)(\lambda+L_-)\ge\sigma_r^2,\quad(\nu-c_-)(\nu+L_+)\ge\sigma_m^2;\quad "
        r"\lambda+\nu\ge b=\tfrac12\Bigl(c_+-L_-+\sqrt{(c_++L_-)^2+4\sigma_r^2}"
        r"+c_--L_++\sqrt{(c_-+L_+)^2+4\sigma_m^2}\Bigr);\quad "
        r"\sigma_{\min}(U_1V^T)\ge\frac{\sigma_{\min}(\Lambda_x^{1/2}\Theta)-|E(0)|_F}{\sqrt{\lambda_1}},\quad "
        r"f(t)-\min f\le e^{-2\lambda_rbt}(f(0)-\min f)"
    ),
    source=f"derived here; later versions of {MIN} have a margin beside the imbalance",
    assumptions=(TWO_LAYERS,),
    claim=margin_rate,
    evidence=(
        Proved("one output and rank one, where both sides are equal", _equal_for_scalars, "r = m = 1"),
        Enumerated(f"{len(_RANDOM)} rational networks, every rounding bounded", _RANDOM, _random_bounds, apply=itself),
        Enumerated(
            "networks of nearly equal sides, and of less than full rank",
            _ADVERSARIAL,
            _bounded,
            label=lambda pair: f"r = {len(pair.u1)}, m = {len(pair.v)}, h = {len(pair.v[0])}",
            apply=itself,
        ),
        Enumerated(
            f"margin and rate of {len(_NEAR)} networks that have nearly fitted", _NEAR, _rate_at_margin, apply=itself
        ),
        Enclosed("the loss of solved flows at three times", _finite_times),
    ),
    mutants=(
        Mutant("L_- and L_+ dropped", partial(margin_rate, low="none")),
        Mutant("the other level for L_- and L_+", partial(margin_rate, low="level")),
        Mutant("2 c_+ in the product", partial(margin_rate, inner=2)),
        Mutant("8 for 4 under the root", partial(margin_rate, four=8)),
        Mutant("one root of c^2 + 4 sigma^2", partial(margin_rate, form="one root")),
        Mutant("2 sigma alone", partial(margin_rate, form="products")),
        Mutant("2 c in the sum", partial(margin_rate, outer=2)),
        Mutant("3 lambda_r for 2 lambda_r", partial(margin_rate, speed=Fraction(3))),
        Mutant("twice the margin", partial(margin_rate, times=2)),
    ),
)

STATEMENTS = (MARGIN_RATE,)
