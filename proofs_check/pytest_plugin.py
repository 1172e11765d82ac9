"""Statements and their mutants as pytest items: ``pytest --statements [FILE ...]``.

Without files it collects the statements of this package; with files or ``--pyargs proofs_check``, every module there
that lists ``STATEMENTS``. A statement passes if it is supported; a mutant passes if it is refuted. A text file that is
named is one of claims, as for ``vanishing check --file``: a line passes if its verdict is the one it expects.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from proofs_check.claims.batch import Line
    from proofs_check.faults import Fault
    from proofs_check.statement import Statement
    from proofs_check.verification.results import StatementReport

_LISTS_STATEMENTS = re.compile(r"^STATEMENTS\b", re.MULTILINE)
_PLAN = pytest.StashKey[dict[Path, list["StatementCollector"]]]()
"""What was collected of each file: the checks of all of them share one error budget."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, all beginning with ``--statements``."""
    group = parser.getgroup("vanishing", "statements about random deep networks")
    group.addoption("--statements", action="store_true", help="collect statements and their mutants instead of tests")
    group.addoption("--statements-profile", default="quick", help="quick (default) or full")
    group.addoption("--statements-seed", type=int, default=0, help="root seed of the simulations (default 0)")
    group.addoption("--statements-jobs", type=int, default=1, help="worker processes (default 1)")


def pytest_configure(config: pytest.Config) -> None:
    """Without files on the command line, collect this package's own statements.

    Parameters
    ----------
    config : pytest.Config
        As pytest passes it.

    Raises
    ------
    pytest.UsageError
        If an option of the statements cannot be used.
    """
    if config.getoption("--statements"):
        config.stash[_PLAN] = {}
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            config.args = [str(Path(__file__).parent / "statements")]
        profile = config.getoption("--statements-profile")
        if profile not in ("quick", "full"):
            raise pytest.UsageError(f"--statements-profile: there is no profile {profile!r}; known: quick, full")
        for option, least in (("--statements-seed", 0), ("--statements-jobs", 1)):
            if config.getoption(option) < least:
                raise pytest.UsageError(f"{option}: must be at least {least}, got {config.getoption(option)}")


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
    return not (_lists_statements(collection_path) or _is_file_of_claims(collection_path))


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Collect a module that lists ``STATEMENTS``, and as nothing else: it is no file of tests.

    Parameters
    ----------
    file_path, parent
        As pytest passes them.

    Returns
    -------
    list of pytest.Collector
        While statements are collected, the module's statements or none; else what others collect.
    """
    others = yield
    if not parent.config.getoption("--statements"):
        return others
    if _is_file_of_claims(file_path):
        return [ClaimFile.from_parent(parent, path=file_path)]
    return [StatementModule.from_parent(parent, path=file_path)] if _lists_statements(file_path) else []


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse statements of which two share an id, before any is run.

    Parameters
    ----------
    session : pytest.Session
        As pytest passes it.

    Raises
    ------
    pytest.UsageError
        If two do, in one file or in two.
    """
    if not session.config.getoption("--statements"):
        return
    from proofs_check.registry import require_different_ids
    from theory.ensembles import InvalidArgument

    try:
        require_different_ids(one.statement for found in session.config.stash[_PLAN].values() for one in found)
    except InvalidArgument as bad:
        raise pytest.UsageError(str(bad)) from None


def _lists_statements(path: Path) -> bool:
    # a package's __init__ only gathers the statements of its files
    if path.suffix != ".py" or path.name == "__init__.py":
        return False
    return _LISTS_STATEMENTS.search(path.read_text(encoding="utf-8", errors="replace")) is not None


def _is_file_of_claims(path: Path) -> bool:
    return path.suffix == ".txt"


class ClaimFile(pytest.File):
    """A file of claims, one a line."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield one item per claim."""
        from proofs_check.claims.batch import read_lines
        from theory.ensembles import InvalidArgument

        try:
            lines = read_lines(self.path)
        except InvalidArgument as bad:
            raise self.CollectError(str(bad)) from None
        for line in lines:
            yield LineItem.from_parent(self, name=f"line {line.number}: {line.claim}", line=line)


