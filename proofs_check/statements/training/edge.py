"""Where the Hessian's largest eigenvalue settles: at 2/eta with all images in a batch, below it in small batches."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import sympy as sp

from montecarlo.training.batches import Batches
from montecarlo.training.trajectory_observables import Descent, Trajectories
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Quantile, Simulated, Wins
from proofs_check.statement import Mutant, Statement
from proofs_check.toolkit.digits import COMMON, HALF, IN_BLOCKS, PAPER, SQUARED, TANH, network, pairs
from proofs_check.verdict import Between
from theory.ensembles import Ensemble


def edge(net: Ensemble, what: str, *, times: Any = sp.S.One, lo: Any = HALF, hi: Any = sp.S.One) -> Between:
    r"""The median of log(eta lambda_H/2) is from -1/10 to 1/10, and small batches end below 9/10 of it.

    Parameters
    ----------
    what : str
        ``full`` for the median with all images in a batch, ``small`` for the probability that a small batch ends below
        9/10 of that, which is from 1/2 to 1.
    """
    if what == "full":
        return Between(sp.log(times) - sp.Rational(1, 10), sp.log(times) + sp.Rational(1, 10))
    return Between(lo, hi)


SMALL = network(8, 8)
LARGE = network(16, 16)
WATCHED = Trajectories(
    (Descent("full", "1/2"), Descent("small", "1/2", Batches(4))), time=200, images=48, loss="squared"
)
WATCHED_LARGE = Trajectories(
    (Descent("full", "1/2"), Descent("small", "1/2", Batches(10)), Descent("fresh", "1/2", Batches(10, fresh=True))),
    time=300,
    images=100,
    loss="squared",
)


def _settled(net: Ensemble, watched: Trajectories, samples: int, full: int) -> Simulated:
    what = f"median of log(eta lambda_H/2), {watched.images} images, eta = {watched.ways[0].learning_rate}"
    return Simulated(
        what,
        net,
        watched,
        "full.stability",
        reading=Quantile(),
        tolerance=0.0,
        samples=samples,
        full_samples=full,
        arguments={"what": "full"},
        engine=IN_BLOCKS,
    )


def _below(net: Ensemble, watched: Trajectories, way: str, samples: int, full: int) -> Wins:
    found = pairs(net, watched, f"{way}.curvature", "full.curvature", "9/10", samples, full)
    return replace(found, arguments={"what": "small"})


EDGE = Statement(
    id="training.edge-of-stability",
    title="With all images in a batch the curvature settles at 2/eta; in small batches it ends lower.",
    latex=(
        r"\operatorname{med}\log\frac{\eta\lambda_H}2\in[-\tfrac1{10},\tfrac1{10}],\qquad "
        r"P\Bigl(\lambda_H^{(S)}<\tfrac9{10}\lambda_H^{(n)}\Bigr)>\tfrac12\ (S\le n/10)"
    ),
    source=f"{PAPER}, break-even point; the values are measured here",
    assumptions=(
        *COMMON,
        TANH,
        SQUARED,
        Assumption("eta t is at least 100/(2 eta): at rates so low that 2/eta is not reached by then, it lies below"),
    ),
    claim=edge,
    evidence=(
        _settled(SMALL, WATCHED, 64, 128),
        _below(SMALL, WATCHED, "small", 64, 128),
        _settled(LARGE, WATCHED_LARGE, 0, 64),
        _below(LARGE, WATCHED_LARGE, "small", 0, 64),
        _below(LARGE, WATCHED_LARGE, "fresh", 0, 64),
    ),
    mutants=(
        Mutant("5/(2 eta)", partial(edge, times=sp.Rational(5, 4))),
        Mutant("8/(5 eta)", partial(edge, times=sp.Rational(4, 5))),
        Mutant("1/eta", partial(edge, times=HALF)),
        Mutant("the batch size has no effect", partial(edge, lo=HALF, hi=HALF)),
        Mutant("small batches end sharper", partial(edge, lo=sp.S.Zero, hi=HALF)),
    ),
)

STATEMENTS = (EDGE,)
