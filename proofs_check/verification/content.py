"""Whether evidence says anything of the claim itself: of its size and sign, and that it has a value at small sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.evidence.proved import Proved
from proofs_check.statement import Claim, Statement
from proofs_check.verdict import Finding, Tier, Verdict
from proofs_check.verification.code import asks_the_claim_itself, hides_a_network
from proofs_check.verification.generality import Call, allowed_network
from proofs_check.verification.substitution import Proof
from theory import symbols
from theory.ensembles import Ensemble

_MULTIPLES = {2: "twice the claim", -1: "the claim with the other sign"}
_ALLOWED_MULTIPLES = {"": (), "sign": (-1,), "factor": (2, -1)}
_SMALL = range(1, 9)


def says_nothing(statement: Statement, evidence: Sequence[Any]) -> str:
    """Return why exact evidence says nothing of the claim, in words; empty if it does.

    Parameters
    ----------
    statement : Statement
        A statement whose claim the evidence supports.
    evidence : sequence of Evidence
        Its exact evidence, all of it.
    """
    claim = statement.claim
    if len(evidence) < len(statement.evidence):  # simulations measure the claim's own size
        return ""
    if all(asks_the_claim_itself(one, claim) for one in evidence):
        return f"{evidence[0].check!r} compares the claim with itself; let it say what is true in another way"
    if not any(isinstance(one, Proved) for one in evidence):  # a bound may be doubled, and equal numbers may not
        return ""
    for factor, words in _MULTIPLES.items():
        if factor not in _ALLOWED_MULTIPLES[statement.up_to] and _supports_multiple(claim, evidence, factor):
            return (
                f"all evidence supports {words}, too; add the base of an induction or a case with its value, or say "
                f"up_to={'sign' if factor == -1 else 'factor'!r} if no more is meant"
            )
    return ""


def _supports_multiple(claim: Claim, evidence: Sequence[Any], factor: int) -> bool:
    """Whether all evidence supports a multiple of a claim that is one number, and not always 0."""
    values: list[Any] = []

    def multiple(*case: Any, **options: Any) -> Any:
        value = claim(*case, **options)
        if isinstance(value, bool) or not isinstance(value, (int, float, Fraction, sp.Expr)):
            raise TypeError("no number")
        values.append(value)
        return factor * value

    for one in sorted(evidence, key=lambda e: e.tier is Tier.PROVED):  # cases are tried faster than identities
        try:
            found = one.examine(multiple)
        except Exception:  # evidence that cannot judge it does not support it
            return False
        if not isinstance(found, Finding) or found.verdict is not Verdict.SUPPORTED:
            return False
    return any(value != 0 for value in values)


def hidden_networks(proofs: Iterable[Proof]) -> str:
    """Return that proofs speak of networks that nobody can see, in words; empty if there are none.

    Parameters
    ----------
    proofs : iterable of Proof
        What was proved.
    """
    if any(not one.nets and hides_a_network(one.evidence) for one in proofs):
        return (
            "networks that can be told, as its code makes them where they are not seen: let the claim take the "
            "Ensemble, or write partial(obligations, Ensemble(...))"
        )
    return ""


def without_value(claim: Claim, calls: Iterable[Call], assumptions: Iterable[Assumption]) -> str:
    """Return small sizes that are allowed and at which the claim has no value, in words; empty if there are none.

    Parameters
    ----------
    claim : callable
        The claim.
    calls : iterable of (args, options)
        What it was called with: the ensembles in them are asked about at each width and depth up to 8.
    assumptions : iterable of Assumption
        The statement's.
    """
    assumptions = tuple(assumptions)
    for case, options in _distinct(calls):
        nets = [part for part in (*case, *options.values()) if isinstance(part, Ensemble)]
        letters = _letters_of_sizes(nets, case)
        if letters:
            formula = _quietly(claim, case, options)
            for sizes in product(_SMALL, repeat=len(letters)):
                at = dict(zip(letters, sizes, strict=True))
                if _has_no_value(claim, case, options, formula, at, assumptions):
                    return ", ".join(f"{letter} = {size}" for letter, size in at.items())
    return ""


def _letters_of_sizes(nets: Sequence[Ensemble], case: Sequence[Any]) -> list[str]:
    if nets:
        named = (nets[0].width if nets[0].is_constant_width else 1, nets[0].depth)
        return list(dict.fromkeys(size for size in named if isinstance(size, str)))
    plain = [part for part in case if isinstance(part, sp.Symbol) and part.is_integer and part.is_positive]
    return [str(part) for part in plain[:2]]


def _has_no_value(
    claim: Claim,
    case: Sequence[Any],
    options: dict[str, Any],
    formula: Any,
    at: dict[str, int],
    assumptions: tuple[Assumption, ...],
) -> bool:
    numbers = {symbols.whole(name): sp.Integer(value) for name, value in at.items()}

    def there(part: Any) -> Any:
        if isinstance(part, Ensemble):
            changes: dict[str, Any] = {}
            if part.is_constant_width and part.width in at:
                changes["width"] = at[str(part.width)]
            if part.depth in at:
                changes["depth"] = at[str(part.depth)]
            return allowed_network(part, assumptions, **changes) if changes else part
        return part.xreplace(numbers) if isinstance(part, sp.Basic) else part

    moved = [there(part) for part in case]
    moved_options = {name: there(part) for name, part in options.items()}
    if any(part is None for part in (*moved, *moved_options.values())):  # there is no such network
        return False
    try:
        value = claim(*moved, **moved_options)
    except ZeroDivisionError:
        return True
    except Exception:  # it is asked with letters alone
        value = formula.xreplace(numbers) if isinstance(formula, sp.Basic) else None
    return _is_infinite(value)


def _is_infinite(value: Any) -> bool:
    if isinstance(value, sp.Basic):
        return bool(value.has(sp.nan, sp.zoo, sp.oo, -sp.oo))
    return isinstance(value, float) and not abs(value) < float("inf")


def _quietly(claim: Callable[..., Any], case: Sequence[Any], options: dict[str, Any]) -> Any:
    try:
        return claim(*case, **options)
    except Exception:
        return None


def _distinct(calls: Iterable[Call]) -> Iterator[Call]:
    seen = set()
    for case, options in calls:
        key = repr((case, sorted(options.items())))
        if key not in seen:
            seen.add(key)
            yield case, options
