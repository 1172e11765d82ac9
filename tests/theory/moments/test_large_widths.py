"""Series in 1/n: against numbers at large n, and limits with symbols in them against those without."""

import os
import subprocess
import sys

import mpmath
import pytest
import sympy as sp

from tests.theory.small_networks import refused
from theory.ensembles import Ensemble
from theory.moments.across_layers import correlation
from theory.moments.expansions import (
    kurtosis_expansion,
    kurtosis_limit,
    log_variance_expansion,
    lyapunov_expansion,
)
from theory.moments.large_widths import divided, leading_eigenvalue, series_in_width, times

n, s, beta = sp.Symbol("n", integer=True, positive=True), *sp.symbols("s beta", positive=True)
NET = Ensemble(width="n", depth="L", activation="leaky:s", init="he")
LAWS = ["normal", "uniform", "symmetric"]


def test_a_series_leaves_an_error_of_the_next_order() -> None:
    value = (3 * n**2 + s * n + 1) / (n**2 - s**2 * n + 5)
    series = series_in_width(value, n, 4)
    errors = [
        sp.Rational((value - sum(c / n**k for k, c in enumerate(series))).subs({s: sp.Rational(1, 3), n: width}))
        for width in (1000, 2000)
    ]
    assert float(errors[0] / errors[1]) == pytest.approx(16, rel=0.05)


def test_products_and_quotients_undo_each_other() -> None:
    left, right = [s, sp.S(2), 1 / s], [1 + s, s, sp.S(3)]
    assert [sp.cancel(a - b) for a, b in zip(divided(times(left, right), right), left, strict=True)] == [0, 0, 0]


def test_the_leading_eigenvalue_is_that_of_the_matrix() -> None:
    trace, determinant = [sp.S.One, sp.S(5), sp.S(-2)], [sp.S.Zero, sp.S(2), sp.S(3)]
    series = leading_eigenvalue(trace, determinant)
    with mpmath.workdps(40):
        h = mpmath.mpf(10) ** -6
        t, d = (sum(int(c) * h**k for k, c in enumerate(known)) for known in (trace, determinant))
        root = (t + mpmath.sqrt(t**2 - 4 * d)) / 2
        assert abs(root - sum(int(c) * h**k for k, c in enumerate(series))) < 1e3 * h**3


def test_what_has_no_such_series_is_refused() -> None:
    with refused("value", "not rational"):
        series_in_width(sp.sqrt(n), n, 2)
    with refused("value", "unbounded"):
        series_in_width(n, n, 2)
    with refused("trace", "do not tend to 1 and 0"):
        leading_eigenvalue([sp.S(2), sp.S(0)], [sp.S.One, sp.S(0)])


@pytest.mark.parametrize("law", ["normal", "uniform", "rademacher", "symmetric"])
def test_the_kurtosis_has_the_same_limit_for_every_law_and_any_slope(law: str) -> None:
    rate = (5 * s**4 - 2 * s**2 + 5) / (1 + s**2) ** 2
    assert kurtosis_limit(NET.at(law=law)) == sp.exp(beta * rate)
    assert kurtosis_limit(NET.at(law=law, init="variance:v")) == sp.exp(beta * rate)


def test_orthogonal_weights_have_a_limit_for_any_slope() -> None:
    limit = kurtosis_limit(NET.at(init="orthogonal"))
    assert limit == sp.exp(3 * beta * (s - 1) ** 2 * (s + 1) ** 2 / (s**2 + 1) ** 2)


@pytest.mark.parametrize("expand", [kurtosis_limit, kurtosis_expansion, lyapunov_expansion, log_variance_expansion])
@pytest.mark.parametrize("law", LAWS)
def test_a_slope_may_be_put_in_before_or_after(expand, law) -> None:
    """Those with numbers are compared with exact values at large n in test_expansions."""
    general, known = (expand(NET.at(law=law, activation=f"leaky:{slope}")) for slope in ("s", "1/3"))
    assert not general.atoms(sp.Dummy)
    assert general.getO() == known.getO()
    assert sp.simplify(general.removeO().subs(s, sp.Rational(1, 3)) - known.removeO()) == 0


@pytest.mark.parametrize("expand", [lyapunov_expansion, log_variance_expansion])
def test_discrete_laws_have_no_expansion_of_logarithms(expand) -> None:
    with refused("law", "atoms", "bounded density"):
        expand(NET.at(law="rademacher"))


@pytest.mark.parametrize("law", ["normal", "uniform"])
def test_a_correlation_has_no_sign_to_guess(law) -> None:
    general = correlation(NET.at(law=law), 1, 3)
    assert not general.has(sp.Abs, sp.sign)
    x, x4 = (sp.Symbol(name, positive=True) for name in ("norm_x", "norm4_x"))
    values = {s: sp.Rational(1, 3), n: 4, x: 1, x4: 1 / sp.sqrt(sp.sqrt(4))}
    known = correlation(Ensemble(width=4, depth=3, activation="leaky:1/3", init="he", law=law), 1, 3)
    assert sp.N(general.subs(values) - known, 20) == pytest.approx(0, abs=1e-15)
    assert correlation(NET, "k", "k") == 1


_SHOWN = """
from theory import Ensemble, kurtosis_expansion, kurtosis_limit
net = Ensemble(width="n", depth="L", activation="leaky:s", init="he", law="uniform")
print(kurtosis_limit(net), kurtosis_expansion(net))
"""


def test_answers_do_not_depend_on_how_strings_are_hashed() -> None:
    shown = {
        subprocess.run(
            [sys.executable, "-c", _SHOWN],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "2")
    }
    assert len(shown) == 1
