"""The command ``python -m benchmarks.curvature``: every side, the same networks, interleaved; every answer checked."""

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
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.curvature import ours, peers
from benchmarks.curvature.reference import ACCURATE, error, truth
from benchmarks.curvature.sides import Effort, Side
from benchmarks.curvature.work import Array, Work, all_work, networks

_ROOT = Path(__file__).parent.parent.parent
_LEAST_SECONDS = 0.3
_CHECK_SECONDS = 20.0
_TUNED_ON = 10


class Cannot(Exception):
    """A side has no answer."""


class Asked(Protocol):
    """Who answers for a side."""

    def ask(self, work: Work, networks: int, effort: Effort, *, spectra: bool = False) -> dict[str, Any]:
        """Return seconds, networks, spectra and peak, or raise `Cannot`."""

    def close(self) -> None:
        """End it."""


class Process:
    """A side in a fresh process, so that its peak of memory is that of one piece of work."""

    def __init__(self, name: str, side: Side, work: Work) -> None:
        self._name = name
        blas = side.batch_blas_threads if work.is_batch else side.blas_threads
        threads = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": str(blas), "MKL_NUM_THREADS": "2"}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.curvature.worker", name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT, env={**os.environ, **threads},
        )  # fmt: skip

    def ask(self, work: Work, networks: int, effort: Effort, *, spectra: bool = False) -> dict[str, Any]:
        """Return seconds, networks, spectra and peak, or raise `Cannot`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"work": asdict(work), "networks": networks, "effort": effort, "spectra": spectra}
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._name} has ended")
        answer: dict[str, Any] = json.loads(line)
        if "failure" in answer:
            raise Cannot(answer["failure"])
        return answer

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@dataclass(frozen=True)
class Row:
    """What one side needs for a network, its median of the runs; its worst error, and its peak of memory in MiB."""

    work: str
    side: str
    seconds: float = math.nan
    error: float = math.nan
    checked: int = 0
    peak: float = math.nan
    effort: Effort = field(default_factory=dict)
    failure: str = ""

    @property
    def is_accurate(self) -> bool:
        """Whether there is an answer, and a right one."""
        return not self.failure and self.error <= ACCURATE


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 if an answer is wrong that has no defaults of a package to blame."""
    parser = argparse.ArgumentParser(description="find eigenvalues of Hessians with every side; ratios in one run")
    parser.add_argument("--work", default="*", help="pattern of titles, e.g. 'extremes*(32, 32)'")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each side, interleaved (default 3)")
    parser.add_argument("--sides", default="*", help="pattern of peers' names; ours are always there")
    parser.add_argument("--json", help="write all rows there")
    options = parser.parse_args(argv)
    sides = {**ours.SIDES, **{name: s for name, s in peers.SIDES.items() if fnmatch.fnmatch(name, options.sides)}}
    rows: list[Row] = []
    for work in all_work():
        if not fnmatch.fnmatchcase(work.name, options.work.replace("[", "[[]")):
            continue
        block = measured(work, {name: side for name, side in sides.items() if side.takes_part(work)}, options.repeat)
        rows += block
        print("\n".join(table(work, block)), flush=True)
    print(circumstances(options.repeat))
    if options.json:
        Path(options.json).write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    return int(any(row.failure.startswith("wrong") for row in rows))


def measured(work: Work, sides: dict[str, Side], repeat: int, start: Any = Process) -> list[Row]:
    """Find each side's effort, check its answers, and time all sides in turn; `start` is who answers for a side."""
    rows, processes, sizes = {}, {}, {}
    for name, side in sides.items():
        try:
            effort = _effort(work, name, side, start)
            process = processes[name] = start(name, side, work)
            worst, checked = checked_answers(process, work, effort)
            rows[name] = Row(work.name, name, error=worst, checked=checked, effort=effort)
            sizes[name] = _size(process, work, effort)
        except Cannot as reason:
            rows[name] = Row(work.name, name, failure=str(reason))
    times: dict[str, list[float]] = {name: [] for name in sizes}
    peaks: dict[str, float] = {}
    for _ in range(repeat):
        for name, size in sizes.items():
            answer = processes[name].ask(work, size, rows[name].effort)
            times[name].append(answer["seconds"] / answer["networks"])
            peaks[name] = answer["peak"]
    for process in processes.values():
        process.close()
    for name in sizes:
        row = rows[name]
        wrong = "" if row.is_accurate or sides[name].as_delivered else f"wrong by {row.error:.2g}"
        facts = {**vars(row), "seconds": statistics.median(times[name]), "peak": peaks[name], "failure": wrong}
        rows[name] = Row(**facts)
    return list(rows.values())


