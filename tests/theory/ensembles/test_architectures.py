"""How layers are put together: what is read, what is refused, and what an ensemble does with it."""

import copy
import dataclasses
import pickle
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory.ensembles import Architecture, Ensemble, Law

LINEAR = Ensemble(width="n", depth="L")
RELU = LINEAR.at(activation="relu", init="he")
ACTIVATIONS = ["linear", "relu", "leaky:1/4", "leaky:s"]
TEXTS = ["plain", "residual:1/2", "residual:1/L", "residual:1/L:two", "residual:0:two", "layernorm", "batchnorm:16"]
SPARSE = Law.discrete({-1: "1/8", 0: "3/4", 1: "1/8"}, name="sparse")

names = st.sampled_from(["alpha", "B", "a_1", "Omega"])
scales = st.one_of(
    names,
    st.sampled_from(["1/sqrt(L)", "1/L", Fraction(10**100), Fraction(1, 10**100)]),
    st.fractions(min_value=Fraction(1, 10**6), max_value=10**6),
)
batches = st.one_of(names, st.integers(3, 10**6))


@st.composite
def architectures(draw: st.DrawFn) -> tuple[Architecture, str]:
    """One that is written in its shortest form, with an activation that it fits."""
    activation = draw(st.sampled_from(ACTIVATIONS))
    own = "linear" if activation == "linear" else "relu"
    match draw(st.sampled_from(["plain", "residual", "layernorm", "batchnorm"])):
        case "residual":
            branch = draw(st.sampled_from([own, "two"]))
            alpha = draw(scales if branch == own else st.one_of(scales, st.just(Fraction(0))))
            return Architecture("residual", alpha=alpha, branch=branch), activation
        case "batchnorm":
            return Architecture("batchnorm", batch=draw(batches)), activation
        case name:
            return Architecture(name), activation


