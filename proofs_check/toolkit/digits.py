"""What statements about training share: networks that read digits, assumptions, and a claim about pairs."""

from __future__ import annotations

from typing import Any

import sympy as sp

from montecarlo.runs.small_blocks import SmallBlocks
from montecarlo.training.trajectory_observables import Trajectories
from proofs_check import assumptions
from proofs_check.assumptions import Assumption
from proofs_check.evidence import Wins
from proofs_check.verdict import Between
from theory.ensembles import Ensemble

PAPER = "arXiv:2002.09572"
HALF = sp.Rational(1, 2)

IN_BLOCKS = SmallBlocks(32)
"""A run that is ended loses no more than 32 networks of each worker."""
DIGITS = Assumption(
    "the networks read the first handwritten digits (few_digits), 64 pixels, and end in ten logits",
    lambda net: (net.width_at(0), net.width_at(int(net.depth))) == (64, 10),
)
TANH = Assumption("the activation is tanh", lambda net: net.activation == "tanh")
SQUARED = Assumption("the loss is the mean of |f - e_y|^2/2 over the images")
ENTROPY = Assumption("the loss is softmax cross-entropy")
RANDOM_LABELS = Assumption("the labels are random, so that each image has to be learned by itself")
TRUE_LABELS = Assumption("the labels are the true ones")
PAIRS = Assumption("both trainings of a pair start from the same weights, and are compared at equal eta t")
MAXIMUM = Assumption("what is compared are maxima over checkpoints after the start")
COMMON = (DIGITS, PAIRS, assumptions.PLAIN, assumptions.NO_BIASES, assumptions.NORMAL)


def network(*hidden: int, activation: str = "tanh") -> Ensemble:
    """Return normal weights of these hidden widths for digits: He with ReLU, variance 1/fan_in with tanh.

    Parameters
    ----------
    *hidden : int
        The widths of the hidden layers.
    activation : str
        ``tanh`` or ``relu``.

    Examples
    --------
    >>> network(8, 8).widths
    (64, 8, 8, 10)
    """
    init = "he" if activation == "relu" else "lecun"
    return Ensemble(widths=(64, *hidden, 10), activation=activation, init=init)


def more_often(net: Ensemble, *, lo: Any = HALF, hi: Any = sp.S.One) -> Between:
    """P(the first number of a pair is below the multiple of the other one) is from 1/2 to 1."""
    return Between(lo, hi)


def pairs(
    net: Ensemble, observable: Trajectories, below: str, other: str, factor: str, samples: int, full: int = 0
) -> Wins:
    """Return the check that one number of each pair is below so many times another.

    Parameters
    ----------
    net, observable, below, other, factor
        The network, what is measured, the component that is to be smaller, the other one, and the factor.
    samples, full : int
        Pairs in the quick and in the full profile.
    """
    times = "" if factor == "1" else f"{factor} of "
    what = f"P({below} < {times}{other}), {observable.images} images, eta t = {observable.time}"
    return Wins(
        what, net, observable, below, other=other, factor=factor, samples=samples, full_samples=full, engine=IN_BLOCKS
    )
