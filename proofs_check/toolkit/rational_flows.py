r"""Points that gradient flow passes, in rational numbers: of diagonal nets, and of one linear neuron.

Along the flow of a diagonal net A is multiplied and B divided by :math:`z = e^{2G}`, where G is in the row space of the
design. With whole numbers in the design and rational :math:`e^{2\nu}`, every z is rational, and so is w.

A neuron moves by :math:`w-w(0) = \lambda X^Tm` with :math:`a^2-|w|^2` kept. On the line of a direction m, the points
with rational a are those of the chords :math:`a = a_0+t\lambda` with rational t.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import sympy as sp

from proofs_check.evidence import Inequality
from proofs_check.toolkit.numbers import rational
from theory.dynamics.implicit_bias.designs import Design

Vector = tuple[Fraction, ...]

TINY = sp.Rational(1, 10**20)
"""What is 0 is enclosed within this."""


def vector(text: str) -> Vector:
    """Read a vector from its entries in one line.

    Examples
    --------
    >>> vector("1 -1/2")
    (Fraction(1, 1), Fraction(-1, 2))
    """
    return tuple(map(Fraction, text.split()))


def exact(point: Sequence[Fraction]) -> tuple[sp.Rational, ...]:
    """Return a rational vector in SymPy's numbers.

    Examples
    --------
    >>> exact(vector("1 -1/2"))
    (1, -1/2)
    """
    return tuple(map(rational, point))


@dataclass(frozen=True)
class DiagonalPoint:
    """A diagonal net at the start and at a later point of its flow.

    Parameters
    ----------
    design : Design
        X, whose entries are whole numbers; its targets are of no use here.
    A, B : Vector
        (u_+ + v_+)^2 + (u_- - v_-)^2 and (u_+ - v_+)^2 + (u_- + v_-)^2 of each coordinate at the start.
    bases : Vector
        e^(2 nu) of each row.
    """

    design: Design
    A: Vector
    B: Vector
    bases: Vector

    def __str__(self) -> str:
        rows = "; ".join(" ".join(map(str, row)) for row in self.design.rows)
        return f"X = [{rows}], e^(2 nu) = {', '.join(map(str, self.bases))}, k = {', '.join(map(str, self.scales))}"

    @property
    def growth(self) -> Vector:
        """The z = e^(2G) of each coordinate."""
        columns = zip(*self.design.rows, strict=True)
        return tuple(
            prod((base ** int(x) for base, x in zip(self.bases, column, strict=True)), start=Fraction(1))
            for column in columns
        )

    @property
    def weights(self) -> Vector:
        """The point w."""
        return tuple((a * z - b / z) / 4 for a, b, z in zip(self.A, self.B, self.growth, strict=True))

    @property
    def scales(self) -> Vector:
        """The product AB of each coordinate."""
        return tuple(a * b for a, b in zip(self.A, self.B, strict=True))


def symmetric(rows: Sequence[str], bases: str, u: str, v: str) -> DiagonalPoint:
    """Return the point after the start u_+ = u_- = u, v_+ = v_- = v, which computes 0.

    Parameters
    ----------
    rows : sequence of str
        The inputs, each in one line.
    bases, u, v : str
        The numbers e^(2 nu) and the weights, each in one line.

    Examples
    --------
    >>> print(symmetric(["1 2"], "2", "1 1", "1/2 1/2"))
    X = [1 2], e^(2 nu) = 2, k = 25/4, 25/4
    """
    design = Design.read([vector(row) for row in rows], [0] * len(rows))
    A = tuple(2 * (a**2 + b**2) for a, b in zip(vector(u), vector(v), strict=True))
    return DiagonalPoint(design, A, A, vector(bases))


@dataclass(frozen=True)
class NeuronPoint:
    """A linear neuron f = a w.x at the start and at a later point.

    Parameters
    ----------
    design : Design
        X; its targets are of no use here.
    start : Vector
        w(0).
    output : Fraction
        a(0).
    direction : Vector
        m: the way leads along X^T m.
    chord : Fraction
        The slope t of the chord from the start to the point.
    """

    design: Design
    start: Vector
    output: Fraction
    direction: Vector
    chord: Fraction

    def __str__(self) -> str:
        return f"delta = {self.delta}, a(0) = {self.output}, a(T) = {self.end_output}, w(0) = {self.start}"

    @property
    def delta(self) -> Fraction:
        """a^2 - |w|^2, which the flow keeps."""
        return self.output**2 - _square(self.start)

    @property
    def _way(self) -> Vector:
        return tuple(
            sum((m * x for m, x in zip(self.direction, column, strict=True)), Fraction(0))
            for column in zip(*self.design.rows, strict=True)
        )

    @property
    def _length(self) -> Fraction:
        """The solution lambda of 2 b + c lambda = 2 a_0 t + t^2 lambda, with b = w(0).X^T m and c = |X^T m|^2."""
        b = sum((w * x for w, x in zip(self.start, self._way, strict=True)), Fraction(0))
        c, t = _square(self._way), self.chord
        length = 2 * (self.output * t - b) / (c - t**2)
        turns = b**2 > c * self.output**2  # on this hyperbola a may be 0, on others the way never turns back
        same = (b + c * length) * b > 0 if turns else (self.output + t * length) * self.output > 0
        if not same:  # the other branch, which no flow from here reaches
            raise ArithmeticError(f"no flow from w(0) = {self.start} passes the point of the chord {t}")
        return length

    @property
    def end(self) -> Vector:
        """The weights w(T)."""
        return tuple(w + self._length * x for w, x in zip(self.start, self._way, strict=True))

    @property
    def end_output(self) -> Fraction:
        """The weight a(T)."""
        return self.output + self.chord * self._length

    @property
    def point(self) -> Vector:
        """The vector a w that the neuron computes at T."""
        return tuple(self.end_output * w for w in self.end)

    @property
    def norm(self) -> sp.Expr:
        """The length of a w at T."""
        return sp.sqrt(rational(_square(self.point)))


def _square(vector: Vector) -> Fraction:
    return sum((x**2 for x in vector), Fraction(0))


def in_kernel(design: Design, numbers: Sequence[sp.Expr]) -> list[sp.Expr]:
    """Return the products with a basis of the kernel of the design: all 0 for what is in the row space.

    Examples
    --------
    >>> in_kernel(Design.read([[1, 2]], [0]), (sp.pi, 2 * sp.pi))
    [0]
    """
    return [
        sp.Add(*(rational(c) * number for c, number in zip(vector, numbers, strict=True))) for vector in design.kernel
    ]


def vanishes(case: str, number: sp.Expr, up_to: sp.Expr = TINY) -> Iterator[Inequality]:
    """Yield that a number is 0 up to 10^-20, without the modulus, whose sign SymPy would look for.

    Parameters
    ----------
    case : str
        The case in words.
    number : sympy.Expr
        The number.
    up_to : sympy.Expr
        Another distance.

    Examples
    --------
    >>> [(one.left, one.right) for one in vanishes("x", sp.pi, sp.Integer(4))]
    [(pi, 4), (-pi, 4)]
    """
    yield Inequality(case, number, up_to)
    yield Inequality(case, -number, up_to)
