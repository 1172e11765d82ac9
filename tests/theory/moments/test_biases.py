"""Moments of networks with biases: equal to brute force, to sums written out, to what the closed forms step by."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.exact.all_weights import activation_power, bias_gradient_power, gradient_power, hessian_power
from tests.theory.small_networks import exact, refused, vectors, without_atoms
from theory import at
from theory.ensembles import Ensemble, InvalidArgument, Law
from theory.log_laws.log_norms import LogNormLaw, survival
from theory.moments.across_layers import correlation, covariance, mixed_moment
from theory.moments.activations import activation_moment, kurtosis, moment_before
from theory.moments.gradient_products import gradient_covariance, gradient_product
from theory.moments.gradients import bias_gradient_moment, gradient_moment
from theory.moments.hessians import hessian_block_moment, hessian_moment, residual_part_moment
from theory.moments.limits import activation_limit, limit_conditions
from theory.moments.powers import coinciding, has_closed_form
from theory.moments.sequences import activation_sequence
from theory.moments.transfer import transfer_matrix

SIGNS = Law.named("rademacher")
SPARSE = Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"}, name="sparse")
HE = Ensemble(width="n", depth="L", activation="relu", init="he", bias="variance:t")
n, L, t, k = (*sp.symbols("n L", integer=True, positive=True), sp.Symbol("t", positive=True), sp.Symbol("k"))
orders = st.sampled_from([2, 4, 6])


@st.composite
def biased_networks(draw: st.DrawFn) -> Ensemble:
    """Small ones whose biases are a rational multiple of the weights' scale."""
    law = draw(st.sampled_from([SIGNS, SPARSE]))
    widths = draw(
        st.sampled_from([(1, 1), (1, 2), (2, 1), (1, 1, 1), (2, 2), (1, 2, 1), *([(1, 1, 2, 1)] * (law is SIGNS))])
    )
    return Ensemble(
        widths=widths,
        law=law,
        activation=draw(
            st.sampled_from(["linear", "relu", "leaky:1/3", "leaky:3", "leaky:-1/2", "pieces:-1:2", "abs"])
        ),
        init=draw(st.sampled_from(["1", "1/4", "4/9"])),
        bias=draw(st.sampled_from(["1/9", "1", "4"])),
        input=draw(vectors(widths[0])),
        readout="signs",
    )


@given(biased_networks(), orders)
@settings(max_examples=25)
def test_activation_moments_equal_brute_force(net: Ensemble, order: int) -> None:
    assert activation_moment(net, order) == exact(activation_power(net, order))


@given(biased_networks(), st.sampled_from([2, 4]), st.data())
@settings(max_examples=12)
def test_gradients_in_weights_and_in_biases_equal_brute_force(net: Ensemble, order: int, data: st.DataObject) -> None:
    layer = data.draw(st.integers(1, int(net.depth)))
    continuous = net.at(law=without_atoms(net.law))
    assert gradient_moment(continuous, layer, order) == exact(gradient_power(net, layer, order))
    assert bias_gradient_moment(continuous, layer, order) == exact(bias_gradient_power(net, layer, order))


@pytest.mark.parametrize("activation", ["relu", "leaky:1/3", "leaky:-2"])
@pytest.mark.parametrize("widths", [(1, 2, 1), (1, 1, 1, 1)])
def test_hessian_blocks_equal_brute_force(widths: tuple[int, ...], activation: str) -> None:
    net = Ensemble(widths=widths, activation=activation, init="1", bias="1/9", law=SIGNS, input=(2,), readout="signs")
    continuous = net.at(law=without_atoms(SIGNS))
    total = 0
    for first, second in [(i, j) for j in range(2, len(widths)) for i in range(1, j)]:
        block = hessian_block_moment(continuous, first, second)
        assert block == exact(hessian_power(net, first, second))
        total += 2 * block
    assert hessian_moment(continuous) == total


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("constant", ["1/3", "-2"])
def test_constant_biases_of_linear_networks_equal_brute_force(constant: str, order: int) -> None:
    net = Ensemble(widths=(2, 1, 2), init="1/4", bias=f"constant:{constant}", law=SIGNS, input=(1, 2), readout="signs")
    assert activation_moment(net, order) == exact(activation_power(net, order))
    assert gradient_moment(net, 2) == exact(gradient_power(net, 2))


def test_constant_biases_of_relu_networks_are_not_what_random_ones_are() -> None:
    """Preactivations are no longer symmetric: brute force has another mean than p_2 (s^2 |a|^2 + B^2)."""
    net = Ensemble(widths=(2, 1), activation="relu", init="1", bias="constant:1", law=SIGNS, input=(1, 2))
    assert activation_power(net, 2) == Fraction(4**2 + 2**2, 4) != Fraction(1, 2) * (5 + 1)
    for ask in (activation_moment, survival, lambda one: gradient_moment(one, 1)):
        with refused("bias", "'?constant:1'?", "asymmetric"):
            ask(net.at(law="normal"))


