"""Small networks on data, and their Hessians by complex steps, one example at a time: exact up to rounding."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from montecarlo.curvature.loss_hessians import LossHessian
from montecarlo.curvature.networks import Network


@dataclass(frozen=True)
class Problem:
    network: Network
    inputs: np.ndarray
    targets: np.ndarray
    loss: str

    @property
    def hessian(self):
        return LossHessian(self.network, self.inputs, self.targets, self.loss)

    def outputs_and_cotangents(self, flat, x):
        """f, and the gradients of its entries in the weights, shape (o, P); masks are those of the real parts."""
        net, weights, at = self.network, [], 0
        for w in net.weights:
            weights.append(flat[at : at + w.size].reshape(w.shape))
            at += w.size
        a, slopes = [x], []
        for k, w in enumerate(weights, start=1):
            z = w @ a[-1]
            plain = k == net.depth and net.readout is None
            slopes.append(np.where(z.real > 0, 1.0, 1.0 if plain else net.slope))
            a.append(slopes[-1] * z)
        v = np.eye(len(a[-1])) if net.readout is None else net.readout
        c, found = v, []
        for k in range(net.depth - 1, -1, -1):
            c = c * slopes[k]
            found.append(np.einsum("oi,j->oij", c, a[k]).reshape(len(c), -1))
            c = c @ weights[k]
        return v @ a[-1], np.concatenate(found[::-1], axis=1)

    def example(self, flat, i):
        """Loss, its gradient in the weights, the Jacobian, the Hessian of the loss in the outputs."""
        f, jacobian = self.outputs_and_cotangents(flat, self.inputs[i])
        if self.loss == "squared":
            difference = f - self.targets[i]
            return difference @ difference / 2, difference @ jacobian, jacobian, np.eye(len(f))
        y, p = self.targets[i], np.exp(f) / np.exp(f).sum()
        others = np.array([sum(q for k, q in enumerate(p) if k != j) for j in range(len(p))])  # 1 - p
        slope = np.where(np.arange(len(p)) == y, -others, p)
        second = np.diag(p * others) - np.where(np.eye(len(p)) > 0, 0, np.outer(p, p))
        return np.log1p(others[y] / p[y]), slope @ jacobian, jacobian, second

    def reference(self):
        """Value, gradient and the four matrices."""
        flat, rows = np.concatenate([w.ravel() for w in self.network.weights]), range(len(self.inputs))
        values, gradients, jacobians, seconds = zip(*(self.example(flat, i) for i in rows), strict=True)
        gauss_newton = np.mean([j.T @ s @ j for j, s in zip(jacobians, seconds, strict=True)], axis=0)
        steps = flat + 1e-100j * np.eye(len(flat))
        hessian = np.array([np.mean([self.example(w, i)[1] for i in rows], axis=0).imag / 1e-100 for w in steps])
        parts = {
            "hessian": hessian,
            "gauss_newton": gauss_newton,
            "residual": hessian - gauss_newton,
            "gradient_outer_products": np.mean([np.outer(g, g) for g in gradients], axis=0),
        }
        return np.mean(values), np.mean(gradients, axis=0), parts


@st.composite
def problems(draw, most_examples=4):
    """Networks of up to four layers of weights and four units, some of their inputs 0."""
    widths = draw(st.lists(st.integers(1, 4), min_size=2, max_size=5))
    loss = draw(st.sampled_from(["squared", "cross-entropy"]))
    outputs = draw(st.integers(2 if loss == "cross-entropy" else 1, 3))
    has_readout = draw(st.booleans())
    if not has_readout:
        widths[-1] = outputs
    examples = draw(st.integers(1, most_examples))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    weights = [rng.standard_normal((n, m)) for m, n in pairwise(widths)]
    activation = draw(st.sampled_from(["linear", "relu", "leaky:1/4"]))
    net = Network(weights, activation, rng.standard_normal((outputs, widths[-1])) if has_readout else None)
    inputs = rng.standard_normal((examples, widths[0]))
    if draw(st.integers(0, 4)) == 0:
        inputs[rng.integers(examples)] = 0
    is_squared = loss == "squared"
    targets = rng.standard_normal((examples, outputs)) if is_squared else rng.integers(0, outputs, examples)
    return Problem(net, inputs, targets, loss)
