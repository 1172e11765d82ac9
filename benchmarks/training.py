"""Training many networks against a PyTorch loop over the same networks: ``python -m benchmarks.training``.

Width 16, depth 32, He-ReLU, the loss (f-y)^2/2 on one input, in double precision: (network, step) pairs a second. All
sides are interleaved in one run, two threads for everyone, and must end at the same losses.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from montecarlo import Chunk
from montecarlo.training import Adam, GradientDescent, OneInput, Optimizer
from theory.ensembles import Ensemble

NET = Ensemble(width=16, depth=32, activation="relu", init="he")
RULES: tuple[tuple[str, Optimizer], ...] = (
    ("gradient descent", GradientDescent(1 / 64)),
    ("Adam", Adam(1e-3)),
)
STEPS = 5
SAME = 1e-9
"""Largest difference of losses, relative to that of the plateau."""
Array = Any
Trained = Callable[[OneInput, Array, Optimizer, int], Array]


@dataclass(frozen=True)
class Row:
    """What one side needs for a step of a network, its median of the runs, and how far its losses are from ours."""

    rule: str
    side: str
    microseconds: float
    error: float


def ours(problem: OneInput, parameters: Array, rule: Optimizer, steps: int) -> Array:
    """Return the losses after some steps, all networks at once."""
    w, gradients = parameters.copy(), np.empty_like(parameters)
    state = rule.start(w)
    for _ in range(steps):
        problem.gradients(w, out=gradients)
        rule.step(state, w, gradients, out=w)
    return (problem.gradients(w, out=gradients)[0] - problem.targets) ** 2 / 2


def torch_loop(problem: OneInput, parameters: Array, rule: Optimizer, steps: int) -> Array:
    """Return the same, network by network: modules without biases, autograd, torch.optim."""
    import torch

    losses = []
    x = torch.from_numpy(problem.input)
    for row, readout, target in zip(parameters, problem.readouts, problem.targets, strict=True):
        layers: list[Any] = []
        for w in row.reshape(problem.depth, *problem.widths[:2]):
            layer = torch.nn.Linear(w.shape[1], w.shape[0], bias=False, dtype=torch.float64)
            layer.weight.data = torch.from_numpy(w.copy())
            layers += [layer, torch.nn.ReLU()]
        model, v = torch.nn.Sequential(*layers), torch.from_numpy(readout)
        optimizer = _torch_rule(list(model.parameters()), rule)
        for _ in range(steps):
            optimizer.zero_grad()
            ((model(x) @ v - target) ** 2 / 2).backward()
            optimizer.step()
        with torch.no_grad():
            losses.append(float((model(x) @ v - target) ** 2 / 2))
    return np.array(losses)


def torch_bmm(problem: OneInput, parameters: Array, rule: Optimizer, steps: int) -> Array:
    """Return the same, all networks at once by batched products, which is what a user of PyTorch can do by hand."""
    import torch

    m, n = len(parameters), problem.widths[0]
    stacked = np.ascontiguousarray(parameters.reshape(m, problem.depth, n, n).swapaxes(0, 1))
    weights = [torch.from_numpy(w.copy()).requires_grad_() for w in stacked]
    x = torch.from_numpy(problem.input).expand(m, n)[:, :, None]
    v, y = torch.from_numpy(problem.readouts.copy()), torch.from_numpy(problem.targets.copy())
    optimizer = _torch_rule(weights, rule)

    def losses() -> Any:
        a = x
        for w in weights:
            a = torch.relu(torch.bmm(w, a))
        return ((a[:, :, 0] * v).sum(dim=1) - y) ** 2 / 2

    for _ in range(steps):
        optimizer.zero_grad()
        losses().sum().backward()
        optimizer.step()
    with torch.no_grad():
        return losses().numpy()


SIDES: dict[str, Trained] = {"montecarlo.training": ours, "PyTorch loop": torch_loop, "PyTorch bmm": torch_bmm}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 if a side ends at other losses, or the goal of five times the loop is missed."""
    parser = argparse.ArgumentParser(description="train networks with every side; ratios in one run")
    parser.add_argument("--networks", type=int, default=64)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=5, help="runs of each side, interleaved (default 5)")
    options = parser.parse_args(argv)
    import torch

    torch.set_num_threads(2)
    rows = [row for rule in RULES for row in measured(*rule, SIDES, options.networks, options.steps, options.repeat)]
    for rule, _ in RULES:
        print("\n".join(table(rule, [row for row in rows if row.rule == rule])))
    loops = {row.rule: row.microseconds for row in rows if row.side == "PyTorch loop"}
    slow = any(loops[row.rule] < 5 * row.microseconds for row in rows if row.side == "montecarlo.training")
    return int(slow or any(row.error > SAME for row in rows))


def measured(
    name: str, rule: Optimizer, sides: dict[str, Trained], networks: int, steps: int, repeat: int
) -> list[Row]:
    """Check each side's losses after a few steps, then time all sides in turn."""
    chunk = Chunk(NET, np.random.default_rng(0), networks, needs=frozenset({"weights"}))
    problem, parameters = OneInput.of_chunk(chunk, 1.0)
    truth = ours(problem, parameters, rule, STEPS)
    errors = {side: np.abs(trained(problem, parameters, rule, STEPS) - truth).max() for side, trained in sides.items()}
    times: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(repeat):
        for side, trained in sides.items():
            few = networks if side != "PyTorch loop" else min(networks, 8)  # alike for each: no need of all
            start = time.perf_counter()
            trained(problem.taken(np.arange(few)), parameters[:few], rule, steps)
            times[side].append((time.perf_counter() - start) / few / steps)
    return [Row(name, side, 1e6 * statistics.median(times[side]), float(errors[side])) for side in sides]


def table(rule: str, rows: Sequence[Row]) -> list[str]:
    """Return lines: microseconds for a step of a network, the ratio to ours, the error."""
    lines = [f"{rule}, {NET.describe()}", f"  {'':<22}{'us a step':>12}{'it / ours':>12}{'error':>10}"]
    base = rows[0].microseconds
    lines += [f"  {r.side:<22}{r.microseconds:>12.4g}{r.microseconds / base:>12.3g}{r.error:>10.1g}" for r in rows]
    return lines


def _torch_rule(parameters: list[Any], rule: Optimizer) -> Any:
    import torch

    rate = rule.learning_rate
    assert isinstance(rate, float)
    return (torch.optim.Adam if isinstance(rule, Adam) else torch.optim.SGD)(parameters, lr=rate)


if __name__ == "__main__":
    raise SystemExit(main())
