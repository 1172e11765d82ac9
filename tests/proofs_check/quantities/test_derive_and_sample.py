"""`derive` and `sample`: their JSON, LaTeX and Python, and each other's numbers."""

import inspect
import json
import math
import re
from typing import Any

import pytest
import sympy as sp

from montecarlo.drawing.streams import Partition
from theory import Ensemble

RELU = "--activation relu --init he"
SYMBOLIC = f"--width n --depth L {RELU}"
NUMERIC = f"--width 4 --depth 3 {RELU}"
SIZES = {name: sp.Symbol(name, integer=True, positive=True) for name in ("n", "L", "n0", "n1", "n2")}
SYMBOLS = SIZES | {name: sp.Symbol(name, positive=True) for name in ("norm_x", "norm4_x", "s", "s2", "K", "beta")}
VALUES = {"n": 4, "L": 3, "norm_x": 1, "norm4_x": sp.root(sp.Rational(1, 4), 4), "s": sp.Rational(1, 4), "beta": 2}


def strictly(text):
    """JSON as the standard has it: NaN and infinities refused."""

    def refuse(name):
        raise ValueError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def parsed(exact):
    return sp.sympify(exact, locals=SYMBOLS)


def at_values(expression):
    return float(sp.N(expression.subs({SYMBOLS[name]: value for name, value in VALUES.items()}).doit(), 30))


@pytest.fixture
def derive(vanishing):
    def run(command):
        ran = vanishing(f"derive {command} --format json")
        assert (ran.status, ran.err) == (0, "")
        return strictly(ran.out)

    return run


@pytest.fixture
def sample(vanishing):
    def run(command):
        ran = vanishing(f"sample {command} --format json")
        assert (ran.status, ran.err) == (0, "")
        return strictly(ran.out)

    return run


