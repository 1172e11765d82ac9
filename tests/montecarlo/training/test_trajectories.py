"""Training watched on its way: batches, noise of gradients, curvature, and trainings side by side as an observable."""

import hashlib
from collections import Counter
from itertools import islice

import numpy as np
import pytest
from sklearn.datasets import load_digits

from montecarlo import simulate
from montecarlo.training import Classifier
from montecarlo.training.batches import Batches, noisy_labels, taken
from montecarlo.training.few_digits import IMAGES, few_digits
from montecarlo.training.gradient_noise import gradient_noise
from montecarlo.training.trajectories import BOUND, trajectory
from montecarlo.training.trajectory_observables import Descent, Trajectories
from theory.ensembles import Bias, Ensemble, InvalidArgument

MODEL = Classifier((3, 4, 2), "tanh", loss="squared")
NET = Ensemble(widths=(64, 4, 10), activation="tanh", init="lecun")
RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 3))
Y = np.arange(12) % 2


def test_reshuffled_batches_see_each_example_once_and_fresh_ones_do_not():
    rows = np.concatenate([r[0] for r in islice(Batches(3).drawn(10, [5]), 6)])
    for epoch in (rows[:9], rows[9:]):
        assert len(set(epoch)) == 9
    fresh = [r[0] for r in islice(Batches(3, fresh=True).drawn(10, [5]), 400)]
    assert all(len(set(r)) == 3 for r in fresh)
    assert sum(len(set(np.concatenate(fresh[i : i + 3]))) == 9 for i in range(0, 399, 3)) < 20  # 1 % in the mean
    assert len({frozenset(r) for r in fresh}) > 100  # of 120
    counts = Counter(np.concatenate(fresh).tolist())  # 120 each, of deviation below 11
    assert all(abs(count - 120) < 70 for count in counts.values())
    assert next(Batches().drawn(10, [5])) is None
    assert next(Batches(10).drawn(10, [5])) is None


def test_what_a_network_sees_depends_on_its_own_seed():
    both = list(islice(Batches(2).drawn(6, [3, 8]), 5))
    alone = list(islice(Batches(2).drawn(6, [8]), 5))
    assert all(np.array_equal(a[1], b[0]) for a, b in zip(both, alone, strict=True))
    assert not all(np.array_equal(a[0], a[1]) for a in both)
    assert Batches(2).describe(6) == "batches of 2, reshuffled"
    assert (Batches(2, True).describe(6), Batches().describe(6)) == ("batches of 2, drawn fresh", "full batch")


def test_noisy_labels_change_no_more_than_their_share():
    labels = np.arange(1000) % 10
    found = noisy_labels(labels, 0.5, 10)
    assert 380 <= (found != labels).sum() <= 500  # 450 in the mean, of deviation 6.7
    assert np.array_equal(found, noisy_labels(labels, 0.5, 10))
    assert not np.array_equal(found, noisy_labels(labels, 0.5, 10, seed=1))
    assert np.array_equal(noisy_labels(labels, 0, 10), labels)
    assert np.array_equal(taken(labels, None), labels)


def test_the_digits_are_those_of_scikit_learn():
    pixels, labels = load_digits(return_X_y=True)
    inputs, own = few_digits()
    assert np.array_equal(own, labels[:IMAGES])
    centred = pixels[:IMAGES] - pixels[:IMAGES].mean(axis=0)
    np.testing.assert_allclose(inputs, centred / np.sqrt((centred**2).mean()), rtol=1e-12, atol=1e-12)


def test_gradient_noise_is_the_spectrum_of_the_covariance():
    w, rows = MODEL.initial([0, 1]), np.arange(12).reshape(6, 2)
    found = gradient_noise(MODEL, w, X, Y, rows)
    for i in range(2):
        g = np.stack([MODEL.gradients(w[i : i + 1], X[r], Y[r])[1][0] for r in rows])
        values = np.sort(np.linalg.eigvalsh(np.cov(g.T)))[::-1]
        np.testing.assert_allclose(found.top[i], values[0], rtol=1e-10)
        np.testing.assert_allclose(found.least[i], values[4], rtol=1e-6)
        np.testing.assert_allclose(found.trace[i], values.sum(), rtol=1e-10)
        np.testing.assert_allclose(found.conditioning[i], values[4] / values[0], rtol=1e-6)
    same = gradient_noise(MODEL, w, X, Y, np.zeros((3, 2), dtype=int))
    assert (same.conditioning == 0).all() or (same.top < 1e-30).all()


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_a_trajectory_is_descent_step_by_step(normalization):
    model = Classifier((3, 4, 2), "tanh", normalization=normalization)
    w = model.initial([4])
    found = trajectory(model, w, 0.3, X, Y, steps=(0, 2, 5), batches=Batches(4), seeds=[9], noise=(5, 6))
    order = Batches(4).drawn(12, [9])
    for step in range(6):
        if step in (0, 2, 5):
            k = (0, 2, 5).index(step)
            losses, _ = model.gradients(w, X, Y)
            np.testing.assert_allclose(found.losses[k], losses, rtol=1e-12)
            h = 1e-5 * np.eye(w.shape[1])
            hessian = [(model.gradients(w + e, X, Y)[1] - model.gradients(w - e, X, Y)[1])[0] / 2e-5 for e in h]
            np.testing.assert_allclose(found.curvatures[k], np.linalg.eigvalsh(hessian)[-1], rtol=0.02)
        rows = next(order)[0]
        w = w - 0.3 * model.gradients(w, X[rows], Y[rows])[1]
    assert found.noises.shape == found.conditionings.shape == (3, 1)
    bare = trajectory(model, model.initial([4]), 0.3, X, Y, steps=(5,), batches=Batches(4), seeds=[9], curvature=False)
    assert np.array_equal(bare.losses[-1], found.losses[-1])
    assert bare.curvatures.size == bare.noises.size == 0


