"""One block of networks, drawn and measured: a pure function of a task that any worker can run, and replay alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.arrays import Array
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.streams import stream
from montecarlo.engines.engine import Engine
from montecarlo.observables import Observable
from montecarlo.streaming.counts import LogCounts
from montecarlo.streaming.moments import LogCovariance, Moments
from montecarlo.wording import counted
from theory.ensembles import Ensemble, InvalidArgument

_ESTIMATORS: dict[str, Any] = {"moments": Moments, "covariance": LogCovariance, "counts": LogCounts}


@dataclass(frozen=True)
class Task:
    """All that decides the bits of a block.

    Attributes
    ----------
    net : Ensemble
        What is drawn.
    observables : tuple of Observable
        What is measured.
    engine : Engine
        How it is drawn.
    seed : int
        The root seed.
    keep_values : bool
        Whether all values are kept, rather than their counts on a grid.
    covariance : bool
        Whether covariances of the logs are wanted.
    """

    net: Ensemble
    observables: tuple[Observable, ...]
    engine: Engine
    seed: int
    keep_values: bool
    covariance: bool

    @property
    def needs(self) -> frozenset[str]:
        """What the observables use beyond activations."""
        return frozenset[str]().union(*(observable.needs for observable in self.observables))

    @property
    def stream(self) -> str:
        """The name of the streams: what is drawn depends on the ensemble and the engine, not on what is measured.

        The name of the engine tells the architecture, so the digest is that of the plain ensemble.
        """
        name, digest = self.engine.name, self.net.plain.digest()
        return digest if name == "direct-float64" else f"{digest}/{name}"

    @property
    def second_input(self) -> SecondInput | None:
        """The second input that the observables ask for, if any does.

        Raises
        ------
        InvalidArgument
            If two of them ask for different ones.
        """
        pairs = {observable.second_input for observable in self.observables if "second_input" in observable.needs}  # type: ignore[attr-defined]
        if len(pairs) > 1:
            raise InvalidArgument("observables", "ask for second inputs at different angles", "simulate them apart")
        return pairs.pop() if pairs else None


@dataclass(frozen=True, eq=False)
class Part:
    """What one observable read off a number of networks.

    Attributes
    ----------
    moments : Moments
        Moments of the quantities and of their logs.
    covariance : LogCovariance or None
        Covariances of the logs, if they are wanted.
    counts : LogCounts or None
        Counts of the logs on a grid, if the values are not kept.
    values : ndarray, shape (networks, components), or None
        The logs themselves, if they are kept.
    """

    moments: Moments
    covariance: LogCovariance | None
    counts: LogCounts | None
    values: Array | None

    def __repr__(self) -> str:
        of = f"{counted(self.moments.count, 'network')}, {counted(len(self.moments.log_mean), 'component')}"
        return f"Part({of}{'' if self.values is None else ', values kept'})"

    @classmethod
    def of(cls, values: Array, *, keep_values: bool, covariance: bool) -> Part:
        """Return the part of some networks.

        Parameters
        ----------
        values : ndarray, shape (networks, components)
            The logs that were measured.
        keep_values, covariance : bool
            As for :class:`Task`.
        """
        return cls(
            Moments.of(values),
            LogCovariance.of(values) if covariance else None,
            None if keep_values else LogCounts.of(values),
            values if keep_values else None,
        )

    def merge(self, other: Part) -> Part:
        """Return both together, without the values, which are kept elsewhere; `other` comes later."""
        return Part(
            self.moments.merge(other.moments),
            None if self.covariance is None or other.covariance is None else self.covariance.merge(other.covariance),
            None if self.counts is None or other.counts is None else self.counts.merge(other.counts),
            None,
        )

    def without_values(self) -> Part:
        """Return the part without the values."""
        return replace(self, values=None)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the part as arrays, to be stored."""
        out: dict[str, NDArray[Any]] = {} if self.values is None else {"values": self.values}
        for name in _ESTIMATORS:
            estimator = getattr(self, name)
            if estimator is not None:
                out |= {
                    f"{name}.{field.name}": np.asarray(getattr(estimator, field.name)) for field in fields(estimator)
                }
        return out

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Part:
        """Return the part that was stored."""
        found: dict[str, Any] = {}
        for name, estimator in _ESTIMATORS.items():
            stored = {
                key.removeprefix(f"{name}."): value for key, value in arrays.items() if key.startswith(f"{name}.")
            }
            scalars = {key: int(value) if value.ndim == 0 else value for key, value in stored.items()}
            found[name] = estimator(**scalars) if stored else None
        return cls(values=arrays.get("values"), **found)


