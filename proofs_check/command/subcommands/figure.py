"""``vanishing figure``: draw a figure into a file, or all into a folder, and write down the numbers behind them."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from proofs_check import figures
from proofs_check.command.option_values import writable_file, writable_folder
from proofs_check.command.running import add_jobs, add_seed, of_stage, progress_bars
from proofs_check.command.subcommands import Subcommand
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

if TYPE_CHECKING:
    from proofs_check.reporting.pages import Page


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("name", help=f"{', '.join(figures.names())}, or all of them")
    parser.add_argument("--out", metavar="FILE", help="a .pdf, .svg, .png, .pgf or .eps file; of all: a folder")
    parser.add_argument(
        "--data", metavar="FILE", help="the numbers behind it, beside or without --out: .csv or .json; of all: a folder"
    )
    parser.add_argument(
        "--width", help="column (3.4 inches), text (6.9), or inches: laid out for print (default: for a screen)"
    )
    parser.add_argument("--style", metavar="FILE", help="a matplotlib style, over ours: a .mplstyle file or a name")
    parser.add_argument("--format", help="of all: pdf, svg, png (default), pgf or eps")
    add_seed(parser)
    add_jobs(parser)


def _run(options: Namespace) -> int:
    if options.out is None and options.data is None:
        remedy = "see 'vanishing figure --help', or use --data"
        raise InvalidArgument("command", "the following arguments are required: --out", remedy)
    return _draw_all(options) if options.name == "all" else _draw_one(options)


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
