"""Runs a user's Python file as a module of its own, with its folder in the path while it runs, as for a script."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

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
    spec = importlib.util.spec_from_file_location(name, whole, loader=_AsWritten(name, str(whole)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with _folder_in_path(str(whole.parent)):
        spec.loader.exec_module(module)
    return module


def is_from_file(*things: object) -> bool:
    """Whether things are, or hold, anything from such a file, which no other process can import by its name.

    Parameters
    ----------
    *things : object
        What another process would be sent.

    Examples
    --------
    >>> is_from_file(Path("mine.py"), len)
    False
    """
    modules = _Modules()
    try:
        modules.dump(things)
    except Exception:  # what cannot be sent at all
        return True
    return any(name.startswith(_PREFIX) or name in _beside for name in modules.names)


class _AsWritten(SourceFileLoader):
    """Compiles what the file says now: bytecode is told from its source by second and size, which an edit may keep."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _Modules(pickle.Pickler):
    """Notes the module of each class and function that a pickle would name."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO())
        self.names: set[str] = set()

    def reducer_override(self, thing: Any) -> Any:
        named = thing if isinstance(thing, (type, FunctionType)) else type(thing)
        self.names.add(str(named.__module__))
        return NotImplemented


@contextmanager
def _folder_in_path(folder: str) -> Iterator[None]:
    for name, other in list(_beside.items()):  # another folder's helper.py is not this one's
        if other != folder:
            sys.modules.pop(name, None)
            del _beside[name]
    before = set(sys.modules)
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # a user's folder keeps what the user put there
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
        sys.dont_write_bytecode = kept
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file is not None and Path(file).resolve().is_relative_to(folder):
                _beside[name] = folder
