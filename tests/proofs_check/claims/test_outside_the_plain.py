"""Names that look like products, moments that are infinite, networks that do not exist, and windows of one size."""

import pytest
import sympy as sp

from proofs_check.answers.asking import derive
from proofs_check.claims.checking import check
from proofs_check.claims.domain import read_domain
from proofs_check.claims.meaning import understand
from proofs_check.claims.narrow import narrow_sizes
from proofs_check.claims.negative_orders import derive_any_order
from proofs_check.claims.random_numbers import Activation, Moment
from proofs_check.claims.sides import Sides
from proofs_check.verdict import Verdict
from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument

NET = Ensemble(width="n", depth="L")
RELU = NET.at(activation="relu", init="he")


@pytest.mark.parametrize(
    ("claim", "changes"),
    [
        ("E|a_L|^2 = |x|^2*(sigma2/2)^L", {"activation": "relu", "init": "variance:sigma2/n"}),
        ("E|a_L|^2 = |x|^2*s2^L", {"init": "variance:s2/n"}),
        ("E|a_L|^2 = s2^L |x|^2", {"init": "variance:s2/n"}),
        ("E|a_L|^2 = |x|^2*(n_2*n)^L", {"init": "variance:n_2"}),  # not the width of layer 2
        ("E|a_L|^2 = |x|^2 + t1*n*L", {"bias": "variance:t1"}),
        ("E|a_L2|^2 = |x|^2 + t1*w2*L2", {"bias": "variance:t1", "width": "w2", "depth": "L2"}),
        ("E|a_L|^4 = |x|^4*(1+2/n)^T", {"depth": "T"}),  # no transpose
        ("E|a_L|^2 = |x|^2*(σ/2)^L", {"activation": "relu", "init": "variance:σ/n"}),  # not the standard deviation
        ("E|a_L|^2 = |x|^2*(σ2/2)^L", {"activation": "relu", "init": "variance:σ2/n"}),
    ],
)
def test_a_name_that_was_declared_is_that_name(claim, changes):
    assert check(claim, NET.at(**changes)).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize("claim", ["E|a_L|^2 = |x|^2*n2", "E|a_L|^2 = sigma2*|x|^2", "E|a_L|^2 = |x|^2*s2L"])
def test_a_letter_with_a_digit_that_nobody_declared_is_refused(claim):
    with pytest.raises(InvalidArgument, match=r"in several ways|does this belong"):
        understand(claim, NET.at(init="variance:s2/n"))


@pytest.mark.parametrize("init", ["variance:pi/n", "variance:e/n", "variance:I", "variance:gamma/n", "variance:E/n"])
def test_constants_and_functions_are_no_names(init):
    with pytest.raises(InvalidArgument, match="in formulas"):
        NET.at(init=init)


@pytest.mark.parametrize("changes", [{"width": "pi"}, {"bias": "variance:exp"}, {"activation": "leaky:gamma"}])
def test_nor_of_any_other_part(changes):
    with pytest.raises(InvalidArgument, match="choose another name"):
        NET.at(**changes)


def test_a_constant_is_not_advised_as_a_symbol():
    with pytest.raises(InvalidArgument, match="pi") as caught:
        NET.at(init="pi/n")
    assert "variance:pi" not in str(caught.value)


