"""What the benchmark of sampling times in PyTorch, and in JAX where it is installed, is the work that it says."""

from __future__ import annotations

import importlib.util

import pytest

from benchmarks.sampling import peers
from benchmarks.sampling.__main__ import agrees
from benchmarks.sampling.work import Work

WORK = [
    Work(quantity, "he-relu", dtype, 8, 4) for quantity in ("forward", "gradient") for dtype in ("float32", "float64")
]
SIDES = ["PyTorch nn.Linear loop", "PyTorch bmm, 2 threads", "torch.func vmap(grad)"]
SIDES += ["JAX jit(vmap)"] * (importlib.util.find_spec("jax") is not None)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("work", WORK, ids=lambda work: work.name)
def test_the_median_is_that_of_the_exact_law(side: str, work: Work) -> None:
    networks = 400
    median = peers.SIDES[side](work, networks, 3)
    assert agrees(work, median, networks, side)
    assert not agrees(work, median + 1.5, networks, side)
