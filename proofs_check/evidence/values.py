"""What claims may return: a number, and nothing that only looks like one."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
import sympy as sp

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
    if (isinstance(value, float) and math.isnan(value)) or (isinstance(value, sp.Basic) and value.has(sp.nan)):
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
