"""Files are written whole or not at all."""

from __future__ import annotations

from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; a device, a pipe or the like is written to, never replaced.

    Parameters
    ----------
    path : Path
        The file. A symbolic link stays one, and the file that it points to is written.
    content : str or bytes
        The content; text is written as UTF-8.

    Raises
    ------
    OSError
        If the file cannot be written. Then what was there before is untouched, and nothing is left beside it.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        _write(path, content)
        return
    partial = path.with_name(f".{path.name}.partial")
    try:
        _write(partial, content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write(path: Path, content: str | bytes) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content, encoding="utf-8")
