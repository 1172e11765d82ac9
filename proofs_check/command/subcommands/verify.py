"""``vanishing verify``: check statements, and print their verdicts or write a report."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from proofs_check.command.modules import add_modules, chosen_statements
from proofs_check.command.option_values import choice, writable_file, writable_folder
from proofs_check.command.running import add_run_options, connected, progress_bars, verified
from proofs_check.command.subcommands import Subcommand


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("id", nargs="*", metavar="ID-PATTERN", help="ids such as 'forward.*'; all by default")
    add_modules(parser)
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
    among, faults = chosen_statements(options)
    if chosen is not None:  # a paper's claims may be checked by our statements and by a user's
        ours = own_statements() if options.module else ()
        statements = of_paper(chosen, options.id, (*ours, *among))
    else:
        statements = select(options.id, among) if among else ()
    out = None if options.out is None else writable_folder(options.out)
    to_stdout = options.json == "-"
    json_file = None if options.json is None or to_stdout else writable_file("json", options.json)
    with connected(options) as workers, progress_bars() as told:
        report = verified(statements, options, workers, told, faults)
        if out is not None:
            write_report(report, out, told, options.jobs)
    if to_stdout:
        print(report.to_json())
    elif report.results:
        console_table(report)
    if json_file is not None:
        write_whole(json_file, report.to_json() + "\n")
    if out is not None:
        print(f"report written to {out}", file=sys.stderr)
    return report.exit_status


SUBCOMMAND = Subcommand("check statements: verdicts, evidence, mutants", _run, _add_options)
