"""The laws that a random matrix symbol may stand for, as data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from theory.ensembles import InvalidArgument, Law
from theory.ensembles.laws import parse_law


@dataclass(frozen=True)
class Iid:
    """Independent entries of one symmetric law.

    Parameters
    ----------
    law : Law or str
        The law of an entry divided by its standard deviation: ``normal``, ``uniform``, ``rademacher``, ``symmetric`` or
        a :class:`theory.Law`. The moments of ``symmetric`` are the positive symbols K, m6, m8, ...
    variance : scalar
        The variance of an entry, which may contain the dimensions, such as 2/n.

    Examples
    --------
    >>> Iid("uniform").law.kurtosis
    Fraction(9, 5)
    """

    law: Law | str
    variance: Any = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "law", parse_law(self.law))
        object.__setattr__(self, "variance", exact_scalar("variance", self.variance))


@dataclass(frozen=True)
class Gaussian:
    """Independent centered normal entries.

    Parameters
    ----------
    variance : scalar
        The variance of an entry.
    """

    variance: Any = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "variance", exact_scalar("variance", self.variance))


@dataclass(frozen=True)
class Haar:
    """The uniform law on the orthogonal matrices of a size, reflections included.

    With a symbolic size n the answer is the rational function that is right for n >= order/2. For a smaller size give
    the number itself, for which the answer is exact as well.
    """


@dataclass(frozen=True)
class Wishart:
    """The law of G G^T, where G has independent normal entries.

    Parameters
    ----------
    dof : scalar
        The number of columns of G.
    scale : scalar
        The variance of an entry of G.

    Raises
    ------
    InvalidArgument
        If the number of columns is a number, but no positive integer.
    """

    dof: Any
    scale: Any = 1

    def __post_init__(self) -> None:
        dof = exact_scalar("dof", self.dof)
        if dof.is_number and not (dof.is_Integer and dof.is_positive):
            raise InvalidArgument("dof", f"must be a positive integer, got {dof}", "use 5, or a symbol")
        object.__setattr__(self, "dof", dof)
        object.__setattr__(self, "scale", exact_scalar("scale", self.scale))


@dataclass(frozen=True)
class Mask:
    """A diagonal matrix with independent entries, which are 1 or the slope with probability 1/2 each.

    The masks of an activation have this law where they are as if independent of symmetric preactivations.

    Parameters
    ----------
    slope : scalar
        The activation's slope for negative arguments; 0 for ReLU.
    """

    slope: Any = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "slope", exact_scalar("slope", self.slope))


MatrixLaw = Iid | Gaussian | Haar | Wishart | Mask
"""A random matrix has one of these laws."""


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
