"""From an ensemble's exact numbers and names to SymPy's, and short forms of the formulas that come out."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

import sympy as sp

from theory.ensembles import Ensemble, Exact, InvalidArgument, require_ensemble
from theory.ensembles.arguments import exact_fraction, is_symbol_name
from theory.ensembles.truncated_normal import half_order
from theory.irrational_numbers import truncated_normal_moment

Scalar: TypeAlias = Exact | sp.Expr
"""A scalar argument is an exact number, the name of a positive symbol, or a SymPy expression."""

BETA = sp.Symbol("beta", positive=True)
"""This symbol stands for the ratio depth/width, which stays fixed while both grow."""


def norm_symbol(order: int) -> sp.Symbol:
    """Return the symbol for the input's norm of that order: ``norm_x`` for |x|, ``norm4_x`` for |x|_4, ...

    Examples
    --------
    >>> norm_symbol(2), norm_symbol(4)
    (norm_x, norm4_x)
    """
    return sp.Symbol("norm_x" if order == 2 else f"norm{order}_x", positive=True)


def latex(formula: sp.Expr | sp.Matrix) -> str:
    r"""Return a formula in LaTeX, with norms for the letters that stand for them.

    Examples
    --------
    >>> print(latex(norm_symbol(2) ** 4 + norm_symbol(4)))
    \left\|x\right\|_{4} + \left\|x\right\|^{4}
    """
    names = {norm_symbol(2): r"\left\|x\right\|"}
    for letter in formula.free_symbols - set(names):
        order = str(letter).removeprefix("norm").removesuffix("_x")
        if str(letter).startswith("norm") and order.isdigit():
            names[letter] = rf"\left\|x\right\|_{{{order}}}"
    return str(sp.latex(formula, symbol_names=names))


def whole(value: int | str) -> sp.Expr:
    """Return a width, depth or layer as a SymPy integer, or as a positive integer symbol if it is a name.

    Examples
    --------
    >>> whole(32), whole("n").is_integer
    (32, True)
    """
    return sp.Symbol(value, integer=True, positive=True) if isinstance(value, str) else sp.Integer(value)


def number(value: Exact) -> sp.Expr:
    """Return an exact number in SymPy, or a positive symbol for a name.

    Examples
    --------
    >>> number(Fraction(1, 4)), number("alpha").is_positive
    (1/4, True)
    """
    if isinstance(value, str):
        m = half_order(value)
        return truncated_normal_moment(m) if m else sp.Symbol(value, positive=True)
    return sp.Rational(Fraction(value).numerator, Fraction(value).denominator)


def positive(argument: str, value: Scalar) -> sp.Expr:
    """Read a number that must be positive; a name becomes a positive symbol, and an expression stays as it is.

    Parameters
    ----------
    argument : str
        The argument's name, with which an error message begins.
    value : number, name or expression
        What the caller gave. Floats are read as the binary fractions that they are.

    Raises
    ------
    InvalidArgument
        If the value is none of these three, or is known not to be positive.

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


def finite(argument: str, value: Scalar) -> sp.Expr:
    """Read a number that must be finite, real or not.

    Parameters are those of :func:`positive`.

    Raises
    ------
    InvalidArgument
        If the value is no number, name or expression, or is known not to be finite.

    Examples
    --------
    >>> finite("z", "1/3"), finite("z", sp.I)
    (1/3, I)
    """
    exact = _read(argument, value)
    if exact is sp.nan or exact.is_finite is False:
        raise InvalidArgument(argument, f"must be finite, got {value}", "use e.g. 1, '1/3' or a name")
    return exact


def real(argument: str, value: Scalar) -> sp.Expr:
    """Read a number that must be real and finite.

    Parameters are those of :func:`positive`.

    Raises
    ------
    InvalidArgument
        If the value is no number, name or expression, or is known not to be real and finite.

    Examples
    --------
    >>> real("x", -0.5), real("x", "x")
    (-1/2, x)
    """
    exact = _read(argument, value)
    if exact is sp.nan or exact.is_finite is False or exact.is_extended_real is False:
        raise InvalidArgument(argument, f"must be real and finite, got {value}", "use e.g. 1, '1/3' or a name")
    return exact


