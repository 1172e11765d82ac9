"""Exact expectations by brute force: every weight matrix with discrete entries, in rational arithmetic.

Nothing of theory's algebra is used here: networks are run, forward and backward, on Fractions. Weights are the atoms
of the law; as all quantities are even in each weight matrix, the standard deviation enters as a rational factor.

Biases are added in units of the layer's scale, the product of the standard deviations up to it. Random ones are one
more atom a unit. Both are exact where their variance is a rational square of that scale, and refused elsewhere.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from theory.ensembles import Ensemble, InvalidArgument
from theory.requirements import require_order

Vector = tuple[Fraction, ...]
Matrix = tuple[Vector, ...]


@cache
def activation_power(net: Ensemble, order: int) -> Fraction:
    r"""Return :math:`E|a_L|^{order}`, layer by layer over the exact distribution of activations.

    Parameters
    ----------
    net : Ensemble
        An ensemble of small widths and depth whose weights have a discrete law.
    order : int
        The power, even.

    Raises
    ------
    InvalidArgument
        If the order is not even, the ensemble has symbols, or its law or input cannot be enumerated.

    Examples
    --------
    >>> from theory import Ensemble
    >>> activation_power(Ensemble(width=2, depth=1, law="rademacher", input="e1"), 4)
    Fraction(1, 1)
    """
    _require_discrete(net, order)
    layers: dict[Vector, Fraction] = {_input(net): Fraction(1)}
    for k in range(1, int(net.depth) + 1):
        following: dict[Vector, Fraction] = {}
        for vector, chance in layers.items():
            unit = _unit_distribution(net, vector, k)
            for units in itertools.product(unit.items(), repeat=int(net.width_at(k))):
                activation = tuple(value for value, _ in units)
                weight = chance
                for _, p in units:
                    weight *= p
                following[activation] = following.get(activation, Fraction(0)) + weight
        layers = following
    moment = sum((chance * _norm_squared(a) ** (order // 2) for a, chance in layers.items()), Fraction(0))
    return moment * _variance_ratio(net, range(1, int(net.depth) + 1)) ** (order // 2)


@cache
def gradient_power(net: Ensemble, layer: int, order: int = 2) -> Fraction:
    r"""Return :math:`E|\partial f/\partial W_k|_F^{order}` over all weights and readout signs.

    Parameters
    ----------
    net : Ensemble
        As for :func:`activation_power`; the readout is not random.
    layer : int
        The layer k, from 1 to the depth.
    order : int
        The power, even.

    Raises
    ------
    InvalidArgument
        If there is no such layer, or as for :func:`activation_power`.

    Notes
    -----
    A preactivation that is exactly 0 takes either side of a nonlinear activation with probability 1/2. The
    masks of a law without atoms, which is what the theorems assume, behave in the same way.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width=2, depth=1, activation="relu", init="he", law="rademacher", readout="signs", input="e1")
    >>> gradient_power(net, 1)
    Fraction(1, 2)
    """
    _require_discrete(net, order, readout=True)
    net.width_at(layer)
    if layer < 1:
        raise InvalidArgument("layer", f"weights are numbered from 1 to the depth, got {layer}", "use layer=1")
    total = Fraction(0)
    for run in _runs(net):
        squared = _norm_squared(run.backward[layer - 1]) * _norm_squared(run.activations[layer - 1])
        total += run.chance * squared ** (order // 2)
    return total * _standardized(net, skipped=(layer,)) ** (order // 2)


@cache
def bias_gradient_power(net: Ensemble, layer: int, order: int = 2) -> Fraction:
    r"""Return :math:`E|\partial f/\partial b_k|^{order}` over all weights, biases and readout signs.

    Parameters and errors are those of :func:`gradient_power`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width=2, depth=1, activation="relu", init="1/4", bias="1/9", law="rademacher", readout="signs")
    >>> bias_gradient_power(net.at(input="e1"), 1)
    Fraction(1, 2)
    """
    _require_discrete(net, order, readout=True)
    net.width_at(layer)
    if layer < 1:
        raise InvalidArgument("layer", f"biases are numbered from 1 to the depth, got {layer}", "use layer=1")
    powers = (run.chance * _norm_squared(run.backward[layer - 1]) ** (order // 2) for run in _runs(net))
    return sum(powers, Fraction(0)) * _standardized(net, skipped=tuple(range(1, layer + 1))) ** (order // 2)


@cache
def hessian_power(net: Ensemble, first: int, second: int, order: int = 2) -> Fraction:
    r"""Return :math:`E|\partial^2f/\partial W_k\partial W_l|_F^{order}`, k = `first` < l = `second`.

    Parameters
    ----------
    net, order
        As for :func:`gradient_power`.
    first, second : int
        The two layers, first < second.

    Raises
    ------
    InvalidArgument
        If they are no such two layers, or as for :func:`activation_power`.

    Notes
    -----
    The block has the entries :math:`b_l[i] M[j,p] a_{k-1}[q]`, with the Jacobian M between the layers,
    which is built here column by column. Preactivations at 0 are treated as in :func:`gradient_power`.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width=2, depth=2, activation="relu", init="he", law="rademacher", readout="signs", input="e1")
    >>> hessian_power(net, 1, 2)
    Fraction(1, 2)
    """
    _require_discrete(net, order, readout=True)
    if not 1 <= first < second <= int(net.depth):
        problem = f"must be two layers k < l from 1 to the depth, got {first}, {second}"
        raise InvalidArgument("layers", problem, "use e.g. 1, 2")
    total = Fraction(0)
    for run in _runs(net):
        squared = _norm_squared(run.backward[second - 1]) * _norm_squared(run.activations[first - 1])
        squared *= sum((_norm_squared(column) for column in _jacobian(run, first, second)), Fraction(0))
        total += run.chance * squared ** (order // 2)
    return total * _standardized(net, skipped=(first, second)) ** (order // 2)


@dataclass(frozen=True)
class _Run:
    """One network with one choice of masks at 0 and of readout: a_0.., D_1.., b_1.., W_1.., and its probability."""

    activations: list[Vector]
    masks: list[Vector]
    backward: list[Vector]
    matrices: tuple[Matrix, ...]
    chance: Fraction


def _runs(net: Ensemble) -> Iterator[_Run]:
    for matrices, biases, chance in _networks(net):
        for activations, masks, coin in _forward(net, matrices, biases):
            for readout, sign_chance in _readouts(net):
                back = [tuple(m * v for m, v in zip(masks[-1], readout, strict=True))]
                for k in range(int(net.depth), 1, -1):  # b_{k-1} = D_{k-1} W_k^T b_k
                    columns = zip(*matrices[k - 1], strict=True)
                    pulled = [sum(w * b for w, b in zip(column, back[0], strict=True)) for column in columns]
                    back.insert(0, tuple(m * z for m, z in zip(masks[k - 2], pulled, strict=True)))
                yield _Run(activations, masks, back, matrices, chance * coin * sign_chance)


def _jacobian(run: _Run, first: int, second: int) -> Iterator[Vector]:
    """Yield the columns of M_lk = D_{l-1} W_{l-1} ... W_{k+1} D_k."""
    for unit, gate in enumerate(run.masks[first - 1]):
        column: Vector = tuple(gate if i == unit else Fraction(0) for i in range(len(run.masks[first - 1])))
        for layer in range(first + 1, second):
            pushed = (
                sum((w * c for w, c in zip(row, column, strict=True)), Fraction(0)) for row in run.matrices[layer - 1]
            )
            column = tuple(m * z for m, z in zip(run.masks[layer - 1], pushed, strict=True))
        yield column


def _standardized(net: Ensemble, skipped: tuple[int, ...]) -> Fraction:
    """Return the factor from atoms to weights and from signs to the readout; the layers differentiated have none."""
    depth = int(net.depth)
    signs = Fraction(1, int(net.width_at(depth))) if net.readout == "signs" else Fraction(1)
    return signs * _variance_ratio(net, [k for k in range(1, depth + 1) if k not in skipped])


def _networks(net: Ensemble) -> Iterator[tuple[tuple[Matrix, ...], tuple[Vector, ...], Fraction]]:
    """Yield the matrices and the biases of all networks, with their probability."""
    shapes = [(int(net.width_at(k)), int(net.width_at(k - 1))) for k in range(1, int(net.depth) + 1)]
    units = [(rows, _bias_atoms(net, k)) for k, (rows, _) in enumerate(shapes, start=1)]
    tables = [net.law.atoms] * sum(rows * columns for rows, columns in shapes)
    for entries in itertools.product(*tables, *(atoms for rows, atoms in units for _ in range(rows))):
        chance = Fraction(1)
        for _, p in entries:
            chance *= p
        values = iter(value for value, _ in entries)
        yield (
            tuple(tuple(tuple(next(values) for _ in range(columns)) for _ in range(rows)) for rows, columns in shapes),
            tuple(tuple(next(values) for _ in range(rows)) for rows, _ in shapes),
            chance,
        )


def _bias_atoms(net: Ensemble, layer: int) -> tuple[tuple[Fraction, Fraction], ...]:
    """Return the values of a bias and their probabilities, in units of the layer's scale; 0 alone if there is none."""
    if net.bias.name == "none":
        return ((Fraction(0), Fraction(1)),)
    square = net.bias_variance(layer) / net.law.variance if net.bias.is_random else Fraction(net.bias.value or 0) ** 2
    ratio = square / _variance_ratio(net, range(1, layer + 1))
    above, below = math.isqrt(ratio.numerator), math.isqrt(ratio.denominator)
    if Fraction(above, below) ** 2 != ratio:
        problem = f"{net.bias.describe()!r} is no rational multiple of the weights' scale in layer {layer}"
        raise InvalidArgument("bias", problem, "use e.g. init='1/4' and bias='1/9' with rademacher weights")
    if net.bias.is_random:
        return tuple((value * Fraction(above, below), p) for value, p in net.law.atoms)
    return ((Fraction(above if Fraction(net.bias.value or 0) > 0 else -above, below), Fraction(1)),)


