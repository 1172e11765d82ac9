"""Training on the digits, as figure and table: the numbers of the runs, what diverges, and no scikit-learn."""

import json
import math
import re
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from montecarlo import serial, worker_pool
from montecarlo.training import (
    Adam,
    Classifier,
    DigitsRun,
    DigitsStudy,
    GradientDescent,
    digits_data,
    digits_study,
    train,
)
from proofs_check import figures, studies
from proofs_check.figures import Figure, digits
from proofs_check.figures.digits import make_digits
from proofs_check.reporting.drawing import write_picture
from proofs_check.studies import Study
from proofs_check.studies.digits import COLUMNS, digits_table, trained
from theory.ensembles import InvalidArgument

SIZES = {"widths": (6,), "depth": 3, "epochs": 2}
KINDS = ("plain", "residual", "layer norm", "batch norm")
ARRAYS = ("losses", "gradient_norms", "least", "largest", "final_losses", "accuracies", "diverged_at")
MISSING = "digits needs scikit-learn, which is not installed; in the clone: pip install '.[data]'"


@pytest.fixture(scope="module")
def study():
    """The same runs as the commands', without them."""
    return digits_study(seeds=(4, 5), **SIZES)


def asked_of(study, said):
    """Return these runs in place of training, which two workers do below; what was asked for is noted."""

    def trained(*, seeds, workers, **options):
        said.append((list(seeds), options))
        return study

    return trained


def ends(values):
    """The range as a cell has it."""
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    return low if low == high else f"[{low}, {high}]"


def rows(table):
    return [dict(zip(table.heads, row, strict=True)) for row in table.texts]


def test_the_table_has_the_numbers_of_the_runs(vanishing, monkeypatch, study):
    said = []
    monkeypatch.setattr("proofs_check.studies.digits.digits_study", asked_of(study, said))
    monkeypatch.setattr(studies.digits, "STUDY", Study(partial(digits_table, **SIZES), {"quick": 2}))
    ran = vanishing("table digits --format json --seed 4 --jobs 1")
    assert (ran.status, ran.err) == (0, "")
    assert said == [([4, 5], SIZES)]
    for row, line in zip(json.loads(ran.out), study.runs, strict=True):
        assert tuple(row) == COLUMNS
        run = line.run
        assert row == {
            "width": "6",
            "architecture": line.architecture,
            "optimizer": line.optimizer,
            "learning rate": f"{line.learning_rate:g}",
            "mean final loss": f"{sum(run.final_losses) / 2:.3g}",
            "final loss": ends(run.final_losses),
            "accuracy": ends(run.accuracies),
            "|gradient| at start": ends(run.gradient_norms[0]),
            "|gradient| at end": ends(run.gradient_norms[2]),
            "lambda_max at start": ends(run.largest[0]),
            "lambda_max at end": ends(run.largest[2]),
            "-lambda_min at start, at least": ends([max(0, -least) for least in run.least[0]]),
            "-lambda_min at end, at least": ends([max(0, -least) for least in run.least[2]]),
            "diverged": "none",
        }
    with serial() as workers:
        caption = digits_table(workers, samples=2, seed=4, **SIZES).caption.plain
    for said in ("depth 3", "28 steps on minibatches of 128", "1797 digits", "the training set", "seeds 4 to 5"):
        assert said in caption


def test_a_row_is_what_training_by_hand_gives():
    x, y = digits_data()
    model = Classifier((64, 6, 6, 10), residual=1 / 3)
    run = train(model, model.initial([9]), Adam(0.001), x, y, batch=128, epochs=1)
    with serial() as workers:
        found = rows(digits_table(workers, samples=1, seed=9, widths=(6,), depth=3, epochs=1))
    (row,) = [row for row in found if (row["architecture"], row["optimizer"]) == ("residual", "Adam")]
    assert (row["final loss"], row["accuracy"]) == (f"{run.final_losses[0]:.3g}", f"{run.accuracies[0]:.3g}")
    at = [f"{norm:.3g}" for norm in run.gradient_norms[:, 0]]
    assert [row["|gradient| at start"], row["|gradient| at end"]] == at


def test_bounds_on_curvature_hold():
    """Against the Hessian by differences, at the start of a network with 64 * 2 + 2 * 10 weights."""
    x, y = digits_data()
    model = Classifier((64, 2, 10))
    start = model.initial([3])
    step, columns = 1e-6, np.eye(model.parameters)
    up, down = (model.gradients(start + sign * step * columns, x[:256], y[:256])[1] for sign in (1, -1))
    eigenvalues = np.linalg.eigvalsh((up - down) / (2 * step))
    with serial() as workers:
        row = rows(digits_table(workers, samples=1, seed=3, widths=(2,), depth=2, epochs=1))[0]
    assert float(row["lambda_max at start"]) == pytest.approx(eigenvalues[-1], rel=0.05)
    assert 0 <= float(row["-lambda_min at start, at least"]) < -eigenvalues[0] * 1.001


