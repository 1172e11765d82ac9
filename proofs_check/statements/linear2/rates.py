"""How fast two linear layers fit, by the imbalance that gradient flow keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import MIN, TWO_LAYERS, itself
from proofs_check.toolkit.balls import above_zero, ball, not_above, root
from proofs_check.toolkit.rational_pairs import Shape, Spectra, random_pair
from theory.balls import precision
from theory.dynamics.exact_pairs import LinearPair
from theory.dynamics.scalar_pairs import scalar_product

DIGITS = 25
MORE_UNITS = Assumption("the width is at least r + m where both parts of c are to be positive; c = 0 says nothing")


def level(roots: Sequence[Any], r: int, m: int) -> tuple[Any, Any]:
    """Return c_+ and c_-, the positive parts of the r-th largest and, negated, the m-th smallest eigenvalue."""
    h = len(roots)
    return (above_zero(roots[r - 1]) if r <= h else 0), (above_zero(-roots[h - m]) if m <= h else 0)


def rate(
    what: str, *case: Any, times: Fraction | int = 1, data: str = "least", kept: str = "c", both: int = 1
) -> Any:
    r"""The loss falls by |G V|^2 + |U_1^T G|^2, so f(t) - min f is at most exp(-2 lambda_r c t) (f(0) - min f).

    - ``energy`` is how fast the loss falls, given |G V|_F^2 and |U_1^T G|_F^2.
    - ``rate`` is 2 lambda_r c, given the squared singular values of the data, the eigenvalues of U_1^T U_1 - V^T V from
      the largest on, the rank r and the number m of outputs.

    Parameters
    ----------
    what : str
        Which of these.
    """
    if what == "energy":
        back, forth = case
        return back + both * forth
    spectrum, roots, r, m = case
    if kept == "ends":
        c = roots[0] - roots[-1]
    elif kept == "all":
        c = sum(map(abs, roots))
    else:
        c = sum(level(roots, r, m))
    least = max(spectrum) if data == "greatest" else min(spectrum)
    if isinstance(c, sp.Basic):
        least, times = sp.Rational(least), sp.Rational(times)
    else:
        least, times = ball(least), ball(times)
    return 2 * times * (root(least) if data == "root" else least) * c


def _energy(claim: Claim) -> list[Obligation]:
    """Differentiate the loss along its own descent, for r = m = 2 and h = 3.

    A monomial of |G V|^2 or |U_1^T G|^2 has entries from at most two rows of each layer and three columns: so an
    identity of this size is one of every size.
    """
    u, v = (sp.Matrix(2, 3, sp.symbols(f"{name}1:7")) for name in ("u", "v"))
    y = sp.Matrix(2, 2, sp.symbols("t1:5"))
    lam = sp.symbols("lambda1:3", positive=True)
    gap = y - u * v.T
    g = sp.diag(*lam) * gap
    loss = sum(lam[i] * gap[i, j] ** 2 for i in range(2) for j in range(2)) / 2
    back, forth = g * v, g.T * u
    falls = -sum(loss.diff(x) * dx for w, dw in ((u, back), (v, forth)) for x, dx in zip(w, dw, strict=True))
    squares = (sum(x**2 for x in part) for part in (back, forth))
    return [Obligation("the loss falls by", falls, claim("energy", *squares))]


_SMALL = tuple(Fraction(x) for x in ("2", "1/100"))
_SHAPES: tuple[Shape, ...] = ((1, 1, 2), (1, 1, 3), (1, 2, 3), (2, 1, 3), (2, 1, 5), (2, 2, 4), (3, 2, 6), (2, 3, 3))
_RANDOM = tuple((shape, seed, ()) for shape in _SHAPES for seed in range(6)) + tuple(
    (shape, seed, _SMALL) for shape in _SHAPES if shape[0] == 2 for seed in range(3)
)
_SHARP = tuple(
    LinearPair([lam], [[Fraction(theta)]], [[1, 0]], [[Fraction(1, 1000), 2]])
    for lam, theta in (("1", "1/100"), ("1/100", "1"), ("1/400", "-1"), ("9", "2"))
)


@cache
def _pair(shape: Shape, seed: int, spectrum: tuple[Fraction, ...]) -> LinearPair:
    return random_pair(shape, seed, spectrum)


@cache
def _spectra(pair: LinearPair) -> Spectra:
    return Spectra.of(pair, DIGITS)


def _falls_as_fast(pair: LinearPair) -> Callable[[Claim], bool | None]:
    """Judge the rate at one time: it holds at all times if and only if it holds at the first of each start."""
    spectra = _spectra(pair)
    falls, excess = ball(pair.dissipation()), ball(pair.excess())

    def judge(claim: Claim) -> bool | None:
        with precision(DIGITS):
            return not_above(claim("rate", pair.spectrum, spectra.roots, spectra.r, spectra.m) * excess, falls)

    return judge


def _random_rate(*case: Any) -> Callable[[Claim], bool | None]:
    return _falls_as_fast(_pair(*case))


def closed_form(plus: Any, minus: Any, difference: Any) -> tuple[Any, Any]:
    """Return both eigenvalues of u u^T - v v^T from |u+v|^2, |u-v|^2 and |u|^2 - |v|^2."""
    c = sp.sqrt(plus * minus)
    return (difference + c) / 2, (difference - c) / 2


_FLOWS = tuple(
    tuple(map(sp.Rational, case.split()))
    for case in (
        # |u+v|^2, |u-v|^2, |u|^2-|v|^2, lambda, theta
        "3 2 1 1 2",
        "2 2 0 1 1/100",
        "5 1/10 1/2 1/4 -1",
        "1 4 -1 3 -2",
    )
)


def _finite_times(claim: Claim) -> Iterator[Inequality]:
    """The loss of a scalar network, whose flow is solved, lies below the bound at three times."""
    for plus, minus, difference, lam, theta in _FLOWS:
        bound = claim("rate", [lam], closed_form(plus, minus, difference), 1, 1)
        for time in (sp.Rational(1, 10), sp.S.One, sp.Integer(4)):
            left, start = (theta - scalar_product(t, plus, minus, lam, theta) for t in (time, sp.S.Zero))
            case = f"theta = {theta}, lambda = {lam}, T = {time}"
            yield Inequality(case, left**2, sp.exp(-bound * time) * start**2)


RATE = Statement(
    id="linear2.rate",
    title="The loss falls at least like exp(-2 lambda_r c t), with the level of imbalance c that flow keeps.",
    latex=(
        r"f(t)-\min f\le e^{-2\lambda_rct}(f(0)-\min f),\quad "
        r"c=[\lambda_r(\Lambda)]_++[\lambda_m(-\Lambda)]_+,\ \Lambda=U_1^TU_1-V^TV;\qquad "
        r"-\dot f=|GV|_F^2+|U_1^TG|_F^2"
    ),
    source=f"{MIN}, theorem 1; the energy identity with Weyl's inequality",
    assumptions=(TWO_LAYERS, MORE_UNITS),
    claim=rate,
    evidence=(
        Proved("the loss differentiated along its descent", _energy, "all r, m, h: the energy"),
        Enumerated(
            f"how fast {len(_RANDOM)} rational networks start, every rounding bounded",
            _RANDOM,
            _random_rate,
            apply=itself,
        ),
        Enumerated(
            "u nearly orthogonal to v, where the rate is nearly attained, lambda from 1/400 on",
            tuple((pair,) for pair in _SHARP),
            _falls_as_fast,
            label=lambda pair: f"lambda = {pair.spectrum[0]}, theta = {pair.target[0][0]}",
            apply=itself,
        ),
        Enclosed("the loss of solved flows at three times", _finite_times),
    ),
    mutants=(
        Mutant("3 c", partial(rate, times=3)),
        Mutant("4 c", partial(rate, times=4)),
        Mutant("1.01 c", partial(rate, times=Fraction(101, 100))),
        Mutant("lambda_1 for lambda_r", partial(rate, data="greatest")),
        Mutant("the root of lambda_r", partial(rate, data="root")),
        Mutant("the outermost eigenvalues", partial(rate, kept="ends")),
        Mutant("all eigenvalues", partial(rate, kept="all")),
        Mutant("the energy of one layer", partial(rate, both=0)),
    ),
)


STATEMENTS = (RATE,)
