"""``vanishing show``: claim, source, assumptions, evidence and mutants of one statement."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proofs_check.command.modules import add_modules, chosen_statements
from proofs_check.command.subcommands import Subcommand
from proofs_check.reporting.layout import fitted, width_shown
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

if TYPE_CHECKING:
    from proofs_check.statement import Statement


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("id")
    add_modules(parser)


def _run(options: Namespace) -> int:
    statements, _ = chosen_statements(options)
    statement = _named(options.id, statements)
    lines = [f"{statement.id}\n\n{statement.title}\n\n{statement.latex}\n\nSource: {statement.source}\n"]
    lines.append(f"Domain: {statement.domain.words}\n")
    lines += ["Assumptions:", *(f"  - {assumption.sentence}" for assumption in statement.assumptions)]
    lines += ["\nEvidence:", *(f"  - {e.tier.value}: {evidence_text(e)}" for e in statement.evidence)]
    lines += ["\nMutants, which the evidence must refute:", *(f"  - {mutant.name}" for mutant in statement.mutants)]
    print(fitted("\n".join(lines), width_shown()))
    return 0


def _named(name: str, among: Sequence[Statement]) -> Statement:
    from proofs_check.registry import require_different_ids

    require_different_ids(among)
    statements = {statement.id: statement for statement in among}
    if name not in statements:
        raise InvalidArgument("id", f"there is no statement {name!r}", nearest(name, statements))
    return statements[name]


def evidence_text(evidence: Any) -> str:
    """Return what one piece of evidence checks, and of which networks.

    Parameters
    ----------
    evidence : Evidence
        The piece of evidence.
    """
    net = getattr(evidence, "net", None)
    return evidence.check if net is None else f"{evidence.check}: {net.describe()}"


SUBCOMMAND = Subcommand("show one statement", _run, _add_options)
