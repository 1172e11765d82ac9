"""Epochs in which every example is used once are stable in mean square beyond 2/eta, and typically as fresh batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache, partial
from itertools import combinations
from typing import Any, NamedTuple

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence import Enumerated
from proofs_check.statement import Claim, Mutant, Statement
from proofs_check.statements.linear2.imbalance import itself
from proofs_check.statements.sgd.second_moment import JASTRZEBSKI, ONE_DIRECTION
from proofs_check.statements.sgd.typical import AT_REST
from proofs_check.verdict import Between


class Ends(NamedTuple):
    """Where the stable learning rates end, times lambda.

    Parameters
    ----------
    fresh, reshuffled : Between
        In mean square, for minibatches that are drawn afresh, and for epochs.
    usual : Between
        Typically, for both.
    """

    fresh: Between
    reshuffled: Between
    usual: Between


_SIX = "1/2 4/5 1 6/5 6/5 13/10"
_CLAIMED = {
    _SIX: {1: ("1.858", "2.299", "2.299"), 2: ("1.940", "2.065", "2.075"), 3: ("1.970", "2.030", "2.032")},
    "1/2 4/5 1 6/5": {1: ("1.839", "2.252", "2.252"), 2: ("1.943", "2.057", "2.063")},
}


def reshuffled(shape: str, batch: int, *, fresh: bool = False, below: bool = False, equal: bool = False) -> Any:
    r"""For h = (.5, .8, 1, 1.2, 1.2, 1.3): fresh 1.858, 1.940, 1.970 (S = 1, 2, 3), epochs 2.299, 2.065, 2.030.

    Typically 2.299, 2.075, 2.032, for both: an epoch's minibatches are each a random one of S examples. The same of
    h = (.5, .8, 1, 1.2): 1.839, 1.943 against 2.252, 2.057, and typically 2.252, 2.063. All to half a thousandth.

    Parameters
    ----------
    shape : str
        The curvatures.
    batch : int
        S.
    """
    ends = [sp.Rational(x) for x in _CLAIMED[shape][batch]]
    if fresh:
        ends[1] = ends[0]
    if below:
        ends[2] = 4 - ends[2]
    if equal:
        ends[2] = ends[0]
    room = sp.Rational(1, 2000)
    return Ends(*(Between(end - room, end + room) for end in ends))


Partition = tuple[tuple[int, ...], ...]


def _partitions(left: tuple[int, ...], batch: int) -> Iterator[Partition]:
    """Generate all ways to cut examples into minibatches, without regard to their order."""
    if not left:
        yield ()
        return
    for others in combinations(left[1:], batch - 1):
        chosen = (left[0], *others)
        for rest in _partitions(tuple(i for i in left if i not in chosen), batch):
            yield (chosen, *rest)


@cache
def _at(shape: str, batch: int, rate: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """Return, at a rate, the factor of E psi^2 by a fresh step, by an epoch, and all epochs' |factors| multiplied."""
    h = tuple(map(Fraction, shape.split()))
    mean = sum(h) / Fraction(len(h))
    steps = [(1 - rate / mean * sum(one) / batch) ** 2 for one in combinations(h, batch)]
    epochs, product = [], Fraction(1)
    for partition in _partitions(tuple(range(len(h))), batch):
        factor = Fraction(1)
        for one in partition:
            factor *= 1 - rate / mean * sum(h[i] for i in one) / batch
        epochs.append(factor**2)
        product *= abs(factor)
    return sum(steps) / Fraction(len(steps)), sum(epochs) / Fraction(len(epochs)), product


def _ends(shape: str, batch: int) -> Callable[[Claim], bool]:
    """Multiply out all partitions: stable at the lower end of each range and at ten rates below, not at the upper."""

    def judge(claim: Claim) -> bool:
        for place, claimed in enumerate(claim(shape, batch)):
            low, high = (Fraction(str(x)) for x in (claimed.lo, claimed.hi))
            if _at(shape, batch, high)[place] < 1:
                return False
            if any(_at(shape, batch, low * i / 10)[place] >= 1 for i in range(1, 11)):
                return False
        return True

    return judge


def _same_typically(shape: str, batch: int) -> Callable[[Claim], bool]:
    """Compare the products over all epochs and over all minibatches, as powers with which each minibatch comes."""
    h = tuple(map(Fraction, shape.split()))
    counts: dict[tuple[int, ...], int] = {}
    for partition in _partitions(tuple(range(len(h))), batch):
        for one in partition:
            counts[one] = counts.get(one, 0) + 1
    same = set(counts) == set(combinations(range(len(h)), batch)) and len(set(counts.values())) == 1

    def judge(claim: Claim) -> bool:
        unstable = Fraction(str(claim(shape, batch).usual.hi)) * len(h) / sum(h)
        product = Fraction(1)
        for one in combinations(h, batch):
            product *= abs(1 - unstable * sum(one) / batch)
        return same and product > 1

    return judge


_CASES = tuple((shape, batch) for shape, ends in _CLAIMED.items() for batch in ends)

RESHUFFLED = Statement(
    id="sgd.reshuffled-epochs",
    title="Epochs in which every example is used once stay stable in mean square beyond 2/eta, unlike fresh batches.",
    latex=(
        r"h=(.5,.8,1,1.2,1.2,1.3),\ S=1,2,3:\quad\text{fresh }1.858,1.940,1.970;\ \text{epochs }2.299,2.065,2.030;\ "
        r"\text{typically, both }2.299,2.075,2.032\ (\text{ends of }\eta\lambda)"
    ),
    source=f"derived here: training draws epochs, the criterion of {JASTRZEBSKI} fresh minibatches",
    assumptions=(
        ONE_DIRECTION,
        AT_REST,
        Assumption("an epoch is a random order of the examples, cut into minibatches; epochs are independent"),
    ),
    claim=reshuffled,
    evidence=(
        Enumerated("both means and the typical factor over all partitions", _CASES, _ends, apply=itself),
        Enumerated(
            "each minibatch comes equally often in epochs, so that they are typically as fresh ones",
            _CASES,
            _same_typically,
            apply=itself,
        ),
    ),
    mutants=(
        Mutant("epochs are as fresh minibatches", partial(reshuffled, fresh=True)),
        Mutant("typically below 2/eta", partial(reshuffled, below=True)),
        Mutant("typically as in mean square", partial(reshuffled, equal=True)),
    ),
)

STATEMENTS = (RESHUFFLED,)
