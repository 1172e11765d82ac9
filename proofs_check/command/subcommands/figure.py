"""``vanishing figure``: draw a figure into a file, or all into a folder, and write down the numbers behind them."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from proofs_check import figures
from proofs_check.command.grids import add_grid_options, base_of, drawing_of, refuse_grid_options
from proofs_check.command.option_values import writable_file, writable_folder
from proofs_check.command.running import add_jobs, add_seed, of_stage, progress_bars
from proofs_check.command.subcommands import Subcommand
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

if TYPE_CHECKING:
    from proofs_check.reporting.pages import Page


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help=f"{', '.join(figures.names())}, or all of them")
    parser.add_argument("--x", help="in place of a name: what the horizontal axis sets, e.g. L=2..64 or n=4,8,16,32")
    parser.add_argument("--lines", help="what the lines set, e.g. n=8,16,32, 'init=he,xavier', or a TOML file")
    add_grid_options(parser, width=False)
    parser.add_argument("--show", help="theory, measured, or both (default: theory,measured)")
    parser.add_argument("--out", metavar="FILE", help="a .pdf, .svg, .png, .pgf or .eps file; of all: a folder")
    parser.add_argument(
        "--data", metavar="FILE", help="the numbers behind it, beside or without --out: .csv or .json; of all: a folder"
    )
    parser.add_argument(
        "--width", help="column (3.05 inches), text (6.25), or inches: laid out for print (default: for a screen)"
    )
    parser.add_argument("--style", metavar="FILE", help="a matplotlib style, over ours: a .mplstyle file or a name")
    parser.add_argument("--format", help="of all: pdf, svg, png (default), pgf or eps")
    parser.add_argument("--store", metavar="FILE", help="of a figure of one's own: keep finished blocks there")
    add_seed(parser)
    add_jobs(parser)


def _run(options: Namespace) -> int:
    if options.out is None and options.data is None:
        remedy = "see 'vanishing figure --help', or use --data"
        raise InvalidArgument("command", "the following arguments are required: --out", remedy)
    if options.x is not None or options.lines is not None or options.quantity is not None:
        return _draw_grid(options)
    if options.name is None:
        remedy = "use e.g. typical, or --x L=2..64 --lines n=8,16 --quantity 'median |a_L|^2'"
        raise InvalidArgument("command", "names no figure", remedy)
    refuse_grid_options(options, ("x", "lines", "show", "store"), "a ready figure", width=False)
    return _draw_all(options) if options.name == "all" else _draw_one(options)


def _draw_grid(options: Namespace) -> int:
    from montecarlo import worker_pool
    from proofs_check.grids.layout import read_show
    from proofs_check.grids.picturing import picture_of
    from proofs_check.grids.readings import Wanted
    from proofs_check.grids.tabulating import grid_of

    if options.name is not None:
        raise InvalidArgument("name", "is given beside the axis or the lines of a figure of one's own", "leave it out")
    if options.x is None:
        raise InvalidArgument("x", "is missing", "use e.g. --x L=2..64")
    if options.format is not None:
        raise InvalidArgument("format", "is of all figures; of one, the ending of --out says it", "leave it out")
    shown = set(read_show(options.show or "theory,measured"))
    if not shown <= {"theory", "measured"}:
        raise InvalidArgument("show", "a figure shows theory and measured", "leave the others to a table")
    grid = grid_of(rows=options.lines, columns=options.x, quantity=options.quantity, base=base_of(options, width=False),
                   names=("lines", "x"))  # fmt: skip
    page = _page(options)
    out, data = (None if text is None else Path(text) for text in (options.out, options.data))
    with worker_pool(options.jobs) as workers, drawing_of(options, workers) as drawing, progress_bars() as told:
        wanted = Wanted(theory="theory" in shown, measured="measured" in shown)
        own = figures.Figure(lambda **_: picture_of(grid, drawing, wanted, of_stage(told, "figure")))
        own.require(out, page, data)
        for name, path in (("out", out), ("data", data)):
            if path is not None:
                writable_file(name, str(path))
        own.draw(out, page=page, data=data)
    _tell("figure", out, data)
    return 0


def _draw_one(options: Namespace) -> int:
    figure, page = figures.figure(options.name), _page(options)
    if options.format is not None:
        raise InvalidArgument("format", "is of all figures; of one, the ending of --out says it", "leave it out")
    out, data = (None if text is None else Path(text) for text in (options.out, options.data))
    figure.require(out, page, data)
    for name, path in (("out", out), ("data", data)):
        if path is not None:
            writable_file(name, str(path))
    with progress_bars() as told:
        how = {"seed": options.seed, "jobs": options.jobs, "told": of_stage(told, options.name)}
        figure.draw(out, page=page, data=data, **how)
    _tell("figure", out, data)
    return 0


def _draw_all(options: Namespace) -> int:
    from proofs_check.reporting.pages import FILES
    from proofs_check.reporting.picture_data import FORMATS

    every = {name: figures.figure(name) for name in figures.names()}
    page, ending = _page(options), _ending(options)
    for name, known in (("out", FILES), ("data", FORMATS)):
        text = getattr(options, name)
        if text is not None and Path(text).suffix in known:
            raise InvalidArgument(name, f"{text} is one file's name, but there are {len(every)}", "name a folder")
    for name, figure in every.items():
        figure.require(None if options.out is None else Path(f"{name}{ending}"), page)
    out, data = (
        None if text is None else writable_folder(text, name)
        for name, text in (("out", options.out), ("data", options.data))
    )
    with progress_bars() as told:
        for done, (name, figure) in enumerate(every.items()):
            if told is not None:
                told("all figures", name, done, len(every))
            figure.draw(
                out and out / f"{name}{ending}",
                page=page,
                data=data and data / f"{name}.csv",
                seed=options.seed,
                jobs=options.jobs,
                told=of_stage(told, name),
            )
        if told is not None:
            told("all figures", "", len(every), len(every))
    _tell("figures", out, data)
    return 0


def _page(options: Namespace) -> Page:
    """Return the page that the options ask for; without a drawing, they would be ignored."""
    from proofs_check.reporting.pages import Page, page_width

    for name in ("width", "style", "format"):
        if options.out is None and getattr(options, name) is not None:
            raise InvalidArgument(
                name, "is of the drawing, and there is none without --out", "leave it out, or add --out"
            )
    return Page(None if options.width is None else page_width(options.width), options.style)


def _ending(options: Namespace) -> str:
    from proofs_check.reporting.pages import FILES

    known = [suffix[1:] for suffix in FILES]
    if options.format not in (None, *known):
        raise InvalidArgument("format", f"there is no format {options.format!r}", nearest(options.format, known))
    return f".{options.format or 'png'}"


def _tell(what: str, out: Path | None, data: Path | None) -> None:
    if out is not None:
        print(f"{what} written to {out}", file=sys.stderr)
    if data is not None:
        print(f"numbers written to {data}", file=sys.stderr)


SUBCOMMAND = Subcommand("draw a figure", _run, _add_options)
