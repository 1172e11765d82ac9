"""``vanishing table``: a grid of one's own; theory against measurement for a topic or a figure; verdicts on a paper."""

from __future__ import annotations

import shlex
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from proofs_check import closed_forms, studies
from proofs_check.command.grids import add_grid_options, base_of, drawing_of, refuse_grid_options
from proofs_check.command.option_values import ReadValue, choice, letter_values, writable_file
from proofs_check.command.running import add_run_options, connected, progress_bars, verified
from proofs_check.command.subcommands import Subcommand
from proofs_check.registry import topics
from proofs_check.reporting.layout import fitted, width_shown
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

if TYPE_CHECKING:
    from proofs_check.studies import Study
    from proofs_check.tables.model import Table

Show = Callable[["Table"], str]
_GRID = ("rows", "columns", "show", "transpose", "intervals")
_LATEX = ("fit", "label", "standalone")


def _add_options(parser: ArgumentParser) -> None:
    known = f"a topic ({', '.join(topics())}), or what a figure shows ({', '.join(studies.names())})"
    parser.add_argument("name", nargs="?", help=known)
    parser.add_argument("--paper", metavar="KEY", help="in place of a name: the claims of a paper, with their verdicts")
    parser.add_argument(
        "--rows",
        help="in place of a name: what the rows set, e.g. n=16,32,64, 'activation=relu,linear; init=he,xavier', "
        "quantities with commas between them, or a TOML file with tables [[row]]",
    )
    parser.add_argument("--columns", help="the same for the columns, e.g. L=8,32,128")
    add_grid_options(parser)
    parser.add_argument(
        "--set",
        action=ReadValue,
        read=letter_values,
        help="letters that rows and columns leave open, where the quantity is a closed form: theta=3/2,d=4",
    )
    parser.add_argument("--show", help="of theory, measured, ratio, verdict: what a cell shows (theory,measured)")
    parser.add_argument("--intervals", help="short (default: 0.0683(12)) or bounds (both ends)")
    parser.add_argument("--transpose", action="store_true", help="rows become columns, and columns rows")
    parser.add_argument(
        "--format", help="latex, markdown (default; a list where the terminal is too narrow), csv, json or html"
    )
    parser.add_argument("--fit", help="of LaTeX: column, text, auto (default: the narrowest of them) or none")
    parser.add_argument("--caption", help="in place of the caption that says what the numbers are")
    parser.add_argument("--label", help="of LaTeX (default: tab: and the name)")
    parser.add_argument("--standalone", action="store_true", help="of LaTeX: a document that compiles as it is")
    parser.add_argument("--out", metavar="FILE", help="write it there; the ending (.tex, .md, ...) says the format")
    add_run_options(parser)


def _run(options: Namespace) -> int:
    show = _chosen(options)
    is_grid = options.rows is not None or options.columns is not None or options.quantity is not None
    if not is_grid:
        refuse_grid_options(options, _GRID, "a ready table" if options.name or options.paper else "no table")
    if is_grid and options.quantity is not None and options.quantity in closed_forms.names():
        return _closed_table(options, show)
    if options.set is not None:
        raise InvalidArgument("set", "gives letters of a closed form", "add e.g. --quantity linear2.distance-law")
    if is_grid:
        if options.name is not None or options.paper is not None:
            other = "name" if options.name is not None else "paper"
            problem = "is given beside the rows, columns or quantity of a table of one's own"
            raise InvalidArgument(other, problem, "leave one of them out")
        return _grid_table(options, show)
    if options.paper is not None:
        return _paper_table(options, show)
    if options.name is None:
        problem = "names no table"
        raise InvalidArgument("command", problem, "use e.g. --rows n=16,32 --columns L=8,64 --quantity 'E|a_L|^4'")
    if options.name in studies.names():
        if options.name in topics():
            problem = f"both a topic and a study are called {options.name!r}"
            raise InvalidArgument("name", problem, "rename the study's file")
        return _study_table(options, studies.study(options.name), show)
    return _topic_table(options, show)


def _chosen(options: Namespace) -> Show:
    """Return what shows a table, before any work; wrong options and files are refused here."""
    from proofs_check.tables.formats import ENDINGS, FORMATS

    name = options.format
    if options.out is not None:
        ending = Path(options.out).suffix.removeprefix(".")
        by_ending = {ending: name for name, ending in ENDINGS.items()}
        if name is None and ending not in by_ending:
            listed = ", ".join(f".{one}" for one in by_ending)
            raise InvalidArgument(
                "out", f"{options.out} ends on none of {listed}", "say --format, or use e.g. table.tex"
            )
        name = by_ending[ending] if name is None else name
        writable_file("out", options.out)
    show = _readable if name is None else choice("format", name, FORMATS)
    if name in ("csv", "json"):
        for option in ("caption", "intervals"):
            if getattr(options, option) is not None:
                raise InvalidArgument(option, f"has no effect on {name}", "leave it out, or use another format")
    if name != "latex":
        for option in _LATEX:
            if getattr(options, option) not in (None, False):
                raise InvalidArgument(option, "has an effect on LaTeX alone", "add --format latex")
        return show
    from proofs_check.tables.fitting import FITS
    from proofs_check.tables.latex import standalone, to_latex

    fit = "auto" if options.fit is None else choice("fit", options.fit, dict.fromkeys(FITS, options.fit))
    show = partial(to_latex, fit=fit, label=options.label)
    return (lambda table: standalone(to_latex(table, fit=fit, label=options.label))) if options.standalone else show


