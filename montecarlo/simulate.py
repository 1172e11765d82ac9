"""Draw networks block by block, on any executor, the same bits on each; measure them; fold in block order."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from montecarlo.estimators import Moments
from montecarlo.intervals import Estimate, order_statistic_interval
from montecarlo.observables import Observable
from montecarlo.passes import Chunk, Store
from montecarlo.sampler_check import check_sampler
from montecarlo.streams import Partition, stream
from montecarlo.weights import Array, Weights
from montecarlo.workers import worker_pool
from theory.ensembles import Ensemble, InvalidArgument

KEEP_VALUES_BYTES = 2**31


@dataclass(frozen=True, eq=False)
class Readings:
    """What one observable read off all networks.

    Attributes
    ----------
    components : tuple of str
        Label of each number measured, e.g. ``a_3``.
    moments : Moments
        Streaming moments, an array entry per component; `mean`, `log_mean`, ... here are shortcuts.
    logs : ndarray, shape (samples, components), or None
        All values, as logs; None if they were not kept.
    """

    components: tuple[str, ...]
    moments: Moments
    logs: Array | None

    def log_values(self, component: str) -> Array:
        """Return the logs of one component, shape (samples,); -inf where the quantity is 0."""
        if component not in self.components:
            shown = ", ".join(self.components[:8]) + (", ..." if len(self.components) > 8 else "")
            raise InvalidArgument("component", f"there is no component {component!r}", f"use one of {shown}")
        if self.logs is None:
            raise InvalidArgument("keep_values", "the values were not kept", "simulate with keep_values=True")
        return self.logs[:, self.components.index(component)]

    @property
    def mean(self) -> Array:
        """Sample mean of the quantity itself, per component."""
        return self.moments.mean

    @property
    def log_mean(self) -> Array:
        """Sample mean of the log given that the quantity is not 0, per component."""
        return self.moments.log_mean

    @property
    def log_variance(self) -> Array:
        """Sample variance of the log given that the quantity is not 0, per component."""
        return self.moments.log_variance

    @property
    def survival(self) -> Array:
        """Share of networks where the quantity is not 0, per component."""
        return self.moments.survival

    def quantile(self, p: float, component: str, error: float = 1e-3) -> Estimate:
        """Estimate the p-quantile of the log of a component, with an exact interval.

        See :func:`montecarlo.intervals.order_statistic_interval`.
        """
        return order_statistic_interval(self.log_values(component), p, error)


@dataclass(frozen=True, eq=False)
class Simulation:
    """What :func:`simulate` returns: ``simulation[observable]`` gives :class:`Readings`.

    Attributes
    ----------
    net : Ensemble
    samples : int
    seed : int
    readings : dict
        Observable to :class:`Readings`.
    """

    net: Ensemble
    samples: int
    seed: int
    readings: dict[Observable, Readings]

    def __getitem__(self, observable: Observable) -> Readings:
        if observable not in self.readings:
            measured = ", ".join(map(repr, self.readings))
            raise InvalidArgument("observable", f"{observable!r} was not measured", f"use one of {measured}")
        return self.readings[observable]


def simulate(
    net: Ensemble,
    observables: Sequence[Observable],
    *,
    samples: int,
    seed: int = 0,
    jobs: int = 1,
    executor: Executor | None = None,
    keep_values: bool = True,
    progress: Callable[[int, int], object] | None = None,
) -> Simulation:
    """Draw networks from real weight matrices and measure them.

    Parameters
    ----------
    net : Ensemble
        What to draw, without symbols.
    observables : sequence of Observable
        What to measure. It does not change which networks are drawn.
    samples : int
        Number of networks.
    seed : int
        Root seed, not negative.
    jobs : int
        Worker processes; 1 stays in this one. The bits are the same for any number.
    executor : concurrent.futures.Executor, optional
        Runs the blocks in place of `jobs`: a thread pool, a Dask client's executor, ...
    keep_values : bool
        Whether to keep each network's values, which quantiles need, beside their moments.
    progress : callable, optional
        Called here with (samples done, samples) after each block, in block order.

    Returns
    -------
    Simulation
        ``simulation[observable]`` are its :class:`Readings`.

    Raises
    ------
    InvalidArgument
        If an argument is unusable: it is named, with what is wrong and what would do.

    Examples
    --------
    >>> from montecarlo import ActivationNorms
    >>> net = Ensemble(width=1, depth=3, law="rademacher", init=4)
    >>> readings = simulate(net, [ActivationNorms()], samples=10)[ActivationNorms()]
    >>> readings.components
    ('a_0', 'a_1', 'a_2', 'a_3')
    >>> readings.mean
    array([ 1.,  4., 16., 64.])
    """
    components = _validate(net, observables, samples, seed, jobs, executor, keep_values, progress)
    samples, seed = int(samples), int(seed)
    sizes = Partition.of(net).blocks(samples)
    digest = net.digest()
    tasks = [(net, tuple(observables), seed, digest, block, size, keep_values) for block, size in enumerate(sizes)]

    moments: list[Moments] = []
    logs = [np.empty((samples, len(labels))) for labels in components] if keep_values else None
    done = 0
    for results in _in_block_order(tasks, jobs, executor):
        parts = [part for part, _ in results]
        moments = [Moments.merge(*pair) for pair in zip(moments, parts, strict=True)] if moments else parts
        size = parts[0].count
        if logs is not None:
            for kept, (_, values) in zip(logs, results, strict=True):
                kept[done : done + size] = values
        done += size
        if progress is not None:
            progress(done, samples)
    readings = {
        observable: Readings(labels, moments[i], None if logs is None else logs[i])
        for i, (observable, labels) in enumerate(zip(observables, components, strict=True))
    }
    return Simulation(net, samples, seed, readings)


Block = list[tuple[Moments, Array | None]]
"""Of each observable: the moments of a block's networks, and their values if they are kept."""


