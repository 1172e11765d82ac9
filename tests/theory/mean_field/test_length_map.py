"""Layer by layer: the variances, what finite widths change, fixed points, and the critical line."""

from __future__ import annotations

import math
from typing import Any

import flint
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory import letters, log_variance_expansion
from theory.ensembles import Ensemble, InvalidArgument
from theory.log_laws.log_norms import LogNormLaw
from theory.mean_field.critical_line import critical_point, edge_of_chaos
from theory.mean_field.fixed_points import LengthMap, fixed_point
from theory.mean_field.length_map import layer_limits, log_gradient_limit

WIDE = Ensemble(width="n", depth=4, activation="tanh", input="ones")


def near(ball: Any, value: float, room: float = 1e-12) -> bool:
    return bool(abs(ball - value) < room * max(1.0, abs(value)))


class TestLayerLimits:
    def test_homogeneous_networks_keep_their_mean(self) -> None:
        net = Ensemble(widths=(10, 20, 30, 5), activation="leaky:1/4", init="1/7", input="ones")
        moment = 10.0
        for limit, n in zip(layer_limits(net), (20, 30, 5), strict=True):
            moment *= n / 7 * (1 + 1 / 16) / 2
            assert near(limit.size, moment / n)

    @pytest.mark.parametrize("activation", ["relu", "linear"])
    def test_first_order_is_that_of_the_exact_law(self, activation: str) -> None:
        """At width 400 the exact mean and variance of log|a_4|^2 differ from the first order by less than 100/n^2."""
        n = 400
        net = Ensemble(width=n, depth=4, activation=activation, init="he", input="ones")
        exact, limit = LogNormLaw(net), layer_limits(net)[-1]
        assert limit.log_shift is not None
        assert limit.log_variance is not None
        room = 100 / n**2
        assert abs(limit.log_shift + (limit.size * n).log() - exact.enclosed_cumulant(1, 30)) < room
        assert abs(limit.log_variance - exact.enclosed_cumulant(2, 30)) < room
        assert limit.log_variance > 10 * room  # so that the room says something

    def test_the_coefficient_is_that_of_the_expansion(self) -> None:
        relu = Ensemble(width="n", depth=3, activation="relu", init="he", input="ones")
        n = letters(relu).n
        per_layer = sp.limit(n * log_variance_expansion(relu).removeO(), n, sp.oo)
        found = layer_limits(relu)[-1].log_variance
        assert found is not None
        assert near(found, 3 * float(per_layer))

    def test_the_chain_of_norms_agrees(self) -> None:
        """Given |a_{k-1}| preactivations are normal, so norms can be drawn alone: 4 sigma, and 4/n^2 for the rest."""
        net = WIDE.at(width=60, depth=5, bias="1/20", init="1/50")
        rng, m = np.random.default_rng(5), 40_000
        squares = np.full(m, 60.0)
        for k in range(1, 6):
            q = float(net.variance(k)) * squares + float(net.bias_variance(k))
            squares = (np.tanh(np.sqrt(q)[:, None] * rng.standard_normal((m, 60))) ** 2).sum(axis=1)
        logs, limit = np.log(squares), layer_limits(net)[-1]
        assert limit.log_shift is not None
        assert limit.log_variance is not None
        expected = float(limit.size.log() + limit.log_shift) + math.log(60)
        variance = float(limit.log_variance)
        assert abs(logs.mean() - expected) < 4 * math.sqrt(variance / m) + 4 / 60**2
        assert abs(logs.var() / variance - 1) < 4 * math.sqrt(3 / m) + 4 / 60
        # and without the shift the difference would be seen
        assert abs(logs.mean() - expected + float(limit.log_shift)) > 4 * math.sqrt(variance / m) + 4 / 60**2

    def test_gradients_of_linear_networks_keep_their_mean(self) -> None:
        net = Ensemble(widths=(5, 7, 3, 4), init="1/6", input="ones")
        for k in (1, 2, 3):  # |b_3| = 1; each gradient has met both hidden layers, from one side or the other
            assert near(log_gradient_limit(net, k), math.log(5 * (7 / 6) * (3 / 6)))

    def test_constant_biases_shift_the_mean(self) -> None:
        [limit] = layer_limits(Ensemble(width="n", depth=1, bias="constant:2", input="ones"))
        assert near(limit.size, 1 + 4)

    def test_other_laws_have_no_first_order(self) -> None:
        uniform = WIDE.at(law="uniform")
        for normal, other in zip(layer_limits(WIDE), layer_limits(uniform), strict=True):
            assert near(other.size, float(normal.size))
            assert other.log_shift is None
            assert other.log_variance is None

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"input": None}, "input: s.2 .x..2 is norm_x"),
            ({"init": "1/10"}, "input: s.2 .x..2 is n/10"),
            ({"bias": "pytorch"}, "bias: the biases' variance is 1/.3.n."),
            ({"bias": "variance:sb2"}, "bias: the biases' variance is sb2"),
            ({"activation": "leaky:alpha"}, "activation: needs a number"),
            ({"init": "orthogonal"}, "init: the wide limit is that of independent entries"),
            ({"law": "uniform", "bias": "1/10"}, "law: biases that are not normal"),
            ({"law": "uniform", "input": "e1"}, "law: only an input of equal entries"),
            ({"depth": "L"}, "depth: must be a number"),
        ],
    )
    def test_what_has_no_limit_is_refused(self, change: dict[str, Any], message: str) -> None:
        with pytest.raises(InvalidArgument, match=message):
            layer_limits(WIDE.at(**change))

    @pytest.mark.parametrize(("layer", "message"), [(0, "0 is the input"), (9, "between 0 and the depth")])
    def test_a_layer_that_is_not_there_is_refused(self, layer: int, message: str) -> None:
        with pytest.raises(InvalidArgument, match=message):
            layer_limits(WIDE, layer)


