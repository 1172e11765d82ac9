"""Every quantity of `derive`: its JSON contract, safe names, standalone Python, and numbers from elsewhere."""

import json
import math
import re
import runpy

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from proofs_check import quantities

RELU = "--activation relu --init he"

SYMBOLIC = {
    "activation": f"--order 8 --width n --depth L {RELU}",
    "kurtosis": f"--width n --depth L {RELU}",
    "activation-limit": "--order 4 --width n --depth L --activation relu --bias variance:t",
    "bias-gradient": "--layer k --width n --depth L --activation relu --bias 1/10",
    "kurtosis-limit": "--width n --depth L --law symmetric",
    "kurtosis-expansion": "--width n --depth L --law symmetric",
    "covariance": "--width n --depth L --layers 1,3",
    "correlation": "--width n --depth L --layers j,k",
    "inner-product": "--width n --depth 1 --activation relu --init he",
    "norm-product": "--width n --depth L",
    "gradient": "--readout 1/2,1,3/2,2 --width 4 --depth L --layer k --activation relu --init he",
    "gradient-covariance": "--width n --depth L --layers 1,3",
    "gradient-correlation": "--width n --depth 5 --layers 1,3",
    "hessian": f"--width n --depth L {RELU}",
    "log-norm": f"--width n --depth L {RELU}",
    "log-variance": "--width n --depth L",
    "log-gradient": "--width n --depth L --readout signs",
    "survival": f"--width n --depth L {RELU} --law uniform",
    "density": "--width n --depth 2",
    "tail-bound": f"--width n --depth L --c 1/4 {RELU}",
    "gradient-tail-bound": "--width n --depth L --layer k --c 1/4",
    "output": f"--order 1 --width n --depth L {RELU}",
    "output-kurtosis": f"--width n --depth L {RELU}",
    "output-density": "--width n --depth 2",
    "lyapunov-expansion": f"--width n --depth L --law symmetric {RELU}",
    "log-variance-expansion": "--width n --depth L --law symmetric",
}
NUMERIC = {
    "median": "--width 8 --depth 8",
    "quantile": "--width 8 --depth 8 --p 1/3",
    "gradient-median": f"--width 8 --depth 8 {RELU}",
    "exceedance": "--width 8 --depth 8 --c 2",
    "width": "--width n --depth 8",
    "cosine-limit": f"--width n --depth 8 {RELU} --cosine 1/3",
    "distribution": "--width 8 --depth 8 --at 1/2",
    "output-distribution": f"--width 8 --depth 8 {RELU} --at 1/2",
    "output-exceedance": f"--width 8 --depth 8 {RELU} --c 2",
    "wide-limit": "--width n --depth 3 --activation gelu --input ones",
    "fixed-point": "--width n --depth L --activation erf --bias 1/10 --input ones",
    "edge-of-chaos": "--width n --depth L --activation elu --bias 1/10",
}


@pytest.fixture
def derive(vanishing):
    def run(command):
        ran = vanishing(f"derive {command} --format json")
        assert (ran.status, ran.err) == (0, "")
        return json.loads(ran.out)

    return run


def test_every_quantity_is_asked_for_here():
    assert SYMBOLIC.keys() | NUMERIC.keys() == set(quantities.names())


@pytest.mark.parametrize("name", SYMBOLIC)
def test_a_formula_keeps_the_contract_and_parses_on_its_own(derive, name):
    answer = derive(f"{name} {SYMBOLIC[name]}")
    assert {"quantity", "exact", "float", "latex", "assumptions", "symbols"} <= answer.keys()
    assert (answer["quantity"], answer["float"]) == (name, None)
    parsed = sp.sympify(answer["exact"])
    assert {str(symbol) for symbol in parsed.free_symbols} == set(answer["symbols"])
    assert answer["latex"].count("{") == answer["latex"].count("}")
    assert all(answer["assumptions"])


@pytest.mark.parametrize("name", NUMERIC)
def test_a_number_keeps_the_contract(derive, name):
    answer = derive(f"{name} {NUMERIC[name]}")
    assert isinstance(answer["float"], float)
    assert answer["symbols"] == {}


@pytest.mark.parametrize("name", ["N", "S", "Q", "zeta", "x", "h2"])
def test_a_width_may_have_any_name(derive, vanishing, name, tmp_path):
    answer = derive(f"activation --order 4 --width {name} --depth L {RELU}")
    parsed = sp.sympify(answer["exact"])
    (width,) = (symbol for symbol in parsed.free_symbols if str(symbol) == name)
    at = parsed.subs({width: 5}).subs(dict.fromkeys(parsed.free_symbols - {width}, 1))
    assert at == 2  # 1 + 5/5, one layer
    code = vanishing(f"derive activation --order 4 --width {name} --depth L {RELU} --format python").out
    (tmp_path / "formula.py").write_text(code)
    function = runpy.run_path(str(tmp_path / "formula.py"))["activation"]
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    values = {argument: {name: 5, f"{name}_": 5, "L": 3, "norm_x": 1}[argument] for argument in names}
    assert function(**values) == pytest.approx(8)


