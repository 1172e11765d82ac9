"""Each initialization by the equation that defines it, and the texts it is read from."""

import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from theory.ensembles import Ensemble, Initialization, InvalidArgument

NAMES = ["xavier", "he", "lecun", "pytorch", "orthogonal"]

fans = st.integers(1, 10**6)
slopes = st.builds(Fraction, st.integers(0, 720), st.just(720))  # st.fractions is slow
variances = st.builds(Fraction, st.integers(1, 1000), st.integers(1, 1000))

Equation = Callable[[Any, int, int, Fraction], bool]

DEFINITIONS: dict[str, Equation] = {
    "xavier": lambda s2, n, m, slope: s2 * Fraction(n + m, 2) == 1,  # a compromise between forward and backward
    "he": lambda s2, n, m, slope: n * s2 * (1 + slope**2) / 2 == 1,  # E|a_k|^2/n_k is kept
    "lecun": lambda s2, n, m, slope: n * s2 == 1,  # E z^2 is kept
    "pytorch": lambda s2, n, m, slope: 3 * s2 == Fraction(1, n),  # uniform of half-width 1/sqrt(fan_in)
    "orthogonal": lambda s2, n, m, slope: n * m * s2 == min(n, m),  # as many orthonormal rows or columns as fit
}


@pytest.mark.parametrize("name", NAMES)
@given(fan_in=fans, fan_out=fans, slope=slopes)
def test_the_variance_solves_the_equation_that_defines_it(
    name: str, fan_in: int, fan_out: int, slope: Fraction
) -> None:
    for shape in ((fan_in, fan_out), (fan_in, fan_in)):
        variance = Initialization.parse(name).variance(*shape, slope)
        assert isinstance(variance, Fraction)
        assert DEFINITIONS[name](variance, *shape, slope)


@given(fans, fans, slopes, variances)
def test_a_given_variance_is_the_same_in_each_layer(n: int, m: int, slope: Fraction, value: Fraction) -> None:
    assert Initialization.parse(value).variance(n, m, slope) == value


@pytest.mark.parametrize("name", ["xavier", "he", "lecun", "pytorch"])
@given(numbers=st.tuples(fans, fans, slopes))
def test_symbols_give_the_formula_of_the_numbers(name: str, numbers: tuple[int, int, Fraction]) -> None:
    init, symbols = Initialization.parse(name), sp.symbols("n m s", positive=True)
    values = [sp.Rational(str(number)) for number in numbers]
    formula = sp.sympify(init.variance(*symbols)).subs(dict(zip(symbols, values, strict=True)))
    assert formula == sp.Rational(str(init.variance(*numbers)))


def test_a_square_orthogonal_layer_can_have_a_symbolic_width() -> None:
    n = sp.Symbol("n", positive=True)
    assert Initialization.parse("orthogonal").variance(n, n, 0) == 1 / n


@pytest.mark.parametrize(
    ("text", "name"),
    [(name, name) for name in NAMES]
    + [("glorot", "xavier"), ("kaiming", "he"), ("He", "he"), (" Kaiming ", "he"), ("PyTorch", "pytorch")],
)
def test_names_are_read_in_any_case_and_by_their_other_names(text: str, name: str) -> None:
    assert Initialization.parse(text) == Initialization(name)


@given(variances)
def test_a_variance_is_read_from_its_number_or_text(value: Fraction) -> None:
    for written in (value, str(value), f"variance:{value}"):
        assert Initialization.parse(written) == Initialization("variance", value)


@pytest.mark.parametrize("name", ["s2", "sigma_w", "n", *NAMES])
def test_a_variance_can_be_a_symbol_of_any_name(name: str) -> None:
    init = Initialization.parse(f"variance:{name}")
    assert init == Initialization("variance", name)
    assert init.variance(3, 4, 0) == name


@given(st.one_of(st.sampled_from([*NAMES, *(f"variance:{name}" for name in NAMES), "variance:s2"]), variances))
def test_an_initialization_is_read_back_from_its_description(value: str | Fraction) -> None:
    init = Initialization.parse(value)
    assert (
        Initialization.parse(init.describe()) == Initialization.parse(init) == init == pickle.loads(pickle.dumps(init))
    )


