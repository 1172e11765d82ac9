"""A single weight: Mellin transforms and log-cumulants against quadrature of the density."""

from typing import Any

import mpmath as mp
import pytest
import sympy as sp

from tests.theory.small_networks import refused
from theory.ensembles import Law
from theory.width_one.single_weight import absolute_moment, density_at_zero, log_cumulant

NAMES = ["normal", "uniform"]
r = sp.Symbol("r", positive=True)


def mean(name: str, function: Any) -> Any:
    """E function(|w|) for variance 1, by tanh-sinh quadrature."""
    if name == "uniform":
        return mp.quad(function, [0, 1, mp.sqrt(3)]) / mp.sqrt(3)
    return mp.quad(lambda w: function(w) * mp.sqrt(2 / mp.pi) * mp.exp(-w * w / 2), [0, 1, 4, 12, 40])


@pytest.mark.parametrize("power", ["1/3", "1", "5/2", "7"])
@pytest.mark.parametrize("name", NAMES)
def test_absolute_moments_against_quadrature(name: str, power: str) -> None:
    with mp.workdps(30):
        exponent = mp.mpf(sp.Rational(power).p) / sp.Rational(power).q
        value = mp.mpf(str(absolute_moment(Law.named(name)).subs(r, sp.Rational(power)).evalf(30)))
        assert mp.almosteq(value, mean(name, lambda w: w**exponent), 1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_even_absolute_moments_are_the_moments_of_the_law(name: str) -> None:
    law = Law.named(name)
    for order in (2, 4, 6, 8, 10):
        assert sp.simplify(absolute_moment(law).subs(r, order)) == sp.S(str(law.moment(order)))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("name", NAMES)
def test_log_cumulants_against_quadrature(name: str, order: int) -> None:
    with mp.workdps(30):
        m = [mean(name, lambda w, k=k: mp.log(w) ** k if w else mp.mpf(0)) for k in range(5)]
        centred = [sum(mp.binomial(k, j) * m[j] * (-m[1]) ** (k - j) for j in range(k + 1)) for k in range(5)]
        cumulant = [None, m[1], centred[2], centred[3], centred[4] - 3 * centred[2] ** 2][order]
        value = mp.mpf(str(log_cumulant(Law.named(name), order).evalf(30)))
        assert mp.almosteq(value, cumulant, 1e-12)


@pytest.mark.parametrize("order", range(1, 7))
def test_log_cumulants_in_closed_form(order: int) -> None:
    # -log|w/sqrt 3| is Exponential(1); w^2 is chi-square with one degree of freedom
    exponential = (-1) ** order * sp.factorial(order - 1) + (sp.log(3) / 2 if order == 1 else 0)
    assert sp.simplify(log_cumulant(Law.named("uniform"), order) - exponential) == 0
    chi_square = (sp.polygamma(order - 1, sp.S.Half) + (sp.log(2) if order == 1 else 0)) / 2**order
    assert sp.simplify(log_cumulant(Law.named("normal"), order) - sp.expand_func(chi_square)) == 0


@pytest.mark.parametrize("name", NAMES)
def test_density_at_zero_is_the_chance_of_a_small_weight_and_the_largest(name: str) -> None:
    with mp.workdps(30):
        peak = mp.mpf(str(density_at_zero(Law.named(name)).evalf(30)))
        cdf = {"normal": lambda t: mp.erf(t / mp.sqrt(2)), "uniform": lambda t: t / mp.sqrt(3)}[name]
        assert mp.almosteq(cdf(mp.mpf("1e-8")) / mp.mpf("1e-8"), peak, 1e-15)
        assert all(cdf(t + 0.01) - cdf(t) <= 0.01 * peak * (1 + mp.mpf("1e-25")) for t in mp.linspace(0, 1.7, 18))


@pytest.mark.parametrize("law", ["rademacher", "symmetric", Law.discrete({-1: "1/4", 0: "1/2", 1: "1/4"}),
                                 Law.from_moments("own", {2: 1, 4: 5})], ids=str)  # fmt: skip
def test_laws_without_a_known_density_are_refused(law: Any) -> None:
    law = law if isinstance(law, Law) else Law.named(law)
    for quantity in (absolute_moment, density_at_zero, lambda law: log_cumulant(law, 1)):
        with refused("law", law.name, "not known"):
            quantity(law)
