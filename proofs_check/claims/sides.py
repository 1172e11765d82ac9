"""The two sides of a claim at given sizes: exactly where theory has formulas, in balls where it has numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.claims.conditions import Condition, values_at
from proofs_check.claims.derivations import Derived
from proofs_check.claims.domain import Point
from proofs_check.claims.layer_order import is_ordered
from proofs_check.claims.meaning import Meaning
from proofs_check.claims.negative_orders import derive_any_order
from proofs_check.claims.norms import Powers, powers_of_norm
from proofs_check.claims.parameters import (
    LEAST,
    NORM,
    Setting,
    at_unit,
    completed,
    crossed,
    order_of_norm,
    values_of,
)
from proofs_check.claims.positivity import Least
from proofs_check.claims.random_numbers import Activation, LogCumulant, Statistic
from proofs_check.claims.scaling import at_norm_one, by_norm, is_homogeneous
from theory import symbols
from theory.balls import Ball, enclose, precision
from theory.ensembles import Ensemble, InvalidArgument

_MOST_EXACT = 1000
"""Values at larger sizes have too many digits."""
_MOST_TERMS = 100
"""Sums of more terms take SymPy minutes, which no deadline ends."""


@dataclass
class Sides:
    """The two sides of a claim about the networks of an ensemble.

    Parameters
    ----------
    meaning : Meaning
        The claim.
    net : Ensemble
        The networks.
    least : mapping of Symbol to int
        The least values of sizes, where they are not 1: from some width on a moment of negative order is finite.
    """

    meaning: Meaning
    net: Ensemble
    least: Least = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers: dict[tuple[Statistic, Ensemble], Derived | None] = {}
        self._balls: dict[tuple[Statistic, Ensemble, Any], Ball] = {}
        self._formulas: dict[sp.Expr, sp.Expr] = {}
        self._inside: dict[sp.Expr, set[sp.Symbol]] = {}
        self._sums: dict[sp.Expr, bool] = {}

    # --- formulas ---------------------------------------------------------------------------------------------------

    @cached_property
    def derived(self) -> dict[sp.Symbol, Derived | None]:
        """What theory knows of each statistic in letters; None where it knows nothing, or only numbers."""
        out: dict[sp.Symbol, Derived | None] = {}
        for letter, statistic in self.meaning.statistics.items():
            if not is_ordered(statistic, self.layer_letters, symbols.whole(self.net.depth)):
                out[letter] = None  # at given sizes the layers have an order
                continue
            try:
                out[letter] = derive_any_order(statistic, self.net, self.least)
            except InvalidArgument:
                out[letter] = None
        return out

    @cached_property
    def layer_letters(self) -> list[sp.Symbol]:
        """The letters of layers, in the order of the layers: 1 <= j < k < l <= depth."""
        sizes = {str(size) for size in (*(self.net.widths or (self.net.width,)), self.net.depth)}
        letters = (letter for letter in self.meaning.letters if letter.is_integer and str(letter) not in sizes)
        return sorted(letters, key=str)

    @cached_property
    def has_formulas(self) -> bool:
        """Whether each statistic has a formula."""
        return all(known is not None and known.formula is not None for known in self.derived.values())

    def formula(self, side: sp.Expr) -> sp.Expr:
        """Return a side in letters; it must have formulas.

        Parameters
        ----------
        side : sympy.Expr
            The left or the right side.
        """
        if side in self._formulas:
            return self._formulas[side]
        values: dict[sp.Symbol, sp.Expr] = {}
        for letter, known in self.derived.items():
            assert known is not None
            assert known.formula is not None
            values[letter] = known.formula
        whole = side.xreplace(values)
        self._formulas[side] = whole if self.meaning.mentions_input else whole.xreplace({NORM: sp.S.One})
        return self._formulas[side]

    @cached_property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """The letters that are neither sizes nor layers: K, slopes, variances, norms of inputs, a cosine."""
        net = self.net
        kurtosis = net.law.kurtosis if net.law.is_symbolic else None
        named = (net.slope_name, net.init.value, net.bias.value, kurtosis, net.architecture.symbol)
        free = set(self.meaning.letters) | {symbols.number(name) for name in named if isinstance(name, str)}
        if self.has_formulas:
            free |= self.formula(self.meaning.left).free_symbols | self.formula(self.meaning.right).free_symbols
        elif self.meaning.mentions_input and self.net.input is None and self.net.symbols:
            free.add(NORM)
        return tuple(sorted((letter for letter in free if not letter.is_integer), key=str))

    def occurring(self) -> tuple[sp.Symbol, ...]:
        """Return the parameters that occur in the sides; all, where they are no formulas."""
        if not self.has_formulas:
            return self.parameters
        inside = self.formula(self.meaning.left).free_symbols | self.formula(self.meaning.right).free_symbols
        inside |= self.letters_of_conditions
        return tuple(letter for letter in self.parameters if letter in inside)

    @cached_property
    def in_norm(self) -> Powers | None:
        """What must not be negative (in an equation: must be 0), as a sum of powers of |x|; None if it is none."""
        if NORM not in self.parameters or NORM in self.letters_of_conditions:
            return None
        values: dict[sp.Symbol, sp.Expr] = {}
        if not self.has_formulas or any(self.has_sums(side) for side in (self.meaning.left, self.meaning.right)):
            found = {letter: by_norm(statistic, letter) for letter, statistic in self.meaning.statistics.items()}
            values = {letter: formula for letter, formula in found.items() if formula is not None}
            asked = {letter: at_norm_one(statistic, NORM) for letter, statistic in self.meaning.statistics.items()}
            if (
                not is_homogeneous(self.net)
                or len(values) < len(found)
                or any(NORM in x.letters for x in asked.values())
            ):
                return None
            left, right = (side.xreplace(values) for side in (self.meaning.left, self.meaning.right))
        else:
            left, right = self.formula(self.meaning.left), self.formula(self.meaning.right)
        return powers_of_norm(left - right if self.meaning.relation in (">=", ">") else right - left)

    @property
    def is_homogeneous(self) -> bool:
        """Whether the claim is the same for all |x|, as both sides grow by one power of it."""
        return self.in_norm is not None and len(self.in_norm) <= 1

    @property
    def decides_norms(self) -> bool:
        """Whether the claim can be decided for all |x| at once."""
        return self.is_homogeneous or (self.in_norm is not None and self.meaning.relation != "=")

    def varied(self, *, norms: bool = True) -> list[sp.Symbol]:
        """Return the parameters that matter to the claim.

        Parameters
        ----------
        norms : bool
            Whether |x| is one of them; else it is decided apart.
        """
        return [letter for letter in self.occurring() if norms or letter != NORM]

    @property
    def slope_letter(self) -> str:
        """The name of the letter that is a slope, if there is one."""
        return self.net.slope_name or ""

    def settings(self, *, norms: bool = True) -> list[dict[sp.Symbol, sp.Expr]]:
        """Return values for the parameters, crossed; see :func:`completed` for norms of the input.

        Parameters
        ----------
        norms : bool
            As for :meth:`varied`.
        """
        slope = self.slope_letter
        idle = {x: values_of(x, slope)[0] for x in self.parameters if x not in self.occurring()}
        return [{**idle, **setting} for setting in crossed(self.varied(norms=norms), slope, self._fits)]

    def _fits(self, setting: Setting) -> bool:
        """Whether there is an input of this norm whose entries are as equal as the setting says."""
        equal = any(order_of_norm(letter) and value == LEAST for letter, value in setting.items())
        return self.has_formulas or is_homogeneous(self.net) or not equal or setting.get(NORM, sp.S.One) == 1

    def completed(self, point: Point, setting: Setting | None = None) -> dict[sp.Symbol, sp.Expr]:
        """Return a point with the parameters' values.

        Parameters
        ----------
        point : mapping
            The sizes.
        setting : mapping, optional
            The parameters; by default the plainest values.
        """
        setting = self.settings()[0] if setting is None else setting
        return completed(point, setting, symbols.whole(self.net.width_at(0)).xreplace(dict(point)))

    # --- conditions -------------------------------------------------------------------------------------------------

    @cached_property
    def open_conditions(self) -> list[Condition]:
        """What must hold for both sides to have a value, and is not proved for all letters."""
        return self.unproved({})

    @cached_property
    def letters_of_conditions(self) -> set[sp.Symbol]:
        """The letters on which it depends whether both sides have a value."""
        letters = {letter for condition in self.open_conditions for letter in condition.letters}
        return {inner for letter in letters for inner in self._known_part(letter).free_symbols}

    def unproved(self, least: Least) -> list[Condition]:
        """Return what must hold for both sides to have a value, and is not proved.

        Parameters
        ----------
        least : mapping of Symbol to int
            The least values of whole letters, where they are not 1.
        """
        return [condition for condition in self.meaning.conditions if not condition.proved(self._known_part, least)]

    def _known_part(self, side: sp.Expr) -> sp.Expr:
        return self.formula(side) if self.has_formulas else side

    def without_value(self, point: Point, sampled: Mapping[Any, Ball] | None = None) -> str:
        """Return why a side has no value at a point, in words; empty where it has one, as far as is known.

        Parameters
        ----------
        point : mapping
            Numbers for all letters.
        sampled : mapping, optional
            Balls for statistics that theory does not know.
        """
        if not self.open_conditions:
            return ""

        def exact(number: sp.Expr) -> sp.Expr | None:
            value = self._known_part(number).xreplace(dict(point))
            return value if value.is_number else None

        value = values_at(exact, lambda number: self.ball(number, point, 30, sampled))
        return next((problem for one in self.open_conditions if (problem := one.broken(value))), "")

    # --- numbers ----------------------------------------------------------------------------------------------------

    def exact(self, side: sp.Expr, point: Point) -> sp.Expr | None:
        """Return the exact value of a side, where there is a formula and the value has few enough digits.

        Parameters
        ----------
        side : sympy.Expr
            The left or the right side.
        point : mapping
            Numbers for all letters.
        """
        if not self.has_formulas:
            if side.free_symbols & set(self.meaning.statistics):
                return None
            formula = side
        else:
            formula = self.formula(side)
        most = _MOST_TERMS if formula.has(sp.Sum, sp.Product) else _MOST_EXACT
        if any(abs(value) > most for value in point.values()):
            return None
        value = formula.xreplace(dict(point)).doit()
        if value.has(sp.nan, sp.zoo):  # an eigenvalue is 0, or two are equal
            values: dict[Any, sp.Expr] = {}
            for letter in side.free_symbols & set(self.meaning.statistics):
                known = self.known(self.meaning.statistics[letter].at(point), self.network(point)).formula
                if known is None:
                    return None
                values[letter] = known
            value = side.xreplace(values).xreplace({NORM: sp.S.One, **point}).doit()
        return value

    def coefficients(self, point: Point, digits: int, sampled: Mapping[Any, Ball] | None = None) -> list[Ball]:
        """Return balls around the coefficients of :attr:`in_norm`.

        Parameters
        ----------
        point : mapping
            Numbers for all letters but |x|.
        digits : int
            The digits to work with.
        sampled : mapping, optional
            Balls for statistics that theory does not know.
        """
        assert self.in_norm is not None
        return [self._evaluated(side, point, digits, sampled or {}) for side in self.in_norm.values()]

    def ball(self, side: sp.Expr, point: Point, digits: int = 30, sampled: Mapping[Any, Ball] | None = None) -> Ball:
        """Return a ball around a side's value.

        Parameters
        ----------
        side : sympy.Expr
            The left or the right side, or their difference.
        point : mapping
            Numbers for all letters.
        digits : int
            The digits to work with.
        sampled : mapping, optional
            Balls for statistics that theory does not know.

        Raises
        ------
        InvalidArgument
            If theory does not know a statistic there, or the side has no finite value.
        """
        if self.has_formulas and not sampled and not self.has_sums(side):
            try:
                return self._evaluated(self.formula(side), point, digits, {})
            except InvalidArgument:  # eigenvalues may be 0 or equal, where a network of these sizes has a value
                return self._evaluated(side, point, digits, {})
        return self._evaluated(side, point, digits, sampled or {})

    def _evaluated(self, side: sp.Expr, point: Point, digits: int, sampled: Mapping[Any, Ball]) -> Ball:
        values: dict[Any, Ball] = {}
        with precision(digits + 5):
            for letter in self._letters_in(side):
                if letter in point:
                    value = point[letter]
                    values[letter] = flint.arb(int(value)) if value.is_Integer else enclose(value, digits)
                elif letter in sampled:
                    values[letter] = sampled[letter]
                else:
                    values[letter] = self.statistic(letter, point, digits)
        if any(not ball.is_finite() for ball in values.values()):
            if any(not ball.is_finite() and ball.mid().is_finite() for ball in values.values()):
                return flint.arb(0, math.inf)  # nothing is known of it
            return _with_infinities(side, values)
        return enclose(side, digits, values)

    def _letters_in(self, side: sp.Expr) -> set[sp.Symbol]:
        if side not in self._inside:
            self._inside[side] = set(side.free_symbols)
        return self._inside[side]

    def has_sums(self, side: sp.Expr) -> bool:
        """Whether the formula adds over units, which is slower than to enclose the number at given sizes.

        Parameters
        ----------
        side : sympy.Expr
            The left or the right side, which must have a formula.
        """
        if side not in self._sums:
            sums = self.formula(side).has(sp.Sum, sp.polygamma)
            self._sums[side] = bool(sums and side.free_symbols & set(self.meaning.statistics))
        return self._sums[side]

    def statistic(self, letter: sp.Symbol, point: Point, digits: int) -> Ball:
        """Return a ball around a statistic at given sizes.

        Parameters
        ----------
        letter : Symbol
            What stands for it in the sides.
        point : mapping
            Numbers for all letters.
        digits : int
            The digits to work with.
        """
        norm = point.get(NORM, sp.S.One)
        asked = self.meaning.statistics[letter].at(point)
        if norm != 1 and is_homogeneous(self.net) and by_norm(asked, letter) is not None:
            at_one = self._enclosed(at_norm_one(asked, norm), at_unit(point), digits)
            return self.rescaled(letter, at_one, norm, digits)
        return self._enclosed(asked, point, digits)

    def rescaled(self, letter: sp.Symbol, at_one: Ball, norm: sp.Expr, digits: int) -> Ball:
        """Return a ball around a statistic from that for inputs of norm 1.

        Parameters
        ----------
        letter : Symbol
            What stands for it in the sides.
        at_one : flint.arb
            The ball for inputs of norm 1.
        norm : sympy.Expr
            The norm of the input.
        digits : int
            The digits to work with.
        """
        formula = by_norm(self.meaning.statistics[letter], letter)
        assert formula is not None
        if not at_one.is_finite():  # of minus infinity, and of what is not known, there is no multiple
            return at_one
        return enclose(formula, digits, {letter: at_one, NORM: enclose(norm, digits)})

    def _enclosed(self, asked: Statistic, point: Point, digits: int) -> Ball:
        net = self.network(point)
        rest_key = tuple((str(x), value) for x, value in point.items() if not x.is_integer)
        key = (asked, net, (digits, rest_key))
        if key not in self._balls:
            shortcut = self._by_layers(asked, net, digits)
            if shortcut is None:
                rest = {x: enclose(value, digits) for x, value in point.items() if not x.is_integer}
                rest.setdefault(NORM, flint.arb(1))  # that of an input of which the claim does not speak
                shortcut = self.known(asked, net).enclosed(digits, rest)
            self._balls[key] = shortcut
        return self._balls[key]

    def known(self, asked: Statistic, net: Ensemble) -> Derived:
        """Return what theory knows of a statistic at given sizes.

        Parameters
        ----------
        asked : Statistic
            The statistic, without letters.
        net : Ensemble
            The networks, of given sizes.
        """
        key = (asked, net)
        if key not in self._numbers:
            try:
                self._numbers[key] = derive_any_order(asked, net, {})
            except InvalidArgument:
                self._numbers[key] = None
        found = self._numbers[key]
        if found is None:
            raise InvalidArgument("claim", f"theory does not know {asked.text}", "it can only be sampled")
        return found

    def _by_layers(self, asked: Statistic, net: Ensemble, digits: int) -> Ball | None:
        """Return a cumulant of log|a_k|^2 as that of one layer, k times: so each width is computed once."""
        if not (isinstance(asked, LogCumulant) and isinstance(asked.number, Activation) and net.is_constant_width):
            return None
        if not (net.law.is_normal and net.architecture.is_plain and net.has_independent_entries):
            return None
        if net.bias.name != "none":
            return None
        (layer,) = asked.number.layers
        if layer == 1 or net.input not in (None, "e1"):
            return None
        one = LogCumulant(Activation((sp.S.One,)), asked.order)
        shallow = net.at(depth=1)
        key = (one, shallow, digits)
        if key not in self._balls:
            self._balls[key] = self.known(one, shallow).enclosed(digits)
        with precision(digits + 5):
            return self._balls[key] * int(layer)  # |x| = 1, so there is no shift

    def network(self, point: Point) -> Ensemble:
        """Return the networks of given sizes.

        Parameters
        ----------
        point : mapping
            Numbers for the letters; |x| = 2 stands for an input with one entry.
        """
        numbers = {str(letter): value for letter, value in point.items()}
        net, changes = self.net, dict[str, Any]()
        if net.is_constant_width:
            if isinstance(net.width, str):
                changes["width"] = int(numbers[net.width])
        else:
            assert net.widths is not None
            changes["widths"] = tuple(int(numbers[w]) if isinstance(w, str) else w for w in net.widths)
        if isinstance(net.depth, str):
            changes["depth"] = int(numbers[net.depth])
        if net.slope_name is not None:
            changes["activation"] = f"leaky:{numbers[net.slope_name]}"
        if isinstance(net.init.value, str):
            changes["init"] = net.init.at(Fraction(str(numbers[net.init.value])))
        if isinstance(net.bias.value, str):
            changes["bias"] = f"{net.bias.name}:{numbers[net.bias.value]}"
        out = net.at(**changes) if changes else net
        norm = point.get(NORM, sp.S.One)
        single = any(order_of_norm(letter) and value == norm for letter, value in point.items())
        if norm != 1 or (single and out.width_at(0) != 1):
            entry = Fraction(int(norm.p), int(norm.q))
            out = out.at(input=(entry, *[0] * (int(out.width_at(0)) - 1)))
        return out

    def assumed(self) -> tuple[Assumption, ...]:
        """Return what the derivations that were used assume, beside what the ensemble says."""
        used = [known for known in (*self.derived.values(), *self._numbers.values()) if known is not None]
        return tuple(dict.fromkeys(assumption for known in used for assumption in known.assumed))


def _with_infinities(side: sp.Expr, values: Mapping[Any, Ball]) -> Ball:
    """Evaluate a side that is linear in an infinite moment or quantile: a dead network has norm 0."""
    infinite = [letter for letter, ball in values.items() if not ball.is_finite()]
    slopes = [sp.diff(side, letter) for letter in infinite]
    if len(infinite) == 1 and not slopes[0].free_symbols & set(infinite):
        slope = enclose(slopes[0], 30, {x: ball for x, ball in values.items() if x not in infinite})
        if slope > 0 or slope < 0:
            return values[infinite[0]] * (1 if slope > 0 else -1)
    rest = side.xreplace({sp.exp(letter * c): sp.S.Zero for letter in infinite for c in (sp.S.One, sp.S.Half, 2)})
    if not rest.free_symbols & set(infinite):
        return enclose(rest, 30, values)
    raise InvalidArgument("claim", "a mean or a quantile is infinite, and the side has no value", "compare it alone")