def test_two_workers_give_the_bits_of_one(study):
    with worker_pool(2) as workers:
        there = trained(workers, samples=2, seed=4, **SIZES)
    assert [(line.architecture, line.optimizer) for line in there.runs] == [
        (kind, optimizer) for kind in KINDS for optimizer in ("SGD", "Adam", "RMSprop")
    ]
    for one, two in zip(study.runs, there.runs, strict=True):
        assert one.learning_rate == two.learning_rate
        for name in ARRAYS:
            assert np.array_equal(getattr(one.run, name), getattr(two.run, name))


def legend_texts(figure):
    return {text.get_text() for legend in figure.legends for text in legend.get_texts()}


def curves(axes, optimizer, points):
    """The vertical data of an optimizer's lines of so many points."""
    colour, dashes, _ = digits.STYLES[optimizer]
    found = [line for line in axes.lines if line.get_color() == colour and line.get_linestyle() == dashes]
    return [line for line in found if len(line.get_xdata()) == points]


def test_the_figure_has_the_losses_gradients_and_curvatures_of_the_runs(vanishing, tmp_path, monkeypatch, drawn, study):
    monkeypatch.setattr(digits, "FIGURE", Figure(partial(make_digits, **SIZES)))
    asked, said = [], []
    lines = (replace(line, learning_rate=number / 4) for number, line in enumerate(study.runs))
    with_other_rates = replace(study, runs=tuple(lines))
    monkeypatch.setattr("proofs_check.studies.digits.digits_study", asked_of(with_other_rates, said))
    monkeypatch.setattr(digits, "worker_pool", lambda jobs: asked.append(jobs) or serial())
    ran = vanishing(f"figure digits --out {tmp_path}/f.svg --seed 4 --jobs 2")
    assert (ran.status, ran.err) == (0, f"figure written to {tmp_path}/f.svg\n")
    assert asked == [2]
    assert said == [([4, 5], SIZES)]
    (figure,) = drawn
    panels = np.reshape(figure.axes, (3, 4))
    for (losses, gradients, curvatures), kind in zip(panels.T, KINDS, strict=True):
        assert losses.get_title().split(",")[0] == kind
        assert [axes.get_yscale() for axes in (losses, gradients, curvatures)] == ["log", "log", "symlog"]
        (chance,) = [line for line in losses.lines if line.get_linestyle() == ":"]
        assert list(chance.get_ydata()) == [math.log(10)] * 2
        rate = study.runs.index(study.find(6, kind, "SGD")) / 4
        assert {text.get_text() for text in losses.texts} == {rf"$\eta = {rate:g}$"}
        drawn_ends = set()
        for optimizer, (colour, _, marker) in digits.STYLES.items():
            run = study.find(6, kind, optimizer).run
            for shown, mean, final in zip(curves(losses, optimizer, 3), run.losses.T, run.final_losses, strict=True):
                assert list(shown.get_xdata()) == [0.5, 1.5, 2]
                assert list(shown.get_ydata()) == [*mean, final]
            finals = [line for line in losses.lines if (line.get_color(), line.get_marker()) == (colour, marker)]
            assert [list(line.get_ydata()) for line in finals] == [[final] for final in run.final_losses]
            for shown, norms in zip(curves(gradients, optimizer, 3), run.gradient_norms.T, strict=True):
                assert (list(shown.get_xdata()), list(shown.get_ydata())) == ([0, 1, 2], list(norms))
            for epoch in (0, 1, 2):
                named = digits.START if epoch == 0 else colour
                drawn_ends |= {(named, "v", end) for end in run.least[epoch]}
                drawn_ends |= {(named, "^", end) for end in run.largest[epoch]}
        marks = [line for line in curvatures.lines if line.get_marker() in ("v", "^")]
        assert {(line.get_color(), line.get_marker(), line.get_ydata()[0]) for line in marks} == drawn_ends
    assert [axes.get_ylabel() for axes in panels[:, 0]] == ["width 6 loss (nats)", "$|$gradient$|$", "curvature"]
    assert {axes.get_xlabel() for axes in panels[-1]} == {"epochs"}
    assert "diverged" not in legend_texts(figure)


def diverging(rates):
    """A run whose networks diverge at once where the rate is 1e9: behind layer norm, logits are then as large."""
    x, y = digits_data()
    model = Classifier((64, 6, 6, 10), normalization="layer")
    start = model.initial(range(len(rates)))
    return train(model, start, GradientDescent(rates), x, y, batch=128, epochs=1, curved_epochs=(0, 1))


