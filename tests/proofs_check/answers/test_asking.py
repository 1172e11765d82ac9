"""`derive` and `sample` in Python: the command's answers, as objects that stand alone."""

import json
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
import sympy as sp

import proofs_check
from montecarlo import Estimate
from proofs_check import Derivation, Sampled, derive, quantities, sample
from proofs_check.command import running
from theory import Ensemble, InvalidArgument

print_ = print
RELU = Ensemble(width="n", depth="L", activation="relu", init="he")
SMALL = RELU.at(width=8, depth=3)
TYPED = "--activation relu --init he"


class TestDerive:
    @pytest.mark.parametrize(
        ("quantity", "net", "asked", "typed"),
        [
            ("activation", RELU, {"order": 4, "layer": 2}, f"--width n --depth L {TYPED} --order 4 --layer 2"),
            ("hessian", RELU, {"layers": (1, 3)}, f"--width n --depth L {TYPED} --layers 1,3"),
            ("quantile", SMALL, {"p": "1/3", "digits": 12}, f"--width 8 --depth 3 {TYPED} --p 1/3 --digits 12"),
            ("exceedance", SMALL, {"c": 2}, f"--width 8 --depth 3 {TYPED} --c 2"),
        ],
    )
    def test_it_says_what_the_command_prints(self, vanishing, quantity, net, asked, typed):
        answer = derive(quantity, net, **asked)
        assert isinstance(answer, Derivation)
        assert f"{answer}\n" == vanishing(f"derive {quantity} {typed}").out
        told = json.loads(vanishing(f"derive {quantity} {typed} --format json").out)
        assert told["statement"] == answer.statement
        assert told["ensemble"] == answer.ensemble == net.describe()
        assert told["assumptions"] == list(answer.assumptions)
        assert set(told["symbols"]) == set(answer.symbols)

    def test_the_equation_has_a_right_side_that_sympy_parses(self):
        answer = derive("activation", RELU, order=4)
        left, right = str(answer).splitlines()[0].split(" = ")
        assert left == answer.statement == "E|a_L|^4"
        assert sp.simplify(sp.sympify(right, locals=answer.symbols) - answer.exact) == 0

    def test_numbers_for_symbols_by_name(self):
        answer = derive("activation", RELU, order=4)
        assert answer.at(n=4, L=2, norm_x=1) == sp.Rational(81, 16)
        half = answer.at(L=2)
        assert half.free_symbols == {answer.symbols["n"], answer.symbols["norm_x"]}
        assert half.subs(answer.symbols["n"], 5) == 4 * answer.symbols["norm_x"] ** 4
        assert derive("activation", RELU.at(width=4, depth=2, input="e1"), order=4).at() == sp.Rational(81, 16)
        assert derive("lyapunov-expansion", RELU).at(n=10) == sp.Rational(-5, 20) - sp.Rational(49, 1200)
        log_norm = derive("log-norm", RELU)  # a sum up to n
        number = derive("log-norm", SMALL).value
        assert float(log_norm.at(n=8, L=3, norm_x=1)) == pytest.approx(number, rel=1e-12)

    @pytest.mark.parametrize(
        ("values", "error"),
        [
            ({"norm": 4}, r"^norm: the formula has no letter 'norm'; did you mean 'norm_x'\? known: L, n, norm_x$"),
            ({"n": -1}, "^n: stands for a positive integer, got -1; use e.g. n=4$"),
            ({"n": 2.5}, "^n: stands for a positive integer, got 2.5; use e.g. n=4$"),
            ({"norm_x": "x!"}, "^norm_x: 'x!' is not a finite exact number"),
        ],
    )
    def test_what_is_no_value_of_a_symbol_is_refused(self, values, error):
        with pytest.raises(InvalidArgument, match=error):
            derive("activation", RELU, order=4).at(**values)

    def test_without_a_formula_there_is_nothing_to_put_numbers_into(self):
        with pytest.raises(InvalidArgument, match=r"^median: has no formula"):
            derive("median", SMALL).at(n=4)

    def test_short_and_long_forms(self):
        answer = derive("kurtosis", RELU)
        assert repr(answer) == "<Derivation: E|a_L|^4/(E|a_L|^2)^2 = (1 + 5/n)**L>"
        long = derive("activation", RELU.at(width=3, law="uniform"), order=4)
        assert "\n" not in repr(long)
        assert len(repr(long)) < 130
        assert answer._repr_latex_() == rf"$\displaystyle {answer.notation} = \left(1 + \frac{{5}}{{n}}\right)^{{L}}$"
        page = answer._repr_html_()
        assert page.startswith(f"<p>{answer._repr_latex_()}</p>")
        assert all(f"<li>{line}</li>" in page for line in ("networks: " + answer.ensemble.replace(
            " readout=random", " architecture=plain"), "assuming: n is the width of every layer"))  # fmt: skip

    @pytest.mark.parametrize(
        ("asked", "net", "meanings"),
        [
            ("kurtosis-limit", RELU, ["beta is L/n, which stays fixed as n -> oo"]),
            ("lyapunov-expansion", RELU.at(law="symmetric"), ["K is the kurtosis", "what one layer adds"]),
            ("log-variance-expansion", RELU.at(depth=40), ["what one layer adds, not all of them"]),
            ("activation", RELU, ["norm_x is |x|", "phi(z) = max(z, 0)"]),
            ("gradient", RELU.at(readout="ones"), ["f = <v, a_L>", "the readout v is (1, ..., 1)", "k is a layer"]),
            ("median", SMALL.at(activation="leaky:1/4"), ["phi(z) = max(z, 1/4*z)"]),
            ("activation", RELU.at(activation="leaky:s"), ["s is the slope of phi below 0"]),
            ("activation", RELU.at(init="variance:v"), ["v is the variance of a weight"]),
            ("density", Ensemble(width="n", depth=2), ["r is the value of |a_L|^2"]),
            ("inner-product", Ensemble(width="n", depth=2), ["c is the cosine of the angle"]),
        ],
    )
    def test_every_letter_is_defined(self, asked, net, meanings):
        answer = derive(asked, net, **({"layer": "k"} if asked == "gradient" else {}))
        text = "\n".join(answer.assumptions)
        assert all(meaning in text for meaning in meanings)
        undefined = [name for name in answer.symbols if f"{name} is " not in text]
        assert undefined == []

    def test_the_layer_is_in_sight(self):
        assert derive("activation", SMALL, layer=2).statement == "E|a_2|^2"
        assert derive("median", SMALL).statement == "median of |a_3|^2"
        assert derive("gradient", SMALL, layer=1).statement == "E|df/dW_1|_F^2"
        assert derive("survival", SMALL).statement == "P(a_3 != 0)"

    def test_digits_of_a_formula_are_enclosed(self):
        third = derive("activation", Ensemble(width=3, depth=1, init="1/9"), digits=40)
        assert third.enclosed.startswith("[0." + "3" * 39)
        with pytest.raises(InvalidArgument, match=r"^digits: the answer is a formula in n, which has no digits"):
            derive("survival", RELU.at(depth=3), digits=40)
        orthogonal = Ensemble(width=2, depth=3, activation="relu", init="orthogonal", input="e1")
        assert derive("log-norm", orthogonal, digits=30).enclosed.startswith(
            "[-2.77258872223978123766892848"
        )  # -4 log 2


