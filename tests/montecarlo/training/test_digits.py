"""Training on minibatches by hand, and the digits: bad input, the grid, the same numbers again."""

import math
import sys

import numpy as np
import pytest

import montecarlo.training.digits as module
from montecarlo.curvature.extremes_by_gradients import extremes_by_gradients
from montecarlo.drawing.streams import stream
from montecarlo.training.classifiers import Classifier
from montecarlo.training.digits import DigitsStudy, digits_data, digits_study
from montecarlo.training.optimizers import Adam, GradientDescent, RMSprop
from montecarlo.training.runs import train
from theory.ensembles import InvalidArgument

MODEL = Classifier((5, 8, 8, 3), normalization="layer", residual=0.5)


def problem(examples=50):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((examples, 5))
    return x, np.abs(x[:, :3]).argmax(axis=1)


def test_a_run_is_what_its_definition_says():
    x, y = problem()
    w, rule = MODEL.initial([4]), Adam(0.02)
    run = train(MODEL, w, rule, x, y, batch=16, epochs=4, seed=9, curved_epochs=(4, 0))
    kept, state, order = w.copy(), rule.start(w), stream(9, "50 examples", "minibatches")
    for epoch in range(4):
        np.testing.assert_allclose(run.gradient_norms[epoch, 0], np.linalg.norm(MODEL.gradients(w, x, y)[1]))
        losses, shuffled = [], order.permutation(50)
        for batch in (shuffled[:16], shuffled[16:32], shuffled[32:48]):
            loss, gradients = MODEL.gradients(w, x[batch], y[batch])
            losses.append(loss[0])
            w = rule.step(state, w, gradients)
        np.testing.assert_allclose(run.losses[epoch, 0], np.mean(losses))
    np.testing.assert_allclose(run.final_losses, MODEL.gradients(w, x, y)[0])
    assert run.accuracies[0] == (MODEL.logits(w, x)[0].argmax(axis=1) == y).mean()
    assert run.curved_epochs == (4, 0)
    for row, at in ((0, w), (1, kept)):
        ends = extremes_by_gradients(lambda moved: MODEL.gradients(moved, x, y)[1], at, 1e-4, 100)
        np.testing.assert_allclose((run.least[row], run.largest[row]), (ends.least, ends.largest), rtol=1e-6)
    assert run.losses[-1, 0] < run.losses[0, 0]
    assert np.array_equal(kept, MODEL.initial([4]))


def test_networks_that_diverge_are_told_and_leave_the_others_alone():
    x, y = problem()
    plain, seeds = Classifier((5, 8, 8, 3)), [0, 1, 2, 3]
    w, arguments = plain.initial(seeds), {"batch": 16, "epochs": 5, "curved_epochs": (0, 5)}
    rates = (0.05, 1e9, 0.05, 1e4)
    run = train(plain, w, GradientDescent(rates), x, y, **arguments)
    bad = np.array([1, 3])
    assert np.isfinite(run.diverged_at).tolist() == [False, True, False, True]
    assert (run.diverged_at[bad] >= 1).all()
    assert (run.diverged_at[bad] < 15).all()
    for values in (run.losses[-1], run.gradient_norms[-1], run.final_losses, run.largest[-1], -run.least[-1]):
        assert (values[bad] == math.inf).all()
        assert np.isfinite(values[[0, 2]]).all()
    assert np.isfinite(run.gradient_norms[0]).all()
    assert (run.accuracies[bad] == 0).all()
    alone = train(plain, w[[0, 2]], GradientDescent(0.05), x, y, **arguments)
    np.testing.assert_allclose(run.losses[:, [0, 2]], alone.losses, rtol=1e-12)
    everyone = train(plain, w, GradientDescent(1e9), x, y, **arguments)
    assert np.isfinite(everyone.diverged_at).all()
    assert not np.isnan(everyone.losses).any()


def test_curvature_after_an_epoch_named_twice_is_there_twice():
    x, y = problem()
    w, arguments = MODEL.initial([4, 5]), {"batch": 16, "epochs": 2, "seed": 9}
    once, often = (train(MODEL, w, Adam(0.02), x, y, **arguments, curved_epochs=e) for e in ((0, 2), (2, 0, 2, 0)))
    assert often.curved_epochs == (2, 0, 2, 0)
    assert np.array_equal(often.least, once.least[[1, 0, 1, 0]])
    assert np.array_equal(often.largest, once.largest[[1, 0, 1, 0]])


