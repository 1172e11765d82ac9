"""Tables of one's own: each number is theory's or that of networks drawn by hand; all intervals share one error."""

import json
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from montecarlo import ActivationNorms, simulate
from montecarlo.intervals import order_statistic_interval
from proofs_check.claims.sampled import Drawing
from proofs_check.grids import readings as readings_module
from proofs_check.grids.axes import Setting
from proofs_check.grids.layout import Look
from proofs_check.grids.readings import Wanted, readings
from proofs_check.grids.tabulating import tabulate
from theory import LogNormLaw, activation_moment, at
from theory.ensembles import Ensemble, InvalidArgument

RELU = {"activation": "relu", "init": "he"}


def records(ran):
    assert ran.status == 0, ran.err
    return json.loads(ran.out)


def test_theory_is_the_exact_median_and_measurement_that_of_the_same_networks(vanishing):
    command = "table --rows n=4,8 --columns L=2,6 --quantity 'median |a_L|^2' --activation relu --init he"
    rows = records(vanishing(f"{command} --samples 500 --seed 3 --error 0.02 --jobs 1 --format json"))
    assert [row["n"] for row in rows] == ["4", "8"]
    for row in rows:
        for depth in (2, 6):
            net = Ensemble(width=int(row["n"]), depth=depth, **RELU)
            assert row[f"L={depth} theory"] == pytest.approx(np.exp(LogNormLaw(net).median()), rel=1e-9)
            logs = simulate(net, [ActivationNorms(layers=(depth,))], samples=500, seed=3)
            by_hand = order_statistic_interval(
                logs[ActivationNorms(layers=(depth,))].log_values(f"a_{depth}"), 0.5, 0.02 / 4
            )
            found = row[f"L={depth} measured"]
            expected = np.exp([by_hand.value, by_hand.lo, by_hand.hi])
            assert [found["value"], found["lo"], found["hi"]] == pytest.approx(expected, rel=1e-6)


def test_one_error_probability_is_split_over_all_statistics_of_all_cells(monkeypatch):
    shares = []
    original = readings_module.measured_statistic

    def spied(sides, letter, point, drawing, error):
        shares.append(error)
        return original(sides, letter, point, drawing, error)

    monkeypatch.setattr(readings_module, "measured_statistic", spied)
    cells = [({"width": "2", "depth": str(depth)}, (), "kurtosis(a_L)") for depth in (1, 2, 3)]
    readings(cells, Drawing(samples=50, error=0.03), wanted=Wanted())
    assert shares == [0.03 / 6] * 6  # E|a|^4 and E|a|^2 in each of three cells
    assert sum(shares) == pytest.approx(0.03)


def test_a_network_is_drawn_once_for_all_quantities_of_it(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "proofs_check.claims.sampled.simulate", lambda net, *a, **k: drawn.append(net) or simulate(net, *a, **k)
    )
    tabulate(rows="E|a_L|^2, median |a_L|^2, P(|a_L| > 1)", columns="n=2,3", samples=40, networks={"depth": "2"})
    assert [net.width for net in drawn] == [2, 3]


def test_intervals_hold_the_truth_together_over_many_seeds():
    missed = 0
    for seed in range(60):
        _, found = tabulate(
            rows="n=2,4", columns="P(|a_L|^2 >= 1), median |a_L|^2", samples=60, seed=seed, error=0.2,
            networks={"depth": "2"},
        )  # fmt: skip
        missed += any(not one.measured.lo <= one.theory <= one.measured.hi for one in found)
    assert missed <= 24  # of 60 at 20 %: more have probability 3e-4


def test_formulas_are_those_of_theory(vanishing):
    command = "table --rows 'law=normal,uniform' --columns 'E|a_L|^4, kurtosis(a_L), Cov(|a_1|^2, |a_2|^2)'"
    rows = records(vanishing(f"{command} --width 3 --depth 2 --init 1/5 --show theory --format json"))
    for row in rows:
        net = Ensemble(width=3, depth=2, init=Fraction(1, 5), law=row["weights"])
        fourth, square = (activation_moment(net, order) for order in (4, 2))
        norms = {"norm_x": 1, "norm4_x": 3**-0.25}  # of (1, 1, 1)/sqrt(3)
        values = [
            at(one, **{k: v for k, v in norms.items() if k in map(str, one.free_symbols)}) for one in (fourth, square)
        ]
        assert row["E|a_L|^4"] == pytest.approx(float(values[0]), rel=1e-12)
        assert row["kurtosis(a_L)"] == pytest.approx(float(values[0] / values[1] ** 2), rel=1e-12)


def test_layers_can_be_rows(vanishing):
    command = "table --rows k=0..3 --quantity 'E|a_k|^2' --width 2 --depth 3 --init 1"
    rows = records(vanishing(f"{command} --show theory --format json"))
    assert [list(row.values()) for row in rows] == [["0", 1], ["1", 2], ["2", 4], ["3", 8]]


