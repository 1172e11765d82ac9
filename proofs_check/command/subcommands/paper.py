"""``vanishing paper``: a paper's tables, figures and numbers from one TOML file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from proofs_check.command.option_values import writable_folder
from proofs_check.command.running import add_jobs, progress_bars
from proofs_check.command.subcommands import Subcommand


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.toml", help="names tables, figures, numbers, claims and verdicts")
    parser.add_argument("--out", required=True, metavar="DIR", help="write tables/, figures/ and macros.tex there")
    add_jobs(parser)


def _run(options: Namespace) -> int:
    from montecarlo import worker_pool
    from proofs_check.manuscript.building import build
    from proofs_check.manuscript.recipe import read_recipe

    path = Path(options.file)
    recipe = read_recipe(path)
    out = writable_folder(options.out)
    with worker_pool(options.jobs) as workers, progress_bars() as told:
        built = build(recipe, out, origin=f"vanishing paper {path.name}", jobs=options.jobs, workers=workers, told=told)
    for line in built.changed:
        print(f"changed: {line}", file=sys.stderr)
    for line in built.unexpected:
        print(f"not as the paper says: {line}", file=sys.stderr)
    count = len(built.files)
    print(f"{count} file{'s' * (count != 1)} written to {out}", file=sys.stderr)
    return built.exit_status


SUBCOMMAND = Subcommand("a paper's tables, figures and numbers, from one TOML file", _run, _add_options)