class TestFixedPoints:
    @settings(max_examples=8)
    @given(gain=st.fractions("1/2", "3", max_denominator=20), biases=st.fractions("1/100", "1", max_denominator=100))
    def test_iterates_of_sine_end_there(self, gain: Any, biases: Any) -> None:
        net = Ensemble(width=20, depth=1, activation="sine", init=gain / 20, bias=biases, input="ones")
        q = float(gain + biases)
        for _ in range(2000):
            q = float(gain) * (1 - math.exp(-2 * q)) / 2 + float(biases)
        found = fixed_point(net)
        assert near(found.variance, q, 1e-12)
        assert near(found.chi, float(gain) * (1 + math.exp(-2 * q)) / 2, 1e-12)
        assert near(found.length_slope, float(gain) * math.exp(-2 * q), 1e-12)

    def test_relu_with_biases_has_a_closed_form(self) -> None:
        found = fixed_point(WIDE.at(activation="relu", init="xavier", bias="1/10"))
        assert near(found.variance, 0.2)
        assert near(found.chi, 0.5)
        assert found.depth_scale is not None
        assert near(found.depth_scale, 1 / math.log(2))

    @pytest.mark.parametrize("activation", ["tanh", "sine", "gelu", "silu", "relu"])
    def test_signals_fall_to_nothing_without_biases(self, activation: str) -> None:
        found = fixed_point(WIDE.at(activation=activation))
        assert found.variance == 0
        assert near(found.chi, 1.0 if activation in ("tanh", "sine") else 0.25 if activation != "relu" else 0.5)
        assert (found.depth_scale is None) == (activation in ("tanh", "sine"))

    def test_piecewise_linear_maps_are_lines(self) -> None:
        kept = fixed_point(Ensemble(width="n", depth="L", activation="relu", init="he"))
        assert (kept.variance, kept.chi, kept.depth_scale) == (2, 1, None)
        for activation, mean_square in (("abs", 1.0), ("leaky:-1/2", 5 / 8), ("pieces:-1:2", 5 / 2)):
            found = fixed_point(Ensemble(width=10, depth=1, activation=activation, init="1/40", bias="1/10"))
            assert near(found.variance, 0.1 / (1 - mean_square / 4))
            assert near(found.size, mean_square * 0.1 / (1 - mean_square / 4))

    def test_growth_is_refused(self) -> None:
        with pytest.raises(InvalidArgument, match=r"init: the variances .*without bound"):
            fixed_point(Ensemble(width=20, depth=1, activation="relu", init="1/5", bias="1/10", input="ones"))

    def test_other_networks_are_refused(self) -> None:
        with pytest.raises(InvalidArgument, match="bias: the fixed point is known for random biases"):
            fixed_point(WIDE.at(bias="constant:1"))
        with pytest.raises(InvalidArgument, match="widths: differ"):
            fixed_point(Ensemble(widths=(3, 4), activation="tanh"))

    @pytest.mark.parametrize(
        "activation", ["tanh", "erf", "sigmoid", "gelu", "silu", "softplus", "elu", "selu", "sine"]
    )
    def test_length_maps_increase(self, activation: str) -> None:
        """The proof that iterates reach the first fixed point rests on it."""
        step = LengthMap(activation, flint.arb(1), flint.arb(0), 15)
        assert all(step.slope(flint.arb(2.0**k)) > 0 for k in range(-8, 5))


class TestCriticalLine:
    @pytest.mark.parametrize("q", ["1/2", "3"])
    def test_a_critical_point_is_a_fixed_point_with_chi_one(self, q: str) -> None:
        for activation in ("tanh", "elu"):
            point = critical_point(activation, q)
            step = LengthMap(activation, point.weight_variance, point.bias_variance, 20)
            assert step(point.variance).overlaps(point.variance)
            assert step.at(point.variance).chi.overlaps(flint.arb(1))
            assert near(step.slope(point.variance), float(point.length_slope))

    def test_the_published_point_of_tanh(self) -> None:
        """Schoenholz et al. (2017) work at sigma_b^2 = 0.05, where they give 1.76 for the critical variance."""
        [point] = edge_of_chaos("tanh", "1/20")
        assert round(float(point.weight_variance), 2) == 1.76
        assert point.is_stable
        assert near(point.bias_variance, 0.05)

    def test_without_biases(self) -> None:
        for activation, critical, stable in (
            ("relu", 2, None),
            ("leaky:1/2", 1.6, None),
            ("elu", 1, True),
            ("erf", math.pi / 4, True),
            ("silu", 4, False),
        ):
            first = edge_of_chaos(activation)[0]
            assert near(first.weight_variance, critical)
            assert first.is_stable is stable
        assert edge_of_chaos("relu", 1) == []

    def test_an_unstable_point_is_told(self) -> None:
        [point] = edge_of_chaos("gelu", "1/20")
        assert point.is_stable is False

    def test_bad_variances_are_refused(self) -> None:
        with pytest.raises(InvalidArgument, match="bias_variance: a variance is not negative"):
            edge_of_chaos("tanh", -1)
        with pytest.raises(InvalidArgument, match="variance: must be positive"):
            critical_point("tanh", 0)
