"""What the code of evidence speaks of: networks that hide in it, and the claim itself."""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

from theory.ensembles import Ensemble

_LIBRARIES = ("theory", "montecarlo", "proofs_check", "sympy", "numpy", "flint", "scipy", "mpmath")
_PARTS = ("obligations", "inductions", "brute_force", "inequalities")


def hides_a_network(evidence: Any) -> bool:
    """Whether evidence names an ensemble in the code of its functions, where nobody can see or change it.

    Parameters
    ----------
    evidence : Evidence
        The evidence.

    Examples
    --------
    >>> from proofs_check.evidence.proved import Proved
    >>> hides_a_network(Proved("hidden", lambda claim: [Ensemble(width="n", depth="L")]))
    True
    >>> hides_a_network(Proved("held", partial(lambda net, claim: [net], Ensemble(width="n", depth="L"))))
    False
    """
    return any(
        isinstance(thing, Ensemble) or (isinstance(thing, FunctionType) and _makes_one(thing.__code__))
        for thing in _inside(evidence, with_arguments=False)
    )


def asks_the_claim_itself(evidence: Any, claim: Callable[..., Any]) -> bool:
    """Whether the function that says what is true calls the very function that is claimed.

    Parameters
    ----------
    evidence : Evidence
        The evidence.
    claim : callable
        The claim.

    Examples
    --------
    >>> from proofs_check.evidence import Enumerated
    >>> def claim(n):
    ...     return n**2
    >>> [asks_the_claim_itself(Enumerated("", ((1,),), truth), claim) for truth in (claim, lambda n: n * n)]
    [True, False]
    """
    while isinstance(claim, partial):
        claim = claim.func
    return isinstance(claim, FunctionType) and any(thing is claim for thing in _inside(evidence, with_arguments=True))


def _makes_one(code: CodeType) -> bool:
    return "Ensemble" in code.co_names or any(_makes_one(one) for one in code.co_consts if isinstance(one, CodeType))


def _inside(evidence: Any, *, with_arguments: bool) -> Iterator[Any]:
    known: set[int] = set()
    for part in _PARTS:
        yield from _reached(getattr(evidence, part, None), known, with_arguments)


def _reached(thing: Any, known: set[int], with_arguments: bool) -> Iterator[Any]:
    """Yield a thing and all that a function of one's own has at hand: closures, globals that it names, defaults."""
    if thing is None or id(thing) in known:
        return
    known.add(id(thing))
    yield thing
    if isinstance(thing, partial):
        parts = [thing.func, *((*thing.args, *thing.keywords.values()) if with_arguments else ())]
    elif isinstance(thing, MethodType):
        parts = [thing.__func__, thing.__self__]
    elif isinstance(thing, (tuple, list)):
        parts = list(thing)
    elif isinstance(thing, dict):
        parts = list(thing.values())
    elif isinstance(thing, FunctionType) and _is_ones_own(thing):
        named = [thing.__globals__[name] for name in _names(thing.__code__) if name in thing.__globals__]
        cells = [cell.cell_contents for cell in thing.__closure__ or () if _is_filled(cell)]
        parts = [*named, *cells, *(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
    else:
        return
    for part in parts:
        yield from _reached(part, known, with_arguments)


def _is_ones_own(function: FunctionType) -> bool:
    module = str(function.__module__)
    # what agrees_with returns holds what theory derives in a closure
    return module.split(".")[0] not in _LIBRARIES or module.startswith(
        ("proofs_check.statements", "proofs_check.evidence.enclosed")
    )


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # a name that is not bound yet
        return False


def _names(code: CodeType) -> Iterator[str]:
    """Yield the globals that code loads; an attribute of the same name is none."""
    yield from (step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _names(one)
