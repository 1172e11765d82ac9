"""The values of options are read, or refused in one line that says what would do.

Readers take the option's name, without dashes, and the text given; :class:`ReadValue` lets argparse call them.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction, nearest

Value = TypeVar("Value")

_EXAMPLES = {"samples": 10_000}
_SHOWN = 40
"""So many characters of what was typed are shown in errors."""


class ReadValue(argparse.Action):
    """Reads one value; unlike a ``type``, whose errors argparse rewrites, it may refuse in its own words.

    Parameters
    ----------
    read : callable
        Returns the value, given the option's name and the text; or raises InvalidArgument.
    """

    def __init__(self, *args: Any, read: Callable[[str, str], Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.read = read

    def __call__(
        self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        """Store the value."""
        setattr(namespace, self.dest, self.read(self.dest, values))


def integer(name: str, text: str) -> int:
    """Read an integer.

    Parameters
    ----------
    name : str
        The name of the option, without dashes.
    text : str
        The text that was given.

    Raises
    ------
    InvalidArgument
        If it is no integer.

    Examples
    --------
    >>> integer("order", "-4")
    -4
    """
    try:
        return int(text)
    except ValueError:
        example = _EXAMPLES.get(name, 2)
        shown = repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."
        raise InvalidArgument(name, f"must be an integer, got {shown}", f"use e.g. --{name} {example}") from None


def natural(name: str, text: str) -> int:
    """Read an integer from 0.

    Parameters
    ----------
    name, text
        As for :func:`integer`.

    Raises
    ------
    InvalidArgument
        If it is no integer, or below 0.

    Examples
    --------
    >>> natural("seed", "0")
    0
    """
    return _at_least(0, name, integer(name, text))


def positive(name: str, text: str) -> int:
    """Read an integer from 1.

    Parameters
    ----------
    name, text
        As for :func:`integer`.

    Raises
    ------
    InvalidArgument
        If it is no integer, or below 1.

    Examples
    --------
    >>> positive("samples", "0")
    Traceback (most recent call last):
    theory.ensembles.arguments.InvalidArgument: samples: must be at least 1, got 0; use e.g. --samples 10000
    """
    return _at_least(1, name, integer(name, text))


def _at_least(least: int, name: str, value: int) -> int:
    if value < least:
        example = _EXAMPLES.get(name, least + 1)
        raise InvalidArgument(name, f"must be at least {least}, got {value}", f"use e.g. --{name} {example}")
    return value


def letter_values(name: str, text: str) -> dict[str, str]:
    """Read ``h=16,a=1/2,w=(1,-2)``: names with their values, which are left as text.

    Parameters
    ----------
    name, text
        As for :func:`integer`.

    Raises
    ------
    InvalidArgument
        If a part is no NAME=VALUE, or a name is there twice.

    Examples
    --------
    >>> letter_values("set", "h=16, w=(1,-2)")
    {'h': '16', 'w': '(1,-2)'}
    """
    found: dict[str, str] = {}
    for part in re.split(r",(?![^(]*\))", text):
        letter, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value or not letter:
            raise InvalidArgument(name, f"{part.strip()!r} is no NAME=VALUE", "use e.g. --set h=16,a=1/2")
        if letter in found:
            raise InvalidArgument(name, f"gives {letter} twice", "give it once")
        found[letter] = value
    return found


def exact_number(name: str, text: str) -> Fraction:
    """Read a number exactly.

    Parameters
    ----------
    name, text
        As for :func:`integer`.

    Raises
    ------
    InvalidArgument
        If it is no number.

    Examples
    --------
    >>> exact_number("c", "0.1")
    Fraction(1, 10)
    """
    try:
        return exact_fraction(name, text)
    except InvalidArgument as bad:
        if "too many digits" in bad.problem:
            raise
        raise InvalidArgument(
            name, f"must be a number, got {text[:_SHOWN]!r}", f"use e.g. --{name} 1/2 or --{name} 0.5"
        ) from None


def exact_order(name: str, text: str) -> int | Fraction:
    """Read the order of a moment exactly; a whole number is an int.

    Parameters
    ----------
    name, text
        As for :func:`integer`.

    Raises
    ------
    InvalidArgument
        If it is no number.

    Examples
    --------
    >>> exact_order("order", "-1"), exact_order("order", "0.5")
    (-1, Fraction(1, 2))
    """
    exact = exact_number(name, text)
    return int(exact) if exact.denominator == 1 else exact


def exact_probability(name: str, text: str) -> Fraction:
    """Read a number strictly between 0 and 1 exactly, however small.

    Parameters
    ----------
    name, text
        As for :func:`integer`.

    Raises
    ------
    InvalidArgument
        If it is no number, or not between 0 and 1.

    Examples
    --------
    >>> exact_probability("p", "1e-400") > 0
    True
    """
    return _probable(name, text, exact_number(name, text))


def probability(name: str, text: str) -> float:
    """Read a number strictly between 0 and 1.

    Parameters
    ----------
    name, text
        As for :func:`integer`.

    Raises
    ------
    InvalidArgument
        If it is no number, or not between 0 and 1.

    Examples
    --------
    >>> probability("within", "0.01")
    0.01
    """
    try:
        value = float(text)
    except ValueError:
        raise InvalidArgument(name, f"must be a number, got {text!r}", f"use e.g. --{name} 0.5") from None
    return _probable(name, text, value)


def half_length(name: str, text: str) -> str:
    """Read half the length of an interval: a number, or a share such as 1%.

    Parameters
    ----------
    name, text
        As for :func:`integer`.

    Returns
    -------
    str
        The text.

    Raises
    ------
    InvalidArgument
        If it is neither, or not positive.

    Examples
    --------
    >>> half_length("within", "1%")
    '1%'
    """
    from proofs_check.answers.within import Within

    Within.read(text)
    return text


def _probable(name: str, text: str, value: Value) -> Value:
    if not 0 < value < 1:  # type: ignore[operator]  # a float or a fraction
        raise InvalidArgument(name, f"must lie strictly between 0 and 1, got {text}", f"use e.g. --{name} 0.5")
    return value


def layer(text: str) -> int | str:
    """Read a layer: its number, or a symbol's name.

    >>> layer("3"), layer("k")
    (3, 'k')
    """
    with suppress(ValueError):  # a symbol's name
        return int(text)
    return text


def two_layers(name: str, text: str) -> tuple[int | str, int | str]:
    """Read two layers.

    Parameters
    ----------
    name, text
        As for :func:`integer`.

    Raises
    ------
    InvalidArgument
        If there are not two of them, with a comma between.

    Examples
    --------
    >>> two_layers("layers", "1, k")
    (1, 'k')
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(parts):
        raise InvalidArgument(name, f"must be two layers, got {text!r}", f"use e.g. --{name} 1,3")
    return layer(parts[0]), layer(parts[1])


