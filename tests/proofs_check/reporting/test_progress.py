"""Progress bars: which stage, what of it, which share is done, and how long it will take."""

import sys

import pytest

from proofs_check.reporting import progress


@pytest.fixture
def told(monkeypatch, capsys):
    """What a terminal shows of some steps, at once and without waiting."""

    def show(*steps, width=150):
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        with progress.bars() as bars:
            for step in steps:
                bars(*step)
        return capsys.readouterr().err

    return show


def test_a_bar_says_what_is_done_and_how_much_of_it(told):
    shown = told(("exact tiers", "forward.fourth-moment", 3, 12), ("figure", "typical", 0, 1))
    assert "forward.fourth-moment" in shown
    assert "25 %" in shown
    assert "typical" in shown
    assert "left" not in shown  # as nobody knows yet


def test_once_enough_is_done_it_says_how_long_it_will_take(told, monkeypatch):
    monkeypatch.setattr(progress, "_LEAST_SECONDS", 0.0)
    assert "a moment left" in told(("exact tiers", "forward.fourth-moment", 3, 12))
    assert "left" not in told(("exact tiers", "", 12, 12))


def test_on_a_narrow_terminal_the_numbers_are_whole_and_the_rest_is_cut(told, monkeypatch):
    monkeypatch.setattr(progress, "_LEAST_SECONDS", 0.0)
    net = "width=16 depth=4 activation=relu init=pytorch law=uniform readout=random architecture=plain"
    shown = told(("simulated tier", net, 3, 12), width=80)
    for part in ("simulated tier", "25 %", "a moment left", "width=16", "\u2026"):
        assert part in shown
    assert "0:00:00" in shown
    assert "architecture" not in shown


def test_a_little_done_tells_nothing():
    assert progress.seconds_left(100.0, 0.001) is None
    assert progress.seconds_left(100.0, 0.8) == pytest.approx(25.0)