@pytest.mark.parametrize("changes", [{"init": "variance:c/n"}, {"width": "c"}])
def test_c_is_the_cosine_where_there_are_two_inputs(changes):
    with pytest.raises(InvalidArgument, match="already names the cosine"):
        check("E<a_1, b_1> <= |x||y|", NET.at(**changes))
    assert check("E|a_L|^2 = c^L*|x|^2", NET.at(init="variance:c/n")).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("claim", "n", "sizes"),
    [
        ("E|a_L|^(-2) <= 4^L*|x|^(-2)", 1, None),
        ("E|a_L|^(-2) <= 4^L*|x|^(-2)", 1, "n>=1"),
        ("E|a_L|^(-2) <= 4^L*|x|^(-2)", 2, "n>=2"),
        ("E|a_L|^(-3) <= 20^L/|x|^3", 1, None),
        ("E|a_L|^(-2) = |x|^(-2)*(n/(n-2))^L", 1, None),
        ("E|f|^(-1) <= 40/|x|", 1, None),
        ("E|df/dW_1|^(-2) <= 40", 1, None),
    ],
)
def test_an_infinite_moment_is_met_first(claim, n, sizes):
    found = check(claim, NET, sizes=sizes, compare=False, seconds=1)
    assert found.verdict is Verdict.REFUTED
    assert found.counterexample.at["n"] == n
    assert found.counterexample.true == "infinity"


def test_where_networks_die_all_negative_moments_are_infinite():
    assert check("E|a_L|^(-1/2) <= 100", RELU, compare=False, seconds=1).verdict is Verdict.REFUTED
    assert check("E|a_L|^(-1/2) >= 100", RELU, compare=False, seconds=1).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("E|a_L|^(-2) = (n/(n-2))^L*|x|^(-2)", Verdict.SUPPORTED),
        ("E|a_L|^(-4) = (n^2/((n-2)*(n-4)))^L*|x|^(-4)", Verdict.SUPPORTED),
        ("E|a_L|^(-2) = (n/(n-1))^L*|x|^(-2)", Verdict.REFUTED),
        ("E|a_L|^(-2) <= (1+3/n)^L*|x|^(-2)", Verdict.SUPPORTED),  # at n = 6 both sides are equal
        ("E|a_L|^(-2) < (1+3/n)^L*|x|^(-2)", Verdict.REFUTED),
    ],
)
def test_from_some_width_on_negative_moments_are_formulas(claim, verdict):
    found = check(claim, NET, sizes="n>=6", compare=False)
    assert found.verdict is verdict
    if "<" in found.claim and verdict is Verdict.REFUTED:
        assert found.counterexample.true == "3/2, so both sides are equal"
        assert "factor" not in found.counterexample.claimed


@pytest.mark.parametrize(("sign", "verdict"), [("<=", Verdict.SUPPORTED), ("<", Verdict.REFUTED)])
def test_gamma_functions_of_fractions_are_compared_exactly(sign, verdict):
    claim = f"E|a_1|^(1/2) {sign} |x|^(1/2)*(2/3)^(1/4)*3/2*gamma(3/4)/sqrt(pi)*(n/3)^2"
    assert check(claim, NET, sizes="n=3,5", compare=False).verdict is verdict


def test_what_may_be_infinite_is_not_drawn():
    with pytest.raises(InvalidArgument, match="no sample shows"):
        check("E|a_L|^(-2) <= 40", Ensemble(width=4, depth=2, activation="tanh"), samples=100)


@pytest.mark.parametrize(
    ("init", "sizes", "where"),
    [
        ("n-3", None, "-2 at n = 1"),
        ("(n-137)^2-1/2", None, "-1/2 at n = 137"),
        ("variance:1-s", None, "at s = "),
        ("variance:(s-7)^2/n", None, "0 at n = 1, s = 7"),
        ("sqrt(n-3)", None, "no number at n = 1"),
        ("n-3", "n=3,5", "0 at n = 3"),
        ("n-3", "n>=4", None),
        ("n-3", "n=4,9", None),
        ("variance:s/(1+s)", None, None),
    ],
)
def test_a_variance_that_is_not_positive_is_no_network(init, sizes, where):
    net = NET.at(init=init)
    if where is None:
        assert check("E|a_1|^2 >= 0", net, sizes=sizes, compare=False).verdict is Verdict.SUPPORTED
        return
    with pytest.raises(InvalidArgument) as caught:
        check("E|a_1|^2 >= 0", net, sizes=sizes)
    assert where in caught.value.problem


def test_the_kurtosis_with_biases_is_judged_for_all_inputs():
    biased = Ensemble(width=2, depth=1, bias="constant:1/2")
    found = check("kurtosis(a_L) <= 19/10", biased, compare=False)
    assert found.verdict is Verdict.REFUTED
    assert found.counterexample.at["|x|"] == 2
    assert "|x|" in check("kurtosis(a_L) <= 2", biased, compare=False).scope
    smooth = biased.at(bias="none", activation="tanh")
    assert "|x| = 1" in check("kurtosis(a_L) <= 100", smooth, samples=2000, compare=False).scope


def test_inputs_of_one_entry_are_parallel():
    product = "E|a_1|^2|a_1'|^2 >= |x|^2|y|^2*(1+2*c^2/n + (1-c^2)*(3/2-n))"
    assert check(product, NET, sizes="n=1,2", compare=False).verdict is Verdict.SUPPORTED
    line = RELU.at(widths=(1, "n"))
    found = check("E<a_1, b_1> >= |x||y|*abs(c)/2", line, compare=False)
    assert abs(found.counterexample.at["c"]) == 1
    # an inner product of mean c at all widths must be tried at angles, too
    assert check("E<a_1, b_1> <= |x||y|*(abs(c)+c)/2", RELU, sizes="n=1,2", compare=False).verdict is Verdict.REFUTED


@pytest.mark.parametrize("quantity", ["inner-product", "norm-product"])
def test_derive_refuses_an_angle_of_one_entry(quantity):
    net = Ensemble(width=1, depth=1)
    with pytest.raises(InvalidArgument, match="one entry holds no angle"):
        derive(quantity, net, cosine="1/2")
    assert derive(quantity, net, cosine=-1).value is not None


@pytest.mark.parametrize(
    ("claim", "at"),
    [
        ("E|a_L|^2 >= |x|^2*(3/2 - (L-137)^2)", {"L": 137}),
        ("E|a_L|^2 >= |x|^2*(3/2 - (n-123457)^2)", {"n": 123457}),
        ("E|a_L|^2 >= 3/2 - (L-137)^2 - (n-5000)^2", {"L": 137, "n": 5000}),
        ("E|a_L|^4 >= |x|^4*(1+2/n)^L*(3/2 - (n-137)^2)", {"n": 137}),
        ("E|a_L|^2 > |x|^2*(1 - (L-137)^2)", {"L": 137}),
    ],
)
def test_windows_of_one_size_are_found(claim, at):
    found = check(claim, NET, compare=False)
    assert found.verdict is Verdict.REFUTED
    assert {letter: found.counterexample.at[letter] for letter in at} == at


def test_windows_stay_inside_of_what_is_asked_for():
    sides = Sides(understand("E|a_L|^2 >= |x|^2*(3/2 - (n-90)^2)", NET), NET)
    n, L = symbols.whole("n"), symbols.whole("L")
    inside = narrow_sizes(sides, read_domain("n=1..80", [n, L], [], {}), {L: sp.Integer(1)})
    assert inside
    assert all(point[n] <= 80 for point in inside)
    assert check("E|a_L|^2 >= |x|^2*(3/2 - (n-90)^2)", NET, sizes="n=1..80").verdict is Verdict.SUPPORTED


def test_a_negative_moment_has_a_formula_where_it_is_finite_at_the_least_size_already():
    n, L = symbols.whole("n"), symbols.whole("L")
    moment, net = Moment(((Activation((L,)), -2),)), Ensemble(width="n", depth="L")
    assert (
        sp.simplify(
            derive_any_order(moment, net, {n: 3}).formula * (1 - 2 / n) ** L * sp.Symbol("norm_x", positive=True) ** 2
        )
        == 1
    )
    for least in ({}, {n: 1}, {n: 2}):
        with pytest.raises(InvalidArgument, match="may be infinite"):
            derive_any_order(moment, net, least)
