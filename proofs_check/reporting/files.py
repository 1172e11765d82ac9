"""Files are written whole or not at all."""

from __future__ import annotations

from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text file whole or not at all; a device, a pipe or the like is written to, never replaced.

    Parameters
    ----------
    path : Path
        The file. A symbolic link stays one, and the file that it points to is written.
    text : str
        The content, written as UTF-8.

    Raises
    ------
    OSError
        If the file cannot be written. Then what was there before is untouched, and nothing is left beside it.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
