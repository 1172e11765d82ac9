"""Statements and their mutants as pytest items: ``pytest --statements [FILE ...]``.

Without files it collects the statements of this package; with files or ``--pyargs proofs_check``, every module there
that lists ``STATEMENTS``. A statement passes if it is supported; a mutant passes if it is refuted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from proofs_check.statement import Statement
    from proofs_check.verification import StatementReport

_LISTS_STATEMENTS = re.compile(r"^STATEMENTS\b", re.MULTILINE)
_PLAN = pytest.StashKey[list["StatementCollector"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, all beginning with ``--statements``."""
    group = parser.getgroup("vanishing", "statements about random deep networks")
    group.addoption("--statements", action="store_true", help="collect statements and their mutants instead of tests")
    group.addoption("--statements-profile", default="quick", help="quick (default) or full")
    group.addoption("--statements-seed", type=int, default=0, help="root seed of the simulations (default 0)")
    group.addoption("--statements-jobs", type=int, default=1, help="worker processes (default 1)")


def pytest_configure(config: pytest.Config) -> None:
    """Without files on the command line, collect this package's own statements."""
    if config.getoption("--statements"):
        config.stash[_PLAN] = []
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            config.args = [str(Path(__file__).parent / "statements")]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave ordinary test files alone while statements are collected.

    Parameters
    ----------
    collection_path, config
        As pytest passes them.

    Returns
    -------
    bool or None
        True for a file that lists no statements; None leaves it to others.
    """
    if not config.getoption("--statements") or collection_path.is_dir():
        return None
    return not _lists_statements(collection_path)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a module that lists ``STATEMENTS``.

    Parameters
    ----------
    file_path, parent
        As pytest passes them.

    Returns
    -------
    pytest.Collector or None
        None for a file that lists no statements.
    """
    if not parent.config.getoption("--statements") or not _lists_statements(file_path):
        return None
    return StatementModule.from_parent(parent, path=file_path)


def _lists_statements(path: Path) -> bool:
    # a package's __init__ only gathers the statements of its files
    if path.suffix != ".py" or path.name == "__init__.py":
        return False
    return _LISTS_STATEMENTS.search(path.read_text(encoding="utf-8", errors="replace")) is not None


class StatementModule(pytest.File):
    """A module's statements."""

    def collect(self) -> Iterator[pytest.Collector]:
        """Yield one collector per statement."""
        from proofs_check.registry import load

        for statement in load(self.path):
            yield StatementCollector.from_parent(self, name=statement.id, statement=statement)


class StatementCollector(pytest.Collector):
    """A statement and its mutants, verified once."""

    def __init__(self, *, statement: Statement, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.statement = statement
        self.config.stash[_PLAN].append(self)

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the claim, then each mutant."""
        yield ClaimItem.from_parent(self, name="claim")
        for mutant in self.statement.mutants:
            yield MutantItem.from_parent(self, name=f"mutant[{mutant.name}]", mutant=mutant.name)

    @property
    def simulated_checks(self) -> int:
        """Number of simulated checks in the chosen profile."""
        from proofs_check.evidence import Simulated

        profile = self.config.getoption("--statements-profile")
        return sum(isinstance(e, Simulated) and e.request(profile) is not None for e in self.statement.evidence)

    @cached_property
    def report(self) -> StatementReport:
        """The verification, with this statement's share of one error budget for all that was collected."""
        from proofs_check.verification import ERROR, verify

        option = self.config.getoption
        everything = sum(other.simulated_checks for other in self.config.stash[_PLAN])
        return verify(
            [self.statement],
            profile=option("--statements-profile"),
            seed=option("--statements-seed"),
            jobs=option("--statements-jobs"),
            error=ERROR * self.simulated_checks / everything if self.simulated_checks else ERROR,
        ).results[0]


class ClaimItem(pytest.Item):
    """Passes if the statement is supported."""

    parent: StatementCollector

    def runtest(self) -> None:
        """Verify, and fail with every finding that is not supported."""
        from proofs_check.verdict import Verdict

        bad = [f for f in self.parent.report.findings if f.verdict is not Verdict.SUPPORTED]
        if bad:
            lines = (
                f"{f.tier.value}: {f.verdict.value}: {f.check} {f.case} {f.detail} {f.interval or ''}" for f in bad
            )
            pytest.fail("\n".join([self.parent.statement.title, *lines]), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Name the statement in reports."""
        return self.path, None, self.parent.statement.id


class MutantItem(pytest.Item):
    """Passes if the evidence refutes the mutant."""

    parent: StatementCollector

    def __init__(self, *, mutant: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mutant = mutant

    def runtest(self) -> None:
        """Fail if no evidence refutes the mutant."""
        report = next(m for m in self.parent.report.mutants if m.name == self.mutant)
        if not report.refuted:
            pytest.fail(f"{self.parent.statement.id}: no evidence refutes the mutant {self.mutant!r}", pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Name the statement and the mutant in reports."""
        return self.path, None, f"{self.parent.statement.id}[{self.mutant}]"
