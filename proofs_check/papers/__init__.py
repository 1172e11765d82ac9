"""Papers, one file each: which statements check its claims, or why none can.

===================  ======================================================================
vanishing_curvature  Orvieto et al., 2021: plateaus at initialization, and how they are left
li_2021              Li et al., 2021: sparse signals found by diagonal networks, by depth and early stopping
min_2021             Min et al., 2021: initialization of two-layer linear networks
azulay_2021          Azulay et al., 2021: the shape of initialization and the solution that it selects
jastrzebski_2020     Jastrzebski et al., 2020: the break-even point of stochastic gradient descent
===================  ======================================================================

A paper is found because its file is here and says ``PAPER = Paper(...)`` (:mod:`proofs_check.discovery`). On the
command line it has the key that it says there, not its file's name.
"""

from __future__ import annotations

from proofs_check import discovery
from proofs_check.paper import Paper
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

__all__ = ["papers", "paper"]


def papers() -> tuple[Paper, ...]:
    """Return all papers, without loading any statement.

    Raises
    ------
    InvalidArgument
        If a file has no paper, or two papers have one key; the first that comes again is named.

    Examples
    --------
    >>> [paper.key for paper in papers()][:1]
    ['orvieto-2021']
    """
    try:
        found = tuple(discovery.load(__name__, name, "PAPER", Paper) for name in discovery.names(__name__))
    except discovery.Unusable as unusable:
        raise InvalidArgument("paper", str(unusable), "mend the file, or take it away") from None
    keys = [paper.key for paper in found]
    for place, twice in enumerate(keys):
        if twice in keys[:place]:
            raise InvalidArgument("paper", f"two papers are called {twice!r}", "rename one")
    return found


def paper(key: str) -> Paper:
    """Return the paper of that key.

    Raises
    ------
    InvalidArgument
        If there is none; the nearest is suggested.

    Examples
    --------
    >>> paper("orvieto-2021").arxiv
    '2106.03763'
    """
    known = {paper.key: paper for paper in papers()}
    if key not in known:
        raise InvalidArgument("paper", f"there is no paper {key!r}", nearest(key, known))
    return known[key]
