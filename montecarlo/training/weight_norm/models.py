"""Networks whose neurons are trained through length and direction: what their outputs are, and what pulls at weights.

Each is data of N networks of one shape. The loss is the sum over examples of exp(-q_i), where the margin q_i is the
output times the label. A model returns margins, and the gradient of any weighted sum of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo.arguments import as_floats
from montecarlo.arrays import Array
from montecarlo.wording import counted
from theory.ensembles import InvalidArgument


class Model(Protocol):
    """What flow and descent need to know of networks."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many weights each neuron has."""
        ...

    def margins(self, state: Array, which: NDArray[np.intp]) -> Array:
        """Return q, shape (j, m), of those networks whose numbers are given, shape (j,)."""
        ...

    def pull(self, state: Array, shares: Array, which: NDArray[np.intp]) -> Array:
        """Return the gradient of sum_i shares_i q_i in the weights, shape (j, P)."""
        ...


@dataclass(frozen=True, eq=False)
class Committee:
    """Linear neurons with fixed signs: q_i = sum_u s_u <w_u, z_i>, where z_i is an example times its label.

    Parameters
    ----------
    signs : array_like, shape (k,)
        s_u, each 1 or -1.
    examples : array_like, shape (N, m, d)
        z_i of each network.

    Raises
    ------
    InvalidArgument
        If a shape does not fit, or a sign is none.

    Examples
    --------
    >>> one = Committee([1, -1], [[[1.0, 0.0]]])
    >>> one.margins(np.array([[3.0, 0, 1, 0]]), np.array([0])), one.sizes
    (array([[2.]]), (2, 2))
    """

    signs: Array
    examples: Array

    def __init__(self, signs: ArrayLike, examples: ArrayLike) -> None:
        s, z = as_floats("signs", signs), as_floats("examples", examples)
        if s.ndim != 1 or not len(s) or not (np.abs(s) == 1).all():
            raise InvalidArgument("signs", f"must be a list of 1 and -1, got {signs!r:.60}", "use e.g. [1, -1]")
        if z.ndim != 3 or 0 in z.shape:
            raise InvalidArgument("examples", f"have shape {z.shape}", "use shape (N, m, d)")
        object.__setattr__(self, "signs", s)
        object.__setattr__(self, "examples", z)

    def __repr__(self) -> str:
        networks, examples, _ = self.examples.shape
        return f"Committee({counted(networks, 'network')} of {counted(len(self.signs), 'neuron')}, {examples} examples)"

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many weights each neuron has."""
        return (self.examples.shape[2],) * len(self.signs)

    def predictor(self, state: Array) -> Array:
        """Return beta = sum_u s_u w_u of each network, shape (N, d).

        Parameters
        ----------
        state : ndarray, shape (N, k d)
            The weights.
        """
        weights = state.reshape(len(state), len(self.signs), -1)
        return np.asarray(np.einsum("k,nkd->nd", self.signs, weights))

    def margins(self, state: Array, which: NDArray[np.intp]) -> Array:
        """Return the margins, shape (j, m).

        Parameters
        ----------
        state : ndarray, shape (j, k d)
            The weights of some networks.
        which : ndarray, shape (j,)
            Their numbers.
        """
        return np.asarray(np.einsum("nmd,nd->nm", self.examples[which], self.predictor(state)))

    def pull(self, state: Array, shares: Array, which: NDArray[np.intp]) -> Array:
        """Return s_u sum_i shares_i z_i for each neuron, shape (j, k d).

        Parameters
        ----------
        state, which
            As for :meth:`margins`.
        shares : ndarray, shape (j, m)
            The weights of the sum.
        """
        force = np.einsum("nm,nmd->nd", shares, self.examples[which])
        return np.asarray((self.signs[:, None] * force[:, None]).reshape(len(state), -1))


@dataclass(frozen=True, eq=False)
class Products:
    """One example, q = sum_u x_u p_u, where p_u is a product of n weights, each a neuron of its own.

    Parameters
    ----------
    slopes : array_like, shape (k,)
        x_u.
    depth : int
        n.

    Raises
    ------
    InvalidArgument
        If the slopes are no list of numbers, or the depth is no positive integer.

    Examples
    --------
    >>> two = Products([2, 1], depth=3)
    >>> two.margins(np.array([[1.0, 1, 1, 2, 2, 2]]), np.array([0]))
    array([[10.]])
    """

    slopes: Array
    depth: int

    def __init__(self, slopes: ArrayLike, depth: int) -> None:
        x = as_floats("slopes", slopes)
        if x.ndim != 1 or not len(x):
            raise InvalidArgument("slopes", f"have shape {x.shape}", "give a list of numbers")
        if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
            raise InvalidArgument("depth", f"must be a positive integer, got {depth!r}", "use e.g. depth=2")
        object.__setattr__(self, "slopes", x)
        object.__setattr__(self, "depth", depth)

    def __repr__(self) -> str:
        return f"Products({counted(len(self.slopes), 'product')} of {counted(self.depth, 'neuron')})"

    @property
    def sizes(self) -> tuple[int, ...]:
        """One weight for each neuron."""
        return (1,) * (len(self.slopes) * self.depth)

    def factors(self, state: Array) -> Array:
        """Return the products p_u of each network, shape (N, k).

        Parameters
        ----------
        state : ndarray, shape (N, k n)
            The weights, product by product.
        """
        return np.asarray(state.reshape(len(state), len(self.slopes), self.depth).prod(axis=2))

    def margins(self, state: Array, which: NDArray[np.intp]) -> Array:
        """Return the margin, shape (j, 1); the arguments are those of :meth:`Committee.margins`."""
        return np.asarray((self.factors(state) * self.slopes).sum(axis=1, keepdims=True))

    def pull(self, state: Array, shares: Array, which: NDArray[np.intp]) -> Array:
        """Return x_u p_u/w for each weight, shape (j, k n); the arguments are those of :meth:`Committee.pull`."""
        weights = state.reshape(len(state), len(self.slopes), self.depth)
        others = np.stack([np.delete(weights, i, axis=2).prod(axis=2) for i in range(self.depth)], axis=2)
        return np.asarray((shares[:, :, None] * self.slopes[:, None] * others).reshape(len(state), -1))


@dataclass(frozen=True, eq=False)
class TwoLayers:
    """Two layers of powers of ReLU: q_i = y_i sum_u a_u (b_u.x_i)_+^power; all a_u together are one neuron.

    Parameters
    ----------
    examples : array_like, shape (N, m, d)
        x_i of each network.
    labels : array_like, shape (N, m)
        y_i, each 1 or -1.
    units : int
        k. A state holds the b_u one after the other, and then all a_u.
    power : int
        1 for ReLU, 2 for squared ReLU.

    Raises
    ------
    InvalidArgument
        If a shape does not fit, a label is none, or a number is no positive integer.

    Examples
    --------
    >>> one = TwoLayers([[[1.0, 0.0]]], [[1.0]], units=1)
    >>> one.margins(np.array([[3.0, 0, 2]]), np.array([0])), one.sizes
    (array([[18.]]), (2, 1))
    """

    examples: Array
    labels: Array
    units: int
    power: int = 2

    def __init__(self, examples: ArrayLike, labels: ArrayLike, units: int, power: int = 2) -> None:
        x, y = as_floats("examples", examples), as_floats("labels", labels)
        if x.ndim != 3 or 0 in x.shape:
            raise InvalidArgument("examples", f"have shape {x.shape}", "use shape (N, m, d)")
        if y.shape != x.shape[:2] or not (np.abs(y) == 1).all():
            raise InvalidArgument("labels", f"must be 1 or -1, of shape {x.shape[:2]}", "give one for each example")
        for name, number in (("units", units), ("power", power)):
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise InvalidArgument(name, f"must be a positive integer, got {number!r}", f"use e.g. {name}=2")
        for name, value in (("examples", x), ("labels", y), ("units", units), ("power", power)):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        networks, examples, _ = self.examples.shape
        return f"TwoLayers({counted(networks, 'network')} of {counted(self.units, 'unit')}, {examples} examples)"

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many weights each neuron has."""
        return (*(self.examples.shape[2],) * self.units, self.units)

    def _seen(self, state: Array, which: NDArray[np.intp]) -> tuple[Array, Array, Array]:
        """Return b.x cut off at 0, shape (j, m, k), the output weights, and the examples."""
        k, x = self.units, self.examples[which]
        hidden = state[:, :-k].reshape(len(state), k, -1)
        return np.maximum(np.einsum("nmd,nkd->nmk", x, hidden), 0), state[:, -k:], x

    def margins(self, state: Array, which: NDArray[np.intp]) -> Array:
        """Return the margins, shape (j, m); the arguments are those of :meth:`Committee.margins`."""
        seen, out, _ = self._seen(state, which)
        return np.asarray(self.labels[which] * np.einsum("nmk,nk->nm", seen**self.power, out))

    def pull(self, state: Array, shares: Array, which: NDArray[np.intp]) -> Array:
        """Return the gradient of the sum, shape (j, P); the arguments are those of :meth:`Committee.pull`."""
        seen, out, x = self._seen(state, which)
        signed = shares * self.labels[which]
        steep = self.power * seen ** (self.power - 1) * (seen > 0) * out[:, None]
        hidden = np.einsum("nm,nmk,nmd->nkd", signed, steep, x).reshape(len(state), -1)
        return np.concatenate([hidden, np.einsum("nm,nmk->nk", signed, seen**self.power)], axis=1)
