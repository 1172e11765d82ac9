"""Worker processes for simulations: one pool that several simulations share."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context


@contextmanager
def worker_pool(jobs: int) -> Iterator[Executor | None]:
    """Open a pool of worker processes while the block runs; None, which means this process, for one job.

    Parameters
    ----------
    jobs : int
        Number of processes.

    Notes
    -----
    The processes are spawned, not forked: a fork copies the locks of threads that it does not copy. What is not yet
    begun when the block is left is dropped.

    Examples
    --------
    >>> with worker_pool(1) as workers:
    ...     print(workers)
    None
    """
    if jobs == 1:
        yield None
        return
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
