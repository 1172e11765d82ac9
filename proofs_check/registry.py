"""Which statements there are: our own, and those of a user's modules; found by id pattern."""

from __future__ import annotations

import fnmatch
import importlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from proofs_check import discovery
from proofs_check.faults import Fault, fault_of, shown
from proofs_check.loading import run_file
from proofs_check.paper import Paper
from proofs_check.statement import Statement
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

_TOPICS = "proofs_check.statements"


@cache
def own_statements() -> tuple[Statement, ...]:
    """Return the statements of this package: those of every file in the folders of its topics."""
    folders = [f"{_TOPICS}.{folder}" for folder in discovery.files(_TOPICS)]
    modules = [f"{folder}.{file}" for folder in folders for file in discovery.files(folder)]
    return tuple(statement for module in modules for statement in statements_of(importlib.import_module(module)))


def topics() -> tuple[str, ...]:
    """Return the topics, each a folder of statements, without loading any statement.

    Examples
    --------
    >>> topics()[:3]
    ('chain', 'forward', 'wide')
    """
    return discovery.names(_TOPICS)


def statements_of(module: ModuleType) -> tuple[Statement, ...]:
    """Return the statements that a module lists in ``STATEMENTS``.

    Raises
    ------
    InvalidArgument
        If it lists none, or anything that is no :class:`~proofs_check.statement.Statement`.
    """
    found = []
    for one in _listed(module):
        if not isinstance(one, Statement):
            raise InvalidArgument("statements", f"{_shown(module)} lists {one!r:.60}, no Statement", _REMEDY)
        found.append(one)
    return tuple(found)


_REMEDY = "give it STATEMENTS = (Statement(...), ...)"


def _listed(module: ModuleType) -> Sequence[object]:
    listed = getattr(module, "STATEMENTS", None)
    if isinstance(listed, (str, bytes)) or not isinstance(listed, Sequence):
        raise InvalidArgument("statements", f"{_shown(module)} has no sequence STATEMENTS", _REMEDY)
    if not listed:
        raise InvalidArgument("statements", f"STATEMENTS of {_shown(module)} is empty", _REMEDY)
    return listed


def _shown(module: ModuleType) -> str:
    return str(getattr(module, "__file__", None) or module.__name__)


def load(source: str | Path) -> tuple[Statement, ...]:
    """Return the statements of a user's module, by its name or its file.

    Parameters
    ----------
    source : str or Path
        A module's name, or a Python file, whose folder is in the path while it runs, as for a script.

    Raises
    ------
    InvalidArgument
        If there is no such module or file, it raises an error (which the message shows with its line), or it lists
        anything but statements.
    """
    try:
        return statements_of(_module(source))
    except _Failed as failed:
        raise InvalidArgument("statements", failed.fault.reason, "mend it") from failed.__cause__


def load_all(sources: Iterable[str | Path]) -> tuple[tuple[Statement, ...], tuple[Fault, ...]]:
    """Return the statements of several modules, and what of them could not be loaded: it harms no other.

    Parameters
    ----------
    sources : iterable of str or Path
        As for :func:`load`; one that is there twice is loaded once.

    Raises
    ------
    InvalidArgument
        If there is no such module or file.
    """
    statements: list[Statement] = []
    faults: list[Fault] = []
    for source in dict.fromkeys(map(str, sources)):
        try:
            module = _module(source)
        except _Failed as failed:
            faults.append(failed.fault)
            continue
        try:
            listed = _listed(module)
        except InvalidArgument as none:
            faults.append(Fault(source, f"{none.problem}; {none.remedy}"))
            continue
        for number, one in enumerate(listed, 1):
            if isinstance(one, Statement):
                statements.append(one)
            else:
                faults.append(
                    Fault(source, f"entry {number} of STATEMENTS is no Statement, but {one!r:.60}; {_REMEDY}")
                )
    return tuple(statements), tuple(faults)