@pytest.mark.parametrize("name", ["e", "E", "I", "O", "pi", "gamma"])
def test_constants_and_functions_of_formulas_are_no_names(vanishing, name):
    for options in (f"--width {name} --depth L", f"--width n --depth L --init variance:{name}/n"):
        ran = vanishing(f"derive activation {options}")
        assert (ran.status, ran.out) == (2, "")
        assert name in ran.err
        assert "use another name" in ran.err or "e.g." in ran.err or "alpha" in ran.err


@pytest.mark.parametrize("symbol", ["r", "b", "z", "c"])
def test_a_name_that_the_answer_uses_is_not_captured(vanishing, symbol):
    asked = {
        "r": f"density --width {symbol} --depth 2",
        "b": f"log-norm --width {symbol} --depth L {RELU}",
        "z": f"activation --order 6 --width {symbol} --depth L --law uniform",
        "c": f"inner-product --width n --depth 1 --activation leaky:{symbol} --init he",
    }[symbol]
    ran = vanishing(f"derive {asked}")
    if ran.status == 0:
        bound = {"b": r"\(j, 1, b\)", "z": r"t\*\*3"}[symbol]
        assert re.search(bound, ran.out)
    else:
        assert re.fullmatch(rf"vanishing: .*{symbol}.*; choose another name\n", ran.err)


class TestNoClosedForm:
    def test_the_generating_function_and_the_recurrence_are_the_answer(self, derive):
        answer = derive("activation --order 6 --width 3 --depth L --law uniform --input e1")
        assert answer["exact"] is None
        assert "no closed form" in answer["reason"]
        z, moments = sp.Symbol("z"), []
        series = sp.series(sp.sympify(answer["generating_function"]), z, 0, 6).removeO()
        moments = [
            derive(f"activation --order 6 --width 3 --depth {depth} --law uniform --input e1")["exact"]
            for depth in range(1, 6)
        ]
        assert [series.coeff(z, depth) for depth in range(1, 6)] == [sp.Rational(moment) for moment in moments]
        previous = {f"m_{j}": sp.Rational(moments[4 - j]) for j in range(1, 4)}
        assert sp.sympify(answer["recurrence"]).subs(previous) == sp.Rational(moments[4])

    def test_python_says_why(self, vanishing):
        ran = vanishing("derive activation --order 6 --width 3 --depth L --law uniform --format python")
        assert ran.status == 2
        assert re.fullmatch(r"vanishing: --format: there is no formula: .*; use --format json\n", ran.err)

    def test_a_width_that_does_not_exist(self, derive, vanishing):
        answer = derive("width --width n --depth 16 --c 2 --p 1/2")
        assert (answer["exact"], answer["float"]) == (None, None)
        assert "no width" in answer["reason"]
        assert (
            "min{n: P(|a_16|^2 >= 2*|x|^2) >= 1/2}: no width"
            in vanishing("derive width --width n --depth 16 --c 2 --p 1/2").out
        )


