"""``vanishing table``: theory against measurement for one topic or for what a figure shows; verdicts on a paper."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from proofs_check import studies
from proofs_check.command.option_values import choice
from proofs_check.command.running import add_run_options, connected, progress_bars, verified
from proofs_check.command.subcommands import Subcommand
from proofs_check.registry import topics
from proofs_check.reporting.layout import fitted, width_shown
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

if TYPE_CHECKING:
    from proofs_check.reporting.tables import Table
    from proofs_check.studies import Study


def _add_options(parser: ArgumentParser) -> None:
    known = f"a topic ({', '.join(topics())}), or what a figure shows ({', '.join(studies.names())})"
    parser.add_argument("name", nargs="?", help=known)
    parser.add_argument("--paper", metavar="KEY", help="in place of a name: the claims of a paper, with their verdicts")
    parser.add_argument(
        "--format", help="latex, markdown (default; a list where the terminal is too narrow), csv or json"
    )
    add_run_options(parser)


def _run(options: Namespace) -> int:
    from proofs_check.reporting.tables import FORMATS

    show = _readable if options.format is None else choice("format", options.format, FORMATS)
    if options.paper is not None:
        return _paper_table(options, show)
    if options.name is None:
        raise InvalidArgument(
            "command", "the following arguments are required: name", "see 'vanishing table --help', or use --paper"
        )
    if options.name in studies.names():
        if options.name in topics():
            problem = f"both a topic and a study are called {options.name!r}"
            raise InvalidArgument("name", problem, "rename the study's file")
        return _study_table(options, studies.study(options.name), show)
    return _topic_table(options, show)


def _readable(table: Table) -> str:
    """Return the table in Markdown, or as a list for a terminal that would fold its rows."""
    from proofs_check.reporting.tables import to_list, to_markdown

    text, width = to_markdown(table), width_shown()
    rows = text.splitlines()[2:]  # without the caption
    return text if width is None or max(map(len, rows)) <= width else fitted(to_list(table), width)


def _topic_table(options: Namespace, show: Callable[[Table], str]) -> int:
    from proofs_check.registry import own_statements
    from proofs_check.reporting.tables import topic_table

    statements = [statement for statement in own_statements() if statement.topic == options.name]
    if not statements:
        known = dict.fromkeys(statement.topic for statement in own_statements())
        problem = f"there is no table {options.name!r}"
        raise InvalidArgument("name", problem, nearest(options.name, [*known, *studies.names()]))
    with connected(options) as workers, progress_bars() as told:
        report = verified(statements, options, workers, told)
    print(show(topic_table(report, options.name)), end="")
    return report.exit_status


def _paper_table(options: Namespace, show: Callable[[Table], str]) -> int:
    from proofs_check.papers import paper
    from proofs_check.registry import of_paper
    from proofs_check.reporting.tables import paper_table

    if options.name is not None:
        raise InvalidArgument("paper", f"is given beside the name {options.name!r}", "leave one of them out")
    chosen = paper(options.paper)
    with connected(options) as workers, progress_bars() as told:
        report = verified(of_paper(chosen), options, workers, told)
    print(show(paper_table(report, chosen)), end="")
    return report.exit_status


def _study_table(options: Namespace, study: Study, show: Callable[[Table], str]) -> int:
    from montecarlo import cluster, worker_pool

    samples = choice("profile", options.profile, study.samples)
    if options.store is not None:
        raise InvalidArgument("store", "this table is made at once, and keeps no blocks", "leave it out")
    with worker_pool(options.jobs) if options.cluster is None else cluster(options.cluster) as workers:
        table = study.make(workers, samples=samples, seed=options.seed)
    print(show(table), end="")
    return 0


SUBCOMMAND = Subcommand("theory against measurement for one topic, as a table", _run, _add_options)
