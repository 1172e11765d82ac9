"""Deep diagonal networks of several coordinates: the potential that their flow minimizes, as interpolants need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import flint

from theory.balls import Ball
from theory.dynamics.implicit_bias.depth_enclosures import enclosed_coordinate, enclosed_slope
from theory.dynamics.implicit_bias.depth_maps import DepthMap
from theory.dynamics.implicit_bias.depth_potentials import DepthPotential
from theory.dynamics.implicit_bias.designs import Array


@dataclass(frozen=True)
class DeepPotential:
    """The sum over d coordinates of the potential of one, and the inverse of its gradient.

    Parameters
    ----------
    coordinate : DepthPotential
        The potential of one coordinate, with numbers for the depth and the start.
    dimension : int
        The number d of coordinates.

    Raises
    ------
    InvalidArgument
        If the depth or the start is a name, or the start is below the range of floats.

    Examples
    --------
    >>> from theory.dynamics.implicit_bias.interpolants import float_interpolant
    >>> point, _ = float_interpolant(DeepPotential(DepthPotential(3, "1/10"), 2), [[1, 2]], [5])
    >>> point.round(4)
    array([0.0061, 2.4969])
    """

    coordinate: DepthPotential
    dimension: int

    def __post_init__(self) -> None:
        self._map  # noqa: B018  # refuses what floats cannot hold

    @cached_property
    def _map(self) -> DepthMap:
        return DepthMap(self.coordinate)

    def floats(self, dual: Array) -> tuple[Array, Array]:
        """Return the point where the gradient is `dual`, shape (d,), and the derivatives; infinite beyond the pole."""
        return self._map.coordinates(dual), self._map.slopes(dual)

    def balls(self, dual: Sequence[Ball]) -> tuple[list[Ball], list[Ball]]:
        """Return the same in balls, to the digits that are set."""
        digits = flint.ctx.dps
        return (
            [enclosed_coordinate(self.coordinate, theta, digits) for theta in dual],
            [enclosed_slope(self.coordinate, theta, digits) for theta in dual],
        )
