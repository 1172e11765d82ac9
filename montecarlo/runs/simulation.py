"""Draws networks block by block, with the same bits on any workers; measures them, and merges blocks in their order."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral
from os import PathLike

import numpy as np

from montecarlo.arguments import as_ensemble
from montecarlo.arrays import Array
from montecarlo.drawing.activation_check import check_activation
from montecarlo.drawing.sampler_check import check_sampler
from montecarlo.engines.engine import ALL_NEEDS, Engine, Precision
from montecarlo.intervals import Estimate, order_statistic_interval
from montecarlo.observables import Observable
from montecarlo.rounding import EXACT, Rounding, rounding_of
from montecarlo.runs.block_store import BlockStore
from montecarlo.runs.blocks import Parts, Task, merged, run_block
from montecarlo.runs.choice_of_engine import find_engine
from montecarlo.runs.stored_runs import StoredRun, open_run
from montecarlo.runs.tables import table_of
from montecarlo.streaming.counts import LogCounts
from montecarlo.streaming.moments import LogCovariance, Moments
from montecarlo.ties import count_reaching
from montecarlo.wording import counted, listed
from montecarlo.workers.places import borrowed, serial, threads
from montecarlo.workers.workers import Workers, in_task_order
from theory.ensembles import Ensemble, Exact, InvalidArgument
from theory.ensembles.arguments import exact_fraction

KEEP_VALUES_BYTES = 2**31


@dataclass(frozen=True, eq=False)
class Readings:
    """What one observable read off all networks.

    Attributes
    ----------
    components : tuple of str
        The label of each number measured, e.g. ``a_3``.
    moments : Moments
        Streaming moments, with an array entry per component; `mean`, `log_mean`, ... here are shortcuts.
    logs : ndarray, shape (samples, components), or None
        The logs of all values; None if they were not kept.
    counts : LogCounts or None
        How many values fall in each cell of a grid, where they were not kept.
    log_covariance : LogCovariance or None
        Covariances of the logs between components, if asked for.
    rounding : Rounding
        How far the logs may be off.
    """

    components: tuple[str, ...]
    moments: Moments
    logs: Array | None
    counts: LogCounts | None = None
    log_covariance: LogCovariance | None = None
    rounding: Rounding = EXACT

    def __repr__(self) -> str:
        return f"Readings({self._shown()})"

    def _repr_html_(self) -> str:
        return table_of(self._shown(), [("", self)])

    def _shown(self) -> str:
        kept = "" if self.logs is not None else ", counted on a grid"
        covariance = "" if self.log_covariance is None else ", with covariances"
        return f"{listed(self.components)} of {counted(self.moments.count, 'network')}{kept}{covariance}"

    def log_values(self, component: str) -> Array:
        """Return the logs of one component, shape (samples,), which are -inf where the quantity is 0.

        Raises
        ------
        InvalidArgument
            If there is no such component, or the values were not kept.
        """
        column = self._column(component)
        if self.logs is None:
            raise InvalidArgument("keep_values", "the values were not kept", "simulate with keep_values=True")
        return self.logs[:, column]

    @property
    def mean(self) -> Array:
        """The sample mean of the quantity itself, per component."""
        return self.moments.mean

    @property
    def log_mean(self) -> Array:
        """The sample mean of the log given that the quantity is not 0, per component."""
        return self.moments.log_mean

    @property
    def log_variance(self) -> Array:
        """The sample variance of the log given that the quantity is not 0, per component."""
        return self.moments.log_variance

    @property
    def survival(self) -> Array:
        """The share of networks where the quantity is not 0, per component."""
        return self.moments.survival

    def quantile(self, p: float, component: str, error: float = 1e-3) -> Estimate:
        """Estimate the p-quantile of the log of a component, with an interval valid for every law.

        The interval comes from the values themselves if they were kept
        (:func:`montecarlo.intervals.order_statistic_interval`), and otherwise from counts, rounded outward
        (:class:`montecarlo.streaming.counts.LogCounts`). It is widened by what rounding can move.

        Parameters
        ----------
        p : float
            The probability that lies below the quantile.
        component : str
            One of :attr:`components`.
        error : float
            The probability that the interval may miss.
        """
        column = self._column(component)
        if self.logs is not None:
            found = order_statistic_interval(self.logs[:, column], p, error)
        else:
            assert self.counts is not None
            found = self.counts.quantile(p, column, error)
        return found.widened(self.rounding.of(found.value, found.lo, found.hi))

    def share_reaching(
        self,
        threshold: Exact,
        component: str,
        error: float = 1e-3,
        *,
        strict: bool = False,
        unit: Fraction | None = None,
    ) -> Estimate:
        """Estimate the probability that a quantity is at least a threshold, or above it.

        Quantities that are equal to the threshold up to rounding are counted both ways, unless their unit decides.

        Parameters
        ----------
        threshold : int, Fraction or str
            What the quantity itself, not its log, is compared with; it is positive.
        component : str
            One of :attr:`components`.
        error : float
            The probability that the interval may miss.
        strict : bool
            Whether the quantity must be above the threshold.
        unit : Fraction, optional
            A number of which the quantity is a whole multiple in every network, as :func:`montecarlo.ties.square_unit`
            returns it for activations.

        Raises
        ------
        InvalidArgument
            If the threshold is not positive, there is no such component, or the values were not kept.

        Examples
        --------
        >>> from montecarlo import ActivationNorms
        >>> chain = simulate(Ensemble(width=1, depth=1, law="rademacher", init=4), [ActivationNorms((1,))], samples=20)
        >>> chain[ActivationNorms((1,))].share_reaching(4, "a_1").value
        1.0
        """
        exact = exact_fraction("threshold", threshold)
        if exact <= 0:
            raise InvalidArgument("threshold", f"must be positive, got {threshold}", "use survival, or e.g. '1/2'")
        logs = self.log_values(component)
        return count_reaching(logs, exact, self.rounding, unit=unit, strict=strict).interval(error)

    def _column(self, component: str) -> int:
        if component not in self.components:
            shown = ", ".join(self.components[:8]) + (", ..." if len(self.components) > 8 else "")
            raise InvalidArgument("component", f"there is no component {component!r}", f"use one of {shown}")
        return self.components.index(component)


@dataclass(frozen=True, eq=False)
class Simulation:
    """What :func:`simulate` returns: ``simulation[observable]`` gives :class:`Readings`.

    Attributes
    ----------
    net : Ensemble
        What was drawn.
    samples : int
        The number of networks drawn, which is smaller than asked for if the simulation was ended early.
    seed : int
        The root seed.
    readings : dict
        The :class:`Readings` of each observable.
    """

    net: Ensemble
    samples: int
    seed: int
    readings: dict[Observable, Readings]

    def __repr__(self) -> str:
        return f"Simulation({self._shown()}, {list(self.readings)!r})"

    def _repr_html_(self) -> str:
        return table_of(self._shown(), ((repr(observable), readings) for observable, readings in self.readings.items()))

    def _shown(self) -> str:
        return f"{counted(self.samples, 'network')}, seed {self.seed}, of {self.net!r}"

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
    engine: str | Engine = "direct",
    dtype: Precision = "float64",
    jobs: int = 1,
    executor: Executor | Workers | None = None,
    store: str | PathLike[str] | BlockStore | None = None,
    keep_values: bool = True,
    covariance: bool = False,
    block: int | None = None,
    until: Callable[[Simulation], bool] | None = None,
    partial: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> Simulation:
    """Draw networks and measure them.

    Parameters
    ----------
    net : Ensemble
        What to draw; all sizes are numbers.
    observables : sequence of Observable
        What to measure. It does not change which networks the direct engine draws.
    samples : int
        The number of networks.
    seed : int
        The root seed, not negative.
    engine : str or Engine
        ``"direct"`` draws real weight matrices. ``"law-exact"``, for normal weights only, draws networks of the same
        law without matrices; the wider they are, the more time it saves.
    dtype : str
        The precision of the direct engine's weights, ``"float64"`` or ``"float32"``.
    jobs : int
        The number of threads; 1 stays in this one. The bits are the same for any number, and any executor.
    executor : concurrent.futures.Executor or Workers, optional
        What runs the blocks in place of `jobs`, such as a process pool or a Dask cluster; see
        :mod:`montecarlo.workers.places`.
    store : path or BlockStore, optional
        An SQLite file that takes each block as it is finished. The same call goes on where the last one ended.
    keep_values : bool
        Whether to keep each network's values beside their moments. If not, quantiles come from counts on a grid, and
        the memory needed depends on the number of components, not on `samples`.
    covariance : bool
        Whether to measure covariances of the logs between components.
    block : int, optional
        Draw this block alone, of those that make up `samples`.
    until : callable, optional
        Called with the simulation so far whenever the number of its blocks has doubled; a true answer ends the
        simulation. The intervals that it uses must be valid at any time (:mod:`montecarlo.intervals.anytime`).
    partial : bool
        Whether an interrupt (Ctrl-C) ends the simulation with the blocks that are finished, if there are any.
    progress : callable, optional
        Called in this process with (samples done, samples) after each block, in block order.

    Returns
    -------
    Simulation
        ``simulation[observable]`` gives the :class:`Readings` of an observable.

    Raises
    ------
    InvalidArgument
        If an argument cannot be used; the message names it, what is wrong and what would do.

    Examples
    --------
    >>> from montecarlo import ActivationNorms
    >>> net = Ensemble(width=1, depth=3, law="rademacher", init=4)
    >>> simulation = simulate(net, [ActivationNorms()], samples=10)
    >>> simulation
    Simulation(10 networks, seed 0, of Ensemble(width=1, depth=3, init='4', law='rademacher'),
    [ActivationNorms(layers=None)])
    >>> readings = simulation[ActivationNorms()]
    >>> readings.components
    ('a_0', 'a_1', 'a_2', 'a_3')
    >>> readings.mean
    array([ 1.,  4., 16., 64.])
    """
    _validate(net, observables, samples, seed=seed, jobs=jobs, executor=executor, progress=progress, until=until)
    needs = frozenset[str]().union(*(observable.needs for observable in observables))
    chosen = find_engine(engine, net, needs, dtype)
    task = Task(
        net, tuple(observables), chosen, seed=int(seed), keep_values=bool(keep_values), covariance=bool(covariance)
    )
    components = _validate_task(task, int(samples))
    sizes = dict(enumerate(chosen.partition(net).blocks(int(samples))))
    if block is not None:
        if _integer("block", block, least=0, example=0) not in sizes:
            problem = f"{samples} samples of this ensemble make the blocks 0 to {len(sizes) - 1}, got {block}"
            raise InvalidArgument("block", problem, "use one of them, or more samples")
        sizes = {int(block): sizes[int(block)]}
    total = sum(sizes.values())
    rounding = rounding_of(net, getattr(chosen, "dtype", "float64"))

    kept = [np.empty((total, len(labels))) for labels in components] if keep_values else None
    folded: Parts = []
    done = 0

    def so_far() -> Simulation:
        readings = {
            observable: Readings(
                labels,
                folded[i].moments,
                None if kept is None else kept[i][:done],
                folded[i].counts,
                folded[i].covariance,
                rounding,
            )
            for i, (observable, labels) in enumerate(zip(observables, components, strict=True))
        }
        return Simulation(net, done, int(seed), readings)

    with ExitStack() as opened:
        run = None if store is None else opened.enter_context(open_run(store, task))
        workers = opened.enter_context(_workers(int(jobs), executor, task))
        try:
            for blocks, parts in enumerate(_results(task, sizes, workers, run), start=1):
                size = parts[0].moments.count
                if kept is not None:
                    for values, part in zip(kept, parts, strict=True):
                        values[done : done + size] = part.values
                folded = merged(folded, parts) if folded else [part.without_values() for part in parts]
                done += size
                if progress is not None:
                    progress(done, total)
                if until is not None and blocks & (blocks - 1) == 0 and until(so_far()):
                    break
        except KeyboardInterrupt:
            if not partial or not folded:
                raise
    return so_far()


def _workers(jobs: int, executor: Executor | Workers | None, task: Task) -> AbstractContextManager[Workers]:
    """Return the workers that are asked for; those that were handed in stay open."""
    if executor is None:
        return serial() if jobs == 1 else threads(jobs)
    if not isinstance(executor, Workers):
        return borrowed(executor)
    if executor.travels:
        _require_portable("activation", task.net.activation)
        _require_portable("law", task.net)
        _require_portable("observables", task.observables)
    return nullcontext(executor)


def _results(task: Task, sizes: dict[int, int], workers: Workers, run: StoredRun | None) -> Iterator[Parts]:
    """Yield the parts of each block in order; blocks that are not in the store are drawn, and then stored."""
    finished = {} if run is None else run.finished
    missing = ((task, block, size) for block, size in sizes.items() if finished.get(block) != size)
    drawn = in_task_order(run_block, missing, workers)
    for block, size in sizes.items():
        if run is not None and finished.get(block) == size:
            yield run.parts(block)
            continue
        parts = next(drawn)
        if run is not None:
            run.keep(block, size, parts)
        yield parts


def _validate(
    net: object,
    observables: object,
    samples: object,
    seed: object,
    jobs: object,
    executor: object,
    progress: object,
    until: object,
) -> None:
    """Refuse arguments that are not what they should be."""
    _require_drawable(as_ensemble(net))
    _integer("samples", samples, least=1, example=1000)
    _integer("seed", seed, least=0, example=0)
    _integer("jobs", jobs, least=1, example=2)
    if isinstance(observables, (str, bytes)) or not isinstance(observables, Sequence) or not observables:
        remedy = "use e.g. [ActivationNorms()]"
        raise InvalidArgument("observables", f"must be a nonempty sequence, got {observables!r}", remedy)
    for observable in observables:
        if type(observable).__hash__ is None:
            remedy = "write it as a frozen dataclass"
            raise InvalidArgument("observables", f"{observable!r} is not hashable", remedy)
        if not isinstance(observable, Observable) or isinstance(observable, type):
            remedy = "use e.g. ActivationNorms(), or write one as montecarlo.Observable says"
            raise InvalidArgument("observables", f"{observable!r} is not an observable", remedy)
        if extra := set(observable.needs) - ALL_NEEDS:
            remedy = f"use any of {', '.join(sorted(ALL_NEEDS))}"
            raise InvalidArgument("observables", f"{observable.name} needs the unknown {min(extra)!r}", remedy)
    if len(set(observables)) < len(observables):
        raise InvalidArgument("observables", "the same one is there twice", "name each once")
    if executor is not None and not isinstance(executor, Workers) and not hasattr(executor, "submit"):
        remedy = "use a concurrent.futures.Executor"
        raise InvalidArgument("executor", f"{executor!r} has no submit method", remedy)
    if progress is not None and not callable(progress):
        raise InvalidArgument("progress", f"{progress!r} is not callable", "use a function of (done, samples)")
    if until is not None and not callable(until):
        raise InvalidArgument("until", f"{until!r} is not callable", "use a function of the simulation so far")


def _components(observable: Observable, net: Ensemble) -> tuple[str, ...]:
    labels: object = observable.components(net)
    if isinstance(labels, str) or not isinstance(labels, Sequence) or not labels or len(set(labels)) < len(labels):
        problem = f"{observable.name} has the components {labels!r}"
        raise InvalidArgument("observables", problem, "return different labels, at least one, in a tuple")
    return tuple(labels)


_MOST_UNITS = 2**16
_MOST_LAYERS = 10**8


_LARGEST = 10**100
_LEAST_SLOPE = {"float64": Fraction(1, 10**100), "float32": Fraction(1, 10**20)}
"""Slopes below these, and their squares, are not told from 0."""


def _require_drawable(net: Ensemble) -> None:
    """Refuse sizes that no memory holds, before arrays of such sizes are made."""
    widths = [int(width) for width in net.widths or (net.width or 1,)]
    if max(widths) > _MOST_UNITS:
        raise InvalidArgument("width", f"{max(widths)} units are too many to draw", f"use at most {_MOST_UNITS}")
    if int(net.depth) > _MOST_LAYERS:
        raise InvalidArgument("depth", f"{net.depth} layers are too many to draw", f"use at most {_MOST_LAYERS}")
    if net.architecture.name == "layernorm" and isinstance(net.input, tuple) and max(map(abs, net.input)) > _LARGEST:
        problem = "has entries above 1e100, whose squares overflow where they are standardized"
        raise InvalidArgument("input", problem, "scale it: under layer norm its size does not matter")


def _validate_task(task: Task, samples: int) -> list[tuple[str, ...]]:
    """Refuse what cannot be simulated, before anything is drawn, and return the components of each observable."""
    task.engine.refuse(task.net)
    precision = getattr(task.engine, "dtype", "float64")
    if task.net.is_piecewise_linear and 0 < Fraction(task.net.slope) < _LEAST_SLOPE[precision]:
        problem = f"{str(task.net.activation).split(':')[0]} has a slope that {precision} does not tell from 0"
        remedy = f"use relu, or a slope of at least {float(_LEAST_SLOPE[precision]):g}"
        raise InvalidArgument("activation", problem, remedy)
    for observable in task.observables:
        if lacking := observable.needs - task.engine.provides:
            problem = f"{task.engine.name} does not have the {min(lacking)} that {observable.name} needs"
            if not task.net.architecture.is_plain:
                raise InvalidArgument("architecture", problem, "use architecture='plain'")
            raise InvalidArgument("engine", problem, "use engine='direct'")
    components = [_components(observable, task.net) for observable in task.observables]
    _ = task.second_input  # this refuses two different ones
    needed = 8 * samples * sum(map(len, components))
    if task.keep_values and needed > KEEP_VALUES_BYTES:
        problem = f"{samples} networks have {needed / 2**30:.1f} GiB of values, above 2 GiB"
        remedy = "use fewer samples, measure fewer layers, or keep_values=False"
        raise InvalidArgument("samples", problem, remedy)
    check_sampler(task.net, task.seed)
    check_activation(task.net)
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
        remedy = "define it at module level, or use threads"
        raise InvalidArgument(argument, f"cannot travel to worker processes ({reason})", remedy) from None
