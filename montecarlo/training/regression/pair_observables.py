"""Two-layer linear networks trained from random weights, as observables of :func:`montecarlo.simulate`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from montecarlo.arguments import as_between, as_count, as_ensemble
from montecarlo.arrays import Array
from montecarlo.engines.real_matrices import Chunk
from montecarlo.training.regression.gram_flows import GramPairs
from montecarlo.training.regression.pair_flows import MOST_STEPS, ScalarPairs
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction

_COMPONENTS = ("imbalance", "wide", "readout", "off", "distance", "loss")

Rows = tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True)
class PairFlow:
    r"""What gradient flow makes of the network :math:`f(x) = VU^Tx`, a linear ensemble of widths (d, h, m), as logs.

    The data have r directions of the squared singular values `spectrum`, taken to be the first r inputs (for normal
    weights any directions are as good), and are fitted by :math:`UV^T = \Theta` there. The components are

    - ``imbalance``, the level :math:`c = c_++c_-` of the layers' imbalance;
    - ``wide``, 0 where c exceeds :math:`hs^2`, with the variance :math:`s^2` of the weights, and -inf elsewhere;
    - ``readout``, :math:`|V|_F^2`;
    - ``off``, the squared norm of the part of :math:`UV^T` off the row space of the data;
    - ``distance``, the squared distance of :math:`UV^T` from the solution of minimum norm; and
    - ``loss``, the loss above its minimum.

    Parameters
    ----------
    target : number, or r rows of m numbers
        :math:`\Theta`.
    spectrum : number, or sequence of r numbers
        :math:`\lambda`, positive.
    time : number, optional
        How long flow lasts; without it, for ever, which needs r = m = 1.

    Raises
    ------
    InvalidArgument
        If an argument is no number of that kind, shapes do not fit, or a time is needed.

    Examples
    --------
    >>> PairFlow("3/2").components(Ensemble(widths=(4, 16, 1), init="1/16"))
    ('imbalance', 'wide', 'readout', 'off', 'distance', 'loss')
    """

    target: Any
    spectrum: Any = (1,)
    time: Fraction | int | str | None = None
    name: ClassVar[str] = "PairFlow"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def __post_init__(self) -> None:
        _read_problem(self)
        if self.time is not None:
            time = exact_fraction("time", self.time)
            as_between("time", float(time), 0, closed=True, example=1)
            object.__setattr__(self, "time", time)
        elif not _is_scalar(self):
            raise InvalidArgument("time", "is for ever, which is known for r = m = 1 alone", "use e.g. time=20")

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the labels; refuse what is no such network."""
        _require_pair(net, self)
        return _COMPONENTS

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, components)."""
        time = None if self.time is None else float(self.time)
        start = _start(self, chunk)
        if isinstance(start, ScalarPairs):
            end: ScalarPairs | GramPairs = start.flow(time)
            if time is None:
                return _logs(chunk.net, end, loss=np.zeros(chunk.networks), distance=end.off_square)
        else:
            end = start.flow(0.0 if time is None else time)
        return _logs(chunk.net, end, loss=end.loss, distance=end.distance_square)


@dataclass(frozen=True)
class PairDescent:
    r"""What steps of plain gradient descent make of such a network; the components are those of :class:`PairFlow`.

    Parameters
    ----------
    target, spectrum
        As for :class:`PairFlow`.
    learning_rate : number
        Positive.
    steps : int
        At least 0.

    Raises
    ------
    InvalidArgument
        If an argument is no number of that kind, or shapes do not fit.

    Examples
    --------
    >>> PairDescent("3/2", learning_rate="1/10", steps=100).learning_rate
    Fraction(1, 10)
    """

    target: Any
    spectrum: Any = (1,)
    learning_rate: Fraction | int | str = Fraction(1, 10)
    steps: int = 1_000
    name: ClassVar[str] = "PairDescent"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def __post_init__(self) -> None:
        _read_problem(self)
        rate = exact_fraction("learning_rate", self.learning_rate)
        as_between("learning_rate", float(rate), 0, example="'1/10'")
        object.__setattr__(self, "learning_rate", rate)
        as_count("steps", self.steps, 0, MOST_STEPS, example=1_000)

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the labels; refuse what is no such network."""
        _require_pair(net, self)
        return _COMPONENTS

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, components); refuse a rate with which a network diverges."""
        with np.errstate(over="ignore", invalid="ignore"):
            end = _start(self, chunk).descend(float(self.learning_rate), self.steps)
            loss, distance = end.loss, end.distance_square
        if not np.isfinite(loss).all():
            raise InvalidArgument("learning_rate", f"{self.learning_rate} lets a network diverge", "use a smaller one")
        return _logs(chunk.net, end, loss=loss, distance=distance)


def _read_problem(observable: Any) -> None:
    """Read target and spectrum as exact numbers, in rows."""
    given = observable.spectrum
    values = given if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
    spectrum = tuple(exact_fraction("spectrum", value) for value in values)
    if not spectrum or min(spectrum) <= 0:
        raise InvalidArgument("spectrum", f"must be positive numbers, got {given!r:.50}", "use e.g. (1, '1/2')")
    rows = observable.target
    rows = rows if isinstance(rows, Iterable) and not isinstance(rows, str) else ((rows,),)
    target = tuple(
        tuple(exact_fraction("target", entry) for entry in row)
        if isinstance(row, Iterable) and not isinstance(row, str)
        else (exact_fraction("target", row),)
        for row in rows
    )
    if len(target) != len(spectrum) or not target[0] or len({len(row) for row in target}) > 1:
        problem = f"must be {len(spectrum)} rows of equal length, one for each of the spectrum, got {rows!r:.50}"
        raise InvalidArgument("target", problem, "use e.g. target=(('3/2', 0), (0, 1)) with spectrum=(1, 1)")
    object.__setattr__(observable, "spectrum", spectrum)
    object.__setattr__(observable, "target", target)


def _is_scalar(observable: Any) -> bool:
    return len(observable.target) == len(observable.target[0]) == 1


def _require_pair(net: Ensemble, observable: Any) -> None:
    """Refuse all but linear networks of two layers of one variance, with enough inputs and the right outputs."""
    as_ensemble(net)
    net.require_plain(f"{observable.name}")
    if int(net.depth) != 2:
        raise InvalidArgument("depth", f"{observable.name} is for two layers, got {net.depth}", "use widths=(4, 16, 1)")
    if net.activation != "linear":
        raise InvalidArgument("activation", f"{observable.name} is for linear networks", "use activation='linear'")
    r, m = len(observable.target), len(observable.target[0])
    if int(net.width_at(0)) < r or net.width_at(2) != m:
        problem = f"have {net.width_at(0)} inputs and {net.width_at(2)} outputs, where the target is {r} x {m}"
        raise InvalidArgument("widths", problem, f"use at least {r} inputs, and {m} outputs")
    if net.variance(1) != net.variance(2):
        problem = f"gives the layers the variances {net.variance(1)} and {net.variance(2)}"
        raise InvalidArgument("init", problem, "give one variance, such as init='1/16'")


def _start(observable: Any, chunk: Chunk) -> ScalarPairs | GramPairs:
    first, second = (chunk.weights(layer).astype(np.float64, copy=False) for layer in (1, 2))
    first = first.transpose(0, 2, 1)
    if _is_scalar(observable):
        return ScalarPairs.of_weights(first, second, float(observable.spectrum[0]), float(observable.target[0][0]))
    spectrum, target = (np.array(part, dtype=np.float64) for part in (observable.spectrum, observable.target))
    return GramPairs.of_weights(first, second, spectrum, target)


def _logs(net: Ensemble, end: ScalarPairs | GramPairs, *, loss: Array, distance: Array) -> Array:
    level = float(int(net.width_at(1)) * net.variance(1))
    c = end.imbalance
    with np.errstate(divide="ignore"):  # the log of 0
        parts = (c, (c > level).astype(np.float64), end.readout, end.off_square, distance, loss)
        return np.stack([np.log(part) for part in parts], axis=1)
