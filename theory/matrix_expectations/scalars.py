"""Scalars as callers give them, read exactly, and values in the text of error messages."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp

from theory.ensembles import InvalidArgument


def exact_scalar(argument: str, value: Any) -> sp.Expr:
    """Read a scalar: an int, a Fraction, a float (its exact binary value) or a SymPy expression; never a string.

    Parameters
    ----------
    argument : str
        The argument's name, with which an error message begins.
    value : object
        What the caller gave.

    Raises
    ------
    InvalidArgument
        If it is none of these, a matrix, or not finite.

    Examples
    --------
    >>> exact_scalar("variance", 0.25)
    1/4
    """
    remedy = "give a number, or a SymPy expression such as 1/sympy.Symbol('n')"
    if isinstance(value, str):
        raise InvalidArgument(argument, f"cannot read {in_one_line(value)} as a scalar", remedy)
    if isinstance(value, Fraction):
        value = sp.Rational(value.numerator, value.denominator)
    try:
        scalar = sp.sympify(value, strict=True)
    except sp.SympifyError:
        raise InvalidArgument(argument, f"cannot read {in_one_line(value)} as a scalar", remedy) from None
    if not isinstance(scalar, sp.Expr) or getattr(scalar, "is_Matrix", False):
        raise InvalidArgument(argument, f"cannot read {in_one_line(value)} as a scalar", remedy)
    if scalar.has(sp.nan, sp.oo, sp.zoo, -sp.oo):
        raise InvalidArgument(argument, f"must be finite, got {scalar}", remedy)
    return scalar.xreplace({part: sp.Rational(part) for part in scalar.atoms(sp.Float)})


def in_one_line(value: Any) -> str:
    """Return a value's text for an error message in one line, also where SymPy prints a matrix in several.

    Examples
    --------
    >>> in_one_line(sp.eye(2))
    'Matrix([ [1, 0], [0, 1]])'
    """
    return " ".join((str(value) if isinstance(value, sp.Basic) else repr(value)).split())
