"""What a sample of gradients shows of the conditioning of their covariance falls with the size of the sample."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated, Obligation, Proved
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.statements.sgd.second_moment import JASTRZEBSKI
from proofs_check.toolkit.balls import all_of, not_above
from theory.balls import Ball, precision
from theory.dynamics.gradient_noise import scatter_step
from theory.dynamics.linear_pairs.exact_pairs import eigenvalues

_DIGITS = 20


class Spectrum(NamedTuple):
    """What is claimed of the centred scatter of L + 1 gradients by that of the first L.

    Parameters
    ----------
    share : sympy.Expr
        The scatter gains so many times (g - mean)(g - mean)^T.
    falling, rising : tuple of (number, number)
        Pairs of a number at L and one at L + 1, of which the second is at most, or at least, the first.
    positive : tuple of numbers
        What is above 0.
    """

    share: Any
    falling: tuple[tuple[Any, Any], ...]
    rising: tuple[tuple[Any, Any], ...]
    positive: tuple[Any, ...]


def gram_spectrum(
    L: Any,
    before: tuple[Any, ...],
    after: tuple[Any, ...],
    *,
    normalized: bool = False,
    constant: bool = False,
    centred: int = 1,
    share: int = 1,
) -> Spectrum:
    r"""lam_*/lam_1 never rises with L, where lam_* is the (L-1)-th eigenvalue, the least one that centring leaves.

    One more gradient adds L/(L+1) (g - mean)(g - mean)^T. By Weyl's inequalities lam_k never falls, and the (k+1)-th is
    at most the k-th of before.

    Parameters
    ----------
    L : int or sympy.Expr
        The number of gradients before.
    before, after : tuple of numbers
        The eigenvalues of the scatter from the largest on, of L and of L + 1 gradients.
    """
    gain = L / (L + share)
    if not before:
        return Spectrum(gain, (), (), ())
    last = L - 1 - centred  # counted from 0
    old, new = before[last] / before[0], after[last + 1] / after[0]
    interlaced = tuple(zip(before, after[1:], strict=False))
    top = (before[0] / L, after[0] / (L + 1)) if normalized else (before[0], after[0])
    falling = ((old, new), *interlaced[: L - 1])
    return Spectrum(gain, (*falling, (new, old)) if constant else falling, (top,), (before[last], after[last + 1]))


def _one_more(claim: Claim) -> list[Obligation]:
    """Compare an entry of what one more gradient adds."""
    L = sp.Symbol("L", positive=True)
    a, b = sp.symbols("a b")
    return [Obligation("an entry of the scatter", scatter_step(L), claim(L, (), ()).share * a * b)]


_CASES = tuple((dimension, size, seed) for dimension, size in ((5, 3), (6, 4), (8, 6)) for seed in range(24)) + tuple(
    (dimension, 2, seed) for dimension in (3, 12) for seed in range(16)
)


@cache
def _spectra(dimension: int, size: int, seed: int) -> tuple[tuple[Ball, ...], tuple[Ball, ...]]:
    """Return the eigenvalues of the centred scatter of the first L and of all L + 1 random gradients.

    They are those of the centred Gram matrix, which has as many rows as there are gradients.
    """
    draw = random.Random(repr((dimension, size, seed)))
    rows = [[draw.randint(-9, 9) for _ in range(dimension)] for _ in range(size + 1)]
    found = []
    for count in (size, size + 1):
        mean = [flint.fmpq(sum(column), count) for column in zip(*rows[:count], strict=True)]
        centred = [[x - m for x, m in zip(row, mean, strict=True)] for row in rows[:count]]
        matrix = flint.fmpq_mat(count, dimension, [x for row in centred for x in row])
        found.append(tuple(eigenvalues(matrix * matrix.transpose(), _DIGITS)))
    return found[0], found[1]


def _weyl(dimension: int, size: int, seed: int) -> Callable[[Claim], bool | None]:
    before, after = _spectra(dimension, size, seed)

    def judge(claim: Claim) -> bool | None:
        with precision(_DIGITS):
            found = claim(size, before, after)
            falls = (not_above(new, old) for old, new in found.falling)
            rises = (not_above(old, new) for old, new in found.rising)
            above = (True if x > 0 else False if x <= 0 else None for x in found.positive)
            return all_of((*falls, *rises, *above))

    return judge


GRAM_SPECTRUM = Statement(
    id="noise.gram-spectrum",
    title="Of more gradients lam_*/lam_1 is never larger: conditioning has no meaning without the sample's size.",
    latex=(
        r"\textstyle\sum_{L+1}(g-\bar g)(g-\bar g)^T=\sum_L(g-\bar g)(g-\bar g)^T+\frac L{L+1}dd^T,\ "
        r"d=g_{L+1}-\bar g_L;\qquad \lambda_k^{(L)}\le\lambda_k^{(L+1)},\ "
        r"\lambda_{k+1}^{(L+1)}\le\lambda_k^{(L)},\quad "
        r"\frac{\lambda_L^{(L+1)}}{\lambda_1^{(L+1)}}\le\frac{\lambda_{L-1}^{(L)}}{\lambda_1^{(L)}}"
    ),
    source=f"derived here, for the statistic lam_*/lam_1 of {JASTRZEBSKI}",
    assumptions=(
        Assumption("nested samples of L gradients in general position, of no more than their dimension"),
        Assumption("lam_* is the (L-1)-th eigenvalue of their centred scatter, lam_1 the largest"),
    ),
    claim=gram_spectrum,
    evidence=(
        Proved("what one more gradient adds", _one_more, "all L: the rank-one step"),
        Enumerated(
            f"eigenvalues of centred Gram matrices, {len(_CASES)} samples of whole numbers",
            _CASES,
            _weyl,
            label=lambda dimension, size, seed: f"dimension {dimension}, L = {size}, seed {seed}",
            apply=itself,
        ),
    ),
    mutants=(
        Mutant("lam_1 of the covariance never falls", partial(gram_spectrum, normalized=True)),
        Mutant("lam_*/lam_1 is independent of L", partial(gram_spectrum, constant=True)),
        Mutant("the L-th eigenvalue", partial(gram_spectrum, centred=0)),
        Mutant("L/(L+2) for L/(L+1)", partial(gram_spectrum, share=2)),
    ),
)

STATEMENTS = (GRAM_SPECTRUM,)