class TestNumbers:
    def test_a_moment_that_no_float_holds_has_its_logarithm(self, derive):
        answer = derive("activation --order 12 --width 1000 --depth 1000000 --init he --activation relu --law uniform")
        normal = derive("activation --order 12 --width 1000 --depth 1000000 --init he --activation relu")
        assert answer["exact"] is answer["float"] is None
        assert 32000 < answer["log10"] < normal["log10"] == pytest.approx(32227, abs=1)

    def test_one_linear_layer_is_a_chi_square(self, derive):
        ask = "--width 4 --depth 1 --init 1 --input e1"
        chi = stats.chi2(4)
        assert derive(f"median {ask}")["float"] == pytest.approx(chi.median(), rel=1e-10)
        assert derive(f"quantile {ask} --p 1/10")["float"] == pytest.approx(chi.ppf(0.1), rel=1e-10)
        ask = ask.replace(" --input e1", "")  # no matter for the share that is kept
        assert derive(f"exceedance {ask} --c 3")["float"] == pytest.approx(chi.sf(3), rel=1e-10)
        assert derive(f"exceedance {ask} --c 1000")["float"] == pytest.approx(chi.sf(1000), rel=1e-11, abs=0)
        density = sp.sympify(derive(f"density {ask}")["exact"])
        (r,) = density.free_symbols
        assert float(density.subs(r, 2)) == pytest.approx(chi.pdf(2), rel=1e-12)

    def test_enclosed_digits_hold_the_truth(self, derive):
        text = derive("exceedance --width 2 --depth 1 --init 1 --c 100 --digits 25")["enclosed"]
        assert text.startswith("[1.928749847963917783017343e-22")  # exp(-50)
        text = derive("exceedance --width 2 --depth 1 --init 1 --c 2 --digits 25")["enclosed"]
        assert text.startswith("[0.36787944117144232159552")  # exp(-1), which is neither small nor large
        text = derive("median --width 2 --depth 1 --init 1 --input e1 --digits 20")["enclosed"]
        assert text.startswith("log = [0.3266342599782809824")  # log(2 log 2)

    def test_the_gradient_of_a_fixed_readout(self, derive):
        answer = derive("gradient --layer 1 --readout 1/2,1,3/2,2 --width 4 --depth 5 --input ones " + RELU)
        assert answer["float"] == pytest.approx(25.2534572147)
        assert "the readout is fixed" in answer["assumptions"]

    def test_blocks_add_up_to_the_hessian(self, derive):
        whole = sp.sympify(derive(f"hessian --width n --depth 3 {RELU}")["exact"])
        blocks = [derive(f"hessian --width n --depth 3 --layers {k} {RELU}")["exact"] for k in ("1,2", "1,3", "2,3")]
        assert sp.expand(whole - 2 * sum(map(sp.sympify, blocks))) == 0

    def test_dead_networks(self, derive):
        for digits in ("", "--digits 20"):
            answer = derive(f"quantile --width 2 --depth 3 --p 1/3 {RELU} {digits}")
            assert (answer["float"], answer["log"], answer.get("enclosed", "0")) == (0, "-inf", "0")

    def test_wide_networks_have_a_number_without_a_formula(self, derive):
        answer = derive(f"log-norm --width 3000 --depth 2 {RELU}")
        assert answer["exact"] is None
        assert answer["float"] == pytest.approx(2 * (-5 / 6000 - 49 / 12 / 3000**2), rel=1e-5)


