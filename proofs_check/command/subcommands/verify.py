"""``vanishing verify``: check statements, and print their verdicts or write a report."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proofs_check.command.option_values import choice, writable_file, writable_folder
from proofs_check.command.running import add_run_options, connected, progress_bars, verified
from proofs_check.command.subcommands import Subcommand
from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    from proofs_check.statement import Statement


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("id", nargs="*", metavar="ID-PATTERN", help="ids such as 'forward.*'; all by default")
    parser.add_argument("--module", metavar="FILE", help="your own statements: a Python file or a module's name")
    parser.add_argument("--paper", metavar="KEY", help="only what checks the claims of this paper, e.g. orvieto-2021")
    parser.add_argument("--json", metavar="FILE", help="write the report there ('-': to stdout, without the table)")
    parser.add_argument("--out", metavar="DIR", help="write tables, the figure and the report there")
    add_run_options(parser)


def _run(options: Namespace) -> int:
    from proofs_check.command.report import console_table, write_report
    from proofs_check.papers import paper
    from proofs_check.registry import of_paper, own_statements, select
    from proofs_check.reporting.files import write_whole
    from proofs_check.verification import PROFILES

    choice("profile", options.profile, dict.fromkeys(PROFILES))
    chosen = None if options.paper is None else paper(options.paper)
    among = None if options.module is None else _of_module(options.module)
    if chosen is None:
        statements = select(options.id, among)
    else:  # a paper's claims may be checked by our statements and by a user's
        statements = of_paper(chosen, options.id, (*own_statements(), *(among or ())))
    out = None if options.out is None else writable_folder(options.out)
    to_stdout = options.json == "-"
    json_file = None if options.json is None or to_stdout else writable_file("json", options.json)
    with connected(options) as workers, progress_bars() as told:
        report = verified(statements, options, workers, told)
        if out is not None:
            write_report(report, out, told, options.jobs)
    if to_stdout:
        print(report.to_json())
    else:
        console_table(report)
    if json_file is not None:
        write_whole(json_file, report.to_json() + "\n")
    if out is not None:
        print(f"report written to {out}", file=sys.stderr)
    return report.exit_status


def _of_module(source: str) -> Sequence[Statement]:
    from proofs_check.registry import load

    try:
        return load(source)
    except InvalidArgument as bad:
        if bad.argument != "statements":
            raise  # a statement of the module is at fault
        raise InvalidArgument("module", bad.problem, bad.remedy) from None


SUBCOMMAND = Subcommand("check statements: verdicts, evidence, mutants", _run, _add_options)
