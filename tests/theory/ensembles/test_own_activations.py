"""An activation of one's own: how an ensemble takes, shows and names it, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from theory.ensembles import Activation, Ensemble, InvalidArgument


def cube(z: Any) -> Any:
    return z**3


def thrice_the_square(z: Any) -> Any:
    return 3 * z**2


CUBE = Activation("cube", cube, thrice_the_square)


def test_an_ensemble_shows_an_own_activation_and_travels_with_it() -> None:
    net = Ensemble(width=4, depth=2, activation=CUBE)
    assert repr(net) == "Ensemble(width=4, depth=2, activation=Activation('cube', cube, thrice_the_square))"
    assert eval(repr(net)) == net == pickle.loads(pickle.dumps(net)) != net.at(activation="tanh")
    assert "activation=cube" in net.describe()
    assert net.digest() == net.at(bias="0").digest() != net.at(activation="tanh").digest()
    assert not net.is_piecewise_linear
    assert not net.is_homogeneous
    assert not net.can_die


def test_theory_refuses_it_by_its_name() -> None:
    from theory.moments.activations import kurtosis

    with pytest.raises(InvalidArgument, match="piecewise-linear activations only, got 'cube'"):
        kurtosis(Ensemble(width=4, depth=2, activation=CUBE))
    with pytest.raises(InvalidArgument, match="'cube' is not known in the architecture 'layernorm'"):
        Ensemble(width=4, depth=2, activation=CUBE, architecture="layernorm")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("two words", cube, "the name 'two words' is no word"),
        (3, cube, "the name 3 is no word"),
        ("cube", 3, "the value of 'cube' cannot be called: 3; give a function of an array"),
    ],
)
def test_bad_activations_are_refused(name: Any, value: Any, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        Activation(name, value, thrice_the_square)


@pytest.mark.parametrize("name", ["tanh", "ReLU", "swish", "leaky"])
def test_names_that_are_taken_are_refused(name: str) -> None:
    with pytest.raises(InvalidArgument, match=f"the name '{name}' is that of an activation that is known"):
        Ensemble(width=4, depth=2, activation=Activation(name, cube, thrice_the_square))


def test_a_bare_function_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="or an Activation of your own"):
        Ensemble(width=4, depth=2, activation=cube)  # type: ignore[arg-type]


def test_the_wide_limit_refuses_it_by_its_name() -> None:
    from theory.mean_field.length_map import require_wide_limit

    with pytest.raises(InvalidArgument, match="'cube' is one of your own"):
        require_wide_limit(Ensemble(width=4, depth=2, activation=CUBE))
