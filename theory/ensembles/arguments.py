"""The error every bad argument gets, and the exact numbers that arguments are read as."""

from __future__ import annotations

import difflib
import keyword
import math
import re
from collections.abc import Iterable
from fractions import Fraction
from numbers import Integral, Rational, Real

_NON_FINITE = ("nan", "inf", "infinity")
_CONSTANTS = ("pi", "e", "E", "I", "EulerGamma")
_FUNCTIONS = (
    *("log", "ln", "exp", "sqrt", "min", "max", "abs", "erf", "acos", "arccos", "binomial", "factorial"),
    *("gamma", "Gamma", "digamma", "psi", "trigamma", "polygamma", "Sum", "sum", "Prod", "prod", "Product", "O"),
    *("tr", "Tr", "trace", "diag", "hadamard", "ones"),
    *("P", "Pr", "Var", "var", "Cov", "cov", "Corr", "corr", "mean", "median", "Median", "quantile"),
    *("kurtosis", "Kurt", "kurt"),
)

Exact = int | Fraction | str
"""An exact number, or the name of a symbol."""


class InvalidArgument(ValueError):
    """An argument cannot be used; the error says which one, what is wrong with it and what would do.

    Parameters
    ----------
    argument : str
        The name of the argument as the caller wrote it.
    problem : str
        What is wrong, with the offending value.
    remedy : str
        What would do instead.

    Examples
    --------
    >>> print(InvalidArgument("width", "must be positive, got 0", "use width=32 or width='n'"))
    width: must be positive, got 0; use width=32 or width='n'
    """

    def __init__(self, argument: str, problem: str, remedy: str) -> None:
        super().__init__(f"{argument}: {problem}; {remedy}")
        self.argument = argument
        self.problem = problem
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[InvalidArgument], tuple[str, str, str], dict[str, object]]:
        return (
            type(self),
            (self.argument, self.problem, self.remedy),
            vars(self),
        )  # parts and notes cross a process pool


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a remedy that names the known word which was probably meant.

    Parameters
    ----------
    word : str
        The word that was given.
    known : iterable of str
        The words that are known; all of them are listed unless there are many.

    Examples
    --------
    >>> nearest("hee", ["he", "xavier"])
    "did you mean 'he'? known: he, xavier"
    """
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if close and len(names) > 10:
        return f"did you mean {close[0]!r}?"
    meant = f"did you mean {close[0]!r}? " if close else ""
    return f"{meant}known: {', '.join(names)}"


def is_symbol_name(text: str) -> bool:
    """Whether a string can name a SymPy symbol: a Python identifier that is no keyword and no non-finite number.

    Examples
    --------
    >>> is_symbol_name("n"), is_symbol_name("lambda"), is_symbol_name("inf")
    (True, False, False)
    """
    return text.isidentifier() and not keyword.iskeyword(text) and text.lower() not in _NON_FINITE


def reserved(name: str) -> str:
    """Return what a name means in formulas, so that no symbol may have it; empty where it means nothing.

    Parameters
    ----------
    name : str
        The name of a symbol.

    Examples
    --------
    >>> reserved("pi"), reserved("gamma"), reserved("s2")
    ('a constant', 'a function', '')
    """
    return "a constant" if name in _CONSTANTS else "a function" if name in _FUNCTIONS else ""


def exact_fraction(argument: str, value: object) -> Fraction:
    """Read a finite number exactly: an int, a Fraction, '3/2', '0.25', or a float with its exact binary value.

    Parameters
    ----------
    argument : str
        The name of the argument, for the error.
    value : object
        What was given.

    Raises
    ------
    InvalidArgument
        If it is no finite number.

    Examples
    --------
    >>> exact_fraction("slope", "1/4")
    Fraction(1, 4)
    """
    remedy = "give a finite number such as 2, '1/3' or Fraction(1, 3)"
    if isinstance(value, bool):
        raise InvalidArgument(argument, f"cannot read {value!r} as an exact number", remedy)
    if isinstance(value, Rational):
        return _of_bounded_length(argument, Fraction(value), remedy)
    if isinstance(value, Real):
        if not math.isfinite(value):
            raise InvalidArgument(argument, f"must be finite, got {value}", remedy)
        return Fraction(float(value))
    if isinstance(value, str):
        if re.search(r"[eE][+-]?0*[1-9]\d{5}", value):  # its digits would fill memory
            raise InvalidArgument(argument, f"{value[:40]!r} has too many digits", remedy)
        try:
            number = Fraction(re.sub(r"\s*/\s*", "/", value.strip()))
        except ZeroDivisionError:
            raise InvalidArgument(argument, f"{value!r} divides by zero", remedy) from None
        except ValueError:
            raise InvalidArgument(argument, f"{_shown(value)} is not a finite exact number", remedy) from None
        return _of_bounded_length(argument, number, remedy)
    raise InvalidArgument(argument, f"cannot read {value!r} as an exact number", remedy)


_MOST_DIGITS = 4000
"""Longer numbers are refused: Python writes down none of more than 4300 digits."""


def _of_bounded_length(argument: str, number: Fraction, remedy: str) -> Fraction:
    if max(int(number.numerator).bit_length(), int(number.denominator).bit_length()) > _MOST_DIGITS * math.log2(10):
        raise InvalidArgument(argument, f"has too many digits, more than {_MOST_DIGITS}", remedy)
    return number


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 60 else f"{text[:40]!r}..."


def size(argument: str, value: object) -> int | str:
    """Read a width or a depth: a positive integer, or the name of a symbol.

    Parameters
    ----------
    argument : str
        The name of the argument, for the error.
    value : object
        What was given.

    Raises
    ------
    InvalidArgument
        If it is neither a positive integer nor a name.

    Examples
    --------
    >>> size("width", "n"), size("width", "32"), size("depth", 7)
    ('n', 32, 7)
    """
    remedy = "use a positive integer such as 32, or a symbol's name such as 'n'"
    if isinstance(value, str):
        text = value.strip()
        if is_symbol_name(text):
            return text
        if len(text) > _MOST_DIGITS:
            raise InvalidArgument(argument, f"has too many digits, more than {_MOST_DIGITS}", remedy)
        try:
            value = int(text)
        except ValueError:
            raise InvalidArgument(argument, f"{_shown(text)} is neither an integer nor a name", remedy) from None
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InvalidArgument(argument, f"must be a positive integer or a name, got {value!r}", remedy)
    if value < 1:
        raise InvalidArgument(argument, f"must be positive, got {value}", remedy)
    return int(value)
