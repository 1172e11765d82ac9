r"""Plateaus on real data: deep classifiers of scikit-learn's digits, by architecture and optimizer.

The networks are ReLU networks of depth 20 and widths 10 and 40 at He initialization. They are trained on minibatches of
128 for 12 epochs (:func:`montecarlo.training.digits_study`). SGD has the rate of a grid that gives the least final
training loss, which is what is shown; Adam and RMSprop have the rate that their users start with. All numbers are
measured on the training set, as a plateau is a training loss that does not fall, whatever holds for other images.

Gradients and Hessians are those of the loss on the first 256 images. The ends of the spectrum come from Lanczos's
method, whose values lie between the true ends. Its :math:`\lambda_{\max}` is good to a few percent, but where the other
end is far larger, its :math:`-\lambda_{\min}` is no more than a lower bound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from montecarlo import Workers
from montecarlo.arrays import Array
from montecarlo.training.digits import SGD_RATES, DigitsRun, DigitsStudy, digits_data, digits_study
from proofs_check.studies import Study
from proofs_check.tables.model import Table, table_of_texts
from theory.ensembles import InvalidArgument

WIDTHS = (10, 40)
DEPTH, EPOCHS = 20, 12

COLUMNS = (
    *("width", "architecture", "optimizer", "learning rate"),
    *("mean final loss", "final loss", "accuracy", "|gradient| at start", "|gradient| at end"),
    *("lambda_max at start", "lambda_max at end", "-lambda_min at start, at least", "-lambda_min at end, at least"),
    "diverged",
)


def require_digits() -> None:
    """Refuse a missing scikit-learn, before any work is done.

    Raises
    ------
    InvalidArgument
        If scikit-learn is not installed.
    """
    try:
        digits_data()
    except InvalidArgument as missing:
        raise InvalidArgument("name", "digits needs scikit-learn, which is not installed", missing.remedy) from None


def trained(
    workers: Workers,
    *,
    samples: int,
    seed: int,
    widths: Sequence[int] = WIDTHS,
    depth: int = DEPTH,
    epochs: int = EPOCHS,
) -> DigitsStudy:
    """Train so many initializations of every architecture under every optimizer.

    Parameters
    ----------
    workers : Workers
        Each worker takes one width and architecture at a time.
    samples : int
        The number of initializations.
    seed : int
        The seed of the first initialization; the others have the seeds after it.
    widths : sequence of int
        The widths of the hidden layers.
    depth, epochs : int
        The number of weight matrices, and of passes over the training set.

    Raises
    ------
    InvalidArgument
        If scikit-learn is not installed.

    Examples
    --------
    >>> from montecarlo import serial
    >>> with serial() as workers:
    ...     study = trained(workers, samples=3, seed=7, widths=(4,), depth=2, epochs=1)
    >>> study.seeds, study.find(4, "plain", "Adam").run.losses.shape
    ((7, 8, 9), (1, 3))
    """
    require_digits()
    return digits_study(widths=widths, depth=depth, seeds=range(seed, seed + samples), epochs=epochs, workers=workers)


def digits_table(
    workers: Workers,
    *,
    samples: int,
    seed: int,
    widths: Sequence[int] = WIDTHS,
    depth: int = DEPTH,
    epochs: int = EPOCHS,
) -> Table:
    """Return what the figure ``digits`` shows, and accuracies.

    Parameters
    ----------
    workers, samples, seed, widths, depth, epochs
        As for :func:`trained`.
    """
    study = trained(workers, samples=samples, seed=seed, widths=widths, depth=depth, epochs=epochs)
    steps = study.epochs * (study.examples // study.batch)
    caption = (
        f"digits: ReLU networks of depth {study.depth}, He, after {steps} steps on minibatches of {study.batch} of "
        f"scikit-learn's {study.examples} digits ({study.epochs} epochs); losses (chance: log 10 = 2.303) and "
        f"accuracies are of these, the training set; in brackets the least and the largest of {samples} "
        f"initializations (seeds {study.seeds[0]} to {study.seeds[-1]}); gradient and Hessian of the loss of the "
        "first 256, the ends of its spectrum by Lanczos's method, within the true ones; SGD has the rate of the least "
        "mean final loss among "
        f"{', '.join(f'{rate:g}' for rate in SGD_RATES)}"
    )
    return table_of_texts("digits", caption, COLUMNS, [_row(line, steps) for line in study.runs], stub=4)


def _row(line: DigitsRun, steps: int) -> tuple[str, ...]:
    run = line.run
    at = np.where(np.isfinite(run.final_losses), np.inf, np.minimum(run.diverged_at, steps))
    bad, none = np.isfinite(at), np.zeros(len(at), np.bool_)
    return (
        *(str(line.width), line.architecture, line.optimizer, f"{line.learning_rate:g}"),
        "diverged" if bad.any() else f"{run.final_losses.mean():.3g}",
        *(_cell(run.final_losses, bad), _cell(run.accuracies, bad)),
        *(_cell(run.gradient_norms[0], none), _cell(run.gradient_norms[-1], bad)),
        *(_cell(run.largest[0], none), _cell(run.largest[-1], bad)),
        *(_cell(_negative(run.least[0]), none), _cell(_negative(run.least[-1]), bad)),
        _diverged(at),
    )


def _negative(least: Array) -> Array:
    """Return how negative the curvature is, but at least 0: pixels that are 0 in all images give eigenvalues 0."""
    return np.maximum(-least, 0.0)


def _cell(values: Array, bad: NDArray[np.bool_]) -> str:
    """Return the range over the networks that have not diverged, and the number of those that have."""
    fine = values[~bad]
    if not len(fine):
        return "diverged"
    low, high = f"{fine.min():.3g}", f"{fine.max():.3g}"
    text = low if low == high else f"[{low}, {high}]"
    return f"{text}, {bad.sum()} diverged" if bad.any() else text


def _diverged(at: Array) -> str:
    """Say how many networks diverged, and at which steps, counted from 0."""
    steps = at[np.isfinite(at)]
    if not len(steps):
        return "none"
    first, last = f"{steps.min():.0f}", f"{steps.max():.0f}"
    return f"{len(steps)} of {len(at)}, at step " + (first if first == last else f"{first} to {last}")


STUDY = Study(digits_table, {"quick": 2, "full": 6})
