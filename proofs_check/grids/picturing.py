"""A grid of one's own as a figure: theory as lines, networks that were drawn as points with their intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise

from proofs_check.claims.sampled import Drawing
from proofs_check.grids.axes import Axis
from proofs_check.grids.layout import label_of, quantity_text
from proofs_check.grids.readings import Reading, Told, Wanted
from proofs_check.grids.tabulating import Grid
from proofs_check.reporting.colours import PALETTE
from proofs_check.reporting.pictures import FAINT, Key, Look, Note, Panel, Picture, Series
from theory.ensembles import InvalidArgument

_NUMERIC = ("width", "depth", "j", "k", "l")
_NAMES = {"width": "width $n$", "depth": "depth $L$"}
_MARKERS = ("o", "s", "D", "^", "v", "P")


def picture_of(grid: Grid, drawing: Drawing, wanted: Wanted, told: Told | None = None) -> Picture:
    """Derive and measure a grid whose rows are lines and whose columns are places on the horizontal axis.

    Parameters
    ----------
    grid : Grid
        The lines, and the values of one size or layer.
    drawing : Drawing
        How much is drawn; its error probability is that of all intervals together.
    wanted : Wanted
        Whether theory is drawn as lines, and whether there are measured points.
    told : callable, optional
        Called with what is being done, as :data:`~proofs_check.grids.readings.Told` says.

    Returns
    -------
    Picture

    Raises
    ------
    InvalidArgument
        If the horizontal axis is no size or layer, there are too many lines, or no cell has a value.

    Examples
    --------
    >>> from proofs_check.grids.tabulating import grid_of
    >>> grid = grid_of(rows="n=2,4", columns="L=1..3", quantity="E|a_L|^4", base={}, names=("lines", "x"))
    >>> picture = picture_of(grid, Drawing(samples=10), Wanted(measured=False))
    >>> [series.name for series in picture.panels[0].series]
    ['n=2, theory', 'n=4, theory']
    """
    key = _axis_key(grid)
    if len(grid.rows.settings) > len(PALETTE):
        problem = f"are {len(grid.rows.settings)}, of which no more than {len(PALETTE)} can be told apart"
        raise InvalidArgument(grid.rows.argument, problem, "draw two figures")
    found = grid.read(drawing, wanted, told)
    places = tuple(dict.fromkeys(_place(one, key) for row in found for one in row))
    lines: list[Series] = []
    points: list[Series] = []
    keys: list[Key] = []
    empty: list[str] = []
    for setting, row, colour, marker in zip(grid.rows.settings, found, PALETTE, _MARKERS, strict=False):
        label = label_of(setting)
        line = Look(colour, line="-", marker="" if len(places) > 1 else "_")  # a line of one point is none
        derived = _series(f"{label.plain}, theory".lstrip(", "), key, row, _derived, line)
        drawn = _series(f"{label.plain}, measured".lstrip(", "), key, row, _drawn, Look(colour, marker=marker))
        lines += [derived] if derived is not None else []
        points += [drawn] if drawn is not None else []
        if derived is None and drawn is None:
            empty.append(label.plain or grid.quantity)
            continue
        if len(grid.rows.settings) > 1:
            look = Look(colour, line="-" if derived is not None else "", marker=marker if drawn is not None else "")
            keys.append(Key(_for_matplotlib(str(label.latex)), look))
    if not lines and not points:
        reasons = [reason for row in found for one in row for _, reason in one.untold]
        why = reasons[0] if reasons else "most networks are dead"
        remedy = "choose other networks, or another quantity"
        raise InvalidArgument("quantity", f"has no value to draw: {why}", remedy)
    panel = Panel(
        grid.quantity or "quantity",
        (*lines, *points),
        x_label=_axis_label(grid.columns),
        y_label=_quantity_label(grid),
        x_scale="log2" if _is_geometric(sorted(places)) else "linear",
        y_scale="log" if _is_wide((*lines, *points)) else "linear",
        x_ticks=sorted(places) if len(places) <= _MOST_TICKS else None,
        notes=_notes(empty, found),
    )
    how = (Key("theory", Look(line="-")), Key(f"{drawing.samples:,} networks", Look(marker="o")))
    shown = (*(how[:1] if lines else ()), *(how[1:] if points else ()))
    return Picture((panel,), (tuple(keys), shown) if keys else (shown,), screen=(6.4, 4.4))


_MOST_TICKS = 9


def _axis_key(grid: Grid) -> str:
    """Return the size or the letter of layers that the horizontal axis sets."""
    keys = grid.columns.keys
    if len(keys) != 1 or keys[0] not in _NUMERIC:
        problem = "must be the values of one size or layer"
        raise InvalidArgument(grid.columns.argument, problem, "use e.g. --x L=2..64 or --x n=4,8,16")
    return keys[0]


def _place(reading: Reading, key: str) -> float:
    """Return where a cell stands on the horizontal axis."""
    net = reading.case.net
    return float({"width": net.width, "depth": net.depth, **dict(reading.case.layers)}[key])  # type: ignore[arg-type]


def _derived(reading: Reading) -> tuple[Decimal, ...] | None:
    return None if reading.theory is None else (reading.theory,)


def _drawn(reading: Reading) -> tuple[Decimal, ...] | None:
    measured = reading.measured
    return None if measured is None else (measured.value, measured.lo, measured.hi)


Values = Callable[[Reading], "tuple[Decimal, ...] | None"]
"""What is drawn of a cell: a value, with both ends of its interval where it has one."""


def _series(name: str, key: str, row: Sequence[Reading], of: Values, look: Look) -> Series | None:
    """Return the readings that have a finite value, and none of a dead network, as a series."""
    places: list[float] = []
    columns: list[list[float]] = [[], [], []]
    for reading in row:
        numbers = of(reading)
        if numbers is None or (reading.dead and not any(numbers)) or not all(n.is_finite() for n in numbers):
            continue
        if numbers[0] and not 0 < abs(float(numbers[0])) < math.inf:
            problem = f"{reading.quantity} is {numbers[0]:.4g}, which no drawing can place"
            raise InvalidArgument("quantity", problem, "draw its logarithm, e.g. median log|a_L|^2, or make a table")
        places.append(_place(reading, key))
        for column, number in zip(columns, numbers, strict=False):
            column.append(float(number))
    value, lo, hi = columns
    return Series(name, places, value, lo, hi, look=look) if places else None


def _notes(empty: Sequence[str], found: Sequence[Sequence[Reading]]) -> tuple[Note, ...]:
    dead = any(one.dead for row in found for one in row)
    words = ["where most networks are dead, nothing is shown"] if dead else []
    words += [f"no value: {', '.join(empty)}"] if empty else []
    cells = [one for row in found for one in row]
    words += ["not measured: no valid interval"] if any("measured" in dict(one.untold) for one in cells) else []
    words += ["of the networks that are alive"] if any(one.is_given_survival for one in cells) else []
    return tuple(Note(text, 0.02, 0.02 + 0.07 * i, of="panel", colour=FAINT) for i, text in enumerate(words))


def _is_geometric(places: Sequence[float]) -> bool:
    """Whether the places are spread over such a range that they are seen better on a logarithmic axis."""
    gaps = [after - before for before, after in pairwise(places)]
    return len(places) > 2 and min(places) > 0 and max(gaps) >= 4 * min(gaps)


def _is_wide(series: Sequence[Series]) -> bool:
    values = [value for one in series for value in one.value if math.isfinite(value)]
    return bool(values) and min(values) > 0 and max(values) > 20 * min(values)


def _axis_label(axis: Axis) -> str:
    (key,) = axis.keys
    return _NAMES.get(key, f"layer ${key}$")


def _quantity_label(grid: Grid) -> str:
    return _for_matplotlib(str(quantity_text(grid.quantity).latex)) if grid.quantity else ""


def _for_matplotlib(latex: str) -> str:
    r"""Return text with formulas as matplotlib's mathtext reads it, which knows less than LaTeX.

    Examples
    --------
    >>> print(_for_matplotlib(str(quantity_text("median |a_L|^2").latex)))
    $\mathrm{med}\,|a_{L}|^{2}$
    """
    for command, known in ((r"\operatorname{", r"\mathrm{"), (r"\tfrac", r"\frac"), (r"\%", "%"), (r"\_", "_")):
        latex = latex.replace(command, known)
    return latex.replace(r"\mathrm{med}", r"\mathrm{med}\,").replace(r"\lVert", r"\|").replace(r"\rVert", r"\|")
