"""Tiers of evidence, findings and the one rule that turns a claim and an interval into a verdict."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from proofs_check.scope import Scope


class Tier(enum.Enum):
    """How something is known, strongest first; a report never mixes them up."""

    PROVED = "proved"
    ENUMERATED = "enumerated"
    ENCLOSED = "enclosed"
    SIMULATED = "simulated"


class Verdict(enum.Enum):
    """What the evidence says of a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    BROKEN = "broken"
    """The claim or its evidence could not be run: nothing is known."""

    @classmethod
    def of_bool(cls, truth: bool | None) -> Verdict:
        """Return the verdict of a three-valued truth.

        >>> Verdict.of_bool(None)
        <Verdict.INCONCLUSIVE: 'inconclusive'>
        """
        return {True: cls.SUPPORTED, False: cls.REFUTED, None: cls.INCONCLUSIVE}[truth]

    @classmethod
    def of_all(cls, verdicts: Iterable[Verdict]) -> Verdict:
        """Return the verdict of several findings together; without any evidence it is inconclusive.

        What could not be run outweighs all else: it must be mended before the others say anything of the whole.

        >>> Verdict.of_all([Verdict.SUPPORTED, Verdict.INCONCLUSIVE])
        <Verdict.INCONCLUSIVE: 'inconclusive'>
        """
        seen = set(verdicts)
        for outweighs in (cls.BROKEN, cls.REFUTED):
            if outweighs in seen:
                return outweighs
        return cls.SUPPORTED if seen == {cls.SUPPORTED} else cls.INCONCLUSIVE


@dataclass(frozen=True)
class Between:
    """A claim that a quantity lies between two numbers (or SymPy constants), ends included.

    Parameters
    ----------
    lo, hi : float or sympy.Expr
        The ends of the range.
    """

    lo: object
    hi: object


@dataclass(frozen=True)
class Finding:
    """What one piece of evidence found.

    Parameters
    ----------
    tier : Tier
        How it is known.
    check : str
        What was checked, in words.
    verdict : Verdict
        What it says of the claim.
    case : str
        The ensemble, or the range of cases.
    detail : str
        Numbers or the reason, in words.
    claimed : (float, float), optional
        The claimed range; a claimed number stands there twice.
    exact : str
        The claimed value in exact form.
    estimate, interval : float and (float, float), optional
        What a simulation measured.
    tolerance : float, optional
        By how much the interval may leave the claimed range on either side.
    relative : bool, optional
        Whether deviations from the claim are measured relative to it, as for means, or in its own unit; None where the
        interval is not that of what is claimed.
    error : float, optional
        The probability that the interval misses the truth.
    samples, seed : int, optional
        The number of networks and the root seed of the simulation.
    method : str
        How the interval was made, and what it assumes.
    scope : Scope
        Which sizes, or how many cases, it covers.
    where : str
        File and line of the code at fault, where something could not be run.
    only : str
        The sizes to which a proof is confined, in words; empty where its letters stand for all of them.
    """

    tier: Tier
    check: str
    verdict: Verdict
    case: str = ""
    detail: str = ""
    claimed: tuple[float, float] | None = None
    exact: str = ""
    estimate: float | None = None
    interval: tuple[float, float] | None = None
    tolerance: float | None = None
    relative: bool | None = False
    error: float | None = None
    samples: int | None = None
    seed: int | None = None
    method: str = ""
    scope: Scope = field(default_factory=Scope)
    where: str = ""
    only: str = ""

    @property
    def resolution(self) -> float | None:
        """Length of the interval: a claim further than this from the truth is refuted, up to the error."""
        return None if self.interval is None else self.interval[1] - self.interval[0]


def decide(claimed: tuple[float, float], interval: tuple[float, float], tolerance: float) -> Verdict:
    """Judge a claimed range by a confidence interval.

    Parameters
    ----------
    claimed : (float, float)
        The claim: the quantity lies in this range (a number: the same twice).
    interval : (float, float)
        Contains the quantity, but for its error probability.
    tolerance : float
        How far the interval may reach beyond the claimed range, nonnegative.

    Returns
    -------
    Verdict
        Refuted if the interval misses the claimed range; supported if it lies in the range widened by the tolerance
        (an equivalence test); else inconclusive: not rejected is not confirmed.

    Notes
    -----
    If the claim is true and the tolerance at least the interval's length, an interval that contains the quantity
    always supports. If it is false by more than that length, it always refutes.

    Examples
    --------
    >>> decide((1.0, 1.0), (0.98, 1.01), 0.05)
    <Verdict.SUPPORTED: 'supported'>
    >>> decide((1.0, 1.0), (0.5, 2.0), 0.05)
    <Verdict.INCONCLUSIVE: 'inconclusive'>
    >>> decide((1.0, 1.0), (1.01, 1.02), 0.05)
    <Verdict.REFUTED: 'refuted'>
    """
    (lo, hi), (left, right) = claimed, interval
    if any(map(math.isnan, (lo, hi, left, right))):
        return Verdict.INCONCLUSIVE
    if right < lo or left > hi:
        return Verdict.REFUTED
    if left >= lo - tolerance and right <= hi + tolerance:
        return Verdict.SUPPORTED
    return Verdict.INCONCLUSIVE
