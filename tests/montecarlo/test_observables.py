import pickle

import numpy as np
import pytest

from montecarlo import ActivationNorms, Chunk, GradientNorms, Observable
from theory.ensembles import Ensemble, InvalidArgument

NET = Ensemble(width=4, depth=3, activation="relu", init="he")


@pytest.mark.parametrize(("kind", "first", "letter"), [(ActivationNorms, 0, "a"), (GradientNorms, 1, "G")])
def test_layers_are_labelled_and_measured(kind, first, letter):
    chunk = Chunk(NET, np.random.default_rng(0), 5, backward=True)
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
