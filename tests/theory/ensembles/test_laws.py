"""Laws of one weight entry: their moments against sums and integrals done here, and what is no symmetric law."""

import math
import pickle
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from theory.ensembles import Law
from theory.ensembles.laws import parse_law

Table = dict[Fraction, Fraction]

ratios = st.sampled_from(sorted({Fraction(p, q) for p in range(1, 9) for q in range(1, 7)}))  # st.fractions is slow


def mirrored(masses: dict[Fraction, int]) -> Table:
    """The symmetric law with these masses, before they are divided by their sum, at each value and its negative."""
    table = {sign * value: mass for value, mass in masses.items() for sign in (-1, 1)}
    return {value: Fraction(mass, sum(table.values())) for value, mass in table.items()}


symmetric_tables = (
    st.dictionaries(ratios | st.just(Fraction(0)), st.integers(1, 9), min_size=1, max_size=4).filter(any).map(mirrored)
)


def mean_power(table: Table, order: int) -> Fraction:
    return sum((p * value**order for value, p in table.items()), Fraction(0))


def double_factorial(m: int) -> int:
    """E g^(2m) of a standard normal g: the number of pairings of 2m things."""
    return math.factorial(2 * m) // (2**m * math.factorial(m))


def sampler(rng: Any, shape: tuple[int, ...]) -> Any:
    return rng.standard_normal(shape)


