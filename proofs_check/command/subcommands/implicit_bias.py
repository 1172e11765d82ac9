"""``vanishing implicit-bias``: which interpolant of one's own data gradient flow selects."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from proofs_check.command.option_values import ReadValue, choice, letter_values
from proofs_check.command.running import patience
from proofs_check.command.subcommands import Subcommand
from theory.ensembles import InvalidArgument


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--design", metavar="FILE", help="a CSV file with one input a line, fewer lines than columns")
    parser.add_argument("--targets", metavar="FILE", help="a CSV file with one target a line")
    parser.add_argument(
        "--parametrization",
        metavar="NETWORK",
        default="diagonal",
        help="diagonal (default), depth:N (N up to 30), neuron or pair",
    )
    parser.add_argument(
        "--start",
        action=ReadValue,
        read=letter_values,
        help="of diagonal alpha=1/10,s=0; of depth:N alpha=1/10; of neuron 'a=1,w=(0,1)'; of pair h=64,a=1/2,seed=0 "
        "(h up to 512)",
    )
    parser.add_argument("--format", default="text", help="text (default) or json")
    parser.epilog = (
        "Decimals are read exactly. The simulated run is gradient flow of half the summed squared residuals."
    )


def _run(options: Namespace) -> int:
    shown = choice("format", options.format, dict.fromkeys(("text", "json"), options.format))
    for name in ("design", "targets"):
        if getattr(options, name) is None:
            raise InvalidArgument(name, "is missing", f"use e.g. --{name} {'X' if name == 'design' else 'y'}.csv")
    from proofs_check.implicit_bias.csv_data import read_matrix, read_vector
    from proofs_check.implicit_bias.selecting import selected_solution
    from proofs_check.implicit_bias.showing import as_json, as_text

    design, targets = read_matrix("design", options.design), read_vector("targets", options.targets)
    with patience("following the flow"):
        found = selected_solution(design, targets, options.parametrization, options.start)
    print(as_text(found) if shown == "text" else as_json(found))
    return 0


SUBCOMMAND = Subcommand("the solution of your own regression that gradient flow selects", _run, _add_options)
