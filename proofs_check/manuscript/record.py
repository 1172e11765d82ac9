"""What was made the last time, so that a number or a verdict that has changed is noticed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from proofs_check.reporting.files import write_whole

NAME = "record.json"


def read_record(folder: Path) -> dict[str, str]:
    """Return what was recorded in a folder; nothing if there is no record that can be read.

    Parameters
    ----------
    folder : Path
        The folder.
    """
    return _read(folder, "values")


def _read(folder: Path, part: str) -> dict[str, str]:
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return {str(name): str(value) for name, value in found[part].items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}


def read_stamps(folder: Path) -> dict[str, str]:
    """Return what each figure of the package in a folder was made from.

    Parameters
    ----------
    folder : Path
        The folder.
    """
    return _read(folder, "figures")


def write_record(folder: Path, values: Mapping[str, str], stamps: Mapping[str, str], version: str) -> None:
    """Record what was made.

    Parameters
    ----------
    folder : Path
        The folder.
    values : mapping of str to str
        Each number and verdict, by its name.
    stamps : mapping of str to str
        What each figure of the package was made from, by its file.
    version : str
        The version of this package.
    """
    write_whole(
        folder / NAME,
        json.dumps({"version": version, "values": dict(values), "figures": dict(stamps)}, indent=2) + "\n",
    )


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return what has changed, in words.

    Examples
    --------
    >>> changes({"a": "1", "b": "2"}, {"a": "3", "c": "4"})
    ['a was 1, is 3', 'b is no longer there (it was 2)']
    """
    lines = [f"{name} was {was}, is {now[name]}" for name, was in before.items() if now.get(name, was) != was]
    return [*lines, *(f"{name} is no longer there (it was {was})" for name, was in before.items() if name not in now)]