def test_one_unit_of_normal_weights_against_an_integral() -> None:
    """E max(w x + b, 0)^4 over the plane of a normal weight and a normal bias, at 30 digits."""
    mpmath.mp.dps = 30
    deviation = mpmath.sqrt(mpmath.mpf(2) * 9 / 4 + mpmath.mpf(1) / 7)
    truth = mpmath.quad(lambda z: (deviation * z) ** 4 * mpmath.npdf(z), [0, 4, mpmath.inf])
    net = Ensemble(width=1, depth=1, activation="relu", init="2", bias="1/7", input=("3/2",))
    assert abs(mpmath.mpf(int(activation_moment(net, 4).p)) / int(activation_moment(net, 4).q) - truth) < 1e-15


@pytest.mark.parametrize("init", ["he", "xavier", "1/7"])
@pytest.mark.parametrize("order", [2, 4])
def test_closed_forms_are_what_the_layers_give(order: int, init: str) -> None:
    net = HE.at(init=init)
    formula = activation_moment(net, order)
    for width, depth in ((2, 1), (3, 4), (6, 3)):
        numbers = net.at(width=width, depth=depth, bias="1/5")
        assert at(formula, n=width, L=depth, t="1/5", norm_x=1) == activation_moment(numbers, order)


def test_a_long_triangle_has_a_closed_form_at_numbers_alone() -> None:
    net = HE.at(width=3, bias="1/5")
    assert not has_closed_form(transfer_matrix(HE, 6))
    assert at(activation_moment(net, 6), L=5, norm_x=1) == activation_moment(net.at(depth=5), 6)
    with refused("depth", "4 terms"):
        activation_moment(HE, 6)


def test_where_rates_coincide_the_number_is_derived_alone() -> None:
    net = HE.at(init="1/4")  # at n = 8 a layer keeps |a|^2
    assert coinciding(transfer_matrix(net, 2)) == [(n / 8, 1)]
    with refused("n", "divides by 0 at n = 8"):
        at(activation_moment(net), n=8)
    assert at(activation_moment(net.at(width=8)), t=1, norm_x=1, L=3) == 1 + 4 * 3


def test_sequences_have_terms_and_recurrences() -> None:
    net = HE.at(law="uniform", width=2, bias="1/5", input="e1")
    sequence = activation_sequence(net, 4)
    terms = [sequence.term(depth) for depth in range(6)]
    assert terms[1:] == [activation_moment(net.at(depth=depth), 4) for depth in range(1, 6)]
    assert terms[5] == sum(c * terms[4 - j] for j, c in enumerate(sequence.recurrence()))
    z = sp.Symbol("z")
    assert sp.series(sequence.generating_function(z), z, 0, 6).removeO().coeff(z, 5) == terms[5]
    assert sequence.ball(5).overlaps(sequence.ball(5, 40))
    assert not sequence.has_closed_form


def test_pytorch_and_unequal_widths() -> None:
    """E|a_1|^2 = n_1 p_2 (|x|^2 + 1)/(3 n_0): weights and biases have one variance."""
    net = Ensemble(widths=(3, 5, 2), activation="relu", init="pytorch", bias="pytorch", input="e1")
    first = Fraction(5, 18) * 2
    assert activation_moment(net, 2, 1) == exact(first)
    assert activation_moment(net) == exact(Fraction(2, 30) * (first + 1))
    constant = HE.at(init="pytorch", bias="pytorch")
    x = sp.Symbol("norm_x", positive=True)
    assert sp.expand(activation_moment(constant) - (x**2 - sp.Rational(1, 5)) / 6**L - sp.Rational(1, 5)) == 0


def test_orthogonal_weights_have_the_mean_of_independent_ones() -> None:
    orthogonal, normal = HE.at(init="orthogonal"), HE.at(init="lecun")
    assert activation_moment(orthogonal) == activation_moment(normal)
    assert activation_limit(orthogonal) == activation_limit(normal)
    with refused("bias", "orthogonal"):
        activation_moment(orthogonal, 4)


@pytest.mark.parametrize(("order", "law"), [(2, "normal"), (4, "normal"), (4, "uniform"), (6, SIGNS)])
def test_limits_are_fixed_points_and_are_approached(order: int, law: Any) -> None:
    net = Ensemble(width=3, depth=80, activation="relu", init="1/9", law=law, bias="1/10", input="ones")
    transfer, limit = transfer_matrix(net, order), activation_limit(net, order)
    inner = transfer.matrix[:-1, :-1]
    fixed = (sp.eye(inner.rows) - inner).inv() * transfer.matrix[:-1, -1]
    assert fixed[0] == limit
    assert limit_conditions(net, order) == ()
    assert abs(float(activation_moment(net, order) / limit - 1)) < 1e-9


def test_what_has_no_limit_is_refused_and_what_leaves_it_open_is_told() -> None:
    for net, order in ((HE, 2), (HE.at(init="xavier", width=1), 4), (HE.at(init="1", law="uniform", width=2), 4)):
        with refused("init", "no finite limit"):
            activation_limit(net, order)
    (condition,) = limit_conditions(HE.at(init="xavier"), 4)
    assert [bool(condition.lhs.subs(n, width) > 0) for width in (1, 2, 3)] == [False, True, True]
    assert len(limit_conditions(HE.at(init="variance:s2"), 2)) == 1
    with refused("bias", "without biases"):
        activation_limit(HE.at(bias="none"))
    with refused("widths", "differ"):
        activation_limit(Ensemble(widths=(2, 3), bias="1/10"))


def test_a_dead_layer_revives() -> None:
    assert survival(HE) == 1 - 2**-n
    assert survival(HE.at(width=3, depth=9), 4) == sp.Rational(7, 8)
    assert survival(HE.at(activation="leaky:1/2")) == 1
    assert HE.can_die
    assert not HE.at(activation="linear").can_die
    for refusal in (lambda: survival(HE, 0), lambda: survival(HE.at(law=SIGNS, width=2))):
        with pytest.raises(InvalidArgument):
            refusal()
    with pytest.raises(InvalidArgument, match="no product of factors; use bias='none'"):
        LogNormLaw(HE)


def test_covariances_across_layers() -> None:
    formula = covariance(HE.at(init="1/7"), "j", "k")
    for width, first, second in ((2, 1, 3), (3, 2, 2 + 1)):
        numbers = HE.at(init="1/7", width=width, depth=4, bias="1/5")
        assert at(formula, n=width, j=first, k=second, t="1/5", norm_x=1) == covariance(numbers, first, second)
    assert correlation(HE.at(width=3, depth=2, bias="1/5"), 1, 1) == 1
    net = Ensemble(width=1, depth=2, activation="relu", init="1", bias="1/9", law=SIGNS, input=(2,))
    # units of layer 1: max(+-2 +- 1/3, 0); of layer 2, each with probability 1/4: max(+-a +- 1/3, 0)
    values = [Fraction(7, 3), Fraction(5, 3), Fraction(0), Fraction(0)]
    after = [
        [max(sign * a + b, Fraction(0)) for sign in (1, -1) for b in (Fraction(1, 3), Fraction(-1, 3))] for a in values
    ]
    truth = sum(a**2 * z**2 for a, layer in zip(values, after, strict=True) for z in layer) / 16
    assert mixed_moment(net, {1: 2, 2: 2}) == exact(truth)


def test_what_depends_on_layers_does_so_with_biases() -> None:
    assert sp.expand(
        gradient_moment(HE, "k") - n * t * (sp.Symbol("k", integer=True, positive=True) - 1) / 4
    ).free_symbols == {sp.Symbol("norm_x", positive=True)}
    with refused("layer", "biases"):
        gradient_moment(HE)
    assert kurtosis(HE.at(width=4, depth=1)) == kurtosis(
        HE.at(width=4, depth=1, bias="none")
    )  # z is normal all the same
    assert moment_before(HE, 1, 4) == moment_before(HE.at(bias="none"), 1, 4)
    assert gradient_covariance(HE.at(width=3, depth=3, bias="1/5"), 2, 2) > 0
    for refusal in (lambda: gradient_product(HE, 1, 2), lambda: residual_part_moment(HE.at(depth=2))):
        with refused("bias", "without biases"):
            refusal()
    with refused("bias", "no biases to differentiate in"):
        bias_gradient_moment(HE.at(bias="none"), 1)


@pytest.mark.parametrize("init", ["he", "xavier"])
def test_hessian_means_of_symbolic_depth_are_sums_of_blocks(init: str) -> None:
    formula = hessian_moment(HE.at(init=init))
    for depth in (1, 2, 4):
        numbers = HE.at(init=init, width=3, depth=depth, bias="1/5")
        assert at(formula, n=3, L=depth, t="1/5", norm_x=1) == hessian_moment(numbers)


def test_biases_that_no_rational_scale_has_are_not_enumerated() -> None:
    net = Ensemble(width=2, depth=1, init="1/2", bias="1/9", law=SIGNS, input=(1, 2))
    with refused("bias", "no rational multiple", "layer 1"):
        activation_power(net, 2)
