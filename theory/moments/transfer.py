r"""One layer as a linear map on moments: the transfer matrix of even power sums.

For a partition :math:`\lambda` of m let :math:`P_\lambda(a) = \prod_j \sum_i a_i^{2\lambda_j}`. Given the
activations of the previous layer, :math:`E[P_\lambda(a_k) \mid a_{k-1}]` is a linear combination of the
:math:`P_\mu(a_{k-1})`, whatever the symmetric entry law: a product of sums over units is a sum over which parts share a
unit (set partitions, with falling factorials of the width counting the distinct units), the units are independent,
and each contributes a moment of :math:`\phi(w \cdot a)`, a polynomial in the cumulants of :math:`w \cdot a`, which are
those of one entry times :math:`\sum_i a_i^{2j}`. So moments of order 2m follow a recursion no larger than the number of
partitions of m.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import comb, factorial

import sympy as sp
from sympy.utilities.iterables import multiset_partitions, partitions

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, Law
from theory.requirements import require_independent_entries, require_order

Partition = tuple[int, ...]
"""Parts in decreasing order: (1, 1) stands for |a|^4, (2,) for the sum of the a_i^4."""


_HIGHEST = 18
"""The order beyond which set partitions of order/2 parts take minutes."""


@dataclass(frozen=True)
class TransferMatrix:
    r"""E[P(a_k) | a_{k-1}] = matrix * P(a_{k-1}) on a basis of power sums closed under one layer.

    Parameters
    ----------
    basis : tuple of Partition
        Starts with (1, ..., 1), which stands for |a|^(2m).
    matrix : sympy.Matrix, shape (len(basis), len(basis))
        Entries in the width, the slope, the entry variance and its moments.
    """

    basis: tuple[Partition, ...]
    matrix: sp.Matrix


def transfer_matrix(net: Ensemble, order: int, layer: int = 1) -> TransferMatrix:
    r"""Derive the map of one layer on the even power sums of total degree `order`.

    Parameters
    ----------
    net : Ensemble
        Any widths, law, activation; independent entries.
    order : int
        2m, the degree: |a|^order is what is asked in the end.
    layer : int
        k, which matters for unequal widths only.

    Returns
    -------
    TransferMatrix
        On the smallest basis that contains (1, ..., 1): for normal entries that partition alone.

    Raises
    ------
    InvalidArgument
        If the order is not even and positive, the law's moments are not known that far, or the entries are dependent.

    References
    ----------
    Order 4 is the recursion of arXiv:2106.03763 (proofs of its first theorems); cumulants as in P. McCullagh,
    *Tensor Methods in Statistics*, 1987, ch. 2.

    Examples
    --------
    >>> from theory import Ensemble
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he", law="symmetric")
    >>> transfer_matrix(net, 4).basis
    ((1, 1), (2,))
    >>> transfer_matrix(net.at(law="normal"), 4).matrix
    Matrix([[1 + 5/n]])
    """
    require_order(order)
    require_independent_entries(net)
    if order > _HIGHEST:
        problem = f"{order} asks for all partitions of {order // 2} units, too many beyond {_HIGHEST}"
        raise InvalidArgument("order", problem, f"use an order up to {_HIGHEST}")
    step = Layer.forward(net, layer)
    rows: dict[Partition, dict[Partition, sp.Expr]] = {}
    waiting: list[Partition] = [(1,) * (order // 2)]
    while waiting:
        part = waiting.pop(0)
        if part not in rows:
            rows[part] = step.image(part)
            waiting.extend(mu for mu in rows[part] if mu not in rows)
    basis = tuple(rows)
    return TransferMatrix(basis, sp.Matrix([[rows[lam].get(mu, sp.S.Zero) for mu in basis] for lam in basis]))


def through_layers(layers: Sequence[Layer], order: int, start: Callable[[Partition], sp.Expr]) -> sp.Expr:
    """Return E|a|^order after some layers, given the power sums of what enters the first.

    The functional is pulled back from the last layer to the first, so that only what is asked for is carried.
    """
    functional: dict[Partition, sp.Expr] = {(1,) * (order // 2): sp.S.One}
    for layer in reversed(layers):
        pulled: dict[Partition, sp.Expr] = {}
        for lam, weight in functional.items():
            for mu, coefficient in layer.image(lam).items():
                pulled[mu] = pulled.get(mu, sp.S.Zero) + weight * coefficient
        functional = {mu: symbols.tidy(value) for mu, value in pulled.items()}
    return symbols.tidy(sp.Add(*(weight * start(mu) for mu, weight in functional.items())))


def power_applied(transfer: TransferMatrix, start: Callable[[Partition], sp.Expr], steps: sp.Expr) -> sp.Expr:
    """Return the first entry of matrix^steps applied to the start, in closed form where steps is a symbol.

    Raises
    ------
    InvalidArgument
        If steps is symbolic and the recursion has more than two terms.
    """
    matrix = transfer.matrix
    vector = sp.Matrix([start(mu) for mu in transfer.basis])
    if len(transfer.basis) == 1:
        return matrix[0] ** steps * vector[0]
    if steps.is_Integer and all(entry.is_Rational for entry in matrix):
        return (matrix ** int(steps) * vector)[0]  # by repeated squaring
    if steps.is_Integer:
        for _ in range(int(steps)):
            vector = (matrix * vector).applyfunc(symbols.tidy)
        return vector[0]
    if len(transfer.basis) > 2:
        problem = f"this law and order follow a recursion of {len(transfer.basis)} terms, with no closed form in L"
        remedy = "give a number, use law='normal', or take theory.moments.sequences, which has the generating function"
        raise InvalidArgument("depth", problem, remedy)
    upper, lower = eigenvalues(matrix)
    once = (matrix * vector)[0].expand()
    # both coefficients of the two geometric sequences, from the first two values
    rising, falling = once - lower * vector[0], upper * vector[0] - once
    if (upper - lower).is_rational_function():
        terms = ((rising, upper), (falling, lower))
        return sp.Add(*(symbols.tidy(part / (upper - lower)) * symbols.tidy(value) ** steps for part, value in terms))
    return (rising * upper**steps + falling * lower**steps) / symbols.tidy(upper - lower)


def eigenvalues(matrix: sp.Matrix) -> tuple[sp.Expr, sp.Expr]:
    """Return both eigenvalues of a 2x2 matrix, the larger first."""
    trace, determinant = symbols.tidy(matrix.trace()), symbols.tidy(matrix.det())
    square = symbols.tidy(trace**2 - 4 * determinant)
    perfect = sp.sqrt(sp.factor(square))
    root = perfect if perfect.is_rational_function() else sp.sqrt(square)
    return (trace + root) / 2, (trace - root) / 2


def input_power_sums(net: Ensemble, part: Partition) -> sp.Expr:
    """Return P_part(x) of the input."""
    return sp.Mul(*(symbols.input_power_sum(net, 2 * j) for j in part))


@dataclass(frozen=True)
class Layer:
    """What a layer's conditional moments depend on: out = gate * (W in), entry by entry.

    Parameters
    ----------
    width : sympy.Expr
        Number of units that come out.
    variance : sympy.Expr
        Of a weight.
    law : Law
        Of a weight.
    slope : sympy.Expr
        Of the activation.
    """

    width: sp.Expr
    variance: sp.Expr
    law: Law
    slope: sp.Expr

    @classmethod
    def forward(cls, net: Ensemble, layer: int) -> Layer:
        """Return the step from a_{k-1} to a_k."""
        width = symbols.whole(net.width_at(layer))
        net.require_plain("the step of a layer")
        return cls(width, symbols.variance(net, layer), net.law, symbols.slope(net))

    @classmethod
    def backward(cls, net: Ensemble, layer: int) -> Layer:
        """Return the step from b_k to b_{k-1}, with masks as if independent."""
        width = symbols.whole(net.width_at(layer - 1))
        net.require_plain("the step of a layer")
        return cls(width, symbols.variance(net, layer), net.law, symbols.slope(net))

    def image(self, part: Partition) -> dict[Partition, sp.Expr]:
        """E[P_part(a_k) | a_{k-1}] as coefficients of the P_mu(a_{k-1}); zero coefficients are left out."""
        total: dict[Partition, sp.Expr] = {}
        for grouping in set_partitions(part):
            weight = sp.Mul(*(self.width - j for j in range(len(grouping))))  # which units: a falling factorial
            terms: dict[Partition, sp.Expr] = {(): weight}
            for group in grouping:
                unit = self.unit_moment(sum(group))
                terms = _product(terms, unit)
            for mu, coefficient in terms.items():
                total[mu] = total.get(mu, sp.S.Zero) + coefficient
        tidied = {mu: symbols.tidy(coefficient) for mu, coefficient in total.items()}
        return {mu: coefficient for mu, coefficient in tidied.items() if coefficient != 0}

    def unit_moment(self, nu: int) -> dict[Partition, sp.Expr]:
        """E phi(w . a)^(2 nu): complete Bell polynomial in the cumulants of w . a, times the gate's moment."""
        scale = symbols.gate_moment(self.slope, 2 * nu) * self.variance**nu
        terms = {}
        for mu in partitions(nu):
            # number of ways to split 2 nu factors into blocks of these (even) sizes
            ways = factorial(2 * nu)
            cumulants = sp.S.One
            for j, times in mu.items():
                ways //= factorial(2 * j) ** times * factorial(times)
                cumulants *= _cumulant(self.law, 2 * j) ** times
            terms[tuple(sorted((j for j, times in mu.items() for _ in range(times)), reverse=True))] = (
                scale * ways * cumulants
            )
        return terms


@cache
def _cumulant(law: Law, order: int) -> sp.Expr:
    """Cumulant of a standardized entry, by the moment-cumulant recursion."""
    value = symbols.number(law.moment(order))
    for j in range(2, order, 2):
        value -= comb(order - 1, j - 1) * _cumulant(law, j) * symbols.number(law.moment(order - j))
    return sp.expand(value)


def set_partitions(part: Partition) -> Iterator[list[list[int]]]:
    """All ways to share the (distinguishable) parts out into groups, each with multiplicity one."""
    for grouping in multiset_partitions(list(range(len(part)))):
        yield [[part[index] for index in group] for group in grouping]


def _product(left: dict[Partition, sp.Expr], right: dict[Partition, sp.Expr]) -> dict[Partition, sp.Expr]:
    """Product of two combinations of power sums: partitions are joined."""
    out: dict[Partition, sp.Expr] = {}
    for mu, a in left.items():
        for nu, b in right.items():
            key = tuple(sorted(mu + nu, reverse=True))
            out[key] = out.get(key, sp.S.Zero) + a * b
    return out