class TestMoments:
    @given(symmetric_tables, st.integers(0, 10))
    def test_of_a_discrete_law_are_sums_over_its_standardized_values(self, table: Table, order: int) -> None:
        law = Law.discrete(table)
        assert law.variance == mean_power(table, 2)
        assert law.moment(order) == (
            0 if order % 2 else mean_power(table, order) / mean_power(table, 2) ** (order // 2)
        )

    @given(symmetric_tables, ratios, st.integers(0, 4))
    def test_of_a_discrete_law_do_not_feel_its_scale(self, table: Table, scale: Fraction, m: int) -> None:
        scaled = Law.discrete({scale * value: p for value, p in table.items()})
        assert scaled.moment(2 * m) == Law.discrete(table).moment(2 * m)

    @pytest.mark.parametrize("order", [0, 1, 2, 3, 4, 6, 8, 10])
    @pytest.mark.parametrize("name", ["normal", "uniform"])
    def test_of_a_continuous_law_are_integrals_of_its_density(self, name: str, order: int) -> None:
        w = sp.Symbol("w", real=True)
        density, edge = {
            "normal": (sp.exp(-(w**2) / 2) / sp.sqrt(2 * sp.pi), sp.oo),
            "uniform": (1 / (2 * sp.sqrt(3)), sp.sqrt(3)),
        }[name]
        assert Law.named(name).moment(order) == Fraction(str(sp.integrate(w**order * density, (w, -edge, edge))))

    @pytest.mark.parametrize("order", range(12))
    def test_of_rademacher_are_those_of_two_equal_atoms(self, order: int) -> None:
        fair_coin = {Fraction(-1): Fraction(1, 2), Fraction(1): Fraction(1, 2)}
        assert dict(Law.named("rademacher").atoms) == fair_coin
        assert Law.named("rademacher").moment(order) == mean_power(fair_coin, order)

    def test_of_the_symmetric_law_are_symbols_from_order_four_on(self) -> None:
        assert [Law.named("symmetric").moment(k) for k in range(9)] == [1, 0, 1, 0, "K", 0, "m6", 0, "m8"]

    @pytest.mark.parametrize("name", ["normal", "uniform", "rademacher", "symmetric"])
    def test_of_order_four_are_the_kurtosis(self, name: str) -> None:
        assert Law.named(name).kurtosis == Law.named(name).moment(4)

    @pytest.mark.parametrize("law", [Law.named("normal"), Law.from_moments("own", {2: 1, 4: 2})])
    @pytest.mark.parametrize("order", [-2, -1, 2.0, 2.5, True, "4", None])
    def test_have_whole_orders(self, law: Law, order: Any, refusal: Any) -> None:
        with refusal("order", order, "2, 4, 6"):
            law.moment(order)


class TestDiscreteLaws:
    @given(symmetric_tables, st.randoms())
    def test_are_equal_in_any_order_and_notation(self, table: Table, random: Any) -> None:
        items = [(str(value), str(p)) for value, p in table.items()]
        random.shuffle(items)
        law, same = Law.discrete(table), Law.discrete(dict(items))
        assert law == same == pickle.loads(pickle.dumps(law))
        assert hash(law) == hash(same)
        assert law.describe() == same.describe()
        assert law.has_atoms

    @given(symmetric_tables, st.data())
    def test_with_unequal_masses_are_refused(self, table: Table, data: st.DataObject) -> None:
        value = data.draw(st.sampled_from([v for v in table if v]))
        moved = table[value] / data.draw(st.integers(2, 5))
        skewed = {**table, value: table[value] - moved, -value: table[-value] + moved}
        with pytest.raises(ValueError, match=r"law: 'discrete' is not symmetric about 0: P\(.*same probability"):
            Law.discrete(skewed)

    @given(symmetric_tables, ratios)
    def test_shifted_are_refused(self, table: Table, shift: Fraction) -> None:
        with pytest.raises(ValueError, match="is not symmetric about 0"):
            Law.discrete({value + shift: p for value, p in table.items()})

    @pytest.mark.parametrize(
        ("table", "shown", "remedy"),
        [
            ({1: 1}, "P(1) = 1, P(-1) = 0", "same probability"),
            ({-1: "1/3", 2: "2/3"}, "P(-1) = 1/3, P(1) = 0", "same probability"),
            ({-1: "1/2", 1: "1/4"}, "sum 1, got 1/2, 1/4", "rescale"),
            ({-1: "3/4", 0: "-1/2", 1: "3/4"}, "got 3/4, -1/2, 3/4", "rescale"),
            ({-1: "1/2", 0: 0, 1: "1/2"}, "got 1/2, 0, 1/2", "rescale"),
            ({}, "got none", "rescale"),
            ({0: 1}, "is always 0", "positive variance"),
            ({"one": 1}, "'one' is not a finite exact number", "Fraction"),
            ({-1: math.nan, 1: "1/2"}, "nan", "finite number"),
            ({math.inf: "1/2", -math.inf: "1/2"}, "inf", "finite number"),
            ({-1: "1/2", 1: True}, "True", "finite number"),
        ],
    )
    def test_must_be_symmetric_laws(self, table: dict[Any, Any], shown: str, remedy: str, refusal: Any) -> None:
        with refusal("law", shown, remedy):
            Law.discrete(table)

    def test_add_up_values_written_in_two_ways(self) -> None:
        assert Law.discrete({"1/2": "1/4", 0.5: "1/4", "-0.5": "1/2"}) == Law.discrete({"1/2": "1/2", "-1/2": "1/2"})


class TestLawsByTheirMoments:
    @given(symmetric_tables, st.integers(1, 6))
    def test_scale_mixtures_of_normals_are_accepted_and_standardized(self, table: Table, length: int) -> None:
        raw = {2 * m: double_factorial(m) * mean_power(table, 2 * m) for m in range(1, length + 1)}
        law = Law.from_moments("mixture", raw, sampler)
        assert [law.moment(order) for order in raw] == [raw[k] / raw[2] ** (k // 2) for k in raw]
        assert (law.variance, law.has_atoms, law.sampler) == (1, False, sampler)

    @given(symmetric_tables, st.just(0) | ratios, st.data())
    def test_what_no_continuous_law_has_is_refused(self, table: Table, excess: Fraction, data: st.DataObject) -> None:
        # w^2 on r values is at the boundary from its moment 2r on, 2r - 1 if it can be 0: that moment is the least
        # possible one, and leaves no choice in those after it.
        squares = {value**2 for value in table}
        boundary = 2 * len(squares) - (0 in squares)
        raw = {2 * m: mean_power(table, 2 * m) for m in range(1, boundary + 3)}
        inner = Law.from_moments("inner", {order: raw[order] for order in raw if order < 2 * boundary})
        assert inner.moment(2 * boundary - 2) == raw[2 * boundary - 2] / raw[2] ** (boundary - 1)

        last = data.draw(st.integers(boundary, boundary + 2), label="number of moments")
        raw[2 * data.draw(st.integers(boundary, last), label="changed moment")] -= excess
        with pytest.raises(ValueError, match=r"law: no continuous law has the standardized moments 1, .*Law\.discrete"):
            Law.from_moments("outer", {order: raw[order] for order in raw if order <= 2 * last})

    @pytest.mark.parametrize(
        ("moments", "shown"),
        [
            ({2: 1, 4: "1/2"}, "1, 1/2"),
            ({2: 2, 4: 3}, "1, 3/4"),
            ({2: 1, 4: 2, 6: "7/2"}, "1, 2, 7/2"),  # m6 >= m4^2
            ({2: 1, 4: 1, 6: 2}, "1, 1, 2"),  # K = 1 is a fair coin, whose m6 is 1
            ({2: 1, 4: 1, 6: 1, 8: "1/2"}, "1, 1, 1, 1/2"),
            ({2: 1, 4: 3, 6: -15}, "1, 3, -15"),
        ],
    )
    def test_inequalities_between_moments_hold(self, moments: dict[int, Any], shown: str, refusal: Any) -> None:
        with refusal("law", f"moments {shown} of 'own'", "E w^4 > (E w^2)^2"):
            Law.from_moments("own", moments)

    @pytest.mark.parametrize(
        ("moments", "shown", "remedy"),
        [
            ({1: 1, 2: 2, 4: 9}, "moment of order 1 is 1", "center"),
            ({2: 1, 3: "-1/2", 4: 9}, "moment of order 3 is -1/2", "center"),
            ({4: 3}, "orders [4]", "from 2: 2, 4, 6"),
            ({2: 1, 6: 15}, "orders [2, 6]", "consecutive even orders"),
            ({}, "orders []", "consecutive even orders"),
            ({2: 0, 4: 1}, "variance 0", "positive variance"),
            ({2: -1}, "variance -1", "positive variance"),
            ({2: math.nan}, "nan", "finite number"),
            ({2: "x"}, "'x'", "finite number"),
            ({2.5: 1}, "got 2.5", "use 2, 4, 6"),
            ({"two": 1}, "got 'two'", "use 2, 4, 6"),
            ({-2: 1, 2: 1}, "got -2", "use 2, 4, 6"),
        ],
    )
    def test_must_be_of_even_orders_from_two(
        self, moments: dict[Any, Any], shown: str, remedy: str, refusal: Any
    ) -> None:
        with refusal("law", shown, remedy):
            Law.from_moments("own", moments)

    def test_know_no_more_than_they_were_given(self, refusal: Any) -> None:
        law = Law.from_moments("own", {2: 1, 3: 0, 4: 4})
        assert (law.moment(3), law.moment(5), law.kurtosis) == (0, 0, 4)
        with refusal("law", "moment of order 6 of 'own' is unknown", "Law.from_moments('own', {..., 6: ...})"):
            law.moment(6)

    def test_may_name_the_moments_that_all_symmetric_laws_share(self) -> None:
        assert Law.from_moments("own", {0: 1, 1: 0, 2: 1, 3: "0", 4: 3}) == Law.from_moments("own", {2: 1, 4: 3})

    def test_can_have_many_moments(self) -> None:
        normal = Law.from_moments("normal40", {2 * m: double_factorial(m) for m in range(1, 21)})
        assert normal.moment(40) == Law.named("normal").moment(40)

    def test_must_have_a_sampler_that_can_be_called(self, refusal: Any) -> None:
        with refusal("law", "the sampler of 'own' is not callable", "function of (rng, shape)"):
            Law.from_moments("own", {2: 1}, sampler="normal")  # type: ignore[arg-type]

    def test_are_told_apart_by_name_moments_and_sampler(self) -> None:
        laws = [
            Law.from_moments(name, {2: 1, 4: kurtosis}, draw)
            for name in ("own", "other")
            for kurtosis in (2, 3)
            for draw in (None, sampler, mean_power)
        ]
        assert len(set(laws)) == len({law.describe() for law in laws}) == len(laws)
        assert pickle.loads(pickle.dumps(laws)) == laws


class TestNames:
    @pytest.mark.parametrize(
        ("name", "normal", "atoms", "symbolic"),
        [
            ("normal", True, False, False),
            ("uniform", False, False, False),
            ("rademacher", False, True, False),
            ("symmetric", False, False, True),
        ],
    )
    def test_of_the_built_in_laws(self, name: str, normal: bool, atoms: bool, symbolic: bool) -> None:
        law = parse_law(name)
        assert law == Law.named(name) == parse_law(law)
        assert (law.is_normal, law.has_atoms, law.is_symbolic) == (normal, atoms, symbolic)

    @pytest.mark.parametrize("taken", ["normal", "uniform", "rademacher", "symmetric", ""])
    def test_of_ones_own_laws_are_not_those(self, taken: str, refusal: Any) -> None:
        with refusal("law", f"the name {taken!r} is taken", "choose another"):
            Law.discrete({-1: "1/2", 1: "1/2"}, name=taken)
        with refusal("law", f"the name {taken!r} is taken", "choose another"):
            Law.from_moments(taken, {2: 1})

    @pytest.mark.parametrize(
        ("name", "meant"),
        [("norml", "normal"), ("Uniform", "uniform"), ("radmacher", "rademacher"), ("symetric", "sym")],
    )
    def test_misspelt_are_answered_with_the_nearest(self, name: str, meant: str, refusal: Any) -> None:
        with refusal("law", f"there is no law {name!r}", f"did you mean '{meant}"):
            parse_law(name)

    @pytest.mark.parametrize("value", ["", "zzz", "1/2", "half-normal", 3, 0.5, math.nan, True, ["normal"]])
    def test_of_no_law_are_answered_with_all(self, value: Any, refusal: Any) -> None:
        with refusal("law", repr(value), "normal, uniform, rademacher, truncated-normal, symmetric"):
            parse_law(value)
