"""Descent from random starts: the orders that are measured, against the same by hand; refusals."""

from typing import Any

import numpy as np
import pytest

from montecarlo import simulate
from montecarlo.training.regression.diagonal_observables import DescentOrders
from theory.ensembles import Ensemble, InvalidArgument

NET, ORDERS = Ensemble(width=5, depth=5), DescentOrders(inputs=2, learning_rate=0.02, steps=30)


class Drawn:
    """A chunk of given weights."""

    def __init__(self, weights: Any, readout: Any) -> None:
        self._weights, self.readout = weights, readout

    def weights(self, layer: int) -> Any:
        return self._weights[layer - 1]


def test_what_is_measured_is_what_it_is_by_hand() -> None:
    rng = np.random.default_rng(0)
    weights, readout = rng.normal(size=(5, 3, 5, 5)) / np.sqrt(5), rng.normal(size=(3, 5)) / np.sqrt(5)
    found = ORDERS.measure(Drawn(weights, readout))  # type: ignore[arg-type]
    for i in range(3):
        X, y = weights[0, i, :2], np.sqrt(5) * readout[i, :2]
        P = np.eye(5) - np.linalg.pinv(X) @ X
        sizes = []
        for rate, steps in ((0.02, 30), (0.01, 60)):
            up, vp, um, vm = (weights[k, i, 0] for k in (1, 2, 3, 4))
            A0, B0 = (up + vp) ** 2 + (um - vm) ** 2, (up - vp) ** 2 + (um + vm) ** 2
            for _ in range(steps):
                g = rate * X.T @ (y - X @ (up * vp - um * vm))
                up, vp, um, vm = up + g * vp, vp + g * up, um - g * vm, vm - g * um
            A, B = (up + vp) ** 2 + (um - vm) ** 2, (up - vp) ** 2 + (um + vm) ** 2
            sizes.append([
                np.linalg.norm(P @ (np.arcsinh((A - B) / 2 / np.sqrt(k)) / 2 - np.log(A0 / B0) / 4))
                for k in (A * B, A0 * B0)
            ])  # fmt: skip
        assert np.abs(found[i] - np.log(np.array(sizes[0]) / sizes[1])).max() < 1e-6


def test_the_orders_are_two_and_one() -> None:
    readings = simulate(NET, [ORDERS], samples=500, seed=3)[ORDERS]
    for name, order in (("own", 2), ("kept", 1)):
        assert abs(np.median(readings.log_values(name)) / np.log(2) - order) < 0.05


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: DescentOrders(0, 0.1, 1), "^inputs: "),
        (lambda: DescentOrders(1, 0.0, 1), "^learning_rate: "),
        (lambda: DescentOrders(1, 0.1, 0), "^steps: "),
        (lambda: ORDERS.components(NET.at(depth=4)), "^depth: must be 5"),
        (lambda: ORDERS.components(NET.at(width=2)), "^width: must be constant and at least 3"),
        (lambda: ORDERS.components(NET.at(widths=(5, 5, 5, 5, 5, 4))), "^width: must be constant"),
        (lambda: ORDERS.components(NET.at(width="n")), "^net: |^width"),
    ],
)
def test_bad_input_is_named(call: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        call()