class TestReading:
    @pytest.mark.parametrize(
        ("text", "activation", "expected"),
        [
            ("plain", "relu", Architecture("plain")),
            ("layernorm", "relu", Architecture("layernorm")),
            ("batchnorm:16", "linear", Architecture("batchnorm", batch=16)),
            ("batchnorm:B", "relu", Architecture("batchnorm", batch="B")),
            ("residual:1/2", "linear", Architecture("residual", Fraction(1, 2), "linear")),
            ("residual:1/2", "relu", Architecture("residual", Fraction(1, 2), "relu")),
            ("residual:1/2", "leaky:1/4", Architecture("residual", Fraction(1, 2), "relu")),
            ("residual:1/2", "leaky:s", Architecture("residual", Fraction(1, 2), "relu")),
            ("residual:2:linear", "linear", Architecture("residual", Fraction(2), "linear")),
            ("residual:2:relu", "relu", Architecture("residual", Fraction(2), "relu")),
            ("residual:2:relu", "leaky:1/4", Architecture("residual", Fraction(2), "relu")),
            ("residual:2:two", "linear", Architecture("residual", Fraction(2), "two")),
            ("residual:0:two", "relu", Architecture("residual", Fraction(0), "two")),
            ("residual:1/sqrt(L)", "relu", Architecture("residual", "1/sqrt(L)", "relu")),
            ("residual:1/L:two", "relu", Architecture("residual", "1/L", "two")),
            ("residual:alpha", "linear", Architecture("residual", "alpha", "linear")),
        ],
    )
    def test_of_every_form(self, text: str, activation: str, expected: Architecture) -> None:
        assert Architecture.parse(text, activation) == expected
        assert Ensemble(width=4, depth=4, activation=activation, architecture=text).architecture == expected

    @pytest.mark.parametrize(
        ("written", "plain"),
        [
            (" Plain ", "plain"),
            ("LayerNorm", "layernorm"),
            ("BATCHNORM:16", "batchnorm:16"),
            ("batchnorm : 016 ", "batchnorm:16"),
            ("Residual:0.5", "residual:1/2"),
            ("residual:5e-1", "residual:1/2"),
            (" residual : 2 / 4 ", "residual:1/2"),
            ("residual:1/2:relu", "residual:1/2"),
            ("residual:1/2: ReLU", "residual:1/2"),
            ("residual:3: Two ", "residual:3:two"),
            ("residual: 1/sqrt(L) :two", "residual:1/sqrt(L):two"),
            ("residual:0.0:two", "residual:0:two"),
        ],
    )
    def test_does_not_mind_how_it_is_written(self, written: str, plain: str) -> None:
        one, other = RELU.at(architecture=written), RELU.at(architecture=plain)
        assert one == other
        assert one.digest() == other.digest()
        assert one.architecture.describe() == plain

    def test_keeps_the_case_of_symbols(self) -> None:
        for text in ("residual:Alpha", "residual:Alpha:two", "batchnorm:Alpha"):
            assert RELU.at(architecture=text).architecture.symbol == "Alpha"
        assert RELU.at(architecture="residual:a") != RELU.at(architecture="residual:A")

    @given(architectures())
    def test_brings_back_what_was_written(self, drawn: tuple[Architecture, str]) -> None:
        architecture, activation = drawn
        assert Architecture.parse(architecture.describe(), activation) == architecture
        assert Architecture.parse(architecture, activation) == architecture

    @given(architectures())
    def test_survives_pickling_and_copying(self, drawn: tuple[Architecture, str]) -> None:
        architecture, _ = drawn
        for same in (pickle.loads(pickle.dumps(architecture)), copy.deepcopy(architecture)):
            assert same == architecture
            assert hash(same) == hash(architecture)
        with pytest.raises(dataclasses.FrozenInstanceError):
            architecture.name = "plain"  # type: ignore[misc]

    @pytest.mark.parametrize(
        ("made", "text"),
        [
            (Architecture("plain", alpha=Fraction(1), branch="two", batch=3), "plain"),
            (Architecture("layernorm", batch=3), "layernorm"),
            (Architecture("residual", alpha="0.5", branch="linear"), "residual:1/2"),
            (Architecture("residual", alpha=Fraction(1, 2)), "residual:1/2"),
            (Architecture("batchnorm", batch="8"), "batchnorm:8"),
        ],
    )
    def test_of_one_made_by_hand_leaves_what_counts(self, made: Architecture, text: str) -> None:
        assert RELU.at(architecture=made) == RELU.at(architecture=text)


