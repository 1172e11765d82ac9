"""``vanishing statements``: list the statements."""

from __future__ import annotations

from argparse import Namespace

from proofs_check.command.modules import add_modules, chosen_statements
from proofs_check.command.subcommands import Subcommand


def _run(options: Namespace) -> int:
    statements, faults = chosen_statements(options)
    width = max((len(statement.id) for statement in statements), default=0)
    for statement in statements:
        print(f"{statement.id:<{width}}  {statement.title}")
    return 2 if faults else 0


SUBCOMMAND = Subcommand("list the statements", _run, add_modules)
