"""Real data: deep narrow and wide classifiers of scikit-learn's digits, by optimizer, with and without remedies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_count
from montecarlo.arrays import Array
from montecarlo.training.classifiers import Classifier
from montecarlo.training.optimizers import Adam, GradientDescent, Optimizer, RMSprop
from montecarlo.training.runs import Run, train
from montecarlo.wording import counted
from montecarlo.workers.places import workers_for
from montecarlo.workers.workers import Workers, in_task_order
from theory.ensembles import InvalidArgument

SGD_RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Learning rates of stochastic gradient descent, of which each architecture gets its best."""
OPTIMIZERS: tuple[tuple[str, Optimizer], ...] = (("Adam", Adam(0.001)), ("RMSprop", RMSprop(0.001)))
"""The adaptive optimizers, at the one rate with which PyTorch's users start."""


@dataclass(frozen=True, eq=False)
class DigitsRun:
    """One line of the table: an architecture under an optimizer, over all seeds.

    Attributes
    ----------
    width : int
        Width of the hidden layers.
    architecture : str
        ``plain``, ``residual``, ``layer norm`` or ``batch norm``.
    optimizer : str
        ``SGD``, ``Adam`` or ``RMSprop``.
    learning_rate : float
        For SGD it is the best of the grid, with the least mean of the final training losses over the seeds.
    run : Run
        The training run, with a network for each seed.
    """

    width: int
    architecture: str
    optimizer: str
    learning_rate: float
    run: Run


@dataclass(frozen=True, eq=False)
class DigitsStudy:
    """All lines of the table, and what they have in common.

    Attributes
    ----------
    depth : int
        L.
    seeds : tuple of int
        Seeds of the initializations.
    examples, batch, epochs : int
        How many images there are in all and in a minibatch, and how often all were seen.
    runs : tuple of DigitsRun
        The lines.
    """

    depth: int
    seeds: tuple[int, ...]
    examples: int
    batch: int
    epochs: int
    runs: tuple[DigitsRun, ...]

    def __repr__(self) -> str:
        trained = f"{counted(len(self.runs), 'run')} of {counted(len(self.seeds), 'seed')}"
        data = f"{counted(self.examples, 'example')} in batches of {self.batch}, {counted(self.epochs, 'epoch')}"
        return f"DigitsStudy(depth {self.depth}, {trained}, {data})"

    def find(self, width: int, architecture: str, optimizer: str) -> DigitsRun:
        """Return one line.

        Parameters
        ----------
        width : int
            Width of the hidden layers.
        architecture, optimizer : str
            As in :class:`DigitsRun`.

        Raises
        ------
        InvalidArgument
            If there is no such line.
        """
        for line in self.runs:
            if (line.width, line.architecture, line.optimizer) == (width, architecture, optimizer):
                return line
        known = "; ".join(f"{line.width}, {line.architecture}, {line.optimizer}" for line in self.runs)
        problem = f"there is no run of width {width}, {architecture}, {optimizer}"
        raise InvalidArgument("width", problem, f"use one of {known}")


