"""The statistical suite over many seeds."""

import sys
from datetime import date

import pytest

from proofs_check.command import soak
from proofs_check.evidence import Simulated
from proofs_check.registry import own_statements


def test_simulated_evidence_alone_is_kept_and_all_else_unchanged():
    everything = own_statements()
    kept = {statement.id: statement for statement in soak.simulated_only(everything)}
    dropped = 0
    for statement in everything:
        simulated = tuple(e for e in statement.evidence if isinstance(e, Simulated))
        dropped += len(statement.evidence) - len(simulated)
        if simulated:
            of_it = kept.pop(statement.id)
            assert of_it.evidence == simulated
            assert (of_it.claim, of_it.mutants, of_it.title) == (statement.claim, statement.mutants, statement.title)
    assert kept == {}
    assert dropped > 10
    assert len(soak.simulated_only(everything)) < len(everything)


def _summary(seeds, counted):
    return f"{seeds} seeds from 1, profile quick, {counted}"


@pytest.fixture
def run_soak(monkeypatch, capsys):
    def run(*argv):
        monkeypatch.setattr(sys, "argv", ["soak", *argv])
        try:
            status = soak.main()
        except SystemExit as refused:
            status = refused.code
        return status, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("names", "status", "out"),
    [
        (
            ["measured", "true"],
            0,
            [_summary(1, "1 verdicts: 1 supported, 0 refuted, 0 inconclusive, 0 broken; not supported: 0")],
        ),
        (
            ["measured", "mistaken", "vague", "false"],
            1,
            [
                "seed 1: user.mistaken refuted",
                "seed 1: user.vague inconclusive",
                _summary(1, "3 verdicts: 1 supported, 1 refuted, 1 inconclusive, 0 broken; not supported: 2"),
            ],
        ),
        (
            ["vague"],
            0,
            [
                "seed 1: user.vague inconclusive",
                _summary(1, "1 verdicts: 0 supported, 0 refuted, 1 inconclusive, 0 broken; not supported: 1"),
            ],
        ),
    ],
)
def test_only_a_refutation_fails_and_all_verdicts_are_counted(run_soak, users_own, names, status, out):
    users_own(*names)
    ran = run_soak("--seeds", "1", "--jobs", "1")
    assert ran[0] == status
    assert [line for line in ran[1].splitlines() if not line.startswith("  ")] == out
    told = [line for line in ran[1].splitlines() if line.startswith("  ")]
    assert bool(told) is (len(out) > 1)  # what was measured stands below each verdict that is not supported
    assert ran[2].startswith("seed 1: ")


def test_each_seed_is_run_once(run_soak, users_own, monkeypatch):
    users_own("measured")
    seeds = []
    verify = soak.verify
    monkeypatch.setattr(soak, "verify", lambda *args, **kw: (seeds.append(kw["seed"]), verify(*args, **kw))[1])
    status, out, err = run_soak("--seeds", "3", "--jobs", "1")
    assert seeds == [1, 2, 3]
    assert (status, out) == (
        0,
        _summary(3, "3 verdicts: 3 supported, 0 refuted, 0 inconclusive, 0 broken; not supported: 0") + "\n",
    )
    assert [line.split(":")[0] for line in err.splitlines()] == ["seed 1", "seed 2", "seed 3"]


def test_what_a_day_runs_is_its_share_of_the_full_profile_with_the_day_as_seed(run_soak, monkeypatch):
    asked = []

    def note(statements, *, profile, seed, executor):
        asked.append(([s.id for s in statements], profile, seed))
        raise KeyboardInterrupt

    monkeypatch.setattr(soak, "verify", note)
    with pytest.raises(KeyboardInterrupt):
        run_soak("--today", "--jobs", "1")
    ((names, profile, seed),) = asked
    everything = soak.simulated_only(own_statements())
    assert (profile, seed) == ("full", date.today().toordinal())
    assert names == [s.id for s in soak.of_a_day(everything, seed)]
    parts = [s.id for day in range(seed, seed + 20) for s in soak.of_a_day(everything, day)]
    assert sorted(parts) == sorted(s.id for s in everything)


@pytest.mark.parametrize("seeds", ["0", "-1"])
def test_no_seeds_are_no_evidence(run_soak, users_own, seeds):
    users_own("mistaken")
    status, out, err = run_soak("--seeds", seeds)
    assert (status, out) == (2, "")
    assert f"argument --seeds: must be at least 1, got {seeds}; use e.g. --seeds 100" in err
