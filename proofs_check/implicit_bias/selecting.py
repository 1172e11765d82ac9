"""Which interpolant gradient flow selects on data of one's own: theory's point, enclosed, and a simulated run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from proofs_check.implicit_bias.parametrizations import Pair, Parametrization, enclosed_bound, read_parametrization
from theory.balls import Ball
from theory.dynamics.implicit_bias.designs import Design
from theory.dynamics.implicit_bias.interpolants import enclosed_interpolant, float_interpolant
from theory.dynamics.implicit_bias.least_l1_norm import LeastL1, least_l1
from theory.ensembles import InvalidArgument

Array = NDArray[np.float64]
_ENCLOSED = (12, 300)
"""With more inputs or coordinates than these, the point is computed in floats."""
_DIGITS = 15
_MOST_DOUBLINGS = 60
_FITTED = 1e-8
"""A simulated run ends once no residual is larger than this share of the largest target, and than rounding makes it."""
_LARGEST = 5_000
"""The most entries of a design for which the least l1 norm is sought, in exact arithmetic."""


@dataclass(frozen=True)
class Run:
    """A simulated run of gradient flow.

    Parameters
    ----------
    time : float
        Where it ended.
    residual : float
        The largest residual there; infinite if the flow cannot be followed in floats.
    is_fitted : bool
        Whether that is a small share of the targets.
    distance : float or None
        How far its w is from the selected point; None where the point is that of the run.
    """

    time: float
    residual: float
    is_fitted: bool
    distance: float | None


@dataclass(frozen=True)
class Selection:
    """What gradient flow selects.

    Parameters
    ----------
    parametrization : Parametrization
        The network and its start.
    design : Design
        The data.
    point : ndarray, shape (d,)
        The selected solution, rounded.
    balls : tuple of flint.arb or None
        The same, enclosed; None where there are many inputs.
    l2 : ndarray, shape (d,)
        The solution of least Euclidean norm.
    l1 : LeastL1 or None
        One of least l1 norm, with its certificate; None where the design is large.
    bounds : mapping of str to float
        Bounds on the excess of the l1 norm (``l1``) and on the distance from the solution of least norm (``l2``).
    run : Run or None
        The simulated run; None if there is none.
    """

    parametrization: Parametrization
    design: Design
    point: Array
    balls: tuple[Ball, ...] | None
    l2: Array
    l1: LeastL1 | None
    bounds: Mapping[str, float]
    run: Run | None

    @property
    def l1_excess(self) -> float | None:
        """By how much its l1 norm exceeds the least one, in the unit of w; None if that is unknown, or no solution."""
        if self.l1 is None or not self.is_solution:
            return None
        return max(float(np.abs(self.point).sum() - float(self.l1.norm)), 0.0)

    @property
    def is_solution(self) -> bool:
        """Whether the point solves Xw = y: that of a simulated flow alone may not."""
        return not isinstance(self.parametrization, Pair) or (self.run is not None and self.run.is_fitted)

    @property
    def l2_distance(self) -> float:
        """How far it is from the solution of least Euclidean norm."""
        return float(np.linalg.norm(self.point - self.l2))

    def __repr__(self) -> str:
        return f"<Selection: {self.parametrization.described}; {self.design.size} inputs of {self.design.dimension}>"

    def __str__(self) -> str:
        from proofs_check.implicit_bias.showing import as_text

        return as_text(self)


def selected_solution(
    design: object,
    targets: object,
    parametrization: str = "diagonal",
    start: Mapping[str, str] | None = None,
    *,
    simulate: bool = True,
) -> Selection:
    """Find the solution of Xw = y that gradient flow of a network selects.

    Parameters
    ----------
    design : array_like, shape (n, d)
        The inputs in rows, linearly independent; exact numbers, floats are the binary fractions that they are.
    targets : array_like, shape (n,)
        Their targets.
    parametrization : str
        ``diagonal``, ``depth:N``, ``neuron`` or ``pair``.
    start : mapping of str to str, optional
        What the start is made of, as
        :func:`~proofs_check.implicit_bias.parametrizations.read_parametrization` reads it.
    simulate : bool
        Whether gradient flow is followed, too.

    Returns
    -------
    Selection

    Raises
    ------
    InvalidArgument
        If the shapes do not match, the rows are dependent, there is no such network or start, or the solution is beyond
        floats.

    References
    ----------
    arXiv:2102.09769 and arXiv:2108.05574 have the potentials, arXiv:2105.06351 the bound for two layers.

    Examples
    --------
    >>> found = selected_solution([[1, 2]], [5], "diagonal", {"alpha": "1/1000"})
    >>> found.point.round(3), float(found.l1.norm), found.run.distance < 1e-6
    (array([0.05 , 2.475]), 2.5, True)
    """
    network = read_parametrization(parametrization, dict(start or {}))
    read = Design.read(design, targets)
    _require_sizes(read)
    X, y = read.floats
    potential = network.potential(read.dimension)
    balls = None
    run = None
    if potential is None:
        if not isinstance(network, Pair):
            raise TypeError(f"{network} has no potential")
        run, point = _followed(network, X, y)
        if not math.isfinite(run.residual):
            raise InvalidArgument("start", "makes the flow so stiff that it cannot be followed", "use one nearer to 1")
    else:
        try:
            if read.size <= _ENCLOSED[0] and read.dimension <= _ENCLOSED[1]:
                balls = enclosed_interpolant(potential, read.rows, read.targets, _DIGITS).point
                point = np.array([float(ball) for ball in balls])
            else:
                point, _ = float_interpolant(potential, read.rows, read.targets)
        except InvalidArgument as bad:
            if bad.argument not in ("targets", "digits"):
                raise
            problem = "has inputs so nearly dependent, or a solution so far from the start, that floats do not reach it"
            raise InvalidArgument("design", problem, "use a start nearer to 1, or inputs further apart") from None
        if balls is not None and any(float(ball.rad()) > 1e-6 * (1 + abs(float(ball))) for ball in balls):
            raise InvalidArgument("start", "is so far from 1 that the solution loses all digits", "use one nearer to 1")
        if simulate:
            followed, end = _followed(network, X, y)
            away = float(np.linalg.norm(end - point)) if math.isfinite(followed.residual) else None
            run = Run(followed.time, followed.residual, followed.is_fitted, away)
    return Selection(
        network,
        read,
        point,
        balls,
        l2=np.array([float(x) for x in read.minimum_l2()]),
        l1=least_l1(read.rows, read.targets) if read.size * read.dimension <= _LARGEST else None,
        bounds=_bounds(network, point, X, y, run),
        run=run,
    )


_MOST_ENTRIES = 200_000
_SCALES = (Fraction(1, 10**50), Fraction(10**50))


def _require_sizes(read: Design) -> None:
    """Refuse data beyond what floats and minutes can handle."""
    if read.size * read.dimension > _MOST_ENTRIES:
        raise InvalidArgument("design", f"has more than {_MOST_ENTRIES:,} entries", "use fewer inputs or coordinates")
    for name, numbers in (("design", (x for row in read.rows for x in row)), ("targets", read.targets)):
        for x in numbers:
            if x and not _SCALES[0] <= abs(x) <= _SCALES[1]:
                shown = f"{float(x):.3g}" if abs(x) < 10**300 else "a number beyond floats"
                raise InvalidArgument(name, f"has {shown}, not from 1e-50 to 1e50 in size", "choose other units")


def _bounds(network: Parametrization, point: Array, X: Array, y: Array, run: Run | None) -> dict[str, float]:
    if isinstance(network, Pair) and run is not None:
        return {"l2": network.distance_bound(X, y, run.time)}
    if not point.any():
        return {}
    found = {name: enclosed_bound(bound) for name, bound in network.bounds([sp.Rational(x) for x in point]).items()}
    if found.get("l2", 0) > 2 * np.linalg.norm(point):  # no solution of least norm is further away than that
        del found["l2"]
    if found.get("l1", 0) > np.abs(point).sum():  # nor is its l1 norm smaller than 0
        del found["l1"]
    return found


def _followed(network: Parametrization, X: Array, y: Array) -> tuple[Run, Array]:
    """Follow gradient flow for longer and longer, until it fits the targets."""
    largest = max(float(np.abs(y).max()), network.reach * float(np.abs(X).max()), 1e-300)
    norm = float(np.linalg.norm(X, 2))
    wanted = _FITTED * largest + 1e-9 * norm * network.cancels
    time = 1 / (norm**2 * max(network.speed, 1.0))
    reached, best = 0.0, np.zeros(X.shape[1])
    residual = math.inf
    for _ in range(_MOST_DOUBLINGS):
        try:
            end = network.run(X, y, time)
        except InvalidArgument:  # too stiff, or too long: what has been reached is told
            break
        before, residual = residual, float(np.abs(X @ end - y).max())
        reached, best = time, end
        if residual <= wanted or (before < 0.01 * largest and residual > 0.9 * before):  # rounding is all that is left
            break
        time *= 2
    return Run(reached, residual, residual <= wanted, None), best
