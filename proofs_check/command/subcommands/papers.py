"""``vanishing papers``: list the papers, or the claims of one with the statements that check them."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from proofs_check.command.subcommands import Subcommand
from proofs_check.paper import Paper
from proofs_check.papers import paper, papers
from proofs_check.reporting.layout import fitted, named_lines, width_shown


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("paper", nargs="?", metavar="KEY", help="show the claims of this one, e.g. orvieto-2021")


def _run(options: Namespace) -> int:
    if options.paper is None:
        _list(papers())
    else:
        _show(paper(options.paper))
    return 0


def _list(known: tuple[Paper, ...]) -> None:
    print(named_lines([(one.key, one.found, _counted(one), one.title) for one in known], width_shown()))


def _show(one: Paper) -> None:
    lines = [f"{one.key}\n\n{one.title}\n{one.authors}\n{one.found}"]
    if one.published and one.arxiv:
        lines.append(f"Published: {one.published}")
    lines.append(f"\nClaims, {_counted(one)}:")
    for number, claim in enumerate(one.claims, 1):
        lines.append(f"\n{number}. {claim.sentence} ({claim.where})")
        lines += [f"   - {line}" for line in claim.ids or (f"not checked: {claim.why}",)]
    print(fitted("\n".join(lines), width_shown()))


def _counted(one: Paper) -> str:
    return f"{one.checked} of {len(one.claims)} checked"


SUBCOMMAND = Subcommand("list the papers, or the claims of one and what checks them", _run, _add_options)
