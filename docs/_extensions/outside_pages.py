"""Pages of files outside of docs/, which read well where they are: their text here, and links to them led here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pages import ROOT, write_pages

if TYPE_CHECKING:
    from sphinx.application import Sphinx

OUTSIDE = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
OUTSIDE |= {
    f"benchmarks/{name}.md": f"benchmarks/{name}.md" for name in ("sampling", "curvature", "coverage", "mutants")
}
_INDEX = """# What was measured

- [Speed of sampling](sampling.md)
- [Speed of Hessian spectra](curvature.md)
- [Coverage of intervals](coverage.md)
- [Changes of the code that a test notices](mutants.md)

```{toctree}
:hidden:
sampling
curvature
coverage
mutants
```
"""


def _write(app: Sphinx) -> None:
    folder = Path(app.srcdir) / "benchmarks"
    texts = {
        Path(page).name: (ROOT / file).read_text(encoding="utf-8") for file, page in OUTSIDE.items() if "/" in file
    }
    write_pages(folder, {"index.md": _INDEX, **texts})


def _led_here(app: Sphinx, docname: str, source: list[str]) -> None:
    up = "../" * docname.count("/")

    def page_of(match: re.Match[str]) -> str:
        page = OUTSIDE.get(match[1])
        return f"]({up}{page})" if page else match[0]

    source[0] = re.sub(r"\]\((?:\.\./)+([\w/.-]+\.md)\)", page_of, source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages before Sphinx looks for them, and change links as pages are read."""
    app.connect("builder-inited", _write, priority=100)
    app.connect("source-read", _led_here)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
