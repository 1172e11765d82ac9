"""Small normalized networks: their exact derivatives against back-propagation in doubles, and weights of no scale."""

from types import SimpleNamespace

import flint
import numpy as np
import pytest
from montecarlo.architectures.analytic_gradients import _matrices, _Standardized

from proofs_check.exact.real_roots import signs
from proofs_check.exact.small_normalized import SmallNormalized, small_normalized

each_network = pytest.mark.parametrize("net", small_normalized(), ids=lambda n: f"{n.widths}-{n.batch}-{n.slope}")


def floats(values):
    return np.vectorize(float)(values)


def backwards(net):
    """Gradient and Hessian in doubles, by back-propagation and complex steps."""
    inputs, readout = floats(net.drawn.inputs)[None], floats(net.drawn.readout)[None]
    f = _Standardized(inputs, readout, float(net.slope), axis=1 if net.batch == 1 else 2)
    shapes = [matrix.shape for matrix in net.drawn.matrices]
    w, size = floats(net.weights), len(net.weights)
    gradient = f.gradients(_matrices(w[None], shapes))[0]
    columns = [f.gradients(_matrices((w + 1e-30j * unit)[None], shapes))[0].imag / 1e-30 for unit in np.eye(size)]
    return gradient, np.stack(columns, axis=1)


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
