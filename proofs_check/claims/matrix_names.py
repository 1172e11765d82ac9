"""Names in claims about matrices that are probably something else: a transpose, a product without its *, a slip."""

from __future__ import annotations

import re
from collections.abc import Collection

_WORDS = {
    "inv": "for the inverse write S^-1",
    "inverse": "for the inverse write S^-1",
    "transpose": "for the transpose write W.T",
    "tr": "write tr(U), with brackets",
    "trace": "write tr(U), with brackets",
    "Tr": "write tr(U), with brackets",
}
_GREEK = frozenset(
    [
        "Gamma",
        "Delta",
        "Theta",
        "Lambda",
        "Xi",
        "Pi",
        "Sigma",
        "Upsilon",
        "Phi",
        "Psi",
        "Omega",
        "Alpha",
        "Beta",
        "Epsilon",
        "Zeta",
        "Eta",
        "Iota",
        "Kappa",
        "Mu",
        "Nu",
        "Rho",
        "Tau",
        "Chi",
        "Omicron",
    ]
)
_SHORTEST = 3
"""Two names of fewer letters may well differ by one letter and both be meant."""


def word_remedy(name: str) -> str:
    """Return what to write instead of a function's name that stands alone, or nothing.

    Parameters
    ----------
    name : str
        The name.

    Examples
    --------
    >>> word_remedy("inv"), word_remedy("W")
    ('for the inverse write S^-1', '')
    """
    return _WORDS.get(name, "")


def joined_names(name: str, known: Collection[str]) -> str:
    """Return the product that a name without its * and .T probably is, or nothing.

    Parameters
    ----------
    name : str
        The name of a matrix that was not declared.
    known : collection of str
        The other matrices.

    Examples
    --------
    >>> joined_names("WT", ["W"]), joined_names("WAWt", ["W", "A"]), joined_names("V", ["W"])
    ('W.T', 'W*A*W.T', '')
    """
    others = sorted(set(known) - {name}, key=len, reverse=True)
    factor = rf"({'|'.join(map(re.escape, others))})(_?[Tt]|_?H)?"
    if not others or not re.fullmatch(f"(?:{factor})+", name):
        return ""
    factors = [stem + (f".{mark[-1].upper()}" if mark else "") for stem, mark in re.findall(factor, name)]
    return "*".join(factors)


def similar_name(name: str, known: Collection[str]) -> str:
    """Return the known name from which a name differs by one letter or by two that are swapped, or nothing.

    Parameters
    ----------
    name : str
        The name of a matrix that was not declared. Greek letters, such as Phi beside Psi, are meant as they are.
    known : collection of str
        The other matrices.

    Examples
    --------
    >>> similar_name("Simga", ["Sigma"]), similar_name("Psi", ["Phi"]), similar_name("A_1", ["A_2"])
    ('Sigma', '', '')
    """
    stem, _, sub = name.partition("_")
    if stem in _GREEK:
        return ""
    for other in sorted(set(known) - {name}):
        its, _, index = other.partition("_")
        if index == sub and min(len(stem), len(its)) >= _SHORTEST and _one_slip(stem, its):
            return other
    return ""


def _one_slip(one: str, other: str) -> bool:
    """Whether two words differ by one letter put in, left out or exchanged, or by two neighbours that are swapped."""
    if len(one) > len(other):
        one, other = other, one
    start = next((place for place, (x, y) in enumerate(zip(one, other, strict=False)) if x != y), len(one))
    rest, its = one[start:], other[start:]
    if len(one) < len(other):
        return rest == its[1:]
    return rest[1:] == its[1:] or (rest[:2] == its[1::-1] and rest[2:] == its[2:])