class TestRefusals:
    @pytest.mark.parametrize(
        ("value", "shown", "remedy"),
        [
            ("resnet", "'resnet'", "known: plain, residual:ALPHA, residual:ALPHA:two, layernorm, batchnorm:B"),
            ("layer", "'layer'", "did you mean 'layernorm'?"),
            ("layernorm:3", "'layernorm:3'", "did you mean 'layernorm'?"),
            ("plain:1", "'plain:1'", "did you mean 'plain'?"),
            ("", "''", "plain, residual:ALPHA"),
            (None, "None", "plain, residual:ALPHA"),
            (3, "3", "plain, residual:ALPHA"),
            (("residual", 1), "('residual', 1)", "plain, residual:ALPHA"),
            ("residual", "lacks its scale", "'residual:1/sqrt(L)'"),
            ("Residual:", "lacks its scale", "'residual:1/sqrt(L)'"),
            ("batchnorm", "lacks its batch", "'batchnorm:16'"),
            ("batchnorm: ", "lacks its batch", "'batchnorm:16'"),
            ("residual:two", "'two' stands where its scale should", "'residual:1/sqrt(L)'"),
            ("residual:L", "L is the number of branches", "'residual:1/sqrt(L)'"),
            ("residual:1e999999999", "too many digits", "finite number"),
            (Architecture("residual", alpha=Fraction(1), branch="nonsense"), "'nonsense'", "linear, relu, two"),
            ("residual::two", "''", "finite number"),
            ("residual:1/sqrt(n)", "'1/sqrt(n)'", "finite number"),
            ("residual:1/0", "divides by zero", "finite number"),
            ("residual:nan", "'nan'", "finite number"),
            ("residual:inf", "'inf'", "finite number"),
            ("residual:True", "'True'", "finite number"),
            ("residual:-1/2", "must not be negative, got -1/2", "'residual:1/sqrt(L)'"),
            ("residual:1e-400", "between 1e-100 and 1e+100, got 1e-400", "'residual:1/sqrt(L)'"),
            ("residual:1e101:two", "between 1e-100 and 1e+100, got 1e101", "'residual:1/sqrt(L)'"),
            ("residual:" + "9" * 400, "got " + "9" * 40, "'residual:1/sqrt(L)'"),
            ("residual:0", "a relu branch of scale 0", "'residual:0:two'"),
            ("residual:1:three", "'three'", "linear, relu, two"),
            ("residual:1:tow", "'tow'", "did you mean 'two'?"),
            ("residual:1:two:3", "'two:3'", "did you mean 'two'?"),
            ("residual:1:linear", "does not fit the activation relu", "leave 'linear' out"),
            ("batchnorm:2", "from 3 to 1000000, or a name, got '2'", "'batchnorm:16'"),
            ("batchnorm:0", "got '0'", "'batchnorm:16'"),
            ("batchnorm:-8", "got '-8'", "'batchnorm:16'"),
            ("batchnorm:1000001", "got '1000001'", "'batchnorm:16'"),
            ("batchnorm:8.0", "got '8.0'", "'batchnorm:16'"),
            ("batchnorm:True", "got 'True'", "'batchnorm:16'"),
            ("batchnorm:x y", "got 'x y'", "'batchnorm:16'"),
            (Architecture("resnet"), "'resnet'", "known: plain, residual:ALPHA"),
            (Architecture("residual"), "'None'", "finite number"),
            (Architecture("residual", alpha=Fraction(-1), branch="two"), "got -1", "'residual:1/sqrt(L)'"),
            (Architecture("residual", alpha=Fraction(0), branch="relu"), "scale 0", "'residual:0:two'"),
            (Architecture("batchnorm", batch=2), "got '2'", "'batchnorm:16'"),
            (Architecture("batchnorm"), "got 'None'", "'batchnorm:16'"),
        ],
    )
    def test_of_what_is_no_architecture(self, value: Any, shown: str, remedy: str, refusal: Any) -> None:
        with refusal("architecture", shown, remedy):
            RELU.at(architecture=value)
        with refusal("architecture", shown, remedy):
            Architecture.parse(value, "relu")

    @pytest.mark.parametrize("branch", ["relu", "three"])
    def test_of_branches_that_a_linear_network_has_not(self, branch: str, refusal: Any) -> None:
        with refusal("architecture", branch):
            LINEAR.at(architecture=f"residual:1:{branch}")
        with refusal("architecture", "a linear branch of scale 0", "'residual:0:two'"):
            LINEAR.at(architecture="residual:0")

    @pytest.mark.parametrize(
        ("changes", "argument", "shown", "remedy"),
        [
            (
                {"width": "L", "depth": 4, "architecture": "residual:1/L"},
                "architecture",
                "L is the number",
                "another name",
            ),
            ({"widths": (2, 3), "architecture": "residual:1"}, "widths", "its own width", "width=32"),
            ({"widths": (3, 2, 3), "architecture": "residual:1:two"}, "widths", "its own width", "width=32"),
            ({"depth": 3, "architecture": "residual:1:two"}, "depth", "3 matrices make no pairs", "even depth"),
            ({"depth": 3, "architecture": "residual:0:two"}, "depth", "3 matrices make no pairs", "even depth"),
            ({"law": "rademacher", "architecture": "layernorm"}, "law", "'rademacher' has atoms", "law='normal'"),
            ({"law": SPARSE, "architecture": "batchnorm:4"}, "law", "'sparse' has atoms", "law='normal'"),
            ({"width": 2, "architecture": "layernorm"}, "width", "fewer than three", "at least 3"),
            ({"width": 1, "architecture": "layernorm"}, "width", "fewer than three", "at least 3"),
            ({"widths": (4, 2, 4), "architecture": "layernorm"}, "widths", "fewer than three", "at least 3"),
            ({"widths": (4, 4, 1), "architecture": "layernorm"}, "widths", "fewer than three", "at least 3"),
            ({"input": "ones", "architecture": "batchnorm:4"}, "input", "drawn with the network", "leave it out"),
            ({"input": "e1", "architecture": "batchnorm:B"}, "input", "drawn with the network", "leave it out"),
        ],
    )
    def test_name_what_does_not_fit(
        self, changes: dict[str, Any], argument: str, shown: str, remedy: str, refusal: Any
    ) -> None:
        with refusal(argument, shown, remedy):
            RELU.at(**changes)
        plain = {name: value for name, value in changes.items() if name != "architecture"}
        assert RELU.at(**plain).architecture.is_plain

    @pytest.mark.parametrize(
        "changes",
        [
            {"widths": (2, 3, 3), "architecture": "layernorm"},  # the input is not standardized
            {"widths": ("n", 3), "architecture": "layernorm"},
            {"widths": (3, 1), "architecture": "batchnorm:4"},
            {"width": 1, "architecture": "batchnorm:4"},
            {"width": 1, "architecture": "residual:1"},
            {"widths": (3, 3, 3), "architecture": "residual:1:two"},
            {"depth": 3, "architecture": "residual:1"},
            {"law": "rademacher", "architecture": "residual:1"},
            {"law": SPARSE, "architecture": "residual:1:two"},
            {"law": "symmetric", "architecture": "layernorm"},
            {"input": "ones", "architecture": "layernorm"},
            {"init": "orthogonal", "architecture": "residual:1"},
            {"init": "pytorch", "architecture": "batchnorm:4"},
        ],
    )
    def test_are_not_made_of_what_fits(self, changes: dict[str, Any]) -> None:
        assert not RELU.at(**changes).architecture.is_plain

    @pytest.mark.parametrize("text", TEXTS[1:])
    @pytest.mark.parametrize("change", [{"depth": 5}, {"width": 5}, {"activation": "linear"}, {"init": "2"}])
    def test_are_the_same_whether_an_ensemble_is_made_or_changed(self, text: str, change: dict[str, Any]) -> None:
        parts = {"width": 4, "depth": 4, "activation": "relu", "architecture": text}
        results = []
        for make in (lambda: Ensemble(**(parts | change)), lambda: Ensemble(**parts).at(**change)):
            try:
                results.append(make())
            except ValueError as error:
                results.append(str(error))
        assert results[0] == results[1]


