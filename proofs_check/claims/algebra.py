"""Exact algebra of formulas in letters: whether two are identical, and their ratio as a person would write it."""

from __future__ import annotations

import sympy as sp

from proofs_check.claims.positivity import Least, is_nonnegative
from proofs_check.exact.identities import zero_by_flint, zero_by_sympy
from theory import symbols
from theory.ensembles import InvalidArgument

_LONGEST = 80
"""Ratios of formulas of more operations than this are not shown: SymPy would take long to shorten them."""


_SHORT = 12


def spread(expression: sp.Expr, least: Least | None = None) -> sp.Expr:
    """Write powers with letters in the exponent as powers of irreducible factors, exponentials and logarithms as sums.

    So that ``((n+5)/n)^L`` and ``(n+5)^L/n^L`` are seen to be the same. Factors that may be negative somewhere stay
    together, because ``(f^2)^(L/2)`` is not ``f^L`` there, unless the exponent is whole.

    Parameters
    ----------
    expression : sympy.Expr
        A formula. Letters of sizes are positive integers.
    least : mapping of Symbol to int, optional
        From where on the whole letters count, if not from 1.

    Examples
    --------
    >>> n, L = symbols.whole("n"), symbols.whole("L")
    >>> spread((1 + 5 / n) ** (L + 1))
    n**(-L - 1)*(n + 5)**(L + 1)
    >>> spread((n**2 - 6 * n + 9) ** (L / 2)), spread((n**2 - 6 * n + 9) ** L)
    ((n**2 - 6*n + 9)**(L/2), (n - 3)**(2*L))
    """

    def powers(node: sp.Expr) -> sp.Expr:
        base, exponent = node.as_base_exp()
        if exponent.is_number or not base.is_rational_function():
            return node
        if exponent.is_integer:
            return sp.Mul(*(sp.Pow(factor, times * exponent) for factor, times in _factors(base)))
        nonnegative, rest = _parted(base, least)
        return sp.Mul(*(sp.Pow(factor, times * exponent) for factor, times in nonnegative)) * sp.Pow(rest, exponent)

    def logarithms(node: sp.Expr) -> sp.Expr:
        out, rest = sp.S.Zero, sp.S.One
        for part in sp.Mul.make_args(node.args[0]):
            base, exponent = part.as_base_exp()
            if isinstance(part, sp.exp):
                out += part.args[0]
            elif not exponent.is_number and is_nonnegative(base, least):
                out += exponent * sp.log(base)
            else:
                rest *= part
        nonnegative, rest = _parted(rest, least) if rest.is_rational_function() else ([], rest)
        return out + sp.Add(*(times * sp.log(factor) for factor, times in nonnegative)) + sp.log(rest)

    expression = expression.replace(lambda node: node.is_Pow, powers)
    expression = expression.replace(
        lambda node: isinstance(node, sp.exp), lambda node: sp.expand_power_exp(sp.exp(sp.expand(node.args[0])))
    )
    return expression.replace(lambda node: isinstance(node, sp.log), logarithms)


def _factors(base: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    """Return the irreducible factors of a rational function, each with its power, and a constant."""
    out = []
    for part, sign in zip(sp.fraction(sp.together(base)), (1, -1), strict=True):
        constant, factors = sp.factor_list(part)
        out += [(constant, sp.Integer(sign))] if constant != 1 else []
        out += [(factor, sp.Integer(sign * times)) for factor, times in factors]
    return out


def _parted(base: sp.Expr, least: Least | None) -> tuple[list[tuple[sp.Expr, sp.Expr]], sp.Expr]:
    """Return the factors that are nowhere negative, and the product of all others."""
    nonnegative: list[tuple[sp.Expr, sp.Expr]] = []
    rest = sp.S.One
    for factor, times in _factors(base):
        if is_nonnegative(factor, least):
            nonnegative.append((factor, times))
        elif is_nonnegative(-factor, least):
            nonnegative.append((-factor, times))
            rest *= sp.S.NegativeOne**times
        else:
            rest *= factor**times
    return nonnegative, sp.expand(rest) if rest.is_polynomial() else rest


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
    return _is_zero_in_both(difference) or _is_zero_in_both(spread(difference))


def _is_zero_in_both(form: sp.Expr) -> bool:
    try:
        return zero_by_flint(form) and zero_by_sympy(form)
    except (InvalidArgument, sp.PolynomialError):  # an exponent, or a function, that the normal forms do not know
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
        (sp.powsimp(form) for form in (quotient, symbols.gather(quotient), sp.cancel(quotient))),
        key=sp.count_ops,
    )
    short = sp.powsimp(short, combine="base")
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
