import pickle

import numpy as np
import pytest

from montecarlo import (
    ActivationNorms,
    Angles,
    Chunk,
    DeadUnits,
    GradientGrowth,
    GradientNorms,
    GradientProducts,
    HessianNorms,
    InnerProducts,
    NormProducts,
    Observable,
    simulate,
)
from tests.montecarlo.architectures.by_hand import drawn
from theory.ensembles import Ensemble, InvalidArgument

NET = Ensemble(width=4, depth=3, activation="relu", init="he")
BACKWARD = frozenset({"backward"})
BOTH = frozenset({"backward", "weights"})


@pytest.mark.parametrize(("kind", "first", "letter"), [(ActivationNorms, 0, "a"), (GradientNorms, 1, "G")])
def test_layers_are_labelled_and_measured(kind, first, letter):
    chunk = Chunk(NET, np.random.default_rng(0), 5, needs=BACKWARD)
    everything = kind().measure(chunk)
    assert kind().components(NET) == tuple(f"{letter}_{k}" for k in range(first, 4))
    assert everything.shape == (5, 4 - first)
    some = kind(layers=[3, 1])
    assert some.components(NET) == (f"{letter}_3", f"{letter}_1")
    assert np.array_equal(some.measure(chunk), everything[:, [3 - first, 1 - first]])


@pytest.mark.parametrize("kind", [ActivationNorms, GradientNorms])
def test_observables_are_values(kind):
    assert isinstance(kind(), Observable)
    assert kind([1, 2]) == kind((1, 2)) == kind(range(1, 3)) == pickle.loads(pickle.dumps(kind((1, 2))))
    assert len({kind(), kind((1,)), kind([1])}) == 2


@pytest.mark.parametrize("kind", [ActivationNorms, GradientNorms])
@pytest.mark.parametrize("layers", [(), 3, "12", (1, 1), (1.0,), (True,), (None,)])
def test_layers_that_are_none(kind, layers):
    with pytest.raises(InvalidArgument, match=r"^layers: "):
        kind(layers)


@pytest.mark.parametrize("observable", [ActivationNorms((4,)), ActivationNorms((-1,)), GradientNorms((0,))])
def test_layers_that_the_network_has_not(observable):
    with pytest.raises(InvalidArgument, match=r"^layers: must lie between . and the depth 3"):
        observable.components(NET)


class TestHessians:
    @pytest.mark.parametrize("activation", ["relu", "linear", "leaky:1/4"])
    @pytest.mark.parametrize("widths", [(2, 3, 2, 4), (3, 3, 3, 3)])
    def test_blocks_are_second_derivatives_taken_by_hand(self, activation, widths):
        """f is linear in each matrix on its piece: d2f[W_k = E_pq, W_l = E_ij] by putting both in."""
        net = Ensemble(widths=widths, activation=activation, init="he")
        chunk = Chunk(net, np.random.default_rng(1), 3, needs=BOTH)
        blocks = ((1, 2), (1, 3), (2, 3))
        logs = HessianNorms(blocks).measure(chunk)
        whole = HessianNorms().measure(chunk)[:, 0]
        squares = np.zeros((3, 3))
        slope = float(net.slope)
        for m in range(3):
            weights = [chunk.weights(k)[m].copy() for k in (1, 2, 3)]
            gates, a = [], chunk.input
            for weight in weights:
                z = weight @ a
                gates.append(np.where(z > 0, 1.0, slope))
                a = gates[-1] * z
            for column, (k, later) in enumerate(blocks):
                for i, j, p, q in np.ndindex(*weights[later - 1].shape, *weights[k - 1].shape):
                    replaced = list(weights)
                    for layer, entry in ((later, (i, j)), (k, (p, q))):
                        replaced[layer - 1] = np.zeros_like(weights[layer - 1])
                        replaced[layer - 1][entry] = 1
                    out = chunk.input
                    for weight, gate in zip(replaced, gates, strict=True):
                        out = gate * (weight @ out)
                    squares[m, column] += (chunk.readout[m] @ out) ** 2
        np.testing.assert_allclose(np.exp(logs), squares, rtol=1e-10)
        np.testing.assert_allclose(np.exp(whole), 2 * squares.sum(axis=1), rtol=1e-10)

    def test_nothing_overflows_at_depth(self):
        net = Ensemble(width=2, depth=400, init="100")
        chunk = Chunk(net, np.random.default_rng(0), 2, needs=BOTH)
        (jacobian,) = HessianNorms([(1, 400)]).measure(chunk).T
        assert np.all(jacobian > 1000)

    def test_a_dead_network_has_none(self):
        net = Ensemble(width=1, depth=6, activation="relu", init="he")
        chunk = Chunk(net, np.random.default_rng(0), 200, needs=BOTH)
        dead = np.isneginf(chunk.log_activation_norms([6])[:, 0])
        assert dead.any()
        assert np.isneginf(HessianNorms().measure(chunk)[dead]).all()

    @pytest.mark.parametrize("blocks", [[(2, 1)], [(1, 4)], [(0, 1)], [(1, 2, 3)], [(1,)]])
    def test_blocks_that_are_none(self, blocks):
        with pytest.raises(InvalidArgument, match=r"^blocks: must (be pairs|lie between 1 and the depth 3)"):
            HessianNorms(blocks).components(NET)

    def test_one_layer_has_none(self):
        with pytest.raises(InvalidArgument, match=r"^depth: "):
            HessianNorms().components(Ensemble(width=2, depth=1))


