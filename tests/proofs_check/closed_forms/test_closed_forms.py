"""Closed forms: their numbers, their letters, their formats, and what is refused."""

import inspect
import json
import math
import re

import numpy as np
import pytest
import scipy.integrate
import scipy.special
import scipy.stats
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from proofs_check import closed_form, closed_forms
from proofs_check.answers.letter_values import read_value
from proofs_check.closed_forms import Letter
from theory.ensembles import InvalidArgument

NUMBERS = {  # computed by other means: below, or with the formula written out by hand
    "linear2.rate": ({"lambda_r": "1/3", "c": 2}, 4 / 3),
    "linear2.margin-rate": (
        {"lambda_r": "1/2", "c_plus": 1, "c_minus": 2, "L_minus": 3, "L_plus": 4, "sigma_r": 1, "sigma_m": 2},
        0.5 * (1 - 3 + math.sqrt(4**2 + 4) + 2 - 4 + math.sqrt(6**2 + 16)),
    ),
    "linear2.min-norm-distance": (
        {"T": 1, "lambda_r": "1/2", "lambda_1": 4, "c": 2, "E_0": "3/10", "N_0": "1/5"},
        math.hypot(math.exp(2 * 0.3 * (1 - math.exp(-1))) * 0.2, math.exp(-1) * 0.3 / math.sqrt(0.5)),
    ),
    "linear2.orthonormal-start": ({"h": 8, "d": 4, "r": 2, "m": 2, "theta": "(1,2)"}, 2 * (2**0.5 + 5**0.5) / 8),
    "sparse.l1-gap": ({"N": 4, "alpha": "1/10", "w": "(1,1/4)"}, 0.1**2 * (1 + 0.25**0.5)),
    "shape.diagonal-regularizer": (
        {"x": 2, "alpha": "1/10", "s": "1/2"},
        (2 / 3 / 4) * (1 - math.hypot(1, 6) + 6 * math.asinh(6)),  # sqrt(k) = 4 alpha (1 + s^2)/(1 - s^2) = 2/3
    ),
    "shape.kernel-limit": ({"k": 100, "w": "(1,2)"}, 2 / 300 * math.hypot(1, 8)),
    "shape.rich-limit": (
        {"k": "1e-16", "l1": 1, "d": 4},
        (math.log(4) + 4e-8 / 2) / (math.log(4 / (math.e * 1e-8)) - math.log(4)),
    ),
    "sgd.second-moment": (
        {"eta": "1/2", "lam": 1, "c": "1/3", "s2": 2, "sigma2": 3, "rho": "1/5", "psi": 2},
        4 * (0.25 + 0.25 * 2 / 3) + 2 * 0.25 / 3 * 0.2 * 2 + 0.25 / 3 * 3,
    ),
    "sgd.mean-square-stability": ({"lam": 2, "c": "1/3", "s2": "3/4", "mu": "1/2"}, 2 * 0.75 * 2 / (0.5 * 4 + 1.5 / 4)),
    "sgd.break-even": (
        {"eta": "1/2", "c": "1/4", "mu": "1/2", "k": "1/3", "beta": "1/5"},
        (1.5 * 4 - 0.75 * 0.2) / (1 + 0.75 / 9),
    ),
    "sgd.typical-break-even": ({"h": "(1,3)", "S": 1, "eta": "1/5"}, 5 * 2 / (1 - 0.25)),
    "chain.break-even": ({"eta": "1/10", "y": "3/2", "c_0": 4}, 5.0),
    "shape.descent": ({"k": 4, "eta": "1/2", "g": "(1,1/3)"}, 4 * ((1 - 1 / 4) * (1 - 1 / 36)) ** 2),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_its_number_is_that_of_the_formula_written_out(name):
    values, number = NUMBERS[name]
    assert closed_form(name, values).value == pytest.approx(number, rel=1e-13)


def _mean_over_two_chi_squares(h, function):
    """E f(x, y) of two independent chi-squares of h degrees of freedom, by Gauss and Laguerre."""
    nodes, weights = scipy.special.roots_genlaguerre(100, h / 2 - 1)
    x, y = np.meshgrid(2 * nodes, 2 * nodes)
    return float(np.sum(function(x, y) * np.outer(weights, weights)) / math.gamma(h / 2) ** 2)


def test_the_mean_distance_is_that_of_two_chi_squares_integrated():
    """E dist^2 = (d - 1) s^2 E sqrt(s^4 x y + theta^2), x and y chi-squares of h degrees of freedom."""
    for h, a, theta, d in ((4, 0.5, 1.5, 4), (16, 0.375, 1.5, 4), (3, 1.0, -0.5, 2)):
        s2 = h ** (-2 * a)
        mean = _mean_over_two_chi_squares(h, lambda x, y: np.sqrt(s2**2 * x * y + theta**2))  # noqa: B023
        found = closed_form("linear2.distance-law", h=h, a=str(a), theta=str(theta), d=d)
        assert found.value == pytest.approx((d - 1) * s2 * mean, rel=1e-9)
        related = dict(found.related)
        assert related["lower"] <= found.value <= related["upper"]


def test_the_imbalance_is_large_as_often_as_two_chi_squares_are():
    for h in (2, 4, 8):
        law = scipy.stats.chi2(h)
        often, _ = scipy.integrate.quad(lambda x: law.sf(h**2 / (4 * x)) * law.pdf(x), 0, 400)  # noqa: B023
        assert closed_form("linear2.imbalance-probability", h=h).value == pytest.approx(often, rel=1e-7)


def _time(N, alpha, w, z):
    """The time at which a coordinate that starts at 0 reaches w, by integrating u' and v' with SciPy."""

    def speed(_, uv):
        u, v = uv
        g = z - (u**N - v**N)
        return [N * u ** (N - 1) * g, -N * v ** (N - 1) * g]

    def reached(_, uv):
        return uv[0] ** N - uv[1] ** N - w

    reached.terminal = True
    found = scipy.integrate.solve_ivp(
        speed, (0, 1e4), [alpha, alpha], method="DOP853", rtol=1e-12, atol=1e-14, events=reached
    )
    return found.t_events[0][0]


@pytest.mark.parametrize(("N", "alpha"), [(2, 0.125), (3, 0.25), (4, 0.25)])
def test_times_are_those_of_the_differential_equation(N, alpha):
    answer = closed_form("sparse.hitting-time", N=N, alpha=alpha, z=2, kappa="1/10")
    assert answer.value == pytest.approx(_time(N, alpha, 1.8, 2), rel=1e-8)
    related = dict(answer.related)
    assert related["lower"] <= answer.value <= related["upper"]
    length = closed_form("sparse.window", N=N, alpha=alpha, z=2, zeta="1/2", kappa="1/10", eps="1/4")
    fitted, leaked = _time(N, alpha, 1.8, 2), _time(N, alpha, 0.25, 0.5)
    assert length.value <= leaked - fitted
    assert dict(length.related)["opens"] >= fitted
    assert dict(length.related)["closes"] <= leaked


def test_a_scalar_solution_is_that_of_the_differential_equation():
    A, B, theta, rate = 3, 0.5, 1.25, 0.75

    def speed(_, z):
        return [2 * rate * (theta - (A * z[0] - B / z[0]) / 4) * z[0]]

    found = scipy.integrate.solve_ivp(speed, (0, 1.5), [1.0], method="DOP853", rtol=1e-12, atol=1e-14)
    answer = closed_form("linear2.scalar-solution", t="3/2", A=A, B="1/2", lambda_1="3/4", theta="5/4")
    z = found.y[0, -1]
    assert answer.value == pytest.approx((A * z - B / z) / 4, rel=1e-9)
    assert float(dict(answer.related)["growth"]) == pytest.approx(z, rel=1e-9)


@pytest.mark.parametrize(("N", "alpha", "zeta"), [(2, 1.0, 0.4), (3, 0.5, 0.4), (3, 0.125, 0.25), (2, 0.015625, 0.5)])
def test_the_leak_is_that_of_the_differential_equation(N, alpha, zeta):
    until = _time(N, alpha, 0.99, 1)

    def speed(_, uv):
        u, v = uv
        g = zeta - (u**N - v**N)
        return [N * u ** (N - 1) * g, -N * v ** (N - 1) * g]

    found = scipy.integrate.solve_ivp(speed, (0, until), [alpha, alpha], method="DOP853", rtol=1e-12, atol=1e-15)
    u, v = found.y[:, -1]
    answer = closed_form("sparse.leakage", N=N, alpha=alpha, zeta=zeta)
    assert answer.value == pytest.approx(u**N - v**N, rel=1e-7)


def test_the_leak_is_near_its_leading_term():
    answer = closed_form("sparse.leakage", N=3, alpha="1/1000", zeta="2/5")
    leading = float(dict(answer.related)["leading_term"])
    assert answer.value == pytest.approx(leading, rel=0.01)
    assert leading == pytest.approx(1e-9 * (0.6**-3 - 1.4**-3))


def test_a_certificate_says_from_when_to_when():
    answer = closed_form(
        "sparse.certificate", N=3, alpha="1/100", w=(1, 1), p=128, mu="1/8", zeta="7/200", eps="1/1000"
    )
    related = dict(answer.related)
    assert answer.value == pytest.approx(float(related["closes"] - related["opens"]))
    assert answer.value > 0
    assert float(related["support_error"]) < 0.11
    shown = str(answer)
    assert re.search(r"^opens = \d+\.\d+$", shown, re.MULTILINE), shown


def test_the_potential_of_a_neuron_has_the_slope_that_is_said():
    answer = closed_form("shape.neuron-regularizer", delta=-3)
    (n,) = answer.exact.free_symbols
    for at in (sp.Rational(1, 3), sp.Integer(2)):
        assert sp.N(answer.exact.diff(n).subs(n, at), 30) == pytest.approx(
            sp.N(dict(answer.related)["slope"].subs(n, at))
        )
    assert float(answer.at(n=2)) == pytest.approx(11 / 3)


@pytest.mark.parametrize("name", closed_forms.names())
def test_its_letters_are_those_of_its_function_and_each_is_explained(name):
    form = closed_forms.closed_form(name)
    assert [letter.name for letter in form.letters] == list(inspect.signature(form.evaluate).parameters)
    for letter in form.letters:
        assert letter.kind in closed_forms.KINDS
        assert letter.meaning
        if letter.default:
            read_value(letter, letter.default)
    assert "arXiv" in form.source
    topic, _, _ = name.partition(".")
    assert topic in ("linear2", "sparse", "shape", "sgd", "chain")


@pytest.mark.parametrize("form", ["text", "latex", "python", "json"])
def test_the_command_shows_it_in_each_format(vanishing, form):
    ran = vanishing(f"derive linear2.scalar-solution --set t=1,A=2,B=2,theta=3/4 --format {form}")
    assert (ran.status, ran.err) == (0, "")
    assert "arXiv:2105.06351" in ran.out
    if form == "json":
        data = json.loads(ran.out)
        assert data["values"] == {"t": "1", "A": "2", "B": "2", "lambda_1": "1", "theta": "3/4"}
        assert data["float"] == pytest.approx(0.6678066775629782)
    if form == "python":
        scope = {}
        exec(ran.out, scope)
        assert scope["linear2_scalar_solution"]() == pytest.approx(0.6678066775629782)


def test_digits_are_enclosed(vanishing):
    ran = vanishing("derive linear2.distance-law --set h=16,theta=3/2,d=4 --digits 30")
    found = re.search(r"enclosed: \[(\S+) \+/-", ran.out)
    assert found[1].startswith("0.33703253650")
    assert len(found[1]) >= 31


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            "derive linear2.distance-la",
            "quantity: there is no closed form 'linear2.distance-la'; did you mean 'linear2.dis",
        ),
        ("derive linear2.distance-law", "--set: h (the width of the hidden layer) has no value"),
        ("derive linear2.distance-law --set h=x", "--set: h (the width of the hidden layer) has no value"),
        (
            "derive linear2.rate --set c=-1",
            "--set: c (the imbalance c_+ + c_- of the two layers) must be a number from 0",
        ),
        ("derive linear2.rate --set c=1,c=2", "--set: gives c twice; give it once"),
        ("derive linear2.rate --set c", "--set: 'c' is no NAME=VALUE"),
        ("derive linear2.rate --set x=1", "--set: there is no letter 'x' here; the letters are lambda_r ("),
        ("derive linear2.rate --set c=1/0", "--set: c: '1/0' divides by zero; use e.g. c=0"),
        ("derive linear2.rate --set c=oo", "--set: c (the imbalance c_+ + c_- of the two layers) must be"),
        ("derive linear2.rate --set c=sqrt(x)", "--set: c (the imbalance"),
        ("derive linear2.rate --width 3", "--width: does not apply to linear2.rate, which speaks of no network"),
        ("derive median --width 3 --depth 2 --set c=1", "--set: does not apply to median, which speaks of networks"),
        ("derive sparse.window --set N=5/2", "--set: N (the depth) must be a positive integer, got 5/2; use e.g. N=3"),
        ("derive sparse.window --set N=3,alpha=1/10,zeta=2,eps=1/20", "--set: zeta must be below the target"),
        ("derive shape.rich-limit --set k=1e-16,l1=1,H=1,d=2", "--set: H must be at most log d = 0.693147, got 1"),
        ("derive linear2.min-norm-distance --set lambda_r=4,lambda_1=1", "--set: lambda_1 is below lambda_r = 4"),
        ("derive linear2.imbalance-probability --set h=100001", "--set: h must be a whole number from 1 to 100000"),
        ("derive linear2.distance-law --set h=2,a=1000,theta=1,d=2", "--set: a must be at most 20, got 1000"),
        ("derive sparse.leakage --set N=3,alpha=1e-400,zeta=1/2", "--set: alpha must lie between 1e-50 and 1e6"),
        ("derive linear2.rate --set c=x,lambda_r=x", "--set: calls both lambda_r and c x; give them different names"),
        ("derive sparse.l1-gap --set N=3,w=1", "--set: w (the point that the flow has reached, at any time) must be"),
        ("derive sparse.l1-gap --set N=3", "--set: w (the point that the flow has reached, at any time) is missing"),
        ("derive shape.descent --set 'k=1,eta=1,g=(1,2)'", "--set: eta is too large at step 0"),
        ("sample linear2.rate --width 2 --depth 2", "quantity: there is no quantity 'linear2.rate'"),
        ("table --quantity linear2.rate --rows c=1 --show theory", "--show: does not apply to linear2.rate"),
        ("table --quantity linear2.rate --rows c=1,2", "--set: linear2.rate needs a number for lambda_r"),
        ("table --quantity linear2.rate --rows c=1 --set c=2", "--rows: sets c, which is set already"),
        ("table --quantity linear2.rate --rows x=1", "--rows: there is no letter 'x'"),
        ("table --quantity linear2.rate --rows c", "--rows: 'c' is no LETTER=VALUE,VALUE"),
        ("table --quantity 'E|a_L|^2' --rows n=2 --depth 2 --set c=2", "--set: gives letters of a closed form"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(vanishing, command, told):
    ran = vanishing(command)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith(f"vanishing: {told}"), ran.err
    assert ran.err.count("\n") == 1


def test_a_table_has_the_numbers_of_derive_at_each_place(vanishing):
    ran = vanishing(
        "table --quantity linear2.distance-law --rows h=4,16 --columns 'a=1/2,3/8' --set theta=3/2,d=4 --format json"
    )
    rows = json.loads(ran.out)
    assert [tuple(row) for row in rows] == [("h", "a=1/2", "a=3/8")] * 2
    assert [str(row["h"]) for row in rows] == ["4", "16"]  # in the order that was typed
    for row in rows:
        for a in ("1/2", "3/8"):
            exact = closed_form("linear2.distance-law", h=row["h"], a=a, theta="3/2", d=4).value
            assert float(str(row[f"a={a}"])) == pytest.approx(exact, rel=1e-3)


def test_a_table_in_latex_says_where_its_numbers_are_from(vanishing):
    ran = vanishing("table --quantity sparse.window --rows N=2..4 --set alpha=1/10,zeta=2/5,eps=1/20 --format latex")
    assert ran.status == 0
    assert "arXiv:2108.05574" in ran.out
    assert r"\toprule" in ran.out
    assert "17.07" in ran.out


KINDS_OF_NUMBERS = {
    "whole": st.integers(1, 10**6), "natural": st.integers(0, 10**6),
    "positive": st.fractions(min_value=0).filter(bool), "nonnegative": st.fractions(min_value=0),
    "share": st.fractions(0, 1).filter(lambda x: 0 < x < 1), "real": st.fractions(),
}  # fmt: skip


@given(st.sampled_from(sorted(KINDS_OF_NUMBERS)).flatmap(lambda kind: st.tuples(st.just(kind), KINDS_OF_NUMBERS[kind])))
def test_a_value_is_read_exactly(pair):
    kind, number = pair
    letter = Letter("y", kind, "a number")
    for given_as in (number, str(number), sp.Rational(number.numerator, number.denominator)):
        assert read_value(letter, given_as) == sp.Rational(number.numerator, number.denominator)


@given(st.sampled_from(sorted(KINDS_OF_NUMBERS)), st.fractions())
def test_a_value_is_refused_where_the_letter_cannot_have_it(kind, number):
    may = {
        "whole": number.denominator == 1 and number > 0, "natural": number.denominator == 1 and number >= 0,
        "positive": number > 0, "nonnegative": number >= 0, "share": 0 < number < 1, "real": True,
    }[kind]  # fmt: skip
    letter = Letter("y", kind, "a number")
    if may:
        read_value(letter, number)
    else:
        with pytest.raises(InvalidArgument, match=r"set: y \(a number\) must be"):
            read_value(letter, number)


def test_a_symbol_of_a_letter_knows_what_it_stands_for():
    assert read_value(Letter("y", "whole", "n"), "m").is_integer
    assert read_value(Letter("y", "share", "n"), "q").is_positive
    assert read_value(Letter("y", "real", "n"), "q").is_positive is None
    assert read_value(Letter("y", "positive", "n"), "sqrt(2)") == sp.sqrt(2)
    assert read_value(Letter("y", "positive", "n"), "pi") == sp.pi
    with pytest.raises(InvalidArgument, match="a positive number"):
        read_value(Letter("y", "positive", "n"), "1-sqrt(2)")
    with pytest.raises(InvalidArgument, match="given twice"):
        closed_form("linear2.rate", {"c": 1}, c=2)
