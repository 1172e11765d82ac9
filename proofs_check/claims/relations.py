"""Relations between two numbers of which balls are known."""

from __future__ import annotations

from theory.balls import Ball, less


def holds(relation: str, left: Ball, right: Ball) -> bool | None:
    """Decide a relation between two balls; None where they overlap.

    Parameters
    ----------
    relation : str
        One of =, <=, <, >=, >.
    left, right : flint.arb
        The two sides.

    Examples
    --------
    >>> import flint
    >>> holds("<=", flint.arb(1), flint.arb(2)), holds("=", flint.arb(1), flint.arb(2))
    (True, False)
    """
    if relation in (">=", ">"):
        left, right = right, left
    below, above = less(left, right), less(right, left)
    if relation == "=":
        return False if below or above else None
    if below:
        return True
    if above:
        return False
    if left.is_exact() and right.is_exact() and left == right:
        return relation in ("<=", ">=")
    return None
