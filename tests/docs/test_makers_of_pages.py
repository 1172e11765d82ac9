"""What the makers of pages share: text for Markdown, folders of pages, tables of contents."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.docs.blocks import ROOT


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages", ROOT / "docs" / "_extensions" / "pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_mathematics_in_words_means_nothing_to_markdown(pages: ModuleType) -> None:
    assert pages.plain("E|a_L|^2 <= *x* [y] `z` #1 $2") == r"E\|a\_L\|^2 \<= \*x\* \[y\] \`z\` \#1 \$2"


def test_a_folder_has_the_pages_that_were_made_and_no_others(pages: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "old.md").write_text("gone")
    (tmp_path / "same.md").write_text("as before")
    before = (tmp_path / "same.md").stat().st_mtime_ns
    pages.write_pages(tmp_path, {"same.md": "as before", "new.md": "new"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.md", "same.md"]
    assert (tmp_path / "same.md").stat().st_mtime_ns == before


def test_a_table_of_contents_is_read(pages: ModuleType) -> None:
    import theory

    said = pages.contents_of(theory.__doc__)
    assert said["moments"].startswith("means and moments in closed form")
    assert set(said) == {
        path.stem
        for path in (ROOT / "theory").iterdir()
        if path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