def choice(name: str, value: str, known: Mapping[str, Value]) -> Value:
    """Return what a word stands for.

    Parameters
    ----------
    name : str
        The name of the option.
    value : str
        The word that was given.
    known : mapping
        What each word stands for.

    Raises
    ------
    InvalidArgument
        If there is no such word; the nearest is suggested.

    Examples
    --------
    >>> choice("format", "text", {"text": repr, "json": str})
    <built-in function repr>
    """
    if value not in known:
        raise InvalidArgument(name, f"there is no {name} {value!r}", nearest(value, known))
    return known[value]


def writable_folder(text: str, name: str = "out") -> Path:
    """Make the folder that an option names, and prove that it can be written to, before any work is done.

    Parameters
    ----------
    text : str
        The text that was given.
    name : str
        The name of the option, without dashes.

    Raises
    ------
    InvalidArgument
        If it cannot be made or written to.
    """
    if not text:
        raise InvalidArgument(name, "is empty", "name a folder")
    folder = Path(text)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as refused:
        raise InvalidArgument(
            name, f"cannot write to {text}: {refused.strerror}", "name a folder you can write to"
        ) from None
    return folder


def writable_file(name: str, text: str) -> Path:
    """Prove that the file can be written, before any work is done, and leave what is there as it is.

    Parameters
    ----------
    name : str
        The name of the option, without dashes.
    text : str
        The text that was given.

    Raises
    ------
    InvalidArgument
        If it cannot be written.
    """
    path = Path(text)
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as refused:
        raise InvalidArgument(name, f"cannot write {text}: {refused.strerror}", "name a file you can write") from None
    return path
