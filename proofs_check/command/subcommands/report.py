"""``vanishing report``: check statements, and write a page of HTML that can be sent to others."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from proofs_check.command.modules import add_choice, chosen
from proofs_check.command.option_values import choice, writable_file
from proofs_check.command.running import add_run_options, connected, progress_bars, verified
from proofs_check.command.subcommands import Subcommand
from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    from proofs_check.reporting.records import ReportRecord

_OF_A_RUN = ("id", "module", "paper", "profile", "seed", "cluster", "store")
"""What a report that is there already has settled."""


def _add_options(parser: ArgumentParser) -> None:
    add_choice(parser)
    parser.add_argument("--from", dest="source", metavar="FILE", help="verify nothing: show this report.json")
    parser.add_argument("--out", required=True, metavar="FILE", help="the page, an .html file")
    add_run_options(parser)
    parser.set_defaults(profile=None, seed=None)  # so that it is known whether they were typed


def _run(options: Namespace) -> int:
    from proofs_check.command.report import require_figures
    from proofs_check.reporting.page import require_packages

    if Path(options.out).suffix not in (".html", ".htm"):
        raise InvalidArgument("out", f"{options.out!r} is no name of a page", "use e.g. --out report.html")
    require_packages()
    require_figures()
    out = writable_file("out", options.out)
    status = _shown_again(options, out) if options.source is not None else _verified(options, out)
    print(f"report written to {out}", file=sys.stderr)
    return status


def _shown_again(options: Namespace, out: Path) -> int:
    from proofs_check.command.report import write_page
    from proofs_check.verification.results import EXIT_STATUS

    record = _read(options)
    with progress_bars() as told:
        write_page(record, out, told, options.jobs)
    return EXIT_STATUS[record.verdict]


def _verified(options: Namespace, out: Path) -> int:
    from proofs_check.command.report import with_its_origin, write_page
    from proofs_check.reporting.records import read_report
    from proofs_check.verification.verifying import PROFILES

    options.profile = choice("profile", options.profile or "quick", dict(zip(PROFILES, PROFILES, strict=True)))
    options.seed = options.seed or 0
    asked = chosen(options)
    began = datetime.now().astimezone()
    with connected(options) as workers, progress_bars() as told:
        report = verified(asked.statements, options, workers, told, asked.faults)
        report = with_its_origin(report, options, began, asked.papers)
        write_page(read_report(report.to_json()), out, told, options.jobs)
    return report.exit_status


def _read(options: Namespace) -> ReportRecord:
    from proofs_check.reporting.records import read_report

    for name in _OF_A_RUN:
        if getattr(options, name) not in (None, []):
            problem = "has no effect on a report that is there already"
            raise InvalidArgument(name, problem, "leave it out, or leave out --from")
    try:
        text = Path(options.source).read_text(encoding="utf-8")
    except (OSError, ValueError) as bad:
        reason = bad.strerror if isinstance(bad, OSError) else "it is no text"
        raise InvalidArgument("from", f"{options.source} cannot be read: {reason}", "name a report.json") from None
    return read_report(text)


SUBCOMMAND = Subcommand("check statements, and write a page of HTML about them", _run, _add_options)