def run_block(
    net: Ensemble,
    observables: tuple[Observable, ...],
    seed: int,
    digest: str,
    block: int,
    networks: int,
    keep_values: bool,
) -> Block:
    """Draw and measure the networks of one block: a pure function of its arguments."""
    rng = stream(seed, digest, block)
    store = Store(net)
    needs = frozenset[str]().union(*(observable.needs for observable in observables))
    shapes = [len(observable.components(net)) for observable in observables]
    moments: list[Moments] = []
    values = [np.empty((networks, width)) for width in shapes] if keep_values else None
    done = 0
    for size in Partition.of(net).chunks(networks):
        chunk = Chunk(net, rng, size, backward="backward" in needs, keep_weights="weights" in needs, store=store)
        parts = []
        for i, (observable, width) in enumerate(zip(observables, shapes, strict=True)):
            logs = np.asarray(observable.measure(chunk), dtype=np.float64)
            _require_sound(logs, (size, width), observable, block, seed)
            parts.append(Moments.of(logs))
            if values is not None:
                values[i][done : done + size] = logs
        moments = [Moments.merge(*pair) for pair in zip(moments, parts, strict=True)] if moments else parts
        done += size
    return list(zip(moments, values if values is not None else [None] * len(moments), strict=True))


def _in_block_order(tasks: list[tuple[Any, ...]], jobs: int, executor: Executor | None) -> Iterator[Block]:
    """Run the blocks wherever they are to run, and yield their results in block order."""
    if executor is None and (jobs == 1 or len(tasks) == 1):
        yield from (run_block(*task) for task in tasks)
    elif executor is None:
        with worker_pool(min(jobs, len(tasks))) as pool:
            assert pool is not None
            yield from _submitted(tasks, pool)
    else:
        yield from _submitted(tasks, executor)


