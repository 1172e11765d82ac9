"""Networks that are trained: the potential that the flow from their start minimizes, bounds, and a simulated run."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from montecarlo.training import diagonal_flow
from montecarlo.training.regression.diagonal_flows import DiagonalNets
from montecarlo.training.regression.neuron_flows import NeuronNets, neuron_flow
from montecarlo.training.regression.regression_flows import depth_flow, pair_flow
from theory.balls import enclose
from theory.dynamics.implicit_bias.deep_nets import DeepPotential
from theory.dynamics.implicit_bias.depth_potentials import DepthPotential
from theory.dynamics.implicit_bias.interpolants import DualMap
from theory.dynamics.implicit_bias.mirror_potentials import DiagonalPotential, scale_of_shape
from theory.dynamics.implicit_bias.neuron_potentials import NeuronPotential
from theory.dynamics.implicit_bias.shape_limits import cube_norm, kernel_distance_bound, rich_excess_of_point
from theory.dynamics.implicit_bias.sparse_recovery import l1_gap_bound
from theory.dynamics.linear_pairs.rates import distance_bound
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction, nearest

Array = NDArray[np.float64]
NAMES = ("diagonal", "depth:N", "neuron", "pair")
"""What can be trained."""


_DEEPEST = 30
_SIZES = (Fraction(1, 10**60), Fraction(10**8))


def _require_size(name: str, size: Fraction) -> None:
    if not _SIZES[0] <= size <= _SIZES[1]:
        raise InvalidArgument(
            "start", f"has {name} = {float(size):.3g}, not from 1e-60 to 1e8", "use a size nearer to 1"
        )


class Parametrization(ABC):
    """A network that is linear in its input, with the start of its training."""

    @property
    @abstractmethod
    def described(self) -> str:
        """The network and its start, on one line."""

    @property
    @abstractmethod
    def minimized(self) -> str:
        """What the flow minimizes, on one line."""

    @abstractmethod
    def potential(self, dimension: int) -> DualMap | None:
        """Return the potential on that many coordinates; None if the flow minimizes none that is known."""

    @abstractmethod
    def bounds(self, point: Sequence[sp.Rational]) -> dict[str, sp.Expr]:
        """Return bounds on the distance of a point that it minimizes from other solutions, by what they bound."""

    @abstractmethod
    def run(self, design: Array, targets: Array, time: float) -> Array:
        """Follow gradient flow of half the summed squared residuals to a time, and return w there."""

    @property
    def cancels(self) -> float:
        """The size of the numbers whose difference w is: rounding moves w by a small share of it."""
        return 0.0

    @property
    def reach(self) -> float:
        """The size of w at the start, which is what is left to fit where all targets are 0."""
        return 0.0

    @property
    def speed(self) -> float:
        """By how much w moves at the start, for each unit of the loss's gradient in w and of time."""
        return 1.0


@dataclass(frozen=True)
class Diagonal(Parametrization):
    """w = u_+ v_+ - u_- v_-, entry by entry, from u_+ = u_- = u and v_+ = v_- = v.

    Parameters
    ----------
    alpha : Fraction
        The scale u v.
    s : Fraction
        The shape (u - v)/(u + v).
    """

    alpha: Fraction = Fraction(1, 10)
    s: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        scale_of_shape(self.alpha, self.s)  # refuses what is out of range
        _require_size("alpha", self.alpha)
        if 1 - abs(self.s) < Fraction(1, 10**12):
            raise InvalidArgument(
                "start", f"has a shape s = {float(self.s)!r} too near 1 for floats", "use e.g. s=0.99"
            )

    @property
    def described(self) -> str:
        """The network and its start."""
        return f"diagonal, w = u_+ v_+ - u_- v_-, from scale alpha = u v = {self.alpha} and shape s = {self.s}"

    @property
    def minimized(self) -> str:
        """What the flow minimizes."""
        return f"the sum of q_k(w_i), k = {self._k}"

    @property
    def _k(self) -> sp.Expr:
        return scale_of_shape(self.alpha, self.s)

    def potential(self, dimension: int) -> DualMap:
        """Return the potential on that many coordinates."""
        return DiagonalPotential((self._k,) * dimension)

    def bounds(self, point: Sequence[sp.Rational]) -> dict[str, sp.Expr]:
        """Return bounds on the excess of the l1 norm, and on the distance from the solution of least l2 norm."""
        return {"l1": rich_excess_of_point(self._k, point), "l2": kernel_distance_bound(self._k, cube_norm(point))}

    def run(self, design: Array, targets: Array, time: float) -> Array:
        """Follow gradient flow to a time."""
        product, shape = float(self.alpha), float(self.s)
        u, v = np.sqrt(product * (1 + shape) / (1 - shape)), np.sqrt(product * (1 - shape) / (1 + shape))
        ones = np.ones((1, design.shape[1]))
        nets = DiagonalNets.of_weights(u * ones, v * ones, u * ones, v * ones)
        rtol = min(1e-10, max(1e-14, 1e-9 / self.cancels))  # of the clock, whose errors grow in w by the scale
        return np.asarray(diagonal_flow(nets, design, targets, time, rtol=rtol).weights[0])

    @property
    def cancels(self) -> float:
        """The root of k, twice the size of A/4 and B/4 near w = 0."""
        return float(sp.sqrt(self._k))

    @property
    def speed(self) -> float:
        """The sum of the four squares."""
        return self.cancels


