"""The values of letters: read exactly, or refused with what would do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from proofs_check.closed_forms import KINDS, ClosedForm, Letter
from theory.balls import enclose, less
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction, is_symbol_name

_EXAMPLES = {"whole": "3", "natural": "0", "positive": "1/2", "nonnegative": "0", "share": "1/3", "real": "-1/2"}
_ASSUMED = {
    "whole": {"integer": True, "positive": True},
    "natural": {"integer": True, "nonnegative": True},
    "positive": {"positive": True},
    "nonnegative": {"nonnegative": True},
    "share": {"positive": True},
    "real": {"real": True},
}
_NO_NUMBERS = ("oo", "zoo", "I", "E")
_CONSTANTS = ("pi", "e", *_NO_NUMBERS)
"""Names that stand for no letter."""


def read_values(form: ClosedForm, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value for each letter of a closed form, in its order: what was given, its default, or a symbol.

    Parameters
    ----------
    form : ClosedForm
        The closed form.
    given : mapping of str to number, str, SymPy expression or sequence
        Values by the letters' names.

    Raises
    ------
    InvalidArgument
        If there is no such letter, or it cannot have that value.
    """
    for name in given:
        form.letter("set", name)
    values = {}
    for letter in form.letters:
        value = given.get(letter.name, letter.default)
        values[letter.name] = _symbol(letter) if value == "" else read_value(letter, value)
    _require_apart(values)
    return values


def _require_apart(values: Mapping[str, Any]) -> None:
    """Refuse one name for two letters, which would look like one in a formula."""
    seen: dict[str, str] = {}
    for letter, value in values.items():
        if isinstance(value, sp.Symbol) and seen.setdefault(str(value), letter) != letter:
            problem = f"calls both {seen[str(value)]} and {letter} {value}"
            raise InvalidArgument("set", problem, "give them different names, or leave one out")


def read_value(letter: Letter, value: Any) -> Any:
    """Read the value of a letter: a number for which it may stand, or a name, which becomes a symbol.

    Parameters
    ----------
    letter : Letter
        The letter.
    value : number, str, SymPy expression or sequence of numbers
        What was given. Text is read exactly: ``"0.1"`` is 1/10.

    Returns
    -------
    sympy.Expr or tuple of sympy.Expr

    Raises
    ------
    InvalidArgument
        If it is none.

    Examples
    --------
    >>> read_value(Letter("alpha", "positive", "the scale"), "0.1")
    1/10
    >>> read_value(Letter("w", "numbers", "a point"), "(1,-2,1/2)")
    (1, -2, 1/2)
    >>> read_value(Letter("N", "whole", "the depth"), "5/2")
    Traceback (most recent call last):
    theory.ensembles.arguments.InvalidArgument: set: N (the depth) must be a positive integer, got 5/2; use e.g. N=3
    """
    if letter.kind == "numbers":
        return _numbers(letter, value)
    if isinstance(value, str) and is_symbol_name(value.strip()) and value.strip() not in _CONSTANTS:
        return sp.Symbol(value.strip(), **_ASSUMED[letter.kind])
    number = _exactly(letter, value)
    if not _may_be(letter.kind, number):
        raise _refused(letter, value)
    return number


def _numbers(letter: Letter, value: Any) -> tuple[sp.Expr, ...]:
    if isinstance(value, str):
        inside = re.fullmatch(r"\s*[(\[](.*?),?\s*[)\]]\s*", value)
        if inside is None:
            raise _refused(letter, value)
        value = inside[1].split(",")
    if not isinstance(value, Sequence) or not value:
        raise _refused(letter, value)
    return tuple(_exactly(letter, one) for one in value)


def _exactly(letter: Letter, value: Any) -> sp.Expr:
    if isinstance(value, sp.Expr):
        number = value
    elif isinstance(value, str) and value.strip() in _NO_NUMBERS:
        raise _refused(letter, value)
    elif isinstance(value, str) and (value.strip() in _CONSTANTS or re.search("[a-z]{2}", value)):  # sqrt(2), pi
        from proofs_check.claims.arithmetic import read_formula

        try:
            number = read_formula(value, {})
        except InvalidArgument:
            raise _refused(letter, value) from None
    else:
        try:
            fraction = exact_fraction(letter.name, value)
        except InvalidArgument as bad:
            raise InvalidArgument("set", f"{letter.name}: {bad.problem}", f"use e.g. {_example(letter)}") from None
        number = sp.Rational(fraction.numerator, fraction.denominator)
    if number.free_symbols or not number.is_finite or not number.is_real:
        raise _refused(letter, value)
    return number


def _may_be(kind: str, number: sp.Expr) -> bool:
    match kind:
        case "whole" | "natural":
            return bool(number.is_Integer) and int(number) >= (kind == "whole")
        case "positive":
            return _below(sp.S.Zero, number)
        case "nonnegative":
            return number == 0 or _below(sp.S.Zero, number)
        case "share":
            return _below(sp.S.Zero, number) and _below(number, sp.S.One)
    return True


def _below(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(less(enclose(left), enclose(right)))


def _symbol(letter: Letter) -> sp.Symbol:
    if letter.kind == "numbers":
        raise InvalidArgument("set", f"{letter.name} ({letter.meaning}) is missing", f"give it: {_example(letter)}")
    return sp.Symbol(letter.name, **_ASSUMED[letter.kind])


def _refused(letter: Letter, value: Any) -> InvalidArgument:
    problem = f"{letter.name} ({letter.meaning}) must be {KINDS[letter.kind]}, got {value}"
    return InvalidArgument("set", problem, f"use e.g. {_example(letter)}")


def _example(letter: Letter) -> str:
    return f"{letter.name}={_EXAMPLES.get(letter.kind, '(1,-2,1/2)')}"
