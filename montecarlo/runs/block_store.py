"""Finished blocks of simulations in one SQLite file: a run killed at any moment loses at most the blocks in flight."""

from __future__ import annotations

import hashlib
import io
import os
import re
import sqlite3
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_count
from theory.ensembles import InvalidArgument

APPLICATION = 0x56436273
"""What tells these files from all other SQLite databases, "VCbs" in ASCII."""
FORMAT = 1
"""The version of the tables; files of later versions are refused."""
BUSY_SECONDS = 5.0
"""Another process may keep the file locked for so many seconds before that is an error."""

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_SCHEMA = {
    "settings": "CREATE TABLE settings (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, seal BLOB NOT NULL)",
    "blocks": "CREATE TABLE blocks (run TEXT NOT NULL, block INTEGER NOT NULL, networks INTEGER NOT NULL, "
    "digest BLOB NOT NULL, seal BLOB NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (run, block))",
}
_MOST = 2**63 - 1
"""The largest integer that SQLite stores."""
_NAMED = 3
"""A refusal names so many settings that differ."""
_ANEW = "restore a copy of it, or use another file"


class BlockStore:
    """Finished blocks in one SQLite file; a context manager that closes it.

    Threads may share a store, and processes may share a file. A block is written in one transaction. A block that is
    not exactly as it was written is refused. :meth:`open` makes a store.

    Parameters
    ----------
    connection : sqlite3.Connection
        Connection to the file, usable from any thread.
    shown : str
        Name of the file in messages.

    Notes
    -----
    A block's *digest* is the SHA-256 of its payload (the arrays as .npz, never pickled), its *seal* that of its run,
    number, networks and digest: all seals can be verified without reading the payloads.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name) / "blocks.sqlite"
    >>> with BlockStore.open(file, {"seed": "0"}) as store:
    ...     store.put("a run", 0, 2, {"logs": np.array([0.5, -np.inf])})
    >>> with BlockStore.open(file, {"seed": "0"}) as store:
    ...     store.sizes("a run"), store.get("a run", 0)
    ({0: 2}, {'logs': array([ 0.5, -inf])})
    >>> folder.cleanup()
    """

    def __init__(self, connection: sqlite3.Connection, shown: str) -> None:
        self._connection = connection
        self._shown = shown
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"BlockStore({self._shown})"

    @classmethod
    def open(cls, path: str | os.PathLike[str], settings: Mapping[str, str]) -> BlockStore:
        """Open a file of blocks; make it if it is not there, or is empty.

        Parameters
        ----------
        path : path
            Name of the file.
        settings : mapping of str to str
            All that decides the bits of all blocks; a file made with other settings is refused.

        Returns
        -------
        BlockStore

        Raises
        ------
        InvalidArgument
            If the file is damaged, locked, cannot be written, was made with other settings, or is no store at all. It
            is left as it was.
        """
        _require_words(settings)
        file, shown = _located(path)
        with _explained(shown):
            return cls(_opened(file, dict(settings), shown), shown)

    def sizes(self, run: str) -> dict[int, int]:
        """Return how many networks each finished block of a run has, by the number of the block.

        Raises
        ------
        InvalidArgument
            If one of them is damaged, or the file cannot be read.
        """
        with self._lock, _explained(self._shown):
            found = self._connection.execute(f"{_SEALED} WHERE run = ? ORDER BY block", (run,))
            return {block: networks for _, block, networks in _verified(found, self._shown)}

    def get(self, run: str, block: int) -> dict[str, NDArray[Any]] | None:
        """Return the arrays of a finished block with all their bits; None if it is not there.

        Parameters
        ----------
        run : str
            The run that the block belongs to.
        block : int
            Number of the block.

        Raises
        ------
        InvalidArgument
            If it is damaged, or the file cannot be read.
        """
        select = "SELECT networks, digest, seal, payload FROM blocks WHERE run = ? AND block = ?"
        with self._lock, _explained(self._shown):
            row = self._connection.execute(select, (run, block)).fetchone()
        if row is None:
            return None
        networks, digest, seal, payload = row
        if seal != _seal(run, block, networks, digest) or not isinstance(payload, bytes) or digest != _sha(payload):
            raise _damaged(self._shown, f"block {block} of {run}")
        return _unpacked(payload)

    def put(self, run: str, block: int, networks: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write a finished block in one transaction; it replaces one of fewer networks, and no other.

        Parameters
        ----------
        run : str
            The run that the block belongs to.
        block : int
            Number of the block, not negative.
        networks : int
            How many networks the block has.
        arrays : mapping of str to ndarray
            The results.

        Raises
        ------
        InvalidArgument
            If it cannot be written, because e.g. the disk is full or another process keeps the file locked. The blocks
            that were written before are safe.
        """
        block, networks = as_count("block", block, 0, _MOST, example=0), as_count("networks", networks, 1, _MOST)
        payload = _packed(arrays)
        digest = _sha(payload)
        row = (run, block, networks, digest, _seal(run, block, networks, digest), payload)
        with self._lock, _explained(self._shown, self._finished):
            most = (
                self._connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) - 1_000
            )  # a row is a bit longer than its payload
            if len(payload) > most:
                problem = f"block {block} has {len(payload)} bytes of results, and SQLite takes {most}"
                raise InvalidArgument("store", problem, "measure less at once")
            with _transaction(self._connection):
                self._connection.execute(_PUT, row)

    def close(self) -> None:
        """Close the file, after SQLite has moved into it what it keeps beside an open file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _finished(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM blocks").fetchone()[0])


_SEALED = "SELECT run, block, networks, digest, seal FROM blocks"
_PUT = """
INSERT INTO blocks (run, block, networks, digest, seal, payload) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (run, block) DO UPDATE SET
    networks = excluded.networks, digest = excluded.digest, seal = excluded.seal, payload = excluded.payload
WHERE excluded.networks > blocks.networks
"""


def _require_words(settings: Mapping[Any, Any]) -> None:
    for name, value in settings.items():
        if not isinstance(name, str) or not isinstance(value, str):
            problem = f"must map str to str, got {name!r}: {value!r}"
            raise InvalidArgument("settings", problem, "use e.g. {'seed': '0'}")


def _located(path: str | os.PathLike[str]) -> tuple[Path, str]:
    """Return the file itself, with links resolved, and its name in messages; refuse what cannot be a store's file."""
    try:
        shown = os.fsdecode(path)
        if not shown:
            raise ValueError("it is empty")
        file = Path(shown).resolve()
        there = file.exists()
    except (TypeError, ValueError, OSError, RuntimeError) as reason:  # links in a circle are a RuntimeError
        remedy = "use e.g. blocks.sqlite"
        raise InvalidArgument("store", f"{path!r} names no file ({reason})", remedy) from None
    if there and not file.is_file():
        kind = "is a folder" if file.is_dir() else "is no ordinary file"
        raise InvalidArgument("store", f"{shown} {kind}", "name a file, e.g. blocks.sqlite")
    if not file.parent.is_dir():
        raise InvalidArgument("store", f"there is no folder {file.parent}", "make it first")
    if there and not os.access(file, os.R_OK | os.W_OK):
        raise InvalidArgument("store", f"{shown} is not to be read and written", "change its permissions or copy it")
    if not os.access(file.parent, os.W_OK | os.X_OK):  # SQLite keeps its log beside the file
        raise InvalidArgument("store", f"nothing can be written in the folder {file.parent}", "use another folder")
    return file, shown


def _opened(file: Path, settings: dict[str, str], shown: str) -> sqlite3.Connection:
    """Return a connection to a store with these settings."""
    log = file.with_name(f"{file.name}-wal")
    unfinished = log.exists() and log.stat().st_size > 0
    empty = not file.exists() or file.stat().st_size == 0
    if empty and unfinished:  # SQLite would delete the log
        raise _damaged(shown, f"it is empty, and {log.name} is not")
    if not empty:
        _require_ours(file, shown)
    if unfinished:
        # a connection that may write would move a killed process's log into the file, so first see that it is a store
        with closing(_connected(file, "ro")) as reader:
            _inspect(reader, settings, shown)
    connection = _connected(file, "rwc" if empty else "rw")
    try:
        if _has_no_pages(connection):  # also if making the file was interrupted, which SQLite has rolled back by now
            _create(connection, settings)
        if not unfinished:
            _inspect(connection, settings, shown)
        _log_ahead(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _connected(file: Path, mode: str) -> sqlite3.Connection:
    """Return a connection without Python's own transactions, which any thread may use under a lock."""
    connection = sqlite3.connect(
        f"{file.as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _require_ours(file: Path, shown: str) -> None:
    """Refuse a file that is no store, by its first bytes, before SQLite opens it."""
    with file.open("rb") as stream:
        header = stream.read(_HEADER_BYTES)
    remedy = "use another file, or none"
    if not header.startswith(_MAGIC[: len(header)]):
        raise InvalidArgument("store", f"{shown} is no SQLite database", remedy)
    if len(header) < _HEADER_BYTES:
        raise _damaged(shown, "its header is cut off")
    version, application = (int.from_bytes(header[at : at + 4], "big") for at in (60, 68))
    if application != APPLICATION:
        raise InvalidArgument("store", f"{shown} is an SQLite database of another application", remedy)
    if version > FORMAT:
        problem = f"{shown} has format {version}, and this release reads up to {FORMAT}"
        raise InvalidArgument("store", problem, "use the release that made it, or another file")
    if version != FORMAT:
        raise _damaged(shown, f"there is no format {version}")


def _has_no_pages(connection: sqlite3.Connection) -> bool:
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # reading rolls back what was cut short
    return bool(connection.execute("PRAGMA page_count").fetchone()[0] == 0)


def _create(connection: sqlite3.Connection, settings: dict[str, str]) -> None:
    """Make the tables with the settings in one transaction, unless another process has been faster."""
    with _transaction(connection, "EXCLUSIVE"):
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            return
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        for table in _SCHEMA.values():
            connection.execute(table)
        rows = [(name, value, _seal(name, value)) for name, value in settings.items()]
        connection.executemany("INSERT INTO settings (name, value, seal) VALUES (?, ?, ?)", rows)


def _inspect(connection: sqlite3.Connection, settings: dict[str, str], shown: str) -> None:
    """Refuse a store that is damaged or was made with other settings, without writing to it."""
    verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise _damaged(shown, str(verdict))
    if dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")) != _SCHEMA:
        raise _damaged(shown, "its tables are not those of a store")
    made_with = {}
    for name, value, seal in connection.execute("SELECT name, value, seal FROM settings"):
        if seal != _seal(name, value):
            raise _damaged(shown, f"its setting {name}")
        made_with[name] = value
    for _ in _verified(connection.execute(_SEALED), shown):
        pass
    other = [name for name in {**settings, **made_with} if settings.get(name) != made_with.get(name)]
    if other:
        then, now = (_told(source, other) for source in (made_with, settings))
        remedy = "use another file, or the old settings"
        raise InvalidArgument("store", f"{shown} was made with {then}, not {now}", remedy)


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Let SQLite write to a log first: a kill at any moment leaves whole transactions, and each is quick to write."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as reason:
        if _code(reason) != sqlite3.SQLITE_BUSY:  # then another process that opens the file does it
            raise
    connection.execute("PRAGMA synchronous = NORMAL")


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    try:
        connection.execute(f"BEGIN {kind}")
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _told(settings: Mapping[str, str], names: list[str]) -> str:
    """Say in a few words what the settings of these names are."""
    parts = [f"{name}={_short(settings.get(name, '(none)'))}" for name in names[:_NAMED]]
    return ", ".join(parts + ["..."] * (len(names) > _NAMED))


def _short(value: str) -> str:
    value = " ".join(value.split())
    return value if len(value) <= 40 else f"{value[:36]}..."


def _verified(rows: sqlite3.Cursor, shown: str) -> Iterator[tuple[str, int, int]]:
    """Yield run, block and networks of each row; refuse the first row whose seal is broken."""
    for run, block, networks, digest, seal in rows:
        if seal != _seal(run, block, networks, digest):
            raise _damaged(shown, f"block {block} of {run}")
        yield run, block, networks


def _seal(*fields: object) -> bytes:
    return _sha(repr(fields).encode())


def _sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _packed(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays as the bytes of an .npz file, without pickling."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+", name):
                problem = f"{name!r} cannot name an array in a file"
                raise InvalidArgument("arrays", problem, "use letters, digits, dots and dashes")
            array = np.asarray(array)
            if array.dtype.hasobject:
                problem = f"{name} holds Python objects, which are not stored"
                raise InvalidArgument("arrays", problem, "use numbers")
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return stream.getvalue()


def _unpacked(payload: bytes) -> dict[str, NDArray[Any]]:
    arrays = {}
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                arrays[name.removesuffix(".npy")] = np.lib.format.read_array(member, allow_pickle=False)
    return arrays


@contextmanager
def _explained(shown: str, finished: Callable[[], int] | None = None) -> Iterator[None]:
    """Within this context, errors of SQLite or the disk become an InvalidArgument that says in one line what failed."""
    try:
        yield
    except sqlite3.Error as reason:
        safe = ""
        with suppress(sqlite3.Error):  # a store that is closed cannot count its blocks
            safe = f": {finished()} finished blocks are safe" if finished is not None else ""
        raise _explanation(shown, reason, safe) from None
    except UnicodeError:  # an error message of SQLite's quotes bytes of the file that are no text
        raise _damaged(shown, "bytes that should be text cannot be decoded") from None
    except OSError as reason:
        remedy = "see whether it is there and may be read and written"
        raise InvalidArgument("store", f"{shown} cannot be used ({reason.strerror or reason})", remedy) from None


def _explanation(shown: str, reason: sqlite3.Error, safe: str) -> InvalidArgument:
    match _code(reason):
        case None:
            return InvalidArgument("store", f"{shown} is closed ({reason})", "open it again")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED | sqlite3.SQLITE_PROTOCOL:
            problem = f"{shown} is locked by another process for more than {BUSY_SECONDS:g} s"
            return InvalidArgument("store", problem, f"wait until that is done, or use another file{safe}")
        case sqlite3.SQLITE_FULL:
            problem = f"the disk is full, so that {shown} cannot grow"
            return InvalidArgument("store", problem, f"free some space and run again{safe}")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_IOERR | sqlite3.SQLITE_PERM:
            problem = f"{shown} cannot be read and written ({reason})"
            return InvalidArgument("store", problem, f"see whether its disk is full, failing or read-only{safe}")
        case _:
            return _damaged(shown, str(reason))


def _code(reason: sqlite3.Error) -> int | None:
    """Return SQLite's primary result code; None if Python itself refused."""
    code: int | None = getattr(reason, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _damaged(shown: str, what: str) -> InvalidArgument:
    legible = "".join(letter if letter.isprintable() else "?" for letter in " ".join(what.split()))
    return InvalidArgument("store", f"{shown} is damaged ({legible})", _ANEW)
