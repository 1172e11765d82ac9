"""A statement: a claim with a permanent id, its source, its assumptions, its evidence, and mutants it must outlive."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proofs_check.assumptions import Assumption
from proofs_check.domain import TRIED, Domain
from proofs_check.faults import Place
from proofs_check.verdict import Tier
from theory.ensembles import InvalidArgument

if TYPE_CHECKING:
    from proofs_check.evidence import Evidence

Claim = Callable[..., Any]
"""A claim is a function, usually of an ensemble, that returns a SymPy expression or a range (``Between``)."""


def require_id(text: str) -> None:
    """Refuse what cannot be a statement's id.

    Raises
    ------
    InvalidArgument
        If it is not of the form topic.name, in lower case with hyphens.

    Examples
    --------
    >>> require_id("forward.mean-preserved")
    >>> require_id("mean preserved")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    theory.ensembles.arguments.InvalidArgument: id: 'mean preserved' is not of the form topic.name; use ...
    """
    if not isinstance(text, str) or not re.fullmatch(r"[a-z][a-z0-9-]*\.[a-z0-9][a-z0-9-]*", text):
        raise InvalidArgument("id", f"{text!r} is not of the form topic.name", "use e.g. 'forward.mean-preserved'")


@dataclass(frozen=True)
class Mutant:
    """A nearby false claim, which the evidence must refute: a check that cannot fail is no check.

    Parameters
    ----------
    name : str
        What was changed, e.g. ``5 becomes 6``.
    claim : callable
        The false claim, of the same signature as the statement's.

    Raises
    ------
    InvalidArgument
        If the name is not one line of text, or the claim cannot be called.
    """

    name: str
    claim: Claim

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip() or "\n" in self.name:
            raise InvalidArgument(
                "name", f"of a mutant must be one line of text, got {self.name!r}", "say what changed"
            )
        claim: object = self.claim
        if not callable(claim):
            problem = f"of the mutant {self.name!r} cannot be called: {claim!r}"
            raise InvalidArgument("claim", problem, "give a function, as for the statement")


@dataclass(frozen=True)
class Statement:
    """A claim and all that is needed to check it.

    Parameters
    ----------
    id : str
        A permanent name, ``topic.name`` in lower case with hyphens.
    title : str
        The claim in one plain sentence.
    latex : str
        The claim as a paper prints it.
    source : str
        The paper, and the place in it.
    assumptions : tuple of Assumption
        All that the claim needs.
    claim : callable
        The claim as a function, typed in as the theorem reads; theory derives it independently.
    evidence : tuple of Evidence
        What is checked, tier by tier.
    mutants : tuple of Mutant
        At least one false claim that the evidence must refute. No piece of evidence may support all of them.
    domain : Domain
        Which sizes it speaks of: by default those that its evidence tries. What is claimed for more must be reached by
        evidence: everywhere by a proof, a range by exact evidence at its corners.
    up_to : str
        Up to what its evidence tells the claim, if not exactly: ``sign`` where only its square is meant, ``factor``
        where any multiple is as good, as for a conserved quantity. Else exact evidence that would support twice the
        claim, or its negative, keeps the statement from being supported.

    Raises
    ------
    InvalidArgument
        If the id is malformed, a text is none, nothing is assumed or something that is no
        :class:`~proofs_check.assumptions.Assumption`, the claim cannot be called, there is no evidence or no mutant, or
        the domain is none.

    Attributes
    ----------
    place : (str, int)
        File and line where it was made.
    """

    id: str
    title: str
    latex: str
    source: str
    assumptions: tuple[Assumption, ...]
    claim: Claim
    evidence: tuple[Evidence, ...]
    mutants: tuple[Mutant, ...]
    domain: Domain = TRIED
    up_to: str = ""
    place: Place = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        require_id(self.id)
        object.__setattr__(self, "place", _maker())
        for text in ("title", "latex", "source"):
            if not isinstance(getattr(self, text), str) or not getattr(self, text).strip():
                raise InvalidArgument(text, f"of {self.id} is no text: {getattr(self, text)!r}", "write one sentence")
        claim: object = self.claim
        if not callable(claim):
            problem = f"of {self.id} cannot be called: {claim!r}"
            raise InvalidArgument("claim", problem, "give a function that returns a number or Between(lo, hi)")
        remedy = "give a tuple such as (assumptions.NORMAL, Assumption('the width is even'))"
        if not isinstance(self.assumptions, Sequence):
            raise InvalidArgument("assumptions", f"{self.id} has {self.assumptions!r}, which is no tuple", remedy)
        if not self.assumptions:
            raise InvalidArgument("assumptions", f"{self.id} has none, so it speaks of everything", remedy)
        for assumed in self.assumptions:
            if not isinstance(assumed, Assumption):
                raise InvalidArgument("assumptions", f"{self.id} lists {assumed!r}, which is no Assumption", remedy)
        self._require_several("evidence", "examine", "give a tuple of checks such as (Enumerated(...), Simulated(...))")
        for one in self.evidence:
            if not isinstance(getattr(one, "tier", None), Tier):
                problem = f"{self.id} lists {one!r:.60}, which has no tier"
                raise InvalidArgument("evidence", problem, "give its class a tier, such as Tier.PROVED")
        self._require_several("mutants", "claim", "give a tuple of Mutant('what changed', the false claim)")
        if not self.evidence:
            raise InvalidArgument("evidence", f"{self.id} has none", "give at least one check")
        if not self.mutants:
            raise InvalidArgument(
                "mutants", f"{self.id} has none, so nothing shows that its checks can fail", "add one"
            )
        if len({mutant.name for mutant in self.mutants}) < len(self.mutants):
            raise InvalidArgument("mutants", f"two mutants of {self.id} share a name", "rename one")
        domain: object = self.domain
        if not isinstance(domain, Domain):
            problem = f"of {self.id} is {domain!r:.60}, which is no Domain"
            raise InvalidArgument("domain", problem, "use EVERYWHERE, TRIED or Domain(corners=((16, 1), (64, 32)))")
        if self.up_to not in ("", "sign", "factor"):
            raise InvalidArgument(
                "up_to", f"of {self.id} is {self.up_to!r:.60}", "use 'sign', 'factor', or leave it out"
            )

    def _require_several(self, argument: str, has: str, remedy: str) -> None:
        listed = getattr(self, argument)
        if isinstance(listed, str) or not isinstance(listed, Sequence):
            raise InvalidArgument(argument, f"{self.id} has {listed!r:.60}, which is no tuple", remedy)
        for one in listed:
            if isinstance(one, type) or not hasattr(one, has):
                raise InvalidArgument(argument, f"{self.id} lists {one!r:.60}, which is none", remedy)

    @property
    def topic(self) -> str:
        """The part of the id before the dot."""
        return self.id.split(".", maxsplit=1)[0]


def _maker() -> Place:
    """Return the file and line of the innermost call that is neither here nor in the generated code of dataclasses."""
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        frame.f_code.co_filename in (__file__, "<string>") or frame.f_globals.get("__name__") == "dataclasses"
    ):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno
