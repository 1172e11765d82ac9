"""Arithmetic in claims: numbers, letters, functions and sums, from the tree to SymPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from proofs_check.claims.conditions import Condition
from proofs_check.claims.spelling import Spelled
from proofs_check.claims.syntax import Node, parse_formula
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import nearest

_FUNCTIONS: Mapping[str, tuple[int, Any]] = {
    "log": (1, sp.log),
    "exp": (1, sp.exp),
    "sqrt": (1, sp.sqrt),
    "gamma": (1, sp.gamma),
    "Gamma": (1, sp.gamma),
    "digamma": (1, lambda x: sp.polygamma(0, x)),
    "psi": (1, lambda x: sp.polygamma(0, x)),
    "trigamma": (1, lambda x: sp.polygamma(1, x)),
    "polygamma": (2, sp.polygamma),
    "binomial": (2, sp.binomial),
    "factorial": (1, sp.factorial),
    "erf": (1, sp.erf),
    "acos": (1, sp.acos),
    "atan": (1, sp.atan),
    "Ei": (1, sp.Ei),
    "min": (2, sp.Min),
    "max": (2, sp.Max),
    "abs": (1, sp.Abs),
}
_CONSTANTS = {"pi": sp.pi, "e": sp.E, "EulerGamma": sp.EulerGamma}


_ARGUMENTS: Mapping[str, tuple[str, int]] = {
    "log": ("positive", 0),
    "Ei": ("positive", 0),
    "gamma": ("no pole", 0),
    "Gamma": ("no pole", 0),
    "digamma": ("no pole", 0),
    "psi": ("no pole", 0),
    "trigamma": ("no pole", 0),
    "polygamma": ("no pole", 1),
}
"""What must hold of an argument for the function to have a value."""

_MOST_DIGITS = 10_000
_GROWING = ("factorial", "gamma", "binomial", "exp")
_MOST_ARGUMENT = 3000
_MOST_TERMS = 300


class Arithmetic:
    """Reads formulas in known letters; what else may occur, a subclass reads.

    Parameters
    ----------
    source : Spelled
        The text, for errors that show a place.
    known : mapping of str to sympy.Expr
        What each letter stands for.
    """

    def __init__(self, source: Spelled, known: Mapping[str, sp.Expr]) -> None:
        self.source = source
        self.known = {**_CONSTANTS, **known}
        self.bound: dict[str, sp.Expr] = {}
        self.conditions: dict[Condition, None] = {}
        self.mentioned: set[sp.Symbol] = set()
        self._index: tuple[sp.Symbol, sp.Expr, sp.Expr] | None = None

    def refuse(self, node: Node, problem: str, remedy: str) -> InvalidArgument:
        """Return the error that shows where the node stands."""
        return self.source.refused(node.start, problem, remedy)

    def text(self, node: Node) -> str:
        """Return the node as it is written."""
        return self.source.text[node.start : node.end]

    def require(self, kind: str, number: sp.Expr, exponent: sp.Expr = sp.S.One) -> None:
        """Keep what must hold of a number for the formula to have a value, unless that is plain.

        Parameters
        ----------
        kind, number, exponent
            As for :class:`Condition`.
        """
        if number.is_positive or (kind == "power" and exponent.is_integer and exponent.is_nonnegative):
            return
        index = self._index if self._index and self._index[0] in number.free_symbols | exponent.free_symbols else None
        self.conditions[Condition(kind, number, exponent, index)] = None

    def scalar(self, node: Node) -> sp.Expr:
        """Read a number."""
        match node.kind:
            case "number":
                return sp.Rational(node.value)
            case "name":
                return self.letter(node)
            case "add":
                return sp.Add(*(self.scalar(part) for part in node.parts))
            case "neg":
                return -self.scalar(node.parts[0])
            case "mul":
                return self.scalar(node.parts[0]) * self.scalar(node.parts[1])
            case "div":
                bottom = self.scalar(node.parts[1])
                if bottom == 0:
                    raise self.refuse(node.parts[1], "this divides by zero", "check it")
                self.require("nonzero", bottom)
                return self.scalar(node.parts[0]) / bottom
            case "pow":
                return self.power(node)
            case "call":
                return self.call(node)
        return self.special(node)

    def power(self, node: Node) -> sp.Expr:
        """Read a power, and refuse one with more digits than anyone could read."""
        base, exponent = map(self.scalar, node.parts)
        if base.is_Rational and exponent.is_Rational:
            digits = abs(exponent) * sp.log(max(abs(base.p), base.q) + 1, 10)
            if digits > _MOST_DIGITS:
                raise self.refuse(node, f"this number has more than {_MOST_DIGITS:,} digits", "use letters")
            if base == 0 and exponent < 0:
                raise self.refuse(node, "this divides by zero", "check it")
        if node.parts[1].kind == "pow" and base.free_symbols and exponent.free_symbols - {base}:
            nested = exponent.is_Pow and exponent.exp.free_symbols
            if nested:
                raise self.refuse(node, "a tower of powers grows beyond all numbers", "use a power of a letter")
        self.require("power", base, exponent)
        return self.real(node, base**exponent)

    def special(self, node: Node) -> sp.Expr:
        """Read a norm, an inner product, a statistic, a transpose or dots."""
        raise self.refuse(node, f"{self.text(node)!r} is not expected in a formula", "use letters and numbers")

    def indexed(self, node: Node) -> sp.Expr:
        """Read a letter with a subscript."""
        joined = f"{node.value}_{node.sub}"
        if joined in self.known:
            return self.known[joined]
        raise self.refuse(node, f"the letter {joined!r} is not known", nearest(joined, sorted(self.known)))

    def letter(self, node: Node) -> sp.Expr:
        """Read a letter."""
        name = node.value
        if node.sub:
            return self.indexed(node)
        if name in self.bound:
            return self.bound[name]
        if name in self.known:
            self.mentioned |= self.known[name].free_symbols
            return self.known[name]
        known = sorted(self.known)
        remedy = nearest(name, known) if len(name) > 1 else f"known are {', '.join(known)}"
        if len(name) > 1 and all(letter in self.known for letter in name):
            remedy = f"write {'*'.join(name)} for a product"
        raise self.refuse(node, f"the letter {name!r} is not known", remedy)

    def call(self, node: Node) -> sp.Expr:
        """Read a function's value."""
        name, parts = node.value, node.parts
        if name in ("Sum", "Prod"):
            return self.series(node)
        if name not in _FUNCTIONS:
            return self.special(node)
        count, function = _FUNCTIONS[name]
        if len(parts) != count:
            raise self.refuse(node, f"{name} takes {count} argument{'s' * (count > 1)}, got {len(parts)}", "check it")
        arguments = [self.scalar(part) for part in parts]
        if name in _GROWING and any(argument.is_number and abs(argument) > _MOST_ARGUMENT for argument in arguments):
            raise self.refuse(node, f"{self.text(node)} has too many digits", f"use arguments up to {_MOST_ARGUMENT}")
        self.require_arguments(name, arguments)
        value = function(*arguments)
        if value.is_finite is False:
            raise self.refuse(node, f"{self.text(node)} has no finite value", "check its argument")
        return self.real(node, value)

    def require_arguments(self, name: str, arguments: list[sp.Expr]) -> None:
        """Keep what must hold of a function's arguments for it to have a value.

        Parameters
        ----------
        name : str
            The function.
        arguments : list of sympy.Expr
            Its arguments.
        """
        if name in _ARGUMENTS:
            kind, place = _ARGUMENTS[name]
            self.require(kind, arguments[place])
        elif name == "sqrt":
            self.require("power", arguments[0], sp.S.Half)
        elif name == "acos":
            self.require("power", 1 - arguments[0] ** 2, sp.S.Half)  # between -1 and 1
        elif name in ("factorial", "binomial"):
            self.require("no pole", arguments[0] + 1)

    def real(self, node: Node, value: sp.Expr) -> sp.Expr:
        """Return the value of a node, and refuse one that is not real."""
        if value.is_number and value.is_extended_real is False:
            raise self.refuse(node, f"{self.text(node)} is not real", "check its argument")
        return value

    def series(self, node: Node) -> sp.Expr:
        """Read a sum or a product with an index; between numbers it is written out, so that widths n_j may occur."""
        name = node.value
        remedy = f"write e.g. {name}(1/j, (j, 1, L))"
        if len(node.parts) != 2 or node.parts[1].kind != "tuple" or len(node.parts[1].parts) != 3:
            raise self.refuse(node, "it needs its term and (index, first, last)", remedy)
        index, first, last = node.parts[1].parts
        if index.kind != "name" or index.sub:
            raise self.refuse(index, "the index must be a letter", remedy)
        start, stop = self.scalar(first), self.scalar(last)
        outer, around = self.bound, self._index
        try:
            if (stop - start + 1).is_negative:
                raise self.refuse(node, "it ends before it begins", "swap its ends")
            if start.is_Integer and stop.is_Integer and stop - start <= _MOST_TERMS:
                terms = []
                for at in range(int(start), int(stop) + 1):
                    self.bound = {**outer, index.value: sp.Integer(at)}
                    terms.append(self.scalar(node.parts[0]))
                return sp.Add(*terms) if name == "Sum" else sp.Mul(*terms)
            if name == "Prod":
                raise self.refuse(node, "a product between letters is not known here", "give numbers for the sizes")
            letter = sp.Symbol(index.value, integer=True)
            self.bound = {**outer, index.value: letter}
            self._index = (letter, start, stop)
            return sp.Sum(self.scalar(node.parts[0]), (letter, start, stop))
        finally:
            self.bound, self._index = outer, around


def read_formula(text: str, known: Mapping[str, sp.Expr]) -> sp.Expr:
    """Read a formula in known letters.

    Parameters
    ----------
    text : str
        Such as ``2*n + 1``.
    known : mapping of str to sympy.Expr
        What each letter stands for.

    Raises
    ------
    InvalidArgument
        If it cannot be read, or has other letters; a caret shows where.

    Examples
    --------
    >>> read_formula("3/n^2", {"n": sp.Integer(2)})
    3/4
    """
    tree, source = parse_formula(text, known)
    return Arithmetic(source, known).scalar(tree)
