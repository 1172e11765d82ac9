"""Readings as a table: which things of a cell are shown, under which heads, with how many digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from proofs_check.claims.typesetting import typeset
from proofs_check.grids.axes import Axis, Setting
from proofs_check.grids.readings import Reading
from proofs_check.tables.digits import exact_number, measured_number, places
from proofs_check.tables.model import Cell, Column, Number, Table, Text
from proofs_check.tables.prose import spoken, typeset_prose
from proofs_check.verdict import Verdict
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

SHOWN = ("theory", "measured", "ratio", "verdict")
"""What can be shown of a cell."""
_MARKS = {
    Verdict.SUPPORTED: Text("supported", r"$\checkmark$"),
    Verdict.REFUTED: Text("refuted", r"$\times$"),
    Verdict.INCONCLUSIVE: Text("inconclusive", "?"),
}
_KEYS = {"width": "n", "depth": "L", "init": "initialization", "law": "weights"}
_LETTERS = ("n", "L", "j", "k", "l")


@dataclass(frozen=True)
class Look:
    """How a grid is shown.

    Parameters
    ----------
    show : tuple of str
        What is shown of each cell, of :data:`SHOWN`, in order.
    bounds : bool
        Whether intervals are written as such, in place of the uncertainty of the last digits.
    caption : str
        The caption; by default it says what the numbers are.
    name : str
        The name, and the end of the label.
    origin : str
        The command that made it.
    """

    show: tuple[str, ...] = ("theory", "measured")
    bounds: bool = False
    caption: str = ""
    name: str = "grid"
    origin: str = ""


def read_show(text: str) -> tuple[str, ...]:
    """Read what is to be shown of each cell.

    Raises
    ------
    InvalidArgument
        If it is nothing, or cannot be shown.

    Examples
    --------
    >>> read_show("theory, ratio")
    ('theory', 'ratio')
    """
    shown = tuple(part.strip() for part in text.split(",") if part.strip())
    for one in shown:
        if one not in SHOWN:
            raise InvalidArgument("show", f"there is no column {one!r}", nearest(one, SHOWN))
        if shown.count(one) > 1:
            raise InvalidArgument("show", f"names {one} twice", "name it once")
    if not shown:
        raise InvalidArgument("show", "names nothing", f"use some of {', '.join(SHOWN)}")
    return shown


def grid_table(rows: Axis, columns: Axis, found: Sequence[Sequence[Reading]], look: Look, said: Text) -> Table:
    """Lay readings out as a table.

    Parameters
    ----------
    rows, columns : Axis
        What they set.
    found : sequence of sequences of Reading
        The readings, row by row.
    look : Look
        How they are shown.
    said : Text
        What holds for all cells, for the caption.

    Returns
    -------
    Table
    """
    stubs = _stub_columns(rows)
    heads, cells = [], []
    for place, setting in enumerate(columns.settings):
        below = [row[place] for row in found]
        group = label_of(setting)
        inner = _group(below, look)
        for what, shown in zip(look.show, inner, strict=True):
            single = len(look.show) == 1
            heads.append(Column(group if single else Text(what), None if single else group))
            cells.append(shown)
    body = tuple(
        (*_stub_cells(setting, rows), *(column[place] for column in cells))
        for place, setting in enumerate(rows.settings)
    )
    return Table(
        look.name,
        Text(look.caption) if look.caption else _caption(look, said),
        (*stubs, *heads),
        body,
        notes=_notes([reading for row in found for reading in row], look),
        origin=look.origin,
        rules=_rules(rows),
    )


# --- heads ----------------------------------------------------------------------------------------------------------


def _stub_columns(rows: Axis) -> tuple[Column, ...]:
    if any(setting.label for setting in rows.settings):
        return (Column(Text(""), is_stub=True),)
    heads = [Column(_key(key), is_stub=True) for key in rows.keys]
    if rows.has_quantities:
        heads.insert(0, Column(Text("quantity", ""), is_stub=True))
    return tuple(heads) or (Column(Text(""), is_stub=True),)


def _key(key: str) -> Text:
    name = _KEYS.get(key, key)
    short = {"initialization": "init."}.get(name, name)
    return Text(name, f"${name}$" if name in _LETTERS else short)


def _stub_cells(setting: Setting, rows: Axis) -> tuple[Cell, ...]:
    if any(one.label for one in rows.settings):
        return (label_of(setting),)
    values = dict(setting.values)
    cells: list[Cell] = [quantity_text(setting.quantity)] if rows.has_quantities else []
    cells += [_value(key, values.get(key, "")) for key in rows.keys]
    return tuple(cells) or (Text(""),)


def _value(key: str, value: str) -> Text:
    if key in ("width", "depth", "j", "k", "l"):
        return Text(value, value if value.isdigit() else f"${typeset(value)}$" if value else "")
    said = spoken(key, value) if value else ""
    return Text(value, said.removesuffix(" weights") or value)


def quantity_text(quantity: str) -> Text:
    r"""Return a quantity as a text that is typeset.

    Examples
    --------
    >>> print(quantity_text("E|a_L|^2").latex)
    $\mathbb{E}|a_{L}|^{2}$
    """
    return Text(quantity, f"${typeset(quantity)}$" if quantity else "")


def label_of(setting: Setting) -> Text:
    """Return what a row, column or line is called.

    Examples
    --------
    >>> label_of(Setting((("width", "16"), ("activation", "relu")))).plain
    'n=16, relu'
    """
    if setting.label:
        return Text(setting.label)
    plain = [f"{_KEYS.get(key, key)}={value}" if _is_size(key) else value for key, value in setting.values]
    latex = [said for key, value in setting.values if (said := spoken(key, value))]
    if setting.quantity:
        plain.insert(0, setting.quantity)
        latex.insert(0, f"${typeset(setting.quantity)}$")
    return Text(", ".join(plain), ", ".join(latex) or ", ".join(map(typeset_prose, plain)))


def _is_size(key: str) -> bool:
    return key in ("width", "depth", "j", "k", "l", "widths")


def _rules(rows: Axis) -> tuple[int, ...]:
    """Return the rows at which the first of several keys changes."""
    if len(rows.keys) < 2 or any(setting.label for setting in rows.settings):
        return ()
    first = [dict(setting.values).get(rows.keys[0]) for setting in rows.settings]
    blocks = [place for place in range(1, len(first)) if first[place] != first[place - 1]]
    return tuple(blocks) if 2 * len(blocks) < len(first) else ()


# --- cells ----------------------------------------------------------------------------------------------------------


def _group(below: Sequence[Reading], look: Look) -> list[list[Cell]]:
    """Return the cells of all rows under one column's head, one list for each thing that is shown."""
    out: dict[str, list[Cell]] = {what: [] for what in look.show}
    for one in below:
        for what in look.show:
            out[what].append(_cell(one, what, look))
    return [out[what] for what in look.show]


