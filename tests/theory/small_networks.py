"""Small random networks for Hypothesis, and the arithmetic by which theory and enumeration are compared."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
import sympy as sp
from hypothesis import strategies as st

from theory.ensembles import Ensemble, InvalidArgument, Law

ACTIVATIONS = ["linear", "relu", "leaky:1/4", "leaky:2/3"]
INITS = ["xavier", "he", "lecun", "1", "1/3"]
MAGNITUDES = st.sampled_from([Fraction(1), Fraction(2), Fraction(1, 2), Fraction(5, 3)])
NUMBERS = st.sampled_from([Fraction(0), Fraction(1), Fraction(-1), Fraction(3, 2), Fraction(-2), Fraction(1, 3)])


@st.composite
def discrete_laws(draw: st.DrawFn, most: int = 4) -> Law:
    """Symmetric, with 2 to `most` atoms, sometimes one at 0."""
    shapes = [(pairs, zero) for pairs, zero in ((1, 0), (1, 1), (2, 0)) if 2 * pairs + zero <= most]
    pairs, zero = draw(st.sampled_from(shapes))
    magnitudes = draw(st.lists(MAGNITUDES, min_size=pairs, max_size=pairs, unique=True))
    shares = draw(st.lists(st.integers(1, 5), min_size=pairs + zero, max_size=pairs + zero))
    total = 2 * sum(shares[:pairs]) + sum(shares[pairs:])
    chances = [Fraction(share, total) for share in shares]
    table = {sign * size: chance for sign in (1, -1) for size, chance in zip(magnitudes, chances, strict=False)}
    return Law.discrete(table | ({0: chances[-1]} if zero else {}))


def vectors(width: int) -> st.SearchStrategy[tuple[Fraction, ...]]:
    """Rational vectors other than 0."""
    return st.lists(NUMBERS, min_size=width, max_size=width).filter(any).map(tuple)


@st.composite
def networks(draw: st.DrawFn, budget: int, **fields: Any) -> Ensemble:
    """Ensembles of discrete law with at most `budget` joint values of all weights, of constant width or not."""
    law = draw(discrete_laws())
    shapes = [(n,) * (depth + 1) for n in (1, 2, 3) for depth in (1, 2, 3, 4)]
    shapes += [(1, 2), (2, 1), (3, 1), (1, 3), (2, 3), (3, 2), (1, 2, 1), (2, 1, 2), (1, 3, 2), (1, 2, 2, 1)]
    shapes += [(1, 1, 2, 1), (1, 2, 1, 1), (2, 1, 1, 2), (1, 1, 2, 2), (2, 2, 1, 1)]
    widths = draw(st.sampled_from([s for s in shapes if len(law.atoms) ** weights(s) <= budget]))
    constant = len(set(widths)) == 1 and draw(st.booleans())
    return Ensemble(
        **({"width": widths[0], "depth": len(widths) - 1} if constant else {"widths": widths}),
        law=law,
        activation=fields.get("activation") or draw(st.sampled_from(ACTIVATIONS)),
        init=draw(st.sampled_from(INITS)),
        input=draw(vectors(widths[0])),
        readout=fields.get("readout") or draw(vectors(widths[-1])),
    )


def weights(widths: Sequence[int]) -> int:
    """Number of weights of a network."""
    return sum(a * b for a, b in pairwise(widths))


def without_atoms(law: Law) -> Law:
    """The moments of a discrete law, as if of one without atoms."""
    return Law("same moments", moments=tuple(law.moment(order) for order in (2, 4, 6, 8)))


def exact(value: Fraction | int) -> sp.Rational:
    """A Fraction in SymPy's arithmetic."""
    return sp.Rational(Fraction(value).numerator, Fraction(value).denominator)


def refused(argument: str, *words: str) -> AbstractContextManager[Any]:
    """The one error of bad arguments: it names the argument first, and the words occur in it in this order."""
    pattern = rf"^{argument}: " + ".*".join(["", *words, "; ."])
    return pytest.raises(InvalidArgument, match=pattern)
