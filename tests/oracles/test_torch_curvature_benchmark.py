"""Peers of the benchmark of curvature, in PyTorch and what else is installed: right, or as wrong as their defaults."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks.curvature import peers
from benchmarks.curvature.by_hand import dense
from benchmarks.curvature.reference import ACCURATE, error
from benchmarks.curvature.work import Work, networks

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated"),  # torch.func's own use of it
    pytest.mark.filterwarnings("ignore:Using backward"),  # PyHessian's
]

SIDES = {name: side for name, side in peers.SIDES.items() if find_spec(side.needs)}
ITERATIVE = [name for name, side in SIDES.items() if side.extremes and not side.as_delivered]
DEFAULTS = [name for name, side in SIDES.items() if side.as_delivered]
SPARE = {"steps": 26, "ncv": 20, "tol": 1e-12}
SCARCE = {"steps": 6, "ncv": 6, "tol": 0.5}


def worst(name: str, work: Work, effort: dict[str, float]) -> float:
    side = SIDES[name]
    given = networks(work)
    (ladder, *_) = side.ladders
    found = side.run(work, given, {key: effort[key] for key in ladder[0]})
    spectra = [np.linalg.eigvalsh(dense(*net)) for net in given]
    true = spectra if work.quantity == "full" else [spectrum[[0, -1]] for spectrum in spectra]
    return max(error(work, each, right) for each, right in zip(found, true, strict=True))


@pytest.mark.parametrize("kind", ["he-relu", "xavier-linear"])
def test_autograd_finds_the_dense_spectrum(kind: str) -> None:
    assert worst("torch.func.hessian + eigvalsh", Work("full", kind, 5, 4), {}) <= 1e-13


@pytest.mark.parametrize("networks_", [3, 5])
@pytest.mark.parametrize("kind", ["he-relu", "xavier-linear"])
@pytest.mark.parametrize("name", ITERATIVE)
def test_ends_are_accurate_where_the_effort_is(name: str, kind: str, networks_: int) -> None:
    work = Work("extremes", kind, 10, 6, networks_)
    assert worst(name, work, SPARE) <= ACCURATE < worst(name, work, SCARCE)


if DEFAULTS:  # their packages come with the bench extra

    @pytest.mark.parametrize("kind", ["he-relu", "xavier-linear"])
    @pytest.mark.parametrize("name", DEFAULTS)
    def test_defaults_find_values_within_the_spectrum(name: str, kind: str) -> None:
        work = Work("extremes", kind, 10, 6)
        for net, found in zip(networks(work), SIDES[name].run(work, networks(work), {}), strict=True):
            low, *_, high = np.linalg.eigvalsh(dense(*net))
            assert low * (1 + 1e-12) <= found[0] <= found[1] <= high * (1 + 1e-12)
            assert np.abs(found).max() >= 0.05 * max(-low, high)
