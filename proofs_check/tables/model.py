"""A table of texts and numbers, with heads, groups, notes and an origin; formats decide how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal


@dataclass(frozen=True)
class Text:
    """A text, and how it is typeset.

    Parameters
    ----------
    plain : str
        The text.
    latex : str, optional
        The same in LaTeX; by default the plain text, its special characters escaped.
    """

    plain: str
    latex: str | None = None


@dataclass(frozen=True)
class Number:
    """A number as it is written, and what is known of it.

    Parameters
    ----------
    written : str
        Such as ``0.0683(12)``, where the last two digits may be off by 12, ``1.4e-05`` or ``[0.1, 0.3]``.
    value : Decimal
        The number; a Decimal, as it may be beyond all floats.
    lo, hi : Decimal, optional
        Both ends of its interval, where it is measured.
    """

    written: str
    value: Decimal
    lo: Decimal | None = None
    hi: Decimal | None = None

    @property
    def is_bounds(self) -> bool:
        """Whether its interval alone is written."""
        return self.written.startswith("[")


Cell = Text | Number


@dataclass(frozen=True)
class Column:
    """A column's head, and what stands below it.

    Parameters
    ----------
    head : Text
        Its head.
    group : Text, optional
        What stands above this head and those beside it that are of the same group.
    share : float
        The share that it takes of the width that is left, where its texts are broken into lines; 0 for a column that
        is as wide as what is in it.
    is_stub : bool
        Whether it says what the rows are: where a table is split, each part has it.
    """

    head: Text
    group: Text | None = None
    share: float = 0.0
    is_stub: bool = False

    @property
    def name(self) -> str:
        """The head with its group, which no two columns have in common."""
        return self.head.plain if self.group is None else f"{self.group.plain} {self.head.plain}".strip()


@dataclass(frozen=True)
class Table:
    """A table.

    Parameters
    ----------
    name : str
        Its name, for example the topic.
    caption : Text
        Where the numbers come from.
    columns : tuple of Column
        The columns, with names that are all different.
    rows : tuple of tuples of Cell
        The rows, each with a cell for every column.
    notes : tuple of Text
        What has to be said below it.
    origin : str
        The command that made it.
    rules : tuple of int
        The rows before which there is a thin rule.
    """

    name: str
    caption: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[Text, ...] = ()
    origin: str = ""
    rules: tuple[int, ...] = field(default=())

    @property
    def heads(self) -> tuple[str, ...]:
        """The names of the columns.

        Examples
        --------
        >>> table_of_texts("t", "c", ("x", "y"), [("1", "2")]).heads
        ('x', 'y')
        """
        return tuple(column.name for column in self.columns)

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """The rows as plain text.

        Examples
        --------
        >>> table_of_texts("t", "c", ("x", "y"), [("1", "2")]).texts
        (('1', '2'),)
        """
        return tuple(tuple(map(plain, row)) for row in self.rows)


def plain(cell: Cell) -> str:
    r"""Return a cell as plain text.

    Examples
    --------
    >>> plain(Text("a", r"\alpha")), plain(Number("0.3(1)", Decimal("0.3")))
    ('a', '0.3(1)')
    """
    return cell.plain if isinstance(cell, Text) else cell.written


def table_of_texts(
    name: str, caption: str, columns: Sequence[str | Column], rows: Sequence[Sequence[str]], *, stub: int = 0
) -> Table:
    """Return a table of plain texts.

    Parameters
    ----------
    name, caption : str
        Its name, and where the numbers come from.
    columns : sequence of str or Column
        The heads.
    rows : sequence of sequences of str
        The rows, each with a cell for every column.
    stub : int
        So many of the first columns say what the rows are.

    Examples
    --------
    >>> table_of_texts("t", "c", ("x",), [("1",)]).columns[0].head.plain
    'x'
    """
    made = [Column(Text(column)) if isinstance(column, str) else column for column in columns]
    made = [replace(column, is_stub=True) if place < stub else column for place, column in enumerate(made)]
    return Table(name, Text(caption), tuple(made), tuple(tuple(map(Text, row)) for row in rows))
