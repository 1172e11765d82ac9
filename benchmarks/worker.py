"""One case asked of one side: ``python -m benchmarks.worker SIDE CASE REPEAT LIMIT``, started by the command.

What is known is printed as soon as it is, one JSON object a line: the last line that says something about a key counts.
A call that outlasts the limit ends the process by the signal of its alarm clock, and no handler stands in the way.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

import sympy as sp

from benchmarks.cases import CASES, Cannot, Case, agree
from benchmarks.sides import SIDES, Side
from benchmarks.timing import clear_caches, timed


def main() -> None:
    """Ask, check, ask again."""
    name, question, repeat, limit = sys.argv[1:]
    side = next(side for side in SIDES if side.name == name)
    case = next(case for case in CASES if case.name == question)
    try:
        ask(side, case, int(repeat), float(limit))
    except Cannot as reason:
        _tell(cannot=str(reason))
    except ModuleNotFoundError as missing:
        if missing.name != side.needs:
            raise
        _tell(cannot="not installed")


def ask(side: Side, case: Case, repeat: int, limit: float) -> None:
    """Time the first call, check its answer, and time `repeat` further calls without caches.

    Raises
    ------
    Cannot
        If the side has no answer.
    """
    module = side.load()

    def call() -> tuple[float, Any]:
        signal.setitimer(signal.ITIMER_REAL, limit)
        seconds, result = timed(lambda: module.solve(case, side.route))
        signal.setitimer(signal.ITIMER_REAL, 0)
        return seconds, result

    cold, result = call()
    answer = sp.sympify(module.read(result))
    if not agree(answer, expected(side, case)):
        _tell(wrong=str(answer))
        return
    _tell(cold=cold, answer=str(answer))
    warm: list[float] = []
    while len(warm) < repeat and (not warm or sum(warm) < limit):
        clear_caches()
        warm.append(call()[0])
    _tell(warm=warm)


def expected(side: Side, case: Case) -> sp.Expr:
    """Return the independent value, at what the side fixes."""
    names = {name: sp.Symbol(name, positive=True) for name in ("x1", "x2", "norm_x", "norm4_x")}
    names["n"] = sp.Symbol("n", integer=True, positive=True)
    at = {names[name]: sp.sympify(text, locals=names) for name, text in side.at.items()}
    return case.value().subs(at)


def _tell(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