def nonnegative(argument: str, value: Scalar) -> sp.Expr:
    """Read a number that must be at least 0.

    Parameters are those of :func:`positive`.

    Raises
    ------
    InvalidArgument
        If the value is no number, name or expression, or is known to be negative, infinite or not real.

    Examples
    --------
    >>> nonnegative("momentum", 0), nonnegative("momentum", "mu")
    (0, mu)
    """
    exact = finite(argument, value)
    if exact.is_nonnegative is False:
        raise InvalidArgument(argument, f"must be at least 0, got {value}", "use e.g. 0, '1/3' or a name")
    return exact


def _read(argument: str, value: Scalar) -> sp.Expr:
    if isinstance(value, str) and is_symbol_name(value.strip()):
        return number(value.strip())
    return value if isinstance(value, sp.Expr) else number(exact_fraction(argument, value))


def slope(net: Ensemble) -> sp.Expr:
    """Return the activation's slope for negative arguments.

    Examples
    --------
    >>> slope(Ensemble(width="n", depth="L", activation="leaky:1/4"))
    1/4
    """
    require_ensemble(net)
    return number(net.slope)


def variance(net: Ensemble, layer: int) -> sp.Expr:
    """Return s_k^2, the variance of an entry of W_k.

    Parameters
    ----------
    net : Ensemble
        The network, whose widths may be symbols.
    layer : int
        k, from 1 on. At constant width every k gives the same variance.

    Raises
    ------
    InvalidArgument
        If there is no such layer.

    Examples
    --------
    >>> variance(Ensemble(width="n", depth="L", activation="relu", init="he"), 1)
    2/n
    """
    require_ensemble(net)
    fan_in, fan_out = whole(net.width_at(layer - 1)), whole(net.width_at(layer))
    # of a smooth activation He's gain is that of ReLU
    below, above = net.pieces if net.is_piecewise_linear else (Fraction(0), Fraction(1))
    symbol = number(net.init.value) if net.init.formula and net.init.value is not None else None
    value = net.init.variance(fan_in, fan_out, number(below), above=number(above), layer=layer, symbol=symbol)
    exact = number(value) if isinstance(value, (str, Fraction)) else sp.sympify(value, strict=True)
    if exact.is_positive is False:
        raise InvalidArgument("init", f"the variance {exact} is not positive", "use e.g. '2/n_in'")
    return exact


def gate_moment(slope: sp.Expr, order: int) -> sp.Expr:
    """Return p = (1 + slope^order)/2, which gives E phi(z)^order = p E z^order for symmetric z.

    Parameters
    ----------
    slope : sympy.Expr
        The activation's slope for negative arguments; 0 for ReLU.
    order : int
        The power, which must be even.

    Examples
    --------
    >>> gate_moment(sp.Integer(0), 2), gate_moment(sp.Symbol("alpha"), 4)
    (1/2, alpha**4/2 + 1/2)
    """
    return (1 + slope**order) / 2


def input_power_sum(net: Ensemble, order: int) -> sp.Expr:
    """Return sum_i x_i^order of the network's input.

    Parameters
    ----------
    net : Ensemble
        The network. While it has symbols and no input was given, the sum is a power of :func:`norm_symbol`.
    order : int
        The power, which must be even.

    Examples
    --------
    >>> input_power_sum(Ensemble(width="n", depth="L"), 4)
    norm4_x**4
    >>> input_power_sum(Ensemble(width=2, depth=1, input="1/2,1"), 2)
    5/4
    """
    require_ensemble(net)
    width = whole(net.width_at(0))
    match net.input:
        case None if net.symbols:
            return norm_symbol(order) ** order
        case None:  # the unit vector with equal entries
            return width ** (1 - sp.Rational(order, 2))
        case "e1":
            return sp.Integer(1)
        case "ones":
            return width
        case vector:
            return sp.Add(*(number(Fraction(entry)) ** order for entry in vector))


