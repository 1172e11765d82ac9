"""Joint cumulants of powers: they give the moments back, and those of known laws are known."""

from math import factorial, prod

import pytest
import sympy as sp
from sympy.utilities.iterables import multiset_partitions

from theory.matrix_expectations.cumulants import PowerCumulants

MOMENTS = {order: sp.Symbol(f"mu{order}") for order in range(1, 13)}


@pytest.mark.parametrize("powers", [(1,), (1, 1), (1, 2), (1, 1, 1), (2, 2, 1), (1, 1, 1, 1), (3, 1, 2, 2), (2,) * 5])
def test_a_joint_moment_is_the_sum_over_partitions(powers: tuple[int, ...]) -> None:
    cumulant = PowerCumulants(MOMENTS.__getitem__)
    total = sp.Add(
        *(
            prod(cumulant(tuple(powers[index] for index in block)) for block in blocks)
            for blocks in multiset_partitions(list(range(len(powers))))
        )
    )
    assert sp.expand(total) == MOMENTS[sum(powers)]


@pytest.mark.parametrize("order", range(1, 8))
def test_all_cumulants_of_a_poisson_variable_are_its_mean(order: int) -> None:
    touchard = {1: 2, 2: 6, 3: 22, 4: 94, 5: 454, 6: 2430, 7: 14214}  # moments at mean 2
    assert PowerCumulants(touchard.__getitem__)((1,) * order) == 2


@pytest.mark.parametrize("order", range(1, 6))
def test_the_cumulants_of_a_squared_normal_are_those_of_chi_square(order: int) -> None:
    normal = PowerCumulants(lambda degree: 0 if degree % 2 else prod(range(1, degree, 2)))
    assert normal((2,) * order) == 2 ** (order - 1) * factorial(order - 1)