def _forward(
    net: Ensemble, matrices: tuple[Matrix, ...], biases: tuple[Vector, ...]
) -> Iterator[tuple[list[Vector], list[Vector], Fraction]]:
    """Yield a_0..a_L and D_1..D_L with their probability, for each choice of sides of the preactivations at 0."""
    below, above = (Fraction(slope) for slope in net.pieces)
    paths: list[tuple[list[Vector], list[Vector], Fraction]] = [([_input(net)], [], Fraction(1))]
    for matrix, bias in zip(matrices, biases, strict=True):
        longer = []
        for activations, masks, chance in paths:
            z = [sum((w * a for w, a in zip(row, activations[-1], strict=True)), b)
                 for row, b in zip(matrix, bias, strict=True)]  # fmt: skip
            sides = [(above,) if v > 0 or below == above else (below,) if v < 0 else (below, above) for v in z]
            for mask in itertools.product(*sides):
                coin = Fraction(1)
                for side in sides:
                    coin /= len(side)
                activation = tuple(m * v for m, v in zip(mask, z, strict=True))
                longer.append(([*activations, activation], [*masks, mask], chance * coin))
        paths = longer
    yield from paths


def _unit_distribution(net: Ensemble, vector: Vector, layer: int) -> dict[Fraction, Fraction]:
    """Return the law of phi(w . a + b) for one unit."""
    below, above = (Fraction(slope) for slope in net.pieces)
    out: dict[Fraction, Fraction] = {}
    for (z, begun), *row in itertools.product(_bias_atoms(net, layer), *[net.law.atoms] * len(vector)):
        chance = begun
        for (value, p), a in zip(row, vector, strict=True):
            z, chance = z + value * a, chance * p
        value = above * z if z > 0 else below * z
        out[value] = out.get(value, Fraction(0)) + chance
    return out


