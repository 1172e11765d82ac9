"""`verify --out` and `report`: JSON, tables, figure and page, whole and the same for any number of workers."""

import csv
import io
import json
import re

import pytest

from montecarlo.drawing.streams import Partition
from proofs_check.command.report import console_table
from proofs_check.figures import Figure, typical
from proofs_check.registry import load
from proofs_check.reporting.pictures import Panel, Picture, Series
from proofs_check.tables.formats import FORMATS
from proofs_check.tables.ready import VERDICT_COLUMNS, topic_table
from proofs_check.verification.verifying import verify
from theory.ensembles import Ensemble, InvalidArgument

VERDICTS = [f"verdict_table.{ending}" for ending in ("csv", "md", "tex")]


@pytest.fixture
def drawn(monkeypatch):
    """The figure is small; what it was asked is kept."""
    asked = []
    picture = Picture((Panel("signal", (Series("mean", (1, 2), (1.0, 0.5)),)),))
    monkeypatch.setattr(typical, "FIGURE", Figure(lambda **options: (asked.append(options), picture)[1]))
    return asked


def test_the_folder_has_the_report_the_tables_and_the_figure(vanishing, tmp_path, drawn):
    out = tmp_path / "a" / "new folder"
    ran = vanishing(f"verify 'init.*' --out '{out}' --json {tmp_path}/same.json --seed 2 --jobs 1")
    assert (ran.status, ran.err) == (0, f"report written to {out}\n")
    assert "1 supported; mutants refuted: 4 of 4" in ran.out
    assert sorted(path.name for path in out.iterdir()) == ["init.csv", "init.md", "init.tex", "report.html",
                                                           "report.json", "typical.png", *VERDICTS]  # fmt: skip
    assert drawn == [{"seed": 2, "jobs": 1, "told": None}]
    assert '<article id="init.pytorch-default"' in (out / "report.html").read_text(encoding="utf-8")
    assert (out / "report.html").read_text(encoding="utf-8").count('role="presentation"') == 1
    text = (out / "report.json").read_text()
    assert text == (tmp_path / "same.json").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "same.json"]
    (statement,) = json.loads(text)["statements"]
    assert (statement["id"], statement["verdict"]) == ("init.pytorch-default", "supported")
    assert {finding["tier"] for finding in statement["findings"]} == {"proved", "enumerated", "simulated"}
    csv = (out / "init.csv").read_text().splitlines()
    simulated = [finding for finding in statement["findings"] if finding["tier"] == "simulated"]
    assert len(csv) == 1 + len(simulated)
    for line, finding in zip(csv[1:], simulated, strict=True):
        assert f"{finding['estimate']:.15g}" in line
        assert finding["seed"] == 2
        assert finding["interval"][0] < finding["claimed"][0] < finding["interval"][1]


def test_a_reader_of_the_table_that_has_gone_is_told_to_the_command_and_no_verdict(user_file, monkeypatch):
    """Rich would exit with status 1, which says refuted."""

    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    report = verify(load(user_file)[:1])
    monkeypatch.setattr("sys.stdout", Gone())
    with pytest.raises(BrokenPipeError):
        console_table(report)


def test_tables_are_those_of_the_report(vanishing, user_file, tmp_path, drawn):
    vanishing(f"verify --module {user_file} --out {tmp_path}/out --jobs 1")
    table = topic_table(verify(load(user_file)), "user")
    for name, ending in (("latex", "tex"), ("markdown", "md"), ("csv", "csv")):
        assert (tmp_path / "out" / f"user.{ending}").read_text() == FORMATS[name](table)
    assert len(drawn) == 1


def test_the_table_of_verdicts_has_a_row_for_each_statement_with_what_it_covers(vanishing, user_file, tmp_path, drawn):
    vanishing(f"verify --module {user_file} --out {tmp_path}/out --jobs 1")
    head, *rows = csv.reader((tmp_path / "out" / "verdict_table.csv").read_text().splitlines())
    assert head == [column.name for column in VERDICT_COLUMNS]
    verdicts = {name: (verdict, covers) for name, verdict, *_, covers in rows}
    assert verdicts["user.true"] == ("supported", "1 case")
    assert verdicts["user.vague"] == ("inconclusive", "n = 4, L = 1")