class TestAt:
    def test_a_branch_of_one_matrix_follows_the_activation(self) -> None:
        wired = LINEAR.at(architecture="residual:1/3")
        assert wired.architecture.branch == "linear"
        for activation in ("relu", "leaky:1/4"):
            other = wired.at(activation=activation)
            assert other.architecture == Architecture("residual", Fraction(1, 3), "relu")
            assert other.at(activation="linear") == wired
        assert wired.at(activation="relu", init="he") == RELU.at(architecture="residual:1/3:relu")

    @pytest.mark.parametrize("text", ["plain", "residual:0:two", "residual:1/L:two", "layernorm", "batchnorm:8"])
    def test_others_stay(self, text: str) -> None:
        wired = LINEAR.at(architecture=text)
        assert wired.at(activation="relu").architecture == wired.architecture
        assert wired.at(activation="relu").at(activation="linear") == wired

    @pytest.mark.parametrize("text", TEXTS)
    def test_it_stays_whatever_else_is_changed(self, text: str) -> None:
        wired = RELU.at(architecture=text)
        for change in ({"width": 8}, {"depth": 8}, {"init": "3"}, {"law": "uniform"}, {"readout": "signs"}):
            assert wired.at(**change).architecture == wired.architecture
        assert wired.at(architecture="plain") == RELU


