"""The clock: the first call in a fresh process, then calls with all caches cleared before each, alike for all sides."""

from __future__ import annotations

import functools
import gc
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def clear_caches() -> None:
    """Clear every cache of functools in this process: SymPy's, ours and the peers'."""
    for cache in gc.get_objects():
        if type(cache) is functools._lru_cache_wrapper:
            cache.cache_clear()


def timed(call: Callable[[], Result]) -> tuple[float, Result]:
    """Return the seconds that a call takes, and its result."""
    gc.collect()
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result
