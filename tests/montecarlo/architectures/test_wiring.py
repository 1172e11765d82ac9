"""The layers of each architecture, and the scale of its branches."""

import math

import pytest

from montecarlo.architectures.passes import Layer
from montecarlo.architectures.wiring import branch_scale, layers_of
from theory.ensembles import Ensemble

LINEAR = Ensemble(width=4, depth=4, init="xavier")
LEAKY = LINEAR.at(activation="leaky:1/4")


@pytest.mark.parametrize(
    ("net", "layers"),
    [
        (LEAKY, [Layer(0.25)] * 4),
        (LINEAR, [Layer()] * 4),
        (LEAKY.at(architecture="layernorm"), [Layer(0.25, "units")] * 4),
        (LEAKY.at(architecture="batchnorm:8"), [Layer(0.25, "inputs")] * 4),
        (LINEAR.at(architecture="residual:3"), [Layer(1.0, None, k, 3.0) for k in range(4)]),
        (LEAKY.at(architecture="residual:1/sqrt(L)"), [Layer(0.25, None, k, 0.5) for k in range(4)]),
        (
            LEAKY.at(architecture="residual:1/L:two"),
            [Layer(0.25), Layer(1.0, None, 0, 0.5), Layer(0.25), Layer(1.0, None, 2, 0.5)],
        ),
        (
            LINEAR.at(activation="relu", architecture="residual:0:two"),
            [Layer(0.0), Layer(1.0, None, 0, 1.0), Layer(0.0), Layer(1.0, None, 2, 1.0)],
        ),
    ],
    ids=lambda part: part.architecture.describe() if isinstance(part, Ensemble) else "",
)
def test_layers_are_those_of_the_architecture(net, layers):
    assert layers_of(net) == layers


@pytest.mark.parametrize(
    ("alpha", "scale"),
    [("1/sqrt(L)", 1 / math.sqrt(6)), ("1/L", 1 / 6), ("2/3", 2 / 3), ("7", 7.0), ("1e-100", 1e-100)],
)
def test_scales_are_numbers_of_the_branches(alpha, scale):
    one = LINEAR.at(depth=6, architecture=f"residual:{alpha}")
    two = LINEAR.at(depth=12, architecture=f"residual:{alpha}:two")
    assert branch_scale(one) == branch_scale(two) == scale


def test_branches_whose_second_matrix_is_0_have_scale_1():
    assert branch_scale(LINEAR.at(architecture="residual:0:two")) == 1
