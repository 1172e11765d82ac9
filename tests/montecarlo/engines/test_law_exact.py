"""Normal weights without matrices: what they are for, and how they are cut into chunks."""

import numpy as np
import pytest

from montecarlo import ActivationNorms, simulate
from montecarlo.engines.law_exact import LawExact, LawExactNorms
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble, InvalidArgument, Law

NET = Ensemble(width=4, depth=20, activation="relu", init="he", readout="signs")


@pytest.mark.parametrize("engine", [LawExact(), LawExactNorms()])
@pytest.mark.parametrize(
    "net", [Ensemble(width=2, depth=3), NET, Ensemble(widths=(700, 3000, 2)), Ensemble(width=1, depth=9)]
)
def test_blocks_are_whole_chunks(engine, net):
    partition = engine.partition(net)
    assert partition.chunk >= 1
    assert partition.block % partition.chunk == 0


@pytest.mark.parametrize(
    "net",
    [
        NET.at(law="uniform"),
        NET.at(law="rademacher"),
        NET.at(init="orthogonal"),
        NET.at(law=Law.discrete({-1: "1/2", 1: "1/2"}, name="coin")),
    ],
    ids=Ensemble.describe,
)
def test_law_exact_is_for_normal_weights(net):
    with pytest.raises(InvalidArgument, match=r"^engine: .* needs independent normal weights, .*; use engine='direct'"):
        simulate(net, [ActivationNorms()], samples=10, engine="law-exact")


@pytest.mark.parametrize("engine", [LawExact(), LawExactNorms()], ids=lambda engine: engine.name)
@pytest.mark.parametrize("architecture", ["residual:1", "residual:0:two", "layernorm", "batchnorm:4"])
def test_law_exact_is_for_plain_networks(engine, architecture):
    net = NET.at(architecture=architecture)
    with refused("architecture", "law-exact engine", architecture):
        engine.refuse(net)
    with refused("architecture", architecture):
        engine.opened(net, frozenset(), None)(np.random.default_rng(0), 2)
    for chosen in ("law-exact", engine):
        with refused("engine", "only real weight matrices", architecture) as caught:
            simulate(net, [ActivationNorms()], samples=10, engine=chosen)
        assert caught.value.remedy == "use engine='direct', or architecture='plain'"
