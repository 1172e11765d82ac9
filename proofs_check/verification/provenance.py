"""Where a report comes from: which version of the code, when, on which machine, and by which command."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

LIBRARIES = ("numpy", "scipy", "sympy", "mpmath", "python-flint")
"""What numbers and proofs rest on."""
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    """When and where a run was made, and by which command.

    Parameters
    ----------
    command : str
        The command line.
    began : str
        Date and time, as ISO 8601 has them.
    seconds : float
        How long it took.
    machine : str
        The system, its processor and how many of them.
    python : str
        The version of Python.
    libraries : mapping of str to str
        The versions of :data:`LIBRARIES`.

    Examples
    --------
    >>> Run.here("vanishing verify", datetime(2026, 5, 1, 12), 90.0).began
    '2026-05-01T12:00:00'
    """

    command: str
    began: str
    seconds: float
    machine: str = ""
    python: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def here(cls, command: str, began: datetime, seconds: float) -> Run:
        """Return a run on this machine.

        Parameters
        ----------
        command : str
            The command line.
        began : datetime
            When it began.
        seconds : float
            How long it took.
        """
        return cls(
            command,
            began.isoformat(timespec="seconds"),
            round(seconds, 1),
            f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count() or 1} processors",
            "{}.{}.{}".format(*sys.version_info),
            {name: found for name in LIBRARIES if (found := _installed(name))},
        )


def version() -> str:
    """Return the version of this package; empty where it is not installed."""
    return _installed("vanishing-curvature")


def _installed(name: str) -> str:
    try:
        return installed(name)
    except PackageNotFoundError:
        return ""


@cache
def commit() -> str:
    """Return the commit of the sources, ``-changed`` behind it if files differ from it; empty where there is no git.

    Examples
    --------
    >>> commit() == "" or len(commit()) >= 40
    True
    """
    found = shutil.which("git")
    if found is None:
        return ""

    def git(*arguments: str) -> str | None:
        done = subprocess.run([found, "-C", _ROOT, *arguments], capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    top = git("rev-parse", "--show-toplevel")
    if not top or Path(top).resolve() != _ROOT.resolve():  # somebody else's repository, that we are installed in
        return ""
    named = git("rev-parse", "HEAD")
    changed = git("status", "--porcelain", "--untracked-files=no")
    return f"{named}{'-changed' if changed else ''}" if named else ""
