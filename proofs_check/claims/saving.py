"""A checked claim as a statement: source code for `verify --module` and `pytest --statements`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from proofs_check.claims.checked import Checked
from proofs_check.claims.checking import SECONDS, check
from proofs_check.claims.latex import from_latex
from proofs_check.claims.mutants import variants
from proofs_check.claims.sampled import TOLERANCE
from proofs_check.scope import Scope
from proofs_check.verdict import Finding, Tier, Verdict
from theory.ensembles import Ensemble, InvalidArgument

_TIERS = {"derived": Tier.PROVED, "proved": Tier.PROVED, "enclosed": Tier.ENCLOSED, "simulated": Tier.SIMULATED}
_ERROR = 1e-9
"""Drawn claims have error probabilities of their own, far below that of a whole run."""


@dataclass(frozen=True)
class ClaimEvidence:
    """Evidence for statements whose claim is a text: whatever :func:`proofs_check.check` finds.

    Parameters
    ----------
    net : Ensemble
        The networks.
    sizes : str, optional
        For which sizes the claim is made, such as ``n=1..64,L=1..64``.
    matrices : tuple of str
        Declarations of matrices, for claims about their products.
    samples : int, optional
        How many networks are drawn at each size, where only they can tell; their root seed is always 0.
    tolerance : float
        By how much both sides of an equation may differ there.
    seconds : float
        For how long sizes are tried.
    values : mapping, optional
        Numbers for letters of matrices.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> ClaimEvidence(net).examine(lambda: "E|a_L|^2 = |x|^2").verdict
    <Verdict.SUPPORTED: 'supported'>
    """

    net: Ensemble
    sizes: str | None = None
    matrices: tuple[str, ...] = ()
    samples: int | None = None
    tolerance: float = TOLERANCE
    seconds: float = SECONDS
    values: Mapping[str, str] | None = None
    check: str = "the claim, by derivation, in balls or by drawing"
    tier = Tier.PROVED

    def examine(self, claim: Callable[[], Any]) -> Finding:
        """Check the text that the claim returns.

        Parameters
        ----------
        claim : callable
            Returns the claim as text.
        """
        text = claim()
        drawn: dict[str, Any] = {"samples": self.samples, "tolerance": self.tolerance, "error": _ERROR}
        found = check(
            text,
            self.net,
            sizes=self.sizes,
            matrices=self.matrices,
            values=self.values,
            seconds=self.seconds,
            compare=False,
            **({} if self.matrices else drawn),
        )
        return _finding(found, only=found.scope if self._is_confined else "")

    @property
    def _is_confined(self) -> bool:
        """Whether what is derived is so for sizes or matrices that no assumption is held against."""
        return self.sizes is not None or bool(self.matrices)


def _finding(found: Checked, only: str) -> Finding:
    tier, says = found.judgement.tiers[0]
    example = found.counterexample
    detail = says
    if example is not None:
        at = ", ".join(f"{name} = {value}" for name, value in example.at.items())
        detail = f"at {at}: claimed {example.claimed}, true {example.true}" if at else f"true: {example.true}"
    return Finding(
        _TIERS[tier],
        f"{found.left} {found.relation} {found.right}",
        found.verdict,
        detail=detail,
        scope=Scope((found.scope,)),
        only=only,
    )


def as_statement(
    found: Checked,
    *,
    sizes: str | None = None,
    matrices: tuple[str, ...] = (),
    samples: int | None = None,
    tolerance: float = TOLERANCE,
    values: Mapping[str, Any] | None = None,
) -> str:
    """Return the source code of a statement that makes a checked claim.

    Parameters
    ----------
    found : Checked
        The claim, which is supported.
    sizes : str, optional
        The sizes for which it was made.
    matrices : tuple of str
        The declarations of its matrices.
    samples, tolerance
        What was drawn, as for :class:`ClaimEvidence`.
    values : mapping, optional
        Numbers for letters of matrices.

    Returns
    -------
    str
        A Python module with one statement, whose mutants are those variants of the claim that the evidence refutes.

    Raises
    ------
    InvalidArgument
        If the claim is not supported, or no variant of it is refuted.

    Examples
    --------
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> print(as_statement(check("E|a_L|^2 = |x|^2", net)).splitlines()[0])
    \"\"\"E|a_L|^2 = |x|^2\"\"\"
    """
    if found.verdict is not Verdict.SUPPORTED:
        problem = f"the claim is {found.verdict.value}, and a statement is one that stands"
        raise InvalidArgument("save", problem, "save a claim that is supported")
    numbers = {name: str(value) for name, value in (values or {}).items()}
    evidence = ClaimEvidence(found.net, sizes, matrices, samples, tolerance, values=numbers)
    claim = from_latex(found.claim) if "\\" in found.claim else found.claim
    false = []
    for variant in variants(claim):
        try:
            if evidence.examine(lambda variant=variant: variant.claim).verdict is Verdict.REFUTED:  # type: ignore[misc]
                false.append(variant)
        except InvalidArgument:
            continue
        if len(false) == _MUTANTS:
            break
    if not false:
        problem = "no nearby false claim is refuted, so nothing shows that the check can fail"
        raise InvalidArgument("save", problem, "save a sharper claim")
    mutants = "\n".join(f"        Mutant({_quoted(v.name)}, lambda: {_quoted(v.claim)})," for v in false)
    assumed = "\n".join(f"        Assumption({_quoted(text)})," for text in found.assumptions)
    given: dict[str, Any] = {"sizes": sizes, "matrices": matrices, "samples": samples, "values": numbers}
    if tolerance != TOLERANCE:
        given["tolerance"] = tolerance
    more = "".join(f", {name}={value!r}" for name, value in given.items() if value)
    latex = found.claim if claim != found.claim else rf"\text{{{claim}}}"
    return f'''"""{claim}"""

from proofs_check import Assumption, Mutant, Statement
from proofs_check.claims.saving import ClaimEvidence
from theory import Ensemble{", Law" if "Law." in repr(found.net) else ""}

NET = {found.net!r}


def claim() -> str:
    """Return the claim, for the scope: {found.scope}."""
    return {_quoted(claim)}


STATEMENT = Statement(
    id="claims.{_identifier(claim)}",
    title={_quoted(claim)},
    latex={_quoted(latex)},
    source="a claim of one's own",
    assumptions=(
{assumed}
    ),
    claim=claim,
    evidence=(ClaimEvidence(NET{more}),),
    mutants=(
{mutants}
    ),
)
{_LIST} = (STATEMENT,)
'''


_MUTANTS = 6
_LIST = "STATEMENTS"  # at the start of a line it would make this file one of statements


def _quoted(text: str) -> str:
    """Return a text as source code, in double quotes.

    >>> print(_quoted("it's"))
    "it's"
    """
    return json.dumps(text, ensure_ascii=False)


def _identifier(claim: str) -> str:
    """Return the second half of a statement's id.

    >>> _identifier("E|a_L|^4 = (1+5/n)^L |x|^4")
    'e-a-l-4-1-5-n-l-x-4'
    """
    return re.sub(r"[^a-z0-9]+", "-", claim.lower()).strip("-") or "claim"
