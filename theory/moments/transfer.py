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

Biases of variance :math:`s_b^2` and of the weights' law act like one more weight: cumulant j of :math:`w\cdot a + b` is
that of the law times :math:`s^j\sum_i a_i^j + s_b^j`. So partitions of lower degrees join in, down to the empty one,
which stands for the constant 1. A constant bias B is a cumulant of order 1; then z is not symmetric, and the moments
close where :math:`\phi(z)^2 = z^2` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import comb, factorial

import sympy as sp
from sympy.utilities.iterables import multiset_partitions, partitions

from theory import symbols
from theory.biases import bias_constant, bias_variance
from theory.ensembles import Ensemble, InvalidArgument, Law, require_ensemble
from theory.ensembles.usual_slopes import of_usual_slope
from theory.requirements import require_independent_entries, require_order

IntegerPartition = tuple[int, ...]
"""The parts of lambda in decreasing order name P_lambda: (1, 1) stands for |a|^4, and (2,) for the sum of the a_i^4."""

HIGHEST_ORDER = 18
"""Beyond this order it takes minutes to go through all set partitions of order/2 parts."""


@dataclass(frozen=True)
class TransferMatrix:
    r"""One layer's map of power sums: E[P(a_k) | a_{k-1}] = matrix * P(a_{k-1}).

    Parameters
    ----------
    basis : tuple of IntegerPartition
        The power sums that the vector P consists of. The first is (1, ..., 1), which stands for |a|^(2m), and one layer
        maps none of them to a power sum outside of the basis. With biases the last is (), the constant 1.
    matrix : sympy.Matrix, shape (len(basis), len(basis))
        Its entries depend on the width, the activation's slope, and the variances and moments of weights and biases.
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
    def is_affine(self) -> bool:
        """Whether the network has biases, so that the constant 1 is one of the power sums."""
        return self.basis[-1] == ()

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
    return " ".join(rf"\|a_{{{layer}}}\|_{{{2 * j}}}^{{{power}}}" for j, power in powers) or "1"


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
        It acts on the smallest basis that contains (1, ..., 1). For normal weights without biases this is (1, ..., 1)
        alone; with biases it is (1, ..., 1), then the same with fewer parts.

    Raises
    ------
    InvalidArgument
        If the order is not even and positive or exceeds 18, if the law's moments are not known up to it, if the
        entries are dependent, or if the biases are constant and the activation is not linear.

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
    >>> biased = transfer_matrix(net.at(law="normal", bias="1/10"), 2)
    >>> biased.basis, biased.matrix
    (((1,), ()), Matrix([
    [1, n/20],
    [0,    1]]))
    """
    require_order(order)
    require_independent_entries(net, biases=True)
    if order > HIGHEST_ORDER:
        problem = f"{order} asks for all partitions of {order // 2} units, too many beyond {HIGHEST_ORDER}"
        raise InvalidArgument("order", problem, f"use an order up to {HIGHEST_ORDER}")
    return map_of_layer(Layer.forward(net, layer), order)


