"""The ensemble: one exact, frozen, validated description of a random network, equal and digested alike everywhere."""

import copy
import dataclasses
import math
import os
import pickle
import subprocess
import sys
from contextlib import nullcontext
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import theory
from theory.ensembles import Ensemble, Initialization, InvalidArgument, Law, require_ensemble

THREE_VALUED = {-1: "1/8", 0: "3/4", 1: "1/8"}
LAWS = [
    *(Law.named(name) for name in ("normal", "uniform", "rademacher", "symmetric")),
    *(Law.discrete(table) for table in (THREE_VALUED, {-1: "1/4", 0: "1/2", 1: "1/4"}, {-2: "1/2", 2: "1/2"})),
    *(Law.from_moments("own", moments) for moments in ({2: 1}, {2: 1, 4: 4}, {2: 1, 4: 5})),
]
INITS = ["xavier", "he", "lecun", "orthogonal", "pytorch", "1/3", "variance:s2", "variance:he"]
FIELDS = [field.name for field in dataclasses.fields(Ensemble)]
HE = Ensemble(width="n", depth="L", activation="relu", init="he")
RECTANGULAR = Ensemble(widths=(4, 3, 2), init="he")
SRC = Path(theory.__file__).parents[1]

sizes = st.integers(1, 4)
shapes = st.sampled_from(
    [{"width": width, "depth": depth} for width in (1, 2, 4, "n") for depth in (1, 2, 3, "L")]
    + [{"widths": widths} for length in (2, 3) for widths in product((1, 2, 4), repeat=length)]
    + [{"widths": ("n", "n")}, {"widths": ("n", "L")}]
)
activations = st.sampled_from(["linear", "relu", "leaky:1/4", "leaky:1/2", "leaky:s", "leaky:0"])
inits = st.sampled_from(INITS)
laws = st.sampled_from(LAWS)
wirings = st.sampled_from(["plain", "residual:1", "residual:1/L:two", "residual:a", "layernorm", "batchnorm:8"])


@st.composite
def ensembles(draw: st.DrawFn) -> Ensemble:
    """A few choices of each part, so that two draws often agree in many."""
    shape = draw(shapes)
    first, last = (shape["width"],) * 2 if "width" in shape else (shape["widths"][0], shape["widths"][-1])
    init = draw(inits)
    if shape == {"widths": ("n", "L")} and init == "orthogonal":
        init = "xavier"
    net = Ensemble(
        **shape,
        init=init,
        activation=draw(activations),
        law=None if init in ("orthogonal", "pytorch") else draw(laws),
        readout=draw(st.sampled_from(["random", "signs", "ones", *vectors(last)])),
        input=draw(st.sampled_from([None, "e1", "ones", *vectors(first)])),
    )
    try:
        return net.at(architecture=draw(wirings))
    except InvalidArgument:  # the rest does not fit it
        return net


def vectors(width: int | str) -> list[tuple[Any, ...]]:
    return [] if isinstance(width, str) else [(Fraction(3, 2), -1, 0, 1)[:width], (1, 0, 0, 0)[:width]]


def fields(net: Ensemble) -> dict[str, Any]:
    return {name: getattr(net, name) for name in FIELDS}


