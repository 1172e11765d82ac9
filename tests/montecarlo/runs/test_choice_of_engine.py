"""Which engine a simulation means, and what it is told where there is none."""

import numpy as np
import pytest

from montecarlo import ActivationNorms, Angles, ChainHessian, DeadUnits, HessianNorms, InnerProducts, simulate
from montecarlo.architectures.engine import Wired
from montecarlo.engines.direct import Direct
from montecarlo.engines.law_exact import LawExact, LawExactNorms
from montecarlo.runs.choice_of_engine import find_engine
from tests.theory.small_networks import refused
from theory.ensembles import Ensemble, InvalidArgument

NET = Ensemble(width=4, depth=20, activation="relu", init="he", readout="signs")
each_architecture = pytest.mark.parametrize(
    "architecture", ["residual:1", "residual:0:two", "layernorm", "batchnorm:4"]
)


def test_the_engine_with_the_least_work_is_taken():
    assert find_engine("law-exact", NET, frozenset({"backward", "units"}), "float64") == LawExactNorms()
    assert find_engine("law-exact", NET, frozenset({"second_input"}), "float64") == LawExact()
    assert find_engine("direct", NET, frozenset(), "float32") == Direct("float32")
    assert find_engine(mine := LawExact(), NET, frozenset(), "float64") is mine


@pytest.mark.parametrize("engine", ["law exact", "", None, 3, LawExact])
def test_no_engines(engine):
    with pytest.raises(InvalidArgument, match=r"^engine: there is no engine .*; use 'direct' or 'law-exact'"):
        simulate(NET, [ActivationNorms()], samples=10, engine=engine)


@pytest.mark.parametrize("dtype", ["float16", "int64", None, np.int32, dict, 32])
def test_no_precisions(dtype):
    with pytest.raises(InvalidArgument, match=r"^dtype: .*; use 'float64' or 'float32'"):
        simulate(NET, [ActivationNorms()], samples=10, dtype=dtype)


@pytest.mark.parametrize(
    ("engine", "observable", "net", "name"),
    [
        ("law-exact", HessianNorms(), NET, "law-exact"),
        ("law-exact", ChainHessian(), Ensemble(width=1, depth=3), "law-exact"),
        (LawExactNorms(), Angles(), NET, "law-exact-norms"),
    ],
)
def test_what_an_engine_has_not_is_told(engine, observable, net, name):
    with pytest.raises(InvalidArgument) as refusal:
        simulate(net, [observable], samples=10, engine=engine)
    lacking = min(observable.needs - find_engine(engine, net, observable.needs, "float64").provides)
    assert str(refusal.value) == (
        f"engine: {name} does not have the {lacking} that {observable.name} needs; use engine='direct'"
    )


@each_architecture
def test_an_architecture_has_an_engine_of_its_own(architecture):
    net = NET.at(architecture=architecture)
    for dtype in ("float64", np.float64):
        assert find_engine("direct", net, frozenset(), dtype) == Wired(net.architecture)


@each_architecture
@pytest.mark.parametrize("engine", ["law-exact", Direct(), LawExact(), "no such engine"], ids=str)
def test_an_architecture_has_no_other_engine(architecture, engine):
    with refused("engine", "only real weight matrices are known for the architecture", architecture) as caught:
        simulate(NET.at(architecture=architecture), [ActivationNorms()], samples=2, engine=engine)
    assert caught.value.remedy == "use engine='direct', or architecture='plain'"


@each_architecture
@pytest.mark.parametrize("dtype", ["float32", np.float32])
def test_an_architecture_works_in_double_precision(architecture, dtype):
    with refused("dtype", architecture, "works in float64") as caught:
        simulate(NET.at(architecture=architecture), [ActivationNorms()], samples=2, dtype=dtype)
    assert caught.value.remedy == "leave it out, or use architecture='plain'"
    with refused("dtype", "must be a floating-point type"):
        simulate(NET.at(architecture=architecture), [ActivationNorms()], samples=2, dtype="float16")


@each_architecture
@pytest.mark.parametrize("observable", [DeadUnits(), Angles(), InnerProducts("1/2")], ids=lambda o: o.name)
def test_what_an_architecture_has_not_is_told_with_a_remedy_that_is_one(architecture, observable):
    net = NET.at(architecture=architecture)
    with pytest.raises(InvalidArgument) as refusal:
        simulate(net, [observable], samples=2)
    (lacking,) = observable.needs
    assert str(refusal.value) == (
        f"architecture: {Wired(net.architecture).name} does not have the {lacking} that {observable.name} needs; "
        "use architecture='plain'"
    )
