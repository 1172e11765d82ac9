"""One side in a process of its own: reads a line of JSON, finds eigenvalues, answers with a line of JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from functools import cache
from itertools import cycle as endlessly
from itertools import islice
from typing import Any

from benchmarks.curvature import ours, peers
from benchmarks.curvature.sides import Side, TooLarge
from benchmarks.curvature.work import Given, Work, networks

_known = cache(networks)


def main() -> None:
    """Answer until there is nothing more to read."""
    side = {**ours.SIDES, **peers.SIDES}[sys.argv[1]]
    for line in sys.stdin:
        print(json.dumps(answer(side, json.loads(line))), flush=True)


def answer(side: Side, asked: dict[str, Any]) -> dict[str, Any]:
    """Do the work for so many networks, from the first again after the last; return seconds and eigenvalues."""
    work = Work(**asked["work"])
    known = _known(work)
    # who takes all at once takes them whole; who takes one after the other may stop on the way
    rounds: list[list[Given]] = [known] * -(-asked["networks"] // len(known))
    if not side.takes_all_at_once(work):
        rounds = [list(islice(endlessly(known), asked["networks"]))]
    try:
        began = time.perf_counter()
        found = [side.run(work, given, asked["effort"]) for given in rounds]
        seconds = time.perf_counter() - began
    except TooLarge as reason:
        return {"failure": str(reason)}
    except ModuleNotFoundError as missing:
        if missing.name != side.needs:
            raise
        return {"failure": "not installed"}
    except Exception as reason:
        return {"failure": f"{type(reason).__name__}: {str(reason).splitlines()[0] if str(reason) else ''}"}
    return {
        "seconds": seconds,
        "networks": sum(len(given) for given in rounds),
        "spectra": [values.tolist() for values in found[0][: len(known)]] if asked["spectra"] else [],
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main()
