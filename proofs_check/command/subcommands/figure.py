"""``vanishing figure``: draw one figure into a file, or all of them into a folder."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from proofs_check import figures
from proofs_check.command.option_values import writable_file, writable_folder
from proofs_check.command.running import add_jobs, add_seed, progress_bars
from proofs_check.command.subcommands import Subcommand
from theory.ensembles import InvalidArgument


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("name", help=f"{', '.join(figures.names())}, or all of them")
    parser.add_argument("--out", required=True, metavar="FILE", help="a .pdf, .png or .svg file; of all: a folder")
    add_seed(parser)
    add_jobs(parser)


def _run(options: Namespace) -> int:
    if options.name == "all":
        return _draw_all(options)
    out = Path(options.out)
    figure = figures.figure(options.name)
    figure.require(out)
    figure.draw(writable_file("out", options.out), seed=options.seed, jobs=options.jobs)
    print(f"figure written to {out}", file=sys.stderr)
    return 0


def _draw_all(options: Namespace) -> int:
    from proofs_check.reporting.drawing import FILES

    every = {name: figures.figure(name) for name in figures.names()}
    if Path(options.out).suffix in FILES:
        raise InvalidArgument("out", f"{options.out} is one file's name, but there are {len(every)}", "name a folder")
    for name, figure in every.items():
        figure.require(Path(f"{name}.png"))
    folder = writable_folder(options.out)
    with progress_bars() as told:
        for done, (name, figure) in enumerate(every.items()):
            if told is not None:
                told("figure", name, done, len(every))
            figure.draw(folder / f"{name}.png", seed=options.seed, jobs=options.jobs)
    print(f"figures written to {folder}", file=sys.stderr)
    return 0


SUBCOMMAND = Subcommand("draw a figure", _run, _add_options)
