"""Formulas as Coq terms: what is written, and what the theorem must then say."""

import pytest
import sympy as sp

from proofs_check.certificates.terms import Terms, identifier
from theory.ensembles import InvalidArgument

n, K = sp.symbols("n K", positive=True)
L, k = sp.symbols("L k", integer=True, positive=True)


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (sp.S.Zero, "0"),
        (sp.Integer(-3), "(- 3)"),
        (sp.Rational(-2, 3), "(- 2) / 3"),
        (n - 1, "n - 1"),
        (1 - n, "1 - n"),
        (-n - K, "- K - n"),
        ((n + 5) / (4 * n**2), "(n + 5) / (4 * n ^ 2)"),
        (n * (K - 3) / (n + 1), "n * (K - 3) / (n + 1)"),
        (1 / (1 / n + K), "1 / (K + 1 / n)"),
        (sp.sqrt(n), "root1"),
        (n ** sp.Rational(3, 2), "root1 ^ 3"),
        (K / sp.sqrt(n), "K / root1"),
        (sp.exp(n) + 1, "value1 + 1"),
    ],
)
def test_each_form_of_formula(formula, text):
    assert Terms([formula]).of(formula) == text


@pytest.mark.parametrize(
    ("exponents", "least", "texts"),
    [
        ((L - 1, L + 2), "L - 1", ("e", "e + 3")),
        ((2 * L - 4, L - 2, L), "L - 2", ("e * 2", "e", "e + 2")),
        ((L, 2 * L + 1), "L", ("e", "e * 2 + 1")),
        ((L / 2, L / 2 + 1), "L/2", ("e", "e + 1")),
        ((L - k - 1, L - k), "L - k - 1", ("e", "e + 1")),
    ],
)
def test_exponents_of_one_core_begin_at_the_least(exponents, least, texts):
    powers = [n**exponent for exponent in exponents]
    terms = Terms(powers)
    assert [terms.natural(exponent) for exponent in exponents] == list(texts)
    assert terms.exponents == {"e": least}


def test_negative_multiples_of_a_core_divide():
    terms = Terms([n ** (-L - 1)])
    assert terms.of(n ** (-L - 1)) == "1 / n ^ (e + 1)"
    assert list(terms.denominators) == ["n"]


def test_letters_that_count_are_natural_numbers_and_real_ones_elsewhere():
    terms = Terms([], naturals=(L, k))
    assert terms.of((1 + 1 / n) ** (L + 2 * k + 1) * L) == "INR L * (1 + 1 / n) ^ (L + k * 2 + 1)"
    assert list(terms.reals) == [n]


@pytest.mark.parametrize("exponent", [n, L - k, L / 2, L + sp.Rational(1, 2)])
def test_exponents_that_are_no_numbers_of_steps_are_refused(exponent):
    with pytest.raises(InvalidArgument, match="no whole number of steps"):
        Terms([], naturals=(L, k, n)).of(K ** (exponent if exponent != n else L * n))


def test_what_depends_on_a_step_is_no_constant():
    with pytest.raises(InvalidArgument, match="no number that an identity could keep"):
        Terms([], naturals=(L,)).of(sp.exp(-L / n))


@pytest.mark.parametrize("value", [sp.zoo, sp.nan, sp.oo, sp.I])
def test_what_is_no_real_number_is_refused(value):
    with pytest.raises(InvalidArgument, match="no number"):
        Terms([value]).of(value)


def test_one_radicand_written_twice_is_one_root():
    terms = Terms([])
    assert terms.of(sp.sqrt((n + 1) ** 2 + K, evaluate=False)) == terms.of(sp.sqrt(sp.expand((n + 1) ** 2) + K))


def test_what_is_divided_by_is_kept_factor_by_factor():
    terms = Terms([])
    terms.of(1 / ((n - 5) * (K + 1 / n)))
    assert list(terms.denominators) == ["K * n + 1", "n", "n - 5"]


def test_names_do_not_collide_with_those_of_coq():
    letters = sp.symbols("S E L", positive=True)
    assert Terms([]).of(sp.Add(*letters)) == "E_ + L + S_"
    assert identifier("|H|_F^2 = lam^2/c + squares") == "H__F_2_lam_2_c_squares"


def test_two_letters_have_two_names():
    up, um, plain = sp.symbols("u_+ u_- u")
    other = sp.Symbol("u", positive=True)  # of the same name, and another letter
    terms = Terms([up * um * plain * other])
    written = [terms.of(letter) for letter in (up, um, plain, other)]
    assert written == ["u_plus", "u_minus", "u", "u_"]
    assert set(terms.of(up + um).split(" + ")) == {"u_plus", "u_minus"}
