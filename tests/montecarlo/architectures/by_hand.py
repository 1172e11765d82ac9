"""Networks of every architecture, and the output f of one of them, plainly."""

from fractions import Fraction

import numpy as np
import pytest

from montecarlo.architectures.engine import Wired
from theory.ensembles import Ensemble

LINEAR = Ensemble(width=4, depth=4, init="xavier")
RELU = Ensemble(width=4, depth=4, activation="relu", init="he")
UNEQUAL = RELU.at(width=None, depth=None, widths=(2, 5, 3))
RESIDUAL = [
    LINEAR.at(architecture="residual:1/sqrt(L)"),
    RELU.at(architecture="residual:2/3"),
    RELU.at(activation="leaky:1/4", law="uniform", input=(1, 2, -1, 3), architecture="residual:1"),
    RELU.at(architecture="residual:1/sqrt(L):two"),
    RELU.at(activation="leaky:1/4", architecture="residual:0:two"),
]
NETWORKS = [
    *RESIDUAL,
    RELU.at(architecture="layernorm"),
    UNEQUAL.at(activation="leaky:1/4", law="uniform", architecture="layernorm"),
    RELU.at(architecture="batchnorm:3"),
    UNEQUAL.at(activation="linear", readout="ones", architecture="batchnorm:6"),
]
ARCHITECTURES = ["residual:1", "residual:1/L:two", "layernorm", "batchnorm:5"]
"""One of each kind, for ReLU networks."""


def of_architecture(net):
    """A name for a case."""
    return f"{net.architecture.describe()}-{net.activation}"


each_network = pytest.mark.parametrize("net", NETWORKS, ids=of_architecture)
each_residual = pytest.mark.parametrize("net", RESIDUAL, ids=of_architecture)


def generator(seed):
    return np.random.Generator(np.random.SFC64(seed))


def drawn(net, networks, seed=0):
    """So many networks, as the engine draws them."""
    return Wired(net.architecture).opened(net, frozenset({"backward"}), None)(generator(seed), networks)


def scale(net):
    """alpha; 1 where it is 0, as the second matrices are 0 instead."""
    alpha = net.architecture.alpha
    branches = net.depth // 2 if net.architecture.branch == "two" else net.depth
    return {"1/sqrt(L)": branches**-0.5, "1/L": 1 / branches}.get(alpha) or float(Fraction(alpha)) or 1.0


def output(chunk, matrices, network):
    """f of one network with other weights; the input of a batch is its first column."""
    net = chunk.net
    name, slope = net.architecture.name, float(net.slope)
    phi = lambda z: np.where(z > 0, z, slope * z)  # noqa: E731
    a = chunk.inputs[network] if name == "batchnorm" else chunk.input
    before = a
    for k, w in enumerate(matrices):
        z = w @ a
        if name == "residual":
            if net.architecture.branch != "two":
                a = a + scale(net) * phi(z)
            elif k % 2 == 0:
                before, a = a, phi(z)
            else:
                a = before + scale(net) * z
            continue
        axis = 0 if name == "layernorm" else 1
        z = z - z.mean(axis=axis, keepdims=True)
        a = phi(z / np.sqrt((z**2).mean(axis=axis, keepdims=True)))
    last = a[:, 0] if name == "batchnorm" else a
    return float(chunk.readout[network] @ last)
