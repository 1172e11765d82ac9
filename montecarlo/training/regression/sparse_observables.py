r"""Sparse recovery as observables of :func:`montecarlo.simulate`: the design is a weight matrix, noise the readout.

A network of depth 1 draws all that is random: :math:`X = W_1` of shape (n, p), its columns scaled to the norm
:math:`\sqrt n`, and the readout v, normal of variance 1/n. So :math:`y = Xw^*+\sigma\sqrt n\,v`, where w* is 1 in its
first k entries and 0 elsewhere. On these data a diagonal network of depth N is trained, which is not random. With
``Ensemble(widths=(200, 100), law="rademacher", init=1)`` data are those of the code beside arXiv:2108.05574. An
orthogonal initialization gives an orthonormal design.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_between, as_count, as_ensemble, as_positive
from montecarlo.arrays import Array
from montecarlo.engines.real_matrices import Chunk
from montecarlo.training.regression.sparse_descent import geometric_steps, sparse_descent
from theory.ensembles import Ensemble, InvalidArgument


@dataclass(frozen=True)
class SparsePaths:
    r"""Risks :math:`|w-w^*|^2` on the path of descent, as logs.

    The components are ``best``, the least on the path; ``stopped``, that after `stop` steps; ``last``, that at the end;
    ``last/best``; ``good``, the last step over the first at which the risk is at most `level`, and 0 if there is none;
    and ``good/own``, the same for twice the network's own best risk, which makes a poor network look robust. With noise
    there are also ``oracle``, the risk of least squares on the support, and ``best/oracle``.

    Parameters
    ----------
    depth : int
        N, from 2 to 64.
    scale : float
        :math:`w_0 = \alpha^N`.
    support : int
        k, the number of ones of w*.
    noise : float
        :math:`\sigma`, not negative.
    learning_rate : float
        :math:`\eta`.
    steps : int
        How many.
    stop : int, optional
        When to stop early; by default at the end.
    level : float
        The absolute risk that ``good`` is about.

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> from montecarlo import simulate
    >>> net = Ensemble(widths=(16, 16), init="orthogonal")
    >>> paths = SparsePaths(3, scale=1e-6, support=2, noise=0.5, learning_rate=0.05, steps=2000)
    >>> readings = simulate(net, [paths], samples=20)[paths]
    >>> readings.components
    ('best', 'stopped', 'last', 'last/best', 'good', 'good/own', 'oracle', 'best/oracle')
    >>> bool((readings.log_values("last/best") >= 0).all())
    True
    """

    depth: int
    scale: float
    support: int
    noise: float
    learning_rate: float
    steps: int
    stop: int = 0
    level: float = 0.05
    name: ClassVar[str] = "SparsePaths"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def __post_init__(self) -> None:
        _check(self)
        object.__setattr__(self, "steps", as_count("steps", self.steps, example=1000))
        stop = as_count("stop", self.stop, 0, self.steps) or self.steps
        object.__setattr__(self, "stop", stop)
        object.__setattr__(self, "level", as_positive("level", self.level))

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the labels; refuse a network that is no design with noise."""
        _require_design(net, self.support)
        found = ("best", "stopped", "last", "last/best", "good", "good/own")
        return (*found, "oracle", "best/oracle") if self.noise else found

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, components)."""
        design, noise = _drawn(chunk)
        n, p = design.shape[1:]
        signal = _signal(p, self.support)
        gram = np.matmul(design.transpose(0, 2, 1), design) / n
        pull = np.matmul(design.transpose(0, 2, 1), noise[:, :, None])[:, :, 0] * (self.noise / n)
        path = sparse_descent(
            gram,
            gram @ signal + pull,
            signal,
            depth=self.depth,
            scale=self.scale,
            learning_rate=self.learning_rate,
            steps=sorted({*geometric_steps(self.steps), self.stop}),
        )
        best = path.risk.min(axis=0)
        stopped = path.risk[list(path.steps).index(self.stop)]
        ratios = [_lasts(path.steps, path.risk <= level) for level in (self.level, 2 * best)]
        with np.errstate(divide="ignore"):
            logs = [*np.log([best, stopped, path.risk[-1]]), np.log(path.risk[-1]) - np.log(best), *np.log(ratios)]
            if self.noise:
                k = self.support
                oracle = np.log((np.linalg.solve(gram[:, :k, :k], pull[:, :k, None])[:, :, 0] ** 2).sum(axis=1))
                logs += [oracle, logs[0] - oracle]
        return np.stack(logs, axis=1)


@dataclass(frozen=True)
class WindowErrors:
    r"""The largest errors of descent in a window of time on the two-basis design of :math:`n = 4^q` rows, as logs.

    The design [H, DH] is fixed, of Sylvester's matrix H and the bent function D. Only the noise is drawn, as the
    readout of a network with n units. The components are ``support``, the largest error on the support in the window;
    ``off``, the largest modulus off it; ``oracle``, the largest distance from least squares on the support at the end
    of the window; ``noise``, :math:`\|X^T\text{noise}/n\|_\infty`; ``support/noise``; and ``late``, the largest modulus
    off the support at the end of training.

    Parameters
    ----------
    order : int
        q, from 1 to 4.
    depth, scale, support, noise, learning_rate
        As for :class:`SparsePaths`.
    opens, closes, late : float
        The window, and the end of training, as times; a step takes the time :math:`\eta`.

    Raises
    ------
    InvalidArgument
        If an argument is out of range, or the times do not increase.

    Examples
    --------
    >>> from montecarlo import simulate
    >>> net = Ensemble(widths=(32, 16), law="rademacher", init=1)
    >>> errors = WindowErrors(2, 3, scale=1e-6, support=1, noise=0.1, learning_rate=0.05, opens=40, closes=60, late=80)
    >>> readings = simulate(net, [errors], samples=20)[errors]
    >>> readings.components
    ('support', 'off', 'oracle', 'noise', 'support/noise', 'late')
    >>> bool((readings.log_values("support/noise") < 0.3).all())
    True
    """

    order: int
    depth: int
    scale: float
    support: int
    noise: float
    learning_rate: float
    opens: float
    closes: float
    late: float
    name: ClassVar[str] = "WindowErrors"
    needs: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        _check(self)
        object.__setattr__(self, "order", as_count("order", self.order, 1, 4))
        times = [as_positive(name, getattr(self, name)) for name in ("opens", "closes", "late")]
        if not times[0] < times[1] <= times[2] or times[1] - times[0] < 10 * self.learning_rate:
            raise InvalidArgument("closes", f"must lie between opens and late, got {times}", "use times that increase")

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the labels; refuse a network without n units at the end."""
        _require_design(net, self.support)
        n = 4**self.order
        if net.width_at(1) != n:
            raise InvalidArgument("widths", f"must end in {n} units, got {net.width_at(1)}", f"use ({2 * n}, {n})")
        return ("support", "off", "oracle", "noise", "support/noise", "late")

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, components)."""
        design = two_bases(self.order)
        n, p = design.shape
        signal = _signal(p, self.support)
        gram, pull = design.T @ design / n, np.sqrt(n) * chunk.readout @ design * (self.noise / n)
        first, last, end = (round(time / self.learning_rate) for time in (self.opens, self.closes, self.late))
        between = np.linspace(first, last, 33).round().astype(int)
        path = sparse_descent(
            gram,
            signal @ gram + pull,
            signal,
            depth=self.depth,
            scale=self.scale,
            learning_rate=self.learning_rate,
            steps=sorted({*between.tolist(), end}),
        )
        inside = path.steps <= last  # none is before the window opens
        k = self.support
        oracle = signal[:k] + np.linalg.solve(gram[:k, :k], pull[:, :k].T).T
        stopped = path.coordinates[list(path.steps).index(last), :, :k]
        noise = np.abs(pull).max(axis=1)
        numbers = [
            path.support_error[inside].max(axis=0),
            path.off_support[inside].max(axis=0),
            np.abs(stopped - oracle).max(axis=1),
            noise,
            path.support_error[inside].max(axis=0) / noise,
            path.off_support[-1],
        ]
        return np.asarray(np.log(np.stack(numbers, axis=1)))


def two_bases(order: int) -> Array:
    """Return the design [H, DH], H Sylvester's matrix of order 4^order and D the bent function.

    Examples
    --------
    >>> gram = two_bases(1).T @ two_bases(1)
    >>> np.unique(np.abs(gram)).tolist()
    [0.0, 2.0, 4.0]
    """
    block = np.array([[1.0, 1.0], [1.0, -1.0]])
    half = np.ones((1, 1))
    for _ in range(order):
        half = np.kron(half, block)
    # the inner product of both halves of the bits is itself an entry of the smaller Hadamard matrix
    H, bent = np.kron(half, half), half.ravel()
    return np.hstack([H, bent[:, None] * H])


def _check(observable: SparsePaths | WindowErrors) -> None:
    for name, value in (
        ("depth", as_count("depth", observable.depth, 2, 64, example=3)),
        ("scale", as_positive("scale", observable.scale, example="1e-6")),
        ("support", as_count("support", observable.support)),
        ("noise", as_between("noise", observable.noise, 0, closed=True, example=0.5)),
        ("learning_rate", as_positive("learning_rate", observable.learning_rate, example="0.02")),
    ):
        object.__setattr__(observable, name, value)


def _require_design(net: Ensemble, support: int) -> None:
    as_ensemble(net)
    net.require_plain("a design")
    if int(net.depth) != 1 or net.readout != "random":
        problem = f"must have one matrix, the design, and a random readout, the noise, got {net.describe()}"
        raise InvalidArgument("net", problem, "use e.g. Ensemble(widths=(200, 100), law='rademacher', init=1)")
    if support > int(net.width_at(0)):
        raise InvalidArgument("support", f"{support} is more than the {net.width_at(0)} features", "use fewer")


def _drawn(chunk: Chunk) -> tuple[Array, Array]:
    """Return the designs with columns of norm sqrt(n), shape (m, n, p), and standard normal noise, shape (m, n)."""
    design = np.array(chunk.weights(1), dtype=np.float64)
    n = design.shape[1]
    design *= np.sqrt(n) / np.linalg.norm(design, axis=1, keepdims=True)
    return design, np.sqrt(n) * chunk.readout


def _signal(features: int, support: int) -> Array:
    return np.where(np.arange(features) < support, 1.0, 0.0)


def _lasts(steps: NDArray[np.int64], good: NDArray[np.bool_]) -> Array:
    """Return the last step over the first at which a row is good, and 0 where none is."""
    first, last = np.argmax(good, axis=0), len(steps) - 1 - np.argmax(good[::-1], axis=0)
    return np.asarray(np.where(good.any(axis=0), steps[last] / steps[first], 0.0))
