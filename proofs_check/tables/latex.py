r"""Tables in LaTeX, for the packages booktabs, siunitx, tabularx, graphicx, amsmath and amssymb.

Numbers stand in columns that siunitx aligns at the decimal marker. The size of type, and whether a table goes across
both columns of a page or is split, follows from an estimate of its width; should the estimate fail, the table is scaled
down to the width there is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from proofs_check.tables.model import Cell, Column, Number, Table, Text
from proofs_check.tables.prose import typeset_prose
from proofs_check.tables.widths import ems
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

FITS = ("auto", "column", "text", "none")
COLUMN, TEXT = 221.0, 345.0
"""The width of a column and of the text in points: the narrowest that LaTeX's article has, on letter paper or on A4."""
PREAMBLE = (
    r"\usepackage{amsmath,amssymb,booktabs,graphicx,siunitx,tabularx}",
    r"\sisetup{group-digits=none,retain-zero-uncertainty=true}",
)
_SIZES = ((r"\normalsize", 10.0, 5.0), (r"\small", 9.0, 4.0), (r"\footnotesize", 8.0, 2.5))
"""The sizes of type that are tried, with the space to each side of a column, in points."""
_PAGE = 550.0
"""The height of a page of an article on letter paper, in points, with the caption."""


def to_latex(table: Table, *, fit: str = "auto", label: str | None = None) -> str:
    r"""Return a table in LaTeX.

    Parameters
    ----------
    table : Table
        The table.
    fit : str
        ``column`` or ``text`` for a column or the text of an article, in parts where it must; ``auto`` for the first
        of these that it fits in one part; ``none`` for a table as wide as it is.
    label : str, optional
        Its label; by default ``tab:`` and its name.

    Raises
    ------
    InvalidArgument
        If it fits in no part; the message says what to drop.

    Examples
    --------
    >>> from proofs_check.tables.model import table_of_texts
    >>> print(to_latex(table_of_texts("t", "a caption", ("head",), [("1 %",)])).split("\\centering")[1])
    <BLANKLINE>
    \caption{a caption}
    \label{tab:t}
    \smallskip
    \begin{tabular}{@{}l@{}}
    \toprule
    head \\
    \midrule
    1 \% \\
    \bottomrule
    \end{tabular}
    \end{table}
    <BLANKLINE>
    """
    if fit not in FITS:
        raise InvalidArgument("fit", f"there is no fit {fit!r}", nearest(fit, FITS))
    label = f"tab:{table.name}" if label is None else label
    panels, size, across = _fitted(table, fit)
    room = TEXT if across else COLUMN
    tallest = _PAGE - _beside(table, room)
    pieces = [piece for panel in panels for piece in _by_height(panel, size, room, tallest)]
    parts = _filled(pieces, size, room, tallest)
    written = [
        _float(part, size, across, label if place == 0 else f"{label}-{place + 1}", (place + 1, len(parts)), fit)
        for place, part in enumerate(parts)
    ]
    return "\n".join(written)


def standalone(latex: str) -> str:
    r"""Return a document that compiles as it is and holds a table.

    Parameters
    ----------
    latex : str
        The table, as :func:`to_latex` returns it.

    Examples
    --------
    >>> print(standalone(r"\begin{table}...\end{table}").splitlines()[-1])
    \end{document}
    """
    head = "\n".join((r"\documentclass[twocolumn]{article}", *PREAMBLE, r"\begin{document}"))
    return f"{head}\n{latex}\n\\end{{document}}\n"


# --- how it fits -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Size:
    command: str
    points: float
    gap: float


