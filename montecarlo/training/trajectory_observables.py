"""Trainings of the same networks in several ways, side by side, as an observable of :func:`montecarlo.simulate`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from montecarlo.arguments import as_between, as_count, as_ensemble, as_flag
from montecarlo.arrays import Array
from montecarlo.engines.real_matrices import Chunk
from montecarlo.training.batches import ALL, Batches, noisy_labels
from montecarlo.training.classifiers import Classifier
from montecarlo.training.few_digits import few_digits
from montecarlo.training.trajectories import Trajectory, trajectory
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction

_NETWORKS = 64
"""So many networks are trained together."""
_OF_HESSIAN = ("curvature", "stability")
_OF_NOISE = ("noise", "trace", "conditioning", "mean-conditioning")


@dataclass(frozen=True)
class Descent:
    """One way to train: a learning rate, and what a step sees.

    Parameters
    ----------
    label : str
        What it is called in the names of components.
    learning_rate : Fraction, int or str
        eta, positive.
    batches : Batches
        How minibatches are drawn; by default a step sees all images.

    Raises
    ------
    InvalidArgument
        If the rate is no positive number, or the label empty.

    Examples
    --------
    >>> Descent("slow", "1/10").learning_rate
    Fraction(1, 10)
    """

    label: str
    learning_rate: Fraction | int | str
    batches: Batches = ALL

    def __post_init__(self) -> None:
        rate = exact_fraction("learning_rate", self.learning_rate)
        as_between("learning_rate", float(rate), 0, example="'1/10'")
        object.__setattr__(self, "learning_rate", rate)
        if not isinstance(self.label, str) or not self.label.strip():
            raise InvalidArgument("label", f"is no text: {self.label!r:.50}", "use e.g. 'slow'")


@dataclass(frozen=True)
class Trajectories:
    r"""The same networks trained in several ways on the first handwritten digits, up to the same time eta t, as logs.

    Each way starts from the weights of the ensemble, whose last layer gives the logits, and each network has a stream
    of batches of its own, the same in all ways of one batch size. The components of each way are

    - ``label.curvature``, the maximum over checkpoints of :math:`\lambda_H`, the Hessian's largest eigenvalue;
    - ``label.stability``, :math:`\eta\lambda_H/2` at the last one;
    - ``label.loss``, the loss on all images there;
    - with `noise`, maxima over checkpoints of :math:`\lambda_K`, ``label.noise``, of the trace of K, ``label.trace``,
      and of :math:`\lambda_*/\lambda_1`, ``label.conditioning``, and the mean of the latter,
      ``label.mean-conditioning``.

    Parameters
    ----------
    ways : tuple of Descent
        Several ways to train, with different labels.
    time : Fraction, int or str
        eta t at the end.
    images : int
        From 10 to 640.
    label_noise : Fraction, int or str
        Which share of the labels is replaced by random ones, the same for all networks.
    loss : str
        ``cross-entropy`` or ``squared``.
    normalization : str
        ``none``, ``layer`` or ``batch``, as for :class:`Classifier`.
    checkpoints : int
        At so many times, equally far apart, the last being the end, everything is measured; the start is none of them.
    curvature : bool
        Whether to measure the first two of the components; the Hessian takes most of the time.
    noise : (int, int), optional
        L and M: measure the covariance of L gradients of M images each.

    Raises
    ------
    InvalidArgument
        If an argument is none of these.

    Examples
    --------
    >>> from montecarlo import simulate
    >>> net = Ensemble(widths=(64, 4, 10), activation="tanh", init="lecun")
    >>> watched = Trajectories((Descent("slow", "1/10"), Descent("fast", "1/2")), time=10, images=20, loss="squared")
    >>> watched.components(net)[:3]
    ('slow.curvature', 'slow.stability', 'slow.loss')
    >>> simulate(net, [watched], samples=2)[watched].logs.shape
    (2, 6)
    """

    ways: tuple[Descent, ...]
    time: Fraction | int | str
    images: int = 200
    label_noise: Fraction | int | str = Fraction(0)
    loss: str = "cross-entropy"
    normalization: str = "none"
    checkpoints: int = 1
    curvature: bool = True
    noise: tuple[int, int] | None = None
    name: ClassVar[str] = "Trajectories"
    needs: ClassVar[frozenset[str]] = frozenset({"weights"})

    def __post_init__(self) -> None:
        ways = tuple(self.ways) if isinstance(self.ways, (tuple, list)) else (self.ways,)
        if not ways or not all(isinstance(way, Descent) for way in ways):
            raise InvalidArgument("ways", f"must be Descents, got {self.ways!r:.50}", "use (Descent('slow', '1/10'),)")
        if len({way.label for way in ways}) < len(ways):
            raise InvalidArgument("ways", "share a label", "call them differently")
        for name in ("time", "label_noise"):
            object.__setattr__(self, name, exact_fraction(name, getattr(self, name)))
        object.__setattr__(self, "ways", ways)
        as_between("time", float(self.time), 0, example=100)
        checkpoints = as_count("checkpoints", self.checkpoints, 1, 10**4, example=4)
        if any(self._steps(way, checkpoints)[0] < 1 for way in ways):
            raise InvalidArgument("checkpoints", "come before the first step", "use fewer, or a smaller rate")
        inputs, labels = few_digits(self.images)
        noisy_labels(labels, float(self.label_noise), 10)
        Classifier((64, 10), loss=self.loss, normalization=self.normalization)
        for way in ways:
            way.batches.drawn(len(inputs), ())
        as_flag("curvature", self.curvature)
        if self.noise is not None:
            batches, size = self.noise
            object.__setattr__(self, "noise", (as_count("noise", batches, 3), as_count("noise", size, 1, self.images)))

    def _steps(self, way: Descent, checkpoints: int) -> list[int]:
        assert isinstance(self.time, Fraction)
        assert isinstance(way.learning_rate, Fraction)
        steps = self.time / way.learning_rate
        return [int(steps * k / checkpoints) for k in range(1, checkpoints + 1)]

    def components(self, net: Ensemble) -> tuple[str, ...]:
        """Return the labels; refuse networks that do not read images or do not end in ten logits."""
        self._model(net)
        statistics = [*(_OF_HESSIAN if self.curvature else ()), "loss", *(_OF_NOISE if self.noise is not None else ())]
        return tuple(f"{way.label}.{statistic}" for way in self.ways for statistic in statistics)

    def _model(self, net: Ensemble) -> Classifier:
        as_ensemble(net)
        net.require_plain("training on digits", smooth=True)
        widths = tuple(int(net.width_at(k)) for k in range(int(net.depth) + 1))
        if (widths[0], widths[-1]) != (64, 10):
            problem = (
                f"are {widths[0]} at the input and {widths[-1]} at the output, for images of 64 pixels, ten digits"
            )
            raise InvalidArgument("widths", problem, "use e.g. widths=(64, 16, 10)")
        if not isinstance(net.activation, str):
            raise InvalidArgument("activation", "is one of your own", "use e.g. tanh")
        return Classifier(widths, net.activation, normalization=self.normalization, loss=self.loss)

    def measure(self, chunk: Chunk) -> Array:
        """Return the logs, shape (m, components)."""
        model = self._model(chunk.net)
        w = np.concatenate([chunk.weights(k).reshape(chunk.networks, -1) for k in range(1, model.depth + 1)], axis=1)
        w = w.astype(np.float64, copy=False)
        return np.concatenate([self._trained(model, w[i : i + _NETWORKS]) for i in range(0, len(w), _NETWORKS)])

    def _trained(self, model: Classifier, w: Array) -> Array:
        inputs, labels = few_digits(self.images)
        labels = noisy_labels(labels, float(self.label_noise), 10)
        seeds = [int.from_bytes(hashlib.sha256(row.tobytes()).digest()[:8], "big") for row in w]
        found = []
        for way in self.ways:
            run = trajectory(
                model,
                w,
                float(way.learning_rate),
                inputs,
                labels,
                steps=self._steps(way, self.checkpoints),
                batches=way.batches,
                seeds=seeds,
                curvature=self.curvature,
                noise=self.noise,
            )
            found += _statistics(run, float(way.learning_rate))
        with np.errstate(divide="ignore"):  # the log of 0
            return np.log(np.stack(found, axis=1))


def _statistics(run: Trajectory, rate: float) -> list[Array]:
    own = [run.losses[-1]]
    if run.curvatures.size:
        own = [run.curvatures.max(axis=0), rate * run.curvatures[-1] / 2, *own]
    if run.noises.size:
        own += [each.max(axis=0) for each in (run.noises, run.traces, run.conditionings)]
        own.append(run.conditionings.mean(axis=0))
    return own
