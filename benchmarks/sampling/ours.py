"""Our engines, with all that a user gets: moments and counts of the logs at every layer, two threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.sampling.work import Work
from montecarlo import ActivationNorms, GradientNorms, simulate
from montecarlo.drawing.weights import Weights
from theory.ensembles import Ensemble

THREADS = 2


def ensemble(work: Work) -> Ensemble:
    """Return the networks."""
    kind = {"activation": "relu", "init": "he"} if work.is_relu else {"init": "xavier", "law": "uniform"}
    return Ensemble(width=work.width, depth=work.depth, **kind)


def direct(work: Work, networks: int, seed: int) -> float:
    """Sample real weight matrices."""
    return _simulated(ensemble(work), work, networks, seed, dtype=work.dtype)


def law_exact(work: Work, networks: int, seed: int) -> float:
    """Sample norms alone."""
    return _simulated(ensemble(work), work, networks, seed, engine="law-exact")


def law_exact_ones(work: Work, networks: int, seed: int) -> float:
    """Sample norms alone, with the readout (1, ..., 1)."""
    return _simulated(ensemble(work).at(readout="ones"), work, networks, seed, engine="law-exact")


def _simulated(net: Ensemble, work: Work, networks: int, seed: int, **how: object) -> float:
    layers = range(1, work.depth + 1)
    observable = ActivationNorms(layers) if work.quantity == "forward" else GradientNorms(layers)
    run = simulate(net, [observable], samples=networks, seed=seed, jobs=THREADS, keep_values=False, **how)
    label = f"a_{work.depth}" if work.quantity == "forward" else "G_1"
    return run[observable].quantile(0.5, label, 0.5).value


def random_numbers(work: Work, networks: int, seed: int) -> float:
    """Draw the weights and do nothing with them: the limit of the direct engine."""
    net = ensemble(work)
    entries = networks * work.depth * work.width**2
    piece = min(2**18 if work.dtype == "float32" else 2**17, entries)

    def fill(thread: int) -> None:
        weights, rng = Weights(net, work.dtype), np.random.Generator(np.random.SFC64(seed + thread))
        out = np.empty(piece, work.dtype)
        for _ in range(round(entries / piece / THREADS)):
            weights.fill(rng, out)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(fill, range(THREADS)))
    return float("nan")


SIDES: dict[str, Callable[[Work, int, int], float]] = {
    "direct": direct,
    "law-exact": law_exact,
    "law-exact, v = ones": law_exact_ones,
    "random numbers": random_numbers,
}
