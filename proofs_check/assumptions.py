"""Assumptions: what an assumption is, and those that several statements share.

An assumption that only one file of statements needs stands there; a user's file can define its own in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

from theory.ensembles import InvalidArgument


@dataclass(frozen=True)
class Assumption:
    """A hypothesis that a statement needs.

    Parameters
    ----------
    sentence : str
        What a reader is told, in one line.

    Raises
    ------
    InvalidArgument
        If there is no sentence, or it is more than one line.

    Examples
    --------
    >>> print(Assumption("the weights are ternary").sentence)
    the weights are ternary
    """

    sentence: str

    def __post_init__(self) -> None:
        if not isinstance(self.sentence, str) or not self.sentence.strip() or "\n" in self.sentence:
            problem = f"of an assumption must be one line of text, got {self.sentence!r}"
            raise InvalidArgument("sentence", problem, "use e.g. Assumption('the weights are normal')")


INDEPENDENT_ENTRIES = Assumption(
    "the weights have independent entries, symmetric about 0, of the variance and kurtosis given"
)
NORMAL = Assumption("the weights are normal")
UNIFORM = Assumption("the weights are uniform")
NORMAL_OR_UNIFORM = Assumption(
    "the weights are normal or uniform, independent, of variance s^2 (1 under Xavier at width 1)"
)
HE_OR_XAVIER = Assumption("He initialization for ReLU and leaky ReLU, Xavier for linear networks")
NO_ATOMS = Assumption("the entry law has no atoms, so that no preactivation is exactly 0")
SIGN_SYMMETRIC_READOUT = Assumption("the readout has independent symmetric signs")
FIXED_READOUT = Assumption("the readout is fixed")
SURVIVAL = Assumption("given that no layer is dead (all units off): a dead network has norm 0")
CONSTANT_WIDTH = Assumption("all layers have the same width")
WIDTH_ONE = Assumption("all layers have width 1")
SIZES_TRIED = Assumption("the widths and depths are those tried")
BOUNDS_TRIED = Assumption("where a bound is claimed, the widths and depths are those tried")
UNIT_INPUT = Assumption("|x| = 1")
NO_BIASES = Assumption("there are no biases")
RELU = Assumption("the activation is ReLU")
LINEAR = Assumption("the activation is linear")
LINEAR_OR_RELU = Assumption("the activation is linear or ReLU")
PIECEWISE_LINEAR = Assumption("the activation is linear, ReLU or leaky ReLU")
NONZERO_WEIGHTS = Assumption("no weight is 0")
NO_KINK = Assumption("no preactivation is exactly 0, so that f is smooth at the weights")
OUTPUT_NOT_ZERO = Assumption("f is not 0")
DEPTH_TWO = Assumption("the depth is at least 2")
ORTHOGONAL = Assumption("the weights are square and Haar-orthogonal, of gain 1")
LAYER_NORM = Assumption("preactivations are standardized over the units of their layer, without gain and bias")
BATCH_NORM = Assumption(
    "preactivations are standardized over a batch of independent normal inputs, without gain and shift"
)
