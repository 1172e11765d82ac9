"""Closed bounds lie above the means that they bound, and the width that they demand below the one that is needed."""

import mpmath as mp
import pytest
import sympy as sp

from tests.theory.small_networks import refused
from theory.balls import enclose
from theory.ensembles import Ensemble
from theory.log_laws.closed_bounds import closed_tail_bound, needed_width
from theory.log_laws.feasible_widths import feasible_widths
from theory.log_laws.log_gradients import LogGradientLaw
from theory.log_laws.log_norms import LogNormLaw
from theory.log_laws.tail_bounds import tail_bound

RELU = Ensemble(width="n", depth="L", activation="relu", init="he")
LINEAR = Ensemble(width="n", depth="L")


@pytest.mark.parametrize("n", [1, 2, 3, 7, 40, 200])
@pytest.mark.parametrize("net", [RELU, LINEAR], ids=["relu", "linear"])
def test_the_closed_bound_is_just_above_the_bound_at_one_half(net: Ensemble, n: int) -> None:
    here = LogNormLaw(net.at(width=n, depth=3))
    closed, exact = enclose(closed_tail_bound(here, "1/4")), enclose(tail_bound(here, "1/4"))
    if n == 1 and net is RELU:  # there it is the mean itself
        assert closed.overlaps(exact)
        return
    assert exact < closed
    assert float(closed / exact) < 1 + (2 if net is RELU else 1) / n**2
    if net is LINEAR:
        assert float((closed / exact).log()) < 3 / (20 * n**5)
        with mp.workdps(30):
            gap = mp.loggamma((n + 1) / mp.mpf(2)) - mp.loggamma(n / mp.mpf(2)) - mp.log(mp.mpf(n) / 2) / 2
            assert -mp.mpf(1) / (20 * n**5) < gap + mp.mpf(1) / (4 * n) - mp.mpf(1) / (24 * n**3) < 0


def test_unequal_widths_and_gradients_multiply_their_layers() -> None:
    net = Ensemble(widths=(3, 2, 5), activation="relu", init=1, readout="signs")
    assert closed_tail_bound(LogNormLaw(net), 4) == sp.sqrt(sp.Rational(5, 2)) * sp.exp(-sp.Rational(7, 16)) / 2
    gradient = closed_tail_bound(LogGradientLaw(net, 1), "1/2")  # E R = 1 of two units, and half of the signs
    assert gradient == sp.exp(-sp.Rational(5, 16))
    depth = sp.Symbol("L", integer=True, positive=True)  # the normal readout is one more factor
    assert closed_tail_bound(LogGradientLaw(RELU.at(width=4)), 2) == sp.exp(-5 * depth / 32) / 2


@pytest.mark.parametrize("readout", ["signs", "random"])
@pytest.mark.parametrize("widths", [(3, 2, 5), (2, 1, 4, 2)])
def test_gradients_closed_bound_is_above_the_bound_at_one_half(widths: tuple[int, ...], readout: str) -> None:
    net = Ensemble(widths=widths, activation="relu", init="he", readout=readout)
    for layer in range(1, len(widths)):
        law = LogGradientLaw(net, layer)
        assert float(enclose(tail_bound(law, 1))) <= float(enclose(closed_tail_bound(law, 1))) * (1 + 1e-12)


@pytest.mark.parametrize(("c", "p"), [("1/2", "1/2"), ("1/10", "9/10"), ("3/2", "1/4")])
@pytest.mark.parametrize("net", [RELU.at(depth=4), LINEAR.at(depth=4)], ids=["relu", "linear"])
def test_no_width_below_what_is_needed_is_feasible(net: Ensemble, c: object, p: str) -> None:
    least = feasible_widths(net, c, p).least
    needed = float(needed_width(net, c, p))
    assert needed > 0
    assert least is None or least == 1 or needed <= least


@pytest.mark.parametrize("n", [2, 3, 10])
@pytest.mark.parametrize("net", [RELU.at(depth=20), LINEAR.at(depth=20)], ids=["relu", "linear"])
def test_what_is_needed_turns_the_closed_bound_round(net: Ensemble, n: int) -> None:
    bound = float(enclose(closed_tail_bound(LogNormLaw(net.at(width=n)), 2)))
    needed = float(needed_width(net, 2, f"{bound:.12f}"))
    assert n - (0.5 if net.slope == 1 and n > 2 else 1e-6) < needed < n + 1e-6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: needed_width(RELU, 4, "1/2"), "c: must be positive with p sqrt"),
        (lambda: needed_width(RELU, "1/2", 1), "p: must lie strictly between"),
        (lambda: needed_width(RELU.at(activation="leaky:1/4"), "1/2", "1/2"), "activation: no closed bound is known"),
        (lambda: needed_width(RELU.at(init="lecun"), "1/2", "1/2"), "init: does not keep the mean norm"),
        (lambda: needed_width(RELU.at(law="uniform"), "1/2", "1/2"), "law: needs normal weights"),
        (lambda: closed_tail_bound(LogNormLaw(RELU.at(activation="leaky:1/4")), 1), "activation: linear and ReLU"),
        (lambda: closed_tail_bound(LogNormLaw(RELU), 0), "c: must be positive"),
    ],
)
def test_bad_input_is_refused(call, message: str) -> None:
    with refused(*message.split(": ")):
        call()
