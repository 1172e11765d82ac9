"""``vanishing check``: a claim in, a verdict out."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from typing import TYPE_CHECKING, Any

from proofs_check.command.asking import ENSEMBLE_OPTIONS, add_ensemble_options, read_ensemble
from proofs_check.command.option_values import ReadValue, choice, positive, probability, writable_file
from proofs_check.command.running import add_jobs, add_seed, progress_bars
from proofs_check.command.subcommands import Subcommand
from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    from proofs_check.claims.checked import Checked

_VERDICTS = ("supported", "refuted", "inconclusive")


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("claim", nargs="?", help="e.g. 'E|a_L|^4 = (1+5/n)^L |x|^4'")
    parser.add_argument("--file", metavar="FILE", help="claims, one a line, each followed by its options")
    _add_claim_options(parser)
    parser.add_argument("--format", default="text", help="text (default) or json")
    parser.add_argument("--save", metavar="FILE", help="write the claim as a statement there, for verify --module")


def _add_claim_options(parser: ArgumentParser) -> None:
    """Add what a line of a file of claims may say, too."""
    parser.add_argument(
        "--for", dest="for", metavar="SIZES", help="n=1..64,L=1..64 or 'n>=12' or L=beta*n (default: all)"
    )
    parser.add_argument("--latex", action="store_true", help="the claim is written in LaTeX")
    parser.add_argument(
        "--matrix", action="append", default=[], metavar="NAME", help="'W: normal 1/n, n by n', for E tr(W*A*W.T*A)"
    )
    parser.add_argument("--expect", metavar="VERDICT", help="exit with 0 if this is the verdict, else with 1")
    parser.add_argument(
        "--samples", action=ReadValue, read=positive, help="networks at each size, where they are drawn (default 20000)"
    )
    parser.add_argument(
        "--tolerance", action=ReadValue, read=probability, default=0.05,
        help="by how much the sides of an equation may differ, where networks are drawn (default 0.05)",
    )  # fmt: skip
    parser.add_argument(
        "--error", action=ReadValue, read=probability, default=1e-6, help="of the intervals together (default 1e-6)"
    )
    parser.add_argument("--seconds", help="for how long sizes are tried where each takes long (default 4)")
    add_seed(parser)
    add_jobs(parser, "threads")
    add_ensemble_options(parser)


def _run(options: Namespace) -> int:
    choice("format", options.format, dict.fromkeys(("text", "json")))
    if (options.claim is None) == (options.file is None):
        problem = "is missing" if options.claim is None else "is given, and a file, too"
        raise InvalidArgument("claim", problem, "give either a claim, as in 'E|a_L|^2 = |x|^2', or --file FILE")
    if options.file is not None:
        return _batch(options)
    target = None if options.save is None else writable_file("save", options.save)
    from proofs_check.claims.checked import as_json, as_text

    found = _checked(options.claim, options)
    source = None
    if target is not None:
        from proofs_check.claims.saving import as_statement

        source = as_statement(found, sizes=getattr(options, "for"), matrices=tuple(options.matrix))
    print(as_json([found], batch=False) if options.format == "json" else as_text(found))
    if target is not None and source is not None:
        from proofs_check.reporting.files import write_whole

        write_whole(target, source)
        print(f"statement written to {target}", file=sys.stderr)
    return _status(found, options)


def _status(found: Checked, options: Namespace) -> int:
    if options.expect is None:
        return found.exit_status
    return 0 if found.verdict.value == options.expect else 1


def _checked(claim: str, options: Namespace) -> Checked:
    from proofs_check.claims.checking import check

    if options.matrix:
        _require_no_ensemble(options)
    if options.expect is not None:
        choice("expect", options.expect, dict.fromkeys(_VERDICTS))
    with progress_bars() as told:
        return check(
            claim,
            _ensemble(options),
            sizes=getattr(options, "for"),
            latex=options.latex,
            matrices=options.matrix,
            samples=options.samples,
            seed=options.seed,
            tolerance=options.tolerance,
            error=options.error,
            seconds=_seconds(options.seconds),
            jobs=options.jobs,
            progress=None if told is None else partial(told, "sizes", claim),
        )


def _require_no_ensemble(options: Namespace) -> None:
    """Refuse options that say nothing about products of matrices."""
    for name in (*ENSEMBLE_OPTIONS, "for"):
        if getattr(options, name) is not None:
            problem = "does not apply to a claim about products of matrices"
            raise InvalidArgument(name, problem, "put sizes into --matrix, as in 'W: normal 1/4, 4 by 4'")


def _ensemble(options: Namespace) -> Any:
    """Return the ensemble; sizes that were not given are the letters n and L."""
    if options.widths is None:
        options = Namespace(**{**vars(options), "width": options.width or "n", "depth": options.depth or "L"})
    return read_ensemble(options)


def _seconds(text: str | None) -> float:
    try:
        value = 4.0 if text is None else float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e6:
        raise InvalidArgument("seconds", f"must be a positive number, got {text!r}", "use e.g. --seconds 60")
    return value


def _batch(options: Namespace) -> int:
    """Check the claims of a file; one that cannot be read harms no other."""
    if options.save is not None:
        raise InvalidArgument("save", "writes one claim, and --file has many", "check it alone")
    import json

    from proofs_check.claims.batch import read_lines
    from proofs_check.claims.checked import as_data, as_line

    parser = ArgumentParser(add_help=False, exit_on_error=False)
    _add_claim_options(parser)
    statuses, data = [], []
    for line in read_lines(options.file):
        try:
            own = _line_options(parser, line.options, options)
            found = _checked(line.claim, own)
        except InvalidArgument as bad:
            statuses.append(2)
            data.append({"claim": line.claim, "line": line.number, "verdict": None, "problem": str(bad)})
            print(f"vanishing: {options.file}, line {line.number}: {bad}", file=sys.stderr)
            continue
        statuses.append(_status(found, own))
        data.append({"line": line.number, **as_data(found)})
        if options.format == "text":
            print(as_line(found), flush=True)
    if options.format == "json":
        print(json.dumps(data, indent=2, allow_nan=False, ensure_ascii=False))
    return next((status for status in (2, 1, 3) if status in statuses), 0)


def _line_options(parser: ArgumentParser, given: tuple[str, ...], options: Namespace) -> Namespace:
    """Return the options of a line, on top of those of the command."""
    import argparse

    try:
        own, unknown = parser.parse_known_args(
            list(given), Namespace(**{**vars(options), "matrix": list(options.matrix)})
        )
    except argparse.ArgumentError as bad:
        raise InvalidArgument("file", str(bad), "see 'vanishing check --help'") from None
    if unknown:
        raise InvalidArgument("file", f"{unknown[0]} is no option of a claim", "see 'vanishing check --help'")
    return own


SUBCOMMAND = Subcommand("check a claim of your own: a verdict, and where it fails", _run, _add_options)
