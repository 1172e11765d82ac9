"""The sizes for which a claim is made, and the order in which they are tried: the smallest first."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from proofs_check.claims.arithmetic import read_formula
from theory.ensembles import InvalidArgument

LADDER = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""The sizes that are tried where trying all would take too long."""
SPARSE = (1, 2, 4, 8, 16, 32, 64)
"""Those of them that are tried first where each takes long."""
_WIDE = (1, 2, 3, 8, 64, 512, 4096)
"""The values of each of many sizes."""
LARGEST = 64
FAR = (128, 256, 512, 1024, 2048, 4096)
"""Where a claim is made from some size on, these are tried, too."""
_EXAMPLE = "use e.g. --for n=1..64,L=1..64 or --for 'n>=12' or --for L=beta*n"
_MOST = 100_000
_MOST_POINTS = 30_000

Point = Mapping[sp.Symbol, sp.Expr]
"""Numbers for letters."""


@dataclass(frozen=True)
class Range:
    """The values of one letter.

    Parameters
    ----------
    values : tuple of int
        The values, increasing.
    given : bool
        Whether the user named them; otherwise they stand for all positive integers.
    unbounded : bool
        Whether the claim is made for all values from the first on.
    """

    values: tuple[int, ...]
    given: bool = False
    unbounded: bool = False

    @property
    def text(self) -> str:
        """The values in words.

        >>> Range((1, 2, 3)).text, Range((2, 4, 8)).text, Range(tuple(2**k for k in range(9))).text
        ('1..3', '2, 4, 8', '1, 2, 4, 8 and more, 9 values up to 256')
        """
        first, last = self.values[0], self.values[-1]
        if len(self.values) == 1:
            return str(first)
        if last - first == len(self.values) - 1:
            return f"{first}..{last}"
        if len(self.values) <= 8:
            return ", ".join(map(str, self.values))
        return f"{', '.join(map(str, self.values[:4]))} and more, {len(self.values)} values up to {last}"


