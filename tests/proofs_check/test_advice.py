"""An advice names something that answers: what a refusal says to type is not refused for the same reason."""

import re

import pytest

from proofs_check import quantities

NETS = (
    "--width 3 --depth 2 --activation relu --init he --bias 1/10",
    "--width 3 --depth 2 --activation abs --init 1/3 --bias 1/10",
    "--width 3 --depth 2 --activation abs --init he",
    "--width 3 --depth 2 --activation tanh",
)


def advised(refusal):
    """The commands that a refusal says to type, without the networks."""
    return re.findall(r"'vanishing ((?:derive|sample) [a-z-]+)'", refusal)


def reason(refusal):
    """What a refusal blames, and why."""
    return refusal.removeprefix("vanishing: ").partition(";")[0]


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("action", ["derive", "sample"])
def test_what_is_advised_is_not_refused_for_the_same_reason(vanishing, action, net):
    tried = {}
    for name in quantities.names():
        layers = " --layers 1,2" if name.endswith(("covariance", "correlation")) else ""
        ran = vanishing(f"{action} {name} {net}{layers}" + (" --samples 200" if action == "sample" else ""))
        assert "--engine" not in ran.err, (name, ran.err)
        for command in advised(ran.err):
            assert command != f"{action} {name}", ran.err
            if command not in tried:
                tried[command] = vanishing(f"{command} {net} --samples 200").err
            assert not tried[command] or reason(tried[command]) != reason(ran.err), (name, ran.err, tried[command])


@pytest.mark.parametrize("name", ["output", "output-kurtosis", "bias-gradient"])
def test_what_is_only_derived_names_no_other_quantity(vanishing, name):
    ran = vanishing(f"sample {name} --width 3 --depth 2")
    assert ran.err == f"vanishing: quantity: '{name}' is derived, and not sampled; derive it\n"
