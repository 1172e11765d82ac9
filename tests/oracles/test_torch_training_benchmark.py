"""The benchmark of training: all sides end at the same losses, and one that does not is told."""

import numpy as np
import pytest

from benchmarks.training import NET, RULES, SAME, SIDES, measured, ours, table
from montecarlo import Chunk
from montecarlo.training import OneInput

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize(("name", "rule"), RULES)
def test_all_sides_end_at_the_same_losses(name: str, rule: object) -> None:
    rows = measured(name, rule, SIDES, networks=3, steps=1, repeat=1)  # type: ignore[arg-type]
    assert [row.side for row in rows] == list(SIDES)
    assert all(row.error <= SAME for row in rows)
    assert all(row.microseconds > 0 for row in rows)
    lines = table(name, rows)
    assert len(lines) == 2 + len(SIDES)
    assert NET.describe() in lines[0]


def test_training_moves_the_losses_by_more_than_the_error_allowed() -> None:
    chunk = Chunk(NET, np.random.default_rng(0), 3, needs=frozenset({"weights"}))
    problem, parameters = OneInput.of_chunk(chunk, 1.0)
    for _, rule in RULES:
        assert np.abs(ours(problem, parameters, rule, 5) - ours(problem, parameters, rule, 4)).min() > 1e3 * SAME


def test_a_side_that_ends_elsewhere_is_told() -> None:
    sides = {"ours": ours, "one step more": lambda p, w, rule, steps: ours(p, w, rule, steps + 1)}
    right, wrong = measured(*RULES[0], sides, networks=3, steps=1, repeat=1)
    assert right.error == 0
    assert wrong.error > SAME
