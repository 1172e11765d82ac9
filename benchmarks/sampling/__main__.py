"""The command ``python -m benchmarks.sampling``: every side does the same work, interleaved; ratios in one run."""

from __future__ import annotations

import argparse
import fnmatch
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.sampling import ours, peers
from benchmarks.sampling.work import Work, all_work
from theory import LogGradientLaw, LogNormLaw

_ROOT = Path(__file__).parent.parent.parent
_LEAST_SECONDS = 0.5


@dataclass
class Side:
    """A side in its process.

    Attributes
    ----------
    name : str
    process : Popen
    """

    name: str
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "1"}
        if self.name in ("NumPy loop",):
            environment["OPENBLAS_NUM_THREADS"] = "2"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sampling.worker", self.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT, env=environment,
        )  # fmt: skip

    def time(self, work: Work, networks: int, seed: int) -> dict[str, float]:
        """Return seconds and processor seconds of so many networks."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = json.dumps({"work": asdict(work), "networks": networks, "seed": seed})
        print(asked, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} has ended")
        return json.loads(answer)


@dataclass(frozen=True)
class Row:
    """What one side needs for a piece of work: seconds and processor seconds for a network, medians of the runs."""

    work: str
    side: str
    networks: int
    seconds: float
    cpu: float
    median: float
    failure: str = ""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 if a side's networks are not those of the others."""
    parser = argparse.ArgumentParser(description="sample networks with every side; ratios in one run")
    parser.add_argument("--work", default="*", help="pattern of titles, e.g. 'forward*(32, 32)'")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each side, interleaved (default 3)")
    parser.add_argument("--sides", default="*", help="pattern of peers' names; ours are always there")
    parser.add_argument("--json", help="write all rows there")
    options = parser.parse_args(argv)
    names = [*ours.SIDES, *(name for name in peers.SIDES if fnmatch.fnmatch(name, options.sides))]
    sides = {name: Side(name) for name in names}
    rows: list[Row] = []
    strange = False
    for work in all_work():
        if not fnmatch.fnmatchcase(work.name, options.work.replace("[", "[[]")):
            continue
        block = measured(work, [side for side in sides.values() if takes_part(side.name, work)], options.repeat)
        rows += block
        strange |= any(row.failure.startswith("other networks") for row in block)
        print("\n".join(table(work, block)), flush=True)
    print(circumstances(options.repeat))
    if options.json:
        Path(options.json).write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    return int(strange)


def takes_part(side: str, work: Work) -> bool:
    """Whether a side can do the work: the law-exact engine has normal weights, and one precision."""
    if side == "law-exact, v = ones":
        return work.is_relu and work.quantity == "gradient"
    return work.is_relu or side != "law-exact"


def measured(work: Work, sides: Sequence[Side], repeat: int) -> list[Row]:
    """Let each side find how many networks take long enough, then time all of them in turn."""
    sizes, failures = {}, {}
    for side in sides:
        networks = 1
        while True:
            side.time(work, networks, 0)  # the first of its kind compiles, or fills caches
            answer = side.time(work, networks, 0)
            if "failure" in answer:
                failures[side.name] = answer["failure"]
                break
            if answer["seconds"] >= _LEAST_SECONDS:
                break
            growth = min(16.0, max(2.0, 1.3 * _LEAST_SECONDS / max(answer["seconds"], 1e-4)))
            networks = math.ceil(networks * growth)
        sizes[side.name] = networks
    times: dict[str, list[dict[str, float]]] = {side.name: [] for side in sides}
    for turn in range(1, repeat + 1):
        for side in sides:
            if side.name not in failures:
                times[side.name].append(side.time(work, sizes[side.name], turn))
    rows = []
    for side in sides:
        if side.name in failures:
            rows.append(
                Row(
                    work.name,
                    side.name,
                    0,
                    seconds=math.nan,
                    cpu=math.nan,
                    median=math.nan,
                    failure=failures[side.name],
                )
            )
            continue
        each = {
            key: statistics.median(t[key] for t in times[side.name]) / (1 if key == "median" else sizes[side.name])
            for key in ("seconds", "cpu", "median")
        }
        failure = "" if agrees(work, each["median"], sizes[side.name], side.name) else "other networks"
        rows.append(Row(work.name, side.name, sizes[side.name], **each, failure=failure))
    return rows


def agrees(work: Work, log_median: float, networks: int, side: str) -> bool:
    """Whether a sample's median is where theory knows the law to have it: the Kolmogorov distance at error 1e-6.

    Known for normal weights; the medians of the uniform networks are not checked, nor those of width one, all dead.
    """
    if not work.is_relu or work.width == 1 or side in ("random numbers", "law-exact, v = ones"):
        return True
    net = ours.ensemble(work)
    law = LogNormLaw(net) if work.quantity == "forward" else LogGradientLaw(net, 1)
    # a median of three medians is no worse, and counts on a grid are off by less than a hundredth
    slack = math.sqrt(math.log(2e6) / (2 * networks)) + 0.01
    return abs(law.cdf(log_median) - 0.5) <= slack


def table(work: Work, rows: Sequence[Row]) -> list[str]:
    """Return the lines of one piece of work."""
    direct = next(row for row in rows if row.side == "direct")
    best = min((row.seconds for row in rows if row.side in peers.SIDES and not row.failure), default=math.nan)
    enough = networks_for_one_percent(work)
    until = "" if enough is None else f" {'cpu s to 1 %':>13}"
    lines = [f"\n{work.name}", f"  {'':<24} {'us a network':>13} {'best peer / it':>15} {'it / direct':>12}{until}"]
    for row in rows:
        if row.failure:
            lines.append(f"  {row.side:<24} {row.failure}")
            continue
        ratios = f"{best / row.seconds:>15.4g} {row.seconds / direct.seconds:>12.3g}"
        until = "" if enough is None or row.side == "random numbers" else f" {enough * row.cpu:>13.4g}"
        lines.append(f"  {row.side:<24} {1e6 * row.seconds:>13.4g} {ratios}{until}")
    limit = next((row for row in rows if row.side == "random numbers"), None)
    if limit is not None:
        lines.append(f"  direct runs at {limit.seconds / direct.seconds:.0%} of what random numbers alone allow")
    return lines


def networks_for_one_percent(work: Work) -> float | None:
    """Return how many networks make the median of |df/dW_1|^2 known to 1 % at 99 %, where its law is known.

    A sample median has the standard deviation 1/(2 sqrt(N) f), f the density of the logarithm at the median.
    """
    if work.quantity != "gradient" or not work.is_relu or work.width == 1:
        return None
    law = LogGradientLaw(ours.ensemble(work), 1)
    normal_99, one_percent = 2.5758, math.log(1.01)
    return (normal_99 / (2 * law.pdf(law.median()) * one_percent)) ** 2


def circumstances(repeat: int) -> str:
    """Say what it was measured with."""
    found = []
    for name in ("numpy", "torch", "jax"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return (
        f"\ntwo threads for every side; medians of {repeat} runs, interleaved; ours with moments and counts of the logs"
        f" of every layer.\nPython {platform.python_version()}, {', '.join(found)}, {os.cpu_count()} processors"
    )


if __name__ == "__main__":
    sys.exit(main())