def test_curvature_of_what_diverges_in_the_last_step_is_infinite():
    x, y = problem()
    plain = Classifier((5, 8, 8, 3))
    arguments = {"batch": 50, "epochs": 1, "curved_epochs": (0, 1)}
    run = train(plain, plain.initial([0, 1]), GradientDescent((1e300, 0.05)), x, y, **arguments)
    assert run.gradient_norms[1, 0] == run.largest[1, 0] == -run.least[1, 0] == math.inf
    assert np.isfinite([run.least[:, 1], run.largest[:, 1]]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch": 51}, "batch: is 51, but there are 50 examples; use at most 50"),
        ({"batch": 0}, "batch: must be an integer of at least 1"),
        ({"epochs": 0}, "epochs: must be an integer from 1"),
        ({"seed": -1}, "seed: must be an integer of at least 0"),
        ({"epochs": 2, "curved_epochs": (3,)}, "curved_epochs: must be an integer from 0 to 2"),
    ],
)
def test_runs_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        train(MODEL, MODEL.initial([0]), Adam(0.1), *problem(), **{"batch": 16, **arguments})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.full(50, -1)}, "labels: have an entry -1, but there are 3 classes; use integers from 0 to 2"),
        ({"labels": np.full(50, 3)}, "labels: have an entry 3, but there are 3 classes"),
        ({"labels": np.ones(50)}, "labels: have type float64"),
        ({"labels": np.ones(49, dtype=int)}, r"labels: have shape \(49,\), but there are 50 examples"),
        ({"labels": np.ones((50, 1), dtype=int)}, r"labels: have shape \(50, 1\)"),
        ({"inputs": np.ones((50, 4))}, r"inputs: have shape \(50, 4\), but the networks read 5 numbers"),
        ({"inputs": np.ones(50)}, r"inputs: have shape \(50,\)"),
        ({"inputs": np.full((50, 5), np.nan)}, "inputs: have entries that are not finite"),
        ({"inputs": np.ones((0, 5)), "labels": np.ones(0, dtype=int)}, "inputs: are none"),
        ({"parameters": np.ones(128)}, r"parameters: have shape \(128,\), but a network has 128 weights"),
        ({"parameters": np.ones((2, 127))}, r"parameters: have shape \(2, 127\), but a network has 128 weights"),
        ({"parameters": np.ones((1, 128)) * 1j}, "parameters: are no array of real numbers"),
        ({"optimizer": Adam}, "optimizer: is no update rule"),
        ({"optimizer": Adam((0.1, 0.2))}, "learning_rate: has 2 entries for 1 networks"),
        ({"curved_epochs": 3}, "curved_epochs: must be a sequence of integers, got 3"),
    ],
)
def test_data_that_do_not_fit_are_refused(changes, message):
    x, y = problem()
    arguments = {"parameters": MODEL.initial([0]), "optimizer": Adam(0.1), "inputs": x, "labels": y, "batch": 16}
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        train(MODEL, **{**arguments, **changes})


def test_whole_weights_are_trained_as_floats():
    x, y = problem()
    w = np.round(3 * MODEL.initial([0, 1]))
    whole, floats = (train(MODEL, each, Adam(0.02), x, y, batch=16, epochs=2) for each in (w.astype(int), w))
    assert np.array_equal(whole.losses, floats.losses)
    assert np.ptp(floats.losses) > 0


# --- digits -----------------------------------------------------------------------------------------------------------


def test_digits_are_centred_and_of_mean_square_one():
    x, y = digits_data()
    assert x.shape == (1797, 64)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose((x**2).mean(), 1)
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_without_scikit_learn_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(InvalidArgument, match=r"not installed; in the clone: pip install '\.\[data\]'$"):
        digits_data()


SMALL = {"widths": (6,), "depth": 3, "seeds": (0, 5), "batch": 256, "epochs": 2}


@pytest.fixture(scope="module")
def study() -> DigitsStudy:
    return digits_study(**SMALL)


def test_the_study_has_every_architecture_under_every_optimizer(study):
    lines = {(line.architecture, line.optimizer) for line in study.runs}
    kinds = ("plain", "residual", "layer norm", "batch norm")
    assert lines == {(kind, rule) for kind in kinds for rule in ("SGD", "Adam", "RMSprop")}
    assert len(study.runs) == 12
    for line in study.runs:
        assert line.run.losses.shape == (2, 2)
        assert line.run.curved_epochs == (0, 1, 2)
        assert np.isfinite(line.run.least).all()
        assert (line.run.least < line.run.largest).all()
        assert study.find(line.width, line.architecture, line.optimizer) is line
    starts = {kind: [line.run.least[0] for line in study.runs if line.architecture == kind] for kind in kinds}
    for first, *others in starts.values():
        assert all(np.array_equal(first, other) for other in others)  # the same initial networks
    with pytest.raises(InvalidArgument, match="there is no run of width 7, plain, SGD; use one of 6, plain, SGD"):
        study.find(7, "plain", "SGD")


def test_the_same_again(study):
    again = digits_study(**SMALL)
    for first, second in zip(study.runs, again.runs, strict=True):
        assert first.learning_rate == second.learning_rate
        assert np.array_equal(first.run.losses, second.run.losses)
        assert np.array_equal(first.run.largest, second.run.largest)


def test_gradient_descent_has_the_best_rate_of_its_grid(study):
    x, y = digits_data()
    line, model = study.find(6, "plain", "SGD"), Classifier((64, 6, 6, 10))
    losses = []
    for rate in module.SGD_RATES:
        run = train(model, model.initial((0, 5)), GradientDescent(rate), x, y, batch=256, epochs=2)
        losses.append(run.final_losses.mean())
    assert line.learning_rate == module.SGD_RATES[int(np.argmin(losses))]
    np.testing.assert_allclose(line.run.final_losses.mean(), min(losses), rtol=1e-9)
    assert {type(rule) for _, rule in module.OPTIMIZERS} == {Adam, RMSprop}


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [({"batch": 1798}, "batch"), ({"depth": 1}, "depth"), ({"seeds": ()}, "seeds"), ({"seeds": (-1,)}, "seeds")],
)
def test_studies_that_cannot_be_are_refused(arguments, argument):
    with pytest.raises(InvalidArgument) as refused:
        digits_study(**{**SMALL, **arguments})
    assert refused.value.argument == argument