Parts = list[Part]
"""What each observable read off, in the order of the observables."""


def run_block(task: Task, block: int, networks: int) -> Parts:
    """Draw and measure the networks of one block.

    Parameters
    ----------
    task : Task
        What to draw and measure.
    block : int
        The number of the block, which decides its stream.
    networks : int
        How many networks the block has.

    Raises
    ------
    InvalidArgument
        If an observable returns what it may not; the message says how to replay the block alone.

    Examples
    --------
    >>> from montecarlo import ActivationNorms
    >>> from montecarlo.engines.direct import Direct
    >>> task = Task(Ensemble(width=2, depth=1), (ActivationNorms(),), Direct(), 0, True, False)
    >>> run_block(task, block=3, networks=4)[0].moments.count
    4
    """
    rng = stream(task.seed, task.stream, block)
    draw = task.engine.opened(task.net, task.needs, task.second_input)
    widths = [len(observable.components(task.net)) for observable in task.observables]
    values = [np.empty((networks, width)) for width in widths]
    done = 0
    for size in task.engine.partition(task.net).chunks(networks):
        chunk = draw(rng, size)
        for observable, kept in zip(task.observables, values, strict=True):
            try:
                measured = observable.measure(chunk)
            except Exception as failed:
                failed.add_note(f"{observable.name} in block {block} of seed {task.seed}; {_replay(block)}")
                raise
            kept[done : done + size] = _sound(measured, (size, kept.shape[1]), observable, task, block)
        done += size
    return [Part.of(kept, keep_values=task.keep_values, covariance=task.covariance) for kept in values]


def merged(parts: Sequence[Part], more: Sequence[Part]) -> Parts:
    """Return a block's parts merged with those of the blocks before it.

    Parameters
    ----------
    parts, more : sequence of Part
        What each observable read off the blocks before, and off this one.
    """
    return [one.merge(other) for one, other in zip(parts, more, strict=True)]


_REPLAY = "replay it alone with "


def is_of_an_observable(error: BaseException) -> bool:
    """Whether an error was raised by an observable while it measured a block, here or in another process.

    Examples
    --------
    >>> is_of_an_observable(ValueError())
    False
    """
    return any(_REPLAY in note for note in getattr(error, "__notes__", ()))


def _replay(block: int) -> str:
    return f"{_REPLAY}simulate(..., block={block}) or vanishing sample ... --block {block}"


def _sound(measured: Any, shape: tuple[int, int], observable: Observable, task: Task, block: int) -> Array:
    where, replay = f"{observable.name} in block {block} of seed {task.seed}", _replay(block)
    found = np.asarray(measured)
    if found.dtype.kind not in "fiu":
        raise InvalidArgument("observables", f"{where} has type {found.dtype}", f"return real numbers; {replay}")
    logs: Array = found.astype(np.float64)
    if logs.shape != shape:
        raise InvalidArgument("observables", f"{where} has shape {logs.shape}", f"return shape {shape}; {replay}")
    if np.isnan(logs).any() or np.isposinf(logs).any():
        raise InvalidArgument("observables", f"{where} has values nan or inf", f"return logs, -inf for 0; {replay}")
    return logs
