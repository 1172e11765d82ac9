r"""The largest stable learning rates over the size of minibatches: in mean square, typically, and of simulated paths.

Twelve examples have curvatures from 1/2 to 3/2 along one direction, of mean 1 (:data:`CURVATURES`), so that the
largest stable rate of all together is 2. Minibatches of S examples are drawn afresh, or are those of reshuffled epochs.

*Theory.* The rates in mean square are exact for fresh minibatches and enclosed for epochs; the typical one is enclosed,
and the same for both (:mod:`theory.dynamics.sgd_stability`).

*Paths.* At rates between 3/2 and 3 paths of 600 steps are followed. Where most of them turn from falling to growing
lies between two of these rates, at which an interval of the median of log|psi_T/psi_0| tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from montecarlo import Workers
from montecarlo.intervals.order_statistics import order_statistic_interval
from montecarlo.training.valleys import Valley, turning_rates
from montecarlo.workers.workers import in_task_order
from proofs_check.studies import Study
from proofs_check.studies.curvature import ERROR
from proofs_check.tables.model import Table, table_of_texts

CURVATURES = tuple(Fraction(i, 10) for i in (5, 6, 7, 8, 9, 10, 10, 11, 12, 13, 14, 15))
"""The curvatures of the examples."""
BATCHES = (1, 2, 3, 4, 6, 12)
"""The sizes of minibatches, which divide the number of examples."""
KINDS = ("fresh", "epochs")
COLUMNS = ("minibatches", "S", "in mean square", "typically", "paths turn between")

_STEPS = 600
_BETWEEN = 1.5, 3.0
_HALVINGS = 7


@dataclass(frozen=True)
class Rates:
    """The largest stable rates that theory knows.

    Attributes
    ----------
    mean_square, typical : float
        In mean square, and typically.
    """

    mean_square: float
    typical: float


@dataclass(frozen=True)
class Turn:
    """Where most paths turn from falling to growing.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    batch : int
        S.
    falls, grows : float
        A rate at which most paths fall, and one at which most grow.
    """

    kind: str
    batch: int
    falls: float
    grows: float


def theory(kind: str, batch: int) -> Rates:
    """Return the largest stable rates, enclosed and then rounded.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    batch : int
        S.

    Examples
    --------
    >>> found = theory("fresh", 2)
    >>> round(found.mean_square, 4), round(found.typical, 4)
    (1.92, 2.1035)
    """
    from theory.dynamics.sgd_stability.reshuffled import reshuffled_rate
    from theory.dynamics.sgd_stability.typical import mean_square_rate, typical_rate

    exact = mean_square_rate(CURVATURES, batch) if kind == "fresh" else reshuffled_rate(CURVATURES, batch, digits=12)
    return Rates(float(exact), float(typical_rate(CURVATURES, batch, digits=12)))


def measured(cases: Sequence[tuple[str, int]], *, samples: int, seed: int, workers: Workers) -> Iterator[Turn]:
    """Follow paths, and halve in on the rate at which they turn.

    Parameters
    ----------
    cases : sequence of tuples
        Kind and size of minibatches.
    samples : int
        The number of paths at each rate.
    seed : int
        The root seed.
    workers : Workers
        Each worker takes one case at a time.

    Yields
    ------
    Turn
        In the order of the cases.

    Examples
    --------
    >>> from montecarlo import serial
    >>> with serial() as workers:
    ...     (found,) = measured([("fresh", 4)], samples=100, seed=0, workers=workers)
    >>> found.falls < theory("fresh", 4).typical < found.grows < found.falls + 0.2
    True
    """
    return in_task_order(_turn, [(*case, samples, seed) for case in cases], workers)


def cases() -> list[tuple[str, int]]:
    """Return kind and size of all minibatches, kind by kind."""
    return [(kind, batch) for kind in KINDS for batch in BATCHES]


def stable_rates_table(
    workers: Workers, *, samples: int, seed: int, chosen: Sequence[tuple[str, int]] | None = None
) -> Table:
    """Return the numbers that the left panel of the figure ``stable-rates`` shows.

    Parameters
    ----------
    workers : Workers
        Where paths are followed.
    samples : int
        The number of paths at each rate.
    seed : int
        The root seed.
    chosen : sequence of tuples, optional
        Kind and size of each row; by default those of the figure.
    """
    wanted = cases() if chosen is None else list(chosen)
    turns = list(measured(wanted, samples=samples, seed=seed, workers=workers))
    exact = in_task_order(theory, wanted, workers)
    rows = [
        (
            turn.kind, str(turn.batch), f"{rates.mean_square:.5g}", f"{rates.typical:.5g}",
            f"[{turn.falls:.4g}, {turn.grows:.4g}]",
        )
        for turn, rates in zip(turns, exact, strict=True)
    ]  # fmt: skip
    caption = (
        f"stable-rates: the largest stable learning rates on {len(CURVATURES)} examples with curvatures from 1/2 to "
        f"3/2 of mean 1, in mean square and typically, and where the median of {samples} paths of {_STEPS} steps turns "
        f"from falling to growing; each interval misses with probability at most {ERROR:g} (seed {seed})"
    )
    return table_of_texts("stable-rates", caption, COLUMNS, rows, stub=2)


def _turn(kind: str, batch: int, samples: int, seed: int) -> Turn:
    def sign(rate: float) -> int:
        valley = Valley([float(h) for h in CURVATURES], batch, rate, reshuffled=kind == "epochs")
        grown = valley.paths(steps=_STEPS, paths=samples, seed=seed)
        median = order_statistic_interval(grown, 0.5, ERROR / (2 * _HALVINGS))
        return -1 if median.hi < 0 else 1 if median.lo > 0 else 0

    falls, grows = turning_rates(sign, *_BETWEEN, _HALVINGS)
    return Turn(kind, batch, falls, grows)


STUDY = Study(stable_rates_table, {"quick": 200, "full": 2_000})
