"""Where a report comes from: told as it is, and as unknown where it is not known."""

import subprocess
from datetime import datetime

import pytest

from proofs_check.verification import provenance
from proofs_check.verification.provenance import Run, commit, version


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with one commit, as if the package lay in it."""

    def git(*arguments):
        who = ("-c", "user.name=N", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout

    git("init", "--quiet")
    (tmp_path / "code.py").write_text("1")
    git("add", "code.py")
    git("commit", "--quiet", "--message", "first")
    monkeypatch.setattr(provenance, "_ROOT", tmp_path)
    commit.cache_clear()
    yield tmp_path, git("rev-parse", "HEAD").strip()
    commit.cache_clear()


def test_the_commit_is_told(repository):
    assert commit() == repository[1]


def test_changes_behind_the_commit_are_told_and_other_files_are_not_the_code(repository):
    folder, first = repository
    (folder / "out.txt").write_text("a table")
    assert commit() == first
    (folder / "code.py").write_text("2")
    commit.cache_clear()
    assert commit() == f"{first}-changed"


def test_the_repository_that_it_is_installed_in_is_not_its_own(repository, monkeypatch):
    inside = repository[0] / "site-packages"
    inside.mkdir()
    monkeypatch.setattr(provenance, "_ROOT", inside)
    assert commit() == ""


def test_without_git_the_commit_is_unknown(repository, monkeypatch):
    monkeypatch.setattr(provenance.shutil, "which", lambda name: None)
    assert commit() == ""


def test_a_run_names_its_machine_and_the_libraries_that_are_there(monkeypatch):
    monkeypatch.setattr(provenance, "LIBRARIES", ("numpy", "no-such-library"))
    run = Run.here("vanishing verify", datetime(2026, 1, 2), 1.26)
    assert list(run.libraries) == ["numpy"]
    assert run.seconds == 1.3
    assert "processors" in run.machine
    assert version()
