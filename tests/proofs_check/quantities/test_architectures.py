"""What `derive` and `sample` say of architectures: the answer, and what it assumes."""

import shlex

import pytest

from montecarlo import HessianExtremes
from proofs_check.cli import main
from theory.ensembles import Ensemble, InvalidArgument


@pytest.mark.parametrize(
    ("asked", "answer", "assumed"),
    [
        (
            "activation --width n --depth D --activation relu --init he --architecture 'residual:1/sqrt(L):two'",
            "E|a_D|^2 = norm_x**2*(1 + 4/D)**(D/2)",
            "alpha = 1/sqrt(B) of B = D/2 branches",
        ),
        (
            "log-norm --width 2 --depth 3 --activation relu --init orthogonal",
            "E[log|a_3|^2 | a_3 != 0] = -4*log(2)",
            "given that no layer is dead",
        ),
        ("log-variance --width n --depth L --init orthogonal", "Var[log|a_L|^2] = 0", "Haar-orthogonal"),
        (
            "log-norm --width 8 --depth 64 --architecture 'residual:1/sqrt(L)'",
            "E[log|a_64|^2] = 0.74707794189453",
            "alpha = 1/sqrt(64)",
        ),
    ],
)
def test_an_answer_says_what_it_assumes(capsys, asked, answer, assumed):
    assert main(["derive", *shlex.split(asked)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(answer)
    assert assumed in out


def test_behind_batch_norm_no_input_is_given(capsys):
    assert main(shlex.split("derive activation --width 8 --depth 4 --activation relu --architecture batchnorm:8")) == 0
    out = capsys.readouterr().out
    assert out.startswith("E|a_4|^2 = 4\n")
    assert "a unit vector" not in out


def test_a_layer_inside_a_branch_can_be_sampled(capsys):
    asked = "sample exceedance --width 4 --depth 4 --architecture residual:1:two --layer 3 --samples 500"
    assert main(shlex.split(asked)) == 0
    assert capsys.readouterr().out.startswith("P(|a_3|^2 >= 1/2*|x|^2) = ")


def test_curvature_at_a_kink_is_refused_in_any_architecture():
    net = Ensemble(width=2, depth=3, activation="relu", law="rademacher", architecture="residual:1")
    with pytest.raises(InvalidArgument, match=r"^law: 'rademacher' has atoms"):
        HessianExtremes().components(net)
    assert HessianExtremes().components(net.at(activation="linear"))
