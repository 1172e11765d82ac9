"""An answer of montecarlo: an estimate with its interval, and all that this assumes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from montecarlo import Estimate
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.query import Query
from proofs_check.answers.sampling import Sampling
from proofs_check.assumptions import Assumption


@dataclass(frozen=True, repr=False)
class Sampled:
    """An answer of montecarlo: an estimate with its interval.

    Parameters
    ----------
    query : Query
        The question.
    estimate : Estimate
        The estimate of the quantity, or of its logarithm.
    samples : int
        How many networks were drawn.
    seed : int
        The root seed.
    log_scale : bool
        Whether the estimate is one of the logarithm.
    networks_alive : int
        How many of the networks have an output other than 0 at the layer.
    assumptions : tuple of str
        What the networks are, and what the interval assumes, as a reader is told.
    asked : int
        How many networks were asked for; 0 where that is no fixed number.
    missed_by : float
        The interval's half-length over the one that was asked for; 0 where none was.
    """

    query: Query
    estimate: Estimate
    samples: int
    seed: int
    log_scale: bool
    networks_alive: int
    assumptions: tuple[str, ...]
    asked: int = 0
    missed_by: float = 0.0

    @property
    def quantity(self) -> str:
        """The name of the quantity."""
        return self.query.quantity

    @property
    def statement(self) -> str:
        """What is estimated, in plain text."""
        return self.query.left.plain

    @property
    def notation(self) -> str:
        """What is estimated, in LaTeX."""
        return self.query.left.latex

    @property
    def ensemble(self) -> str:
        """The networks that were drawn, on one line."""
        return self.query.net.describe()

    @property
    def value(self) -> float:
        """The estimate of the quantity, which may be 0 or inf where its logarithm is not."""
        return _exp(self.estimate.value) if self.log_scale else self.estimate.value

    @property
    def interval(self) -> tuple[float, float]:
        """Both ends of the interval of the quantity."""
        lo, hi = self.estimate.lo, self.estimate.hi
        return (_exp(lo), _exp(hi)) if self.log_scale else (lo, hi)

    @property
    def confidence(self) -> float:
        """The probability that the interval holds the quantity is at least this."""
        return 1 - self.estimate.error

    @property
    def reached(self) -> bool:
        """Whether the interval is as sharp as was asked for."""
        return self.missed_by <= 1 + 1e-9

    @property
    def networks_needed(self) -> float:
        """About so many networks would make the interval as sharp as was asked for."""
        return self.samples * max(1.0, self.missed_by) ** 2

    @property
    def is_partial(self) -> bool:
        """Whether an interrupt ended the sampling."""
        return self.samples < self.asked

    def __repr__(self) -> str:
        return f"<Sampled: {str(self).splitlines()[0]}>"

    def __str__(self) -> str:
        from proofs_check.answers.sampled_formats import sampled_text

        return sampled_text(self)

    def _repr_latex_(self) -> str:
        from proofs_check.answers.sampled_formats import sampled_latex

        return rf"$\displaystyle {sampled_latex(self)}$"

    def _repr_html_(self) -> str:
        from proofs_check.answers.formats import as_html

        return as_html(self._repr_latex_(), str(self).splitlines()[1:])


def _exp(log: float) -> float:
    try:
        return math.exp(log)
    except OverflowError:
        return math.inf


def sampled(
    query: Query, estimate: Estimate, logs: Any, sampling: Sampling, *more: Assumption, log_scale: bool = False
) -> Sampled:
    """Return an answer of montecarlo, given the logarithms that it was read off.

    Parameters
    ----------
    query : Query
        The question.
    estimate : Estimate
        The estimate with its interval.
    logs : ndarray
        The sampled logarithms, shape (networks,); dead networks are at -infinity.
    sampling : Sampling
        How they were sampled.
    *more : Assumption
        The assumptions of this estimate that not every one needs.
    log_scale : bool
        Whether the estimate is one of the logarithm.
    """
    open_ended = sampling.within is not None and not sampling.is_planned
    asked = 0 if open_ended or sampling.block is not None else sampling.samples
    alive = int(np.isfinite(logs).sum())
    missed_by = 0.0
    if sampling.within is not None:
        missed_by = sampling.within.missed_by(estimate.lo, estimate.hi, log_scale=log_scale)
    return Sampled(
        query,
        estimate,
        len(logs),
        seed=sampling.seed,
        log_scale=log_scale,
        networks_alive=alive,
        assumptions=sampling_assumed(query, sampling, *more),
        asked=asked,
        missed_by=missed_by,
    )


def sampling_assumed(query: Query, sampling: Sampling, *more: Assumption) -> tuple[str, ...]:
    """Return what an estimate from sampled networks assumes, as a reader is told.

    Parameters are those of :func:`sampled`.
    """
    drawn = (
        "real weight matrices are drawn, independently for each network"
        if sampling.engine == "direct"
        else "norms are drawn from their exact law, without weight matrices, independently for each network"
    )
    return (*what_is_assumed(query, *more), drawn)
