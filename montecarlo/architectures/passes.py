r"""The forward and the backward pass of all architectures, written once: for real and for complex numbers.

After its matrix, a layer may add biases, standardize what comes out, apply its activation, and add the result to the
output of an earlier layer: :math:`a_k = a_j+\alpha\,\phi(N(W_ka_{k-1}+b_k))`. Standardization is over units or inputs:

.. math:: \hat z = \frac{z-\bar z}\sigma,\quad \sigma^2 = \overline{(z-\bar z)^2},\qquad
          \frac{\partial f}{\partial z} = \frac1\sigma\Bigl(I-\frac{11^T}n-\frac{\hat z\hat z^T}n\Bigr)
          \frac{\partial f}{\partial\hat z}.

Complex numbers are never conjugated: :math:`\sigma^2` is a mean of squares, not of absolute squares, and the sign of a
number is that of its real part. So gradients are analytic functions of the weights, and
:math:`\mathrm{Im}\,\nabla f(w+ihv)/h` at h = 1e-30 is the Hessian times v, exact up to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from montecarlo.activations import Smooth
from montecarlo.arrays import Numbers
from montecarlo.drawing.small_products import matrix_matrix, matrix_vector, vector_matrix

ROUNDING = 1e-13
"""A sum smaller than this share of its terms is taken for 0 with rounding errors, where weights change nothing."""


@dataclass(frozen=True)
class Layer:
    """What follows a weight matrix.

    Attributes
    ----------
    slope : float
        The activation's slope for negative arguments, and at 0; 1 if there is no activation.
    standardized : str, optional
        What preactivations are standardized over, ``units`` or ``inputs``; by default they are not.
    adds_to : int, optional
        The earlier layer j to whose output this one's is added, where 0 is the input; by default there is none.
    scale : float
        The factor alpha before what is added.
    smooth : Smooth, optional
        The activation in place of the slope; by default the activation is piecewise linear.
    """

    slope: float = 1.0
    standardized: Literal["units", "inputs"] | None = None
    adds_to: int | None = None
    scale: float = 1.0
    smooth: Smooth | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Layout:
    """How the activations of m networks, of n units each on B inputs, lie in an array.

    Attributes
    ----------
    units, inputs : int
        The axes of units and inputs; the second is missing where each network has one input.
    forward : callable
        Returns preactivations, given matrices, shape (m, n', n), and activations.
    backward : callable
        Returns derivatives in activations, given matrices and derivatives in preactivations.
    gradient : callable
        Returns derivatives in matrices, shape (m, n', n), given derivatives in preactivations, and activations.
    """

    units: int
    inputs: int | None
    forward: Callable[[Numbers, Numbers], Numbers]
    backward: Callable[[Numbers, Numbers], Numbers]
    gradient: Callable[[Numbers, Numbers], Numbers]


def _transposed(matrices: Numbers) -> Numbers:
    return np.ascontiguousarray(matrices.transpose(0, 2, 1))


VECTORS = Layout(
    units=1,
    inputs=None,
    forward=matrix_vector,
    backward=lambda w, y: vector_matrix(y, w),
    gradient=lambda y, a: y[:, :, None] * a[:, None, :],
)
"""There is one input for each network: shape (m, n)."""

COLUMNS = Layout(
    units=1,
    inputs=2,
    forward=matrix_matrix,
    backward=lambda w, y: matrix_matrix(_transposed(w), y),
    gradient=lambda y, a: matrix_matrix(y, _transposed(a)),
)
"""There is a column for each input: shape (m, n, B)."""

ROWS = Layout(
    units=2,
    inputs=1,
    forward=lambda w, a: matrix_matrix(a, w.swapaxes(1, 2)),
    backward=lambda w, y: matrix_matrix(y, w),
    gradient=lambda y, a: matrix_matrix(y.swapaxes(1, 2), a),
)
"""There is a row for each input, as in data sets: shape (m, B, n)."""


@dataclass(frozen=True, eq=False)
class Passed:
    """What the backward pass needs to know of a layer.

    Attributes
    ----------
    read : ndarray
        The activations that the matrix was applied to.
    slopes : ndarray or None
        The slope of the activation at each preactivation. It is None if there is no activation, and where standardized
        preactivations are kept, which tell it too.
    standard, deviations : ndarray or None
        Standardized preactivations, and what they were divided by; None where nothing is standardized.
    """

    read: Numbers
    slopes: Numbers | None
    standard: Numbers | None
    deviations: Numbers | None

    def __repr__(self) -> str:
        return f"Passed(activations of shape {self.read.shape})"


def forward(
    layers: Sequence[Layer],
    matrices: Iterable[Numbers],
    inputs: Numbers,
    layout: Layout,
    *,
    biases: Sequence[Numbers] | None = None,
    floor: float = 0.0,
    before: Callable[[int, Numbers, Numbers, Numbers], None] | None = None,
    after: Callable[[int, Numbers], None] | None = None,
) -> tuple[Numbers, list[Passed]]:
    """Run networks forward.

    Parameters
    ----------
    layers : sequence of Layer
        What follows each matrix.
    matrices : iterable of ndarray, shapes (m, n_k, n_{k-1})
        The weights W_1, ..., W_L, each of which is asked for only when it is needed.
    inputs : ndarray
        The inputs, laid out as `layout` says.
    layout : Layout
        How activations lie in an array.
    biases : sequence of ndarray, shapes (m, n_k), optional
        What is added after each matrix; by default nothing is.
    floor : float
        What is added to variances before they divide.
    before : callable, optional
        Called with k, the preactivations, the matrix and a_{k-1} before anything else follows. It may change
        preactivations in place.
    after : callable, optional
        Called with k and a_k after each layer. Where layers are homogeneous, it may multiply a_k in place.

    Returns
    -------
    ndarray
        The last layer's output.
    list of Passed
        What :func:`backward` needs, layer by layer.

    Examples
    --------
    >>> beside = Layer(slope=0.0, adds_to=0, scale=0.5)
    >>> forward([beside], [np.array([[[2.0]]])], np.array([[3.0]]), VECTORS)[0]
    array([[6.]])
    """
    a, passed = inputs, list[Passed]()
    for k, (layer, w) in enumerate(zip(layers, matrices, strict=True), start=1):
        z, deviations = layout.forward(w, a), None
        if biases is not None:
            z = z + (biases[k - 1] if layout.inputs is None else np.expand_dims(biases[k - 1], layout.inputs))
        if before is not None:
            before(k, z, w, a)
        if layer.standardized is not None:
            z, deviations = _standardize(z, _axis(layer, layout), floor)
        slopes = _slopes(layer, z)
        passed.append(Passed(a, slopes, None, None) if deviations is None else Passed(a, None, z, deviations))
        if layer.smooth is not None:
            phi = layer.smooth.value(z)
            a = phi if layer.adds_to is None else passed[layer.adds_to].read + layer.scale * phi
        elif layer.adds_to is None:
            a = z if slopes is None else slopes * z
        else:
            a = passed[layer.adds_to].read + (layer.scale * z if slopes is None else layer.scale * slopes * z)
        if after is not None:
            after(k, a)
    return a, passed


def backward(
    layers: Sequence[Layer],
    matrices: Sequence[Numbers],
    passed: Sequence[Passed],
    derivatives: Numbers,
    layout: Layout,
    *,
    before_branch: Callable[[Numbers], None] | None = None,
    rounded_zeros: bool = False,
) -> Iterator[tuple[int, Numbers, Numbers]]:
    """Run networks backward, from the last layer to the first.

    Parameters
    ----------
    layers, matrices, passed, layout
        As for :func:`forward`; `passed` is what it returned.
    derivatives : ndarray
        The derivatives of f in the last layer's output.
    before_branch : callable, optional
        Called with the derivatives in a layer's output where the layer is added to another. It may multiply them in
        place, which also multiplies all derivatives that follow, where no branch goes past another.
    rounded_zeros : bool
        Whether derivatives behind a normalization become 0 where they can be nothing but rounding errors.

    Yields
    ------
    int
        The layer k, from L to 1.
    ndarray
        The derivatives of f in W_k a_{k-1}. Where no layer is added to another, they may be multiplied in place, which
        also multiplies all derivatives that follow.
    ndarray
        The activations a_{k-1}.
    """
    beside: dict[int, Numbers] = {}  # derivatives that go past a layer, by the layer that it is added to
    for k in range(len(layers), 0, -1):
        layer, at = layers[k - 1], passed[k - 1]
        slopes = at.slopes if at.standard is None else _slopes(layer, at.standard)
        if k in beside:
            derivatives = beside.pop(k) + derivatives
        y = derivatives
        if layer.adds_to is not None:
            if before_branch is not None:
                before_branch(derivatives)
            later = beside.get(layer.adds_to)  # of layers that are added to the same output
            beside[layer.adds_to] = derivatives if later is None else later + derivatives
            y = layer.scale * derivatives if slopes is None else layer.scale * slopes * derivatives
        elif slopes is not None:
            y = slopes * derivatives
        if at.standard is not None and at.deviations is not None:
            turned = k < len(layers) and layer.slope == 0 and layer.standardized == "units"
            if rounded_zeros and turned:  # what comes back is orthogonal to a_k, so it is 0 where a_k has one entry
                y[np.count_nonzero(at.standard > 0, axis=layout.units) == 1] = 0
            y = _through_standardization(y, at.standard, _axis(layer, layout))
            if rounded_zeros and layer.standardized == "inputs":
                axes = tuple(range(1, y.ndim))
                y[np.abs(y).max(axis=axes) <= ROUNDING * np.abs(derivatives).max(axis=axes)] = 0
            y /= at.deviations
        yield k, y, at.read
        if k > 1:
            derivatives = layout.backward(matrices[k - 1], y)


def _slopes(layer: Layer, z: Numbers) -> Numbers | None:
    """Return the activation's slope at each preactivation, if there is an activation."""
    if layer.smooth is not None:
        return layer.smooth.derivative(z)
    return None if layer.slope == 1 else np.where(z.real > 0, 1.0, layer.slope)


def _axis(layer: Layer, layout: Layout) -> int:
    axis = layout.units if layer.standardized == "units" else layout.inputs
    assert axis is not None  # a single input has no batch
    return axis


def _standardize(z: Numbers, axis: int, floor: float) -> tuple[Numbers, Numbers]:
    """Standardize z in place, and return it with its deviations."""
    z -= z.mean(axis=axis, keepdims=True)
    deviations = np.sqrt((z * z).mean(axis=axis, keepdims=True) + floor)
    z /= deviations
    return z, deviations


def _through_standardization(y: Numbers, standard: Numbers, axis: int) -> Numbers:
    """Return (I - 11^T/n - standard standard^T/n) y."""
    y = y - y.mean(axis=axis, keepdims=True)
    y -= standard * (y * standard).mean(axis=axis, keepdims=True)
    return y
