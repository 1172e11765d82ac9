"""Inequalities for all sizes, from one layer: what is linear in the depth needs to hold for one layer only."""

from __future__ import annotations

from proofs_check.claims.domain import Domain
from proofs_check.claims.sides import Sides


def prove(sides: Sides, domain: Domain) -> str | None:
    """Prove an inequality for all sizes of the domain.

    Parameters
    ----------
    sides : Sides
        The claim.
    domain : Domain
        The sizes.

    Returns
    -------
    str or None
        How it was proved; None if no proof was found.
    """
    return None
