"""``vanishing derive``: a quantity as theory has it, a formula or a number."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from proofs_check.command.asking import add_quantity, add_query_options, read_query
from proofs_check.command.option_values import choice
from proofs_check.command.running import patience
from proofs_check.command.subcommands import Subcommand


def _add_options(parser: ArgumentParser) -> None:
    add_quantity(parser)
    parser.add_argument("--format", default="text", help="text (default), latex, python or json")
    add_query_options(parser, "derive")
    parser.epilog = "An option that does not apply to the quantity is refused, with those that do."


def _run(options: Namespace) -> int:
    from proofs_check.answers import formats
    from proofs_check.answers.asking import derive

    known = {
        "text": formats.derivation_text,
        "latex": formats.derivation_latex,
        "python": formats.derivation_python,
        "json": formats.derivation_json,
    }
    show = choice("format", options.format, known)
    quantity, net, asked = read_query(options, "derive")
    with patience("deriving"):
        shown = show(derive(quantity, net, **asked))
    print(shown)
    return 0


SUBCOMMAND = Subcommand("derive a quantity exactly", _run, _add_options)
