"""Docstrings as Sphinx reads them: a bar in running text is a norm, and no substitution of reStructuredText."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_KEPT = re.compile(r"``.*?``|:\w+:`[^`]*`|`[^`]*`")


def _bars_kept(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    for number, line in enumerate(lines):
        if line.lstrip().startswith((">>>", "...")) or "|" not in line:
            continue
        kept = _KEPT.findall(line)
        texts = [text.replace("|", r"\|") for text in _KEPT.split(line)]
        lines[number] = "".join(text + more for text, more in zip(texts, [*kept, ""], strict=True))


def setup(app: Sphinx) -> dict[str, Any]:
    """Take part before numpydoc does."""
    app.connect("autodoc-process-docstring", _bars_kept, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
