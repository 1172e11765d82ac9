r"""One layer as a linear map on moments: the transfer matrix of even power sums.

For a partition :math:`\lambda` of m let :math:`P_\lambda(a) = \prod_j \sum_i a_i^{2\lambda_j}`. Given the
activations of the previous layer, :math:`E[P_\lambda(a_k) \mid a_{k-1}]` is a linear combination of the
:math:`P_\mu(a_{k-1})`, for every symmetric law of the weights' entries:

1. A product of sums over units is a sum over the ways in which the parts share units, which are set partitions; the
   falling factorials of the width count the distinct units.
2. The units are independent, and each contributes a moment of :math:`\phi(w \cdot a)`.
3. That moment is a polynomial in the cumulants of :math:`w \cdot a`, which are the cumulants of one entry times
   :math:`\sum_i a_i^{2j}`.

So the moments of order 2m follow a recursion of no more terms than m has partitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import comb, factorial

import sympy as sp
from sympy.utilities.iterables import multiset_partitions, partitions

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument, Law, require_ensemble
from theory.requirements import require_independent_entries, require_order

IntegerPartition = tuple[int, ...]
"""The parts of lambda in decreasing order name P_lambda: (1, 1) stands for |a|^4, and (2,) for the sum of the a_i^4."""

_HIGHEST = 18
"""Beyond this order it takes minutes to go through all set partitions of order/2 parts."""


@dataclass(frozen=True)
class TransferMatrix:
    r"""One layer's map of power sums: E[P(a_k) | a_{k-1}] = matrix * P(a_{k-1}).

    Parameters
    ----------
    basis : tuple of IntegerPartition
        The power sums that the vector P consists of. The first is (1, ..., 1), which stands for |a|^(2m), and one layer
        maps none of them to a power sum outside of the basis.
    matrix : sympy.Matrix, shape (len(basis), len(basis))
        Its entries depend on the width, the activation's slope, and the variance and moments of a weight.
    """

    basis: tuple[IntegerPartition, ...]
    matrix: sp.Matrix

    def __repr__(self) -> str:
        if len(self.basis) == 1:
            return f"TransferMatrix(order {self.order}: {self.matrix[0]})"
        return f"TransferMatrix(order {self.order}: {len(self.basis)} power sums)"

    def _repr_latex_(self) -> str:
        after, before = (sp.Matrix([sp.Symbol(power_sum(part, k)) for part in self.basis]) for k in ("k", "k-1"))
        mean = rf"E\left[{symbols.latex(after)}\middle|a_{{k-1}}\right]"
        return rf"$\displaystyle {mean} = {symbols.latex(self.matrix)}{symbols.latex(before)}$"

    @property
    def order(self) -> int:
        """The power of the norm whose moments the matrix carries from layer to layer."""
        return 2 * sum(self.basis[0])


def power_sum(part: IntegerPartition, layer: str) -> str:
    r"""Return a power sum of the activations of a layer in LaTeX, as a product of powers of norms.

    Parameters
    ----------
    part : tuple of int
        The parts of lambda.
    layer : str
        The index of the layer.

    Examples
    --------
    >>> print(power_sum((2, 1, 1), "k"))
    \|a_{k}\|_{4}^{4} \|a_{k}\|_{2}^{4}
    """
    powers = ((j, 2 * j * part.count(j)) for j in dict.fromkeys(part))
    return " ".join(rf"\|a_{{{layer}}}\|_{{{2 * j}}}^{{{power}}}" for j, power in powers)


def transfer_matrix(net: Ensemble, order: int, layer: int = 1) -> TransferMatrix:
    r"""Derive the map of one layer on the even power sums of total degree `order`.

    Parameters
    ----------
    net : Ensemble
        A network of any widths, law and activation, whose weights have independent entries.
    order : int
        2m, the degree of the power sums, of which |a|^order is the first.
    layer : int
        k, which matters for unequal widths only.

    Returns
    -------
    TransferMatrix
        It acts on the smallest basis that contains (1, ..., 1). For normal weights this is (1, ..., 1) alone.

    Raises
    ------
    InvalidArgument
        If the order is not even and positive or exceeds 18, if the law's moments are not known up to it, or if the
        entries are dependent.

    References
    ----------
    Order 4 is the recursion of arXiv:2106.03763, in the proofs of its first theorems. P. McCullagh, *Tensor Methods in
    Statistics*, 1987, ch. 2, has the cumulants.

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
    rows: dict[IntegerPartition, dict[IntegerPartition, sp.Expr]] = {}
    waiting: list[IntegerPartition] = [(1,) * (order // 2)]
    while waiting:
        part = waiting.pop(0)
        if part not in rows:
            rows[part] = step.image(part)
            waiting.extend(mu for mu in rows[part] if mu not in rows)
    basis = tuple(rows)
    return TransferMatrix(basis, sp.Matrix([[rows[lam].get(mu, sp.S.Zero) for mu in basis] for lam in basis]))


def through_layers(layers: Sequence[Layer], order: int, start: Callable[[IntegerPartition], sp.Expr]) -> sp.Expr:
    """Return E|a|^order after some layers, given the power sums of what enters the first.

    The moment is pulled back from the last layer to the first, so that no other moments are computed on the way.

    Parameters
    ----------
    layers : sequence of Layer
        The layers in the order in which they act; their widths may differ.
    order : int
        The even power of the norm after the last layer.
    start : callable
        Gives P_part of what enters the first layer, for a partition `part`.

    Examples
    --------
    >>> net = Ensemble(widths=(2, 3, 5), init="xavier")
    >>> layers = [Layer.forward(net, 1), Layer.forward(net, 2)]
    >>> through_layers(layers, 2, lambda part: input_power_sums(net, part))
    3/2
    """
    functional: dict[IntegerPartition, sp.Expr] = {(1,) * (order // 2): sp.S.One}
    for layer in reversed(layers):
        pulled: dict[IntegerPartition, sp.Expr] = {}
        for lam, weight in functional.items():
            for mu, coefficient in layer.image(lam).items():
                pulled[mu] = pulled.get(mu, sp.S.Zero) + weight * coefficient
        functional = {mu: symbols.tidy(value) for mu, value in pulled.items()}
    return symbols.tidy(sp.Add(*(weight * start(mu) for mu, weight in functional.items())))


def power_applied(transfer: TransferMatrix, start: Callable[[IntegerPartition], sp.Expr], steps: sp.Expr) -> sp.Expr:
    """Return the first entry of matrix^steps times the start, in closed form where `steps` is a symbol.

    Parameters
    ----------
    transfer : TransferMatrix
        The map of one step.
    start : callable
        Gives the vector's first entries: P_part of what enters, for each partition `part` of the basis.
    steps : sympy.Expr
        The number of steps, which may have symbols.

    Raises
    ------
    InvalidArgument
        If `steps` is symbolic and the matrix has more than two rows.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> power_applied(transfer_matrix(net, 4), lambda part: input_power_sums(net, part), sp.Symbol("k"))
    norm_x**4*(1 + 5/n)**k
    """
    matrix = transfer.matrix
    vector = sp.Matrix([start(mu) for mu in transfer.basis])
    if len(transfer.basis) == 1:
        return matrix[0] ** steps * vector[0]
    if steps.is_Integer and all(entry.is_Rational for entry in matrix):
        return (matrix ** int(steps) * vector)[0]  # SymPy squares repeatedly
    if steps.is_Integer:
        for _ in range(int(steps)):
            vector = (matrix * vector).applyfunc(symbols.tidy)
        return vector[0]
    if len(transfer.basis) > 2:
        problem = f"this law and order follow a recursion of {len(transfer.basis)} terms, with no closed form in L"
        remedy = "give a number, use law='normal', or take theory.moments.sequences, which has the generating function"
        raise InvalidArgument("depth", problem, remedy)
    upper, lower = eigenvalues(matrix)
    once = symbols.tidy((matrix * vector)[0])
    # the result is a sum of two geometric sequences, and its first two values give both coefficients
    rising, falling = once - lower * vector[0], upper * vector[0] - once
    if (upper - lower).is_rational_function():
        terms = ((rising, upper), (falling, lower))
        return sp.Add(*(symbols.tidy(part / (upper - lower)) * symbols.tidy(value) ** steps for part, value in terms))
    return (rising * upper**steps + falling * lower**steps) / symbols.tidy(upper - lower)


def eigenvalues(matrix: sp.Matrix) -> tuple[sp.Expr, sp.Expr]:
    """Return both eigenvalues of a 2x2 matrix, the larger first.

    Examples
    --------
    >>> eigenvalues(sp.Matrix([[3, 1], [1, 3]]))
    (4, 2)
    """
    (a, b), (c, d) = matrix.tolist()
    trace, determinant = symbols.tidy(a + d), symbols.tidy(a * d - b * c)
    square = symbols.tidy(trace**2 - 4 * determinant)
    perfect = sp.sqrt(sp.factor(square))
    root = perfect if perfect.is_rational_function() else sp.sqrt(square)
    return (trace + root) / 2, (trace - root) / 2


def input_power_sums(net: Ensemble, part: IntegerPartition) -> sp.Expr:
    """Return P_part(x), a product of power sums of the input's entries.

    Parameters
    ----------
    net : Ensemble
        The network whose input is meant.
    part : IntegerPartition
        The parts: j stands for the sum of the x_i^(2j).

    Examples
    --------
    >>> input_power_sums(Ensemble(width="n", depth="L"), (2, 1))
    norm4_x**4*norm_x**2
    """
    require_ensemble(net)
    return sp.Mul(*(symbols.input_power_sum(net, 2 * j) for j in part))


@dataclass(frozen=True)
class Layer:
    """One layer, which sends a vector to gate * (W vector), entry by entry: all that its conditional moments depend on.

    Parameters
    ----------
    width : sympy.Expr
        The number of units that come out.
    variance : sympy.Expr
        The variance of a weight.
    law : Law
        The law of a weight, divided by its standard deviation.
    slope : sympy.Expr
        The activation's slope for negative arguments.
    """

    width: sp.Expr
    variance: sp.Expr
    law: Law
    slope: sp.Expr

    @classmethod
    def forward(cls, net: Ensemble, layer: int) -> Layer:
        """Return the step from a_{k-1} to a_k.

        Parameters
        ----------
        net : Ensemble
            The network.
        layer : int
            k, from 1 to the depth.

        Raises
        ------
        InvalidArgument
            If there is no such layer.

        Examples
        --------
        >>> Layer.forward(Ensemble(widths=(2, 3), init="1/2"), 1).width
        3
        """
        require_ensemble(net)
        width = symbols.whole(net.width_at(layer))
        net.require_plain("the step of a layer")
        return cls(width, symbols.variance(net, layer), net.law, symbols.slope(net))

    @classmethod
    def backward(cls, net: Ensemble, layer: int) -> Layer:
        """Return the step from b_k to b_{k-1}, whose masks are taken to be independent of all else.

        Parameters and errors are those of :meth:`forward`.

        Examples
        --------
        >>> Layer.backward(Ensemble(widths=(2, 3), init="1/2"), 1).width
        2
        """
        require_ensemble(net)
        width = symbols.whole(net.width_at(layer - 1))
        net.require_plain("the step of a layer")
        return cls(width, symbols.variance(net, layer), net.law, symbols.slope(net))

    def image(self, part: IntegerPartition) -> dict[IntegerPartition, sp.Expr]:
        """Return E[P_part(a_k) | a_{k-1}], as the coefficients other than 0 of the P_mu(a_{k-1}).

        Examples
        --------
        >>> Layer.forward(Ensemble(width="n", depth="L", init="xavier", law="rademacher"), 1).image((1, 1))
        {(2,): -2/n, (1, 1): 1 + 2/n}
        """
        total: dict[IntegerPartition, sp.Expr] = {}
        for grouping in set_partitions(part):
            weight = sp.Mul(*(self.width - j for j in range(len(grouping))))  # counts the choices of distinct units
            terms: dict[IntegerPartition, sp.Expr] = {(): weight}
            for group in grouping:
                unit = self.unit_moment(sum(group))
                terms = _product(terms, unit)
            for mu, coefficient in terms.items():
                total[mu] = total.get(mu, sp.S.Zero) + coefficient
        tidied = {mu: symbols.tidy(coefficient) for mu, coefficient in total.items()}
        return {mu: coefficient for mu, coefficient in tidied.items() if coefficient != 0}

    def unit_moment(self, nu: int) -> dict[IntegerPartition, sp.Expr]:
        """Return E phi(w . a)^(2 nu): the gate's moment times a Bell polynomial in the cumulants of w . a.

        Examples
        --------
        >>> Layer.forward(Ensemble(width="n", depth="L", activation="relu", init="he"), 1).unit_moment(1)
        {(1,): 1/n}
        """
        scale = symbols.gate_moment(self.slope, 2 * nu) * self.variance**nu
        terms = {}
        for mu in partitions(nu):
            # count the ways to split 2 nu factors into blocks of the sizes 2j
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
    """Return the cumulant of an entry divided by its standard deviation, from the moments, recursively."""
    value = symbols.number(law.moment(order))
    for j in range(2, order, 2):
        value -= comb(order - 1, j - 1) * _cumulant(law, j) * symbols.number(law.moment(order - j))
    return sp.expand(value)


def set_partitions(part: IntegerPartition) -> Iterator[list[list[int]]]:
    """Generate all ways to share the parts out into groups, where equal parts are told apart.

    Examples
    --------
    >>> list(set_partitions((1, 1)))
    [[[1, 1]], [[1], [1]]]
    """
    for grouping in multiset_partitions(list(range(len(part)))):
        yield [[part[index] for index in group] for group in grouping]


def _product(
    left: dict[IntegerPartition, sp.Expr], right: dict[IntegerPartition, sp.Expr]
) -> dict[IntegerPartition, sp.Expr]:
    """Multiply two combinations of power sums: the product of P_mu and P_nu joins the parts of mu and nu."""
    out: dict[IntegerPartition, sp.Expr] = {}
    for mu, a in left.items():
        for nu, b in right.items():
            key = tuple(sorted(mu + nu, reverse=True))
            out[key] = out.get(key, sp.S.Zero) + a * b
    return out
