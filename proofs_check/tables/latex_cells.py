r"""Cells and heads in LaTeX, and how siunitx lays out a column of numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from proofs_check.tables.model import Cell, Column, Number, Text
from proofs_check.tables.prose import typeset_prose


def typeset(text: Text) -> str:
    r"""Return a text in LaTeX.

    Examples
    --------
    >>> print(typeset(Text("50 %")), typeset(Text("a", r"$\alpha$")))
    50 \% $\alpha$
    """
    return typeset_prose(text.plain) if text.latex is None else text.latex


@dataclass(frozen=True)
class Format:
    """How siunitx lays out a column of numbers."""

    text: str
    ems: float


_NUMBER = re.compile(
    r"(?P<sign>-?)(?P<whole>\d+)(?:\.(?P<part>\d+))?(?:\((?P<off>\d+)\))?(?:e(?P<minus>-?)(?P<power>\d+))?"
)


def is_aligned(cell: Cell) -> bool:
    """Whether siunitx reads a cell as a number, and aligns it.

    Parameters
    ----------
    cell : Cell
        The cell.

    Examples
    --------
    >>> from decimal import Decimal
    >>> is_aligned(Number("0.3(1)", Decimal("0.3"))), is_aligned(Number("[0.1, 0.3]", Decimal("0.3")))
    (True, False)
    """
    return isinstance(cell, Number) and _NUMBER.fullmatch(cell.written) is not None


def format_of(cells: Sequence[Cell]) -> Format | None:
    """Return the format of a column with numbers in it; None if there are none.

    Parameters
    ----------
    cells : sequence of Cell
        The column.

    Examples
    --------
    >>> from decimal import Decimal
    >>> format_of([Number("0.3(1)", Decimal("0.3")), Number("12", Decimal(12)), Text("dead")]).text
    'S[table-format=2.1(1)]'
    """
    found = [_NUMBER.fullmatch(cell.written) for cell in cells if isinstance(cell, Number)]
    numbers = [match for match in found if match is not None]
    if not numbers:
        return None
    whole = max(len(match["whole"]) for match in numbers)
    part = max(len(match["part"] or "") for match in numbers)
    off = max(len(match["off"] or "") for match in numbers)
    power = max(len(match["power"] or "") for match in numbers)
    sign = any(match["sign"] for match in numbers)
    minus = any(match["minus"] for match in numbers)
    text = f"{'-' if sign else ''}{whole}.{part}" if part else f"{'-' if sign else ''}{whole}"
    width = 0.5 * (whole + part) + 0.28 * bool(part) + 0.78 * sign
    if off:
        text += f"({off})"
        width += 0.78 + 0.5 * off
    if power:
        text += f"e{'-' if minus else ''}{power}"
        width += 1.3 + 1.0 + 0.75 * (0.5 * power + 0.78 * minus)
    return Format(f"S[table-format={text}]", width)


def cell_text(cell: Cell, aligned: bool) -> str:
    """Return a cell in LaTeX; what siunitx must not read as a number stands in braces.

    Parameters
    ----------
    cell : Cell
        The cell.
    aligned : bool
        Whether its column is one that siunitx aligns.

    Examples
    --------
    >>> cell_text(Text("dead"), True), cell_text(Text("dead"), False)
    ('{dead}', 'dead')
    """
    if is_aligned(cell):
        assert isinstance(cell, Number)
        return cell.written if aligned else rf"\num{{{cell.written}}}"
    text = _bounds(cell.written) if isinstance(cell, Number) else typeset(cell)
    return f"{{{text}}}" if aligned and text else text


def _bounds(written: str) -> str:
    ends = [_end(end) for end in written.strip("[]").split(", ")]
    return f"$[{', '.join(ends)}]$" if written.startswith("[") else f"${ends[0]}$"


def _end(text: str) -> str:
    return text.replace("oo", r"\infty") if "oo" in text else rf"\num{{{text}}}"


def groups_of(columns: Sequence[Column]) -> list[tuple[Text | None, list[int]]]:
    """Return the groups of columns side by side, with their places; a column without one is alone.

    Parameters
    ----------
    columns : sequence of Column
        The columns of a table.

    Examples
    --------
    >>> groups_of([Column(Text("n")), Column(Text("a"), Text("x")), Column(Text("b"), Text("x"))])
    [(None, [0]), (Text(plain='x', latex=None), [1, 2])]
    """
    out: list[tuple[Text | None, list[int]]] = []
    for place, column in enumerate(columns):
        if out and column.group is not None and out[-1][0] == column.group:
            out[-1][1].append(place)
        else:
            out.append((column.group, [place]))
    return out
