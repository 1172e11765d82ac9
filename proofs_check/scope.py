"""What a finding covers, in words: all sizes, or so many cases, up to which width and depth."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_SIZES = {"n": re.compile(r"\b(?:n|widths?) ?= ?(\d+(?:,\d+)*)\b"), "L": re.compile(r"\b(?:L|depth) ?= ?(\d+)\b")}


def sizes_of(case: str) -> dict[str, set[int]]:
    """Return the widths and the depths that stand in the text of a case.

    Examples
    --------
    >>> sizes_of("relu, n = 4, L = 2")
    {'n': {4}, 'L': {2}}
    """
    return {
        name: {int(size) for found in pattern.findall(case) for size in found.split(",")}
        for name, pattern in _SIZES.items()
    }


@dataclass(frozen=True)
class Scope:
    """What a finding covers.

    Parameters
    ----------
    words : tuple of str
        What is covered without a list of cases, such as ``all n, L``.
    cases : tuple of str
        The cases that were tried, each once, in words.
    noun : str
        What the cases are: ``cases`` or ``ensembles``.
    widths, depths : tuple of int
        The widths and depths of the cases, as far as they are known.

    Examples
    --------
    >>> print(Scope(("all n, L",)))
    all n, L
    >>> print(Scope.of_cases(["relu, n = 4, L = 2", "relu, n = 48, L = 2"]))
    2 cases, n <= 48, L = 2
    """

    words: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    noun: str = "cases"
    widths: tuple[int, ...] = ()
    depths: tuple[int, ...] = ()

    @classmethod
    def of_cases(cls, cases: Iterable[str], things: Iterable[object] = (), noun: str = "cases") -> Scope:
        """Return the scope of cases whose sizes stand in their text (``n = 4``, ``width=4``) or are those of things.

        Parameters
        ----------
        cases : iterable of str
            The cases in words.
        things : iterable
            Networks and ensembles among the cases, whose text does not show their sizes.
        noun : str
            What the cases are.

        Examples
        --------
        >>> print(Scope.of_cases(["width=8 depth=50 law=normal"], noun="ensembles"))
        n = 8, L = 50
        """
        cases = tuple(dict.fromkeys(cases))
        found = [sizes_of(case) for case in cases]
        widths, depths = ({size for sizes in found for size in sizes[name]} for name in ("n", "L"))
        for thing in things:
            widths.update(size for size in getattr(thing, "widths", None) or () if isinstance(size, int))
            depths.update(size for size in [getattr(thing, "depth", None)] if isinstance(size, int))
        return cls((), cases, noun, tuple(sorted(widths)), tuple(sorted(depths)))

    @classmethod
    def together(cls, scopes: Iterable[Scope]) -> Scope:
        """Return what several findings cover.

        Examples
        --------
        >>> print(Scope.together([Scope(("all n, L",)), Scope(("all n, L",))]))
        all n, L
        """
        scopes = tuple(scopes)
        return cls(
            tuple(dict.fromkeys(word for scope in scopes for word in scope.words)),
            tuple(dict.fromkeys(case for scope in scopes for case in scope.cases)),
            next((scope.noun for scope in scopes if scope.cases), "cases"),
            tuple(sorted({size for scope in scopes for size in scope.widths})),
            tuple(sorted({size for scope in scopes for size in scope.depths})),
        )

    def __str__(self) -> str:
        count = len(self.cases)
        one = self.noun.removesuffix("s")
        sizes = [_up_to(name, found) for name, found in (("n", self.widths), ("L", self.depths)) if found]
        # a single ensemble is told by its sizes alone
        counted = [] if count == 0 or (count == 1 and sizes) else [f"{count} {one if count == 1 else self.noun}"]
        return "; ".join(part for part in (*self.words, ", ".join(counted + sizes)) if part)


def _up_to(name: str, sizes: tuple[int, ...]) -> str:
    return f"{name} {'=' if sizes[0] == sizes[-1] else '<='} {sizes[-1]}"