def map_of_layer(step: Layer, order: int) -> TransferMatrix:
    """Derive the map of a given layer on the power sums of degree `order`, as :func:`transfer_matrix` of a network.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he", bias="variance:t")
    >>> map_of_layer(Layer.backward(net, 1), 2).matrix  # biases have no part in the backward pass
    Matrix([[1]])
    """
    rows: dict[IntegerPartition, dict[IntegerPartition, sp.Expr]] = {}
    waiting: list[IntegerPartition] = [(1,) * (order // 2)]
    while waiting:
        part = waiting.pop(0)
        if part not in rows:
            rows[part] = step.image(part)
            waiting.extend(mu for mu in rows[part] if mu not in rows)
    basis = tuple(sorted(rows, key=lambda mu: -sum(mu)))  # of equal degrees, as they were found
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
    bias : sympy.Expr
        The variance of a bias of the same law, which is added before the gate.
    constant : sympy.Expr
        A number that is added before the gate; other than 0 only where the square of the slope is 1.
    """

    width: sp.Expr
    variance: sp.Expr
    law: Law
    slope: sp.Expr
    bias: sp.Expr = sp.S.Zero
    constant: sp.Expr = sp.S.Zero

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
            If there is no such layer, or its biases are constant and the activation is not linear.

        Examples
        --------
        >>> Layer.forward(Ensemble(widths=(2, 3), init="1/2"), 1).width
        3
        """
        require_ensemble(net)
        width = symbols.whole(net.width_at(layer))
        net.require_plain("the step of a layer", biases=True)
        net, _ = of_usual_slope(net, "the step of a layer")
        constant = bias_constant(net)
        if constant != 0 and symbols.slope(net) ** 2 != 1:
            problem = (
                f"{net.bias.describe()!r} makes preactivations asymmetric, and moments of {net.activation} do not "
            )
            remedy = "use a variance such as bias='1/10', activation='linear', or sample it"
            raise InvalidArgument("bias", f"{problem}close on even powers", remedy)
        variances = symbols.variance(net, layer), bias_variance(net, layer)
        return cls(width, variances[0], net.law, symbols.slope(net), variances[1], constant)

    @classmethod
    def backward(cls, net: Ensemble, layer: int) -> Layer:
        """Return the step from b_k to b_{k-1}, whose masks are taken to be independent of all else.

        Biases have no part in it. Parameters are those of :meth:`forward`.

        Examples
        --------
        >>> Layer.backward(Ensemble(widths=(2, 3), init="1/2"), 1).width
        2
        """
        require_ensemble(net)
        width = symbols.whole(net.width_at(layer - 1))
        net.require_plain("the step of a layer", biases=True)
        return cls(width, symbols.variance(net, layer), net.law, symbols.slope(net))

    def image(self, part: IntegerPartition) -> dict[IntegerPartition, sp.Expr]:
        """Return E[P_part(a_k) | a_{k-1}], as the coefficients other than 0 of the P_mu(a_{k-1}).

        Examples
        --------
        >>> Layer.forward(Ensemble(width="n", depth="L", init="xavier", law="rademacher"), 1).image((1, 1))
        {(2,): -2/n, (1, 1): 1 + 2/n}
        """
        if not part:
            return {(): sp.S.One}
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
        """Return E phi(w . a + b)^(2 nu): the gate's moment times a Bell polynomial in the cumulants of w . a + b.

        Examples
        --------
        >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
        >>> Layer.forward(net, 1).unit_moment(1), Layer.forward(net.at(bias="1/10"), 1).unit_moment(1)
        ({(1,): 1/n}, {(1,): 1/n, (): 1/20})
        """
        terms: dict[IntegerPartition, sp.Expr] = {}
        for shifts in range(nu + 1):  # a constant takes an even number of the 2 nu factors for itself
            if shifts and self.constant == 0:
                break
            scale = symbols.gate_moment(self.slope, 2 * nu) * comb(2 * nu, 2 * shifts) * self.constant ** (2 * shifts)
            for mu, coefficient in self._centred_moment(nu - shifts).items():
                terms[mu] = terms.get(mu, sp.S.Zero) + scale * coefficient
        return terms

    def _centred_moment(self, nu: int) -> dict[IntegerPartition, sp.Expr]:
        """Return E(w . a + b)^(2 nu) for a random b."""
        terms: dict[IntegerPartition, sp.Expr] = {}
        for mu in partitions(nu):
            # count the ways to split 2 nu factors into blocks of the sizes 2j
            ways = factorial(2 * nu)
            product: dict[IntegerPartition, sp.Expr] = {(): sp.S.One}
            for j, times in mu.items():
                ways //= factorial(2 * j) ** times * factorial(times)
                for _ in range(times):
                    product = _product(product, self._cumulant(j))
            for part, coefficient in product.items():
                terms[part] = terms.get(part, sp.S.Zero) + ways * coefficient
        return terms

    def _cumulant(self, j: int) -> dict[IntegerPartition, sp.Expr]:
        """Return the cumulant of order 2j of w . a + b, where the weights and the bias add theirs up."""
        own = _cumulant(self.law, 2 * j)
        terms: dict[IntegerPartition, sp.Expr] = {(j,): own * self.variance**j}
        if self.bias != 0:
            terms[()] = own * self.bias**j
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