class TestDerive:
    @pytest.mark.parametrize(
        ("command", "exact"),
        [
            ("activation --order 2", "norm_x**2"),
            ("activation --order 4", "norm_x**4*(1 + 5/n)**L"),
            ("activation --order 4 --layer 2", "norm_x**4*(1 + 5/n)**2"),
            ("gradient", "norm_x**2/2"),
            ("kurtosis", "(1 + 5/n)**L"),
            ("kurtosis-limit", "exp(5*beta)"),
            ("survival", "(1 - 2**-n)**L"),
        ],
    )
    def test_symbols_remain_in_the_exact_form_and_its_float_is_null(self, derive, command, exact):
        answer = derive(f"{command} {SYMBOLIC}")
        keys = {"quantity", "statement", "exact", "float", "latex", "ensemble", "assumptions", "symbols", "versions"}
        assert keys == set(answer)
        assert set(answer["symbols"]) == {str(symbol) for symbol in parsed(answer["exact"]).free_symbols}
        assert answer["quantity"] == command.split()[0]
        assert sp.simplify(parsed(answer["exact"]) - parsed(exact)) == 0
        assert answer["float"] is None

    @pytest.mark.parametrize(
        ("command", "value"),
        [
            ("activation --order 4", (1 + 5 / 4) ** 3),
            ("gradient", 1 / 2),
            ("kurtosis --layer 2", (1 + 5 / 4) ** 2),
            ("survival", (15 / 16) ** 3),
            # of b active units the squared norm has E log chi^2_b = log 2 + digamma(b/2), at variance 1/2
            (
                "log-norm",
                3 * sum(math.comb(4, b) * float(sp.digamma(sp.Rational(b, 2))) for b in (1, 2, 3, 4)) / 15,
            ),
        ],
    )
    def test_numbers_are_exact_and_their_float_is_the_exact_value(self, derive, command, value):
        answer = derive(f"{command} {NUMERIC}")
        assert answer["float"] == float(sp.N(parsed(answer["exact"]), 30))
        assert answer["float"] == pytest.approx(value, rel=1e-12)

    @pytest.mark.parametrize("command", ["activation --order 4", "activation --order 6", "gradient --layer 1 --order 4",
                                         "log-norm", "survival", "kurtosis"])  # fmt: skip
    def test_the_formula_at_numbers_is_the_number_derived(self, derive, command):
        formula = parsed(derive(f"{command} {SYMBOLIC}")["exact"])
        assert {str(symbol) for symbol in formula.free_symbols} & {"n", "L"}
        assert at_values(formula) == pytest.approx(derive(f"{command} {NUMERIC}")["float"], rel=1e-12)

    @pytest.mark.parametrize("order", [20, 40])
    def test_even_orders_of_any_height_are_moments_of_chi_squares(self, derive, order):
        answer = derive(f"activation --order {order} --width 3 --depth 2")
        layer = math.prod(sp.Integer(3 + 2 * j) for j in range(order // 2)) / sp.Integer(3) ** (order // 2)
        assert parsed(answer["exact"]) == layer**2

    def test_the_median_has_a_number_but_no_formula(self, derive, vanishing):
        answer = derive(f"median {NUMERIC}")
        assert answer["exact"] is None
        assert math.log(answer["float"]) == pytest.approx(answer["log"], rel=1e-10)
        assert answer["log10"] == pytest.approx(math.log10(answer["float"]), rel=1e-10)
        assert vanishing(f"derive median {NUMERIC}").out.splitlines()[:2] == [
            f"median of |a_3|^2 = {answer['float']!r}", f"log = {answer['log']!r}"
        ]  # fmt: skip

    @pytest.mark.parametrize("depth", [400, 4000])  # with more digits than Python prints, too
    @pytest.mark.parametrize(("init", "per_layer"), [("1/96", 1 / 48), ("96", 192)])
    def test_a_value_beyond_floats_is_given_by_its_logarithm(self, derive, vanishing, depth, init, per_layer):
        command = f"activation --width 4 --depth {depth} --activation relu --init {init}"
        answer = derive(command)
        assert answer["float"] is None
        assert answer["log10"] == pytest.approx(depth * math.log10(per_layer), rel=1e-12)
        assert answer["log"] == pytest.approx(depth * math.log(per_layer), rel=1e-12)
        digits = depth * abs(math.log10(per_layer))
        assert (answer["exact"] is None) is (digits > 4300)
        out = vanishing(f"derive {command}").out
        assert f"log10 = {answer['log10']!r}" in out
        assert (f"E|a_{depth}|^2 = exp({answer['log']!r})" if digits > 4300 else f"log = {answer['log']!r}") in out
        namespace: dict[str, Any] = {}
        exec(vanishing(f"derive {command} --format python").out, namespace)
        assert namespace["log_activation"]() == answer["log"]

    def test_a_quantile_of_dead_networks_is_0_with_logarithm_minus_infinity(self, derive):
        answer = derive(f"quantile --p 0.1 {NUMERIC}")  # 1 - (15/16)^3 = 0.18 are dead
        assert (answer["float"], answer["log"], answer["exact"]) == (0.0, "-inf", None)
        assert answer["latex"].endswith("= 0")

    @pytest.mark.parametrize(
        ("command", "latex"),
        [
            (f"activation --order 4 {SYMBOLIC}", r"\left\|x\right\|^{4} \left(1 + \frac{5}{n}\right)^{L}"),
            (f"kurtosis {NUMERIC}", r"= \frac{729}{64}"),
            (f"survival {SYMBOLIC}", r"\mathbb{P}(a_{L}\neq0) = \left(1 - 2^{- n}\right)^{L}"),
            (f"log-norm {SYMBOLIC}", r"\mathbb{E}\left[\log|a_{L}|^2\mid a_{L}\neq0\right] = "),
            ("log-norm --width n --depth L", r"\mathbb{E}\left[\log|a_{L}|^2\right] = "),
            ("activation --order 4 --width n --depth L --law symmetric", r"\left\|x\right\|_{4}^{4}"),
        ],
    )
    def test_latex_is_one_equation_the_same_in_json(self, derive, vanishing, command, latex):
        ran = vanishing(f"derive {command} --format latex")
        assert latex in ran.out
        *comments, line = ran.out.splitlines()
        assert line == derive(command)["latex"]
        assert comments[0].startswith("% networks: ")
        assert all(comment.startswith("% ") for comment in comments)
        equation, *names = line.split(r",\quad ")
        assert equation.count(" = ") == 1
        assert all(re.match(r"\\lambda_\{\d\} = ", name) for name in names)  # long bases of powers have names
        assert line.count("{") == line.count("}")

    @pytest.mark.parametrize(
        "command",
        [
            f"activation --order 4 {SYMBOLIC}",
            f"activation --order 6 {NUMERIC}",
            "activation --order 4 --width n --depth L --activation leaky:s --init he",
            f"gradient --layer 2 --order 4 {SYMBOLIC}",
            f"kurtosis {SYMBOLIC}",
            f"kurtosis-limit {SYMBOLIC}",
            f"survival {SYMBOLIC}",
            "log-norm --width n --depth L",
            f"log-norm {SYMBOLIC}",
            f"log-norm {NUMERIC}",
        ],
    )
    def test_python_is_a_function_with_the_value_of_the_exact_form(self, derive, vanishing, command):
        space = {}
        exec(vanishing(f"derive {command} --format python").out, space)
        function = space[command.split()[0].replace("-", "_")]
        arguments = {name: VALUES[name] for name in inspect.signature(function).parameters}
        exact = parsed(derive(command)["exact"])
        assert sorted(arguments) == sorted(map(str, exact.free_symbols))
        values = {name: value if isinstance(value, int) else float(value) for name, value in arguments.items()}
        assert float(function(**values)) == pytest.approx(at_values(exact), rel=1e-12)

    def test_python_of_the_log_norm_holds_for_wide_networks(self, derive, vanishing):
        space = {}
        exec(vanishing(f"derive log-norm {SYMBOLIC} --format python").out, space)
        number = derive(f"log-norm --width 200 --depth 2 {RELU}")["float"]
        assert float(space["log_norm"](L=2, n=200, norm_x=1.0)) == pytest.approx(number, rel=1e-9)

    def test_python_of_the_median_returns_the_number(self, derive, vanishing):
        space = {}
        exec(vanishing(f"derive median {NUMERIC} --format python").out, space)
        assert space["median"]() == derive(f"median {NUMERIC}")["float"]

    @pytest.mark.parametrize(
        ("command", "said", "unsaid"),
        [
            (f"log-norm {SYMBOLIC}", ["no layer is dead", "the weights are normal", "variance 2/n"], ["piecewise"]),
            ("log-norm --width n --depth L", ["the weights are normal", "variance 1/n"], ["dead"]),
            (f"survival {SYMBOLIC}", ["the weights are normal"], ["dead"]),
            (f"gradient {SYMBOLIC}", ["symmetric signs", "no atoms", "no biases"], ["dead"]),
            ("gradient --width n --depth L", ["no biases"], ["symmetric signs", "no atoms"]),
            (f"activation {SYMBOLIC} --law uniform", ["independent entries", "norm_x is |x|"], ["are normal"]),
            (f"activation {NUMERIC}", ["(1, ..., 1)/sqrt(n_0)"], ["norm_x"]),
            (f"activation {NUMERIC} --input 1,-2,2,0", [], ["unit vector", "norm_x"]),
        ],
    )
    def test_assumptions_are_told_all_and_none_besides(self, derive, vanishing, command, said, unsaid):
        assumptions = derive(command)["assumptions"]
        assert all(any(text in assumption for assumption in assumptions) for text in said)
        assert not any(text in assumption for assumption in assumptions for text in unsaid)
        lines = vanishing(f"derive {command}").out.splitlines()
        assert lines[-len(assumptions):] == [f"assuming: {assumption}" for assumption in assumptions]  # fmt: skip


WIDE = f"--width 8 --depth 2 {RELU}"


class TestSample:
    @pytest.mark.parametrize("command", [f"activation {WIDE}", f"survival {WIDE}", f"median {WIDE}", f"log-norm {WIDE}",
                                         f"gradient {WIDE}", f"quantile --p 0.75 {WIDE}"])  # fmt: skip
    def test_json_has_the_estimate_its_interval_and_how_it_was_made(self, sample, command):
        answer = sample(f"{command} --samples 700 --seed 11 --confidence 0.9")
        keys = {"quantity", "statement", "estimate", "interval", "confidence", "method", "samples", "seed", "ensemble"}
        assert keys | {"assumptions", "versions"} <= set(answer)
        assert (answer["quantity"], answer["samples"], answer["seed"]) == (command.split()[0], 700, 11)
        assert answer["confidence"] == pytest.approx(0.9, rel=1e-12)
        lo, hi = answer["interval"]
        assert lo < answer["estimate"] < hi
        assert answer["method"]

    @pytest.mark.parametrize(
        "command",
        [
            f"activation {WIDE}",
            f"activation {WIDE} --layer 1",
            "activation --order 4 --width 16 --depth 2 --law uniform",
            f"gradient {WIDE}",
            f"gradient {WIDE} --layer 2 --readout signs",
            "gradient --width 8 --depth 3 --law rademacher",
            f"log-norm {WIDE}",
            f"survival --width 2 --depth 3 {RELU}",
            f"survival --width 2 --depth 3 {RELU} --layer 1",
            f"median {WIDE}",
            f"quantile --p 0.75 {WIDE}",
        ],
    )
    def test_the_interval_contains_the_value_derived_and_none_a_quarter_off(self, derive, sample, command):
        truth = derive(command)["float"]
        answer = sample(f"{command} --samples 20000 --confidence 0.999999999")
        lo, hi = answer["interval"]
        assert lo < truth < hi
        assert hi - lo < abs(truth) / 4

    def test_higher_confidence_widens_the_interval_of_the_same_networks(self, sample):
        low, high = (sample(f"median {WIDE} --samples 2000 --confidence {c}") for c in (0.9, 0.999))
        assert low["estimate"] == high["estimate"]
        assert high["interval"][0] < low["interval"][0] < low["interval"][1] < high["interval"][1]

    def test_the_same_bits_for_one_and_two_workers_and_others_for_another_seed(self, vanishing):
        assert len(Partition.of(Ensemble(64, 16)).blocks(1100)) >= 3  # work for both
        command = f"sample gradient --width 64 --depth 16 {RELU} --samples 1100 --format json"
        one, two, other = (vanishing(f"{command} {how}").out for how in ("--jobs 1", "--jobs 2", "--seed 1"))
        assert one == two
        assert strictly(one)["estimate"] != strictly(other)["estimate"]

    def test_infinite_ends_are_strings_in_json(self, sample):
        answer = sample(f"median {NUMERIC} --samples 2")
        assert answer["interval"] == [0.0, "inf"]
        assert answer["log_interval"] == ["-inf", "inf"]
        dead = sample(f"median --width 1 --depth 40 {RELU} --samples 50")
        assert (dead["estimate"], dead["interval"], dead["alive"]) == (0.0, [0.0, 0.0], 0)
        assert (dead["log_estimate"], dead["log_interval"]) == ("-inf", ["-inf", "-inf"])

    @pytest.mark.parametrize("quantity", ["median", "activation", "survival"])
    def test_text_has_the_numbers_of_json(self, sample, vanishing, quantity):
        command = f"{quantity} {WIDE} --samples 3000 --seed 4"
        answer, ran = sample(command), vanishing(f"sample {command}")
        lo, hi = answer["interval"]
        first = f"{answer['statement']} = {answer['estimate']:.6g}   in [{lo:.6g}, {hi:.6g}]"
        assert ran.out.startswith(f"{first} at confidence {answer['confidence']:g}\n")
        assert f"\n{answer['method']}; 3000 networks, {answer['alive']} alive, seed 4\n" in ran.out
        assert ran.out.endswith("".join(f"assuming: {assumption}\n" for assumption in answer["assumptions"]))
        assert ran.err == ""
