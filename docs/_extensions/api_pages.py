"""The reference: a page for each name in ``__all__`` of the packages, grouped by the room that it lives in."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pages import contents_of, write_pages

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PACKAGES = ("theory", "montecarlo", "proofs_check")


def _room(package: ModuleType, name: str) -> str:
    """Return the room of a package in which a public name is defined."""
    module = getattr(getattr(package, name), "__module__", None) or package.__name__
    if not module.startswith(f"{package.__name__}."):
        for room in contents_of(inspect.getdoc(package) or ""):
            if hasattr(importlib.import_module(f"{package.__name__}.{room}"), name):
                return room
        return ""
    return str(module.split(".")[1])


def _grouped(package: ModuleType) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {room: [] for room in contents_of(inspect.getdoc(package) or "")}
    for name in package.__all__:
        groups[_room(package, name)].append(name)
    return {room: names for room, names in groups.items() if names}


def _name_page(package: ModuleType, name: str) -> str:
    found = getattr(package, name)
    if inspect.isclass(found):
        kind, options = "autoclass", "   :members:\n"
    elif inspect.isfunction(found):
        kind, options = "autofunction", ""
    else:
        kind, options = "autodata", ""
    title = f"{package.__name__}.{name}"
    return f"{title}\n{'=' * len(title)}\n\n.. currentmodule:: {package.__name__}\n\n.. {kind}:: {name}\n{options}"


def pages() -> dict[str, str]:
    """Return all pages of the reference."""
    found = {}
    for name in PACKAGES:
        package = importlib.import_module(name)
        said = inspect.getdoc(package) or ""
        rooms = contents_of(said)
        groups = _grouped(package)
        names = [one for members in groups.values() for one in members]
        lines = [name, "=" * len(name), "", said.partition("\n")[0], "", ".. toctree::", "   :hidden:", ""]
        lines += [f"   {one} <{name}.{one}>" for one in names]
        for room, members in groups.items():
            lines += [
                "",
                f"{name}.{room}",
                "-" * len(f"{name}.{room}"),
                "",
                f"{rooms[room][0].upper()}{rooms[room][1:]}.".replace("|", r"\|"),
                "",
            ]
            lines += [".. autosummary::", "   :nosignatures:", "", *(f"   {name}.{one}" for one in members)]
        found[f"{name}.rst"] = "\n".join(lines) + "\n"
        found |= {f"{name}.{one}.rst": _name_page(package, one) for one in names}
    return found


INDEX = """# API reference

What the three packages give to `from ... import`, each name on a page of its own. Anything that is not listed here
may change without notice.

| package | what it is |
|---|---|
| [theory](theory.rst) | what should hold, derived with SymPy; no sampling, no floats on the way |
| [montecarlo](montecarlo.rst) | what does hold: random networks, sampled and measured |
| [proofs_check](proofs_check.rst) | statements, evidence, verdicts; the command `vanishing` |

`theory` and `montecarlo` do not know each other, apart from `Ensemble`: evidence must be independent of what it checks.

```{toctree}
:hidden:
theory
montecarlo
proofs_check
```
"""


def _write(app: Sphinx) -> None:
    write_pages(Path(app.srcdir) / "api", {"index.md": INDEX, **pages()})


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages before Sphinx looks for them."""
    app.connect("builder-inited", _write, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