def digits_data() -> tuple[Array, NDArray[np.intp]]:
    """Return scikit-learn's handwritten digits, shape (1797, 64), and their labels 0 to 9.

    Each pixel is centred over the images, and all are divided by one number, so that their mean square is 1.

    Raises
    ------
    InvalidArgument
        If scikit-learn is not installed.

    References
    ----------
    E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998
    (10.24432/C50P49), the test set.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        problem = "scikit-learn, which brings the digits, is not installed"
        raise InvalidArgument("data", problem, "in the clone: pip install '.[data]'") from None
    pixels, labels = load_digits(return_X_y=True)
    inputs = np.asarray(pixels, dtype=np.float64)
    inputs -= inputs.mean(axis=0)
    inputs /= np.sqrt((inputs**2).mean())
    return inputs, np.asarray(labels, dtype=np.intp)


def digits_study(
    *,
    widths: Sequence[int] = (10, 40),
    depth: int = 20,
    seeds: Sequence[int] = (0, 1),
    batch: int = 128,
    epochs: int = 12,
    workers: Workers | None = None,
    progress: Callable[[str], object] | None = None,
) -> DigitsStudy:
    r"""Train deep ReLU classifiers at He initialization: SGD at its best rate, Adam, RMSprop; plain and with remedies.

    Residual branches have :math:`\alpha = 1/L`. All networks see the same minibatches, all optimizers the same initial
    networks; the seeds decide everything.

    Parameters
    ----------
    widths : sequence of int
        Widths of the hidden layers.
    depth : int
        L, at least 2.
    seeds : sequence of int
        Seeds of the initializations, a network for each.
    batch, epochs : int
        Images in a minibatch, and how often all images are seen.
    workers : Workers, optional
        Each takes one architecture of one width at a time, under all optimizers; by default this thread does it all.
    progress : callable, optional
        Called with a few words on what is trained next, or waits for a worker.

    Returns
    -------
    DigitsStudy

    Raises
    ------
    InvalidArgument
        If scikit-learn is not installed, a batch is larger than the data, or an argument is out of range.
    """
    depth = as_count("depth", depth, 2, 10**4, example=20)
    if not seeds:
        raise InvalidArgument("seeds", "are none", "use e.g. seeds=(0, 1)")
    chosen = tuple(as_count("seeds", seed, 0) for seed in seeds)
    inputs, labels = digits_data()
    models = [model for width in widths for model in _architectures((inputs.shape[1], *(width,) * (depth - 1), 10))]

    def tasks() -> Iterator[tuple[Classifier, Array, NDArray[np.intp], tuple[int, ...], int, int]]:
        for model in models:
            if progress is not None:
                progress(f"width {model.widths[1]}, {model.describe()}")
            yield model, inputs, labels, chosen, batch, epochs

    with workers_for(1, workers) as used:
        lines = tuple(line for found in in_task_order(_runs, tasks(), used) for line in found)
    return DigitsStudy(depth=depth, seeds=chosen, examples=len(inputs), batch=batch, epochs=epochs, runs=lines)


def _architectures(layers: tuple[int, ...]) -> tuple[Classifier, ...]:
    return (
        Classifier(layers),
        Classifier(layers, residual=1 / (len(layers) - 1)),
        Classifier(layers, normalization="layer"),
        Classifier(layers, normalization="batch"),
    )


def _runs(
    model: Classifier, inputs: Array, labels: NDArray[np.intp], seeds: tuple[int, ...], batch: int, epochs: int
) -> tuple[DigitsRun, ...]:
    """Train one architecture under all optimizers."""
    start = model.initial(seeds)

    def run(optimizer: Optimizer, parameters: Array, curved: Sequence[int] = ()) -> Run:
        return train(model, parameters, optimizer, inputs, labels, batch=batch, epochs=epochs, curved_epochs=curved)

    lines = []
    for name, optimizer in (("SGD", GradientDescent(_best_rate(run, start))), *OPTIMIZERS):
        rate = optimizer.learning_rate
        assert isinstance(rate, float)
        found = run(optimizer, start, sorted({0, epochs // 2, epochs}))
        lines.append(DigitsRun(model.widths[1], model.describe(), name, rate, found))
    return tuple(lines)


def _best_rate(run: Callable[[Optimizer, Array], Run], start: Array) -> float:
    """Return the rate of the grid with the least mean of final losses; all rates are trained in lockstep."""
    rates = np.repeat(SGD_RATES, len(start))
    found = run(GradientDescent(tuple(rates.tolist())), np.tile(start, (len(SGD_RATES), 1)))
    means = found.final_losses.reshape(len(SGD_RATES), -1).mean(axis=1)
    return SGD_RATES[int(np.argmin(means))]
