"""Tables and text as wide as the terminal: a table that does not fit loses no heading and no verdict, but its shape."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

_GAP = 2
_MOST_COVERS, _LEAST_COVERS = 30, 16
"""How wide the last column may be, and how narrow before it goes below its row."""
_LEAST_NAME = 24
"""How narrow the first column may be before the table becomes a list."""
_LEAST_WIDTH = 20
_HEADS = {"enumerated": "enum.", "enclosed": "encl.", "simulated": "sim."}
"""Shorter heads for columns of a few characters."""


def width_shown() -> int | None:
    """Return how many columns whoever reads has: COLUMNS, or the terminal's; None in a pipe or a file.

    Examples
    --------
    >>> width_shown() is None or width_shown() >= 20
    True
    """
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told) > 0:
        return max(_LEAST_WIDTH, int(told))
    return max(_LEAST_WIDTH, shutil.get_terminal_size().columns) if sys.stdout.isatty() else None


def fitted(text: str, width: int | None) -> str:
    r"""Return text whose lines are no longer than the width, where words allow it; what is folded is indented.

    Parameters
    ----------
    text : str
        Any lines.
    width : int or None
        The columns there are; None leaves the text as it is.

    Examples
    --------
    >>> print(fitted("- one two three\nfour", 10))
    - one two
        three
    four
    """
    if width is None:
        return text
    return "\n".join(_folded(line, width) for line in text.split("\n"))


def _folded(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    indent = re.match(r" *", line)[0] + "    "  # type: ignore[index]
    return textwrap.fill(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )


def named_lines(rows: Sequence[Sequence[str]], width: int | None) -> str:
    r"""Return rows of words in columns; if they do not fit, the last word below the others, indented.

    Parameters
    ----------
    rows : sequence of sequences of str
        The words of each row, as many in each.
    width : int or None
        The columns there are; None keeps each row on one line.

    Examples
    --------
    >>> print(named_lines([("forward.mean", "The mean is kept at every depth.")], 24))
    forward.mean
        The mean is kept at
        every depth.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    before = sum(widths[:-1]) + _GAP * (len(widths) - 1)
    lines = []
    for *names, title in rows:
        head = (" " * _GAP).join(f"{name:<{wide}}" for name, wide in zip(names, widths, strict=False))
        if width is None or before + len(title) <= width:
            lines.append(f"{head}{' ' * _GAP}{title}".rstrip())
        elif width - before >= _LEAST_NAME:
            lines += _wrapped(title, width, head + " " * _GAP, " " * before)
        else:
            lines += [_folded((" " * _GAP).join(names), width)]
            lines += _wrapped(title, width, "    ", "    ")
    return "\n".join(lines)


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    """Fold at spaces alone: ids, formulas and words with hyphens stay whole."""
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


@dataclass(frozen=True)
class Laid:
    """A table in lines.

    Attributes
    ----------
    head : str
        The line of headings; empty where every number says what it is.
    rows : tuple of tuples of str
        The lines of each row.
    """

    head: str
    rows: tuple[tuple[str, ...], ...]


def verdicts_laid(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Laid:
    r"""Lay out the table of verdicts, so that verdicts and counts are whole whatever the width.

    Parameters
    ----------
    columns : sequence of str
        The headings: the statement, its verdict, a count for each tier, and mutants, resolves and covers.
    rows : sequence of sequences of str
        A cell for each column.
    width : int
        The columns of the terminal. Where the table does not fit, its last two columns go below each row, and further
        below it becomes a list.

    Examples
    --------
    >>> columns = ("statement", "verdict", "proved", "mutants", "resolves", "covers")
    >>> row = ("forward.mean-preserved", "supported", "3/3", "2/2", "1.4 %", "all n, L")
    >>> for width in (80, 52, 40):
    ...     laid = verdicts_laid(columns, [row], width)
    ...     print("\n".join((laid.head, *laid.rows[0])))
    statement               verdict    proved  mutants  resolves  covers
    forward.mean-preserved  supported     3/3      2/2     1.4 %  all n, L
    statement               verdict    proved  mutants
    forward.mean-preserved  supported     3/3      2/2
        resolves 1.4 %; covers all n, L
    <BLANKLINE>
    forward.mean-preserved: supported
        proved 3/3; mutants 2/2;
        resolves 1.4 %; covers all n, L
    """
    heads = [_HEADS.get(name, name) for name in columns]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    before = sum(widths[:-1]) + _GAP * (len(widths) - 1)
    last = min(widths[-1], _MOST_COVERS, width - before)
    if last >= min(widths[-1], _LEAST_COVERS):
        widths[-1] = last
        return Laid(_cells(heads, widths)[0], tuple(tuple(_cells(row, widths)) for row in rows))
    short = widths[:-2]
    room = width - sum(short[1:]) - _GAP * (len(short) - 1)
    if room >= min(short[0], _LEAST_NAME):
        short[0] = min(short[0], room)
        laid = [(*_cells(row[:-2], short), *_said(heads[-2:], row[-2:], width)) for row in rows]
        return Laid(_cells(heads[:-2], short)[0], tuple(laid))
    return Laid("", tuple((*_named(row, width), *_said(heads[2:], row[2:], width)) for row in rows))


def _cells(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Return the lines of a row: words are left in their columns and may be folded, counts are right."""
    words = (0, 1, 8)
    folded = [textwrap.wrap(cell, wide) or [""] for cell, wide in zip(row, widths, strict=True)]
    lines = []
    for i in range(max(map(len, folded))):
        parts = [cell[i] if i < len(cell) else "" for cell in folded]
        aligned = (
            f"{part:<{w}}" if j in words else f"{part:>{w}}"
            for j, (part, w) in enumerate(zip(parts, widths, strict=True))
        )
        lines.append((" " * _GAP).join(aligned).rstrip())
    return lines


def _named(row: Sequence[str], width: int) -> list[str]:
    whole = f"{row[0]}: {row[1]}"
    return [whole] if len(whole) <= width else [f"{row[0]}:", f"    {row[1]}"]


def _said(heads: Sequence[str], cells: Sequence[str], width: int) -> list[str]:
    """Return cells in words, below their row; empty ones are left out."""
    said = "; ".join(f"{head} {cell}" for head, cell in zip(heads, cells, strict=True) if cell != "-")
    return textwrap.wrap(said, width, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
