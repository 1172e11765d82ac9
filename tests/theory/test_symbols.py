"""SymPy is loaded when a formula is asked for; exact numbers and names become SymPy's, power sums what they say."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import theory
from tests.theory.small_networks import exact, refused, vectors
from theory import symbols
from theory.ensembles import Ensemble
from theory.requirements import require_order

n = sp.Symbol("n", integer=True, positive=True)
z = sp.Symbol("z", real=True)
NORMAL = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)


def python(code: str) -> str:
    run = [sys.executable, "-W", "error", "-c", code]
    where = Path(theory.__file__).parents[1]
    return subprocess.run(run, cwd=where, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_importing_theory_and_describing_a_network_loads_no_sympy_but_a_formula_does() -> None:
    light = "import sys, theory; theory.Ensemble(width='n', depth='L'); print('sympy' in sys.modules)"
    assert python(light) == "False"
    assert python(light + "; theory.activation_moment; print('sympy' in sys.modules)") == "False\nTrue"


def test_every_name_in_the_table_of_contents_is_there_and_no_other() -> None:
    for name in theory.__all__:
        assert getattr(theory, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        _ = theory.no_such_name


@pytest.mark.parametrize("order", [2, 4, 6, 8])
@pytest.mark.parametrize("slope", [sp.Integer(0), sp.Rational(1, 3), sp.Integer(1)])
def test_gate_moment_is_the_share_of_a_moment_that_the_activation_lets_through(slope: sp.Expr, order: int) -> None:
    left = sp.integrate((slope * z) ** order * NORMAL, (z, -sp.oo, 0))
    right = sp.integrate(z**order * NORMAL, (z, 0, sp.oo))
    assert symbols.gate_moment(slope, order) == sp.simplify((left + right) / sp.factorial2(order - 1))


@pytest.mark.parametrize("value", [0, 7, Fraction(-2, 3), Fraction(10**30 + 1, 7)])
def test_numbers_stay_exact(value: Any) -> None:
    assert symbols.number(value) * Fraction(value).denominator == Fraction(value).numerator
    assert symbols.number(value).is_Rational


def test_names_become_positive_symbols_and_sizes_positive_integers() -> None:
    assert symbols.number("K").is_positive
    assert symbols.number("K").is_integer is None
    assert symbols.whole("n") == n
    assert symbols.whole(5) == 5
    assert symbols.slope(Ensemble(width=2, depth=1, activation="leaky:s")) == symbols.number("s")


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("xavier", sp.Rational(2, 5)),
        ("he", sp.Rational(16, 17) * sp.Rational(2, 3)),
        ("lecun", sp.Rational(1, 3)),
        ("7/2", sp.Rational(7, 2)),
        ("variance:s2", sp.Symbol("s2", positive=True)),
    ],
)
def test_variance_knows_both_fans_and_the_slope(init: str, expected: sp.Expr) -> None:
    net = Ensemble(widths=(5, 3, 2), init=init, activation="leaky:1/4")
    assert symbols.variance(net, 2) == expected


@given(st.integers(1, 4).flatmap(vectors), st.sampled_from([2, 4, 6]))
def test_sums_of_powers_of_inputs_and_readouts(vector: tuple[Fraction, ...], order: int) -> None:
    net = Ensemble(width=len(vector), depth=1, input=vector, readout=vector)
    expected = exact(sum(entry**order for entry in vector))
    assert symbols.input_power_sum(net, order) == symbols.readout_power_sum(net, order) == expected


@pytest.mark.parametrize("order", [2, 4, 6])
def test_the_default_input_is_the_flat_unit_vector_or_a_symbol(order: int) -> None:
    flat = sp.Matrix([1] * 5) / sp.sqrt(5)
    assert symbols.input_power_sum(Ensemble(width=5, depth=1), order) == sum(entry**order for entry in flat)
    norm = sp.Symbol("norm_x" if order == 2 else f"norm{order}_x", positive=True)
    assert symbols.input_power_sum(Ensemble(width=5, depth="L"), order) == norm**order
    assert symbols.input_power_sum(Ensemble(width="n", depth=1, input="e1"), order) == 1
    assert symbols.input_power_sum(Ensemble(width="n", depth=1, input="ones"), order) == n
    assert symbols.readout_power_sum(Ensemble(widths=(4, "n", 6), readout="ones"), order) == 6


@pytest.mark.parametrize("order", [2, 4, 6])
def test_random_readouts_have_the_moments_of_their_entries(order: int) -> None:
    normal = sp.integrate((z / 3) ** order * NORMAL, (z, -sp.oo, sp.oo))  # variance 1/9
    assert symbols.readout_entry_moment(Ensemble(widths=(2, 9), readout="random"), order) == normal
    assert symbols.readout_entry_moment(Ensemble(widths=(2, 9), readout="signs"), order) == sp.Rational(1, 3) ** order


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ((n**2 + 5 * n) / n**2, "1 + 5/n"),
        ((n**2 + 2 * n + 1) / (n + 1) ** 3, "1/(n + 1)"),
        ((n - 1) * (n + 2) * (n + 4) / n, None),
        (sp.expand((n + 1) ** 6) / n**5, "(n + 1)**6/n**5"),
    ],
)
def test_tidy_keeps_the_value_and_takes_the_short_form(expression: sp.Expr, text: str | None) -> None:
    tidied = symbols.tidy(expression)
    assert sp.simplify(tidied - expression) == 0
    assert sp.count_ops(tidied) <= sp.count_ops(expression)
    assert text is None or str(tidied) == text


@pytest.mark.parametrize("order", [0, -2, 1, 3, True, False, 2.0, "4", None, Fraction(4)])
def test_orders_that_are_not_positive_even_integers_are_refused(order: Any) -> None:
    with refused("order", "positive even integer", repr(order).replace("(", r"\(").replace(")", r"\)")):
        require_order(order)


def sums_of_products() -> st.SearchStrategy[sp.Expr]:
    """Products and sums of rational functions and powers of them with exponents in L and k."""
    L, k = (sp.Symbol(name, integer=True, positive=True) for name in "Lk")
    bases = [1 + 5 / n, (n + 5) / n, 1 / (n + 2), n * z / 3 + 1, (n**2 + n) / n, sp.Rational(2, 3)]
    powers = st.builds(sp.Pow, st.sampled_from(bases), st.sampled_from([L, k, L - k, 2 * L - 1, -k, 3 - L]))
    plain = st.sampled_from([n, z - 1, 1 / (n + 1), (n + 1) * (n + 2), sp.Rational(-3, 7), sp.S.Zero, sp.pi])
    products = st.lists(st.one_of(powers, plain), min_size=1, max_size=4).map(lambda factors: sp.Mul(*factors))
    return st.lists(products, min_size=1, max_size=3).map(lambda terms: sp.Add(*terms))


@given(
    sums_of_products(), st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.fractions(1, 3, max_denominator=9)
)
@settings(max_examples=60)
def test_gather_keeps_the_value(expression: sp.Expr, width: int, depth: int, layer: int, real: Fraction) -> None:
    names = zip("nLk", (width, depth, layer), strict=True)
    at = {sp.Symbol(name, integer=True, positive=True): value for name, value in names} | {z: exact(real)}
    assert sp.expand((symbols.gather(expression) - expression).subs(at)) == 0


def test_gather_puts_equal_bases_together() -> None:
    L, k = (sp.Symbol(name, integer=True, positive=True) for name in "Lk")
    apart = (1 + 5 / n) ** (L - k) * ((n + 5) / n) ** (k - 1) * n * (n + 1) / n
    assert str(symbols.gather(apart)) == "(1 + 5/n)**(L - 1)*(n + 1)"
    assert symbols.gather(apart - apart) == 0
    assert symbols.gather(n * (1 + 5 / n) ** L + ((n + 5) / n) ** L) == (n + 1) * (1 + 5 / n) ** L
    assert symbols.gather((n**2 + n) / n) == n + 1
