"""What the rows, columns and lines of a grid set: sizes, activations, laws, layers, or quantities."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from proofs_check.grids.toml import as_text, read_toml, require_known
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

FIELDS = ("width", "depth", "widths", "activation", "init", "law", "bias", "readout", "input", "architecture")
"""What can be set of an ensemble."""
LAYERS = ("j", "k", "l")
"""Letters of layers, which a quantity may name."""
_SHORT = {"n": "width", "L": "depth"}
_MOST = 400
_EXAMPLE = "use e.g. n=16,32,64 or 'activation=relu,linear; init=he,xavier' or 'E|a_L|^2, median |a_L|^2'"
_SETS = re.compile(r"\s*([A-Za-z_]\w*)\s*=(?!=)\s*(.*?)\s*", re.DOTALL)


@dataclass(frozen=True)
class Setting:
    """What one row, column or line sets.

    Parameters
    ----------
    values : tuple of (str, str)
        Fields of the ensemble and letters of layers, with their values as text.
    quantity : str
        The quantity it shows; empty if it sets none.
    label : str
        What it is called; empty if its values say it.
    """

    values: tuple[tuple[str, str], ...] = ()
    quantity: str = ""
    label: str = ""


@dataclass(frozen=True)
class Axis:
    """The rows of a grid, or its columns, or the lines of a figure.

    Parameters
    ----------
    argument : str
        The name of the argument that says it, for errors.
    settings : tuple of Setting
        One for each row, in order.
    """

    argument: str
    settings: tuple[Setting, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """What its settings set, in the order in which that was said."""
        return tuple(dict.fromkeys(key for setting in self.settings for key, _ in setting.values))

    @property
    def has_quantities(self) -> bool:
        """Whether each row is a quantity."""
        return any(setting.quantity for setting in self.settings)


def read_axis(argument: str, text: str) -> Axis:
    """Read what rows, columns or lines are to be.

    Parameters
    ----------
    argument : str
        ``rows``, ``columns``, ``lines`` or ``x``.
    text : str
        Values of one key (``n=16,32,64``, ``L=2..128``), of several keys in all combinations, with semicolons between
        them; or quantities, with commas between them; or the name of a TOML file with tables ``[[row]]``.

    Raises
    ------
    InvalidArgument
        If it cannot be read, or has a key that is not known.

    Examples
    --------
    >>> [setting.values for setting in read_axis("rows", "n=16,32").settings]
    [(('width', '16'),), (('width', '32'),)]
    >>> len(read_axis("rows", "activation=relu,linear; init=he,xavier").settings)
    4
    >>> [setting.quantity for setting in read_axis("columns", "E|a_L|^4, P(|a_L|^2 >= 1/4)").settings]
    ['E|a_L|^4', 'P(|a_L|^2 >= 1/4)']
    """
    if text.strip().endswith(".toml"):
        return _from_file(argument, Path(text.strip()))
    if not text.strip():
        raise InvalidArgument(argument, "is empty", _EXAMPLE)
    if _SETS.fullmatch(text) is None:
        quantities = split(text)
        if "" in quantities:
            raise InvalidArgument(argument, f"{text!r} has an empty place between two commas", _EXAMPLE)
        return Axis(argument, tuple(Setting(quantity=quantity) for quantity in quantities))
    columns = [_column(argument, part) for part in text.split(";") if part.strip()]
    keys = [column[0][0] for column in columns]
    for key in keys:
        if keys.count(key) > 1:
            raise InvalidArgument(argument, f"sets {_spelled(key)} twice", "name it once")
    settings = tuple(Setting(values) for values in itertools.islice(itertools.product(*columns), _MOST + 1))
    if len(settings) > _MOST:
        raise InvalidArgument(argument, f"has more than {_MOST} combinations", "use fewer values")
    return Axis(argument, settings)


def split(text: str) -> list[str]:
    """Split at the commas that stand in no brackets.

    Examples
    --------
    >>> split("Cov(|a_1|^2, |a_2|^2), E|a_L|^2")
    ['Cov(|a_1|^2, |a_2|^2)', 'E|a_L|^2']
    """
    out, depth, begin = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            out.append(text[begin:place].strip())
            begin = place + 1
    return [*out, text[begin:].strip()]


def _column(argument: str, part: str) -> list[tuple[str, str]]:
    found = _SETS.fullmatch(part)
    if found is None:
        raise InvalidArgument(argument, f"{part.strip()!r} is no KEY=VALUE,VALUE", _EXAMPLE)
    key = field_of(argument, found[1])
    if key in ("widths", "readout", "input") and "," in found[2]:
        problem = f"the commas in {part.strip()!r} could divide one {key} or several"
        raise InvalidArgument(argument, problem, "name a TOML file with a table [[row]] for each")
    values = [value for text in found[2].split(",") for value in _values(argument, found[1], text.strip())]
    if not values or "" in values:
        raise InvalidArgument(argument, f"{part.strip()!r} has a value that is empty", _EXAMPLE)
    for value in values:
        if values.count(value) > 1:
            raise InvalidArgument(argument, f"{found[1]} has the value {value} twice", "name it once")
    return [(key, value) for value in values]


def _values(argument: str, key: str, text: str) -> Iterator[str]:
    found = re.fullmatch(r"(\d+)\s*(?:\.\.\.?|…)\s*(\d+)", text)
    if found is None:
        yield text
        return
    first, last = int(found[1]), int(found[2])
    if last < first:
        raise InvalidArgument(argument, f"{key}={text} has no value", f"put the smaller end first: {last}..{first}")
    if last - first >= _MOST:
        raise InvalidArgument(argument, f"{key}={text} has more than {_MOST} values", "use a shorter range")
    yield from map(str, range(first, last + 1))


def field_of(argument: str, key: str) -> str:
    """Return what a key sets: a field of the ensemble, or a letter of a layer.

    Raises
    ------
    InvalidArgument
        If there is no such key; the nearest is suggested.

    Examples
    --------
    >>> field_of("rows", "n"), field_of("rows", "law"), field_of("rows", "k")
    ('width', 'law', 'k')
    """
    name = _SHORT.get(key, key)
    if name not in (*FIELDS, *LAYERS):
        known = (*_SHORT, *FIELDS, *LAYERS)
        raise InvalidArgument(argument, f"there is nothing called {key!r} to set", nearest(key, known))
    return name


def _spelled(field: str) -> str:
    return {"width": "n", "depth": "L"}.get(field, field)


def _from_file(argument: str, path: Path) -> Axis:
    content, text = read_toml(argument, path)
    require_known(argument, path, text, content, ["row"], "the file")
    rows = content.get("row", [])
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise InvalidArgument(argument, f"{path} has no table [[row]]", 'write e.g. [[row]] and activation = "relu"')
    settings = []
    for row in rows:
        require_known(argument, path, text, row, [*_SHORT, *FIELDS, *LAYERS, "label", "quantity"], "[[row]]")
        values = tuple(
            (field_of(argument, key), as_text(value)) for key, value in row.items() if key not in ("label", "quantity")
        )
        settings.append(Setting(values, as_text(row.get("quantity", "")), as_text(row.get("label", ""))))
    return Axis(argument, tuple(settings))


def require_apart(axes: Sequence[Axis], typed: Sequence[str]) -> None:
    """Refuse what is set twice: by two axes, or by an axis and an option.

    Parameters
    ----------
    axes : sequence of Axis
        The axes of a grid.
    typed : sequence of str
        The fields that options set.

    Raises
    ------
    InvalidArgument
        If one is set twice.

    Examples
    --------
    >>> require_apart([read_axis("rows", "n=1,2")], ["width"])
    Traceback (most recent call last):
    theory.ensembles.arguments.InvalidArgument: width: is given beside rows, which set it, too; leave one of them out
    """
    seen: dict[str, str] = {}
    for axis in axes:
        for key in axis.keys:
            if key in seen:
                problem = f"sets {_spelled(key)}, as {seen[key]} do"
                raise InvalidArgument(axis.argument, problem, "name it in one of them")
            if key in typed or (key in ("width", "depth") and "widths" in typed):
                option = key if key in typed else "widths"
                problem = f"is given beside {axis.argument}, which set it, too"
                raise InvalidArgument(option, problem, "leave one of them out")
            seen[key] = axis.argument
    if sum(axis.has_quantities for axis in axes) > 1:
        both = [axis.argument for axis in axes if axis.has_quantities]
        raise InvalidArgument(both[1], f"names quantities, as {both[0]} do", "name them in one of them")
