"""``vanishing statements``: list the statements."""

from __future__ import annotations

from argparse import Namespace

from proofs_check.command.subcommands import Subcommand


def _run(_: Namespace) -> int:
    from proofs_check.registry import own_statements

    statements = own_statements()
    width = max(len(statement.id) for statement in statements)
    for statement in statements:
        print(f"{statement.id:<{width}}  {statement.title}")
    return 0


SUBCOMMAND = Subcommand("list the statements", _run)