def test_a_topic_without_simulations_has_no_table(vanishing, user_file, tmp_path, drawn):
    vanishing(f"verify --module {user_file} user.true --out {tmp_path}/out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.html", "report.json", "typical.png",
                                                                          *VERDICTS]  # fmt: skip
    assert drawn


def test_the_report_is_the_same_for_one_and_two_workers_but_not_for_another_seed(vanishing, user_file, tmp_path, drawn):
    assert len(Partition.of(Ensemble(64, 16)).blocks(1100)) >= 3  # work for both
    user_file.write_text(
        user_file.read_text().replace("width=4, depth=1", "width=64, depth=16").replace("2000", "1100")
    )
    texts = []
    for how in ("--jobs 1", "--jobs 2", "--jobs 1 --seed 1"):
        vanishing(f"verify --module {user_file} user.measured --out {tmp_path} {how}")
        report = json.loads((tmp_path / "report.json").read_text())
        run = report.pop("run")  # when it was, and how long it took
        assert run["command"].endswith(how)
        texts.append(report)
    assert texts[0] == texts[1] != texts[2]
    assert [options["seed"] for options in drawn] == [0, 0, 1]


def test_a_report_is_written_whatever_the_verdict_and_has_no_infinity_or_nan(vanishing, user_file, tmp_path, drawn):
    text = user_file.read_text().replace("samples=2000", "samples=5")  # intervals without end
    user_file.write_text(text)
    ran = vanishing(f"verify --module {user_file} --out {tmp_path}/out user.mistaken user.false")
    assert ran.status == 1

    def refuse(name):
        raise ValueError(f"{name} is not JSON")

    report = json.loads((tmp_path / "out" / "report.json").read_text(), parse_constant=refuse)
    verdicts = {statement["id"]: statement["verdict"] for statement in report["statements"]}
    assert verdicts == {"user.mistaken": "inconclusive", "user.false": "refuted"}
    (mistaken,) = (f for s in report["statements"] if s["id"] == "user.mistaken" for f in s["findings"])
    assert mistaken["interval"] == ["-inf", "inf"]
    assert len(drawn) == 1


def test_without_matplotlib_all_but_the_figure_is_written(vanishing, user_file, tmp_path, monkeypatch, drawn):
    def missing():
        raise InvalidArgument("out", "figures need matplotlib", "pip install it")

    monkeypatch.setattr(typical, "FIGURE", Figure(typical.FIGURE.make, missing))
    ran = vanishing(f"verify --module {user_file} user.measured --out {tmp_path}/out --jobs 1")
    assert ran.status == 0
    assert ran.err.splitlines()[0] == "vanishing: no figure: out: figures need matplotlib; pip install it"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.html", "report.json", "user.csv",
                                                                          "user.md", "user.tex", *VERDICTS]  # fmt: skip
    assert not drawn


@pytest.fixture
def no_jinja(monkeypatch):
    """As if jinja2 were not installed."""
    monkeypatch.setattr("proofs_check.reporting.page.find_spec", lambda name: None if name == "jinja2" else name)


def test_without_jinja_all_but_the_page_is_written(vanishing, user_file, tmp_path, drawn, no_jinja):
    ran = vanishing(f"verify --module {user_file} user.true --out {tmp_path}/out")
    assert ran.status == 0
    assert ran.err.splitlines()[0].startswith(
        "vanishing: no report.html: out: a page needs jinja2; in the clone: pip install"
    )
    assert not (tmp_path / "out" / "report.html").exists()
    assert (tmp_path / "out" / "report.json").exists()
    assert len(drawn) == 1


@pytest.mark.usefixtures("no_jinja", "no_simulation")
def test_a_report_without_jinja_is_refused_before_any_work(vanishing, user_file, tmp_path):
    ran = vanishing(f"report --module {user_file} --out {tmp_path}/r.html")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("vanishing: --out: a page needs jinja2; in the clone: pip install")
    assert list(tmp_path.glob("*.html")) == []


