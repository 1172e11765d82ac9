"""Things are found by their files: each file of a folder is one figure, study, quantity, ..., and no list repeats it.

A name on the command line is the file's name with ``-`` for ``_``, so that names are known before anything is loaded.
They come in the order of the folder's table of contents, the docstring of its package; a file that is not named there
comes after those that are, by the alphabet.
"""

from __future__ import annotations

import os
import pkgutil
import re
import time
from functools import lru_cache
from importlib import import_module
from typing import TypeVar

from proofs_check.faults import fault_of

Found = TypeVar("Found")


class Unusable(ImportError):
    """A file that is not what its folder is for; the message says so in one line."""


def files(package: str) -> tuple[str, ...]:
    """Return the names of a package's files and folders, in the order of its table of contents, and load none.

    Parameters
    ----------
    package : str
        The package's whole name.

    Examples
    --------
    >>> files("proofs_check.studies")[:4]
    ('curvature', 'escape_times', 'remedies', 'digits')
    """
    room = import_module(package)
    contents = re.findall(r"^(\w+)  ", room.__doc__ or "", re.MULTILINE)
    place = {name: number for number, name in enumerate(contents)}
    path = tuple(room.__path__)
    found = _modules(path, tuple(_changed(folder) for folder in path))
    return tuple(sorted(found, key=lambda name: (place.get(name, len(place)), name)))


@lru_cache(maxsize=256)
def _modules(path: tuple[str, ...], changed: tuple[int, ...]) -> tuple[str, ...]:
    """Return what is in folders that were changed last at such times: a command asks for the same names many times."""
    return tuple(file.name for file in pkgutil.iter_modules(path))


def _changed(folder: str) -> int:
    """Return when a folder was changed last; a time of its own where it was a moment ago, as clocks are coarse."""
    now = time.time_ns()
    try:
        changed = os.stat(folder).st_mtime_ns
    except OSError:  # such as in an archive
        return now
    return changed if now - changed > 1_000_000_000 else now


def names(package: str) -> tuple[str, ...]:
    """Return the names that a package's files have on the command line, in the order of :func:`files`.

    Examples
    --------
    >>> names("proofs_check.studies")[:4]
    ('curvature', 'escape-times', 'remedies', 'digits')
    """
    return tuple(file.replace("_", "-") for file in files(package))


def load(package: str, name: str, constant: str, kind: type[Found]) -> Found:
    """Load a file, and return what it is there for.

    Parameters
    ----------
    package : str
        The package's whole name.
    name : str
        One of :func:`names`.
    constant : str
        The name that the file gives it, for example ``FIGURE``.
    kind : type
        The class that it must belong to.

    Raises
    ------
    Unusable
        If the file raises an error, has no such constant, or one of another kind.

    Examples
    --------
    >>> load("proofs_check.papers", "vanishing-curvature", "PAPER", object).key
    'orvieto-2021'
    """
    whole = f"{package}.{name.replace('-', '_')}"
    try:
        module = import_module(whole)
    except Exception as error:
        raise Unusable(str(fault_of(error, whole)), name=whole) from error
    found = getattr(module, constant, None)
    if not isinstance(found, kind):
        raise Unusable(f"{whole} has no {constant} = {kind.__name__}(...)", name=whole)
    return found
