"""What a random matrix symbol stands for: its law, as data."""

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
        Of an entry, standardized: ``normal``, ``uniform``, ``rademacher``, ``symmetric`` or a :class:`theory.Law`.
        The moments of ``symmetric`` are the positive symbols K, m6, m8, ...
    variance : scalar
        Of an entry; may contain the dimensions, such as 2/n.

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
        Of an entry.
    """

    variance: Any = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "variance", exact_scalar("variance", self.variance))


@dataclass(frozen=True)
class Haar:
    """Uniform on the orthogonal matrices of its size, reflections included.

    With a symbolic size n the answer is the rational function that holds from n = order/2 on; for smaller numbers
    give the number itself, which is exact as well.
    """


@dataclass(frozen=True)
class Wishart:
    """G G^T with a Gaussian G of independent entries.

    Parameters
    ----------
    dof : scalar
        Number of columns of G.
    scale : scalar
        Variance of an entry of G.
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
    """Diagonal, with independent entries: 1 or the slope, with probability 1/2 each.

    Such are the gates of an activation at symmetric preactivations, where they are as if independent.

    Parameters
    ----------
    slope : scalar
        0 for ReLU.
    """

    slope: Any = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "slope", exact_scalar("slope", self.slope))


MatrixLaw = Iid | Gaussian | Haar | Wishart | Mask
"""The laws of this calculus."""


def exact_scalar(argument: str, value: Any) -> sp.Expr:
    """Read a scalar: an int, a Fraction, a float (its exact binary value) or a SymPy expression; never a string.

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
    """Show a value in an error message; SymPy shows an explicit matrix in several lines.

    >>> in_one_line(sp.eye(2))
    'Matrix([ [1, 0], [0, 1]])'
    """
    return " ".join((str(value) if isinstance(value, sp.Basic) else repr(value)).split())