@pytest.mark.usefixtures("no_simulation")
def test_a_report_without_matplotlib_is_refused_before_any_work(vanishing, user_file, tmp_path, monkeypatch):
    def missing():
        raise InvalidArgument("out", "figures need matplotlib", "pip install it")

    monkeypatch.setattr(typical, "FIGURE", Figure(typical.FIGURE.draw, missing))
    ran = vanishing(f"report --module {user_file} --out {tmp_path}/r.html")
    assert (ran.status, ran.err) == (2, "vanishing: --out: figures need matplotlib; pip install it\n")


@pytest.mark.parametrize(("pattern", "status"), [("user.measured", 0), ("user.false", 1), ("user.vague", 3)])
def test_a_report_is_one_page_and_its_status_is_the_verdict(vanishing, user_file, tmp_path, drawn, pattern, status):
    out = tmp_path / "page.html"
    ran = vanishing(f"report {pattern} --module {user_file} --out {out} --seed 3 --jobs 1")
    assert (ran.status, ran.out, ran.err) == (status, "", f"report written to {out}\n")
    text = out.read_text(encoding="utf-8")
    assert re.findall(r'<article id="([^"]*)"', text) == [pattern]
    assert "<dt>Seed</dt><dd>3</dd>" in text
    assert f"vanishing report {pattern} --module" in text
    assert drawn == [{"seed": 3, "jobs": 1, "told": None}]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html", "user_statements.py"]


def test_a_report_on_a_paper_has_its_claims(vanishing, tmp_path, drawn):
    ran = vanishing(f"report chain.hessian-hollow --paper orvieto-2021 --out {tmp_path}/page.html --jobs 1")
    assert ran.status == 0
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<h1>Vanishing Curvature and the Power of Adaptive Methods" in text
    assert text.count("(not in this run)") > 20
    assert text.count("<article ") == 1


def test_a_report_is_shown_again_without_verifying_anything(vanishing, user_file, tmp_path, drawn, monkeypatch):
    vanishing(f"verify --module {user_file} user.measured user.false --json {tmp_path}/report.json --seed 5 --jobs 1")

    def verify_again(*_, **__):
        raise AssertionError("something was verified")

    monkeypatch.setattr("proofs_check.verification.verifying.verify", verify_again)
    ran = vanishing(f"report --from {tmp_path}/report.json --out {tmp_path}/page.html --jobs 1")
    assert (ran.status, ran.out, ran.err) == (1, "", f"report written to {tmp_path}/page.html\n")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert text.count("<article ") == 2
    assert "vanishing verify --module" in text
    assert [options["seed"] for options in drawn] == [5]


@pytest.mark.usefixtures("no_simulation")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--out page.pdf", "--out: 'page.pdf' is no name of a page; use e.g. --out report.html"),
        ("", "command: the following arguments are required: --out; see 'vanishing report --help'"),
        ("--out {0}/no/page.html", "--out: cannot write {0}/no/page.html: No such file or directory; name a file"),
        ("--out {0}/page.html --from {0}/none.json", "--from: {0}/none.json cannot be read: No such file"),
        ("--out {0}/page.html --from {0}/user_statements.py", "--from: is no JSON"),
        ("--out {0}/page.html --from {0}", "--from: {0} cannot be read: Is a directory"),
        ("--out {0}/page.html --from x --seed 0", "--seed: has no effect on a report that is there already"),
        ("--out {0}/page.html --from x --profile full", "--profile: has no effect on a report that is there already"),
        ("--out {0}/page.html --from x --paper orvieto-2021", "--paper: has no effect on a report"),
        ("--out {0}/page.html --from x --module y.py", "--module: has no effect on a report"),
        ("'forward.*' --out {0}/page.html --from x", "id: has no effect on a report"),
        ("--out {0}/page.html --profile fast", "--profile: there is no profile 'fast'"),
        ("--out {0}/page.html nothing.at-all", "id: no statement matches 'nothing.at-all'"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused_in_one_line(vanishing, user_file, tmp_path, drawn, options, told):
    ran = vanishing(f"report {options.format(tmp_path)}")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"vanishing: {told.format(tmp_path)}")
    assert ran.err.count("\n") == 1
    assert not drawn
    assert [path.name for path in tmp_path.iterdir()] == ["user_statements.py"]
