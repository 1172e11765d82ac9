"""The command ``vanishing``: reads the command line and hands over. Results to stdout, everything else to stderr."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from proofs_check import discovery
from proofs_check.command import subcommands
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; by default those of the process.

    Returns
    -------
    int
        The exit status: 0 if all is supported, 1 if something is refuted, 2 for a wrong use or a statement that could
        not be run, 3 if something is inconclusive, 130 if it was interrupted.

    Examples
    --------
    >>> main(["derive", "kurtosis", "--width", "n", "--depth", "L", "--activation", "relu", "--init", "he"])
    (1 + 5/n)**L
    assuming: the weights are normal
    assuming: the activation is linear, ReLU or leaky ReLU
    assuming: there are no biases
    assuming: the weights have variance 2/n
    assuming: norm_x is |x| and norm4_x is |x|_4 of the input x; symbols of sizes are positive integers
    0
    """
    parser = _Parser(prog="vanishing", description="Theorems about random deep networks, checked by machine.")
    arguments = list(sys.argv[1:] if argv is None else argv)
    known = subcommands.names()
    try:
        if arguments and not arguments[0].startswith("-") and arguments[0] not in known:
            raise InvalidArgument("command", f"there is no command {arguments[0]!r}", nearest(arguments[0], known))
        _add_subcommands(parser)
        options = parser.parse_args(arguments)
        status = int(options.run(options))
        sys.stdout.flush()  # a reader that has gone is noticed here, not at exit
        return status
    except InvalidArgument as bad:
        print(f"vanishing: {parser.shown(bad.argument, arguments)}: {bad.problem}; {bad.remedy}", file=sys.stderr)
        return 2
    except discovery.Unusable as unusable:
        print(f"vanishing: {unusable}; mend the file, or take it away", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("vanishing: interrupted", file=sys.stderr)
        return 130
    except MemoryError as failed:
        print(f"vanishing: out of memory ({failed}); use smaller sizes or fewer samples", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has gone
        _silence_stdout()
        return 0
    except OSError as failed:
        _silence_stdout()
        where = failed.filename or "the output"
        print(
            f"vanishing: cannot write {where}: {failed.strerror}; free some space or write elsewhere", file=sys.stderr
        )
        return 2


def _silence_stdout() -> None:
    """Send what is still buffered nowhere, so that Python does not try it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """Refuses arguments in one line, and knows how an argument's name is shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._negative_number_matcher = re.compile(r"-\.?\d")  # -1/2 and -1,2,2 are values, too
        self.positionals = {"command"}
        self.of_command: dict[str, _Parser] = {}

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """Add an argument, and remember whether it is an option."""
        action = super().add_argument(*args, **kwargs)
        if not action.option_strings:
            self.positionals.add(action.dest)
        return action

    def shown(self, argument: str, arguments: Sequence[str]) -> str:
        """Return an argument's name as it stands on this command line: with ``--`` if it is an option."""
        chosen = self.of_command.get(arguments[0], self) if arguments else self
        return ("" if argument in chosen.positionals else "--") + argument.replace("_", "-")

    def error(self, message: str) -> NoReturn:
        """Refuse what argparse refuses, in one line."""
        raise InvalidArgument("command", message, f"see '{self.prog} --help'")


def _add_subcommands(parser: _Parser) -> None:
    from importlib.metadata import version

    parser.add_argument("--version", action="version", version=f"%(prog)s {version('vanishing-curvature')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for name in subcommands.names():
        subcommand = subcommands.subcommand(name)
        parser.of_command[name] = commands.add_parser(name, help=subcommand.text, description=subcommand.text)
        subcommand.add_options(parser.of_command[name])
        parser.of_command[name].set_defaults(run=subcommand.run)


if __name__ == "__main__":
    sys.exit(main())
