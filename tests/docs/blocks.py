"""What the pages show: blocks of Python with what they print, commands with what they answer."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_FILES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PAGES = {path.name: path.read_text(encoding="utf-8") for path in _FILES}
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.^])-?\d+\.\d+(?:e[+-]?\d+)?|(?<![\w.^])-?\d+e[+-]?\d+")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Parameters
    ----------
    page : str
        The page's file.
    number : int
        Which block of the page it is.
    language, text : str
        What the fence says, and what is in it.
    printed : str
        What is in the block of text right below it.
    """

    page: str
    number: int
    language: str
    text: str
    printed: str = ""

    def __str__(self) -> str:
        return f"{self.page}-{self.number}"


@dataclass(frozen=True)
class Command:
    """A command that a page shows.

    Parameters
    ----------
    page : str
        The page's file.
    line : str
        The command, without its comment.
    shown : str
        What the page says that it answers; empty if it does not say.
    """

    page: str
    line: str
    shown: str

    @property
    def words(self) -> list[str]:
        """The words of the command."""
        return shlex.split(self.line)

    def __str__(self) -> str:
        return f"{self.page}: {self.line}"


def blocks(page: str, language: str) -> Iterator[Block]:
    """Yield the blocks of a page in a language."""
    found = list(_FENCE.finditer(PAGES[page]))
    for number, match in enumerate(found):
        if match[1] == language:
            below = found[number + 1] if number + 1 < len(found) else None
            beside = below is not None and below[1] == "text" and not PAGES[page][match.end() : below.start()].strip()
            yield Block(page, number, language, match[2], below[2] if beside and below is not None else "")


def commands(page: str) -> Iterator[Command]:
    """Yield the commands of a page, with what it shows of their answers."""
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            line, _, shown = part.partition("\n")
            yield Command(page, line.split("  #")[0].strip(), shown)


def same(shown: str, printed: str) -> bool:
    """Whether an answer is what a page shows: a line of three dots stands for any lines, last digits may differ.

    A sampled number may differ in its last bits from machine to machine.
    """
    parts = re.split(r"^\.\.\.\n?", shown, flags=re.MULTILINE)
    pattern = "(?:.*\n)*".join(_pattern(part) for part in parts)
    match = re.fullmatch(pattern, printed)
    if match is None:
        return False
    found = [float(number) for number in match.groups() if number]
    wanted = [float(number) for part in parts for number in _NUMBER.findall(part)]
    return all(abs(a - b) <= 2e-3 * abs(b) for a, b in zip(found, wanted, strict=True))


def _pattern(text: str) -> str:
    between = [re.escape(part) for part in _NUMBER.split(text)]
    return f"({_NUMBER.pattern})".join(between)
