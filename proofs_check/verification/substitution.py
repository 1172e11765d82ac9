"""A proof about other networks: the same evidence, with each network that it holds changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property, partial
from typing import Any

from proofs_check.evidence.proved import Proved
from proofs_check.verdict import Tier, Verdict
from theory.ensembles import Ensemble

Changes = dict[str, Any]
"""New values for fields of an ensemble."""


def networks_in(thing: Any) -> Iterator[Ensemble]:
    """Yield the ensembles that evidence, or a partial function, holds.

    Examples
    --------
    >>> [net.depth for net in networks_in(partial(print, Ensemble(width=2, depth=1)))]
    [1]
    """
    if isinstance(thing, Ensemble):
        yield thing
    for _, part in _parts(thing):
        yield from networks_in(part)


def changed(thing: Any, changes: Changes) -> Any:
    """Return evidence, or a partial function, with every ensemble in it changed.

    Raises
    ------
    InvalidArgument
        If an ensemble cannot be changed so.

    Examples
    --------
    >>> changed(partial(print, Ensemble(width=2, depth=1)), {"readout": "ones"}).args[0].readout
    'ones'
    """
    if isinstance(thing, Ensemble):
        return thing.at(**changes)
    parts = {name: changed(part, changes) for name, part in _parts(thing)}
    if isinstance(thing, partial):
        args = [parts.pop(i) for i in range(len(thing.args))]
        return partial(thing.func, *args, **parts)
    return replace(thing, **parts) if parts else thing


def _parts(thing: Any) -> list[tuple[Any, Any]]:
    """Return what may hold ensembles in a thing, by its names: the arguments of a function, the fields of evidence."""
    if isinstance(thing, partial):
        return [*enumerate(thing.args), *thing.keywords.items()]
    if isinstance(thing, Ensemble) or not is_dataclass(thing) or isinstance(thing, type):
        return []
    held = [(field.name, getattr(thing, field.name)) for field in fields(thing) if field.init]
    return [(name, part) for name, part in held if isinstance(part, (Ensemble, partial))]


@dataclass(frozen=True)
class Proof:
    """A proof that holds, and the networks that it is about.

    Parameters
    ----------
    evidence : Evidence
        The proof.
    claim : callable
        What it proves.
    nets : tuple of Ensemble
        The networks that the claim was asked about, or that the evidence is about.
    """

    evidence: Any
    claim: Callable[..., Any]
    nets: tuple[Ensemble, ...]

    def holds_with(self, changes: Changes) -> bool:
        """Whether the same evidence proves the claim for networks that are changed so.

        It does not where there are no networks to be changed, as they are part of a function's code.

        Parameters
        ----------
        changes : dict
            The new values of fields.
        """
        key = ("holds", *sorted(changes.items()))
        if key not in self._known:
            self._known[key] = self.is_the_same_with(changes) or self._is_supported_with(changes)
        return self._known[key]

    def is_the_same_with(self, changes: Changes) -> bool:
        """Whether the proof is word for word the same for networks that are changed so.

        Parameters
        ----------
        changes : dict
            The new values of fields.
        """
        key = ("same", *sorted(changes.items()))
        if key not in self._known:
            self._known[key] = any(networks_in(self.evidence)) and self._is_the_same_with(changes)
        return self._known[key]

    def _is_the_same_with(self, changes: Changes) -> bool:
        try:
            other = changed(self.evidence, changes)
            return isinstance(other, Proved) and list(other.obligations(self.claim)) == self._obligations
        except Exception:  # theory derives nothing for such networks, or the claim has no value there
            return False

    def _is_supported_with(self, changes: Changes) -> bool:
        if not any(networks_in(self.evidence)):
            return False
        try:
            found = changed(self.evidence, changes).examine(self.claim)
        except Exception:
            return False
        return bool(found.verdict is Verdict.SUPPORTED and found.tier is Tier.PROVED and not found.only)

    @cached_property
    def _known(self) -> dict[tuple[Any, ...], bool]:
        return {}

    @cached_property
    def _obligations(self) -> list[Any]:
        return list(self.evidence.obligations(self.claim))
