"""Whatever is asked of `derive` and `sample`: an answer, or one line that names an option of the command typed."""

import itertools
import re

import pytest

from proofs_check import quantities

ENSEMBLE = {
    "--width",
    "--widths",
    "--depth",
    "--activation",
    "--architecture",
    "--init",
    "--law",
    "--readout",
    "--input",
}
ASKED = {"--order", "--layer", "--layers", "--p", "--c", "--format"}
KNOWN = {
    "derive": ENSEMBLE | ASKED | {"--digits"},
    "sample": ENSEMBLE | ASKED | {"--samples", "--within", "--seed", "--confidence", "--engine", "--dtype", "--jobs",
                                  "--cluster", "--store", "--block"},
}  # fmt: skip
RELU = "--width 4 --depth 3 --activation relu --init he"
NETS = (
    RELU,
    "--width n --depth L",
    "--widths 3,4,2 --activation leaky:1/4",
    f"{RELU} --architecture layernorm",
    f"{RELU} --architecture batchnorm:8",
    "--width 4 --depth 4 --architecture residual:1/sqrt(L)",
    "--width 4 --depth 3 --activation relu --init orthogonal",
    "--width 4 --depth 3 --activation relu --init pytorch",
    f"{RELU} --law rademacher",
    "--width 2 --depth 3 --init 1e300",
    "--width 2 --depth 3 --input 1e200,0",
)
OPTIONS = ("", "--order 4", "--order 3", "--layer 0", "--layer k", "--layers 1,2", "--layers j,k", "--c 0")


def refused_well(action, command, ran):
    """Whether a refusal is one line, blames what was typed or is missing, and speaks of options alone."""
    line = re.fullmatch(r"vanishing: (\S+): (.*); (.*)\n", ran.err)
    assert line, (command, ran.err)
    argument, _, remedy = line.groups()
    assert argument in KNOWN[action] | {"quantity"}, (command, ran.err)
    assert set(re.findall(r"--[a-z-]+", ran.err)) <= KNOWN[action], (command, ran.err)
    assert not re.search(r"\b[a-z_]+=", remedy), (command, ran.err)
    if argument in ("--law", "--init", "--architecture", "--readout", "--order", "--p", "--c", "--digits"):
        assert argument in command, (command, ran.err)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("action", ["derive", "sample"])
def test_what_cannot_be_answered_is_refused_in_words_of_the_command_line(vanishing, action, net):
    for name, option in itertools.product(quantities.names(), OPTIONS):
        extra = " --samples 20 --jobs 1" if action == "sample" else ""
        layers = " --layers 1,2" if name in ("covariance", "correlation") and not option else ""
        command = f"{action} {name} {net} {option}{layers}{extra}"
        ran = vanishing(command)
        assert ran.status in (0, 2), command
        if ran.status == 2:
            assert ran.out == ""
            refused_well(action, command, ran)
        else:
            assert ran.err == "", command


TYPED = {
    "order": "4",
    "layer": "1",
    "layers": "1,2",
    "p": "1/3",
    "c": "2",
    "digits": "12",
    "readout": "signs",
    "input": "ones",
}


@pytest.mark.parametrize("name", quantities.names())
def test_an_option_either_matters_or_is_refused(vanishing, name):
    """It matters if it is taken: then it is not called one that does not apply."""
    known = quantities.quantity(name)
    for action in ("derive", *(["sample"] if known.sample else [])):
        for option, value in TYPED.items():
            if (action, option) == ("sample", "digits"):
                continue
            ran = vanishing(f"{action} {name} --width 4 --depth 3 --{option} {value}")
            refused = ran.err.startswith(f"vanishing: --{option}: does not apply to {name}; ")
            assert refused is (option not in known.taken_by(action)), (action, name, option, ran.err)


@pytest.mark.parametrize(
    ("ask", "changes"),
    [
        ("activation --width 4 --depth 3", ["--order 4 --law uniform", "--layer 1 --init 1", "--digits 12"]),
        ("gradient --width 4 --depth 3", ["--order 4 --layer 1", "--readout ones", "--input ones"]),
        ("quantile --width 4 --depth 3", ["--p 1/3", "--layer 2", "--input ones", "--digits 12"]),
        ("exceedance --width 4 --depth 3", ["--c 2", "--layer 2", "--digits 12"]),
        ("hessian --width 5 --depth 3", ["--layers 1,2", "--layers 1,2 --order 4", "--input ones"]),
        ("density --width 2 --depth 1", ["--input ones"]),
        ("kurtosis-expansion --width n --depth L --law uniform", ["--input ones"]),
        ("kurtosis --width 4 --depth 3", ["--layer 2", "--law uniform --input e1", "--digits 12"]),
    ],
)
def test_an_option_that_is_taken_changes_the_answer(vanishing, ask, changes):
    plain = vanishing(f"derive {ask}")
    assert plain.status == 0
    for change in changes:
        ran = vanishing(f"derive {ask} {change}")
        assert ran.status == 0
        answers = [re.split(r"\nnetworks: ", out)[0].partition(" = ")[2] for out in (plain.out, ran.out)]
        assert answers[0] != answers[1], change
