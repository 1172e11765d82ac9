"""The two sides of a claim at given sizes: exactly where theory has formulas, in balls where it has numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

import flint
import sympy as sp

from proofs_check.assumptions import Assumption
from proofs_check.claims.derivations import Derived, derive_statistic
from proofs_check.claims.domain import Point
from proofs_check.claims.meaning import Meaning
from proofs_check.claims.number_reader import SECOND_NORM, layer_rank
from proofs_check.claims.random_numbers import Activation, LogCumulant, Statistic
from theory import symbols
from theory.balls import Ball, enclose, less, precision
from theory.ensembles import Ensemble, InvalidArgument
from theory.moments.two_inputs import COSINE

_MOST_EXACT = 1000
"""Values at larger sizes have too many digits."""
NORM, NORM4 = symbols.norm_symbol(2), symbols.norm_symbol(4)


@dataclass
class Sides:
    """The two sides of a claim about the networks of an ensemble.

    Parameters
    ----------
    meaning : Meaning
        The claim.
    net : Ensemble
        The networks.
    """

    meaning: Meaning
    net: Ensemble

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
            if not self._is_ordered(statistic):
                out[letter] = None  # at given sizes the layers have an order
                continue
            try:
                out[letter] = derive_statistic(statistic, self.net)
            except InvalidArgument:
                out[letter] = None
        return out

    @cached_property
    def layer_letters(self) -> list[sp.Symbol]:
        """The letters of layers, in the order of the layers: 1 <= j < k < l <= depth."""
        sizes = {str(size) for size in (*(self.net.widths or (self.net.width,)), self.net.depth)}
        letters = (letter for letter in self.meaning.letters if letter.is_integer and str(letter) not in sizes)
        return sorted(letters, key=str)

    def _is_ordered(self, statistic: Statistic) -> bool:
        """Whether the layers of a statistic, in the order of formulas, increase for all values of their letters."""
        layers = sorted({x for number in statistic.numbers for x in number.layers}, key=self._rank)
        return all(self._least_gap(first, last) >= 0 for first, last in pairwise(layers))

    def _rank(self, layer: sp.Expr) -> tuple[int, str, int]:
        return layer_rank(layer, symbols.whole(self.net.depth))

    def _least_gap(self, first: sp.Expr, last: sp.Expr) -> float:
        """Return the least value of last - first, given 1 <= j < k < l <= depth."""
        gap = sp.expand(last - first)
        if gap.is_Integer:
            return int(gap)
        depth = symbols.whole(self.net.depth)
        places = {letter: place for place, letter in enumerate(self.layer_letters, 1)}
        count = len(places)
        (above,) = last.free_symbols or (None,)
        (below,) = first.free_symbols or (None,)
        shift = int(gap.subs(dict.fromkeys(gap.free_symbols, 0)))
        if below is None:  # from a number to a letter
            return (places[above] if above in places else max(count, 1)) + shift if above is not None else -math.inf
        if above in places and below in places and places[above] > places[below]:
            return places[above] - places[below] + shift
        if above == depth and below in places:
            return count - places[below] + shift
        return -math.inf

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
        named = (net.slope, net.init.value, net.law.kurtosis, net.architecture.symbol)
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
        return tuple(letter for letter in self.parameters if letter in inside)

    def settings(self) -> list[dict[sp.Symbol, sp.Expr]]:
        """Return values for the parameters: the first is tried at all sizes, the others at some.

        Norms of the input depend on the width; see :meth:`completed`.
        """
        out: list[dict[sp.Symbol, sp.Expr]] = [{} for _ in range(5)]
        for letter in self.parameters:
            if letter == NORM4:
                continue  # it follows the width
            if letter == COSINE:
                values = [sp.Rational(1, 2), sp.Rational(-3, 5), sp.S.Zero, sp.S.One, sp.S.NegativeOne]
            elif letter in (NORM, SECOND_NORM):
                values = [sp.S.One, sp.Integer(2), sp.Rational(1, 2), sp.Rational(1, 100), sp.Integer(100)]
            elif str(letter) == "K":
                values = [sp.Rational(9, 5), sp.Integer(6), sp.S.One, sp.Integer(3), sp.Integer(10**7)]
            elif str(letter) == str(self.net.slope):
                values = [sp.Rational(k, 100) for k in (50, 25, 90, 1, 99)]
            else:
                values = [sp.Rational(3, 2), sp.Integer(2), sp.Rational(1, 3), sp.Rational(1, 100), sp.Integer(100)]
            for setting, value in zip(out, values, strict=True):
                setting[letter] = value
        return out if any(out[0]) or NORM4 in self.parameters else out[:1]

    def completed(self, point: Point, setting: Mapping[sp.Symbol, sp.Expr], *, first: bool) -> dict[sp.Symbol, sp.Expr]:
        """Return a point with the parameters' values.

        Parameters
        ----------
        point : mapping
            The sizes.
        setting : mapping
            The parameters.
        first : bool
            Whether the input's entries are all equal; otherwise it has one entry.
        """
        full = {**point, **setting}
        if NORM4 in self.parameters:
            width = symbols.whole(self.net.width_at(0)).xreplace(dict(point))
            norm = full.get(NORM, sp.S.One)
            full[NORM4] = norm * width ** sp.Rational(-1, 4) if first else norm
        return full

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
        if any(abs(value) > _MOST_EXACT for value in point.values()):
            return None
        value = formula.xreplace(dict(point)).doit()
        if value.has(sp.nan, sp.zoo):  # an eigenvalue is 0, or two are equal
            values: dict[Any, sp.Expr] = {}
            for letter in side.free_symbols & set(self.meaning.statistics):
                known = self.known(self.meaning.statistics[letter].at(point), self.network(point)).formula
                if known is None:
                    return None
                values[letter] = known
            value = side.xreplace(values).xreplace(dict(point)).doit()
        return value

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
        asked = self.meaning.statistics[letter].at(point)
        net = self.network(point)
        rest_key = tuple((str(x), value) for x, value in point.items() if not x.is_integer)
        key = (asked, net, (digits, rest_key))
        if key not in self._balls:
            shortcut = self._by_layers(asked, net, digits)
            if shortcut is None:
                rest = {x: enclose(value, digits) for x, value in point.items() if not x.is_integer}
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
                self._numbers[key] = derive_statistic(asked, net)
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
        if isinstance(net.slope, str):
            changes["activation"] = f"leaky:{numbers[net.slope]}"
        if isinstance(net.init.value, str):
            changes["init"] = str(numbers[net.init.value])
        out = net.at(**changes) if changes else net
        norm = point.get(NORM, sp.S.One)
        if norm != 1 or (NORM4 in point and point[NORM4] == norm and out.width_at(0) != 1):
            entry = Fraction(int(norm.p), int(norm.q))
            out = out.at(input=(entry, *[0] * (int(out.width_at(0)) - 1)))
        return out

    def assumed(self) -> tuple[Assumption, ...]:
        """Return what the derivations that were used assume, beside what the ensemble says."""
        used = [known for known in (*self.derived.values(), *self._numbers.values()) if known is not None]
        return tuple(dict.fromkeys(assumption for known in used for assumption in known.assumed))


def _with_infinities(side: sp.Expr, values: Mapping[Any, Ball]) -> Ball:
    """Evaluate a side that is monotone in a quantile of minus infinity: a dead network has norm 0."""
    infinite = [letter for letter, ball in values.items() if not ball.is_finite()]
    slopes = [sp.diff(side, letter) for letter in infinite]
    if len(infinite) == 1 and slopes[0].is_Rational:
        return flint.arb("-inf") if slopes[0] > 0 else flint.arb("inf")
    rest = side.xreplace({sp.exp(letter * c): sp.S.Zero for letter in infinite for c in (sp.S.One, sp.S.Half, 2)})
    if not rest.free_symbols & set(infinite):
        return enclose(rest, 30, values)
    raise InvalidArgument("claim", "this has no value where most networks are dead", "compare the quantile alone")


def holds(relation: str, left: Ball, right: Ball) -> bool | None:
    """Decide a relation between two balls; None where they overlap.

    Parameters
    ----------
    relation : str
        One of =, <=, <, >=, >.
    left, right : flint.arb
        The two sides.

    Examples
    --------
    >>> holds("<=", flint.arb(1), flint.arb(2)), holds("=", flint.arb(1), flint.arb(2))
    (True, False)
    """
    if relation in (">=", ">"):
        left, right = right, left
    below, above = less(left, right), less(right, left)
    if relation == "=":
        return False if below or above else None
    if below:
        return True
    if above:
        return False
    if left.is_exact() and right.is_exact() and left == right:
        return relation in ("<=", ">=")
    return None