@dataclass(frozen=True)
class Domain:
    """The values of the letters, and a path along which some of them go.

    Parameters
    ----------
    ranges : mapping of Symbol to Range
        The values of the sizes.
    path : mapping of Symbol to sympy.Expr
        A size as a formula of others, such as L = beta*n.
    layers : tuple of Symbol
        Letters of layers, in the order of the layers: 1 <= j < k <= depth.
    fixed : mapping of Symbol to int
        The sizes that are numbers in the ensemble.
    """

    ranges: Mapping[sp.Symbol, Range]
    path: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)
    layers: tuple[sp.Symbol, ...] = ()
    fixed: Mapping[sp.Symbol, int] = field(default_factory=dict)

    @property
    def is_given(self) -> bool:
        """Whether the user named a range."""
        return any(r.given for r in self.ranges.values()) or bool(self.path)

    def points(
        self,
        depth: sp.Expr,
        *,
        all_sizes: bool = True,
        idle: Iterable[sp.Symbol] = (),
        all_layers: bool = False,
        least: int = 1,
    ) -> list[dict[sp.Symbol, sp.Expr]]:
        """Return the sizes, the smallest sum first, then the smallest first letter.

        Parameters
        ----------
        depth : sympy.Expr
            The depth, a letter or a number, which the letters of layers do not exceed.
        all_sizes : bool
            Whether all are returned, or those on a ladder only (ranges that the user gave in full are thinned, too).
        idle : iterable of Symbol
            The sizes that do not matter: each has one value.
        all_layers : bool
            Whether each size comes with all layers, or with the first and last ones and one between.
        least : int
            The least value of a size that does not matter, if there is one.
        """
        letters = sorted(self.ranges, key=lambda letter: (letter == depth, str(letter)))
        columns, _ = self._columns(letters, depth, all_sizes, tuple(idle), least)
        sizes = set(itertools.product(*columns))
        if all_sizes and not self.is_given and len(letters) <= 2:  # what holds at small sizes may fail far out
            far = [(*LADDER, *FAR) if letter not in idle else column
                   for letter, column in zip(letters, columns, strict=True)]  # fmt: skip
            sizes |= set(itertools.product(*far))
        return self.with_layers(
            [dict(zip(letters, map(sp.Integer, values), strict=True)) for values in sizes], depth, all_layers=all_layers
        )

    def with_layers(
        self, sizes: Iterable[Point], depth: sp.Expr, *, all_layers: bool = False
    ) -> list[dict[sp.Symbol, sp.Expr]]:
        """Return sizes with layers and what is fixed, the smallest sum first, then the smallest first letter.

        Parameters
        ----------
        sizes : iterable of mapping
            Numbers for the letters of sizes.
        depth, all_layers
            As for :meth:`points`.
        """
        letters = sorted(self.ranges, key=lambda letter: (letter == depth, str(letter)))
        fixed = {letter: sp.Integer(value) for letter, value in self.fixed.items()}
        out: list[dict[sp.Symbol, sp.Expr]] = []
        for size in sizes:
            point = {letter: size[letter] for letter in letters} | fixed
            out.extend({**point, **layers} for layers in self._layers(point, depth, all_layers))

        def smallest_first(point: Point) -> tuple[int, list[int]]:
            numbers = [int(point[letter]) for letter in letters]
            return sum(numbers), numbers

        return sorted(out, key=smallest_first)

    def is_thinned(self, depth: sp.Expr, idle: Iterable[sp.Symbol] = ()) -> bool:
        """Whether there are so many sizes that :meth:`points` leaves some out.

        Parameters
        ----------
        depth, idle
            As for :meth:`points`.
        """
        return self._columns(list(self.ranges), depth, True, tuple(idle), 1)[1]

    def _columns(
        self, letters: Sequence[sp.Symbol], depth: sp.Expr, all_sizes: bool, idle: tuple[sp.Symbol, ...], least: int
    ) -> tuple[list[Sequence[int]], bool]:
        """Return the values of each size, and whether some were left out."""
        columns: list[Sequence[int]] = [self._values(self.ranges[letter], all_sizes) for letter in letters]
        thinned = False
        if all_sizes and not self.is_given and len(letters) > 2:
            columns, thinned = [_WIDE] * len(letters), True
        for place, letter in enumerate(letters):
            if letter in idle:
                kept = next((value for value in columns[place] if value >= least), columns[place][-1])
                columns[place] = (kept,)
        for ladder in (LADDER, SPARSE, (1, 2, 4, 16), (1, 2)):  # many letters have too many combinations
            if math.prod(map(len, columns)) <= _MOST_POINTS:
                break
            columns, thinned = [_thinned(column, ladder) for column in columns], True
        return columns, thinned

    def _values(self, values: Range, all_sizes: bool) -> Sequence[int]:
        if all_sizes:
            return values.values
        return _thinned(values.values, (*LADDER, *FAR))

    def _layers(self, point: Point, depth: sp.Expr, all_layers: bool) -> Iterator[dict[sp.Symbol, sp.Expr]]:
        last = depth.xreplace(dict(point))
        if not self.layers:
            yield {}
            return
        if not last.is_Integer:
            return
        every = range(1, int(last) + 1)
        ends = {1, 2, int(last) // 2, int(last) - 1, int(last)}
        chosen = every if all_layers else sorted(k for k in ends if k in every)
        for layers in itertools.combinations(chosen, len(self.layers)):
            yield {letter: sp.Integer(k) for letter, k in zip(self.layers, layers, strict=True)}

    def layers_of(self, last: int) -> int:
        """Return how many layers, or sets of them, a network of a given depth has.

        Parameters
        ----------
        last : int
            The depth.
        """
        return math.comb(last, len(self.layers))

    @property
    def least(self) -> dict[sp.Symbol, int]:
        """The least value of each size."""
        return {letter: values.values[0] for letter, values in self.ranges.items()} | dict(self.fixed)

    @property
    def path_letters(self) -> set[sp.Symbol]:
        """The letters on which the sizes along the path depend."""
        return {letter for formula in self.path.values() for letter in formula.free_symbols}

    def is_endless(self, letter: sp.Symbol) -> bool:
        """Whether a size stands for infinitely many."""
        return letter in self.ranges and (not self.ranges[letter].given or self.ranges[letter].unbounded)

    def size(self) -> int:
        """Return how many sizes there are, layers not counted."""
        total = 1
        for values in self.ranges.values():
            total *= len(values.values)
        return total

    @property
    def text(self) -> str:
        """The domain in words, as far as the user gave it."""
        parts = [f"{letter} >= {r.values[0]}" if r.unbounded else f"{letter} = {r.text}"
                 for letter, r in self.ranges.items() if r.given]  # fmt: skip
        parts += [f"{letter} = {formula}" for letter, formula in self.path.items()]
        return ", ".join(parts)


def _thinned(values: Sequence[int], ladder: Sequence[int]) -> list[int]:
    """Return the values on a ladder, and both ends."""
    return sorted({values[0], *(value for value in values if value in ladder), values[-1]})


def read_domain(
    texts: str | Iterable[str] | Mapping[str, Any] | None,
    sizes: Sequence[sp.Symbol],
    layers: Sequence[sp.Symbol],
    known: Mapping[str, sp.Expr],
    fixed: Mapping[sp.Symbol, int] | None = None,
) -> Domain:
    """Read the sizes for which a claim is made.

    Parameters
    ----------
    texts : str, list of str, mapping or None
        Such as ``n=1..64,L=1..64``, ``n>=12``, ``n=2,4,8`` or ``L=beta*n``; by default all sizes.
    sizes : sequence of Symbol
        The letters that are sizes.
    layers : sequence of Symbol
        The letters that are layers.
    known : mapping of str to sympy.Expr
        What the letters of the claim stand for.
    fixed : mapping of Symbol to int, optional
        The sizes that are numbers in the ensemble.

    Raises
    ------
    InvalidArgument
        If a range is empty, cannot be read, or is that of another letter.

    Examples
    --------
    >>> n, L = sp.symbols("n L", integer=True, positive=True)
    >>> read_domain("n=2..4, L=1,8", [n, L], [], {"n": n, "L": L}).text
    'n = 2..4, L = 1, 8'
    """
    ranges = {letter: Range(tuple(range(1, LARGEST + 1))) for letter in sizes}
    path: dict[sp.Symbol, sp.Expr] = {}
    by_name = {str(letter): letter for letter in sizes}
    for name, sign, value in parts_of(texts):
        letter = by_name.get(name)
        if letter is None:
            raise _unknown(name, by_name, layers, fixed or {})
        if letter in path or ranges[letter].given:
            raise InvalidArgument("for", f"{name} is given twice", "give it once")
        if sign == "=" and re.search(r"[A-Za-z]", value):
            path[letter] = _path(name, value, by_name, known)
        else:
            ranges[letter] = _range(name, sign, value)
    for letter in path:
        del ranges[letter]
    return Domain(ranges, path, tuple(sorted(layers, key=str)), fixed or {})


def parts_of(texts: Any) -> Iterator[tuple[str, str, str]]:
    """Take the text of a domain apart: a letter, a sign and its values as text, one after the other.

    Parameters
    ----------
    texts : str, list of str, mapping or None
        As for :func:`read_domain`.

    Raises
    ------
    InvalidArgument
        If a part cannot be read.

    Examples
    --------
    >>> list(parts_of("n=1..4, alpha=1/2,1"))
    [('n', '=', '1..4'), ('alpha', '=', '1/2,1')]
    """
    if texts is None:
        return
    if isinstance(texts, Mapping):
        texts = [f"{name}={_as_text(value)}" for name, value in texts.items()]
    parts = [texts] if isinstance(texts, str) else list(texts)
    for text in parts:
        for item in re.split(r",(?=\s*[A-Za-z_]\w*\s*(?:>=|<=|=|>|<))|\s+and\s+", text):
            match = re.fullmatch(r"\s*([A-Za-z_]\w*)\s*(==|>=|<=|=|>|<|≥|≤)\s*(.+?)\s*", item)
            if match is None:
                raise InvalidArgument("for", f"{item.strip()!r} cannot be read", _EXAMPLE)
            name, sign, value = match.groups()
            yield name, {"==": "=", "≥": ">=", "≤": "<="}.get(sign, sign), value


def _as_text(value: Any) -> str:
    if isinstance(value, range):
        value = list(value)
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _unknown(
    name: str, by_name: Mapping[str, sp.Symbol], layers: Sequence[sp.Symbol], fixed: Mapping[sp.Symbol, int]
) -> InvalidArgument:
    if name in map(str, layers):
        return InvalidArgument("for", f"{name} is a layer, which goes through the network", "give sizes: n, L")
    for letter, value in fixed.items():
        if str(letter) == name:
            return InvalidArgument("for", f"{name} is {value} in this ensemble", "leave one of the two out")
    return InvalidArgument("for", f"{name!r} is no size of this claim", f"known are {', '.join(by_name) or 'none'}")


def _path(name: str, value: str, by_name: Mapping[str, sp.Symbol], known: Mapping[str, sp.Expr]) -> sp.Expr:
    try:
        formula = read_formula(value, known)
    except InvalidArgument as bad:
        raise InvalidArgument("for", f"{name}={value}: {bad.problem}", _EXAMPLE) from None
    if by_name[name] in formula.free_symbols or not formula.free_symbols & set(by_name.values()):
        raise InvalidArgument("for", f"{name}={value} is no path along another size", "use e.g. --for L=beta*n")
    far = formula.subs({letter: 10**6 if letter in by_name.values() else 1 for letter in formula.free_symbols})
    if not (far.is_extended_real and far >= 1):
        raise InvalidArgument("for", f"{name}={value} is no size: it is {far} at 10^6", "use e.g. --for L=beta*n")
    return formula


def _range(name: str, sign: str, text: str) -> Range:
    match = re.fullmatch(r"(\d+)\s*(?:\.\.\.?|-|…)\s*(\d+)", text)
    if match:
        first, last = int(match[1]), int(match[2])
        if sign != "=":
            raise InvalidArgument("for", f"{name}{sign}{text} cannot be read", _EXAMPLE)
        if last - first > _MOST:
            raise InvalidArgument("for", f"{name}={text} has more than {_MOST} values", "use a shorter range")
        values: tuple[int, ...] = tuple(range(first, last + 1))
    else:
        try:
            values = tuple(sorted({int(part) for part in text.split(",")}))
        except ValueError:
            raise InvalidArgument("for", f"{name}{sign}{text} cannot be read", _EXAMPLE) from None
        if sign != "=":
            return _half_line(name, sign, values, text)
    if not values:
        raise InvalidArgument("for", f"{name}={text} has no value", "put the smaller end first, as in n=1..64")
    if values[0] < 1:
        raise InvalidArgument("for", f"sizes start at 1, got {name}={text}", "use e.g. n=1..64")
    return Range(values, given=True)


def _half_line(name: str, sign: str, values: tuple[int, ...], text: str) -> Range:
    if len(values) != 1:
        raise InvalidArgument("for", f"{name}{sign}{text} cannot be read", _EXAMPLE)
    bound = values[0]
    if sign in (">=", ">"):
        first = max(1, bound + (sign == ">"))
        near = range(first, first + LARGEST)
        return Range((*near, *(far for far in FAR if far > near[-1])), given=True, unbounded=True)
    last = bound - (sign == "<")
    if last < 1:
        raise InvalidArgument("for", f"{name}{sign}{text} has no value", "sizes start at 1")
    return Range(tuple(range(1, last + 1)), given=True)
