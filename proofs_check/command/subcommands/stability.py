"""``vanishing stability``: the largest learning rates at which minibatches are stable, on one's own curvatures."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from fractions import Fraction

from proofs_check.command.option_values import ReadValue, choice, exact_number, integer, natural
from proofs_check.command.running import patience
from proofs_check.command.subcommands import Subcommand
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction


def _curvatures(name: str, text: str) -> list[Fraction]:
    """Read numbers with commas between them, or a file of numbers."""
    from pathlib import Path

    from proofs_check.implicit_bias.csv_data import read_vector

    words = [word.strip() for word in text.split(",")]
    if "," not in text and Path(text).is_file():
        return read_vector(name, text)
    found = []
    for word in words:
        try:
            found.append(exact_fraction(name, word))
        except InvalidArgument:
            problem = f"{word!r} is neither a number nor a file" if word else f"{text!r} has an empty entry"
            raise InvalidArgument(name, problem, f"use e.g. --{name} 0.5,0.8,1,1.2, or a CSV file") from None
    return found


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--curvatures",
        action=ReadValue,
        read=_curvatures,
        metavar="NUMBERS|FILE",
        help="the curvature of each example, such as 0.5,0.8,1,1.2, or a CSV file with one a line",
    )
    parser.add_argument(
        "--batch", action=ReadValue, read=integer, metavar="S", help="examples in a minibatch, without replacement"
    )
    parser.add_argument(
        "--momentum", action=ReadValue, read=exact_number, default=Fraction(0), help="of heavy ball, 0 (default) to 1"
    )
    parser.add_argument(
        "--reshuffled", action="store_true", help="every example once in an epoch; else minibatches drawn afresh"
    )
    parser.add_argument("--seed", action=ReadValue, read=natural, default=0, help="of the simulated paths (default 0)")
    parser.add_argument("--format", default="text", help="text (default) or json")
    parser.epilog = (
        "Decimals are read exactly. In mean square the rate is exact for fresh minibatches, and enclosed for epochs; "
        "typically it is enclosed without momentum, and bounded with it."
    )


def _run(options: Namespace) -> int:
    shown = choice("format", options.format, dict.fromkeys(("text", "json"), options.format))
    for name, example in (("curvatures", "0.5,0.8,1,1.2"), ("batch", "2")):
        if getattr(options, name) is None:
            raise InvalidArgument(name, "is missing", f"use e.g. --{name} {example}")
    from proofs_check.sgd_stability.rates import stable_rates
    from proofs_check.sgd_stability.showing import as_json, as_text

    with patience("following paths"):
        found = stable_rates(
            options.curvatures, options.batch, options.momentum, reshuffled=options.reshuffled, seed=options.seed
        )
    print(as_text(found) if shown == "text" else as_json(found))
    return 0


SUBCOMMAND = Subcommand("the largest stable learning rates of minibatches, on your own curvatures", _run, _add_options)
