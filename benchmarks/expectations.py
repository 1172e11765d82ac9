"""The command ``python -m benchmarks.expectations``: all cases, all sides, one table; nothing counts unchecked."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.cases import CASES, Case
from benchmarks.sides import OURS, PEERS, SIDES, Side

_ROOT = Path(__file__).parent.parent
_HEAD = ("side", "first call", "later calls", "times ours", "how")


@dataclass(frozen=True)
class Row:
    """What one side did with one case: two times, or in few words why there are none.

    Parameters
    ----------
    cold, warm : float, optional
        Seconds of the first call after imports, in a fresh process; median of later calls, all caches cleared before.
    calls : int
        How many later calls.
    failure : str
        Empty if there is a checked answer.
    """

    case: str
    side: str
    setting: str
    cold: float | None = None
    warm: float | None = None
    calls: int = 0
    failure: str = ""
    answer: str = ""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        0; 1 if an answer was wrong or we had none; 2 usage error (from argparse).
    """
    options = _parser().parse_args(argv)
    peers = () if "none" in options.peers else options.peers
    sides = [side for side in SIDES if side is OURS or side.needs in peers]
    rows: list[Row] = []
    for case in _chosen(options.cases):
        rows += (block := [ask(side, case, options.repeat, options.limit) for side in sides])
        print("\n".join(table(case.name, block)), flush=True)
    print(_circumstances(options.repeat))
    if options.json is not None:
        Path(options.json).write_text(json.dumps(report(rows), indent=2) + "\n", encoding="utf-8")
    ours_failed = any(row.failure for row in rows if row.side == OURS.name)
    return int(ours_failed or any(row.failure.startswith("wrong") for row in rows))


def ask(side: Side, case: Case, repeat: int, limit: float) -> Row:
    """Ask one side in a process of its own, which its alarm clock ends when a call outlasts the limit."""
    command = [sys.executable, "-m", "benchmarks.worker", side.name, case.name, str(repeat), str(limit)]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}  # the order of sets, and with it a peer's path, stays the same
    done = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT, env=environment, check=False)
    facts = {key: value for line in done.stdout.splitlines() for key, value in json.loads(line).items()}
    row = Row(case.name, side.name, side.setting)
    if "cannot" in facts:
        return Row(**{**asdict(row), "failure": f"cannot: {facts['cannot']}"})
    if "wrong" in facts:
        return Row(**{**asdict(row), "failure": f"wrong: {facts['wrong']}"})
    if "cold" not in facts:
        outlasted = done.returncode == -signal.SIGALRM
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return Row(**{**asdict(row), "failure": f"no answer in {limit:g} s" if outlasted else f"fails: {last}"})
    warm = facts.get("warm") or [facts["cold"]]
    calls = len(facts.get("warm", ()))
    return Row(
        case.name,
        side.name,
        side.setting,
        cold=facts["cold"],
        warm=statistics.median(warm),
        calls=calls,
        answer=facts["answer"],
    )


def table(title: str, rows: Sequence[Row]) -> Iterator[str]:
    r"""Yield the lines of one case's table; the factor compares later calls.

    Examples
    --------
    >>> ours = Row("E|Wx|^4", "theory", "symbolic n", cold=0.02, warm=0.001)
    >>> peer = Row("E|Wx|^4", "other", "n = 2", cold=0.4, warm=0.25)
    >>> print("\n".join(table("E|Wx|^4", [ours, peer, Row("E|Wx|^4", "third", "", failure="cannot: why")])))
    E|Wx|^4
      side                first call  later calls  times ours  how
      theory                 20.0 ms      1.00 ms           1  symbolic n
      other                   400 ms       250 ms         250  n = 2
      third                        -            -           -  cannot: why
    """
    ours = rows[0].warm
    yield title
    yield _line(*_HEAD)
    for row in rows:
        factor = "-" if row.warm is None or ours is None else f"{row.warm / ours:.3g}"
        yield _line(row.side, _seconds(row.cold), _seconds(row.warm), factor, row.failure or row.setting)


def report(rows: Sequence[Row]) -> dict[str, object]:
    """Return what ``--json`` writes: every row, and what it was measured with."""
    return {"versions": _versions(), "rows": [asdict(row) for row in rows]}


def _line(side: str, cold: str, warm: str, factor: str, how: str) -> str:
    return f"  {side:<18}  {cold:>10}  {warm:>11}  {factor:>10}  {how}"


def _seconds(value: float | None) -> str:
    if value is None:
        return "-"
    number, unit = (value, "s") if value >= 1 else (1000 * value, "ms")
    return f"{number:.0f} {unit}" if number >= 99.5 else f"{number:#.3g} {unit}"


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("sympy", "haarpy", "tensorgrad", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _circumstances(repeat: int) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in _versions().items())
    return (
        "first call: in a fresh process, after imports. later calls: the median of up to "
        f"{repeat}, caches of all sides cleared before each.\n"
        f"every answer was checked before its time counted. {versions}"
    )


def _chosen(names: Sequence[str] | None) -> list[Case]:
    return [case for case in CASES if names is None or case.name in names]


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.expectations",
        description="How fast exact expectations of products of random matrices are: theory and its peers compared.",
    )
    parser.add_argument("--json", metavar="FILE", help="write times, answers and versions there")
    parser.add_argument("--repeat", type=_positive, default=15, metavar="N", help="later calls (default 15)")
    parser.add_argument("--limit", type=_positive, default=60, metavar="S", help="seconds a call may take (default 60)")
    parser.add_argument(
        "--peers", nargs="+", choices=(*PEERS, "none"), default=PEERS, help="who is compared (default: all)"
    )
    parser.add_argument(
        "--cases", nargs="+", choices=[case.name for case in CASES], metavar="CASE", help="which (default: all)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