class LineItem(pytest.Item):
    """Passes if the claim has the verdict that its line expects: supported, unless ``--expect`` says another."""

    def __init__(self, *, line: Line, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.line = line

    def runtest(self) -> None:
        """Check the claim, and fail with the whole answer."""
        from proofs_check.claims.checked import as_text
        from proofs_check.command.claims import check_claim, claim_options
        from theory.ensembles import InvalidArgument

        try:
            options = claim_options(self.line)
            options.seed = self.config.getoption("--statements-seed")
            found = check_claim(self.line.claim, options, compare=False)
        except InvalidArgument as bad:
            pytest.fail(str(bad), pytrace=False)
        expected = options.expect or "supported"
        if found.verdict.value != expected:
            pytest.fail(f"expected: {expected}\n{as_text(found)}", pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the file and the line in reports."""
        return self.path, self.line.number - 1, self.name


class StatementModule(pytest.File):
    """A module's statements, and what of it could not be loaded."""

    def collect(self) -> Iterator[pytest.Collector | pytest.Item]:
        """Yield one collector per statement, and an item that fails for each fault."""
        from proofs_check.registry import load_all

        statements, faults = load_all([self.path])
        plan = [StatementCollector.from_parent(self, name=one.id, statement=one) for one in statements]
        self.config.stash[_PLAN][self.path] = plan
        yield from plan
        for number, fault in enumerate(faults, 1):
            yield FaultItem.from_parent(self, name=f"fault {number}", fault=fault)


class StatementCollector(pytest.Collector):
    """A statement and its mutants, verified once."""

    def __init__(self, *, statement: Statement, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.statement = statement

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the claim, then each mutant."""
        yield ClaimItem.from_parent(self, name="claim")
        for mutant in self.statement.mutants:
            yield MutantItem.from_parent(self, name=f"mutant[{mutant.name}]", mutant=mutant.name)

    @property
    def place(self) -> tuple[str, int]:
        """Return the file and the line, from 0, where the statement was made, for reports."""
        file, line = self.statement.place
        return file, line - 1

    @cached_property
    def simulated_checks(self) -> int:
        """Number of simulated checks in the chosen profile."""
        from proofs_check.verification.verifying import simulated_checks

        return simulated_checks(self.statement, self.config.getoption("--statements-profile"))

    @cached_property
    def report(self) -> StatementReport:
        """The verification, with this statement's share of one error budget for all that was collected."""
        from proofs_check.verification.verifying import ERROR, verify

        option = self.config.getoption
        everything = sum(one.simulated_checks for found in self.config.stash[_PLAN].values() for one in found)
        return verify(
            [self.statement],
            profile=option("--statements-profile"),
            seed=option("--statements-seed"),
            jobs=option("--statements-jobs"),
            error=ERROR * self.simulated_checks / everything if self.simulated_checks else ERROR,
        ).results[0]


class FaultItem(pytest.Item):
    """Fails, and says what of its module could not be loaded."""

    def __init__(self, *, fault: Fault, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fault = fault

    def runtest(self) -> None:
        """Fail with the fault, which names the line."""
        pytest.fail(str(self.fault), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Name the module in reports."""
        return self.path, None, self.name


class ClaimItem(pytest.Item):
    """Passes if the statement is supported."""

    parent: StatementCollector

    def runtest(self) -> None:
        """Verify, and fail with every finding that is not supported: both sides, and where it broke."""
        from proofs_check.reporting.findings import finding_lines
        from proofs_check.verdict import Verdict

        bad = [f for f in self.parent.report.findings if f.verdict is not Verdict.SUPPORTED]
        if bad:
            statement = self.parent.statement
            lines = [line for finding in bad for line in finding_lines(finding)]
            pytest.fail("\n".join([f"{statement.id}: {statement.title}", *lines]), pytrace=False)

    def reportinfo(self) -> tuple[str, int, str]:
        """Name the statement, and the line where it was made, in reports."""
        return *self.parent.place, self.parent.statement.id


class MutantItem(pytest.Item):
    """Passes if the evidence refutes the mutant."""

    parent: StatementCollector

    def __init__(self, *, mutant: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mutant = mutant

    def runtest(self) -> None:
        """Fail if no evidence refutes the mutant."""
        from proofs_check.reporting.findings import survivor_lines

        statement, report = self.parent.statement, self.parent.report
        judged = [mutant for mutant in report.mutants if mutant.name == self.mutant]
        if not judged:
            pytest.fail(f"{statement.id} could not be run: {report.problem}", pytrace=False)
        if not judged[0].refuted:
            first, *more = survivor_lines(judged[0])
            pytest.fail("\n".join([f"{statement.id}: {first}", *more]), pytrace=False)

    def reportinfo(self) -> tuple[str, int, str]:
        """Name the statement and the mutant, and the line where the statement was made, in reports."""
        return *self.parent.place, f"{self.parent.statement.id}[{self.mutant}]"
