"""A statement: a claim with a permanent id, its source, its assumptions, its evidence, and mutants it must outlive."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    from proofs_check.evidence import Evidence

Claim = Callable[..., Any]
"""What is claimed, as a function: usually of an ensemble, to a SymPy expression or a range (``Between``)."""


class Assumption(enum.Enum):
    """Hypotheses that a statement can need; the value is what a reader is told."""

    INDEPENDENT_ENTRIES = "the weights have independent entries, symmetric about 0, of the variance and kurtosis given"
    NORMAL = "the weights are normal"
    UNIFORM = "the weights are uniform"
    NORMAL_OR_UNIFORM = "the weights are normal or uniform, independent, of variance s^2 (1 under Xavier at width 1)"
    KURTOSIS_TO_SIX = "the weights have kurtosis between 1 and 6"
    HE_OR_XAVIER = "He initialization for ReLU and leaky ReLU, Xavier for linear networks"
    NO_ATOMS = "the entry law has no atoms, so that no preactivation is exactly 0"
    SIGN_SYMMETRIC_READOUT = "the readout has independent symmetric signs"
    FIXED_READOUT = "the readout is fixed"
    SIGN_READOUT = "the readout has independent signs over sqrt(n), so that |v| = 1"
    NORMAL_READOUT = "the readout is normal with variance 1/n"
    SURVIVAL = "given that no layer is dead (all units off): a dead network has norm 0"
    CONSTANT_WIDTH = "all layers have the same width"
    WIDTH_ONE = "all layers have width 1"
    WIDTH_SIXTEEN = "the width is at least 16, and the depth at most 16 times the width"
    STANDARD_NORMAL_MATRICES = "the matrices are square, independent, with independent standard normal entries"
    SIZES_TRIED = "the widths and depths are those tried"
    DEPTHS_TRIED = "the depths are those tried: 16 and 48 (ReLU), 16 and 96 (linear)"
    UNIT_INPUT = "|x| = 1"
    NO_BIASES = "there are no biases"
    RELU = "the activation is ReLU"
    LINEAR = "the activation is linear"
    LINEAR_OR_RELU = "the activation is linear or ReLU"
    PIECEWISE_LINEAR = "the activation is linear, ReLU or leaky ReLU"
    NONZERO_WEIGHTS = "no weight is 0"
    ANY_WEIGHTS = "none: it holds for every choice of weights"
    NO_KINK = "no preactivation is exactly 0, so that f is smooth at the weights"
    OUTPUT_NOT_ZERO = "f is not 0"
    TARGET_NOT_REACHED = "the target y is not f"
    MEAN_SIGN_SYMMETRIC = (
        "for the mean: constant width, independent entries symmetric about 0 without atoms, sign-symmetric readout"
    )
    DEPTH_TWO = "the depth is at least 2"
    QUADRATIC = "the loss is its quadratic part at the saddle, along the eigenvector of the least eigenvalue -gamma"
    FROM_REST = "momentum starts at rest, between 0 and 1; noise starts at the saddle"
    BALANCED = "all weights are equal, f lies between 0 and y, and for gradient descent the saddle is strict on the way"
    SHORT_FIRST_MEMORY = "0 <= beta_1, beta_2 < 1 and beta_1^2 < beta_2; Adam has bias correction"
    ZERO_EPSILON = "epsilon is 0 where it is not named, which for upper bounds makes no difference"
    WIDTH_FOUR = "the width is at least 4"
    LINEAR_BRANCHES = "every layer is a branch beside the identity: a_k = a_(k-1) + alpha W_k a_(k-1)"
    RELU_BRANCHES = "every layer is a branch beside the identity: a_k = a_(k-1) + alpha relu(W_k a_(k-1))"
    BRANCHES_OF_TWO = "branches beside the identity have two matrices: a + alpha W' relu(W a)"
    LAYER_NORM = "preactivations are standardized over the units of their layer, without gain and bias"
    BATCH_NORM = "preactivations are standardized over a batch of independent normal inputs, without gain and shift"
    ORTHOGONAL = "the weights are square and Haar-orthogonal, of gain 1"
    WIDE = "the width is large against the batch and the depth: the number is that of the limit"
    DEPTH_TWELVE = "the depth is at least 12: at depth 3 the slope is another"
    RIGHT_SIDE = "f y > 0 at initialization, as for half of all seeds"
    SMALL_RATE = "the learning rate times the depth is well below 1"
    ABOVE_EPSILON = "gradients are far above epsilon"


@dataclass(frozen=True)
class Mutant:
    """A nearby false claim, which the evidence must refute: a check that cannot fail is no check.

    Parameters
    ----------
    name : str
        What was changed, e.g. ``5 becomes 6``.
    claim : callable
        The false claim, of the same signature as the statement's.
    """

    name: str
    claim: Claim


@dataclass(frozen=True)
class Statement:
    """A claim and all that is needed to check it.

    Parameters
    ----------
    id : str
        Permanent, ``topic.name`` in lower case with hyphens.
    title : str
        The claim in one plain sentence.
    latex : str
        The claim as in a paper.
    source : str
        Paper and where.
    assumptions : tuple of Assumption
        All of them.
    claim : callable
        The claim as a function, typed in as the theorem reads; theory derives it independently.
    evidence : tuple of Evidence
        What is checked, tier by tier.
    mutants : tuple of Mutant
        At least one.

    Raises
    ------
    InvalidArgument
        If the id is malformed, or there is no evidence or no mutant.
    """

    id: str
    title: str
    latex: str
    source: str
    assumptions: tuple[Assumption, ...]
    claim: Claim
    evidence: tuple[Evidence, ...]
    mutants: tuple[Mutant, ...]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]*\.[a-z0-9][a-z0-9-]*", self.id):
            raise InvalidArgument(
                "id", f"{self.id!r} is not of the form topic.name", "use e.g. 'forward.mean-preserved'"
            )
        if not self.evidence:
            raise InvalidArgument("evidence", f"{self.id} has none", "give at least one check")
        if not self.mutants:
            raise InvalidArgument(
                "mutants", f"{self.id} has none, so nothing shows that its checks can fail", "add one"
            )
        if len({mutant.name for mutant in self.mutants}) < len(self.mutants):
            raise InvalidArgument("mutants", f"two mutants of {self.id} share a name", "rename one")

    @property
    def topic(self) -> str:
        """The part of the id before the dot."""
        return self.id.split(".", maxsplit=1)[0]
