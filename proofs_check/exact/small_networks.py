r"""Hessians of small networks by brute force, exactly: every entry, the signs of the eigenvalues, the norms.

With its masks held fixed :math:`f = \langle v, a_L\rangle` is a polynomial in the weights. Its second derivatives are
read off f itself, with single entries in place of weight matrices: no formula for the Hessian is used. Eigenvalues are
roots of the characteristic polynomial, all real, so that Descartes' rule of signs counts them exactly.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from functools import cache, cached_property

import flint

from proofs_check.exact.real_roots import Array, LargestRoot, Number, Polynomial, spectral_norm_squared, squared_roots


@dataclass(frozen=True, eq=False)
class SmallNetwork:
    r"""One network with rational weights, its gradient and its Hessian.

    Parameters
    ----------
    matrices : tuple of flint.fmpq_mat
        The weight matrices W_1, ..., W_L.
    readout : flint.fmpq_mat
        The readout v, shape (1, n_L).
    input : flint.fmpq_mat
        The input x, shape (n_0, 1).
    slope : flint.fmpq
        The slope of the activation below 0: 1 for a linear network, 0 for ReLU.

    Notes
    -----
    All weights form one vector: layer by layer, each matrix row by row.

    Examples
    --------
    >>> from flint import fmpq_mat
    >>> chain = SmallNetwork((fmpq_mat(1, 1, [2]),) * 3, fmpq_mat(1, 1, [1]), fmpq_mat(1, 1, [1]), flint.fmpq(1))
    >>> chain.hessian.tolist()
    [[0, 2, 2], [2, 0, 2], [2, 2, 0]]
    """

    matrices: tuple[Array, ...]
    readout: Array
    input: Array
    slope: Number

    def __str__(self) -> str:
        """Return what a counterexample needs: all numbers."""
        kind = {0: "relu", 1: "linear"}.get(self.slope, f"leaky:{self.slope}")
        weights = "; ".join(str(matrix.tolist()) for matrix in self.matrices)
        return f"{kind}, W = {weights}, v = {self.readout.entries()}, x = {self.input.entries()}"

    @property
    def depth(self) -> int:
        """The number L of weight matrices."""
        return len(self.matrices)

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths n_0, ..., n_L."""
        return (self.input.nrows(), *(matrix.nrows() for matrix in self.matrices))

    @cached_property
    def _forward(self) -> tuple[tuple[Array, ...], tuple[Array, ...], tuple[Array, ...]]:
        activations, preactivations, masks = [self.input], [], []
        for matrix in self.matrices:
            z = matrix * activations[-1]
            mask = _diagonal([flint.fmpq(1) if value > 0 else self.slope for value in z.entries()])
            preactivations.append(z)
            masks.append(mask)
            activations.append(mask * z)
        return tuple(activations), tuple(preactivations), tuple(masks)

    @property
    def activations(self) -> tuple[Array, ...]:
        """The activations a_0, ..., a_L, as columns."""
        return self._forward[0]

    @property
    def preactivations(self) -> tuple[Array, ...]:
        """The preactivations z_1, ..., z_L, as columns."""
        return self._forward[1]

    @property
    def masks(self) -> tuple[Array, ...]:
        """The masks D_1, ..., D_L, as diagonal matrices."""
        return self._forward[2]

    @cached_property
    def value(self) -> Number:
        """The output f."""
        return (self.readout * self.activations[-1])[0, 0]

    def active(self, layer: int) -> int:
        """Return the number of units of a layer that pass anything on: all of them, unless the slope is 0."""
        return sum(1 for i in range(self.widths[layer]) if self.masks[layer - 1][i, i] != 0)

    def run(self, layer: int, columns: Array, last: int) -> Array:
        """Return a_last for each column that is put in place of z_layer, with the masks held fixed.

        Parameters
        ----------
        layer : int
            The layer whose preactivation is replaced, from 1.
        columns : flint.fmpq_mat
            The columns, shape (n_layer, number of columns).
        last : int
            The layer whose activations are returned, from `layer` on.

        Returns
        -------
        flint.fmpq_mat
            The activations, shape (n_last, number of columns).
        """
        out = self.masks[layer - 1] * columns
        for k in range(layer + 1, last + 1):
            out = self.masks[k - 1] * (self.matrices[k - 1] * out)
        return out

    def _outputs(self, layer: int, columns: Array) -> list[Number]:
        """Return f for each column that is put in place of z_layer."""
        return list((self.readout * self.run(layer, columns, self.depth)).entries())

    @cached_property
    def weights(self) -> Array:
        """All weights, shape (N, 1)."""
        return _column([entry for matrix in self.matrices for entry in matrix.entries()])

    @cached_property
    def gradient(self) -> Array:
        """The gradient df/dW, shape (N, 1). As f is linear in each matrix, it is f with single entries in its place."""
        inputs = self.activations[:-1]
        return _column(
            [entry for k, a in enumerate(inputs, 1) for entry in self._outputs(k, _single_entries(self.widths[k], a))]
        )

    def places(self, layer: int) -> range:
        """Return where the weights of a layer are in the vector of all."""
        ends = list(
            itertools.accumulate((rows * columns for columns, rows in itertools.pairwise(self.widths)), initial=0)
        )
        return range(ends[layer - 1], ends[layer])

    def block(self, first: int, second: int) -> Array:
        """Return the Hessian's block of two layers, shape (n_k n_{k-1}, n_l n_{l-1}).

        Parameters
        ----------
        first, second : int
            The two layers, from 1.
        """
        return _sub(self.hessian, self.places(first), self.places(second))

    def row(self, layer: int) -> Array:
        """Return the Hessian's rows of one layer, shape (n_k n_{k-1}, N)."""
        return _sub(self.hessian, self.places(layer), range(self.hessian.ncols()))

    @cached_property
    def hessian(self) -> Array:
        """The matrix of all second derivatives, shape (N, N)."""
        size = len(self.weights.entries())
        rows = [[flint.fmpq(0)] * size for _ in range(size)]
        for k in range(1, self.depth + 1):
            moves, mine = _single_entries(self.widths[k], self.activations[k - 1]), self.places(k)
            for (i, j), entry in self._within(k, moves).items():
                rows[mine[i]][mine[j]] = rows[mine[j]][mine[i]] = entry
            for later in range(k + 1, self.depth + 1):
                reached = self.run(k, moves, later - 1)
                entries = iter(self._outputs(later, _single_entries(self.widths[later], reached)))
                for i, j in itertools.product(self.places(later), mine):
                    rows[i][j] = rows[j][i] = next(entries)
        return flint.fmpq_mat(rows)

    def _within(self, layer: int, moves: Array) -> dict[tuple[int, int], Number]:
        """Return the second differences of f in two entries of one matrix."""
        z, steps = self.preactivations[layer - 1], _columns(moves)
        pairs = list(itertools.combinations_with_replacement(range(len(steps)), 2))
        points = [z, *(z + step for step in steps), *(z + steps[i] + steps[j] for i, j in pairs)]
        start, *values = self._outputs(layer, _side_by_side(points))
        once, twice = values[: len(steps)], values[len(steps) :]
        return {(i, j): both - once[i] - once[j] + start for (i, j), both in zip(pairs, twice, strict=True)}

    @cached_property
    def characteristic(self) -> Polynomial:
        """The Hessian's characteristic polynomial."""
        return self.hessian.charpoly()

    @cached_property
    def norm_squared(self) -> LargestRoot:
        """The square of the Hessian's spectral norm."""
        return LargestRoot.of(squared_roots(self.characteristic))

    @cached_property
    def block_norms_squared(self) -> dict[tuple[int, int], LargestRoot]:
        """The squares of the spectral norms of all blocks k < l."""
        pairs = itertools.combinations(range(1, self.depth + 1), 2)
        return {(k, later): spectral_norm_squared(self.block(k, later)) for k, later in pairs}