class _Failed(Exception):
    """A module that could not be run."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def _module(source: str | Path) -> ModuleType:
    """Run a file, or import a module by its name."""
    path = Path(source)
    remedy = "give a Python file or an importable module's name"
    if not str(source).strip("."):
        raise InvalidArgument("statements", f"{str(source)!r} names no module", remedy)
    if path.suffix == ".py" and not path.is_file():
        raise InvalidArgument("statements", f"there is no file {path}", remedy)
    try:
        return run_file(path) if path.suffix == ".py" else importlib.import_module(str(source))
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and _is_within(str(source), error.name):
            raise InvalidArgument("statements", str(error), remedy) from None
        at = (str(path.resolve()), 1) if path.suffix == ".py" else None
        raise _Failed(fault_of(error, str(source), at=at)) from error


def _is_within(name: str, missing: str | None) -> bool:
    """Whether the missing module is the one that was named, or a package that it lies in."""
    return missing is not None and f"{name}.".startswith(f"{missing}.")


def require_different_ids(statements: Iterable[Statement]) -> None:
    """Refuse statements of which two share an id, and say where they are.

    Raises
    ------
    InvalidArgument
        If two do; the first one that comes again is named.
    """
    seen: dict[str, Statement] = {}
    for statement in statements:
        if statement.id in seen:
            places = ", ".join(dict.fromkeys(shown(s.place) for s in (seen[statement.id], statement)))
            raise InvalidArgument("id", f"two statements are called {statement.id!r} ({places})", "rename one")
        seen[statement.id] = statement


def select(patterns: Iterable[str] = (), among: Sequence[Statement] | None = None) -> tuple[Statement, ...]:
    """Return the statements whose id matches any of the shell-style patterns; without patterns, all of them.

    Parameters
    ----------
    patterns : iterable of str
        For example ``forward.*``.
    among : sequence of Statement, optional
        The statements to choose from; by default those of this package.

    Raises
    ------
    InvalidArgument
        If a pattern matches nothing (the nearest id is suggested), or two statements share an id.

    Examples
    --------
    >>> [statement.id for statement in select(["init.*"])]
    ['init.pytorch-default']
    """
    known = own_statements() if among is None else tuple(among)
    ids = [statement.id for statement in known]
    require_different_ids(known)
    patterns = list(patterns)
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(i, pattern) for i in ids):
            raise InvalidArgument("id", f"no statement matches {pattern!r}", nearest(pattern, ids))
    return tuple(s for s in known if not patterns or any(fnmatch.fnmatchcase(s.id, p) for p in patterns))


def of_papers(
    papers: Sequence[Paper], patterns: Iterable[str] = (), among: Sequence[Statement] | None = None
) -> tuple[Statement, ...]:
    """Return the statements that check the claims of papers, in their own order.

    Parameters
    ----------
    papers : sequence of Paper
        Only the ids that their claims name matter.
    patterns : iterable of str
        Keep those alone whose id matches any of them, as for :func:`select`.
    among : sequence of Statement, optional
        The statements to choose from, by default those of this package. Each id of the papers must be there.

    Raises
    ------
    InvalidArgument
        If none of them checks a claim, a paper names a statement that does not exist, or a pattern matches nothing.

    Examples
    --------
    >>> from proofs_check.papers import paper
    >>> len(of_papers([paper("orvieto-2021")], ["init.*", "plateau.*"]))
    3
    """
    known = own_statements() if among is None else tuple(among)
    ids = [statement.id for statement in known]
    for paper in papers:
        for name in paper.ids:
            if name not in ids:
                problem = f"{paper.key} names {name!r}, and there is no such statement"
                raise InvalidArgument("paper", problem, nearest(name, ids))
    wanted = {name for paper in papers for name in paper.ids}
    return tuple(statement for statement in select(patterns, known) if statement.id in wanted) or _none_of(papers)


def _none_of(papers: Sequence[Paper]) -> NoReturn:
    keys = " and ".join(paper.key for paper in papers)
    problem = f"{keys} {'has' if len(papers) == 1 else 'have'} no claim that any of these statements checks"
    raise InvalidArgument("paper", problem, f"see 'vanishing papers {papers[0].key}'")
