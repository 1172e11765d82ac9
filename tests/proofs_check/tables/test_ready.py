"""The tables of a verification: what is in them, and the command that prints them."""

import csv
import io
import json
import math
from dataclasses import replace

import pytest

from montecarlo import HessianExtremes, serial, simulate, worker_pool
from montecarlo.intervals import order_statistic_interval
from proofs_check import studies
from proofs_check.registry import load
from proofs_check.studies import Study
from proofs_check.studies.curvature import FAMILIES, curvature_table, log_curve
from proofs_check.tables.formats import FORMATS, to_json
from proofs_check.tables.model import table_of_texts
from proofs_check.tables.ready import TOPIC_COLUMNS, topic_table
from proofs_check.verdict import Tier
from proofs_check.verification.verifying import verify

HEADS = [column.name for column in TOPIC_COLUMNS]


def test_a_row_for_each_simulated_finding_of_the_topic(user_file):
    statements = load(user_file)
    measured, vague = (next(s for s in statements if s.id == f"user.{name}") for name in ("measured", "vague"))
    both = replace(measured, id="user.both", evidence=measured.evidence + vague.evidence)
    report = verify([*statements, both], seed=3)
    table = topic_table(report, "user")
    findings = [finding for result in report.results for finding in result.of_tier(Tier.SIMULATED)]
    records = json.loads(to_json(table))
    names = [record["statement"] for record in records]
    assert names == ["user.measured", "user.vague", "user.mistaken", "user.both", "user.both"]
    for record, finding in zip(records, findings, strict=True):
        assert record["case"] == f"E|a_1|^2: {finding.case}"
        assert record["exact value"] == f"{finding.claimed[0]:g}"
        lo, hi = finding.interval
        assert record["measured"] == {"value": finding.estimate, "lo": lo, "hi": hi}
        assert record["verdict"] == finding.verdict.value
    verdicts = [record["verdict"] for record in records]
    assert verdicts == ["supported", "inconclusive", "refuted", "supported", "inconclusive"]
    assert "1e-06 (profile quick, seed 3)" in table.caption.plain
    assert table.rules == (0, 1, 2, 3)
    assert [row[0].latex == "" for row in table.rows] == [False, False, False, False, True]  # said once
    assert topic_table(report, "forward").rows == ()


def test_the_command_writes_one_table_in_every_format(vanishing, users_own):
    users_own("measured", "vague")
    ran = {name: vanishing(f"table user --format {name} --jobs 1").out for name in FORMATS}
    records = json.loads(ran["json"])
    assert [list(record) for record in records] == [HEADS, HEADS]
    head, *lines = csv.reader(io.StringIO(ran["csv"]))
    assert head == [*HEADS[:4], "measured lo", "measured hi", "verdict"]
    for line, record in zip(lines, records, strict=True):
        assert float(line[3]) == pytest.approx(record["measured"]["value"], rel=1e-14)
        assert line[0] == record["statement"]
    for name in ("latex", "markdown", "html"):
        assert ran[name].count("inconclusive") == 1
    assert vanishing("table user --jobs 1").out == ran["markdown"]


def test_the_table_of_a_topic_of_the_package(vanishing):
    ran = vanishing("table init --format json --jobs 1")
    records = json.loads(ran.out)
    assert (ran.status, ran.err) == (0, "")
    assert [record["exact value"] for record in records] == ["1/1296 = 0.000771605", "1/81 = 0.0123457"]
    for record, truth in zip(records, (1 / 1296, 1 / 81), strict=True):
        assert record["measured"]["lo"] < truth < record["measured"]["hi"]
        assert (record["statement"], record["verdict"]) == ("init.pytorch-default", "supported")


@pytest.mark.parametrize(
    ("names", "status"), [(["measured"], 0), (["mistaken", "measured"], 1), (["vague", "measured"], 3)]
)
def test_the_exit_status_is_that_of_the_topic(vanishing, users_own, names, status):
    users_own(*names)
    ran = vanishing("table user --jobs 1 --seed 5 --format json")
    assert (ran.status, ran.err) == (status, "")
    assert [record["statement"] for record in json.loads(ran.out)] == [f"user.{name}" for name in names]


def test_the_table_of_curvature_has_exact_intervals_of_the_medians_that_are_measured():
    nets = [FAMILIES[0].at(width=4, depth=6), FAMILIES[1].at(width=2, depth=8)]
    with serial() as workers:
        table = curvature_table(workers, samples=300, seed=4, nets=nets)
    (linear, dead), extremes = table.texts, HessianExtremes()
    readings = simulate(nets[0], [extremes], samples=300, seed=4)[extremes]
    ends = [readings.log_values(end) for end in ("lambda_max", "minus_lambda_min")]
    cells = [cell for logs in ends for cell in exponential(order_statistic_interval(logs, 0.5, 1e-4))]
    assert linear == ("linear", "xavier", "4", "6", *cells, f"{math.exp(log_curve(nets[0])):.4g}")
    # (3/4)^8 = 0.1 of the networks live: that 116 of 300 do, as the upper end would need, has probability 1e-38
    assert dead == ("relu", "he", "2", "8", "0", "[0, 0]", "0", "[0, 0]", "0")
    assert "300 networks" in table.caption.plain
    assert "0.0001 (seed 4)" in table.caption.plain


def exponential(logarithm):
    value, lo, hi = (f"{math.exp(x):.4g}" for x in (logarithm.value, logarithm.lo, logarithm.hi))
    return value, f"[{lo}, {hi}]"


@pytest.mark.parametrize("name", sorted(studies.names()))
def test_the_command_prints_the_table_of_a_study_with_its_profile_seed_and_workers(vanishing, monkeypatch, name):
    asked = []

    def table(workers, **options):
        asked.append((type(workers), options))
        return table_of_texts(name, "c", ("a", "b"), (("1", "2"),))

    samples = studies.study(name).samples
    monkeypatch.setattr(f"proofs_check.studies.{name.replace('-', '_')}.STUDY", Study(table, samples))
    ran = vanishing(f"table {name} --format csv --seed 7 --jobs 1")
    assert (ran.status, ran.out, ran.err) == (0, "a,b\n1,2\n", "")
    assert json.loads(vanishing(f"table {name} --format json --profile full --jobs 2").out) == [{"a": "1", "b": "2"}]
    quick, full = (samples[profile] for profile in ("quick", "full"))
    assert 0 < quick < full
    with serial() as here, worker_pool(2) as there:
        assert asked == [(type(here), {"samples": quick, "seed": 7}), (type(there), {"samples": full, "seed": 0})]
