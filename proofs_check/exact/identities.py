r"""Whether an expression is identically zero, decided twice: by SymPy, and by python-flint's polynomials.

Expressions are built from numbers, symbols, +, *, integer powers, powers with a symbolic exponent such as
:math:`q^{L+2}`, and square roots. For polynomial identities in L of this kind it is enough to treat :math:`q^L` as an
indeterminate and a square root as one with :math:`r^2` given: then "identically zero" is decidable, by normal forms.
Whatever else occurs (a logarithm, Euler's constant) is an indeterminate too, so that a "yes" is always a proof, while a
"no" is only a failure to prove.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import flint
import sympy as sp
from sympy.polys.rings import PolyRing

from theory.ensembles import InvalidArgument


def zero_by_sympy(expression: sp.Expr) -> bool:
    """Whether SymPy's normal form of the expression is 0.

    Examples
    --------
    >>> n, L = sp.symbols("n L", positive=True)
    >>> zero_by_sympy((1 + 5 / n) ** (L + 1) - (1 + 5 / n) ** L * (n + 5) / n)
    True
    >>> zero_by_sympy((1 + 5 / n) ** (L + 1) - (1 + 6 / n) ** (L + 1))
    False
    """
    powers: dict[tuple[sp.Expr, sp.Expr], sp.Symbol] = {}
    roots: dict[sp.Expr, sp.Symbol] = {}
    others: dict[sp.Expr, sp.Symbol] = {}
    known: dict[sp.Expr, sp.Expr] = {}

    def rename(node: sp.Expr) -> sp.Expr:
        if node not in known:
            known[node] = renamed(node)
        return known[node]

    def renamed(node: sp.Expr) -> sp.Expr:
        if node.is_Rational or node.is_Symbol:
            return node
        if node.is_Pow and node.exp.is_Rational and node.exp.q == 2:
            return roots.setdefault(sp.factor(node.base), sp.Dummy("root")) ** node.exp.p
        if node.is_Pow and node.exp.free_symbols:
            shift, times, core = _split_exponent(node.exp)
            power = powers.setdefault((sp.cancel(rename(node.base)), core), sp.Dummy("power"))
            return power**times * rename(node.base**shift)
        if node.is_Add or node.is_Mul or (node.is_Pow and node.exp.is_Integer):
            return node.func(*map(rename, node.args))
        return others.setdefault(node, sp.Dummy("other"))

    numerator = sp.numer(sp.together(rename(sp.sympify(expression, strict=True))))
    relations = [(root, *sp.fraction(sp.together(rename(square)))) for square, root in roots.items()]
    inside = {x for part in (numerator, *(one for _, *both in relations for one in both)) for x in part.free_symbols}
    letters = sorted(inside | set(roots.values()), key=lambda x: x.sort_key())
    if not letters:
        return bool(numerator == 0)
    ring = PolyRing(letters, sp.QQ)
    polynomial = ring.from_expr(numerator)  # SymPy's own sparse polynomials; its expressions would take minutes
    for root, top, bottom in reversed(relations):  # a root may stand in the radicand of one that was met before it
        polynomial = _reduced(polynomial, letters.index(root), ring.from_expr(top), ring.from_expr(bottom))
    return bool(polynomial == 0)


def _reduced(polynomial: Any, place: int, top: Any, bottom: Any) -> Any:
    """Return the remainder modulo bottom * root^2 - top, after multiplying by powers of bottom, which is not 0."""
    while polynomial != 0 and polynomial.degree(place) >= 2:
        high, low = polynomial.ring.zero, polynomial.ring.zero
        for exponents, coefficient in polynomial.iterterms():
            degree = exponents[place]
            if degree >= 2:
                high[(*exponents[:place], degree - 2, *exponents[place + 1 :])] = coefficient
            else:
                low[exponents] = coefficient
        polynomial = high * top + low * bottom
    return polynomial


def zero_by_flint(expression: sp.Expr, where: Mapping[sp.Symbol, sp.Expr] | None = None) -> bool:
    """Whether the expression is 0 in the field of fractions of flint's multivariate polynomials.

    Only the reading of the expression's tree is shared with SymPy; all arithmetic is flint's.

    Parameters
    ----------
    expression : sympy.Expr
        What may be 0. Sums and products that SymPy holds unevaluated are read as they stand.
    where : mapping of symbols to expressions, optional
        What some of its symbols stand for.

    Examples
    --------
    >>> n, L, s2 = sp.symbols("n L s2", positive=True)
    >>> zero_by_flint((1 + 5 / n) ** (L + 1) - (1 + 5 / n) ** L * (n + 5) / n)
    True
    >>> zero_by_flint(n * s2 / 2 - 1, {s2: 2 / n})
    True
    """
    exact = sp.sympify(expression, strict=True)
    return _Field.of(exact, where or {}).is_zero(exact)


def _split_exponent(exponent: sp.Expr) -> tuple[sp.Expr, int, sp.Expr]:
    """Write an exponent as shift + times * core, so that q^(2L - 1) and q^L speak of one indeterminate."""
    shift, rest = exponent.as_coeff_Add()
    times, core = rest.as_coeff_Mul()
    return (shift, int(times), core) if times.is_Integer else (shift, 1, rest)


def _renamed_at_most(node: sp.Expr) -> int:
    """Return how many indeterminates may be needed for a node: base^(L + 1/2) is a power and a root."""
    if node.is_Add or node.is_Mul or node.is_Symbol or node.is_Rational:
        return 0
    if not node.is_Pow:
        return 1
    return 0 if node.exp.is_Integer else 1 if node.exp.is_Rational else 2


Fraction = tuple[Any, Any]
"""A numerator and a denominator, which are polynomials of one context."""


@dataclass
class _Field:
    """Fractions of polynomials in symbols, in renamed powers and in roots, where root^2 is replaced by its radicand."""

    context: Any
    generators: dict[sp.Symbol, Any]
    letters: dict[sp.Symbol, Fraction] = field(default_factory=dict)
    relations: list[tuple[Any, Fraction]] = field(default_factory=list)
    known_powers: list[tuple[Fraction, sp.Expr, Any]] = field(default_factory=list)
    known_roots: list[tuple[Fraction, Any]] = field(default_factory=list)
    known_atoms: list[tuple[sp.Expr, Any]] = field(default_factory=list)
    spare: list[Any] = field(default_factory=list)

    @classmethod
    def of(cls, expression: sp.Expr, where: Mapping[sp.Symbol, sp.Expr]) -> _Field:
        read = (expression, *where.values())
        symbols = sorted(set().union(*(one.free_symbols for one in read)) - set(where), key=str)
        nodes = {node for one in read for node in sp.preorder_traversal(one)}
        spare = sum(map(_renamed_at_most, nodes))  # not one more than is needed: each lengthens all exponents
        # roots and powers first: in lexicographic order they are the leading variables, which are reduced
        names = (*(f"spare{i}" for i in range(spare)), *(f"sym{i}" for i in range(len(symbols))))
        context = flint.fmpq_mpoly_ctx.get(names or ("sym0",), "lex")
        gens = context.gens()
        made = cls(context, dict(zip(symbols, gens[spare:], strict=False)), spare=list(gens[:spare]))
        made.letters.update({letter: made.read(value) for letter, value in where.items()})
        return made

    def constant(self, p: int, q: int = 1) -> Fraction:
        return self.context.constant(flint.fmpq(p, q)), self.context.constant(1)

    def is_zero(self, expression: sp.Expr) -> bool:
        return bool(self.reduced(self.read(expression)[0]) == 0)

    def reduced(self, polynomial: Any) -> Any:
        """Return the remainder modulo bottom * root^2 - top, after multiplying by powers of bottom, which is not 0."""
        for root, (top, bottom) in reversed(self.relations):
            index = self.context.gens().index(root)
            while polynomial != 0 and polynomial.degrees()[index] >= 2:
                high, low = self.split(polynomial, index)
                polynomial = high * top + low * bottom
        return polynomial

    def split(self, polynomial: Any, index: int) -> tuple[Any, Any]:
        """Write the polynomial as high * root^2 + low, with low of degree at most 1 in the root."""
        high: dict[tuple[int, ...], Any] = {}
        low: dict[tuple[int, ...], Any] = {}
        for exponents, coefficient in polynomial.to_dict().items():
            degree = int(exponents[index])
            if degree >= 2:
                high[(*exponents[:index], degree - 2, *exponents[index + 1 :])] = coefficient
            else:
                low[tuple(exponents)] = coefficient
        return self.context.from_dict(high), self.context.from_dict(low)

    def read(self, node: sp.Expr) -> Fraction:
        if node.is_Rational:
            return self.constant(int(node.p), int(node.q))
        if node.is_Symbol:
            return self.letters.get(node) or (self.generators[node], self.context.constant(1))
        if node.is_Add:
            total = self.constant(0)
            for arg in node.args:
                total = self.added(total, self.read(arg))
            return total
        if node.is_Mul:
            product = self.constant(1)
            for arg in node.args:
                top, bottom = self.read(arg)
                product = self.shortened(product[0] * top, product[1] * bottom)
            return product
        if node.is_Pow:
            return self.read_power(node.base, node.exp)
        return self.opaque(node)

    def opaque(self, node: sp.Expr) -> Fraction:
        """Return the indeterminate that stands for any other number or function."""
        for known, generator in self.known_atoms:
            if known == node:
                return generator, self.context.constant(1)
        generator = self.spare.pop()
        self.known_atoms.append((node, generator))
        return generator, self.context.constant(1)

    def read_power(self, base: sp.Expr, exponent: sp.Expr) -> Fraction:
        if not exponent.is_Rational and not exponent.is_Float:
            shift, times, core = _split_exponent(exponent)
            top, bottom = self.integer_power((self.power(self.read(base), core), self.context.constant(1)), times)
            shifted = self.read_power(base, shift)
            return self.shortened(top * shifted[0], bottom * shifted[1])
        if exponent.is_Integer:
            return self.integer_power(self.read(base), int(exponent))
        if exponent.is_Rational and exponent.q == 2:
            inner = self.read(base)
            for (top, bottom), root in self.known_roots:
                if top * inner[1] == bottom * inner[0]:
                    return self.integer_power((root, self.context.constant(1)), int(exponent.p))
            root = self.spare.pop()
            self.known_roots.append((inner, root))
            self.relations.append((root, inner))
            return self.integer_power((root, self.context.constant(1)), int(exponent.p))
        raise InvalidArgument(
            "expression", f"the exponent {exponent} is neither whole, half nor symbolic", "rewrite it"
        )

    def power(self, base: Fraction, exponent: sp.Expr) -> Any:
        """Return the indeterminate that stands for base^exponent, or 1 if the base is 1."""
        if base[0] == base[1]:
            return self.context.constant(1)
        for (top, bottom), known, generator in self.known_powers:
            if known == exponent and top * base[1] == bottom * base[0]:
                return generator
        generator = self.spare.pop()
        self.known_powers.append((base, exponent, generator))
        return generator

    def integer_power(self, value: Fraction, exponent: int) -> Fraction:
        top, bottom = value if exponent >= 0 else value[::-1]
        if bottom == 0:
            raise InvalidArgument("expression", "divides by zero", "check it")
        return top ** abs(exponent), bottom ** abs(exponent)

    def added(self, left: Fraction, right: Fraction) -> Fraction:
        return self.shortened(left[0] * right[1] + right[0] * left[1], left[1] * right[1])

    def shortened(self, top: Any, bottom: Any) -> Fraction:
        common = top.gcd(bottom) if top != 0 else bottom
        return (top / common, bottom / common) if common != 0 else (top, bottom)
