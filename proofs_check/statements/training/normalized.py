"""Batch norm: at low rates curvature and noise rise, and the rate decides both."""

from __future__ import annotations

from functools import partial

import sympy as sp

from montecarlo.training.batches import Batches
from montecarlo.training.trajectory_observables import Descent, Trajectories
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Wins
from proofs_check.statement import Mutant, Statement
from proofs_check.toolkit.digits import (
    COMMON,
    ENTROPY,
    HALF,
    MAXIMUM,
    PAPER,
    TANH,
    more_often,
    network,
    pairs,
)
from theory.ensembles import Ensemble


def _watched(images: int, time: int, checkpoints: int) -> Trajectories:
    return Trajectories(
        (Descent("low", "1/20", Batches(16)), Descent("high", "1/2", Batches(16))),
        time=time,
        images=images,
        label_noise="1/2",
        normalization="batch",
        checkpoints=checkpoints,
        noise=(12, 16),
    )


def _lower(net: Ensemble, watched: Trajectories, samples: int, full: int) -> tuple[Wins, ...]:
    factors = {"curvature": "1/2", "noise": "4/5", "trace": "4/5"}
    return tuple(
        pairs(net, watched, f"high.{number}", f"low.{number}", factor, samples, full)
        for number, factor in factors.items()
    )


BATCH_NORM = Statement(
    id="training.batch-norm",
    title="With batch norm a tenfold rate more than halves curvature, and lowers the noise of gradients by a fifth.",
    latex=(
        r"P\bigl(\max_t\lambda_H'<\tfrac12\max_t\lambda_H\bigr)>\tfrac12,\quad "
        r"P\bigl(\max_t\lambda_K'<\tfrac45\max_t\lambda_K\bigr)>\tfrac12,\quad "
        r"P\bigl(\max_t\operatorname{tr}K'<\tfrac45\max_t\operatorname{tr}K\bigr)>\tfrac12\qquad(\eta'=10\eta)"
    ),
    source=f"{PAPER}, networks with batch normalization; factors and setting are measured here",
    assumptions=(
        *COMMON,
        TANH,
        ENTROPY,
        Assumption("preactivations are standardized over the images of a batch, without gain and shift, in training"),
        Assumption("half of the labels are random"),
        MAXIMUM,
    ),
    claim=more_often,
    evidence=(
        *_lower(network(8, 8), _watched(64, 20, 2), 48, 96),
        *_lower(network(16, 16), _watched(200, 40, 4), 0, 48),
    ),
    mutants=(
        Mutant("they rise", partial(more_often, lo=sp.S.Zero, hi=HALF)),
        Mutant("the rate plays no role", partial(more_often, lo=HALF, hi=HALF)),
    ),
)

STATEMENTS = (BATCH_NORM,)