def test_products_of_gradients():
    chunk = Chunk(NET, np.random.default_rng(0), 5, needs=BACKWARD)
    first, third = GradientNorms([1, 3]).measure(chunk).T
    np.testing.assert_array_equal(GradientProducts(1, 3).measure(chunk)[:, 0], first + third)
    assert GradientProducts(1, 3).components(NET) == ("G_1*G_3",)
    with pytest.raises(InvalidArgument, match=r"^layers: "):
        GradientProducts(1, 4).components(NET)


class TestDeadUnits:
    def test_shares_are_those_of_the_units_off(self):
        net = Ensemble(widths=(2, 5, 3), activation="relu")
        chunk = Chunk(net, np.random.default_rng(0), 50, needs=frozenset({"units", "weights"}))
        a = np.repeat(chunk.input[None], 50, axis=0)
        for k in (1, 2):
            z = np.einsum("moi,mi->mo", chunk.weights(k), a)
            a = np.maximum(z, 0)
            shares = np.exp(DeadUnits([k]).measure(chunk)[:, 0])
            np.testing.assert_allclose(shares, (z <= 0).mean(axis=1), rtol=1e-12, atol=1e-15)

    @pytest.mark.parametrize("activation", ["linear", "leaky:1/4"])
    def test_other_activations_have_none(self, activation):
        with pytest.raises(InvalidArgument, match=r"^activation: "):
            DeadUnits().components(NET.at(activation=activation))


class TestGradientGrowth:
    def test_it_is_the_ratio_of_two_gradients(self):
        chunk = Chunk(NET.at(activation="linear"), np.random.default_rng(0), 50, needs=BACKWARD)
        logs = chunk.log_gradient_norms([3, 1])
        growth = GradientGrowth(3, 1)
        assert growth.components(NET) == ("G_3/G_1",)
        np.testing.assert_array_equal(growth.measure(chunk), logs[:, :1] - logs[:, 1:])
        np.testing.assert_array_equal(GradientGrowth(1, 3).measure(chunk), logs[:, 1:] - logs[:, :1])

    def test_of_dead_networks_there_is_none(self):
        chunk = Chunk(NET.at(width=2), np.random.default_rng(0), 200, needs=BACKWARD)
        both = np.isfinite(chunk.log_gradient_norms([1, 3])).all(axis=1)
        assert 0 < both.sum() < 200
        logs = GradientGrowth(1, 3).measure(chunk)[:, 0]
        assert np.isfinite(logs[both]).all()
        assert np.isneginf(logs[~both]).all()

    def test_where_one_of_the_two_is_0_there_is_none(self):
        """The first matrix of a branch whose second one starts at 0 has no gradient."""
        chunk = drawn(NET.at(depth=4, architecture="residual:0:two"), 20)
        assert np.isfinite(chunk.log_gradient_norms([2])).any()
        assert np.isneginf(GradientGrowth(2, 1).measure(chunk)).all()
        assert np.isneginf(GradientGrowth(1, 2).measure(chunk)).all()

    @pytest.mark.parametrize(("layers", "argument"), [((2, 2), "second"), ((0, 2), "layers"), ((1, 4), "layers")])
    def test_layers_that_make_no_ratio(self, layers, argument):
        with pytest.raises(InvalidArgument) as caught:
            GradientGrowth(*layers).components(NET)
        assert caught.value.argument == argument