def _fitted(table: Table, fit: str) -> tuple[list[Table], _Size, bool]:
    """Return the panels of a table, the size of type, and whether it goes across both columns of a page."""
    sizes = [_Size(*size) for size in _SIZES]
    if fit == "none":
        return [table], sizes[0], False
    wanted = {"auto": (COLUMN, TEXT), "column": (COLUMN,), "text": (TEXT,)}[fit]
    for room in wanted:
        for size in sizes:
            if _width(table, size) <= room and (room == TEXT or not _is_prose(table)):
                return [table], size, room == TEXT
    room, size = wanted[-1], sizes[-1]
    return _by_width(table, size, room), size, room == TEXT


def _is_prose(table: Table) -> bool:
    return any(column.share for column in table.columns)


def _width(table: Table, size: _Size) -> float:
    """Return the least width of a table in points."""
    return sum(_column_widths(table, size)) + size.gap * 2 * (len(table.columns) - 1)


def _column_widths(table: Table, size: _Size) -> list[float]:
    widths = [_column_width(table, place) * size.points for place in range(len(table.columns))]
    for group, places in _groups(table.columns):  # a head above several columns may be wider than they are together
        if group is None:
            continue
        inside = sum(widths[place] for place in places) + size.gap * 2 * (len(places) - 1)
        missing = ems(typeset(group)) * size.points - inside
        if missing > 0:
            for place in places:
                widths[place] += missing / len(places)
    return widths


_LEAST_PROSE = 7.0
"""A column whose text is broken into lines has room for so many ems at least."""


def _column_width(table: Table, place: int) -> float:
    """Return the width of a column in ems."""
    column = table.columns[place]
    if column.share:
        return _LEAST_PROSE * max(1.0, column.share)
    cells = [row[place] for row in table.rows]
    head = ems(typeset(column.head))
    spec = _format(cells)
    others = [ems(_cell(cell, spec is not None)) for cell in cells if spec is None or not _is_aligned(cell)]
    return max([head, *others, 0.0 if spec is None else spec.ems])


def _by_width(table: Table, size: _Size, room: float) -> list[Table]:
    """Split a table into parts of columns, groups whole, each with the columns that say what its rows are."""
    stub = [place for place, column in enumerate(table.columns) if column.is_stub]
    units = [places for _, places in _groups(table.columns) if places[0] not in stub]
    parts: list[list[int]] = []
    for places in units:
        grown = [*parts[-1], *places] if parts else None
        if grown is not None and _width(_only(table, grown), size) <= room:
            parts[-1] = grown
        else:
            parts.append([*stub, *places])
        if _width(_only(table, parts[-1]), size) > room:
            heads = ", ".join(table.columns[place].name for place in parts[-1])
            problem = f"{heads} together are wider than {room:.0f} points"
            raise InvalidArgument("fit", problem, "show fewer things of a cell, use --fit text, or --fit none")
    return [_only(table, part) for part in parts] or [table]


def _only(table: Table, places: Sequence[int]) -> Table:
    rows = tuple(tuple(row[place] for place in places) for row in table.rows)
    return replace(table, columns=tuple(table.columns[place] for place in places), rows=rows)


def _beside(table: Table, room: float) -> float:
    """Return the height of a table's caption and notes in points."""
    caption = math.ceil(1.1 * ems(typeset(table.caption)) * 10 / room) * 12
    notes = sum(math.ceil(1.1 * ems(typeset(note)) * 8 / room) for note in table.notes) * 10
    return 40.0 + caption + notes


_HEAD_LINES = 4
"""The lines that heads and rules take."""


def _height(table: Table, size: _Size, room: float) -> float:
    lines = sum(_lines(table, row, size, room) for row in table.rows)
    return 1.25 * size.points * (lines + _HEAD_LINES) + 5 * len(table.rules)


