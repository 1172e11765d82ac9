r"""The normal law cut off at two standard deviations, whose exact moments are polynomials in one irrational number.

Let Z be normal given :math:`|Z| \le 2`. By parts, :math:`E Z^{2m} = (2m-1) E Z^{2m-2} - 4^{m-1}(1 - E Z^2)`, where
:math:`E Z^2 = 1 - 4\varphi(2)/\mathrm{erf}\sqrt2`. So the standardized moments are polynomials with whole coefficients
in :math:`u = 1/E Z^2`, about 1.2925, by which frameworks rescale the variance: their 0.87962566 is its inverse root.
Derived here.
"""

from __future__ import annotations

from fractions import Fraction

NAME = "truncated-normal"

RESCALING = Fraction("1.29242163422322473352878979962447104342")
"""The number u to 38 digits, for those who draw; theory has it exactly."""


def truncated_coefficients(m: int) -> tuple[int, int]:
    """Return the whole numbers p and q of the standardized moment E w^2m = p u^m + q u^(m-1).

    Parameters
    ----------
    m : int
        Half the order, from 1.

    Examples
    --------
    >>> truncated_coefficients(1), truncated_coefficients(2)
    ((0, 1), (-4, 7))
    """
    p, q = 1, 0
    for k in range(1, m + 1):
        p, q = (2 * k - 1) * p - 4 ** (k - 1), (2 * k - 1) * q + 4 ** (k - 1)
    return p, q


def truncated_moment_name(m: int) -> str:
    """Return what stands for the moment of order 2m where no SymPy is; no symbol can have this name.

    Examples
    --------
    >>> truncated_moment_name(2), half_order("truncated-normal moment 4"), half_order("K")
    ('truncated-normal moment 4', 2, 0)
    """
    return f"{NAME} moment {2 * m}"


def half_order(name: str) -> int:
    """Return m where a name stands for the moment of order 2m, and 0 for all other names."""
    head, _, order = name.rpartition(" ")
    return int(order) // 2 if head == f"{NAME} moment" else 0
