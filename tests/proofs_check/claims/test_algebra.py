"""Formulas are taken apart only where that changes no value, and a formula is called positive only if it is."""

from __future__ import annotations

import math

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check import check
from proofs_check.claims.algebra import is_identical, spread
from proofs_check.claims.positivity import is_nonnegative, is_positive
from proofs_check.verdict import Verdict
from theory import symbols
from theory.ensembles import Ensemble

LINEAR = Ensemble(width="n", depth="L")
N, L = symbols.whole("n"), symbols.whole("L")
FACTORS = (N, N + 5, N - 1, N - 3, 5 - N, N - L, N**2 - N + 1, sp.Rational(2, 3), -sp.S.One)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("(n^2-6*n+9)^(L/2) - (n-3)^L + 1", Verdict.REFUTED),
        ("(1-10/n+25/n^2)^(L/2) - (1-5/n)^L + 1", Verdict.REFUTED),
        ("((n-3)*(n-4))^(L/2) - (n-3)^(L/2)*(n-4)^(L/2) + 1", Verdict.INCONCLUSIVE),  # not real at n = 1, L = 1
        ("(n^2-200*n+10000)^(1/(2*L)) - (n-100)^(1/L) + 1", Verdict.REFUTED),
        ("log((n-3)^2) - 2*log(n-3) + 1", Verdict.INCONCLUSIVE),
        ("log((5-n)^2) - 2*log(5-n) + 1", Verdict.INCONCLUSIVE),
        ("exp(L*log((n-2)^2)/2) - (n-2)^L + 1", Verdict.REFUTED),
    ],
)
def test_powers_and_logarithms_of_what_may_be_negative_are_not_taken_apart(claim, verdict):
    assert check(f"E|a_L|^2 = {claim}", LINEAR, compare=False, seconds=1).verdict is verdict


@pytest.mark.parametrize(
    "claim",
    [
        "((n+5)/(n+3))^(L/2)*((n+3)/(n+5))^(L/2)",
        "(n^2+10*n+25)^(L/2) - (n+5)^L + 1",
        "(n^2-6*n+9)^L - (n-3)^(2*L) + 1",  # a whole exponent
        "(1-1/n)^(L/2) - (n-1)^(L/2)/n^(L/2) + 1",  # n - 1 is never negative
        "log(n^2+2*n) - log(n) - log(n+2) + 1",
    ],
)
def test_what_is_nowhere_negative_is_taken_apart(claim):
    found = check(f"E|a_L|^2 = {claim}", LINEAR, compare=False)
    assert (found.verdict, found.scope) == (Verdict.SUPPORTED, "all n and L")


def real(formula: sp.Expr, n: int, depth: int) -> float | None:
    value = complex(formula.subs({N: n, L: depth}).evalf(30, chop=True))
    return value.real if math.isfinite(value.real) and abs(value.imag) < 1e-20 else None


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.sampled_from(FACTORS), st.sampled_from((-2, -1, 1, 2, 3))), min_size=1, max_size=3),
    st.sampled_from((L, L / 2, 1 / L, 2 * L, L / 2 + 1, -L / 3)),
    st.booleans(),
)
def test_spreading_keeps_every_value(factors, exponent, logarithm):
    base = sp.expand(sp.Mul(*(factor**power for factor, power in factors if power > 0)))
    base /= sp.expand(sp.Mul(*(factor**-power for factor, power in factors if power < 0)))
    formula = sp.log(base) if logarithm else base**exponent
    wide = spread(formula)
    for n in (1, 2, 3, 4, 6, 9):
        for depth in (1, 2, 3, 4):
            before = formula.subs({N: n, L: depth})
            if before.has(sp.nan, sp.zoo, sp.oo) or (value := real(formula, n, depth)) is None:
                continue
            assert real(wide, n, depth) == pytest.approx(value, rel=1e-9, abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=4), st.integers(1, 4), st.integers(-3, 3))
def test_what_is_proved_positive_is_positive(coefficients, least, mixed):
    formula = sum((c * N**k for k, c in enumerate(coefficients)), sp.S.Zero) + mixed * N * L
    values = [formula.subs({N: n, L: depth}) for n in range(least, least + 9) for depth in range(1, 9)]
    if is_positive(formula, {N: least}):
        assert min(values) > 0
    if is_nonnegative(formula, {N: least}):
        assert min(values) >= 0


def test_some_formulas_are_proved_positive():
    x = sp.Symbol("x", positive=True)
    for formula in (N**2 - N + 1, (1 - 1 / N) * x + x**2, 1 / (N + L - 1), sp.Max(sp.S.One, N - 9), 2 ** (-N)):
        assert is_positive(formula)
    for formula in (N - 2, N - L, 1 - 1 / N, x - 1, sp.Max(0, N - 9)):
        assert not is_positive(formula)


def test_both_systems_agree_that_nothing_false_is_identical():
    assert not is_identical((N**2 - 6 * N + 9) ** (L / 2) - (N - 3) ** L)
    assert is_identical((N**2 - 6 * N + 9) ** L - (N - 3) ** (2 * L))
