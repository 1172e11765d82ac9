"""What could not be run, and where: an error in other people's code as one line with file and line, no traceback."""

from __future__ import annotations

import functools
import re
import sysconfig
import traceback
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from theory.ensembles import InvalidArgument

Place = tuple[str, int]
"""A file and a line."""

NOT_OURS = BaseException
"""What other people's code may raise without ending the run: all but an interrupt, which is raised again."""

_ROOT = Path(__file__).parent.parent
_NOT_THE_USERS = tuple(
    f"{folder}/"
    for folder in (
        *(_ROOT / package for package in ("theory", "montecarlo", "proofs_check")),
        *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
    )
)
_MOST_CHARACTERS = 300


@dataclass(frozen=True)
class Fault:
    """Something that could not be run.

    Parameters
    ----------
    what : str
        A statement's id, or a file as it was named.
    problem : str
        What went wrong, in one line.
    where : str
        File and line of the code at fault, as far as they are known.

    Examples
    --------
    >>> print(Fault("user.mean", "ZeroDivisionError: division by zero", "mine.py:12"))
    user.mean: could not be run: ZeroDivisionError: division by zero (mine.py:12)
    """

    what: str
    problem: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.what}: could not be run: {self.reason}"

    @property
    def reason(self) -> str:
        """The problem and its place."""
        return f"{self.problem} ({self.where})" if self.where else self.problem


def fault_of(error: BaseException, what: str, near: Iterable[object] = (), at: Place | None = None) -> Fault:
    """Return an error as a fault: its message in one line, and the line of the user's code where it arose.

    Parameters
    ----------
    error : BaseException
        What was raised.
    what : str
        What could not be run.
    near : iterable
        Functions (partial ones, too) that may be at fault, the likeliest first. The innermost line of their files
        counts; where the error arose outside of them all, the line at which the first of them begins.
    at : (str, int), optional
        The place that is named if nothing better is known.

    Examples
    --------
    >>> fault_of(KeyError("n"), "user.mean").problem
    "KeyError: 'n'"
    """
    codes = [code for code in map(_code, near) if code is not None]
    files = {code.co_filename for code in codes}
    places = list(_places(error))
    inside = [place for place in places if place[0] in files]
    theirs = [place for place in places if not place[0].startswith((*_NOT_THE_USERS, "<"))]
    begins = [(code.co_filename, code.co_firstlineno) for code in codes]
    place = next(iter([*inside[-1:], *theirs[-1:], *begins[:1]]), at)
    return Fault(what, problem_of(error), "" if place is None else shown(place))


def problem_of(error: BaseException) -> str:
    """Return an error's message in one line, with its kind unless it is a bad argument."""
    try:
        said = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:  # an error of somebody's own, which cannot even say what it is
        said = ""
    text = "".join(letter if letter.isprintable() else "?" for letter in " ".join(said.split()))
    if len(text) > _MOST_CHARACTERS:
        text = f"{text[:_MOST_CHARACTERS]}..."
    if isinstance(error, InvalidArgument):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def shown(place: Place) -> str:
    """Return a place as text: relative to the working folder if it is below.

    Examples
    --------
    >>> shown(("/somewhere/mine.py", 3))
    '/somewhere/mine.py:3'
    """
    file, line = place
    with suppress(ValueError, OSError):  # it is elsewhere, or the working folder is gone
        file = str(Path(file).resolve().relative_to(Path.cwd()))
    return f"{file}:{line}"


def _places(error: BaseException) -> Iterator[Place]:
    """Yield where the error went through, the outermost call first; a worker process sends its calls as text."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        yield frame.f_code.co_filename, line
    cause = error.__cause__
    if type(cause).__name__ == "_RemoteTraceback":
        for file, line in re.findall(r'File "([^"]+)", line (\d+)', str(cause)):
            yield file, int(line)
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        yield error.filename, error.lineno


def _code(function: object) -> CodeType | None:
    """Return the code of a function, a partial one or a method; None for what has none."""
    while isinstance(function, functools.partial):
        function = function.func
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None
