"""Tables in Markdown, CSV and JSON, as HTML and LaTeX, and as a list for terminals that are too narrow."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from proofs_check.tables.html import to_html
from proofs_check.tables.latex import to_latex
from proofs_check.tables.model import Cell, Number, Table


def to_markdown(table: Table) -> str:
    r"""Return the table in Markdown.

    Examples
    --------
    >>> from proofs_check.tables.model import table_of_texts
    >>> print(to_markdown(table_of_texts("t", "c", ("x", "y"), [("a|b", "supported")])).splitlines()[4])
    | a\|b | supported |
    """
    lines = [f"**{_markdown_text(table.caption.plain)}**", "", _markdown_row(table.heads)]
    lines.append(_markdown_row(["---"] * len(table.columns), raw=True))
    notes = ["", *(_markdown_text(note.plain) for note in table.notes)] if table.notes else []
    return "\n".join([*lines, *map(_markdown_row, table.texts), *notes]) + "\n"


def _markdown_row(cells: tuple[str, ...] | list[str], *, raw: bool = False) -> str:
    return "| " + " | ".join(cells if raw else map(_markdown_text, cells)) + " |"


_MARKDOWN_SPECIAL = str.maketrans({c: rf"\{c}" for c in r"\|*`<"} | {"\n": " ", "\r": " "})


def _markdown_text(text: str) -> str:
    return text.translate(_MARKDOWN_SPECIAL)


def to_csv(table: Table) -> str:
    r"""Return the table as CSV, with a header line; a measured number takes three columns, the last two its interval.

    Examples
    --------
    >>> from proofs_check.tables.model import table_of_texts
    >>> to_csv(table_of_texts("t", "c", ("x", "y"), [("1", "2, 3")]))
    'x,y\n1,"2, 3"\n'
    """
    measured = [any(isinstance(row[i], Number) and _ends(row[i]) for row in table.rows) for i in _places(table)]
    heads: list[str] = []
    for name, three in zip(table.heads, measured, strict=True):
        heads += [name, f"{name} lo", f"{name} hi"] if three else [name]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    for row in table.rows:
        line: list[str] = []
        for cell, three in zip(row, measured, strict=True):
            value = _digits(cell.value) if isinstance(cell, Number) else cell.plain
            line += [value, *(map(_digits, _ends(cell) or ())), *([""] * (2 * (not _ends(cell))))] if three else [value]
        writer.writerow(line)
    return out.getvalue()


def _places(table: Table) -> range:
    return range(len(table.columns))


def _ends(cell: Cell) -> tuple[Decimal, Decimal] | None:
    if isinstance(cell, Number) and cell.lo is not None and cell.hi is not None:
        return cell.lo, cell.hi
    return None


def _digits(value: Decimal) -> str:
    if not value.is_finite():
        return "inf" if value > 0 else "-inf"
    return f"{value:.15g}"


def to_json(table: Table) -> str:
    """Return the table as a JSON list of objects; a measured number is one with its value and both ends.

    Examples
    --------
    >>> from proofs_check.tables.model import table_of_texts
    >>> print(to_json(table_of_texts("t", "c", ("x",), [("1",)])), end="")
    [
      {
        "x": "1"
      }
    ]
    """
    records = [dict(zip(table.heads, map(_data, row), strict=True)) for row in table.rows]
    return json.dumps(records, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _data(cell: Cell) -> Any:
    if not isinstance(cell, Number):
        return cell.plain
    ends = _ends(cell)
    if ends is None:
        return _float(cell.value)
    return {"value": _float(cell.value), "lo": _float(ends[0]), "hi": _float(ends[1])}


def _float(value: Decimal) -> float | str:
    """Return a number as JSON holds it: as text where no float does."""
    near = float(value) if value.is_finite() else math.inf
    return near if math.isfinite(near) and (near or not value) else _digits(value)


def to_list(table: Table) -> str:
    """Return the table as a list, each cell behind the head of its column: for a terminal that is too narrow for it.

    Examples
    --------
    >>> from proofs_check.tables.model import table_of_texts
    >>> print(to_list(table_of_texts("t", "c", ("x", "y"), [("1", "2")])), end="")
    c
    <BLANKLINE>
    - x: 1
      y: 2
    """
    rows = (
        "\n".join(
            f"{'  ' if i else '- '}{name}: {cell}" for i, (name, cell) in enumerate(zip(table.heads, row, strict=True))
        )
        for row in table.texts
    )
    notes = "".join(f"\n{note.plain}\n" for note in table.notes)
    return f"{table.caption.plain}\n\n" + "".join(f"{row}\n" for row in rows) + notes


FORMATS: dict[str, Callable[[Table], str]] = {
    "latex": to_latex,
    "markdown": to_markdown,
    "csv": to_csv,
    "json": to_json,
    "html": to_html,
}
ENDINGS = {"latex": "tex", "markdown": "md", "csv": "csv", "json": "json", "html": "html"}