_NEAREST = Fraction(1, 10**7)
"""Coordinates near 1 have dual points at about alpha^(N-2) from the pole, relatively: of 16 digits, 9 are left."""


@dataclass(frozen=True)
class Deep(Parametrization):
    """w = u^N - v^N, entry by entry, from u = v = alpha.

    Parameters
    ----------
    depth : int
        N, at least 2.
    alpha : Fraction
        The weight at the start.
    """

    depth: int
    alpha: Fraction = Fraction(1, 10)

    def __post_init__(self) -> None:
        if self.depth > _DEEPEST:
            raise InvalidArgument("parametrization", f"has depth {self.depth}, above {_DEEPEST}", "use e.g. depth:3")
        DepthPotential(self.depth, self.alpha)  # refuses what is out of range
        _require_size("alpha^N", self.alpha**self.depth)
        if self.alpha ** (self.depth - 2) < _NEAREST:
            least = float(_NEAREST) ** (1 / (self.depth - 2))
            problem = (
                f"has alpha = {self.alpha}: at depth {self.depth} floats do not tell its dual points from the pole"
            )
            raise InvalidArgument("start", problem, f"use alpha={least:.1g} or more, or a smaller depth")

    @property
    def described(self) -> str:
        """The network and its start."""
        return f"diagonal of depth {self.depth}, w = u^{self.depth} - v^{self.depth}, from u = v = alpha = {self.alpha}"

    @property
    def minimized(self) -> str:
        """What the flow minimizes."""
        return (
            f"the sum of the integrals of the inverse of h_{self.depth}, alpha^{self.depth} = {self.alpha**self.depth}"
        )

    def potential(self, dimension: int) -> DualMap:
        """Return the potential on that many coordinates."""
        return DeepPotential(DepthPotential(self.depth, self.alpha), dimension)

    def bounds(self, point: Sequence[sp.Rational]) -> dict[str, sp.Expr]:
        """Return a bound on the excess of the l1 norm."""
        return {"l1": l1_gap_bound(self.depth, self.alpha, point)}

    def run(self, design: Array, targets: Array, time: float) -> Array:
        """Follow gradient flow to a time."""
        u, v = depth_flow(self.depth, np.full(design.shape[1], float(self.alpha)), design, targets, time)
        return np.asarray(u**self.depth - v**self.depth)

    @property
    def cancels(self) -> float:
        """The size of u^N and v^N near w = 0."""
        return float(self.alpha**self.depth)

    @property
    def speed(self) -> float:
        """The sum of the squared derivatives of u^N and v^N."""
        return 2 * self.depth**2 * float(self.alpha ** (2 * self.depth - 2))