class TestTwoInputs:
    def measured(self, observable, net=NET):
        return observable.measure(Chunk(net, np.random.default_rng(0), 50, second_input=observable.second_input))

    def test_inner_products_of_the_inputs_are_the_cosine(self):
        logs = self.measured(InnerProducts("-1/3", layers=[0]))
        assert np.isneginf(logs[:, 0]).all()
        np.testing.assert_allclose(np.exp(logs[:, 1]), 1 / 3, rtol=1e-12)
        assert InnerProducts("-1/3").components(NET)[:2] == ("p_0+", "p_0-")

    def test_parts_are_one_number_by_its_sign(self):
        logs = self.measured(InnerProducts(layers=[1, 3]), NET.at(activation="linear"))
        assert logs.shape == (50, 4)
        for plus, minus in (logs[:, :2].T, logs[:, 2:].T):
            assert np.array_equal(np.isneginf(plus), ~np.isneginf(minus))
            assert np.isfinite(plus).any()
            assert np.isfinite(minus).any()

    def test_relu_networks_have_one_part_beyond_the_input(self):
        assert InnerProducts("-1/2", layers=[1, 2]).components(NET) == ("p_1", "p_2")
        assert InnerProducts("1/2").components(NET) == ("p_0", "p_1", "p_2", "p_3")

    def test_inner_products_and_angles_fit_together(self):
        """Both inputs through the first matrix, by hand."""
        net = NET.at(activation="linear")
        angles, inner = Angles("1/2"), InnerProducts("1/2")
        chunk = Chunk(net, np.random.default_rng(0), 50, needs=frozenset({"weights"}), second_input=inner.second_input)
        w = chunk.weights(1)
        x = chunk.input
        other = np.eye(4)[0] - x * x[0] / (x @ x)
        other = x / 2 + other * np.sqrt(x @ x / (other @ other) * 3 / 4)
        a, b = (np.einsum("moi,i->mo", w, y) for y in (x, other))
        exact = np.einsum("mo,mo->m", a, b)
        plus, minus = np.exp(inner.measure(chunk)[:, 2:4]).T
        np.testing.assert_allclose(plus - minus, exact, rtol=1e-10)
        cosines = exact / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        np.testing.assert_allclose(np.cos(np.exp(angles.measure(chunk)[:, 1])), cosines, rtol=1e-9, atol=1e-12)

    def test_products_of_norms_fit_both_inputs_on_their_way(self):
        """Both inputs through all matrices, by hand; a network that is dead has 0."""
        net = NET.at(width=2, activation="relu")
        norms = NormProducts("1/2")
        chunk = Chunk(net, np.random.default_rng(0), 50, needs=frozenset({"weights"}), second_input=norms.second_input)
        x = chunk.input
        other = np.eye(2)[0] - x * x[0] / (x @ x)
        other = x / 2 + other * np.sqrt(x @ x / (other @ other) * 3 / 4)
        a, b = (np.repeat(y[None], 50, axis=0) for y in (x, other))
        logs, dead = norms.measure(chunk), 0
        np.testing.assert_allclose(logs[:, 0], np.log((x @ x) ** 2), rtol=1e-12, atol=1e-12)
        for k in range(1, int(net.depth) + 1):
            a, b = (np.maximum(np.einsum("moi,mi->mo", chunk.weights(k), y), 0) for y in (a, b))
            exact = np.sum(a**2, axis=1) * np.sum(b**2, axis=1)
            np.testing.assert_allclose(np.exp(logs[:, k]), exact, rtol=1e-9, atol=1e-300)
            dead += int(np.sum(exact == 0))
        assert dead
        assert norms.components(net)[1] == "a_1*a'_1"

    def test_products_of_norms_of_smooth_networks_are_those_of_inner_products_with_themselves(self):
        """tanh saturates: both norms are below the width; at a cosine near 1 the two activations are nearly one."""
        net = Ensemble(width=4, depth=2, activation="tanh", init="9")
        near = NormProducts("999999999/1000000000", layers=[2])
        run = simulate(net, [near, ActivationNorms(layers=[2])], samples=50, seed=0)
        both, one = run[near].log_values("a_2*a'_2"), run[ActivationNorms(layers=[2])].log_values("a_2")
        assert (both < 2 * np.log(4)).all()
        np.testing.assert_allclose(both, 2 * one, atol=0.01)

    @pytest.mark.parametrize("kind", [InnerProducts, NormProducts, Angles])
    def test_observables_are_values(self, kind):
        assert isinstance(kind(), Observable)
        assert kind("1/2") == kind("2/4", None) == pickle.loads(pickle.dumps(kind("0.5")))
        with pytest.raises(InvalidArgument, match=r"^cosine: "):
            kind("2")
