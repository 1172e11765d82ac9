"""The domain of a statement: which sizes it speaks of, and whether its evidence gets there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proofs_check.scope import sizes_of
from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    from proofs_check.verdict import Finding

_AS_TRIED = "the cases tried"

Corner = tuple[int, int]
"""A width and a depth."""


@dataclass(frozen=True)
class Domain:
    """Which sizes a statement speaks of.

    Parameters
    ----------
    words : str
        The domain as a reader is told it, such as ``16 <= n <= 64, L <= 16 n``.
    proved : bool
        Whether the claim is made for all that the assumptions allow, which takes a proof.
    corners : tuple of (int, int)
        Widths and depths at the domain's edges. Evidence other than a simulation must have been there.
    each : tuple of str
        What each corner must have been tried with, as it stands in the text of the cases: ``("relu", "linear")``.

    Raises
    ------
    InvalidArgument
        If there are no words, a domain that is not what was tried has neither a proof nor corners, or it has both.

    Examples
    --------
    >>> Domain("n = 16..64, L = 1..32", corners=((16, 1), (64, 32))).words
    'n = 16..64, L = 1..32'
    """

    words: str
    proved: bool = False
    corners: tuple[Corner, ...] = ()
    each: tuple[str, ...] = ("",)

    def __post_init__(self) -> None:
        if not isinstance(self.words, str) or not self.words.strip() or "\n" in self.words:
            problem = f"of a domain must be one line of text, got {self.words!r}"
            raise InvalidArgument("words", problem, "use e.g. '16 <= n <= 64, L <= 16 n'")
        sizes: object = self.corners
        kinds: object = self.each
        if not isinstance(sizes, tuple) or not all(isinstance(corner, tuple) for corner in sizes):
            raise InvalidArgument("corners", f"are no tuple of tuples, but {sizes!r:.60}", "use e.g. ((16, 1),)")
        if not isinstance(kinds, tuple) or not kinds or not all(isinstance(kind, str) for kind in kinds):
            problem = f"must be a tuple of texts, got {kinds!r:.60}"
            raise InvalidArgument("each", problem, "use e.g. ('relu', 'linear'), or leave it out")
        if not self.proved and not self.corners and self.words != _AS_TRIED:
            problem = f"of {self.words!r} are missing, so that nothing holds evidence against it"
            raise InvalidArgument("corners", problem, "name them, set proved=True, or use TRIED")
        if self.proved and self.corners:
            problem = "are of no use where everything is proved"
            raise InvalidArgument("corners", problem, "leave them out, or set proved=False")
        for corner in self.corners:
            if len(corner) != 2 or not all(isinstance(size, int) and size > 0 for size in corner):
                problem = f"must be pairs of a width and a depth, got {corner!r}"
                raise InvalidArgument("corners", problem, "use e.g. ((16, 1), (64, 32))")

    def unreached(self, findings: Iterable[Finding]) -> str:
        """Return what the evidence does not reach, in words; empty if it reaches the whole domain.

        Parameters
        ----------
        findings : iterable of Finding
            What supports the claim.
        """
        from proofs_check.verdict import Tier

        findings = tuple(findings)
        if self.proved:
            return "" if any(f.tier is Tier.PROVED for f in findings) else f"no proof reaches {self.words}"
        cases = {case for f in findings if f.tier is not Tier.SIMULATED for case in f.scope.cases}
        tried = [(sizes_of(case), case) for case in cases]
        missing = [
            f"{word + ', ' if word else ''}n = {n}, L = {depth}"
            for n, depth in self.corners
            for word in self.each
            if not any(sizes == {"n": {n}, "L": {depth}} and word in case for sizes, case in tried)
        ]
        return f"no exact evidence reaches the corner {missing[0]}" if missing else ""


EVERYWHERE = Domain("all that the assumptions allow", proved=True)
"""Every size and law that the assumptions allow: it takes a proof."""
TRIED = Domain(_AS_TRIED)
"""No more than what the evidence lists."""
