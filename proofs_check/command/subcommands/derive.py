"""``vanishing derive``: a quantity as theory has it, a formula or a number."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from proofs_check.command.asking import add_quantity, add_query_options, read_closed_form, read_query
from proofs_check.command.option_values import ReadValue, choice, letter_values
from proofs_check.command.running import patience
from proofs_check.command.subcommands import Subcommand


def _add_options(parser: ArgumentParser) -> None:
    add_quantity(parser, closed_forms=True)
    parser.add_argument("--format", default="text", help="text (default), latex, python or json")
    add_query_options(parser, "derive")
    parser.add_argument(
        "--set",
        action=ReadValue,
        read=letter_values,
        help="letters of a closed form, such as linear2.distance-law: h=16,a=1/2,theta=3/2,d=4",
    )
    parser.epilog = "An option that does not apply to the quantity is refused, with those that do."


def _run(options: Namespace) -> int:
    from proofs_check.answers import formats
    from proofs_check.answers.asking import derive
    from proofs_check.answers.closed_forms import closed_form

    known = {
        "text": formats.derivation_text,
        "latex": formats.derivation_latex,
        "python": formats.derivation_python,
        "json": formats.derivation_json,
    }
    show = choice("format", options.format, known)
    if "." in options.quantity:
        values = read_closed_form(options)
        with patience("deriving"):
            shown = show(closed_form(options.quantity, values, digits=options.digits))
    else:
        quantity, net, asked = read_query(options, "derive")
        with patience("deriving"):
            shown = show(derive(quantity, net, **asked))
    print(shown)
    return 0


SUBCOMMAND = Subcommand("derive a quantity exactly", _run, _add_options)
