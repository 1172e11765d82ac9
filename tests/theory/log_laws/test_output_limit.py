"""The output's limit: quadrature, and exact tails that come nearer like 1/n."""

import flint
import mpmath as mp
import pytest

from tests.theory.small_networks import refused
from theory.ensembles import Ensemble
from theory.log_laws.output_law import OutputLaw
from theory.log_laws.output_limit import output_tail_limit

RELU = Ensemble(width="n", depth="L", activation="relu", init="he")


@pytest.mark.parametrize(
    ("net", "kappa"), [(RELU, 5), (Ensemble(width="n", depth="L"), 2), (RELU.at(activation="leaky:1/2"), 77 / 25)]
)
def test_it_is_a_normal_number_times_a_log_normal_one(net: Ensemble, kappa: float) -> None:
    beta, c = mp.mpf(3) / 2, mp.mpf(1) / 3
    spread = mp.sqrt(kappa * beta)

    def beyond(y: mp.mpf) -> mp.mpf:  # over the log-normal factor, where the module integrates over the normal one
        return mp.npdf(y, -kappa * beta / 2, spread) * mp.erfc(c * mp.exp(-y / 2) / mp.sqrt(2))

    expected = mp.quad(beyond, mp.linspace(-kappa * beta / 2 - 12 * spread, -kappa * beta / 2 + 12 * spread, 13))
    assert float(output_tail_limit(net, "3/2", "1/3", 20)) == pytest.approx(float(expected), rel=1e-10)


def test_exact_tails_come_nearer_like_one_over_the_width() -> None:
    limit = float(output_tail_limit(RELU, 1, "1/4"))
    gaps = []
    for n in (8, 16, 32):
        law = OutputLaw(RELU.at(width=n, depth=n))
        exact = law.enclosed_exceedance(2 * flint.arb("0.25").log() - flint.arb(n).log(), 10)
        gaps.append(n * abs(float(exact) - limit))
    assert gaps == pytest.approx([0.39, 0.39, 0.39], abs=0.02)


def test_what_has_no_such_limit_is_refused() -> None:
    with refused("init", "does not preserve the mean square"):
        output_tail_limit(RELU.at(init="xavier"), 1, 1)
    with refused("beta", "must be positive, got 0"):
        output_tail_limit(RELU, 0, 1)
    with refused("readout", "is fixed"):
        output_tail_limit(RELU.at(readout="ones"), 1, 1)
    with refused("law", "needs normal weights"):
        output_tail_limit(RELU.at(law="uniform"), 1, 1)