@pytest.mark.parametrize("name", ["gradient-median", "log-gradient", "exceedance --c 1/2", "log-norm", "median"])
def test_a_sampled_interval_holds_the_derived_number(derive, vanishing, name):
    ask = f"{name} --width 6 --depth 6 --layer 3 --activation leaky:1/4 --init he"
    ran = vanishing(f"sample {ask} --samples 4000 --seed 5 --confidence 0.999999999 --format json")
    low, high = json.loads(ran.out)["interval"]
    assert low < derive(ask)["float"] < high


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ("hessian --width 4 --depth 3 --order 4", "--order: of the whole.*must be 2"),
        ("hessian --width 4 --depth 3 --layers 3,1", "--layers: .*the earlier first"),
        ("hessian --width 4 --depth 3 --layers 1", "--layers: must be two layers"),
        ("covariance --width 4 --depth 3", "--layers: two layers are needed"),
        ("correlation --width 4 --depth 3 --layers 0,1", "--layers: the input is not random"),
        ("exceedance --width 4 --depth 3 --c 0", "--c: must be positive"),
        ("exceedance --width n --depth 3", "--width: .*needs a number"),
        ("width --width n --depth 3 --c 1", "--c: must not be 1"),
        ("activation --width n --depth L --order 100 --law uniform", "--order: .*too many"),
        ("activation --width n --depth L --order 12 --law symmetric", "--order: .*fill pages"),
        ("log-norm --width 4096 --depth L " + RELU, "--width: .*no formula"),
        ("width --width n --depth 8 --p 1", "--p: must lie strictly between 0 and 1"),
        ("quantile --width 4 --depth 3 --p 0", "--p: must lie strictly between 0 and 1"),
        ("median --width 4 --depth 3 --digits 0", "--digits: must be at least 1"),
        ("median --width 4 --depth 3 --law uniform", "--law: .*normal weights"),
        ("median --width 4 --depth 3 --layer 0", "--layer: the input is not random"),
        ("log-gradient --width 4 --depth 3 --readout ones " + RELU, "--readout: "),
        ("density --width 4 --depth 3 --activation leaky:1/2", "--activation: "),
        ("density --width 4 --depth L", "--depth: "),
        ("inner-product --width 4 --depth 2 " + RELU, "--depth: .*angle is random"),
        ("lyapunov-expansion --width 4 --depth 2", "--width: .*symbolic width"),
        ("gradient-covariance --width 4 --depth 3 --law uniform --layers 1,2", "--law: .*normal weights"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(vanishing, asked, error):
    ran = vanishing(f"derive {asked}")
    assert (ran.status, ran.out) == (2, "")
    assert re.fullmatch(rf"vanishing: {error}.*; .+\n", ran.err)


def test_generated_python_is_the_formula(vanishing, derive, tmp_path):
    """Standard library and SciPy only, at numbers for the symbols."""
    for ask, arguments in (
        ("log-norm --width n --depth L --activation relu --init he", {"n": 6, "L": 5, "norm_x": 1}),
        ("log-variance --width n --depth L", {"n": 6, "L": 5}),
        ("hessian --width n --depth L --layers 1,3 --order 4", {"n": 6, "L": 5, "norm_x": 1}),
    ):
        (tmp_path / "formula.py").write_text(vanishing(f"derive {ask} --format python").out)
        function = runpy.run_path(str(tmp_path / "formula.py"))[ask.split()[0].replace("-", "_")]
        numbers = ask.replace("--width n", "--width 6").replace("--depth L", "--depth 5")
        assert function(**arguments) == pytest.approx(derive(numbers)["float"], rel=1e-12)


def test_formulas_can_be_lambdified(derive):
    formula = sp.sympify(derive("hessian --width n --depth L --layers 1,3 --order 4")["exact"])
    names = sorted(formula.free_symbols, key=str)
    values = {"L": 5.0, "n": np.array([6.0, 7.0]), "norm_x": 1.0}
    numbers = sp.lambdify(names, formula)(*(values[str(name)] for name in names))
    exact = [derive(f"hessian --width {n} --depth 5 --layers 1,3 --order 4")["float"] for n in (6, 7)]
    assert numbers == pytest.approx(exact)
    assert math.isclose(numbers[0], exact[0])


class TestTailBounds:
    def test_the_least_bound_has_its_power_its_closed_bound_and_the_probability(self, derive):
        answer = derive(f"tail-bound --width 8 --depth 32 --c 1/4 {RELU}")
        assert answer["statement"] == "bound on P(|a_32|^2 >= 1/4*|x|^2)"
        assert answer["float"] == pytest.approx(math.exp(answer["log"]), rel=1e-12)
        assert float(answer["probability"]) < answer["float"] < float(sp.sympify(answer["closed_bound"]))
        assert answer["closed_bound"] == "2*exp(-5/2)"
        assert float(answer["t"]) == pytest.approx(0.390846, abs=1e-6)

    def test_one_layer_of_two_units(self, derive):
        answer = derive("tail-bound --width 2 --depth 1 --init 1 --c 20 --digits 20")
        t = float(answer["t"])  # the least of (2/20)^t Gamma(1 + t)
        assert answer["float"] == pytest.approx(0.1**t * math.gamma(1 + t), rel=1e-12)
        assert float(answer["probability"]) == pytest.approx(math.exp(-10), rel=1e-12)
        assert answer["enclosed"].startswith("[0.000358")

    def test_other_laws_have_a_bound_by_moments(self, derive):
        answer = derive(f"tail-bound --width 32 --depth 64 --c 2 --law uniform {RELU}")
        assert answer["float"] == pytest.approx((70981 / 71680) ** 64 / math.sqrt(2), rel=1e-12)
        assert derive(f"tail-bound --width 32 --depth 1 --c 1/100 --law uniform {RELU}")["float"] == 1

    def test_gradients(self, derive):
        answer = derive(f"gradient-tail-bound --width 4 --depth 40 --c 1/10 --readout signs {RELU}")
        assert float(answer["probability"]) < answer["float"] < float(sp.sympify(answer["closed_bound"]))
        rare = derive(f"gradient-tail-bound --width 4 --depth 40 --c 1e9 --readout signs {RELU}")
        assert 0 < float(rare["probability"]) < rare["float"] < 1e-6
        other = derive(f"gradient-tail-bound --width 32 --depth 65 --c 1 --layer 3 --law uniform {RELU}")
        assert other["float"] == pytest.approx((70981 / 71680) ** 64 / math.sqrt(2), rel=1e-12)
        certain = derive(
            "gradient-tail-bound --width 4 --depth 1 --c 1/2 --readout signs"
        )  # |v||x| = 1, a discrete law
        assert (certain["float"], "probability" in certain) == (1, False)

    def test_the_needed_width_stands_beside_the_width(self, derive):
        answer = derive(f"width --width n --depth 8 --c 1/4 --p 1/2 {RELU}")
        assert float(sp.sympify(answer["needed"])) == pytest.approx(5 / math.log(4), rel=1e-12)
        assert "needed" not in derive("width --width n --depth 8 --activation leaky:1/4 --init he")

    @pytest.mark.parametrize(
        ("command", "message"),
        [
            ("tail-bound --width 4 --depth 3 --c 0", "--c: must be positive"),
            ("gradient-tail-bound --width 4 --depth 3 --c -1", "--c: must be positive"),
            ("tail-bound --width 4 --depth 3 --init orthogonal", "--init: .*independent entries"),
            ("tail-bound --width 4 --depth 3 --p 1/2", "--p: does not apply to tail-bound"),
        ],
    )
    def test_bad_input_is_refused(self, vanishing, command, message):
        ran = vanishing(f"derive {command}")
        assert ran.status == 2
        assert re.search(message, ran.err)