# --- the networks -----------------------------------------------------------------------------------------------------

_ENTRIES = [flint.fmpq(p, q) for p, q in ((-3, 1), (-2, 1), (-1, 1), (-1, 2), (1, 2), (1, 1), (2, 1), (3, 1))]
_SLOPES = (flint.fmpq(1), flint.fmpq(0), flint.fmpq(1, 3))
_WIDTHS = (
    *((1, 1, 1), (2, 2, 2), (3, 2, 1), (1, 3, 2), (2, 4, 3), (4, 4, 4)),
    *((1, 1, 1, 1), (2, 2, 2, 2), (3, 1, 2, 2), (2, 3, 1, 3), (1, 2, 3, 2), (3, 3, 3, 3)),
    *((1, 1, 1, 1, 1), (2, 2, 2, 2, 2), (2, 1, 3, 1, 2), (3, 2, 3, 2, 1), (1, 4, 2, 1, 3)),
    *((1, 1, 1, 1, 1, 1), (2, 2, 2, 2, 2, 2), (2, 3, 1, 2, 3, 1), (3, 2, 1, 2, 3, 2)),
)
_LARGE = ((3, 4, 3, 4, 3), (4, 3, 4, 3, 2, 4))


@cache
def small_networks() -> tuple[SmallNetwork, ...]:
    """Return some two hundred networks, always the same, of all kinds, in which no preactivation is 0.

    Their widths are from 1 to 4, equal or not, also with bottlenecks; their depths are from 2 to 5; their activation is
    linear, ReLU or leaky ReLU. Among them are chains of equal weights, and networks whose f is 0.

    Examples
    --------
    >>> len(small_networks()), sum(net.value == 0 for net in small_networks())
    (251, 48)
    """
    random_ones = [
        network
        for slope in _SLOPES
        for copies, shapes in ((3, _WIDTHS), (1, _LARGE))
        for widths in shapes
        for copy in range(copies)
        for network in _drawn(widths, slope, copy)
    ]
    one = flint.fmpq_mat(1, 1, [1])
    equal = [SmallNetwork((one,) * depth, sign * one, one, _SLOPES[0]) for depth in (2, 3, 4, 5) for sign in (1, -1)]
    return (*equal, *random_ones)


