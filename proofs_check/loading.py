"""Runs a user's Python file as a module of its own, with its folder in the path while it runs, as for a script."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

_PREFIX = "_statements_"
_beside: dict[str, str] = {}
"""The modules that files imported from their own folders, each with that folder."""


def run_file(path: Path) -> ModuleType:
    """Run a Python file, and return it as a module.

    Parameters
    ----------
    path : Path
        The file. Two files of one name are two modules, and so are the files of one name that they import from their
        folders.

    Raises
    ------
    Exception
        What the file raises.
    """
    whole = path.resolve()
    name = f"{_PREFIX}{hashlib.sha256(str(whole).encode()).hexdigest()[:16]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, whole)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with _folder_in_path(str(whole.parent)):
        spec.loader.exec_module(module)
    return module


def is_loaded_file(thing: object) -> bool:
    """Whether the class of an object comes from such a file, which no other process can import by its name."""
    module = type(thing).__module__
    return module.startswith(_PREFIX) or module in _beside


@contextmanager
def _folder_in_path(folder: str) -> Iterator[None]:
    for name, other in list(_beside.items()):  # another folder's helper.py is not this one's
        if other != folder:
            sys.modules.pop(name, None)
            del _beside[name]
    before = set(sys.modules)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file is not None and Path(file).resolve().is_relative_to(folder):
                _beside[name] = folder
