"""Small blocks: what they draw has the law of the direct engine, and they are kept one by one."""

import numpy as np
import pytest

from montecarlo import ActivationNorms, simulate
from montecarlo.runs.block_store import BlockStore
from montecarlo.runs.small_blocks import SmallBlocks
from theory.ensembles import Ensemble, InvalidArgument

NET = Ensemble(widths=(3, 4, 2), activation="relu", init="he")


@pytest.mark.parametrize("net", [NET, Ensemble(widths=(3, 4, 2), activation="tanh", init="lecun")])
def test_networks_are_drawn_in_blocks_whatever_the_number_of_workers(net):
    engine, asked = SmallBlocks(5), [ActivationNorms()]
    one = simulate(net, asked, samples=12, engine=engine)[asked[0]].logs
    two = simulate(net, asked, samples=12, engine=engine, jobs=2)[asked[0]].logs
    assert np.array_equal(one, two)
    second = simulate(net, asked, samples=12, engine=engine, block=1)[asked[0]].logs
    assert np.array_equal(second, one[5:10])
    assert len(np.unique(one[:, 1])) == 12


def test_the_mean_is_that_of_the_ensemble():
    found = simulate(NET, [ActivationNorms()], samples=4_000, engine=SmallBlocks(1_000))[ActivationNorms()]
    assert found.mean[1] == pytest.approx(4 / 3, rel=0.2)  # 10 deviations


def test_a_store_keeps_each_block(tmp_path):
    with BlockStore.open(tmp_path / "blocks.sqlite", {"seed": "0"}) as store:
        simulate(NET, [ActivationNorms()], samples=12, engine=SmallBlocks(5), store=store)
        runs = [row[0] for row in store._connection.execute("SELECT DISTINCT run FROM blocks")]
        assert [store.sizes(run) for run in runs] == [{0: 5, 1: 5, 2: 2}]


def test_refusals():
    with pytest.raises(InvalidArgument, match=r"^networks: "):
        SmallBlocks(0)
    with pytest.raises(InvalidArgument, match=r"^architecture: "):
        SmallBlocks().refuse(Ensemble(width=4, depth=2, architecture="layernorm"))
