"""``vanishing statements``: list the statements."""

from __future__ import annotations

from argparse import Namespace

from proofs_check.command.modules import add_modules, chosen_statements
from proofs_check.command.subcommands import Subcommand
from proofs_check.reporting.layout import named_lines, width_shown


def _run(options: Namespace) -> int:
    statements, faults = chosen_statements(options)
    if statements:
        print(named_lines([(statement.id, statement.title) for statement in statements], width_shown()))
    return 2 if faults else 0


SUBCOMMAND = Subcommand("list the statements", _run, add_modules)
