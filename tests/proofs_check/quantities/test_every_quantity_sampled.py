"""`sample` answers for every quantity, or says which other one to sample; `--within` serves all that it answers."""

import itertools
import json
import math
import re

import pytest

from montecarlo.drawing.streams import Partition
from proofs_check import quantities, sample
from theory import Ensemble
from theory.ensembles import InvalidArgument

RELU = "--width 8 --depth 2 --activation relu --init he"
ASKED = {
    "activation": f"--order 4 {RELU}",
    "kurtosis": RELU,
    "covariance": f"--layers 1,2 {RELU}",
    "correlation": f"--layers 1,2 {RELU}",
    "inner-product": "--width 4 --depth 3 --cosine -1/2",
    "norm-product": "--width 8 --depth 1 --activation relu --init he --cosine 1/3",
    "gradient": RELU,
    "gradient-covariance": f"--layers 1,2 {RELU}",
    "gradient-correlation": f"--layers 1,2 {RELU}",
    "hessian": RELU,
    "log-norm": RELU,
    "log-variance": RELU,
    "log-gradient": RELU,
    "survival": "--width 2 --depth 3 --activation relu",
    "median": RELU,
    "quantile": f"--p 3/4 {RELU}",
    "gradient-median": RELU,
    "exceedance": RELU,
}
INSTEAD = {
    "width": "exceedance",
    "density": "quantile",
    "kurtosis-limit": "kurtosis",
    "kurtosis-expansion": "kurtosis",
    "lyapunov-expansion": "log-norm",
    "log-variance-expansion": "log-variance",
    "cosine-limit": "inner-product",
    "wide-limit": "median",
    "fixed-point": "median",
    "edge-of-chaos": "median",
}


@pytest.fixture
def answer(vanishing):
    def run(command):
        ran = vanishing(f"{command} --format json")
        assert (ran.status, ran.err) == (0, ""), command
        return json.loads(ran.out)

    return run


def test_each_quantity_is_sampled_or_names_one_that_is(vanishing):
    known = {name: quantities.quantity(name) for name in quantities.names()}
    assert {name for name, one in known.items() if one.sample} >= ASKED.keys()
    for name, instead in INSTEAD.items():
        ran = vanishing(f"sample {name} --width n --depth L")
        line = rf"vanishing: quantity: '{name}' is .+, and not sampled; derive it, or 'vanishing sample {instead}'\n"
        assert re.fullmatch(line, ran.err)
        assert known[instead].sample is not None
    assert all(known[one.instead].sample for one in known.values() if one.instead)


@pytest.mark.parametrize("name", ASKED)
def test_the_interval_holds_what_is_derived(answer, name):
    """Error probability 1e-6 each."""
    asked = f"{name} {ASKED[name]}"
    layer = " --layer 1" if name.startswith(("gradient-median", "log-gradient")) or name == "gradient" else ""
    exact = answer(f"derive {asked}{layer}")["float"]
    found = answer(f"sample {asked} --samples 20000 --confidence 0.999999")
    lo, hi = found["interval"]
    assert lo < exact < hi
    assert hi - lo < (2.5 if "correlation" in name or name in ("kurtosis", "activation") else 1) * abs(exact)


@pytest.mark.parametrize(
    ("name", "within"),
    [(name, "20%") for name in ASKED if name not in ("quantile", "gradient-median")]
    + [(name, "0.3") for name in ("activation", "correlation", "inner-product", "log-variance", "survival")],
)
def test_a_wanted_precision_is_reached_with_no_more_networks_than_it_takes(answer, name, within):
    found = answer(f"sample {name} {ASKED[name]} --within {within} --confidence 0.9")
    lo, hi = found["log_interval"] if "log_interval" in found and "%" in within else found["interval"]
    if "%" in within and "log_interval" in found:
        assert (hi - lo) / 2 <= math.log(1.2)
    else:
        wanted = 0.2 * max(abs(lo), abs(hi)) if "%" in within else 0.3
        assert (hi - lo) / 2 <= wanted * (1 + 1e-6)
    assert "within_reached" not in found
    assert found["samples"] < 500_000


@pytest.mark.parametrize("name", ["activation", "covariance", "inner-product", "log-variance"])
def test_more_networks_than_may_be_drawn_are_refused_with_their_number(vanishing, name):
    ran = vanishing(f"sample {name} {ASKED[name]} --within 0.001 --samples 1000")
    assert (ran.status, ran.out) == (2, "")
    needed = re.fullmatch(
        r"vanishing: --within: 0\.001 takes (\S+) networks for .*, and 1000 may be drawn; "
        r"allow them by --samples (\d+), or .*\n|"
        r"vanishing: --within: 0\.001 takes (\S+) networks as particles.*\n", ran.err,
    )  # fmt: skip
    assert needed, ran.err
    assert float(needed[1] or needed[3]) > 1000


@pytest.mark.parametrize("name", ["covariance", "survival"])
def test_the_same_bits_for_any_number_of_workers(answer, name):
    wide = "--width 64 --depth 16 --within 0.4 --confidence 0.9"
    more = {"covariance": "--layers 1,2", "inner-product": "--cosine 1/2", "survival": "--activation relu"}.get(
        name, ""
    )
    assert len(Partition.of(Ensemble(64, 16)).blocks(3000)) >= 3
    one, two = (answer(f"sample {name} {wide} {more} --jobs {jobs}") for jobs in (1, 2))
    assert one == two


