"""Networks that are drawn for the numbers in their matrices: the data of a training, and where it starts."""

from __future__ import annotations

from montecarlo.arguments import as_ensemble
from theory.ensembles import Ensemble, InvalidArgument


def require_matrices(net: Ensemble, who: str, matrices: int, holding: str, entries: int) -> None:
    """Refuse a network that has not so many square matrices of at least so many rows.

    Parameters
    ----------
    net : Ensemble
        The network.
    who : str
        What is read off it, for the error: "the start of a committee".
    matrices : int
        How many matrices are read, which is the depth.
    holding : str
        What they hold, for the error.
    entries : int
        The least width.

    Raises
    ------
    InvalidArgument
        If the architecture is not plain, or the depth or the width is another; the message says what would do.

    Examples
    --------
    >>> require_matrices(Ensemble(width=4, depth=2), "the start of a committee", 2, "examples and neurons", 3)
    """
    as_ensemble(net).require_plain(who)
    if net.depth != matrices:
        raise InvalidArgument("depth", f"must be {matrices}, for {holding}, got {net.depth}", f"use depth={matrices}")
    if not net.is_constant_width or int(net.width_at(0)) < entries:
        problem = f"must be constant and at least {entries}, got {net.describe()}"
        raise InvalidArgument("width", problem, f"use width={entries}")