@dataclass(frozen=True)
class Neuron(Parametrization):
    """f(x) = a w.x.

    Parameters
    ----------
    a : Fraction
        The output weight at the start.
    w : tuple of Fraction
        The input weights there; empty stands for zeros.
    """

    a: Fraction = Fraction(1)
    w: tuple[Fraction, ...] = field(default=())

    def __post_init__(self) -> None:
        if self._delta < 0:
            problem = (
                f"has |w| above |a| = {abs(self.a)}: a may change its sign on the way, and then no potential is known"
            )
            raise InvalidArgument("start", problem, "use a smaller w, or a larger a")
        _require_size("a", abs(self.a) or Fraction(1))
        if self.a == 0:
            raise InvalidArgument("start", "has a = 0 and w = 0, where the gradient is 0", "use e.g. a=1")

    @property
    def _delta(self) -> Fraction:
        return self.a**2 - sum((x**2 for x in self.w), Fraction(0))

    @property
    def described(self) -> str:
        """The network and its start."""
        shown = f"({', '.join(map(str, self.w))})" if self.w else "0"
        return f"one linear neuron, f(x) = a w.x, from a = {self.a} and w = {shown}"

    @property
    def minimized(self) -> str:
        """What the flow minimizes."""
        return f"q(|aw|) - sign(a) w(0).(aw), delta = a^2 - |w|^2 = {self._delta}"

    def potential(self, dimension: int) -> DualMap:
        """Return the potential on that many coordinates."""
        sign = 1 if self.a > 0 else -1
        return NeuronPotential(self._delta, tuple(sign * x for x in self._start(dimension)))

    def _start(self, dimension: int) -> tuple[Fraction, ...]:
        if self.w and len(self.w) != dimension:
            problem = f"has w of {len(self.w)} entries, and inputs have {dimension} coordinates"
            raise InvalidArgument("start", problem, f"give {dimension}")
        return self.w or (Fraction(0),) * dimension

    def bounds(self, point: Sequence[sp.Rational]) -> dict[str, sp.Expr]:
        """Return no bound: none is known that is sharp."""
        return {}

    @property
    def reach(self) -> float:
        """The length of a w."""
        return float(abs(self.a)) * math.sqrt(float(sum((x**2 for x in self.w), Fraction(0))))

    @property
    def speed(self) -> float:
        """The squared output weight, and what the input weights add to it."""
        return float(self.a**2 + sum((x**2 for x in self.w), Fraction(0)))

    def run(self, design: Array, targets: Array, time: float) -> Array:
        """Follow gradient flow to a time."""
        start = [float(x) for x in self._start(design.shape[1])]
        end = neuron_flow(NeuronNets.of_weights([[float(self.a)]], [[start]]), design, targets, time)
        return np.asarray(end.points[0])


@dataclass(frozen=True)
class Pair(Parametrization):
    """Two linear layers, f(x) = x.U v, from independent normal entries.

    Parameters
    ----------
    h : int
        The width of the hidden layer.
    a : Fraction
        Half the exponent of the variance h^(-2a) of an entry.
    seed : int
        The seed of the draw.
    """

    h: int = 64
    a: Fraction = Fraction(1, 2)
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.h <= _WIDEST:
            raise InvalidArgument("start", f"has h = {self.h}, not from 1 to {_WIDEST}", "use e.g. h=64")
        if not 0 <= self.a <= 2:
            raise InvalidArgument("start", f"has a = {self.a}, not from 0 to 2", "use e.g. a=1/2")
        if self.seed < 0:
            raise InvalidArgument("start", f"has the seed {self.seed}, below 0", "use e.g. seed=0")

    @property
    def described(self) -> str:
        """The network and its start."""
        drawn = f"normal entries of variance h^(-{2 * self.a}), seed {self.seed}"
        return f"two linear layers, f(x) = x.U v, of width h = {self.h}, from {drawn}"

    @property
    def minimized(self) -> str:
        """What the flow minimizes."""
        return "no potential that is known; the point is that of the simulated flow"

    def potential(self, dimension: int) -> None:
        """Return None: where it ends depends on more than a potential of w."""

    def bounds(self, point: Sequence[sp.Rational]) -> dict[str, sp.Expr]:
        """Return nothing: the bound depends on the start, and is that of :meth:`distance_bound`."""
        return {}

    @property
    def reach(self) -> float:
        """The typical size of an entry of U v."""
        return math.pow(self.h, 0.5 - 2 * float(self.a))

    @property
    def speed(self) -> float:
        """The mean of |v|^2, which what the inputs see is multiplied by."""
        return math.pow(self.h, 1 - 2 * float(self.a))

    def _start(self, dimension: int) -> tuple[Array, Array]:
        draws = np.random.Generator(np.random.PCG64(self.seed)).standard_normal((dimension + 1, self.h))
        draws *= float(self.h) ** -float(self.a)
        return draws[:-1], draws[-1]

    def run(self, design: Array, targets: Array, time: float) -> Array:
        """Follow gradient flow to a time."""
        U, v = pair_flow(*self._start(design.shape[1]), design, targets, time)
        return np.asarray(U @ v)

    def distance_bound(self, design: Array, targets: Array, time: float) -> float:
        """Bound the distance from the solution of least norm at a time, by Gronwall's inequality; in floats.

        Parameters
        ----------
        design : ndarray, shape (n, d)
            The inputs.
        targets : ndarray, shape (n,)
            The targets.
        time : float
            The time of gradient flow.
        """
        U, v = self._start(design.shape[1])
        _, singular, right = np.linalg.svd(design, full_matrices=True)
        rank = len(singular)
        inside, outside = right[:rank] @ U, right[rank:] @ U
        eigenvalues = np.sort(np.linalg.eigvalsh(inside.T @ inside - np.outer(v, v)))[::-1]
        level = max(eigenvalues[rank - 1], 0.0) if rank <= self.h else 0.0
        level += max(-eigenvalues[-1], 0.0)
        error = float(np.linalg.norm(targets - design @ U @ v))
        off = float(np.linalg.norm(np.vstack([outside @ v, inside @ outside.T]), 2))
        numbers = (time, singular[-1] ** 2, singular[0] ** 2, level, error, off)
        return float(distance_bound(*(Fraction(float(x)) for x in numbers)).evalf(15))


