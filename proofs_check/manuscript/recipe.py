"""The file of a paper, read and checked before any work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proofs_check.grids.axes import FIELDS, field_of
from proofs_check.grids.cases import case_of
from proofs_check.grids.layout import Look, read_show
from proofs_check.grids.quantities import ask
from proofs_check.grids.tabulating import ERROR, SAMPLES, Grid, grid_of
from proofs_check.grids.toml import as_text, line_of, line_of_entry, read_toml, require_known
from proofs_check.manuscript.items import (
    ClaimItem,
    GridFigure,
    GridTable,
    Item,
    NumberItem,
    ReadyFigure,
    ReadyTable,
    VerdictItem,
)
from proofs_check.manuscript.macros import require_macro
from proofs_check.reporting.pages import Page, page_width, require_file
from proofs_check.tables.fitting import FITS
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

_NETWORKS = ("n", "L", *FIELDS)
_GRID = ("rows", "columns", "quantity", "samples", "error", "tolerance", "show", "intervals", "transpose", *_NETWORKS)
_KEYS: Mapping[str, tuple[str, ...]] = {
    "table": ("name", "ready", "paper", "statements", "caption", "label", "fit", *_GRID),
    "figure": ("name", "ready", "format", "width", "x", "lines", "quantity", "samples", "error", *_NETWORKS),
    "number": ("macro", "quantity", "show", "samples", *_NETWORKS),
    "claim": ("macro", "claim", "for", "expect", *_NETWORKS),
    "verdict": ("macro", "statements", "expect"),
}
"""The tables of the file, each of which may occur any number of times, with their keys."""
_PAPER = ("seed", "samples", "error", "profile", "store")
_VERDICTS = ("supported", "refuted", "inconclusive")


@dataclass(frozen=True)
class Recipe:
    """What a paper's file asks for.

    Parameters
    ----------
    path : Path
        The file.
    items : tuple of Item
        What is to be made, in order.
    seed : int
        The root seed of everything.
    error : float
        The probability that any interval of the numbers in the text misses.
    profile : str
        How many networks verdicts on statements take, ``quick`` or ``full``.
    store : str
        The file that keeps finished blocks; empty for one in the output folder.
    """

    path: Path
    items: tuple[Item, ...]
    seed: int = 0
    error: float = ERROR
    profile: str = "quick"
    store: str = ""
    macros: dict[str, None] = field(default_factory=dict, compare=False)


def read_recipe(path: Path) -> Recipe:
    """Read a paper's file.

    Parameters
    ----------
    path : Path
        A TOML file with a table ``[paper]`` and any number of ``[[table]]``, ``[[figure]]``, ``[[number]]``,
        ``[[claim]]`` and ``[[verdict]]``.

    Returns
    -------
    Recipe

    Raises
    ------
    InvalidArgument
        If it cannot be read, or anything in it cannot be made; the message names the line.
    """
    content, text = read_toml("file", path)
    require_known("file", path, text, content, ("paper", *_KEYS), "the file")
    reader = _Reader(path, text, content.get("paper", {}))
    items = [
        reader.item(kind, entry, number)
        for kind in _KEYS
        for number, entry in enumerate(reader.entries(kind, content.get(kind, [])))
    ]
    if not items:
        raise InvalidArgument("file", f"{path} names nothing to make", "add e.g. [[table]]")
    return Recipe(path, tuple(items), reader.seed, reader.error, reader.profile, reader.store)


class _Reader:
    """Reads the entries of one file, and names the line of what it refuses."""

    def __init__(self, path: Path, text: str, paper: Any) -> None:
        self.path, self.text = path, text
        self.at: tuple[str, int] | None = None  # the table that is read, and which of its kind
        if not isinstance(paper, dict):
            raise self.refused("paper", "is no table", "write [paper]")
        require_known("file", path, text, paper, _PAPER, "[paper]")
        self.seed = self.whole(paper, "seed", 0, least=0)
        self.samples = self.whole(paper, "samples", SAMPLES)
        self.error = self.share(paper, "error", ERROR)
        self.profile = self.one_of(paper, "profile", ("quick", "full"), "quick")
        self.store = self.word(paper, "store")
        self.macros: dict[str, None] = {}
        self.files: dict[str, None] = {}

    def refused(self, key: str, problem: str, remedy: str) -> InvalidArgument:
        return InvalidArgument("file", f"{self.path}, line {self.line(key)}: {key} {problem}", remedy)

    def of_its_line(self, entry: Mapping[str, Any], bad: InvalidArgument) -> InvalidArgument:
        """Return an error of the library as one of the line that it is about."""
        short = {"width": "n", "depth": "L"}.get(bad.argument, bad.argument)
        where = self.line(bad.argument if bad.argument in entry else short)
        return InvalidArgument("file", f"{self.path}, line {where}: {bad.argument}: {bad.problem}", bad.remedy)

    def line(self, key: str) -> int:
        return line_of(self.text, key) if self.at is None else line_of_entry(self.text, *self.at, key)

    def entries(self, kind: str, found: Any) -> list[dict[str, Any]]:
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.refused(kind, "is no list of tables", f"write [[{kind}]]")
        for entry in found:
            require_known("file", self.path, self.text, entry, _KEYS[kind], f"[[{kind}]]")
        return found

    # --- values ------------------------------------------------------------------------------------------------------

    def word(self, entry: Mapping[str, Any], key: str, default: str = "") -> str:
        return as_text(entry[key]) if key in entry else default

    def one_of(self, entry: Mapping[str, Any], key: str, known: tuple[str, ...], default: str) -> str:
        value = self.word(entry, key, default)
        if value not in known:
            raise self.refused(key, f"is {value!r}", nearest(value, known))
        return value

    def whole(self, entry: Mapping[str, Any], key: str, default: int, least: int = 1) -> int:
        value = entry.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.refused(key, f"is {value!r}, no integer from {least} on", f"write e.g. {key} = 4000")
        return value

    def share(self, entry: Mapping[str, Any], key: str, default: float) -> float:
        value = entry.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
            raise self.refused(key, f"is {value!r}, which is not between 0 and 1", f"write e.g. {key} = 0.01")
        return float(value)

    def macro(self, entry: Mapping[str, Any]) -> str:
        if "macro" not in entry:
            raise self.refused("macro", "is missing", 'write e.g. macro = "vcMedian"')
        try:
            name = require_macro("macro", str(entry["macro"]), self.macros)
        except InvalidArgument as bad:
            raise self.refused("macro", bad.problem, bad.remedy) from None
        for more in ("", "Formula", "Scope"):
            self.macros[name + more] = None
        return name

    def name(self, entry: Mapping[str, Any], default: str, kind: str) -> str:
        name = self.word(entry, "name", default)
        if not name or "/" in name or name.startswith("."):
            raise self.refused("name", f"is {name!r}, which names no file", 'write e.g. name = "medians"')
        if f"{kind} {name}" in self.files:
            raise self.refused("name", f"{name!r} is taken", "give each its own name")
        self.files[f"{kind} {name}"] = None
        return name

    def networks(self, entry: Mapping[str, Any]) -> dict[str, str]:
        return {field_of("file", key): as_text(entry[key]) for key in _NETWORKS if key in entry}

    # --- entries -----------------------------------------------------------------------------------------------------

    def item(self, kind: str, entry: Mapping[str, Any], number: int) -> Item:
        self.at = (kind, number)
        readers: Mapping[str, Callable[[Mapping[str, Any]], Item]] = {
            "table": self.table,
            "figure": self.figure,
            "number": self.number,
            "claim": self.claim,
            "verdict": self.verdict,
        }
        return readers[kind](entry)

    def table(self, entry: Mapping[str, Any]) -> Item:
        ready = [key for key in ("ready", "paper", "statements") if key in entry]
        fit = self.one_of(entry, "fit", FITS, "auto")
        label = self.word(entry, "label") or None
        if ready:
            self.only(entry, ready[0], (ready[0], "name", "fit", "label", "caption"))
            return self.ready_table(entry, ready[0], fit, label)
        grid = self.grid(entry, ("rows", "columns"))
        if entry.get("transpose", False) is True:
            grid = Grid(grid.columns, grid.rows, grid.quantity, grid.base)
        name = self.name(entry, "grid", "table")
        intervals = self.one_of(entry, "intervals", ("short", "bounds"), "short")
        look = Look(self.show(entry), intervals == "bounds", self.word(entry, "caption"), name)
        samples, error = self.whole(entry, "samples", self.samples), self.share(entry, "error", self.error)
        return GridTable(name, grid, look, fit, label, samples, error, self.share(entry, "tolerance", 0.05))

    def show(self, entry: Mapping[str, Any]) -> tuple[str, ...]:
        try:
            return read_show(self.word(entry, "show", "theory,measured"))
        except InvalidArgument as bad:
            raise self.refused("show", bad.problem, bad.remedy) from None

    def only(self, entry: Mapping[str, Any], which: str, allowed: tuple[str, ...]) -> None:
        for key in entry:
            if key not in allowed:
                raise self.refused(key, f"does not apply beside {which}", "leave one of them out")

    def ready_table(self, entry: Mapping[str, Any], which: str, fit: str, label: str | None) -> ReadyTable:
        from proofs_check.papers import paper
        from proofs_check.registry import of_papers, own_statements, topics

        value = self.word(entry, which)
        caption = self.word(entry, "caption")
        if which == "statements":
            return ReadyTable(
                self.name(entry, "verdicts", "table"), "", "", self.statements(entry), fit, label, caption
            )
        name = self.name(entry, value, "table")
        if which == "paper":
            return ReadyTable(name, "", value, of_papers((paper(value),)), fit, label, caption)
        if value not in topics():
            raise self.refused("ready", f"is {value!r}, which is no topic", nearest(value, topics()))
        statements = tuple(one for one in own_statements() if one.topic == value)
        return ReadyTable(name, value, "", statements, fit, label, caption)

    def figure(self, entry: Mapping[str, Any]) -> Item:
        form = self.one_of(entry, "format", ("pdf", "pgf", "svg", "png"), "pdf")
        width = self.word(entry, "width", "column")
        try:
            require_file(Path(f"figure.{form}"), Page(page_width(width)))
        except InvalidArgument as bad:
            raise self.refused("width" if bad.argument == "width" else "format", bad.problem, bad.remedy) from None
        if "ready" not in entry:
            grid = self.grid(entry, ("lines", "x"))
            samples, error = self.whole(entry, "samples", self.samples), self.share(entry, "error", self.error)
            return GridFigure(self.name(entry, "grid", "figure"), grid, form, width, samples, error)
        from proofs_check import figures

        self.only(entry, "ready", ("ready", "name", "format", "width"))
        value = self.word(entry, "ready")
        if value not in figures.names():
            raise self.refused("ready", f"is {value!r}, which is no figure", nearest(value, figures.names()))
        return ReadyFigure(self.name(entry, value, "figure"), value, form, width)

    def number(self, entry: Mapping[str, Any]) -> NumberItem:
        show = self.one_of(entry, "show", ("theory", "measured", "ratio"), "theory")
        macro = self.macro(entry)
        grid = self.grid(
            {key: value for key, value in entry.items() if key not in ("macro", "show")}, ("rows", "columns")
        )
        return NumberItem(macro, grid, show, self.whole(entry, "samples", self.samples))

    def claim(self, entry: Mapping[str, Any]) -> ClaimItem:
        from proofs_check.claims.checking import in_letters
        from proofs_check.claims.meaning import understand
        from theory.ensembles import Ensemble

        macro, claim = self.macro(entry), self.word(entry, "claim")
        if not claim:
            raise self.refused("claim", "is missing", 'write e.g. claim = "E|a_L|^4 = (1+5/n)^L |x|^4"')
        expect = self.one_of(entry, "expect", _VERDICTS, "supported")
        networks = self.networks(entry)
        if "widths" not in networks:
            networks = {"width": "n", "depth": "L"} | networks
        try:
            net = Ensemble.from_text(networks)
            if "\\" not in claim:
                understand(claim, in_letters(net)[0])
        except InvalidArgument as bad:
            raise self.of_its_line(entry, bad) from None
        return ClaimItem(macro, claim, networks, self.word(entry, "for"), expect)

    def verdict(self, entry: Mapping[str, Any]) -> VerdictItem:
        macro = self.macro(entry)
        return VerdictItem(macro, self.statements(entry), self.one_of(entry, "expect", _VERDICTS, "supported"))

    def statements(self, entry: Mapping[str, Any]) -> Any:
        from proofs_check.registry import own_statements, select

        try:
            return select(self.word(entry, "statements").split(","), own_statements())
        except InvalidArgument as bad:
            raise self.refused("statements", bad.problem, bad.remedy) from None

    def grid(self, entry: Mapping[str, Any], names: tuple[str, str]) -> Grid:
        """Read a grid, and try what each of its cells is about."""
        try:
            grid = grid_of(
                rows=self.word(entry, names[0]) or None,
                columns=self.word(entry, names[1]) or None,
                quantity=self.word(entry, "quantity") or None,
                base=self.networks(entry),
                names=names,
            )
            for base, settings, quantity in grid.cells():
                ask(quantity, case_of(base, settings))
        except InvalidArgument as bad:
            raise self.of_its_line(entry, bad) from None
        return grid
