"""``vanishing check``: a claim in, a verdict out."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from typing import TYPE_CHECKING

from proofs_check.command.claims import (
    add_claim_options,
    check_claim,
    claim_options,
    status_of,
    without_effect,
    worst,
)
from proofs_check.command.option_values import choice, writable_file
from proofs_check.command.running import progress_bars
from proofs_check.command.subcommands import Subcommand
from proofs_check.reporting.layout import fitted, width_shown
from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    from proofs_check.claims.checked import Checked


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("claim", nargs="?", help="e.g. 'E|a_L|^4 = (1+5/n)^L |x|^4'")
    parser.add_argument("--file", metavar="FILE", help="claims, one a line, each followed by its options")
    add_claim_options(parser)
    parser.add_argument("--format", default="text", help="text (default) or json")
    parser.add_argument("--save", metavar="FILE", help="write the claim as a statement there, for verify --module")


def _run(options: Namespace) -> int:
    choice("format", options.format, dict.fromkeys(("text", "json")))
    if (options.claim is None) == (options.file is None):
        problem = "is missing" if options.claim is None else "is given, and a file, too"
        raise InvalidArgument("claim", problem, "give either a claim, as in 'E|a_L|^2 = |x|^2', or --file FILE")
    return _one(options) if options.file is None else _batch(options)


def _one(options: Namespace) -> int:
    target = None if options.save is None else writable_file("save", options.save)
    if target is not None and target.exists():
        raise InvalidArgument("save", f"{options.save} is there already", "name another file, or remove it")
    from proofs_check.claims.checked import as_json, as_text

    try:
        found = _checked(options.claim, options)
    except InvalidArgument as bad:
        if options.format == "json":
            print(json.dumps({"claim": options.claim, "verdict": None, "problem": str(bad)}, ensure_ascii=False))
        raise
    source = None
    if target is not None:
        from proofs_check.claims.saving import as_statement

        source = as_statement(
            found,
            sizes=getattr(options, "for"),
            matrices=tuple(options.matrix),
            samples=options.samples,
            tolerance=options.tolerance,
            values=options.set,
        )
    width = width_shown()
    text = "\n".join([as_text(found, width), *without_effect(found, options)])
    print(as_json([found], batch=False) if options.format == "json" else fitted(text, width))
    if target is not None and source is not None:
        from proofs_check.reporting.files import write_whole

        write_whole(target, source)
        print(f"statement written to {target}", file=sys.stderr)
    return status_of(found, options.expect)


def _checked(claim: str, options: Namespace) -> Checked:
    with progress_bars() as told:
        return check_claim(claim, options, progress=None if told is None else partial(told, "sizes", claim))


def _batch(options: Namespace) -> int:
    """Check the claims of a file; one that cannot be read harms no other."""
    if options.save is not None:
        raise InvalidArgument("save", "writes one claim, and --file has many", "check it alone")
    from proofs_check.claims.batch import read_lines
    from proofs_check.claims.checked import as_data, as_line

    statuses, data = [], []
    for line in read_lines(options.file):
        try:
            own = claim_options(line, options)
            found = _checked(line.claim, own)
        except Exception as bad:  # whatever it is, it harms no other claim
            statuses.append(2)
            data.append({"claim": line.claim, "line": line.number, "verdict": None, "problem": str(bad)})
            print(f"vanishing: {options.file}, line {line.number}: {bad}", file=sys.stderr)
            continue
        statuses.append(status_of(found, own.expect))
        data.append({"line": line.number, **as_data(found)})
        if options.format == "text":
            print(fitted(as_line(found), width_shown()), flush=True)
    if options.format == "json":
        print(json.dumps(data, indent=2, allow_nan=False, ensure_ascii=False))
    return worst(statuses)


SUBCOMMAND = Subcommand("check a claim of your own: a verdict, and where it fails", _run, _add_options)
