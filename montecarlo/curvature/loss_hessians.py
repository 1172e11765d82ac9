"""The Hessian of a mean loss over data, and its parts, as operators whose products are exact up to rounding."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo.arguments import as_choice, require_type
from montecarlo.arrays import Array
from montecarlo.curvature.losses import loss_named
from montecarlo.curvature.networks import Network
from montecarlo.wording import counted
from theory.ensembles import InvalidArgument

PARTS = ("hessian", "gauss_newton", "residual", "gradient_outer_products")
"""Names of the operators of a LossHessian."""
_BLOCK_BYTES = 2**23
"""Directions are taken in blocks whose values at all units have so many bytes: enough for the GEMMs, not too much for
the cache."""


class LossHessian:
    r"""The Hessian in the weights of a mean loss :math:`\frac1N\sum_i \ell(f(x_i), y_i)`, by its products.

    Parameters
    ----------
    network : Network
        The network, with P weights.
    inputs : array_like, shape (N, n_0)
        The x_i.
    targets : array_like
        The y_i: for the squared loss an array of shape (N, o), for cross-entropy N labels from 0 to o - 1.
    loss : str
        ``squared``, :math:`|f - y|^2/2`, or ``cross-entropy``, of the softmax of the outputs.

    Attributes
    ----------
    value : float
        The mean loss.
    gradient : ndarray, shape (P,)
        Gradient of the mean loss. Weights come in the order W_1 by rows, ..., W_L by rows, here and everywhere.
    hessian : LinearOperator, shape (P, P)
        The whole Hessian, which is the sum of the next two.
    gauss_newton : LinearOperator
        :math:`\frac1N\sum_i J_i^T \ell_i'' J_i`, positive semidefinite.
    residual : LinearOperator
        :math:`\frac1N\sum_i\sum_o \partial_o\ell_i\, \nabla^2 f_o(x_i)`, computed directly, not as a difference.
    gradient_outer_products : LinearOperator
        :math:`\frac1N\sum_i g_i g_i^T` with the gradient g_i of each example's loss: the empirical Fisher matrix.
    dead : ndarray of int
        The examples that are 0, or on which a hidden layer is off. There the outputs are 0 for all weights nearby, so
        that these examples add exactly 0 to everything but the value.

    Raises
    ------
    InvalidArgument
        If the data do not fit the network or the loss, outputs are not finite, or a unit is exactly at a kink.

    Notes
    -----
    With :math:`z_k = W_k a_{k-1}`, :math:`a_k = D_k z_k`, a direction dW changes them by

    .. math:: Rz_k = dW_k a_{k-1} + W_k Ra_{k-1}, \qquad Ra_k = D_k Rz_k,

    and the gradient :math:`\sum_i b_k a_{k-1}^T`, :math:`b_k = D_k W_{k+1}^T b_{k+1}`, by
    :math:`\sum_i Rb_k a_{k-1}^T + b_k Ra_{k-1}^T`,

    .. math:: Rb_k = D_k(W_{k+1}^T Rb_{k+1} + dW_{k+1}^T b_{k+1}),

    with :math:`\ell'' Rf` at the end (Pearlmutter 1994); :math:`D_k` is constant, as the second derivative of the
    activation is 0 away from its kink. With 0 for all b one gets the Gauss-Newton part (Schraudolph 2002), and with 0
    for :math:`\ell'' Rf` at the end the residual. Several directions share their GEMMs: their values at the units have
    shape (n_k, directions, N), so that each W_k meets all of them at once.

    A unit with z = 0 has no derivative, and then the Hessian is not defined, unless all that comes into the unit is 0:
    then nothing nearby depends on it.

    References
    ----------
    B. A. Pearlmutter, Fast exact multiplication by the Hessian, Neural Computation 6(1), 1994; N. N. Schraudolph, Fast
    curvature matrix-vector products for second-order gradient descent, Neural Computation 14(7), 2002.

    Examples
    --------
    >>> chain = LossHessian(Network([[[2.0]], [[3.0]]], "linear"), [[1.0]], [[5.0]])
    >>> chain.value, chain.gradient
    (0.5, array([3., 2.]))
    >>> chain.hessian @ np.eye(2)
    array([[9., 7.],
           [7., 4.]])
    >>> chain.dense("residual")
    array([[0., 1.],
           [1., 0.]])
    """

    def __init__(self, network: Network, inputs: ArrayLike, targets: ArrayLike, loss: str = "squared") -> None:
        require_type("network", network, Network, "Network(weights, ...)")
        self.network, self.loss = network, loss_named(loss)
        x = network.checked_inputs(inputs)
        self._targets = self.loss.checked_targets(targets, len(x), network.outputs_size)
        self._a, self._slopes, self._outputs = _forward(network, x)
        self.dead = _dead(network, self._a)
        self._offsets = np.cumsum([0, *(w.size for w in network.weights)])
        self._a = self._a[: network.depth]
        with np.errstate(over="ignore", invalid="ignore"):
            self.value = float(np.mean(self.loss.value(self._outputs, self._targets)))
        if not np.isfinite(self.value):
            of_targets = self.loss.name == "squared" and np.abs(self._targets).max() > np.abs(self._outputs).max()
            problem = f"make the loss {self.value}"
            if of_targets:
                raise InvalidArgument("targets", problem, "scale them down")
            raise InvalidArgument("inputs", problem, "scale them, or the weights, down")
        slopes = np.ascontiguousarray(self.loss.gradient(self._outputs, self._targets).T)
        self._b = [b[:, 0] for b in self._backward(slopes[:, None])]
        self.gradient = np.concatenate([(b @ a.T).ravel() for a, b in zip(self._a, self._b, strict=True)]) / len(x)

    def __repr__(self) -> str:
        of = f"{self.loss.name}, {counted(self.examples, 'example')}, value {self.value:.5g}"
        return f"LossHessian({counted(self.parameters, 'weight')}, {of})"

    @property
    def parameters(self) -> int:
        """P."""
        return self.network.parameters

    @property
    def examples(self) -> int:
        """N."""
        return len(self._outputs)

    @property
    def hessian(self) -> Any:
        """The Hessian, a LinearOperator."""
        return self._operator(partial(self._second, curved=True, bent=True))

    @property
    def gauss_newton(self) -> Any:
        """The Hessian's part from the curvature of the loss, a LinearOperator."""
        return self._operator(partial(self._second, curved=True, bent=False))

    @property
    def residual(self) -> Any:
        """The Hessian's part from the curvature of the network, a LinearOperator."""
        return self._operator(partial(self._second, curved=False, bent=True))

    @property
    def gradient_outer_products(self) -> Any:
        """The empirical Fisher matrix, a LinearOperator."""
        return self._operator(self._outer)

    def operator(self, part: str) -> Any:
        """Return one of the four operators by its name.

        Raises
        ------
        InvalidArgument
            If there is no such part.
        """
        return getattr(self, as_choice("part", part, PARTS))

    def dense(self, part: str = "hessian", most_bytes: int = 2**31) -> Array:
        """Return a part as a matrix.

        Parameters
        ----------
        part : str
            ``hessian``, ``gauss_newton``, ``residual`` or ``gradient_outer_products``.
        most_bytes : int
            Memory that the matrix, of 8 P^2 bytes, may take.

        Returns
        -------
        ndarray, shape (P, P)
            Symmetric to the last bit.

        Raises
        ------
        InvalidArgument
            If the part is none of these, or the matrix would take more memory.
        """
        operator, size = self.operator(part), self.parameters
        if 8 * size**2 > most_bytes:
            problem = f"is {most_bytes}, but {size} x {size} doubles take {8 * size**2 / 2**30:.3g} GiB"
            raise InvalidArgument("most_bytes", problem, "raise it, or use extreme_eigenvalues or reduced_spectrum")
        matrix = np.empty((size, size))
        for start in range(0, size, 256):
            columns = np.arange(start, min(start + 256, size))
            units = np.zeros((size, len(columns)))
            units[columns, columns - start] = 1
            matrix[columns] = operator.matmat(units).T
        for i in range(1, size):
            matrix[i, :i] = matrix[:i, i]
        return matrix

    def activations(self) -> list[Array]:
        """Return the inputs a_0, ..., a_{L-1} of the layers, shapes (n_{k-1}, N)."""
        return list(self._a)

    def slopes(self) -> list[Array | None]:
        """Return the slopes of layers 1, ..., L, shapes (n_k, N); None for a layer without an activation."""
        return list(self._slopes)

    def loss_cotangents(self) -> list[Array]:
        """Return the gradients b_1, ..., b_L of the examples' losses in z_1, ..., z_L, shapes (n_k, N)."""
        return list(self._b)

    def cotangents(self, at_outputs: Array) -> list[Array]:
        """Return cotangents of z_1, ..., z_L, shapes (n_k, m, N), given m of the outputs, shape (o, m, N)."""
        return self._backward(np.array(at_outputs, dtype=np.float64))

    def loss_factors(self) -> Array:
        """Return S, shape (N, o, o), such that S S^T are the Hessians of the losses in the outputs."""
        return self.loss.hessian_factor(self._outputs, self._targets)

    def _operator(self, product: Callable[[list[Array], slice], list[Array]]) -> Any:
        """Return the operator, given the function that multiplies some directions for some examples."""
        from scipy.sparse.linalg import LinearOperator

        many, one = partial(self._matmat, product), partial(self._matvec, product)
        shape = (self.parameters, self.parameters)
        return LinearOperator(shape, matvec=one, rmatvec=one, matmat=many, rmatmat=many, dtype=np.float64)

    def _matvec(self, product: Callable[[list[Array], slice], list[Array]], v: Array) -> Array:
        return self._matmat(product, np.reshape(v, (-1, 1)))[:, 0]

    def _matmat(self, product: Callable[[list[Array], slice], list[Array]], v: Array) -> Array:
        """Return products with directions v, shape (P, m), in blocks of directions and of examples."""
        if np.iscomplexobj(v):
            return np.asarray(self._matmat(product, v.real) + 1j * self._matmat(product, v.imag))
        result = np.zeros(v.shape)
        columns = max(1, _BLOCK_BYTES // (8 * sum(self.network.widths)))
        some = max(1, columns // self.examples)
        for start in range(0, v.shape[1], some):
            block = np.s_[start : start + some]
            directions = self._unflattened(v[:, block])
            for first in range(0, self.examples, columns):
                parts = product(directions, np.s_[first : first + columns])
                for k, part in enumerate(parts):
                    rows = np.s_[self._offsets[k] : self._offsets[k + 1]]
                    result[rows, block] += part.reshape(-1, part.shape[2])
        result /= self.examples
        return result

    def _unflattened(self, v: Array) -> list[Array]:
        """Return directions v, shape (P, m), as arrays (n_k, m, n_{k-1}), which a GEMM multiplies by activations."""
        return [
            np.array(v[i:j].reshape(*w.shape, -1).transpose(0, 2, 1), dtype=np.float64, order="C")
            for w, i, j in zip(self.network.weights, self._offsets[:-1], self._offsets[1:], strict=True)
        ]

    def _second(self, directions: list[Array], rows: slice, *, curved: bool, bent: bool) -> list[Array]:
        """Return the change of the gradients' sum over some examples, shapes (n_k, n_{k-1}, m).

        Without `curved` l'' is taken to be 0, without `bent` all second derivatives of the outputs are.
        """
        net, last = self.network, self.network.depth - 1
        changes: list[Array] = []  # Ra_1, ..., Ra_L
        for k in range(last + 1 if curved else last):
            change = _times(directions[k], self._a[k][:, rows])
            if k:
                change += _times(net.weights[k], changes[-1])
            changes.append(self._masked(k, change, rows))
        c = None  # Rb, or the change in the gradient in the activations before it is masked
        if curved:
            change = changes[-1] if net.readout is None else _times(net.readout, changes[-1])
            moved = self.loss.hessian_product(self._outputs[rows], self._targets[rows], np.moveaxis(change, 0, -1))
            c = np.ascontiguousarray(np.moveaxis(moved, -1, 0))
            c = c if net.readout is None else _times(net.readout.T, c)
        parts: list[Array] = []
        for k in range(last, -1, -1):
            part = np.zeros((*net.weights[k].shape, directions[k].shape[1]))
            if c is not None:
                c = self._masked(k, c, rows)
                part += _times(c, self._a[k][:, rows].T).transpose(0, 2, 1)
            if bent and k:
                part += _times(self._b[k][:, rows], changes[k - 1].transpose(2, 0, 1))
            parts.append(part)
            if k:
                c = None if c is None else _times(net.weights[k].T, c)
                if bent:
                    bend = _times(np.ascontiguousarray(directions[k].transpose(2, 1, 0)), self._b[k][:, rows])
                    c = bend if c is None else np.add(c, bend, out=c)
        return parts[::-1]

    def _outer(self, directions: list[Array], rows: slice) -> list[Array]:
        """Return the sum, over some examples, of their gradients times these gradients' products with directions."""
        a, b = [x[:, rows] for x in self._a], [x[:, rows] for x in self._b]
        along = sum(np.einsum("imn,in->mn", _times(d, x), y) for d, x, y in zip(directions, a, b, strict=True))
        return [_times(y[:, None] * along, x.T).transpose(0, 2, 1) for x, y in zip(a, b, strict=True)]

    def _backward(self, cotangents: Array) -> list[Array]:
        """Return b_1, ..., b_L, shapes (n_k, m, N), given cotangents of the outputs, shape (o, m, N)."""
        net, every = self.network, np.s_[:]
        c = cotangents if net.readout is None else _times(net.readout.T, cotangents)
        found = []
        for k in range(net.depth - 1, -1, -1):
            c = self._masked(k, c, every)
            found.append(c)
            c = _times(net.weights[k].T, c) if k else c
        return found[::-1]

    def _masked(self, k: int, x: Array, rows: slice) -> Array:
        """Multiply x, shape (n, m, N), by the slopes of a layer, in place, and return it."""
        slopes = self._slopes[k]
        return x if slopes is None else np.multiply(x, slopes[:, None, rows], out=x)


def _times(left: Array, right: Array) -> Array:
    """Contract the last axis of one array with the first of the other, in a single GEMM."""
    shape = (*left.shape[:-1], *right.shape[1:])
    return (left.reshape(-1, left.shape[-1]) @ right.reshape(len(right), -1)).reshape(shape)


def _forward(network: Network, inputs: Array) -> tuple[list[Array], list[Array | None], Array]:
    """Return a_0, ..., a_L, the slopes of layers 1, ..., L and the outputs, shape (N, o)."""
    a, slopes = [np.ascontiguousarray(inputs.T)], list[Array | None]()
    for k, w in enumerate(network.weights, start=1):
        with np.errstate(over="ignore", invalid="ignore"):
            z = w @ a[-1]
        if not np.isfinite(z).all():
            problem = f"make preactivations of layer {k} overflow"
            raise InvalidArgument("inputs", problem, "scale them, or the weights, down")
        if network.slope == 1 or (k == network.depth and network.readout is None):
            slopes.append(None)
            a.append(z)
            continue
        kinks = np.argwhere(((z == 0) & a[-1].any(axis=0)).T)
        if len(kinks):
            example, unit = kinks[0]
            problem = f"put unit {unit} of layer {k} exactly at the kink of {network.activation} at example {example}"
            remedy = "leave this example out, or move its entries or the unit's weights by a little"
            raise InvalidArgument("inputs", f"{problem}, where there is no Hessian", remedy)
        slope = np.where(z > 0, 1.0, network.slope)
        slopes.append(slope)
        a.append(z * slope)
    outputs = a[-1] if network.readout is None else network.readout @ a[-1]
    return a, slopes, outputs.T


def _dead(network: Network, a: list[Array]) -> NDArray[np.intp]:
    """Return the examples on which the input is 0, or all units of a ReLU layer are off."""
    hidden = a[: network.depth + (network.readout is not None)] if network.slope == 0 else a[:1]
    return np.flatnonzero(np.any([~layer.any(axis=0) for layer in hidden], axis=0))