def _readable(table: Table) -> str:
    """Return the table in Markdown, or as a list for a terminal that would fold its rows."""
    from proofs_check.tables.formats import to_list, to_markdown

    text, width = to_markdown(table), width_shown()
    rows = text.splitlines()[2:]  # without the caption
    return text if width is None or max(map(len, rows)) <= width else fitted(to_list(table), width)


def _shown(options: Namespace, table: Table, show: Show) -> None:
    from proofs_check.reporting.files import write_whole
    from proofs_check.tables.model import Text

    table = replace(table, origin=_origin())
    if options.caption is not None:
        table = replace(table, caption=Text(options.caption))
    text = show(table)
    if options.out is None:
        print(text, end="")
    else:
        write_whole(Path(options.out), text)
        print(f"table written to {options.out}", file=sys.stderr)


def _origin() -> str:
    """Return the command that makes the table, with the version."""
    from proofs_check.verification.provenance import version

    typed = " ".join(map(shlex.quote, sys.argv[1:]))
    return f"vanishing {typed} (vanishing-curvature {version()})"


def _grid_table(options: Namespace, show: Show) -> int:
    from proofs_check.grids.layout import Look, read_show
    from proofs_check.grids.tabulating import tabulate
    from proofs_check.verdict import Verdict

    if options.profile != "quick":
        problem = "is that of ready tables; here --samples says how many networks are drawn"
        raise InvalidArgument("profile", problem, "use e.g. --samples 20000")
    intervals = choice("intervals", options.intervals or "short", {"short": False, "bounds": True})
    shown = read_show("theory,measured" if options.show is None else options.show)
    if shown == ("theory",):
        for option in ("samples", "error", "tolerance", "intervals"):
            if getattr(options, option) is not None:
                problem = "has no effect where nothing is measured"
                raise InvalidArgument(option, problem, "leave it out, or add measured to --show")
    look = Look(shown, bounds=intervals)
    with connected(options) as workers, drawing_of(options, workers) as drawing, progress_bars() as told:
        table, found = tabulate(
            rows=options.rows,
            columns=options.columns,
            quantity=options.quantity,
            look=look,
            transpose=options.transpose,
            drawing=drawing,
            told=None if told is None else lambda what, done, total: told("table", what, done, total),
            networks=base_of(options),
        )
    _shown(options, table, show)
    verdicts = {reading.verdict for reading in found}
    if Verdict.REFUTED in verdicts:
        return 1
    return 3 if "verdict" in look.show and Verdict.INCONCLUSIVE in verdicts else 0


def _closed_table(options: Namespace, show: Show) -> int:
    from proofs_check.grids.closed_table import closed_table

    quantity = options.quantity
    options.quantity = None
    drawn = ("show", "transpose", "intervals", "name", "paper", "store")
    refuse_grid_options(options, drawn, f"{quantity}, which speaks of no network")
    table = closed_table(quantity, rows=options.rows, columns=options.columns, values=options.set or {})
    _shown(options, table, show)
    return 0


def _topic_table(options: Namespace, show: Show) -> int:
    from proofs_check.registry import own_statements
    from proofs_check.tables.ready import topic_table

    statements = [statement for statement in own_statements() if statement.topic == options.name]
    if not statements:
        known = dict.fromkeys(statement.topic for statement in own_statements())
        problem = f"there is no table {options.name!r}"
        raise InvalidArgument("name", problem, nearest(options.name, [*known, *studies.names()]))
    with connected(options) as workers, progress_bars() as told:
        report = verified(statements, options, workers, told)
    _shown(options, topic_table(report, options.name), show)
    return report.exit_status


def _paper_table(options: Namespace, show: Show) -> int:
    from proofs_check.papers import paper
    from proofs_check.registry import of_papers
    from proofs_check.tables.ready import paper_table

    if options.name is not None:
        raise InvalidArgument("paper", f"is given beside the name {options.name!r}", "leave one of them out")
    chosen = paper(options.paper)
    with connected(options) as workers, progress_bars() as told:
        report = verified(of_papers((chosen,)), options, workers, told)
    _shown(options, paper_table(report, chosen), show)
    return report.exit_status


def _study_table(options: Namespace, study: Study, show: Show) -> int:
    from montecarlo import cluster, worker_pool

    samples = choice("profile", options.profile, study.samples)
    if options.store is not None:
        raise InvalidArgument("store", "this table is made at once, and keeps no blocks", "leave it out")
    with worker_pool(options.jobs) if options.cluster is None else cluster(options.cluster) as workers:
        table = study.make(workers, samples=samples, seed=options.seed)
    _shown(options, table, show)
    return 0


SUBCOMMAND = Subcommand(
    "a grid of quantities, or theory against measurement for one topic, as a table", _run, _add_options
)
