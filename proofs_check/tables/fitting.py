"""How a table fits a page: the size of type, panels one above the other, and parts where it is longer than a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from proofs_check.tables.latex_cells import cell_text, format_of, groups_of, is_aligned, typeset
from proofs_check.tables.model import Cell, Table
from proofs_check.tables.widths import ems
from theory.ensembles import InvalidArgument

COLUMN, TEXT = 221.0, 345.0
"""The width of a column and of the text in points: the narrowest that LaTeX's article has, on letter paper or on A4."""
_PAGE = 550.0
"""The height of a page of an article on letter paper, in points, with the caption."""


FITS = ("auto", "column", "text", "none")


@dataclass(frozen=True)
class Size:
    """A size of type.

    Parameters
    ----------
    command : str
        LaTeX's command for it.
    points : float
        How large it is.
    gap : float
        The space to each side of a column, in points.
    """

    command: str
    points: float
    gap: float

    @property
    def is_usual(self) -> bool:
        """Whether it is that of the text."""
        return self.command == SIZES[0].command


SIZES = (Size(r"\normalsize", 10.0, 5.0), Size(r"\small", 9.0, 4.0), Size(r"\footnotesize", 8.0, 2.5))
"""The sizes of type that are tried, the largest first."""
_SAFE = 0.8
"""A table whose estimated width is below this share of what there is is not too wide, however rough the estimate."""


@dataclass(frozen=True)
class Fitted:
    """A table as it fits.

    Parameters
    ----------
    floats : tuple of tuples of Table
        What stands in each float: panels, one above the other.
    size : Size
        The size of type.
    across : bool
        Whether the floats go across both columns of a page.
    free : bool
        Whether it may be as wide as it is.
    """

    floats: tuple[tuple[Table, ...], ...]
    size: Size
    across: bool
    free: bool

    def is_safe(self, panel: Table) -> bool:
        """Whether a panel needs no box that is scaled down where the estimate of its width has failed."""
        room = TEXT if self.across else COLUMN
        return self.free or is_prose(panel) or _width(panel, self.size) < _SAFE * room


def fitted(table: Table, fit: str) -> Fitted:
    r"""Return how a table fits a page.

    Parameters
    ----------
    table : Table
        The table.
    fit : str
        One of :data:`FITS`, as for :func:`~proofs_check.tables.latex.to_latex`.

    Raises
    ------
    InvalidArgument
        If it does not fit at all; the message says what to drop.

    Examples
    --------
    >>> from proofs_check.tables.model import table_of_texts
    >>> table = table_of_texts("t", "c", ("stub", "some words", "more words", "other words"), [("1",) * 4], stub=1)
    >>> fitted(table, "column").size.command, fitted(table, "column").across
    ('\\normalsize', False)
    """
    panels, size, across = _panels(table, fit)
    room = TEXT if across else COLUMN
    tallest = _PAGE - _beside(table, room)
    pieces = [piece for panel in panels for piece in _by_height(panel, size, room, tallest)]
    return Fitted(tuple(map(tuple, _filled(pieces, size, room, tallest))), size, across, free=fit == "none")


def _panels(table: Table, fit: str) -> tuple[list[Table], Size, bool]:
    """Return the panels of a table, the size of type, and whether it goes across both columns of a page."""
    if fit == "none":
        return [table], SIZES[0], False
    wanted = {"auto": (COLUMN, TEXT), "column": (COLUMN,), "text": (TEXT,)}[fit]
    for room in wanted:
        for size in SIZES:
            if _width(table, size) <= room and (room == TEXT or not is_prose(table)):
                return [table], size, room == TEXT
    room, size = wanted[-1], SIZES[-1]
    return _by_width(table, size, room), size, room == TEXT


def is_prose(table: Table) -> bool:
    """Whether a table has texts that are broken into lines.

    Parameters
    ----------
    table : Table
        The table.
    """
    return any(column.share for column in table.columns)


def _width(table: Table, size: Size) -> float:
    """Return the least width of a table in points."""
    return sum(_column_widths(table, size)) + size.gap * 2 * (len(table.columns) - 1)


def _column_widths(table: Table, size: Size) -> list[float]:
    widths = [_column_width(table, place) * size.points for place in range(len(table.columns))]
    for group, places in groups_of(table.columns):  # a head above several columns may be wider than they are together
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
    spec = format_of(cells)
    others = [ems(cell_text(cell, spec is not None)) for cell in cells if spec is None or not is_aligned(cell)]
    return max([head, *others, 0.0 if spec is None else spec.ems])


def _by_width(table: Table, size: Size, room: float) -> list[Table]:
    """Split a table into parts of columns, groups whole, each with the columns that say what its rows are."""
    stub = [place for place, column in enumerate(table.columns) if column.is_stub]
    units = [places for _, places in groups_of(table.columns) if places[0] not in stub]
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


def _height(table: Table, size: Size, room: float) -> float:
    lines = sum(_lines(table, row, size, room) for row in table.rows)
    return 1.25 * size.points * (lines + _HEAD_LINES) + 5 * len(table.rules)


def _by_height(table: Table, size: Size, room: float, tallest: float) -> list[Table]:
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


def _filled(pieces: Sequence[Table], size: Size, room: float, tallest: float) -> list[list[Table]]:
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


def _lines(table: Table, row: Sequence[Cell], size: Size, room: float) -> int:
    """Return how many lines a row takes."""
    shares = sum(column.share for column in table.columns)
    if not shares:
        return 1
    fixed = sum(
        _column_width(table, place) * size.points for place, column in enumerate(table.columns) if not column.share
    )
    left = room - fixed - size.gap * 2 * (len(table.columns) - 1)
    return max(
        math.ceil(1.1 * ems(cell_text(cell, aligned=False)) * size.points / (left * column.share / shares))
        for column, cell in zip(table.columns, row, strict=True)
        if column.share
    )
