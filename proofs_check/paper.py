"""A paper: its claims in its own order, each with the statements that check it, or with the reason why none does."""

from __future__ import annotations

import re
from dataclasses import dataclass

from proofs_check.statement import require_id
from theory.ensembles import InvalidArgument


@dataclass(frozen=True)
class Claim:
    """One claim of a paper: what checks it, or why nothing does.

    Parameters
    ----------
    sentence : str
        What is claimed, in one plain sentence.
    where : str
        The place in the paper.
    ids : tuple of str
        The statements that check it.
    why : str
        The reason why no statement does; either this or `ids` is given.

    Raises
    ------
    InvalidArgument
        If neither or both of `ids` and `why` are given, an id is malformed or given twice, or a text is not one line.

    Examples
    --------
    >>> Claim("Typical gradients vanish.", "abstract", ids=("gradient.typical-rate",)).is_checked
    True
    >>> Claim("Training is hard.", "abstract", why="it is no statement about a number").is_checked
    False
    """

    sentence: str
    where: str
    ids: tuple[str, ...] = ()
    why: str = ""

    def __post_init__(self) -> None:
        for text in ("sentence", "where"):
            _require_line(text, getattr(self, text))
        for name in self.ids:
            require_id(name)
        if not self.ids:
            _require_line("why", self.why, f"say why nothing checks {self.sentence!r}, or give ids")
        elif self.why:
            problem = f"is given for {self.sentence!r}, which {self.ids[0]!r} checks"
            raise InvalidArgument("why", problem, "make two claims of it")
        for place, twice in enumerate(self.ids):
            if twice in self.ids[:place]:
                raise InvalidArgument("ids", f"of {self.sentence!r} name {twice!r} twice", "name it once")

    @property
    def is_checked(self) -> bool:
        """Whether any statement checks it."""
        return bool(self.ids)


@dataclass(frozen=True)
class Paper:
    """A paper as the list of its claims.

    Parameters
    ----------
    key : str
        A permanent name: the first author and the year, e.g. ``orvieto-2021``.
    title, authors : str
        As arXiv has them, in one line each.
    arxiv : str
        The number on arXiv, of either form; empty for a paper that is published elsewhere alone.
    claims : tuple of Claim
        The claims, in the order of the paper.
    published : str
        Where else it is published, and under which title if that is another one.

    Raises
    ------
    InvalidArgument
        If the key or the number is malformed, a text is not one line, there is no claim, or neither a number nor a
        place of publication.
    """

    key: str
    title: str
    authors: str
    arxiv: str
    claims: tuple[Claim, ...]
    published: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z]+(-[a-z]+)*-\d{4}[a-z]?", self.key):
            raise InvalidArgument("key", f"{self.key!r} is not of the form author-year", "use e.g. 'orvieto-2021'")
        if not re.fullmatch(r"\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7}|", self.arxiv):
            raise InvalidArgument("arxiv", f"{self.arxiv!r} is no number of arXiv", "use e.g. '2106.03763'")
        if not self.arxiv:
            _require_line("published", self.published, "say where the paper is published, as it has no number of arXiv")
        for text in ("title", "authors"):
            _require_line(text, getattr(self, text))
        if not self.claims:
            raise InvalidArgument("claims", f"{self.key} has none", "give at least one Claim")

    @property
    def found(self) -> str:
        """Where it is found, in a word or two: by its number on arXiv if it has one."""
        return f"arXiv:{self.arxiv}" if self.arxiv else self.published

    @property
    def ids(self) -> tuple[str, ...]:
        """The statements that check any of its claims, each once, in the order of the claims."""
        return tuple(dict.fromkeys(name for claim in self.claims for name in claim.ids))

    @property
    def checked(self) -> int:
        """How many of its claims are checked."""
        return sum(claim.is_checked for claim in self.claims)


def _require_line(name: str, text: str, remedy: str = "write one line") -> None:
    if not text.strip() or "\n" in text:
        raise InvalidArgument(name, f"must be one line, got {text!r}", remedy)
