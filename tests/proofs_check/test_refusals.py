"""Whatever is asked of `derive` and `sample`: an answer, or one line that names an option of the command typed."""

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
    "--bias",
    "--readout",
    "--input",
}
ASKED = {"--order", "--layer", "--layers", "--p", "--c", "--cosine", "--format"}
KNOWN = {
    "derive": ENSEMBLE | ASKED | {"--digits", "--at"},
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
    for place, name in enumerate(quantities.names(), start=NETS.index(net)):  # any two of name, network and option meet
        option = OPTIONS[place % len(OPTIONS)]
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
    "cosine": "1/3",
    "at": "1/3",
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
            if action == "sample" and option in ("digits", "at"):
                continue
            ran = vanishing(f"{action} {name} --width 4 --depth 3 --{option} {value}")
            refused = ran.err.startswith(f"vanishing: --{option}: does not apply to {name}; ")
            assert refused is (option not in known.taken_by(action)), (action, name, option, ran.err)


VALUES = {
    "order": ("2", "4"),
    "layer": ("1", "2"),
    "layers": ("1,2", "2,3"),
    "p": ("1/3", "2/3"),
    "c": ("2", "1/2"),
    "cosine": ("1/3", "-1/2"),
    "at": ("1/3", "2"),
    "digits": ("9", "12"),
    "readout": ("random", "ones"),
    "input": ("ones", "3,0,0,0"),
}
WHERE = {  # networks in which the options matter, and what else must be typed
    "activation-limit": "--width 4 --depth 3 --init 1/9 --bias 1/10",
    "bias-gradient": "--widths 4,3,2,4 --layer 1 --bias 1/10",
    "kurtosis": "--width 4 --depth 3 --law uniform",
    "correlation": "--width 4 --depth 3 --law uniform --layers 1,3",
    "covariance": "--width 4 --depth 3 --layers 1,3",
    "inner-product": "--width 4 --depth 3 --init 1/3 --cosine 1/7",
    "norm-product": "--width 4 --depth 3 --init 1/3 --cosine 1/7",
    "cosine-limit": "--width 4 --depth 3 --activation relu --cosine 1/7",
    "gradient": "--widths 4,3,2,4 --layer 1",
    "log-gradient": "--widths 4,3,2,4 --layer 1",
    "gradient-median": "--widths 4,3,2,4 --layer 1",
    "gradient-covariance": "--widths 4,3,2,4 --layers 1,3",
    "gradient-correlation": "--widths 4,3,2,4 --layers 1,3",
    "hessian": "--widths 4,3,2,4 --layers 1,3",
    "density": "--width 4 --depth 2 --at 1",
    "distribution": "--width 4 --depth 3 --init 1/3 --at 1",
    "output-density": "--width 4 --depth 2 --at 1",
    "output-distribution": "--width 4 --depth 2 --at 1",
    "output-kurtosis": "--width 4 --depth 2 --law uniform",
    "survival": "--width 4 --depth 3 --activation relu",
    "gradient-tail-bound": "--widths 4,3,2,4 --layer 1",
    "fixed-point": "--width 4 --depth 3 --activation relu --init he",
    "edge-of-chaos": "--width 4 --depth 3 --activation sine --bias 1/20",
    "width": "--width n --depth 3",
    "kurtosis-expansion": "--width n --depth L --law uniform",
    "kurtosis-limit": "--width n --depth L",
    "lyapunov-expansion": "--width n --depth L",
    "log-variance-expansion": "--width n --depth L",
}


@pytest.mark.parametrize("name", quantities.names())
def test_an_option_that_is_taken_changes_the_answer(vanishing, name):
    where = WHERE.get(name, "--width 4 --depth 3 --init 1/3")
    for option in quantities.quantity(name).takes:
        answers = set()
        for value in VALUES[option]:
            if (name, option, value) == ("kurtosis-expansion", "input", "3,0,0,0"):
                value = "e1"  # its width is a symbol
            if (name, option, value) == ("inner-product", "order", "4"):
                value = "1"  # it has orders 1 and 2
            if (name, option) == ("output-kurtosis", "readout"):
                where = "--width 4 --depth 2"  # a fixed readout needs normal weights, whose kurtosis knows no input
            ran = vanishing(f"derive {name} {where} --{option} {value}")
            assert ran.status == 0, (name, option, ran.err)
            answers.add(ran.out.split("\nnetworks: ")[0].partition(" = ")[2])
        assert len(answers) == 2, (name, option, answers)
