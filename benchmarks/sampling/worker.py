"""One side in a process of its own: reads a line of JSON, does the work, answers with a line of JSON."""

from __future__ import annotations

import json
import sys
import time

from benchmarks.sampling import ours, peers
from benchmarks.sampling.work import Work


def main() -> None:
    """Answer until there is nothing more to read."""
    run = {**ours.SIDES, **peers.SIDES}[sys.argv[1]]
    for line in sys.stdin:
        asked = json.loads(line)
        work = Work(**asked["work"])
        try:
            began, cpu = time.perf_counter(), time.process_time()
            median = run(work, asked["networks"], asked["seed"])
            answer = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu, "median": median}
        except Exception as reason:
            answer = {"failure": f"{type(reason).__name__}: {str(reason).splitlines()[0] if str(reason) else ''}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