def test_dead_networks_are_shown_as_such_and_explained(vanishing):
    command = "table --rows n=1,8 --columns L=2,12 --quantity 'median |a_L|^2' --activation relu --init he"
    ran = vanishing(f"{command} --samples 300 --jobs 1")
    assert ran.status == 0
    (one,) = [line for line in ran.out.splitlines() if line.startswith("| 1 |")]
    assert one.count("dead") == 4
    assert "nan" not in ran.out.lower()
    assert "dead: so many networks have a\\_L = 0" in ran.out.replace("a_L", "a\\_L")


def test_what_theory_or_measurement_cannot_say_is_explained(vanishing):
    ran = vanishing("table --rows n=2,3 --quantity 'median lambda_max' --depth 2 --samples 60 --jobs 1")
    assert ran.status == 0
    assert ran.out.count("| - |") == 2
    assert "theory does not know" in ran.out


@pytest.mark.parametrize(("tolerance", "status"), [("0.9", 0), ("0.01", 3)])
def test_the_verdict_is_that_of_an_interval_within_the_tolerance(vanishing, tolerance, status):
    command = "table --rows n=4 --quantity 'P(|a_L|^2 >= 1)' --depth 2 --samples 400 --jobs 1 --format json"
    ran = vanishing(f"{command} --show verdict,ratio --tolerance {tolerance}")
    assert ran.status == status
    (row,) = json.loads(ran.out)
    verdict, ratio = list(row.values())[1:]
    assert verdict == {0: "supported", 3: "inconclusive"}[status]
    assert ratio["lo"] < 1 < ratio["hi"]


def test_a_theory_that_is_wrong_is_refuted(monkeypatch):
    original = readings_module.Asked.theory
    monkeypatch.setattr(readings_module.Asked, "theory", lambda self: 2 * original(self))
    _, found = tabulate(rows="n=4", quantity="median |a_L|^2", samples=2000, networks={"depth": "2"})
    assert [one.verdict.value for one in found] == ["refuted"]


def test_transposing_swaps_heads_and_keeps_numbers():
    options = {"rows": "n=2,3,5", "columns": "L=1,2", "quantity": "E|a_L|^4"}
    show = Look(show=("theory",))
    table, _ = tabulate(**options, look=show)
    other, _ = tabulate(**options, look=show, transpose=True)
    assert other.heads == ("L", "n=2", "n=3", "n=5")
    numbers = [row[1:] for row in table.texts]
    assert [tuple(column) for column in zip(*numbers, strict=True)] == [row[1:] for row in other.texts]


def test_labels_of_a_file_are_the_rows(tmp_path, vanishing):
    path = tmp_path / "rows.toml"
    path.write_text('[[row]]\nlabel = "theirs"\ninit = "xavier"\n[[row]]\nlabel = "ours"\ninit = "he"\n')
    command = f"table --rows {path} --quantity 'E|a_L|^2' --width 4 --depth 3 --activation relu --show theory"
    ran = vanishing(command)
    assert [line.split("|")[1].strip() for line in ran.out.splitlines()[-2:]] == ["theirs", "ours"]
    assert "0.125" in ran.out


def test_readings_beyond_all_floats_have_their_digits():
    (one,) = readings(
        [({"width": "400", "depth": "2000", "init": "1/4000", "activation": "relu"}, (), "E|a_L|^2")],
        Drawing(),
        wanted=Wanted(measured=False),
    )
    assert one.theory.adjusted() == -2603
    assert abs(one.theory.ln() - 2000 * (Decimal(1) / 20).ln()) < Decimal("1e-15")


@pytest.mark.usefixtures("no_simulation")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--rows n=4 --depth 2", "--quantity: is missing"),
        ("--rows 'E|a_L|^2' --quantity 'E|a_L|^4' --width 2 --depth 2", "--quantity: is given beside rows"),
        ("--rows n=4 --width 4 --depth 2 --quantity 'E|a_L|^2'", "--width: is given beside rows"),
        ("init --rows n=4 --quantity 'E|a_L|^2'", "name: is given beside the rows"),
        ("--paper orvieto-2021 --rows n=4", "--paper: is given beside the rows"),
        ("init --show theory", "--show: does not apply to a ready table"),
        ("init --width 4", "--width: does not apply to a ready table"),
        (
            "--rows n=4 --depth 2 --quantity 'E|a_L|^2' --show theory,mesured",
            "--show: there is no column 'mesured'; did",
        ),
        ("--rows n=4 --depth 2 --quantity 'E|b_L|^2'", "--quantity: "),
        ("--rows n=4 --depth 2 --quantity '2+2'", "--quantity: says nothing about a random network"),
        ("--rows n=4 --depth 2 --quantity 'E|a_7|^2'", "--quantity: "),
        ("--rows n=4 --depth 2 --quantity 'E|a_k|^2'", "--quantity: E|a_k|^2: k stands for no number here"),
        ("--rows n=4 --depth L --quantity 'E|a_L|^2'", "--depth: 'L' is no number"),
        ("--rows n=4 --depth 2 --quantity 'E|a_L|^2' --profile full", "--profile: is that of ready tables"),
        ("--rows n=4 --depth 2 --quantity 'E|a_L|^2' --fit text", "--fit: has an effect on LaTeX alone"),
        ("--rows n=4 --depth 2 --quantity 'E|a_L|^2' --format latex --fit page", "--fit: there is no"),
        ("--rows n=4 --depth 2 --quantity 'E|a_L|^2' --intervals long", "--intervals: there is no"),
        ("--rows n=4 --depth 2 --quantity 'E|a_L|^2' --out table.doc", "--out: table.doc ends on none of .tex"),
        ("--rows n=4 --depth 2 --quantity 'E|a_L|^2' --out /nowhere/table.tex", "--out: "),
    ],
)
def test_wrong_options_are_refused_before_anything_is_drawn(vanishing, options, told):
    ran = vanishing(f"table {options}")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"vanishing: {told}"), ran.err


