"""A page for each statement, made from the registry: statements/forward.fourth-moment.html and its like."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pages import ROOT, contents_of, plain, write_pages

import proofs_check.statements
from proofs_check.command.subcommands.show import evidence_text
from proofs_check.paper import Paper
from proofs_check.papers import papers
from proofs_check.registry import own_statements
from proofs_check.reporting.trust import BASES
from proofs_check.statement import Statement

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def statement_page(one: Statement, cited: Sequence[Paper]) -> str:
    """Return the page of a statement.

    Parameters
    ----------
    one : Statement
        The statement.
    cited : sequence of Paper
        The papers of which it checks a claim.

    Returns
    -------
    str
        Markdown.
    """
    file = Path(one.place[0]).relative_to(ROOT)
    lines = [f"# {one.id}", "", plain(one.title), "", "```{math}", one.latex, "```", ""]
    facts = {
        "Source": plain(one.source),
        "Speaks of": plain(one.domain.words),
        "Claims of papers": ", ".join(f"[{plain(paper.key)}](papers.md#{paper.key})" for paper in cited),
        "Written in": f"[{file}](../../{file})",
    }
    lines += [f"- **{name}:** {fact}" for name, fact in facts.items() if fact]
    lines += ["", "## Assumptions", "", *(f"- {plain(assumed.sentence)}" for assumed in one.assumptions)]
    lines += ["", "## Evidence", "", "What is checked, by tier, strongest first. "
              "[How it knows](../knows.md) says what a tier means.", ""]  # fmt: skip
    for basis in BASES:
        checks = [plain(evidence_text(e)) + _when(e) for e in one.evidence if e.tier is basis.tier]
        if checks:
            lines += [
                f"### {basis.tier.value.capitalize()}",
                "",
                f"{plain(basis.says)} Rests on {plain(basis.briefly)}.",
            ]
            lines += ["", *(f"- {check}" for check in checks), ""]
    lines += [
        "## Mutants",
        "",
        "Nearby false claims. The evidence must refute each of them, or the statement is not supported.",
        "",
    ]
    lines += [f"- {plain(mutant.name)}" for mutant in one.mutants]
    lines += ["", "## Check it", "", "```console", f"$ vanishing verify {one.id}", f"$ vanishing show {one.id}", "```"]
    return "\n".join(lines) + "\n"


def _when(evidence: object) -> str:
    return " (in the full profile alone)" if getattr(evidence, "samples", None) == 0 else ""


def _by_topic(statements: Sequence[Statement]) -> Mapping[str, list[Statement]]:
    topics: dict[str, list[Statement]] = {}
    for one in statements:
        topics.setdefault(one.topic, []).append(one)
    return topics


def _listed(statements: Sequence[Statement]) -> Iterator[str]:
    for one in statements:
        yield f"- [{one.id}]({one.id}.md)<br>{plain(one.title)}"


def _tree(names: Sequence[str], hidden: bool = True) -> list[str]:
    return ["```{toctree}", *([":hidden:"] if hidden else []), *names, "```", ""]


def pages() -> dict[str, str]:
    """Return all pages of statements, with a list of topics and one of papers."""
    statements = own_statements()
    topics = _by_topic(statements)
    said = contents_of(inspect.getdoc(proofs_check.statements) or "")
    found = {
        f"{one.id}.md": statement_page(one, [paper for paper in papers() if one.id in paper.ids]) for one in statements
    }
    mutants = sum(len(one.mutants) for one in statements)
    index = [
        "# Statements", "",
        f"{len(statements)} statements with {mutants} mutants. Each has a page with a permanent address: what is",
        "claimed, under which assumptions, what is checked, and which false claims the checks must refute.",
        "The pages are made from the statements themselves.",
        "`make verify` gives the verdicts; so does [a report to send](../report.md).", "",
        "In the order of a paper: [claims of papers](papers.md).", "",
        *_tree([*(f"topic-{topic}" for topic in topics), "papers"]),
    ]  # fmt: skip
    for topic, members in topics.items():
        index += [f"## {topic}", "", f"{plain(said[topic][0].upper() + said[topic][1:])}.", "", *_listed(members), ""]
        found[f"topic-{topic}.md"] = "\n".join(
            [f"# {topic}", "", f"{plain(said[topic][0].upper() + said[topic][1:])}.", "", *_listed(members), "",
             *_tree([one.id for one in members])]
        )  # fmt: skip
    found["index.md"] = "\n".join(index) + "\n"
    found["papers.md"] = _papers_page()
    return found


def _papers_page() -> str:
    lines = [
        "# Claims of papers",
        "",
        "The claims of a paper in its own order: which statements check each, or why nothing can.",
        "",
    ]
    for paper in papers():
        where = f"{paper.found}; {paper.published}" if paper.arxiv and paper.published else paper.found
        lines += [f"({paper.key})=", "", f"## {paper.key}", ""]
        lines += [f"*{plain(paper.title)}*. {plain(paper.authors)}. {plain(where)}.", ""]
        lines += [f"{paper.checked} of {len(paper.claims)} claims are checked by statements.", ""]
        for number, claim in enumerate(paper.claims, 1):
            lines.append(f"{number}. {plain(claim.sentence)} ({plain(claim.where)})<br>")
            links = ", ".join(f"[{name}]({name}.md)" for name in claim.ids)
            lines.append(f"   {links}" if links else f"   Not checked: {plain(claim.why)}.")
        lines += ["", "```console", f"$ vanishing verify --paper {paper.key}", "```", ""]
    return "\n".join(lines)


def _write(app: Sphinx) -> None:
    write_pages(Path(app.srcdir) / "statements", pages())


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages before Sphinx looks for them."""
    app.connect("builder-inited", _write, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
