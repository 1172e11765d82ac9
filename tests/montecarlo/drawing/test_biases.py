"""Biases as they are drawn: their laws, constants, and what floats do not carry."""

import numpy as np
import pytest

from montecarlo.drawing.biases import Biases
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble, Law

RNG = np.random.Generator(np.random.SFC64(0))


def test_random_biases_have_the_weights_law():
    net = Ensemble(widths=(12, 500, 3), init="pytorch", bias="pytorch")
    drawn = Biases(net).draw(1, RNG, 100)
    assert drawn.shape == (100, 500)
    bound = 1 / np.sqrt(12)  # torch.nn.Linear draws between these
    assert np.abs(drawn).max() < bound
    assert np.abs(drawn).max() > 0.999 * bound
    assert abs(np.mean(drawn**2) * 36 - 1) < 0.03  # 10 standard deviations
    signs = Biases(net.at(init="1", law="rademacher", bias="4")).draw(2, RNG, 10)
    np.testing.assert_allclose(np.abs(signs), 2, rtol=1e-15)
    three = Law.discrete({-3: "1/4", 0: "1/2", 3: "1/4"})
    values = Biases(net.at(init="1", law=three, bias="1/2")).draw(2, RNG, 100)
    np.testing.assert_allclose(np.unique(np.abs(values)), [0, 1], atol=1e-15)


def test_normal_biases_beside_orthogonal_weights():
    drawn = Biases(Ensemble(width=1000, depth=1, init="orthogonal", bias="9")).draw(1, RNG, 20)
    assert abs(np.mean(drawn**2) / 9 - 1) < 0.1  # 10 standard deviations


def test_constants_are_no_random_numbers():
    biases = Biases(Ensemble(width=2, depth=3, bias="constant:-1/4"))
    assert (biases.variances, biases.constant) == ((0.0, 0.0, 0.0), -0.25)
    state = RNG.bit_generator.state["state"]["state"].tolist()
    np.testing.assert_array_equal(biases.draw(2, RNG, 3), np.full((3, 2), -0.25))
    assert RNG.bit_generator.state["state"]["state"].tolist() == state


@pytest.mark.parametrize(
    ("fields", "argument"),
    [
        ({"init": "1e-50"}, "init"),
        ({"init": "1e41"}, "init"),
        ({"bias": "1e-41"}, "bias"),
        ({"bias": "constant:1e300"}, "bias"),
        ({"bias": "1e500"}, "bias"),
    ],
)
def test_what_floats_do_not_carry_through_the_layers_is_refused(fields, argument):
    with refused(argument, "beyond 1e20 or 1e-20"):
        Biases(Ensemble(**{"width": 2, "depth": 3, "activation": "tanh"} | fields))
