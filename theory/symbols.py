"""From an ensemble's exact numbers and names to SymPy, and from SymPy back to text."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from theory.ensembles import Ensemble, Exact, InvalidArgument
from theory.ensembles.arguments import exact_fraction, is_symbol_name

BETA = sp.Symbol("beta", positive=True)
"""The ratio depth/width along which a limit is taken."""


def norm_symbol(order: int) -> sp.Symbol:
    """Return the symbol for the input's norm of that order: ``norm_x`` for |x|, ``norm4_x`` for |x|_4, ..."""
    return sp.Symbol("norm_x" if order == 2 else f"norm{order}_x", positive=True)


def whole(value: int | str) -> sp.Expr:
    """Return a width, depth or layer as a SymPy integer or positive integer symbol."""
    return sp.Symbol(value, integer=True, positive=True) if isinstance(value, str) else sp.Integer(value)


def number(value: Exact) -> sp.Expr:
    """Return an exact number, or a positive symbol for a name."""
    if isinstance(value, str):
        return sp.Symbol(value, positive=True)
    return sp.Rational(Fraction(value).numerator, Fraction(value).denominator)


def positive(argument: str, value: Exact | sp.Expr) -> sp.Expr:
    """Read an exact number that must be positive, a name as a positive symbol, or an expression as it is.

    Raises
    ------
    InvalidArgument
        If it is neither, or known not to be positive.

    Examples
    --------
    >>> positive("eta", "0.1"), positive("eta", "eta")
    (1/10, eta)
    """
    if isinstance(value, str) and is_symbol_name(value.strip()):
        return number(value.strip())
    exact = value if isinstance(value, sp.Expr) else number(exact_fraction(argument, value))
    if exact is sp.nan or exact.is_positive is False or exact.is_extended_real is False:
        raise InvalidArgument(argument, f"must be positive, got {value}", "use e.g. 1, '1/3' or a name")
    return exact


def finite(argument: str, value: Exact | sp.Expr) -> sp.Expr:
    """Read a finite number exactly, a name as a positive symbol, or an expression as it is.

    Raises
    ------
    InvalidArgument
        If it is neither, or known not to be finite.
    """
    exact = _read(argument, value)
    if exact is sp.nan or exact.is_finite is False:
        raise InvalidArgument(argument, f"must be finite, got {value}", "use e.g. 1, '1/3' or a name")
    return exact


def real(argument: str, value: Exact | sp.Expr) -> sp.Expr:
    """Read a finite real number exactly, a name as a positive symbol, or an expression as it is.

    Raises
    ------
    InvalidArgument
        If it is neither, or known not to be real and finite.

    Examples
    --------
    >>> real("x", -0.5), real("x", "x")
    (-1/2, x)
    """
    exact = _read(argument, value)
    if exact is sp.nan or exact.is_finite is False or exact.is_extended_real is False:
        raise InvalidArgument(argument, f"must be real and finite, got {value}", "use e.g. 1, '1/3' or a name")
    return exact


def nonnegative(argument: str, value: Exact | sp.Expr) -> sp.Expr:
    """Read an exact number of at least 0, a name as a positive symbol, or an expression as it is.

    Raises
    ------
    InvalidArgument
        If it is neither, or known to be negative, infinite or not real.

    Examples
    --------
    >>> nonnegative("momentum", 0), nonnegative("momentum", "mu")
    (0, mu)
    """
    exact = finite(argument, value)
    if exact.is_nonnegative is False:
        raise InvalidArgument(argument, f"must be at least 0, got {value}", "use e.g. 0, '1/3' or a name")
    return exact


def _read(argument: str, value: Exact | sp.Expr) -> sp.Expr:
    if isinstance(value, str) and is_symbol_name(value.strip()):
        return number(value.strip())
    return value if isinstance(value, sp.Expr) else number(exact_fraction(argument, value))


def slope(net: Ensemble) -> sp.Expr:
    """Return the activation's slope for negative arguments."""
    return number(net.slope)


def variance(net: Ensemble, layer: int) -> sp.Expr:
    """Return s_k^2, the variance of an entry of W_k; the same for all k where the width is constant."""
    fan_in, fan_out = whole(net.width_at(layer - 1)), whole(net.width_at(layer))
    value = net.init.variance(fan_in, fan_out, slope(net))
    return number(value) if isinstance(value, (str, Fraction)) else sp.sympify(value)


def gate_moment(slope: sp.Expr, order: int) -> sp.Expr:
    """Return p_order = (1 + slope^order)/2: E phi(z)^order = p_order E z^order for symmetric z and even order."""
    return (1 + slope**order) / 2


def input_power_sum(net: Ensemble, order: int) -> sp.Expr:
    """Return sum_i x_i^order for even order: while the ensemble has symbols, a power of :func:`norm_symbol`."""
    width = whole(net.width_at(0))
    match net.input:
        case None if net.symbols:
            return norm_symbol(order) ** order
        case None:  # the flat unit vector
            return width ** (1 - sp.Rational(order, 2))
        case "e1":
            return sp.Integer(1)
        case "ones":
            return width
        case vector:
            return sp.Add(*(number(Fraction(entry)) ** order for entry in vector))


def readout_power_sum(net: Ensemble, order: int) -> sp.Expr:
    """Return sum_i v_i^order of a fixed readout, for even order."""
    if net.readout == "ones":
        return whole(net.width_at(net.depth))
    return sp.Add(*(number(Fraction(entry)) ** order for entry in net.readout))


def readout_entry_moment(net: Ensemble, order: int) -> sp.Expr:
    """Return E v_i^order of a random readout of variance 1/n_L, normal or a sign, for even order."""
    standardized = sp.factorial2(order - 1) if net.readout == "random" else sp.S.One
    return standardized / whole(net.width_at(net.depth)) ** (order // 2)


def tidy(expression: sp.Expr) -> sp.Expr:
    """Return the shortest of the usual forms of a rational function, expanded if that costs nothing."""
    reduced = sp.cancel(expression)
    return min((sp.expand(reduced), sp.factor(reduced)), key=sp.count_ops)


def gather(expression: sp.Expr) -> sp.Expr:
    """Return a product or sum of rational functions and their symbolic powers with equal bases put together.

    Powers such as ``(1 + 5/n)**(L - k)`` are kept whole; what multiplies each of them is tidied.
    """
    powers: dict[sp.Expr, sp.Expr] = {}
    for term in sp.Add.make_args(sp.expand_mul(expression, deep=False)):
        exponents: dict[sp.Expr, sp.Expr] = {}
        rest = sp.S.One
        for factor in sp.Mul.make_args(term):
            if factor.is_Pow and not factor.exp.is_number:
                base = tidy(factor.base)
                exponents[base] = exponents.get(base, sp.S.Zero) + factor.exp
            else:
                rest *= factor
        symbolic = sp.Mul(*(base ** sp.expand(exponent) for base, exponent in exponents.items()))
        powers[symbolic] = powers.get(symbolic, sp.S.Zero) + rest
    return sp.Add(*(symbolic * tidy(rest) for symbolic, rest in powers.items()))
