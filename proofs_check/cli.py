"""The command ``vanishing``: reads the command line and hands over. Results to stdout, everything else to stderr."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shlex
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from proofs_check import discovery
from proofs_check.command import subcommands
from proofs_check.command.wording import in_options, option_of
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
        not be run, 3 if something is inconclusive, 130 if it was interrupted, 141 if nobody reads on.

    Examples
    --------
    >>> main(["derive", "kurtosis", "--width", "n", "--depth", "L", "--activation", "relu", "--init", "he"])
    E|a_L|^4/(E|a_L|^2)^2 = (1 + 5/n)**L
    networks: width=n depth=L activation=relu init=he law=normal architecture=plain
    assuming: the weights are normal
    assuming: the activation is linear, ReLU or leaky ReLU
    assuming: there are no biases
    assuming: the weights have variance 2/n
    assuming: a_k = phi(W_k a_(k-1)), a_0 = x, phi(z) = max(z, 0)
    assuming: L is the depth, the number of weight matrices
    assuming: n is the width of every layer
    0
    """
    if sys.stderr is None:  # 2>&-: then what print is told would go to stdout
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is None:  # >&-
        print("vanishing: cannot write the output: it is closed; send it to a file or to /dev/null", file=sys.stderr)
        return 2
    parser = _Parser(prog="vanishing", description="Theorems about random deep networks, checked by machine.")
    arguments = list(sys.argv[1:] if argv is None else argv)
    known = subcommands.names()
    try:
        if arguments and not arguments[0].startswith("-") and arguments[0] not in known:
            raise InvalidArgument("command", f"there is no command {arguments[0]!r}", nearest(arguments[0], known))
        _add_subcommands(parser, arguments[:1] if arguments and arguments[0] in known else known)
        options, unknown = parser.parse_known_args(arguments)
        if unknown:
            parser.of_command[arguments[0]].refuse_unknown(unknown[0])
        options.command_line = shlex.join(["vanishing", *arguments])
        status = int(options.run(options))
        sys.stdout.flush()  # a reader that has gone is noticed here, not at exit
        return status
    except InvalidArgument as bad:
        print(f"vanishing: {parser.told(bad, arguments)}", file=sys.stderr)
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
        return _UNREAD
    except OSError as failed:
        _silence_stdout()
        where = failed.filename or "the output"
        print(
            f"vanishing: cannot write {where}: {failed.strerror}; free some space or write elsewhere", file=sys.stderr
        )
        return 2


_UNREAD = 141
"""128 + SIGPIPE, as if the signal had ended the process: 0 would say "supported", and 1 "refuted"."""


def _silence_stdout() -> None:
    """Send what is still buffered nowhere, so that Python does not try it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """Refuses arguments in one line, and knows how an argument's name is shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.options: set[str] = set()
        self.positionals = {"command"}
        super().__init__(*args, **kwargs)
        self._negative_number_matcher = re.compile(r"-\.?\d")  # -1/2 and -1,2,2 are values, too
        self.of_command: dict[str, _Parser] = {}

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """Add an argument, and remember whether it is an option."""
        action = super().add_argument(*args, **kwargs)
        if action.option_strings:
            self.options.update(action.option_strings)
        else:
            self.positionals.add(action.dest)
        return action

    def told(self, bad: InvalidArgument, arguments: Sequence[str]) -> str:
        """Return a refusal in the words of the command that was typed: options in place of arguments."""
        chosen = self.of_command.get(arguments[0], self) if arguments else self
        option = None if bad.argument in chosen.positionals else option_of(bad.argument, chosen.options)
        own = frozenset() if bad.argument == "set" else chosen.options  # there c=1 gives a letter, and no option
        problem, remedy = (in_options(text, own) for text in (bad.problem, bad.remedy))
        return f"{option or bad.argument}: {_short(problem)}; {_short(remedy)}"

    def refuse_unknown(self, word: str) -> NoReturn:
        """Refuse a word that is no argument of this command, with the option that was probably meant.

        Raises
        ------
        InvalidArgument
            Always.
        """
        see = f"see '{self.prog} --help'"
        if not word.startswith("-"):
            raise InvalidArgument("command", f"nothing is expected where {word!r} stands", see)
        option = word.partition("=")[0]
        close = difflib.get_close_matches(option, self.options, n=1, cutoff=0.6)
        remedy = f"did you mean {close[0]}? {see}" if close else see
        raise InvalidArgument(option, f"'{self.prog}' has no such option", remedy)

    def error(self, message: str) -> NoReturn:
        """Refuse what argparse refuses, in one line."""
        found = re.fullmatch(r"argument (--[\w-]+): (.*)", message)
        argument, problem = found.groups() if found else ("command", message)
        raise InvalidArgument(argument, problem, f"see '{self.prog} --help'")


_LONGEST = 600
"""Numbers of thousands of digits are cut in errors, which are then still of one line."""


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}...{text[-_LONGEST // 2 :]}"


def _add_subcommands(parser: _Parser, names: Sequence[str]) -> None:
    """Add these subcommands: the one that is typed, or all where none is, for ``--help``."""
    if len(names) > 1:
        from proofs_check.verification.provenance import version

        parser.add_argument("--version", action="version", version=f"%(prog)s {version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for name in names:
        subcommand = subcommands.subcommand(name)
        parser.of_command[name] = commands.add_parser(name, help=subcommand.text, description=subcommand.text)
        subcommand.add_options(parser.of_command[name])
        parser.of_command[name].set_defaults(run=subcommand.run)


if __name__ == "__main__":
    sys.exit(main())