class TestSample:
    def test_it_is_the_command_s_answer(self, vanishing):
        answer = sample("median", SMALL, samples=500, seed=3, confidence=0.9)
        assert isinstance(answer, Sampled)
        typed = f"--width 8 --depth 3 {TYPED} --samples 500 --seed 3 --confidence 0.9"
        assert f"{answer}\n" == vanishing(f"sample median {typed}").out
        told = json.loads(vanishing(f"sample median {typed} --format json").out)
        assert told["interval"] == list(answer.interval)
        assert told["estimate"] == answer.value
        assert told["statement"] == answer.statement == "median of |a_3|^2"
        assert told["ensemble"] == SMALL.describe()
        assert told["versions"]["numpy"] == np.__version__
        assert told["assumptions"] == list(answer.assumptions)
        assert "phi(z) = max(z, 0)" in answer.assumptions[-1]
        assert repr(answer) == f"<Sampled: {str(answer).splitlines()[0]}>"
        assert answer._repr_html_().startswith("<p>$\\displaystyle q_{1/2}")

    def test_the_first_layer_s_gradient_is_sampled_and_said_to_be(self):
        answer = sample("gradient-median", SMALL, samples=50)
        assert answer.statement == "median of |df/dW_1|_F^2"
        assert sample("gradient-median", SMALL, samples=50, layer=2).statement == "median of |df/dW_2|_F^2"

    def test_the_estimator_is_the_valid_one(self):
        rare = sample("exceedance", SMALL, c=10**9, samples=2000)
        assert "tilt" in rare.estimate.method
        assert any("normal" in assumption for assumption in rare.assumptions)
        heavy = SMALL.at(depth=60)
        assert "particles" in sample("activation", heavy, samples=60_000).estimate.method

    def test_a_mean_beyond_floats_is_given_by_its_logarithm(self):
        huge = sample("activation", Ensemble(width=2, depth=2, init="1e300"), samples=1000, confidence=0.999999)
        exact = derive("activation", Ensemble(width=2, depth=2, init="1e300"))
        assert isinstance(huge.estimate, Estimate)
        assert huge.estimate.lo < (exact.log_value if huge.log_scale else exact.value) < huge.estimate.hi

    def test_an_isometry_is_sampled(self):
        answer = sample("activation", Ensemble(width=4, depth=3, init="orthogonal"), samples=20)
        lo, hi = answer.interval
        assert 1 - 1e-9 < lo < 1 < hi < 1 + 1e-9

    @pytest.mark.parametrize(
        ("asked", "error"),
        [
            ({"order": 4}, r"^order: does not apply to median; it takes layer=\.\.\., input=\.\.\.$"),
            ({"p": "0.9"}, "^p: does not apply to median; ask for quantile"),
            ({"samples": 0}, "^samples: must be an integer of at least 1"),
            ({"confidence": 2}, "^confidence: must lie between 0 and 1"),
            ({"confidence": 1e-30}, "^confidence: .*float"),
            ({"within": 0.1, "block": 0}, "^within: has no effect on one block"),
            ({"engine": "lawexact"}, "^engine: there is no engine 'lawexact'; did you mean 'law-exact'"),
            ({"layer": "k"}, "^layer: must be a number"),
        ],
    )
    def test_what_does_not_apply_is_refused(self, asked, error):
        with pytest.raises(InvalidArgument, match=error):
            sample("median", SMALL, **asked)

    def test_theory_says_where_sampling_would_answer(self):
        for net in (SMALL.at(architecture="layernorm"), SMALL.at(init="orthogonal"), SMALL.at(law="uniform")):
            with pytest.raises(InvalidArgument, match=r"or sample\('median', net\)$"):
                derive("median", net)
            assert sample("median", net, samples=20).samples == 20
        with pytest.raises(InvalidArgument) as refused:
            derive("median", RELU.at(law="uniform"))  # symbols cannot be sampled
        assert "sample" not in refused.value.remedy


def test_both_are_found_in_the_package():
    assert proofs_check.derive is derive
    assert {"derive", "sample", "Derivation", "Sampled"} <= set(proofs_check.__all__)


@pytest.mark.parametrize("terminal", [True, False])
def test_whoever_waits_at_a_terminal_is_told_that_work_goes_on(vanishing, monkeypatch, terminal):
    """The note comes at once here, and the work ends when it has come, or at once where none is to come."""
    told = Event()
    monkeypatch.setattr(running, "_PATIENCE", 0.0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    monkeypatch.setattr("builtins.print", lambda *words, **how: (told.set(), print_(*words, **how)))
    known = quantities.quantity("kurtosis")

    def slow(query):
        assert not terminal or told.wait(30)
        return known.derive(query)

    monkeypatch.setattr(quantities, "quantity", lambda name: replace(known, derive=slow))
    ran = vanishing("derive kurtosis --width n --depth L")
    assert ran.status == 0
    assert ran.err == ("still deriving ...; Ctrl-C ends it\n" if terminal else "")