_NOTHING = Text("-", "--")
_DEAD = Text("dead")


def _cell(reading: Reading, what: str, look: Look) -> Cell:
    if what == "verdict":
        return _NOTHING if reading.verdict is None else _MARKS[reading.verdict]
    if what == "ratio":
        return _NOTHING if reading.ratio is None else measured_number(reading.ratio, bounds=look.bounds)
    if what == "theory":
        if reading.theory is None:
            return _NOTHING
        if reading.dead and reading.theory in (Decimal(0), Decimal("-Infinity")):
            return _DEAD
        return exact_number(reading.theory, _last_place(reading, look))
    if reading.measured is None:
        return _NOTHING
    if reading.dead and reading.measured.lo == reading.measured.hi:
        return _DEAD
    return measured_number(reading.measured, bounds=look.bounds)


def cell_number(reading: Reading, what: str) -> Number | None:
    """Return one number of a cell, or None if it has none.

    Parameters
    ----------
    reading : Reading
        The cell.
    what : str
        ``theory``, ``measured`` or ``ratio``.
    """
    cell = _cell(reading, what, Look(show=(what,)))
    return cell if isinstance(cell, Number) else None


def _last_place(reading: Reading, look: Look) -> int | None:
    """Return the last digit of theory's number that the measured one beside it can tell."""
    measured = reading.measured
    if measured is None or "measured" not in look.show or not measured.is_telling or measured.uncertainty == 0:
        return None
    return places(measured.uncertainty, 2)


def _notes(found: Sequence[Reading], look: Look) -> tuple[Text, ...]:
    notes = []
    shown = set(look.show)
    if any(reading.dead for reading in found) and shown & {"theory", "measured"}:
        dead = "dead: so many networks have %s that the quantity is that of a dead network."
        notes.append(Text(dead.replace("%s", "a_L = 0"), dead.replace("%s", "$a_L=0$")))
    if any(one.is_given_survival for one in found):
        notes.append(
            Text("The mean and the variance of a logarithm are those of the networks in which no layer is dead.")
        )
    if shown != {"theory"} and any(one.is_mean and one.measured and not one.measured.is_telling for one in found):
        rare = "Networks that are too rare to be drawn carry the means whose intervals are wide."
        notes.append(Text(rare))
    if "verdict" in shown:
        notes.append(
            Text(
                "supported: the whole interval is within the tolerance of theory's value; refuted: theory's value is "
                "outside the interval; inconclusive: neither.",
                r"$\checkmark$: the whole interval is within the tolerance of theory's value; $\times$: theory's value "
                "is outside the interval; ?: neither.",
            )
        )
    reasons: dict[str, None] = {}
    for reading in found:
        for what, reason in reading.untold:
            if what in shown or shown & {"ratio", "verdict"}:
                reasons[f"-: {reason}."] = None
    notes += [Text(reason, "--" + typeset_prose(reason[1:])) for reason in list(reasons)[:_MOST_REASONS]]
    return tuple(notes)


_MOST_REASONS = 3


_NAMES = {
    "theory": "theory",
    "measured": "measurement",
    "ratio": "the measured over the derived value",
    "verdict": "whether both agree",
}


def _caption(look: Look, said: Text) -> Text:
    names = [_NAMES[one] for one in look.show]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return Text(said.plain.replace("%s", listed), str(said.latex).replace("%s", listed))
