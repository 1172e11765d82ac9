"""Real weight matrices: single and double precision, networks that die, wide layers."""

import tracemalloc

import numpy as np
import pytest

from montecarlo import ActivationNorms, Angles, GradientNorms, simulate
from montecarlo.engines.direct import Direct
from montecarlo.engines.real_matrices import Chunk, Scratch
from montecarlo.intervals import catoni_interval, clopper_pearson_interval
from tests.montecarlo.engines.same_law import differing, functionals
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble, InvalidArgument
from theory.log_laws.log_norms import survival
from theory.moments.activations import activation_moment

NET = Ensemble(width=4, depth=20, activation="relu", init="he", readout="signs")
ALL = frozenset({"backward", "weights", "units"})


def rng(*key):
    return np.random.Generator(np.random.SFC64(key))


def drawn(net, dtype, networks, key, needs=ALL):
    return Chunk(net, rng(key), networks, needs=needs, scratch=Scratch(net, dtype))


@pytest.mark.parametrize("law", ["normal", "uniform", "rademacher"])
def test_single_and_double_precision_have_one_law(law):
    """By DKW at 1e-7; float32 rounds a norm by 1e-6, far less than the distances that are found."""
    net = Ensemble(widths=(3, 6, 4, 5), activation="leaky:1/4", init="he", law=law, input="1,2,-5/2")
    double, single = (functionals(drawn(net, dtype, 20_000, i)) for i, dtype in enumerate(("float64", "float32")))
    if law == "rademacher":  # atoms, moved by rounding
        double, single = ({name: np.round(v, 3) for name, v in found.items()} for found in (double, single))
    assert differing(double, single, error=1e-7) == set()


class TestDeadNetworks:
    """Narrow ReLU networks: those that have died are not drawn any further."""

    @pytest.mark.parametrize(("width", "depth"), [(1, 6), (2, 12), (3, 30), (11, 40)])
    def test_survival_is_exact(self, width, depth):
        net = Ensemble(width=width, depth=depth, activation="relu", init="he", law="uniform")
        chunk = Chunk(net, rng(1, width), 20_000)
        alive = int(np.isfinite(chunk.log_activation_norms([depth])).sum())
        truth = float(survival(net.at(law="normal")))  # the same for all laws without atoms
        interval = clopper_pearson_interval(alive, 20_000, error=1e-8)
        assert interval.lo <= truth <= interval.hi

    @pytest.mark.parametrize(("width", "depth"), [(2, 3), (3, 4), (5, 4)])
    def test_moments_are_exact(self, width, depth):
        net = Ensemble(width=width, depth=depth, activation="relu", init="he")
        values = np.exp(Chunk(net, rng(2, width), 100_000).log_activation_norms([depth])[:, 0])
        second, fourth = (float(activation_moment(net, order).subs("norm_x", 1)) for order in (2, 4))
        interval = catoni_interval(values, fourth - second**2, error=1e-8)
        assert interval.lo <= second <= interval.hi
        assert interval.half_width < 0.15 * second

    def test_dropping_them_does_not_change_the_law(self, monkeypatch):
        """Against the same chunk when it drops none."""
        net = Ensemble(width=2, depth=6, activation="relu", init="he", law="uniform")
        dropping = functionals(Chunk(net, rng(3), 30_000, needs=ALL))
        monkeypatch.setattr("montecarlo.engines.real_matrices._MAY_DIE", 0)
        assert differing(dropping, functionals(Chunk(net, rng(4), 30_000, needs=ALL)), error=1e-7) == set()

    @pytest.mark.parametrize("keep", [True, False])
    def test_weights_that_they_would_have_had_have_the_law(self, keep, monkeypatch):
        """Networks dead by layer 20, at layer 25: signs, fair, and independent of the networks' other weights."""
        if not keep:
            monkeypatch.setattr("montecarlo.engines.real_matrices.KEEP_BYTES", 0)
        net = Ensemble(width=2, depth=25, activation="relu", law="rademacher")
        chunk = Chunk(net, rng(5), 4_000, needs=ALL)
        dead = np.isneginf(chunk.log_activation_norms([20])[:, 0])
        assert dead.sum() > 2_000  # P(alive) < (3/4)^20
        w, earlier = (np.sign(chunk.weights(k)[dead].reshape(dead.sum(), 4)) for k in (25, 22))
        for signs in (w[:, 0], w[:, 3], w[:, 0] * w[:, 1], w[:, 0] * w[:, 2], w[:, 1] * earlier[:, 1]):
            assert set(signs) == {-1.0, 1.0}
            interval = clopper_pearson_interval(int((signs > 0).sum()), len(signs), error=1e-9)
            assert interval.lo <= 0.5 <= interval.hi
        again = chunk.weights(25)
        assert np.array_equal(again, chunk.weights(25))

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_what_is_measured_does_not_change_which_networks_are_drawn(self, dtype):
        net = Ensemble(width=3, depth=40, activation="relu", init="he")
        layers = range(41)
        alone = drawn(net, dtype, 200, 6, frozenset()).log_activation_norms(layers)
        for needs in ({"backward"}, {"weights"}, {"units"}, ALL):
            chunk = drawn(net, dtype, 200, 6, frozenset(needs))
            assert chunk.log_activation_norms(layers).tobytes() == alone.tobytes()


class TestWideLayers:
    def test_memory_does_not_grow_with_the_square_of_the_width(self):
        """4096 x 4096 entries are 128 MiB; drawn row by row, forward and backward, a network takes a few."""
        net = Ensemble(width=4096, depth=2, activation="relu", init="he")
        tracemalloc.start()
        readings = simulate(net, [GradientNorms((2,))], samples=1, dtype="float32")[GradientNorms((2,))]
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 40 * 2**20
        # |G_2|^2 = |D v|^2 |a_1|^2 is 1/2 up to a sum of thousands of independent terms: 8 standard deviations
        assert abs(np.exp(readings.logs[0, 0]) - 0.5) < 8 * 0.5 * np.sqrt((5 + 5) / 4096)

    def test_a_wide_network_is_measured_like_its_own_weights(self):
        """Its slabs, put together."""
        net = Ensemble(widths=(3, 600, 700, 2), activation="relu", init="he")
        chunk = Chunk(net, rng(7), 1, needs=ALL)
        a = chunk.input
        for k in (1, 2, 3):
            a = np.maximum(chunk.weights(k)[0] @ a, 0)
            np.testing.assert_allclose(chunk.log_activation_norms([k])[0, 0], np.log(a @ a), rtol=0, atol=1e-11)


@pytest.mark.parametrize("dtype", [np.float32, np.dtype("float32")])
def test_precisions_of_numpy(dtype):
    runs = [simulate(NET, [ActivationNorms()], samples=10, dtype=d)[ActivationNorms()] for d in (dtype, "float32")]
    np.testing.assert_array_equal(*(run.log_values("a_1") for run in runs))


def test_one_direction_holds_no_angle():
    with pytest.raises(InvalidArgument, match=r"^width: "):
        simulate(Ensemble(width=1, depth=3), [Angles()], samples=10)


@pytest.mark.parametrize("architecture", ["residual:1", "layernorm", "batchnorm:4"])
def test_other_architectures_are_not_drawn_as_if_plain(architecture):
    net = NET.at(architecture=architecture)
    with refused("architecture", "direct engine", architecture):
        Direct().refuse(net)
    with refused("architecture", "Chunk", architecture):
        Direct().opened(net, frozenset(), None)(rng(9), 2)
