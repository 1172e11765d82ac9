"""Loss and ratios over log(1/L), as figure and table: flows on theory's lines, and rates by SciPy's integrals."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from montecarlo import serial
from proofs_check.figures import weight_norm as figure
from proofs_check.studies import weight_norm as study


def test_lines_are_integrals_and_conservation_laws():
    for family, n in study.KINDS:
        s = 2 if family == "exponential" else 2 - 2 / n
        expected, _ = quad(lambda q, s=s: math.exp(q - 20) / q**s, 1, 20)
        assert study.rate((family, n), 20.0) == pytest.approx(expected * 20**2, rel=1e-9)
        v = study.partner((family, n), 50.0)
        k = s - 1
        kept = [math.log(p) / x if k == 0 else p**-k / x for p, x in ((50, 2), (v, 1))]
        assert kept[0] - kept[1] == pytest.approx(0 if k == 0 else 1 / 2 - 1)


def test_figure_and_table_show_flows_on_the_lines_of_theory(monkeypatch):
    for name, value in (("KINDS", study.KINDS[::3]), ("TIMED", (2.0, 20.0)), ("RATIOS", (10.0, 1000.0))):
        monkeypatch.setattr(study, name, value)
    monkeypatch.setattr(figure, "KINDS", study.KINDS)
    monkeypatch.setattr(figure, "TIMED", study.TIMED)
    picture = figure.make_weight_norm(samples=1, fine=2)
    for panel in picture.panels:
        assert len(panel.series) == 2 * len(study.KINDS)
        for line, points in zip(panel.series[::2], panel.series[1::2], strict=True):
            assert np.interp(np.log(points.x), np.log(line.x), np.log(line.value)) == pytest.approx(
                np.log(points.value), abs=0.15
            )
    with serial() as workers:
        table = study.weight_norm_table(workers, samples=1, seed=0)
    assert [row[:2] for row in table.texts] == [("exponential", "1")] * 3 + [("none", "2")] * 3
    for row in table.texts:
        for flow, theory in ((row[3], row[4]), (row[6], row[7])):
            assert (flow == "") == (theory == "")
            if flow:
                assert float(flow) == pytest.approx(float(theory), rel=2e-3)
