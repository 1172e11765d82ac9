"""What claims may return: a number, and nothing that only looks like one."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from proofs_check.verdict import Between
from theory.ensembles import InvalidArgument

_REMEDY = "let it return a number or a SymPy expression with numbers for all symbols"


def require_text(argument: str, value: object) -> None:
    """Refuse what is no text.

    Raises
    ------
    InvalidArgument
        If it is none.

    Examples
    --------
    >>> require_text("covers", "all n, L")
    """
    if not isinstance(value, str):
        raise InvalidArgument(argument, f"must be text, got {value!r:.60}", "use e.g. 'all n, L'")


def require_value(value: Any) -> None:
    """Refuse what a claim returns by mistake: nothing, a truth value, text, nan, 1/0 or a complex number.

    Raises
    ------
    InvalidArgument
        If it is any of these.

    Examples
    --------
    >>> require_value(sp.Symbol("n"))
    >>> require_value("1/2")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    theory.ensembles.arguments.InvalidArgument: claim: the claim returned the text '1/2'; let it return ...
    """
    if value is None:
        raise InvalidArgument("claim", "the claim returned None", _REMEDY)
    if isinstance(value, (bool, np.bool_)):
        raise InvalidArgument("claim", f"the claim returned {value}, which is no number", _REMEDY)
    if isinstance(value, (str, bytes)):
        raise InvalidArgument("claim", f"the claim returned the text {value!r:.60}", _REMEDY)
    if (isinstance(value, (float, np.floating, Decimal)) and math.isnan(value)) or (
        isinstance(value, sp.Basic) and value.has(sp.nan)
    ):
        raise InvalidArgument("claim", "the claim returned nan, which is no number", _REMEDY)
    if isinstance(value, sp.Basic) and value.has(sp.zoo):
        raise InvalidArgument("claim", "the claim divides by 0", _REMEDY)
    if (isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real)) or (
        isinstance(value, sp.Expr) and value.is_extended_real is False
    ):
        raise InvalidArgument("claim", f"the claim returned {value!s:.60}, which is not real", _REMEDY)


def require_number(value: Any) -> None:
    """Refuse what is no constant: what :func:`require_value` refuses, and expressions with symbols.

    Raises
    ------
    InvalidArgument
        If it is any of these.

    Examples
    --------
    >>> require_number(sp.sqrt(2))
    >>> require_number(2 * sp.Symbol("n"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    theory.ensembles.arguments.InvalidArgument: claim: the claim returned 2*n, where n is no number; let it return ...
    """
    require_value(value)
    if names := sorted(map(str, getattr(value, "free_symbols", ()))):
        verb = "is no number" if len(names) == 1 else "are no numbers"
        raise InvalidArgument("claim", f"the claim returned {value!s:.60}, where {', '.join(names)} {verb}", _REMEDY)


def require_one_letter_each(*values: Any) -> None:
    """Refuse two letters of one name, which SymPy takes for different ones: their assumptions differ.

    Raises
    ------
    InvalidArgument
        If there are two.

    Examples
    --------
    >>> n = sp.Symbol("n", integer=True, positive=True)
    >>> require_one_letter_each(n, 2 * n)
    >>> require_one_letter_each(n, sp.Symbol("n"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    theory.ensembles.arguments.InvalidArgument: claim: two different letters are written n; use theory.symbols.whole...
    """
    letters = {x for value in values for x in getattr(value, "free_symbols", ()) if not isinstance(x, sp.Dummy)}
    names = [str(letter) for letter in letters]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        remedy = f"use theory.symbols.whole({twice[0]!r}), or one sympy.Symbol of the same assumptions, everywhere"
        raise InvalidArgument("claim", f"two different letters are written {', '.join(twice)}", remedy)


_DIGITS_OF_DECIMALS = 28


def rounded_to(value: Any) -> Fraction | None:
    """Return the share by which a value may be off because it is a float; None if it is none.

    Parameters
    ----------
    value : object
        What a claim returned.

    Examples
    --------
    >>> rounded_to(0.5), rounded_to(np.float16(1)), rounded_to(Fraction(1, 2))
    (Fraction(1, 4503599627370496), Fraction(1, 1024), None)
    """
    if isinstance(value, np.floating):
        return Fraction(*np.finfo(type(value)).eps.as_integer_ratio())
    if isinstance(value, float):
        return Fraction(1, 2**52)
    if isinstance(value, Decimal):
        return Fraction(1, 10**_DIGITS_OF_DECIMALS)
    if isinstance(value, tuple):
        return max((share for part in value if (share := rounded_to(part)) is not None), default=None)
    floats = value.atoms(sp.Float) if isinstance(value, sp.Basic) else ()
    return max((Fraction(1, 2 ** (one._prec - 1)) for one in floats), default=None)


def as_fraction(value: Any) -> Any:
    """Return a float, one of NumPy's scalars, a decimal or a SymPy Float as the fraction that it is.

    SymPy would round the number that it is compared with: 1.0 equals 1 - 2^-60 to the digits of a float, and is
    another number. Tuples are read entry by entry, formulas with all their floats; what is no float comes back.

    Parameters
    ----------
    value : object
        What a claim returned.

    Examples
    --------
    >>> as_fraction(0.5), as_fraction(np.float32(2) ** 60) - (2**60 - 1), as_fraction(sp.Symbol("n") / 4.0)
    (1/2, 1, n/4)
    """
    if isinstance(value, np.integer):
        return sp.Integer(int(value))
    if isinstance(value, (float, np.floating, Decimal)):
        return sp.Rational(*value.as_integer_ratio()) if math.isfinite(value) else value
    if type(value) is tuple:
        return tuple(map(as_fraction, value))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(as_fraction, value))
    if isinstance(value, Between):
        return Between(as_fraction(value.lo), as_fraction(value.hi))
    if isinstance(value, sp.Basic) and not value.has(sp.nan):
        return value.xreplace({one: sp.Rational(one) for one in value.atoms(sp.Float) if one.is_finite})
    return value


def in_fractions(claim: Callable[..., Any], returned: list[Any] | None = None) -> Callable[..., Any]:
    """Return the claim with :func:`as_fraction` of what it returns, so that no sum with it is rounded.

    Parameters
    ----------
    claim : callable
        The claim.
    returned : list, optional
        Takes what the claim returned, as it stands.

    Examples
    --------
    >>> in_fractions(lambda n: np.float16(1))(60) - 2**-sp.Integer(60) == 1 - sp.Rational(1, 2**60)
    True
    """

    def in_fractions_of(*case: Any, **options: Any) -> Any:
        value = claim(*case, **options)
        if returned is not None:
            returned.append(value)
        return as_fraction(value)

    in_fractions_of.__wrapped__ = claim  # type: ignore[attr-defined]
    return in_fractions_of