def readout_power_sum(net: Ensemble, order: int) -> sp.Expr:
    """Return sum_i v_i^order of a fixed readout.

    Parameters
    ----------
    net : Ensemble
        A network with the readout ``ones`` or numbers.
    order : int
        The power, from 1 on.

    Examples
    --------
    >>> readout_power_sum(Ensemble(width=2, depth=1, readout="1/2,1"), 2)
    5/4
    """
    require_ensemble(net)
    if net.readout == "ones":
        return whole(net.width_at(net.depth))
    return sp.Add(*(number(Fraction(entry)) ** order for entry in net.readout))


def readout_entry_moment(net: Ensemble, order: int) -> sp.Expr:
    """Return E v_i^order of a random readout, whose entries are normal or signs, of variance 1/n_L.

    Parameters
    ----------
    net : Ensemble
        A network with the readout ``random`` or ``signs``.
    order : int
        The power, which must be even.

    Examples
    --------
    >>> readout_entry_moment(Ensemble(width="n", depth="L"), 4)
    3/n**2
    """
    require_ensemble(net)
    standardized = sp.factorial2(order - 1) if net.readout == "random" else sp.S.One
    return standardized / whole(net.width_at(net.depth)) ** (order // 2)


@lru_cache(maxsize=4096, typed=True)  # a recursion meets the same entries for each depth, claim and mutant
def tidy(expression: sp.Expr) -> sp.Expr:
    """Return a rational function expanded or factored, whichever is shorter.

    Examples
    --------
    >>> n = sp.Symbol("n")
    >>> tidy((n**2 - 1) / (n - 1)), tidy(n**2 + 2 * n + 1)
    (n + 1, (n + 1)**2)
    """
    reduced = sp.cancel(expression)
    return min((sp.expand(reduced), sp.factor(reduced)), key=sp.count_ops)


def gather(expression: sp.Expr) -> sp.Expr:
    """Collect the symbolic powers in a sum of products, so that each occurs once.

    Powers such as ``(1 + 5/n)**(L - k)`` are kept whole; what multiplies each of them is tidied.

    Examples
    --------
    >>> n, L = sp.symbols("n L", positive=True)
    >>> gather(2 * (1 + 5 / n) ** L + ((n + 5) / n) ** L / n)
    (1 + 5/n)**L*(2 + 1/n)
    """
    return sp.Add(*(symbolic * tidy(rest) for symbolic, rest in _by_power(expression).items()))


def _by_power(expression: sp.Expr) -> dict[sp.Expr, sp.Expr]:
    """Return what multiplies each product of symbolic powers in a sum of products."""
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
    return powers


def standardized(covariance: sp.Expr, first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """Return a covariance divided by the root of both variances, which are positive whatever their symbols.

    The root is taken of the ratio of the variances: unlike their product it has no square whose root had a sign.

    Examples
    --------
    >>> a, n = sp.symbols("a n")
    >>> standardized(2 * (a - 1), a - 1, 9 * (a - 1)), standardized(n**2 - 1, n - 1, (n - 1) * (n + 2))
    (2/3, (n + 1)/sqrt(n + 2))
    """
    return quotient(covariance, first) / sp.sqrt(quotient(second, first))


def quotient(above: sp.Expr, below: sp.Expr) -> sp.Expr:
    """Return a ratio of two sums of symbolic powers, without the rational factors that all terms share.

    Examples
    --------
    >>> n, L = sp.symbols("n L", positive=True)
    >>> quotient((1 + 5 / n) ** L / n - 1 / n, 3 / n - 3 * (1 + 5 / n) ** (2 * L) / n)
    ((1 + 5/n)**L - 1)/(3 - 3*(1 + 5/n)**(2*L))
    """
    if above == below:
        return sp.S.One
    sums = [_by_power(side) for side in (above, below)]
    parts = [rest for powers in sums for rest in powers.values()]
    if not all(rest.is_rational_function() for rest in parts):
        return above / below
    tops, bottoms = zip(*(sp.fraction(sp.cancel(rest)) for rest in parts), strict=True)
    shared = sp.gcd_list(tops) / sp.lcm_list(bottoms) or sp.S.One
    top, bottom = (sp.Add(*(power * tidy(rest / shared) for power, rest in powers.items())) for powers in sums)
    ratio = top / bottom
    return tidy(ratio) if ratio.is_rational_function() else ratio
