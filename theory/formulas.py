"""Letters of formulas by their names, and what stands in place of them.

The letters of theory's formulas know what they stand for: widths, depths and layers are positive integers, norms and
variances are positive numbers. Without that SymPy could not simplify roots and logarithms. But it takes one's own
``symbols("n")``, which is any complex number, for another letter: ``formula.subs("n", 4)`` leaves the formula as it is,
and a difference of equal formulas is not 0. So letters are called by their names here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import sympy as sp

from theory import symbols
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import is_symbol_name, nearest
from theory.requirements import LONGEST

Formula = TypeVar("Formula", sp.Expr, sp.Matrix, "tuple[sp.Expr, ...]")
"""A SymPy expression, a matrix, or several of them in a tuple."""

_ROLES = (
    ("a positive integer", {"integer": True, "positive": True}),
    ("a positive number", {"positive": True}),
    ("an integer", {"integer": True}),
    ("a real number", {"real": True}),
)
"""What a letter can stand for, and the assumptions that say so."""


class Letters(Mapping[str, sp.Symbol]):
    """Symbols by their names: ``letters.n`` and ``letters["n"]`` are one symbol.

    Parameters
    ----------
    by_name : mapping
        The symbol of each name.

    Examples
    --------
    >>> letters(Ensemble(width="n", depth="L"))
    Letters(n, L, norm_x, beta)
    """

    __slots__ = ("_by_name",)

    def __init__(self, by_name: Mapping[str, sp.Symbol]) -> None:
        self._by_name = dict(by_name)

    def __getitem__(self, name: str) -> sp.Symbol:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __getattr__(self, name: str) -> sp.Symbol:
        if name.startswith("_") or name not in self._by_name:
            raise AttributeError(f"there is no letter {name!r} here; {_nearest(name, self)}")
        return self._by_name[name]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._by_name})

    def __repr__(self) -> str:
        return f"Letters({', '.join(self)})"


def letters(source: Ensemble | Formula) -> Letters:
    """Return the letters of a network's formulas, or of one formula, by their names.

    Parameters
    ----------
    source : Ensemble, SymPy expression, matrix, or tuple of these
        Of a network: its sizes, slope, variance, scale and kurtosis as far as they are names, the norms of its input,
        and ``beta``, the ratio of depth to width in limits. Of a formula: all that it has, among them names of layers
        and moments of higher orders.

    Returns
    -------
    Letters
        A mapping whose names are also attributes.

    Raises
    ------
    InvalidArgument
        If it is neither a network nor a formula, or two letters of one name contradict each other.

    Examples
    --------
    >>> from theory import activation_moment
    >>> net = Ensemble(width="n", depth="L", activation="relu", init="he")
    >>> a = letters(net)
    >>> activation_moment(net, order=4) - a.norm_x**4 * (1 + 5 / a.n) ** a.L
    0
    """
    if isinstance(source, Ensemble):
        return Letters(_letters_of_network(source))
    if not isinstance(source, (sp.Basic, sp.MatrixBase, tuple, list)):
        remedy = "use e.g. Ensemble(width='n', depth='L'), or what activation_moment returns"
        raise InvalidArgument("source", f"must be an Ensemble or a formula, got {source!r:.60}", remedy)
    return Letters(_letters_of_formula(_parts("source", source)))


def at(formula: Formula, /, **values: symbols.Scalar) -> Formula:
    """Return a formula with values in place of letters, which are called by their names.

    Parameters
    ----------
    formula : SymPy expression, matrix, or tuple of these
        What a function of theory returned, or what was made of it. Where it has several letters of one name, such as
        n of theory's and ``symbols("n")`` of one's own, they are taken for one, which keeps what any of them knows.
    **values
        Of each letter: an exact number (an int, a Fraction, ``"3/2"``, or a float with its binary value), the name of
        another letter, or a SymPy expression, whose letters too are those of the formula where the names agree.

    Returns
    -------
    SymPy expression, matrix, or tuple
        The whole formula. Letters without a value remain.

    Raises
    ------
    InvalidArgument
        If the formula has no letter of a name, a value cannot be what its letter stands for, two letters of one name
        contradict each other, the formula has an error term in the letter, an exact power would have too many digits,
        or the formula divides by 0 there.

    Examples
    --------
    >>> from theory import activation_moment
    >>> formula = activation_moment(Ensemble(width="n", depth="L", activation="relu", init="he"), order=4)
    >>> at(formula, n=4, L=2)
    81*norm_x**4/16
    >>> at(formula, L="n")
    norm_x**4*(1 + 5/n)**n
    >>> n, L, x = sp.symbols("n L x")
    >>> at(formula - x**4 * (1 + 5 / n) ** L, x="norm_x")
    0
    """
    parts = _parts("formula", formula)
    known = _letters_of_formula(parts)
    for name in values:
        if name not in known:
            problem = f"the formula has no letter {name!r}"
            raise InvalidArgument(name, problem, _nearest(name, known))
    new = {known[name]: _value(name, value, known) for name, value in values.items()}
    of_one_name = _same_names(parts, known)
    _require_exact(parts, values)
    found = []
    for part in parts:
        whole = part.xreplace(of_one_name)
        _require_short(whole, new)
        found.append(whole.subs(new, simultaneous=True) if new else whole)
        if found[-1].has(sp.zoo, sp.nan) and not whole.has(sp.zoo, sp.nan):
            problem = f"the formula divides by 0 at {', '.join(f'{name} = {value}' for name, value in values.items())}"
            raise InvalidArgument(min(values), problem, "derive it for networks with that number, net.at(...)")
    return tuple(found) if isinstance(formula, (tuple, list)) else found[0]


def _letters_of_network(net: Ensemble) -> dict[str, sp.Symbol]:
    sizes = [size for size in (net.widths or (net.width, net.depth)) if isinstance(size, str)]
    if net.architecture.name == "batchnorm" and net.architecture.symbol:
        sizes.append(net.architecture.symbol)
    found = {name: symbols.whole(name) if name in sizes else symbols.number(name) for name in net.symbols}
    if net.input is None and net.symbols:
        norms = (2,) if net.law.is_normal else (2, 4)
        found |= {str(norm): norm for norm in map(symbols.norm_symbol, norms)}
    if isinstance(net.width, str):
        found["beta"] = symbols.BETA
    return found


def _parts(argument: str, formula: Any) -> tuple[Any, ...]:
    parts = tuple(formula) if isinstance(formula, (tuple, list)) else (formula,)
    for part in parts:
        if not isinstance(part, (sp.Basic, sp.MatrixBase)):
            remedy = "use what e.g. activation_moment returns"
            raise InvalidArgument(argument, f"must be a SymPy expression, got {part!r:.60}", remedy)
    return parts


def _free(parts: tuple[Any, ...]) -> list[sp.Symbol]:
    free = set().union(*(part.free_symbols for part in parts))
    return sorted((symbol for symbol in free if type(symbol) is sp.Symbol), key=sp.default_sort_key)


def _letters_of_formula(parts: tuple[Any, ...]) -> dict[str, sp.Symbol]:
    """Return a letter for each name: the one that knows most."""
    found: dict[str, sp.Symbol] = {}
    for symbol in _free(parts):
        best, other = sorted((found.get(symbol.name, symbol), symbol), key=lambda s: -len(s.assumptions0))
        if any(best.assumptions0.get(fact, truth) != truth for fact, truth in other.assumptions0.items()):
            problem = f"has two letters {symbol.name!r} that contradict each other"
            raise InvalidArgument("formula", problem, "rename one of them")
        found[symbol.name] = best
    return found


def _same_names(parts: tuple[Any, ...], known: Mapping[str, sp.Symbol]) -> dict[sp.Symbol, sp.Symbol]:
    return {symbol: known[symbol.name] for symbol in _free(parts) if symbol.name in known}


def _value(name: str, value: symbols.Scalar, known: Mapping[str, sp.Symbol]) -> sp.Expr:
    """Read what is to stand in place of a letter, and refuse what it cannot stand for."""
    letter = known[name]
    if isinstance(value, str) and is_symbol_name(value.strip()):
        other = value.strip()
        return known.get(other) or sp.Symbol(other, **letter.assumptions0)
    read = symbols.finite(name, value)
    read = read.xreplace(_same_names((read,), known))
    role, facts = next(((role, facts) for role, facts in _ROLES if _knows(letter, facts)), ("", {}))
    if any(getattr(read, f"is_{fact}") is False for fact in facts):
        raise InvalidArgument(name, f"stands for {role}, got {value}", f"use e.g. {name}=4")
    return read


def _knows(letter: sp.Symbol, facts: Mapping[str, bool]) -> bool:
    return all(letter.assumptions0.get(fact) for fact in facts)


def _require_exact(parts: tuple[Any, ...], names: Mapping[str, object]) -> None:
    """Refuse a value for a letter in which the formula has an error term, as the term has none."""
    for part in parts:
        for error in part.atoms(sp.Order):
            letter = next((symbol.name for symbol in error.free_symbols if symbol.name in names), None)
            if letter is not None:
                problem = f"has the error term {error} in {letter}, which has no value"
                raise InvalidArgument("formula", problem, "leave it out: formula.removeO()")


def _require_short(formula: Any, new: Mapping[sp.Symbol, sp.Expr]) -> None:
    """Refuse an exact power with more digits than anyone could use, before SymPy sets out to write it down."""
    for power in sorted(formula.atoms(sp.Pow), key=sp.count_ops):  # what is inside others comes first
        exponent = power.exp.subs(new, simultaneous=True)
        if exponent.is_Integer and abs(exponent) > LONGEST and not power.exp.is_Integer:
            base = power.base.subs(new, simultaneous=True)
            if base.is_Rational and abs(base) != 1 and base:
                name = min(str(letter) for letter in power.exp.free_symbols & set(new))
                problem = f"the exact power of a number has too many digits beyond the exponent {LONGEST}"
                raise InvalidArgument(name, problem, f"use e.g. {name}=100, or leave {name} and take the logarithm")


def _nearest(name: str, known: Mapping[str, object]) -> str:
    return nearest(name, known) if known else "it has none"
