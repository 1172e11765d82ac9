"""When the mean square displacement vanishes, and where it settles with noise at the minimum."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial
from itertools import product
from typing import NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.exact.spectral_radius import is_contracting
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.statements.sgd.second_moment import HEAVY_BALL, INDEPENDENT, JASTRZEBSKI, ONE_DIRECTION
from proofs_check.toolkit.numbers import rational
from theory.dynamics.sgd_stability.mean_square import largest_rate, stability_margin, stationary_square

_ETA, _LAM, _W, _MU, _V = sp.symbols("eta lam w mu v", positive=True)
UNCORRELATED = Assumption("gradients at the minimum are uncorrelated with curvatures, or 0")


class Stability(NamedTuple):
    """What is claimed of stability in mean square.

    Parameters
    ----------
    left, right : sympy.Expr
        It is stable if and only if left > right.
    rate : sympy.Expr
        The learning rate up to which that is so.
    settled : sympy.Expr
        The limit of E psi^2.
    """

    left: sp.Expr
    right: sp.Expr
    rate: sp.Expr
    settled: sp.Expr


def stability(
    eta: sp.Expr,
    lam: sp.Expr,
    spread: sp.Expr,
    mu: sp.Expr,
    noise: sp.Expr = sp.S.Zero,
    *,
    two: bool = True,
    minus: int = 1,
    plus: int = 1,
    resting: int = 1,
) -> Stability:
    r"""Stable iff (1-mu) lam (2(1+mu) - eta lam) > (1+mu) eta c s^2; then E psi^2 -> (1+mu) eta c sigma^2/(difference).

    So it is at all rates up to 2 (1-mu^2) lam/((1-mu) lam^2 + (1+mu) c s^2).

    Parameters
    ----------
    eta, lam, spread, mu, noise : sympy.Expr
        The learning rate, the mean curvature, c s^2, the momentum and c sigma^2.
    """
    inert = 1 - minus * mu
    reach = 2 * (1 + mu) if two else sp.Integer(2)
    left, right = inert * lam * (reach - eta * lam), (1 + plus * mu) * eta * spread
    rate = inert * lam * reach / (inert * lam**2 + (1 + plus * mu) * spread)
    return Stability(left, right, rate, (1 + resting * mu) * eta * noise / (left - right))


@cache
def _theory() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    margin = stability_margin(_ETA, _LAM, _W, _MU)
    return margin, largest_rate(_LAM, _W, _MU), stationary_square(_ETA, _LAM, _W, _V, _MU)


def _derived(claim: Claim) -> list[Obligation]:
    """Theory's det(I - T)/eta is the difference; with noise at the minimum (I - T) x = (eta^2 c sigma^2, 0, 0)."""
    (margin, rate, settled), found = _theory(), claim(_ETA, _LAM, _W, _MU, _V)
    return [
        Obligation("det(I - T)/eta", margin, found.left - found.right),
        Obligation("the largest rate", rate, found.rate),
        Obligation("the limit", settled, found.settled),
    ]


_MOMENTA = tuple(Fraction(x) for x in ("0", "1/10", "1/2", "4/5", "9/10", "99/100"))
_SIZES = tuple(Fraction(x) for x in ("1/20", "1/2", "1", "19/10", "2", "21/10", "3", "37/10", "399/100", "5"))
_SPREADS = tuple(Fraction(x) for x in ("0", "1/100", "1/5", "1", "3"))
_GRID = tuple((size, spread, mu) for size, spread, mu in product(_SIZES, _SPREADS, _MOMENTA))
_BOUNDARY = tuple(
    (size, side, mu)
    for size, mu in product(_SIZES, _MOMENTA)
    if size < 2 * (1 + mu)
    for side in (Fraction(999, 1000), Fraction(1001, 1000))
)


@cache
def _is_stable(eta: Fraction, lam: Fraction, spread: Fraction, mu: Fraction) -> bool:
    """Whether the spectral radius of T is below 1, by the coefficients of its characteristic polynomial."""
    a, w = 1 + mu - eta * lam, eta**2 * spread
    return is_contracting([[a * a + w, -2 * a * mu, mu * mu], [a, -mu, Fraction(0)], [1, 0, 0]])


def _on_grid(size: Fraction, spread: Fraction, mu: Fraction) -> Callable[[Claim], bool]:
    eta = Fraction(2, 3)
    truth = _is_stable(eta, size / eta, spread / eta**2, mu)
    case = tuple(map(rational, (eta, size / eta, spread / eta**2, mu)))

    def judge(claim: Claim) -> bool:
        found = claim(*case)
        return bool((found.left > found.right) == truth and (eta < Fraction(str(found.rate))) == truth)

    return judge


def _at_boundary(size: Fraction, side: Fraction, mu: Fraction) -> Callable[[Claim], bool]:
    """Move the noise a thousandth to either side of where the determinant vanishes, found by dividing out."""
    spread = side * (1 - mu) * size * (2 * (1 + mu) - size) / (1 + mu)
    return _on_grid(size, spread, mu)


def _grid_label(size: Fraction, spread: Fraction, mu: Fraction) -> str:
    return f"eta lambda = {size}, eta^2 c s^2 = {spread}, mu = {mu}"


MEAN_SQUARE = Statement(
    id="sgd.mean-square-stability",
    title="With momentum, too, one inequality decides whether minibatches are stable in mean square.",
    latex=(
        r"\rho(T)<1\iff(1-\mu)\lambda\bigl(2(1+\mu)-\eta\lambda\bigr)>(1+\mu)\eta cs^2\iff"
        r"\eta<\frac{2(1-\mu^2)\lambda}{(1-\mu)\lambda^2+(1+\mu)cs^2};\qquad \mathbb E\psi^2\to"
        r"\frac{(1+\mu)\eta c\sigma^2}{(1-\mu)\lambda(2(1+\mu)-\eta\lambda)-(1+\mu)\eta cs^2}"
    ),
    source=f"derived here, in the setting of {JASTRZEBSKI}",
    assumptions=(ONE_DIRECTION, INDEPENDENT, HEAVY_BALL, UNCORRELATED, Assumption("lambda and eta are positive")),
    claim=stability,
    evidence=(
        Proved("the determinant, the rate and the limit", _derived, "all eta, lambda, c s^2, mu"),
        Enumerated(
            f"the spectral radius of T on a rational grid of {len(_GRID)}", _GRID, _on_grid, _grid_label, itself
        ),
        Enumerated(
            f"a thousandth to either side of the boundary, {len(_BOUNDARY)} cases",
            _BOUNDARY,
            _at_boundary,
            lambda size, side, mu: f"eta lambda = {size}, c s^2 times {side}, mu = {mu}",
            itself,
        ),
    ),
    mutants=(
        Mutant("2 for 2(1 + mu)", partial(stability, two=False)),
        Mutant("1 - mu dropped", partial(stability, minus=0)),
        Mutant("1 + mu dropped before s^2", partial(stability, plus=0)),
        Mutant("1 + mu dropped in the limit", partial(stability, resting=0)),
    ),
)

STATEMENTS = (MEAN_SQUARE,)
