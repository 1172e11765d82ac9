"""Biases: how they are read, their variances, and what refuses networks that have them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from theory.ensembles import Bias, Ensemble, InvalidArgument
from theory.log_laws.log_norms import density
from theory.moments.activations import kurtosis

NET = Ensemble(width=4, depth=2, activation="relu", init="he")


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("none", "none", None),
        ("0", "none", None),
        ("constant:0", "none", None),
        ("PyTorch", "pytorch", None),
        ("1/10", "variance", Fraction(1, 10)),
        ("variance:sb2", "variance", "sb2"),
        ("constant:-1/2", "constant", Fraction(-1, 2)),
    ],
)
def test_biases_are_read_and_written(text: str, name: str, value: object) -> None:
    bias = Bias.parse(text)
    assert (bias.name, bias.value) == (name, value)
    assert Bias.parse(bias.describe()) == bias


def test_the_variance_of_a_bias() -> None:
    net = Ensemble(widths=(3, 5, 2), bias="pytorch")
    assert [net.bias_variance(k) for k in (1, 2)] == [Fraction(1, 9), Fraction(1, 15)]
    assert net.at(bias="1/7").bias_variance(2) == Fraction(1, 7)
    assert net.at(bias="constant:3").bias_variance(1) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-1", "a variance is not negative, got -1"),
        ("sb2", "there are no biases 'sb2'"),
        ("constant:", "bias: "),
        ("1/0", "bias: "),
    ],
)
def test_bad_biases_are_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        Bias.parse(text)


def test_an_ensemble_shows_its_biases() -> None:
    biased = NET.at(bias="1/10")
    assert eval(repr(biased)) == biased != NET  # what is shown is the call
    assert "bias=1/10" in biased.describe()
    assert "bias" not in NET.describe()  # so that stored runs keep their names
    assert Ensemble(width="n", depth="L", bias="variance:sb2").symbols == ("n", "L", "sb2")
    with pytest.raises(InvalidArgument, match="'n' already names a size"):
        Ensemble(width="n", depth="L", bias="variance:n")
    with pytest.raises(InvalidArgument, match="'residual:1/2' there are no biases"):
        NET.at(architecture="residual:1/2", bias="1/10")


@pytest.mark.parametrize("change", [{"bias": "1/10"}, {"bias": "constant:1"}, {"activation": "tanh"}])
def test_what_is_not_homogeneous_is_refused_where_nothing_is_known(change: dict[str, str]) -> None:
    net = NET.at(**change)
    assert not net.is_homogeneous
    name = next(iter(change))
    for known_without in (kurtosis, density):
        with pytest.raises(InvalidArgument, match=f"{name}: "):
            known_without(net)


def test_a_smooth_activation_has_no_slope() -> None:
    net = NET.at(activation="Swish")
    assert net.activation == "silu"
    assert not net.can_die
    assert net.variance(1) == Fraction(1, 2)  # He's gain is that of ReLU
    with pytest.raises(InvalidArgument, match="piecewise-linear activations, and 'silu' is none"):
        _ = net.slope
    with pytest.raises(InvalidArgument, match="'tanh' is not known in the architecture 'layernorm'"):
        NET.at(architecture="layernorm", activation="tanh")
