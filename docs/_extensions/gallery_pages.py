"""The gallery: the scripts of examples/gallery, run when the site is built, with what they print and draw."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pages import ROOT, write_pages
from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

SCRIPTS = ROOT / "examples" / "gallery"


@dataclass(frozen=True)
class Ran:
    """A script that was run.

    Parameters
    ----------
    name : str
        Its file's name without the ending.
    title, text, code, printed : str
        The first line of its docstring, the rest of it, the code below, and what it printed.
    pictures : tuple of str
        The files that it drew, in the gallery's folder.
    """

    name: str
    title: str
    text: str
    code: str
    printed: str
    pictures: tuple[str, ...]

    def page(self) -> str:
        """Return the script's page."""
        lines = [f"# {self.title}", "", self.text, "", "```python", self.code, "```", ""]
        if self.printed:
            lines += ["It prints:", "", "```text", self.printed.rstrip("\n"), "```", ""]
        lines += [f"![{self.title}]({picture})" for picture in self.pictures]
        source = f"examples/gallery/{self.name}.py"
        return "\n".join([*lines, "", f"The script: [{source}](../../{source})", ""])


def run(script: Path, folder: Path) -> Ran:
    """Run a script in a folder of its own.

    Parameters
    ----------
    script : Path
        The script.
    folder : Path
        Where its pictures go.

    Raises
    ------
    ExtensionError
        If it fails, or has no docstring.
    """
    source = script.read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(source))
    if not docstring:
        raise ExtensionError(f"{script} has no docstring")
    title, _, text = docstring.partition("\n")
    code = source.split('"""', 2)[2].strip("\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg", "COLUMNS": "100"}
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            [sys.executable, str(script)], cwd=place, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ExtensionError(f"{script} failed:\n{done.stderr}")
        drawn = sorted(path for path in Path(place).iterdir() if path.suffix in (".png", ".svg"))
        for picture in drawn:
            shutil.copy(picture, folder / f"{script.stem}-{picture.name}")
    pictures = tuple(f"{script.stem}-{picture.name}" for picture in drawn)
    return Ran(script.stem, title.rstrip("."), text.strip(), code, done.stdout, pictures)


def _write(app: Sphinx) -> None:
    folder = Path(app.srcdir) / "gallery"
    folder.mkdir(exist_ok=True)
    for old in (*folder.glob("*.png"), *folder.glob("*.svg")):
        old.unlink()
    with ThreadPoolExecutor(2) as pool:
        ran = list(pool.map(lambda script: run(script, folder), sorted(SCRIPTS.glob("*.py"))))
    index = [
        "# Gallery", "",
        "Short scripts, each a few seconds. They are run when this site is built; what they print and draw is shown",
        "below the code.", "",
        *(f"- [{one.title}]({one.name}.md)" for one in ran), "",
        "Longer files to copy from: [own_statements.py](../../examples/own_statements.py), statements of one's own;",
        "[claims.txt](../../examples/claims.txt), fifty claims;",
        "[paper.toml](../../examples/paper/paper.toml), a paper's tables and numbers.", "",
        "```{toctree}", ":hidden:", *(one.name for one in ran), "```", "",
    ]  # fmt: skip
    kept = {picture: None for one in ran for picture in one.pictures}
    pages = {"index.md": "\n".join(index), **{f"{one.name}.md": one.page() for one in ran}}
    _write_beside(folder, pages, kept)


def _write_beside(folder: Path, pages: dict[str, str], kept: dict[str, None]) -> None:
    pictures = {name: (folder / name).read_bytes() for name in kept}
    write_pages(folder, pages)
    for name, content in pictures.items():
        (folder / name).write_bytes(content)


def setup(app: Sphinx) -> dict[str, Any]:
    """Run the scripts before Sphinx looks for pages."""
    app.connect("builder-inited", _write, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
