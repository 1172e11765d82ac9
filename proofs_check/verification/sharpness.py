"""How sharp a statement's evidence is: by how much all that it claims may be moved before the evidence refutes it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.statement import Claim
from proofs_check.verdict import Between, Finding, Verdict

_LADDER = ("1/1000000", "1/1000", "1/100", "1/30", "1/10", "1/3", "1")
"""The moves that exact evidence is asked about, smallest first."""


@dataclass(frozen=True)
class Reach:
    """How far claims may be moved up and down before one check, or some check of many, refutes them.

    Parameters
    ----------
    down, up : float
        A move by more than this is refuted; infinite where none is.
    relative : bool
        Whether it is relative to what is claimed, rather than in the claim's own unit.
    """

    down: float
    up: float
    relative: bool

    @property
    def worse(self) -> float:
        """The larger of the two: a move by more than this is refuted in either direction."""
        return max(self.down, self.up)


def reach_of(finding: Finding) -> Reach | None:
    """Return how far the claim may be moved before the finding's interval refutes it; None where there is no interval.

    Parameters
    ----------
    finding : Finding
        Any finding.

    Examples
    --------
    >>> from proofs_check.verdict import Tier
    >>> log = Finding(Tier.SIMULATED, "median", Verdict.SUPPORTED, claimed=(-1.0, -0.5), interval=(-0.75, -0.75))
    >>> reach_of(log)
    Reach(down=0.25, up=0.25, relative=False)
    """
    if finding.claimed is None or finding.interval is None or finding.relative is None:
        return None
    (lo, hi), (left, right) = finding.claimed, finding.interval
    down, up = hi - left, right - lo
    if not finding.relative:
        return Reach(_as_move(down), _as_move(up), relative=False)
    scale = min(abs(lo), abs(hi))
    return Reach(_as_move(down / scale), _as_move(up / scale), relative=True) if scale > 0 else None


@dataclass(frozen=True)
class Offset:
    """How far a false claim lies from what was measured.

    Parameters
    ----------
    least, most : float
        Of the check that it passes by most narrowly, and of that which it misses by most.
    relative : bool
        Whether it is relative to what was measured, rather than in the claim's own unit.
    """

    least: float
    most: float
    relative: bool


def offsets(findings: Iterable[Finding]) -> tuple[Offset, ...]:
    """Return how far claims lie from what findings measured: relative to it for means, then in their own unit.

    Parameters
    ----------
    findings : iterable of Finding
        What refutes a mutant.

    Examples
    --------
    >>> from proofs_check.verdict import Tier
    >>> offsets([Finding(Tier.SIMULATED, "E w^2", Verdict.REFUTED, claimed=(3.0, 3.0), estimate=2.0, relative=True)])
    (Offset(least=0.5, most=0.5, relative=True),)
    """
    found: dict[bool, list[float]] = {True: [], False: []}
    for finding in findings:
        if finding.claimed is None or finding.estimate is None or finding.relative is None:
            continue
        (lo, hi), measured = finding.claimed, finding.estimate
        off = max(lo - measured, measured - hi, 0.0)
        if finding.relative:
            off = off / abs(measured) if measured else math.nan
        if math.isfinite(off):
            found[finding.relative].append(off)
    return tuple(Offset(min(offs), max(offs), relative) for relative, offs in found.items() if offs)


def _as_move(move: float) -> float:
    return math.inf if math.isnan(move) else max(move, 0.0)


def joint(reaches: Iterable[Reach]) -> Reach | None:
    """Return how far all claims may be moved together before some check refutes them; None if there is no check.

    Parameters
    ----------
    reaches : iterable of Reach
        Those of the checks, all in one unit.

    Examples
    --------
    >>> joint([Reach(0.2, 0.5, False), Reach(0.4, 0.1, False)])
    Reach(down=0.2, up=0.1, relative=False)
    """
    reaches = tuple(reaches)
    if not reaches:
        return None
    return Reach(min(r.down for r in reaches), min(r.up for r in reaches), reaches[0].relative)


FAR = 100
"""A mutant that is more than so many tolerances away does not show how sharp a check is."""
_LEAST_ROOM = 0.05


@dataclass(frozen=True)
class Distance:
    """How far a mutant's claim is from the statement's, in one check.

    Parameters
    ----------
    value : float
        The smallest move of an end of what is claimed.
    relative : bool
        Whether it is relative to what is claimed, rather than in the claim's own unit.
    rooms : float
        The same in units of the check's tolerance, or of the claimed range where that is wider; of 0.05 at least, so
        that a sharp check does not make its mutants far.
    """

    value: float
    relative: bool
    rooms: float

    @property
    def is_far(self) -> bool:
        """Whether a check that hardly tells anything would refute it as well."""
        return self.rooms > FAR


def distance_of(mutant: Finding, claim: Finding) -> Distance | None:
    """Return how far a mutant is from the claim in one check; None where what is claimed is no number.

    Parameters
    ----------
    mutant, claim : Finding
        What one piece of evidence found of either.

    Examples
    --------
    >>> from proofs_check.verdict import Tier
    >>> true = Finding(Tier.SIMULATED, "median", Verdict.SUPPORTED, claimed=(-2.0, -1.5), tolerance=0.25)
    >>> false = Finding(Tier.SIMULATED, "median", Verdict.REFUTED, claimed=(-1.0, -0.5), tolerance=0.25)
    >>> distance_of(false, true)
    Distance(value=1.0, relative=False, rooms=2.0)
    """
    if claim.claimed is None or mutant.claimed is None or claim.relative is None:
        return None
    moves = [abs(there - here) for there, here in zip(mutant.claimed, claim.claimed, strict=True)]
    value = min((move for move in moves if move > 0), default=0.0)  # both ends at infinity are no distance
    scale = min(map(abs, claim.claimed)) if claim.relative else 1.0
    if scale == 0:
        return None
    width = claim.claimed[1] - claim.claimed[0]
    room = max(claim.tolerance or 0.0, width if math.isfinite(width) else 0.0)
    return Distance(value / scale, bool(claim.relative), value / max(room, _LEAST_ROOM * scale))


def moved(claim: Claim, by: sp.Rational) -> Claim:
    """Return a claim whose numbers, and ends of ranges, are moved by that share of them, and some more.

    Parameters
    ----------
    claim : callable
        The claim.
    by : sympy.Rational
        The move: a number v becomes v (1 + by) + 37/29 by, so that hardly any number stays where it is.

    Examples
    --------
    >>> moved(lambda n: sp.Integer(n), sp.Rational(1, 2))(3)
    149/29
    """
    more = by * sp.Rational(37, 29)

    def move(value: Any) -> Any:
        if isinstance(value, Between):
            return Between(move(value.lo), move(value.hi))
        if type(value) is tuple:
            return tuple(map(move, value))
        if isinstance(value, tuple) and hasattr(value, "_fields"):  # a claim of several numbers, each by its name
            return type(value)(*map(move, value))
        if isinstance(value, float):
            return value * (1 + float(by)) + float(more)
        if isinstance(value, sp.Expr) or (isinstance(value, int) and not isinstance(value, bool)):
            return value * (1 + by) + more
        raise _NotMovable

    return lambda *case, **options: move(claim(*case, **options))


class _NotMovable(Exception):
    """What is claimed is no number."""


def exact_reach(claim: Claim, evidence: Sequence[Any]) -> float | None:
    """Return the smallest move on a ladder that exact evidence refutes in both directions; None where none is.

    Parameters
    ----------
    claim : callable
        A claim that the evidence supports.
    evidence : sequence of Evidence
        Its evidence of the exact tiers.
    """
    for step in _LADDER:
        if all(any(_refutes(one, moved(claim, sign * sp.Rational(step))) for one in evidence) for sign in (1, -1)):
            return float(sp.Rational(step))
    return None


def _refutes(evidence: Any, claim: Claim) -> bool:
    try:
        return bool(evidence.examine(claim).verdict is Verdict.REFUTED)
    except Exception:  # evidence that cannot judge a moved claim refutes nothing
        return False