@pytest.mark.parametrize(
    ("value", "shown", "remedy"),
    [
        (0, "must be positive, got 0", "init='1/32'"),
        (-1, "got -1", "init='1/32'"),
        ("-1/3", "got -1/3", "init='1/32'"),
        ("variance:-2", "got -2", "init='1/32'"),
        (math.nan, "nan", "finite number"),
        (math.inf, "inf", "finite number"),
        ("nan", "nan", "finite number"),
        ("inf", "inf", "finite number"),
        ("variance:nan", "nan", "finite number"),
        ("variance:", "''", "finite number"),
        ("1/0", "divides by zero", "finite number"),
        (True, "True", "finite number"),
        (None, "None", "finite number"),
        ([None], "None", "finite number"),
        ("xaviar", "'xaviar'", "did you mean 'xavier'?"),
        ("hee", "'hee'", "did you mean 'he'?"),
        ("Kaimin", "'Kaimin'", "did you mean 'kaiming'?"),
        ("orthogonl", "'orthogonl'", "did you mean 'orthogonal'?"),
        ("s2", "'s2'", "variance:NAME for a symbol"),
    ],
)
def test_what_is_no_initialization_is_refused(value: Any, shown: str, remedy: str, refusal: Any) -> None:
    with refusal("init", shown, remedy):
        Initialization.parse(value)


FRAMEWORKS = {  # scale and mode of keras.initializers.VarianceScaling and jax.nn.initializers.variance_scaling
    "he": (2, "fan_in"),
    "glorot": (1, "fan_avg"),
    "lecun": (1, "fan_in"),
}


@pytest.mark.parametrize("law", ["normal", "uniform"])
@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("activation", ["linear", "relu", "leaky:1/4", "tanh"])
def test_the_names_of_keras_and_jax_have_their_variances_and_laws(name: str, law: str, activation: str) -> None:
    scale, mode = FRAMEWORKS[name]
    net = Ensemble(widths=(784, 100, 10), init=f"{name}_{law}", activation=activation)
    fans = {"fan_in": (784, 100), "fan_avg": (442, 55)}[mode]
    assert [net.variance(k) for k in (1, 2)] == [Fraction(scale, fan) for fan in fans]
    assert net.law.name == {"normal": "truncated-normal", "uniform": "uniform"}[law]
    assert repr(net).count("law=") == 0
    assert net.at(init="he").law.is_normal
    with pytest.raises(InvalidArgument, match=f"the {name}_{law} initialization is {net.law.name}, got 'rademacher'"):
        net.at(law="rademacher")


@given(fan_in=fans, fan_out=fans, slope=slopes)
def test_the_other_modes_of_he(fan_in: int, fan_out: int, slope: Fraction) -> None:
    p2 = (1 + slope**2) / 2
    variance = Initialization.parse("fan-out").variance(fan_in, fan_out, slope)
    assert variance * p2 * fan_out == 1
    squares = Initialization.parse("geometric").variance(4 * fan_in, 9 * fan_in, slope)
    assert squares * p2 * 6 * fan_in == 1
    assert Initialization.parse("he").variance(fan_in, fan_out, 3 * slope, above=3) == variance * fan_out / 9 / fan_in


@pytest.mark.parametrize(
    ("text", "described", "variance"),
    [
        ("2/n", "2/n", Fraction(2, 4)),
        ("1/(3*fan_in)", "1/(3*n_in)", Fraction(1, 12)),
        ("2/(n_in+n_out)", "2/(n_in+n_out)", Fraction(2, 13)),
        ("2/sqrt(n_in*n_out)", "2/sqrt(n_in*n_out)", Fraction(1, 3)),
        ("xavier:gain=5/3", "xavier:gain=5/3", Fraction(50, 117)),
        ("Glorot:gain=tanh", "xavier:gain=5/3", Fraction(50, 117)),
        ("orthogonal:gain=sqrt(2)", "orthogonal:gain=sqrt(2)", Fraction(2, 9)),
        ("lecun:gain=1", "lecun", Fraction(1, 4)),
        ("lecun:gain=leaky:1/2", "lecun:gain=sqrt(8/5)", Fraction(2, 5)),
        ("he:fan-out", None, None),
        ("3*2", "6", Fraction(6)),
        ("variance:2/n_in", "2/n_in", Fraction(1, 2)),
        ("geometric", "geometric", Fraction(1, 3)),
        ("kaiming_uniform", "he_uniform", Fraction(1, 2)),
        ("1,4,9", "1,4,9", Fraction(1)),
    ],
)
def test_texts_and_what_they_stand_for(text: str, described: str | None, variance: Fraction | None) -> None:
    if described is None:
        with pytest.raises(InvalidArgument, match="use fan-out"):
            Initialization.parse(text)
        return
    init = Initialization.parse(text)
    assert init.describe() == described
    assert Initialization.parse(described) == init == pickle.loads(pickle.dumps(init))
    assert init.variance(4, 4 if text == "2/n" else 9, 0, layer=1) == variance
    assert init.scaled(Fraction(3)).variance(4, 9, 0, layer=1) == 3 * init.variance(4, 9, 0, layer=1)


