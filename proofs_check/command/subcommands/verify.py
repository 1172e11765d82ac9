"""``vanishing verify``: check statements, and print their verdicts or write a report."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from datetime import datetime

from proofs_check.command.modules import add_choice, chosen
from proofs_check.command.option_values import choice, writable_file, writable_folder
from proofs_check.command.running import add_run_options, connected, progress_bars, verified
from proofs_check.command.subcommands import Subcommand


def _add_options(parser: ArgumentParser) -> None:
    add_choice(parser)
    parser.add_argument("--json", metavar="FILE", help="write the report there ('-': to stdout, without the table)")
    parser.add_argument("--out", metavar="DIR", help="write the report as a page, tables, the figure and JSON there")
    add_run_options(parser)


def _run(options: Namespace) -> int:
    from proofs_check.command.report import console_table, with_its_origin, write_report
    from proofs_check.reporting.files import write_whole
    from proofs_check.verification.verifying import PROFILES

    choice("profile", options.profile, dict.fromkeys(PROFILES))
    asked = chosen(options)
    out = None if options.out is None else writable_folder(options.out)
    to_stdout = options.json == "-"
    json_file = None if options.json is None or to_stdout else writable_file("json", options.json)
    began = datetime.now().astimezone()
    with connected(options) as workers, progress_bars() as told:
        report = verified(asked.statements, options, workers, told, asked.faults)
        report = with_its_origin(report, options, began, asked.papers)
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
