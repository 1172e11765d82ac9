"""TOML files, whose unknown keys are refused with their line and the nearest that is known."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest


def read_toml(argument: str, path: Path) -> tuple[dict[str, Any], str]:
    """Read a TOML file.

    Parameters
    ----------
    argument : str
        The name of the argument that names it, for errors.
    path : Path
        The file.

    Returns
    -------
    content : dict
    text : str
        The file's text, in which :func:`require_known` finds lines.

    Raises
    ------
    InvalidArgument
        If there is no such file, or it is no TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failed:
        reason = failed.strerror if isinstance(failed, OSError) else "it is no UTF-8 text"
        raise InvalidArgument(argument, f"cannot read {path}: {reason}", "name a TOML file") from None
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as bad:
        raise InvalidArgument(argument, f"{path} is no TOML: {bad}", "mend it there") from None


def require_known(argument: str, path: Path, text: str, given: Iterable[str], known: Iterable[str], part: str) -> None:
    r"""Refuse keys that are not known.

    Parameters
    ----------
    argument : str
        The name of the argument that names the file.
    path : Path
        The file.
    text : str
        Its text.
    given, known : iterable of str
        The keys that stand there, and those that may.
    part : str
        Where they stand, for example ``[[row]]``.

    Raises
    ------
    InvalidArgument
        If one is unknown; the message names its line and the nearest known key.

    Examples
    --------
    >>> require_known("rows", Path("f.toml"), "[[row]]\nlaws = 1", ["laws"], ["law"], "[[row]]")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    theory.ensembles.arguments.InvalidArgument: rows: f.toml, line 2: [[row]] has no key 'laws'; ...
    """
    allowed = tuple(known)
    for key in given:
        if key not in allowed:
            where = f"{path}, line {line_of(text, key)}"
            raise InvalidArgument(argument, f"{where}: {part} has no key {key!r}", nearest(key, allowed))


def line_of(text: str, key: str) -> int:
    r"""Return the first line of a TOML file that begins with a key or the head of a table; 1 if none does.

    Examples
    --------
    >>> line_of("[paper]\nseed = 1", "seed")
    2
    """
    found = re.search(rf"^[ \t]*(?:\[+\s*)?[\"']?{re.escape(key)}\b", text, re.MULTILINE)
    return 1 if found is None else text.count("\n", 0, found.start()) + 1


def line_of_entry(text: str, table: str, number: int, key: str) -> int:
    r"""Return the line of a key in the so-manieth table of a list; that of the table's head if the key is not there.

    Examples
    --------
    >>> line_of_entry("[[row]]\nn = 1\n[[row]]\nn = 2", "row", 1, "n")
    4
    """
    heads = [found.start() for found in re.finditer(rf"^[ \t]*\[\[\s*{re.escape(table)}\s*\]\]", text, re.MULTILINE)]
    if number >= len(heads):
        return line_of(text, key)
    begin = heads[number]
    after = re.search(r"^[ \t]*\[", text[begin + 2 :], re.MULTILINE)
    part = text[begin : len(text) if after is None else begin + 2 + after.start()]
    found = re.search(rf"^[ \t]*[\"']?{re.escape(key)}\b[\"']?\s*=", part, re.MULTILINE)
    return text.count("\n", 0, begin + (0 if found is None else found.start())) + 1


def as_text(value: Any) -> str:
    """Return a value of a TOML file as the command line would have it.

    Examples
    --------
    >>> as_text([16, 32]), as_text(0.5), as_text("he"), as_text({"n": [1, 2]})
    ('16,32', '0.5', 'he', 'n=1,2')
    """
    if isinstance(value, Mapping):
        return ";".join(f"{name}={as_text(item)}" for name, item in value.items())
    return ",".join(map(as_text, value)) if isinstance(value, list) else str(value)
