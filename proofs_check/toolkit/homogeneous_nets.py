"""Small homogeneous networks with rational weights: outputs, and what each neuron's weights are pulled by, exactly."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint

from proofs_check.toolkit.balls import Number, ball
from theory.balls import Ball
from theory.dynamics.weight_norm.neurons import require_family

Vector = tuple[Fraction, ...]
Matrix = tuple[Vector, ...]


@dataclass(frozen=True)
class HomogeneousNet:
    """Layers without biases; after each but the last, z becomes max(z, 0) to a power. Labels are the outputs' signs.

    Parameters
    ----------
    layers : tuple of matrices
        Incoming weights of each neuron in a row; the last layer has one row.
    powers : tuple of int
        The power after each layer but the last: 1 is ReLU, 2 squared ReLU.
    inputs : matrix
        One example in each row.
    """

    layers: tuple[Matrix, ...]
    powers: tuple[int, ...]
    inputs: Matrix

    def __str__(self) -> str:
        widths = "-".join(str(len(layer)) for layer in self.layers)
        return f"{len(self.inputs[0])}-{widths}, powers {self.powers}, {len(self.inputs)} examples"

    @property
    def widths(self) -> tuple[int, ...]:
        """The number of neurons of each layer."""
        return tuple(len(layer) for layer in self.layers)

    @property
    def degrees(self) -> tuple[int, ...]:
        """By which the output is homogeneous in each layer: a power acts on all layers before it."""
        found, degree = [1], 1
        for power in reversed(self.powers):
            degree *= power
            found.append(degree)
        return tuple(reversed(found))

    def margins(self) -> Vector:
        """Return q_i = |Phi(x_i)|, one for each example."""
        return tuple(abs(self._pass(x)[-1][0]) for x in self.inputs)

    def slopes(self, example: int) -> tuple[Matrix, ...]:
        """Return the derivatives of q_i in all weights, in the shape of the layers.

        Parameters
        ----------
        example : int
            i.
        """
        sums = self._pass(self.inputs[example])
        back: Vector = (Fraction(1 if sums[-1][0] >= 0 else -1),)
        found: list[Matrix] = []
        for k in range(len(self.layers) - 1, -1, -1):
            seen = self.inputs[example] if k == 0 else self._acted(k - 1, sums[k - 1])
            found.append(tuple(tuple(b * x for x in seen) for b in back))
            if k:
                columns = zip(*self.layers[k], strict=True)
                power = self.powers[k - 1]
                through = (sum((b * w for b, w in zip(back, column, strict=True)), Fraction(0)) for column in columns)
                back = tuple(
                    t * power * z ** (power - 1) if z > 0 else Fraction(0)
                    for t, z in zip(through, sums[k - 1], strict=True)
                )
        return tuple(reversed(found))

    def _acted(self, k: int, sums: Vector) -> Vector:
        return tuple(max(z, Fraction(0)) ** self.powers[k] for z in sums)

    def _pass(self, x: Vector) -> list[Vector]:
        """Return the preactivations of all layers."""
        sums: list[Vector] = []
        for k, layer in enumerate(self.layers):
            seen = x if k == 0 else self._acted(k - 1, sums[-1])
            sums.append(tuple(sum((w * s for w, s in zip(row, seen, strict=True)), Fraction(0)) for row in layer))
        return sums


def clock_speed(net: HomogeneousNet, family: str = "exponential") -> Fraction | Ball:
    """Return how fast E(p) grows along the flow of the net's exponential loss: (e^p/p^2) dp/dt.

    Parameters
    ----------
    net : HomogeneousNet
        A network that classifies all examples so well that p = log(1/L) is positive.
    family : str
        ``exponential``, ``standard`` or ``plain``, with |v| = 1.

    Returns
    -------
    Fraction or flint.arb
        An exact number for one example, else a ball at the present precision.

    Raises
    ------
    InvalidArgument
        If there is no such family.

    Examples
    --------
    >>> one = Fraction(1)
    >>> clock_speed(HomogeneousNet((((2 * one,),), ((3 * one,),)), (1,), ((one,),)))
    Fraction(2, 1)
    """
    require_family(family)
    slopes = [net.slopes(i) for i in range(len(net.inputs))]
    if len(slopes) == 1:
        return Fraction(_speed(net, family, [Fraction(1)], slopes, Fraction) / net.margins()[0] ** 2)
    weights = [(-ball(q)).exp() for q in net.margins()]
    loss = sum(weights, flint.arb(0))
    return _speed(net, family, [w / loss for w in weights], slopes, ball) / loss.log() ** 2


def _speed(
    net: HomogeneousNet,
    family: str,
    shares: Sequence[Number],
    slopes: Sequence[tuple[Matrix, ...]],
    read: Callable[[Fraction], Number],
) -> Number:
    """Return the sum over neurons of <G_u, dw_u>, where G is the gradient of p and dw the flow's direction."""
    zero, total = read(Fraction(0)), read(Fraction(0))
    for k, layer in enumerate(net.layers):
        for u, w in enumerate(layer):
            pulls = zip(*(one[k][u] for one in slopes), strict=True)  # of each weight, by all examples
            G = [sum((s * read(x) for s, x in zip(shares, pull, strict=True)), zero) for pull in pulls]
            rho = read(sum((x**2 for x in w), Fraction(0)))
            inner = sum((g * read(x) for g, x in zip(G, w, strict=True)), zero)
            square, radial = sum((g * g for g in G), zero), inner * inner / rho
            total += {
                "exponential": rho * square,
                "standard": radial + rho * (square - radial),
                "plain": square,
            }[family]
    return total


def random_net(seed: int, widths: Sequence[int], powers: Sequence[int], inputs: int, examples: int) -> HomogeneousNet:
    """Return a network with small rational weights, the last layer so large that every q_i is at least 3.

    Parameters
    ----------
    seed : int
        Of Python's generator; one that gives an output of 0 is followed by the next.
    widths, powers : sequence of int
        Neurons of each layer, the last 1, and powers between them.
    inputs, examples : int
        The length and the number of examples.

    Examples
    --------
    >>> print(random_net(0, (2, 1), (2,), 3, 2))
    3-2-1, powers (2,), 2 examples
    """
    for number in range(seed, seed + 1000):
        draw = random.Random(number)
        sizes = (inputs, *widths)
        layers = [_matrix(draw, rows, columns) for columns, rows in zip(sizes, widths, strict=False)]
        net = HomogeneousNet(tuple(layers), tuple(powers), _matrix(draw, examples, inputs))
        least = min(net.margins())
        if least:
            last = tuple(tuple(w * 3 / least for w in row) for row in net.layers[-1])
            return HomogeneousNet((*net.layers[:-1], last), net.powers, net.inputs)
    raise ArithmeticError(f"no network of these sizes from seed {seed} on has outputs other than 0")


def _matrix(draw: random.Random, rows: int, columns: int) -> Matrix:
    return tuple(
        tuple(Fraction(draw.choice((-5, -4, -3, -2, -1, 1, 2, 3, 4, 5)), 3) for _ in range(columns))
        for _ in range(rows)
    )