class TestPlain:
    @pytest.mark.parametrize("text", TEXTS)
    def test_is_the_same_ensemble_but_for_its_architecture(self, text: str) -> None:
        net = RELU.at(law="uniform", readout="signs", width=4, depth=6)
        wired = net.at(architecture=text)
        assert wired.plain == net
        assert (wired.plain is wired) == (text == "plain")
        assert wired.architecture.is_plain == (text == "plain")

    @pytest.mark.parametrize("text", TEXTS[1:])
    def test_is_asked_for_in_one_line_that_says_who_and_what(self, text: str, refusal: Any) -> None:
        problem = f"the law of log|a_k|^2 is known for plain networks only, got '{text}'"
        with refusal("architecture", problem, "use architecture='plain'"):
            RELU.at(architecture=text).require_plain("the law of log|a_k|^2")

    def test_is_the_default(self) -> None:
        RELU.require_plain("anyone")
        assert Architecture("plain") == LINEAR.architecture == RELU.at(architecture="plain").architecture


class TestSymbols:
    @pytest.mark.parametrize(
        ("text", "symbols"),
        [
            ("plain", ("n", "L")),
            ("layernorm", ("n", "L")),
            ("batchnorm:16", ("n", "L")),
            ("batchnorm:B", ("n", "L", "B")),
            ("residual:2", ("n", "L")),
            ("residual:1/sqrt(L)", ("n", "L")),
            ("residual:1/L:two", ("n", "L")),
            ("residual:alpha", ("n", "L", "alpha")),
            ("residual:alpha:two", ("n", "L", "alpha")),
        ],
    )
    def test_are_those_of_the_sizes_and_of_the_architecture(self, text: str, symbols: tuple[str, ...]) -> None:
        assert RELU.at(architecture=text).symbols == symbols

    @pytest.mark.parametrize(("text", "symbol"), [("residual:alpha", "alpha"), ("batchnorm:B", "B")])
    def test_are_refused_where_numbers_are_needed(self, text: str, symbol: str, refusal: Any) -> None:
        net = Ensemble(width=4, depth=4, activation="relu", architecture=text)
        with refusal("architecture", f"variance needs a number, got the symbol '{symbol}'", "'residual:1/2'"):
            net.variance(1)
        with refusal("architecture", f"simulate needs a number, got the symbol '{symbol}'", "'batchnorm:16'"):
            net.require_numbers("simulate")

    @pytest.mark.parametrize("text", ["residual:1/sqrt(L)", "residual:1/L:two", "batchnorm:16", "layernorm"])
    def test_are_not_the_depth_that_a_scale_names(self, text: str) -> None:
        Ensemble(width=4, depth=4, activation="relu", architecture=text).require_numbers("simulate")

    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"architecture": "residual:n"}, "n"),
            ({"architecture": "batchnorm:n"}, "n"),
            ({"activation": "leaky:s", "architecture": "residual:s"}, "s"),
            ({"init": "variance:v", "architecture": "batchnorm:v"}, "v"),
            ({"law": "symmetric", "architecture": "residual:K"}, "K"),
            ({"law": "symmetric", "architecture": "batchnorm:m6"}, "m6"),
            ({"architecture": "residual:beta"}, "beta"),
            ({"architecture": "residual:norm_x"}, "norm_x"),
            ({"architecture": "batchnorm:norm4_x"}, "norm4_x"),
        ],
    )
    def test_stand_for_one_thing_each(self, changes: dict[str, Any], name: str, refusal: Any) -> None:
        with refusal("architecture", f"'{name}' already names", "choose another name"):
            RELU.at(**changes)

    def test_a_layer_cannot_have_the_name_of_a_scale(self, refusal: Any) -> None:
        with refusal("layer", "'alpha' already names another part"):
            RELU.at(architecture="residual:alpha").width_at("alpha")


class TestProperties:
    @pytest.mark.parametrize(
        ("text", "matrices"), [("plain", 1), ("layernorm", 1), ("residual:1", 1), ("residual:1:two", 2)]
    )
    def test_matrices_a_branch(self, text: str, matrices: int) -> None:
        assert Architecture.parse(text, "relu").matrices_a_branch == matrices

    @pytest.mark.parametrize(
        ("text", "law", "can_die"),
        [
            ("plain", "normal", True),
            ("batchnorm:8", "normal", True),  # the first input of a batch may be off in all units
            ("layernorm", "normal", False),
            ("residual:1", "uniform", False),
            ("residual:1/L:two", "normal", False),
            ("residual:1", "rademacher", True),  # 1 - 1 is 0
        ],
    )
    def test_a_layer_can_die_where_nothing_holds_it_up(self, text: str, law: str, can_die: bool) -> None:
        assert RELU.at(law=law, architecture=text).can_die == can_die


