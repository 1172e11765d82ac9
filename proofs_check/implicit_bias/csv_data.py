"""Inputs and targets from CSV files: numbers with a comma, a semicolon or space between them, with or without heads."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction

_MOST = 1_000_000


def read_matrix(argument: str, path: str | Path) -> list[list[Fraction]]:
    """Read a matrix from a file, one row a line; decimals are read exactly.

    Parameters
    ----------
    argument : str
        The option that names the file, for errors.
    path : str or Path
        The file. A first line without any number holds heads; empty lines are left out.

    Returns
    -------
    list of lists of Fraction

    Raises
    ------
    InvalidArgument
        If there is no such file, or something in it is no number; the line is named.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as bad:
        reason = bad.strerror if isinstance(bad, OSError) else "it is no text in UTF-8"
        raise InvalidArgument(argument, f"{path} cannot be read: {reason}", "name a CSV file of numbers") from None
    rows: list[list[Fraction]] = []
    entries = 0
    for number, line in enumerate(text.splitlines(), 1):
        words = _words(line)
        if not words:
            continue
        if not rows and number == 1 and not any(map(_is_number, words)):
            continue
        rows.append([_number(argument, path, number, word) for word in words])
        entries += len(words)
        if entries > _MOST:
            raise InvalidArgument(argument, f"{path} has more than {_MOST:,} numbers", "use fewer inputs")
    if not rows:
        raise InvalidArgument(argument, f"{path} has no numbers", "write one input a line, as in 1,2.5,-3")
    return rows


def read_vector(argument: str, path: str | Path) -> list[Fraction]:
    """Read a vector from a file: a column, or one row.

    Parameters
    ----------
    argument, path
        As for :func:`read_matrix`.

    Raises
    ------
    InvalidArgument
        As :func:`read_matrix`, and if there are several columns and rows.
    """
    rows = read_matrix(argument, path)
    if len(rows) == 1:
        return rows[0]
    wide = next((place for place, row in enumerate(rows, 1) if len(row) > 1), None)
    if wide is not None:
        problem = f"{path} has {len(rows)} rows, and row {wide} has {len(rows[wide - 1])} numbers"
        raise InvalidArgument(argument, problem, "give one target a line: networks here have one output")
    return [row[0] for row in rows]


def _words(line: str) -> list[str]:
    mark = ";" if ";" in line else "," if "," in line else None
    if mark is None:
        return line.split()
    return [word.strip() for word in next(csv.reader([line], delimiter=mark))]


def _is_number(word: str) -> bool:
    try:
        exact_fraction("number", word)
    except InvalidArgument:
        return False
    return True


def _number(argument: str, path: str | Path, line: int, word: str) -> Fraction:
    try:
        return exact_fraction(argument, word)
    except InvalidArgument:
        problem = (
            f"{path}, line {line}: {word!r} is no finite number" if word else f"{path}, line {line}: an entry is empty"
        )
        raise InvalidArgument(argument, problem, "write numbers such as 2, -0.5 or 1/3") from None