_WIDEST = 512


def read_parametrization(name: str, start: Mapping[str, str]) -> Parametrization:
    """Read a network and its start.

    Parameters
    ----------
    name : str
        One of :data:`NAMES`, with a number for N.
    start : mapping of str to str
        The values of ``alpha`` and ``s`` of a diagonal network, of ``alpha`` of a deeper one, of ``a`` and
        ``w=(...)`` of a neuron, of ``h``, ``a`` and ``seed`` of a pair of layers; all have defaults.

    Raises
    ------
    InvalidArgument
        If there is no such network, or a value is none that the start can have.

    Examples
    --------
    >>> read_parametrization("depth:3", {"alpha": "1/100"})
    Deep(depth=3, alpha=Fraction(1, 100))
    """
    kind, colon, depth = name.partition(":")
    allowed = {"diagonal": ("alpha", "s"), "depth": ("alpha",), "neuron": ("a", "w"), "pair": ("h", "a", "seed")}
    if kind not in allowed or bool(colon) != (kind == "depth"):
        remedy = "use e.g. depth:3" if kind == "depth" else nearest(name, NAMES)
        raise InvalidArgument("parametrization", f"there is no {name!r}", remedy)
    for letter in start:
        if letter not in allowed[kind]:
            known = " and ".join(f"{one}=..." for one in allowed[kind])
            raise InvalidArgument("start", f"{name} has no {letter!r}", f"it takes {known}")
    values: dict[str, Any] = {
        letter: _numbers(text)
        if letter == "w"
        else _whole(letter, text)
        if letter in ("h", "seed")
        else _number(letter, text)
        for letter, text in start.items()
    }
    try:
        if kind == "depth":
            if re.fullmatch("[0-9]{1,4}", depth) is None:
                raise InvalidArgument("parametrization", f"{depth!r} is no depth", "use e.g. depth:3")
            return Deep(int(depth), **values)
        made: Parametrization = {"diagonal": Diagonal, "neuron": Neuron, "pair": Pair}[kind](**values)
        return made
    except InvalidArgument as bad:
        if bad.argument in ("start", "parametrization"):
            raise
        argument = "parametrization" if bad.argument == "depth" else "start"
        raise InvalidArgument(argument, f"{bad.argument} {bad.problem}", bad.remedy) from None


def _number(letter: str, text: str) -> Fraction:
    try:
        return exact_fraction(letter, text)
    except InvalidArgument as bad:
        raise InvalidArgument("start", f"{letter}: {bad.problem}", f"use e.g. {letter}=1/10") from None


def _whole(letter: str, text: str) -> int:
    number = _number(letter, text)
    if number.denominator != 1:
        raise InvalidArgument("start", f"{letter}={text} is no integer", f"use e.g. {letter}=64")
    return int(number)


def _numbers(text: str) -> tuple[Fraction, ...]:
    if not (text.startswith("(") and text.endswith(")")):
        raise InvalidArgument("start", f"w={text} is no list of numbers", "use e.g. w=(1,-2,1/2)")
    return tuple(_number("w", part) for part in text[1:-1].split(",") if part.strip())


def enclosed_bound(bound: sp.Expr) -> float:
    """Return a bound as a float that is not below it."""
    return float(np.nextafter(float(enclose(bound, 20).upper()), np.inf))