def _submitted(tasks: list[tuple[Any, ...]], executor: Executor) -> Iterator[Block]:
    futures: list[Future[Block] | None] = [executor.submit(run_block, *task) for task in tasks]
    try:
        for i, future in enumerate(futures):
            assert future is not None
            futures[i] = None  # a result is dropped as soon as it is merged
            yield future.result()
    finally:
        for future in futures:
            if future is not None:
                future.cancel()


def _require_sound(logs: Array, shape: tuple[int, int], observable: Observable, block: int, seed: int) -> None:
    where = f"{observable.name} in block {block} of seed {seed}"
    if logs.shape != shape:
        raise InvalidArgument("observables", f"{where} has shape {logs.shape}", f"return shape {shape}")
    if np.isnan(logs).any() or np.isposinf(logs).any():
        raise InvalidArgument("observables", f"{where} has values nan or inf", "return logs, -inf for 0")


def _validate(
    net: object,
    observables: object,
    samples: object,
    seed: object,
    jobs: object,
    executor: object,
    keep_values: bool,
    progress: object,
) -> list[tuple[str, ...]]:
    """Refuse what cannot be simulated, before anything is drawn; return the components of each observable."""
    if not isinstance(net, Ensemble):
        raise InvalidArgument("net", f"must be an Ensemble, got {net!r}", "use e.g. Ensemble(width=32, depth=64)")
    net.require_numbers("montecarlo")
    samples = _integer("samples", samples, least=1, example=1000)
    seed = _integer("seed", seed, least=0, example=0)
    jobs = _integer("jobs", jobs, least=1, example=2)
    if isinstance(observables, (str, bytes)) or not isinstance(observables, Sequence) or not observables:
        remedy = "use e.g. [ActivationNorms()]"
        raise InvalidArgument("observables", f"must be a nonempty sequence, got {observables!r}", remedy)
    for observable in observables:
        if not isinstance(observable, Observable) or isinstance(observable, type):
            remedy = "use e.g. ActivationNorms(), or write one as montecarlo.Observable says"
            raise InvalidArgument("observables", f"{observable!r} is not an observable", remedy)
        if extra := set(observable.needs) - {"backward", "weights"}:
            remedy = "use 'backward' or 'weights'"
            raise InvalidArgument("observables", f"{observable.name} needs the unknown {min(extra)!r}", remedy)
    if len(set(observables)) < len(observables):
        raise InvalidArgument("observables", "the same one is there twice", "name each once")
    if executor is not None and not hasattr(executor, "submit"):
        remedy = "use a concurrent.futures.Executor"
        raise InvalidArgument("executor", f"{executor!r} has no submit method", remedy)
    if progress is not None and not callable(progress):
        raise InvalidArgument("progress", f"{progress!r} is not callable", "use a function of (done, samples)")
    components = [tuple(observable.components(net)) for observable in observables]
    needed = 8 * samples * sum(map(len, components))
    if keep_values and needed > KEEP_VALUES_BYTES:
        problem = f"{samples} networks have {needed / 2**30:.1f} GiB of values, above 2 GiB"
        raise InvalidArgument("samples", problem, "measure fewer layers or keep_values=False")
    Weights(net)  # refuses a law that cannot be drawn
    check_sampler(net, seed)
    if jobs > 1 and executor is None:
        _require_portable("law", net)
        _require_portable("observables", tuple(observables))
    return components


def _integer(argument: str, value: object, least: int, example: int) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        remedy = f"use e.g. {argument}={example}"
        raise InvalidArgument(argument, f"must be an integer, at least {least}, got {value!r}", remedy)
    return int(value)


def _require_portable(argument: str, thing: object) -> None:
    try:
        pickle.dumps(thing)
    except (pickle.PicklingError, AttributeError, TypeError) as reason:
        remedy = "define it at module level, or use jobs=1"
        raise InvalidArgument(argument, f"cannot travel to worker processes ({reason})", remedy) from None
