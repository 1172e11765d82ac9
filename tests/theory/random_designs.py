"""Small designs of independent rows, and targets, for tests."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from theory.dynamics.implicit_bias.designs import Design
from theory.ensembles import InvalidArgument


@st.composite
def designs(draw: st.DrawFn, least: int = 1, most: int = 3, more: int = 3) -> Design:
    """Draw n rows of n + 1 to n + more whole numbers, independent, and targets that are not all 0."""
    n = draw(st.integers(least, most))
    d = draw(st.integers(n + 1, n + more))
    entries = st.integers(-3, 3)
    rows = draw(st.lists(st.lists(entries, min_size=d, max_size=d), min_size=n, max_size=n).filter(independent))
    return Design.read(rows, draw(st.lists(entries, min_size=n, max_size=n).filter(any)))


def independent(rows: list[list[int]]) -> bool:
    """Whether the rows are independent."""
    try:
        Design.read(rows, [0] * len(rows))
    except InvalidArgument:
        return False
    return True


def random_design(n: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a normal design and targets, rounded to a few digits so that fractions of them stay short."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)).round(2), rng.normal(size=n).round(2)


def residual(design: Design, vector: object) -> float:
    """Return the share of a vector that lies in the kernel of the design."""
    values = np.array([float(x) for x in vector])  # type: ignore[attr-defined]
    projector = np.array([[float(Fraction(x)) for x in row] for row in design.kernel_projector])
    return float(np.linalg.norm(projector @ values) / np.linalg.norm(values))
