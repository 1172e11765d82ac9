"""Errors of the library in the words of the command line: its options in place of Python's arguments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection

_ALIASES = {"executor": "cluster"}
"""What an argument of Python is called on the command line, where the two differ."""

_VALUE = r"""'[^']*'|"[^"]*"|\([^)]*\)|\.\.\.|[^\s,;]+"""


def option_of(argument: str, options: Collection[str]) -> str | None:
    """Return the option that gives an argument, or None if none does.

    Parameters
    ----------
    argument : str
        The name of the argument in Python.
    options : collection of str
        The options of the command, with their dashes.

    Examples
    --------
    >>> option_of("keep_values", {"--width", "--keep-values"})
    '--keep-values'
    """
    option = "--" + _ALIASES.get(argument, argument).replace("_", "-")
    return option if option in options else None


def in_options(text: str, options: Collection[str]) -> str:
    """Return a text in which options stand for arguments: ``--name value`` for ``name='value'``.

    Parameters
    ----------
    text : str
        A problem or a remedy.
    options : collection of str
        The options of the command, with their dashes; what they do not name stays as it is.

    Examples
    --------
    >>> known = {"--width", "--widths", "--law"}
    >>> in_options("use width=32 or widths=(784, 100, 10), and law='normal'", known)
    'use --width 32 or --widths 784,100,10, and --law normal'
    >>> in_options("use law='normal' or 'uniform'", known)
    'use --law normal or uniform'
    >>> in_options("it takes law=...; or sample('median', net)", known)
    "it takes --law; or 'vanishing sample median'"
    """

    def translated(found: re.Match[str]) -> str:
        option = option_of(found[1], options)
        if option is None:
            return found[0]
        others = re.sub(r"'[^']*'", lambda other: _value(other[0]), found[3])
        return f"{option} {_value(found[2])}".rstrip() + others

    text = re.sub(rf"(?<![\w-])([a-z]\w*)=({_VALUE})((?:(?:, | or )'[^']*')*)", translated, text)
    return re.sub(r"\b(derive|sample)\('([a-z-]+)', net\)", r"'vanishing \1 \2'", text)


def _value(text: str) -> str:
    """Return a value as the command line has it."""
    if text == "...":
        return ""
    if text.startswith("("):
        return ",".join(part.strip().strip("'\"") for part in text.strip("()").split(",") if part.strip())
    return shlex.quote(text[1:-1]) if text[0] in "'\"" else text