def fresh_python(code: str, **environment: str) -> str:
    """Standard output of the code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SRC), **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def sampler(rng: Any, shape: tuple[int, ...]) -> Any:
    return rng.standard_normal(shape)


class TestRepr:
    @given(ensembles())
    @example(HE.at(law=Law("own")))
    @example(HE.at(law=Law("own", atoms=((Fraction(1), Fraction(1, 2)), (Fraction(-1), Fraction(1, 2))))))
    @example(HE.at(law=Law("normal", moments=(Fraction(1),))))
    @example(HE.at(law=Law("normal", sampler=sampler)))
    def test_evaluates_to_an_equal_ensemble_on_one_line(self, net: Ensemble) -> None:
        names = {"Ensemble": Ensemble, "Law": Law, "Fraction": Fraction, **globals()}
        text = repr(net).replace(f"{__name__}.", "")
        assert eval(text, names) == net
        assert eval(repr(net.law).replace(f"{__name__}.", ""), names) == net.law
        assert "\n" not in text

    def test_leaves_out_what_is_so_by_default(self) -> None:
        assert repr(HE) == "Ensemble(width='n', depth='L', activation='relu', init='he')"
        assert repr(Ensemble(widths=(4, 3))) == "Ensemble(widths=(4, 3))"
        assert repr(Ensemble(width=2, depth=1, init="pytorch")) == "Ensemble(width=2, depth=1, init='pytorch')"
        assert repr(HE.at(law="uniform", architecture="residual:1/L:two", input="e1")) == (
            "Ensemble(width='n', depth='L', activation='relu', init='he', law='uniform', input='e1', "
            "architecture='residual:1/L:two')"
        )

    def test_a_sampler_goes_by_its_name(self) -> None:
        law = Law.from_moments("own", {2: 1, 4: 4}, sampler=sampler)
        assert repr(law) == f"Law.from_moments('own', {{2: 1, 4: 4}}, sampler={__name__}.sampler)"
        drawn = Ensemble(width=2, depth=2, law=law)
        assert eval(repr(drawn).replace(f"{__name__}.", ""), globals()) == drawn


class TestEquality:
    @given(ensembles())
    def test_survives_pickling_copying_and_building_again(self, net: Ensemble) -> None:
        for same in (pickle.loads(pickle.dumps(net)), copy.deepcopy(net), Ensemble(**fields(net)), net.at()):
            assert same == net
            assert (hash(same), same.digest(), same.describe()) == (hash(net), net.digest(), net.describe())

    @given(ensembles(), ensembles())
    @example(HE.at(init="variance:he"), HE)
    @example(HE.at(law=LAWS[4]), HE.at(law=LAWS[5]))
    @example(HE.at(law=LAWS[7]), HE.at(law=LAWS[8]))
    def test_is_what_digests_and_fields_say(self, one: Ensemble, other: Ensemble) -> None:
        assert (one == other) == (one.digest() == other.digest()) == (fields(one) == fields(other))

    @given(ensembles(), st.data())
    def test_ends_with_any_change_of_one_field(self, net: Ensemble, data: st.DataObject) -> None:
        name, value = data.draw(
            st.sampled_from([("activation", "leaky:1/7"), ("init", "1/7"), ("readout", "signs"), ("input", "e1")])
        )
        if name == "input":
            net = net.plain  # a batch has its own
        changed = net.at(**{name: value}, law=net.law if name != "init" else "uniform")
        if getattr(changed, name) != getattr(net, name):
            assert changed != net
            assert changed.digest() != net.digest()

    @given(sizes | st.just("n"), sizes)
    def test_holds_between_constant_widths_and_one_width(self, width: int | str, depth: int) -> None:
        one, other = Ensemble(widths=[width] * (depth + 1)), Ensemble(width=width, depth=depth)
        assert one == other
        assert (hash(one), one.digest(), one.is_constant_width) == (hash(other), other.digest(), True)

    @pytest.mark.parametrize(
        ("written", "plain"),
        [
            ({"width": " 8", "depth": "2"}, {"width": 8, "depth": 2}),
            ({"widths": ["3", 2], "depth": "1"}, {"widths": (3, 2)}),
            ({"width": 2, "depth": 2, "activation": " ReLU "}, {"width": 2, "depth": 2, "activation": "leaky:0"}),
            ({"width": 2, "depth": 2, "activation": "leaky:1"}, {"width": 2, "depth": 2, "activation": "linear"}),
            (
                {"width": 2, "depth": 2, "activation": "Leaky:0.25"},
                {"width": 2, "depth": 2, "activation": "leaky: 2 / 8"},
            ),
            ({"width": 2, "depth": 2, "init": "glorot", "law": "normal"}, {"width": 2, "depth": 2}),
            ({"width": 2, "depth": 2, "init": "0.5"}, {"width": 2, "depth": 2, "init": Fraction(1, 2)}),
            (
                {"width": 2, "depth": 2, "init": "pytorch"},
                {"width": 2, "depth": 2, "init": Initialization("pytorch"), "law": Law.named("uniform")},
            ),
            ({"width": 2, "depth": 2, "readout": "1/2, 3"}, {"width": 2, "depth": 2, "readout": [0.5, 3]}),
            ({"width": 1, "depth": 2, "input": "2"}, {"width": 1, "depth": 2, "input": (2,)}),
        ],
    )
    def test_holds_between_two_ways_of_writing(self, written: dict[str, Any], plain: dict[str, Any]) -> None:
        assert Ensemble(**written) == Ensemble(**plain)
        assert Ensemble(**written).digest() == Ensemble(**plain).digest()

    def test_keeps_the_case_of_symbols(self) -> None:
        assert HE.at(activation="Leaky:S").slope == "S" != HE.at(activation="leaky:s").slope

    @pytest.mark.parametrize("name", FIELDS)
    def test_cannot_be_spoilt_by_assignment(self, name: str) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(HE, name, getattr(HE, name))

    def test_is_the_same_in_processes_with_other_hash_seeds(self) -> None:
        nets = [HE, RECTANGULAR, HE.at(law=LAWS[4]), RECTANGULAR.at(readout="1/2,1", law=LAWS[-1], input="e1")]
        nets += [HE.at(architecture="residual:alpha:two"), HE.at(architecture="batchnorm:8")]
        code = f"import pickle\nfor net in pickle.loads({pickle.dumps(nets)!r}): print(net.digest())"
        for seed in ("0", "1", "2"):
            assert fresh_python(code, PYTHONHASHSEED=seed).split() == [net.digest() for net in nets]


class TestAt:
    @given(ensembles(), ensembles())
    def test_given_all_fields_of_another_ensemble_is_that_one(self, net: Ensemble, other: Ensemble) -> None:
        sizes = ("width", "depth") if other.is_constant_width else ("widths",)
        changes = {name: value for name, value in fields(other).items() if name not in ("width", "depth", "widths")}
        assert net.at(**changes, **{name: getattr(other, name) for name in sizes}) == other

    @pytest.mark.parametrize(
        ("net", "changes", "expected"),
        [
            (HE, {"width": 8, "depth": 2}, Ensemble(width=8, depth=2, activation="relu", init="he")),
            (HE, {"widths": (5, 4)}, Ensemble(widths=(5, 4), activation="relu", init="he")),
            (RECTANGULAR, {"width": 8}, Ensemble(width=8, depth=2, init="he")),
            (RECTANGULAR, {"width": 8, "depth": 5}, Ensemble(width=8, depth=5, init="he")),
            (RECTANGULAR, {"widths": (2, 2)}, Ensemble(width=2, depth=1, init="he")),
            (RECTANGULAR, {"init": "xavier", "law": "uniform"}, Ensemble(widths=(4, 3, 2), law="uniform")),
            (HE.at(law="uniform"), {"init": "lecun"}, HE.at(init="lecun", law="uniform")),
        ],
    )
    def test_keeps_what_is_not_changed(self, net: Ensemble, changes: dict[str, Any], expected: Ensemble) -> None:
        assert net.at(**changes) == expected

    @pytest.mark.parametrize("pytorch", ["pytorch", "PyTorch", Initialization("pytorch")])
    def test_takes_the_law_along_to_and_from_pytorch(self, pytorch: Any) -> None:
        assert HE.at(init=pytorch).law == Law.named("uniform")
        assert HE.at(init=pytorch).at(init="he") == HE
        assert HE.at(init=pytorch).at(init="he", law="rademacher").law == Law.named("rademacher")

    @pytest.mark.parametrize(
        ("net", "changes", "argument", "shown", "remedy"),
        [
            (HE, {"dept": 3}, "dept", "no such field", "did you mean 'depth'? known: width, depth"),
            (HE, {"nonlinearity": "relu"}, "nonlinearity", "no such field", "activation"),
            (RECTANGULAR, {"depth": 3}, "depth", "follows from widths", "change widths"),
            (RECTANGULAR, {"width": 3, "widths": (3, 2)}, "width", "exactly one", "width=32 or widths="),
            (
                RECTANGULAR.at(readout=(1, 2)),
                {"width": 3},
                "readout",
                "has 2 entries, but layer 2 has width 3",
                "equal",
            ),
            (HE.at(init="pytorch"), {"law": "normal"}, "law", "'normal'", "law='uniform'"),
            (HE, {"width": 0}, "width", "got 0", "positive integer"),
        ],
    )
    def test_refuses_what_does_not_fit(
        self, net: Ensemble, changes: dict[str, Any], argument: str, shown: str, remedy: str, refusal: Any
    ) -> None:
        with refusal(argument, shown, remedy):
            net.at(**changes)


class TestShape:
    @given(st.lists(sizes, min_size=2, max_size=6))
    def test_has_the_widths_it_was_given(self, widths: list[int]) -> None:
        net = Ensemble(widths=widths)
        assert [net.width_at(k) for k in range(net.depth + 1)] == widths
        assert net.is_constant_width == (len(set(widths)) == 1)

    @given(ensembles().filter(lambda net: not net.symbols))
    def test_gives_each_layer_the_variance_of_its_fans(self, net: Ensemble) -> None:
        for k in range(1, net.depth + 1):
            expected = net.init.variance(net.width_at(k - 1), net.width_at(k), net.slope)
            assert (type(net.variance(k)), net.variance(k)) == (Fraction, expected)

    def test_orients_rectangular_layers_from_input_to_output(self) -> None:
        assert [RECTANGULAR.variance(k) for k in (1, 2)] == [Fraction(1, 4), Fraction(1, 3)]  # linear: 1/fan_in

    @pytest.mark.parametrize("net", [RECTANGULAR, RECTANGULAR.at(width=4)])
    @pytest.mark.parametrize("layer", [-1, 3, 1.0, 1.5, True, None, "1", "k+1", ""])
    def test_has_no_other_layers(self, net: Ensemble, layer: Any, refusal: Any) -> None:
        with refusal("layer", layer, "count from the input"):
            net.width_at(layer)

    @pytest.mark.parametrize("net", [RECTANGULAR, RECTANGULAR.at(width=4)])
    @pytest.mark.parametrize("layer", [-1, 0, 3, 1.5, True, "k", None])
    def test_has_no_other_weights(self, net: Ensemble, layer: Any, refusal: Any) -> None:
        with refusal("layer", layer):
            net.variance(layer)

    def test_has_one_width_at_a_symbolic_layer_only_if_constant(self, refusal: Any) -> None:
        assert HE.width_at("k") == HE.width_at(10**9) == "n"
        with refusal("layer", "'k' is symbolic", "give its number"):
            RECTANGULAR.width_at("k")


class TestProperties:
    @pytest.mark.parametrize(
        ("activation", "slope"), [("linear", 1), ("relu", 0), ("leaky:1/4", Fraction(1, 4)), ("leaky:s", "s")]
    )
    def test_slope(self, activation: str, slope: Any) -> None:
        assert HE.at(activation=activation).slope == slope

    @pytest.mark.parametrize(
        ("changes", "symbols"),
        [
            ({}, ("n", "L")),
            ({"width": 3}, ("L",)),
            ({"width": 3, "depth": 2}, ()),
            ({"depth": "n"}, ("n",)),
            ({"widths": ("n", 3, "m", "n")}, ("n", "m")),
            ({"activation": "leaky:s", "init": "variance:s2", "law": "symmetric"}, ("n", "L", "s", "s2", "K")),
        ],
    )
    def test_symbols(self, changes: dict[str, Any], symbols: tuple[str, ...]) -> None:
        assert HE.at(**changes).symbols == symbols

    @pytest.mark.parametrize(
        ("changes", "can_die"),
        [
            ({}, True),
            ({"activation": "linear"}, False),
            ({"activation": "leaky:1/4"}, False),
            ({"activation": "leaky:s"}, False),
            ({"activation": "linear", "law": "rademacher"}, True),
            ({"activation": "leaky:1/4", "law": Law.discrete(THREE_VALUED)}, True),
            ({"activation": "linear", "law": "uniform"}, False),
        ],
    )
    def test_a_layer_can_die_of_relu_or_of_atoms(self, changes: dict[str, Any], can_die: bool) -> None:
        assert HE.at(**changes).can_die == can_die

    @pytest.mark.parametrize(
        ("readout", "symmetric"), [("random", True), ("signs", True), ("ones", False), ((1, -1), False)]
    )
    def test_random_readouts_are_sign_symmetric(self, readout: Any, symmetric: bool) -> None:
        assert RECTANGULAR.at(readout=readout).has_sign_symmetric_readout == symmetric

    @pytest.mark.parametrize("init", INITS)
    def test_entries_are_independent_unless_orthogonal(self, init: str) -> None:
        assert HE.at(init=init).has_independent_entries == (init != "orthogonal")

    @pytest.mark.parametrize(
        ("init", "law"), [*((init, "normal") for init in INITS if init != "pytorch"), ("pytorch", "uniform")]
    )
    def test_the_default_law_is_normal_but_for_pytorch(self, init: str, law: str) -> None:
        assert HE.at(init=init).law == Law.named(law)

    @given(ensembles())
    def test_the_description_is_one_line_with_all_parts(self, net: Ensemble) -> None:
        parts = dict(part.split("=") for part in net.describe().split())
        named = {"activation": net.activation, "init": net.init.describe(), "law": net.law.name}
        sizes = {"width": net.width, "depth": net.depth} if net.is_constant_width else {"widths": net.widths}
        vectors = {"readout": net.readout} | ({} if net.input is None else {"input": net.input})
        wired = {} if net.architecture.is_plain else {"architecture": net.architecture.describe()}
        listed = {
            name: ",".join(map(str, v)) if isinstance(v, tuple) else str(v) for name, v in (sizes | vectors).items()
        }
        assert parts == named | listed | wired


class TestNumbers:
    @pytest.mark.parametrize(
        ("changes", "argument", "symbol", "remedy"),
        [
            ({"width": "n"}, "width", "'n'", "width=32"),
            ({"depth": "L"}, "depth", "'L'", "depth=64"),
            ({"widths": (2, "m", 3)}, "widths", "'m'", "widths=(784, 10)"),
            ({"activation": "leaky:s"}, "activation", "'s'", "leaky:1/4"),
            ({"init": "variance:s2"}, "init", "'s2'", "init='1/32'"),
            ({"law": "symmetric"}, "law", "'symmetric'", "law='uniform'"),
        ],
    )
    def test_are_asked_for_by_the_name_of_the_symbolic_part(
        self, changes: dict[str, Any], argument: str, symbol: str, remedy: str, refusal: Any
    ) -> None:
        net = Ensemble(width=2, depth=2).at(**changes)
        with refusal(argument, f"simulate needs a number, got the symbol {symbol}", remedy):
            net.require_numbers("simulate")
        with refusal(argument, f"variance needs a number, got the symbol {symbol}", remedy):
            net.variance(1)

    @given(ensembles())
    def test_are_had_by_the_ensembles_without_symbols(self, net: Ensemble) -> None:
        with pytest.raises(InvalidArgument) if net.symbols else nullcontext():
            net.require_numbers("simulate")


BAD_SIZES = [0, -3, 2.0, 2.5, True, math.nan, math.inf, "0", "-3", "2.5", "nan", "inf", "", "n-1"]


class TestRefusals:
    @pytest.mark.parametrize("value", BAD_SIZES)
    @pytest.mark.parametrize("argument", ["width", "depth"])
    def test_of_widths_and_depths(self, argument: str, value: Any, refusal: Any) -> None:
        with refusal(argument, value, "use a positive integer such as 32, or a symbol's name"):
            Ensemble(**{"width": 2, "depth": 2, argument: value})

    @pytest.mark.parametrize("value", [*BAD_SIZES, None])
    def test_of_one_of_many_widths(self, value: Any, refusal: Any) -> None:
        with refusal("widths", value, "use a positive integer such as 32, or a symbol's name"):
            Ensemble(widths=(3, value, 2))

    @pytest.mark.parametrize(
        ("changes", "argument", "shown", "remedy"),
        [
            ({"width": None}, "width", "exactly one of width and widths", "width=32 or widths=(784, 100, 10)"),
            ({"widths": (3, 2)}, "width", "exactly one of width and widths", "width=32 or widths=(784, 100, 10)"),
            ({"depth": None}, "depth", "is missing", "positive integer or a symbol's name"),
            ({"width": None, "widths": (3,), "depth": None}, "widths", "got (3,)", "widths=(784, 10)"),
            ({"width": None, "widths": ()}, "widths", "got ()", "widths=(784, 10)"),
            ({"width": None, "widths": "784,10"}, "widths", "must be a sequence, got '784,10'", "(784, 100, 10)"),
            ({"width": None, "widths": 3}, "widths", "must be a sequence, got 3", "(784, 100, 10)"),
            ({"width": None, "widths": {3, 2}}, "widths", "must be a sequence", "(784, 100, 10)"),
            ({"width": None, "widths": (3, 2)}, "depth", "is 2, but the widths have depth 1", "leave it out"),
            ({"width": None, "widths": (3, 2), "depth": "L"}, "depth", "is L, but", "leave it out"),
            ({"width": None, "widths": (3, 2), "depth": True}, "depth", "True", "positive integer"),
            ({"activation": "rellu"}, "activation", "'rellu'", "did you mean 'relu'?"),
            ({"activation": "leaky"}, "activation", "'leaky'", "use e.g. leaky:1/100"),
            ({"activation": "maxout"}, "activation", "'maxout'", "known: linear, relu, leaky:SLOPE"),
            ({"activation": None}, "activation", "None", "linear, relu, leaky:SLOPE"),
            ({"activation": 0}, "activation", "0", "linear, relu, leaky:SLOPE"),
            ({"activation": "pieces:1"}, "activation", "two slopes", "pieces:-1:2"),
            ({"activation": "pieces:-1,2"}, "activation", "two slopes", "pieces:-1:2"),
            ({"activation": "pieces:a:2"}, "activation", "must be numbers", "leaky:NAME"),
            ({"activation": "pieces:0:0"}, "activation", "both slopes are 0", "pieces:-1:2"),
            ({"activation": "pieces:2:-1"}, "activation", "must be positive, got -1", "use pieces:-1:2,"),
            ({"activation": "pieces:-1:-2"}, "activation", "must be positive, got -2", "use pieces:1:2,"),
            ({"activation": "pieces:-2:0"}, "activation", "must be positive, got 0", "use pieces:0:2,"),
            ({"activation": "pieces:0:-2"}, "activation", "must be positive, got -2", "use pieces:0:2,"),
            ({"activation": "leaky:nan"}, "activation", "nan", "finite number"),
            ({"activation": "leaky:inf"}, "activation", "inf", "finite number"),
            ({"activation": "leaky:"}, "activation", "''", "finite number"),
            ({"activation": "leaky:1/0"}, "activation", "'1/0' divides by zero", "finite number"),
            ({"init": 0}, "init", "must be positive, got 0", "init='1/32'"),
            ({"init": -0.5}, "init", "must be positive, got -1/2", "init='1/32'"),
            ({"init": math.nan}, "init", "nan", "finite number"),
            ({"init": math.inf}, "init", "inf", "finite number"),
            ({"init": True}, "init", "True", "finite number"),
            ({"init": "xaviar"}, "init", "'xaviar'", "did you mean 'xavier'?"),
            ({"law": "gausian"}, "law", "'gausian'", "known: normal, uniform"),
            ({"law": "unifrom"}, "law", "'unifrom'", "did you mean 'uniform'?"),
            ({"law": 2}, "law", "2", "normal, uniform"),
            ({"init": "pytorch", "law": "normal"}, "law", "is uniform, got 'normal'", "law='uniform'"),
            ({"init": "orthogonal", "law": "uniform"}, "law", "Haar distributed, got 'uniform'", "leave law out"),
            ({"init": "orthogonal", "law": LAWS[4]}, "law", "Haar distributed, got 'discrete'", "leave law out"),
            ({"width": None, "depth": None, "widths": ("n", 2), "init": "orthogonal"}, "widths", "n,2", "one width"),
            ({"readout": "sign"}, "readout", "'sign'", "did you mean 'signs'? known: random, signs, ones, or numbers"),
            ({"readout": "e1"}, "readout", "'e1'", "random, signs, ones, or numbers"),
            ({"readout": None}, "readout", "None", "random, signs, ones, or numbers"),
            ({"readout": 3}, "readout", "3", "random, signs, ones, or numbers"),
            ({"readout": ()}, "readout", "()", "random, signs, ones, or numbers"),
            ({"readout": (1, 2, 3)}, "readout", "has 3 entries, but layer 2 has width 2", "make the two equal"),
            ({"readout": "1"}, "readout", "has 1 entries, but layer 2 has width 2", "make the two equal"),
            ({"readout": (0, 0)}, "readout", "zero vector 0,0", "nonzero"),
            ({"readout": (1, math.nan)}, "readout", "nan", "finite number"),
            ({"readout": "1,x"}, "readout", "'x'", "finite number"),
            ({"readout": "1 2"}, "readout", "'1 2'", "finite number"),
            ({"readout": (1, True)}, "readout", "True", "finite number"),
            ({"depth": "L", "readout": (1, 2, 3)}, "readout", "layer L has width 2", "make the two equal"),
            ({"width": "n", "input": (1, 2)}, "input", "layer 0 has width n", "make the two equal"),
            ({"input": (1, 2, 3)}, "input", "has 3 entries, but layer 0 has width 2", "make the two equal"),
            ({"input": [0, 0.0]}, "input", "zero vector 0,0", "nonzero"),
            ({"input": "one"}, "input", "'one'", "did you mean 'ones'? known: e1, ones, or numbers"),
            ({"input": "random"}, "input", "'random'", "e1, ones, or numbers"),
            ({"input": (1, math.inf)}, "input", "inf", "finite number"),
            ({"input": 2}, "input", "2", "e1, ones, or numbers"),
        ],
    )
    def test_of_all_else(self, changes: dict[str, Any], argument: str, shown: str, remedy: str, refusal: Any) -> None:
        with refusal(argument, shown, remedy):
            Ensemble(**{"width": 2, "depth": 2, **changes})


def test_describing_a_network_loads_neither_sympy_nor_numpy() -> None:
    code = (
        "import sys, theory.ensembles as e\n"
        "e.Ensemble(widths=(3, 2), activation='leaky:1/4', law=e.Law.from_moments('own', {2: 1, 4: 2})).digest()\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'sympy', 'numpy', 'scipy', 'mpmath'}))"
    )
    assert fresh_python(code) == "[]\n"


@pytest.mark.parametrize(
    ("fields", "argument"),
    [
        ({"width": "K", "depth": 2, "law": "symmetric"}, "width"),
        ({"width": "n", "depth": "L", "init": "variance:L"}, "init"),
        ({"width": "n", "depth": "L", "activation": "leaky:n"}, "activation"),
        ({"width": "norm_x", "depth": 2}, "width"),
        ({"width": "beta", "depth": 2}, "width"),
    ],
)
def test_one_name_for_two_things_is_refused(fields: dict[str, Any], argument: str) -> None:
    with pytest.raises(InvalidArgument, match="already names") as refusal:
        Ensemble(**fields)
    assert refusal.value.argument == argument


@pytest.mark.parametrize("net", ["n", 3, None, Ensemble, {"width": 3}], ids=repr)
def test_what_is_no_ensemble_is_refused(net: Any) -> None:
    require_ensemble(HE)
    with pytest.raises(InvalidArgument, match=r"^net: must be an Ensemble, got .*; use e\.g\. Ensemble\("):
        require_ensemble(net)
