"""Rates and batches against noise: both lower it on random labels, and raise it on true ones."""

from __future__ import annotations

from functools import partial

import sympy as sp

from montecarlo.training.batches import Batches
from montecarlo.training.trajectory_observables import Descent, Trajectories
from proofs_check import assumptions
from proofs_check.evidence import Wins
from proofs_check.statement import Mutant, Statement
from proofs_check.toolkit.digits import (
    COMMON,
    ENTROPY,
    HALF,
    MAXIMUM,
    PAPER,
    RANDOM_LABELS,
    TANH,
    TRUE_LABELS,
    more_often,
    network,
    pairs,
)
from theory.ensembles import Ensemble

SMALL, LARGE = network(12, 12), network(24, 24)
MEMORIZED = Trajectories(
    (
        Descent("low", "1/10", Batches(32)),
        Descent("high", 1, Batches(32)),
        Descent("small", "1/10", Batches(4)),
    ),
    time=20,
    images=200,
    label_noise=1,
    checkpoints=2,
    noise=(20, 16),
)
MEMORIZED_LARGE = Trajectories(
    (
        Descent("low", "1/20", Batches(32)),
        Descent("high", "1/2", Batches(32)),
        Descent("small", "1/20", Batches(4)),
    ),
    time=40,
    images=400,
    label_noise=1,
    checkpoints=4,
    noise=(20, 32),
)


def _lower(net: Ensemble, watched: Trajectories, samples: int, full: int) -> tuple[Wins, ...]:
    factors = {"curvature": "1/2", "noise": "4/5", "trace": "4/5"}
    return tuple(
        pairs(net, watched, f"{way}.{number}", f"low.{number}", factor, samples, full)
        for way in ("high", "small")
        for number, factor in factors.items()
    )


REDUCTION = Statement(
    id="training.variance-reduction",
    title="On random labels a tenfold rate, or an eighth of the batch, lowers curvature and the noise of gradients.",
    latex=(
        r"P\bigl(\max_t\lambda_H'<\tfrac12\max_t\lambda_H\bigr)>\tfrac12,\quad "
        r"P\bigl(\max_t\lambda_K'<\tfrac45\max_t\lambda_K\bigr)>\tfrac12,\quad "
        r"P\bigl(\max_t\operatorname{tr}K'<\tfrac45\max_t\operatorname{tr}K\bigr)>\tfrac12\qquad "
        r"(\eta'=10\eta\text{ or }S'=S/8)"
    ),
    source=f"{PAPER}, conjecture 1; factors and setting are measured here",
    assumptions=(*COMMON, TANH, ENTROPY, RANDOM_LABELS, MAXIMUM),
    claim=more_often,
    evidence=(*_lower(SMALL, MEMORIZED, 48, 96), *_lower(LARGE, MEMORIZED_LARGE, 0, 48)),
    mutants=(
        Mutant("they rise", partial(more_often, lo=sp.S.Zero, hi=HALF)),
        Mutant("as often as not", partial(more_often, lo=HALF, hi=HALF)),
    ),
)

CLEAN = network(16, 16, 16, activation="relu")
LEARNED = Trajectories(
    (
        Descent("low", "1/20", Batches(32)),
        Descent("high", "1/2", Batches(32)),
        Descent("large", "1/4", Batches(32)),
        Descent("small", "1/4", Batches(4)),
    ),
    time=20,
    images=160,
    checkpoints=4,
    curvature=False,
    noise=(20, 16),
)


def _higher(samples: int, full: int) -> tuple[Wins, ...]:
    ways = (("low", "high"), ("large", "small"))
    return tuple(
        pairs(CLEAN, LEARNED, f"{calm}.{number}", f"{wild}.{number}", "1", samples, full)
        for calm, wild in ways
        for number in ("noise", "trace")
    )


REVERSED = Statement(
    id="training.variance-reduction-reversed",
    title="On true labels, with ReLU, a tenfold rate or an eighth of the batch raises the noise of gradients instead.",
    latex=(
        r"P\bigl(\max_t\lambda_K<\max_t\lambda_K'\bigr)>\tfrac12,\quad "
        r"P\bigl(\max_t\operatorname{tr}K<\max_t\operatorname{tr}K'\bigr)>\tfrac12\qquad "
        r"(\eta'=10\eta\text{ or }S'=S/8)"
    ),
    source=f"derived here: conjecture 1 of {PAPER} is not universal",
    assumptions=(*COMMON, assumptions.RELU, ENTROPY, TRUE_LABELS, MAXIMUM),
    claim=more_often,
    evidence=_higher(64, 128),
    mutants=(
        Mutant("variance reduction is universal", partial(more_often, lo=sp.S.Zero, hi=HALF)),
        Mutant("as often as not", partial(more_often, lo=HALF, hi=HALF)),
    ),
)

STATEMENTS = (REDUCTION, REVERSED)