DIGESTS = [
    (
        LINEAR,
        "width=n depth=L activation=linear init=xavier law=normal readout=random",
        "38b6c9d0fe204aaff2fcc39cd43df5de9bad78b64ee9ea94efe6b932e4166528",
    ),
    (
        RELU.at(width=32, depth=64),
        "width=32 depth=64 activation=relu init=he law=normal readout=random",
        "150665c1148b8e6bd2377088d72ac2094b1b9c73a689f7a94adc0a34506e80b4",
    ),
    (
        Ensemble(widths=(784, 100, 10), activation="leaky:1/4", law="uniform", readout="signs", input="ones"),
        "widths=784,100,10 activation=leaky:1/4 init=xavier law=uniform readout=signs input=ones",
        "0646efa6e5cea396ba7801d3b2fdfc3acde5eac51cfc7d3e901275a10df27c66",
    ),
    (
        Ensemble(width=2, depth=2, init="pytorch", readout=(1, "1/2"), input=(0, 3)),
        "width=2 depth=2 activation=linear init=pytorch law=uniform readout=1,1/2 input=0,3",
        "225307756c4ef9bd4c864c66d9c627e9dbd58fe2ea1b1271e38e3982026005c0",
    ),
    (
        LINEAR.at(depth=3, activation="leaky:s", init="variance:v", law="symmetric", readout="ones", input="e1"),
        "width=n depth=3 activation=leaky:s init=variance:v law=symmetric readout=ones input=e1",
        "2dbc63076b326afb2d7b3814f0f6e6bb6e77e95e0cb2d48cefa9f7d5bd55865a",
    ),
    (
        RELU.at(width=8, init="orthogonal"),
        "width=8 depth=L activation=relu init=orthogonal law=normal readout=random",
        "83e2e5c531e518a3ed72ed2e9f73abb0e89293a882a36dc12a27c07a9d9ebeef",
    ),
    (
        Ensemble(width=4, depth=5, init="1/3", law=SPARSE),
        "width=4 depth=5 activation=linear init=1/3 law=sparse readout=random",
        "008891fbae87702858756f1c743250fb97e62351bcf49f4780575821576a8b18",
    ),
]


class TestDescription:
    @pytest.mark.parametrize(("net", "text", "digest"), DIGESTS, ids=[text for _, text, _ in DIGESTS])
    def test_of_plain_ensembles_is_what_it_was_without_architectures(
        self, net: Ensemble, text: str, digest: str
    ) -> None:
        """Literally: streams are named by digests, and stored runs by both."""
        assert (net.describe(), net.digest()) == (text, digest)
        assert (net.at(architecture="plain").describe(), net.at(architecture="plain").digest()) == (text, digest)

    @pytest.mark.parametrize("text", TEXTS[1:])
    def test_ends_with_the_architecture(self, text: str) -> None:
        assert RELU.at(architecture=text).describe() == f"{RELU.describe()} architecture={text}"

    def test_tells_architectures_apart(self) -> None:
        texts = [*TEXTS, "residual:1", "residual:1:two", "residual:alpha", "batchnorm:17", "batchnorm:B"]
        nets = [RELU.at(architecture=text) for text in texts]
        assert len({net.digest() for net in nets}) == len({net.describe() for net in nets}) == len(set(nets))
        assert len(set(nets)) == len(texts)

    @given(architectures(), architectures())
    def test_is_equal_where_architectures_are(
        self, one: tuple[Architecture, str], other: tuple[Architecture, str]
    ) -> None:
        first, second = (RELU.at(activation="leaky:1/4", architecture=a.describe()) for a, _ in (one, other))
        assert (first == second) == (first.digest() == second.digest()) == (first.describe() == second.describe())
        assert (first == second) == (first.architecture == second.architecture)