def _drawn(widths: tuple[int, ...], slope: Number, number: int) -> list[SmallNetwork]:
    """Draw a network with f not 0; number 0 of its kind comes also with a readout that makes f vanish."""
    source = random.Random(f"{widths} {slope} {number}")

    def matrix(rows: int, columns: int) -> Array:
        entries = [_ENTRIES[int(source.random() * len(_ENTRIES))] for _ in range(rows * columns)]
        return flint.fmpq_mat(rows, columns, entries)

    while True:
        matrices = tuple(matrix(rows, columns) for columns, rows in itertools.pairwise(widths))
        network = SmallNetwork(matrices, matrix(1, widths[-1]), matrix(widths[0], 1), slope)
        if network.value != 0 and all(z != 0 for layer in network.preactivations for z in layer.entries()):
            break
    if number or widths[-1] == 1:
        return [network]
    first, second, *rest = network.activations[-1].entries()
    orthogonal = flint.fmpq_mat(1, widths[-1], [second, -first, *(0 for _ in rest)])
    return [network, SmallNetwork(matrices, orthogonal, network.input, slope)]


# --- matrices ---------------------------------------------------------------------------------------------------------


def _column(entries: list[Number]) -> Array:
    return flint.fmpq_mat(len(entries), 1, entries)


def _diagonal(entries: list[Number]) -> Array:
    size = len(entries)
    return flint.fmpq_mat([[entries[i] if i == j else flint.fmpq(0) for j in range(size)] for i in range(size)])


def _columns(matrix: Array) -> list[Array]:
    return [_column(list(column)) for column in zip(*matrix.tolist(), strict=True)]


def _side_by_side(columns: list[Array]) -> Array:
    return flint.fmpq_mat([list(row) for row in zip(*(column.entries() for column in columns), strict=True)])


def _sub(matrix: Array, rows: range, columns: range) -> Array:
    return flint.fmpq_mat([[matrix[i, j] for j in columns] for i in rows])


def _single_entries(rows: int, columns: Array) -> Array:
    """Return E_ij X for all i and j, side by side, where E_ij is 0 except for a 1 in row i and column j."""
    inputs = columns.tolist()
    nothing = [flint.fmpq(0)] * columns.ncols()
    return flint.fmpq_mat(
        [[entry for i in range(rows) for x in inputs for entry in (x if i == r else nothing)] for r in range(rows)]
    )
