"""Options that belong to a claim, on the command line and behind a claim in a file; and the check that they ask for."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from proofs_check.command.asking import ENSEMBLE_OPTIONS, add_ensemble_options, read_ensemble
from proofs_check.command.option_values import ReadValue, choice, letter_values, positive, probability
from proofs_check.command.running import add_jobs, add_seed
from theory.ensembles import Ensemble, InvalidArgument

if TYPE_CHECKING:
    from proofs_check.claims.batch import Line
    from proofs_check.claims.checked import Checked

_DRAWING = {"samples": None, "tolerance": 0.05, "error": 1e-6}
"""What says how networks are drawn, with its defaults."""
VERDICTS = ("supported", "refuted", "inconclusive")


def add_claim_options(parser: ArgumentParser) -> None:
    """Add the options of a claim: its sizes, its networks, and what is drawn where only drawing tells."""
    parser.add_argument("--for", metavar="SIZES", help="n=1..64,L=1..64 or 'n>=12' or L=beta*n (default: all sizes)")
    parser.add_argument("--latex", action="store_true", help="the claim is written in LaTeX")
    parser.add_argument(
        "--matrix", action="append", default=[], metavar="NAME", help="'W: normal 1/n, n by n', for E tr(W*A*W.T*A)"
    )
    parser.add_argument(
        "--set", action=ReadValue, read=letter_values, metavar="LETTERS",
        help="a=1/2,theta=3/2 for a claim about closed forms, such as 'linear2.distance-law <= 6/h'; n=3 for matrices",
    )  # fmt: skip
    parser.add_argument("--expect", metavar="VERDICT", help="exit with 0 if this is the verdict, else with 1")
    parser.add_argument(
        "--samples", action=ReadValue, read=positive, help="networks at each size, where they are drawn (default 20000)"
    )
    parser.add_argument(
        "--tolerance", action=ReadValue, read=probability, default=_DRAWING["tolerance"],
        help="by how much a statistic of an equation may be off, where networks are drawn (default 0.05)",
    )  # fmt: skip
    parser.add_argument(
        "--error", action=ReadValue, read=probability, default=_DRAWING["error"],
        help="of the intervals together (default 1e-6)",
    )  # fmt: skip
    parser.add_argument("--seconds", help="for how long sizes are tried where each takes long (default 4)")
    add_seed(parser)
    add_jobs(parser, "threads")
    add_ensemble_options(parser)


def claim_options(line: Line, start: Namespace | None = None) -> Namespace:
    """Return the options that stand behind a claim in a file, on top of those of the command.

    Parameters
    ----------
    line : Line
        The claim's line.
    start : argparse.Namespace, optional
        The options of the command.

    Raises
    ------
    InvalidArgument
        If one of them is no option of a claim.

    Examples
    --------
    >>> from proofs_check.claims.batch import Line
    >>> claim_options(Line(1, "E|a_L|^2 = 1", ("--init", "he"))).init
    'he'
    """
    parser = ArgumentParser(add_help=False, exit_on_error=False)
    add_claim_options(parser)
    before = {} if start is None else {**vars(start), "matrix": list(start.matrix)}
    try:
        own, unknown = parser.parse_known_args(list(line.options), Namespace(**before))
    except argparse.ArgumentError as bad:
        raise InvalidArgument("file", str(bad), "see 'vanishing check --help'") from None
    if unknown:
        raise InvalidArgument("file", f"{unknown[0]} is no option of a claim", "see 'vanishing check --help'")
    return own


def check_claim(
    claim: str,
    options: Namespace,
    *,
    compare: bool = True,
    progress: Callable[[int, int], object] | None = None,
) -> Checked:
    """Check a claim as its options say.

    Parameters
    ----------
    claim : str
        The claim.
    options : argparse.Namespace
        The options of :func:`add_claim_options`.
    compare : bool
        Whether nearby false variants are tried, too.
    progress : callable, optional
        Called with the number of sizes done and the number of all.

    Raises
    ------
    InvalidArgument
        If the claim or an option cannot be used.
    """
    from proofs_check.claims.checking import check
    from proofs_check.claims.closed_claims import speaks_of_closed_forms

    if options.matrix:
        _require_no_ensemble(options)
    if speaks_of_closed_forms(claim):
        _require_no_networks(options)
    if options.expect is not None:
        choice("expect", options.expect, dict.fromkeys(VERDICTS))
    return check(
        claim,
        _ensemble(options),
        sizes=getattr(options, "for"),
        latex=options.latex,
        matrices=options.matrix,
        values=options.set,
        samples=options.samples,
        seed=options.seed,
        tolerance=options.tolerance,
        error=options.error,
        seconds=_seconds(options.seconds),
        jobs=options.jobs,
        compare=compare,
        progress=progress,
    )


def without_effect(found: Checked, options: Namespace) -> list[str]:
    """Say which options were given for drawn networks, where none were drawn.

    Parameters
    ----------
    found : Checked
        What the check found.
    options : argparse.Namespace
        The options of :func:`add_claim_options`.
    """
    if any(tier == "simulated" for tier, _ in found.judgement.tiers):
        return []
    given = [f"--{name}" for name, usual in _DRAWING.items() if getattr(options, name) != usual]
    return [f"  without effect, as no network was drawn: {', '.join(given)}"] if given else []


def status_of(found: Checked, expected: str | None) -> int:
    """Return the exit status of a check: by its verdict, or by whether this is the expected one.

    Parameters
    ----------
    found : Checked
        What the check found.
    expected : str or None
        The verdict that is expected.
    """
    if expected is None:
        return found.exit_status
    return 0 if found.verdict.value == expected else 1


def worst(statuses: Sequence[int]) -> int:
    """Return the exit status of a batch.

    Examples
    --------
    >>> worst([0, 3, 1]), worst([0, 2, 1]), worst([])
    (1, 2, 0)
    """
    return next((status for status in (2, 1, 3) if status in statuses), 0)


def _require_no_ensemble(options: Namespace) -> None:
    """Refuse options that say nothing about products of matrices."""
    for name in ENSEMBLE_OPTIONS:
        if getattr(options, name) is not None:
            problem = "does not apply to a claim about products of matrices"
            raise InvalidArgument(
                name, problem, "say sizes in --matrix, as in 'W: normal 1/4, 4 by 4', or by --set n=4"
            )


def _require_no_networks(options: Namespace) -> None:
    """Refuse options that say nothing about closed forms."""
    for name in ENSEMBLE_OPTIONS:
        if getattr(options, name) is not None:
            raise InvalidArgument(name, "does not apply to a claim about closed forms", "use --set, and --for")
    if options.matrix:
        raise InvalidArgument("matrix", "does not apply to a claim about closed forms", "leave it out")


def _ensemble(options: Namespace) -> Ensemble:
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
