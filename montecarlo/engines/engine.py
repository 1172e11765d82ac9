"""How networks are sampled: from real weight matrices, or, for normal weights, by a law that is provably the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from montecarlo.arrays import Array
from montecarlo.drawing.second_inputs import SecondInput
from montecarlo.drawing.streams import Partition
from theory.ensembles import Ensemble

Precision = Literal["float64", "float32"]

ALL_NEEDS = frozenset({"backward", "weights", "units", "second_input"})


class Networks(Protocol):
    """What an observable can ask of a chunk of networks, whichever engine drew them, if the engine provides it."""

    net: Ensemble
    networks: int

    def log_activation_norms(self, layers: Sequence[int]) -> Array:
        """Return log|a_k|^2, shape (m, len(layers))."""

    def log_backward_norms(self, layers: Sequence[int]) -> Array:
        """Return log|b_k|^2, shape (m, len(layers))."""

    def log_gradient_norms(self, layers: Sequence[int]) -> Array:
        """Return log|df/dW_k|_F^2, shape (m, len(layers))."""

    def log_output_squares(self) -> Array:
        """Return log f^2, shape (m,)."""

    def active_units(self, layers: Sequence[int]) -> NDArray[np.int64]:
        """Return how many units of layer k are on, shape (m, len(layers))."""


Draw = Callable[[np.random.Generator, int], Any]
"""Draws a chunk, given a stream and a number of networks."""


class Engine(Protocol):
    """A way to sample networks."""

    @property
    def name(self) -> str:
        """The name, which is part of each stream's name and of a run's fingerprint."""

    @property
    def provides(self) -> frozenset[str]:
        """The needs of observables that it meets."""

    def refuse(self, net: Ensemble) -> None:
        """Raise InvalidArgument for an ensemble that it cannot sample."""

    def partition(self, net: Ensemble) -> Partition:
        """Return how samples are cut into blocks and chunks."""

    def opened(self, net: Ensemble, needs: frozenset[str], second_input: SecondInput | None) -> Draw:
        """Return what draws the chunks of one block.

        Parameters
        ----------
        net : Ensemble
            What to draw.
        needs : frozenset of str
            What observables use beyond activations.
        second_input : SecondInput or None
            The second input of each network, if observables ask for one.
        """
