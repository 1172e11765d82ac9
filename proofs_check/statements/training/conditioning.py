"""The ratio of the noise's least eigenvalue to its largest: smaller batches raise it, or lower it."""

from __future__ import annotations

from functools import partial

import sympy as sp

from montecarlo.training.batches import Batches
from montecarlo.training.trajectory_observables import Descent, Trajectories
from proofs_check.assumptions import Assumption
from proofs_check.statement import Mutant, Statement
from proofs_check.toolkit.digits import (
    COMMON,
    ENTROPY,
    HALF,
    PAPER,
    RANDOM_LABELS,
    TANH,
    more_often,
    network,
    pairs,
)

NET = network(12, 12)
MEAN = Assumption("what is compared are means of lambda_*/lambda_1 over checkpoints after the start")
RATIO = "mean-conditioning"
MEMORIZED = Trajectories(
    (Descent("large", "1/4", Batches(32)), Descent("small", "1/4", Batches(4))),
    time=80,
    images=200,
    label_noise=1,
    checkpoints=4,
    curvature=False,
    noise=(40, 16),
)
MEMORIZED_RATES = Trajectories(
    (Descent("low", "1/20", Batches(32)), Descent("high", 1, Batches(32))),
    time=80,
    images=200,
    label_noise=1,
    checkpoints=8,
    curvature=False,
    noise=(40, 16),
)

PRECONDITIONING = Statement(
    id="training.pre-conditioning",
    title="Memorizing random labels in an eighth of the batch, or at 20 times the rate, conditions the noise better.",
    latex=(
        r"P\Bigl(\overline{\lambda_*/\lambda_1}<\overline{\lambda_*'/\lambda_1'}\Bigr)>\tfrac12\qquad "
        r"(S'=S/8\text{ or }\eta'=20\eta;\ K\text{ from 40 batches of 16})"
    ),
    source=f"{PAPER}, conjecture 2; the setting is measured here, and the ratio means nothing without (L, M)",
    assumptions=(*COMMON, TANH, ENTROPY, RANDOM_LABELS, MEAN),
    claim=more_often,
    evidence=(
        pairs(NET, MEMORIZED, f"large.{RATIO}", f"small.{RATIO}", "1", 64, 128),
        pairs(NET, MEMORIZED_RATES, f"low.{RATIO}", f"high.{RATIO}", "1", 0, 96),
    ),
    mutants=(
        Mutant("the ratio falls", partial(more_often, lo=sp.S.Zero, hi=HALF)),
        Mutant("as often as not", partial(more_often, lo=HALF, hi=HALF)),
    ),
)

UNLEARNED = Trajectories(
    (Descent("large", "1/4", Batches(32)), Descent("small", "1/4", Batches(1))),
    time=40,
    images=320,
    label_noise=1,
    checkpoints=2,
    curvature=False,
    noise=(40, 16),
)

REVERSED = Statement(
    id="training.pre-conditioning-reversed",
    title="Batches of one image, in which random labels are not learned, condition the noise worse instead.",
    latex=r"P\Bigl(\overline{\lambda_*'/\lambda_1'}<\overline{\lambda_*/\lambda_1}\Bigr)>\tfrac12\qquad(S'=1,\ S=32)",
    source=f"derived here: conjecture 2 of {PAPER} is not universal",
    assumptions=(*COMMON, TANH, ENTROPY, RANDOM_LABELS, MEAN),
    claim=more_often,
    evidence=(pairs(NET, UNLEARNED, f"small.{RATIO}", f"large.{RATIO}", "1", 72, 144),),
    mutants=(
        Mutant("pre-conditioning is universal", partial(more_often, lo=sp.S.Zero, hi=HALF)),
        Mutant("as often as not", partial(more_often, lo=HALF, hi=HALF)),
    ),
)

STATEMENTS = (PRECONDITIONING, REVERSED)
