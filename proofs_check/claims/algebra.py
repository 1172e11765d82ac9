"""Exact algebra of formulas in letters: whether two are identical, and their ratio as a person would write it."""

from __future__ import annotations

import sympy as sp

from proofs_check.exact.identities import zero_by_flint, zero_by_sympy
from theory import symbols
from theory.ensembles import InvalidArgument

_LONGEST = 80
"""Ratios of formulas of more operations than this are not shown: SymPy would take long to shorten them."""


_SHORT = 12


def spread(expression: sp.Expr) -> sp.Expr:
    """Write powers with letters in the exponent as powers of irreducible factors, exponentials and logarithms as sums.

    So that ``((n+5)/n)^L`` and ``(n+5)^L/n^L`` are seen to be the same. Letters of sizes are positive integers.

    Examples
    --------
    >>> n, L = symbols.whole("n"), symbols.whole("L")
    >>> spread((1 + 5 / n) ** (L + 1))
    n**(-L - 1)*(n + 5)**(L + 1)
    """

    def powers(node: sp.Expr) -> sp.Expr:
        base, exponent = node.as_base_exp()
        if exponent.is_number or not base.is_rational_function():
            return node
        top, bottom = sp.fraction(sp.together(base))
        out = sp.S.One
        for part, sign in ((top, 1), (bottom, -1)):
            constant, factors = sp.factor_list(part)
            if constant != 1:
                out *= constant ** (sign * exponent)
            for factor, times in factors:
                out *= sp.Pow(factor, sign * times * exponent)
        return out

    expression = expression.replace(lambda node: node.is_Pow, powers)
    expression = expression.replace(
        lambda node: isinstance(node, sp.exp), lambda node: sp.expand_power_exp(sp.exp(sp.expand(node.args[0])))
    )
    return sp.expand_log(expression, force=True)


def is_identical(difference: sp.Expr) -> bool:
    """Whether a formula is 0 for all values of its letters, in SymPy's and in FLINT's arithmetic.

    Parameters
    ----------
    difference : sympy.Expr
        The difference of two sides.

    Examples
    --------
    >>> n, L = symbols.whole("n"), symbols.whole("L")
    >>> is_identical((1 + 5 / n) ** L - (n + 5) ** L / n**L)
    True
    """
    if difference == 0:
        return True
    for form in (difference, spread(difference)):
        try:
            if zero_by_flint(form) and zero_by_sympy(form):
                return True
        except (InvalidArgument, sp.PolynomialError):  # an exponent, or a function, that the normal forms do not know
            continue
    return False


def ratio(derived: sp.Expr, claimed: sp.Expr) -> sp.Expr | None:
    """Return the ratio of two formulas, short enough to be read; None if it is not.

    Parameters
    ----------
    derived, claimed : sympy.Expr
        The true and the claimed formula.

    Examples
    --------
    >>> n, L = symbols.whole("n"), symbols.whole("L")
    >>> ratio((1 + 5 / n) ** L, (1 + 6 / n) ** L)
    ((n + 5)/(n + 6))**L
    """
    if claimed == 0 or max(derived.count_ops(), claimed.count_ops()) > _LONGEST:
        return None
    quotient = spread(derived) / spread(claimed)
    short = min(
        (sp.powsimp(form, force=True) for form in (quotient, symbols.gather(quotient), sp.cancel(quotient))),
        key=sp.count_ops,
    )
    short = sp.powsimp(short, combine="base", force=True)
    return short if short.count_ops() <= max(derived.count_ops(), _SHORT) else None


def constant_in(expression: sp.Expr, letter: sp.Symbol) -> tuple[sp.Expr, sp.Expr] | None:
    """Return the coefficients (c0, c1) if the formula is c0 + c1 * letter, else None.

    Parameters
    ----------
    expression : sympy.Expr
        A formula.
    letter : Symbol
        The letter.

    Examples
    --------
    >>> n, L = symbols.whole("n"), symbols.whole("L")
    >>> constant_in(5 * L / n + 1, L)
    (1, 5/n)
    """
    expanded = sp.expand(spread(expression))
    slope = sp.expand(sp.diff(expanded, letter))
    if letter in slope.free_symbols:
        return None
    rest = sp.expand(expanded - slope * letter)
    return None if letter in rest.free_symbols else (rest, slope)
