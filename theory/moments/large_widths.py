r"""Large widths: rational functions of the width as power series in 1/n, with exact coefficients.

What theory derives for one layer is rational in the width and in all other letters. So its series in 1/n is a division
of polynomials, and the leading eigenvalue of a matrix of such series follows term by term from its characteristic
equation. No root is taken and no sign is guessed, whatever letters the slope, the kurtosis or the input bring along.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from theory import symbols
from theory.ensembles import InvalidArgument

Series = Sequence[sp.Expr]
"""The coefficients of 1, 1/n, 1/n^2, ..., without n."""


def series_in_width(value: sp.Expr, n: sp.Symbol, terms: int) -> list[sp.Expr]:
    """Expand a rational function of n, bounded for large n, in powers of 1/n.

    Parameters
    ----------
    value : sympy.Expr
        The function, which may have other letters, in which it is rational too.
    n : sympy.Symbol
        The width.
    terms : int
        How many coefficients are wanted, from the constant on.

    Raises
    ------
    InvalidArgument
        If the function is not rational in n, or is unbounded for large n.

    Examples
    --------
    >>> n, s = sp.symbols("n s")
    >>> series_in_width((n + s) / (n - 1), n, 3)
    [1, s + 1, s + 1]
    """
    if not value.is_rational_function(n):
        raise InvalidArgument("value", f"{value} is not rational in {n}", "use a ratio of polynomials")
    top, bottom = (sp.Poly(part, n) for part in sp.fraction(sp.cancel(value)))
    degree = bottom.degree()
    if top.degree() > degree:
        raise InvalidArgument("value", f"{value} is unbounded for large {n}", f"divide it by a power of {n}")
    above, below = ([part.coeff_monomial(n ** (degree - k)) if k <= degree else sp.S.Zero for k in range(terms)]
                    for part in (top, bottom))  # fmt: skip
    return divided(above, below)


def times(left: Series, right: Series) -> list[sp.Expr]:
    """Multiply two series of equally many terms.

    Examples
    --------
    >>> times([1, 2], [3, 4])
    [3, 10]
    """
    return [symbols.tidy(sp.Add(*(left[i] * right[k - i] for i in range(k + 1)))) for k in range(len(left))]


def divided(above: Series, below: Series) -> list[sp.Expr]:
    """Divide two series of equally many terms; the constant below must not be 0.

    Examples
    --------
    >>> divided([sp.S.One, sp.S.Zero], [sp.S.One, -sp.S.One])
    [1, 1]
    """
    quotient: list[sp.Expr] = []
    for k in range(len(above)):
        known = sp.Add(*(below[j] * quotient[k - j] for j in range(1, k + 1)))
        quotient.append(symbols.tidy((above[k] - known) / below[0]))
    return quotient


def leading_eigenvalue(trace: Series, determinant: Series) -> list[sp.Expr]:
    """Expand the eigenvalue of a 2x2 matrix that tends to 1, where the other one tends to 0.

    Parameters
    ----------
    trace, determinant : sequence of SymPy expressions
        The series of the matrix's trace, which begins with 1, and of its determinant, which begins with 0.

    Raises
    ------
    InvalidArgument
        If they begin with other numbers.

    Examples
    --------
    >>> leading_eigenvalue([sp.S.One, sp.S(5), sp.S.Zero], [sp.S.Zero, sp.S(2), sp.S.Zero])
    [1, 3, 6]
    """
    if (trace[0], determinant[0]) != (1, 0):
        raise InvalidArgument("trace", "the eigenvalues do not tend to 1 and 0", "divide the matrix by its limit")
    value = [sp.S.One]
    for k in range(1, len(trace)):  # from x^2 - trace x + determinant = 0, where x_k has the factor 2 x_0 - trace_0 = 1
        squares = sp.Add(*(value[i] * value[k - i] for i in range(1, k)))
        value.append(
            symbols.tidy(sp.Add(*(trace[i] * value[k - i] for i in range(1, k + 1))) - squares - determinant[k])
        )
    return value