def _by_height(table: Table, size: _Size, room: float, tallest: float) -> list[Table]:
    """Split a table that is longer than a page, at rules where it can."""
    line = 1.25 * size.points
    heights = [
        line * _lines(table, row, size, room) + 5 * (place in table.rules) for place, row in enumerate(table.rows)
    ]
    parts: list[tuple[int, int]] = []
    begin, total = 0, line * _HEAD_LINES
    for place, height in enumerate(heights):
        if total + height > tallest and place > begin:
            rule = max((rule for rule in table.rules if begin < rule <= place), default=place)
            cut = rule if rule > begin + (place - begin) // 2 else place
            parts.append((begin, cut))
            begin, total = cut, line * _HEAD_LINES + sum(heights[cut:place])
        total += height
    parts.append((begin, len(table.rows)))
    if len(parts) == 1:
        return [table]
    return [
        replace(table, rows=table.rows[first:last], rules=tuple(r - first for r in table.rules if first < r < last))
        for first, last in parts
    ]


def _filled(pieces: Sequence[Table], size: _Size, room: float, tallest: float) -> list[list[Table]]:
    """Put pieces into floats, one above the other, as many into each as a page has room for."""
    parts: list[list[Table]] = []
    total = 0.0
    for piece in pieces:
        height = _height(piece, size, room) + 6
        if parts and total + height <= tallest:
            parts[-1].append(piece)
            total += height
        else:
            parts.append([piece])
            total = height
    return parts


def _lines(table: Table, row: Sequence[Cell], size: _Size, room: float) -> int:
    """Return how many lines a row takes."""
    shares = sum(column.share for column in table.columns)
    if not shares:
        return 1
    fixed = sum(
        _column_width(table, place) * size.points for place, column in enumerate(table.columns) if not column.share
    )
    left = room - fixed - size.gap * 2 * (len(table.columns) - 1)
    return max(
        math.ceil(1.1 * ems(_cell(cell, aligned=False)) * size.points / (left * column.share / shares))
        for column, cell in zip(table.columns, row, strict=True)
        if column.share
    )


# --- what is written -------------------------------------------------------------------------------------------------


def _float(panels: Sequence[Table], size: _Size, across: bool, label: str, part: tuple[int, int], fit: str) -> str:
    table = panels[0]
    environment = "table*" if across else "table"
    caption = typeset(table.caption)
    if part[1] > 1:
        caption += f" (part {part[0]} of {part[1]})"
    lines = [f"% {table.origin}"] if table.origin else []
    lines += [
        rf"\begin{{{environment}}}",
        r"\centering",
        rf"\caption{{{caption}}}",
        rf"\label{{{label}}}",
        r"\smallskip",
    ]
    if size.command != r"\normalsize":
        lines.append(size.command)
    if size.gap != _SIZES[0][2]:
        lines.append(rf"\setlength{{\tabcolsep}}{{{size.gap:g}pt}}")
    for place, panel in enumerate(panels):
        body = _tabular(panel)
        safe = fit == "none" or _is_prose(panel) or _width(panel, size) < _SAFE * (TEXT if across else COLUMN)
        lines += ["", r"\medskip"] if place else []
        lines += body if safe else _scaled(body)
    if table.notes:
        lines += ["", r"\smallskip", r"\footnotesize", *(f"{typeset(note)}\\par" for note in table.notes)]
    return "\n".join([*lines, rf"\end{{{environment}}}", ""])


_SAFE = 0.8
"""A table whose estimated width is below this share of what there is needs no box that could be scaled down."""


def _scaled(body: list[str]) -> list[str]:
    """Put a table into a box that is scaled down if it is wider than the line, which it should not be."""
    return [
        r"\sbox0{%",
        *body[:-1],
        body[-1] + "}%",
        r"\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi",
    ]