def test_a_grid_without_cells_is_refused():
    with pytest.raises(InvalidArgument, match="the grid has no cell"):
        readings([], Drawing(), wanted=Wanted())


def test_a_setting_says_what_it_sets():
    from proofs_check.grids.layout import label_of

    named = label_of(Setting((("width", "4"), ("activation", "leaky:1/4")), "E|a_L|^2"))
    assert named.plain == "E|a_L|^2, n=4, leaky:1/4"
    assert named.latex == r"$\mathbb{E}|a_{L}|^{2}$, $n=4$, leaky ReLU of slope $\frac{1}{4}$"


@pytest.mark.parametrize(
    ("quantity", "truth"),
    [
        ("median lambda_max", 4),
        ("median lambda_min", -4),
        ("quantile[0.9] lambda_max", 4),
        ("median log(lambda_max)", float(np.log(4))),
        ("median lambda_max^2", 16),
        ("E lambda_max", 4),
        ("P(lambda_max >= 3)", 1),
        ("P(lambda_max >= 5)", 0),
        ("P(lambda_min <= -3)", 1),
    ],
)
def test_eigenvalues_of_a_chain_that_has_no_others(quantity, truth):
    """f = 4 w_2 w_1 has the Hessian ((0, 4), (4, 0)), whatever the weights."""
    networks = {"width": "1", "depth": "2", "readout": "4"}
    _, (one,) = tabulate(quantity=quantity, samples=400, networks=networks, look=Look(show=("measured",)))
    slack = 1e-6 * abs(truth)
    assert float(one.measured.lo) - slack <= truth <= float(one.measured.hi) + slack
    if not quantity.startswith(("E", "P")):
        assert float(one.measured.value) == pytest.approx(truth, rel=1e-6)


def test_numbers_of_millions_of_digits_and_certain_events_have_bounds_that_can_be():
    _, (huge,) = tabulate(
        columns="L=1000000000", quantity="E|a_L|^4", networks={"width": "4"}, look=Look(show=("theory",))
    )
    assert huge.theory.adjusted() == 176091259
    _, (rare,) = tabulate(quantity="P(|a_L|^2 >= 1000000)", samples=50, networks={"width": "4", "depth": "4"})
    assert rare.ratio.lo == 0


def test_a_logarithm_says_that_it_is_of_networks_that_live(vanishing):
    command = "table --rows n=4 --depth 2 --activation relu --init he --quantity 'E log|a_L|^2' --show theory"
    assert "those of the networks in which no layer is dead" in vanishing(command).out


@pytest.mark.usefixtures("no_simulation")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--quantity 'E|a_L|^4, E|a_L|^2' --width 2 --depth 2", "--quantity: 'E|a_L|^4, E|a_L|^2' names several"),
        ("--rows n=2 --depth 2 --quantity 'E|a_L|^2' --format csv --caption x", "--caption: has no effect on csv"),
        ("--rows n=2 --depth 2 --quantity 'E|a_L|^2' --show theory --samples 3", "--samples: has no effect where"),
        (
            "--rows n=2 --depth 2 --quantity 'E|a_L|^2' --show theory --format latex --label 'a b'",
            "--label: 'a b' is no",
        ),
    ],
)
def test_options_without_effect_are_refused(vanishing, options, told):
    ran = vanishing(f"table {options}")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"vanishing: {told}"), ran.err


def test_a_probability_near_1_is_not_said_to_exceed_it():
    table, (sure,) = tabulate(quantity="P(|a_L|^2 >= 1/1000000)", samples=200, networks={"width": "8", "depth": "2"})
    assert sure.measured.most == sure.measured.hi == 1
    written = table.texts[0][-1]
    assert re.fullmatch(r"\[0\.9\d+, 1(\.0+)?\]", written), written
    _, (half,) = tabulate(quantity="P(|a_L|^2 >= 1/2)", samples=4000, networks={"width": "8", "depth": "2"})
    assert half.measured.is_telling
