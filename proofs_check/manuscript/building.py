"""Makes what a paper's file names, and says what has changed since the last time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from montecarlo import Workers
from montecarlo.runs.block_store import BlockStore
from montecarlo.runs.measured_code import digest_of_sources
from montecarlo.runs.stored_runs import shared_store
from proofs_check.claims.checking import check
from proofs_check.claims.sampled import Drawing
from proofs_check.claims.typesetting import typeset
from proofs_check.figures import figure
from proofs_check.grids.layout import cell_number
from proofs_check.grids.picturing import picture_of
from proofs_check.grids.readings import Wanted
from proofs_check.grids.tabulating import grid_in_a_table
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
from proofs_check.manuscript.macros import Macros, macro_file, number_macro, prose_macro
from proofs_check.manuscript.recipe import Recipe
from proofs_check.manuscript.record import changes, read_record, read_stamps, write_record
from proofs_check.reporting.drawing import write_picture
from proofs_check.reporting.files import write_whole
from proofs_check.reporting.pages import Page, page_width
from proofs_check.reporting.picture_data import to_csv
from proofs_check.statement import Statement
from proofs_check.tables.latex import to_latex
from proofs_check.tables.model import Table, Text
from proofs_check.tables.ready import paper_table, topic_table, verdict_table
from proofs_check.verdict import Verdict
from proofs_check.verification.provenance import version
from proofs_check.verification.results import Report
from theory.ensembles import Ensemble

Told = Callable[[str, str, int, int], object]
"""Called with a stage, what is being done, how much of it is done, and how much there is."""


@dataclass
class Built:
    """What was made.

    Parameters
    ----------
    files : list of Path
        The files.
    unexpected : list of str
        Verdicts that are not what the paper relies on.
    changed : list of str
        Numbers and verdicts that are not those of the last time.
    """

    files: list[Path] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """It is 0, or 1 if a verdict is not what the paper relies on."""
        return 1 if self.unexpected else 0


def build(recipe: Recipe, out: Path, *, origin: str, jobs: int, workers: Workers | None, told: Told | None) -> Built:
    """Make everything that a paper's file names.

    Parameters
    ----------
    recipe : Recipe
        What the file names.
    out : Path
        The folder, which exists.
    origin : str
        The command, for comment lines.
    jobs : int
        The number of threads or processes.
    workers : Workers or None
        What draws in place of them.
    told : callable or None
        Called with what is being done, as :data:`Told` says.

    Returns
    -------
    Built
    """
    builder = _Builder(recipe, out, origin, jobs, workers, told)
    report = builder.verified()
    with shared_store(builder.store, recipe.seed) as blocks:
        builder.blocks = blocks
        builder.run(report)
    before = read_record(out)
    builder.built.changed = changes(before, builder.values)
    builder.write("macros.tex", macro_file(builder.macros, origin))
    write_record(out, builder.values, builder.stamps, version())
    return builder.built


@dataclass
class _Builder:
    recipe: Recipe
    out: Path
    origin: str
    jobs: int
    workers: Workers | None
    told: Told | None
    built: Built = field(default_factory=Built)
    macros: Macros = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    stamps: dict[str, str] = field(default_factory=dict)
    blocks: BlockStore | None = None

    def run(self, report: Report | None) -> None:
        for done, item in enumerate(self.recipe.items):
            if self.told is not None:
                self.told("paper", _name(item), done, len(self.recipe.items))
            match item:
                case GridTable():
                    self.grid_table(item)
                case ReadyTable():
                    self.ready_table(item, report)
                case NumberItem():
                    self.number(item)
                case ClaimItem():
                    self.claim(item)
                case VerdictItem():
                    self.verdict(item, report)
                case ReadyFigure():
                    self.ready_figure(item)
                case GridFigure():
                    self.grid_figure(item)
        if self.told is not None:
            self.told("paper", "", len(self.recipe.items), len(self.recipe.items))

    def file(self, name: str) -> Path:
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name: str, text: str) -> None:
        path = self.file(name)
        write_whole(path, text)
        self.built.files.append(path)

    @property
    def store(self) -> str:
        return self.recipe.store or str(self.out / "blocks.sqlite")

    def drawing(self, samples: int, error: float, tolerance: float = 0.05) -> Drawing:
        return Drawing(samples, self.recipe.seed, error, tolerance, self.jobs, self.workers, self.blocks)

    def verified(self) -> Report | None:
        """Verify all statements that tables and verdicts need, in one run with one error budget."""
        from proofs_check.verification.verifying import verify

        needed: dict[str, Statement] = {}
        for item in self.recipe.items:
            if isinstance(item, (ReadyTable, VerdictItem)):
                needed |= {statement.id: statement for statement in item.statements}
        if not needed:
            return None
        return verify(
            tuple(needed.values()),
            profile=self.recipe.profile,
            seed=self.recipe.seed,
            jobs=self.jobs,
            executor=self.workers,
            store=self.store,
            progress=self.told,
        )

    # --- items -------------------------------------------------------------------------------------------------------

    def grid_table(self, item: GridTable) -> None:
        drawing = self.drawing(item.samples, item.error, item.tolerance)
        table, found = grid_in_a_table(item.grid, drawing, item.look, None)
        self.table(table, item.fit, item.label, item.name)
        for row, reading in enumerate(found):
            for what in ("theory", "measured"):
                number = cell_number(reading, what)
                if number is not None and what in item.look.show:
                    self.values[f"table {item.name}, cell {row + 1}, {what}"] = number.written
            if reading.verdict is Verdict.REFUTED:
                where = f"{reading.quantity} of {reading.case.net.describe()}"
                self.built.unexpected.append(f"table {item.name}: theory and measurement of {where} disagree")

    def table(self, table: Table, fit: str, label: str | None, name: str) -> None:
        latex = to_latex(replace(table, origin=self.origin), fit=fit, label=label or f"tab:{name}")
        self.write(f"tables/{name}.tex", latex)

    def ready_table(self, item: ReadyTable, report: Report | None) -> None:
        from proofs_check.papers import paper

        assert report is not None
        part = _part(report, item.statements)
        if item.topic:
            table = topic_table(part, item.topic)
        else:
            table = paper_table(part, paper(item.paper)) if item.paper else verdict_table(part)
        if item.caption:
            table = replace(table, caption=Text(item.caption))
        self.table(table, item.fit, item.label, item.name)
        for result in part.results:
            self.values[result.statement.id] = result.verdict.value

    def number(self, item: NumberItem) -> None:
        numbers = sum(isinstance(one, NumberItem) and one.show != "theory" for one in self.recipe.items)
        drawing = self.drawing(item.samples, self.recipe.error / max(1, numbers))
        wanted = Wanted(theory=item.show != "measured", measured=item.show != "theory")
        ((reading,),) = item.grid.read(drawing, wanted)
        number = cell_number(reading, item.show)
        if number is None:
            reason = "; ".join(reason for _, reason in reading.untold) or "it has no value"
            self.built.unexpected.append(f"\\{item.macro}: {reason}")
            self.macros[item.macro] = r"\textbf{??}"
            return
        self.macros[item.macro] = number_macro(number)
        self.values[f"\\{item.macro}"] = number.written

    def claim(self, item: ClaimItem) -> None:
        net = Ensemble.from_text(item.networks)
        found = check(item.claim, net, sizes=item.sizes or None, jobs=self.jobs, compare=False)
        self.macros[item.macro] = found.verdict.value
        formula = item.claim if "\\" in item.claim else typeset(item.claim)
        self.macros[f"{item.macro}Formula"] = rf"\ensuremath{{{formula}}}"
        self.macros[f"{item.macro}Scope"] = prose_macro(found.scope)
        self.values[f"\\{item.macro}"] = found.verdict.value
        if found.verdict.value != item.expect:
            self.built.unexpected.append(f"\\{item.macro}: {item.claim} is {found.verdict.value}, not {item.expect}")

    def verdict(self, item: VerdictItem, report: Report | None) -> None:
        assert report is not None
        results = _part(report, item.statements).results
        agreeing = sum(result.verdict.value == item.expect for result in results)
        self.macros[item.macro] = f"{agreeing} of {len(results)} {item.expect}"
        self.values[f"\\{item.macro}"] = self.macros[item.macro]
        for result in results:
            if result.verdict.value != item.expect:
                problem = f"{result.statement.id} is {result.verdict.value}, not {item.expect}"
                self.built.unexpected.append(f"\\{item.macro}: {problem}")

    def ready_figure(self, item: ReadyFigure) -> None:
        """Draw a figure of the package, unless it is there, made from the same code and settings."""
        name = f"figures/{item.name}.{item.format}"
        path = self.file(name)
        code = digest_of_sources("theory", "montecarlo", "proofs_check")
        self.stamps[name] = f"{item.figure}, {item.format}, {item.width}, seed {self.recipe.seed}, {code}"
        if path.exists() and read_stamps(self.out).get(name) == self.stamps[name]:
            self.built.files.append(path)
            return
        page = Page(page_width(item.width))
        told = None if self.told is None else partial(self.told, item.figure)
        figure(item.figure).draw(path, page=page, seed=self.recipe.seed, jobs=self.jobs, told=told)
        self.built.files.append(path)

    def grid_figure(self, item: GridFigure) -> None:
        path = self.file(f"figures/{item.name}.{item.format}")
        picture = picture_of(item.grid, self.drawing(item.samples, item.error), Wanted())
        write_picture(picture, path, Page(page_width(item.width)))
        self.write(f"figures/{item.name}.csv", to_csv(picture))
        self.built.files.append(path)


def _name(item: Item) -> str:
    return item.macro if isinstance(item, (NumberItem, ClaimItem, VerdictItem)) else item.name


def _part(report: Report, statements: tuple[Statement, ...]) -> Report:
    """Return the part of a report that is about some statements."""
    ids = {statement.id for statement in statements}
    return replace(report, results=tuple(result for result in report.results if result.statement.id in ids))
