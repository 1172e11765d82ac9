"""The page as text: all that a reader needs, nothing that a browser would have to fetch, no script of others."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from proofs_check.faults import Fault
from proofs_check.papers import paper
from proofs_check.registry import own_statements, select
from proofs_check.reporting.page import Drawing, gauge_of, inline_svg, page, require_packages
from proofs_check.reporting.records import read_report
from proofs_check.reporting.trust import BASES
from proofs_check.verdict import Finding, Tier, Verdict
from proofs_check.verification.results import MutantReport, Report, StatementReport
from proofs_check.verification.verifying import verify
from theory.ensembles import InvalidArgument


class Read(HTMLParser):
    """What is in a page: ids, links, and tags that are open at the end."""

    VOID = ("meta", "link", "input", "br", "img")

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.open, self.attributes, self.headings = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        self.attributes += [(tag, *pair) for pair in attributes]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def report():
    statements = select(["chain.hessian-hollow", "plateau.saddle"])
    return replace(verify(statements), papers=(paper("orvieto-2021"),))


def unchecked(statements):
    """A report on statements that nothing was found of."""
    results = (StatementReport(one, (), tuple(MutantReport(m.name, ()) for m in one.mutants)) for one in statements)
    return read_report(Report(tuple(results), "quick", 0, 1e-6, 1.0).to_json())


def test_every_statement_has_its_permanent_address_and_every_link_leads_somewhere():
    written = Read(page(unchecked(own_statements())))
    assert written.open == []
    assert {statement.id for statement in own_statements()} <= set(written.ids)
    assert len(written.ids) == len(set(written.ids))
    assert {link.removeprefix("#") for link in written.links} <= set(written.ids)
    assert all(link.startswith("#") for link in written.links)
    # no level of headings is left out, so that a reader who goes by them gets everywhere
    assert all(after <= before + 1 for before, after in zip(written.headings, written.headings[1:], strict=False))


def test_nothing_is_fetched(report):
    text = page(read_report(report.to_json()), {"typical": Drawing(inline_svg("<svg><g/></svg>"), "What it shows.")})
    written = Read(text)
    fetched = [a for a in written.attributes if a[1] in ("src", "srcset", "href", "data", "action", "poster")]
    assert {value for tag, _, value in fetched if tag != "a"} == {"data:,"}
    assert not re.search(r"@import|url\(|@font-face|https?://", text.replace("http://www.w3.org/", ""))
    assert "default-src 'none'" in text


def test_a_statement_is_told_with_all_that_is_known_of_it(report):
    text = page(read_report(report.to_json()))
    for result in report.results:
        article = text.partition(f'<article id="{result.statement.id}"')[2].partition("</article>")[0]
        assert "supported" in article
        assert "<math" in article
        for said in (*(a.sentence for a in result.statement.assumptions), *(m.name for m in result.mutants)):
            assert said.replace("'", "&#39;") in article
        for finding in result.findings:
            assert finding.check in article
            assert finding.detail in article
            assert f'href="#rests-{finding.tier.value}"' in article


def test_the_claims_of_a_paper_are_told_in_its_order_with_their_verdicts(report):
    text = page(read_report(report.to_json()))
    (told,) = re.findall(r'<section id="orvieto-2021".*?</section>', text, re.DOTALL)
    claims = report.papers[0].claims
    places = [told.index(claim.sentence.replace("'", "&#39;")) for claim in claims]
    assert places == sorted(places)
    assert told.count("Not checked:") == sum(not claim.is_checked for claim in claims)
    assert '<a href="#plateau.saddle">plateau.saddle</a> <span class="badge supported">' in told
    assert "plateau.flatness <span" in told  # which is not in this run, so there is nothing to go to


def test_a_report_about_one_paper_has_its_title(report):
    alone = replace(report, results=report.results[:1])
    assert f"<h1>{paper('orvieto-2021').title}</h1>" in page(read_report(alone.to_json()))
    assert "<h1>Verdicts on statements</h1>" in page(read_report(replace(report, papers=()).to_json()))


def test_texts_of_others_are_no_html(report):
    first = report.results[0]
    evil = "<script>alert(1)</script> & \"'"
    hostile = replace(first.statement, title=evil, source=evil, latex=r"\text{<img src=x>}")
    odd = replace(report, results=(replace(first, statement=hostile),), faults=(Fault(evil, evil),))
    text = page(read_report(odd.to_json()))
    assert text.count("<script>") == 1
    assert "<img" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in text


def test_latex_that_cannot_be_typeset_is_shown_as_it_is(report):
    first = report.results[0]
    odd = replace(report, results=(replace(first, statement=replace(first.statement, latex=r"\mine{x}")),))
    assert r'<pre class="claim">\mine{x}</pre>' in page(read_report(odd.to_json()))


def test_what_is_not_supported_says_why_and_stands_open(user_file):
    from proofs_check.registry import load

    text = page(read_report(verify(load(user_file)).to_json()))
    articles = dict(re.findall(r'<article id="user\.(\w+)"(.*?)</article>', text, re.DOTALL))
    assert '<details class="more">' in articles["true"]
    assert "complaints" not in articles["true"]
    assert '<details class="more" open>' in articles["false"]
    assert "claimed 5, but the truth is 4" in articles["false"]
    assert "not refuted" in articles["spared"]
    assert 'data-tiers="simulated"' in articles["measured"]
    assert re.search(r'<td class="n" data-label="networks">2,000</td>', articles["measured"])
    verdicts = re.findall(r'<li class="\w+"><span class="mark" aria-hidden="true">(.)</span><strong>2</strong>', text)
    assert verdicts == ["\u2713", "\u2717", "?"]


def test_every_tier_says_what_it_rests_on():
    assert [basis.tier for basis in BASES] == list(Tier)


MEASURED = Finding(Tier.SIMULATED, "x", Verdict.SUPPORTED, claimed=(1.0, 1.0), estimate=1.1, interval=(0.9, 1.3),
                   tolerance=0.5)  # fmt: skip


def test_a_gauge_shows_the_interval_where_it_is():
    gauge = gauge_of(MEASURED)
    assert gauge.allowed == (8.0, 104.0)
    assert gauge.interval == (49.6, 91.2)
    assert gauge.claimed[0] + gauge.claimed[1] / 2 == pytest.approx(60.0)
    assert gauge.interval[0] < gauge.estimate < gauge.interval[1]
    assert gauge.words == "the interval is inside what is claimed and its tolerance"
    assert "not inside" in gauge_of(replace(MEASURED, tolerance=0.1)).words


@pytest.mark.parametrize(
    "change",
    [{"claimed": None}, {"interval": (-float("inf"), 1.0)}, {"estimate": None}, {"claimed": (0.0, float("inf"))}],
)
def test_what_has_no_end_has_no_gauge(change):
    assert gauge_of(replace(MEASURED, **change)) is None


def test_an_svg_brings_no_style_and_no_metadata_into_the_page():
    svg = inline_svg(
        '<?xml version="1.0"?><!DOCTYPE svg><svg width="72pt" height="9pt" viewBox="0 0 72 9" version="1.1">'
        "<metadata>dated</metadata><defs><style>*{color: red}</style></defs><!-- glyph --><path/></svg>\n"
    )
    assert svg == '<svg viewBox="0 0 72 9" role="presentation"><defs></defs><path/></svg>'
    with pytest.raises(ValueError, match="no SVG"):
        inline_svg("a figure")


@pytest.mark.parametrize("missing", ["jinja2", "latex2mathml"])
def test_without_its_packages_there_is_no_page(monkeypatch, missing):
    monkeypatch.setattr("proofs_check.reporting.page.find_spec", lambda name: None if name == missing else name)
    with pytest.raises(InvalidArgument, match=rf"out: a page needs {missing}; in the clone: pip install"):
        require_packages()