def _readouts(net: Ensemble) -> Iterator[tuple[Vector, Fraction]]:
    width = int(net.width_at(net.depth))
    if net.readout == "signs":  # they have modulus 1 here; the factor 1/sqrt(width) enters at the end
        for signs in itertools.product((Fraction(1), Fraction(-1)), repeat=width):
            yield signs, Fraction(1, 2**width)
    elif isinstance(net.readout, tuple):
        yield net.readout, Fraction(1)
    else:
        yield (Fraction(1),) * width, Fraction(1)


def _variance_ratio(net: Ensemble, layers: Iterable[int]) -> Fraction:
    """Return the product, over the layers, of the variance of the weights over that of the atoms."""
    factor = Fraction(1)
    for k in layers:
        factor *= net.variance(k) / net.law.variance
    return factor


def _input(net: Ensemble) -> Vector:
    width = int(net.width_at(0))
    match net.input:
        case "e1":
            return (Fraction(1),) + (Fraction(0),) * (width - 1)
        case "ones":
            return (Fraction(1),) * width
        case tuple():
            return net.input
        case _:
            raise InvalidArgument("input", "enumeration needs a rational input", "use 'e1', 'ones' or numbers")


def _norm_squared(vector: Vector) -> Fraction:
    return sum((entry * entry for entry in vector), Fraction(0))


def _require_discrete(net: Ensemble, order: int, *, readout: bool = False) -> None:
    require_order(order)
    net.require_numbers("enumeration")
    net.require_plain("enumeration", biases=True)
    if not net.law.atoms:
        raise InvalidArgument("law", f"{net.law.name!r} cannot be enumerated", "use 'rademacher' or Law.discrete(...)")
    if readout and net.readout == "random":
        raise InvalidArgument("readout", "a normal readout cannot be enumerated", "use 'signs', 'ones' or numbers")
