"""The domain of a statement: which sizes it speaks of, and whether its evidence gets there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proofs_check.scope import sizes_of
from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    from proofs_check.verdict import Finding

Corner = tuple[int, int]
"""A width and a depth."""


@dataclass(frozen=True, kw_only=True)
class Domain:
    """Which sizes a statement speaks of; what a reader is told of it follows from the rest, so that it says no more.

    Parameters
    ----------
    proved : bool
        Whether the claim is made for all that the assumptions allow, which takes a proof.
    corners : tuple of (int, int)
        Widths and depths at the domain's edges. Evidence other than a simulation must have been there.
    each : tuple of str
        What each corner must have been tried with, as it stands in the text of the cases: ``("relu", "linear")``.

    Raises
    ------
    InvalidArgument
        If the corners are none, or the domain has both a proof and corners.

    Examples
    --------
    >>> Domain(corners=((16, 1), (64, 32))).words
    'the corners (n, L) = (16, 1), (64, 32), and of the sizes between them those tried'
    """

    proved: bool = False
    corners: tuple[Corner, ...] = ()
    each: tuple[str, ...] = ("",)

    def __post_init__(self) -> None:
        sizes: object = self.corners
        kinds: object = self.each
        if not isinstance(self.proved, bool):
            raise InvalidArgument("proved", f"must be True or False, got {self.proved!r:.60}", "use proved=True")
        if not isinstance(sizes, tuple) or not all(isinstance(corner, tuple) for corner in sizes):
            raise InvalidArgument("corners", f"are no tuple of tuples, but {sizes!r:.60}", "use e.g. ((16, 1),)")
        if (
            not isinstance(kinds, tuple)
            or not kinds
            or not all(isinstance(kind, str) and "\n" not in kind for kind in kinds)
        ):
            problem = f"must be a tuple of texts of one line, got {kinds!r:.60}"
            raise InvalidArgument("each", problem, "use e.g. ('relu', 'linear'), or leave it out")
        if any(kinds) and not self.corners:
            raise InvalidArgument("each", "has no corners to be tried at", "name corners, or leave it out")
        if self.proved and self.corners:
            problem = "are of no use where everything is proved"
            raise InvalidArgument("corners", problem, "leave them out, or set proved=False")
        for corner in self.corners:
            if len(corner) != 2 or not all(_is_size(size) for size in corner):
                problem = f"must be pairs of a width and a depth, got {corner!r}"
                raise InvalidArgument("corners", problem, "use e.g. ((16, 1), (64, 32))")

    @property
    def words(self) -> str:
        """The domain as a reader is told it."""
        if self.proved:
            return "all that the assumptions allow"
        if not self.corners:
            return "the cases tried"
        sizes = ", ".join(f"({n}, {depth})" for n, depth in self.corners)
        each = ", ".join(kind for kind in self.each if kind)
        where = f"(n, L) = {sizes}"
        if len(self.corners) > 1:
            where = f"the corners {where}, and of the sizes between them those tried"
        return where + (f", each for {each}" if each else "")

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
            proved = [f.only for f in findings if f.tier is Tier.PROVED]
            confined = f": {proved[0]} only" if proved else ""
            return "" if "" in proved else f"no proof reaches {self.words}{confined}"
        cases = {case for f in findings if f.tier is not Tier.SIMULATED for case in f.scope.cases}
        tried = [(sizes_of(case), case) for case in cases]
        missing = [
            f"{word + ', ' if word else ''}n = {n}, L = {depth}"
            for n, depth in self.corners
            for word in self.each
            if not any(sizes == {"n": {n}, "L": {depth}} and word in case for sizes, case in tried)
        ]
        return f"no exact evidence reaches the corner {missing[0]}" if missing else ""


def _is_size(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and size > 0


EVERYWHERE = Domain(proved=True)
"""Every size and law that the assumptions allow: it takes a proof."""
TRIED = Domain()
"""No more than what the evidence lists."""
