"""The blocks of a simulation in a store, where its fingerprint is all that decides their bits, code included."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property
from os import PathLike
from typing import Any

import numpy as np

from montecarlo.runs.block_store import BlockStore
from montecarlo.runs.blocks import Part, Parts, Task
from montecarlo.runs.measured_code import own_code, package
from theory.ensembles import Activation, Ensemble, Initialization, InvalidArgument


@dataclass(frozen=True)
class StoredRun:
    """The blocks of one simulation in a store.

    Attributes
    ----------
    store : BlockStore
        Where the blocks are kept.
    task : Task
        All that decides their bits.
    """

    store: BlockStore
    task: Task

    @cached_property
    def name(self) -> str:
        """The name of the run within the store."""
        return hashlib.sha256(repr(sorted(settings(self.task).items())).encode()).hexdigest()

    @cached_property
    def finished(self) -> dict[int, int]:
        """How many networks each block has that was in the store when this was first asked."""
        return self.store.sizes(self.name)

    def parts(self, block: int) -> Parts:
        """Return a finished block."""
        arrays = self.store.get(self.name, block)
        assert arrays is not None
        out = []
        for i in range(len(self.task.observables)):
            own = {key.removeprefix(f"{i}."): value for key, value in arrays.items() if key.startswith(f"{i}.")}
            out.append(Part.from_arrays(own))
        return out

    def keep(self, block: int, networks: int, parts: Parts) -> None:
        """Store a block, unless there is one of at least as many networks.

        Parameters
        ----------
        block : int
            The number of the block.
        networks : int
            How many networks it has.
        parts : list of Part
            What each observable read off.

        Raises
        ------
        InvalidArgument
            If the block cannot be written.
        """
        if self.finished.get(block, 0) < networks:
            arrays = {f"{i}.{key}": value for i, part in enumerate(parts) for key, value in part.arrays().items()}
            self.store.put(self.name, block, networks, arrays)


@contextmanager
def open_run(store: str | PathLike[str] | BlockStore, task: Task) -> Iterator[StoredRun]:
    """Open the run of a task, in a store of its own or one that several simulations share.

    Parameters
    ----------
    store : path or BlockStore
        A file for this simulation alone, or a store that several simulations share.
    task : Task
        What is simulated.

    Yields
    ------
    StoredRun
        The run; a store that was opened here is closed in the end.

    Raises
    ------
    InvalidArgument
        If the file is from other settings or damaged, or the task has no fingerprint.
    """
    fingerprint = settings(task)
    opened: Any = nullcontext(store) if isinstance(store, BlockStore) else BlockStore.open(store, fingerprint)
    with opened as blocks:
        yield StoredRun(blocks, task)


def shared_store(store: str | PathLike[str] | None, seed: int) -> AbstractContextManager[BlockStore | None]:
    """Open a store that several simulations of one seed share.

    Parameters
    ----------
    store : path or None
        The file; None stands for no store.
    seed : int
        The root seed of all of them.

    Returns
    -------
    context manager of BlockStore or None
        The store is closed in the end.

    Raises
    ------
    InvalidArgument
        If the file is from another seed, machine or version, or damaged.

    Examples
    --------
    >>> with shared_store(None, 0) as store:
    ...     print(store)
    None
    """
    return nullcontext(None) if store is None else BlockStore.open(store, {"seed": str(seed), **machine()})


def settings(task: Task) -> dict[str, str]:
    """Return all that decides the bits of a task's blocks, but for the number of samples.

    That includes the code: the sources of this package, and a user's own classes and functions, as far as
    :mod:`montecarlo.runs.measured_code` sees them.

    Raises
    ------
    InvalidArgument
        If the law's sampler is a function without a name of its own: two of them could not be told apart.
    """
    sampler = task.net.law.sampler
    if sampler is not None and "<" in getattr(sampler, "__qualname__", "<"):
        problem = f"the sampler of {task.net.law.name!r} is a lambda or local function, which has no name to store"
        raise InvalidArgument("store", problem, "define the sampler at module level")
    own_activation = [task.net.activation] if isinstance(task.net.activation, Activation) else []
    for known in own_activation:
        for function in (known.value, known.derivative):
            if "<" in getattr(function, "__qualname__", getattr(function, "__name__", "<")):
                problem = f"the activation {known.name!r} is a lambda or local function, which has no name to store"
                raise InvalidArgument("store", problem, "define its functions at module level")
    plain = task.net.plain  # the engine's name tells the architecture
    return {
        "ensemble": f"{plain.describe()} ({plain.digest()})",
        "observables": ", ".join(map(_named, task.observables)),
        "engine": task.engine.name,
        "seed": str(task.seed),
        "keep_values": str(task.keep_values),
        "covariance": str(task.covariance),
        **(
            {"own code": own} if (own := own_code(task.observables, task.net.law, *own_activation, task.engine)) else {}
        ),
        **machine(),
    }


@cache
def machine() -> dict[str, str]:
    """Return what of the machine, its libraries and this package's sources decides bits."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    features = " ".join(simd["baseline"] + simd.get("found", []))
    return {
        "package": package(),
        "python": "{}.{}".format(*sys.version_info),
        "numpy": np.__version__,
        "processor": f"{platform.machine()} {features}",
    }


def _named(observable: object) -> str:
    kind = type(observable)
    if "<" in kind.__qualname__:
        problem = f"the observable {kind.__name__} is local to a function, and has no name to store"
        raise InvalidArgument("store", problem, "define it at module level")
    # an observable that has moved keeps its name in stored runs; one that inherits from it is another
    home = vars(kind).get("stored_as", kind.__module__)
    return f"{home}.{_told(observable)}"


def _told(value: object) -> str:
    """Return all that a value holds, as dataclasses show it on their own: short reprs and those of arrays hide much."""
    match value:
        case np.ndarray():
            if value.dtype.hasobject:
                return _told(value.tolist())
            content = np.ascontiguousarray(value)
            return f"array({value.dtype.str}, {value.shape}, {hashlib.sha256(content.tobytes()).hexdigest()})"
        case tuple() if type(value) is tuple:
            return f"({', '.join(map(_told, value))}{',' * (len(value) == 1)})"
        case list() if type(value) is list:
            return f"[{', '.join(map(_told, value))}]"
        case dict() if type(value) is dict:
            return f"{{{', '.join(f'{_told(key)}: {_told(entry)}' for key, entry in value.items())}}}"
        case _ if is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in fields(value) if field.repr]
            # what ensembles had not when the first runs were stored is told only where it is there
            if isinstance(value, Ensemble) and value.bias.name == "none":
                names.remove("bias")
            if isinstance(value, Initialization):
                later = {"square_gain": 1, "layers": (), "formula": ""}
                names = [name for name in names if name not in later or getattr(value, name) != later[name]]
            shown = (f"{name}={_told(getattr(value, name))}" for name in names)
            return f"{type(value).__qualname__}({', '.join(shown)})"
        case _:
            return repr(value)
