"""The page in a browser: no complaint, no network, filters by keys and by touch, at any width, in print."""

import re
from dataclasses import replace

import pytest

from proofs_check.papers import papers
from proofs_check.registry import own_statements
from proofs_check.reporting.page import Drawing, page
from proofs_check.reporting.records import read_report
from proofs_check.verdict import Finding, Tier, Verdict
from proofs_check.verification.results import MutantReport, Report, StatementReport
from tests.proofs_check.reporting.chromium import Browser

pytestmark = pytest.mark.browser

CASE = "width=16 depth=4 activation=relu init=he law=normal readout=random architecture=residual:1/sqrt(L)"
FOUND = {
    Tier.PROVED: Finding(Tier.PROVED, "all n and L", Verdict.SUPPORTED, detail="0 in SymPy and in python-flint"),
    Tier.SIMULATED: Finding(
        Tier.SIMULATED, "E|a_L|^2 from real weights", Verdict.SUPPORTED, CASE, claimed=(1.0, 1.0), exact="1",
        estimate=0.999, interval=(0.98, 1.02), tolerance=0.04, relative=True, error=1e-8, samples=400_000, seed=0,
        method="Catoni, assuming a variance of at most 1.96754, as power_variance of proofs_check.toolkit.checks says",
    ),
}  # fmt: skip
WRONG = replace(FOUND[Tier.SIMULATED], verdict=Verdict.REFUTED, claimed=(2.0, 2.0))


def found_of(number, statement):
    """Evidence of one tier, of the other or of both; every seventh statement is refuted."""
    tiers = ((Tier.PROVED, Tier.SIMULATED), (Tier.PROVED,), (Tier.SIMULATED,))[number % 3]
    findings = tuple(WRONG if number % 7 == 3 and tier is Tier.SIMULATED else FOUND[tier] for tier in tiers)
    mutants = tuple(MutantReport(mutant.name, (WRONG,)) for mutant in statement.mutants)
    return StatementReport(statement, findings, mutants)


@pytest.fixture(scope="module")
def report():
    results = tuple(found_of(*numbered) for numbered in enumerate(own_statements()))
    return read_report(Report(results, "quick", 0, 1e-6, 1.0, papers=papers()).to_json())


