"""A grid of one's own as a table: what ``vanishing table --rows ... --columns ...`` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from proofs_check.claims.sampled import Drawing
from proofs_check.grids.axes import Axis, Setting, read_axis, require_apart, split
from proofs_check.grids.layout import Look, grid_table, quantity_text
from proofs_check.grids.readings import Reading, Told, Wanted, readings
from proofs_check.tables.model import Table, Text
from proofs_check.tables.prose import spoken
from theory.ensembles import InvalidArgument

SAMPLES = 4000
"""Networks a cell, by default."""
ERROR = 0.01
"""The probability that any interval of a table misses, by default."""


@dataclass(frozen=True)
class Grid:
    """What a table or a figure of one's own is about.

    Parameters
    ----------
    rows, columns : Axis
        What they set. An axis without settings has one that sets nothing.
    quantity : str
        What is asked in every cell, unless rows or columns say it.
    base : mapping of str to str
        The fields of the ensemble that hold for all cells.
    """

    rows: Axis
    columns: Axis
    quantity: str
    base: Mapping[str, str]

    def cells(self) -> list[tuple[dict[str, str], Sequence[Setting], str]]:
        """Return what each cell is about, row by row."""
        return [
            (dict(self.base), (row, column), row.quantity or column.quantity or self.quantity)
            for row in self.rows.settings
            for column in self.columns.settings
        ]

    def read(self, drawing: Drawing, wanted: Wanted, told: Told | None = None) -> list[list[Reading]]:
        """Derive and measure all cells.

        Parameters are those of :func:`~proofs_check.grids.readings.readings`.
        """
        flat = readings(self.cells(), drawing, wanted=wanted, told=told)
        width = len(self.columns.settings)
        return [flat[place : place + width] for place in range(0, len(flat), width)]


def grid_of(
    *, rows: str | None, columns: str | None, quantity: str | None, base: Mapping[str, str], names: tuple[str, str]
) -> Grid:
    """Read a grid.

    Parameters
    ----------
    rows, columns : str or None
        As :func:`~proofs_check.grids.axes.read_axis` reads them; None for a single one.
    quantity : str or None
        What is asked in every cell.
    base : mapping of str to str
        The fields of the ensemble that hold for all cells.
    names : tuple of str
        What rows and columns are called, for errors.

    Raises
    ------
    InvalidArgument
        If something is set twice, or no quantity is named, or two are.

    Examples
    --------
    >>> grid = grid_of(rows="n=4,8", columns=None, quantity="E|a_L|^2", base={"depth": "2"}, names=("rows", "columns"))
    >>> len(grid.cells())
    2
    """
    if quantity is not None and len(split(quantity)) > 1:
        problem = f"{quantity!r} names several"
        raise InvalidArgument("quantity", problem, f"name them in {names[0]} or {names[1]}, which may be quantities")
    axes = [
        Axis(name, (Setting(),)) if text is None else read_axis(name, text)
        for name, text in zip(names, (rows, columns), strict=True)
    ]
    require_apart(axes, list(base))
    named = any(axis.has_quantities for axis in axes)
    if named and quantity is not None:
        which = next(axis.argument for axis in axes if axis.has_quantities)
        raise InvalidArgument("quantity", f"is given beside {which}, which name quantities", "leave one of them out")
    if not named and not quantity:
        raise InvalidArgument("quantity", "is missing", "use e.g. --quantity 'median |a_L|^2'")
    for axis in axes:
        if axis.has_quantities and not all(setting.quantity for setting in axis.settings):
            raise InvalidArgument(axis.argument, "name a quantity here and none there", "give each row its quantity")
    return Grid(axes[0], axes[1], quantity or "", base)


def tabulate(
    *,
    rows: str | None = None,
    columns: str | None = None,
    quantity: str | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
    error: float = ERROR,
    tolerance: float = 0.05,
    look: Look | None = None,
    transpose: bool = False,
    drawing: Drawing | None = None,
    told: Told | None = None,
    networks: Mapping[str, str] | None = None,
) -> tuple[Table, list[Reading]]:
    """Make a table of quantities, theory beside measurement, with one error probability for all its intervals.

    Parameters
    ----------
    rows, columns : str, optional
        What they set: ``"n=16,32,64"``, ``"activation=relu,linear; init=he,xavier"``, quantities with commas between
        them, or a TOML file with tables ``[[row]]``.
    quantity : str, optional
        What is asked in every cell, as in claims: ``"median |a_L|^2"``; needed unless rows or columns say it.
    samples : int
        Networks a cell.
    seed : int
        The root seed.
    error : float
        The probability that any interval of the table misses.
    tolerance : float
        How near both must be for a verdict ``supported``: a share, or a number for logarithms.
    look : Look, optional
        What is shown of each cell, and how.
    transpose : bool
        Whether rows become columns, and columns rows.
    drawing : Drawing, optional
        How much is drawn and where, in place of `samples`, `seed`, `error` and `tolerance`.
    told : callable, optional
        Called with what is being done, as :data:`~proofs_check.grids.readings.Told` says.
    networks : mapping of str to str, optional
        The fields of the ensemble that hold for all cells: ``{"activation": "relu", "depth": "8"}``.

    Returns
    -------
    table : Table
    readings : list of Reading
        Its cells, row by row.

    Raises
    ------
    InvalidArgument
        If there are no such rows, columns, quantities or networks; before anything is drawn.

    Examples
    --------
    >>> table, _ = tabulate(rows="n=2,4", columns="L=2,8", quantity="E|a_L|^4", look=Look(show=("theory",)),
    ...                     networks={"activation": "relu", "init": "he"})
    >>> table.heads, table.texts
    (('n', 'L=2', 'L=8'), (('2', '12.25', '22519'), ('4', '5.062', '656.8')))
    """
    look = Look() if look is None else look
    if drawing is None:
        drawing = Drawing(samples=samples, seed=seed, error=error, tolerance=tolerance)
    grid = grid_of(rows=rows, columns=columns, quantity=quantity, base=networks or {}, names=("rows", "columns"))
    if transpose:
        grid = replace(grid, rows=grid.columns, columns=grid.rows)
    return grid_in_a_table(grid, drawing, look, told)


def grid_in_a_table(grid: Grid, drawing: Drawing, look: Look, told: Told | None) -> tuple[Table, list[Reading]]:
    """Derive and measure a grid, and lay it out as a table.

    Parameters
    ----------
    grid : Grid
        What it is about.
    drawing : Drawing
        How much is drawn.
    look : Look
        What is shown of each cell, and how.
    told : callable or None
        Called with what is being done, as :data:`~proofs_check.grids.readings.Told` says.

    Returns
    -------
    table : Table
    readings : list of Reading
        Its cells, row by row.
    """
    shown = set(look.show)
    wanted = Wanted(theory=shown != {"measured"}, measured=shown != {"theory"})
    found = grid.read(drawing, wanted, told)
    brackets = not look.bounds and bool(shown & {"measured", "ratio"})
    table = grid_table(grid.rows, grid.columns, found, look, _said(grid, drawing, wanted, brackets=brackets))
    return table, [reading for row in found for reading in row]


def _said(grid: Grid, drawing: Drawing, wanted: Wanted, *, brackets: bool) -> Text:
    """Say in a caption's prose what a table is about; ``%s`` stands for what its cells show."""
    common = [(key, value) for key, value in grid.base.items() if spoken(key, value)]
    quantity = quantity_text(grid.quantity)
    heads = ([quantity.plain] if grid.quantity else [], [str(quantity.latex)] if grid.quantity else [])
    if common:
        heads[0].append(" ".join(f"{key}={value}" for key, value in common))
        heads[1].append(", ".join(spoken(key, value) for key, value in common))
    how = "."
    if wanted.measured:
        digits = " Digits in brackets are the uncertainty of the last ones." if brackets else ""
        how = (
            f".{digits} {drawing.samples:,} networks of real weights a cell (seed {drawing.seed}); all intervals hold "
            f"together with probability at least {1 - drawing.error:.10g}."
        )
    plain, latex = (f"{_joined(head)}: %s{how}" for head in heads)
    return Text(plain, latex)


def _joined(head: list[str]) -> str:
    """Say what is asked, and of which networks in brackets."""
    if not head:
        return "Networks of the rows and columns"
    first, *rest = head
    return f"{first} ({', '.join(rest)})" if rest else first