def _tabular(table: Table) -> list[str]:
    shares = sum(column.share for column in table.columns)
    specs: list[str] = []
    aligned: list[bool] = []
    for place, column in enumerate(table.columns):
        spec = _format([row[place] for row in table.rows])
        aligned.append(spec is not None)
        if column.share:
            part = column.share / shares * sum(1 for c in table.columns if c.share)
            specs.append(rf">{{\hsize={part:.3f}\hsize\linewidth=\hsize\raggedright\arraybackslash}}X")
        else:
            plain = "c" if any(isinstance(row[place], Number) for row in table.rows) else "l"
            specs.append(plain if spec is None else spec.text)
    columns = f"@{{}}{' '.join(specs)}@{{}}" if len(specs) > 1 else f"@{{}}{specs[0]}@{{}}"
    name = "tabularx" if shares else "tabular"
    width = r"{\linewidth}" if shares else ""
    lines = [rf"\begin{{{name}}}{width}{{{columns}}}", r"\toprule", *_heads(table, aligned), r"\midrule"]
    for place, row in enumerate(table.rows):
        if place in table.rules and place:
            lines.append(r"\addlinespace")
        lines.append(" & ".join(_cell(c, on) for c, on in zip(row, aligned, strict=True)) + r" \\")
    return [*lines, r"\bottomrule", rf"\end{{{name}}}"]


def _heads(table: Table, aligned: Sequence[bool]) -> list[str]:
    lines = []
    groups = _groups(table.columns)
    if any(group is not None for group, _ in groups):
        cells, rules, place = [], [], 1
        for group, places in groups:
            if group is None:
                cells += [""] * len(places)
            else:
                cells.append(rf"\multicolumn{{{len(places)}}}{{c}}{{{typeset(group)}}}")
                rules.append(rf"\cmidrule(lr){{{place}-{place + len(places) - 1}}}")
            place += len(places)
        lines += [" & ".join(cells) + r" \\", "".join(rules)]
    heads = [f"{{{typeset(c.head)}}}" if on else typeset(c.head) for c, on in zip(table.columns, aligned, strict=True)]
    if any(heads):
        lines.append(" & ".join(heads) + r" \\")
    return lines


def _groups(columns: Sequence[Column]) -> list[tuple[Text | None, list[int]]]:
    """Return the groups of columns side by side, with their places."""
    out: list[tuple[Text | None, list[int]]] = []
    for place, column in enumerate(columns):
        if out and column.group is not None and out[-1][0] == column.group:
            out[-1][1].append(place)
        else:
            out.append((column.group, [place]))
    return out


def typeset(text: Text) -> str:
    r"""Return a text in LaTeX.

    Examples
    --------
    >>> print(typeset(Text("50 %")), typeset(Text("a", r"$\alpha$")))
    50 \% $\alpha$
    """
    return typeset_prose(text.plain) if text.latex is None else text.latex


@dataclass(frozen=True)
class _Format:
    """How siunitx lays out a column of numbers."""

    text: str
    ems: float


_NUMBER = re.compile(
    r"(?P<sign>-?)(?P<whole>\d+)(?:\.(?P<part>\d+))?(?:\((?P<off>\d+)\))?(?:e(?P<minus>-?)(?P<power>\d+))?"
)


def _is_aligned(cell: Cell) -> bool:
    return isinstance(cell, Number) and _NUMBER.fullmatch(cell.written) is not None


def _format(cells: Sequence[Cell]) -> _Format | None:
    """Return the format of a column with numbers in it; None if there are none."""
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
    return _Format(f"S[table-format={text}]", width)


def _cell(cell: Cell, aligned: bool) -> str:
    """Return a cell; what siunitx must not read as a number stands in braces."""
    if _is_aligned(cell):
        assert isinstance(cell, Number)
        return cell.written if aligned else rf"\num{{{cell.written}}}"
    text = _bounds(cell.written) if isinstance(cell, Number) else typeset(cell)
    return f"{{{text}}}" if aligned and text else text


def _bounds(written: str) -> str:
    ends = [_end(end) for end in written.strip("[]").split(", ")]
    return f"$[{', '.join(ends)}]$" if written.startswith("[") else f"${ends[0]}$"


def _end(text: str) -> str:
    return text.replace("oo", r"\infty") if "oo" in text else rf"\num{{{text}}}"