@pytest.fixture(scope="module")
def address(report, tmp_path_factory):
    drawing = Drawing('<svg viewBox="0 0 720 345" role="presentation"><path d="M0 0H720V345"/></svg>', "Lines.")
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(page(report, {"typical": drawing}), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    found = Browser(tmp_path_factory.mktemp("browser"))
    yield found
    found.close()


@pytest.fixture
def fresh(browser, address):
    """The page as it is opened on a desktop."""
    browser.resize(1280)
    browser.open("about:blank")
    browser.open(address)
    yield browser
    assert browser.problems() == []


SHOWN = "[...document.querySelectorAll('article')].filter(e => e.checkVisibility()).map(e => e.id)"
ROWS = "[...document.querySelectorAll('.verdicts tbody tr')].filter(e => e.checkVisibility()).map(e => e.dataset.of)"
HASH = "location.hash"


def test_a_script_that_fails_and_a_request_would_be_noticed(browser, tmp_path):
    (tmp_path / "bad.html").write_text("<img src='other.png'><script>console.log('x'); nothing()</script>")
    browser.open((tmp_path / "bad.html").as_uri())
    assert re.findall(r"other\.png|ReferenceError|\"log\"", " ".join(browser.problems()))
    assert len(browser.problems()) >= 3


def test_all_statements_are_shown_and_filters_are_there(fresh, report):
    ids = [one.id for one in report.statements]
    assert fresh.value(SHOWN) == ids == fresh.value(ROWS)
    assert fresh.value("document.querySelector('output').textContent") == f"{len(ids)} of {len(ids)} statements shown"
    assert fresh.value(HASH) == ""


def test_words_filter_by_the_keyboard_alone_and_stand_in_the_address(fresh, report):
    fresh.press("/", "/")
    assert fresh.value("document.activeElement.name") == "text"
    for letter in "hessian arxiv":
        fresh.press(letter, letter)
    shown = fresh.value(SHOWN)
    assert shown == fresh.value(ROWS)
    assert 0 < len(shown) < len(report.statements)
    assert {"hessian.frobenius"} < set(shown)
    assert "forward.mean-preserved" not in shown
    assert fresh.value(HASH) == "#text=hessian+arxiv"
    fresh.press("Escape")
    assert fresh.value("new Promise(done => setTimeout(() => done(location.hash)))") == ""
    assert len(fresh.value(SHOWN)) == len(report.statements)


def test_verdicts_and_tiers_filter_by_the_space_bar_and_by_touch(fresh, report):
    fresh.value("document.querySelector('[name=verdict][value=refuted]').focus()")
    fresh.press(" ", " ")
    assert fresh.value(SHOWN) == [one.id for one in report.statements if one.verdict is Verdict.REFUTED]
    assert fresh.value(HASH) == "#verdict=refuted"
    fresh.tap("[name=tier][value=proved]")
    wanted = [one.id for one in report.statements if one.verdict is Verdict.REFUTED and one.of_tier(Tier.PROVED)]
    assert fresh.value(SHOWN) == wanted == fresh.value(ROWS)
    assert fresh.value(HASH) == "#verdict=refuted&tier=proved"
    assert 0 < len(wanted) < sum(one.verdict is Verdict.REFUTED for one in report.statements)


def test_an_address_with_filters_opens_filtered(browser, address, report):
    browser.open("about:blank")
    browser.open(f"{address}#tier=simulated&text=gradient")
    shown = browser.value(SHOWN)
    assert shown == browser.value(ROWS)
    assert shown
    assert all(one.of_tier(Tier.SIMULATED) for one in report.statements if one.id in shown)
    assert browser.value("document.querySelector('[name=text]').value") == "gradient"


def test_the_address_of_a_statement_leads_to_it_and_opens_it_whatever_is_filtered(fresh, address):
    fresh.tap("[name=verdict][value=refuted]")
    fresh.open(f"{address}#forward.fourth-moment")
    assert fresh.value("document.getElementById('forward.fourth-moment').checkVisibility()")
    assert fresh.value("document.querySelector('[id=\"forward.fourth-moment\"] > details').open")
    top = "document.getElementById('forward.fourth-moment').getBoundingClientRect().top"
    settled = f"new Promise(done => {{ let n = 0; const wait = () => Math.abs({top}) < 200 || ++n > 200"
    assert abs(fresh.value(f"{settled} ? done({top}) : requestAnimationFrame(wait); wait(); }})")) < 200
    assert fresh.value(HASH) == "#forward.fourth-moment"


@pytest.mark.parametrize("width", [320, 390, 800, 1400])
def test_the_page_never_scrolls_sideways(browser, address, width):
    browser.resize(width)
    browser.open("about:blank")
    browser.open(address)
    browser.tap(".unfold")
    assert browser.value("document.querySelectorAll('details.more:not([open])').length") == 0
    assert browser.value("document.documentElement.scrollWidth") <= width
    # what is wider scrolls within itself, and can be reached by keys
    wide = "[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1"
    scrolls = "['auto', 'scroll'].includes(getComputedStyle(e).overflowX)"
    assert browser.value(f"{wide} && {scrolls} && e.tabIndex < 0).length") == 0
    assert browser.problems() == []


def test_every_formula_is_set_by_the_browser(fresh, report):
    heights = fresh.value("[...document.querySelectorAll('.claim math')].map(e => e.getBoundingClientRect().height)")
    assert len(heights) > len(report.statements)
    assert min(heights) > 4


def test_colours_can_be_read_in_light_and_in_the_dark(browser, address):
    """WCAG 2: at least 4.5 to 1 between text and what it stands on."""
    texts = "p, a, dd, dt, th, td, h1, h2, .badge, .case, button, legend, summary"
    pairs = (
        f"[...document.querySelectorAll('{texts}')]"
        + """.map(e =>
        [getComputedStyle(e).color, getComputedStyle(document.body).backgroundColor].map(c => c.match(/[\\d.]+/g)))"""
    )
    for scheme in ("light", "dark"):
        browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.open("about:blank")
        browser.open(address)
        found = {tuple(map(tuple, pair)) for pair in browser.value(pairs)}
        assert len(found) >= 4
        worst = min(contrast(*pair) for pair in found)
        assert worst >= 4.5, scheme
    browser.ask("Emulation.setEmulatedMedia", features=[])


def contrast(*colours):
    def light(colour):
        parts = [float(part) / 255 for part in colour[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted(map(light, colours))
    return (high + 0.05) / (low + 0.05)


def test_in_print_all_is_open_and_the_filters_are_away(fresh, report):
    fresh.ask("Emulation.setEmulatedMedia", media="print")
    assert fresh.value("document.querySelector('.filters').checkVisibility()") is False
    assert fresh.value("document.querySelector('nav').checkVisibility()") is False
    folded = "[...document.querySelectorAll('.mutants')].filter(e => !e.getBoundingClientRect().height).length"
    assert fresh.value(folded) == 0
    fresh.ask("Emulation.setEmulatedMedia", media="")
    printed = fresh.pdf()
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") > len(report.statements) / 3
    assert fresh.value("document.querySelectorAll('details.more[open]').length") == sum(
        one.verdict is not Verdict.SUPPORTED for one in report.statements
    )