def test_what_diverges_is_told_and_harms_no_other():
    model = Classifier((3, 2), "linear", loss="squared")
    w = np.zeros((2, 6))
    w[1] = 1e200
    both = trajectory(model, w, 0.1, X, Y, steps=(0, 20), noise=(3, 4))
    assert (both.losses[1, 1], both.curvatures[1, 1], both.noises[1, 1]) == (BOUND, BOUND, BOUND)
    alone = trajectory(model, w[:1], 0.1, X, Y, steps=(0, 20))
    assert both.losses[1, 0] == pytest.approx(alone.losses[1, 0], rel=1e-12)


def _watched(**changes):
    ways = (Descent("slow", "1/10", Batches(5)), Descent("fast", "1/2", Batches(5)))
    return Trajectories(ways, **{"time": 4, "images": 20, "checkpoints": 2, "noise": (3, 4)} | changes)


def test_the_observable_is_the_trajectory_of_each_network():
    watched = _watched()
    logs = simulate(NET, [watched], samples=3, seed=2)[watched]
    weights = []

    class Kept(Trajectories):
        def _trained(self, model, w):
            weights.append(w)
            return np.zeros((len(w), 14))

    kept = Kept(watched.ways, time=4, images=20, checkpoints=2, noise=(3, 4))
    simulate(NET, [kept], samples=3, seed=2)
    w, (inputs, labels) = weights[0], few_digits(20)
    seeds = [int.from_bytes(hashlib.sha256(row.tobytes()).digest()[:8], "big") for row in w]
    model = Classifier((64, 4, 10), "tanh")
    run = trajectory(model, w, 0.5, inputs, labels, steps=(4, 8), batches=Batches(5), seeds=seeds, noise=(3, 4))
    for component, values in {
        "fast.curvature": run.curvatures.max(axis=0),
        "fast.stability": run.curvatures[-1] / 4,
        "fast.loss": run.losses[-1],
        "fast.noise": run.noises.max(axis=0),
        "fast.trace": run.traces.max(axis=0),
        "fast.conditioning": run.conditionings.max(axis=0),
        "fast.mean-conditioning": run.conditionings.mean(axis=0),
    }.items():
        np.testing.assert_allclose(logs.log_values(component), np.log(values), rtol=1e-12)
    assert len(watched.components(NET)) == 14
    assert _watched(curvature=False, noise=None).components(NET) == ("slow.loss", "fast.loss")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time": 0}, "time: "),
        ({"images": 5}, "images: "),
        ({"images": 700}, "images: "),
        ({"label_noise": 2}, "share: must lie between 0 and 1"),
        ({"loss": "hinge"}, "loss: there is no loss 'hinge'"),
        ({"normalization": "group"}, "normalization: "),
        ({"checkpoints": 50}, "checkpoints: come before the first step"),
        ({"noise": (2, 4)}, "noise: "),
        ({"noise": (3, 21)}, "noise: "),
        ({"curvature": 2}, "curvature: "),
        ({"ways": ()}, "ways: must be Descents"),
        ({"ways": (Descent("a", 1), Descent("a", 2))}, "ways: share a label"),
        ({"ways": (Descent("a", "1/2", Batches(21)),)}, "size: is 21, but there are 20 examples"),
    ],
)
def test_refused_when_made(changes, message):
    ways = changes.pop("ways", _watched().ways)
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        Trajectories(ways, **{"time": 4, "images": 20, "checkpoints": 2, "noise": (3, 4)} | changes)


@pytest.mark.parametrize(
    ("net", "argument"),
    [
        (Ensemble(widths=(32, 4, 10)), "widths"),
        (Ensemble(widths=(64, 4, 9)), "widths"),
        (Ensemble(widths=(64, 4, 10), bias=Bias.parse("1/10")), "bias"),
    ],
)
def test_networks_that_read_no_digits_are_refused(net, argument):
    with pytest.raises(InvalidArgument, match=f"^{argument}: "):
        _watched().components(net)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": 0}, "learning_rate: "),
        ({"steps": ()}, "steps: must rise"),
        ({"steps": (3, 3)}, "steps: must rise"),
        ({"seeds": [1]}, "seeds: are 1, for 2 networks"),
        ({"noise": (3, 13)}, "noise: asks for 13 of 12 examples"),
        ({"batches": Batches(13)}, "size: "),
    ],
)
def test_trajectories_refuse(changes, message):
    arguments = {"learning_rate": 0.1, "steps": (1,)} | changes
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        trajectory(MODEL, MODEL.initial([0, 1]), arguments.pop("learning_rate"), X, Y, **arguments)


def test_more_refusals():
    for make, message in (
        (lambda: Batches(-1), "size: "),
        (lambda: Batches(1, 2), "fresh: "),
        (lambda: Descent("", 1), "label: "),
        (lambda: Descent("a", -1), "learning_rate: "),
        (lambda: gradient_noise(MODEL, MODEL.initial([0]), X, Y, np.zeros((2, 3), dtype=int)), "batches: "),
    ):
        with pytest.raises(InvalidArgument, match=f"^{message}"):
            make()