@pytest.fixture(scope="module")
def runs():
    """One with some networks that diverge, one with all, one with none."""
    return {
        "SGD": diverging((0.05, 1e9, 0.03, 1e9)),
        "Adam": diverging((1e9, 1e9, 1e9, 1e9)),
        "RMSprop": diverging((0.05, 0.04, 0.03, 0.02)),
    }


@pytest.fixture
def put_in(monkeypatch, runs):
    """Put these runs in the place of the study's, some changed."""

    def put(**changed):
        lines = tuple(DigitsRun(6, "plain", name, 0.5, run) for name, run in (runs | changed).items())
        found = DigitsStudy(3, (0, 1, 2, 3), 1797, 128, 1, lines)
        monkeypatch.setattr("proofs_check.studies.digits.digits_study", lambda **_: found)

    return put


def table_rows():
    with serial() as workers:
        return rows(digits_table(workers, samples=4, seed=0))


def test_the_table_says_what_diverged(put_in, runs):
    put_in()
    some, everyone, nobody = table_rows()
    assert [row["diverged"] for row in (some, everyone, nobody)] == ["2 of 4, at step 1", "4 of 4, at step 1", "none"]
    assert [row["mean final loss"] for row in (some, everyone)] == ["diverged"] * 2
    run, fine = runs["SGD"], [0, 2]
    expected = {
        "final loss": run.final_losses,
        "accuracy": run.accuracies,
        "|gradient| at end": run.gradient_norms[1],
        "lambda_max at end": run.largest[1],
        "-lambda_min at end, at least": -run.least[1],
    }
    for column, values in expected.items():
        assert some[column] == f"{ends(values[fine])}, 2 diverged"
        assert everyone[column] == "diverged"
    for row, name in ((some, "SGD"), (everyone, "Adam"), (nobody, "RMSprop")):
        assert row["|gradient| at start"] == ends(runs[name].gradient_norms[0])
        assert row["lambda_max at start"] == ends(runs[name].largest[0])
    cells = [cell for row in (some, everyone, nobody) for cell in row.values()]
    assert not any("inf" in cell or "nan" in cell for cell in cells)


def test_steps_of_different_networks_are_a_range_and_what_the_last_one_does_counts(put_in, runs):
    later = replace(runs["SGD"], diverged_at=np.array([math.inf, 9, math.inf, 1]))
    last = replace(runs["RMSprop"], final_losses=np.array([1, 1, math.inf, 1]))
    put_in(SGD=later, RMSprop=last)
    some, _, at_last = table_rows()
    assert some["diverged"] == "2 of 4, at step 1 to 9"
    assert at_last["diverged"] == "1 of 4, at step 14"  # after 1797 // 128 steps
    assert at_last["final loss"] == "1, 1 diverged"


def test_the_figure_has_a_cross_where_a_network_diverges_and_no_line_after_it(tmp_path, drawn, put_in):
    put_in()
    write_picture(make_digits(samples=4, widths=(6,), epochs=1), tmp_path / "f.svg")
    (figure,) = drawn
    losses, gradients, curvatures = figure.axes
    for optimizer, (colour, _, marker) in digits.STYLES.items():
        many = {"SGD": 2, "Adam": 4, "RMSprop": 0}[optimizer]
        crosses = [line for line in losses.lines if (line.get_color(), line.get_marker()) == (colour, "x")]
        assert [list(line.get_xdata()) for line in crosses] == [[1 / 14]] * many
        for axes, kind in ((losses, marker), (curvatures, "^"), (curvatures, "v")):
            ends_ = [
                line.get_ydata()[0] for line in axes.lines if (line.get_color(), line.get_marker()) == (colour, kind)
            ]
            assert np.isfinite(ends_).sum() == 4 - many
        assert sum(np.isfinite(line.get_ydata()[1]) for line in curves(gradients, optimizer, 2)) == 4 - many
    assert "diverged" in legend_texts(figure)


@pytest.mark.parametrize("command", ["figure digits --out {tmp}/f.png", "figure all --out {tmp}/new", "table digits"])
def test_without_scikit_learn_one_line_says_what_to_install_before_any_work(vanishing, tmp_path, monkeypatch, command):
    def work(*_, **__):
        raise AssertionError("something was done")

    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    monkeypatch.setattr("proofs_check.studies.digits.digits_study", work)
    for name in set(figures.names()) - {"digits"}:
        monkeypatch.setattr(f"proofs_check.figures.{name.replace('-', '_')}.FIGURE", Figure(work))
    ran = vanishing(command.format(tmp=tmp_path) + " --jobs 1")
    assert (ran.status, ran.out, ran.err) == (2, "", f"vanishing: name: {MISSING}\n")
    assert not list(tmp_path.iterdir())
    if command.startswith("figure digits"):
        with pytest.raises(InvalidArgument, match=f"^name: {re.escape(MISSING)}$"):
            make_digits()
        assert vanishing(f"figure nothing --out {tmp_path}/f.png").err.startswith("vanishing: name: there is no figure")
