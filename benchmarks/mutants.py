"""The command ``python -m benchmarks.mutants``: whether a test notices when the code is changed a little.

Changes are drawn at random from all that can be made, each is written into a copy of the repository, and the tests that
concern the file are run there until one fails. A failure counts only if the same test passes in the unchanged copy.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

from benchmarks.mutations import Mutation, mutations

PACKAGES = ("theory", "montecarlo", "proofs_check")
_LIMIT = 900
"""Seconds after which the tests of a changed file are taken to hang."""
_SLOW = "tests/proofs_check/statements/test_statements.py"
"""It takes minutes: for a statement's file it is run on its own statements, for others without what is run on each."""
_IDS = re.compile(r'^    id="([a-z.-]+)"', re.MULTILINE)
_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Repository:
    """The texts of a repository's Python files, by their paths."""

    texts: dict[str, str]

    @classmethod
    def at(cls, root: Path) -> Repository:
        """Read the packages and the tests below a folder."""
        paths = sorted(path for top in (*PACKAGES, "tests") for path in (root / top).rglob("*.py"))
        return cls({path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths})

    def drawn(self, seed: int) -> Iterator[tuple[str, Mutation]]:
        """Yield all changes of the packages in a random order, which hardly depends on how many there are.

        Each change has its place by itself: what is written elsewhere later does not draw others.
        """
        places = []
        for path, text in self.texts.items():
            if not _is_source(path):
                continue
            lines, alike = text.split("\n"), Counter[str]()
            for change in mutations(text):
                name = f"{path} {lines[change.line - 1]} {change.column(text)} {change.new!r}"
                alike[name] += 1
                digest = hashlib.blake2b(f"{seed} {alike[name]} {name}".encode(), digest_size=8).digest()
                places.append((digest, path, change.start, change))
        for *_, path, _, change in sorted(places, key=lambda place: place[:3]):
            if _compiles(change.applied(self.texts[path])):
                yield path, change

    def concerned(self, path: str) -> list[list[str]]:
        """Return what to run when a file changes: its doctests, the tests that mirror it, and those that import it.

        A file without a mirror is tested by namesakes in the package, or by all tests of the nearest mirrored folder.
        These come last, in a run of their own, as they are many. The end of each may be a choice of tests for pytest.
        """
        mirrors = self._mirrors(PurePosixPath(path))
        module = _module(path)
        importing = [test for test, imported in self._imports.items() if module in imported and test not in mirrors]
        others = " and ".join(
            f"not {name}" for name in sorted(self._statement_ids - set(_IDS.findall(self.texts[path])))
        )
        runs = [run for run in ([path, *mirrors], importing) if run]
        return [[*run, "-k", others] if _SLOW in run and others else run for run in runs]

    @cached_property
    def _statement_ids(self) -> set[str]:
        own = (text for path, text in self.texts.items() if path.startswith("proofs_check/statements/"))
        return {name for text in own for name in _IDS.findall(text)}

    def _mirrors(self, path: PurePosixPath) -> list[str]:
        beside = PurePosixPath("tests", path.parent)
        if (mirror := str(beside / f"test_{path.stem}.py")) in self.texts:
            return [mirror]
        name = f"test_{path.stem}.py"
        namesakes = (test for test in map(PurePosixPath, self._tests) if test.name == name)
        if found := [str(test) for test in namesakes if test.parts[1] == path.parts[0] and not self._is_mirror(test)]:
            return found
        for folder in (beside, *beside.parents):
            if found := [test for test in self._tests if PurePosixPath(test).parent == folder]:
                return found
        return []

    def _is_mirror(self, test: PurePosixPath) -> bool:
        return str(PurePosixPath(*test.parts[1:-1], test.name.removeprefix("test_"))) in self.texts

    @property
    def _tests(self) -> list[str]:
        own = (path for path in self.texts if PurePosixPath(path).name.startswith("test_"))
        return [path for path in own if PurePosixPath(path).parts[1] not in ("oracles", "cluster")]

    @cached_property
    def _imports(self) -> dict[str, set[str]]:
        return {test: self._imported(test) for test in self._tests}

    def _imported(self, path: str) -> set[str]:
        """Return the modules whose names a file imports, directly or from a package that has them from there."""
        found: set[str] = set()
        for node in ast.walk(_parsed(self.texts[path])):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    found |= self._homes(node.module, alias.name)
        return found

    def _homes(self, module: str, name: str) -> set[str]:
        """Return the modules that `from module import name` reaches."""
        if f"{module.replace('.', '/')}.py" in self.texts:
            return {module}
        package = f"{module.replace('.', '/')}/__init__.py"
        if package not in self.texts:
            return {f"{module}.{name}"}
        for node in ast.walk(_parsed(self.texts[package])):
            if isinstance(node, ast.ImportFrom) and node.module and name in {a.asname or a.name for a in node.names}:
                original = next(a.name for a in node.names if (a.asname or a.name) == name)
                return {module, *self._homes(node.module, original)}
        return {module, f"{module}.{name}"}


