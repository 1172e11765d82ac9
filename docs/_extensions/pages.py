"""What the makers of pages share: files that are written when they change, and text that Markdown leaves alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def plain(text: str) -> str:
    r"""Return text in which no character means anything to Markdown.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The same with backslashes.

    Examples
    --------
    >>> print(plain("E|a_L|^2"))
    E\|a\_L\|^2
    """
    return re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", text)


def write_pages(folder: Path, pages: Mapping[str, str]) -> None:
    """Write the pages of a folder that nothing else writes to, and take away what is no longer one of them.

    Parameters
    ----------
    folder : Path
        The folder.
    pages : mapping of str to str
        The text of each file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.name not in pages and old.suffix in (".md", ".rst", ".png", ".svg"):
            old.unlink()
    for name, text in pages.items():
        file = folder / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def contents_of(docstring: str) -> dict[str, str]:
    """Return the table of contents that a package's docstring has: what each of its rooms is for.

    Parameters
    ----------
    docstring : str
        The docstring.

    Returns
    -------
    dict of str to str
        By the name of the room, in the order of the table.
    """
    return dict(re.findall(r"^(\w+)  +(\S.*)$", docstring, re.MULTILINE))
