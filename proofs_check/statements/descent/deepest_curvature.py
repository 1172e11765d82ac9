"""What looks true and is false: that the curvature is almost non-negative at each point of flow from near zero."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check.evidence import Enclosed, Enumerated, Inequality, Obligation, Proved
from proofs_check.exact.small_losses import is_definite
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.descent.curvature_integral import BALANCED, curved_network
from proofs_check.statements.descent.euler_recursion import SOURCE
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.toolkit.balls import all_of
from theory.balls import enclose, precision


class Deepest(NamedTuple):
    """What is claimed of the least curvature on the way.

    Parameters
    ----------
    place : sympy.Expr
        u.
    factor : sympy.Expr
        How much the least eigenvalue is below 0 there, over u^(1-2/n).
    limit : sympy.Expr
        What the depth of the curvature exceeds, for every n.
    """

    place: Any
    factor: Any
    limit: Any


def deepest_curvature(n: Any, *, half: int = 2, over: int = 2, eighth: int = 8, almost: bool = False) -> Any:
    """Flow along the target from u_0 < u_m = (n-2)/(4n-2) passes the least eigenvalue -(n/2) u_m^(1-2/n) < -n/8.

    For n = 2 that is -1, in the limit of small u_0: there it is near the start.

    Parameters
    ----------
    n : int or sympy.Expr
        The number of layers.
    """
    factor = sp.Rational(1, 10) if almost else n / sp.Integer(half)
    return Deepest((n - 2) / (over * (2 * n - 1)), factor, n / sp.Integer(eighth))


def _minimum(claim: Claim) -> list[Obligation]:
    """Where the derivative of u^(1-2/n) ((n-1)(1-u) - n u) is 0, and the bracket there."""
    n, u = sp.symbols("n u", positive=True)
    said, bracket = claim(n), (n - 1) * (1 - u) - n * u
    slope = sp.cancel(sp.expand(((1 - 2 / n) * bracket + u * bracket.diff(u)) * n))
    (place,) = sp.solve(slope, u)
    return [Obligation("place", place, said.place), Obligation("factor", bracket.subs(u, said.place), said.factor)]


_DIGITS = 40


def _of_networks(n: int, hidden: tuple[int, ...]) -> Callable[[Claim], bool | None]:
    """Compare with the Hessians of networks just before and after the place, and on a grid all along the way."""

    def judge(claim: Claim) -> bool | None:
        said = claim(sp.Integer(n))
        depth = enclose(said.factor * said.place ** (1 - sp.Rational(2, n)), _DIGITS)
        q = float(said.place) ** (1 / n)
        near = flint.fmpq(round(q * 10**9), 10**9)
        with precision(_DIGITS):
            found = is_definite(curved_network(n, hidden, near, 0), depth * (1 - flint.arb("1e-12")))
            answers = [None if found is None else not found]
            grid = (curved_network(n, hidden, flint.fmpq(k, 40), 0) for k in range(1, 40))
            answers.extend(is_definite(hessian, depth) for hessian in grid)
            return all_of(answers)

    return judge


def _at_least_an_eighth(claim: Claim) -> Iterator[Inequality]:
    for n in (3, 4, 5, 10, 30, 100, 1000):
        said = claim(sp.Integer(n))
        depth = said.factor * said.place ** (1 - sp.Rational(2, n))
        yield Inequality(f"n = {n}", said.limit, depth)
        if n >= 100:
            yield Inequality(f"n = {n}, and hardly more", depth, said.limit * (1 + sp.Rational(3, n)))


DEEPEST_CURVATURE = Statement(
    id="descent.deepest-curvature",
    title="Almost non-negative curvature along the trajectory fails pointwise: flow from near zero passes below -n/8.",
    latex=(
        r"\min_{t}\lambda_{\min}(\theta(t))=-\frac n2\Bigl(\frac{n-2}{4n-2}\Bigr)^{1-2/n}<-\frac n8,\qquad "
        r"\text{at }u=\frac{n-2}{4n-2}"
    ),
    source=f"against a reading of theorem 2 in {SOURCE}: it is near zero that curvature is almost non-negative",
    assumptions=(BALANCED,),
    claim=deepest_curvature,
    evidence=(
        Proved("the derivative in u, and the value where it vanishes", _minimum, "all n"),
        Enumerated(
            "pivots of exact Hessians at the place and at 39 others",
            ((3, (1, 1)), (4, (1, 1, 1)), (5, (1, 1, 1, 1)), (3, (2, 2))),
            _of_networks, apply=itself, label=lambda n, hidden: f"n = {n}, hidden widths {hidden}",
        ),
        Enclosed("below -n/8 at n up to 1000, and near to it", _at_least_an_eighth),
    ),
    mutants=(
        Mutant("never below -0.1: almost non-negative", partial(deepest_curvature, almost=True)),
        Mutant("a third of n", partial(deepest_curvature, half=3)),
        Mutant("at (n-2)/(2n-1)", partial(deepest_curvature, over=1)),
        Mutant("below -n/7", partial(deepest_curvature, eighth=7)),
    ),
)  # fmt: skip

STATEMENTS = (DEEPEST_CURVATURE,)
