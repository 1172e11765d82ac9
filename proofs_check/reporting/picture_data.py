"""The numbers behind a figure, as a long table: a row for each point, with the ends of its interval."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

from proofs_check.reporting.files import write_whole
from proofs_check.reporting.pictures import Picture
from theory.ensembles import InvalidArgument

COLUMNS = ("panel", "series", "x", "value", "lo", "hi")
"""A line of theory has no interval, and bounds have no value."""

Row = tuple[str, str, float, float | None, float | None, float | None]


def rows(picture: Picture) -> Iterator[Row]:
    """Return a row for each point of each series, with the columns :data:`COLUMNS`.

    Parameters
    ----------
    picture : Picture
        What a figure shows.

    Yields
    ------
    tuple
        Numbers, infinite ones included; None where there is no value, or no interval.
    """
    for panel in picture.filled():
        for series in panel.series:
            for point in series.points():
                value = None if math.isnan(point.value) else float(point.value)
                lo, hi = (None if end is None else float(end) for end in (point.lo, point.hi))
                yield panel.name, series.name, float(point.x), value, lo, hi


def to_csv(picture: Picture) -> str:
    r"""Return the numbers as CSV, with a header line; every digit that a float has, and empty cells for None.

    Examples
    --------
    >>> from proofs_check.reporting.pictures import Panel, Series
    >>> to_csv(Picture((Panel("signal", (Series("mean, theory", [2], [0.1]),)),)))
    'panel,series,x,value,lo,hi\nsignal,"mean, theory",2,0.1,,\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([cell if isinstance(cell, str) else _digits(cell) for cell in row] for row in rows(picture))
    return out.getvalue()


def _digits(number: float | None) -> str:
    return "" if number is None else repr(number).removesuffix(".0")


def to_json(picture: Picture) -> str:
    """Return the numbers as a JSON list of objects, a line for each; null for None, and "inf" for what is infinite.

    Examples
    --------
    >>> from proofs_check.reporting.pictures import Panel, Series
    >>> print(to_json(Picture((Panel("signal", (Series("median", [2], [0.1], [0], [math.inf]),)),))), end="")
    [
    {"panel": "signal", "series": "median", "x": 2.0, "value": 0.1, "lo": 0.0, "hi": "inf"}
    ]
    """
    named = (dict(zip(COLUMNS, map(_finite, row), strict=True)) for row in rows(picture))
    return "[\n" + ",\n".join(json.dumps(row) for row in named) + "\n]\n"


def _finite(cell: str | float | None) -> str | float | None:
    return repr(cell) if isinstance(cell, float) and not math.isfinite(cell) else cell


FORMATS: dict[str, Callable[[Picture], str]] = {".csv": to_csv, ".json": to_json}


def require_data_file(path: Path) -> None:
    """Refuse a wrong file ending.

    Raises
    ------
    InvalidArgument
        If the file ends neither on .csv nor on .json.
    """
    if path.suffix not in FORMATS:
        raise InvalidArgument("data", f"{path.name} ends on none of {', '.join(FORMATS)}", "use e.g. figure.csv")


def write_data(picture: Picture, path: Path) -> None:
    """Write the numbers behind a figure, whole or not at all.

    Parameters
    ----------
    picture : Picture
        What the figure shows.
    path : Path
        A .csv or .json file.

    Raises
    ------
    InvalidArgument
        If the file has another ending.
    """
    require_data_file(path)
    write_whole(path, FORMATS[path.suffix](picture))
