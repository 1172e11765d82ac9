"""Which statements there are: our own, and those of a user's modules; found by id pattern."""

from __future__ import annotations

import fnmatch
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from proofs_check import discovery
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
    ('chain', 'forward', 'law')
    """
    return discovery.names(_TOPICS)


def statements_of(module: ModuleType) -> tuple[Statement, ...]:
    """Return the statements that a module lists in ``STATEMENTS``.

    Raises
    ------
    InvalidArgument
        If it lists none, or anything that is no :class:`~proofs_check.statement.Statement`.
    """
    listed = getattr(module, "STATEMENTS", None)
    remedy = "give it STATEMENTS = (Statement(...), ...)"
    if not isinstance(listed, Sequence) or not listed:
        raise InvalidArgument("statements", f"{module.__name__} has no sequence STATEMENTS", remedy)
    for statement in listed:
        if not isinstance(statement, Statement):
            raise InvalidArgument("statements", f"{module.__name__} lists {statement!r}, no Statement", remedy)
    return tuple(listed)


def load(source: str | Path) -> tuple[Statement, ...]:
    """Return the statements of a user's module, by its name or its file.

    Raises
    ------
    InvalidArgument
        If there is no such module or file.
    """
    path = Path(source)
    if not str(source).strip("."):
        raise InvalidArgument("statements", f"{str(source)!r} names no module", "give a Python file or a module's name")
    if path.suffix == ".py":
        if not path.is_file():
            raise InvalidArgument("statements", f"there is no file {path}", "give a Python file or a module's name")
        whole = str(path.resolve())  # two files of one name are two modules
        name = f"_statements_{hashlib.sha256(whole.encode()).hexdigest()[:16]}_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return statements_of(module)
    try:
        return statements_of(importlib.import_module(str(source)))
    except ModuleNotFoundError as missing:
        raise InvalidArgument("statements", str(missing), "give a Python file or an importable module's name") from None


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
    for twice in {i for i in ids if ids.count(i) > 1}:
        raise InvalidArgument("id", f"two statements are called {twice!r}", "rename one")
    patterns = list(patterns)
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(i, pattern) for i in ids):
            raise InvalidArgument("id", f"no statement matches {pattern!r}", nearest(pattern, ids))
    return tuple(s for s in known if not patterns or any(fnmatch.fnmatchcase(s.id, p) for p in patterns))


def of_paper(
    paper: Paper, patterns: Iterable[str] = (), among: Sequence[Statement] | None = None
) -> tuple[Statement, ...]:
    """Return the statements that check a paper's claims, in their own order.

    Parameters
    ----------
    paper : Paper
        Only the ids that its claims name matter.
    patterns : iterable of str
        Keep those alone whose id matches any of them, as for :func:`select`.
    among : sequence of Statement, optional
        The statements to choose from, by default those of this package. Each id of the paper must be there.

    Raises
    ------
    InvalidArgument
        If none of them checks a claim, the paper names a statement that does not exist, or a pattern matches nothing.

    Examples
    --------
    >>> from proofs_check.papers import paper
    >>> len(of_paper(paper("orvieto-2021"), ["init.*", "plateau.*"]))
    3
    """
    known = own_statements() if among is None else tuple(among)
    ids = [statement.id for statement in known]
    for name in paper.ids:
        if name not in ids:
            problem = f"{paper.key} names {name!r}, and there is no such statement"
            raise InvalidArgument("paper", problem, nearest(name, ids))
    return tuple(statement for statement in select(patterns, known) if statement.id in paper.ids) or _none_of(paper)


def _none_of(paper: Paper) -> NoReturn:
    problem = f"{paper.key} has no claim that any of these statements checks"
    raise InvalidArgument("paper", problem, f"see 'vanishing papers {paper.key}'")
