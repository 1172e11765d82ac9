"""Small normalized networks: their exact derivatives against back-propagation in doubles, and weights of no scale."""

from types import SimpleNamespace

import flint
import numpy as np
import pytest

from montecarlo.architectures.passes import COLUMNS, Layer, backward, forward
from proofs_check.exact.real_roots import signs
from proofs_check.exact.small_normalized import SmallNormalized, small_normalized

each_network = pytest.mark.parametrize("net", small_normalized(), ids=lambda n: f"{n.widths}-{n.batch}-{n.slope}")


def floats(values):
    return np.vectorize(float)(values)


def backwards(net):
    """Gradient and Hessian in doubles, by back-propagation and complex steps."""
    layers = [Layer(float(net.slope), "units" if net.batch == 1 else "inputs")] * net.depth
    inputs, readout = floats(net.drawn.inputs)[None], floats(net.drawn.readout)
    shapes = [matrix.shape for matrix in net.drawn.matrices]
    ends = np.cumsum([rows * columns for rows, columns in shapes])[:-1]

    def gradients(w):
        matrices = [part.reshape(1, *shape) for part, shape in zip(np.split(w, ends), shapes, strict=True)]
        last, passed = forward(layers, matrices, inputs.astype(w.dtype), COLUMNS)
        start = np.zeros_like(last)
        start[0, :, 0] = readout
        found = {k: COLUMNS.gradient(y, a) for k, y, a in backward(layers, matrices, passed, start, COLUMNS)}
        return np.concatenate([found[k].ravel() for k in sorted(found)])

    w = floats(net.weights)
    columns = [gradients(w + 1e-30j * unit).imag / 1e-30 for unit in np.eye(len(w))]
    return gradients(w), np.stack(columns, axis=1)


@each_network
def test_derivatives_are_those_of_back_propagation(net):
    gradient, hessian = backwards(net)
    exact = np.array([[float(entry) for entry in row] for row in net.hessian.tolist()])
    np.testing.assert_allclose(floats(net.gradient), gradient, rtol=1e-10, atol=1e-10 * np.abs(gradient).max())
    np.testing.assert_allclose(exact, hessian, rtol=1e-9, atol=1e-9 * np.abs(hessian).max())
    ends = np.linalg.eigvalsh(exact)
    low, high = net.product_of_ends
    assert float(low) <= -ends[0] * ends[-1] * (1 + 1e-8)
    assert -ends[0] * ends[-1] * (1 - 1e-8) <= float(high) <= float(low) * (1 + 1e-7)
    large = np.abs(ends) > 1e-9 * np.abs(ends).max()
    assert signs(net.characteristic)[:2] == (np.sum(large & (ends > 0)), np.sum(large & (ends < 0)))


@each_network
def test_weights_that_are_scaled_together_do_not_change_the_output(net):
    def factor(layer, unit):
        return flint.fmpq(layer + 2 + unit * (net.batch > 1))

    factors = [
        np.array([[factor(layer, unit)] for unit in range(len(matrix))], dtype=object)
        for layer, matrix in enumerate(net.drawn.matrices)
    ]
    scaled = tuple(factor * matrix for factor, matrix in zip(factors, net.drawn.matrices, strict=True))
    again = SmallNormalized(net.widths, net.batch, net.slope)
    again.__dict__["drawn"] = SimpleNamespace(matrices=scaled, readout=net.drawn.readout, inputs=net.drawn.inputs)
    assert again.value == net.value != 0
    assert len(net.scaled) == (net.depth if net.batch == 1 else sum(net.widths[1:]))
    assert sorted(i for at in net.scaled for i in range(at.start, at.stop)) == list(range(len(net.weights)))


def test_a_counterexample_says_all_its_numbers():
    layered, batched = (next(net for net in small_normalized() if net.batch == batch) for batch in (1, 4))
    assert str(layered).startswith("layer norm, slope 1, W = [[")
    assert "batch norm, x = [[" in str(batched)
    assert str(batched.drawn.readout.tolist()) in str(batched)