def checked_answers(process: Asked, work: Work, effort: Effort, most: int | None = None) -> tuple[float, int]:
    """Return the largest error, and of how many networks: of all, unless that takes too long."""
    if most is None:
        process.ask(work, 1, effort)  # the first of its kind compiles, or fills caches
        answer = process.ask(work, 1, effort)
        a_second = answer["networks"] / answer["seconds"]
        most = max(1, min(work.networks, math.floor(_CHECK_SECONDS * a_second)))
    spectra = process.ask(work, most, effort, spectra=True)["spectra"]
    errors = [error(work, np.array(found), _truth(work, i)) for i, found in enumerate(spectra)]
    return max(errors), len(errors)


def _effort(work: Work, name: str, side: Side, start: Any) -> Effort:
    """Return the effort that is fastest of those that are just enough, from a process of its own."""
    if side.ladders == (({},),):
        return {}
    process: Asked = start(name, side, work)
    try:
        return tuned(process, work, side.ladders)
    finally:
        process.close()


def tuned(process: Asked, work: Work, ladders: Sequence[Sequence[Effort]]) -> Effort:
    """Climb each ladder until the answers are accurate; of what is found take the fastest, and climb on if need be."""
    few = min(_TUNED_ON, work.networks)
    found = []
    for ladder in ladders:
        for height, effort in enumerate(ladder):
            if checked_answers(process, work, effort, few)[0] <= ACCURATE:
                seconds = min(process.ask(work, few, effort)["seconds"] for _ in range(3))
                found.append((seconds, list(ladder[height:])))
                break
    for _, rest in sorted(found, key=lambda each: each[0]):
        for effort in rest:
            if checked_answers(process, work, effort)[0] <= ACCURATE:
                return effort
    return ladders[-1][-1]


def _size(process: Asked, work: Work, effort: Effort) -> int:
    """Return how many networks take long enough."""
    size = 1
    while True:
        answer = process.ask(work, size, effort)
        if answer["seconds"] >= _LEAST_SECONDS:
            return size
        growth = min(16.0, max(2.0, 1.3 * _LEAST_SECONDS / max(answer["seconds"], 1e-4)))
        size = math.ceil(answer["networks"] * growth)


@cache
def _truth(work: Work, network: int) -> Array:
    return truth(work, _networks(work)[network])


_networks = cache(networks)


def table(work: Work, rows: Sequence[Row]) -> list[str]:
    """Return the lines of one piece of work."""
    best = min((row.seconds for row in rows if row.side not in ours.SIDES and row.is_accurate), default=math.nan)
    heads = f"{'us a network':>13} {'best peer / it':>15} {'max. error':>11} {'peak MiB':>9}"
    lines = [f"\n{work.name}", f"  {'':<30} {heads}"]
    for row in rows:
        if math.isnan(row.seconds):
            lines.append(f"  {row.side:<30} {row.failure}")
            continue
        ratio = f"{best / row.seconds:.4g}" if row.is_accurate else "-"
        how = ", ".join(f"{key} {value:g}" for key, value in row.effort.items())
        of = f"{row.checked} checked" if row.checked < work.networks else ""
        remarks = "; ".join(filter(None, [how, of, row.failure]))
        numbers = f"{1e6 * row.seconds:>13.4g} {ratio:>15} {row.error:>11.1e} {row.peak:>9.0f}"
        lines.append(f"  {row.side:<30} {numbers}  {remarks}".rstrip())
    return lines


def circumstances(repeat: int) -> str:
    """Say what it was measured with."""
    found = []
    for name in ("numpy", "scipy", "torch", "jax", "curvlinops-for-pytorch", "hessian-eigenthings", "PyHessian"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return (
        f"\ntwo threads for every side; medians of {repeat} runs, interleaved; errors of ends relative to each, of full"
        f" spectra to the\nlargest eigenvalue; peaks with all that was imported.\nPython {platform.python_version()},"
        f" {', '.join(found)}, {os.cpu_count()} processors"
    )


if __name__ == "__main__":
    sys.exit(main())
