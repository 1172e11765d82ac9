"""Files of claims, one a line, each with options of its own: a batch for the command line, a suite for pytest."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from theory.ensembles import InvalidArgument


@dataclass(frozen=True)
class Line:
    """A claim in a file.

    Parameters
    ----------
    number : int
        The line's number, from 1.
    claim : str
        The claim.
    options : tuple of str
        The options that follow it, as on the command line.
    """

    number: int
    claim: str
    options: tuple[str, ...]


def read_lines(path: str | Path) -> list[Line]:
    """Read a file of claims.

    Parameters
    ----------
    path : str or Path
        A text file in UTF-8. Each line holds a claim, followed by options such as ``--activation relu``; empty lines
        and those that begin with ``#`` are left out. A line ``defaults: --init he`` gives options for all lines after.

    Raises
    ------
    InvalidArgument
        If the file cannot be read, or has no claim.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as refused:
        reason = getattr(refused, "strerror", None) or "it is no text in UTF-8"
        raise InvalidArgument("file", f"cannot read {path}: {reason}", "name a text file with a claim a line") from None
    lines = list(_lines(text, str(path)))
    if not lines:
        raise InvalidArgument("file", f"{path} has no claim", "write one a line, such as E|a_L|^2 = |x|^2")
    return lines


def _lines(text: str, path: str) -> Iterator[Line]:
    defaults: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.split("#", 1)[0].strip()
        if not stripped:
            continue
        if stripped.startswith("defaults:"):
            defaults = _options(stripped.removeprefix("defaults:"), path, number)
            continue
        parts = re.split(r"\s(?=--[a-z])", stripped, maxsplit=1)
        own = _options(parts[1], path, number) if len(parts) > 1 else ()
        yield Line(number, parts[0].strip(), (*defaults, *own))


def _options(text: str, path: str, number: int) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:  # no closing quotation mark: refused with its line, when the claim is checked
        return (text,)