def all_weights():
    """The values of |a_1|^2 and |a_2|^2 in a network of width 2 of signs, each as likely."""
    out = []
    for signs in itertools.product((-1, 1), repeat=8):
        a, squares = [1.0, 0.0], []
        for w in (signs[:4], signs[4:]):
            a = [(w[0] * a[0] + w[1] * a[1]) / math.sqrt(2), (w[2] * a[0] + w[3] * a[1]) / math.sqrt(2)]
            squares.append(a[0] ** 2 + a[1] ** 2)
        out.append(squares)
    return out


def test_the_variance_of_a_pair_is_that_over_all_weights():
    """Of (X - X')(Y - Y')/2, over all pairs of networks of signs."""
    net = Ensemble(width=2, depth=2, law="rademacher", input="e1")
    found = sample("covariance", net, layers=(2, 2), samples=400)
    values = [squares[1] for squares in all_weights()]
    pairs = [(x - y) ** 2 / 2 for x in values for y in values]
    mean = sum(pairs) / len(pairs)
    variance = sum((value - mean) ** 2 for value in pairs) / len(pairs) / mean**2
    assert float(re.search(r"variance (\S+) from theory", found.estimate.method)[1]) == pytest.approx(
        variance, rel=1e-5
    )


def test_what_is_not_random_has_covariance_0_and_no_correlation():
    net = Ensemble(width=2, depth=2, law="rademacher", input="e1")
    lo, hi = sample("covariance", net, layers=(1, 2), samples=400).interval
    assert lo <= 0 <= hi < 1e-9
    with pytest.raises(InvalidArgument, match=r"^layers: a norm that is not random has no correlation"):
        sample("correlation", net, layers=(1, 2))
    with pytest.raises(InvalidArgument, match=r"^layers: the correlation of a norm with itself is 1"):
        sample("correlation", net, layers=(2, 2))


def test_other_laws_than_normal_bound_what_theory_does_not_derive(answer):
    """Gradients of uniform weights have no derived covariance; inner products of them are bounded in any direction."""
    found = answer(f"sample gradient-covariance --layers 1,2 {RELU} --law uniform --confidence 0.999999")
    assert found["interval"][0] < found["estimate"] < found["interval"][1]
    lo, hi = answer("sample inner-product --width 4 --depth 2 --law rademacher --cosine 1/2 --confidence 0.999999")[
        "interval"
    ]
    assert lo < 0.5 < hi < 1


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("inner-product --width 8 --depth 3 --activation relu", "--cosine: the angle between the two inputs is needed"),
        ("inner-product --width 8 --depth 3 --cosine 2", "--cosine: must lie between -1 and 1, got 2"),
        (
            "inner-product --width 8 --depth 3 --cosine 1/2 --order 3",
            "--order: of an inner product must be 1 or 2, got 3",
        ),
        (
            "norm-product --width 8 --depth 2 --law uniform --cosine 0",
            "--law: a bound on this variance is known for normal",
        ),
        (
            f"inner-product {RELU} --cosine 0 --within 5%",
            "--within: E<a_2, a_2'>/(|x| |x'|) has a size that theory does not",
        ),
        ("inner-product --width 8 --depth 2 --cosine 0 --within 5%", "--within: E<a_2, a_2'>/(|x| |x'|) is 0"),
        (f"median {RELU} --within 100%", "--within: must be a share below 100 %"),
        (f"median {RELU} --within some", "--within: must be a number or a share, got 'some'"),
        (
            "log-variance --width 4 --depth 4 --architecture residual:1/2",
            "--architecture: theory knows only 2 cumulants",
        ),
        (f"covariance {RELU} --layers 1,2 --samples 40", "--samples: 40 are too few"),
        ("exceedance --width 32 --depth 32 --c 1e20 --within 1%", "--within: so rare a probability is estimated from"),
        (f"hessian {RELU} --order 4", "--order: of the whole Hessian's norm must be 2, got 4"),
        ("hessian --width 4 --depth 1", "--depth: is 1, where f is linear"),
        (f"kurtosis {RELU} --architecture layernorm", "quantity: the interval of E|a_2|^4/(E|a_2|^2)^2 needs"),
    ],
)
def test_what_has_no_valid_interval_is_one_line(vanishing, asked, line):
    ran = vanishing(f"sample {asked}")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"vanishing: {line}"), ran.err
    assert ran.err.count("\n") == 1


def test_the_whole_hessian_of_unequal_widths_has_an_interval(answer):
    """Error probability 1e-6."""
    asked = "hessian --widths 3,5,4,2"
    exact = answer(f"derive {asked}")["float"]
    lo, hi = answer(f"sample {asked} --confidence 0.999999 --samples 20000")["interval"]
    assert lo < exact < hi < 2 * exact


def test_logarithms_of_other_architectures_have_intervals(answer):
    """Error probability 1e-6 each."""
    for net in (
        "--width 4 --depth 4 --architecture residual:1/2",
        "--width 4 --depth 3 --init orthogonal --activation relu",
    ):
        exact = answer(f"derive log-norm {net}")["float"]
        lo, hi = answer(f"sample log-norm {net} --confidence 0.999999 --within 0.2")["interval"]
        assert lo < exact < hi