def test_a_formula_may_have_one_symbol() -> None:
    net = Ensemble(width="n", depth="L", init="variance:s2/n")
    assert net.symbols == ("n", "L", "s2")
    assert repr(net) == "Ensemble(width='n', depth='L', init='variance:s2/n')"
    assert net.init.at(Fraction(1, 3)).variance(4, 4, 0) == Fraction(1, 12)
    with pytest.raises(InvalidArgument, match="got the symbol 's2'"):
        net.at(width=4, depth=2).variance(1)
    assert Initialization.parse("variance:s2").at(Fraction(2)) == Initialization("variance", Fraction(2))


def test_layers_of_their_own_variance_have_widths_of_their_own() -> None:
    net = Ensemble(width=4, depth=3, init="1,4,9")
    assert net == Ensemble(widths=(4, 4, 4, 4), init=[1, 4, 9])
    assert not net.is_constant_width
    assert [net.variance(k) for k in (1, 2, 3)] == [1, 4, 9]
    assert net.at(init="2,2,2") == Ensemble(width=4, depth=3, init=2)
    assert net.at(init="he") == Ensemble(width=4, depth=3, init="he")
    assert net.at(width=8).widths == (8,) * 4
    assert net.digest() != Ensemble(width=4, depth=3).digest()


UNEQUAL = {"width": None, "depth": None, "widths": (4, 8)}


@pytest.mark.parametrize(
    ("fields", "argument", "shown", "remedy"),
    [
        ({"init": "1,4"}, "init", "gives 2 layers a variance, and the depth is 3", "one for each layer"),
        ({"init": "1,4", "depth": "L"}, "init", "the depth is the symbol 'L'", "depth=2"),
        ({"init": "1,0,2"}, "init", "must be positive, got 0", "1/32"),
        ({"init": "2/m"}, "init", "has the letter 'm'", "variance:2/m"),
        ({"init": "variance:s/t"}, "init", "has the letter 't'", "one symbol"),
        ({"init": "gain=5/3"}, "init", "what the gain multiplies", "xavier:gain=5/3"),
        ({"init": "he:gain=2"}, "init", "a gain of its own", "lecun:gain=2"),
        ({"init": "xavier:5/3"}, "init", "'5/3' behind xavier", "xavier:gain=5/3"),
        ({"init": "xavier:gain=0"}, "init", "must be positive", "gain=5/3"),
        ({"init": "kaiming_normal"}, "init", "truncated in JAX", "'he_normal'"),
        ({"init": "4-n"}, "init", "is 0 for n_in = 4", "positive"),
        ({"init": "1/(n_in-4)"}, "init", "divides by zero", "2/n_in"),
        ({**UNEQUAL, "init": "2/n"}, "init", "the widths differ", "n_in and n_out"),
        ({**UNEQUAL, "init": "geometric"}, "init", "irrational", "1/32"),
        ({"init": "1,4,9", "architecture": "residual:1"}, "init", "a variance of its own", "1/32"),
        ({"init": "2 n"}, "init", "cannot read '2 n'", "2/n_in"),
    ],
)
def test_what_an_ensemble_cannot_have_is_refused(
    fields: dict[str, Any], argument: str, shown: str, remedy: str, refusal: Any
) -> None:
    with refusal(argument, shown, remedy):
        Ensemble(**{"width": 4, "depth": 3, **fields})


def test_a_symbolic_variance_that_is_not_positive_is_refused_by_theory() -> None:
    from theory import symbols

    with pytest.raises(InvalidArgument, match="the variance 0 is not positive"):
        symbols.variance(Ensemble(width="n", depth="L", init="n_in-n_out"), 1)
    with pytest.raises(InvalidArgument, match="irrational"):
        symbols.variance(Ensemble(width="n", depth="L", init="sqrt(2)/n_in"), 1)
