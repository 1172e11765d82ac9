"""A report as plain data: the same whether it comes from the run or from its JSON, today's or that of old."""

import json
import math
from dataclasses import replace
from datetime import datetime

import pytest

from proofs_check.papers import paper
from proofs_check.registry import load
from proofs_check.reporting.records import read_report
from proofs_check.verdict import Verdict
from proofs_check.verification.provenance import Run
from proofs_check.verification.results import FORMAT
from proofs_check.verification.sharpness import Offset
from proofs_check.verification.verifying import verify
from theory.ensembles import InvalidArgument


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    from tests.proofs_check.conftest import STATEMENTS

    path = tmp_path_factory.mktemp("users") / "user_statements.py"
    path.write_text(STATEMENTS, encoding="utf-8")
    run = Run.here("vanishing verify", datetime(2026, 1, 2, 3, 4, 5), 61.5)
    return replace(verify(load(path)), run=run, papers=(paper("orvieto-2021"),))


def test_what_is_read_is_what_was_found(report):
    record = read_report(report.to_json())
    assert (record.profile, record.seed, record.error) == (report.profile, report.seed, report.error)
    assert (record.verdict, record.run, record.papers) == (report.verdict, report.run, report.papers)
    for read, result in zip(record.statements, report.results, strict=True):
        statement = result.statement
        assert (read.id, read.title, read.latex, read.source) == (
            statement.id, statement.title, statement.latex, statement.source)  # fmt: skip
        assert (read.verdict, read.covers, read.domain) == (result.verdict, result.scope, statement.domain.words)
        assert read.exact_reach == result.exact_reach
        for (together, worst), (was, least_sharp) in zip(read.reaches, result.reaches, strict=True):
            assert (together.worse, worst.worse) == (was.worse, least_sharp.worse)
        for seen, finding in zip(read.findings, result.findings, strict=True):
            assert str(seen.scope) == str(finding.scope)
            # of an interval that is missing nobody asks in which unit it is
            told = {"scope": seen.scope, "relative": seen.relative if seen.interval else finding.relative}
            assert replace(finding, **told) == replace(seen, **told)
        for mutant, was in zip(read.mutants, result.mutants, strict=True):
            assert (mutant.name, mutant.refuted, mutant.fails_at) == (was.name, was.refuted, was.instance)


def test_mutants_say_how_far_off_they_are_and_where_they_fail(report):
    mutants = {one.id: one.mutants[0] for one in read_report(report.to_json()).statements}
    (off,) = mutants["user.measured"].offsets
    assert off.relative
    assert off.least == pytest.approx((3 - 0.993) / 0.993, rel=0.01)
    assert mutants["user.true"].offsets == ()
    assert mutants["user.true"].fails_at == "2: claimed 5, but the truth is 4"
    assert mutants["user.true"].tiers == ("enumerated",)


def test_complaints_are_those_of_the_terminal(report):
    found = {one.id: one.complaints for one in read_report(report.to_json()).statements}
    assert found["user.true"] == ()
    assert found["user.false"] == (("refuted (enumerated): 2 times 2; 2", "  claimed 5, but the truth is 4"),)
    assert found["user.spared"][0] == ("no evidence refutes the mutant '4 becomes 4.0'",)
    assert found["user.spared"][1] == ("supports every mutant: 2 times 2",)
    assert found["user.vague"][0][1] == "  claimed 1, within 0.001"


def test_infinities_come_back(user_file):
    user_file.write_text(user_file.read_text().replace("samples=2000", "samples=5"))  # intervals without end
    (statement,) = read_report(verify(load(user_file)[-1:]).to_json()).statements
    assert statement.findings[0].interval == (-math.inf, math.inf)
    assert statement.reaches[0][0].worse == math.inf


def test_a_report_of_old_is_read_with_what_it_has(report):
    data = json.loads(report.to_json())
    for name in ("format", "version", "commit", "run", "papers"):
        del data[name]
    for statement in data["statements"]:
        del statement["latex"], statement["source"]
        for mutant in statement["mutants"]:
            del mutant["off_by"], mutant["fails_at"]
        for finding in statement["findings"]:
            finding.pop("relative", None)
    record = read_report(json.dumps(data))
    assert (record.version, record.commit, record.run, record.papers) == ("", "", None, ())
    assert [one.verdict for one in record.statements] == [result.verdict for result in report.results]
    assert {one.latex + one.source for one in record.statements} == {""}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is no JSON"),
        ("[1]", "is JSON, but no report"),
        ('{"statements": []}', "KeyError: 'profile'"),
        (f'{{"format": {FORMAT + 1}, "statements": []}}', f"of form {FORMAT + 1}, and this version reads those up to"),
        ('{"profile": "quick", "seed": 0, "error": 1e-6, "statements": [{"id": "a.b"}]}', "KeyError: 'title'"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(text, problem):
    with pytest.raises(InvalidArgument) as error:
        read_report(text)
    assert error.value.argument == "from"
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


def test_what_could_not_be_loaded_breaks_the_report(report):
    from proofs_check.faults import Fault

    broken = read_report(replace(report, faults=(Fault("mine.py", "no such thing", "mine.py:3"),)).to_json())
    assert broken.verdict is Verdict.BROKEN
    assert str(broken.faults[0]) == "mine.py: could not be run: no such thing (mine.py:3)"


def test_offsets_are_of_the_nearest_and_of_the_furthest_check():
    from proofs_check.verdict import Finding, Tier
    from proofs_check.verification.sharpness import offsets

    def against(claimed, relative, estimate=2.0):
        return Finding(Tier.SIMULATED, "x", Verdict.REFUTED, claimed=claimed, estimate=estimate, relative=relative)

    found = offsets([against((3.0, 3.0), True), against((8.0, 9.0), True), against((0.0, 0.5), False),
                       against((3.0, 3.0), None), against((3.0, 3.0), False, math.inf)])  # fmt: skip
    assert found == (Offset(0.5, 3.0, True), Offset(1.5, 1.5, False))
