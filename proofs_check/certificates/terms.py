r"""A formula as a Coq term over the real numbers.

Symbols become real variables, or natural numbers where they count steps. A power with a symbolic exponent becomes a
power with a natural one: the exponents of one core, such as L - 1 and L + 2, are written as a natural number plus a
constant, where the least of them is that number. Whatever is no sum, product, power or root (an exponential, Dawson's
integral) is a real variable of its own: an identity that holds for any value in its place holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil

import sympy as sp

from theory.ensembles import InvalidArgument

_WORDS = """
S O R E PI INR IZR pow sqrt exp ln sum phi z layer square fourth flip after first second carried1 carried2 gate2 gate4
matrix vector fun forall exists let in match with end if then else as at by fix cofix return where Set Prop Type nat
True False le lt ge gt plus mult minus steps rest from so_far V alive gate gates
pulled masked gradient through mask frobenius walk block branched branched_twice beside put average nothing
"""
RESERVED = frozenset(_WORDS.split())
"""Names that mean something in Coq or in our theory."""

_REMEDY = "only rational functions, roots and powers can be certified"


@dataclass
class Terms:
    """Writes the formulas of one theorem, and keeps what the theorem must then say of its letters.

    Parameters
    ----------
    formulas : iterable of sympy.Expr
        All formulas of the theorem.
    naturals : tuple of sympy.Symbol
        The symbols that are natural numbers.

    Attributes
    ----------
    reals : dict of sympy.Symbol to str
        The real variables and their names.
    exponents : dict of str to str
        The natural numbers that stand for exponents, and what they are, for people.
    opaque : dict of sympy.Expr to str
        The real variables that stand for other functions, and their names.
    denominators : dict of str to sympy.Expr
        What is divided by.
    roots : dict of sympy.Expr to (str, str)
        The radicands, each with the name of its root and as it is written.
    bases : dict of sympy.Expr to list of str
        The bases of powers with symbolic exponents, by their normal form, each as it is written.

    Examples
    --------
    >>> n, L = sp.symbols("n L", positive=True)
    >>> terms = Terms([(1 + 5 / n) ** (L - 1)])
    >>> terms.of((1 + 5 / n) ** (L - 1)), terms.exponents
    ('(1 + 5 / n) ^ e', {'e': 'L - 1'})
    >>> Terms([(1 + 5 / n) ** (L + 1)], naturals=(L,)).of((1 + 5 / n) ** (L + 1) / n)
    '(1 + 5 / n) ^ (L + 1) / n'
    """

    formulas: Iterable[sp.Expr]
    naturals: tuple[sp.Symbol, ...] = ()
    reals: dict[sp.Symbol, str] = field(default_factory=dict)
    exponents: dict[str, str] = field(default_factory=dict)
    opaque: dict[sp.Expr, str] = field(default_factory=dict)
    denominators: dict[str, sp.Expr] = field(default_factory=dict)
    roots: dict[sp.Expr, tuple[str, str]] = field(default_factory=dict)
    bases: dict[sp.Expr, list[str]] = field(default_factory=dict)
    _cores: dict[sp.Expr, tuple[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        least: dict[sp.Expr, int] = {}
        for formula in self.formulas:
            for node in sp.preorder_traversal(sp.sympify(formula, strict=True)):
                if node.is_Pow and node.exp.free_symbols - set(self.naturals):
                    shift, times, core = _split(node.exp)
                    least[core] = max(least.get(core, 0), ceil(-shift / times))
        for core, start in least.items():
            name = "e" if not self._cores else f"e{len(self._cores)}"
            self._cores[core] = (name, start)
            self.exponents[name] = str(core - start)

    def of(self, formula: sp.Expr) -> str:
        """Return the formula as a term, in brackets only where it needs them inside.

        Raises
        ------
        InvalidArgument
            If it is no real number, or has an exponent that is neither whole, half nor symbolic.
        """
        return self._sum(sp.sympify(formula, strict=True))

    def name(self, symbol: sp.Symbol) -> str:
        """Return the name of a symbol; two symbols have two names."""
        if symbol in self.naturals:
            return identifier(str(symbol))
        if symbol not in self.reals:
            name = identifier(str(symbol).replace("+", "plus").replace("-", "minus"))
            taken = {*self.reals.values(), *(identifier(str(natural)) for natural in self.naturals)}
            while name in taken:
                name += "_"
            self.reals[symbol] = name
        return self.reals[symbol]

    def _sum(self, node: sp.Expr) -> str:
        if not node.is_Add:
            return self._product(node)
        text = ""
        for term in node.as_ordered_terms():
            negative = term.could_extract_minus_sign() and (term.is_Number or (term.is_Mul and term.args[0].is_Number))
            sign = "-" if negative else "+"
            written = self._product(-term if negative else term)
            text = (f"- {written}" if negative else written) if not text else f"{text} {sign} {written}"
        return text

    def _product(self, node: sp.Expr) -> str:
        above, below = [], []
        for factor in node.as_ordered_factors() if node.is_Mul else (node,):
            if factor.is_Rational and factor != 0:
                if factor.p != 1:
                    above.append(str(factor.p) if factor.p > 0 else f"(- {-factor.p})")
                if factor.q != 1:
                    below.append(str(factor.q))
            elif factor.is_Pow and _is_inverse(factor):
                self._divide_by(factor.base)
                inverse = sp.Pow(factor.base, -factor.exp)
                below.append(self._power(inverse) if inverse.is_Pow else self._atom(inverse))
            else:
                above.append(self._power(factor) if factor.is_Pow else self._atom(factor))
        top = " * ".join(above) or "1"
        if not below:
            return top
        bottom = below[0] if len(below) == 1 else f"({' * '.join(below)})"
        return f"{top} / {bottom}"

    def _power(self, node: sp.Expr) -> str:
        base, exponent = node.base, node.exp
        if exponent.is_Rational and exponent.q == 2:
            root = self._root(base)
            return root if exponent.p == 1 else f"{root} ^ {exponent.p}"
        if exponent.is_Integer:
            return f"{self._atom(base)} ^ {exponent}"
        if exponent.free_symbols:
            written = self._atom(base)
            if not written.isalnum():
                texts = self.bases.setdefault(_normal(base), [])
                if written not in texts:
                    texts.append(written)
            natural = self.natural(exponent)
            return f"{written} ^ {natural}" if natural.isalnum() else f"{written} ^ ({natural})"
        raise InvalidArgument("formula", f"the exponent {exponent} is neither whole, half nor symbolic", _REMEDY)

    def _root(self, base: sp.Expr) -> str:
        # two ways to write one radicand are one root
        name, _ = self.roots.setdefault(sp.factor(base), (f"root{len(self.roots) + 1}", self.of(base)))
        return name

    def natural(self, exponent: sp.Expr) -> str:
        """Return a symbolic exponent as a term of the natural numbers."""
        if exponent.free_symbols <= set(self.naturals):
            constant, rest = sp.expand(exponent).as_coeff_Add()
            parts = []
            for term in sp.Add.make_args(rest):
                times, letter = term.as_coeff_Mul()
                if not (letter.is_Symbol and times.is_Integer and times > 0):
                    raise InvalidArgument("formula", f"the exponent {exponent} is no whole number of steps", _REMEDY)
                parts.append(self.name(letter) if times == 1 else f"{self.name(letter)} * {times}")
            if not constant.is_Integer:
                raise InvalidArgument("formula", f"the exponent {exponent} is no whole number of steps", _REMEDY)
            text = " + ".join(parts)
            return text + (f" + {constant}" if constant > 0 else f" - {-constant}" if constant < 0 else "")
        shift, times, core = _split(exponent)
        name, start = self._cores[core]
        constant = times * start + shift
        text = name if times == 1 else f"{name} * {times}"
        return f"{text} + {constant}" if constant else text

    def _atom(self, node: sp.Expr) -> str:
        if node.is_Symbol:
            return f"INR {self.name(node)}" if node in self.naturals else self.name(node)
        if node.is_Integer and node >= 0:
            return str(node)
        if node.is_Add or node.is_Mul or node.is_Pow or node.is_Rational:
            return f"({self._sum(node)})"
        if node.is_extended_real is False or node.has(sp.nan, sp.zoo, sp.oo) or node.free_symbols & set(self.naturals):
            raise InvalidArgument("formula", f"{node!s:.60} is no number that an identity could keep", _REMEDY)
        return self.opaque.setdefault(node, f"value{len(self.opaque) + 1}")

    def _divide_by(self, base: sp.Expr) -> None:
        numerator = sp.fraction(sp.together(base))[0]
        for factor in sp.Mul.make_args(numerator):
            power = factor.exp if factor.is_Pow and factor.exp.is_Rational else sp.S.One
            base = factor.base if power != 1 else factor
            if power.is_Integer and not base.is_Number:  # a root is not 0, as its radicand is positive
                self.denominators.setdefault(self.of(base), base)


def identifier(name: str) -> str:
    """Return a name as Coq allows it.

    Examples
    --------
    >>> identifier("S"), identifier("forward.fourth-moment"), identifier("step: a, b")
    ('S_', 'forward_fourth_moment', 'step_a_b')
    """
    plain = re.sub(r"\W+", "_", name.replace("'", ""), flags=re.ASCII).strip("_") or "it"
    plain = plain if not plain[0].isdigit() else f"at_{plain}"
    return f"{plain}_" if plain in RESERVED else plain


def _split(exponent: sp.Expr) -> tuple[int, int, sp.Expr]:
    """Write an exponent as shift + times * core with times > 0."""
    shift, rest = exponent.as_coeff_Add()
    times, core = rest.as_coeff_Mul()
    if not shift.is_Integer:
        raise InvalidArgument("formula", f"the exponent {exponent} is no whole number of steps", _REMEDY)
    if times.is_Integer and times > 0:
        return int(shift), int(times), core
    if times.is_Integer:
        return _split(-exponent)
    return int(shift), 1, rest


def _is_inverse(power: sp.Pow) -> bool:
    exponent = power.exp
    if exponent.is_Number:
        return bool(exponent < 0)
    times, _ = exponent.as_coeff_Add()[1].as_coeff_Mul()
    return bool(times.is_Integer and times < 0)


def _normal(base: sp.Expr) -> sp.Expr:
    return sp.cancel(base.replace(lambda node: node.is_Pow and node.exp.is_Rational and node.exp.q == 2, _held))


def _held(root: sp.Pow) -> sp.Expr:
    return sp.Symbol(f"root of {sp.expand(root.base)}") ** root.exp.p
