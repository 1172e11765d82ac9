"""Assumptions: what an assumption is, and those that several statements share.

An assumption that only one file of statements needs stands there; a user's file can define its own in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from theory.ensembles import Ensemble, InvalidArgument


@dataclass(frozen=True)
class Assumption:
    """A hypothesis that a statement needs.

    Parameters
    ----------
    sentence : str
        What a reader is told, in one line.
    holds : callable, optional
        Returns whether an ensemble is of the kind assumed: True, False, or None where its letters leave that open. It
        keeps evidence from being about other networks than the statement.

    Raises
    ------
    InvalidArgument
        If there is no sentence, it is more than one line, or `holds` cannot be called.

    Examples
    --------
    >>> print(Assumption("the weights are ternary").sentence)
    the weights are ternary
    """

    sentence: str
    holds: Callable[[Ensemble], bool | None] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.sentence, str) or not self.sentence.strip() or "\n" in self.sentence:
            problem = f"of an assumption must be one line of text, got {self.sentence!r}"
            raise InvalidArgument("sentence", problem, "use e.g. Assumption('the weights are normal')")
        holds: object = self.holds
        if holds is not None and not callable(holds):
            problem = f"of {self.sentence!r:.60} cannot be called: {holds!r:.60}"
            raise InvalidArgument("holds", problem, "use e.g. lambda net: net.law.name == 'normal'")


def _law(*names: str) -> Callable[[Ensemble], bool]:
    return lambda net: net.law.name in names


def _activation(*names: str) -> Callable[[Ensemble], bool]:
    return lambda net: net.activation in names


def _architecture(*names: str) -> Callable[[Ensemble], bool]:
    return lambda net: net.architecture.name in names


def _size(size: object, holds: Callable[[int], bool]) -> bool | None:
    """Judge a size; that of a network with letters for sizes is open."""
    return holds(size) if isinstance(size, int) else None


def _has_unit_input(net: Ensemble) -> bool:
    if net.input is None:  # a unit vector is meant
        return True
    if isinstance(net.input, str):
        return net.input == "e1" or net.width_at(0) == 1
    return sum((entry**2 for entry in net.input), Fraction(0)) == 1


INDEPENDENT_ENTRIES = Assumption(
    "the weights have independent entries, symmetric about 0, of the variance and kurtosis given",
    lambda net: net.has_independent_entries,
)
NORMAL = Assumption("the weights are normal", lambda net: net.law.is_normal)
UNIFORM = Assumption("the weights are uniform", _law("uniform"))
NORMAL_OR_UNIFORM = Assumption(
    "the weights are normal or uniform, independent, of variance s^2 (1 under Xavier at width 1)",
    _law("normal", "uniform"),
)
HE_OR_XAVIER = Assumption(
    "He initialization for ReLU and leaky ReLU, Xavier for linear networks",
    lambda net: net.init.name == ("xavier" if net.is_linear else "he"),
)
NO_ATOMS = Assumption("no preactivation is exactly 0, as the entry law has no atoms; or either side is as likely")
SIGN_SYMMETRIC_READOUT = Assumption(
    "the readout has independent symmetric signs", lambda net: net.has_sign_symmetric_readout
)
FIXED_READOUT = Assumption("the readout is fixed", lambda net: not net.has_sign_symmetric_readout)
SURVIVAL = Assumption("given that no layer is dead (all units off): a dead network has norm 0")
CONSTANT_WIDTH = Assumption("all layers have the same width", lambda net: net.is_constant_width)
WIDTH_ONE = Assumption(
    "all layers have width 1",
    lambda net: net.is_constant_width and net.width_at(0) == 1,
)
UNIT_INPUT = Assumption("|x| = 1", _has_unit_input)
PLAIN = Assumption(
    "every layer is the activation of its matrix times the layer before, and nothing else",
    lambda net: net.architecture.is_plain,
)
NO_BIASES = Assumption("there are no biases", lambda net: net.bias.name == "none")
RANDOM_BIASES = Assumption(
    "the biases are independent and symmetric, of the weights' law and one variance",
    lambda net: net.bias.name != "constant",
)
BIASES_IN_MOMENTS = Assumption(
    "the biases are independent and symmetric, of the weights' law and one variance, or constant in a linear network",
    lambda net: net.bias.name != "constant" or net.is_linear,
)
RELU = Assumption("the activation is ReLU", _activation("relu"))
LINEAR = Assumption("the activation is linear", _activation("linear"))
LINEAR_OR_RELU = Assumption("the activation is linear or ReLU", _activation("linear", "relu"))
PIECEWISE_LINEAR = Assumption("the activation is linear, ReLU or leaky ReLU")
TWO_SLOPES = Assumption("the activation is linear on either side of 0")
NONZERO_WEIGHTS = Assumption("no weight is 0")
NO_KINK = Assumption("no preactivation is exactly 0, so that f is smooth at the weights")
OUTPUT_NOT_ZERO = Assumption("f is not 0")
DEPTH_TWO = Assumption("the depth is at least 2", lambda net: _size(net.depth, lambda depth: depth >= 2))
ORTHOGONAL = Assumption(
    "the weights are square and Haar-orthogonal, of gain 1",
    lambda net: net.init.name == "orthogonal" and net.init.square_gain == 1,
)
LAYER_NORM = Assumption(
    "preactivations are standardized over the units of their layer, without gain and bias",
    _architecture("layernorm"),
)
BATCH_NORM = Assumption(
    "preactivations are standardized over a batch of independent normal inputs, without gain and shift",
    _architecture("batchnorm"),
)
LAYER_OR_BATCH_NORM = Assumption(
    "preactivations are standardized, over the units of their layer or over a batch of independent normal inputs, "
    "without gain and shift",
    _architecture("layernorm", "batchnorm"),
)


def for_slopes(assumption: Assumption, net: Ensemble) -> Assumption:
    """Return what is said of the activation where its slopes are not those of leaky ReLU.

    Examples
    --------
    >>> for_slopes(PIECEWISE_LINEAR, Ensemble(width=4, depth=3, activation="pieces:-1:2")).sentence
    'the activation is linear on either side of 0'
    """
    return assumption if assumption is not PIECEWISE_LINEAR or net.has_usual_slope else TWO_SLOPES