@dataclass
class Copy:
    """A copy of a repository in which files are changed and tests are run."""

    root: Path
    limit: float
    passing: set[tuple[str, ...]] = field(default_factory=set)
    """Tests that pass where nothing is changed."""
    failing: set[str] = field(default_factory=set)
    """Tests that fail where nothing is changed: they are left out."""

    def outcome(self, path: str, changed: str, *runs: Sequence[str]) -> str:
        """Return "killed by TEST", "killed: hangs", "survived", or "undecided: ..." where the tests hang anyway."""
        outcomes = (self._outcome(self.root / path, changed, tests) for tests in runs)
        return next((outcome for outcome in outcomes if outcome != "survived"), "survived")

    def _outcome(self, file: Path, changed: str, tests: Sequence[str]) -> str:
        original = file.read_text(encoding="utf-8")
        while True:
            self._write(file, changed)
            try:
                failed = self._first_failure(tests)
            finally:
                self._write(file, original)
            if failed is None:
                return "survived"
            if self._passes(failed or tuple(tests)):
                return f"killed by {' '.join(failed)}" if failed else "killed: hangs"
            if not failed or self.failing.issuperset(failed):
                return f"undecided: without the change, too, {' '.join(failed) or 'the tests'} fail or hang"
            self.failing.update(failed)

    def _write(self, file: Path, text: str) -> None:
        file.write_text(text, encoding="utf-8")
        # a change within the same second that leaves the size as it was would go unnoticed
        Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)

    def _passes(self, tests: tuple[str, ...]) -> bool:
        if tests not in self.passing and self._first_failure(tests) is None:
            self.passing.add(tests)
        return tests in self.passing

    def _first_failure(self, tests: Sequence[str]) -> tuple[str, ...] | None:
        """Return the first test that fails; none of them is named where time is up."""
        options = ("-x", "-q", "-p", "no:cacheprovider", "--tb=no", "--no-header")
        without = [f"--deselect={test}" for test in sorted(self.failing)]
        run = subprocess.Popen(
            [sys.executable, "-m", "pytest", *options, *without, *tests],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(self.root)},  # for what a test starts elsewhere, too
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            told, _ = run.communicate(timeout=self.limit)
        except subprocess.TimeoutExpired:
            return ()
        finally:
            with suppress(ProcessLookupError):  # workers that a test has left behind end, too
                os.killpg(run.pid, signal.SIGKILL)
            run.wait()
        if run.returncode in (0, 5):  # 5: there is no test in these files
            return None
        return failed_test(told) or tuple(tests)[:1]  # where pytest itself could not start


def failed_test(told: str) -> tuple[str, ...]:
    """Return the test that failed first, as pytest's summary names it: its file where its name cannot be read.

    Examples
    --------
    >>> failed_test("FAILED tests/test_a.py::test_b[1 - 2] - assert 1 == 2")
    ('tests/test_a.py::test_b[1 - 2]',)
    >>> failed_test("ERROR tests/test_a.py - ImportError")
    ('tests/test_a.py',)
    """
    found = re.search(r"^(?:FAILED|ERROR) ([^\s:]+\.py)(::[\w.:]+(?:\[.*?\](?= - |$))?)?", told, re.MULTILINE)
    return (found[1] + (found[2] or ""),) if found else ()


def copied(root: Path, to: Path) -> None:
    """Copy a repository as it is in the work tree, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, to / name)


def _is_source(path: str) -> bool:
    return path.split("/")[0] in PACKAGES


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _compiles(text: str) -> bool:
    try:
        compile(text, "<changed>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw changes, run the tests on each, and print what became of them; the exit status is 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="how many changes are tried (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="which are drawn (default: %(default)s)")
    parser.add_argument("--skip", type=int, default=0, help="leave out so many first ones, to go on (default: 0)")
    parser.add_argument(
        "--limit", type=float, default=_LIMIT, help="seconds for the tests of one (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    repository, counts = Repository.at(_ROOT), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copied(_ROOT, Path(folder))
        copy = Copy(Path(folder), options.limit)
        for number, (path, change) in zip(range(options.count), repository.drawn(options.seed), strict=False):
            if number < options.skip:
                continue
            text, began = repository.texts[path], time.monotonic()
            outcome = copy.outcome(path, change.applied(text), *repository.concerned(path))
            counts[re.split(r"[ :]", outcome)[0]] += 1
            where = f"{number} {path}:{change.line} ({change.kind})"
            print(f"{where} `{change.diff(text)}`: {outcome} ({time.monotonic() - began:.0f} s)", flush=True)
    if copy.failing:
        print(f"left out, as they fail without any change: {', '.join(sorted(copy.failing))}")
    decided = counts["killed"] + counts["survived"]
    rate = f", {counts['killed'] / decided:.1%} of {decided} killed" if decided else ""
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())) + rate)
    return 0


if __name__ == "__main__":
    sys.exit(main())
