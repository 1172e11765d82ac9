"""``vanishing certify``: write the proofs as Coq files, and let Coq check them."""

from __future__ import annotations

import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from proofs_check.command.modules import add_modules, chosen_statements
from proofs_check.command.running import add_jobs
from proofs_check.command.subcommands import Subcommand
from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    from proofs_check.certificates.projects import Certificate
    from proofs_check.statement import Statement


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("id", nargs="*", metavar="ID-PATTERN", help="ids such as 'forward.*'; all by default")
    add_modules(parser)
    parser.add_argument("--out", metavar="DIR", help="write the Coq project there; without it, it is only checked")
    parser.add_argument("--unchecked", action="store_true", help="write the files, and do not run Coq")
    parser.add_argument("--quick", action="store_true", help="coqchk leaves out Coq's own library")
    add_jobs(parser, "files at once")


def _run(options: Namespace) -> int:
    from proofs_check.certificates import coqc
    from proofs_check.certificates.projects import project, require_room, write_project
    from proofs_check.registry import select

    if options.unchecked and options.out is None:
        raise InvalidArgument("unchecked", "neither writes nor checks", "name a folder with --out DIR")
    if not options.unchecked:
        coqc.require_coq()
    if options.out is not None:
        if not options.out:
            raise InvalidArgument("out", "is empty", "name a folder")
        require_room(Path(options.out))
    among, faults = chosen_statements(options)
    statements = select(options.id, among) if among else ()
    certificates, unwritten = _written(statements, options.id)
    texts = project(certificates)
    with _folder(options.out) as name:
        folder = Path(name)
        write_project(texts, folder)
        if options.unchecked:
            for one in certificates:
                print(f"{one.id:30}  written    {one.contents}")
            failed = False
        else:
            failed = not _checked(folder, certificates, options)
    if options.out is not None:
        print(f"written to {options.out}: make -C {options.out} checks it again", file=sys.stderr)
    if faults:
        return 2
    return 1 if failed or unwritten else 0


def _folder(out: str | None) -> AbstractContextManager[str]:
    if out is not None:
        return nullcontext(out)
    return tempfile.TemporaryDirectory(prefix="vanishing-certify-")


def _written(statements: Sequence[Statement], patterns: Sequence[str]) -> tuple[list[Certificate], int]:
    """Write what has a proof; what has none is no error, unless it is named."""
    from proofs_check.certificates.projects import certificate, proofs_of, require_sound

    certificates, unwritten = [], 0
    for statement in statements:
        if not proofs_of(statement):
            if statement.id in patterns:
                problem = f"{statement.id} has no proof to certify, only evidence of other tiers"
                raise InvalidArgument("id", problem, f"see 'vanishing show {statement.id}'")
            print(f"{statement.id:30}  no proof")
            continue
        try:
            require_sound(statement)
            certificates.append(certificate(statement))
        except InvalidArgument as bad:
            unwritten += 1
            print(f"{statement.id:30}  not written: {bad.problem}")
    if not certificates and not unwritten:
        raise InvalidArgument("id", "none of these statements has a proof", "see 'vanishing statements'")
    return certificates, unwritten


def _checked(folder: Path, certificates: Sequence[Certificate], options: Namespace) -> bool:
    """Compile, tell what closed, and let the checker go through what did."""
    from proofs_check.certificates import coqc

    by_name = {one.name: one for one in certificates}

    def tell(checked: coqc.Checked) -> None:
        one = by_name[checked.name]
        verdict = f"closed     {one.contents}" if checked.closed else f"not closed: {checked.problem}"
        print(f"{one.id:30}  {verdict}  ({checked.seconds:.1f} s)", flush=True)

    coqc.compile_theory(folder)
    results = coqc.compile_files(folder, list(by_name), options.jobs, tell)
    closed = [checked.name for checked in results if checked.closed]
    well = len(closed) == len(results)
    if closed:
        again = coqc.check_again(folder, closed, library=not options.quick)
        verdict = "checked again, Coq's own library left out" if options.quick else "checked again, Coq's library too"
        verdict = verdict if again.closed else again.problem
        print(f"{'coqchk':30}  {'closed    ' if again.closed else 'not closed:'} {verdict}  ({again.seconds:.1f} s)")
        well = well and again.closed
    axioms = sorted({axiom.rsplit(".", 1)[-1] for checked in results for axiom in checked.axioms})
    print(f"{len(closed)} of {len(results)} closed; axioms: {', '.join(axioms) or 'none'}")
    return well


SUBCOMMAND = Subcommand("write the proofs as Coq files, and let Coq check them", _run, _add_options)
